"""What happened in each epoch: a list of rows that can be written as CSV."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

Row = dict[str, float]


class History(list[Row]):
    """One row per epoch: epoch, error, validation_error, validation_<metric>, learning_rate, seconds.

    `history["error"]` is a column; `history[3]` a row.
    """

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return [row.get(key, float("nan")) for row in self]
        return super().__getitem__(key)

    @property
    def columns(self) -> list[str]:
        """Every column that some row has, in order of appearance."""
        return list(dict.fromkeys(name for row in self for name in row))

    def to_csv(self) -> str:
        """The rows as CSV text with a header; numbers with all their digits."""
        out = StringIO()
        writer = csv.DictWriter(out, self.columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self)
        return out.getvalue()
