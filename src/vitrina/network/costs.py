"""What turns prediction and truth into one error, and its slope.

Each cost takes `prediction` (batch, ..., outputs) as the last layer gives it (logits for classes), `target`, and
`weight` (batch,): what each example counts for. value = Σ w·l / Σ w, l being an example's own error, averaged over its
outputs and places; a weight of 0 leaves an example out, which is how the padding of a last batch, class weights and
your own weights are one mechanism. `gradient` is the slope of `value` by the prediction, fused with softmax or sigmoid
where it applies.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from vitrina.errors import NetworkError
from vitrina.locale import say
from vitrina.network.activations import softmax, softplus
from vitrina.network.codec import Described, numbers
from vitrina.network.layer import SMALLEST, Shape, require, snake_case
from vitrina.network.ops import Array, Ops


@dataclass(frozen=True)
class Cost(Described):
    """The error of a batch of predictions. A cost of your own gives `losses_and_slopes`."""

    classifies: ClassVar[bool] = False  # True if the prediction is about classes
    link: ClassVar[str] = "linear"  # the activation that turns the raw prediction into what a user reads

    def losses_and_slopes(self, ops: Ops, prediction: Array, target: Array) -> tuple[Array, Array]:
        """Each output's error and its slope by the prediction.

        The errors may lack the last axis (one error for all classes).
        """
        raise NotImplementedError

    def value(self, ops: Ops, prediction: Array, target: Array, weight: Array) -> Array:
        """The batch's error, one number."""
        return self.value_and_gradient(ops, prediction, target, weight)[0]

    def gradient(self, ops: Ops, prediction: Array, target: Array, weight: Array) -> Array:
        """The slope of `value` by the prediction, of the prediction's shape."""
        return self.value_and_gradient(ops, prediction, target, weight)[1]

    def value_and_gradient(self, ops: Ops, prediction: Array, target: Array, weight: Array) -> tuple[Array, Array]:
        """Both at once: they share most of the work."""
        losses, slopes = self.losses_and_slopes(ops, prediction, target)
        shape = ops.shape(losses)
        places = math.prod(shape[1:])  # the errors an example's own error is the average of
        # (batch,); a batch of which nothing counts has no error and no slope, instead of 0 / 0
        total = ops.maximum(ops.sum(weight), SMALLEST)
        share = weight / (total if places == 1 else total * places)
        per_example = losses if len(shape) == 1 else ops.sum(losses, axis=tuple(range(1, len(shape))))
        wide = ops.reshape(share, (shape[0], *(1 for _ in ops.shape(prediction)[1:])))
        return ops.sum(per_example * share), slopes * wide

    def per_example(self, ops: Ops, prediction: Array, target: Array) -> Array:
        """Each example's own error: (batch,)."""
        losses, _ = self.losses_and_slopes(ops, prediction, target)
        shape = ops.shape(losses)
        return losses if len(shape) == 1 else ops.mean(losses, axis=tuple(range(1, len(shape))))

    def readable(self, ops: Ops, prediction: Array) -> Array:
        """The prediction as a user reads it: probabilities for classes, a rate for counts, else as it is."""
        return prediction

    def outputs_for(self, targets: int) -> int:
        """How many outputs a network needs for that many target columns."""
        return targets

    def check_output(self, output_shape: Shape) -> None:
        """Raises NetworkError if a network's output cannot be this cost's prediction."""
        require(
            len(output_shape) >= 1,
            say(
                "{cost} needs at least one output, but the network gives {output_shape}",
                cost=self.label,
                output_shape=output_shape,
            ),
        )

    @property
    def label(self) -> str:
        """The name a user types: `cross_entropy`."""
        return snake_case(type(self).__name__)


def _as_columns(ops: Ops, prediction: Array, target: Array) -> Array:
    """The target with the prediction's shape: (batch,) beside (batch, 1) is the same thing."""
    return ops.reshape(ops.cast(target), ops.shape(prediction))


