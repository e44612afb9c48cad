"""What goes wrong with data is told in the user's language, down to the words for a row and for a part."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import vitrina as vt
from vitrina import locale
from vitrina.data import fit_recipe, open_source, split
from vitrina.data.splits import Division
from vitrina.errors import DataError, UsageError, VitrinaError
from vitrina.evaluate.terms import read_terms


@pytest.fixture(autouse=True)
def _in_spanish(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locale, "_chosen", None)  # what stood there comes back when the test ends
    locale.use("es")


def wrote(folder: Path, text: str) -> Path:
    path = folder / "ventas.csv"
    path.write_text(text, "utf-8")
    return path


def test_a_column_that_is_not_there(tmp_path: Path) -> None:
    path = wrote(tmp_path, "edad,clase\n1,a\n2,b\n")
    with pytest.raises(
        DataError, match=r"no hay ninguna columna 'clas' \(tiene edad, clase\); nombra una con --target"
    ):
        open_source(path, target="clas")
    with pytest.raises(DataError, match="nombra una con --drop"):
        open_source(path, target="clase", drop=["nada"])


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(
        DataError, match=r"no existe ese archivo, carpeta o conjunto incluido; ¿querías decir 'digits'\?"
    ):
        open_source("digit")


def test_a_file_that_is_something_else(tmp_path: Path) -> None:
    path = wrote(tmp_path, "%PDF-1.7")
    with pytest.raises(DataError, match=r"ventas\.csv: esto es un PDF, no un archivo CSV"):
        open_source(path)


def test_an_empty_table(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="hay nombres de columnas, pero ninguna fila debajo"):
        open_source(wrote(tmp_path, "edad,clase\n"))
    with pytest.raises(DataError, match="la tabla: la tabla no tiene filas"):
        open_source({"edad": np.array([], np.int64)})


def test_a_line_is_a_linea_and_a_row_a_fila(tmp_path: Path) -> None:
    path = wrote(tmp_path, "edad,clase\n1,a\n2,\n3,b\n")
    with pytest.raises(DataError, match=r"línea 3: falta el objetivo 'clase'; rellena o quita"):
        open_source(path, target="clase").raw_target()
    with pytest.raises(DataError, match=r"fila 1: falta el objetivo 'clase'; rellena o quita"):
        open_source({"edad": [1, 2, 3], "clase": ["a", None, "b"]}, target="clase").raw_target()


def test_a_target_that_is_always_the_same() -> None:
    with pytest.raises(
        DataError, match="la tabla: el objetivo 'precio' es 7 en todas las filas; no hay nada que aprender"
    ):
        fit_recipe(
            open_source({"edad": [1.5, 2.5, 3.5], "precio": [7.0, 7.0, 7.0]}, target="precio"), task="regression"
        )


def test_parts_are_called_what_they_are(tmp_path: Path) -> None:
    rows = "".join(f"{row},2024-01-{row + 1:02d},{'ab'[row % 2]}\n" for row in range(20))
    source = open_source(wrote(tmp_path, f"edad,día,clase\n{rows}"), target="clase")
    with pytest.raises(UsageError, match="la proporción de validación debe ser al menos 0 y menor que 1, no 2"):
        split(source, 0, 2, 0.1)
    with pytest.raises(UsageError, match=r"no deja filas en la parte de (entrenamiento|prueba).*acorta --gap"):
        split(source, 0, 0.2, 0.2, Division(time="día", gap="30d"))


@pytest.mark.parametrize(
    ("costs", "told"),
    [
        ("fn=ten", "fn debe ser un número, no 'ten'; escribe --costs fn=100,fp=1"),
        ("fnord=1", "no existe 'fnord'; escribe --costs"),
        ("fn", "'fn' no es NOMBRE=NÚMERO"),
        ("fn=0", "nada cuesta nada"),
    ],
)
def test_costs_that_cannot_be_read(costs: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        read_terms(costs)


def test_a_run_that_cannot_be_measured(tmp_path: Path) -> None:
    vt.train("wine", engine="numpy", epochs=1, test=0, out=tmp_path / "run")
    with pytest.raises(VitrinaError, match="no tiene parte de prueba en que medir; da en DATA"):
        vt.assess(tmp_path / "run")
