"""How it steps: too far, to and fro, too short, too few, held back by decay, schedule or clipping; and a tiny last batch."""

from __future__ import annotations

import contextlib
import math
from dataclasses import replace

import numpy as np

from vitrina.doctor.case import HALF, Case
from vitrina.doctor.deaths import longest_step, lost_again, silenced
from vitrina.doctor.finding import Finding, Remedy
from vitrina.doctor.registry import rule
from vitrina.learning.optimizers import Adam
from vitrina.learning.schedules import ConstantRate, Cosine, ReduceOnPlateau
from vitrina.locale import say
from vitrina.network.normalisation import BatchNorm

HARM = 0.1
FAR, NEAR = 0.3, 1e-4  # a step's change over the weights: too much, too little
REACH = 0.3  # how far all steps together can move the weights, as a share of them
CLIMBS = 1.2  # times the first batch's error: what only comes down from where it began never rose
OVER = 0.01  # a rate that is over, as a share of the highest
SHORT = 0.08  # of what there is to learn, missing on training rows: what ended too early lacked 0.12 or more of it
HARDLY = 30  # steps: fewer are too few, whatever the error did
WORSE = 1.5  # times the best epoch's error
SWING = 0.25  # the change of the error from epoch to epoch over the error
COMMON = ("underfitting", "majority-only")


def first_ratio(case: Case) -> float:
    """The median over the layers of the first step's change over the weights; NaN if it is not known."""
    known = [ratio for ratio in _ratios(case) if math.isfinite(ratio)]
    return float(np.median(known)) if known else math.nan


def _ratios(case: Case) -> list[float]:
    known = [
        start
        for start in case.starts
        if start.inputs and math.isfinite(start.update) and start.update + start.norm > 0.0
    ]
    return [start.update / start.norm if start.norm else math.inf for start in known]


def usual_ratio(case: Case, part: slice) -> float:
    """The same at the looks of a part of the training."""
    if case.signs is None:
        return math.nan
    known = [layer.ratio[part] for layer in case.signs.layers.values() if layer.has_weights]
    values = np.concatenate(known) if known else np.empty(0)
    values = values[np.isfinite(values)]
    return float(np.median(values)) if len(values) else math.nan


def with_rate(case: Case, rate: float) -> dict[str, object]:
    return {"optimizer": replace(case.optimizer, learning_rate=rate).to_json()}


def _rates(case: Case, *rates: float) -> tuple[Remedy, ...]:
    return tuple(Remedy(say("learning rate {rate:.2g}", rate=rate), with_rate(case, rate)) for rate in rates)