@dataclass(frozen=True)
class MeanSquaredError(Cost):
    """l = (prediction - target)², mean over outputs. Prediction and target: (batch, outputs), in the target's unit."""

    def losses_and_slopes(self, ops: Ops, prediction: Array, target: Array) -> tuple[Array, Array]:
        gap = prediction - _as_columns(ops, prediction, target)
        return gap * gap, 2.0 * gap


@dataclass(frozen=True)
class MeanAbsoluteError(Cost):
    """l = |prediction - target|, mean over outputs. The slope at 0 is taken as 0."""

    def losses_and_slopes(self, ops: Ops, prediction: Array, target: Array) -> tuple[Array, Array]:
        gap = prediction - _as_columns(ops, prediction, target)
        return ops.abs(gap), ops.sign(gap)


@dataclass(frozen=True)
class Huber(Cost):
    """Squared error near zero, absolute error beyond `delta`, so that an outlier pulls with a bounded slope.

    l = e²/2 if |e| <= delta else delta · (|e| - delta/2), e = prediction - target, mean over outputs.
    Raises NetworkError unless delta > 0. Equal weights give torch.nn.HuberLoss. Source: Huber (1964), Ann. Math.
    Statist. 35.

    >>> import numpy as np
    >>> from vitrina.engines.numpy_engine import NumpyOps
    >>> prediction, target, weight = np.array([[3.0], [0.5]]), np.zeros((2, 1)), np.ones(2)
    >>> float(Huber(delta=1.0).value(NumpyOps("float64"), prediction, target, weight))   # (2.5 + 0.125) / 2
    1.3125
    """

    delta: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        require(
            self.delta > 0.0,
            say("{kind}: {name} must be above 0, not {value!r}", kind="huber", name="delta", value=self.delta),
        )

    def losses_and_slopes(self, ops: Ops, prediction: Array, target: Array) -> tuple[Array, Array]:
        gap = prediction - _as_columns(ops, prediction, target)
        slope = ops.minimum(ops.maximum(gap, -self.delta), self.delta)
        return slope * (gap - 0.5 * slope), slope  # inside delta: e·e/2; outside: delta·(|e| - delta/2)


@dataclass(frozen=True)
class Quantile(Cost):
    """The pinball cost: each output learns one quantile of the target instead of its mean.

    l = max(q·e, (q - 1)·e), e = target - prediction, mean over outputs. Prediction: (batch, targets · quantiles), the
    quantiles of the first target first; target: (batch, targets) or (batch,). Raises NetworkError unless every quantile
    is between 0 and 1. Source: Koenker and Bassett (1978), Econometrica 46.
    """

    quantiles: tuple[float, ...] = (0.5,)

    def __post_init__(self) -> None:
        super().__post_init__()
        given: Any = self.quantiles
        quantiles = numbers(given)
        require(
            bool(quantiles) and all(0.0 < quantile < 1.0 for quantile in quantiles or ()),
            say("quantile: quantiles lie between 0 and 1, not {value}", value=given),
        )
        object.__setattr__(self, "quantiles", quantiles)

    def losses_and_slopes(self, ops: Ops, prediction: Array, target: Array) -> tuple[Array, Array]:
        shape, count = ops.shape(prediction), len(self.quantiles)
        wide = (shape[0], -1, count)
        gap = ops.reshape(ops.cast(target), (shape[0], -1, 1)) - ops.reshape(
            prediction, wide
        )  # (batch, targets, count)
        share = ops.array(list(self.quantiles))
        losses = ops.maximum(share * gap, (share - 1.0) * gap)
        slopes = ops.where(gap > 0, ops.zeros_like(gap) - share, ops.zeros_like(gap) + (1.0 - share))
        slopes = ops.where(ops.abs(gap) > 0, slopes, ops.zeros_like(gap))
        return ops.reshape(losses, shape), ops.reshape(slopes, shape)

    def outputs_for(self, targets: int) -> int:
        return targets * len(self.quantiles)

    def check_output(self, output_shape: Shape) -> None:
        count = len(self.quantiles)
        fits = len(output_shape) == 1 and output_shape[0] % count == 0
        require(
            fits,
            say(
                "quantile with {count} quantiles needs a multiple of {count} outputs, but gets {output_shape}",
                count=count,
                output_shape=output_shape,
            ),
        )


