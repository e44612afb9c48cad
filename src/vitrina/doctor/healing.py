"""Repair: remedies tried in the order of their evidence, kept where the validation part says that they help."""

from __future__ import annotations

import contextlib
import math
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.doctor.case import ERRORS
from vitrina.doctor.checkup import judge, load_checkup
from vitrina.doctor.diagnosing import of_run
from vitrina.doctor.finding import Finding, Findings, Remedy
from vitrina.doctor.treatment import Arrays, treat
from vitrina.errors import ModelError, UsageError, VitrinaError
from vitrina.folds import folds_for
from vitrina.learning.augmentation import Augmentation
from vitrina.learning.feed import Examples
from vitrina.learning.optimizers import Optimizer
from vitrina.learning.schedules import Schedule
from vitrina.locale import say
from vitrina.material import Material, data_of, gather, gather_again
from vitrina.network.costs import smoothed
from vitrina.network.network import Network, nest
from vitrina.runs import RunFolder
from vitrina.training import train

if TYPE_CHECKING:
    from vitrina.model import Model

TRIALS = 10
OF_ROWS = (  # more rows help
    *("overfitting", "nobody-judges", "label-noise", "class-missing", "class-shares-differ", "embedding-unseen"),
)
LONG = 20.0  # seconds: of a training that takes longer, trials see a part
TRAINED = (
    "batch_size",
    "epochs",
    "seed",
    "shuffle",
    "patience",
    "class_weight",
    "gradient_clip",
    "weight_average",
    "precision",
    "engine",
)


@dataclass(frozen=True)
class Tried:
    """One remedy on trial. score: on the validation part, by `measure`, NaN where it could not be trained; kept: True if it
    stayed."""

    code: str
    words: str
    score: float
    kept: bool
    measure: str


@dataclass
class Healing:
    """What repair came to. before, after: scores on the validation part by `measure` (before, and after: accuracy, where rare
    classes count more balanced_accuracy, of numbers r2); findings: what was wrong at first, and what is left;
    changes: of each setting what it was and what it is now; model: the healed one, None where nothing helped. Where too few rows
    were the trouble, or rows were held back anew, it was taught once more on all rows that are not test rows."""

    before: float
    after: float
    measure: tuple[str, str]
    findings: Findings
    left: Findings
    tried: list[Tried] = field(default_factory=list[Tried])
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict[str, tuple[Any, Any]])
    treatments: list[str] = field(default_factory=list[str])
    model: Model | None = None

    @property
    def helped(self) -> bool:
        return any(one.kept for one in self.tried)

    def to_json(self) -> dict[str, Any]:
        return {
            "before": self.before,
            "after": self.after,
            "measure": list(self.measure),
            "helped": self.helped,
            "findings": self.findings.to_json(),
            "left": self.left.to_json(),
            "tried": [vars(one) for one in self.tried],
            "changes": {name: {"before": was, "after": now} for name, (was, now) in self.changes.items()},
            "treatments": self.treatments,
        }

    def __str__(self) -> str:
        from io import StringIO

        from rich.console import Console

        from vitrina.doctor.heal_screen import lines_of

        out = StringIO()
        console = Console(file=out, width=100, highlight=False, emoji=False)
        for line in lines_of(self):
            console.print(line)
        return out.getvalue().rstrip()

    __repr__ = __str__


@dataclass(frozen=True)
class Attempt:
    """A training as it stands: its settings, its rows, how it fared with those that judge it, what became of it."""

    settings: Mapping[str, Any]
    rows: Arrays
    judged: Mapping[str, Any]
    findings: Findings
    model: Any = None

    @property
    def measure(self) -> str:
        """By what it is judged."""
        if not Network.from_json(self.settings["network"]).cost.classifies:
            return "r2"
        return "balanced_accuracy" if self.settings.get("class_weight") else "accuracy"

    @property
    def score(self) -> float:
        """By that measure; minus infinity where nothing was learned."""
        return self.by(self.measure)

    def by(self, measure: str) -> float:
        """The same, by another measure."""
        return float(self.judged.get("balanced" if measure == "balanced_accuracy" else "score", -math.inf))


