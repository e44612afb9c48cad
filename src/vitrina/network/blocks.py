"""The well-known building blocks, composed of layers: `vt.blocks`. Each gives a `Sequential`, to be named and nested.

>>> from vitrina.network import Dense, Input, Network, blocks
>>> Network(Input((8, 8, 16)), blocks.resnet(16), blocks.resnet(32, stride=2)).output_shape
(4, 4, 32)
"""

from __future__ import annotations

from vitrina.network.activation import Activation
from vitrina.network.attention import Attention
from vitrina.network.containers import Branches, Residual, Sequential
from vitrina.network.convolution import Conv2D
from vitrina.network.dense import Dense
from vitrina.network.dropout import Dropout
from vitrina.network.layer import Layer
from vitrina.network.normalisation import BatchNorm, LayerNorm, RMSNorm


def resnet(filters: int, stride: int = 1, project: bool | None = None, name: str | None = None) -> Sequential:
    """Two 3x3 convolutions that learn what to add to what comes in: (rows, columns, channels) -> (.., .., filters).

    relu(shortcut(x) + norm(conv(relu(norm(conv(x)))))). The shortcut is x itself, or a 1x1 convolution where the shape changes:
    `project` None takes one if the stride is not 1; say True where the number of channels changes alone.
    Source: He et al. (2015), arXiv:1512.03385, figure 2, with the projection of section 3.3 (option B).
    """
    project = stride != 1 if project is None else project
    shortcut = Sequential(Conv2D(filters, 1, stride=stride, use_bias=False, padding="same"), BatchNorm())
    body = (
        Conv2D(filters, 3, stride=stride, padding="same", use_bias=False, initialiser="he_normal"),
        BatchNorm(),
        Activation("relu"),
        Conv2D(filters, 3, padding="same", use_bias=False, initialiser="he_normal"),
        BatchNorm(),
    )
    return Sequential(Residual(*body, shortcut=shortcut if project else None), Activation("relu"), name=name)


def transformer(
    width: int,
    heads: int,
    hidden: int | None = None,
    causal: bool = False,
    dropout: float = 0.0,
    activation: str = "gelu",
    name: str | None = None,
) -> Sequential:
    """An encoder block: attention, then an MLP, each added to what comes in: (steps, width) -> (steps, width).

    x + attention(norm(x)), then x + mlp(norm(x)), the norm before and not after: it learns without warm-up. `hidden`: units of
    the MLP, 4 · width unless said. causal: no step sees a later one, as in a decoder that only reads itself.
    Source: Vaswani et al. (2017), arXiv:1706.03762; the order of Xiong et al. (2020), arXiv:2002.04745.
    """
    mlp = (LayerNorm(), Dense(hidden or 4 * width, activation), Dense(width))
    return Sequential(
        Residual(LayerNorm(), Attention(heads, causal), *_dropped(dropout)),
        Residual(*mlp, *_dropped(dropout)),
        name=name,
    )


def gated_mlp(
    width: int, hidden: int | None = None, activation: str = "silu", dropout: float = 0.0, name: str | None = None
) -> Sequential:
    """An MLP whose hidden units are let through by gates, added to what comes in: (..., width) -> (..., width).

    x + ((activation(norm(x)·G) ∘ (norm(x)·V))·W), with RMS norm and no biases. `hidden` None: 8/3 · width, which costs as much
    as an MLP of 4 · width without gates. Activation "silu" is SwiGLU, "gelu" GEGLU. Source: Shazeer (2020), arXiv:2002.05202.
    """
    units = hidden or -(-8 * width // 3)
    gate = Branches(Dense(units, activation, use_bias=False), Dense(units, use_bias=False), merge="multiply")
    return Sequential(Residual(RMSNorm(), gate, Dense(width, use_bias=False), *_dropped(dropout)), name=name)


def _dropped(rate: float) -> tuple[Layer, ...]:
    return (Dropout(rate),) if rate else ()
