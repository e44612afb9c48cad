"""One training step as a pure function: the three stages, then the change of the weights.

And its two quieter sisters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from vitrina.learning.augmentation import Augmentation, Mixup, augmented, mixup_of
from vitrina.learning.optimizers import Optimizer
from vitrina.learning.packing import ALL, Packing
from vitrina.learning.schedules import Schedule
from vitrina.learning.stages import answers, back_propagation, error, forward_propagation
from vitrina.network.layer import SMALLEST, Context, Tree
from vitrina.network.network import Network, flatten
from vitrina.network.ops import Array, Ops
from vitrina.network.watching import Passed, Watch

Carried = dict[str, Any]
Step = Callable[[Ops, Any, Mapping[str, Array]], tuple[Any, Mapping[str, Array]]]
# Looks at a step from inside: ops, what passed through the layers, what was carried before it, and after it.
Observer = Callable[[Ops, Sequence[Passed], Carried, Carried], Mapping[str, Array]]


@dataclass(frozen=True)
class Recipe:
    """How the weights are changed: everything a training step needs to know but the numbers.

    steps: of the whole training, which schedules are shares of; gradient_clip: largest length of all gradients together
    (Pascanu et al. 2012, arXiv:1211.5063), None for no limit; seed: of what is random within a step; augmentations: what is
    done to the images of a batch before it is learned from; weight_average: what the running mean of the weights keeps of itself at
    each step, below 1; that mean is then what is judged and kept (Polyak and Juditsky 1992), and 0 is none.
    """

    network: Network
    optimizer: Optimizer
    schedule: Schedule
    steps: int
    seed: int = 0
    gradient_clip: float | None = None
    augmentations: tuple[Augmentation, ...] = ()
    weight_average: float = 0.0


def start(recipe: Recipe, params: Tree, state: Tree) -> Carried:
    """What training carries from step to step, before the first, as nested NumPy arrays."""
    return {
        "params": params,
        "state": state,
        "optimizer": recipe.optimizer.start(params),
        "step": np.int32(0),
        "rate_scale": np.float64(1.0),  # what the loop multiplies the learning rate by, between steps
        **({"average": params} if recipe.weight_average else {}),
    }


def kept(carried: Mapping[str, Any]) -> dict[str, Any]:
    """What is judged and kept of what training carries: the running mean of the weights where there is one, and the state."""
    return {"params": carried.get("average", carried["params"]), "state": carried["state"]}


def training_step(recipe: Recipe, packing: Packing | None = None, observer: Observer | None = None) -> Step:
    """The step that learns: carried and a batch ("x", "y", perhaps "present" and "weight") -> carried, what was measured.

    Measures "error" (of the batch), and what the observer makes of it.
    """
    network, optimizer = recipe.network, recipe.optimizer
    decayed = _decayed(network, packing) if optimizer.weight_decay else None

    def step(ops: Ops, carried: Carried, batch: Mapping[str, Array]) -> tuple[Carried, Mapping[str, Array]]:
        learned = carried["params"]
        params = packing.unpack(ops, learned) if packing else learned
        random = network.root.random or recipe.augmentations
        key = ops.key(carried.get("seed", recipe.seed), carried["step"]) if random else None
        weight = _weight(batch)
        x, judge = batch["x"], _Judge(ops, network, batch, _counted(ops, batch, weight))
        if recipe.augmentations:
            x = augmented(ops, recipe.augmentations, key, ops.cast(x))
            if mixup := mixup_of(recipe.augmentations):
                x, judge = judge.mixed(mixup, key, x)
        watch = Watch() if observer else None
        context = Context(training=True, key=key, weight=weight, watch=watch)

        prediction, saved, state = forward_propagation(ops, network, params, carried["state"], x, context)
        value, dprediction = judge.error(prediction)
        gradients = back_propagation(ops, network, params, saved, dprediction)

        if packing:
            gradients = packing.pack(ops, gradients)
        if recipe.gradient_clip is not None:
            gradients = _clipped(ops, gradients, recipe.gradient_clip)
        number = carried["step"] + 1
        step_number = ops.cast(number)
        factor = 1.0 if recipe.schedule.is_flat else recipe.schedule.factor(ops, (step_number - 1.0) / recipe.steps)
        rate = carried["rate_scale"] * (optimizer.rate * factor)
        where = _constants(ops, decayed) if decayed is not None else _nowhere(learned)
        if "decay_scale" in carried:
            where = _scaled(where, carried["decay_scale"])
        learned, slots = optimizer.update(ops, learned, gradients, carried["optimizer"], step_number, rate, where)
        after = carried | {"params": learned, "state": state, "optimizer": slots, "step": number}
        if recipe.weight_average:
            # at first it keeps less of itself, so that the weights training began with are soon forgotten, as in TensorFlow's
            # ExponentialMovingAverage
            keeps = ops.minimum((step_number + 1.0) / (step_number + 10.0), recipe.weight_average)
            after["average"] = _mixed(ops, carried["average"], learned, keeps)
        seen = observer(ops, watch.passed, carried, after) if observer and watch else {}
        return after, {"error": value, **seen}

    return step


@dataclass(frozen=True)
class _Judge:
    """The second stage: a batch's targets and what each counts for; two of both where examples are mixed."""

    ops: Ops
    network: Network
    batch: Mapping[str, Array]
    weight: Array
    partners: Array = None  # (batch,) int32
    share: Array = None  # (batch,) what each example keeps of itself

    def mixed(self, mixup: Mixup, key: Array, x: Array) -> tuple[Array, _Judge]:
        """The examples mixed in pairs, and who judges them by both targets."""
        ops = self.ops
        count, rank = ops.shape(x)[0], len(ops.shape(x))
        partners = mixup.partners(ops, key, count)
        share = mixup.share(ops, key, count)
        wide = ops.reshape(share, (count, *(1,) * (rank - 1)))
        return wide * x + (1.0 - wide) * ops.gather(x, partners), replace(self, partners=partners, share=share)

    def error(self, prediction: Array) -> tuple[Array, Array]:
        """The batch's error and its slope by the prediction."""
        ops, network, y = self.ops, self.network, self.batch["y"]
        if self.partners is None:
            return error(ops, network, prediction, y, self.weight, self.batch.get("fold"))
        parts = [(y, self.weight * self.share), (ops.gather(y, self.partners), self.weight * (1.0 - self.share))]
        total = ops.maximum(ops.sum(self.weight), SMALLEST)
        values = [(ops.sum(weight) / total, *error(ops, network, prediction, truth, weight)) for truth, weight in parts]
        (own, value, slope), (other, their_value, their_slope) = values
        return own * value + other * their_value, own * slope + other * their_slope