def heal(
    run: str | Path,
    data: Any = None,
    validation: Any = None,
    *,
    out: str | Path | None = None,
    trials: int = TRIALS,
    progress: bool | None = False,
) -> Healing:
    """Mends the training of a run: tries the remedies of what the doctor finds, and keeps those that help.

    run: a run with a recording, finished or broken off. data, validation: the arrays it was given, where it was given arrays.
    out: a directory for the healed run. trials: how many remedies are tried at most. A healthy run is left as it is; the test
    part is not looked at until the end. Raises ModelError without a recording, UsageError where arrays are missing.
    """
    folder = RunFolder.existing(run)
    settings = folder.read_settings()
    findings = of_run(folder.path)
    material = material_of(settings, data, validation, str(run))
    rows = Arrays.of(material.apart())
    if settings.get("folds") and not findings.healthy:  # its members were judged by other rows than trials will be
        attempt = replace(_taught(settings, rows, progress), findings=findings)
    else:
        checkup = load_checkup(folder.path) or {}
        attempt = Attempt(settings, rows, checkup.get("validation") or checkup.get("train") or {}, findings)
    healing = Healing(attempt.score, attempt.score, (attempt.measure, attempt.measure), findings, findings)
    if findings.healthy:
        return healing
    best = _search(attempt, healing, trials, progress)
    if healing.helped:
        healing.after, healing.left = best.score, best.findings
        # Both are known of classes, and only the like can be compared.
        was = attempt.measure if "r2" in (attempt.measure, best.measure) else best.measure
        healing.before, healing.measure = attempt.by(was), (was, best.measure)
        healing.changes = _difference(settings, best.settings)
        short = best.rows.parted or any(one.kept and one.code in OF_ROWS for one in healing.tried)
        healing.model = _final(best, settings, material, data, validation, out, progress, short)
    return healing


def _search(attempt: Attempt, healing: Healing, trials: int, progress: bool | None) -> Attempt:
    """The best that was found. Each remedy that helps is the ground for the next."""
    seen: set[str] = set()
    while len(healing.tried) < trials:
        step = next((pair for pair in _remedies(attempt.findings) if _key(*pair) not in seen), None)
        if step is None:
            break
        finding, remedy = step
        seen.add(_key(finding, remedy))
        after = _try(attempt, remedy, progress)
        kept = after is not None and _helps(attempt, after, finding, remedy)
        healing.tried.append(_tried(finding, remedy, after, attempt, kept))
        if kept and after is not None:
            attempt = after
            healing.treatments += [remedy.words] if remedy.data else []
            if attempt.findings.healthy:
                return _further(attempt, finding, healing, seen, trials, progress)
    return attempt


def _further(
    attempt: Attempt, finding: Finding, healing: Healing, seen: set[str], trials: int, progress: bool | None
) -> Attempt:
    """The same fault's other remedies, where they go further the same way (more epochs, a lower rate): what is no longer a
    fault may still be better. Those that would change the network were made for the one that was ill."""
    for remedy in finding.remedies:
        plain = remedy.can_be_applied and not remedy.data and "network" not in remedy.changes
        if not plain or _key(finding, remedy) in seen or len(healing.tried) >= trials:
            continue
        after = _try(attempt, remedy, progress)
        kept = after is not None and after.findings.healthy and after.score > attempt.score + 2.0 * _chance(after)
        healing.tried.append(_tried(finding, remedy, after, attempt, kept))
        if kept and after is not None:
            attempt = after
    return attempt


def _tried(finding: Finding, remedy: Remedy, after: Attempt | None, before: Attempt, kept: bool) -> Tried:
    score, measure = (after.score, after.measure) if after is not None else (math.nan, before.measure)
    return Tried(finding.code, remedy.words, score, kept, measure)


def _remedies(findings: Findings) -> Iterator[tuple[Finding, Remedy]]:
    """The first remedy of the first cause, its second, ..., then the next cause's, and those of consequences."""
    for finding in findings:
        if finding.severity == "note":
            continue
        for one in (finding, *finding.consequences):
            yield from ((one, remedy) for remedy in one.remedies if remedy.can_be_applied)


def _key(finding: Finding, remedy: Remedy) -> str:
    return f"{finding.code}|{remedy.words}"


def _try(attempt: Attempt, remedy: Remedy, progress: bool | None) -> Attempt | None:
    rows = treat(attempt.rows, remedy.data) if remedy.data else attempt.rows
    settings = _changed(attempt.settings, remedy.changes)
    try:
        return _taught(settings, rows, progress)
    except VitrinaError:
        return None


