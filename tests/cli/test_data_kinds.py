"""Every kind of data goes through the commands: described, learned from, predicted on."""

from __future__ import annotations

import gzip
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.cli.conftest import Vitrina, table, write

QUICK = ("--epochs", 2, "--engine", "numpy")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The table of the other tests, in a database beside another one."""
    names, *lines = (line.split(",") for line in table())
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection, connection:
        connection.execute(f"CREATE TABLE sales ({', '.join(names)})")
        connection.executemany("INSERT INTO sales VALUES (CAST(? AS REAL), ?, ?)", lines)
        connection.execute("CREATE TABLE other (x)")
    return tmp_path / "shop.db"


def test_a_database_through_every_command(vitrina: Vitrina, shop: Path, csv: Path) -> None:
    assert "choose one with --table" in vitrina("describe", shop).sentence
    told = json.loads(vitrina("describe", shop, "--table", "sales", "--target", "bought", "--json").out)
    assert (told["kind"], told["holds"], told["rows"], told["target"]["name"]) == ("data", "table", 80, "bought")
    query = "SELECT size, colour, bought FROM sales WHERE size > -9"
    trained = vitrina("train", "sqlite:///shop.db", "--query", query, "--target", "bought", *QUICK)
    assert trained.status == 0, trained.err
    settings = json.loads(Path("runs/1/settings.json").read_text())
    assert settings["data"] == f"sqlite:///shop.db?query={query}"
    assert vitrina("evaluate", "runs/1", shop, "--table", "sales").status == 0
    assert vitrina("predict", "runs/1", shop, "--table", "sales", "--out", "db.csv").status == 0
    assert vitrina("predict", "runs/1", csv, "--out", "csv.csv").status == 0
    assert Path("db.csv").read_bytes() == Path("csv.csv").read_bytes()
    assert json.loads(vitrina("trace", "runs/1", shop, "--table", "sales", "--row", 3, "--json").out)["row"] == 3
    wrong = vitrina("train", csv, "--table", "sales", "--target", "bought")
    assert (wrong.status, "is not a database" in wrong.sentence) == (2, True)


def test_images_in_a_table_through_every_command(vitrina: Vitrina, images: Path) -> None:
    files = sorted(images.rglob("*.png"))
    frame = pl.DataFrame({"image": [file.read_bytes() for file in files], "kind": [file.parent.name for file in files]})
    frame.write_parquet("pictures.parquet")
    lines = [f"{file.relative_to(images)},{file.parent.name}" for file in files]
    write(images / "pictures.csv", ["path,kind", *lines])
    for run, data in enumerate(("pictures.parquet", images / "pictures.csv"), start=1):
        assert vitrina("train", data, "--target", "kind", *QUICK).status == 0
        assert vitrina("evaluate", f"runs/{run}", "pictures.parquet").status == 0
        told = json.loads(vitrina("predict", f"runs/{run}", images / "pictures.csv", "--json").out)
        assert told["columns"]["file"][0].startswith("line 2 (dark/")
    assert json.loads(vitrina("describe", "pictures.parquet", "--target", "kind", "--json").out)["holds"] == "images"
    assert "class" in vitrina("describe", images).out
    assert vitrina("train", "pictures.parquet", *QUICK).status == 1


def test_dates_and_text_are_learned_from_and_predicted_on(vitrina: Vitrina) -> None:
    rng = np.random.default_rng(0)
    lines = ["when,remark,id,label"]
    for row in range(120):
        kind = row % 2
        words = rng.permutation((["kind", "clean", "warm"] if kind else ["rude", "dirty", "cold"]) + ["room", "was"])
        hour = rng.integers(8, 20) if kind else (20 + rng.integers(0, 12)) % 24
        when = f"{1 + row % 28:02d}/{1 + row % 12:02d}/2024 {hour:02d}:15"
        lines.append(f"{when},{' '.join(words)} no {row},{row + 17},{['no', 'yes'][kind]}")
    write(Path("stays.csv"), lines)
    told = json.loads(vitrina("describe", "stays.csv", "--target", "label", "--json").out)
    assert [column["role"] for column in told["columns"]] == ["date", "text", "identifier"]
    assert told["columns"][0]["first"].startswith("2024-01-01")
    train = ("train", "stays.csv", "--target", "label", "--epochs", 15, "--engine", "numpy")
    assert json.loads(vitrina(*train, "--json").out)["test"]["accuracy"] > 0.8
    kept = json.loads(vitrina("describe", "stays.csv", "--column", "id=numeric", "--drop", "remark", "--json").out)
    assert [column["role"] for column in kept["columns"]] == ["date", "numeric", "boolean"]
    write(Path("new.csv"), ["Label,REMARK,When", "?,was kind,2024-03-05 11:00", "?,rude and cold,2024-03-05T23:00:00Z"])
    answers = json.loads(vitrina("predict", "runs/1", "new.csv", "--json").out)["columns"]["answer"]
    assert answers == ["yes", "no"]
    write(Path("bad.csv"), ["remark,when", "was kind,tomorrow"])
    assert (
        "bad.csv, line 2: column 'when' holds dates, but here it says 'tomorrow'"
        in vitrina("predict", "runs/1", "bad.csv").sentence
    )
    write(Path("less.csv"), ["remarks,when", "was kind,2024-01-01"])
    assert "no column 'remark'" in vitrina("predict", "runs/1", "less.csv").sentence


def test_a_description_in_spanish(vitrina: Vitrina, csv: Path) -> None:
    told = vitrina("describe", csv, "--target", "bought", "--lang", "es").out
    for word in ("80 filas, 2 columnas", "columna", "papel", "intervalo", "media", "objetivo bought, clasificación"):
        assert word in told


def test_a_packed_table_and_a_folder_of_parts(vitrina: Vitrina, csv: Path) -> None:
    frame = pl.read_csv(csv)
    for year in (2023, 2024):
        Path(f"sales/year={year}").mkdir(parents=True)
        frame.write_parquet(f"sales/year={year}/0.parquet")
    told = json.loads(vitrina("describe", "sales", "--target", "bought", "--json").out)
    assert (told["rows"], [column["name"] for column in told["columns"]]) == (160, ["size", "colour", "year"])
    Path("shop.csv.gz").write_bytes(gzip.compress(csv.read_bytes()))
    assert vitrina("describe", "shop.csv.gz").status == 0
