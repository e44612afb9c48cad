"""The tables, what is to be predicted in each, and the folds that all learners share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.tables.r_tables import R_TABLES

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "tables"


@dataclass(frozen=True)
class Task:
    """A table and its target. classes: in the order of the columns of a prediction; () where a number is predicted."""

    name: str
    frame: pl.DataFrame
    target: str
    classes: tuple[str, ...]

    @property
    def truth(self) -> np.ndarray:
        """(rows,): places in `classes`, or numbers."""
        return self.truth_of(self.frame)

    def truth_of(self, part: pl.DataFrame) -> np.ndarray:
        if not self.classes:
            return part[self.target].to_numpy().astype(np.float64)
        place = {name: position for position, name in enumerate(self.classes)}
        return np.array([place[str(value)] for value in part[self.target].to_list()])

    def folds(self, count: int, seed: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
        """Rows to learn from and to test on, `count` times; shuffled, stratified by the class."""
        from sklearn.model_selection import KFold, StratifiedKFold

        splitter = (StratifiedKFold if self.classes else KFold)(count, shuffle=True, random_state=seed)
        return list(splitter.split(np.zeros(self.frame.height), self.truth))


def _file(*names: str) -> Callable[[Path], pl.DataFrame]:
    def read(folder: Path) -> pl.DataFrame:
        parts = [pl.read_csv(folder / name, null_values="?", infer_schema_length=None) for name in names]
        return pl.concat(parts)

    return read


def _of_sklearn(name: str) -> Callable[[Path], pl.DataFrame]:
    return lambda folder: _from_sklearn(name)


def _from_sklearn(name: str) -> pl.DataFrame:
    from sklearn import datasets

    loaded = getattr(datasets, f"load_{name}")()
    columns = {str(column): loaded.data[:, place] for place, column in enumerate(loaded.feature_names)}
    return pl.DataFrame(columns | {"target": loaded.target})


# name: (how it is read, the target, whether it is a number). Wine quality is told apart as classes in the red one, and
# estimated as a number in the white one.
TABLES: dict[str, tuple[Callable[[Path], pl.DataFrame], str, bool]] = {
    "wine": (_of_sklearn("wine"), "target", False),
    "sonar": (_file("sonar.csv"), "class", False),
    "breast-cancer": (_of_sklearn("breast_cancer"), "target", False),
    "digits": (_of_sklearn("digits"), "target", False),
    "winequality-red": (_file("winequality-red.csv"), "quality", False),
    "mammography": (_file("mammography.csv"), "class", False),
    "adult": (_file("adult-train.csv", "adult-test.csv"), "income", False),
    "auto-imports": (_file("auto_imports.csv"), "price", True),
    "diabetes": (_of_sklearn("diabetes"), "target", True),
    "abalone": (_file("abalone.csv"), "rings", True),
    "winequality-white": (_file("winequality-white.csv"), "quality", True),
}


def load(name: str, most_rows: int, folder: Path = SHARED) -> Task:
    """The table with at most so many rows, drawn at random but always the same. Raises FileNotFoundError without its file."""
    read, target, number = (TABLES | R_TABLES)[name]
    frame = read(folder)
    if frame.height > most_rows:
        rows = np.random.default_rng(0).choice(frame.height, most_rows, replace=False)
        frame = frame[np.sort(rows)]
    if number:
        return Task(name, frame.with_columns(pl.col(target).cast(pl.Float64)), target, ())
    classes = tuple(str(value) for value in frame[target].unique().sort().to_list())
    return Task(name, frame, target, classes)