@rule(
    "rate-too-high",
    "before",
    3.0,
    (
        "dead-units",
        "saturated",
        "rate-oscillates",
        "rate-too-low",
        "vanishing",
        "too-deep-plain",
        "overfitting",
        *COMMON,
    ),
)
def too_high(case: Case) -> Finding | None:
    """Symptom: the error jumps up, to infinity, or stays at what a constant answer has; units die. Why: a step so long that it leaps
    over the valley. Measured: before training, a first step that changes the weights by more than half of them; after, an error that
    is not finite, or no better than a constant's, with steps above 0.3 of the weights or an error that rose to three times the first
    (a target far from 0 makes a high error that only comes down); or, at a constant's error, a layer that answered at the start and
    is silent at the end, after one such step or after the error had been below 0.8 of a constant's. Remedy: a tenth of the rate, or
    find it (vitrina find-lr). Example: Adam with a rate of 1.
    """
    ratio = first_ratio(case)
    if not case.trained:
        if not ratio > 0.5:
            return None
        severity, since, rose = "warning", 0, math.nan
    else:
        assert case.signs is not None
        errors = case.signs.errors
        early = usual_ratio(case, slice(0, max(2, len(case.signs.steps) // 3)))
        smooth = case.signs.smoothed()  # one batch of rare rows is no rise
        finite = smooth[np.isfinite(smooth)]
        start = case.exam.target.constant_error if case.exam.target.constant_error > 0 else case.signs.first_error
        rose = (
            float(finite.max() / max(min(case.signs.first_error, 10 * start), start, 1e-30))
            if len(finite)
            else math.inf
        )
        long = max(ratio if math.isfinite(ratio) else 0.0, early if math.isfinite(early) else 0.0) > FAR
        bad = case.broke or case.stuck or case.fit_shortfall > 0.4 or case.left > 0.9
        bad |= long and (case.fit_shortfall > HARM or case.shortfall > HARM)
        climbs = not len(finite) or float(finite.max()) > CLIMBS * case.signs.first_error  # else it began so high
        rises = rose > 3.0 and climbs and case.progress >= HALF  # at first, it may be on its way down from far above
        if case.stuck and silenced(case) and (longest_step(case) > FAR or lost_again(case)):
            long, ratio = True, max(ratio, longest_step(case))
        if not (case.broke or (bad and (long or rises))):
            return None
        severity = "fault"
        since = case.signs.broke_at or int(case.signs.error_steps[int(np.nanargmax(errors))])
    birth = (case.checkup or {}).get("birth")
    return Finding(
        "rate-too-high",
        severity,  # pyright: ignore[reportArgumentType]
        0.85,
        say(
            "The learning rate of {rate:.3g} is too high: one step changes the weights by {share:.0%}.",
            rate=case.rate,
            share=min(ratio, 99.0) if math.isfinite(ratio) else 1.0,
        ),
        say(
            "Train again with a tenth of it (--lr {tenth:.2g}), or let vitrina find-lr look for one.",
            tenth=case.rate / 10,
        ),
        "learning_rate",
        since,
        {
            "learning_rate": case.rate,
            "first_step_over_weights": ratio,
            "error_rose": rose,
            **({"born": birth} if birth else {}),
        },
        _rates(case, case.rate / 10, min(case.optimizer.usual_rate, case.rate / 10), case.rate / 100),
    )


@rule("rate-oscillates", "during", 3.2, ("overfitting", "dead-units", "saturated", *COMMON))
def oscillates(case: Case) -> Finding | None:
    """Symptom: the error goes up and down from epoch to epoch and does not settle. Why: steps too long for the bottom of the valley,
    or batches so small that each pulls elsewhere. Measured: over the second half of the epochs, a mean change of more than a quarter
    of the error (on validation an eighth, where training stands still), up about as often as down, at more than 4 % of a constant's
    error; and what is reached is less than simple models reach, or ends half as bad again as its own best epoch, on validation too.
    Not where it reaches what simple models do, on the rows it learned from as well: the best epoch is kept, and swings that cost
    nothing are no fault. Nor where it knows its own rows as well as simple models know others, and validation rows less well: then it
    has learned by heart. Remedy: a lower rate, or one that falls (cosine). Example: SGD at ten times the rate that suits.
    """
    signs = case.signs
    if signs is None or case.broke or case.progress < HALF:
        return None
    errors = signs.of_epochs("error") - case.floor
    judged = signs.of_epochs("validation_error") - case.floor
    half = errors[len(errors) // 2 :]
    if len(half) < 4 or not np.isfinite(half).all():
        return None
    change = np.diff(half)
    swing = float(np.abs(change).mean() / max(half.mean(), 1e-30))
    ups = float((change > 0).mean())
    level = float(half.mean()) / max(case.exam.target.constant_error, 1e-30)
    wanders = 0.0
    if np.isfinite(judged).all() and len(judged) >= 8:
        late = judged[len(judged) // 2 :]
        wanders = float(np.abs(np.diff(late)).mean() / max(late.mean(), 1e-30))
    swings = swing > SWING or (wanders > SWING and swing > SWING / 2)
    stays = (
        wanders > SWING / 2 and swing > SWING / 4 and half[-1] > 0.75 * half[0]
    )  # neither learned by heart nor settling
    if not ((swings or stays) and 0.2 < ups < 0.8 and level > 0.04):
        return None
    harmed = case.shortfall > 0.03 or case.fit_shortfall > 0.03 or float(half[-1]) > WORSE * float(half.min())
    harmed |= bool(stays and judged[-1] > WORSE * judged.min())
    # The best epoch is kept: to have ended worse must show on those that judge, or what is kept be worse than simple models.
    if np.isfinite(judged).all() and not case.shortfall > 0.03:
        harmed &= bool(judged[-1] > WORSE * judged.min())
    if not harmed or (case.learnable and not case.fit_shortfall and (case.learned_by_heart or not case.behind)):
        return None
    return Finding(
        "rate-oscillates",
        "fault" if case.shortfall > 0.05 or case.fit_shortfall > 0.05 else "warning",
        0.75,
        say("The error goes up and down by {swing:.0%} from epoch to epoch and does not settle.", swing=swing),
        say("Lower the learning rate three to ten times, or let it fall while training (--schedule cosine)."),
        "learning_rate",
        int(len(errors) // 2 * signs.per_epoch),
        {"swing": swing, "validation_swing": wanders, "ups": ups, "learning_rate": case.rate, "level": level},
        (
            *_rates(case, case.rate / 10),
            Remedy(say("let the rate fall along a cosine"), {"schedule": Cosine().to_json()}),
            *_rates(case, case.rate / 30),
        ),
    )


def _usual_of_first(case: Case) -> float:
    """What the first step tells of all: the largest over the layers, for zeros in one hide the others' steps; a warm-up starts low."""
    first = max(_ratios(case), default=math.nan)
    with contextlib.suppress(Exception):  # a schedule of one's own
        factors = [case.factor(at / 100.0) for at in range(100)]
        return first * float(np.mean(factors)) / max(case.factor(0.0), 1e-12)
    return first


def _still_to_rise(case: Case) -> float:
    """The schedule's mean factor over the whole training as a multiple of that until now, 1 at least: a warm-up starts low."""
    if case.progress >= 1.0:
        return 1.0
    with contextlib.suppress(Exception):  # a schedule of one's own
        factors = np.array([case.factor(at / 100.0) for at in range(100)])
        until_now = factors[: max(1, round(100 * case.progress))].mean()
        return max(1.0, float(factors.mean() / max(until_now, 1e-12)))
    return 1.0


def _reach(case: Case, ratio: float) -> float:
    return ratio * case.planned_steps


@rule("rate-too-low", "before", 3.3, ("too-few-steps", "vanishing", "too-deep-plain", *COMMON))
def too_low(case: Case) -> Finding | None:
    """Symptom: the error falls steadily and hardly. Why: steps so short that all of them together do not get anywhere. Measured:
    steps below a ten-thousandth of the weights, which over the whole training could move them by less than 30 %, and training
    rows that are not learned as well as simple models know others. Remedy: ten times the rate, or find it (vitrina find-lr).
    Example: Adam at 0.0000001.
    """
    late = usual_ratio(case, slice(1, None))
    ratio = late * _still_to_rise(case) if math.isfinite(late) else _usual_of_first(case)
    if not ratio < NEAR or not _reach(case, ratio) < REACH or case.broke:
        return None
    if case.trained:
        if not (case.fit_shortfall > 0.05 or case.shortfall > HARM or case.left > 0.6):
            return None
        severity = "fault"
    else:
        severity = "warning" if _reach(case, ratio) < 0.03 and not case.begins_taught else "note"
    if case.planned_steps < 50 and ratio > NEAR / 10:
        return None
    return Finding(
        "rate-too-low",
        severity,  # pyright: ignore[reportArgumentType]
        0.8,
        say(
            "The learning rate of {rate:.3g} is too low: all {steps:,} steps together can move the weights by {share:.1%}.",
            rate=case.rate,
            steps=case.planned_steps,
            share=_reach(case, ratio),
        ),
        say(
            "Train with ten to a hundred times as much (--lr {more:.2g}), or let vitrina find-lr look for one.",
            more=max(case.rate * 10, case.optimizer.usual_rate),
        ),
        "learning_rate",
        0,
        {
            "learning_rate": case.rate,
            "step_over_weights": ratio,
            "reach": _reach(case, ratio),
            "left": case.left if case.trained else math.nan,
        },
        _rates(case, max(case.rate * 10, case.optimizer.usual_rate), case.rate * 100, case.rate * 10),
    )


@rule("too-few-steps", "during", 3.5, COMMON)
def too_few(case: Case) -> Finding | None:
    """Symptom: the error was still falling when the training ended. Why: it ended too early. Measured: over the last quarter of the
    steps the error fell by more than 8 %, or there were fewer than 30 steps; and the training rows are not learned as well as
    simple models know others, by 0.08 of what there is to learn: what is known by heart goes on falling, and more steps do not mend
    it. Remedy: more epochs, or smaller batches. Example: one epoch of ten steps.
    """
    signs = case.signs
    if signs is None or case.broke or case.checkup.get("stopped") or case.progress < 1.0:
        return None
    missing = case.fit_shortfall > SHORT or (case.fit_shortfall > 0.05 and case.shortfall > HARM)
    if not (missing or (case.left > 0.6 and not case.learnable)):
        return None
    smooth = signs.smoothed() - case.floor
    if signs.done >= HARDLY and len(smooth) >= 10:
        before, after = float(smooth[int(0.75 * len(smooth))]), float(smooth[-1])
        fell = (before - after) / max(before, 1e-30)
    else:
        fell = 1.0 if signs.done < HARDLY else 0.0
    if fell < 0.08:
        return None
    short = signs.done < 400
    epochs = int(case.settings["epochs"])
    return Finding(
        "too-few-steps",
        "fault" if short or fell > 0.15 else "warning",
        0.75 if short else 0.55,
        say(
            "It ended after {steps:,} steps while the error was still falling, by {fell:.0%} over the last quarter.",
            steps=signs.done,
            fell=fell,
        ),
        say("Train for more epochs (five times as many, with patience to stop in time), or in smaller batches."),
        "epochs",
        signs.done,
        {
            "steps": signs.done,
            "fell": fell,
            "epochs": epochs,
            "batch_size": case.batch_size,
            "fit_shortfall": case.fit_shortfall,
        },
        (
            Remedy(say("train for {epochs} epochs", epochs=5 * epochs), {"epochs": 5 * epochs}),
            Remedy(
                say("train for {epochs} epochs in batches of 32", epochs=10 * epochs),
                {"epochs": 10 * epochs, "batch_size": min(32, case.batch_size)},
            ),
        ),
    )


@rule(
    "decay-too-strong",
    "before",
    2.6,
    ("vanishing", "too-few-steps", "rate-too-low", "saturated", "dead-units", "too-deep-plain", *COMMON),
)
def decay(case: Case) -> Finding | None:
    """Symptom: weights shrink to nothing and answers become one. Why: weight decay pulls every weight towards 0 more strongly than
    the error pulls elsewhere. Measured: decay times weights above the gradient before the first step (added to the gradient), or
    rate times decay times steps above 3 (taken off the weights); and weights that lost half of their size. A fault where
    the training rows are not learned. Remedy: 0.0001 (AdamW: 0.01). Example: weight_decay=1.
    """
    strength = case.optimizer.weight_decay
    if not strength:
        return None
    decoupled = type(case.optimizer).decoupled
    norms = [(start.norm, start.gradient) for start in case.starts if start.inputs]
    if not norms:
        return None
    pull = (
        strength
        * math.sqrt(sum(norm**2 for norm, _ in norms))
        / max(math.sqrt(sum(slope**2 for _, slope in norms)), 1e-30)
    )
    worn = case.rate * strength * case.planned_steps
    strong = worn > 3.0 if decoupled else pull > 0.3 or strength >= 0.1
    shrunk = math.nan
    if case.signs is not None and len(case.signs.steps) > 1:
        known = [layer.weight for layer in case.signs.layers.values() if layer.has_weights]
        shrunk = float(np.median([weight[-1] / max(weight[0], 1e-30) for weight in known])) if known else math.nan
    harmed = case.fit_shortfall > 0.05 or case.shortfall > HARM or case.left > 0.85
    if not (strong or shrunk < 0.3):
        return None
    severity = (
        ("warning" if (worn > 10 if decoupled else strength >= 0.5) else "note")
        if not case.trained
        else "fault"
        if harmed and not shrunk > 0.9
        else "note"
    )
    return Finding(
        "decay-too-strong",
        severity,  # pyright: ignore[reportArgumentType]
        0.85,
        say(
            "A weight decay of {decay:g} pulls the weights to 0, more strongly than the error pulls; {left:.0%} of their size is left.",
            decay=strength,
            left=shrunk if math.isfinite(shrunk) else 1.0,
        ),
        say("Lower it to 0.0001 (0.01 with AdamW), or leave it out."),
        "weight_decay",
        0,
        {"weight_decay": strength, "pull_over_gradient": pull, "worn": worn, "weights_left": shrunk},
        (Remedy(say("no weight decay"), {"optimizer": replace(case.optimizer, weight_decay=0.0).to_json()}),),
    )


@rule("schedule-ends-early", "before", 2.7, ("too-few-steps", "rate-too-low", *COMMON))
def ends_early(case: Case) -> Finding | None:
    """Symptom: the error falls at first, then stands still for the rest. Why: the schedule has brought the rate to next to nothing
    long before the end. Measured: less than a hundredth of the highest rate over the last 40 % of the training or more. A fault
    where the training rows are not learned. Remedy: a cosine over the whole training, or a constant rate.
    Example: a step decay after 2 %.
    """
    places = np.linspace(0.0, 1.0, 101)[:-1]
    try:
        factors = np.array([case.factor(float(place)) for place in places])
    except Exception:  # a schedule of one's own
        return None
    if (
        isinstance(case.schedule, ReduceOnPlateau)
        and case.signs is not None
        and len(case.signs.rates) > 3
        and case.signs.done
    ):
        places = case.signs.steps / case.signs.done
        factors = case.signs.rates
    living = np.flatnonzero(factors > OVER * factors.max())
    over = float(places[living[-1]]) if len(living) else 0.0
    if over > 0.6:
        return None
    harmed = case.fit_shortfall > 0.03 or case.shortfall > 0.05 or case.left > 0.6
    return Finding(
        "schedule-ends-early",
        "warning" if not case.trained else "fault" if harmed else "note",
        0.85,
        say("The schedule brings the learning rate to next to nothing after {share:.0%} of the training.", share=over),
        say("Let it fall over the whole training (--schedule cosine), or keep it constant: what comes after is lost."),
        "schedule",
        int(over * case.planned_steps),
        {"over_after": over, "last_factor": float(factors[-1]), "schedule": type(case.schedule).__name__},
        (
            Remedy(say("a cosine over the whole training"), {"schedule": Cosine().to_json()}),
            Remedy(say("a constant learning rate"), {"schedule": ConstantRate().to_json()}),
        ),
    )


@rule("clipped-to-nothing", "before", 2.65, ("too-few-steps", "rate-too-low", "vanishing", *COMMON))
def clipped(case: Case) -> Finding | None:
    """Symptom: the error hardly falls although the rate is a usual one. Why: gradients are cut to a length so small that a step is
    next to nothing. Measured: the limit below a hundredth of the gradient's length before the first step, and steps below a
    ten-thousandth of the weights (Adam makes up for any limit but one near its epsilon). A fault where the training rows are not
    learned. Remedy: a limit of 1 to 10, or none. Example: gradient_clip=0.00001 with SGD.
    """
    limit = case.settings.get("gradient_clip")
    if not limit or not case.starts:
        return None
    length = math.sqrt(sum(start.gradient**2 for start in case.starts if math.isfinite(start.gradient)))
    ratio = first_ratio(case)
    if not limit < 0.02 * length or not ratio < 10 * NEAR:
        return None
    harmed = case.fit_shortfall > 0.03 or case.shortfall > 0.05 or case.left > 0.6
    return Finding(
        "clipped-to-nothing",
        ("warning" if _reach(case, ratio) < REACH else "note") if not case.trained else "fault" if harmed else "note",
        0.9,
        say(
            "Gradients of length {length:.3g} are cut to {limit:.3g}, so that a step is next to nothing.",
            length=length,
            limit=limit,
        ),
        say("Raise gradient_clip to 1 or more, or leave it out."),
        "gradient_clip",
        0,
        {"gradient_clip": limit, "gradient": length, "step_over_weights": ratio},
        (
            Remedy(say("no limit to the gradient"), {"gradient_clip": None}),
            Remedy(say("Adam, with a limit of 1"), {"gradient_clip": 1.0, "optimizer": Adam().to_json()}),
        ),
    )


@rule("small-last-batch", "before", 2.8, ("rate-oscillates", "underfitting", "overfitting", "rate-too-high"))
def small_last_batch(case: Case) -> Finding | None:
    """Symptom: the error is thrown back at the end of every epoch. Why: batch normalisation of two or three rows has statistics that
    mean nothing. Measured: batch normalisation, and a last batch of fewer than 4 rows, where whole batches have at least 16.
    Vitrina fills such a batch up with the epoch's first rows, so that this is a note. Remedy: another batch size. Example: 1,283
    rows in batches of 32.
    """
    left = case.exam.parts.rows[0] % max(1, case.batch_size)
    if (
        not any(isinstance(layer, BatchNorm) for layer in case.layers.values())
        or not 0 < left < 4
        or case.batch_size < 16
    ):
        return None
    return Finding(
        "small-last-batch",
        "note",
        0.5,
        say("The last batch of an epoch has {left} rows, too few for batch normalisation; it is filled up.", left=left),
        say("Nothing needs to be done; another batch size would make all batches alike."),
        "batch_size",
        0,
        {"rows": left, "batch_size": case.batch_size},
        (Remedy(say("batches of {size}", size=case.batch_size - 1), {"batch_size": case.batch_size - 1}),),
    )
