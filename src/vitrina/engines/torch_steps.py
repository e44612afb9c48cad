"""A chunk's training steps on PyTorch, one after the other: as they are, or each compiled to one call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from vitrina.engines.engine import Tree

Array = Any
Measured = list[Mapping[str, Array]]  # what each step measured
OneStep = Callable[[Tree, Mapping[str, Array], Array, Array], tuple[Tree, Mapping[str, Array]]]
Loop = Callable[[Tree, Mapping[str, Array], Sequence[Array], Sequence[Array]], tuple[Tree, Measured]]


def eagerly(one: OneStep) -> Loop:
    """Each as its Python says."""

    def loop(carried: Tree, data: Mapping[str, Array], index: Any, present: Any) -> tuple[Tree, Measured]:
        measured: Measured = []
        for rows, there in zip(index, present, strict=True):
            carried, seen = one(carried, data, rows, there)
            measured.append(seen)
        return carried, measured

    return loop


def compiled(one: OneStep) -> Loop:
    """Compiled when they first meet arrays of some shapes.

    The step is first gone through once, its kernels written down as a flat graph of tensors (`make_fx`), and that is compiled:
    its Python can then be any Python (layers use NumPy and `differentiate`), and a call has nothing to check but a list
    of tensors. The graph goes to PyTorch's compiler itself: `torch.compile` would first trace what has been traced, and
    then check at each call what cannot change, which takes as long as a small network's step.
    """
    graphs: dict[Any, tuple[Callable[..., Any], list[str]]] = {}  # by shapes: graph, names of what it measures

    def made_for(carried: Tree, data: Mapping[str, Array], index: Array, present: Array) -> tuple[Any, list[str]]:
        # Imported when they are needed: they take 74 MB, and two seconds.
        from torch._inductor import compile as compile_graph
        from torch._inductor import config
        from torch.fx.experimental.proxy_tensor import make_fx

        names: list[str] = []

        def flat(*leaves: Array) -> list[Array]:
            there = iter(leaves)
            after, seen = one(_filled(carried, there), _filled(data, there), next(there), next(there))
            names[:] = seen
            return [*_leaves(after), *seen.values()]

        arrays = [*_leaves(carried), *_leaves(data), index, present]
        # written down from shapes alone: with numbers, all that the step ever makes would be held at once
        graph = make_fx(flat, tracing_mode="fake", _allow_non_fake_inputs=True)(*arrays)
        # Else what is rounded to bfloat16 and widened again would be left as it was.
        with config.patch(emulate_precision_casts=True):
            return compile_graph(graph, arrays), names

    def loop(carried: Tree, data: Mapping[str, Array], index: Any, present: Any) -> tuple[Tree, Measured]:
        leaves, rows = _leaves(carried), _leaves(data)
        shapes = tuple((leaf.shape, leaf.dtype) for leaf in (*leaves, *rows, index[0]))
        if shapes not in graphs:
            graphs[shapes] = made_for(carried, data, index[0], present[0])
        graph, names = graphs[shapes]
        measured: Measured = []
        for own, there in zip(index, present, strict=True):
            after = graph(*leaves, *rows, own, there)
            leaves = after[: len(leaves)]
            measured.append(dict(zip(names, after[len(leaves) :], strict=True)))
        return _filled(carried, iter(leaves)), measured

    return loop


def _leaves(tree: Any) -> list[Array]:
    """The arrays of nested dicts, by name: two trees with the same names have the same order."""
    return [leaf for name in sorted(tree) for leaf in _leaves(tree[name])] if isinstance(tree, dict) else [tree]


def _filled(like: Any, leaves: Iterator[Array]) -> Any:
    """`like` with other arrays in its places."""
    return {name: _filled(like[name], leaves) for name in sorted(like)} if isinstance(like, dict) else next(leaves)
