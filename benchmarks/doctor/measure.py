"""One set-up, taught and diagnosed: what was said before, on the way and in the end, and what it cost."""

from __future__ import annotations

import json
import math
import tempfile
import time
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import vitrina as vt
from benchmarks.doctor.setups import Kit, SetUp
from benchmarks.doctor.taught import judged, taught
from benchmarks.doctor.timing import first_told, on_the_way

BEFORE = (
    *(
        "optimizer",
        "schedule",
        "batch_size",
        "epochs",
        "shuffle",
        "gradient_clip",
        "class_weight",
        "weights",
        "augment",
    ),
)


@dataclass(frozen=True)
class Outcome:
    """before, after: [code, severity, where] of each finding, before the first step and in the end; score: on test rows;
    shown: True if the right place stands in the first finding; share: of the training that was gone at the first warning of the
    right code, NaN where it was not named; on_the_way: codes above a note that were said at some moment between start and end;
    training, examination, diagnosis: seconds of the training without anybody who looks on, of what the doctor measured beside it,
    and of the diagnosis; others: what each rival named;
    classes: False where numbers are predicted."""

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
    on_the_way: list[str]
    training: float
    examination: float
    diagnosis: float
    others: dict[str, list[str]]
    classes: bool
    healed: float = math.nan
    tried: list[list[Any]] | None = None


def run(setup: SetUp, kind: str, seed: int, engine: str, heal: bool = False, keep: str | None = None) -> Outcome:
    """kind: "faulty", "twin" or "healthy". keep: a folder for the runs; what is in it already is diagnosed and not taught again."""
    kit = setup.twin(seed) if kind == "twin" and setup.twin else setup.faulty(seed)
    with tempfile.TemporaryDirectory() as temporary, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = Path(keep or temporary) / f"{setup.name}.{kind}.{seed}.{engine}"
        known = taught(kit, seed, engine, folder)
        out = folder / "run"
        left_a_run = (out / "checkup.json").exists() or (out / "recording").exists()
        before = told(_before(kit, seed))
        asked_at = time.perf_counter()
        found = vt.diagnose(out) if left_a_run else _before(kit, seed) if setup.raises else None
        asked = time.perf_counter() - asked_at
        moments = on_the_way(out) if left_a_run else []
        named = found is not None and bool(len(found)) and found[0].code == setup.code
        healed, tried = _healed(kit, out) if heal and kind == "faulty" else (math.nan, None)
        return Outcome(
            setup.name,
            kind,
            setup.code,
            seed,
            engine,
            known.score,
            before,
            told(found),
            named and _is_shown(setup, found[0]),
            _share(setup.code, before, moments) if named else math.nan,
            sorted({code for _, said in moments[1:] for code, _ in said}),
            known.training,
            known.examination,
            asked,
            known.others,
            bool(kit.network.cost.classifies),
            healed,
            tried,
        )


def told(findings: Any) -> list[list[str]]:
    return [[one.code, one.severity, one.where] for one in findings or ()]


def _is_shown(setup: SetUp, finding: Any) -> bool:
    text = json.dumps([finding.where, {name: str(value) for name, value in finding.evidence.items()}])
    return not setup.shown or any(place in text for place in setup.shown)


def _share(code: str, before: list[list[str]], moments: list[Any]) -> float:
    if code in [one for one, severity, _ in before if severity != "note"]:
        return 0.0
    early = first_told(moments, code)
    return 1.0 if early is None else early


def _before(kit: Kit, seed: int) -> Any:
    options = {name: value for name, value in kit.options.items() if name in BEFORE}
    rows = kit.rows
    validation = None if "validation" in kit.options else (rows.xv, rows.yv)
    return vt.diagnose(kit.network, (rows.x, rows.y), validation=validation, seed=seed, **options)


def _healed(kit: Kit, out: Path) -> tuple[float, list[list[Any]] | None]:
    """The score on test rows after repair, and what was tried."""
    if not (out / "examination.json").exists():
        return math.nan, None
    rows = kit.rows
    healing = vt.heal(out, (rows.x, rows.y), None if "validation" in kit.options else (rows.xv, rows.yv))
    tried = [[one.code, one.words, one.score, one.kept] for one in healing.tried]
    return (judged(kit, healing.model) if healing.model is not None else math.nan), tried


def work(task: tuple[str, str, int, str, bool, str | None]) -> dict[str, Any]:
    """(name, kind, seed, engine, heal, keep): one outcome, as plain numbers, in a process of its own."""
    from benchmarks.doctor.catalogue import named_setup

    name, *rest = task
    return asdict(run(named_setup(name), *rest))
