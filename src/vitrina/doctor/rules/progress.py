"""How the error went, where no cause has been named: layers at odds, rising again, creeping, standing still, one answer."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping

import numpy as np

from vitrina.doctor.case import Case
from vitrina.doctor.finding import Finding, Remedy
from vitrina.doctor.mending import with_normalisation
from vitrina.doctor.registry import rule
from vitrina.doctor.rules.steps import NEAR, usual_ratio, with_rate
from vitrina.learning.optimizers import Adam
from vitrina.learning.schedules import Cosine
from vitrina.locale import say
from vitrina.network.pooling import GlobalAveragePool

APART, SLOW = 80.0, 1e-4  # update over weights: the fastest layer's over the slowest one's; the slowest one's own
ROSE = 1.5  # the error at the end over its best
SAME, MOSTLY = 0.98, 0.5  # of the answers; where weights of classes explain it
HARM = 0.05
RECURRENT = ("GRU", "LSTM")


def _harmed(case: Case, by: float = HARM) -> bool:
    return case.fit_shortfall > by or (case.shortfall > by and not case.learned_by_heart)


def _is_wide(case: Case, share: float = 1.0) -> bool:
    """False if a hidden layer has fewer units than this share of the answers: then it is too narrow to do better. Of convolutions
    the last one counts, where all that is known of an image is the mean of each of its filters."""
    least = share * case.network.output_shape[-1]
    hidden = [start for start in case.starts if start.inputs][:-1]
    narrow = [start.units for start in hidden if start.kind in ("Dense", *RECURRENT)]
    if any(isinstance(layer, GlobalAveragePool) for layer in case.layers.values()):
        narrow += [start.units for start in hidden if start.kind.startswith("Conv")][-1:]
    return all(units >= least for units in narrow)


def _is_as_good_as_linear(case: Case) -> bool:
    """True of a network without hidden layers that knows its rows as well as a linear model: it stands still because it is there."""
    refs = case.exam.references
    return refs is not None and len(case.weighted) == 1 and case.train_score > refs.linear_held - case.doubt


def _adam(case: Case) -> Remedy:
    return Remedy(say("Adam at its usual rate"), {"optimizer": Adam().to_json()})


@rule("layers-unbalanced", "during", 3.6, ("underfitting",))
def unbalanced(case: Case) -> Finding | None:
    """Symptom: some layers learn and others stand still; the error stops half way. Why: one rate serves layers whose weights and
    slopes are of different sizes. Measured: the median change of a step over the weights, after the first quarter; in the
    fastest layer above 80 times that in the slowest, the slowest below a ten-thousandth (healthy networks tried lie below 20),
    and training rows that are not learned. Remedy: Adam, which gives each weight its own step; normalisation between the
    layers. Example: a layer whose outputs are multiplied by 0.001.
    """
    signs = case.signs
    if signs is None or case.broke or len(signs.steps) < 6 or not _harmed(case):
        return None
    late = slice(len(signs.steps) // 4, None)
    ratios = {
        name: float(np.nanmedian(layer.ratio[late]))
        for name, layer in signs.layers.items()
        if layer.has_weights and np.isfinite(layer.ratio[late]).any()
    }
    if len(ratios) < 2:
        return None
    slow, fast = min(ratios, key=lambda one: ratios[one]), max(ratios, key=lambda one: ratios[one])
    if not 0.0 < ratios[slow] < SLOW or ratios[fast] < APART * ratios[slow] or ratios[fast] < 0.1 * SLOW:
        return None
    return Finding(
        "layers-unbalanced",
        "fault",
        0.7,
        say(
            "{slow} hardly moves while {fast} does: a step changes {low:.1e} of the one and {high:.1e} of the other.",
            slow=slow,
            fast=fast,
            low=ratios[slow],
            high=ratios[fast],
        ),
        say("Use Adam, which gives each weight a step of its own, or normalise between the layers."),
        slow,
        0,
        {"layer": slow, "fastest": fast, "step_over_weights": ratios[slow], "fastest_step": ratios[fast]},
        (
            _adam(case),
            Remedy(say("normalise between the layers"), {"network": with_normalisation(case.network).to_json()}),
        ),
    )


@rule("diverging", "during", 3.15, ("rate-oscillates", "underfitting", "dead-units", "overfitting", "majority-only"))
def diverging(case: Case) -> Finding | None:
    """Symptom: the error falls, and then rises again for good, on what it learns from. Why: the rate (or the weights' growth) has come
    to be too much for where it is; with overfitting only the error on validation rises. Measured: the averaged training error
    at the end above one and a half times its best, by more than a tenth of what a constant answer has, the best in the first 70
    % of the steps, the last quarter no better than the one before, and training rows not learned as well as simple models know
    others. Remedy: a rate that falls, a tenth of it, gradients cut at 1. Example: a warm-up that ends at ten times what suits.
    """
    signs = case.signs
    if signs is None or case.broke or len(signs.errors) < 40:
        return None
    smooth = signs.smoothed()
    if len(smooth) < 20 or not np.isfinite(smooth).all():
        return None
    at, last = int(np.argmin(smooth)), float(smooth[-1])
    best, quarter = float(smooth[at]), len(smooth) // 4
    level = case.exam.target.constant_error if case.exam.target.constant_error > 0 else signs.first_error
    before, after = float(smooth[-2 * quarter : -quarter].mean()), float(smooth[-quarter:].mean())
    rises = last > ROSE * best and last - best > 0.1 * level and at < 0.7 * len(smooth) and after > 0.95 * before
    fell = float(smooth[0]) - best > 0.1 * level
    if not (rises and fell and _harmed(case)):
        return None
    since = int(signs.error_steps[min(at + signs.window, len(signs.error_steps) - 1)])
    return Finding(
        "diverging",
        "fault",
        0.75,
        say(
            "The error fell to {best:.3g} until step {step:,}, and has risen to {last:.3g} since, on what it learns from.",
            best=best,
            step=since,
            last=last,
        ),
        say("Let the rate fall while training (--schedule cosine), take a tenth of it, or cut gradients at 1."),
        "learning_rate",
        since,
        {"best": best, "last": last, "rate": case.rate, "constant": level},
        (
            Remedy(say("learning rate {rate:.2g}", rate=case.rate / 10), with_rate(case, case.rate / 10)),
            Remedy(say("let the rate fall along a cosine"), {"schedule": Cosine().to_json()}),
            Remedy(say("cut gradients at 1"), {"gradient_clip": 1.0}),
        ),
    )


@rule("falls-slowly", "during", 3.55, ("underfitting",))
def slowly(case: Case) -> Finding | None:
    """Symptom: the error falls from epoch to epoch, and would need many times as many. Why: steps too short for the way to go, though
    not so short as to be nothing. Measured: 300 steps or more, each quarter below the one before, a fall of 0.5 to 8 % over the
    last quarter, steps above a ten-thousandth of the weights (below, it is rate-too-low), an error above 30 % of a constant's
    and training rows not learned as well as simple models know others. Remedy: three to ten times the rate, momentum, Adam.
    Example: SGD at 0.001.
    """
    signs = case.signs
    if signs is None or case.broke or signs.done < 300 or not _harmed(case, 0.1) or not case.left > 0.3:
        return None
    smooth = signs.smoothed() - case.floor
    if len(smooth) < 40 or not np.isfinite(smooth).all():
        return None
    quarters = [float(part.mean()) for part in np.array_split(smooth, 4)]
    fell = 1.0 - quarters[3] / max(quarters[2], 1e-30)
    steady = all(later < earlier for earlier, later in itertools.pairwise(quarters))
    if not steady or not 0.005 < fell < 0.08 or not usual_ratio(case, slice(1, None)) > NEAR:
        return None
    if not _is_wide(case, 0.5):
        return None
    return Finding(
        "falls-slowly",
        "fault",
        0.6,
        say(
            "The error falls by {fell:.1%} in a quarter of the training: at that pace it does not get there.", fell=fell
        ),
        say("Take three to ten times the learning rate (--lr), SGD with momentum, or Adam."),
        "learning_rate",
        signs.done // 2,
        {"fell": fell, "left": case.left, "rate": case.rate, "fit_shortfall": case.fit_shortfall},
        (
            Remedy(say("learning rate {rate:.2g}", rate=case.rate * 10), with_rate(case, case.rate * 10)),
            _adam(case),
            Remedy(say("learning rate {rate:.2g}", rate=case.rate * 3), with_rate(case, case.rate * 3)),
        ),
    )


@rule("plateau", "during", 4.4, ("underfitting",))
def plateau(case: Case) -> Finding | None:
    """Symptom: the error fell at first, or not at all, and has stood still since, far from what can be reached. Why: a flat place (a
    saddle that short steps do not leave) or a rate that hops over what is left. Measured: less than 1 % of a fall from 40 % of the
    steps to the end, no swinging, an error above 15 % of a constant's, training rows not learned as well as simple models know
    others, and no layer narrower than the answers; nor a linear network that is as good as a linear model. Remedy: Adam, three times
    the rate, a rate that falls. Example: tanh layers on small weights under plain SGD.
    """
    signs = case.signs
    if signs is None or case.broke or signs.done < 200 or not _harmed(case, 0.1) or not case.left > 0.15:
        return None
    smooth = signs.smoothed() - case.floor
    if len(smooth) < 40 or not np.isfinite(smooth).all():
        return None
    if _is_as_good_as_linear(case):
        return None
    at = int(0.4 * len(smooth))
    rest = smooth[at:]
    fell = 1.0 - float(rest[-len(rest) // 4 :].mean()) / max(float(rest[: len(rest) // 4].mean()), 1e-30)
    if not -0.05 < fell < 0.01 or not _is_wide(case):
        return None
    return Finding(
        "plateau",
        "fault",
        0.5,
        say(
            "The error has stood still at {left:.0%} of what a constant answer has since step {step:,}.",
            left=case.left,
            step=int(signs.error_steps[min(at + signs.window, len(signs.error_steps) - 1)]),
        ),
        say("Try Adam, three times the rate, or a rate that falls while training (--schedule cosine)."),
        "learning_rate",
        int(signs.error_steps[min(at + signs.window, len(signs.error_steps) - 1)]),
        {"fell": fell, "left": case.left, "fit_shortfall": case.fit_shortfall},
        (
            _adam(case),
            Remedy(say("learning rate {rate:.2g}", rate=case.rate * 3), with_rate(case, case.rate * 3)),
            Remedy(say("let the rate fall along a cosine"), {"schedule": Cosine().to_json()}),
        ),
    )


def _weight_of_one(case: Case) -> tuple[int, float]:
    """The class whose rows count most, by the weights that were given for classes, and its share of all that counts; (-1, 0) where
    none were given by hand."""
    weights, counts = case.settings.get("class_weight"), np.array(case.exam.target.counts, np.float64)
    if not isinstance(weights, Mapping) or not len(counts):
        return -1, 0.0
    given = np.array([float(weights.get(kind, weights.get(str(kind), 1.0))) for kind in range(len(counts))])
    total = given * counts
    return int(np.argmax(total)), float(total.max() / max(total.sum(), 1e-30))


def _balanced() -> tuple[Remedy, ...]:
    return (
        Remedy(say("class weights that balance"), {"class_weight": "balanced"}),
        Remedy(say("no class weights"), {"class_weight": None}),
    )


def _drowning(case: Case) -> Finding | None:
    """Before the first step: weights under which one class that is not nearly all of the rows is nearly all that counts."""
    kind, share = _weight_of_one(case)
    if share < SAME or case.exam.target.counts[kind] > 0.75 * sum(case.exam.target.counts):
        return None
    return Finding(
        "one-answer",
        "warning",
        0.8,
        say("The class weights make class {kind} {share:.1%} of all that counts.", kind=kind, share=share),
        say("Take class weights that balance, or none: one class drowns the others."),
        "class_weight",
        0,
        {"class": kind, "share": share},
        _balanced(),
    )


@rule("one-answer", "before", 4.45, ("underfitting", "too-few-steps"))
def one_answer(case: Case) -> Finding | None:
    """Symptom: the same class for every row, though the classes are about as common. Why: whatever made the network deaf to its
    inputs, or weights of classes that let one drown the others. Measured: 98 % of the answers one class, which is less than 75
    % of the training rows (else it is majority-only), and a simple model that does better; half of them where the weights that
    were given make that class 98 % of all that counts, which is told before training. Remedy: class weights that balance,
    or none; else look at the inputs. Example: class_weight={0: 1000}.
    """
    part = case.checkup.get("train") or {}
    answers = part.get("answers")
    if not case.trained:
        return _drowning(case)
    if not answers or sum(answers) < 20 or case.exam.target.majority >= 0.75:
        return None
    share = max(answers) / sum(answers)
    refs = case.exam.references
    findable = refs is not None and refs.balanced_held - 1.0 / max(2, case.classes) > 0.1
    drowned = _weight_of_one(case)[1] > SAME and int(np.argmax(answers)) == _weight_of_one(case)[0]
    if share < (MOSTLY if drowned else SAME) or not findable:
        return None
    weights = case.settings.get("class_weight")
    remedies = _balanced() if weights and weights != "balanced" else ()
    return Finding(
        "one-answer",
        "fault",
        0.85 if remedies else 0.6,
        say(
            "It answers class {kind} to {share:.0%} of the rows, whatever comes in.",
            kind=int(np.argmax(answers)),
            share=share,
        ),
        say("Take class weights that balance, or none: one class drowns the others.")
        if remedies
        else say("Look at the inputs and at the first layer: what the network answers does not depend on them."),
        "class_weight" if remedies else "",
        case.signs.done if case.signs else 0,
        {"answers": answers, "truth": part.get("truth"), "simple_balanced": refs.balanced_held if refs else math.nan},
        remedies,
        rank=3.4 if remedies else None,  # weights that let one class drown the others make an error that falls
    )
