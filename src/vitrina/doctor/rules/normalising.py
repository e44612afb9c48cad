"""Normalisation and dropout: statistics that do not hold afterwards, and layers that stand where they do harm."""

from __future__ import annotations

import math

import numpy as np

from vitrina.doctor.case import Case, doubt_of
from vitrina.doctor.finding import Finding, Remedy
from vitrina.doctor.mending import changed, with_fields
from vitrina.doctor.registry import FOLLOWS, rule
from vitrina.locale import say
from vitrina.network.dropout import Dropout
from vitrina.network.layer import Layer
from vitrina.network.normalisation import BatchNorm, GroupNorm, LayerNorm, RMSNorm

LOST = 0.05  # of the score, what statistics may cost
AFTERWARDS = ("overfitting", "underfitting", "rate-oscillates", "too-few-steps", "label-noise", "validation-differs")
NORMS = (BatchNorm, LayerNorm, RMSNorm, GroupNorm)


def lost_by_statistics(case: Case) -> tuple[float, float]:
    """Scores of the judged part with the batch statistics that were kept, and with those of the training rows taken anew; NaN
    where there is no batch normalisation."""
    anew = case.checkup.get("statistics", {}).get("judged", {})
    kept = case.checkup.get("validation") or case.checkup.get("train") or {}
    name = "balanced" if case.by_class else "score"
    return float(kept.get(name, math.nan)), float(anew.get(name, math.nan))


def _is_lost(case: Case) -> bool:
    kept, anew = lost_by_statistics(case)
    if not anew > kept:
        return False
    judged = case.signs.of_epochs("validation_error") if case.signs is not None else []
    if len(judged) and float(np.min(judged)) <= float(case.checkup["statistics"]["judged"].get("error", -math.inf)):
        return False  # only its end is out of step: the best epoch, which is kept, is as good as with statistics anew
    rows = (case.checkup.get("validation") or case.checkup.get("train") or {}).get("rows", 0)
    return anew - kept > max(LOST, doubt_of(anew, rows, bool(case.classes)))


def dropped_before_norm(case: Case) -> list[str]:
    """The dropout layers behind which a batch normalisation stands."""
    found: list[str] = []
    waiting: list[str] = []
    for name, layer in case.layers.items():
        if isinstance(layer, Dropout) and layer.rate > 0.0:
            waiting.append(name)
        elif isinstance(layer, BatchNorm):
            found += waiting
            waiting = []
    return found


@rule("norm-out-of-step", "after", 2.85, AFTERWARDS)
def out_of_step(case: Case) -> Finding | None:
    """Symptom: good while learning, poor as soon as it is asked, on the very rows it learned from. Why: batch normalisation uses the
    statistics of the batch while learning and running averages of them afterwards; averages that move too slowly, or too few
    steps, leave them where they began (Ioffe and Szegedy 2015, arXiv:1502.03167, section 3.1). Measured: the statistics taken
    anew from training rows, with the same weights, give a score more than 0.05 (and two standard errors) better. Remedy: a
    lower momentum, or more steps. Example: BatchNorm(momentum=0.999) for 200 steps.
    """
    kept, anew = lost_by_statistics(case)
    if not case.trained or not _is_lost(case):
        return None
    facts = case.checkup["statistics"]
    lower = changed(
        case.network,
        lambda name, layer: (
            with_fields(layer, momentum=min(0.9, layer.momentum / 2)) if isinstance(layer, BatchNorm) else layer
        ),
    )
    return Finding(
        "norm-out-of-step",
        "fault",
        0.95,
        say(
            "The batch statistics that {layer} kept do not hold: {kept} with them, {anew} with those of the rows themselves.",
            layer=facts.get("layer", ""),
            kept=case.told(kept),
            anew=case.told(anew),
        ),
        say("Let the running averages follow faster (BatchNorm(momentum=0.9) or less), or train for more steps."),
        str(facts.get("layer", "")),
        case.signs.done if case.signs else 0,
        {
            "layer": facts.get("layer"),
            "score": kept,
            "score_with_statistics_anew": anew,
            "shift": facts.get("shift"),
            "stretch": facts.get("stretch"),
        },
        (
            Remedy(say("running averages that follow faster"), {"network": lower.to_json()}),
            Remedy(say("three times as many epochs"), {"epochs": 3 * int(case.settings["epochs"])}),
        ),
    )


