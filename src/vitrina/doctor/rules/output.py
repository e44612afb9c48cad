"""The output and the cost: whether what the last layer can say is what the cost and the target ask for."""

from __future__ import annotations

import math
from typing import Any

from vitrina.doctor.case import Case
from vitrina.doctor.finding import Finding, Remedy
from vitrina.doctor.handwork import is_ours
from vitrina.doctor.mending import changed, with_fields, without_output_activation
from vitrina.doctor.registry import FOLLOWS, rule
from vitrina.locale import say
from vitrina.network.activation import Activation
from vitrina.network.layer import Layer
from vitrina.network.network import Network

RANGES = {
    "tanh": (-1.0, 1.0),
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "relu": (0.0, math.inf),
    "softplus": (0.0, math.inf),
}
BEYOND = 0.05  # of the target's range, how far it may lie outside what the output can say
EVERYTHING = (
    *FOLLOWS,
    "labels-unrelated",
    "label-noise",
    "input-scale",
    "target-scale",
    "weights-too-large",
    "not-shuffled",
    "cost-for-classes",
    "weights-too-small",
)


def last_activation(case: Case) -> tuple[str, str]:
    """The layer that bends what the network says last, and how."""
    for name, layer in reversed(case.layers.items()):
        if isinstance(layer, Activation):
            return name, layer.activation
        if hasattr(layer, "units") or hasattr(layer, "filters"):
            return name, str(getattr(layer, "activation", "linear"))
    return "", "linear"


def _straight(case: Case, name: str) -> tuple[Remedy, ...]:
    network = without_output_activation(case.network, name)
    return (Remedy(say("let the last layer give its weighted sums as they are"), {"network": network.to_json()}),)


@rule("softmax-twice", "before", 1.0, EVERYTHING)
def softmax_twice(case: Case) -> Finding | None:
    """Symptom: the error falls slowly and stops far above 0, however well the examples are told apart. Why: the cost turns weighted
    sums into probabilities by itself; given probabilities, it squeezes them a second time, so that even certainty is a guess
    (of 10 classes at most e/(e+9) = 23 %). Measured: softmax or sigmoid as the last activation under a cost that applies it.
    Remedy: a linear last layer. Example: Dense(10, activation="softmax") with cross_entropy.
    """
    name, activation = last_activation(case)
    link = case.network.cost.link
    twice = case.network.cost.classifies and (
        activation == link or (activation == "softmax" and case.network.output_shape[-1] > 1) or activation == "sigmoid"
    )
    if not twice:
        return None
    return Finding(
        "softmax-twice",
        "fault",
        0.98,
        say(
            "{layer} ends with {activation}, and {cost} applies {link} once more.",
            layer=name,
            activation=activation,
            cost=case.network.cost.label,
            link=link,
        ),
        say(
            "Take the activation off the last layer: the cost wants weighted sums, and turns them into probabilities itself."
        ),
        name,
        0,
        {"layer": name, "activation": activation, "cost": case.network.cost.label},
        _straight(case, name),
    )


@rule("one-unit-softmax", "before", 0.95, (*EVERYTHING, "softmax-twice", "output-range", "cost-for-classes"))
def one_unit_softmax(case: Case) -> Finding | None:
    """Symptom: the error does not move at all. Why: softmax shares 1 among the units; a single unit always gets all of it. Measured:
    softmax over one unit. Remedy: a linear unit under binary_cross_entropy. Example: Dense(1, activation="softmax").
    """
    for start in case.starts:
        if start.activation == "softmax" and start.units == 1:
            return Finding(
                "one-unit-softmax",
                "fault",
                0.99,
                say("{layer} is a softmax over one unit, which is 1 whatever it is given.", layer=start.name),
                say('Make it linear (with cost="binary_cross_entropy" for yes or no): no slope can pass it as it is.'),
                start.name,
                0,
                {"layer": start.name, "units": 1},
                _straight(case, start.name),
            )
    return None


