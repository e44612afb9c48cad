"""Files that something happened to: whatever it was, they are read or refused in one sentence, and soon."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from polars.testing.parametric import dataframes

from vitrina import data
from vitrina.data.roles import OVERRIDES
from vitrina.data.table_files import TABLE_ENDINGS
from vitrina.errors import VitrinaError

ROWS = 60
FRAME = pl.DataFrame(
    {
        "x": [i / 7 if i % 5 else None for i in range(ROWS)],
        "kind": [f"número {i % 3}" for i in range(ROWS)],
        "note": [f'he said "{i}",\nand left; it was {"very " * (i % 4)}late' for i in range(ROWS)],
        "when": [datetime(2024, 1, 1) + timedelta(hours=7 * i) for i in range(ROWS)],
        "label": ["yes", "no"] * (ROWS // 2),
    }
)
NESTED = FRAME.with_columns(
    pl.Series("list", [[i, i + 1] for i in range(ROWS)]), pl.Series("struct", [{"a": i, "b": "é"} for i in range(ROWS)])
)


def written(write: Callable[[io.BytesIO], object]) -> bytes:
    content = io.BytesIO()
    write(content)
    return content.getvalue()


CSV = FRAME.write_csv().encode()
FILES: dict[str, bytes] = {
    "data.csv": CSV,
    "data.tsv": FRAME.write_csv(separator="\t").encode(),
    "data.jsonl": NESTED.write_ndjson().encode(),
    "data.parquet": written(NESTED.write_parquet),
    "plain.parquet": written(lambda file: NESTED.write_parquet(file, compression="uncompressed")),
    "data.arrow": written(NESTED.write_ipc),
    "stream.arrow": written(NESTED.write_ipc_stream),
    "data.csv.gz": gzip.compress(CSV),
    "data.csv.bz2": bz2.compress(CSV),
    "data.csv.xz": lzma.compress(CSV),
    "data.csv.zst": pyarrow.compress(CSV, codec="zstd", asbytes=True),
}
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF")


@st.composite
def damage(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """Bits flipped, pieces cut out, doubled or put in, the end cut off: places are shares of the file."""
    share = st.floats(0, 1, exclude_max=True)
    changes = draw(
        st.lists(st.tuples(st.sampled_from(["flip", "cut", "double", "insert", "end"]), share, share), max_size=5)
    )
    odd = draw(st.sampled_from([b"\0", b'"', b"\n", b"\xff\xfe", b"\xef\xbb\xbf", b"PAR1", b"9" * 30, b"\xff" * 8]))

    def damaged(whole: bytes) -> bytes:
        content = bytearray(whole)
        for what, first, second in changes:
            place, size = int(first * len(content)), 1 + int(second * 16)
            if what == "flip" and content:
                content[place] ^= 1 << int(second * 8)
            elif what == "cut":
                del content[place : place + size]
            elif what == "double":
                content[place:place] = content[place : place + size]
            elif what == "insert":
                content[place:place] = odd
            else:
                del content[place:]
        return bytes(content)

    return damaged


def read_or_refused(path: Path, target: str | None) -> None:
    """Everything that is done with data, short of learning."""
    try:
        source = data.open_source(path, target=target)
        source.describe().to_json()
        if source.has_target:
            data.fit_recipe(source).inputs(source)
    except VitrinaError as error:
        assert len(str(error).splitlines()) == 1, error  # noqa: PT017
        assert path.name in str(error), error  # noqa: PT017


QUICK = settings(
    max_examples=35, deadline=5000, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.mark.parametrize("name", FILES)
@QUICK
@given(damage(), st.sampled_from([None, "label"]))
def test_a_damaged_table(name: str, tmp_path: Path, damaged: Callable[[bytes], bytes], target: str | None) -> None:
    path = tmp_path / name
    path.write_bytes(damaged(FILES[name]))
    read_or_refused(path, target)


@pytest.mark.parametrize("kind", FORMATS)
@QUICK
@given(damage())
def test_a_damaged_image(kind: str, tmp_path: Path, damaged: Callable[[bytes], bytes]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 16, 3)).astype(np.uint8)
    whole = written(lambda file: Image.fromarray(pixels).save(file, kind))
    pl.DataFrame({"image": [whole, damaged(whole), whole, whole], "label": ["a", "b", "a", "b"]}).write_parquet(
        tmp_path / "images.parquet"
    )
    read_or_refused(tmp_path / "images.parquet", "label")


@QUICK
@given(dataframes(min_size=2, max_size=24, min_cols=1, max_cols=4), st.sampled_from([None, *OVERRIDES]))
def test_a_frame_of_any_types(frame: pl.DataFrame, role: str | None) -> None:
    frame = frame.rename({name: f"column {i}" for i, name in enumerate(frame.columns)})
    roles = dict.fromkeys(frame.columns, role) if role else None
    frame = frame.with_columns(pl.Series("label", (["yes", "no"] * 12)[: frame.height]))
    try:
        source = data.open_source(frame, target="label", columns=roles)
        json.dumps(source.describe().to_json(), allow_nan=False)
        recipe = data.fit_recipe(source)
        inputs = recipe.inputs(source)
    except VitrinaError as error:
        assert len(str(error).splitlines()) == 1, error  # noqa: PT017
    else:
        assert np.isfinite(inputs).all()
        assert data.recipe_from_json(json.loads(json.dumps(recipe.to_json(), allow_nan=False))) == recipe


@QUICK
@given(
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "shift_jis", "cp037"]),
    damage(),
)
def test_a_table_in_any_encoding(tmp_path: Path, encoding: str, damaged: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(damaged(CSV.decode().encode(encoding, "replace")))
    read_or_refused(path, "label")


@pytest.mark.parametrize("ending", [*TABLE_ENDINGS, ".csv.gz", ".parquet.zst", ".npz", ".db", ".png"])
@pytest.mark.parametrize("content", [b"", b"\n", b"\0", b"\xef\xbb\xbf", b"a", b'"', b"{}", b"PAR1PAR1", b"ARROW1"])
def test_next_to_nothing_in_a_file(ending: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"data{ending}"
    path.write_bytes(content)
    with pytest.raises(VitrinaError) as caught:
        data.fit_recipe(data.open_source(path))
    assert len(str(caught.value).splitlines()) == 1
    assert path.name in str(caught.value)


def test_ten_thousand_columns(tmp_path: Path, rng: np.random.Generator) -> None:
    path = tmp_path / "wide.csv"
    lines = [",".join(f"c{i}" for i in range(10_000))]
    lines += [",".join(map(str, rng.integers(0, 9, 10_000))) for _ in range(6)]
    path.write_text("\n".join(lines) + "\n")
    source = data.open_source(path, target="c9999")
    assert len(source.describe().columns) == 9999
    path.write_text("\n".join([*lines, "1,2,3"]) + "\n")
    with pytest.raises(VitrinaError, match="line 8: 3 values, but the first line names 10000 columns"):
        data.open_source(path)


def test_one_very_long_field(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("a,b\n" + "x" * 3_000_000 + ',1\n"' + "y" * 3_000_000)
    with pytest.raises(VitrinaError, match=r"long.csv"):
        data.open_source(path)
