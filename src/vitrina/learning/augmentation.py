"""Images changed at random while a network learns, so that it sees more of them than there are.

Within the training step and through the engine's own operations, with random numbers that are the same on every engine;
what is judged or predicted is never touched. x is (batch, rows, columns, channels), as the network sees it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from vitrina.errors import NetworkError, UsageError
from vitrina.locale import say
from vitrina.network.codec import Described
from vitrina.network.layer import require
from vitrina.network.ops import Array, Ops

KEY = 1 << 20  # beyond the place of any layer, whose keys are folded in from 0 on
GREY = (0.299, 0.587, 0.114)  # how bright red, green and blue are seen (ITU-R BT.601)


@dataclass(frozen=True)
class Augmentation(Described):
    """A random change of images. One of your own gives `move`, which says where each pixel comes from, or `change`."""

    def move(self, ops: Ops, key: Array, rows: Array, columns: Array) -> tuple[Array, Array]:
        """From where each row and each column of an image is taken: int32 (batch, rows), (batch, columns)."""
        return rows, columns

    def change(self, ops: Ops, key: Array, x: Array) -> Array:
        """The images with other pixels, of the same shape."""
        return x

    @property
    def moves(self) -> bool:
        """True if `move` does anything."""
        return type(self).move is not Augmentation.move


@dataclass(frozen=True)
class Flip(Augmentation):
    """Left becomes right in one image of two. Not for digits, letters, or whatever means something else in a mirror."""

    def move(self, ops: Ops, key: Array, rows: Array, columns: Array) -> tuple[Array, Array]:
        batch, width = ops.shape(columns)
        turned = ops.whole(ops.random_uniform(key, (batch, 1)) * 2.0)  # 0 or 1
        return rows, columns + turned * ((width - 1) - 2 * columns)


@dataclass(frozen=True)
class Shift(Augmentation):
    """Each image moved by up to `pixels` up or down and left or right; its edge is drawn out where it leaves a gap.

    The same as a random crop out of an image with its edge repeated all around (He et al. 2015, arXiv:1512.03385, with zeros).
    """

    pixels: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        require(
            _whole(self.pixels) and self.pixels >= 1,
            say(
                "{kind}: {name} must be a whole number of 1 or more, not {value!r}",
                kind="shift",
                name="pixels",
                value=self.pixels,
            ),
        )

    def move(self, ops: Ops, key: Array, rows: Array, columns: Array) -> tuple[Array, Array]:
        moved: list[Array] = []
        for place, lines in enumerate((rows, columns)):
            batch, count = ops.shape(lines)
            by = (
                ops.whole(ops.random_uniform(ops.fold_in(key, place), (batch, 1)) * float(2 * self.pixels + 1))
                - self.pixels
            )
            moved.append(ops.minimum(ops.maximum(lines + by, 0), count - 1))
        return moved[0], moved[1]


@dataclass(frozen=True)
class Cutout(Augmentation):
    """A square of `size` pixels of each image, anywhere, takes the image's mean (DeVries and Taylor 2017, arXiv:1708.04552)."""

    size: int = 8

    def __post_init__(self) -> None:
        super().__post_init__()
        require(
            _whole(self.size) and self.size >= 1,
            say(
                "{kind}: {name} must be a whole number of 1 or more, not {value!r}",
                kind="cutout",
                name="size",
                value=self.size,
            ),
        )

    def change(self, ops: Ops, key: Array, x: Array) -> Array:
        batch, height, width, _ = ops.shape(x)
        inside: list[Array] = []
        for place, count in enumerate((height, width)):
            first = ops.whole(ops.random_uniform(ops.fold_in(key, place), (batch, 1)) * float(count)) - self.size // 2
            line = ops.array(np.arange(count, dtype=np.int32)[None])
            inside.append(ops.cast(line >= first) * ops.cast(line < first + self.size))
        hidden = ops.reshape(inside[0], (batch, height, 1, 1)) * ops.reshape(inside[1], (batch, 1, width, 1))
        return x + hidden * (ops.mean(x, axis=(1, 2), keepdims=True) - x)


