"""How signals and slopes stand in the layers: equal weights, too large, too small, fading, growing, dead, at the flat ends."""

from __future__ import annotations

import itertools
import math

import numpy as np

from vitrina.doctor.case import Case
from vitrina.doctor.finding import Finding, Remedy
from vitrina.doctor.first_pass import LayerStart
from vitrina.doctor.mending import with_activation, with_normalisation, with_usual_weights
from vitrina.doctor.registry import FOLLOWS, rule
from vitrina.doctor.rules.layers import DEEP_BEFORE, NORMS, plain_depth
from vitrina.locale import say

LARGE, SMALL = 3.5, 0.15  # times the root mean square that suits the activation
HARM = 0.1
FADED = 1e-3  # gradient of the first layer over that of the last, each over its weights
FADES, SEVERAL = 1 / 30, 3  # the same where nothing was learned, of so many squashing layers or more
GROWN = 1.25  # a layer's outputs over those of the layer before, on average
FLAT = 0.5  # share of outputs at the flat ends
DEAD = 0.5  # share of units
NEARLY_ALL = 0.8  # the same before training, where what is left may do
BY_DEPTH = 2.31  # rank of a slope that fades where nothing squashes, and layers are many: just behind too-deep-plain
DRIVEN = 3.47  # rank of what came to be while learning: any step that is too long comes first
SQUASHING = ("sigmoid", "hard_sigmoid", "tanh")


def hidden(case: Case) -> list[LayerStart]:
    """The layers with weights but the last."""
    return [start for start in case.starts if start.inputs][:-1]


def _normalised(case: Case) -> bool:
    return any(type(layer).__name__ in NORMS for layer in case.layers.values())


def _severity(case: Case, harmed: bool, before: str = "warning", glaring: bool = False) -> str:
    """glaring: so far from what is usual that it is worth a warning where the network is anything but excellent."""
    return before if not case.trained else "fault" if harmed else "warning" if glaring and case.behind else "note"


def _harmed(case: Case) -> bool:
    return case.fit_shortfall > HARM or case.shortfall > HARM or case.stuck


def _usual(case: Case) -> Remedy:
    return Remedy(
        say("start the weights as suits each activation"), {"network": with_usual_weights(case.network).to_json()}
    )


@rule("symmetric-weights", "before", 1.8, (*FOLLOWS, "weights-too-small", "weights-too-large", "bottleneck"))
def symmetric(case: Case) -> Finding | None:
    """Symptom: a wide layer does no more than one unit would, or nothing moves at all. Why: units that start alike and are listened
    to alike get the same slopes for ever. Measured: a hidden layer whose units all have the same weights, and the next layer
    treats them all alike; or ReLU on weights of 0, which passes no slope. Remedy: random weights. Example: all weights 0.
    """
    layers = [start for start in case.starts if start.inputs]
    for start, after in itertools.pairwise(layers):
        mute = start.weight == 0.0 and start.activation == "relu"
        if start.same and (after.even or mute):
            return Finding(
                "symmetric-weights",
                "fault",
                0.98,
                say(
                    "All units of {layer} start with the same weights, so they stay copies of one unit.",
                    layer=start.name,
                ),
                say("Start them at random (leave the initialiser out): equal units get equal slopes for ever."),
                start.name,
                0,
                {"layer": start.name, "layers": [one.name for one in layers if one.same], "weight": start.weight},
                (_usual(case),),
            )
    return None


