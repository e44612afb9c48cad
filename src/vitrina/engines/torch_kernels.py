"""PyTorch's own kernels for what a layer does, each with its way back: a few passes over memory where the layers' words take many."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import torch

from vitrina.network.ops import Kernels

Array = Any
aten = torch.ops.aten
ALL = [True, True, True]  # slopes that are wanted


@cache
def chosen(eager: bool, precision: str, device: torch.device, side_by_side: bool) -> Kernels:
    """Those that pay. Compiled, PyTorch fuses what a layer writes, as far as it is no matrix product: that is faster.

    side_by_side: within `vmap`, which would run the kernel of attention once for each network.
    """
    alone = device.type == "cpu" and precision != "bfloat16" and not side_by_side
    attention = _attention if alone else None
    if not eager:
        return Kernels(attention=attention)
    return Kernels(_batch_norm, _layer_norm, attention, aten.gelu, _gelu_gradient)


def _batch_norm(x: Array, scale: Array, shift: Array, epsilon: float) -> Any:
    first = x.movedim(-1, 1)
    # running averages without a memory: they become the mean and the variance of this batch
    now, spread = torch.zeros_like(scale), torch.zeros_like(scale)
    y, mean, inverse = aten.native_batch_norm(first, scale, shift, now, spread, True, 1.0, epsilon)

    def back(dy: Array) -> tuple[Array, Array, Array]:
        dfirst = dy.movedim(-1, 1)
        dx, dscale, dshift = aten.native_batch_norm_backward(
            dfirst, first, scale, None, None, mean, inverse, True, epsilon, ALL
        )
        return dx.movedim(1, -1), dscale, dshift

    count = math.prod(x.shape[:-1])
    plain = spread * ((count - 1) / count) if count > 1 else torch.zeros_like(spread)  # it gives the one of Bessel
    return y.movedim(1, -1), mean, plain, back


def _layer_norm(x: Array, scale: Array, shift: Array, epsilon: float) -> Any:
    over = [x.shape[-1]]
    y, mean, inverse = aten.native_layer_norm(x, over, scale, shift, epsilon)

    def back(dy: Array) -> tuple[Array, Array, Array]:
        return aten.native_layer_norm_backward(dy, x, over, mean, inverse, scale, shift, ALL)

    return y, back


def _attention(q: Array, k: Array, v: Array, causal: bool) -> Any:
    """Block by block, so that the table of who looks at whom is never there: Dao et al. (2022), arXiv:2205.14135."""
    forth = aten._scaled_dot_product_flash_attention_for_cpu
    y, total = forth(q, k, v, 0.0, causal, attn_mask=None, scale=1.0)

    def back(dy: Array) -> tuple[Array, Array, Array]:
        return aten._scaled_dot_product_flash_attention_for_cpu_backward(
            dy, q, k, v, y, total, 0.0, causal, attn_mask=None, scale=1.0
        )

    return y, back


def _gelu_gradient(z: Array, dy: Array) -> Array:
    return aten.gelu_backward(dy, z)
