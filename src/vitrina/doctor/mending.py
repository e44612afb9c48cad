"""A network with something changed: what remedies are made of."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from vitrina.network.activation import Activation
from vitrina.network.containers import Sequential
from vitrina.network.costs import Cost
from vitrina.network.dense import Dense
from vitrina.network.layer import Layer
from vitrina.network.network import Network
from vitrina.network.normalisation import BatchNorm, LayerNorm
from vitrina.network.scale import Scale

Change = Callable[[str, Layer], "Layer | Sequence[Layer] | None"]  # another layer, several, or none in its place


def changed(network: Network, change: Change, cost: Cost | str | None = None) -> Network:
    """The network with every layer that holds no others passed through `change`, by its full name."""
    layers = _changed("", network.root, change)
    return Network(network.input, *layers, cost=cost if cost is not None else network.cost)


def _changed(prefix: str, container: Any, change: Change) -> list[Layer]:
    found: list[Layer] = []
    for name, layer in container.children:
        if hasattr(layer, "children"):
            fields = {
                f.name: getattr(layer, f.name) for f in dataclasses.fields(layer) if f.init and f.name != "layers"
            }
            found.append(type(layer)(*_changed(f"{prefix}{name}/", layer, change), **fields))
            continue
        after = change(prefix + name, layer)
        found += [after] if isinstance(after, Layer) else list(after or ())
    return found


def with_fields(layer: Layer, **fields: Any) -> Layer:
    """The layer with those of the fields changed that it has."""
    known = {field.name for field in dataclasses.fields(layer)}
    return dataclasses.replace(layer, **{name: value for name, value in fields.items() if name in known})


def with_activation(network: Network, activation: str, of: Sequence[str]) -> Network:
    """Other activations for the layers of these names, started as suits them."""

    def change(name: str, layer: Layer) -> Layer:
        if name not in of:
            return layer
        if isinstance(layer, Activation):
            return Activation(activation)
        return with_fields(layer, activation=activation, initialiser=None)

    return changed(network, change)


def with_usual_weights(network: Network, of: Sequence[str] | None = None) -> Network:
    """Every layer (or those of these names) started as suits its activation."""
    return changed(
        network, lambda name, layer: with_fields(layer, initialiser=None) if of is None or name in of else layer
    )


def with_normalisation(network: Network) -> Network:
    """Layer normalisation (batch normalisation behind convolutions) between a hidden layer's sums and its activation."""
    weighted = [name for name, layer, _ in network.walk() if hasattr(layer, "units") or hasattr(layer, "filters")]

    def change(name: str, layer: Layer) -> Layer | Sequence[Layer]:
        activation = getattr(layer, "activation", None)
        if name not in weighted[:-1] or not isinstance(activation, str):
            return layer
        plain = with_fields(layer, activation="linear", initialiser=None)
        return [plain, LayerNorm() if isinstance(layer, Dense) else BatchNorm(), Activation(activation)]

    return changed(network, change)


def without_output_activation(network: Network, last: str) -> Network:
    """The last layer with its weighted sums as they are."""

    def change(name: str, layer: Layer) -> Layer | None:
        if name != last:
            return layer
        return None if isinstance(layer, Activation) else with_fields(layer, activation="linear", initialiser=None)

    return changed(network, change)


def in_front(network: Network, *layers: Layer) -> Network:
    return Network(network.input, *layers, *network.layers, cost=network.cost)


def without_columns(network: Network, columns: Sequence[int]) -> Network | None:
    """It goes on taking whole rows; its first layer makes these columns 0. None where rows are not columns."""
    if len(network.input_shape) != 1:
        return None
    factor = np.ones(network.input_shape[0])
    factor[list(columns)] = 0.0
    return in_front(network, Scale(tuple(factor)))


def behind(network: Network, *layers: Layer, cost: Cost | str | None = None) -> Network:
    return Network(network.input, *network.layers, *layers, cost=cost if cost is not None else network.cost)


def inner_sequential(network: Network) -> bool:
    """True if every layer stands one after the other."""
    return all(not hasattr(layer, "children") or isinstance(layer, Sequential) for _, layer, _ in network.walk())
