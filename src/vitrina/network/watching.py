"""What passed through every layer, for whoever looks: the layers themselves do not know that they are watched."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vitrina.network.ops import Array

if TYPE_CHECKING:
    from vitrina.network.layer import Layer


@dataclass
class Passed:
    """One layer in one pass of a batch.

    x, y: what came in and what went out (batch, ...); kept: what it saved for its way back. On that way dy, the error's
    slope by y, dx, by x, and gradients, by each parameter, are filled in.
    """

    name: str
    layer: Layer
    params: Any
    x: Array
    y: Array
    kept: Any
    dy: Array = None
    dx: Array = None
    gradients: Any = None

    @property
    def holds_layers(self) -> bool:
        """True for a container: its parameters are those of the layers inside, which have passed as well."""
        return hasattr(self.layer, "children")

    @property
    def own_params(self) -> Any:
        """Its parameters, nested as the layer names them; none for a container."""
        return {} if self.holds_layers else self.params

    @property
    def own_gradients(self) -> Any:
        """The slopes by `own_params`, on the way back."""
        return {} if self.holds_layers else self.gradients

    @property
    def has_sums(self) -> bool:
        """True for layers of neurons, which bend a weighted sum of their inputs."""
        return hasattr(self.layer, "error_signal")

    @property
    def weighted_sums(self) -> Array:
        """What the activation bends, of as many numbers as y; only where `has_sums`."""
        return self.kept[1]  # layers of neurons keep (x, z, y, ...)

    def error_signal(self, ops: Any) -> Array:
        """The error's slope by each weighted sum, of as many numbers as y; only where `has_sums`, and on the way back."""
        return self.layer.error_signal(ops, self.kept, self.dy)  # pyright: ignore[reportAttributeAccessIssue]


@dataclass(frozen=True)
class Watch:
    """Handed to a forward pass in its `Context`: every layer inside a container leaves its `Passed` here.

    passed: in the order they were done, what is inside a container before the container; prefix: of the names.
    """

    passed: list[Passed] = field(default_factory=list[Passed])
    prefix: str = ""

    def inside(self, name: str) -> Watch:
        """The same watch, for what is inside the layer of this name."""
        return Watch(self.passed, f"{self.prefix}{name}/")

    def note(self, layer: Layer, params: Any, x: Array, y: Array, kept: Any) -> Passed:
        """Writes down the layer this watch is inside of."""
        self.passed.append(Passed(self.prefix[:-1], layer, params, x, y, kept))
        return self.passed[-1]
