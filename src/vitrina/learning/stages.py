"""The three stages in which a network learns. Everything else in this folder is about doing them often and well."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from vitrina.network.layer import Context, Params, State, Tree
from vitrina.network.network import Network
from vitrina.network.ops import Array, Ops


def forward_propagation(
    ops: Ops, network: Network, params: Params, state: State, x: Array, context: Context
) -> tuple[Array, Any, State]:
    """Left to right: x (batch, *input shape), floats or whole numbers, becomes a prediction (batch, *output shape).

    Also returns what back propagation will need, and the layers' next state.
    """
    x = ops.cast(x)  # pixels and tokens are kept as whole numbers, which only some engines would multiply with weights
    if network.input.padding is not None:
        context = replace(context, mask=network.input.mask(ops, x))
    return network.root.forward(ops, params, state, x, context)


def error(ops: Ops, network: Network, prediction: Array, target: Array, weight: Array) -> tuple[Array, Array]:
    """The cost function turns prediction and truth into one number, and its slope by the prediction.

    weight (batch,): what each example counts for.
    """
    return network.cost.value_and_gradient(ops, prediction, target, weight)


def back_propagation(ops: Ops, network: Network, params: Params, saved: Any, dprediction: Array) -> Tree:
    """Right to left: the error's slope by the prediction becomes its slope by every parameter (named as in params)."""
    return network.root.backward_first(ops, params, saved, dprediction)
