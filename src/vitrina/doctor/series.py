"""The numbers a finding was read off, as a few short series: over the steps, over the layers, over columns or classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from vitrina.doctor.case import Case
from vitrina.doctor.finding import Finding

MOST = 60  # numbers of a series
Series = dict[str, Sequence[float] | np.ndarray]
Read = Callable[[Case, Finding], Series]


def series_of(case: Case, finding: Finding) -> dict[str, tuple[float, ...]]:
    """The series of a finding by what they are of, each of at most MOST finite numbers, cut where the first is not; none where
    there is nothing to be drawn."""
    read = READ.get(finding.code)
    found = read(case, finding) if read else {}
    short = {name: thinned(values) for name, values in found.items()}
    return {name: values for name, values in short.items() if len(values) > 1}


def thinned(values: Sequence[float] | np.ndarray, most: int = MOST) -> tuple[float, ...]:
    """At most so many of them, the first and the last among these."""
    numbers = np.asarray(values, np.float64)
    bad = ~np.isfinite(numbers)
    numbers = numbers[: int(np.argmax(bad))] if bad.any() else numbers
    if len(numbers) > most:
        numbers = numbers[np.linspace(0, len(numbers) - 1, most).round().astype(np.int64)]
    return tuple(float(f"{value:.4g}") for value in numbers)


# -- over the steps
def _error(case: Case, finding: Finding) -> Series:
    return {"error": case.signs.smoothed()} if case.signs is not None else {}


def _errors(case: Case, finding: Finding) -> Series:
    if case.signs is None:
        return {}
    return {name.replace("_", " "): case.signs.of_epochs(name) for name in ("error", "validation_error")}


def _layer(quantity: str, name: str) -> Read:
    """A quantity of the layer that the finding is about, at every look."""

    def read(case: Case, finding: Finding) -> Series:
        own = case.signs.layers.get(finding.where) if case.signs is not None else None
        return {name: getattr(own, quantity)} if own is not None else _error(case, finding)

    return read


def _steps_of_layers(case: Case, finding: Finding) -> Series:
    if case.signs is None:
        return {}
    named = [str(finding.evidence.get(key, "")) for key in ("layer", "fastest")]
    return {f"step over weights of {one}": case.signs.layers[one].ratio for one in named if one in case.signs.layers}


def _all_steps(case: Case, finding: Finding) -> Series:
    if case.signs is None or not len(case.signs.steps):
        return {}
    known = [layer.ratio for layer in case.signs.layers.values() if layer.has_weights]
    return {"step over weights": np.median(np.stack(known), axis=0), **_error(case, finding)} if known else {}


def _rates(case: Case, finding: Finding) -> Series:
    rates: Series = {"learning rate": case.signs.rates} if case.signs is not None else {}
    return rates or {"learning rate": [case.rate * case.factor(at / MOST) for at in range(MOST)]}


def _weights(case: Case, finding: Finding) -> Series:
    if case.signs is None or not len(case.signs.steps):
        return {}
    known = [layer.weight for layer in case.signs.layers.values() if layer.has_weights]
    return {"size of the weights": np.median(np.stack(known), axis=0)} if known else {}


# -- over the layers, left to right
def _over_layers(quantity: str, name: str) -> Read:
    def read(case: Case, finding: Finding) -> Series:
        return {name: [getattr(start, quantity) for start in case.starts if start.inputs]}

    return read


def _relative_weights(case: Case, finding: Finding) -> Series:
    return {"weights over what suits, by layer": [one.weight / one.ideal for one in case.starts if one.inputs]}


def _gradients(case: Case, finding: Finding) -> Series:
    return {
        "gradient over weights, by layer": [one.gradient / max(one.norm, 1e-30) for one in case.starts if one.inputs]
    }


# -- over columns, and over classes
def _columns(case: Case, finding: Finding) -> Series:
    columns = case.exam.columns
    sizes = np.sqrt(np.square(columns.mean) + np.square(columns.spread))
    return {"size, by column": sizes if len(sizes) <= MOST else np.sort(sizes)}


def _alone(case: Case, finding: Finding) -> Series:
    alone = np.array(case.exam.telling.alone)
    return {"told by a column alone": alone if len(alone) <= MOST else np.sort(alone)}


def _shift(case: Case, finding: Finding) -> Series:
    shift = np.array(case.exam.parts.shift)
    return {"validation mean, in training spreads": shift if len(shift) <= MOST else np.sort(shift)}


def _classes(case: Case, finding: Finding) -> Series:
    beside = case.exam.target_beside
    found: Series = {"rows, by class": case.exam.target.counts}
    return found | ({"validation rows, by class": beside.counts} if beside is not None else {})


def _answers(case: Case, finding: Finding) -> Series:
    return {
        "rows, by class": finding.evidence.get("truth") or [],
        "answers, by class": finding.evidence.get("answers") or [],
    }


READ: Mapping[str, Read] = {
    **dict.fromkeys(
        (
            *(
                "rate-too-high",
                "too-few-steps",
                "falls-slowly",
                "plateau",
                "diverging",
                "underfitting",
                "batch-too-large",
            ),
            *("clipped-to-nothing", "no-nonlinearity", "bottleneck", "symmetric-weights", "not-shuffled", "cost-sign"),
            *("backward-wrong", "softmax-twice", "one-unit-softmax", "output-range", "output-clipped", "target-scale"),
        ),
        _error,
    ),
    **dict.fromkeys(
        (
            *(
                "overfitting",
                "rate-oscillates",
                "norm-out-of-step",
                "batch-too-small",
                "label-noise",
                "labels-unrelated",
            ),
            *("dropout-too-high", "dropout-misplaced", "augmentation-destroys", "embedding-unseen", "nobody-judges"),
        ),
        _errors,
    ),
    "dead-units": _layer("dead", "share of dead units"),
    "saturated": _layer("saturated", "share at the flat ends"),
    "frozen": _layer("update", "size of a step"),
    "layers-unbalanced": _steps_of_layers,
    "rate-too-low": _all_steps,
    "schedule-ends-early": _rates,
    "decay-too-strong": _weights,
    "vanishing": _gradients,
    "exploding-depth": _over_layers("size", "size of the outputs, by layer"),
    "too-deep-plain": _over_layers("likeness", "likeness of two examples, by layer"),
    "weights-too-small": _relative_weights,
    "weights-too-large": _relative_weights,
    "input-scale": _columns,
    "leak": _alone,
    "validation-differs": _shift,
    "time-counter": _shift,
    "class-missing": _classes,
    "class-shares-differ": _classes,
    "majority-only": _answers,
    "one-answer": _answers,
}