@dataclass(frozen=True)
class ColourJitter(Augmentation):
    """Each image made lighter or darker, and of more or less contrast and colour.

    brightness: moved by up to so many standard deviations of the image; contrast, saturation: distances from its mean, and from
    grey, times 1 - s to 1 + s. Images of other than three channels have no saturation.
    """

    brightness: float = 0.2
    contrast: float = 0.2
    saturation: float = 0.2

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("brightness", "contrast", "saturation"):
            value = getattr(self, name)
            require(
                _number(value) and 0.0 <= value <= 1.0,
                say("{kind}: {name} must lie between 0 and 1, not {value!r}", kind="jitter", name=name, value=value),
            )

    def change(self, ops: Ops, key: Array, x: Array) -> Array:
        batch, channels = ops.shape(x)[0], ops.shape(x)[3]

        def by(place: int, most: float) -> Array:
            return (ops.random_uniform(ops.fold_in(key, place), (batch, 1, 1, 1)) * 2.0 - 1.0) * most

        mean = ops.mean(x, axis=(1, 2, 3), keepdims=True)
        spread = ops.sqrt(ops.mean((x - mean) * (x - mean), axis=(1, 2, 3), keepdims=True))
        x = mean + by(0, self.brightness) * spread + (x - mean) * (1.0 + by(1, self.contrast))
        if channels != 3 or not self.saturation:
            return x
        grey = ops.sum(x * ops.array(np.array(GREY)), axis=3, keepdims=True)
        return grey + (x - grey) * (1.0 + by(2, self.saturation))


@dataclass(frozen=True)
class Mixup(Augmentation):
    """Each example mixed with another of its batch, and judged by both targets (Zhang et al. 2018, arXiv:1710.09412).

    x = s·x + (1 - s)·x', error = s·error(y) + (1 - s)·error(y'), with s ~ Beta(alpha, alpha), the larger of s and 1 - s.
    """

    alpha: float = 0.2

    def __post_init__(self) -> None:
        super().__post_init__()
        require(
            _number(self.alpha) and self.alpha > 0,
            say("mixup: alpha must be a number above 0, not {value!r}", value=self.alpha),
        )

    def share(self, ops: Ops, key: Array, batch: int) -> Array:
        """(batch,) from 1/2 to 1: what each example keeps of itself."""
        table = _beta_quantiles(self.alpha)
        place = ops.whole(ops.random_uniform(ops.fold_in(key, KEY - 2), (batch,)) * float(len(table)))
        return ops.gather(ops.array(table), place)

    def partners(self, ops: Ops, key: Array, batch: int) -> Array:
        """(batch,) int32: whom each example is mixed with, the batch moved on by a random number of places."""
        by = ops.whole(ops.random_uniform(ops.fold_in(key, KEY - 1), (1,)) * float(max(1, batch - 1))) + 1
        place = ops.array(np.arange(batch, dtype=np.int32)) + by
        return place - ops.whole(ops.cast(place >= batch)) * batch


def augmented(ops: Ops, augmentations: Sequence[Augmentation], key: Array, x: Array) -> Array:
    """x (batch, rows, columns, channels) after all that moves pixels, in one gather, and then all that changes them."""
    keys = {place: ops.fold_in(key, KEY + place) for place in range(len(augmentations))}
    moving = [(keys[place], one) for place, one in enumerate(augmentations) if one.moves]
    if moving:
        batch, height, width, channels = ops.shape(x)
        rows, columns = (
            ops.array(np.repeat(np.arange(count, dtype=np.int32)[None], batch, axis=0)) for count in (height, width)
        )
        for own, one in moving:
            rows, columns = one.move(ops, own, rows, columns)
        first = ops.array(np.arange(batch, dtype=np.int32)[:, None] * np.int32(height))
        lines = ops.reshape((first + rows) * width, (batch, height, 1)) + ops.reshape(columns, (batch, 1, width))
        x = ops.gather(ops.reshape(x, (batch * height * width, channels)), lines)
    for place, one in enumerate(augmentations):
        x = one.change(ops, keys[place], x)
    return x


