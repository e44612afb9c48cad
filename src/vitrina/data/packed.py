"""Files packed with gzip, bzip2, xz or Zstandard: told by their first bytes, whatever they are called."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from vitrina.errors import DataError
from vitrina.locale import say

PACKED_ENDINGS = (".gz", ".bz2", ".xz", ".zst")


def _zstandard(data: bytes) -> bytes:
    import pyarrow

    return pyarrow.CompressedInputStream(pyarrow.BufferReader(data), "zstd").read()


PACKERS: tuple[tuple[str, re.Pattern[bytes], Callable[[bytes], bytes]], ...] = (
    ("gzip", re.compile(rb"\x1f\x8b"), gzip.decompress),
    ("bzip2", re.compile(rb"BZh[1-9](1AY&SY|\x17\x72\x45\x38\x50\x90)"), bz2.decompress),
    ("xz", re.compile(rb"\xfd7zXZ\x00"), lzma.decompress),
    ("Zstandard", re.compile(rb"\x28\xb5\x2f\xfd"), _zstandard),
)


def inner_name(name: str) -> str:
    """The name without the ending of a packer, in lower case: Sales.CSV.gz -> sales.csv."""
    name = name.lower()
    return next((name.removesuffix(ending) for ending in PACKED_ENDINGS if name.endswith(ending)), name)


def is_packed(path: Path) -> bool:
    """Whether the file is packed, by its name or by its first bytes."""
    if path.name.lower().endswith(PACKED_ENDINGS):
        return True
    with path.open("rb") as file:
        start = file.read(16)
    return any(signature.match(start) for _, signature, _ in PACKERS)


def open_unpacked(path: Path) -> BinaryIO:
    """The file, opened to be read from its start and unpacked on the way if it is packed."""
    with path.open("rb") as file:
        start = file.read(16)
    kind = next((kind for kind, signature, _ in PACKERS if signature.match(start)), None)
    if kind == "Zstandard":
        import pyarrow

        return pyarrow.CompressedInputStream(pyarrow.OSFile(str(path)), "zstd")
    openers: dict[str | None, Any] = {"gzip": gzip.open, "bzip2": bz2.open, "xz": lzma.open}
    return openers.get(kind, open)(path, "rb")


def read_unpacked(path: Path) -> bytes:
    """The bytes of a file, unpacked if they are packed. Raises DataError where they are damaged or cut short."""
    data = path.read_bytes()
    for kind, signature, unpack in PACKERS:
        if signature.match(data):
            try:
                return unpack(data)
            except MemoryError:
                raise
            except Exception as error:  # zlib, lzma and pyarrow have errors of their own
                reason = (str(error).splitlines() or [type(error).__name__])[0]
                raise DataError(
                    say(
                        "{file}: the {kind} file is damaged or cut short ({reason}); fetch or save it again",
                        file=path.name,
                        kind=kind,
                        reason=reason,
                    )
                ) from None
    return data
