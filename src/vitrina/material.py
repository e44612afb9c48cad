"""The examples of a training: data opened, split, prepared by a recipe, weighted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zlib import crc32

import numpy as np

from vitrina.data.splits import Division
from vitrina.errors import DataError, UsageError
from vitrina.learning.loop import Examples
from vitrina.model import check_inputs, check_targets
from vitrina.network.network import Network


@dataclass(frozen=True)
class Material:
    """The examples of a training: what is learned from, what judges it meanwhile, what judges it once at the end."""

    train: Examples
    validation: Examples | None
    test: Any  # a data source, or None
    recipe: Any  # of the data, or None for arrays as they are
    source: Any = None
    target: str | None = None
    parts: Mapping[str, Any] | None = None  # how the parts were made: `made` of a Split
    held: Any = None  # the validation part as a data source, or None


def gather(
    data: Any,
    target: str | None,
    network: Network | None,
    validation: Any,
    test: float,
    seed: int,
    columns: Mapping[str, str] | None,
    drop: Sequence[str],
    image_size: Sequence[int] | None,
    division: Division | None = None,
    drop_leaks: bool = False,
) -> Material:
    """Examples to learn from, to judge by meanwhile, and to judge by once at the end.

    Arrays given together with a network are used as they are; anything else is split and prepared by a recipe fitted on
    the training part alone. validation: (x, y), a share, or None for the usual; test: a share.
    Raises DataError or UsageError, each with one sentence that says what to do.
    """
    division = division or Division()
    if network is not None and isinstance(data, tuple) and len(data) == 2 and not hasattr(data[0], "columns"):
        if division.column is not None:
            raise UsageError(f"arrays have no column {division.column!r} to divide them by; give a table")
        return _as_it_is(data, network, validation, seed)
    from vitrina.data import fit_recipe, open_source, split
    from vitrina.data.leaks import find_leaks, without_leaks
    from vitrina.data.splits import prepare

    source = open_source(data, target=target, columns=columns, drop=drop, image_size=image_size)
    if not source.has_target:
        raise DataError(f"{source.name}: which column is to be predicted? name it with --target (target=...)")
    own = validation if validation is not None and not isinstance(validation, float) else None
    share = validation if isinstance(validation, float) else 0.15 if own is None else 0.0
    source = prepare(source, division, columns)
    parts = split(source, seed, share, test, division)
    leaks = find_leaks(source, parts.train)
    if drop_leaks and leaks:
        source = without_leaks(source, leaks)
        parts = split(source, seed, share, test, division)  # without them, rows may repeat each other that did not
    recipe = fit_recipe(source, rows=parts.train)
    told = () if drop_leaks else tuple(leak.warning for leak in leaks)
    recipe = replace(recipe, warnings=(*recipe.warnings, *parts.warnings, *told))

    def examples(part: Any) -> Examples:
        return Examples(recipe.inputs(part), recipe.targets(part))

    held = source.take(parts.validation) if len(parts.validation) else None
    if own is not None:
        held = open_source(own, target=target)
    judge = examples(held) if held is not None else None
    kept = source.take(parts.test) if len(parts.test) else None
    if kept is not None:
        examples(kept)  # a value that cannot be read is found now, and not after hours of training
    material = Material(
        examples(source.take(parts.train)),
        judge,
        kept,
        recipe,
        source,
        target or (source.target_name if source.kind == "table" else None),
        parts.made,
        held,
    )
    if network is not None:
        for part in (material.train, material.validation):
            if part is not None:
                check_inputs(network, part.x, source.name)
        check_targets(network, material.train.y, source.name)
    return material


def _as_it_is(data: Any, network: Network, validation: Any, seed: int) -> Material:
    x, y = checked_pair(network, data, "x", "y")
    if not isinstance(validation, float):
        judge = (
            Examples(*checked_pair(network, validation, "validation x", "validation y"))
            if validation is not None
            else None
        )
        return Material(Examples(x, y), judge, None, None)
    if not 0.0 < validation < 1.0:
        raise UsageError(f"validation must be a share between 0 and 1, or (x, y), not {validation}")
    order = np.random.default_rng(seed).permutation(len(x))
    held = np.sort(order[: max(1, round(validation * len(x)))])
    kept = np.setdiff1d(np.arange(len(x)), held)
    if not len(kept):
        raise DataError(f"{len(x)} rows are too few to hold back a share of {validation}")
    return Material(Examples(x[kept], y[kept]), Examples(x[held], y[held]), None, None)


def checked_pair(network: Network, pair: Any, x_name: str, y_name: str) -> tuple[np.ndarray, np.ndarray]:
    """Two arrays that the network can be taught with. Raises DataError, which calls them by these names."""
    try:
        x, y = (np.asarray(part) for part in pair)
    except (TypeError, ValueError) as error:
        raise DataError(f"{x_name} and {y_name} cannot be read as two arrays: {error}") from None
    x = check_inputs(network, x, x_name)
    if not len(x):
        raise DataError(f"{x_name} has no rows")
    if y.ndim == 0 or len(x) != len(y):
        raise DataError(f"{x_name} has {len(x)} rows and {y_name} {len(y) if y.ndim else 1}; they must be as many")
    check_targets(network, y, y_name)
    y = y.astype(np.int32) if y.dtype.kind == "b" else y
    if network.cost.link == "softmax" and y.ndim == len(network.output_shape) and y.dtype.kind == "f":
        y = y.astype(np.int32)
    return x, y


def weighted(material: Material, network: Network, class_weight: Any, sample_weight: Any) -> Examples:
    """The training examples with what each counts for."""
    examples = material.train
    weight = None
    if sample_weight is not None:
        weight = np.asarray(sample_weight, np.float32)
        if weight.shape != (examples.rows,):
            raise DataError(f"sample_weight has shape {weight.shape}, and there are {examples.rows} rows to learn from")
        if not np.isfinite(weight).all() or (weight < 0).any() or not weight.any():
            raise DataError("sample_weight must be finite numbers of 0 or more, not all 0")
    if class_weight is not None:
        of_class = _class_weights(material, network, class_weight)
        each = of_class[examples.y.reshape(-1).astype(np.int64)]
        weight = each if weight is None else weight * each
    return examples if weight is None else replace(examples, weight=weight.astype(np.float32))


def _class_weights(material: Material, network: Network, class_weight: Any) -> np.ndarray:
    y = material.train.y
    if not network.cost.classifies or (y.ndim > 1 and y.shape[1:] != (1,)):
        raise UsageError("class_weight goes with one class per row")
    count = max(network.output_shape[-1], 2)
    rows = np.bincount(y.reshape(-1).astype(np.int64), minlength=count)
    if class_weight == "balanced":
        return np.where(rows > 0, len(y) / (count * np.maximum(rows, 1)), 0.0)
    names = (
        [str(name) for name in material.recipe.classes]
        if material.recipe is not None
        else [str(i) for i in range(count)]
    )
    of_class = np.ones(count)
    for name, weight in class_weight.items():
        if str(name) not in names:
            raise UsageError(f"class_weight names {name!r}, and the classes are {', '.join(names)}")
        of_class[names.index(str(name))] = weight
    return of_class


def fingerprint(examples: Examples) -> str:
    """Tells whether data are the same: a checksum of the arrays that are learned from."""
    x, y = (np.ascontiguousarray(array) for array in (examples.x, examples.y))
    return f"{examples.rows}-{crc32(x.tobytes()):08x}-{crc32(y.tobytes()):08x}"
