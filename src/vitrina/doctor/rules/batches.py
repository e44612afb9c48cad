"""The size of a batch: too small to say where to go, or so large that there are hardly any steps."""

from __future__ import annotations

import math

import numpy as np

from vitrina.doctor.case import Case
from vitrina.doctor.finding import Finding, Remedy
from vitrina.doctor.registry import FOLLOWS, rule
from vitrina.locale import say
from vitrina.network.normalisation import BatchNorm

TINY = 4  # rows
USUAL = 32
AGREED = 0.1  # of a batch's squared gradient, what all batches have in common
FEW = 100  # steps


def _normalises_few(case: Case) -> str:
    """A batch normalisation whose statistics are of fewer numbers than TINY."""
    for name, layer, shape in case.network.walk():
        if isinstance(layer, BatchNorm) and math.prod(tuple(shape)[:-1]) * case.batch_size < TINY:
            return name
    return ""


@rule("batch-too-small", "before", 1.58, (*FOLLOWS, "norm-out-of-step", "label-noise"))
def too_small(case: Case) -> Finding | None:
    """Symptom: the error jumps from step to step and does not settle; with batch normalisation nothing is learned. Why: the gradient
    of few rows is mostly noise (McCandlish et al. 2018, arXiv:1812.06162), and the statistics of one or two rows mean nothing:
    of one row, every number is 0. Measured: batch normalisation over fewer than 4 numbers; or at most 4 rows, gradients at the
    end of which batches have less than a tenth in common, an error that wanders over the second half of the epochs, and less
    than simple models reach. Remedy: batches of 32. Example: BatchNorm in batches of 2.
    """
    if case.batch_size >= case.exam.parts.rows[0]:
        return None
    layer = _normalises_few(case)
    noisy = not layer and _wanders(case)
    if not layer and not noisy:
        return None
    harmed = case.fit_shortfall > 0.03 or case.shortfall > 0.03 or case.stuck
    agreement = case.checkup.get("agreement", {})
    return Finding(
        "batch-too-small",
        "warning" if not case.trained else "fault" if harmed else "warning" if layer else "note",
        0.9 if layer else 0.7,
        say(
            "{layer} takes its statistics from {rows} rows at a time, which say nothing of the rest.",
            layer=layer,
            rows=case.batch_size,
        )
        if layer
        else say(
            "Batches of {rows} pull in directions of their own: their gradients have {share:.0%} in common.",
            rows=case.batch_size,
            share=agreement.get("signal", math.nan),
        ),
        say("Take batches of 32 or more; with fewer rows at a time, normalise within each example (vt.LayerNorm)."),
        "batch_size",
        0,
        {
            "batch_size": case.batch_size,
            "layer": layer,
            "signal": agreement.get("signal", math.nan),
            "noise_scale": agreement.get("noise_scale", math.nan),
        },
        (Remedy(say("batches of {size}", size=USUAL), {"batch_size": USUAL}),),
        rank=None if layer else 3.1,
    )


def _wanders(case: Case) -> bool:
    """True if batches of a few rows throw it to and fro."""
    signal = case.checkup.get("agreement", {}).get("signal", math.nan)
    if not case.trained or case.broke or case.batch_size > TINY or not signal < AGREED or case.signs is None:
        return False
    errors = case.signs.of_epochs("error")
    half = errors[len(errors) // 2 :]
    if len(half) < 3 or not np.isfinite(half).all():
        return False
    settled = float(half[-1]) < 0.8 * float(half[0])
    return not settled and (case.shortfall > 0.03 or case.fit_shortfall > 0.03)


@rule("batch-too-large", "before", 3.45, ("too-few-steps", "rate-too-low", "underfitting", "majority-only"))
def too_large(case: Case) -> Finding | None:
    """Symptom: many epochs, and the error is still falling. Why: an epoch of one or two batches is one or two steps, however many rows
    it has. Measured: a batch of 128 rows or more and of an eighth of the training part, fewer than 100 steps in five epochs or
    more, and training rows that are not learned as well as simple models know others, while the error is falling. Remedy:
    batches of 32. Example: 1,000 rows in batches of 1,000 for 20 epochs.
    """
    rows, epochs = case.exam.parts.rows[0], int(case.settings["epochs"])
    large = case.batch_size >= 128 and case.batch_size >= rows / 8 and rows >= 4 * USUAL
    if not large or case.planned_steps >= FEW or epochs < 5:
        return None
    if case.trained:
        assert case.signs is not None
        smooth = case.signs.smoothed()
        quarter = max(1, len(smooth) // 4)
        falling = len(smooth) < 4 or float(smooth[-quarter:].mean()) < float(smooth[-2 * quarter : -quarter].mean())
        if case.broke or not falling or not (case.fit_shortfall > 0.05 or case.shortfall > 0.1):
            return None
    elif case.planned_steps >= FEW // 2:
        return None
    return Finding(
        "batch-too-large",
        "fault" if case.trained else "warning",
        0.8,
        say(
            "{rows:,} rows in batches of {size:,} are {steps} steps in {epochs} epochs: too few to get anywhere.",
            rows=rows,
            size=case.batch_size,
            steps=case.planned_steps,
            epochs=epochs,
        ),
        say("Take batches of 32: the same rows then make many more steps, and each costs less."),
        "batch_size",
        0,
        {"batch_size": case.batch_size, "rows": rows, "steps": case.planned_steps, "epochs": epochs},
        (
            Remedy(say("batches of {size}", size=USUAL), {"batch_size": USUAL}),
            Remedy(
                say("batches of {size}, three times as many epochs", size=USUAL),
                {"batch_size": USUAL, "epochs": 3 * epochs},
            ),
        ),
    )
