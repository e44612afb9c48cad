"""How good a run is, on one screen: figures with intervals beside the baselines, the verdict, and what to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vitrina.data.words import place_name
from vitrina.evaluate.words import figure, figure_name, interval, listed, rival_name, verdict
from vitrina.locale import say
from vitrina.terminal import bar, marked

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from vitrina.evaluate.assessment import Assessment
    from vitrina.evaluate.slices import Slice

MOST_CLASSES = 12  # of a confusion matrix that is shown
MISTAKES = 5
STRETCHES = 24
LEAST = 9  # characters of a measure's name in a line


def flattered(seen: int, honest: str) -> Any:
    """What to say of figures on rows of which some were learned from, and where the honest ones are."""
    return marked(
        "[yellow]{seen:,} of these rows are ones it learned from, which flatters it. {honest}[/]",
        seen=seen,
        honest=honest,
    )


def show_assessment(screen: Console, found: Assessment) -> None:
    """Prints all of it."""
    screen.print()
    screen.print(_title(found))
    if found.seen:
        screen.print(flattered(found.seen, say("Honest: vitrina evaluate {run}", run=found.run)))
    screen.print()
    screen.print(_figures(found, screen.width))
    if found.verdict is not None:
        from rich.text import Text

        screen.print(Text(verdict(found), "green" if found.verdict == "worth it" else "yellow"))
    elif found.why_alone:
        screen.print(marked("[dim]No baselines: {why}.[/]", why=found.why_alone))
    if found.clusters:
        screen.print(
            marked(
                "[dim]Intervals count the rows of one {column} as one: they are not independent.[/]",
                column=found.clusters,
            )
        )
    screen.print()
    for part in (_top(found), _calibration(found), _confusion(found)):
        if part is not None:
            screen.print(part)
    for sliced in (found.by_group, found.by_time):
        if sliced is not None:
            screen.print(_slices(found, *sliced))
    if found.mistakes:
        screen.print(_mistakes(found))


def _title(found: Assessment) -> Any:
    if found.part == "test":
        return marked("[bold]{run}[/] on the {rows:,} rows of its test part", run=found.run, rows=found.rows)
    return marked(
        "[bold]{run}[/] on {rows:,} rows of [bold]{data}[/]", run=found.run or "model", rows=found.rows, data=found.data
    )


def _figures(found: Assessment, width: int) -> Table:
    """A line for each measure: the network with its interval, then each baseline; the best of the line in bold."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from vitrina.evaluate.assessment import SMALLER_IS_BETTER

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    shown = listed(found)
    names = [figure_name(name) for name, _ in shown]
    ranges = [interval(name, ours) for name, ours in shown]
    heads = [say("network"), *(rival_name(rival.name) for rival in found.rivals)]
    figures = [
        max(len(figure(name, each[name].value)) for name in each)
        for each in (found.figures, *(r.figures for r in found.rivals))
    ]
    first, between = max(map(len, names)) + 2, max(map(len, ranges))
    word = max((len(word) for told in ranges for word in told.split()), default=0)
    headed = [max(least, *map(len, head.split())) for least, head in zip(figures, heads, strict=True)]
    room = width - 2 * len(figures) - 5
    figures = headed if LEAST + word + sum(headed) <= room else figures
    whole = first + between + sum(figures) <= room
    # Where there is little room, the names of measures and the intervals take more lines; where there is less, words above are broken.
    table.add_column("", no_wrap=whole, min_width=LEAST)
    table.add_column(heads[0], justify="right", min_width=figures[0])
    table.add_column(say("95 % interval"), style="dim", no_wrap=whole, min_width=word)
    for head, widest in zip(heads[1:], figures[1:], strict=True):
        table.add_column(head, justify="right", min_width=widest)
    for name, ours in shown:
        all_values = [ours.value, *(rival.figures[name].value for rival in found.rivals if name in rival.figures)]
        best = min(all_values) if name in SMALLER_IS_BETTER else max(all_values)

        def told(value: float, name: str = name, best: float = best) -> Text:
            return Text(figure(name, value), "bold" if value == best else "")

        others = [told(rival.figures[name].value) if name in rival.figures else Text("") for rival in found.rivals]
        mark = Text.assemble(figure_name(name), (" ◂", "cyan") if name == found.headline and found.rivals else "")
        table.add_row(mark, told(ours.value), interval(name, ours), *others)
    return table


def _top(found: Assessment) -> Any:
    if not found.at_top:
        return None
    table = _table(
        say("look at the likeliest"), say("of which {name}", name=found.classes[1]), say("of all of them found")
    )
    for top in found.at_top:
        table.add_row(f"{top.rows:,}", f"{top.precision:.1%}", f"{top.recall:.1%}", bar(top.recall, 16))
    return table


def _calibration(found: Assessment) -> Any:
    if found.calibration_error is None:
        return None
    return marked("[dim]Its probabilities are off by {error:.1%} on average.[/]", error=found.calibration_error)


def _confusion(found: Assessment) -> Any:
    if found.confusion is None or len(found.classes) > MOST_CLASSES:
        return None
    from rich.text import Text

    table = _table(say("truth ↓  answer →"), *found.classes, right=False)
    largest = max(1, int(found.confusion.max()))
    for place, (name, row) in enumerate(zip(found.classes, found.confusion.tolist(), strict=True)):
        cells = [
            Text(
                f"{count:,}" if count else "·",
                "bold cyan" if at == place else "yellow" if count > largest / 50 else "dim",
            )
            for at, count in enumerate(row)
        ]
        table.add_row(name, *cells)
    return table


def _slices(found: Assessment, column: str, slices: tuple[Slice, ...]) -> Table:
    table = _table(column, say("rows"), figure_name(found.headline), say("95 % interval"))
    best = max((part.figures[found.headline].value for part in slices if found.headline in part.figures), default=1.0)
    for part in slices[:STRETCHES]:
        known = part.figures.get(found.headline)
        if known is None:
            table.add_row(part.name, f"{part.rows:,}", "–", say("one class only"))
            continue
        told = figure(found.headline, known.value)
        table.add_row(
            part.name, f"{part.rows:,}", told, interval(found.headline, known), bar(known.value / (best or 1.0), 16)
        )
    return table


def _mistakes(found: Assessment) -> Table:
    table = _table(say("worst mistakes"), say("truth"), say("answer"), "", right=False)
    for mistake in found.mistakes[:MISTAKES]:
        sure = f"{mistake.probability:.1%}" if mistake.probability is not None else ""
        values = ", ".join(f"{name} = {value}" for name, value in list(mistake.values.items())[:3])
        table.add_row(place_name(mistake.where), mistake.truth, mistake.answer, sure, values)
    return table


def _table(first: str, *others: str, right: bool = True) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(first, style="" if right else "dim")
    for name in others:
        table.add_column(name, justify="right" if right else "left")
    table.add_column("")
    return table
