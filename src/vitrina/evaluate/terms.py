"""What being right and wrong costs: the user's own figures, read and checked."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from vitrina.errors import DataError, UsageError
from vitrina.locale import say
from vitrina.locale.system import reason_of

CELLS = ("tp", "fp", "fn", "tn")


@dataclass(frozen=True)
class Terms:
    """What a decision costs, in one unit of the user's own (money, minutes, harm).

    cells: tp, fp, fn, tn for two classes; matrix: (true classes, answers) for more. amount: the column whose value a
    missed case costs, in place of fn. ask: what it costs to have a person look, who is then right; None: nobody is asked.
    capacity: cases that can be looked at, a day if `daily`.
    """

    cells: dict[str, float] = field(default_factory=lambda: {"fn": 1.0})
    matrix: np.ndarray | None = None
    amount: str | None = None
    ask: float | None = None
    capacity: int | None = None
    daily: bool = False

    def table(self, rows: int, amounts: np.ndarray | None = None) -> np.ndarray:
        """(rows, true classes, answers): what each answer costs for each truth; two classes: no first, yes second."""
        if self.matrix is not None:
            return np.broadcast_to(self.matrix, (rows, *self.matrix.shape))
        tp, fp, fn, tn = (self.cells.get(name, 0.0) for name in CELLS)
        table = np.broadcast_to(np.array([[tn, fp], [fn, tp]]), (rows, 2, 2))
        if amounts is not None:
            table = table.copy()
            table[:, 1, 0] = amounts
        return table

    @property
    def break_even(self) -> float | None:
        """The calibrated probability from which yes is cheaper than no, (fp - tn) / (fp - tn + fn - tp); None if neither."""
        tp, fp, fn, tn = (self.cells.get(name, 0.0) for name in CELLS)
        alarm, miss = fp - tn, fn - tp
        return alarm / (alarm + miss) if alarm >= 0 and miss >= 0 and alarm + miss > 0 else None

    def to_json(self) -> dict[str, Any]:
        return {
            "costs": self.matrix.tolist() if self.matrix is not None else dict(self.cells),
            "amount": self.amount,
            "ask": self.ask,
            "capacity": self.capacity,
            "daily": self.daily,
        }


def read_terms(
    costs: Any = None,
    amount: str | None = None,
    capacity: str | int | None = None,
    ask: float | None = None,
    classes: tuple[str, ...] = ("no", "yes"),
) -> Terms:
    """The user's terms. costs: "fn=100,fp=1", a dict of these, a .csv of a cost matrix, or an array (classes, classes).

    Raises UsageError, or DataError for a file, with a sentence that says how to write it.
    """
    if ask is not None and not (math.isfinite(ask) and ask >= 0):
        raise UsageError(say("--ask {ask}: what a review costs must be a number of 0 or more", ask=ask))
    count, daily = read_capacity(capacity)
    if count is not None and ask is not None:
        raise UsageError(say("--capacity and --ask are two ways to say how much is looked at; choose one of them"))
    if costs is None and amount is None and count is None:
        raise UsageError(say("what do mistakes cost? {how}", how=_how()))
    if len(classes) != 2:
        return Terms({}, _matrix_for(costs, amount, count, classes), None, ask)
    if costs is None:
        if amount is not None and count is None:
            raise UsageError(
                say(
                    "--amount {amount} is what a missed case costs; say with --costs fp=5 what an alarm costs",
                    amount=amount,
                )
            )
        return (
            Terms({}, None, amount, ask, count, daily) if amount else Terms({"fn": 1.0}, None, None, ask, count, daily)
        )
    matrix = _given_matrix(costs, classes)
    cells = _cells_of(matrix) if matrix is not None else read_costs(costs)
    if amount is not None and "fn" in cells:
        raise UsageError(
            say(
                "a missed case costs either fn={fn:g} or its --amount {amount}; give one of them",
                fn=cells["fn"],
                amount=amount,
            )
        )
    return Terms(cells, None, amount, ask, count, daily)


def read_costs(given: Any) -> dict[str, float]:
    """ "fn=100,fp=1" -> {"fn": 100.0, "fp": 1.0}. Raises UsageError where it says nothing, or something else."""
    pairs = list(given.items()) if isinstance(given, dict) else [_pair(part) for part in str(given).split(",")]
    cells: dict[str, float] = {}
    for name, value in pairs:
        name = str(name).strip().lower()
        if name not in CELLS:
            raise UsageError(
                say("--costs {given}: there is no {name!r}; {how}", given=_told(given), name=name, how=_how())
            )
        if name in cells:
            raise UsageError(say("--costs {given}: {name} is there twice; give it once", given=_told(given), name=name))
        try:
            cells[name] = float(value)
        except (TypeError, ValueError):
            raise UsageError(
                say(
                    "--costs {given}: {name} must be a number, not {value!r}; {how}",
                    given=_told(given),
                    name=name,
                    value=value,
                    how=_how(),
                )
            ) from None
        if not math.isfinite(cells[name]):
            raise UsageError(
                say(
                    "--costs {given}: {name} must be a finite number, not {value}",
                    given=_told(given),
                    name=name,
                    value=value,
                )
            )
    if not any(cells.values()):
        raise UsageError(
            say(
                "--costs {given}: nothing costs anything, so there is nothing to decide; {how}",
                given=_told(given),
                how=_how(),
            )
        )
    return cells


def read_capacity(given: str | int | None) -> tuple[int | None, bool]:
    """ "100/day" -> (100, True); "100" -> (100, False). Raises UsageError for anything else."""
    if given is None:
        return None, False
    found = re.fullmatch(r"\s*(\d+)\s*(/\s*day)?\s*", str(given))
    if not found or int(found[1]) == 0:
        raise UsageError(say("--capacity {given}: write how many can be looked at, 100 in all or 100/day", given=given))
    return int(found[1]), found[2] is not None


def _pair(part: str) -> tuple[str, str]:
    name, equals, value = part.partition("=")
    if not equals:
        raise UsageError(say("--costs: {given!r} is no NAME=NUMBER; {how}", given=part.strip(), how=_how()))
    return name, value


def _how() -> str:
    return say(
        "write --costs fn=100,fp=1: what a missed case costs, and a false alarm "
        "(tp= and tn= too, where they cost something)"
    )


def _told(given: Any) -> str:
    return ",".join(f"{name}={value}" for name, value in given.items()) if isinstance(given, dict) else str(given)


def _cells_of(matrix: np.ndarray) -> dict[str, float]:
    (tn, fp), (fn, tp) = matrix.tolist()
    return {"tp": tp, "fp": fp, "fn": fn, "tn": tn}


def _matrix_for(costs: Any, amount: str | None, capacity: int | None, classes: tuple[str, ...]) -> np.ndarray:
    if amount is not None or capacity is not None:
        raise UsageError(
            say(
                "--amount and --capacity go with two classes, and this model has {count}; give --costs FILE.csv",
                count=len(classes),
            )
        )
    matrix = _given_matrix(costs, classes)
    if matrix is None:
        raise UsageError(
            say(
                "--costs {given} is for two classes, and this model has {count}; give --costs FILE.csv with a line "
                "for each true class, a column for each answer",
                given=_told(costs),
                count=len(classes),
            )
        )
    return matrix


def _given_matrix(costs: Any, classes: tuple[str, ...]) -> np.ndarray | None:
    """The matrix, if that is what was given. Raises unless it is (classes, classes) of finite numbers."""
    if isinstance(costs, str | Path) and str(costs).lower().endswith(".csv"):
        return _read_matrix(Path(costs), classes)
    if isinstance(costs, str | dict):
        return None
    matrix = np.asarray(costs, np.float64)
    if matrix.shape != (len(classes), len(classes)) or not np.isfinite(matrix).all():
        raise UsageError(
            say(
                "costs must be finite numbers of shape {wanted}, not {shape}",
                wanted=(len(classes),) * 2,
                shape=matrix.shape,
            )
        )
    return matrix


def _read_matrix(path: Path, classes: tuple[str, ...]) -> np.ndarray:
    """A CSV whose first line names the answers, and whose other lines begin with the true class; any order, and as any
    table may be written."""
    from vitrina.data.csv_files import read_csv
    from vitrina.data.roles import parse_numbers

    try:
        frame, _, _ = read_csv(path)
    except OSError as error:
        raise DataError(say("{path} cannot be read: {reason}", path=path, reason=reason_of(error))) from None
    answers, truths = frame.columns[1:], ["" if name is None else name for name in frame[frame.columns[0]]]
    if sorted(answers) != sorted(classes) or sorted(truths) != sorted(classes):
        raise DataError(
            say(
                "{path}: its first line and its first column must each name the classes {classes}",
                path=path,
                classes=", ".join(classes),
            )
        )
    matrix = np.zeros((len(classes), len(classes)))
    to = [classes.index(truth) for truth in truths]
    for name in answers:
        numbers, _ = parse_numbers(frame[name])
        for place, value in zip(to, numbers, strict=True):
            if value is None or not math.isfinite(value):
                given = frame[name][to.index(place)]
                raise DataError(say("{path}: a cost must be a number, not {value!r}", path=path, value=given or ""))
            matrix[place, classes.index(name)] = value
    return matrix
