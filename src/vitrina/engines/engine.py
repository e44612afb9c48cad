"""What every engine offers: operations, a place to put arrays, and many training steps compiled into one call."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from vitrina.network.ops import Array, Ops

Tree = Any  # nested dicts of arrays
EVERYTHING = sys.maxsize  # for `Engine.packs_up_to`
# What can be asked for, and what arrays are made of then. "bfloat16": the operands of matrix products and convolutions are
# rounded to 8 bits of mantissa and their terms added up in float32; all else (weights, their updates, the error) is float32.
# Source: Kalamkar et al. (2019), arXiv:1905.12322.
PRECISIONS = {"float32": "float32", "bfloat16": "float32", "float64": "float64"}
Step = Callable[[Ops, Tree, Mapping[str, Array]], tuple[Tree, Mapping[str, Array]]]


@dataclass(frozen=True)
class Chunk:
    """Which examples each of the next steps sees.

    index (steps, batch) int32: rows of the data, or (steps, members, batch) where each member of a population sees its own;
    present (steps, batch): 1, or 0 for the padding of a last batch. Only the first `count` steps are run: a chunk of a fixed
    shape with a varying count is compiled once.
    """

    index: np.ndarray
    present: np.ndarray
    count: int

    @cached_property
    def full(self) -> np.ndarray:
        """True for each step of which no example is padding: (steps,)."""
        return np.asarray(self.present.all(axis=1))

    def parts(self) -> list[tuple[Chunk, bool]]:
        """The chunk as runs of steps that are full, or not, in their order, with the shape it has.

        That a step is full must not depend on what it shares a call with: the bits of its results would, too.
        """
        found: list[tuple[Chunk, bool]] = []
        first = 0
        for step in range(1, self.count + 1):
            if step == self.count or self.full[step] != self.full[first]:
                index, present = np.roll(self.index, -first, axis=0), np.roll(self.present, -first, axis=0)
                found.append((Chunk(index, present, step - first), bool(self.full[first])))
                first = step
        return found


def whole_batch(rows: int) -> Chunk:
    """One step that sees all of so many rows, in their order."""
    return Chunk(np.arange(rows, dtype=np.int32)[None], np.ones((1, rows), np.float32), 1)


class Run(Protocol):
    """A compiled step: carries the state through all the batches of a chunk, in one call.

    `data` is a dict of device arrays whose first axis is the example. The step sees the batch's rows of each, and "present"
    (batch,), which engines that pay for each operation leave out where no example is padding. What it measures comes back
    stacked, (count, ...), as NumPy arrays.
    """

    def __call__(
        self, carried: Tree, data: Mapping[str, Array], chunk: Chunk
    ) -> tuple[Tree, dict[str, np.ndarray]]: ...


class Engine(Protocol):
    """Where the arithmetic runs. Made by `vitrina.engines.get(name, precision)`."""

    name: str
    variant: str  # how this engine runs a chunk: "eager", "compiled", "scan", "eigen", "graph", "xla"
    precision: str  # one of PRECISIONS
    dtype: str  # of its arrays
    ops: Ops
    packs_up_to: int  # parameters: that many are updated faster as one long vector than as many short ones
    one_core_below: int  # FLOPs of a step: of a smaller one the program keeps to one core, so that several may run at once; 0: of none

    def put(self, tree: Tree) -> Tree:
        """NumPy arrays as device arrays: floats in this engine's type, whole numbers as int32."""
        ...

    def get(self, tree: Tree) -> Tree:
        """Device arrays as NumPy arrays that own their memory."""
        ...

    def compile(self, step: Step, donate: bool = True, flops: int | None = None) -> Run:
        """`step` as a call that runs a chunk of steps.

        donate: the call may reuse the memory of the carried tree, which must then not be used afterwards.
        flops: about what one step takes, of one network where it teaches several side by side, if that is known: what is fast for
        large steps can be slow for small ones.
        """
        ...

    def devices(self) -> list[str]:
        """The devices it can run on, the one it uses first: `cpu`, or `gpu: NVIDIA H200`."""
        ...


def tree_map(function: Callable[..., Any], tree: Tree, *others: Tree) -> Tree:
    """`function` on every array of nested dicts, in their order."""
    if isinstance(tree, dict):
        return {name: tree_map(function, value, *(other[name] for other in others)) for name, value in tree.items()}
    return function(tree, *others)


def as_numpy(value: Any, dtype: str) -> np.ndarray:
    """Floats in `dtype`, whole numbers as int32 (labels and counters), or as floats beyond it; truth values as they are."""
    array = np.asarray(value)
    if array.dtype.kind == "f":
        return np.asarray(array, dtype=dtype, order="C")
    if array.dtype.kind not in "iu":
        return array
    fits = np.can_cast(array.dtype, np.int32) or not array.size or (array.min() >= -(2**31) and array.max() < 2**31)
    return np.asarray(array, dtype=np.int32 if fits else dtype, order="C")
