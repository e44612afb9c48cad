"""Simulated transactions in Parquet files, one for each month: all of them, or none."""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vitrina.data.transactions import Day, simulate
from vitrina.errors import UsageError, VitrinaError
from vitrina.locale import say
from vitrina.locale.system import reason_of

GROUP = 131_072  # rows of a row group, or a day more


@dataclass(frozen=True)
class Written:
    """What was written. scenarios: rows of each, from 0 (no fraud) to 3; first and last: days."""

    path: Path
    files: tuple[str, ...]
    rows: int
    scenarios: tuple[int, int, int, int]
    customers: int
    terminals: int
    first: str
    last: str


def write_transactions(out: str | Path, rows: int, seed: int = 0, watch: Callable[[int], Any] | None = None) -> Written:
    """Writes so many simulated transactions (see `simulate`) to a new folder, as fraud-2018-04.parquet and so on.

    The folder appears when all of it is there: an interruption or a full disk leaves nothing. While a thread writes a day,
    the next one is simulated; neither holds more than a few days. watch: called with the rows done so far.
    Raises UsageError for an impossible number or a folder that holds something, VitrinaError if it cannot be written.
    """
    if not isinstance(rows, int) or rows < 1:
        raise UsageError(say("rows must be a whole number of 1 or more, not {rows!r}", rows=rows))
    if not isinstance(seed, int) or seed < 0:
        raise UsageError(say("seed must be a whole number of 0 or more, not {seed!r}", seed=seed))
    path = Path(out)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UsageError(say("{path} already exists; choose another --out", path=path))
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
        tally = _Tally(watch)
        names = _write(temporary, tally.seen(simulate(rows, seed)))
        temporary.chmod(0o777 & ~_umask())  # mkdtemp makes folders that only the owner can enter
        if path.exists():
            path.rmdir()
        os.replace(temporary, path)
        temporary = None
        return tally.written(path, names)
    except OSError as error:
        raise VitrinaError(
            say(
                "{path} could not be written: {reason}; free space, or choose another place",
                path=path,
                reason=reason_of(error),
            )
        ) from None
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


class _Tally:
    """Counts what goes by."""

    def __init__(self, watch: Callable[[int], Any] | None) -> None:
        self.watch = watch
        self.scenarios = np.zeros(4, np.int64)
        self.customers, self.terminals = np.zeros(0, bool), np.zeros(0, bool)
        self.first = self.last = ""

    def seen(self, days: Iterator[Day]) -> Iterator[Day]:
        for day in days:
            self.scenarios += np.bincount(day["TX_FRAUD_SCENARIO"], minlength=4)
            self.customers = _marked(self.customers, day["CUSTOMER_ID"])
            self.terminals = _marked(self.terminals, day["TERMINAL_ID"])
            self.last = str(day["TX_DATETIME"][-1])[:10]
            self.first = self.first or self.last
            yield day
            if self.watch is not None:
                self.watch(int(self.scenarios.sum()))

    def written(self, path: Path, files: list[str]) -> Written:
        none, high, terminal, card = self.scenarios.tolist()
        return Written(
            path,
            tuple(files),
            none + high + terminal + card,
            (none, high, terminal, card),
            int(self.customers.sum()),
            int(self.terminals.sum()),
            self.first,
            self.last,
        )


def _marked(marks: np.ndarray, places: np.ndarray) -> np.ndarray:
    if (need := int(places.max()) + 1) > len(marks):
        marks = np.concatenate([marks, np.zeros(need - len(marks), bool)])
    marks[places] = True
    return marks


def _write(folder: Path, days: Iterator[Day]) -> list[str]:
    """The days in a file for each month; the files' names. The writer is a thread: compressing releases Python's lock."""
    waiting: queue.Queue[Day | None] = queue.Queue(maxsize=2)
    names: list[str] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            _write_months(folder, iter(waiting.get, None), names)
        except BaseException as error:
            failed.append(error)
            while waiting.get() is not None:  # or whoever fills it would wait for ever
                pass

    thread = threading.Thread(target=work, name="transactions", daemon=True)
    thread.start()
    try:
        for day in days:
            waiting.put(day)
            if failed:
                break
    finally:
        waiting.put(None)
        thread.join()
    if failed:
        raise failed[0]
    return names


def _write_months(folder: Path, days: Iterator[Day], names: list[str]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with contextlib.ExitStack() as files:
        writer, month, held = None, "", []

        def flush() -> None:
            if held and writer is not None:
                writer.write_table(pa.concat_tables(held).combine_chunks(), row_group_size=GROUP * 2)
                held.clear()

        for day in days:
            table = pa.table(day)
            if (own := str(day["TX_DATETIME"][0])[:7]) != month:
                flush()
                files.close()
                month = own
                names.append(f"fraud-{month}.parquet")
                writer = files.enter_context(pq.ParquetWriter(folder / names[-1], table.schema, compression="zstd"))
            held.append(table)
            if sum(one.num_rows for one in held) >= GROUP:
                flush()
        flush()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
