"""What a good engineer tries by hand, each with its verdict: on a run's own rows, network and settings."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vitrina.doctor.checkup import judge
from vitrina.doctor.handwork import check_handwork
from vitrina.doctor.healing import material_of
from vitrina.doctor.mending import changed, with_fields, with_usual_weights
from vitrina.errors import VitrinaError
from vitrina.find_rate import find_learning_rate
from vitrina.learning.feed import Examples
from vitrina.learning.optimizers import Adam, Optimizer
from vitrina.locale import say
from vitrina.material import Material
from vitrina.network.layer import Layer
from vitrina.network.network import Network, nest
from vitrina.runs import RunFolder
from vitrina.training import train

FEW, STEPS, MOST_ROWS = 32, 300, 4000  # rows of the one batch; steps it is given; rows that the other tests see


@dataclass(frozen=True)
class Trial:
    """One test. passed: True, False, or None where it tells something without a right or wrong; figures: what was measured."""

    name: str
    passed: bool | None
    verdict: str
    figures: dict[str, Any]


def battery(run: str | Path, data: Any = None, validation: Any = None) -> list[dict[str, Any]]:
    """All tests on a run, in turn. data, validation: the arrays it was given, where it was given arrays.

    Raises ModelError where there is no run, UsageError where arrays are missing.
    """
    settings = RunFolder.existing(run).read_settings()
    material = material_of(settings, data, validation, str(run))
    network = Network.from_json(settings["network"])
    tests: tuple[Callable[[Material, Network, Mapping[str, Any]], Trial], ...] = (
        slopes, one_batch, rates, constant_labels, shuffled_labels, capacity,
    )  # fmt: skip
    found: list[dict[str, Any]] = []
    for test in tests:
        try:
            found.append(asdict(test(material, network, settings)))
        except VitrinaError as error:
            found.append(asdict(Trial(test.__name__.replace("_", "-"), False, str(error), {})))
    return found


def slopes(material: Material, network: Network, settings: Mapping[str, Any]) -> Trial:
    """Every layer's backward pass, and the cost's slope, against finite differences in float64."""
    some = np.random.default_rng(0).permutation(material.train.rows)[:64]
    network = with_usual_weights(network)  # at weights of 0 a ReLU stands on its kink, where no slope can be measured
    params, state = network.build(settings["seed"])
    hand = check_handwork(network, material.train.x[some], material.train.y[some], params, state, every=True)
    wrong = [*hand.wrong, *hand.none]
    right = not wrong and (not np.isfinite(hand.cost_slope) or abs(hand.cost_slope - 1.0) < 0.01)
    verdict = (
        say("Every backward pass agrees with finite differences.")
        if right
        else say("A backward pass is wrong; mend it before anything else.")
    )
    return Trial("slopes", right, verdict, {"wrong": wrong, "cost_slope": hand.cost_slope})


def one_batch(material: Material, network: Network, settings: Mapping[str, Any]) -> Trial:
    """Whether the network can learn a few rows by heart: if not, nothing about the data is to blame."""
    x, y = _rows(material, FEW)
    score = _taught(network, (x, y), settings, epochs=STEPS, batch_size=FEW)
    passed = score > 0.95
    verdict = (
        say("It learns {rows} rows by heart, as it should.", rows=len(x))
        if passed
        else say(
            "It cannot learn even {rows} rows by heart: the fault is in the network, its cost or its steps, not in the data.",
            rows=len(x),
        )
    )
    return Trial("one-batch", passed, verdict, {"rows": len(x), "score": score})


def rates(material: Material, network: Network, settings: Mapping[str, Any]) -> Trial:
    """The learning-rate range test (Smith 2015, arXiv:1506.01186) beside the run's own rate."""
    own = Optimizer.from_json(settings["optimizer"])
    found = find_learning_rate(
        network, _rows(material, MOST_ROWS), optimizer=own, batch_size=settings["batch_size"], seed=settings["seed"]
    )
    apart = own.rate / found.suggestion
    passed = (0.1 <= apart <= 10.0) if found.decided else None
    verdict = say(
        "The run's rate of {own:.2g} is {apart:.2g} times what the range test suggests ({suggestion:.2g}).",
        own=own.rate,
        apart=apart,
        suggestion=found.suggestion,
    )
    return Trial("rates", passed, verdict, {"own": own.rate, "suggestion": found.suggestion, "decided": found.decided})


