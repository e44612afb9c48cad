"""What a source holds, before anything is learned: for people as a table in the terminal, for programs as JSON."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.data.cautions import cautions
from vitrina.data.dates import find_order, parse_dates
from vitrina.data.leaks import find_leaks
from vitrina.data.roles import Role, as_text, is_code, parse_numbers
from vitrina.data.target import RawTarget, infer_task
from vitrina.errors import DataError
from vitrina.locale import say

if TYPE_CHECKING:
    import polars as pl
    from rich.console import RenderableType

    from vitrina.data.arrays import Arrays
    from vitrina.data.images import Images
    from vitrina.data.source import Source
    from vitrina.data.table import Table

BARS = 12  # of a histogram
MOST_LISTED = 200  # classes, or columns of an array: beyond that the rest are counted
MUCH_MISSING = 0.5  # a share of missing values that is pointed out
RARE = 0.05  # a class with a smaller share is pointed out


@dataclass(frozen=True)
class ColumnDescription:
    """One column. `missing` is a share of the rows; low, mean and high are of numbers, or of the words in each text;
    `first` and `last` are dates, in ISO 8601. `histogram` counts values from low to high or first to last (the outer
    1 % count in the end bars; few distinct values have one each) or, for categories, the most frequent ones, named in
    `values`.
    """

    name: str
    role: str
    missing: float = 0.0
    distinct: int | None = None
    low: float | None = None
    mean: float | None = None
    high: float | None = None
    histogram: tuple[int, ...] = ()
    values: tuple[str, ...] = ()
    first: str | None = None
    last: str | None = None


@dataclass(frozen=True)
class TargetDescription:
    """The target: rows of each class (most frequent first), or the range and histogram of a quantity."""

    name: str
    task: str
    classes: dict[str, int]
    low: float | None = None
    mean: float | None = None
    high: float | None = None
    histogram: tuple[int, ...] = ()


@dataclass(frozen=True)
class Description:
    """A source in brief. `shape` is that of one image or array row; None for tables and images of mixed sizes."""

    name: str
    kind: str
    rows: int
    columns: tuple[ColumnDescription, ...]
    target: TargetDescription | None
    shape: tuple[int, ...] | None = None
    warnings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain dicts, lists, text and numbers."""
        data = asdict(self)
        data["shape"] = None if self.shape is None else list(self.shape)
        return _plain(data)

    def __rich__(self) -> RenderableType:
        from vitrina.data.render import render_description

        return render_description(self)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def describe_table(table: Table) -> Description:
    columns = tuple(_describe_column(table.frame[name], role) for name, role in table.roles.items())
    notes = [role.note for role in table.roles.values() if role.note]
    gaps = [column for column in columns if MUCH_MISSING <= column.missing < 1]
    if gaps:
        worst = max(gaps, key=lambda column: column.missing)
        notes.append(
            say(
                "column {name!r} is missing in {share:.1%} of the rows, and {more} more in half of them or more",
                name=worst.name,
                share=worst.missing,
                more=len(gaps) - 1,
            )
            if len(gaps) > 1
            else say("column {name!r} is missing in {share:.1%} of the rows", name=worst.name, share=worst.missing)
        )
    target, warnings = _describe_target(table)
    told = [leak.warning for leak in find_leaks(table)] if target is not None else []
    return Description(
        table.name,
        table.kind,
        table.rows,
        columns,
        target,
        None,
        (*table.warnings, *notes, *warnings, *told, *cautions(table)),
    )


def describe_images(images: Images) -> Description:
    target, warnings = _describe_target(images)
    heights, widths, grey = images.store.shapes(images.indices)
    sizes = Counter(zip(heights.tolist(), widths.tolist(), strict=True)).most_common()
    channels = 1 if grey.all() else 3
    shape = (
        (*images.image_size, channels) if images.image_size else (*sizes[0][0], channels) if len(sizes) == 1 else None
    )
    if shape is None:
        (height, width), usual = sizes[0]
        warnings.append(
            say(
                "the images have {count} different sizes, most often {size} ({usual} of {rows}); "
                "resize them with --image-size {size}",
                count=len(sizes),
                size=f"{height}x{width}",
                usual=usual,
                rows=images.rows,
            )
        )
    size = ColumnDescription(
        "height", "image", low=int(heights.min()), mean=float(heights.mean()), high=int(heights.max())
    )
    other = ColumnDescription(
        "width", "image", low=int(widths.min()), mean=float(widths.mean()), high=int(widths.max())
    )
    return Description(
        images.name, images.kind, images.rows, (size, other), target, shape, (*images.warnings, *warnings)
    )


def describe_arrays(arrays: Arrays) -> Description:
    target, warnings = _describe_target(arrays)
    if arrays.x.ndim == 2:
        columns = [
            _describe_numbers(f"x[:, {i}]", arrays.x[:, i].astype(float))
            for i in range(min(arrays.x.shape[1], MOST_LISTED))
        ]
        constant = [column.name for column in columns if column.role == "constant"]
        if constant:
            warnings.append(
                say(
                    "{count} columns have the same value in every row, such as {name}",
                    count=len(constant),
                    name=constant[0],
                )
            )
        if arrays.x.shape[1] > MOST_LISTED:
            warnings.append(
                say("the first {count} of {all} columns are described", count=MOST_LISTED, all=arrays.x.shape[1])
            )
    else:
        columns = [_describe_numbers("x", arrays.x.reshape(-1).astype(np.float32))]
    return Description(
        arrays.name, arrays.kind, arrays.rows, tuple(columns), target, arrays.x.shape[1:], (*arrays.warnings, *warnings)
    )


