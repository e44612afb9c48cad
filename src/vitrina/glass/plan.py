"""Where each layer of a network stands on the page: in which column from the left, and where it branches, in which lanes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vitrina.glass.look import is_joint, is_shown
from vitrina.network.containers import Residual, Sequential
from vitrina.network.ensemble import EnsembleDense, EnsembleMean
from vitrina.network.layer import Layer, Shape
from vitrina.network.network import Network

INPUT = "input"


@dataclass(frozen=True)
class Spot:
    """A layer, or where branches meet again, and its place.

    lanes: the first, and the one after the last; sources: the names of those whose output comes in; members: of an ensemble,
    as many as the first axis of `shape` has, 0 for layers that are no ensemble's.
    """

    name: str
    layer: Layer | None  # None for the input
    shape: Shape
    column: int
    lanes: tuple[int, int]
    sources: tuple[str, ...]
    members: int = 0

    @property
    def drawn(self) -> bool:
        """False for what only hands on what comes in: its sources are then those of whoever comes next."""
        return self.layer is None or is_shown(self.layer) or is_joint(self.layer)


@dataclass(frozen=True)
class _Flow:
    """What comes in: from whom, and of how many members of an ensemble."""

    sources: tuple[str, ...]
    members: int = 0


def plan_of(network: Network) -> list[Spot]:
    """The input and every layer but those that are `Sequential`, in the order they are passed: first what is inside a container."""
    lanes = (0, _extent(network.root)[1])
    spots = [Spot(INPUT, None, network.input_shape, 0, lanes, ())]
    _place(spots, "", network.root, network.input_shape, 1, lanes, _Flow((INPUT,)))
    return spots


def _ways(layer: Layer) -> Sequence[tuple[str, Layer]]:
    """What stands side by side in a container whose ways meet again; of the name of each, what is added to its own."""
    if isinstance(layer, Residual):
        return (("", layer.body), *((("shortcut", layer.shortcut),) if layer.shortcut else ()))
    return layer.children  # pyright: ignore


def _extent(layer: Layer) -> tuple[int, int]:
    """Columns and lanes that it takes."""
    if isinstance(layer, Sequential):
        inside = [_extent(child) for _, child in layer.children]
        return sum(columns for columns, _ in inside), max((lanes for _, lanes in inside), default=1)
    if is_joint(layer):
        inside = [_extent(way) for _, way in _ways(layer)]
        return max(columns for columns, _ in inside) + 1, sum(lanes for _, lanes in inside)
    return int(is_shown(layer)), 1


def _place(
    spots: list[Spot], name: str, layer: Layer, shape: Shape, column: int, lanes: tuple[int, int], flow: _Flow
) -> _Flow:
    """Adds the spots of a layer that gets `flow`, of `shape`, and returns what comes out of it."""
    inside = f"{name}/" if name else ""
    if isinstance(layer, Sequential):
        for (own, child), entering in zip(layer.children, layer.shapes(shape), strict=True):
            flow = _place(spots, inside + own, child, entering, column, lanes, flow)
            column += _extent(child)[0]
        return flow
    out = layer.output_shape(shape)
    members = _members(layer, out, flow.members)
    if is_joint(layer):
        columns = _extent(layer)[0] - 1
        exits: list[_Flow] = []
        top = lanes[0]
        for number, (own, way) in enumerate(_ways(layer), 1):
            wide, high = _extent(way)
            bottom = lanes[1] if number == len(_ways(layer)) else top + high
            path = inside + own if own else name
            exits.append(_place(spots, path, way, shape, column + (columns - wide) // 2, (top, bottom), flow))
            top = bottom
        if isinstance(layer, Residual) and layer.shortcut is None:
            exits.append(flow)
        members = max(one.members for one in exits)
        flow = _Flow(tuple(source for one in exits for source in one.sources))
        column += columns
    spots.append(spot := Spot(name, layer, out, column, lanes, flow.sources, members))
    return _Flow((name,) if spot.drawn else flow.sources, members)


def _members(layer: Layer, out: Shape, entering: int) -> int:
    if isinstance(layer, EnsembleDense):
        return layer.members
    return entering if not isinstance(layer, EnsembleMean) and len(out) == 2 and out[0] == entering else 0