@rule("dropout-before-norm", "after", 1.65, ("norm-out-of-step", *AFTERWARDS))
def before_norm(case: Case) -> Finding | None:
    """Symptom: with dropout and batch normalisation worse than with either. Why: dropout makes numbers vary more while learning than
    afterwards, and a batch normalisation behind it keeps the larger variance (Li et al. 2018, arXiv:1801.05134, variance
    shift). Measured: dropout in front of a batch normalisation, and statistics taken anew without dropout give a score more
    than 0.05 (and two standard errors) better with the same weights; silent where they do not, as many good networks are built
    so. Remedy: dropout behind the last batch normalisation. Example: Dropout(0.7), Dense, BatchNorm.
    """
    names = dropped_before_norm(case)
    if not names or not case.trained or not _is_lost(case):
        return None
    kept, anew = lost_by_statistics(case)
    facts = case.checkup["statistics"]
    without = changed(case.network, lambda name, layer: None if name in names else layer)
    return Finding(
        "dropout-before-norm",
        "fault",
        0.9,
        say(
            "{layer} spoils the statistics of the normalisation behind it: {kept} with them, {anew} with some taken without dropout.",
            layer=names[0],
            kept=case.told(kept),
            anew=case.told(anew),
        ),
        say("Put dropout behind the last batch normalisation, or leave it out: each of the two is enough."),
        names[0],
        0,
        {
            "layer": names[0],
            "layers": names,
            "norm": facts.get("layer"),
            "score": kept,
            "score_with_statistics_anew": anew,
            "stretch": facts.get("stretch"),
        },
        (Remedy(say("no dropout in front of batch normalisation"), {"network": without.to_json()}),),
    )


def _behind_the_last(case: Case) -> list[tuple[str, Layer]]:
    """The layers that nothing with weights comes after."""
    found: list[tuple[str, Layer]] = []
    for name, layer in case.layers.items():
        found = [] if hasattr(layer, "units") or hasattr(layer, "filters") else [*found, (name, layer)]
    return found


@rule("dropout-misplaced", "before", 1.55)
def misplaced(case: Case) -> Finding | None:
    """Symptom: answers that the error punishes at random; it stays high while learning. Why: dropout behind the last layer silences
    the answers themselves, so that they are wrong by chance, however well the network knows. Measured: dropout with no layer
    with weights behind it; a fault where it harmed. Remedy: take it out, or put it between the hidden layers. Example:
    Dense(10), Dropout(0.5).
    """
    names = [name for name, layer in _behind_the_last(case) if isinstance(layer, Dropout) and layer.rate > 0.0]
    if not names:
        return None
    harmed = case.fit_shortfall > 0.03 or case.shortfall > 0.03 or case.stuck
    network = changed(case.network, lambda name, layer: None if name in names else layer)
    part = case.checkup.get("train", {})
    return Finding(
        "dropout-misplaced",
        "fault" if case.trained and harmed else "warning",
        0.95,
        say(
            "{layer} silences the answers themselves: there is no layer behind it that could make up for it.",
            layer=names[0],
        ),
        say("Take it out, or put it between the hidden layers."),
        names[0],
        0,
        {"layer": names[0], "error": part.get("error"), "error_with_dropout": part.get("training_error")},
        (Remedy(say("no dropout behind the last layer"), {"network": network.to_json()}),),
    )


@rule("norm-misplaced", "before", 1.35, (*FOLLOWS, "target-scale", "output-range", "norm-out-of-step"))
def norm_misplaced(case: Case) -> Finding | None:
    """Symptom: one answer for all, or answers that cannot reach what is asked. Why: normalising over a single number leaves 0 whatever
    it was; and a normalisation behind the last layer takes the size out of the answers, which is what they are told by.
    Measured: LayerNorm over one channel; a normalisation with no layer with weights behind it, which is a fault where it
    harmed. Remedy: take it out, or put it between the hidden layers. Example: Dense(1), LayerNorm().
    """
    shapes = {name: shape for name, _, shape in case.network.walk()}
    single = [
        name
        for name, layer in case.layers.items()
        if isinstance(layer, LayerNorm | RMSNorm) and tuple(shapes[name])[-1:] == (1,)
    ]
    last = [name for name, layer in _behind_the_last(case) if isinstance(layer, NORMS)]
    names = single or last
    if not names:
        return None
    harmed = case.fit_shortfall > 0.05 or case.shortfall > 0.05 or case.stuck
    network = changed(case.network, lambda name, layer: None if name in names else layer)
    return Finding(
        "norm-misplaced",
        "fault" if (single and not case.trained) or harmed else "warning" if single or not case.trained else "note",
        0.98 if single else 0.8,
        say("{layer} normalises over a single number, which leaves 0 of it.", layer=names[0])
        if single
        else say("{layer} stands behind the last layer and takes the size out of its answers.", layer=names[0]),
        say("Take it out, or put it between the hidden layers."),
        names[0],
        0,
        {"layer": names[0], "channels": int(tuple(shapes[names[0]])[-1]) if tuple(shapes[names[0]]) else 0},
        (Remedy(say("no normalisation there"), {"network": network.to_json()}),),
    )