def for_each_member(step: Step, own_batches: bool) -> Step:
    """`step` for every member of a population, in one program: all that is carried, and all it measures, has an axis more.

    own_batches: each member sees examples of its own, (members, batch, ...); else all see the same.
    """

    def of_all(ops: Ops, carried: Carried, batch: Mapping[str, Array]) -> tuple[Carried, Mapping[str, Array]]:
        if not own_batches:
            return ops.vectorise(lambda carried, batch: step(ops, carried, batch), carried, dict(batch))
        own = {name: array for name, array in batch.items() if name != "present"}
        shared = {name: array for name, array in batch.items() if name == "present"}

        def of_one(both: Any, shared: Any) -> Any:
            return step(ops, both["carried"], both["batch"] | shared)

        return ops.vectorise(of_one, {"carried": carried, "batch": own}, shared)

    return of_all


def evaluation_step(network: Network) -> Step:
    """Measures sums over a batch.

    "error", "metric" (right answers, or absolute gaps) and "weight". Carries params and state.
    """

    def step(ops: Ops, carried: Carried, batch: Mapping[str, Array]) -> tuple[Carried, Mapping[str, Array]]:
        weight = _counted(ops, batch, _weight(batch))
        params, state = carried["params"], carried["state"]
        prediction = answers(ops, network, params, state, batch["x"], batch.get("fold"), weight)
        losses = network.cost.per_example(ops, prediction, batch["y"])
        metric = _metric(ops, network, prediction, batch["y"])
        return carried, {
            "error": ops.sum(losses * weight),
            "metric": ops.sum(metric * weight),
            "weight": ops.sum(weight),
        }

    return step


