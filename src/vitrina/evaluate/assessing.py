"""From a run to how good it is: its figures with their intervals, beside baselines taught on the same split."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from vitrina.data.splits import columns_of
from vitrina.engines.numpy_engine import NumpyOps
from vitrina.errors import DataError, UsageError, VitrinaError
from vitrina.evaluate.answers import Answers
from vitrina.evaluate.assessment import Assessment, Rival
from vitrina.evaluate.baselines import Baseline, baselines, simplest
from vitrina.evaluate.bootstrap import Figure, figures_of, usual_draws
from vitrina.evaluate.calibration import calibration_error, softmax
from vitrina.evaluate.curves import at_top, calibration_curve, threshold_curves
from vitrina.evaluate.logits import as_logits
from vitrina.evaluate.mistakes import worst_mistakes
from vitrina.evaluate.parts import Parts, learned_from, parts_of
from vitrina.evaluate.slices import by_group, by_time
from vitrina.evaluate.weighted import Measures
from vitrina.locale import say
from vitrina.model import Model, load
from vitrina.runs import RunFolder

NETWORK = "network"
NUMPY = NumpyOps("float64")
SCATTERED = 1000  # points of a plot of truths and answers


def assess(
    run: str | Path | Model,
    data: Any = None,
    *,
    by: str | None = None,
    time: str | None = None,
    at: tuple[int, ...] = (),
    positive: Any = None,
    compare: bool = True,
    trained_on: Any = None,
    draws: int | None = None,
    parts: Parts | None = None,
) -> Assessment:
    """How good a run's answers are, with 95 % intervals, and whether a network was worth it.

    run: a run's directory, or a model (or its file), which has no baselines. data: rows with the truth in them, as
    `model.evaluate` takes them; None: the run's own test part. by: a column whose values are measured one by one; time: a
    column of dates or numbers, measured stretch by stretch (the run's own, where the parts were made by time). at: for two classes,
    how many of the likeliest are looked at (precision and recall at k). positive: the class that is looked for, the second
    by default. compare: whether to teach baselines too. trained_on: the run's data, where it does not keep them (arrays,
    frames). draws: bootstrap samples, 200 to 1000 by default. parts: the run's, where they were opened
    before. Rows of one group are drawn together where parts were made by group.
    Raises UsageError, DataError or ModelError, each with one sentence.
    """
    model, parts, why_alone = (parts.model, parts, "") if parts else _opened(run, trained_on, data is None)
    source, x, truth, name = _asked(model, parts, data, run)
    raw = model.raw(x).astype(np.float64)
    answers = _answers(model, raw, truth)
    if answers is None:  # many answers for each row: the usual figures, without more
        return _in_brief(model, run, data, x, truth, name)
    flip = _flips(answers, positive)
    answers = _turned(answers, flip)
    rivals, seconds = _rivals(parts, answers, x, flip) if parts and compare else ({}, {})
    clusters = _divided_by(model, source, "group")
    contestants = {NETWORK: _with_error(model, raw, truth, answers)} | {
        rival: theirs.measures for rival, theirs in rivals.items()
    }
    together = columns_of(source).frame[clusters].to_numpy() if clusters else None  # pyright: ignore[reportOptionalMemberAccess]
    figures, gains = figures_of(contestants, len(x), NETWORK, together, draws=draws)
    when = time or _divided_by(model, source, "time")
    return Assessment(
        run=str(run) if not isinstance(run, Model) else "",
        part="test" if data is None else "data",
        data=name,
        rows=len(x),
        classes=answers.classes,
        headline=answers.headline,
        figures=figures[NETWORK],
        rivals=tuple(Rival(rival, figures[rival], gains[rival], *seconds[rival]) for rival in rivals),
        why_alone=why_alone if not parts else "",
        seen=learned_from(parts, x) if parts is not None and data is not None else None,
        **_detail(answers, at),
        by_group=(by, by_group(answers, source, by)) if by else None,
        by_time=(when, by_time(answers, source, when)) if when else None,
        clusters=clusters,
        draws=draws or usual_draws(len(x)),
        mistakes=worst_mistakes(answers, source),
        source=source,
    )


def _opened(run: Any, trained_on: Any, needed: bool) -> tuple[Model, Parts | None, str]:
    """The model, and the parts it was made of; where they cannot be had, why."""
    if isinstance(run, Model):
        if needed:
            raise UsageError(say("a model keeps no test part; give rows with the truth in them as data"))
        return run, None, say("a model alone keeps no data to teach baselines on")
    if Path(run).is_file():
        if needed:
            raise UsageError(
                say("{run} is a model alone, which has no test part; give DATA with the truth in it", run=run)
            )
        return load(run), None, say("a model alone keeps no data to teach baselines on")
    try:
        parts = parts_of(run, trained_on)
    except VitrinaError as error:
        if needed or not RunFolder(Path(run)).model.exists():
            raise
        return load(run), None, str(error)
    return parts.model, parts, ""


def _asked(model: Model, parts: Parts | None, data: Any, run: Any) -> tuple[Any, np.ndarray, np.ndarray, str]:
    """The rows to measure on: their source (None for arrays as they are), what the network sees, the truth, their name."""
    if data is None and parts is not None:
        test = parts.material.test
        if test is None:
            raise UsageError(say("{run} has no test part to measure on; give DATA with the truth in it", run=run))
        return test, model.recipe.inputs(test), model.recipe.targets(test), test.name
    source = model.source(data) if model.recipe is not None else None
    x, truth = model.examples(source if source is not None else data)
    if not len(x):
        raise DataError(say("there are no rows to evaluate on"))
    return source, x, truth, source.name if source is not None else "arrays"


def _in_brief(model: Model, run: Any, data: Any, x: np.ndarray, truth: np.ndarray, name: str) -> Assessment:
    figures = {key: Figure(value, value, value) for key, value in model.evaluate(x, truth).items()}
    where = "" if isinstance(run, Model) else str(run)
    why = say("there are several answers for each row")
    return Assessment(where, "test" if data is None else "data", name, len(x), (), "error", figures, why_alone=why)


def _with_error(model: Model, raw: np.ndarray, truth: np.ndarray, answers: Answers) -> Measures:
    """The measures, and the cost that the network was taught with."""
    cost = model.network.cost.per_example(NUMPY, raw, truth)
    column = np.asarray(cost, np.float64).reshape(len(raw), -1).mean(axis=1)
    measures = answers.measures

    def of(weights: np.ndarray) -> dict[str, np.ndarray]:
        return {"error": weights @ column / weights.sum(axis=1)} | measures(weights)

    return of


def _answers(model: Model, raw: np.ndarray, truth: np.ndarray) -> Answers | None:
    """None where a network answers several classes for each row. raw: what its last layer gave."""
    if not model.network.cost.classifies:
        return _numbers(model, model.network.cost.readable(NUMPY, raw), truth)
    if truth.ndim > 1 and truth.shape[1:] != (1,):
        return None
    probabilities = softmax(as_logits(model.network, raw))
    names = model.recipe.classes if model.recipe is not None else range(probabilities.shape[1])
    return Answers(probabilities, truth.reshape(-1).astype(np.int64), tuple(str(name) for name in names))


def _numbers(model: Model, given: np.ndarray, truth: np.ndarray) -> Answers:
    """Numbers in the target's own unit."""
    quantiles = tuple(getattr(model.network.cost, "quantiles", ()))
    if model.recipe is not None:
        columns = given.reshape(len(given), -1, len(quantiles) or 1)
        given = np.stack([_decoded(model, columns[:, :, place]) for place in range(columns.shape[2])], axis=2)
        truth = _decoded(model, truth.reshape(len(truth), -1))
    return Answers(given.reshape(len(given), -1), truth.reshape(len(truth), -1), (), quantiles)


