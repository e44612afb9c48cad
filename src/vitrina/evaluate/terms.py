"""What being right and wrong costs: the user's own figures, read and checked."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from vitrina.errors import DataError, UsageError

CELLS = ("tp", "fp", "fn", "tn")
HOW = "write --costs fn=100,fp=1: what a missed case costs, and a false alarm (tp= and tn= too, where they cost something)"


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
        raise UsageError(f"--ask {ask}: what a review costs must be a number of 0 or more")
    count, daily = read_capacity(capacity)
    if count is not None and ask is not None:
        raise UsageError("--capacity and --ask are two ways to say how much is looked at; choose one of them")
    if costs is None and amount is None and count is None:
        raise UsageError(f"what do mistakes cost? {HOW}")
    if len(classes) != 2:
        return Terms({}, _matrix_for(costs, amount, count, classes), None, ask)
    if costs is None:
        if amount is not None and count is None:
            raise UsageError(
                f"--amount {amount} is what a missed case costs; say with --costs fp=5 what an alarm costs"
            )
        return (
            Terms({}, None, amount, ask, count, daily) if amount else Terms({"fn": 1.0}, None, None, ask, count, daily)
        )
    matrix = _given_matrix(costs, classes)
    cells = _cells_of(matrix) if matrix is not None else read_costs(costs)
    if amount is not None and "fn" in cells:
        raise UsageError(f"a missed case costs either fn={cells['fn']:g} or its --amount {amount}; give one of them")
    return Terms(cells, None, amount, ask, count, daily)


def read_costs(given: Any) -> dict[str, float]:
    """ "fn=100,fp=1" -> {"fn": 100.0, "fp": 1.0}. Raises UsageError where it says nothing, or something else."""
    pairs = list(given.items()) if isinstance(given, dict) else [_pair(part) for part in str(given).split(",")]
    cells: dict[str, float] = {}
    for name, value in pairs:
        name = str(name).strip().lower()
        if name not in CELLS:
            raise UsageError(f"--costs {_told(given)}: there is no {name!r}; {HOW}")
        if name in cells:
            raise UsageError(f"--costs {_told(given)}: {name} is there twice; give it once")
        try:
            cells[name] = float(value)
        except (TypeError, ValueError):
            raise UsageError(f"--costs {_told(given)}: {name} must be a number, not {value!r}; {HOW}") from None
        if not math.isfinite(cells[name]):
            raise UsageError(f"--costs {_told(given)}: {name} must be a finite number, not {value}")
    if not any(cells.values()):
        raise UsageError(f"--costs {_told(given)}: nothing costs anything, so there is nothing to decide; {HOW}")
    return cells


def read_capacity(given: str | int | None) -> tuple[int | None, bool]:
    """ "100/day" -> (100, True); "100" -> (100, False). Raises UsageError for anything else."""
    if given is None:
        return None, False
    found = re.fullmatch(r"\s*(\d+)\s*(/\s*day)?\s*", str(given))
    if not found or int(found[1]) == 0:
        raise UsageError(f"--capacity {given}: write how many can be looked at, 100 in all or 100/day")
    return int(found[1]), found[2] is not None


def _pair(part: str) -> tuple[str, str]:
    name, equals, value = part.partition("=")
    if not equals:
        raise UsageError(f"--costs: {part.strip()!r} is no NAME=NUMBER; {HOW}")
    return name, value


def _told(given: Any) -> str:
    return ",".join(f"{name}={value}" for name, value in given.items()) if isinstance(given, dict) else str(given)


def _cells_of(matrix: np.ndarray) -> dict[str, float]:
    (tn, fp), (fn, tp) = matrix.tolist()
    return {"tp": tp, "fp": fp, "fn": fn, "tn": tn}


def _matrix_for(costs: Any, amount: str | None, capacity: int | None, classes: tuple[str, ...]) -> np.ndarray:
    if amount is not None or capacity is not None:
        raise UsageError(
            f"--amount and --capacity go with two classes, and this model has {len(classes)}; give --costs FILE.csv"
        )
    matrix = _given_matrix(costs, classes)
    if matrix is None:
        raise UsageError(
            f"--costs {_told(costs)} is for two classes, and this model has {len(classes)}; give --costs FILE.csv with a "
            "line for each true class, a column for each answer"
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
        raise UsageError(f"costs must be finite numbers of shape {(len(classes),) * 2}, not {matrix.shape}")
    return matrix


def _read_matrix(path: Path, classes: tuple[str, ...]) -> np.ndarray:
    """A CSV whose first line names the answers, and whose other lines begin with the true class; any order."""
    import csv

    try:
        lines = [line for line in csv.reader(path.read_text("utf-8").splitlines()) if line]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    answers = [name.strip() for name in lines[0][1:]] if lines else []
    truths = [line[0].strip() for line in lines[1:]]
    if sorted(answers) != sorted(classes) or sorted(truths) != sorted(classes):
        raise DataError(f"{path}: its first line and its first column must each name the classes {', '.join(classes)}")
    matrix = np.zeros((len(classes), len(classes)))
    for line in lines[1:]:
        for name, value in zip(answers, line[1:], strict=False):
            matrix[classes.index(line[0].strip()), classes.index(name)] = _number(path, value)
        if len(line) != len(answers) + 1:
            raise DataError(f"{path}: the line of {line[0].strip()} has {len(line) - 1} costs, not {len(answers)}")
    return matrix


def _number(path: Path, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise DataError(f"{path}: a cost must be a number, not {value!r}")
    return number
