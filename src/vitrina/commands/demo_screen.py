"""What `vitrina demo` shows: the lesson, the three stages of one image, and how good the network is."""

from __future__ import annotations

from typing import Any

import numpy as np
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from vitrina.commands.demo import STEP, Lesson, Story, most_active
from vitrina.commands.output import bar, curve, marked
from vitrina.commands.pictures import GLOW, INK, SIGNAL, gallery, picture, strip
from vitrina.locale import say

AROUND = 62  # columns that a stage needs beside the pictures of its layers
PICTURE = 9  # columns of one of them, with the gap
STAGE_COLOURS = ("cyan", "yellow", "magenta")


def show_lesson(screen: Console, lesson: Lesson) -> None:
    """What there is to learn: one image of each digit, and how many there are."""
    first = [int(np.argmax(lesson.y == digit)) for digit in range(10)]
    count = min(10, (screen.width - 2) // PICTURE)
    screen.print()
    screen.print(Text.assemble(("Vitrina", "bold"), ("  ·  ", "dim"), say("deep learning behind glass")))
    screen.print()
    pictures = [_image(screen, lesson.x[row], 1) for row in first[:count]]
    screen.print(gallery(pictures, [str(digit) for digit in range(count)]))
    screen.print()
    screen.print(
        marked(
            "A network learns to read handwritten digits: from [bold]{learn:,}[/] images, each also moved half a pixel "
            "in eight directions. [bold]{held}[/] others are held back: it is judged by what it never saw.",
            learn=len(lesson.y),
            held=len(lesson.held_y),
        )
    )


def show_stages(screen: Console, story: Story) -> None:
    """One image on its way: forward, error, back."""
    errors, settings = story.model.history["error"], story.model.settings
    told = say(
        "{epochs} epochs on {engine}, {parameters:,} weights; the error fell from {first:.3f} to {last:.3f}",
        epochs=len(errors),
        engine=settings["engine"],
        parameters=story.model.network.parameters,
        first=errors[0],
        last=errors[-1],
    )
    screen.print()
    screen.print(Text.assemble((curve(errors) + "  ", "cyan"), (told, "dim")))
    screen.print()
    truth = int(story.lesson.held_y[story.image])
    screen.print(
        marked(
            "Follow one image that it never saw through the three stages of learning: the digit [bold]{truth}[/], of "
            "all that it reads rightly the one it is least certain of.",
            truth=truth,
        )
    )
    screen.print()
    screen.print(_forward(screen, story, truth))
    screen.print(_error(story, truth))
    screen.print(_backward(screen, story, truth))


def show_end(screen: Console, story: Story) -> None:
    """The accuracy on the images held back, and those that were read wrongly."""
    lesson, wrong = story.lesson, story.wrong
    told = say("of {rows} images it never saw are read rightly", rows=len(lesson.held_y))
    screen.print()
    screen.print(
        Text.assemble((f"{story.accuracy:.2%} ", "bold green"), (told, "bold"), (f"  ({story.seconds:.1f} s)", "dim"))
    )
    if len(wrong):
        shown = wrong[: (screen.width - 2) // PICTURE]
        answers = story.probabilities.argmax(axis=1)
        screen.print()
        screen.print(marked("[dim]What it got wrong: truth → answer[/]"))
        pictures = [_image(screen, lesson.held_x[row], 1) for row in shown]
        screen.print(gallery(pictures, [f"{lesson.held_y[row]} → {answers[row]}" for row in shown]))
    screen.print()
    screen.print(marked("[dim]Now yours:[/]  [cyan]vitrina train DATA --target COLUMN[/]"))
    screen.print()


def _forward(screen: Console, story: Story, truth: int) -> Panel:
    trace, count = story.trace, _pictures(screen)
    layers: list[RenderableType] = []
    for name, layer in trace.forward.items():
        if layer.weighted_sums is None or name == list(trace.forward)[-1]:
            continue
        units = most_active(layer.output, count)
        high = float(layer.output.max()) or 1.0
        if layer.output.ndim == 1:
            top = "  ".join(f"#{unit} {layer.output[unit]:.2f}" for unit in units)
            drawn: RenderableType = Group(
                strip(layer.output, GLOW, 0.0, high, count * PICTURE - 1, _colour(screen)), Text(top, "dim")
            )
        else:
            scale = 8 // layer.output.shape[0]
            drawn = gallery(
                [picture(layer.output[..., unit], GLOW, 0.0, high, scale, _colour(screen)) for unit in units],
                [f"#{unit}" for unit in units],
            )
        layers.append(_layer(name, _sizes(layer.output), drawn))
    probabilities = trace.error.prediction
    rows = [
        (digit, bar(share, 12, "green" if digit == truth else "cyan"), f"{share:.1%}")
        for digit, share in enumerate(probabilities)
    ]
    start = Group(_image(screen, story.lesson.held_x[story.image], 2), Text(say("the image"), "dim", justify="center"))
    end = Group(Text(say("prediction"), "dim"), _per_digit(rows, truth))
    told = say(
        "Left to right. Each neuron weighs what comes in, adds it up and bends the sum; what it gives goes on to the "
        "next layer. Shown: the neurons that this image makes most active (bright), and the share of belief that each "
        "digit gets."
    )
    return _stage(0, say("1 · forward propagation"), told, _row(start, "→", Group(*layers), "→", end))


def _error(story: Story, truth: int) -> Panel:
    error = story.trace.error
    share = float(error.prediction[truth])
    told = say(
        "The cost turns prediction and truth into one number, and its slope says how each output should have "
        "been different.",
    )
    sums = Text.assemble(
        (say("cost"), "dim"),
        f"  −log({share:.3f}) = ",
        (f"{error.value:.3f}", "bold yellow"),
        ("     " + say("slope"), "dim"),
        "  " + say("prediction − truth: for {truth} it is", truth=truth) + f" {share:.3f} − 1 = ",
        (_number(error.slope[truth], 3), "bold yellow"),
    )
    return _stage(1, say("2 · the error"), told, sums)


def _backward(screen: Console, story: Story, truth: int) -> Panel:
    trace, count = story.trace, _pictures(screen)
    layers: list[RenderableType] = []
    for name, layer in reversed(trace.backward.items()):
        signals = layer.error_signals
        if signals is None or name == next(iter(trace.backward)):
            continue
        units, most = most_active(signals, count), float(np.abs(signals).max()) or 1.0
        if signals.ndim == 1:
            top = "  ".join(f"#{unit} {_number(signals[unit], 2)}" for unit in units[: count - 1])
            drawn: RenderableType = Group(
                strip(signals, SIGNAL, -most, most, count * PICTURE - 1, _colour(screen)), Text(top, "dim")
            )
        else:
            scale = 8 // signals.shape[0]
            drawn = gallery(
                [picture(signals[..., unit], SIGNAL, -most, most, scale, _colour(screen)) for unit in units],
                [f"#{unit}" for unit in units],
            )
        layers.append(_layer(name, f"⌀ {np.abs(signals).mean():.2g}", drawn))
    largest = float(np.abs(trace.error.slope).max()) or 1.0
    slopes = [(digit, _signed(slope / largest, 6), _number(slope, 3)) for digit, slope in enumerate(trace.error.slope)]
    end = Group(Text(say("slope"), "dim"), _per_digit(slopes, truth))
    pixels = next(reversed(trace.backward.values())).input_slope[..., 0]
    most = float(np.abs(pixels).max()) or 1.0
    start = Group(
        picture(pixels, SIGNAL, -most, most, 2, _colour(screen)), Text(say("by each pixel"), "dim", justify="center")
    )
    told = say(
        "Right to left. Each layer turns the error signal at its output into the one at its input, and into the slope "
        "of each of its weights. Shown: the strongest signals; the error falls where [rgb(255,150,66)]orange[/] gets "
        "less and [rgb(90,190,255)]blue[/] gets more."
    )
    body = Group(_row(start, "←", Group(*layers), "←", end), Text(), _weights(story))
    return _stage(2, say("3 · back propagation"), told, body)


def _weights(story: Story) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    for justify in ("left", "right", "right", "right"):
        table.add_column(justify=justify, no_wrap=True)  # pyright: ignore[reportArgumentType]
    table.add_row(
        *(
            Text(title, "dim")
            for title in (say("biggest change of each layer"), say("slope"), say("before"), say("after"))
        )
    )
    for change in story.changes:
        moved = Text(_number(change.before, 4)), Text(_number(change.after, 4), "bold")
        table.add_row(change.name, Text(_number(change.slope, 3), "dim"), *moved)
    told = marked(
        "Every weight moves by −{rate} × its slope. The error of this image then falls from [bold]{before:.3f}[/] to "
        "[bold green]{after:.3f}[/]. Training is this, image by image, thousands of times; here it is only shown, "
        "for this image is held back.",
        rate=STEP,
        before=story.trace.error.value,
        after=story.error_after,
    )
    return Group(table, Text(), told)


# -- pieces
def _stage(number: int, title: str, told: str, body: RenderableType) -> Panel:
    colour = STAGE_COLOURS[number]
    inside = Group(Text.from_markup(told, style="italic"), Text(), body)
    return Panel(
        inside,
        title=f"[bold {colour}]{title}[/]",
        title_align="left",
        border_style=colour,
        padding=(1, 2, 0 if number == 1 else 1, 2),
    )


def _row(*parts: Any) -> Table:
    table = Table.grid(padding=(0, 1, 0, 0))
    for _ in parts:
        table.add_column(vertical="middle", no_wrap=True)
    table.add_row(*(Text(part, "dim") if isinstance(part, str) else part for part in parts))
    return table


def _layer(name: str, detail: str, drawn: RenderableType) -> Table:
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(width=9, vertical="middle")
    table.add_column(no_wrap=True)
    table.add_row(Group(Text(name, "bold"), Text(detail, "dim")), drawn)
    return table


def _per_digit(rows: list[tuple[int, Text, str]], truth: int) -> Table:
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(style="bold")
    table.add_column()
    table.add_column(justify="right")
    for digit, drawn, number in rows:
        table.add_row(
            Text(str(digit), "bold green" if digit == truth else ""),
            drawn,
            Text(number, "bold" if digit == truth else "dim"),
        )
    return table


def _signed(value: float, half: int) -> Text:
    """A bar to the right of the middle for plus, to the left for minus; value from -1 to 1."""
    length = round(abs(value) * half)
    left, right = ("█" * length, "") if value < 0 else ("", "█" * length)
    return Text.assemble((left.rjust(half), "rgb(90,190,255)"), ("│", "dim"), (right.ljust(half), "rgb(255,150,66)"))


def _image(screen: Console, pixels: np.ndarray, scale: int) -> Text:
    return picture(pixels[..., 0], INK, 0.0, 1.0, scale, _colour(screen))


def _pictures(screen: Console) -> int:
    return max(1, min(8, (screen.width - AROUND) // PICTURE))


def _colour(screen: Console) -> bool:
    return screen.color_system is not None or screen.record


def _number(value: float, digits: int) -> str:
    """With its sign, the minus as long as the plus."""
    return f"{value:+.{digits}f}".replace("-", "−")


def _sizes(values: np.ndarray) -> str:
    return "×".join(map(str, values.shape))
