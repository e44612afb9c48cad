"""The examples of a training: data opened, split, prepared by a recipe, weighted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

from vitrina.arguments import (
    check_for_arrays,
    check_network,
    check_target,
    names_of_columns,
    roles_by_column,
    share_of_rows,
    share_or_data,
    size_of_images,
)
from vitrina.data.place import folder_of, is_image_folder
from vitrina.data.plain import plain_array
from vitrina.data.splits import Division, strata_of
from vitrina.errors import DataError, UsageError
from vitrina.feeds import ImageFeed, Streamed, TableFeed
from vitrina.folds import NOBODY, folds_of, in_two
from vitrina.learning.feed import Examples
from vitrina.locale import say
from vitrina.memory import images_to_stream, is_too_large
from vitrina.model import as_targets, check_inputs, check_targets
from vitrina.network.network import Network
from vitrina.network.suggest import Suggestion, suggest_network

if TYPE_CHECKING:
    from vitrina.data.stream import Stream

USUAL_TEST = 0.15  # of the rows


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
    # of all that is learned from, where it is too much to be held; `train` then is some of it
    feed: Streamed | None = None
    # rows of the source to learn from and to judge, where chance drew them
    drawn: tuple[np.ndarray, np.ndarray] | None = None
    given: int = 0  # rows that were given, where these are some of them
    learned: np.ndarray | None = None  # the places among those given of the rows that are learned from

    @property
    def rows(self) -> int:
        """Rows that are learned from."""
        return self.feed.rows if self.feed is not None else self.train.rows

    def suggestion(self, by: int | None = None) -> Suggestion:
        """The network to begin with for such data, which a recipe has prepared. by: the rows it is chosen by, if not by all."""
        recipe, rows = self.recipe, by or self.rows
        classes = recipe.task == "classification"
        return suggest_network(recipe.input_shape, recipe.outputs, classes, rows, recipe.quantities, self.rows)

    def in_folds(self, count: int, seed: int) -> Material | None:
        """The same with the rows to learn from and those to judge in one: all are learned from, and judge in turn (`Examples.fold`).

        None where rows repeat each other so often that less than half of them can judge, or a fold is empty. Raises UsageError
        unless chance drew the two from rows that are held.
        """
        judge = self.validation
        if self.drawn is None or judge is None:
            raise UsageError(
                say(
                    "folds=True shares out rows by chance; leave out time, group, split, stream and a "
                    "validation part of your own"
                )
            )
        rows = np.concatenate(self.drawn)
        order = np.argsort(rows)
        x, y = (np.concatenate(pair)[order] for pair in ((self.train.x, judge.x), (self.train.y, judge.y)))
        source = self.source.take(rows[order])
        fold = folds_of(source.group_keys(), strata_of(source)[0], count, seed)
        judges = np.flatnonzero(fold != NOBODY)
        if 2 * len(judges) < len(fold) or len(np.unique(fold[judges])) < count:
            return None
        both = Examples(x, y, fold=fold)
        return replace(self, train=both, validation=both.take(judges), held=source.take(judges), learned=rows[order])

    def apart(self) -> Material:
        """The same with the rows that are learned from and those that judge apart, where they are in folds: the first fold judges."""
        train, judge = in_two(self.train)
        if judge is None or self.validation is None:
            return self
        held = self.held.take(np.flatnonzero(self.validation.fold == 0))
        return replace(self, train=train, validation=judge, held=held)


def gather(
    data: Any,
    target: str | None,
    network: Network | None,
    validation: Any,
    test: float | None,
    seed: int,
    columns: Mapping[str, str] | None,
    drop: Sequence[str],
    image_size: Sequence[int] | None,
    division: Division | None = None,
    drop_leaks: bool = False,
    recipe: Any = None,
    stream: bool | None = False,
) -> Material:
    """Examples to learn from, to judge by meanwhile, and to judge by once at the end.

    Arrays given together with a network are used as they are; anything else is split and prepared by a recipe fitted on
    the training part alone, or by the `recipe` given: that of a run which is read again, perhaps made when data were scaled
    otherwise. validation: (x, y), a share, or None for the usual; test: a share, or None for the usual. stream: whether a table
    is read piece by piece and images are decoded while they are learned from; None: where it is too much to be held.
    Raises DataError or UsageError, each with one sentence that says what to do.
    """
    check_network(network)
    check_target(target)
    columns, drop, image_size = roles_by_column(columns), names_of_columns(drop), size_of_images(image_size)
    validation, test = share_or_data(validation), share_of_rows("test", test)
    division = division or Division()
    if isinstance(data, list) and len(data) == 2 and all(getattr(part, "shape", ()) for part in data):
        data = tuple(data)  # [x, y]
    if network is not None and isinstance(data, tuple) and len(data) == 2 and not hasattr(data[0], "columns"):
        check_for_arrays(
            target=target,
            test=test,
            columns=columns,
            drop=drop,
            image_size=image_size,
            drop_leaks=drop_leaks,
            stream=stream,
        )
        if division.column is not None:
            raise UsageError(
                say("arrays have no column {column!r} to divide them by; give a table", column=division.column)
            )
        return _as_it_is(data, network, validation, seed)
    test = USUAL_TEST if test is None else test
    own = validation if validation is not None and not isinstance(validation, float) else None
    share = validation if isinstance(validation, float) else 0.15 if own is None else 0.0
    source: Any = None
    if not is_image_folder(data) and (stream or (stream is None and is_too_large(data))):
        from vitrina.data.image_heap import streamed_images
        from vitrina.data.open_stream import open_stream

        pieces = open_stream(data, target=target, columns=columns, drop=drop)
        source = streamed_images(pieces, folder_of(data), image_size)
        if source is None:
            if image_size is not None:
                raise UsageError(say("{name} does not hold images; leave out --image-size", name=pieces.name))
            material = _streamed(pieces, network, own, share, test, seed, division, drop_leaks, recipe)
            _fits(network, material)
            return material
        stream = True
    from vitrina.data import fit_recipe, open_source, split
    from vitrina.data.cautions import cautions
    from vitrina.data.leaks import find_leaks, without_leaks
    from vitrina.data.splits import prepare, thinned

    if source is None:
        source = open_source(data, target=target, columns=columns, drop=drop, image_size=image_size)
    if not source.has_target:
        source.raw_target()  # raises, with the names to choose from
    most = images_to_stream(source, stream)
    source = prepare(source, division, columns)
    if most is not None and not (division.time or division.split):
        share, test = min(share, most / source.rows), min(test, most / source.rows)
    parts = split(source, seed, share, test, division)
    if most is not None:
        parts = thinned(parts, most, seed)
    leaks = find_leaks(source, parts.train)
    if drop_leaks and leaks:
        source = without_leaks(source, leaks)
        parts = split(source, seed, share, test, division)  # without them, rows may repeat each other that did not
    sampled = parts.train if most is None else np.sort(np.random.default_rng(seed).permutation(parts.train)[:most])
    if recipe is None:
        recipe = _fitted(fit_recipe(source, rows=sampled), network)
        told = (
            *(() if drop_leaks else (leak.warning for leak in leaks)),
            *cautions(source, division.column is not None),
        )
        recipe = replace(recipe, warnings=(*recipe.warnings, *parts.warnings, *told))

    def examples(part: Any) -> Examples:
        return Examples(recipe.inputs(part), recipe.targets(part))

    held = source.take(parts.validation) if len(parts.validation) else None
    if own is not None:
        if target is not None and isinstance(own, tuple):
            raise UsageError(
                say("validation must be a table with the column {target!r}, as what is learned from is", target=target)
            )
        held = open_source(own, target=target)
    judge = examples(held) if held is not None else None
    kept = source.take(parts.test) if len(parts.test) else None
    if kept is not None:
        examples(kept)  # a value that cannot be read is found now, and not after hours of training
    train = examples(source.take(sampled))
    material = Material(
        train,
        judge,
        kept,
        recipe,
        source,
        target or (source.target_name if source.kind == "table" else None),
        parts.made,
        held,
        ImageFeed(source=source.take(parts.train), recipe=recipe, sample=train) if most is not None else None,
        (parts.train, parts.validation) if most is None and own is None and division.column is None else None,
        source.rows,
        parts.train,
    )
    _fits(network, material)
    return material


def data_of(settings: Mapping[str, Any], given: Any = None) -> Any:
    """The data that a run was trained on: those given, else where they lay then, else as they were called. None: arrays."""
    if given is not None:
        return given
    place = settings.get("data_at")  # runs of before had none
    return place if place and Path(place).exists() else settings["data"]


def gather_again(settings: Mapping[str, Any], data: Any, validation: Any = None, recipe: Any = None) -> Material:
    """The material that a run was made of, from its settings. data: those of the run, which settings name only where they are not
    arrays; validation: as the run was given it, where it was not a share; recipe: of its model, where there is one already."""
    arrays = settings["prepared"] and isinstance(data, tuple)  # with a network, they would be taken as they are
    material = gather(
        data,
        settings["target"],
        None if arrays else Network.from_json(settings["network"]),
        settings["validation"] if validation is None else validation,
        settings["test"] if settings["prepared"] else None,  # arrays as they are have none
        settings.get("split_seed", settings["seed"]),
        settings["columns"],
        settings["drop"],
        settings["image_size"],
        # runs of before had none of these
        Division(**{name: settings.get(name) for name in ("time", "group", "split", "gap")}),
        settings.get("drop_leaks", False),
        recipe,
        settings.get("stream", False),
    )
    count = settings.get("folds", 0)
    in_folds = material.in_folds(count, settings.get("split_seed", settings["seed"])) if count else None
    return in_folds or material


def _streamed(
    pieces: Stream,
    network: Network | None,
    own: Any,
    validation: float,
    test: float,
    seed: int,
    division: Division,
    drop_leaks: bool,
    recipe: Any,
) -> Material:
    """The same of a table that is not held: all is fitted on a draw of the rows that are learned from."""
    from vitrina.data import fit_recipe, open_source
    from vitrina.data.survey import survey

    found = survey(pieces, seed, validation, test, division, drop_leaks)
    sample = found.sample
    if recipe is None:
        recipe = _fitted(fit_recipe(sample), network)
        recipe = replace(recipe, warnings=(*recipe.warnings, *found.warnings))
    held = found.validation if own is None else open_source(own, target=sample.target_name)
    train, judge = (
        Examples(recipe.inputs(part), recipe.targets(part)) if part is not None else None for part in (sample, held)
    )
    assert train is not None
    if found.test is not None:
        Examples(recipe.inputs(found.test), recipe.targets(found.test))  # what cannot be read is found now
    feed = TableFeed(survey=found, recipe=recipe, sample=train)
    return Material(train, judge, found.test, recipe, sample, sample.target_name, found.made, held, feed)


def _fitted(recipe: Any, network: Network | None) -> Any:
    return recipe if network is None else recipe.fitting(network.input_shape)


def _fits(network: Network | None, material: Material) -> None:
    """Raises DataError where the examples are not such as the network takes."""
    if network is not None:
        for part in (material.train, material.validation):
            if part is not None:
                check_inputs(network, part.x, material.source.name)
        check_targets(network, material.train.y, material.source.name)


def _as_it_is(data: Any, network: Network, validation: Any, seed: int) -> Material:
    x, y = checked_pair(network, data, "x", "y")
    if not isinstance(validation, float) or validation == 0.0:
        given = None if isinstance(validation, float) else validation
        if given is not None and not (isinstance(given, tuple | list) and len(given) == 2):
            raise UsageError(
                say(
                    "validation must be (x, y), arrays as those that are learned from, or a share between 0 and 1, not {given}",
                    given=type(given).__name__,
                )
            )
        judge = (
            Examples(*checked_pair(network, given, say("validation x"), say("validation y")))
            if given is not None
            else None
        )
        return Material(Examples(x, y), judge, None, None)
    if not 0.0 < validation < 1.0:
        raise UsageError(
            say("validation must be a share between 0 and 1, or (x, y), not {validation}", validation=validation)
        )
    order = np.random.default_rng(seed).permutation(len(x))
    held = np.sort(order[: max(1, round(validation * len(x)))])
    kept = np.setdiff1d(np.arange(len(x)), held)
    if not len(kept):
        raise DataError(
            say("{rows} rows are too few to hold back a share of {validation}", rows=len(x), validation=validation)
        )
    return Material(Examples(x[kept], y[kept]), Examples(x[held], y[held]), None, None, given=len(x), learned=kept)


def checked_pair(network: Network, pair: Any, x_name: str, y_name: str) -> tuple[np.ndarray, np.ndarray]:
    """Two arrays that the network can be taught with. Raises DataError, which calls them by these names."""
    try:
        x, y = pair
    except (TypeError, ValueError) as error:
        raise DataError(
            say("{x} and {y} cannot be read as two arrays: {reason}", x=x_name, y=y_name, reason=error)
        ) from None
    x, y = check_inputs(network, plain_array(x, x_name), x_name), plain_array(y, y_name)
    if not len(x):
        raise DataError(say("{x} has no rows", x=x_name))
    if y.ndim == 0 or len(x) != len(y):
        raise DataError(
            say(
                "{x} has {rows} rows and {y} {targets}; they must be as many",
                x=x_name,
                rows=len(x),
                y=y_name,
                targets=len(y) if y.ndim else 1,
            )
        )
    return x, as_targets(network, y, y_name)


def weighted(material: Material, network: Network, class_weight: Any, sample_weight: Any) -> Examples:
    """The training examples with what each counts for."""
    examples = material.train
    weight = None
    if sample_weight is not None:
        if material.feed is not None:
            raise UsageError(
                say("sample_weight goes with rows that are all held in memory; leave it out, or leave out stream")
            )
        weight = plain_array(sample_weight, "sample_weight")
        if weight.dtype.kind not in "fiub":
            raise DataError(say("{name} must hold numbers, not {dtype}", name="sample_weight", dtype=weight.dtype))
        weight = weight.astype(np.float32)
        if material.learned is not None and weight.shape == (material.given,):
            weight = weight[material.learned]
        if weight.shape != (examples.rows,):
            raise DataError(
                say(
                    "sample_weight has shape {shape}, and there are {rows} rows to learn from",
                    shape=weight.shape,
                    rows=examples.rows,
                )
            )
        if not np.isfinite(weight).all() or (weight < 0).any() or not weight.any():
            raise DataError(say("sample_weight must be finite numbers of 0 or more, not all 0"))
    if class_weight is not None:
        of_class = class_weights(material, network, class_weight)
        each = of_class[examples.y.reshape(-1).astype(np.int64)]
        weight = each if weight is None else weight * each
        if not weight.any():
            raise UsageError(say("class_weight must be weights of 0 or more, not all 0 for the rows to learn from"))
    return examples if weight is None else replace(examples, weight=weight.astype(np.float32))


def class_weights(material: Material, network: Network, class_weight: Any) -> np.ndarray:
    """What an example of each class counts for: (classes,). Raises UsageError for classes that there are not."""
    y = material.train.y
    if not network.cost.classifies or (y.ndim > 1 and y.shape[1:] != (1,)):
        raise UsageError(say("class_weight goes with one class per row"))
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
            raise UsageError(
                say("class_weight names {name!r}, and the classes are {known}", name=name, known=", ".join(names))
            )
        of_class[names.index(str(name))] = weight
    return of_class


def fingerprint(material: Material) -> str:
    """Tells whether data are the same: a checksum of the arrays that are learned from, or of the draw of them that is held."""
    x, y = (np.ascontiguousarray(array) for array in (material.train.x, material.train.y))
    return f"{material.rows}-{crc32(x.tobytes()):08x}-{crc32(y.tobytes()):08x}"
