"""Neurons with a memory: they read a sequence step by step, and what they keep of it goes along.

Back propagation through time (Werbos 1990, Proc. IEEE 78) is written here once for every kind of memory: from the last step
to the first, inside the compiled loop. A kind says what it does at one step, and how the error goes back through that step.
Everything that does not wait for the step before (the inputs' part of the weighted sums, and the gradients of all weights) is
one matrix product over all steps, before or after the loop.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from vitrina.errors import ShapeError
from vitrina.locale import say
from vitrina.network.initialisers import INITIALISERS
from vitrina.network.layer import Context, Layer, Params, Shape, State, Tree, whole
from vitrina.network.ops import Array, Ops

FORTH, BACK = "forward", "backward"  # the two directions of a bidirectional layer, and where their parameters are


@dataclass(frozen=True)
class _Recurrent(Layer):
    """What every kind of memory shares: x (batch, steps, inputs) -> the last output, or the output at every step."""

    units: int
    return_sequences: bool = False
    bidirectional: bool = False

    gates: ClassVar[int]  # weighted sums per unit

    def __post_init__(self) -> None:
        super().__post_init__()
        kind = type(self).__name__
        units = whole(
            self.units,
            say(
                "{kind}: {name} must be a whole number of 1 or more, not {value!r}",
                kind=kind,
                name="units",
                value=self.units,
            ),
        )
        object.__setattr__(self, "units", units)

    # -- what a kind of memory says
    @abstractmethod
    def first(self, ops: Ops, batch: int) -> tuple[Array, ...]:
        """What is carried before the first step, the output first: (batch, units) each."""

    @abstractmethod
    def step(self, ops: Ops, params: Params, carried: tuple[Array, ...], sums: Array) -> tuple[Any, tuple[Array, ...]]:
        """One step: sums (batch, gates · units), the inputs' part. Gives what is carried on, and what `step_back` needs."""

    @abstractmethod
    def step_back(
        self, ops: Ops, params: Params, kept: tuple[Array, ...], before: tuple[Array, ...], dcarried: tuple[Array, ...]
    ) -> tuple[tuple[Array, ...], Array, Array]:
        """The error's slope by what was carried `before`, by the inputs' part of the sums, and by the memory's part."""

    # -- shape and first weights
    def output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 2:
            raise ShapeError(
                say("needs a sequence of shape (steps, inputs), but gets {input_shape}", input_shape=input_shape)
            )
        units = self.units * len(self._directions)
        return (input_shape[0], units) if self.return_sequences else (units,)

    def build(self, input_shape: Shape, rng: np.random.Generator) -> tuple[Shape, Params, State]:
        shape = self.output_shape(input_shape)
        params = {direction: self._draw(input_shape[1], rng) for direction in self._directions}
        return shape, params if self.bidirectional else params[FORTH], {}

    def _draw(self, inputs: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Each gate on its own: Glorot for what comes in, orthogonal for what goes round (Saxe et al. 2013)."""

        def gates(initialiser: str, rows: int) -> np.ndarray:
            size = (rows, self.units)
            return np.concatenate([INITIALISERS[initialiser].draw(rng, size, *size) for _ in range(self.gates)], axis=1)

        weights = {"weight": gates("glorot_uniform", inputs), "recurrent_weight": gates("orthogonal", self.units)}
        return weights | self.first_biases()

    def first_biases(self) -> dict[str, np.ndarray]:
        return {"bias": np.zeros(self.gates * self.units)}

    @property
    def _directions(self) -> tuple[str, ...]:
        return (FORTH, BACK) if self.bidirectional else (FORTH,)

    # -- left to right
    def forward(self, ops: Ops, params: Params, state: State, x: Array, context: Context) -> tuple[Array, Any, State]:
        mask = context.mask_of(ops, ops.shape(x)[1])  # (batch, steps) or None
        steps_first = None if mask is None else ops.transpose(mask)[:, :, None]  # (steps, batch, 1)
        outputs: list[Array] = []
        saved: dict[str, Any] = {}
        for direction in self._directions:
            own = params[direction] if self.bidirectional else params
            y, saved[direction] = self._read(ops, own, x, steps_first, direction == BACK)
            outputs.append(y)
        return ops.concatenate(outputs, axis=-1) if self.bidirectional else outputs[0], (x, saved), state

    def _read(self, ops: Ops, params: Params, x: Array, mask: Array, reverse: bool) -> tuple[Array, Any]:
        batch, steps, inputs = ops.shape(x)
        x = ops.reshape(ops.transpose(x, (1, 0, 2)), (steps * batch, inputs))
        sums = ops.affine(x, params["weight"], params["bias"])
        sums = ops.reshape(sums, (steps, batch, self.gates * self.units))

        def step(carried: tuple[Array, ...], given: tuple[Array, ...]) -> Any:
            after, kept = self.step(ops, params, carried, given[0])
            if mask is not None:  # a step that is padding leaves the memory as it was
                there = given[1] > 0
                after = tuple(ops.where(there, new, old) for new, old in zip(after, carried, strict=True))
            return after, (*kept, *after)

        first = self.first(ops, batch)
        given = (sums,) if mask is None else (sums, mask)
        last, seen = ops.scan(step, first, given, reverse)
        kept, carried = seen[: -len(first)], seen[-len(first) :]
        y = ops.transpose(carried[0], (1, 0, 2)) if self.return_sequences else last[0]
        return y, (x, first, kept, carried, mask)

    # -- right to left
    def backward(self, ops: Ops, params: Params, saved: Any, dy: Array) -> tuple[Array, Tree]:
        return self._both_back(ops, params, saved, dy, wants_dx=True)

    def backward_first(self, ops: Ops, params: Params, saved: Any, dy: Array) -> Tree:
        return self._both_back(ops, params, saved, dy, wants_dx=False)[1]

    def _both_back(self, ops: Ops, params: Params, saved: Any, dy: Array, wants_dx: bool) -> tuple[Array, Tree]:
        x, own_saved = saved
        slopes = ops.split(dy, [self.units] * 2, axis=-1) if self.bidirectional else [dy]
        dx: Array = None
        gradients: dict[str, Any] = {}
        for direction, slope in zip(self._directions, slopes, strict=True):
            own = params[direction] if self.bidirectional else params
            dsums, gradients[direction] = self._read_back(ops, own, own_saved[direction], slope, direction == BACK)
            if wants_dx:
                part = ops.matmul(dsums, own["weight"], transpose_b=True)  # (steps · batch, inputs)
                dx = part if dx is None else dx + part
        if wants_dx:
            batch, steps, inputs = ops.shape(x)
            dx = ops.transpose(ops.reshape(dx, (steps, batch, inputs)), (1, 0, 2))
        return dx, gradients if self.bidirectional else gradients[FORTH]

    def _read_back(self, ops: Ops, params: Params, saved: Any, dy: Array, reverse: bool) -> tuple[Array, Tree]:
        x, first, kept, carried, mask = saved
        before = tuple(_shifted(ops, start, after, reverse) for start, after in zip(first, carried, strict=True))
        nothing = tuple(ops.zeros_like(start) for start in first)
        given = (*kept, *before)
        if mask is not None:
            given = (*given, mask)
        if self.return_sequences:  # (steps, batch, units): at every step the error comes in from the right as well
            given, dcarried = (*given, ops.transpose(dy, (1, 0, 2))), nothing
        else:
            dcarried = (dy, *nothing[1:])

        def step(dcarried: tuple[Array, ...], given: tuple[Array, ...]) -> Any:
            if self.return_sequences:
                dcarried = (dcarried[0] + given[-1], *dcarried[1:])
            own, before = given[: len(kept)], given[len(kept) : len(kept) + len(first)]
            there = None if mask is None else given[len(kept) + len(first)]
            reached = dcarried if there is None else tuple(slope * there for slope in dcarried)
            dbefore, dsums, drecurrent = self.step_back(ops, params, own, before, reached)
            if there is not None:
                past = tuple(slope * (1.0 - there) for slope in dcarried)
                dbefore = tuple(a + b for a, b in zip(dbefore, past, strict=True))
            return dbefore, (dsums, drecurrent)

        _, (dsums, drecurrent) = ops.scan(step, dcarried, given, not reverse)
        width = self.gates * self.units
        dsums, drecurrent = ops.reshape(dsums, (-1, width)), ops.reshape(drecurrent, (-1, width))
        memory = ops.reshape(before[0], (-1, self.units))  # what each step's memory gave: (steps · batch, units)
        gradients = {
            "weight": ops.matmul(x, dsums, transpose_a=True),
            "recurrent_weight": ops.matmul(memory, drecurrent, transpose_a=True),
            "bias": ops.sum(dsums, axis=0),
        }
        if "recurrent_bias" in params:
            gradients["recurrent_bias"] = ops.sum(drecurrent, axis=0)
        return dsums, gradients

    def flops(self, input_shape: Shape) -> int:
        steps, inputs = input_shape
        return steps * len(self._directions) * self.gates * self.units * (inputs + self.units) * 2


@dataclass(frozen=True)
class GRU(_Recurrent):
    """A memory h with two gates; x (batch, steps, inputs) -> the last h (batch, units), or all (batch, steps, units).

    With σ the sigmoid, at each step:  r = σ(x·Wr + br + h·Ur + cr);  z = σ(x·Wz + bz + h·Uz + cz);
    n = tanh(x·Wn + bn + r ∘ (h·Un + cn));  h ← z ∘ h + (1 − z) ∘ n.  Parameters, gates in the order r, z, n: weight
    (inputs, 3 · units), bias (3 · units,), recurrent_weight (units, 3 · units), recurrent_bias (3 · units,).

    return_sequences: every h instead of the last. bidirectional: a second memory reads from the last step to the first; the
    two are concatenated, and their parameters are in "forward" and "backward". Where `Input` says what padding is, padded
    steps leave the memory as it is. Raises NetworkError for a number of units below 1.
    Source: Cho et al. (2014), arXiv:1406.1078, in the form of cuDNN, PyTorch, and Keras's `reset_after=True`.
    """

    gates: ClassVar[int] = 3

    def first_biases(self) -> dict[str, np.ndarray]:
        return super().first_biases() | {"recurrent_bias": np.zeros(self.gates * self.units)}

    def first(self, ops: Ops, batch: int) -> tuple[Array, ...]:
        return (ops.zeros((batch, self.units)),)

    def step(self, ops: Ops, params: Params, carried: tuple[Array, ...], sums: Array) -> tuple[Any, tuple[Array, ...]]:
        (h,), units = carried, self.units
        remembered = ops.affine(h, params["recurrent_weight"], params["recurrent_bias"])  # (batch, 3 · units)
        x_gates, x_new = ops.split(sums, [2 * units, units], axis=-1)
        h_gates, h_new = ops.split(remembered, [2 * units, units], axis=-1)
        r, z = ops.split(ops.sigmoid(x_gates + h_gates), [units, units], axis=-1)
        n = ops.tanh(x_new + r * h_new)
        return (n + z * (h - n),), (r, z, n, h_new)

    def step_back(
        self, ops: Ops, params: Params, kept: tuple[Array, ...], before: tuple[Array, ...], dcarried: tuple[Array, ...]
    ) -> tuple[tuple[Array, ...], Array, Array]:
        (r, z, n, h_new), (h,), (dh,) = kept, before, dcarried
        dn = dh * (1.0 - z) * (1.0 - n * n)
        dz = dh * (h - n) * z * (1.0 - z)
        dr = dn * h_new * r * (1.0 - r)
        dsums = ops.concatenate([dr, dz, dn], axis=-1)
        drecurrent = ops.concatenate([dr, dz, dn * r], axis=-1)
        dbefore = dh * z + ops.matmul(drecurrent, params["recurrent_weight"], transpose_b=True)
        return (dbefore,), dsums, drecurrent


@dataclass(frozen=True)
class LSTM(_Recurrent):
    """A memory c that is kept, and an output h; x (batch, steps, inputs) -> the last h (batch, units), or all of them.

    With σ the sigmoid, at each step:  i, f, o = σ(x·W + b + h·U), a gate each;  g = tanh(x·Wg + bg + h·Ug);
    c ← f ∘ c + i ∘ g;  h ← o ∘ tanh(c).  Parameters, gates in the order i, f, g, o: weight (inputs, 4 · units), bias
    (4 · units,), recurrent_weight (units, 4 · units). The bias of f is 1 at first, so that nothing is forgotten before it is
    learned what to forget (Jozefowicz et al. 2015).

    return_sequences, bidirectional, padding and what is raised: as in `GRU`.
    Source: Hochreiter and Schmidhuber (1997), Neural Computation 9; the gate f from Gers et al. (2000).
    """

    gates: ClassVar[int] = 4

    def first_biases(self) -> dict[str, np.ndarray]:
        bias = np.zeros((self.gates, self.units))
        bias[1] = 1.0
        return {"bias": bias.reshape(-1)}

    def first(self, ops: Ops, batch: int) -> tuple[Array, ...]:
        return ops.zeros((batch, self.units)), ops.zeros((batch, self.units))

    def step(self, ops: Ops, params: Params, carried: tuple[Array, ...], sums: Array) -> tuple[Any, tuple[Array, ...]]:
        (h, c), units = carried, self.units
        sums = sums + ops.matmul(h, params["recurrent_weight"])  # (batch, 4 · units)
        i, f, g, o = ops.split(sums, [units] * 4, axis=-1)
        i, f, g, o = ops.sigmoid(i), ops.sigmoid(f), ops.tanh(g), ops.sigmoid(o)
        c = f * c + i * g
        bent = ops.tanh(c)
        return (o * bent, c), (i, f, g, o, bent)

    def step_back(
        self, ops: Ops, params: Params, kept: tuple[Array, ...], before: tuple[Array, ...], dcarried: tuple[Array, ...]
    ) -> tuple[tuple[Array, ...], Array, Array]:
        (i, f, g, o, bent), (_, c), (dh, dc) = kept, before, dcarried
        dc = dc + dh * o * (1.0 - bent * bent)
        dsums = ops.concatenate(
            [
                dc * g * i * (1.0 - i),
                dc * c * f * (1.0 - f),
                dc * i * (1.0 - g * g),
                dh * bent * o * (1.0 - o),
            ],
            axis=-1,
        )
        return (ops.matmul(dsums, params["recurrent_weight"], transpose_b=True), dc * f), dsums, dsums


def _shifted(ops: Ops, first: Array, after: Array, reverse: bool) -> Array:
    """What was carried before each step, from what was carried after it: (steps, batch, units)."""
    steps = ops.shape(after)[0]
    start = ops.reshape(first, (1, *ops.shape(first)))
    if steps == 1:
        return start
    if reverse:
        return ops.concatenate([ops.split(after, [1, steps - 1], axis=0)[1], start], axis=0)
    return ops.concatenate([start, ops.split(after, [steps - 1, 1], axis=0)[0]], axis=0)