def constant_labels(material: Material, network: Network, settings: Mapping[str, Any]) -> Trial:
    """With one answer for all, the error must go to next to nothing: whether the output can be moved at all."""
    x, y = _rows(material, 512)
    same = np.repeat(y[:1], len(y), axis=0)
    before, after = (_error(network, (x, same), settings, epochs) for epochs in (0, 20))
    passed = after < 0.1 * before or after < 0.02
    verdict = (
        say("With one answer for all rows the error goes away, as it should.")
        if passed
        else say("Even one answer for all rows is not learned: the output cannot reach it.")
    )
    return Trial("constant-labels", passed, verdict, {"before": before, "after": after})


def shuffled_labels(material: Material, network: Network, settings: Mapping[str, Any]) -> Trial:
    """With labels given to other rows, validation must get worse: whether there is anything that ties labels to rows."""
    x, y = _rows(material, MOST_ROWS)
    cut = max(1, int(0.8 * len(x)))
    order = np.random.default_rng(0).permutation(cut)
    held = (x[cut:], y[cut:])
    honest = _taught(network, (x[:cut], y[:cut]), settings, judged=held)
    mixed = _taught(network, (x[:cut], y[:cut][order]), settings, judged=held)
    passed = honest - mixed > 0.05
    verdict = (
        say(
            "Labels matter: {honest:.3f} with the right ones, {mixed:.3f} with shuffled ones.",
            honest=honest,
            mixed=mixed,
        )
        if passed
        else say(
            "Shuffled labels do as well as the given ones: they have nothing to do with the rows, or nothing is learned from them."
        )
    )
    return Trial("shuffled-labels", passed, verdict, {"honest": honest, "shuffled": mixed})


def capacity(material: Material, network: Network, settings: Mapping[str, Any]) -> Trial:
    """The same with a quarter of the units, and with four times as many."""
    x, y = _rows(material, MOST_ROWS)
    cut = max(1, int(0.8 * len(x)))
    last = [name for name, layer, _ in network.walk() if hasattr(layer, "units") or hasattr(layer, "filters")][-1]
    scores: dict[str, float] = {}
    for times in (0.25, 1.0, 4.0):

        def sized(name: str, layer: Layer, times: float = times) -> Layer:
            units = getattr(layer, "units", None)
            return with_fields(layer, units=max(1, int(units * times))) if units and name != last else layer

        scores[f"{times:g}"] = _taught(changed(network, sized), (x[:cut], y[:cut]), settings, judged=(x[cut:], y[cut:]))
    best = max(scores, key=lambda one: scores[one])
    clear = scores[best] - scores["1"] > 0.02
    verdict = (
        say(
            "With {times} times the units it would be better: {best:.3f} instead of {own:.3f}.",
            times=best,
            best=scores[best],
            own=scores["1"],
        )
        if clear
        else say("Neither a quarter nor four times the units would be clearly better.")
    )
    return Trial("capacity", not clear, verdict, {"scores": scores})


def _rows(material: Material, most: int) -> tuple[np.ndarray, np.ndarray]:
    some = np.sort(np.random.default_rng(3).permutation(material.train.rows)[:most])
    return material.train.x[some], material.train.y[some]


def _model(network: Network, pair: Any, settings: Mapping[str, Any], epochs: int, batch_size: int) -> Any:
    own = Optimizer.from_json(settings["optimizer"])
    with tempfile.TemporaryDirectory(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return train(
            pair, network=network, engine=settings["engine"], precision=settings["precision"], seed=settings["seed"],
            optimizer=own if own.learning_rate is not None else Adam(), learning_rate=own.rate, batch_size=batch_size, epochs=epochs,
            gradient_clip=settings["gradient_clip"], progress=False,
        )  # fmt: skip


def _taught(
    network: Network,
    pair: Any,
    settings: Mapping[str, Any],
    epochs: int | None = None,
    batch_size: int | None = None,
    judged: Any = None,
) -> float:
    model = _model(network, pair, settings, epochs or min(settings["epochs"], 20), batch_size or settings["batch_size"])
    return float(
        judge(network, nest(model.weights), nest(model.state), Examples(*(judged or pair))).get(
            "balanced", float("nan")
        )
    )


def _error(network: Network, pair: Any, settings: Mapping[str, Any], epochs: int) -> float:
    if not epochs:
        return float(judge(network, *network.build(settings["seed"]), Examples(*pair))["error"])
    model = _model(network, pair, settings, epochs, settings["batch_size"])
    return float(judge(network, nest(model.weights), nest(model.state), Examples(*pair))["error"])