@rule("saturated", "before", 1.95, (*FOLLOWS, "weights-too-large", "exploding-depth"))
def saturated(case: Case) -> Finding | None:
    """Symptom: the error hardly moves, while inputs are of the right size. Why: at the flat ends of tanh and sigmoid an output does
    not answer to its input, and passes no slope back. Measured: more than half of a hidden layer's outputs beyond ±0.975 of tanh
    (below 0.0125 or above 0.9875 of sigmoid) before the first step, or at the end. A fault where the training rows are not
    learned. Remedy: weights of the size that suits the activation. Example: tanh on weights drawn with spread 1.
    """
    found = [start for start in hidden(case) if start.saturated > FLAT]
    since = 0
    if not found and case.trained:
        ends = {layer["name"]: layer["saturated"] for layer in (case.checkup.get("end") or {}).get("layers", [])}
        found = [start for start in hidden(case) if ends.get(start.name, 0.0) > 0.8]
        since = case.signs.done if case.signs else 0
    if not found:
        return None
    start = max(found, key=lambda one: one.saturated)
    harmed = _harmed(case) if since == 0 else case.stuck
    return Finding(
        "saturated",
        _severity(case, harmed, glaring=since == 0 and start.saturated > 0.8),  # pyright: ignore[reportArgumentType]
        0.85 if since == 0 else 0.6,
        say(
            "{layer} stands at the flat ends of {activation} for {share:.0%} of its outputs.",
            layer=start.name,
            activation=start.activation,
            share=start.saturated,
        ),
        say("Start its weights smaller (leave the initialiser out), or use relu: at the flat ends no slope passes."),
        start.name,
        since,
        {
            "layer": start.name,
            "layers": [one.name for one in found],
            "share": start.saturated,
            "weight": start.weight,
            "usual_weight": start.ideal,
        },
        (
            _usual(case),
            Remedy(
                say("use relu in the hidden layers"),
                {"network": with_activation(case.network, "relu", [one.name for one in hidden(case)]).to_json()},
            ),
        ),
        rank=None if since == 0 else DRIVEN,  # what answered at the start was driven there by something
    )


@rule("exploding-depth", "before", 2.1, (*FOLLOWS, "weights-too-large"))
def exploding(case: Case) -> Finding | None:
    """Symptom: an enormous first error, or one that becomes infinite at once. Why: every layer makes its outputs a little larger than
    its inputs, and over many layers that multiplies, forwards and back. Measured: six hidden layers or more whose outputs grow
    by a quarter from each to the next on average, a hundredfold in all. A fault where it harmed. Remedy: weights of the size that
    suits the activation, or normalisation. Example: ten layers on weights twice too large.
    """
    layers = hidden(case)
    if len(layers) < 6 or _normalised(case):
        return None
    sizes = np.array([start.size for start in layers])
    if sizes[0] <= 0.0:
        return None
    growth = (float(sizes[-1]) / float(sizes[0])) ** (1.0 / (len(sizes) - 1)) if np.isfinite(sizes[-1]) else math.inf
    if not (growth > GROWN and sizes[-1] / sizes[0] > 100.0):
        return None
    constant = case.exam.target.constant_error
    first = case.exam.start.error if case.exam.start else math.nan
    return Finding(
        "exploding-depth",
        _severity(case, _harmed(case) or case.broke),  # pyright: ignore[reportArgumentType]
        0.9,
        say(
            "Outputs grow {growth:.2g} times from layer to layer: {size:.2g} in {layer}.",
            growth=growth,
            size=float(sizes[-1]),
            layer=layers[-1].name,
        ),
        say("Start the weights as suits the activation (leave the initialiser out), or normalise between the layers."),
        layers[-1].name,
        0,
        {
            "layer": layers[-1].name,
            "growth": growth,
            "depth": len(layers),
            "size": float(sizes[-1]),
            "first_error": first,
            "constant_error": constant,
        },
        (
            _usual(case),
            Remedy(say("normalise between the layers"), {"network": with_normalisation(case.network).to_json()}),
        ),
    )


