"""vitrina demo: a network learns handwritten digits, and one image goes through the three stages."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vitrina.commands.options import Json, Lang
from vitrina.commands.output import console, print_json

if TYPE_CHECKING:
    import numpy as np

    from vitrina.glass.trace import Trace
    from vitrina.model import Model
    from vitrina.network import Network

EPOCHS, BATCH, RATE = 8, 64, 0.003
STEP = 0.0002  # the learning rate of the one step that is shown
BRIGHTEST = 16.0  # the digits' pixels go from 0 to 16
HELD_BACK = 0.2


@dataclass(frozen=True)
class Lesson:
    """The digits, split: to learn from, and held back to judge by. x (rows, 8, 8, 1) from 0 to 1, y (rows,)."""

    x: np.ndarray
    y: np.ndarray
    held_x: np.ndarray
    held_y: np.ndarray


@dataclass(frozen=True)
class Change:
    """One weight before and after a step down the slope."""

    name: str
    slope: float
    before: float
    after: float


@dataclass(frozen=True)
class Story:
    """All that the screen shows. `image` is the held-back row that is followed: right, with the least certainty."""

    lesson: Lesson
    model: Model
    probabilities: np.ndarray  # (held-back rows, 10)
    image: int
    trace: Trace
    changes: tuple[Change, ...]
    error_after: float
    seconds: float

    @property
    def wrong(self) -> np.ndarray:
        """The held-back rows that are answered wrongly."""
        import numpy as np

        return np.flatnonzero(self.probabilities.argmax(axis=1) != self.lesson.held_y)

    @property
    def accuracy(self) -> float:
        return 1.0 - len(self.wrong) / len(self.lesson.held_y)


def demo(
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Another split, other first weights.")] = 0,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Watch a network learn handwritten digits, and one image go through the three stages."""
    began = time.perf_counter()
    lesson = prepare(seed)
    if json:
        print_json(as_json(tell(lesson, seed, progress=False, began=began)))
        return
    from vitrina.commands.demo_screen import show_end, show_lesson, show_stages

    screen = console()
    show_lesson(screen, lesson)
    story = tell(lesson, seed, progress=None, began=began)
    show_stages(screen, story)
    show_end(screen, story)


def prepare(seed: int) -> Lesson:
    """The digits with a fifth held back, every digit in its share."""
    import numpy as np

    from vitrina.data import split
    from vitrina.data.builtin import digits

    source = digits()
    parts = split(source, seed=seed, validation=0.0, test=HELD_BACK)
    kept, held = source.take(parts.train), source.take(parts.test)
    x, held_x = ((part.pixels() / BRIGHTEST).astype(np.float32) for part in (kept, held))
    return Lesson(x, kept.raw_target().values, held_x, held.raw_target().values)


def network() -> Network:
    """Three convolutions find strokes and their joins, two Dense layers decide."""
    import vitrina as vt

    return vt.Network(
        vt.Input((8, 8, 1)),
        vt.Conv2D(16, 3, padding="same", activation="relu"),
        vt.BatchNorm(),
        vt.Conv2D(32, 3, padding="same", activation="relu"),
        vt.BatchNorm(),
        vt.MaxPool2D(2),
        vt.Conv2D(64, 3, padding="same", activation="relu"),
        vt.BatchNorm(),
        vt.Flatten(),
        vt.Dropout(0.4),
        vt.Dense(64, "relu"),
        vt.Dropout(0.3),
        vt.Dense(10),
    )