@dataclass(frozen=True)
class Poisson(Cost):
    """For counts: l = exp(p) - target · p, the prediction p being the logarithm of the expected count.

    The constant log(target!) is left out, as in torch.nn.PoissonNLLLoss(log_input=True).
    """

    link: ClassVar[str] = "exp"

    def losses_and_slopes(self, ops: Ops, prediction: Array, target: Array) -> tuple[Array, Array]:
        target, rate = _as_columns(ops, prediction, target), ops.exp(prediction)
        return rate - target * prediction, rate - target

    def readable(self, ops: Ops, prediction: Array) -> Array:
        return ops.exp(prediction)


def _shares(ops: Ops, target: Array, prediction: Array, smoothing: float) -> Array:
    """The target as one share per class: class numbers become one-hot, shares stay; then smoothed."""
    shape = ops.shape(prediction)
    shares = ops.cast(target) if len(ops.shape(target)) == len(shape) else ops.one_hot(target, shape[-1])
    return shares if smoothing == 0.0 else shares * (1.0 - smoothing) + smoothing / shape[-1]


@dataclass(frozen=True)
class CrossEntropy(Cost):
    """For one of several classes: l = -Σ t · log softmax(p) over the classes.

    Prediction: logits (batch, ..., classes); target: class numbers (batch, ...) or shares of each class (batch, ...,
    classes). `label_smoothing` s replaces t by (1 - s)·t + s/classes (Szegedy et al. 2015, arXiv:1512.00567, section
    7). Raises NetworkError unless 0 <= label_smoothing < 1 and there are two outputs or more.
    """

    label_smoothing: float = 0.0
    classifies: ClassVar[bool] = True
    link: ClassVar[str] = "softmax"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_smoothing(self)

    def losses_and_slopes(self, ops: Ops, prediction: Array, target: Array) -> tuple[Array, Array]:
        shares = _shares(ops, target, prediction, self.label_smoothing)  # (batch, ..., classes)
        logs = ops.log_softmax(prediction)
        return -ops.sum(shares * logs, axis=-1), ops.exp(logs) - shares

    def readable(self, ops: Ops, prediction: Array) -> Array:
        return softmax(ops, prediction)

    def check_output(self, output_shape: Shape) -> None:
        _check_classes(self, output_shape)


@dataclass(frozen=True)
class BinaryCrossEntropy(Cost):
    """For yes or no, once per output: l = softplus(p) - t·p, which is -t·log σ(p) - (1 - t)·log(1 - σ(p)).

    Prediction: logits (batch, outputs); target: 0 to 1, (batch, outputs), or (batch,) for one output. `label_smoothing`
    s replaces t by (1 - s)·t + s/2. Raises NetworkError unless 0 <= label_smoothing < 1.
    """

    label_smoothing: float = 0.0
    classifies: ClassVar[bool] = True
    link: ClassVar[str] = "sigmoid"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_smoothing(self)

    def losses_and_slopes(self, ops: Ops, prediction: Array, target: Array) -> tuple[Array, Array]:
        target = _as_columns(ops, prediction, target)
        if self.label_smoothing:
            target = target * (1.0 - self.label_smoothing) + 0.5 * self.label_smoothing
        return softplus(ops, prediction) - target * prediction, ops.sigmoid(prediction) - target

    def readable(self, ops: Ops, prediction: Array) -> Array:
        return ops.sigmoid(prediction)