@rule("weights-too-large", "before", 2.15, (*FOLLOWS, "saturated"))
def too_large(case: Case) -> Finding | None:
    """Symptom: a first error far above that of guessing, and a long way down from there. Why: large weights make large answers, sure
    and wrong. Measured: a layer's weights more than 3.5 times what suits its activation (root mean square; He et al. 2015,
    Glorot and Bengio 2010). A fault where it harmed. Remedy: leave the initialiser out. Example: weights drawn with spread 1.
    """
    layers = [start for start in case.starts if start.inputs and start.weight / start.ideal > LARGE]
    if not layers or _normalised(case):
        return None
    constant = case.exam.target.constant_error
    first = case.exam.start.error if case.exam.start else math.nan
    wild = first > 3.0 * constant
    worst = max(layers, key=lambda one: one.weight / one.ideal)
    return Finding(
        "weights-too-large",
        _severity(case, _harmed(case), "warning" if wild else "note", wild and worst.weight > 8.0 * worst.ideal),  # pyright: ignore[reportArgumentType]
        0.85,
        say(
            "The weights of {layer} start {times:.2g} times too large; the first error is {first:.3g}, guessing has {constant:.3g}.",
            layer=worst.name,
            times=worst.weight / worst.ideal,
            first=first,
            constant=constant,
        ),
        say("Leave the initialiser out, so that they start as suits the activation."),
        worst.name,
        0,
        {
            "layer": worst.name,
            "layers": [one.name for one in layers],
            "weight": worst.weight,
            "usual_weight": worst.ideal,
            "first_error": first,
            "constant_error": constant,
        },
        (_usual(case),),
    )


@rule("weights-too-small", "before", 2.0, (*FOLLOWS, "label-noise"))
def too_small(case: Case) -> Finding | None:
    """Symptom: the error stays at that of a constant answer for long, or for ever. Why: tiny weights make tiny outputs and tiny
    slopes, and each layer makes them tinier. Measured: a hidden layer's weights below 0.15 of what suits its activation (root
    mean square). A fault where it harmed. Remedy: leave the initialiser out. Example: weights drawn with spread 0.0001.
    """
    layers = [start for start in hidden(case) if start.weight / start.ideal < SMALL and start.weight > 0.0]
    if not layers or _normalised(case):
        return None
    least = min(layers, key=lambda one: one.weight / one.ideal)
    return Finding(
        "weights-too-small",
        _severity(case, _harmed(case), "warning" if least.weight / least.ideal < 0.05 else "note"),  # pyright: ignore[reportArgumentType]
        0.85,
        say(
            "The weights of {layer} start at {share:.2g} of the size that suits it.",
            layer=least.name,
            share=least.weight / least.ideal,
        ),
        say("Leave the initialiser out: signals and slopes fade out where weights are tiny."),
        least.name,
        0,
        {
            "layer": least.name,
            "layers": [one.name for one in layers],
            "weight": least.weight,
            "usual_weight": least.ideal,
        },
        (_usual(case),),
    )


@rule(
    "vanishing",
    "before",
    2.2,
    (
        "underfitting",
        "too-few-steps",
        "rate-too-low",
        "too-deep-plain",
        "majority-only",
        "rate-oscillates",
        "saturated",
        "dead-units",
        "rate-too-high",
    ),
)
def vanishing(case: Case) -> Finding | None:
    """Symptom: the last layers learn and the first do not; the error stays at a plateau. Why: each squashing layer passes at most a
    share of the slope (sigmoid a quarter), and shares multiply. Measured: before the first step, the gradient of the first layer
    over its weights below a thousandth of that of the last, or a thirtieth where three or more hidden layers squash and the error
    stayed at that of a constant answer; a fault where the training rows are not learned. Remedy: relu
    with weights that suit it; shortcuts; normalisation. Example: eight layers of sigmoids.
    """
    layers = [start for start in case.starts if start.inputs]
    if len(layers) < 4:
        return None
    first, last = (start.gradient / max(start.norm, 1e-30) for start in (layers[0], layers[-1]))
    squashing = [one for one in hidden(case) if one.activation in SQUASHING]
    fades = len(squashing) >= SEVERAL and case.stuck and not case.broke and first < FADES * last
    # What fades leaves something; nothing at all comes of units that let nothing through.
    blocked = layers[0].gradient == 0.0 == layers[0].signal and (
        layers[0].dead > 0 or any(one.dead == 1.0 for one in layers)
    )
    if blocked or not (first < FADED * last or fades):
        return None
    names = [one.name for one in hidden(case)]
    return Finding(
        "vanishing",
        _severity(
            case,
            _harmed(case),
            "warning" if first < 0.1 * FADED * last or any(one.activation in SQUASHING for one in layers) else "note",
        ),  # pyright: ignore[reportArgumentType]
        0.85,
        say(
            "The slope fades on its way back: in {layer} it is {share:.1e} of what it is in {last}.",
            layer=layers[0].name,
            share=first / max(last, 1e-300),
            last=layers[-1].name,
        ),
        say(
            "Use relu in the hidden layers (with weights that suit it), shortcuts (vt.Residual), or normalise between the layers."
        ),
        layers[0].name,
        0,
        {
            "layer": layers[0].name,
            "share": first / max(last, 1e-300),
            "signals": {one.name: one.signal for one in layers},
        },
        (
            Remedy(
                say("use relu in the hidden layers"),
                {"network": with_activation(case.network, "relu", names).to_json()},
            ),
            Remedy(say("normalise between the layers"), {"network": with_normalisation(case.network).to_json()}),
        ),
        rank=None if squashing or plain_depth(case) < DEEP_BEFORE else BY_DEPTH,  # relu fades by depth alone
    )