def mixup_of(augmentations: Sequence[Augmentation]) -> Mixup | None:
    """The one that mixes examples, which takes their targets too."""
    return next((one for one in augmentations if isinstance(one, Mixup)), None)


def _beta_quantiles(alpha: float, count: int = 4096) -> np.ndarray:
    """(count,) values of the larger of s and 1 - s for s ~ Beta(alpha, alpha), at evenly spaced shares of all draws.

    The density x^(alpha-1) (1-x)^(alpha-1) has no end at 0 for alpha < 1; in u = x^alpha it has, and is summed up there.
    """
    u = np.linspace(0.0, 0.5**alpha, 20_001)
    x = u ** (1.0 / alpha)
    density = (1.0 - x) ** (alpha - 1.0)
    below = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2.0)])
    places = (np.arange(count) + 0.5) / count
    return 1.0 - np.interp(places, below / below[-1], x)


NAMES: Mapping[str, type[Augmentation]] = {
    "flip": Flip,
    "shift": Shift,
    "cutout": Cutout,
    "jitter": ColourJitter,
    "mixup": Mixup,
}


def augmentations_named(given: str | Sequence[Any] | None) -> tuple[Augmentation, ...]:
    """ "flip,shift=2" or a sequence of these and of Augmentations -> Augmentations. Raises UsageError for anything else."""
    if given is None or given in ("none", ""):
        return ()
    parts = given.split(",") if isinstance(given, str) else list(given) if isinstance(given, list | tuple) else [given]
    found = tuple(part if isinstance(part, Augmentation) else _named(part) for part in parts)
    kinds = [type(one) for one in found]
    if twice := next((kind.__name__ for kind in kinds if kinds.count(kind) > 1), None):
        raise UsageError(say("augment: {twice} is there twice; give it once", twice=twice))
    return found


def checked_augmentations(given: str | Sequence[Any] | None, input_shape: Sequence[int]) -> tuple[Augmentation, ...]:
    """`augmentations_named`, for inputs of this shape. Raises UsageError where there are no images to change."""
    found = augmentations_named(given)
    if len(input_shape) != 3 and any(not isinstance(one, Mixup) for one in found):
        shape = ", ".join(map(str, input_shape))
        raise UsageError(
            say(
                "augment: flip, shift, cutout and jitter change images, and the inputs are ({shape}); leave it out",
                shape=shape,
            )
        )
    return found


def _how() -> str:
    return say("write flip, shift=2, cutout=8, jitter=0.2 and mixup=0.2, as many of them as you like")


def _named(part: Any) -> Augmentation:
    name, equals, value = str(part).strip().partition("=")
    kind = NAMES.get(name.strip().lower())
    if kind is None or (equals and not fields(kind)):
        raise UsageError(
            say("augment: {given!r} is nothing that can be done to images; {how}", given=str(part).strip(), how=_how())
        )
    if not equals:
        return _made(kind, {})
    try:
        number: Any = float(value)
        if not np.isfinite(number):
            raise ValueError
    except ValueError:
        raise UsageError(
            say("augment: {name} takes a number, not {value!r}; {how}", name=name, value=value, how=_how())
        ) from None
    number = int(number) if number == int(number) and kind in (Shift, Cutout) else number
    return _made(kind, dict.fromkeys((field.name for field in fields(kind)), number))


def _made(kind: Any, arguments: dict[str, Any]) -> Augmentation:
    try:
        return kind(**arguments)
    except NetworkError as error:
        raise UsageError(f"augment: {error}") from None


def _whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool) and bool(np.isfinite(value))
