"""From a run and the user's costs to decisions: calibrate, draw the line, say what it saves, decide, give reasons.

Calibration and thresholds see the validation part only; savings are measured on the test part, which nothing is fitted on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from vitrina.errors import UsageError
from vitrina.evaluate.baselines import baselines
from vitrina.evaluate.calibration import NONE, Calibration, calibration_error, fit_calibration, log_loss, softmax
from vitrina.evaluate.decisions import Decisions, Quality
from vitrina.evaluate.explaining import Explanation, explained_rows
from vitrina.evaluate.kept import keep, kept_calibration
from vitrina.evaluate.logits import logits_of
from vitrina.evaluate.parts import Parts, learned_from, parts_of
from vitrina.evaluate.reasons import training_mean
from vitrina.evaluate.rule import Rows, Rule, fit_rule
from vitrina.evaluate.saving import Saving, savings
from vitrina.evaluate.stakes import amounts_of, days_of, truth_of
from vitrina.evaluate.terms import Terms, read_terms
from vitrina.evaluate.threshold import ASK, NO, YES, cost_of, expected_cost
from vitrina.locale import say

MOST_EXPLAINED = 10_000  # rows that get reasons; of more, those that something is done about come first
NEVER, ALWAYS, MODEL, THEORY = "never", "always", "model", "break-even"


def decide(
    run: str | Path,
    data: Any = None,
    costs: Any = None,
    *,
    amount: str | None = None,
    capacity: str | int | None = None,
    ask: float | None = None,
    time: str | None = None,
    positive: Any = None,
    trained_on: Any = None,
    reasons: int = MOST_EXPLAINED,
    compare: bool = True,
) -> Decisions:
    """Decides about each row of `data` at the smallest cost, and says what that saves and why each was decided so.

    data: rows with or without the truth, as `model.predict` takes them; None: the run's own test part. costs: "fn=100,fp=1"
    (tp, tn too), a dict of these, or for more classes an array (true classes, answers) or a .csv of it. amount: the column
    whose value a missed case costs. capacity: "100/day" or 100: how many can be flagged. ask: what it costs to have a
    person decide, who is right. time: the column that says the day (the run's own by default). positive: the class that
    is looked for; the rarer one by default. trained_on: the run's data, where it does not keep them (arrays, frames).
    reasons: how many rows get them. compare: whether to measure the baselines too.
    Raises UsageError, DataError or ModelError, each with one sentence.
    """
    parts = parts_of(run, trained_on)
    model, material = parts.model, parts.material
    if material.validation is None:
        raise UsageError(
            say("{run} has no validation part to find a threshold on; train with validation=0.15", run=run)
        )
    classes = _classes(parts)
    terms = read_terms(costs, amount, capacity, ask, classes)
    flip = len(classes) == 2 and _positive(material, classes, positive) == 0
    names = classes[::-1] if flip else classes
    reader = _Reader(parts, terms, flip, time)

    held = material.validation
    logits = reader.logits(held.x, held.fold)
    kept = None if held.fold is not None else kept_calibration(Path(run), model)
    of_judges = kept or fit_calibration(logits_of(model, held.x, held.fold), held.y.reshape(-1).astype(np.int64))
    calibration = (
        of_judges if held.fold is None else NONE
    )  # what is fitted to members by themselves does not fit their mean
    source, x = _asked(parts, data, run)
    own = _turn(calibration, flip)
    validation = reader.rows(logits, _turn(of_judges, flip), material.held, reader.turned(held.y))
    rule = fit_rule(terms, validation, len(x))

    saved, quality, tested = _measured(reader, rule, own, validation, len(x), compare)
    rows = reader.rows(reader.logits(x), own, source, None if source is None else _truth(reader, source))
    chosen = rule.decide(rows)
    explanation, explained = _reasons(parts, x, chosen, rows, flip, reasons)
    saved_here = _known(rows, chosen, terms) if data is not None else {}
    found = Decisions(
        run=str(run),
        classes=names,
        rule=rule,
        calibration=calibration,
        quality=quality,
        saved=saved,
        curve=rule.curve(validation),
        probabilities=rows.probabilities,
        decisions=chosen,
        expected=expected_cost(rows.probabilities, rows.table, chosen, terms.ask),
        idle=expected_cost(rows.probabilities, rows.table, np.zeros(len(x), np.int64)),
        explanation=explanation,
        explained=explained,
        source=source,
        rows_tested=tested,
        saved_here=saved_here,
        seen=learned_from(parts, x) if saved_here else None,
    )
    keep(Path(run), model, calibration, found.summary())
    return found


@dataclass(frozen=True)
class _Reader:
    """Rows as the rule takes them, the positive class second."""

    parts: Parts
    terms: Terms
    flip: bool
    time: str | None

    def logits(self, x: np.ndarray, fold: np.ndarray | None = None) -> np.ndarray:
        logits = logits_of(self.parts.model, x, fold)
        return logits[:, ::-1] if self.flip else logits

    def turned(self, y: np.ndarray) -> np.ndarray:
        y = y.reshape(-1).astype(np.int64)
        return 1 - y if self.flip else y

    def rows(self, logits: np.ndarray, calibration: Calibration, source: Any, truth: np.ndarray | None) -> Rows:
        amounts = amounts_of(source, self.terms.amount) if self.terms.amount else None
        name = self.time or self.parts.model.settings.get("time")
        days = days_of(source, name) if self.terms.daily else None
        return Rows(logits, calibration.apply(logits), self.terms.table(len(logits), amounts), truth, days)


def _measured(
    reader: _Reader, rule: Rule, own: Calibration, validation: Rows, decided: int, compare: bool
) -> tuple[dict[str, Saving], Quality | None, int]:
    """Savings of every way of deciding on the test part, and how far probabilities can be believed there."""
    material = reader.parts.material
    if material.test is None:
        return {}, None, 0
    x = material.recipe.inputs(material.test)
    truth = reader.turned(material.recipe.targets(material.test))
    logits = reader.logits(x)
    rows = reader.rows(logits, own, material.test, truth)
    terms, rule = rule.terms, _for_test(rule, len(x), decided)
    ask = rule.terms.ask
    costs = {NEVER: cost_of(rows.table, truth, np.full(len(x), NO))}
    if rows.probabilities.shape[1] == 2 and terms.capacity is None:  # which would not allow it
        costs[ALWAYS] = cost_of(rows.table, truth, np.full(len(x), YES))
    elif rows.probabilities.shape[1] > 2:
        costs = {NEVER: cost_of(rows.table, truth, np.full(len(x), _cheapest_always(validation)))}
    costs[MODEL] = cost_of(rows.table, truth, rule.decide(rows), ask)
    if rule.band is not None and rule.in_theory is not None:
        costs[THEORY] = cost_of(rows.table, truth, rule.in_theory.decide(rows.probabilities[:, 1]))
    apart = material.apart()
    judge = apart.validation
    assert judge is not None
    for baseline in baselines(apart, logits.shape[1]) if compare else ():
        theirs = _flipped(baseline.answer(judge.x), reader.flip)
        judged = reader.turned(judge.y)
        calibration = fit_calibration(theirs, judged)
        their_rows = reader.rows(theirs, calibration, apart.held, judged)
        their_rule = _for_test(fit_rule(terms, their_rows, decided), len(x), decided)
        tested = reader.rows(_flipped(baseline.answer(x), reader.flip), calibration, material.test, truth)
        costs[baseline.name] = cost_of(rows.table, truth, their_rule.decide(tested), ask)
    before = softmax(logits)
    quality = Quality(
        log_loss(before, truth),
        log_loss(rows.probabilities, truth),
        calibration_error(before, truth),
        calibration_error(rows.probabilities, truth),
    )
    return savings(costs, NEVER), quality, len(x)


def _known(rows: Rows, chosen: np.ndarray, terms: Terms) -> dict[str, Saving]:
    """What was saved on the rows decided on, where the truth is in them; {} where it is not."""
    if rows.truth is None or rows.probabilities.shape[1] != 2 or not len(rows):
        return {}
    ways = {NEVER: np.full(len(rows), NO), ALWAYS: np.full(len(rows), YES), MODEL: chosen}
    if terms.capacity is not None:
        del ways[ALWAYS]
    return savings({name: cost_of(rows.table, rows.truth, way, terms.ask) for name, way in ways.items()}, NEVER)


def _cheapest_always(validation: Rows) -> int:
    """The one answer that would have cost least if it were always given: doing nothing, where there are more classes."""
    each = np.arange(len(validation))
    return int(validation.table[each, validation.truth].mean(axis=0).argmin())


def _for_test(rule: Rule, rows: int, decided: int) -> Rule:
    """A capacity in all is a share of the rows decided on: as large a share of the test part."""
    terms = rule.terms
    if terms.capacity is None or terms.daily:
        return rule
    return replace(rule, terms=replace(terms, capacity=max(1, round(terms.capacity * rows / max(decided, 1)))))


def _turn(calibration: Calibration, flip: bool) -> Calibration:
    """The same calibration for logits with the positive class second."""
    if not flip or calibration.method != "isotonic":
        return calibration
    return replace(
        calibration,
        knots=tuple(-knot for knot in reversed(calibration.knots)),
        values=tuple(1.0 - value for value in reversed(calibration.values)),
    )


def _flipped(logits: np.ndarray, flip: bool) -> np.ndarray:
    return logits[:, ::-1] if flip else logits


def _classes(parts: Parts) -> tuple[str, ...]:
    """The classes by name. Raises ModelError for a network of numbers (through `logits_of`)."""
    outputs = logits_of(parts.model, parts.material.train.x[:1]).shape[1]
    recipe = parts.model.recipe
    names = tuple(str(name) for name in recipe.classes) if recipe is not None else ()
    return names if len(names) == outputs else tuple(str(place) for place in range(outputs))


def _positive(material: Any, classes: tuple[str, ...], positive: Any) -> int:
    """The place of the class that is looked for: the one named, else the rarer in the training part."""
    if positive is not None:
        if str(positive) not in classes:
            raise UsageError(
                say(
                    "--positive {positive}: the classes are {classes}",
                    positive=positive,
                    classes=say(" and ").join(classes),
                )
            )
        return classes.index(str(positive))
    rows = np.bincount(material.train.y.reshape(-1).astype(np.int64), minlength=2)
    return 0 if rows[0] < rows[1] else 1


def _asked(parts: Parts, data: Any, run: Any) -> tuple[Any, np.ndarray]:
    """The rows to decide on: as they stand, and as the network sees them."""
    from vitrina.data import open_source

    model, material = parts.model, parts.material
    if data is None:
        if material.test is None:
            raise UsageError(say("{run} has no test part to decide on; give the rows as DATA", run=run))
        return material.test, model.recipe.inputs(material.test)
    if model.recipe is None:
        return None, model.inputs(data)
    source = open_source(data)
    return source, model.recipe.inputs(source)


def _truth(reader: _Reader, source: Any) -> np.ndarray | None:
    truth = truth_of(reader.parts.model, source)
    return None if truth is None else reader.turned(truth)


def _reasons(
    parts: Parts, x: np.ndarray, chosen: np.ndarray, rows: Rows, flip: bool, most: int
) -> tuple[Explanation | None, np.ndarray]:
    """Reasons of as many rows as are wanted, those with something to do first; and which rows these are, (n,)."""
    two = rows.probabilities.shape[1] == 2
    order = np.lexsort((-rows.probabilities[:, -1], chosen == NO)) if two else np.arange(len(x))
    explained = np.sort(order[: max(0, most)])
    if not len(explained):
        return None, explained
    if two:
        of = np.full(len(explained), 0 if flip else 1)
    else:
        of = np.where(chosen == ASK, rows.probabilities.argmax(axis=1), chosen)[explained]
    baseline = training_mean(parts.material.train.x)
    return explained_rows(parts.model, x[explained], of, baseline), explained
