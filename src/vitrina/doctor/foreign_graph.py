"""A network of another framework as a tree: what stands one after the other, and what goes apart and joins again."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import numpy as np

from vitrina.errors import ModelError
from vitrina.locale import say
from vitrina.network.activation import Activation
from vitrina.network.containers import Branches, Residual, Sequential
from vitrina.network.layer import Layer

Arrays = list[dict[str, np.ndarray]]
Node = TypeVar("Node", bound=Hashable)


@dataclass(frozen=True)
class Part:
    """A layer, and of each layer in it that holds no others, left to right, its weights and its state."""

    layer: Layer
    weights: Arrays = field(default_factory=lambda: [{}])
    state: Arrays = field(default_factory=lambda: [{}])


class Graph(Protocol[Node]):
    """What a framework knows of its own network."""

    def sources(self, node: Node) -> Sequence[Node]:
        """Where what comes in comes from; none for the input."""
        ...

    def parts(self, node: Node) -> Sequence[Part]:
        """Of a node with one source what it does, none for what does nothing. Raises ModelError for what Vitrina does not know."""
        ...

    def merge(self, node: Node) -> str:
        """How a node with several sources joins them: 'add', 'multiply' or 'concatenate'. Raises ModelError for another way."""
        ...


@dataclass(frozen=True)
class Tree(Generic[Node]):
    """Reads a graph from its end to its start."""

    graph: Graph[Node]

    def between(self, start: Node, end: Node) -> list[Part]:
        """What is done from one node on, up to and with another. Raises ModelError where ways do not part and join in pairs."""
        found: list[Part] = []
        while end != start:
            sources = self.graph.sources(end)
            if not sources:
                raise ModelError(say("the network has more than one input; diagnose knows networks of one"))
            if len(sources) == 1:
                found = [*self.graph.parts(end), *found]
                end = sources[0]
                continue
            fork = self._fork(sources)
            ways = [self.between(fork, source) for source in sources]
            found = [_joined(self.graph.merge(end), ways), *found]
            end = fork
        return found

    def _spine(self, node: Node) -> list[Node]:
        """The nodes that everything before this one has passed, backwards."""
        spine = [node]
        while sources := self.graph.sources(spine[-1]):
            spine.append(sources[0] if len(sources) == 1 else self._fork(sources))
        return spine

    def _fork(self, sources: Sequence[Node]) -> Node:
        """The last node that all of these come from."""
        spines = [self._spine(source) for source in sources]
        common = set(spines[0]).intersection(*spines[1:])
        found = next((node for node in spines[0] if node in common), None)
        if found is None:
            raise ModelError(say("the network has more than one input; diagnose knows networks of one"))
        return found


def _joined(merge: str, ways: Sequence[Sequence[Part]]) -> Part:
    """A shortcut where one of two ways that are added does nothing, else branches."""
    empty = [way for way in ways if not way]
    if merge == "add" and len(ways) == 2 and len(empty) == 1:
        inner = next(way for way in ways if way)
        return Part(Residual(*(part.layer for part in inner)), *_arrays(inner))
    told = [way or [Part(Activation("linear"))] for way in ways]
    branches = [way[0].layer if len(way) == 1 else Sequential(*(part.layer for part in way)) for way in told]
    return Part(Branches(*branches, merge=merge), *_arrays([part for way in told for part in way]))


def _arrays(parts: Sequence[Part]) -> tuple[Arrays, Arrays]:
    return [one for part in parts for one in part.weights], [one for part in parts for one in part.state]
