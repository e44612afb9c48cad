"""A network imitates any function, before your eyes: from a formula or from points, shallow beside deep.

That one hidden layer can do it, given enough neurons, is the universal approximation theorem (Cybenko 1989; Hornik 1991); how
many it takes, and what depth saves, is seen here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vitrina.errors import DataError, UsageError
from vitrina.formula import Formula, read_formula
from vitrina.learning.optimizers import Adam, Optimizer
from vitrina.learning.schedules import Cosine
from vitrina.locale import say
from vitrina.model import Model
from vitrina.network.dense import Dense
from vitrina.network.network import Input, Network, flatten
from vitrina.training import train

POINTS = {1: 512, 2: 48 * 48}  # of a formula of so many variables
EPOCHS, BATCH, RATE = 400, 64, 0.02
LEAST_POINTS = 8
SPAN = 1.7  # standardised, an evenly spread input goes from -√3 to √3
DEEP = 3  # hidden layers of the deep networks that shallow ones are compared with


@dataclass(frozen=True)
class Attempt:
    """One network of a comparison: its hidden layers, how many numbers it learned, and how far off it is."""

    layers: int
    neurons: int
    parameters: int
    error: float  # root mean square, as a share of the function's own spread


@dataclass(frozen=True, eq=False)
class Approximation:
    """A network that imitates a function.

    names: of the columns, what it is a function of first; x (points, variables), truth and fit (points,) in their own units;
    contributions (points, neurons): what each neuron of the last hidden layer adds to the answer, whose sum with `offset` is
    the fit; error: root mean square of fit - truth, as a share of the truth's spread.
    """

    model: Model
    names: tuple[str, ...]
    x: np.ndarray
    truth: np.ndarray
    fit: np.ndarray
    contributions: np.ndarray
    offset: float
    error: float
    compared: tuple[Attempt, ...] = ()


def approximate(
    function: str | tuple[np.ndarray, np.ndarray],
    *,
    neurons: int = 32,
    layers: int = 1,
    activation: str = "tanh",
    network: Network | None = None,
    low: float = -3.0,
    high: float = 3.0,
    epochs: int = EPOCHS,
    batch_size: int | None = None,
    optimizer: str | Optimizer | None = None,
    learning_rate: float | None = None,
    compare: bool = False,
    seed: int = 0,
    engine: str = "auto",
    out: str | Path | None = None,
    callbacks: Sequence[Any] = (),
    progress: bool | None = False,
) -> Approximation:
    """Teaches a dense network a function: a formula of x, or of x and y, between low and high; or points (x, y).

    network: one of your own instead of `layers` of `neurons` alike: dense, with a hidden layer and one neuron at its end.
    compare: also teaches narrower networks and deep ones of about as many parameters. optimizer: Adam at 0.02 unless it or a
    `learning_rate` is given. Other settings as in `train`.
    Raises UsageError for a formula, network or setting that cannot be used, DataError for points that cannot.
    """
    if compare and network is not None:
        raise UsageError(say("a network of your own has none beside it that are narrower; leave out the comparison"))
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise UsageError(
            say(
                "a function is looked at between two numbers, the lower first, not between {low} and {high}",
                low=low,
                high=high,
            )
        )
    names, x, truth = _points(function, low, high)
    frame = {name: x[:, place] for place, name in enumerate(names[:-1])} | {names[-1]: truth}
    mine = _checked(network, x.shape[1]) if network else _network(x.shape[1], layers, neurons, activation)
    usual = Adam(RATE) if optimizer is None and learning_rate is None else optimizer
    size = batch_size or max(LEAST_POINTS, min(BATCH, len(x) // 8))

    def taught(network: Network, **options: Any) -> Model:
        return train(
            frame, names[-1], network=network, validation=0.1, test=0.0, engine=engine, optimizer=usual,
            learning_rate=learning_rate, schedule=Cosine(), batch_size=size, epochs=epochs, seed=seed, progress=progress,
            weights=_start(network, seed), **options,
        )  # fmt: skip

    model = taught(mine, out=out, callbacks=callbacks)
    compared: list[Attempt] = []
    for depth, width in _others(x.shape[1], layers, neurons) if compare else ():
        other = taught(_network(x.shape[1], depth, width, activation))
        compared.append(_attempt(other, depth, width, frame, truth))
    compared.append(_attempt(model, layers, neurons, frame, truth))
    fit = np.asarray(model.predict(frame), np.float64)
    contributions, offset = _contributions(model, frame)
    order = sorted(compared, key=lambda one: (one.layers, one.parameters))
    return Approximation(
        model, names, x, truth, fit, contributions, offset, compared[-1].error, tuple(order) if compare else ()
    )


def _points(function: Any, low: float, high: float) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    if isinstance(function, str):
        formula = read_formula(function)
        x = _grid(formula, low, high)
        names, truth = (*formula.variables, "f"), formula(*x.T)
        if not np.isfinite(truth).all():
            raise UsageError(
                say(
                    '"{function}" is no finite number at some points between {low:g} and {high:g}; choose others with '
                    "--from and --to",
                    function=function,
                    low=low,
                    high=high,
                )
            )
    else:
        x, truth = (np.asarray(part, np.float64) for part in function)
        x = x.reshape(len(x), -1)
        names = (*(("x",) if x.shape[1] == 1 else tuple(f"x{i + 1}" for i in range(x.shape[1]))), "f")
        if len(x) != len(truth.reshape(-1)) or len(x) < LEAST_POINTS:
            raise DataError(
                say(
                    "points are pairs of x and y, {least} or more; there are {rows} and {values}",
                    least=LEAST_POINTS,
                    rows=len(x),
                    values=truth.size,
                )
            )
        truth = truth.reshape(-1)
        if not (np.isfinite(x).all() and np.isfinite(truth).all()):
            raise DataError(say("the points must be finite numbers"))
    if np.ptp(truth) == 0.0:
        raise UsageError(say("this function is the same everywhere; there is nothing to learn"))
    return names, x, truth


def _grid(formula: Formula, low: float, high: float) -> np.ndarray:
    variables = len(formula.variables)
    along = np.linspace(low, high, round(POINTS[variables] ** (1 / variables)))
    return np.stack([axis.reshape(-1) for axis in np.meshgrid(*[along] * variables)], axis=1)


def _checked(network: Network, inputs: int) -> Network:
    """A network that `_start` can begin and whose answer `_contributions` can take apart."""
    hidden = [layer for layer in network.layers[:-1] if isinstance(layer, Dense)]
    last = network.layers[-1]
    if network.input_shape != (inputs,) or not hidden or not isinstance(last, Dense) or last.units != 1:
        if inputs == 1:
            told = say(
                "a network that imitates a function of 1 has 1 input, at least one hidden Dense layer, and one neuron at its end"
            )
        else:
            told = say(
                "a network that imitates a function of {inputs} has {inputs} inputs, at least one hidden Dense layer, and one "
                "neuron at its end",
                inputs=inputs,
            )
        raise UsageError(told)
    return network


def _network(inputs: int, layers: int, neurons: int, activation: str) -> Network:
    hidden = [Dense(neurons, activation) for _ in range(layers)]
    return Network(Input((inputs,)), *hidden, Dense(1), cost="mean_squared_error")


def _start(network: Network, seed: int) -> dict[str, np.ndarray]:
    """First weights whose neurons bend at places spread over the input, each over its own stretch of it.

    Nguyen and Widrow (1990), "Improving the learning speed of 2-layer neural networks by choosing initial values of the adaptive
    weights". Where all bend at 0, as they do with biases of 0, a function with many turns is not found.
    """
    rng = np.random.default_rng(seed)
    start = flatten(network.build(seed)[0])
    inputs, neurons = start["dense_1/weight"].shape
    steepness = 0.7 * neurons ** (1 / inputs) / SPAN
    direction = rng.normal(size=(inputs, neurons))
    weight = direction / np.linalg.norm(direction, axis=0) * steepness * (2.0 if inputs == 1 else 1.0)
    centre = rng.uniform(-SPAN, SPAN, (inputs, neurons))
    return start | {"dense_1/weight": weight, "dense_1/bias": -(weight * centre).sum(axis=0)}


def _others(inputs: int, layers: int, neurons: int) -> list[tuple[int, int]]:
    """(hidden layers, neurons): narrower ones of the same depth; and, of the other depth, ones of about as many parameters."""
    widths = [width for width in (2, 4, 8, 16, 32, 64, 128) if width < neurons][-4:]
    found = [(layers, width) for width in widths]
    other = DEEP if layers == 1 else 1
    for width in (*widths, neurons):
        wanted = _network(inputs, layers, width, "tanh").parameters
        same = min(range(1, 4096), key=lambda many: abs(_count(inputs, other, many) - wanted))
        found.append((other, same))
    return list(dict.fromkeys(found))


def _count(inputs: int, layers: int, neurons: int) -> int:
    return (inputs + 1) * neurons + (layers - 1) * (neurons + 1) * neurons + neurons + 1


def _attempt(model: Model, layers: int, neurons: int, frame: Any, truth: np.ndarray) -> Attempt:
    gap = np.asarray(model.predict(frame), np.float64) - truth
    return Attempt(layers, neurons, model.network.parameters, float(np.sqrt(np.mean(gap**2)) / np.std(truth)))


def _contributions(model: Model, frame: Any) -> tuple[np.ndarray, float]:
    """What each neuron of the last hidden layer adds to the answer, in the function's unit, and what is added besides."""
    from vitrina.data import open_source

    names = list(model.network.root.names)
    hidden = Model(
        Network(model.network.input, *model.network.layers[:-1], cost="mean_squared_error"),
        {name: value for name, value in model.weights.items() if not name.startswith(f"{names[-1]}/")},
    )
    outputs = np.asarray(hidden.predict(model.recipe.inputs(open_source(frame))), np.float64).reshape(
        len(frame["f"]), -1
    )
    scale = np.asarray(model.recipe.decode(np.array([[0.0], [1.0]])), np.float64).reshape(-1)
    unit = scale[1] - scale[0]
    added = outputs * model.weights[f"{names[-1]}/weight"][:, 0].astype(np.float64) * unit
    return added, float(model.weights[f"{names[-1]}/bias"][0] * unit + scale[0])