def _changed(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    after = {**settings, **{name: value for name, value in changes.items() if name != "label_smoothing"}}
    if smoothing := changes.get("label_smoothing"):
        network = Network.from_json(after["network"])
        with contextlib.suppress(VitrinaError):
            cost = smoothed(network.cost, smoothing)
            after["network"] = Network(network.input, *network.layers, cost=cost).to_json()
    return after


def _taught(settings: Mapping[str, Any], rows: Arrays, progress: bool | None, out: Path | None = None) -> Attempt:
    network = Network.from_json(settings["network"])
    with tempfile.TemporaryDirectory() as place, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = out or Path(place) / "run"
        model: Any = None
        with contextlib.suppress(ModelError):  # it broke: its findings say why
            model = train(
                rows.train,
                network=network,
                validation=rows.validation,
                optimizer=Optimizer.from_json(settings["optimizer"]),
                learning_rate=Optimizer.from_json(settings["optimizer"]).rate,
                schedule=Schedule.from_json(settings["schedule"]),
                out=run,
                progress=progress,
                augment=[Augmentation.from_json(one) for one in settings.get("augment") or ()],
                **{name: settings[name] for name in TRAINED if name in settings},
            )
        return Attempt(settings, rows, _judged(model, rows) if model is not None else {}, of_run(run), model)


def _judged(model: Model, rows: Arrays) -> Mapping[str, Any]:
    examples = Examples(*(rows.validation or rows.train))
    return judge(model.network, nest(model.weights), nest(model.state), examples)


def _helps(before: Attempt, after: Attempt, finding: Finding, remedy: Remedy) -> bool:
    """True if the validation part says so by more than chance would; or if the remedy is for the judge itself."""
    if not math.isfinite(after.score):
        return False
    if remedy.changes_the_judge:
        return True
    if "class_weight" in remedy.changes:  # it is for the rare classes, and costs right answers of the common one
        return after.score > 0.55
    if not math.isfinite(before.score):
        return True
    chance = _chance(after)
    mended = finding.code not in after.findings.codes
    return after.score > before.score + chance or (mended and after.score > before.score - 0.25 * chance)


def _chance(attempt: Attempt) -> float:
    """By how much the score may differ by chance: a quarter of two standard errors, for the same rows are judged twice."""
    rows = len((attempt.rows.validation or attempt.rows.train)[0])
    share = min(max(attempt.score, 0.05), 0.95)
    return 0.25 * ERRORS * math.sqrt(share * (1 - share) / max(1, rows))


def _difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    names = ("network", "optimizer", "schedule", "augment", *TRAINED)
    return {name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)}


def material_of(settings: Mapping[str, Any], data: Any, validation: Any, run: str) -> Material:
    """The rows of a run again."""
    given = data_of(settings, data)
    if given is None:
        raise UsageError(say("{run} was trained on arrays that are not in it; give the same data again", run=run))
    if not settings["prepared"]:
        x, y = (np.asarray(part) for part in given)
        held = tuple(np.asarray(part) for part in validation) if validation is not None else None
        if held is None and settings["validation"]:
            network = Network.from_json(settings["network"])
            return gather((x, y), None, network, settings["validation"], 0.0, settings["seed"], None, (), None)
        return Material(Examples(x, y), Examples(*held) if held else None, None, None)
    return gather_again(settings, given, validation)


def _final(
    best: Attempt,
    settings: Mapping[str, Any],
    material: Material,
    data: Any,
    validation: Any,
    out: Any,
    progress: bool | None,
    short: bool,
) -> Any:
    """The healed model: of data that a recipe prepares taught once more from the data, so that it keeps the recipe and is
    measured on the test part; of arrays the one that was tried, or where rows were short one that learned from all of them."""
    if not settings["prepared"] or best.rows.treated:
        return _on_all_rows(best, out, progress) if short else _kept(best, out, progress)
    network = Network.from_json(best.settings["network"])
    return train(
        data_of(settings, data),
        settings["target"],
        network=network,
        validation=settings["validation"] if validation is None else validation,
        test=settings["test"],
        columns=settings["columns"],
        drop=settings["drop"],
        image_size=settings["image_size"],
        **{name: settings.get(name) for name in ("time", "group", "split", "gap")},
        drop_leaks=settings.get("drop_leaks", False),
        stream=settings.get("stream", False),
        optimizer=Optimizer.from_json(best.settings["optimizer"]),
        learning_rate=Optimizer.from_json(best.settings["optimizer"]).rate,
        schedule=Schedule.from_json(best.settings["schedule"]),
        out=out,
        progress=progress,
        augment=[Augmentation.from_json(one) for one in best.settings.get("augment") or ()],
        folds=bool(settings.get("folds") and folds_for(network)),
        **{name: best.settings[name] for name in TRAINED if name in best.settings},
    )


def _on_all_rows(best: Attempt, out: Any, progress: bool | None) -> Any:
    """Taught as long as was best on validation, with the rows that judged among those it learns from. What broke is not taken."""
    judged = np.array(best.model.history["validation_error"]) if best.rows.validation is not None else np.empty(0)
    if not np.isfinite(judged).any():
        return _kept(best, out, progress)
    settings = {**best.settings, "epochs": int(np.nanargmin(judged)) + 1, "patience": None}
    after = _taught(settings, best.rows.whole(), progress, Path(out) if out is not None else None)
    return after.model if after.model is not None else best.model


def _kept(best: Attempt, out: Any, progress: bool | None) -> Any:
    return best.model if out is None else _taught(best.settings, best.rows, progress, Path(out)).model
