"""The small real data sets in scikit-learn's files, read directly: importing it takes longer than training."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.data.arrays import Arrays, make_arrays
from vitrina.errors import DataError, UsageError
from vitrina.locale import say

if TYPE_CHECKING:
    from vitrina.data.table import Table

MEASURED = (
    "radius",
    "texture",
    "perimeter",
    "area",
    "smoothness",
    "compactness",
    "concavity",
    "concave points",
    "symmetry",
    "fractal dimension",
)
BREAST_CANCER = (
    *(f"mean {trait}" for trait in MEASURED),
    *(f"{trait} error" for trait in MEASURED),
    *(f"worst {trait}" for trait in MEASURED),
)
WINE = (
    "alcohol",
    "malic_acid",
    "ash",
    "alcalinity_of_ash",
    "magnesium",
    "total_phenols",
    "flavanoids",
    "nonflavanoid_phenols",
    "proanthocyanins",
    "color_intensity",
    "hue",
    "od280/od315_of_diluted_wines",
    "proline",
)
DIABETES = ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6")


def digits() -> Arrays:
    """1,797 handwritten digits (UCI, test part): x uint8 (1797, 8, 8, 1) from 0 to 16, y 0 to 9."""
    values = _read("digits.csv.gz").astype(np.uint8)
    return make_arrays(values[:, :-1].reshape(-1, 8, 8, 1), values[:, -1].astype(np.int64), "digits")


def breast_cancer(**choices: Any) -> Table:
    """569 tumours (Wisconsin, diagnostic): 30 measurements of cell nuclei, and whether malignant or benign."""
    values = _read("breast_cancer.csv", skip=1)
    labels = np.array(["malignant", "benign"])[values[:, -1].astype(int)]
    return _table("breast-cancer", BREAST_CANCER, values[:, :-1], "diagnosis", labels, choices)


def wine(**choices: Any) -> Table:
    """178 Italian wines of three growers: 13 chemical measurements."""
    values = _read("wine_data.csv", skip=1)
    labels = np.array(["grower 1", "grower 2", "grower 3"])[values[:, -1].astype(int)]
    return _table("wine", WINE, values[:, :-1], "grower", labels, choices)


def diabetes(**choices: Any) -> Table:
    """442 patients: ten measurements in their own units, and how far the disease went in a year (a number)."""
    values, progression = _read("diabetes_data_raw.csv.gz", separator=None), _read("diabetes_target.csv.gz")
    return _table("diabetes", DIABETES, values, "progression", progression.reshape(-1), choices)


BUILTIN: dict[str, Callable[..., Arrays | Table]] = {
    "digits": digits,
    "breast-cancer": breast_cancer,
    "wine": wine,
    "diabetes": diabetes,
}


def open_builtin(
    name: str, target: str | None, columns: Mapping[str, str] | None, drop: Sequence[str]
) -> Arrays | Table:
    """A built-in data set by its name, which is one of BUILTIN."""
    if name != "digits":
        return BUILTIN[name](target=target, columns=columns, drop=drop)
    if target or columns or drop:
        raise UsageError(
            say("digits holds images, which have no columns to choose; leave out --target, --column and --drop")
        )
    return digits()


def _read(file: str, skip: int = 0, separator: str | None = ",") -> np.ndarray:
    found = find_spec("sklearn")  # finds the package without importing it
    path = Path(found.origin).parent / "datasets" / "data" / file if found and found.origin else None
    if path is None or not path.is_file():
        raise DataError(
            say(
                "the built-in data set {name} comes with scikit-learn, which is not here; pip install scikit-learn",
                name=file.split(".")[0],
            )
        )
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
    return np.loadtxt(text.splitlines()[skip:], delimiter=separator)


def _table(
    name: str, names: Sequence[str], values: np.ndarray, target: str, labels: np.ndarray, choices: dict[str, Any]
) -> Table:
    import polars as pl

    from vitrina.data.table import make_table

    frame = pl.DataFrame(values, schema=list(names), orient="row").with_columns(pl.Series(target, labels.tolist()))
    return make_table(frame, name, choices.pop("target", None) or target, **choices)
