"""One set-up, taught: how good it became, what it cost, and what others say of it. A run that was kept is not taught again."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import vitrina as vt
from benchmarks.doctor.looking import Looker
from benchmarks.doctor.rivals import said_by_others
from benchmarks.doctor.setups import Kit
from vitrina.doctor.checkup import load_checkup
from vitrina.doctor.references import r2
from vitrina.errors import VitrinaError

FILE = "taught.json"


@dataclass(frozen=True)
class Taught:
    """score: on test rows, -1 where nothing came out; training: seconds of it without those who look on; examination: of what the
    doctor measured beside it; others: what each rival named."""

    score: float
    training: float
    examination: float
    others: dict[str, list[str]] = field(default_factory=dict[str, list[str]])


def taught(kit: Kit, seed: int, engine: str, folder: Path) -> Taught:
    """Teaches into folder / "run", or reads what was written there before."""
    if (folder / FILE).is_file():
        return Taught(**json.loads((folder / FILE).read_text()))
    out, looker, score = folder / "run", Looker(), -1.0
    began = time.perf_counter()
    try:
        model = teach(kit, seed, engine, out, looker)
        seconds = time.perf_counter() - began
        score = judged(kit, model)
    except VitrinaError:
        seconds = time.perf_counter() - began
    spent = (load_checkup(out) or {}).get("seconds", {})
    examined = float(sum(spent.values()))
    found = Taught(score, max(0.0, seconds - examined - looker.seconds), examined, said_by_others(looker.seen()))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(json.dumps(asdict(found)))
    return found


def teach(kit: Kit, seed: int, engine: str, out: Path, *callbacks: Any) -> Any:
    rows = kit.rows
    options = {"validation": (rows.xv, rows.yv)} | kit.options
    return vt.train(
        (rows.x, rows.y),
        network=kit.network,
        engine=engine,
        seed=seed,
        out=out,
        progress=False,
        callbacks=callbacks,
        **options,
    )


def judged(kit: Kit, model: Any) -> float:
    """Of test rows the share that is right (balanced over classes; of several labels the mean), or R² (of quantiles the middle one)."""
    rows = kit.rows
    truth, wide = rows.yt, rows.yt.ndim > 1 and rows.yt.shape[1] > 1
    answer = np.asarray(model.predict(rows.xt)).reshape(len(rows.xt), -1)
    if model.network.cost.label == "binary_cross_entropy" and wide:
        return float(((answer > 0.5) == (truth > 0.5)).mean())
    if model.network.cost.classifies or truth.dtype.kind == "i":
        truth = truth.argmax(1) if wide else truth.reshape(-1)
        right = answer[:, 0] == truth
        return float(np.mean([right[truth == kind].mean() for kind in np.unique(truth)]))
    if answer.shape != truth.shape:
        answer = answer[:, answer.shape[1] // 2][:, None]
    one_hot = wide and bool(((truth == 0) | (truth == 1)).all())
    return float((answer.argmax(1) == truth.argmax(1)).mean()) if one_hot else max(-1.0, r2(answer, truth))