def prediction_step(network: Network, readable: bool = True) -> Step:
    """Measures "prediction" (batch, *output shape): probabilities for classes, or the raw output if not `readable`."""

    def step(ops: Ops, carried: Carried, batch: Mapping[str, Array]) -> tuple[Carried, Mapping[str, Array]]:
        prediction = answers(ops, network, carried["params"], carried["state"], batch["x"], batch.get("fold"))
        return carried, {"prediction": network.cost.readable(ops, prediction) if readable else prediction}

    return step


def metric_name(network: Network) -> str:
    """What `evaluation_step` calls "metric"."""
    return "accuracy" if network.cost.classifies else "mean_absolute_error"


def _weight(batch: Mapping[str, Array]) -> Array:
    """What each example counts for, (batch,); None if all count the same."""
    weight, present = batch.get("weight"), batch.get("present")
    return weight if present is None else present if weight is None else weight * present


def _counted(ops: Ops, batch: Mapping[str, Array], weight: Array) -> Array:
    return ops.zeros(ops.shape(batch["x"])[:1]) + 1.0 if weight is None else weight


def _metric(ops: Ops, network: Network, prediction: Array, target: Array) -> Array:
    """Each example's share of right answers, or its mean absolute gap: (batch,)."""
    shape, target_rank = ops.shape(prediction), len(ops.shape(target))
    if network.cost.link == "softmax" and shape[-1] > 1:
        truth = ops.argmax(target, axis=-1) if target_rank == len(shape) else target
        score = ops.cast(ops.argmax(prediction, axis=-1) == truth)
    elif network.cost.classifies:
        score = ops.cast((prediction > 0) == (ops.reshape(ops.cast(target), shape) > 0.5))
    elif network.cost.label == "quantile":
        return network.cost.per_example(ops, prediction, target)
    else:
        score = ops.abs(network.cost.readable(ops, prediction) - ops.reshape(ops.cast(target), shape))
    rank = len(ops.shape(score))
    return score if rank == 1 else ops.mean(score, axis=tuple(range(1, rank)))


def _clipped(ops: Ops, gradients: Tree, limit: float) -> Tree:
    squares = [ops.sum(gradient * gradient) for gradient in flatten(gradients).values()]
    if not squares:
        return gradients
    length = ops.sqrt(sum(squares[1:], start=squares[0]))
    return _scaled(gradients, ops.minimum(limit / (length + 1e-12), 1.0))


def _scaled(tree: Any, factor: Array) -> Any:
    if isinstance(tree, dict):
        return {name: _scaled(value, factor) for name, value in tree.items()}  # pyright: ignore[reportUnknownVariableType]
    return tree * factor


def _mixed(ops: Ops, old: Tree, new: Tree, share: Array) -> dict[str, Any]:
    return {
        name: _mixed(ops, part, new[name], share) if isinstance(part, dict) else ops.mix(part, new[name], share)  # pyright: ignore
        for name, part in old.items()
    }


def _nowhere(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {name: _nowhere(value) for name, value in tree.items()}  # pyright: ignore[reportUnknownVariableType]
    return 0.0


def _decayed(network: Network, packing: Packing | None) -> Any:
    """1 for weights, 0 for biases, scales and shifts: as numbers, or as one vector when packed."""
    params, _ = network.build(0)
    marks = decay_marks(flatten(params))
    if packing is None:
        return _named(params, marks)
    return {
        ALL: np.concatenate(
            [np.full(size, marks[name]) for name, size in zip(packing.shapes, packing.sizes, strict=True)]
        )
    }


def decay_marks(params: Mapping[str, Array]) -> dict[str, float]:
    """Where `weight_decay` applies, by a parameter's full name: 1 for matrices and kernels, 0 elsewhere."""
    return {
        name: 1.0 if array.ndim > 1 and not name.endswith("bias") else 0.0  # an ensemble's biases are a matrix, too
        for name, array in params.items()
    }


def _named(tree: Tree, marks: Mapping[str, float], prefix: str = "") -> dict[str, Any]:
    return {
        name: _named(value, marks, f"{prefix}{name}/") if isinstance(value, dict) else marks[prefix + name]
        for name, value in tree.items()
    }


def _constants(ops: Ops, tree: Any) -> Any:
    if isinstance(tree, dict):
        return {name: _constants(ops, value) for name, value in tree.items()}  # pyright: ignore[reportUnknownVariableType]
    return tree if isinstance(tree, float) else ops.array(tree)
