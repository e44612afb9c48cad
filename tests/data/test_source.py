"""Everything that may be called data, and what is said when it is not."""

# pyright: reportAttributeAccessIssue=false, reportPossiblyUnboundVariable=false, reportUnusedImport=false
# A test knows which kind of source it opened; the type says only that it is one.

from __future__ import annotations

import bz2
import gzip
import lzma
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow
import pytest

from vitrina import data
from vitrina.data.builtin import BREAST_CANCER, DIABETES, WINE
from vitrina.errors import DataError, UsageError

FRAME = pl.DataFrame({"x": [1.5, 2.5, 3.5, 4.5], "t": ["a", "b", "a", "b"]})


def refusal(given: Any, error: type[Exception] = DataError, **choices: Any) -> str:
    with pytest.raises(error) as caught:
        data.open_source(given, **choices)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_importing_it_is_light() -> None:
    code = "import sys, vitrina.data; print({'polars', 'sklearn', 'PIL', 'rich', 'pandas'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_functions_are_not_hidden_by_modules() -> None:
    import vitrina.data.recipe
    import vitrina.data.splits  # noqa: F401

    for name in data.__all__:
        assert not isinstance(getattr(data, name), type(sys)), name
    assert set(data.__all__) <= set(dir(data))
    with pytest.raises(AttributeError):
        data.no_such_name  # noqa: B018


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet", "arrow", "feather", "jsonl"])
def test_every_kind_of_file_gives_the_same_inputs(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"data.{ending}"
    writers: dict[str, Callable[[], Any]] = {
        "csv": lambda: FRAME.write_csv(path),
        "tsv": lambda: FRAME.write_csv(path, separator="\t"),
        "parquet": lambda: FRAME.write_parquet(path),
        "jsonl": lambda: FRAME.write_ndjson(path),
    }
    writers.get(ending, lambda: FRAME.write_ipc(path))()
    expected = data.open_source(FRAME, target="t")
    source = data.open_source(str(path), target="t")
    recipe = data.fit_recipe(expected)
    assert (source.name, source.rows, source.kind) == (path.name, 4, "table")
    np.testing.assert_array_equal(recipe.inputs(source), recipe.inputs(expected))
    np.testing.assert_array_equal(recipe.targets(source), [0, 1, 0, 1])
    assert data.fit_recipe(source).to_json() == recipe.to_json()


@pytest.mark.parametrize("ending", ["csv", "parquet", "arrow", "jsonl"])
def test_what_stands_for_a_missing_value_is_missing_in_every_kind_of_file(ending: str, tmp_path: Path) -> None:
    frame = pl.DataFrame({"x": ["1.5", "N/D", "2.5", "n/a"], "t": ["red", "N/D", "blue", "#N/A"]})
    path = tmp_path / f"table.{ending}"
    write = {"csv": "write_csv", "parquet": "write_parquet", "arrow": "write_ipc", "jsonl": "write_ndjson"}[ending]
    getattr(frame, write)(path)
    assert data.open_source(path).frame["t"].to_list() == ["red", None, "blue", None]
    assert data.open_source(frame).frame["t"].null_count() == 2


def test_a_folder_of_parquet_files_is_one_table(tmp_path: Path) -> None:
    FRAME[:3].write_parquet(tmp_path / "a.parquet")
    FRAME[3:].write_parquet(tmp_path / "b.parquet")
    assert data.open_source(tmp_path, target="t").frame.equals(FRAME)
    FRAME.select("x").write_parquet(tmp_path / "c.parquet")
    assert "a.parquet has a column 't' that c.parquet lacks" in refusal(tmp_path)
    (tmp_path / "c.parquet").write_bytes(b"PAR1")
    assert f"{tmp_path.name}/c.parquet: the file cannot be read as Parquet" in refusal(tmp_path)


def test_the_names_of_folders_are_columns(tmp_path: Path) -> None:
    for year, part in ((2023, FRAME[:2]), (2024, FRAME[2:3]), ("__HIVE_DEFAULT_PARTITION__", FRAME[3:])):
        folder = tmp_path / "sales" / f"year={year}" / "city=S%C3%A3o Paulo"
        folder.mkdir(parents=True)
        part.write_parquet(folder / "0.parquet")
    (tmp_path / "sales" / "_SUCCESS").write_bytes(b"")
    frame = data.open_source(tmp_path / "sales", target="t").frame
    assert frame.columns == ["x", "t", "year", "city"]
    assert frame["year"].to_list() == ["2023", "2023", "2024", None]
    assert frame["city"].unique().to_list() == ["São Paulo"]
    assert "its tables lie in sales; give one of these folders" in refusal(tmp_path)


def test_parts_of_different_types_take_the_wider_one(tmp_path: Path) -> None:
    for name, values in (("a", [1, 2]), ("b", [0.5, None]), ("c", [None, None])):
        pl.DataFrame({"x": values, "y": values if name != "b" else ["one", "two"]}).write_parquet(
            tmp_path / f"{name}.parquet"
        )
    frame = data.open_source(tmp_path).frame
    assert frame["x"].to_list() == [1, 2, 0.5, None, None, None]
    assert frame["y"].to_list() == ["1", "2", "one", "two", None, None]


def test_a_folder_of_other_tables_says_what_to_give(tmp_path: Path) -> None:
    (tmp_path / "months").mkdir()
    FRAME.write_csv(tmp_path / "months" / "may.csv")
    assert "months/may.csv" in refusal(tmp_path / "months")
    FRAME.write_parquet(tmp_path / "months" / "may.parquet")
    (tmp_path / "months" / "may.csv").unlink()
    assert data.open_source(tmp_path / "months").rows == 4


PACK: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda content: pyarrow.compress(content, codec="zstd", asbytes=True),
}