def _describe_column(series: pl.Series, role: Role) -> ColumnDescription:
    import polars as pl

    if role.role in ("numeric", "identifier", "constant") and _numeric(series, role.role):
        numbers, _ = parse_numbers(series)
        described = _describe_numbers(series.name, numbers.drop_nulls().to_numpy(), role.role)
        return replace(described, missing=numbers.null_count() / series.len())
    if role.role == "date" or (role.role == "constant" and series.dtype.is_temporal()):
        return replace(_describe_dates(series), role=role.role)
    missing = series.null_count() / series.len()
    if role.role == "text":
        text = as_text(series).drop_nulls()
        words = text.str.count_matches(r"\S+").cast(pl.Float64).to_numpy()
        return replace(_describe_numbers(series.name, words, "text"), missing=missing, distinct=text.n_unique())
    if series.dtype in (pl.Binary, pl.Object, pl.List, pl.Struct, pl.Array) or series.dtype.is_temporal():
        return ColumnDescription(series.name, role.role, missing)
    counts = (
        as_text(series)
        .drop_nulls()
        .alias("value")
        .value_counts(name="rows")
        .sort(["rows", "value"], descending=[True, False])
    )
    top = counts.head(BARS)
    shown = role.used or role.role == "constant"
    return ColumnDescription(
        series.name,
        role.role,
        missing,
        counts.height,
        histogram=tuple(top["rows"].to_list()) if shown else (),
        values=tuple(top["value"].to_list()) if shown else (),
    )


def _numeric(series: pl.Series, role: str) -> bool:
    """Whether a column is one of numbers, though it may be left out."""
    import polars as pl

    if role == "numeric" or series.dtype.is_numeric():
        return True
    if series.dtype != pl.String or is_code(series):
        return False
    numbers, bad = parse_numbers(series)
    return not bad.any() and numbers.null_count() < numbers.len()


def _describe_dates(series: pl.Series) -> ColumnDescription:
    dates, _ = parse_dates(series, find_order(series)[0])
    present = dates.drop_nulls()
    missing = dates.null_count() / series.len()
    if present.len() == 0:
        return ColumnDescription(series.name, "date", missing, 0)
    first, last = str(present.min()), str(present.max())
    if first.endswith(" 00:00:00") and last.endswith(" 00:00:00"):
        first, last = first[:10], last[:10]
    counts = _histogram(present.dt.timestamp().to_numpy().astype(np.float64))
    return ColumnDescription(series.name, "date", missing, present.n_unique(), histogram=counts, first=first, last=last)


def _describe_numbers(name: str, values: np.ndarray, role: str | None = None) -> ColumnDescription:
    finite = values[np.isfinite(values)]
    if len(finite) == 0:
        return ColumnDescription(name, role or "constant", distinct=0)
    low, high = float(finite.min()), float(finite.max())
    unit = max(-low, high) or 1.0  # sums of very large numbers overflow
    scaled = finite / unit
    mean = float(scaled.mean(dtype=np.float64)) * unit
    role = role or ("constant" if low == high else "numeric")
    return ColumnDescription(name, role, low=low, mean=mean, high=high, histogram=_histogram(scaled))


def _histogram(values: np.ndarray) -> tuple[int, ...]:
    """Counts between the 1st and 99th percentile, so that one extreme value does not squeeze the rest into one bar."""
    if len(distinct := np.unique(values[:1000])) <= BARS:  # a bar for each, where there are so few
        distinct, counts = np.unique(values, return_counts=True)
        if len(distinct) <= BARS:
            return tuple(counts.tolist())
    first, last = (float(edge) for edge in np.quantile(values[:: max(1, len(values) // 200_000)], (0.01, 0.99)))
    if last - first < 1e-300:  # nearly all are equal (or differ by too little to divide by)
        first, last = float(values.min()), float(values.max())
    bars = np.clip((values - first) * (BARS / (last - first)), 0, BARS - 1).astype(np.int64)
    return tuple(np.bincount(bars, minlength=BARS).tolist())


def _describe_target(source: Source) -> tuple[TargetDescription | None, list[str]]:
    if not source.has_target:
        return None, []
    try:
        raw, task = source.raw_target(), infer_task(source)
    except DataError as error:  # a description shows what is wrong instead of stopping at it
        return None, [str(error)]
    name = source.target_name or "y"
    if task == "classification":
        return _describe_classes(name, raw)
    values = raw.values.astype(np.float64).reshape(-1)
    column = _describe_numbers(name, values)
    warnings = []
    if column.low is not None and column.low == column.high:
        warnings.append(say("the target {name!r} is {value:g} in every row", name=name, value=column.low))
    return TargetDescription(name, task, {}, column.low, column.mean, column.high, column.histogram), warnings


def _describe_classes(name: str, raw: RawTarget) -> tuple[TargetDescription, list[str]]:
    codes, names = raw.factorize()
    counts = np.bincount(codes, minlength=len(names))
    order = [place for place in np.argsort(-counts, kind="stable") if counts[place]]
    classes = {names[place]: int(counts[place]) for place in order[:MOST_LISTED]}
    warnings = []
    if len(order) == 1:
        warnings.append(say("the target {name!r} has one class only, {kind!r}", name=name, kind=names[order[0]]))
    elif (smallest := counts[order[-1]]) < RARE * len(codes) / (len(order) / 2):
        rare = names[order[-1]]
        warnings.append(
            say(
                "class {kind!r} of {name!r} is rare: {count:,} of {rows:,} rows ({share:.2%})",
                kind=rare,
                name=name,
                count=smallest,
                rows=len(codes),
                share=smallest / len(codes),
            )
        )
    return TargetDescription(name, "classification", classes), warnings
