"""What is kept of a training: the network, its weights, the data recipe, and what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina import engines
from vitrina.archive import read_archive, write_archive
from vitrina.arguments import place
from vitrina.data.plain import plain_array
from vitrina.engines.engine import Chunk
from vitrina.errors import DataError, ModelError
from vitrina.learning.batches import batched
from vitrina.learning.history import History
from vitrina.learning.step import prediction_step
from vitrina.locale import say
from vitrina.network.layer import Tree
from vitrina.network.network import Network, flatten, nest
from vitrina.racing.estimates import choose_engine, with_variant

if TYPE_CHECKING:
    from vitrina.evaluate.explaining import Explanation
    from vitrina.glass.trace import Trace

KIND = "model"
SUFFIX = ".vitrina"
BATCH = 1024  # rows predicted at once
BATCH_BYTES = 64 << 20  # what one batch's activations may take, so that large images are predicted a few at a time


@dataclass(eq=False, repr=False)
class Model:
    """A network that has learned; predicts with NumPy alone, unless another engine is asked for or is much faster.

    weights: `{"dense_1/weight": array, ...}`; state: what training changed by itself (running averages); recipe: how
    data become the network's input and its output becomes an answer, None where the network was given arrays as they
    are.
    """

    network: Network
    weights: dict[str, np.ndarray]
    state: dict[str, np.ndarray] = field(default_factory=dict)
    recipe: Any = None
    history: History = field(default_factory=History)
    settings: dict[str, Any] = field(default_factory=dict)
    measured: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        network = self.network
        target = f"target={self.settings['target']!r}, " if self.settings.get("target") else ""
        parameters = sum(weight.size for weight in self.weights.values())
        about = f"{network.input_shape} -> {network.output_shape}, cost={network.cost.label!r}"
        return f"Model({about}, {target}parameters={parameters}, epochs={len(self.history)})"

    # -- answers
    def predict(self, data: Any, engine: str | None = None) -> np.ndarray:
        """The answer for each row: a class's name or number, or numbers in the target's own unit.

        data: an array (rows, *input shape), or anything `vt.train` takes. Returns (rows,), or (rows, outputs) for
        several numbers. Raises DataError if the data do not fit, naming what is wrong.
        """
        return self._answers(self._readable(self._inputs(data), engine))

    def predict_proba(self, data: Any, engine: str | None = None) -> np.ndarray:
        """The probability of each class: (rows, classes); two columns for one yes-or-no output.

        Raises ModelError if the network predicts numbers, DataError if the data do not fit.
        """
        if not self.network.cost.classifies:
            raise ModelError(
                say("a network with {cost} predicts numbers, not classes; use predict", cost=self.network.cost.label)
            )
        return self._probabilities(self._readable(self._inputs(data), engine))

    def evaluate(self, data: Any, y: Any = None, engine: str | None = None) -> dict[str, float]:
        """How good the answers are: accuracy and kin for classes, errors in the target's unit for numbers, and "error".

        data: as for `predict`, with the truth in it or in y (rows,). Raises DataError if there is no truth, or no row.
        """
        x, truth = self.examples(data, y)
        if not len(x):
            raise DataError(say("there are no rows to evaluate on"))
        if self.recipe is None:
            truth = as_targets(self.network, truth, "y")
        else:
            check_targets(self.network, truth, "y")
        cost, ops = self.network.cost, engines.get("numpy", "float64").ops
        raw = self._forward(x, engine, readable=False).astype(np.float64)
        error = float(np.mean(cost.per_example(ops, raw, truth)))
        return {"error": error} | self._measures(cost.readable(ops, raw), truth)

    def trace(self, x: Any, y: Any = None) -> Trace:
        """One example through the three stages, with every number kept. x: (*input shape), y: its target."""
        from vitrina.glass.trace import trace

        return trace(self, np.asarray(x), y)

    def explain(self, x: Any, of: Any = None, baseline: Any = None) -> Explanation:
        """Which inputs moved each answer: integrated gradients of the log odds of class `of` (each row's own answer).

        x: data as for `predict`; of: a class's number, or one for each row; baseline (*input shape): the row to explain
        against, as the network sees it (zeros, which for a recipe's numbers are the middle of the training part).
        """
        from vitrina.evaluate.explaining import explain

        return explain(self, x, of, baseline)

    def raw(self, x: np.ndarray, engine: str | None = None, fold: np.ndarray | None = None) -> np.ndarray:
        """What the last layer gives (logits, for classes) for inputs as the network sees them: (rows, *output shape).

        fold (rows,): of an ensemble, the member that alone answers for a row, as it was kept from it (`Examples.fold`).
        """
        return self._forward(x, engine, readable=False, fold=fold)

    def inputs(self, data: Any) -> np.ndarray:
        """What the network sees of the data: (rows, *input shape). Raises DataError if they do not fit."""
        return self._inputs(data)

    def examples(self, data: Any, y: Any = None) -> tuple[np.ndarray, np.ndarray]:
        """What the network sees of the data, and the truth as it is taught: (rows, *input shape), (rows,) or (rows, ...).

        Raises DataError if the data do not fit, or hold no truth.
        """
        if self.recipe is not None:
            source = self.source(data, y)
            return self.recipe.inputs(source), self.recipe.targets(source)
        if y is None and isinstance(data, tuple) and len(data) == 2:
            data, y = data
        if y is None:
            raise DataError(say("there is nothing to compare with; give the truth as y"))
        x, truth = self._inputs(data), plain_array(y, "y")
        if truth.ndim == 0 or len(x) != len(truth):
            raise DataError(
                say(
                    "x has {rows} rows and y {targets}; they must be as many",
                    rows=len(x),
                    targets=len(truth) if truth.ndim else 1,
                )
            )
        return x, truth

    def source(self, data: Any, y: Any = None) -> Any:
        """The data opened as a source, tables with the target the model was taught on; for a model with a recipe."""
        from vitrina.data import open_source

        return open_source((data, y) if y is not None else data, **self._target_of(data, y))

    # -- keeping
    def save(self, path: str | Path) -> None:
        """Writes the model as one file of JSON and safetensors, whole or not at all.

        Raises VitrinaError if it cannot.
        """
        documents = {
            "network": self.network.to_json(),
            "recipe": self.recipe.to_json() if self.recipe is not None else None,
            "history": list(self.history),
            "settings": self.settings,
            "measured": self.measured,
        }
        arrays = {f"weights/{name}": value for name, value in self.weights.items()}
        arrays |= {f"state/{name}": value for name, value in self.state.items()}
        write_archive(place(say("a model"), path), KIND, documents, arrays)

    @staticmethod
    def load(path: str | Path) -> Model:
        """Reads a model, or the model of a run.

        Raises ModelError if it is missing, damaged, or does not fit its network.
        """
        path = place(say("a model"), path)
        if path.is_dir():
            if (path / "settings.json").is_file() and not (path / f"model{SUFFIX}").exists():
                raise unfinished(path)
            path = path / f"model{SUFFIX}"
        documents, arrays = read_archive(path, KIND)
        network = Network.from_json(documents["network"])
        model = Model(
            network,
            {name.removeprefix("weights/"): value for name, value in arrays.items() if name.startswith("weights/")},
            {name.removeprefix("state/"): value for name, value in arrays.items() if name.startswith("state/")},
            _read_recipe(documents["recipe"]),
            History(documents["history"]),
            documents["settings"],
            documents["measured"],
        )
        check_weights(network, model.weights)
        return model

    # -- inside
    def _inputs(self, data: Any) -> np.ndarray:
        """What the network sees of the data: (rows, *input shape) float."""
        if self.recipe is not None:
            from vitrina.data import open_source

            return self.recipe.inputs(open_source(data))
        return check_inputs(self.network, plain_array(data, "x"), "x")

    def _target_of(self, data: Any, y: Any) -> dict[str, Any]:
        """Tables are opened with the target the model was taught on."""
        target = self.settings.get("target")
        is_table = y is None and not isinstance(data, tuple | np.ndarray)
        return {"target": target} if target and is_table and getattr(self.recipe, "kind", "") == "table" else {}

    def _readable(self, x: np.ndarray, engine: str | None) -> np.ndarray:
        return self._forward(x, engine, readable=True)

    def _forward(self, x: np.ndarray, engine: str | None, readable: bool, fold: np.ndarray | None = None) -> np.ndarray:
        """The network's output for every row, batch by batch."""
        if not len(x):
            return np.zeros((0, *self.network.output_shape), np.float32)
        if engine is None or engine == "auto":
            engine = choose_engine(self.network, len(x), BATCH, 1)
        chosen = engines.get(with_variant(engine, self.network, len(x), BATCH, 1))
        widest = max(int(np.prod(layer.output_shape(shape))) for _, layer, shape in self.network.walk())
        size = max(1, min(BATCH, len(x), BATCH_BYTES // (4 * widest)))
        run = chosen.compile(prediction_step(self.network, readable), donate=False)
        carried = chosen.put({"params": nest(self.weights), "state": nest(self.state)})
        index, present = batched(np.arange(size, dtype=np.int32), size)
        given = {"x": x} if fold is None else {"x": x, "fold": fold}
        parts: list[np.ndarray] = []
        for first in range(0, len(x), size):
            rows = {name: array[first : first + size] for name, array in given.items()}
            there = len(rows["x"])
            if there < size:
                rows = {name: np.concatenate([own, np.repeat(own[:1], size - there, 0)]) for name, own in rows.items()}
            _, measured = run(carried, chosen.put(rows), Chunk(index, present, 1))
            parts.append(measured["prediction"][0][:there])
        return np.concatenate(parts)

    def _answers(self, readable: np.ndarray) -> np.ndarray:
        """Probabilities as classes by their names, numbers in the target's own unit."""
        if not self.network.cost.classifies:
            return self._in_units(readable)
        answers = self._class_numbers(readable)
        return answers if self.recipe is None or answers.ndim > 1 else self.recipe.decode(answers)

    def _measures(self, readable: np.ndarray, truth: np.ndarray) -> dict[str, float]:
        """How good answers are: readable (rows, *output shape) probabilities or numbers, against the truth."""
        from vitrina.evaluate.metrics import measure

        cost = self.network.cost
        if not cost.classifies:
            return {} if cost.label == "quantile" else measure(0, self._in_units(readable), self._in_units(truth))
        if cost.link == "softmax" and truth.shape == readable.shape and truth.shape[-1] > 1:
            truth = truth.argmax(axis=-1)  # of shares, as while learning
        if truth.ndim == 1 or truth.shape[1:] == (1,):
            if truth.dtype.kind == "f" and readable.shape[1:] == (1,):
                truth = truth > 0.5
            probabilities = self._probabilities(readable)
            return measure(probabilities.shape[-1], probabilities, truth.reshape(-1).astype(np.int64))
        whole_shape = truth.shape == readable.shape and cost.link == "sigmoid"
        right = self._class_numbers(readable) == (truth > 0.5 if whole_shape else truth)
        return {"accuracy": float(np.mean(right))}

    def _class_numbers(self, readable: np.ndarray) -> np.ndarray:
        if self.network.cost.link == "softmax" and readable.shape[-1] > 1:
            return readable.argmax(axis=-1)
        answers = (readable > 0.5).astype(np.int64)
        return answers[:, 0] if answers.shape[1:] == (1,) else answers

    def _probabilities(self, readable: np.ndarray) -> np.ndarray:
        if readable.shape[1:] == (1,):
            return np.concatenate([1.0 - readable, readable], axis=1)
        return readable

    def _in_units(self, values: np.ndarray) -> np.ndarray:
        if self.recipe is not None:
            values = self.recipe.decode(values)
        return values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values


def check_inputs(network: Network, x: np.ndarray, name: str) -> np.ndarray:
    """x as the network takes it; a missing channel axis of grey images is added.

    Raises DataError naming both shapes.
    """
    wanted = network.input_shape
    if x.dtype.kind not in "fiub":
        raise DataError(say("{name} must hold numbers, not {dtype}", name=name, dtype=x.dtype))
    if x.ndim == len(wanted) and x.ndim > 0 and (*x.shape[1:], 1) == wanted:
        x = x[..., None]
    if x.shape[1:] != wanted or x.ndim == 0:
        raise DataError(
            say(
                "{name} has shape {shape}, and the network takes (rows, {wanted})",
                name=name,
                shape=x.shape,
                wanted=", ".join(map(str, wanted)),
            )
        )
    usable = ~np.isinf(x) if network.takes_missing else np.isfinite(x)
    if x.dtype.kind == "f" and not usable.all():
        row = int(np.argmin(usable.reshape(len(x), -1).all(axis=1)))
        raise DataError(
            say(
                "{name} has a value that is not a finite number in row {row}; fill it in or leave the row out",
                name=name,
                row=row,
            )
        )
    network.check_values(x, name)
    return x


def check_targets(network: Network, y: np.ndarray, name: str) -> None:
    """Raises DataError unless y can be this network's target."""
    if y.dtype.kind not in "fiub":
        raise DataError(
            say(
                "{name} must hold numbers, not {dtype}; give class numbers, or train from a table",
                name=name,
                dtype=y.dtype,
            )
        )
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        row = int(np.argmin(np.isfinite(y).reshape(len(y), -1).all(axis=1)))
        raise DataError(
            say(
                "{name} has a value that is not a finite number in row {row}; fill it in or leave the row out",
                name=name,
                row=row,
            )
        )
    cost, shape = network.cost, network.output_shape
    if cost.link == "softmax" and shape[-1] > 1 and y.shape[1:] == shape[:-1]:
        if y.dtype.kind == "f" and (y != np.floor(y)).any():
            raise DataError(
                say(
                    "{name} has fractions, and {cost} takes class numbers; for numbers use mean_squared_error",
                    name=name,
                    cost=cost.label,
                )
            )
        if y.size and (y.min() < 0 or y.max() >= shape[-1]):
            raise DataError(
                say(
                    "{name} has class numbers from {low} to {high}, and the network has {outputs} outputs; "
                    "classes are numbered from 0 to {last}",
                    name=name,
                    low=y.min(),
                    high=y.max(),
                    outputs=shape[-1],
                    last=shape[-1] - 1,
                )
            )
        return
    wanted = (shape[0] // len(cost.quantiles),) if cost.label == "quantile" else shape  # pyright: ignore
    if int(np.prod(y.shape[1:])) != int(np.prod(wanted)):
        raise DataError(
            say(
                "{name} has shape {shape}, and the network with {cost} takes (rows, {wanted})",
                name=name,
                shape=y.shape,
                cost=cost.label,
                wanted=", ".join(map(str, wanted)),
            )
        )
    if cost.link == "sigmoid" and y.size and (y.min() < 0 or y.max() > 1):
        raise DataError(
            say(
                "{name} goes from {low} to {high}, and {cost} takes 0 to 1",
                name=name,
                low=y.min(),
                high=y.max(),
                cost=cost.label,
            )
        )


def check_weights(network: Network, weights: Mapping[str, np.ndarray]) -> None:
    """Raises ModelError unless there is an array of the right shape for every parameter, and none besides."""
    if not isinstance(weights, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ModelError(
            say("weights are arrays by name, as in model.weights, not {given}", given=type(weights).__name__)
        )
    wanted = {name: array.shape for name, array in flatten(network.build(0)[0]).items()}
    for name, shape in wanted.items():
        if name not in weights:
            raise ModelError(say("the weights lack {name} of shape {shape}", name=name, shape=shape))
        if np.shape(weights[name]) != shape:
            raise ModelError(
                say(
                    "the weights have {name} of shape {given}, and the network needs {shape}",
                    name=name,
                    given=np.shape(weights[name]),
                    shape=shape,
                )
            )
    if extra := sorted(set(weights) - set(wanted)):
        raise ModelError(say("the weights have {names}, which the network does not have", names=", ".join(extra)))


def load(path: str | Path) -> Model:
    """Reads a saved model, or the best model of a run's directory. Raises ModelError if it is missing or damaged."""
    return Model.load(path)


def unfinished(run: str | Path) -> ModelError:
    """What to raise where a run has been begun and has no model yet."""
    from vitrina.runs import RunFolder

    return ModelError(
        say("{run} has no model yet; go on with: {command}", run=run, command=RunFolder(Path(run)).how_to_go_on)
    )


def as_targets(network: Network, y: np.ndarray, name: str) -> np.ndarray:
    """y as this network is taught: class numbers (rows, ...) as whole numbers. Raises DataError unless it can be its target."""
    shape = network.output_shape
    of_classes = network.cost.link == "softmax" and shape[-1] > 1
    if of_classes and y.shape[1:] == (*shape[:-1], 1):
        y = y[..., 0]  # a column of class numbers, as Keras keeps them
    check_targets(network, y, name)
    numbered = of_classes and y.ndim == len(shape)
    return y.astype(np.int32) if y.dtype.kind == "b" or (numbered and y.dtype.kind == "f") else y


def _read_recipe(document: Tree | None) -> Any:
    if document is None:
        return None
    from vitrina.data import recipe_from_json

    return recipe_from_json(dict(document))
