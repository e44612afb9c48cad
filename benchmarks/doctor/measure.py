"""One set-up, taught and diagnosed: what was said before and after, how good it became, and what it cost."""

from __future__ import annotations

import json
import math
import tempfile
import time
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

import vitrina as vt
from benchmarks.doctor.setups import Kit, SetUp
from vitrina.doctor.references import r2
from vitrina.errors import VitrinaError


@dataclass(frozen=True)
class Outcome:
    """before, after: [code, severity, where] of each finding, before the first step and in the end; score: on test rows;
    shown: True if the right place stands in the first finding; share: of the training that was gone when it could be told."""

    name: str
    kind: str
    code: str
    seed: int
    engine: str
    score: float
    before: list[list[str]]
    after: list[list[str]]
    shown: bool
    share: float
    seconds: float
    healed: float = math.nan
    tried: list[list[Any]] | None = None


def run(setup: SetUp, kind: str, seed: int, engine: str, heal: bool = False) -> Outcome:
    """kind: "faulty", "twin" or "healthy"."""
    kit = setup.twin(seed) if kind == "twin" and setup.twin else setup.faulty(seed)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        out = Path(folder) / "run"
        before = told(_before(kit, seed))
        found: Any = None
        try:
            model = teach(kit, seed, engine, out)
            score = judged(kit, model)
        except VitrinaError:
            score = -1.0
        if (out / "checkup.json").exists() or (out / "recording").exists():
            found = vt.diagnose(out)
        elif setup.raises:
            found = _before(kit, seed)
        shown, share = False, math.nan
        if found is not None and len(found) and found[0].code == setup.code:
            text = json.dumps([found[0].where, {k: str(v) for k, v in found[0].evidence.items()}])
            shown = not setup.shown or any(place in text for place in setup.shown)
            steps = _steps(kit)
            share = (
                0.0
                if found[0].code in [code for code, severity, _ in before if severity != "note"]
                else min(1.0, found[0].since / max(1, steps))
                if found[0].since
                else 1.0
            )
        seconds = time.perf_counter() - began
        healed, tried = _healed(kit, out) if heal and kind == "faulty" else (math.nan, None)
        return Outcome(
            setup.name, kind, setup.code, seed, engine, score, before, told(found), shown, share, seconds, healed, tried
        )  # fmt: skip


def told(findings: Any) -> list[list[str]]:
    return [[one.code, one.severity, one.where] for one in findings or ()]


def _steps(kit: Kit) -> int:
    return int(kit.options["epochs"]) * -(-len(kit.rows.x) // int(kit.options.get("batch_size", 32)))


def _before(kit: Kit, seed: int) -> Any:
    known = (
        "optimizer",
        "schedule",
        "batch_size",
        "epochs",
        "shuffle",
        "gradient_clip",
        "class_weight",
        "weights",
        "augment",
    )
    options = {name: value for name, value in kit.options.items() if name in known}
    rows = kit.rows
    validation = None if "validation" in kit.options else (rows.xv, rows.yv)
    return vt.diagnose(kit.network, (rows.x, rows.y), validation=validation, seed=seed, **options)


def teach(kit: Kit, seed: int, engine: str, out: Path) -> Any:
    rows = kit.rows
    options = {"validation": (rows.xv, rows.yv)} | kit.options
    return vt.train((rows.x, rows.y), network=kit.network, engine=engine, seed=seed, out=out, progress=False, **options)


def judged(kit: Kit, model: Any) -> float:
    """The share of test rows that are right (balanced over classes), or R²."""
    rows = kit.rows
    if model.network.cost.classifies or rows.yt.dtype.kind == "i":
        answer = np.asarray(model.predict(rows.xt)).reshape(len(rows.xt), -1)[:, 0]
        truth = rows.yt.argmax(1) if rows.yt.ndim > 1 and rows.yt.shape[1] > 1 else rows.yt.reshape(-1)
        right = answer == truth
        return float(np.mean([right[truth == kind].mean() for kind in np.unique(truth)]))
    answer = np.asarray(model.predict(rows.xt)).reshape(rows.yt.shape)
    if rows.yt.shape[1] > 1:
        return float((answer.argmax(1) == rows.yt.argmax(1)).mean())
    return max(-1.0, r2(answer, rows.yt))


def _healed(kit: Kit, out: Path) -> tuple[float, list[list[Any]] | None]:
    """The score on test rows after repair, and what was tried."""
    if not (out / "examination.json").exists():
        return math.nan, None
    rows = kit.rows
    healing = vt.heal(out, (rows.x, rows.y), None if "validation" in kit.options else (rows.xv, rows.yv))
    tried = [[one.code, one.words, one.score, one.kept] for one in healing.tried]
    return (judged(kit, healing.model) if healing.model is not None else math.nan), tried


def work(task: tuple[str, str, int, str, bool]) -> dict[str, Any]:
    """(name, kind, seed, engine, heal): one outcome, as plain numbers, in a process of its own."""
    from benchmarks.doctor.catalogue import named_setup

    name, kind, seed, engine, heal = task
    return asdict(run(named_setup(name), kind, seed, engine, heal))