@rule("output-range", "before", 1.1, EVERYTHING)
def output_range(case: Case) -> Finding | None:
    """Symptom: the error stops at the distance between what the output can say and what is asked. Why: tanh ends at -1 and 1,
    sigmoid at 0 and 1. Measured: a target more than 5 % of its range outside; or tanh before a cost that wants weighted sums of
    any size. Remedy: a linear last layer. Example: predicting degrees with a sigmoid.
    """
    name, activation = last_activation(case)
    if activation not in ("tanh", "sigmoid", "hard_sigmoid", "softmax"):
        return None
    low, high = RANGES[activation]
    target = case.exam.target
    if case.network.cost.classifies:
        if activation in ("sigmoid", "softmax"):
            return None
        outside = True
    else:
        margin = BEYOND * (target.high - target.low)
        outside = target.low < low - margin or target.high > high + margin
    if not outside or case.network.cost.link == "exp":
        return None
    asked = (-math.inf, math.inf) if case.network.cost.classifies else (target.low, target.high)
    return Finding(
        "output-range",
        "fault",
        0.95,
        say(
            "{layer} ends with {activation} and can say {low:g} to {high:g}; asked for are {least:.3g} to {most:.3g}.",
            layer=name,
            activation=activation,
            low=low,
            high=high,
            least=asked[0],
            most=asked[1],
        ),
        say("Take the activation off the last layer, so that it can reach every answer."),
        name,
        0,
        {"layer": name, "activation": activation, "target_low": target.low, "target_high": target.high},
        _straight(case, name),
    )


@rule("output-clipped", "before", 1.1, (*EVERYTHING, "dead-units"))
def output_clipped(case: Case) -> Finding | None:
    """Symptom: answers of exactly 0, and an error that stops. Why: ReLU at the output says nothing below 0 and passes no slope
    there, so that an answer which has come to 0 cannot leave it. Measured: relu (or softplus) at the output, and a target below
    0 by 5 % of its range, or a cost that wants weighted sums, or half of the outputs 0 for every example at the end. Remedy: a
    linear last layer. Example: Dense(1, activation="relu") for a temperature.
    """
    name, activation = last_activation(case)
    if activation not in ("relu", "softplus"):
        return None
    target, classifies = case.exam.target, case.network.cost.classifies
    negative = target.low < -BEYOND * (target.high - target.low) or case.network.cost.link == "exp"
    ends = {layer["name"]: layer for layer in (case.checkup.get("end") or {}).get("layers", [])}
    dead = activation == "relu" and (
        ends.get(name, {}).get("dead", 0.0) >= 0.5
        or (not case.trained and bool(case.starts) and case.starts[-1].dead >= 0.5)
    )
    if not (classifies or negative or dead):
        return None
    return Finding(
        "output-clipped",
        "fault",
        0.95,
        say("{layer} ends with {activation} and cannot say anything below 0.", layer=name, activation=activation),
        say("Take the activation off the last layer: where it says 0 it passes no slope, and stays there."),
        name,
        0,
        {
            "layer": name,
            "activation": activation,
            "target_low": target.low,
            "silent_outputs": ends.get(name, {}).get("dead"),
        },
        _straight(case, name),
    )


@rule("cost-for-classes", "before", 1.3, (*FOLLOWS, "input-scale", "target-scale"))
def cost_for_classes(case: Case) -> Finding | None:
    """Symptom: answers between classes; learning that slows down where it is most wrong. Why: the squared error takes class numbers
    for quantities (a 4 lies between 3 and 5), and its slope vanishes at the flat ends of a sigmoid or softmax. Measured: a target
    of one-hot rows, or of 0 and 1, or of 0, 1, 2, ... that simple models tell apart by 8 % of the rows better as classes than
    as rounded numbers. Remedy: cross_entropy with one output per class. Example: Dense(1) and the squared error on digits.
    """
    count = case.exam.target.looks_like_classes
    if not count:
        return None
    single = case.network.output_shape[-1] == 1
    exam = case.exam
    if single and count > 2 and not exam.as_classes - exam.as_numbers > 0.08:
        return None
    name, _ = last_activation(case)
    return Finding(
        "cost-for-classes",
        "fault" if count > 2 else "warning",
        0.9,
        say(
            "The target holds {count} classes, and {cost} takes them for quantities.",
            count=count,
            cost=case.network.cost.label,
        ),
        say(
            'Use cost="cross_entropy" with one linear output per class ("binary_cross_entropy" with one output for yes or no).'
        ),
        "cost",
        0,
        {
            "classes": count,
            "cost": case.network.cost.label,
            "as_classes": exam.as_classes,
            "as_numbers": exam.as_numbers,
        },
        (_with_classes(case, name, count, single),),
    )


