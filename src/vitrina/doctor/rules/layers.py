"""What the layers are: all straight, too narrow, too many, mostly silent, standing still, or with a wrong way back."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from vitrina.doctor.case import Case
from vitrina.doctor.finding import Finding, Remedy
from vitrina.doctor.handwork import is_ours
from vitrina.doctor.mending import changed, with_activation, with_fields, with_normalisation
from vitrina.doctor.registry import FOLLOWS, rule
from vitrina.errors import NetworkError
from vitrina.locale import say
from vitrina.network.containers import Residual, Sequential
from vitrina.network.dense import Dense
from vitrina.network.dropout import Dropout
from vitrina.network.layer import Layer
from vitrina.network.network import Network

STRAIGHT = (
    "Dense",
    "Conv1D",
    "Conv2D",
    "Flatten",
    "Reshape",
    "Dropout",
    "AveragePool1D",
    "AveragePool2D",
    "GlobalAveragePool",
    "Activation",
    "BatchNorm",
    "Scale",
)
NORMS = ("BatchNorm", "LayerNorm", "RMSNorm", "GroupNorm")
HARM = 0.1
DEEP, DEEP_BEFORE, ALIKE = 9, 14, 0.97
MUCH = 0.7  # dropout


@rule(
    "no-nonlinearity", "before", 1.4, ("underfitting", "too-few-steps", "rate-too-low", "bottleneck", "rate-oscillates")
)
def no_nonlinearity(case: Case) -> Finding | None:
    """Symptom: no better than a linear model. Why: without a bend between them, several layers are one: products of matrices are
    a matrix. Measured: two or more layers with weights, none of them (nor anything between) bent; a fault where a kernel model
    is better than a linear one and than the network. Remedy: relu in the hidden layers. Example: Dense(64), Dense(10).
    """
    if len(case.weighted) < 2:
        return None
    layers = list(case.layers.items())
    hidden = layers[:-1]
    for _, layer in hidden:
        if type(layer).__name__ not in STRAIGHT or getattr(layer, "activation", "linear") != "linear":
            return None
    refs = case.exam.references
    bent = refs.kernel_held - refs.linear_held > 0.5 * case.doubt if refs else False
    clear = refs.kernel_held - refs.linear_held > max(0.03, 1.5 * case.doubt) if refs else False
    missing = (
        refs is not None and refs.kernel_held - max(case.reached, 0.0) > max(0.01, 0.5 * case.doubt) and not case.broke
    )
    return Finding(
        "no-nonlinearity",
        ("warning" if bent else "note") if not case.trained else "fault" if bent and (missing or clear) else "note",
        0.9 if bent else 0.4,
        say(
            "None of the {count} layers with weights bends its sums, so together they are one linear layer.",
            count=len(case.weighted),
        ),
        say('Give the hidden layers activation="relu": without a bend between them, depth adds nothing.'),
        case.weighted[0],
        0,
        {
            "layer": case.weighted[0],
            "layers": case.weighted[:-1],
            "linear": refs.linear_held if refs else math.nan,
            "kernel": refs.kernel_held if refs else math.nan,
            "reached": case.reached,
        },
        (
            Remedy(
                say("bend the hidden layers with relu"),
                {"network": with_activation(case.network, "relu", case.weighted[:-1]).to_json()},
            ),
        ),
    )


@rule(
    "bottleneck",
    "before",
    1.5,
    (
        "underfitting",
        "too-few-steps",
        "rate-too-low",
        "dead-units",
        "rate-oscillates",
        "too-deep-plain",
        "majority-only",
    ),
)
def bottleneck(case: Case) -> Finding | None:
    """Symptom: some classes are never told apart. Why: all that later layers know has to pass the narrowest one. Measured: a hidden
    layer of one unit, or of fewer than a third of the classes (two at most), between wider ones; a fault where the training rows
    themselves are not learned as well as simple models know others. Remedy: as many units as its neighbours. Example: 64, 1, 64.
    """
    hidden = [start for start in case.starts if start.inputs and start.kind == "Dense"][:-1]
    if not hidden or not case.starts:
        return None
    wanted = max(case.classes, case.network.output_shape[-1])
    narrow = [s for s in hidden if s.units == 1 or (s.units == 2 and wanted >= 6)]
    if not narrow:
        return None
    start = narrow[0]
    harmed = case.fit_shortfall > 0.07 or (case.shortfall > HARM)
    sure = start.units == 1 and wanted > 2
    width = max([s.units for s in hidden] + [wanted, 16])
    network = changed(
        case.network, lambda name, layer: with_fields(layer, units=width) if name in [s.name for s in narrow] else layer
    )
    return Finding(
        "bottleneck",
        ("warning" if sure else "note") if not case.trained else "fault" if harmed else "note",
        0.9 if sure else 0.75,
        say(
            "{layer} has {units} units, and all that is known of an example has to pass it.",
            layer=start.name,
            units=start.units,
        ),
        say("Give it at least as many units as there are answers to tell apart, better as many as its neighbours."),
        start.name,
        0,
        {
            "layer": start.name,
            "units": start.units,
            "inputs": start.inputs,
            "answers": wanted,
            "fit_shortfall": case.fit_shortfall,
        },
        (Remedy(say("widen {layer} to {units} units", layer=start.name, units=width), {"network": network.to_json()}),),
    )


def plain_depth(case: Case) -> int:
    """How many layers with weights stand one after the other, with neither a shortcut nor a normalisation anywhere."""
    for _, layer, _ in case.network.walk():
        if type(layer).__name__ in NORMS or (hasattr(layer, "children") and not isinstance(layer, Sequential)):
            return 0
    return len(case.weighted)


@rule(
    "too-deep-plain",
    "before",
    2.3,
    (
        "vanishing",
        "underfitting",
        "too-few-steps",
        "rate-too-low",
        "dead-units",
        "rate-too-high",
        "majority-only",
        "rate-oscillates",
        "overfitting",
    ),
)
def too_deep(case: Case) -> Finding | None:
    """Symptom: a deeper network learns less than a shallow one. Why: each plain layer makes examples more alike, until the last ones
    see one and the same (He et al. 2015, arXiv:1512.03385, the degradation problem). Measured: nine or more layers with weights
    one after the other without shortcut or normalisation, started as suits them; before training 14, and a mean cosine above
    0.97 between examples in the last hidden layer. A fault where simple models do better, or the epoch that is kept (of the lowest
    validation error) is no better than a constant. Remedy: shortcuts around every two layers. Example: twenty times Dense(64, "relu").
    """
    depth = plain_depth(case)
    if depth < DEEP:
        return None
    hidden = [start for start in case.starts if start.inputs][:-1]
    suited = [start for start in hidden if 0.33 < start.weight / start.ideal < 1.8]
    if len(suited) < 0.8 * len(hidden):
        return None
    bending = [s for s in hidden if s.activation in ("sigmoid", "hard_sigmoid")]
    if len(bending) > len(hidden) / 2:
        return None
    alike = hidden[-1].likeness
    harmed = case.fit_shortfall > HARM or case.shortfall > HARM or case.stuck or case.keeps_a_constant
    before = "warning" if depth >= DEEP_BEFORE and alike > ALIKE else "note"
    return Finding(
        "too-deep-plain",
        before if not case.trained else "fault" if harmed else "note",
        0.8,
        say(
            "{depth} layers stand one after the other without a shortcut; in the last, any two examples look alike ({alike:.2f} of 1).",
            depth=depth,
            alike=alike,
        ),
        say("Put shortcuts around them (vt.Residual), normalise between them, or take fewer layers."),
        hidden[-1].name,
        0,
        {"layer": hidden[-1].name, "depth": depth, "likeness": alike, "fit_shortfall": case.fit_shortfall},
        tuple(_shallower(case)),
    )


def _shallower(case: Case) -> list[Remedy]:
    remedies: list[Remedy] = []
    layers = list(case.network.layers)
    widths = [layer.units if isinstance(layer, Dense) else 0 for layer in layers]
    found: list[Layer] = []
    at = 0
    while at < len(layers):  # pairs of equal width get a shortcut around them
        if 0 < at < len(layers) - 2 and widths[at] and widths[at - 1] == widths[at] == widths[at + 1]:
            found.append(Residual(layers[at], with_fields(layers[at + 1], activation="linear", initialiser="zeros")))
            at += 2
        else:
            found.append(layers[at])
            at += 1
    if len(found) < len(layers):
        network = Network(case.network.input, *found, cost=case.network.cost)
        remedies.append(Remedy(say("put a shortcut around every two layers"), {"network": network.to_json()}))
    few = [*case.weighted[:3], case.weighted[-1]]
    with contextlib.suppress(NetworkError):  # the last one may want what the ones between gave
        fewer = changed(case.network, lambda name, layer: layer if name in few or name not in case.weighted else None)
        remedies.append(
            Remedy(
                say("three hidden layers instead of {count}", count=len(case.weighted) - 1),
                {"network": fewer.to_json()},
            )
        )
    remedies.append(
        Remedy(say("normalise between the layers"), {"network": with_normalisation(case.network).to_json()})
    )
    return remedies


@rule(
    "dropout-too-high",
    "before",
    1.6,
    ("underfitting", "too-few-steps", "rate-too-low", "rate-oscillates", "majority-only", "rate-too-high"),
)
def dropout(case: Case) -> Finding | None:
    """Symptom: training and validation are both poor. Why: with nine of ten units silenced at random, too little of an example is
    left in any step (Srivastava et al. 2014 use a half, and a fifth for inputs). Measured: a rate above 0.7; a fault where the
    training rows are not learned as well as simple models know others. Remedy: 0.3. Example: Dropout(0.9).
    """
    found = {
        name: layer.rate for name, layer in case.layers.items() if isinstance(layer, Dropout) and layer.rate > MUCH
    }
    if not found:
        return None
    name = max(found, key=lambda one: found[one])
    harmed = case.fit_shortfall > 0.03 or case.shortfall > 0.05 or case.stuck
    network = changed(case.network, lambda at, layer: with_fields(layer, rate=0.3) if at in found else layer)
    train = case.checkup.get("train", {})
    return Finding(
        "dropout-too-high",
        "warning" if not case.trained else "fault" if harmed else "note",
        0.9,
        say("{layer} silences {rate:.0%} of the numbers in every step.", layer=name, rate=found[name]),
        say("Lower it to 0.2 to 0.5: too little of each example is left to learn from."),
        name,
        0,
        {
            "layer": name,
            "rate": found[name],
            "error": train.get("error"),
            "error_with_dropout": train.get("training_error"),
            "fit_shortfall": case.fit_shortfall,
        },
        (Remedy(say("lower dropout to 0.3"), {"network": network.to_json()}),),
    )


@rule(
    "backward-wrong",
    "before",
    0.85,
    (*FOLLOWS, "label-noise", "labels-unrelated", "input-scale", "weights-too-large", "frozen", "weights-too-small"),
)
def backward_wrong(case: Case) -> Finding | None:
    """Symptom: the error does not fall, or rises, whatever the rate. Why: a backward pass written by hand does not give the slope
    of its forward pass. Measured: slopes along random directions against finite differences in float64, of every layer and cost
    that is not Vitrina's own; more than a thousandth apart. Remedy: mend it, or leave `backward` out: an engine with automatic
    differentiation then makes it. Example: a forgotten transpose, or factor.
    """
    hand = case.exam.handwork
    if hand.wrong:
        first = hand.wrong[0]
        return Finding(
            "backward-wrong",
            "fault",
            0.99,
            say(
                "The backward pass of {layer} is wrong: its slope by {of} is {analytic:.4g}, and measured it is {numeric:.4g}.",
                **first | {"of": say("its inputs") if first["of"] == "its inputs" else first["of"]},
            ),
            say(
                "Mend `backward`, or leave it out and train on JAX, PyTorch or TensorFlow, which then derive it from `forward`."
            ),
            first["layer"],
            0,
            {**first, "layers": sorted({one["layer"] for one in hand.wrong})},
            _our_own(case, [one["layer"] for one in hand.wrong]),
        )
    if math.isfinite(hand.cost_slope) and abs(hand.cost_slope - 1.0) > 0.01:
        return Finding(
            "backward-wrong",
            "fault",
            0.97,
            say("The slope of the cost is {times:.3g} times what is measured.", times=hand.cost_slope),
            say("Mend the second thing that `losses_and_slopes` gives: it must be the derivative of the first."),
            "cost",
            0,
            {"slope_over_measured": hand.cost_slope, "cost": case.network.cost.label},
        )
    return None


@rule(
    "frozen",
    "before",
    1.7,
    ("underfitting", "too-few-steps", "rate-too-low", "vanishing", "rate-oscillates", "bottleneck"),
)
def frozen(case: Case) -> Finding | None:
    """Symptom: layers whose weights never change. Why: their slopes are exactly 0 although the error reaches them: they were
    frozen, or their backward pass gives nothing. Measured: a gradient of exactly 0 beside an error signal that is not, or
    weights that are the same at every look. Remedy: let them learn. Example: a backward pass that returns zeros.
    """
    hand = case.exam.handwork
    still = [one["layer"] for one in hand.none]
    for start in case.starts:
        if (
            start.gradient == 0.0
            and start.signal > 0.0
            and start.size > 0.0
            and math.isfinite(start.norm)
            and start.inputs
        ):
            still.append(start.name)
    if case.signs is not None and len(case.signs.steps) > 2:
        for layer in case.signs.layers.values():
            moved = layer.update[np.isfinite(layer.update)]
            told = layer.gradient[np.isfinite(layer.gradient)]
            if layer.has_weights and len(moved) and not moved.any() and told.any():
                still.append(layer.name)
    if not still:
        return None
    names: Sequence[str] = list(dict.fromkeys(still))
    harmed = case.fit_shortfall > 0.05 or case.shortfall > 0.05 or case.stuck
    return Finding(
        "frozen",
        "warning" if not case.trained else "fault" if harmed else "warning",
        0.9,
        say("{layer} does not learn: its slopes are exactly 0 while the error reaches it.", layer=names[0]),
        say("Let it learn, unless you froze it on purpose with weights that were taught before."),
        names[0],
        0,
        {"layer": names[0], "layers": list(names)},
        _our_own(case, names),
    )


def _our_own(case: Case, names: Sequence[str]) -> tuple[Remedy, ...]:
    """Vitrina's own layers in the place of those that were derived from them."""

    def change(name: str, layer: Layer) -> Layer:
        if name not in names or is_ours(layer):
            return layer
        kind = next(
            (base for base in type(layer).__mro__ if base.__module__.startswith("vitrina.") and base is not Layer), None
        )
        if kind is None or not dataclasses.is_dataclass(kind):
            return layer
        known = {field.name: getattr(layer, field.name) for field in dataclasses.fields(kind) if field.init}
        return kind(**known | {"name": layer.name})  # pyright: ignore[reportReturnType]

    network = changed(case.network, change)
    if network == case.network:
        return ()
    return (Remedy(say("take Vitrina's own layer instead"), {"network": network.to_json()}),)