@pytest.mark.parametrize("packer", PACK)
@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet", "feather", "jsonl"])
def test_packed_files_read_like_the_file_inside(ending: str, packer: str, tmp_path: Path) -> None:
    plain, packed = tmp_path / f"data.{ending}", tmp_path / f"data.{ending}.{packer}"
    {
        "csv": FRAME.write_csv,
        "tsv": lambda path: FRAME.write_csv(path, separator="\t"),
        "parquet": FRAME.write_parquet,
        "feather": FRAME.write_ipc,
        "jsonl": FRAME.write_ndjson,
    }[ending](plain)
    whole = PACK[packer](plain.read_bytes())
    packed.write_bytes(whole)
    assert data.open_source(packed).frame.equals(data.open_source(plain).frame)
    plain.write_bytes(whole)  # packed, and nothing in the name says so
    assert data.open_source(plain).frame.equals(data.open_source(packed).frame)
    packed.write_bytes(whole[: len(whole) // 2])
    assert f"{packed.name}: the " in refusal(packed)
    assert "damaged or cut short" in refusal(packed)


def test_arrow_streams_as_hugging_face_keeps_them(tmp_path: Path) -> None:
    FRAME.write_ipc_stream(tmp_path / "data.arrow")
    assert data.open_source(tmp_path / "data.arrow").frame.equals(FRAME)


def test_types_that_polars_has_not(tmp_path: Path) -> None:
    columns = {
        "interval": pyarrow.array([(1, 2, 3 * 10**9), None, (0, 0, 500_000_000)], pyarrow.month_day_nano_interval()),
        "json": pyarrow.ExtensionArray.from_storage(
            pyarrow.opaque(pyarrow.string(), "numeric", "PostgreSQL"), pyarrow.array(["1.5", "2", None])
        ),
    }
    table = pyarrow.table(columns)
    with pyarrow.OSFile(str(tmp_path / "a.arrow"), "wb") as sink, pyarrow.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    frame = data.open_source(tmp_path / "a.arrow").frame
    assert frame["interval"].to_list() == [(365.2425 / 12 + 2) * 86_400 + 3, None, 0.5]
    assert frame["json"].to_list() == ["1.5", "2", None]


def test_json_lines_are_found_by_their_line(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    for content, expected in (
        ('{"a": 1}\n\n{"a": \n', "line 3: this is no JSON object"),
        ('{"a": 1}\n[1, 2]\n', "line 2: this is no JSON object"),
        ('{"a": 1}\n3\n', "line 2: this is no JSON object"),
        ("{}\n{}\n", "empty"),
        ("\n\n", "empty"),
        ('{"a": ' + "[" * 100_000 + "\n", "line 1: more than 64 brackets"),
        ('{"a": "x"}\n{"a": "' + "\\ud800" + '"}\n', ""),
    ):
        path.write_text(content)
        if expected:
            assert expected in refusal(path)
    path.write_bytes(b'{"a": 1}\n{"a": "\xff"}\n')
    assert "line 2: the text is not UTF-8" in refusal(path)
    path.write_text('\ufeff{"a": 1, "b": "x"}\n\n{"b": 2, "c": {"d": 1}}\n', encoding="utf-8")
    source = data.open_source(path)
    assert source.frame["a"].to_list() == [1, None]
    assert source.frame["b"].to_list() == ["x", "2"]
    assert source.where(1) == "line 3"


@pytest.mark.parametrize("ending", ["parquet", "arrow", "jsonl"])
def test_damaged_files_are_refused_in_one_sentence(ending: str, tmp_path: Path, rng: np.random.Generator) -> None:
    path = tmp_path / f"data.{ending}"
    {"parquet": FRAME.write_parquet, "arrow": FRAME.write_ipc, "jsonl": FRAME.write_ndjson}[ending](path)
    whole = path.read_bytes()
    for content in (b"", b"x,y\n1,2\n", *(whole[:size] for size in rng.integers(0, len(whole) - 2, 30))):
        path.write_bytes(content)
        if ending == "jsonl" and content and content in whole:
            continue  # fewer lines of JSON are a table too
        assert "data." in refusal(path, target="t")


def test_frames_dicts_and_targets_beside_them() -> None:
    for given in (
        FRAME,
        FRAME.lazy(),
        FRAME.to_dict(as_series=False),
        {"x": np.array(FRAME["x"]), "t": list(FRAME["t"])},
    ):
        assert data.open_source(given, target="t").frame.equals(FRAME)
    beside = data.open_source((FRAME.select("x"), FRAME["t"]))
    assert beside.target_name == "t"
    assert beside.frame.equals(FRAME)
    assert data.open_source((FRAME.select("x"), np.arange(4))).target_name == "target"
    assert "4 rows" in refusal((FRAME.select("x"), [1, 2]))
    assert "not both" in refusal((FRAME, [1, 2, 3, 4]), UsageError, target="t")
    assert "same number of rows" in refusal({"x": [1, 2], "y": [1]})
    assert "no rows" in refusal(FRAME.clear())
    assert data.open_source({"x": [1, "a", None]}).frame["x"].to_list() == ["1", "a", None]


def test_pandas_frames() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame({"x": [1.5, None, 3.5], "mixed": [1, "a", None], "t": pandas.Categorical(["a", "b", "a"])})
    source = data.open_source(frame, target="t")
    assert source.frame["x"].to_list() == [1.5, None, 3.5]
    assert source.frame["mixed"].to_list() == ["1", "a", None]
    np.testing.assert_array_equal(data.fit_recipe(source).targets(source), [0, 1, 0])
    assert data.open_source((frame[["x"]], frame["t"])).target_name == "t"


def test_a_source_passes_through() -> None:
    source = data.open_source(FRAME)
    assert data.open_source(source) is source


def test_spreadsheets_and_lists_of_json_say_how_to_save_them(tmp_path: Path) -> None:
    for name in ("sales.xlsx", "sales.XLS", "sales.ods"):
        (tmp_path / name).write_bytes(b"PK")
        assert "save the sheet as CSV" in refusal(tmp_path / name)
        assert "save the sheet as CSV" in refusal(tmp_path / name, target="sold")
    (tmp_path / "sales.json").write_text('[{"a": 1}]')
    assert "one object on each line" in refusal(tmp_path / "sales.json")


@pytest.mark.parametrize("name", ["sales.zip", "sales.csv.zip", "photos.tar", "photos.7z"])
def test_an_archive_is_to_be_unpacked(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"PK\x03\x04 and so on")
    assert "unpack it" in refusal(tmp_path / name)


def test_names_that_lead_nowhere(tmp_path: Path) -> None:
    assert "no such file, folder or built-in data set; did you mean 'digits'?" in refusal("digit")
    assert (
        "did you mean 'sales.csv'" in refusal(tmp_path / "sale.csv") if (tmp_path / "sales.csv").write_text("a") else 0
    )
    assert "breast-cancer" in refusal("something else")
    (tmp_path / "model.bin").write_bytes(b"hello")
    assert "'.bin' says nothing" in refusal(tmp_path / "model.bin")
    (tmp_path / "a.npz").write_bytes(b"")
    assert "not a table" in refusal(tmp_path / "a.npz", UsageError, target="t")


def test_the_built_in_sets_are_those_of_scikit_learn() -> None:
    from sklearn import datasets

    digits, theirs = data.open_source("digits"), datasets.load_digits()
    np.testing.assert_array_equal(digits.x[..., 0], theirs.images)
    np.testing.assert_array_equal(digits.y, theirs.target)
    for name, load, columns in (
        ("breast-cancer", datasets.load_breast_cancer, BREAST_CANCER),
        ("wine", datasets.load_wine, WINE),
        ("diabetes", lambda: datasets.load_diabetes(scaled=False), DIABETES),
    ):
        source, theirs = data.open_source(name), load()
        assert tuple(source.feature_names) == columns == tuple(theirs.feature_names)
        np.testing.assert_array_equal(source.frame.drop(source.target_name).to_numpy(), theirs.data)
        recipe = data.fit_recipe(source)
        if name == "diabetes":
            np.testing.assert_allclose(recipe.decode(recipe.targets(source)), theirs.target, rtol=1e-5)
        else:
            labels = recipe.decode(recipe.targets(source))
            assert len({(label, code) for label, code in zip(labels, theirs.target, strict=True)}) == recipe.outputs
        if name == "breast-cancer":
            np.testing.assert_array_equal(theirs.target_names[theirs.target], labels)
    assert data.open_source("wine", target="alcohol", drop=["hue"]).target_name == "alcohol"
    assert "no columns" in refusal("digits", UsageError, target="y")