def _decoded(model: Model, values: np.ndarray) -> np.ndarray:
    return np.asarray(model.recipe.decode(values), np.float64).reshape(len(values), -1)


def _rivals(
    parts: Parts, answers: Answers, x: np.ndarray, flip: bool
) -> tuple[dict[str, Answers], dict[str, tuple[int, float]]]:
    """What the baselines answer to the same rows; and how many rows each learned from, in how many seconds."""
    found: dict[str, Answers] = {}
    seconds: dict[str, tuple[int, float]] = {}
    if answers.quantiles:
        return found, seconds
    material, classes = parts.material, len(answers.classes)
    known: list[Baseline] = [simplest(material, classes), *baselines(material, classes)]
    for baseline in known:
        said = baseline.answer(x)
        if classes:
            own = softmax(said)
            found[baseline.name] = replace(answers, given=own[:, ::-1] if flip else own)
        else:
            found[baseline.name] = replace(answers, given=_decoded(parts.model, said) if material.recipe else said)
        seconds[baseline.name] = (baseline.rows, baseline.seconds)
    return found, seconds


def _flips(answers: Answers, positive: Any) -> bool:
    if positive is None:
        return False
    if len(answers.classes) != 2 or str(positive) not in answers.classes:
        if not answers.classes:
            raise UsageError(say("--positive {positive}: the classes are none; name one of two", positive=positive))
        raise UsageError(
            say(
                "--positive {positive}: the classes are {classes}; name one of two",
                positive=positive,
                classes=", ".join(answers.classes),
            )
        )
    return answers.classes[0] == str(positive)


def _turned(answers: Answers, flip: bool) -> Answers:
    if not flip:
        return answers
    return Answers(answers.given[:, ::-1], 1 - answers.truth, answers.classes[::-1])


def _divided_by(model: Model, source: Any, way: str) -> str | None:
    """The column that the parts were made by in this way, "time" or "group", where the rows have it."""
    name, table = model.settings.get(way), columns_of(source) if source is not None else None
    return name if table is not None and name in table.frame.columns else None


def _detail(answers: Answers, at: tuple[int, ...]) -> dict[str, Any]:
    """What there is beside figures, by task."""
    if not answers.classes:
        rows = np.random.default_rng(0).permutation(len(answers))[:SCATTERED]
        told = answers.middle[rows, 0], answers.truth.reshape(len(answers), -1)[rows, 0]
        return {"scatter": {"answer": told[0].tolist(), "truth": told[1].tolist()}}
    from sklearn.metrics import confusion_matrix

    count = len(answers.classes)
    found: dict[str, Any] = {
        "confusion": confusion_matrix(answers.truth, answers.given.argmax(axis=1), labels=range(count)),
        "calibration": calibration_curve(answers.given, answers.truth),
        "calibration_error": calibration_error(answers.given, answers.truth),
    }
    if count == 2 and 0 < answers.truth.sum() < len(answers):
        scores, positive = answers.given[:, 1], answers.truth == 1
        found |= {"curves": threshold_curves(scores, positive), "at_top": at_top(scores, positive, at)}
    return found