def moved(x: np.ndarray) -> np.ndarray:
    """The images, then each moved by half a pixel in the eight directions: nobody writes twice in the same place."""
    import numpy as np

    def half(images: np.ndarray, step: int, axis: int) -> np.ndarray:
        """The mean of the images and of themselves moved by a pixel (step 1 or -1); what comes in is empty."""
        if step == 0:
            return images
        shifted = np.roll(images, step, axis)
        np.moveaxis(shifted, axis, 0)[0 if step > 0 else -1] = 0.0
        return (images + shifted) / 2

    steps = [(0, 0), *((down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if down or right)]
    return np.concatenate([half(half(x, down, 1), right, 2) for down, right in steps])


def tell(lesson: Lesson, seed: int, progress: bool | None, began: float) -> Story:
    """Trains, judges once by the images held back, and follows one of them."""
    import numpy as np

    from vitrina.training import train

    copies = moved(lesson.x)
    model = train(
        (copies, np.tile(lesson.y, len(copies) // len(lesson.x))),
        network=network(),
        optimizer="adam",
        learning_rate=RATE,
        schedule="one_cycle",
        epochs=EPOCHS,
        batch_size=BATCH,
        seed=seed,
        progress=progress,
    )
    probabilities = model.predict_proba(lesson.held_x, engine="numpy")
    rows = np.arange(len(lesson.held_y))
    right = probabilities.argmax(axis=1) == lesson.held_y
    image = int(np.argmin(np.where(right, probabilities[rows, lesson.held_y], np.inf)))
    pixels, label = lesson.held_x[image], int(lesson.held_y[image])
    trace = model.trace(pixels, label)
    after = _stepped(model, trace).trace(pixels, label).error.value
    return Story(lesson, model, probabilities, image, trace, _changes(trace), after, time.perf_counter() - began)


def _stepped(model: Model, trace: Trace) -> Model:
    """The model after one step down the slope of this one image's error."""
    from dataclasses import replace

    slopes = {
        f"{name}/{own}": slope for name, layer in trace.backward.items() for own, slope in layer.gradients.items()
    }
    return replace(model, weights={name: weight - STEP * slopes[name] for name, weight in model.weights.items()})


def _changes(trace: Trace) -> tuple[Change, ...]:
    """The weight of each layer that would change most, from the last layer to the first."""
    import numpy as np

    changes: list[Change] = []
    for name, layer in trace.backward.items():
        if "weight" in layer.gradients:
            slopes, weights = layer.gradients["weight"], trace.forward[name].params["weight"]
            place = np.unravel_index(int(np.abs(slopes).argmax()), slopes.shape)
            slope, before = float(slopes[place]), float(weights[place])
            index = ", ".join(str(int(at)) for at in place)
            changes.append(Change(f"{name}/weight[{index}]", slope, before, before - STEP * slope))
    return tuple(changes)


def most_active(values: np.ndarray, count: int) -> list[int]:
    """The neurons (or filters, by their mean) with the greatest values, greatest first; values (..., neurons)."""
    import numpy as np

    strength = np.abs(values).reshape(-1, values.shape[-1]).mean(axis=0)
    return [int(place) for place in np.argsort(-strength, kind="stable")[:count]]


def as_json(story: Story) -> dict[str, Any]:
    """The story for programs."""
    import numpy as np

    trace, lesson = story.trace, story.lesson
    active = {name: layer.output for name, layer in trace.forward.items() if layer.weighted_sums is not None}
    signals = {name: layer.error_signals for name, layer in trace.backward.items() if layer.error_signals is not None}
    return {
        "accuracy": story.accuracy,
        "images": {"learned_from": len(lesson.y), "never_seen": len(lesson.held_y), "wrong": len(story.wrong)},
        "engine": story.model.settings["engine"],
        "seconds": round(story.seconds, 3),
        "history": list(story.model.history),
        "image": {
            "row": story.image,
            "truth": int(lesson.held_y[story.image]),
            "pixels": lesson.held_x[story.image][..., 0],
        },
        "forward": {
            name: [
                {"neuron": unit, "mean_activation": float(values[..., unit].mean())} for unit in most_active(values, 5)
            ]
            for name, values in active.items()
        },
        "prediction": trace.error.prediction,
        "error": {"value": trace.error.value, "slope": trace.error.slope, "after_one_step": story.error_after},
        "backward": {name: {"mean_error_signal": float(np.abs(values).mean())} for name, values in signals.items()},
        "weight_changes": [vars(change) for change in story.changes],
    }
