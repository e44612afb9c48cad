"""What is known before the first step, of the data and of the description: measured once, kept in the run as JSON."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from vitrina.doctor.closer import attention_of
from vitrina.doctor.first_pass import FirstPass, LayerStart, first_pass
from vitrina.doctor.handwork import Handwork, check_handwork
from vitrina.doctor.inputs import Columns, columns_of
from vitrina.doctor.moved import Moved, moved_by
from vitrina.doctor.parts import Parts, parts_of
from vitrina.doctor.references import References, refer, rounded_share
from vitrina.doctor.slipped import slipped
from vitrina.doctor.targets import Target, class_numbers, target_of
from vitrina.doctor.telling import Telling, telling_of
from vitrina.doctor.vocabulary import Vocabulary, vocabulary_of
from vitrina.errors import ModelError, VitrinaError
from vitrina.files import write_atomically
from vitrina.learning.feed import Examples
from vitrina.learning.step import Recipe
from vitrina.locale import say

FILE, FORMAT = "examination.json", 2


@dataclass(frozen=True)
class Examination:
    """Everything the rules read that is known before the first step. beside: of the validation part, None without one."""

    columns: Columns
    beside: Columns | None
    target: Target
    target_beside: Target | None
    parts: Parts
    references: References | None
    start: FirstPass | None
    handwork: Handwork
    as_classes: float = math.nan  # score of simple models that take numbers 0, 1, 2, ... as classes, and
    as_numbers: float = math.nan  # of those that take them as numbers, rounded
    vocabulary: Vocabulary | None = None
    moved: list[Moved] = field(default_factory=list[Moved])  # of each augmentation
    attention: dict[str, float] = field(
        default_factory=dict[str, float]
    )  # entropy at the start, of `closer.attention_of`
    slipped: int = 0  # by how many rows the target has to be moved to be told
    telling: Telling = field(default_factory=Telling)

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            **{name: _as_json(value) for name, value in vars(self).items()},
        }

    def save(self, run: Path) -> None:
        write_atomically(run / FILE, json.dumps(plain(self.to_json()), ensure_ascii=False) + "\n")

    @staticmethod
    def load(run: Path) -> Examination | None:
        """What was kept in a run; None where nothing was. Raises ModelError if it is damaged."""
        path = run / FILE
        if not path.is_file():
            return None
        try:
            return _from_json(json.loads(path.read_text("utf-8")))
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ModelError(say("{path} cannot be read ({reason}); train anew", path=path, reason=error)) from None


def examine(
    recipe: Recipe,
    train: Examples,
    validation: Examples | None,
    params: Any,
    state: Any,
    names: Sequence[str] = (),
) -> Examination:
    """Looks at data and description. params, state: what the training starts from, nested NumPy arrays; names: of the columns
    that the network sees. Takes a fraction of a second, whatever the size of the data."""
    network = recipe.network
    codes, classes = class_numbers(network, train.y)
    columns = columns_of(train.x, network, names)
    beside = columns_of(validation.x, network, names, beside=True) if validation else None
    target = target_of(network, train.y)
    truth = codes if classes else train.y
    references, as_classes, as_numbers, moved, telling = None, math.nan, math.nan, 0, Telling()
    if (
        columns.kind != "codes"
        and not any(columns.not_finite)
        and not target.not_finite
        and len(network.output_shape) == 1
    ):
        pair = (
            (validation.x, class_numbers(network, validation.y)[0] if classes else validation.y) if validation else None
        )
        if pair is not None and not (np.isfinite(pair[0]).all() and np.isfinite(pair[1]).all()):
            pair = None
        references = refer(train.x, truth, classes, pair)
        moved = slipped(train.x, truth, classes, references)
        telling = telling_of(train.x, truth, classes)
        if target.looks_like_classes > 2 and train.y.reshape(len(train.y), -1).shape[1] == 1:
            numbers = train.y.reshape(-1).astype(np.int64)
            found = refer(train.x, numbers, target.looks_like_classes, None)
            as_classes = found.best_held if found else math.nan
            as_numbers = rounded_share(train.x, numbers)
    kinds = (codes, class_numbers(network, validation.y)[0]) if classes and validation else None
    some = np.random.default_rng(0).permutation(train.rows)[:64]
    attention: dict[str, float] = {}
    with contextlib.suppress(VitrinaError):
        attention = attention_of(network, params, state, train.x[some])
    return Examination(
        columns,
        beside,
        target,
        target_of(network, validation.y) if validation else None,
        parts_of(train.x, validation.x if validation else None, columns, beside, kinds),
        references,
        first_pass(recipe, train.x, train.y, params, state),
        check_handwork(network, train.x[some], train.y[some], params, state),
        as_classes,
        as_numbers,
        vocabulary_of(network, train.x, validation.x if validation else None),
        moved_by(recipe.augmentations, train.x, codes, classes),
        attention,
        moved,
        telling,
    )


def _as_json(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_json(one) for one in value]
    return value.to_json() if hasattr(value, "to_json") else value


def plain(value: Any) -> Any:
    """JSON knows neither NaN nor infinity: they are written as text."""
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: numbers(item) for name, item in value.items()}
    if isinstance(value, list):
        return [numbers(item) for item in value]
    return float(value) if value in ("nan", "inf", "-inf") else value


def _from_json(document: dict[str, Any]) -> Examination:
    if document.pop("format") != FORMAT:
        raise ValueError(say("it has another format"))
    names = document["columns"].pop("names"), (document["beside"] or {}).pop("names", [])
    (document["beside"] or {}).pop("alone", None)
    kept = numbers(document)
    start: Any = kept["start"]
    references: Any = kept["references"]
    kept["parts"].pop("classes_shift", None)  # runs of before have it, and what columns tell among what they are
    alone = kept["columns"].pop("alone", [])
    for part in filter(None, (kept["parts"], references)):
        part["rows"] = tuple(part["rows"])
    return Examination(
        Columns(names=names[0], **kept["columns"]),
        Columns(names=names[1], **kept["beside"]) if kept["beside"] else None,
        Target(**kept["target"]),
        Target(**kept["target_beside"]) if kept["target_beside"] else None,
        Parts(**kept["parts"]),
        References(**references) if references else None,
        FirstPass(start["error"], [LayerStart(**layer) for layer in start["layers"]]) if start else None,
        Handwork(**kept["handwork"]),
        kept["as_classes"],
        kept["as_numbers"],
        Vocabulary(**kept["vocabulary"]) if kept.get("vocabulary") else None,
        [Moved(**one) for one in kept.get("moved", [])],
        kept.get("attention", {}),
        int(kept.get("slipped", 0)),
        Telling(**kept["telling"]) if "telling" in kept else Telling(alone, kept["columns"].get("values", [])),
    )
