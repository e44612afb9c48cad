"""The file of a recording: Arrow record batches, one for each look, appended one after the other.

Every batch is whole or not there, so the file is readable while it grows, and after a crash up to the last whole look.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from struct import Struct, unpack_from
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

TWO, INT = Struct("=2i"), 4  # numbers of Arrow's that stand side by side, and the bytes of one
LARGE = 1 << 23  # bytes from which a file is mapped into memory instead of read
Values = Mapping[str, np.ndarray]  # by `key_of`


@cache
def schema() -> pa.Schema:
    """Of the file: step, seconds since training began, and names, shapes and values of what was seen."""
    import pyarrow as pa

    return pa.schema(
        [
            ("step", pa.int64()),
            ("seconds", pa.float64()),
            ("name", pa.string()),
            ("shape", pa.list_(pa.int32())),
            ("values", pa.list_(pa.float32())),
        ]
    )


class LooksWriter:
    """Appends looks to a new file. Raises OSError if the disk is full; what was written before stays readable."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("wb", buffering=0)
        self._file.write(schema().serialize())
        weakref.finalize(self, self._file.close)  # a training may end in any way

    def write(self, step: int, seconds: float, values: Values) -> None:
        """One look, in one call to the system; on a disk that is nearly full, in as many as it takes to hear that it is."""
        left = memoryview(encoded(step, seconds, values))
        while left:
            left = left[self._file.write(left) :]

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._file.tell()

    def close(self) -> None:
        self._file.close()


def encoded(step: int, seconds: float, values: Values) -> Any:
    """A look as one message of Arrow's stream format."""
    import pyarrow as pa

    count = len(values)
    arrays = [np.ascontiguousarray(array, np.float32) for array in values.values()]
    shapes = [np.asarray(array.shape, np.int32) for array in arrays]
    flat = np.concatenate([array.reshape(-1) for array in arrays]) if arrays else np.empty(0, np.float32)
    sizes = np.cumsum([0, *(array.size for array in arrays)], dtype=np.int32)
    ranks = np.cumsum([0, *(len(shape) for shape in shapes)], dtype=np.int32)
    sides = np.concatenate(shapes) if shapes else np.empty(0, np.int32)
    columns = [
        pa.array(np.full(count, step, np.int64)),
        pa.array(np.full(count, seconds)),
        pa.array(list(values), pa.string()),
        pa.ListArray.from_arrays(pa.array(ranks), pa.array(sides)),
        pa.ListArray.from_arrays(pa.array(sizes), pa.array(flat)),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema()).serialize()


@dataclass(frozen=True, eq=False)
class Look(Mapping[str, np.ndarray]):
    """What was seen at one moment, by `key_of`. step: how many steps were done; seconds: of training until then."""

    step: int
    seconds: float
    places: Mapping[str, int]
    batch: Any

    def __getitem__(self, name: str) -> np.ndarray:
        """A view into the file's memory."""
        place = self.places[name]
        values, ends, sides, ranks = self._arrays
        begin, end = TWO.unpack_from(ends, INT * place)
        first, last = TWO.unpack_from(ranks, INT * place)
        return values[begin:end].reshape(unpack_from(f"={last - first}i", sides, INT * first))

    @cached_property
    def _arrays(self) -> tuple[np.ndarray, Any, Any, Any]:
        """All values, where each name's end, all shapes and where each ends, as views of the very bytes: an hour has thousands of
        looks, and Arrow takes ten times as long to give an array, NumPy three times as long as Python to give a view of a few."""
        _, ends, _, values = self.batch.column(4).buffers()
        _, ranks, _, sides = self.batch.column(3).buffers()
        return np.frombuffer(values, np.float32), ends, sides, ranks

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)

    def __contains__(self, name: object) -> bool:
        return name in self.places


class LooksReader:
    """Reads a file of looks that may still be growing: `more()` gives those that came since it was last called."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = 0
        self._places: dict[bytes, Mapping[str, int]] = {}

    def more(self) -> Iterator[Look]:
        """Whole looks only; what is cut off, or damaged, is not there (yet)."""
        import pyarrow as pa

        with self.path.open("rb") as file:
            left = os.fstat(file.fileno()).st_size - self._offset
            if left == 0:
                return
            if left < LARGE:
                file.seek(self._offset)
                source = pa.BufferReader(file.read())
            else:  # nothing of it is read before it is looked at
                whole = np.memmap(file, np.uint8, "r")
                source = pa.BufferReader(pa.py_buffer(whole[self._offset :]))
        try:
            if self._offset == 0:
                if not pa.ipc.read_schema(source).equals(schema()):
                    return
                self._offset = source.tell()
            begin = self._offset - source.tell()
            while True:
                batch = pa.ipc.read_record_batch(pa.ipc.read_message(source), schema())
                look = self._look(batch)
                self._offset = begin + source.tell()
                yield look
        except (pa.ArrowInvalid, OSError, EOFError):
            return

    def _look(self, batch: Any) -> Look:
        names = batch.column(2)
        # A file has a few kinds of looks, which come in turns.
        written = b"".join(part for part in names.buffers()[1:] if part is not None)
        places = self._places.get(written)
        if places is None:
            places = self._places[written] = {name: place for place, name in enumerate(names.to_pylist())}
        return Look(batch.column(0)[0].as_py(), batch.column(1)[0].as_py(), places, batch)
