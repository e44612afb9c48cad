"""The three stages in which a network learns. Everything else in this folder is about doing them often and well."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

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


def answers(
    ops: Ops, network: Network, params: Params, state: State, x: Array, fold: Array = None, weight: Array = None
) -> Array:
    """What the network says when it does not learn: (batch, *output shape). x, weight as for the stages.

    fold (batch,): of an ensemble, the member that alone answers for the example, because it did not learn from it.
    """
    context = Context(weight=weight, returns=False, apart=fold is not None)
    prediction, _, _ = forward_propagation(ops, network, params, state, x, context)
    if fold is None:
        return prediction
    batch, members, *rest = ops.shape(prediction)
    first = ops.array(np.arange(batch, dtype=np.int32) * members)
    return ops.gather(ops.reshape(prediction, (batch * members, *rest)), first + fold)


def error(
    ops: Ops, network: Network, prediction: Array, target: Array, weight: Array, fold: Array = None
) -> tuple[Array, Array]:
    """The cost function turns prediction and truth into one number, and its slope by the prediction.

    weight (batch,): what each example counts for. The members of an ensemble, while they learn, are judged each by itself:
    the number is the mean of theirs. fold (batch,): the member that does not learn from the example, if one does not.
    """
    if not _of_members(ops, network, prediction):
        return network.cost.value_and_gradient(ops, prediction, target, weight)
    shape = ops.shape(prediction)  # (batch, members, *output shape)
    each, examples = _side_by_side(ops, prediction)
    truth, counts = ops.gather(target, examples), ops.gather(weight, examples)
    if fold is not None:
        members = np.tile(np.arange(shape[1], dtype=np.int32), shape[0])
        counts = counts * ops.cast(ops.gather(fold, examples) != ops.array(members))
    value, slope = network.cost.value_and_gradient(ops, each, truth, counts)
    return value, ops.reshape(slope, shape)


def errors(ops: Ops, network: Network, prediction: Array, target: Array) -> Array:
    """Each example's own error, the mean over the members of an ensemble that learns: (batch,)."""
    if not _of_members(ops, network, prediction):
        return network.cost.per_example(ops, prediction, target)
    each, examples = _side_by_side(ops, prediction)
    own = network.cost.per_example(ops, each, ops.gather(target, examples))
    return ops.mean(ops.reshape(own, ops.shape(prediction)[:2]), axis=1)


def _of_members(ops: Ops, network: Network, prediction: Array) -> bool:
    """True where each member of an ensemble has answered for itself: there is an axis more than the network's output has."""
    return len(ops.shape(prediction)) > 1 + len(network.output_shape)


def _side_by_side(ops: Ops, prediction: Array) -> tuple[Array, Array]:
    """The members' answers as examples (batch · members, *output shape), and of which example each is."""
    batch, members, *rest = ops.shape(prediction)
    examples = np.repeat(np.arange(batch, dtype=np.int32), members)
    return ops.reshape(prediction, (batch * members, *rest)), ops.array(examples)


def back_propagation(ops: Ops, network: Network, params: Params, saved: Any, dprediction: Array) -> Tree:
    """Right to left: the error's slope by the prediction becomes its slope by every parameter (named as in params)."""
    return network.root.backward_first(ops, params, saved, dprediction)
