"""What a network of classes says before it is turned into probabilities."""

from __future__ import annotations

import numpy as np

from vitrina.errors import ModelError
from vitrina.locale import say
from vitrina.model import Model
from vitrina.network.network import Network


def logits_of(model: Model, x: np.ndarray, fold: np.ndarray | None = None) -> np.ndarray:
    """Inputs as the network sees them, (rows, *input shape) -> logits (rows, classes), float64. Raises as `as_logits`.

    fold: as for `Model.raw`.
    """
    if not model.network.cost.classifies:
        raise ModelError(
            say(
                "a network with {cost} predicts numbers, and decisions are between classes",
                cost=model.network.cost.label,
            )
        )
    return as_logits(model.network, model.raw(x, fold=fold))


def as_logits(network: Network, raw: np.ndarray) -> np.ndarray:
    """What the last layer gave, as logits (rows, classes), float64: a single yes-or-no output z is the pair (0, z).

    Raises ModelError unless the answer is one class for each row.
    """
    raw = raw.astype(np.float64)
    if raw.ndim == 2 and raw.shape[1] == 1:
        return np.concatenate([np.zeros_like(raw), raw], axis=1)
    if raw.ndim != 2 or network.cost.link != "softmax":
        raise ModelError(
            say("decisions need one class for each row, and this network answers {shape}", shape=network.output_shape)
        )
    return raw
