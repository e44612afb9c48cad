"""Networks of PyTorch and Keras: their structure and weights read off, then taught for a moment to be watched.

Neither framework is imported: a network brings its own. What was read is compared with what the network itself answers, so
that a structure which is not understood is never diagnosed as if it were.
"""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from vitrina.doctor.finding import Findings
from vitrina.errors import ModelError, UsageError
from vitrina.learning.optimizers import SGD, Adam, AdamW, Optimizer, RMSProp
from vitrina.locale import say
from vitrina.network.layer import Layer
from vitrina.network.network import Network

FEW_FLOPS = 2e11  # of a whole training: seconds
CLOSE = 1e-3  # how far the answers may lie apart, as a share of their size


class Read:
    """What was read: layers, their weights by name and position, the inputs as Vitrina takes them, the cost, the optimizer."""

    def __init__(
        self, network: Network, weights: dict[str, np.ndarray], state: dict[str, np.ndarray], x: np.ndarray
    ) -> None:
        self.network, self.weights, self.state, self.x = network, weights, state, x
        self.optimizer: Optimizer | None = None


def of_foreign(patient: Any, data: Any, validation: Any, cost: str | None, settings: dict[str, Any]) -> Findings:
    """Of a PyTorch module or a Keras model, taught on data (x, y) with the settings given.

    Images come as the framework wants them: channels first for PyTorch, last for Keras. Raises ModelError for a network that
    is not made of layers Vitrina knows; UsageError for anything else than arrays.
    """
    if not (isinstance(data, tuple) and len(data) == 2):
        raise UsageError(say("a network of another framework is diagnosed on arrays: data=(x, y)"))
    x, y = (np.asarray(part) for part in data)
    read = read_network(patient, x, y, cost)
    judge = None
    if validation is not None:
        xv, yv = (np.asarray(part) for part in validation)
        judge = (_as_ours(patient, xv), yv)
    return _watched(read, y, judge, settings)


def read_network(patient: Any, x: np.ndarray, y: np.ndarray, cost: str | None) -> Read:
    """The network as Vitrina describes it, checked against its own answers. Raises ModelError where they differ."""
    home = _home(patient)
    if home == "torch":
        from vitrina.doctor.foreign_torch import answers_of, layers_of
    elif home == "keras":
        from vitrina.doctor.foreign_keras import answers_of, layers_of
    else:
        raise ModelError(
            say(
                "diagnose takes a run, a recording, a vt.Network, or a network of PyTorch or Keras, not {given}",
                given=type(patient).__name__,
            )
        )
    some = x[:8]
    ours = _as_ours(patient, some)
    layers, arrays, state, known_cost, optimizer = layers_of(patient, some)
    network = Network(_input(ours), *layers, cost=cost or known_cost or _cost_for(y, layers))
    weights = _named(network, arrays)
    kept = _named(network, state)
    _compare(network, weights, kept, ours, answers_of(patient, some))
    read = Read(network, weights, kept, _as_ours(patient, x))
    read.optimizer = _optimizer(*optimizer) if optimizer else None
    return read


def _as_ours(patient: Any, x: np.ndarray) -> np.ndarray:
    """Channels last."""
    return np.moveaxis(x, 1, -1) if _home(patient) == "torch" and x.ndim == 4 else x


def _home(patient: Any) -> str:
    """Whose network it is, torch or keras, or "" for neither. A Keras model that runs on PyTorch is a module of both: Keras's."""
    homes = (base.__module__.partition(".")[0] for base in type(patient).__mro__)
    return next((home for home in homes if home in ("torch", "keras")), "")


def _input(x: np.ndarray) -> Any:
    from vitrina.network.network import Input

    return Input(x.shape[1:])


def _cost_for(y: np.ndarray, layers: list[Layer]) -> str:
    if y.dtype.kind == "f" and not np.array_equal(y, np.floor(y)):
        return "mean_squared_error"
    units = next((getattr(layer, "units", 0) for layer in reversed(layers) if hasattr(layer, "units")), 0)
    return (
        "cross_entropy"
        if units > 1
        else "binary_cross_entropy"
        if set(np.unique(y)) <= {0, 1}
        else "mean_squared_error"
    )


def _named(network: Network, arrays: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    names = [name for name, layer, _ in network.walk() if not hasattr(layer, "children")]
    return {f"{name}/{kind}": array for name, own in zip(names, arrays, strict=True) for kind, array in own.items()}


def _compare(
    network: Network, weights: dict[str, np.ndarray], state: dict[str, np.ndarray], x: np.ndarray, theirs: np.ndarray
) -> None:
    from vitrina.model import Model

    model = Model(network, weights, state)
    ours, told = (model._forward(x.astype(np.float32), "numpy", readable=readable) for readable in (False, True))
    theirs = (
        theirs.reshape(ours.shape) if theirs.size == ours.size else theirs
    )  # a last axis of one number may be missing

    def same(one: np.ndarray, other: np.ndarray) -> bool:
        return one.shape == other.shape and float(np.abs(one - other).max()) < CLOSE * max(
            float(np.abs(one).max()), 1e-6
        )

    with np.errstate(over="ignore"):
        fits = (
            same(theirs, ours) or same(theirs, told) or same(np.exp(theirs), told)
        )  # sums, shares, or their logarithms
    if not fits:
        raise ModelError(
            say(
                "the network does something between its layers that is not a layer Vitrina knows; make it of "
                "plain layers"
            )
        )


def _optimizer(name: str, rate: float) -> Optimizer | None:
    kinds: dict[str, type[Optimizer]] = {"sgd": SGD, "adam": Adam, "adamw": AdamW, "rmsprop": RMSProp}
    kind = kinds.get(name.lower())
    return kind(learning_rate=rate) if kind else None


def _watched(read: Read, y: np.ndarray, judge: Any, settings: dict[str, Any]) -> Findings:
    from vitrina.doctor.diagnosing import of_run
    from vitrina.training import train

    chosen = {name: value for name, value in settings.items() if value is not None}
    if settings["optimizer"] is None and read.optimizer is not None:
        chosen["optimizer"] = read.optimizer
    if "learning_rate" not in chosen:
        found = chosen.get("optimizer")
        chosen["learning_rate"] = found.rate if isinstance(found, Optimizer) else None
    if 3.0 * read.network.flops * len(y) * chosen["epochs"] < FEW_FLOPS:
        chosen["engine"] = "numpy"  # no other is there so soon
    with tempfile.TemporaryDirectory() as place, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        out = Path(place) / "run"
        try:
            train(
                (read.x, y),
                network=read.network,
                validation=judge,
                weights=read.weights,
                out=out,
                progress=False,
                **chosen,
            )
        except ModelError:
            if not (out / "checkup.json").exists():
                raise
        return of_run(out)
