"""How decisions look on a terminal: the line that was drawn, what it costs and saves, and the first with their reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.data.words import place_name
from vitrina.evaluate.assessment_screen import flattered
from vitrina.evaluate.threshold import ASK, NO
from vitrina.evaluate.words import money, way_name
from vitrina.locale import say
from vitrina.terminal import bar, grid, marked, plot

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from vitrina.evaluate.decisions import Decisions
    from vitrina.evaluate.saving import Saving

SHOWN = 8  # decisions on the screen
PLOT = (60, 8)  # characters


def show_decisions(screen: Console, found: Decisions) -> None:
    """All there is to say, from the assumptions to the reasons."""
    screen.print()
    screen.print(grid(*_terms(found)))
    screen.print()
    if found.saved:
        screen.print(
            marked("On the {rows:,} rows of the test part, in the unit of your costs:", rows=found.rows_tested)
        )
        screen.print(_savings(found))
        screen.print(_verdict(found))
        screen.print()
    if found.curve:
        _draw_curve(screen, found)
    screen.print(_decided(found))
    if found.saved_here:
        known = found.saved_here["model"]
        screen.print(
            marked(
                "The truth is in these rows: the decisions cost {cost} and saved {saved} ({interval}).",
                cost=money(known.cost),
                saved=money(known.saved),
                interval=_interval(known),
            )
        )
    if found.seen:
        screen.print(flattered(found.seen, say("Honest: the savings on the test part")))
    screen.print(_first(found))
    if len(found) > SHOWN:
        screen.print(marked("[dim]... and {more:,} rows more; --out FILE writes them all[/]", more=len(found) - SHOWN))
    if found.explanation is not None and len(found.explained) < len(found):
        screen.print(
            marked(
                "[dim]reasons are given for {count:,} rows, those to act on first[/]",
                count=len(found.explained),
            )
        )
    screen.print()


def _terms(found: Decisions) -> list[tuple[str, Any]]:
    terms, quality = found.rule.terms, found.quality
    rows: list[tuple[str, Any]] = []
    if len(found.classes) == 2:
        rows.append((say("looked for"), found.classes[1]))
    rows.append((say("costs"), _assumed(found)))
    rows.append((say("rule"), _rule(found)))
    if found.rule.limited is not None:
        each = say("a day") if terms.daily else say("in all")
        rows.append(
            (
                say("capacity"),
                say(
                    "the {capacity:,} most urgent {each}; on the validation part that is from {threshold:.4g} on",
                    capacity=terms.capacity,
                    each=each,
                    threshold=found.rule.limited.high,
                ),
            )
        )
    if quality is not None:
        methods = {
            "temperature": say("temperature"),
            "isotonic": say("isotonic regression"),
            "none": say("none, an ensemble's mean is as sure as it should be"),
        }
        rows.append(
            (
                say("calibration"),
                say(
                    "{method}; log loss {before:.4f} → {after:.4f}, calibration error {off:.4f} → {left:.4f} (test part)",
                    method=methods[found.calibration.method],
                    before=quality.log_loss_before,
                    after=quality.log_loss_after,
                    off=quality.error_before,
                    left=quality.error_after,
                ),
            )
        )
    return rows


def _assumed(found: Decisions) -> str:
    terms = found.rule.terms
    parts: list[str] = []
    if terms.matrix is not None:
        parts.append(say("by the matrix of true classes and answers; right and wrong as it says"))
    elif terms.amount is not None:
        parts.append(
            say("a missed case {amount} (its column), a false alarm {fp:g}", amount=terms.amount, fp=_cell(found, "fp"))
        )
    else:
        parts.append(say("a missed case {fn:g}, a false alarm {fp:g}", fn=_cell(found, "fn"), fp=_cell(found, "fp")))
    if terms.cells.get("tp") or terms.cells.get("tn"):
        parts.append(say("a found case {tp:g}, a quiet one {tn:g}", tp=_cell(found, "tp"), tn=_cell(found, "tn")))
    if terms.ask is not None:
        parts.append(say("a person who is asked costs {ask:g} and is right", ask=terms.ask))
    parts.append(say("the same for every row") if terms.amount is None else say("nothing else counts"))
    return "; ".join(parts)


def _cell(found: Decisions, name: str) -> float:
    return found.rule.terms.cells.get(name, 0.0)


def _rule(found: Decisions) -> str:
    band, scored = found.rule.band, found.rule.scored_by
    if band is None:
        return (
            say("capacity alone decides") if found.rule.limited else say("the answer with the smallest expected cost")
        )
    what = say("probability") if scored == "probability" else say("expected saving")
    if band.low < band.high:
        return say(
            "yes from {what} {high:.4g} on, no below {low:.4g}, a person in between",
            what=what,
            high=band.high,
            low=band.low,
        )
    told = say("yes from {what} {high:.4g} on, else no", what=what, high=band.high)
    even = found.rule.to_json()["break_even"]
    return f"{told} ({say('break-even in theory: {even:.4g}', even=even)})" if even is not None else told


def _savings(found: Decisions) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for heading in (say("cost"), say("saved"), say("95 % interval of what is saved")):
        table.add_column(heading, justify="right")
    for name, saving in found.saved.items():
        style = "bold" if name == "model" else ""
        cells = (
            way_name(name, len(found.classes)),
            money(saving.cost),
            money(saving.saved),
            _interval(saving) if name != "never" else "",
        )
        table.add_row(*(Text(cell, style) for cell in cells))
    return table


def _interval(saving: Saving) -> str:
    return say("{low} to {high}", low=money(saving.low), high=money(saving.high))


def _verdict(found: Decisions) -> Any:
    model = found.saved["model"]
    others = {name: saving for name, saving in found.saved.items() if name != "model"}
    best = min(others, key=lambda name: others[name].cost)
    if model.saved <= 0:
        return marked(
            "[yellow]Doing nothing is as cheap or cheaper: with these costs, do not use this model to decide.[/]"
        )
    if not found.pays:
        return marked("[yellow]It may save nothing: the interval reaches below zero. More test rows would tell.[/]")
    if others[best].cost < model.cost:
        sentence = {
            "always": say("Always saying yes was cheaper still"),
            "break-even": say("This model's probabilities with the break-even in theory were cheaper still"),
            "logistic regression": say("Logistic regression was cheaper still"),
            "gradient boosting": say("Gradient boosting was cheaper still"),
        }[best]
        return marked("[yellow]{told}, by {by}.[/]", told=sentence, by=money(model.cost - others[best].cost))
    return marked("[green]Deciding with this model was the cheapest of these.[/]")


def _draw_curve(screen: Console, found: Decisions) -> None:
    costs, places = found.curve["cost"], found.curve["threshold"]
    best = int(np.argmin(costs))
    screen.print(
        marked("cost of a row by threshold, on the validation part; the lowest at {place:.3g}", place=places[best])
    )
    screen.print(plot([(costs, "cyan")], *PLOT))
    left, right = f"{places[0]:.3g}", f"{places[-1]:.3g}"
    screen.print(f"[dim]{left}{right.rjust(PLOT[0] - len(left))}[/]")
    screen.print()


def _decided(found: Decisions) -> Any:
    kinds, counts = np.unique(found.decisions, return_counts=True)
    told = ", ".join(f"{_word(found, int(kind))} {count:,}" for kind, count in zip(kinds, counts, strict=True))
    return marked(
        "{rows:,} rows: {told}. Expected cost {cost}; without deciding {idle}.",
        rows=len(found),
        told=told,
        cost=money(float(found.expected.sum())),
        idle=money(float(found.idle.sum())),
    )


def _first(found: Decisions) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(say("where"), style="dim")
    table.add_column(say("probability"), justify="right")
    table.add_column()
    table.add_column(say("decision"), style="bold")
    table.add_column(say("what moved it most (log odds)"))
    for row in _to_show(found):
        word = _word(found, int(found.decisions[row]))
        share = float(found.probabilities[row, 1] if len(found.classes) == 2 else found.probabilities[row].max())
        where = place_name(found.source.where(row)) if found.source is not None else str(row)
        table.add_row(where, f"{share:.1%}", bar(share, 8), word, Text(_reasons(found, row)))
    return table


def _to_show(found: Decisions) -> list[int]:
    """The first rows to act on; where there are few, the first of the others too."""
    order = np.argsort(found.decisions == NO, kind="stable") if len(found.classes) == 2 else np.arange(len(found))
    return sorted(int(row) for row in order[:SHOWN])


def _word(found: Decisions, place: int) -> str:
    """A decision in the user's language; a class by its own name."""
    if place == ASK:
        return say("ask")
    return (say("no"), say("yes"))[place] if len(found.classes) == 2 else found.classes[place]


def _reasons(found: Decisions, row: int) -> str:
    """age = 61 speaks for it (+1.2) ..."""
    if found.explanation is not None and found.explanation.inputs.ndim > 2:
        return say("see its heat map (vt.decide(...).explanation.heat)")
    told: list[str] = []
    for name, moved in found.reasons(row):
        value = _value(found, name, row)
        if moved > 0:
            told.append(say("{value} speaks for it ({moved:+.2f})", value=value, moved=moved))
        else:
            told.append(say("{value} against ({moved:+.2f})", value=value, moved=moved))
    return ", ".join(told)


def _value(found: Decisions, name: str, row: int) -> str:
    frame = getattr(found.source, "frame", None)
    if frame is None or name not in frame.columns:
        return name
    value = frame[name][row]
    return f"{name} = {value:.4g}" if isinstance(value, float) else f"{name} = {value}"
