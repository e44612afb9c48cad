"""The row of a table as a network should see it: numbers, what is missing among them, and categories as points."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from vitrina.errors import ShapeError
from vitrina.locale import say
from vitrina.network.embedding import SPREAD
from vitrina.network.initialisers import INITIALISERS, Normal
from vitrina.network.layer import Context, Layer, Params, Shape, State, Tree, require, whole
from vitrina.network.ops import Array, Ops

TURN = 2.0 * math.pi
LARGEST = 600  # coordinates of a category's point


@dataclass(frozen=True)
class TableInput(Layer):
    """Numeric columns beside embedded categorical ones: x (batch, columns) -> y (batch, features).

    categories: for each column 0 if it is numeric, else how many codes it has, 0..n-1; any other value, NaN too, gets a point
    of its own. embedding: coordinates of a category's point; None: min(600, round(1.6 n^0.56)), fastai's rule of thumb.
    missing: a column more for each numeric one, 1 where it is NaN (the number itself is then taken as 0).
    periodic: k > 0 gives each number v as relu([sin(2π c v), cos(2π c v)] · W + b), c (k,), W (2k, k), b (k,) learned for each
    column, c normal with spread `sigma` at first: Gorishniy et al. (2022), arXiv:2203.05556, "PLR". It lets a network bend
    where it will along a number, not only where its first layer cuts. Numbers should come scaled.
    plain: places of numeric columns that stay as they are all the same, such as those that are 0 or 1 and have nothing to bend along.
    beside: numbers that are given periodically are given as they are, too.

    y: those numbers as they are (waved), if `beside`; the plain ones; those numbers periodically (waved · max(k, 1)); what is missing;
    the points. Parameters: frequency (waved, k), periodic_weight (waved, 2k, k), periodic_bias (waved, k); for column j embedding_j
    (n + 1, coordinates), the last row for other values. Raises NetworkError for impossible numbers, ShapeError if the input has another
    number of columns.
    """

    categories: tuple[int, ...]
    embedding: int | None = None
    missing: bool = True
    periodic: int = 0
    sigma: float = 0.1
    plain: tuple[int, ...] = ()
    beside: bool = False

    takes_missing: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        given: Any = self.categories
        sentence = say(
            "TableInput: categories must be a whole number of 0 or more for each column, not {given!r}", given=given
        )
        require(isinstance(given, list | tuple) and len(given) > 0, sentence)
        object.__setattr__(self, "categories", tuple(whole(count, sentence) if count else 0 for count in given))
        if self.embedding is not None:
            wrong = say(
                "{kind}: {name} must be a whole number of 1 or more, not {value!r}",
                kind="TableInput",
                name="embedding",
                value=self.embedding,
            )
            object.__setattr__(self, "embedding", whole(self.embedding, wrong))
        wrong = say(
            "{kind}: {name} must be a whole number of 0 or more, not {value!r}",
            kind="TableInput",
            name="periodic",
            value=self.periodic,
        )
        object.__setattr__(self, "periodic", whole(self.periodic, wrong) if self.periodic else 0)
        require(
            self.sigma > 0.0,
            say("{kind}: {name} must be above 0, not {value!r}", kind="TableInput", name="sigma", value=self.sigma),
        )
        given = self.plain
        wrong = say("TableInput: plain must be places of numeric columns, not {given!r}", given=given)
        require(isinstance(given, list | tuple) and set(given) <= set(self._numbers), wrong)
        object.__setattr__(self, "plain", tuple(sorted({int(place) for place in given})))

    @cached_property
    def numeric(self) -> list[int]:
        """The places of the numeric columns, those that stay as they are at the end."""
        return [place for place in self._numbers if place not in self.plain] + list(self.plain)

    @property
    def waved(self) -> int:
        """How many numbers are given periodically, if any are."""
        return len(self.numeric) - len(self.plain)

    @property
    def _numbers(self) -> list[int]:
        return [place for place, count in enumerate(self.categories) if not count]

    @cached_property
    def points(self) -> dict[int, tuple[int, int]]:
        """Codes and coordinates of each categorical column, by its place."""
        return {
            place: (count, self.embedding or min(LARGEST, max(1, round(1.6 * count**0.56))))
            for place, count in enumerate(self.categories)
            if count
        }

    @property
    def _sizes(self) -> list[int]:
        """Of the parts of y: numbers, what is missing, the points of each categorical column."""
        waved = self.waved * (self.periodic + self.beside) if self.periodic else self.waved
        numbers = waved + len(self.plain)
        return [numbers, len(self.numeric) * self.missing, *(size for _, size in self.points.values())]

    def output_shape(self, input_shape: Shape) -> Shape:
        if input_shape != (len(self.categories),):
            raise ShapeError(
                say(
                    "needs a row of {count} columns, but gets {input_shape}",
                    count=len(self.categories),
                    input_shape=input_shape,
                )
            )
        return (sum(self._sizes),)

    def build(self, input_shape: Shape, rng: np.random.Generator) -> tuple[Shape, Params, State]:
        params: dict[str, np.ndarray] = {}
        numbers, k = self.waved, self.periodic
        if numbers and k:
            params["frequency"] = Normal(self.sigma).draw(rng, (numbers, k), 1, k)
            params["periodic_weight"] = INITIALISERS["he_normal"].draw(rng, (numbers, 2 * k, k), 2 * k, k)
            params["periodic_bias"] = np.zeros((numbers, k))
        for place, (count, size) in self.points.items():
            params[f"embedding_{place}"] = Normal(SPREAD).draw(rng, (count + 1, size), count, size)
        return self.output_shape(input_shape), params, {}

    def forward(self, ops: Ops, params: Params, state: State, x: Array, context: Context) -> tuple[Array, Any, State]:
        columns = ops.transpose(x)  # (columns, batch)
        parts: list[Array] = []
        saved: dict[str, Any] = {"shape": ops.shape(x)}
        if self.numeric:
            values = ops.transpose(ops.gather(columns, ops.array(np.array(self.numeric, np.int32))))  # (batch, numeric)
            there = values == values  # NaN is not even itself
            saved["there"] = ops.cast(there)
            numbers = ops.where(there, values, ops.zeros_like(values))
            parts.append(self._in_waves(ops, params, numbers, saved))
            if self.missing:
                parts.append(1.0 - saved["there"])
        for place, (count, _) in self.points.items():
            code = columns[place]
            code = ops.where(code >= 0, code, float(count))
            index = ops.whole(ops.where(code < count, code, float(count)))  # (batch,)
            saved[f"index_{place}"] = index
            parts.append(ops.gather(params[f"embedding_{place}"], index))
        return ops.concatenate(parts, axis=-1) if len(parts) > 1 else parts[0], saved, state

    def backward(self, ops: Ops, params: Params, saved: Any, dy: Array) -> tuple[Array, Tree]:
        batch = saved["shape"][0]
        sizes = [size for size in self._sizes if size]
        slopes = ops.split(dy, sizes, axis=-1) if len(sizes) > 1 else [dy]
        gradients: dict[str, Array] = {}
        own: list[Array] = []  # the slopes by the columns, (1 or numeric, batch), numeric ones first
        if self.numeric:
            dnumbers, *slopes = slopes
            dnumbers, gradients = self._in_waves_back(ops, params, saved, dnumbers)
            own.append(ops.transpose(dnumbers * saved["there"]))
            slopes = slopes[1:] if self.missing else slopes
        for place, slope in zip(self.points, slopes, strict=True):
            table = params[f"embedding_{place}"]
            gradients[f"embedding_{place}"] = ops.scatter_add(ops.zeros_like(table), saved[f"index_{place}"], slope)
        if self.points:
            own.append(ops.zeros((len(self.points), batch)))
        order = np.argsort([*self.numeric, *self.points]).astype(np.int32)  # back to where each column came from
        columns = ops.concatenate(own, axis=0) if len(own) > 1 else own[0]
        return ops.transpose(ops.gather(columns, ops.array(order))), gradients

    def _in_waves(self, ops: Ops, params: Params, numbers: Array, saved: dict[str, Any]) -> Array:
        """numbers (batch, numeric), those that are given periodically first -> (batch, waved · (beside + k) + plain)."""
        if not (self.periodic and self.waved):
            return numbers
        waved, plain = self._apart(ops, numbers)
        waves = self._periodic(ops, params, waved, saved)
        as_they_are = numbers if self.beside else plain
        return waves if as_they_are is None else ops.concatenate([as_they_are, waves], axis=-1)

    def _in_waves_back(self, ops: Ops, params: Params, saved: Any, dy: Array) -> tuple[Array, dict[str, Array]]:
        if not (self.periodic and self.waved):
            return dy, {}
        same = len(self.numeric) if self.beside else len(self.plain)
        dsame, dwaves = ops.split(dy, [same, self.waved * self.periodic], axis=-1) if same else (None, dy)
        dwaved, gradients = self._periodic_back(ops, params, saved, dwaves)
        dplain = dsame
        if self.beside:
            dbeside, dplain = self._apart(ops, dsame)
            dwaved = dwaved + dbeside
        return dwaved if dplain is None else ops.concatenate([dwaved, dplain], axis=-1), gradients

    def _apart(self, ops: Ops, numbers: Array) -> tuple[Array, Array]:
        """Those that are given periodically, and the plain ones, or None where there are none."""
        if not self.plain:
            return numbers, None
        waved, plain = ops.split(numbers, [self.waved, len(self.plain)], axis=-1)
        return waved, plain

    def _periodic(self, ops: Ops, params: Params, numbers: Array, saved: dict[str, Any]) -> Array:
        batch, columns = ops.shape(numbers)
        angle = numbers[:, :, None] * (TURN * params["frequency"])  # (batch, numeric, k)
        waves = ops.concatenate([ops.cos(angle - TURN / 4.0), ops.cos(angle)], axis=-1)  # sine and cosine: (.., 2k)
        by_column = ops.transpose(waves, (1, 0, 2))  # (numeric, batch, 2k)
        z = ops.matmul(by_column, params["periodic_weight"]) + params["periodic_bias"][:, None, :]
        y = ops.maximum(z, 0.0)
        saved |= {"numbers": numbers, "waves": waves, "by_column": by_column, "y": y}
        return ops.reshape(ops.transpose(y, (1, 0, 2)), (batch, columns * self.periodic))

    def _periodic_back(self, ops: Ops, params: Params, saved: Any, dy: Array) -> tuple[Array, dict[str, Array]]:
        numbers, k = saved["numbers"], self.periodic
        batch, columns = ops.shape(numbers)
        dy = ops.transpose(ops.reshape(dy, (batch, columns, k)), (1, 0, 2))
        dz = ops.relu_gradient(saved["y"], dy)  # (numeric, batch, k)
        dwaves = ops.transpose(ops.matmul(dz, params["periodic_weight"], transpose_b=True), (1, 0, 2))
        (sine, cosine), (dsine, dcosine) = (ops.split(both, [k, k], axis=-1) for both in (saved["waves"], dwaves))
        dangle = TURN * (dsine * cosine - dcosine * sine)  # (batch, numeric, k)
        gradients = {
            "frequency": ops.sum(dangle * numbers[:, :, None], axis=0),
            "periodic_weight": ops.matmul(saved["by_column"], dz, transpose_a=True),
            "periodic_bias": ops.sum(dz, axis=1),
        }
        return ops.sum(dangle * params["frequency"], axis=-1), gradients

    def flops(self, input_shape: Shape) -> int:
        return self.waved * 4 * self.periodic**2