def _with_classes(case: Case, last: str, count: int, single: bool) -> Remedy:
    units = 1 if single and count == 2 else count
    cost = "binary_cross_entropy" if units == 1 else "cross_entropy"

    def change(name: str, layer: Layer) -> Layer | None:
        if isinstance(layer, Activation) and name == last:
            return None
        is_last = name == last or (isinstance(case.layers[last], Activation) and name == case.weighted[-1])
        return with_fields(layer, activation="linear", units=units, initialiser=None) if is_last else layer

    network = changed(case.network, change, cost)
    words = say("take {cost}, with a linear output per class", cost=cost)
    return Remedy(words, {"network": network.to_json()}, {"classes": True, "judge": True})


@rule("cost-sign", "before", 0.9, (*EVERYTHING, "cost-summed", "backward-wrong", "output-range"))
def cost_sign(case: Case) -> Finding | None:
    """Symptom: the error falls without end, below 0, while answers get worse than guessing. Why: the cost is upside down, and
    learning climbs. Measured: a cost of one's own is larger for right answers than for wrong ones. Remedy: change its sign.
    Example: the logarithm of a probability instead of minus the logarithm.
    """
    hand = case.exam.handwork
    if not hand.cost_better > hand.cost_worse:
        return None
    return Finding(
        "cost-sign",
        "fault",
        0.98,
        say(
            "The cost is upside down: {better:.3g} for right answers, {worse:.3g} for wrong ones.",
            better=hand.cost_better,
            worse=hand.cost_worse,
        ),
        say(
            "Change the sign of the cost and of its slope: learning makes it small, so it has to be small for good answers."
        ),
        "cost",
        0,
        {"right_answers": hand.cost_better, "wrong_answers": hand.cost_worse, "cost": case.network.cost.label},
        _known_cost(case),
    )


@rule("cost-summed", "before", 1.2, (*EVERYTHING, "exploding-depth"))
def cost_summed(case: Case) -> Finding | None:
    """Symptom: the error jumps to infinity, or learning changes with the batch size. Why: a cost that adds up over the batch instead
    of averaging has slopes as many times too large as there are examples. Measured: a cost of one's own that doubles when each
    example is there twice, or is ten times the usual one. Remedy: divide by the number of examples. Example: sum instead of mean.
    """
    hand = case.exam.handwork
    doubled = hand.cost_doubled > 1.5
    if not (doubled or hand.cost_scale > 10.0):
        return None
    harmed = case.shortfall > 0.05 or case.fit_shortfall > 0.05 or case.broke
    return Finding(
        "cost-summed",
        "warning" if not case.trained else "fault" if harmed else "note",
        0.95,
        say(
            "The cost adds up over the batch instead of averaging: twice the examples, {times:.2g} times the cost.",
            times=hand.cost_doubled,
        )
        if doubled
        else say("The cost is {times:.3g} times the usual one, and so are its slopes.", times=hand.cost_scale),
        say(
            "Divide it by the number of examples (the sum of their weights), or lower the learning rate as many times."
        ),
        "cost",
        0,
        {"doubled": hand.cost_doubled, "scale": hand.cost_scale, "batch_size": case.batch_size},
        _known_cost(case),
    )


def _known_cost(case: Case) -> tuple[Remedy, ...]:
    """Vitrina's own cost for the same question."""
    if is_ours(case.network.cost):
        return ()
    outputs, target = case.network.output_shape[-1], case.exam.target
    if case.network.cost.classifies or (target.looks_like_classes and outputs == target.looks_like_classes):
        cost: Any = "cross_entropy" if outputs > 1 else "binary_cross_entropy"
    else:
        cost = "mean_squared_error"
    network = Network(case.network.input, *case.network.layers, cost=cost)
    return (Remedy(say("take {cost} instead", cost=cost), {"network": network.to_json()}),)