@rule(
    "dead-units",
    "before",
    2.35,
    ("underfitting", "too-few-steps", "rate-too-low", "vanishing", "majority-only", "rate-oscillates", "bottleneck"),
)
def dead(case: Case) -> Finding | None:
    """Symptom: a layer gives 0 for most units whatever comes in, and what stands before it does not learn. Why: a ReLU whose sums are
    all below 0 passes no slope and cannot come back. Measured: half or more of a hidden layer's units 0 for every one of 128 examples
    (a healthy layer has seven in ten zeros, but not in the same units). A fault where the training rows are not learned; before
    training a note below four fifths, for half of the units are silent wherever all inputs lie on one side of 0, and the others often
    do. Remedy: a lower rate; leaky_relu; weights that suit it. Example: a bias of -10; a rate a hundred times too high.
    """
    ends = {layer["name"]: layer["dead"] for layer in (case.checkup.get("end") or {}).get("layers", [])}
    rectified = [start for start in case.starts if start.activation == "relu" or start.kind == "Activation"]
    rectified = [start for start in rectified if start.name != (case.starts[-1].name if case.starts else "")]
    found = [start for start in rectified if max(start.dead, ends.get(start.name, 0.0)) >= DEAD]
    if not found:
        return None
    worst = max(found, key=lambda one: max(one.dead, ends.get(one.name, 0.0)))
    share = max(worst.dead, ends.get(worst.name, 0.0))
    early = worst.dead >= DEAD
    names = [one.name for one in hidden(case)]
    enough = not case.trained and share < NEARLY_ALL
    return Finding(
        "dead-units",
        "note" if enough else _severity(case, _harmed(case)),  # pyright: ignore[reportArgumentType]
        0.9 if early else 0.6,
        say(
            "{share:.0%} of the units of {layer} are dead: they give 0 for every example.",
            share=share,
            layer=worst.name,
        ),
        say(
            "Start again with a lower learning rate and weights that suit relu, or use leaky_relu, which never goes silent."
        ),
        worst.name,
        0 if early else _when_it_died(case, worst.name),
        {"layer": worst.name, "layers": [one.name for one in found], "share": share, "share_at_start": worst.dead},
        (
            _usual(case),
            Remedy(
                say("use leaky_relu in the hidden layers"),
                {"network": with_activation(case.network, "leaky_relu", names).to_json()},
            ),
        ),
        rank=None if early else DRIVEN,  # what was alive at the start was killed by something
    )


def _when_it_died(case: Case, name: str) -> int:
    if case.signs is None or name not in case.signs.layers:
        return 0
    shares = case.signs.layers[name].dead
    return int(case.signs.steps[int(np.argmax(shares >= DEAD))]) if (shares >= DEAD).any() else case.signs.done
