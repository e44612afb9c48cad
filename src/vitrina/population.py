"""What a population has become: its members as models, a leaderboard, and their common answer."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from vitrina.arguments import whole_or_none
from vitrina.errors import UsageError
from vitrina.files import write_atomically
from vitrina.learning.optimizers import Optimizer
from vitrina.learning.population import Member
from vitrina.locale import say
from vitrina.model import Model
from vitrina.runs import RunFolder

VARIED = ("lr", "seed", "weight_decay")
LEADERBOARD = "leaderboard.csv"


def members_of(
    population: int | None, vary: Mapping[str, Sequence[Any]] | None, optimizer: Optimizer, seed: int
) -> list[Member]:
    """The members that `population` and `vary` ask for.

    Lists of one length go side by side, the first of each to the first member; lists whose lengths multiply to `population` are
    combined, each with each. `population` alone: that many seeds, from `seed` on. Raises UsageError for what cannot be meant.
    """
    population = whole_or_none("population", population)
    if vary is not None and not isinstance(vary, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise UsageError(
            say(
                "vary must be lists by name, such as {example}, not {given!r}",
                example="{'lr': [0.001, 0.01]}",
                given=vary,
            )
        )
    lists = {
        name: list(values) if np.ndim(values) == 1 and not isinstance(values, str) else [values]
        for name, values in (vary or {}).items()
    }
    for name, values in lists.items():
        if name not in VARIED:
            raise UsageError(
                say("vary cannot change {name!r}; it can change {known}", name=name, known=", ".join(VARIED))
            )
        _check(name, values)
    if not lists:
        if population is None:
            raise UsageError(
                say("vary names nothing; give it lists, such as vary={'lr': [0.001, 0.01]}, or say population=8")
            )
        lists = {"seed": [seed + place for place in range(population)]}
    lengths = {len(values) for values in lists.values()}
    product = math.prod(len(values) for values in lists.values())
    if len(lengths) == 1 and population in (None, *lengths):
        rows = [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)]
    elif population == product:
        rows = [dict(zip(lists, place, strict=True)) for place in _each_with_each(list(lists.values()))]
    else:
        told = ", ".join(say("{count} of {name}", count=len(values), name=name) for name, values in lists.items())
        raise UsageError(
            say(
                "vary gives {given}, and population is {population}; give lists of one length, or "
                "population={product} to combine each with each",
                given=told,
                population=population,
                product=product,
            )
        )
    usual = {"lr": optimizer.rate, "seed": seed, "weight_decay": optimizer.weight_decay}
    return [
        Member(int(own["seed"]), float(own["lr"]), float(own["weight_decay"])) for own in (usual | row for row in rows)
    ]


def _check(name: str, values: list[Any]) -> None:
    for value in values or [None]:
        number = isinstance(value, int | float | np.integer | np.floating) and math.isfinite(value)
        fits = number and (value > 0 if name == "lr" else value >= 0) and (name != "seed" or value == int(value))
        if not fits:
            raise UsageError(
                say(
                    "vary: {name} must be a list of {wanted}, and has {value!r}",
                    name=name,
                    wanted=_wanted(name),
                    value=value,
                )
            )


def _wanted(name: str) -> str:
    """What can be varied of it, in words."""
    if name == "lr":
        return say("numbers above 0")
    return say("whole numbers of 0 or more") if name == "seed" else say("numbers of 0 or more")


def _each_with_each(lists: list[list[Any]]) -> list[tuple[Any, ...]]:
    if not lists:
        return [()]
    return [(first, *rest) for first in lists[0] for rest in _each_with_each(lists[1:])]


@dataclass(frozen=True)
class Row:
    """A line of the leaderboard. metric: validation accuracy, or mean absolute error; None without validation."""

    rank: int
    member: int
    lr: float
    seed: int
    weight_decay: float
    validation_error: float | None
    metric: float | None
    epochs: int
    stopped: str | None
    network: str = ""  # in a few words, where networks differ


@dataclass(frozen=True)
class Leaderboard:
    """The members of a population, the best first; prints as a table. metric: what stands in each row's."""

    rows: tuple[Row, ...]
    metric: str

    def __getitem__(self, place: int) -> Row:
        return self.rows[place]

    def __len__(self) -> int:
        return len(self.rows)

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        """Titles and lines; what is the same for all is left out."""
        varied = [name for name in ("network", *VARIED) if len({getattr(row, name) for row in self.rows}) > 1]
        words = {"network": say("network"), "seed": say("seed")}  # the others are called as in Python
        titles = ["", say("member"), *(words.get(name, name) for name in varied)]
        metric = say("accuracy") if self.metric == "accuracy" else say("mean absolute error")
        titles += [say("validation"), metric, say("epochs"), say("stopped")]
        lines = [
            [
                "★" if row.rank == 1 else str(row.rank),
                str(row.member),
                *(row.network if name == "network" else f"{getattr(row, name):.3g}" for name in varied),
                "–" if row.validation_error is None else f"{row.validation_error:.4f}",
                "–" if row.metric is None else f"{row.metric:.4f}",
                str(row.epochs),
                row.stopped or "",
            ]
            for row in self.rows
        ]
        return titles, lines

    def __rich__(self) -> Any:
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        titles, lines = self._cells()
        for title in titles:
            table.add_column(title, justify="left" if title == titles[-1] else "right", no_wrap=title != titles[-1])
        for place, line in enumerate(lines):
            table.add_row(*(Text(cell, "bold green" if place == 0 else "") for cell in line))
        return table

    def __str__(self) -> str:
        from rich.console import Console

        out = io.StringIO()
        Console(file=out, width=110, color_system=None).print(self)
        return out.getvalue()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        titles, lines = self._cells()
        rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in line)}</tr>" for line in lines)
        return f"<table><tr>{''.join(f'<th>{title}</th>' for title in titles)}</tr>{rows}</table>"

    def to_csv(self) -> str:
        """One line for each member, with a header."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(Row.__dataclass_fields__)
        writer.writerows([["" if value is None else value for value in vars(row).values()] for row in self.rows])
        return out.getvalue()


@dataclass(frozen=True)
class Ensemble:
    """The members' common answer: the mean of their probabilities, or of their numbers."""

    members: tuple[Model, ...]

    def predict_proba(self, data: Any, engine: str | None = None) -> np.ndarray:
        """The mean of the members' probabilities: (rows, classes). Raises what `Model.predict_proba` raises."""
        return np.mean([model.predict_proba(data, engine=engine) for model in self.members], axis=0)

    def predict(self, data: Any, engine: str | None = None) -> np.ndarray:
        """A class or a number for each row, as `Model.predict` gives it."""
        return self._first._answers(self._readable(self._first._inputs(data), engine))

    def evaluate(self, data: Any, y: Any = None, engine: str | None = None) -> dict[str, float]:
        """The measures of `Model.evaluate` for the common answer, but for the error, which belongs to one network."""
        x, truth = self._first.examples(data, y)
        return self._first._measures(self._readable(x, engine).astype(np.float64), truth)

    @property
    def _first(self) -> Model:
        return self.members[0]

    def _readable(self, x: np.ndarray, engine: str | None) -> np.ndarray:
        return np.mean([model._readable(x, engine) for model in self.members], axis=0)


