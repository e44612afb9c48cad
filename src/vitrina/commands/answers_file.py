"""The file that answers are written to: CSV, TSV, JSON lines or Parquet, by its ending."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vitrina.errors import UsageError
from vitrina.locale import say

ENDINGS = (".csv", ".tsv", ".jsonl", ".parquet")


def check_out(out: str, data: str | None) -> None:
    """Raises UsageError for an ending that is not known, or where the file is the data themselves."""
    from vitrina.data.address import is_address

    path = Path(out)
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(
            say(
                "--out {out}: the ending says how to write it; give one of {endings}",
                out=out,
                endings=", ".join(ENDINGS),
            )
        )
    if data is not None and path.exists() and not is_address(data) and Path(data).exists() and path.samefile(data):
        raise UsageError(say("--out {out} is the data themselves; choose another file", out=out))


def write_answers(columns: dict[str, Any], path: Path) -> None:
    """The file as a whole or not at all."""
    from io import BytesIO

    import polars as pl

    from vitrina.files import write_atomically

    frame = pl.DataFrame(
        {
            name: list(values) if getattr(getattr(values, "dtype", None), "kind", "") == "O" else values
            for name, values in columns.items()
        }
    )
    content = BytesIO()
    ending = path.suffix.lower()
    if ending == ".parquet":
        frame.write_parquet(content)
    elif ending == ".jsonl":
        frame.write_ndjson(content)
    else:
        frame.write_csv(content, separator="\t" if ending == ".tsv" else ",")
    write_atomically(path, content.getvalue())
