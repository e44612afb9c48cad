"""Random numbers that depend on nothing but a key and a position, so that every engine draws the very same ones.

Frameworks' own generators differ from each other and carry hidden state; a hash of a counter has neither problem
(Salmon et al. 2011, Parallel random numbers: as easy as 1, 2, 3). The hash is Wellons' triple32, a bijection of 32 bits
with a bias within noise of a random one (nullprogram.com/blog/2018/07/31, 2018). For dropout and noise, not for
cryptography.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

STEPS = ((17, 0xED5AD4BB), (11, 0xAC4C1B51), (15, 0x31848BAB))
LAST_SHIFT = 14
GOLDEN = 0x9E3779B9  # 2**32 over the golden ratio: spreads consecutive numbers (Knuth, volume 3, section 6.4)
WIDTH = 2.0**-24  # 24 random bits fit float32 exactly, so a number is the same in float32 and float64

Word = Any  # 32 bits: uint32, or int64 holding them where an engine has no unsigned arithmetic


def triple32(
    x: Word, xor: Callable[[Word, Word], Word], right: Callable[[Word, int], Word], times: Callable[[Word, int], Word]
) -> Word:
    """32 well-mixed bits from 32; `times` wraps around at 2**32."""
    for shift, factor in STEPS:
        x = times(xor(x, right(x, shift)), factor)
    return xor(x, right(x, LAST_SHIFT))


def triple32_int(x: int) -> int:
    """The same on a Python whole number."""
    return triple32(x & 0xFFFFFFFF, lambda a, b: a ^ b, lambda a, n: a >> n, lambda a, b: a * b & 0xFFFFFFFF)


def word_of(seed: int) -> int:
    """A seed as the 32 bits that a step's key begins with, as a signed number: what a population carries for each member."""
    word = triple32_int(seed)
    return word - (1 << 32) if word >> 31 else word