@dataclass(frozen=True)
class Population:
    """What `vt.train(..., population=..., vary=...)` returns.

    members: a Model each, in the order they were asked for; leaderboard: the best first; best: the winner; ensemble: of all
    that learned to the end, or of the best half where others were stopped.
    """

    members: tuple[Model, ...]
    leaderboard: Leaderboard

    @property
    def best(self) -> Model:
        return self.members[self.leaderboard[0].member]

    @property
    def ensemble(self) -> Ensemble:
        last = max(row.epochs for row in self.leaderboard.rows)
        chosen = [row.member for row in self.leaderboard.rows if row.epochs == last]
        return Ensemble(tuple(self.members[place] for place in chosen))

    def to_json(self) -> dict[str, Any]:
        return {"leaderboard": [vars(row) for row in self.leaderboard.rows], "test": self.best.measured.get("test")}

    def save(self, folder: str | Path) -> None:
        """Each member as a run, numbered from 1 in the order they were asked for, and leaderboard.csv."""
        path = Path(folder)
        for number, model in enumerate(self.members, 1):
            run = RunFolder.new(path / str(number))
            run.write_settings(model.settings)
            run.write_history(model.history)
            model.save(run.model)
        write_atomically(path / LEADERBOARD, self.leaderboard.to_csv())

    def __rich__(self) -> Any:
        return self.leaderboard.__rich__()

    def __str__(self) -> str:
        return str(self.leaderboard)

    __repr__ = __str__


def ranked(members: Sequence[Member], network: Any) -> Leaderboard:
    """The members by what they are judged by; who lost its numbers comes last."""
    from vitrina.learning.step import metric_name

    name = metric_name(network)
    order = sorted(range(len(members)), key=lambda place: (members[place].judged, place))
    rows: list[Row] = []
    for rank, place in enumerate(order, 1):
        one = members[place]
        row = one.history[one.best_epoch - 1] if one.best_epoch else {}
        error = one.best_error if math.isfinite(one.best_error) else None
        rows.append(
            Row(
                rank,
                place,
                one.rate,
                one.seed,
                one.weight_decay,
                error,
                row.get(f"validation_{name}"),
                len(one.history),
                one.stopped,
            )
        )
    return Leaderboard(tuple(rows), name)


def settings_of(member: Member, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that rerun this member alone."""
    optimizer = Optimizer.from_json(settings["optimizer"])
    own = replace(optimizer, learning_rate=member.rate, weight_decay=member.weight_decay)
    changed = {"optimizer": own.to_json(), "seed": member.seed, "split_seed": settings["seed"]}  # all share one split
    return json.loads(json.dumps(dict(settings))) | changed
