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
from benchmarks.doctor.looking import Looker
from benchmarks.doctor.rivals import said_by_others
from benchmarks.doctor.setups import Kit, SetUp
from benchmarks.doctor.timing import first_told, on_the_way
from vitrina.doctor.checkup import load_checkup
from vitrina.doctor.references import r2
from vitrina.errors import VitrinaError


@dataclass(frozen=True)
class Outcome:
    """before, after: [code, severity, where] of each finding, before the first step and in the end; score: on test rows;
    shown: True if the right place stands in the first finding; share: of the training that was gone at the first warning of the
    right code, NaN if it never came; on_the_way: codes above a note that were said at some moment between start and end; training,
    examination, diagnosis: seconds of the training without anybody who looks on, of what the doctor measured beside it, and of
    the diagnosis; others: what each rival named."""

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
    on_the_way: list[str]
    training: float
    examination: float
    diagnosis: float
    others: dict[str, list[str]]
    healed: float = math.nan
    tried: list[list[Any]] | None = None


def run(setup: SetUp, kind: str, seed: int, engine: str, heal: bool = False) -> Outcome:
    """kind: "faulty", "twin" or "healthy"."""
    kit = setup.twin(seed) if kind == "twin" and setup.twin else setup.faulty(seed)
    began = time.perf_counter()
    looker = Looker()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        out = Path(folder) / "run"
        before = told(_before(kit, seed))
        found: Any = None
        score, taught_at = -1.0, time.perf_counter()
        try:
            model = teach(kit, seed, engine, out, looker)
            taught = time.perf_counter() - taught_at
            score = judged(kit, model)
        except VitrinaError:
            taught = time.perf_counter() - taught_at
        moments: list[Any] = []
        asked_at = time.perf_counter()
        if (out / "checkup.json").exists() or (out / "recording").exists():
            found = vt.diagnose(out)
            asked = time.perf_counter() - asked_at
            moments = on_the_way(out)
        else:
            found = _before(kit, seed) if setup.raises else None
            asked = time.perf_counter() - asked_at
        spent = (load_checkup(out) or {}).get("seconds", {})
        examined = float(spent.get("examination", 0.0)) + float(spent.get("checkup", 0.0))
        shown, share = False, math.nan
        if found is not None and len(found) and found[0].code == setup.code:
            text = json.dumps([found[0].where, {k: str(v) for k, v in found[0].evidence.items()}])
            shown = not setup.shown or any(place in text for place in setup.shown)
            early = first_told(moments, setup.code)
            if setup.code in [code for code, severity, _ in before if severity != "note"]:
                early = 0.0
            share = 1.0 if early is None else early
        seconds = time.perf_counter() - began
        healed, tried = _healed(kit, out) if heal and kind == "faulty" else (math.nan, None)
        return Outcome(
            setup.name,
            kind,
            setup.code,
            seed,
            engine,
            score,
            before,
            told(found),
            shown,
            share,
            seconds,
            sorted({code for _, said in moments[1:] for code, _ in said}),
            max(0.0, taught - examined - looker.seconds),
            examined,
            asked,
            said_by_others(looker.seen()),
            healed,
            tried,
        )


def told(findings: Any) -> list[list[str]]:
    return [[one.code, one.severity, one.where] for one in findings or ()]


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
