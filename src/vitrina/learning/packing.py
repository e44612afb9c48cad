"""All parameters as one long vector, for engines where each operation is paid for when it is called.

Adam takes about ten operations for each array; a network has dozens of arrays. Packed, it takes ten in all. The layers
see views into the vector, so nothing is copied on the way to them.
"""

from __future__ import annotations

import math
from typing import Any

from vitrina.network.layer import Tree
from vitrina.network.network import flatten
from vitrina.network.ops import Array, Ops

ALL = "all"  # the one name in a packed tree


class Packing:
    """The order and shapes of a network's parameters in the vector."""

    def __init__(self, params: Tree) -> None:
        self.shapes = {name: tuple(array.shape) for name, array in flatten(params).items()}
        self.sizes = [math.prod(shape) for shape in self.shapes.values()]
        self._paths = [tuple(name.split("/")) for name in self.shapes]  # taken apart once, not at every step

    def pack(self, ops: Ops, tree: Tree) -> Tree:
        """Nested arrays (in any order of names) as `{"all": (parameters,)}`; trees without arrays stay empty."""
        parts = [_at(tree, path) for path in self._paths]
        if not parts or isinstance(parts[0], dict):
            return {ALL: {}}
        flat = [
            part if len(shape) == 1 else ops.reshape(part, (-1,))
            for part, shape in zip(parts, self.shapes.values(), strict=True)
        ]
        return {ALL: ops.concatenate(flat, axis=0)}

    def unpack(self, ops: Ops, packed: Tree) -> dict[str, Any]:
        """The vector as nested arrays, views where the engine has them."""
        vector: Array = packed[ALL]
        if isinstance(vector, dict):
            return {}
        tree: dict[str, Any] = {}
        parts = ops.split(vector, self.sizes, axis=0)
        for path, part, shape in zip(self._paths, parts, self.shapes.values(), strict=True):
            inside = tree
            for name in path[:-1]:
                inside = inside.setdefault(name, {})
            inside[path[-1]] = part if len(shape) == 1 else ops.reshape(part, shape)
        return tree

    def enter(self, ops: Ops, carried: dict[str, Any]) -> dict[str, Any]:
        """What training carries, packed: parameters, their running mean if there is one, and each of the optimizer's slots."""
        slots = {slot: self.pack(ops, tree) for slot, tree in carried["optimizer"].items()}
        return carried | {name: self.pack(ops, carried[name]) for name in _alike(carried)} | {"optimizer": slots}

    def leave(self, ops: Ops, carried: dict[str, Any], like: dict[str, Any]) -> dict[str, Any]:
        """The other way round; `like` is what was carried before `enter`, for trees that hold no arrays."""
        slots = {
            slot: self.unpack(ops, tree) if flatten(like["optimizer"][slot]) else like["optimizer"][slot]
            for slot, tree in carried["optimizer"].items()
        }
        return carried | {name: self.unpack(ops, carried[name]) for name in _alike(carried)} | {"optimizer": slots}


def _alike(carried: dict[str, Any]) -> list[str]:
    return [name for name in ("params", "average") if name in carried]


def _at(tree: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        tree = tree[name]
    return tree
