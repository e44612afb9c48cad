"""The columns a model was trained on, found in a table that may name them a little differently."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import replace

from vitrina.data.table import Table
from vitrina.errors import DataError
from vitrina.locale import say


def with_columns(table: Table, names: Sequence[str]) -> Table:
    """The table with columns of these names. One is taken for another if only case, blanks, - and _ tell them apart.

    Raises DataError naming the columns that are missing.
    """
    present = table.frame.columns
    absent = [name for name in names if name not in present]
    if not absent:
        return table
    spare: dict[str, list[str]] = {}
    for name in present:
        if name not in names:
            spare.setdefault(_plain(name), []).append(name)
    wanted = [_plain(name) for name in absent]
    renamed = {
        spare[plain][0]: name
        for name, plain in zip(absent, wanted, strict=True)
        if len(spare.get(plain, ())) == 1 and wanted.count(plain) == 1
    }
    lost = [name for name in absent if name not in renamed.values()]
    if lost:
        raise DataError(_lost(table, lost))
    return replace(table, frame=table.frame.rename(renamed))


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "_", name.strip()).casefold()


def _lost(table: Table, lost: Sequence[str]) -> str:
    present = table.frame.columns
    listed = ", ".join(repr(name) for name in lost[:10]) + (", ..." if len(lost) > 10 else "")
    has = ", ".join(present[:30]) + (", ..." if len(present) > 30 else "")
    close = difflib.get_close_matches(lost[0], present, 1, 0.75)
    told = {"table": table.name, "listed": listed, "has": has}
    if close and len(lost) == 1:
        return say(
            "{table}: no column {listed}, which this model was trained on (it has {has}); "
            "if {close!r} is {lost!r}, rename it",
            **told,
            close=close[0],
            lost=lost[0],
        )
    if close:
        return say(
            "{table}: no columns {listed}, which this model was trained on (it has {has}); "
            "if {close!r} is {lost!r}, rename it",
            **told,
            close=close[0],
            lost=lost[0],
        )
    if len(lost) == 1:
        return say("{table}: no column {listed}, which this model was trained on (it has {has}); add it", **told)
    return say("{table}: no columns {listed}, which this model was trained on (it has {has}); add them", **told)