@dataclass(frozen=True)
class Focal(Cost):
    """Cross-entropy that turns away from what is right already: l = (1 - q)^gamma · -log q, q the truth's probability.

    One output: sigmoid, target 0 or 1. Several: softmax, target class numbers (batch, ...). gamma 0 gives
    cross-entropy. Without the paper's alpha: class weights do that. Raises NetworkError unless gamma >= 0.
    Source: Lin et al. (2017), arXiv:1708.02002.
    """

    gamma: float = 2.0
    classifies: ClassVar[bool] = True
    link: ClassVar[str] = "softmax"

    def __post_init__(self) -> None:
        super().__post_init__()
        require(
            self.gamma >= 0.0,
            say("{kind}: {name} must be 0 or more, not {value!r}", kind="focal", name="gamma", value=self.gamma),
        )

    def losses_and_slopes(self, ops: Ops, prediction: Array, target: Array) -> tuple[Array, Array]:
        if ops.shape(prediction)[-1] == 1:
            target = _as_columns(ops, prediction, target)
            sign = 2.0 * target - 1.0
            margin = sign * prediction  # q = σ(margin)
            log_q, q = -softplus(ops, -margin), ops.sigmoid(margin)
            losses, by_log_q = self._bent(ops, log_q, q)
            return losses, by_log_q * (1.0 - q) * sign  # d log σ(m) / dm = 1 - σ(m)
        shares = _shares(ops, target, prediction, 0.0)
        logs = ops.log_softmax(prediction)
        log_q = ops.sum(shares * logs, axis=-1, keepdims=True)  # (batch, ..., 1)
        losses, by_log_q = self._bent(ops, log_q, ops.exp(log_q))
        return ops.reshape(losses, ops.shape(losses)[:-1]), by_log_q * (shares - ops.exp(logs))

    def _bent(self, ops: Ops, log_q: Array, q: Array) -> tuple[Array, Array]:
        """The loss, and its slope by log q."""
        rest = ops.maximum(1.0 - q, 1e-12)  # 0 to a power below 1 has no finite slope
        bend = rest**self.gamma
        return -bend * log_q, -bend + self.gamma * rest ** (self.gamma - 1.0) * q * log_q

    def readable(self, ops: Ops, prediction: Array) -> Array:
        return ops.sigmoid(prediction) if ops.shape(prediction)[-1] == 1 else softmax(ops, prediction)


def _check_smoothing(cost: CrossEntropy | BinaryCrossEntropy) -> None:
    inside = 0.0 <= cost.label_smoothing < 1.0
    require(
        inside,
        say(
            "{kind}: {name} must be in [0, 1), not {value!r}",
            kind=cost.label,
            name="label_smoothing",
            value=cost.label_smoothing,
        ),
    )


def _check_classes(cost: Cost, output_shape: Shape) -> None:
    require(
        len(output_shape) >= 1 and output_shape[-1] >= 2,
        say(
            "{cost} needs one output per class, two or more, but the network gives {output_shape}; end with "
            "Dense(classes), or use cost='binary_cross_entropy' for one output",
            cost=cost.label,
            output_shape=output_shape,
        ),
    )


COSTS: dict[str, Cost] = {
    cost.label: cost
    for cost in (
        MeanSquaredError(),
        MeanAbsoluteError(),
        Huber(),
        CrossEntropy(),
        BinaryCrossEntropy(),
        Focal(),
        Poisson(),
        Quantile(),
    )
}


def cost_named(choice: str | Cost) -> Cost:
    """The cost itself, or the one of that name with its defaults. Raises NetworkError for an unknown name."""
    if isinstance(choice, Cost):
        return choice
    if not isinstance(choice, str) or choice not in COSTS:
        raise NetworkError(say("unknown cost {choice!r}; it can be {known}", choice=choice, known=", ".join(COSTS)))
    return COSTS[choice]


def smoothed(cost: Cost, label_smoothing: float) -> Cost:
    """`cost` with label smoothing. Raises NetworkError if it is not about classes."""
    if not label_smoothing:
        return cost
    options: dict[str, Any] = {"label_smoothing": label_smoothing}
    if not isinstance(cost, CrossEntropy | BinaryCrossEntropy):
        raise NetworkError(
            say("label_smoothing goes with cross_entropy or binary_cross_entropy, not with {cost}", cost=cost.label)
        )
    return replace(cost, **options)
