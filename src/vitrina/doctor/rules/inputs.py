"""The inputs: not finite, constant, out of scale, numbering the rows, giving the answer away; and the target's scale."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from vitrina.doctor.case import Case
from vitrina.doctor.clocks import running_on
from vitrina.doctor.finding import Finding, Remedy
from vitrina.doctor.mending import behind, in_front, without_columns
from vitrina.doctor.registry import FOLLOWS, rule
from vitrina.learning.optimizers import SGD, Adam
from vitrina.locale import say
from vitrina.network.scale import Scale

# Root mean squares: of large inputs, of far too large ones, times the median one, and where even the largest is too small.
LARGE, FAR, APART, SMALL = 30.0, 150.0, 100.0, 0.02
ALIKE = 300.0  # root mean square up to which inputs of one size are left to Adam
HARM = 0.12  # of what simple models are above a constant, missing to them
HUGE = 1e4  # times the training part's range
TELLS, NEXT = 0.96, 0.9  # R² of one column alone, and of the next best
CODE, BESIDE = 0.8, 0.75  # the same of a column with no more values than there are classes; times its own
ENOUGH = 80  # training rows: of fewer, one column may part the classes by chance
LISTED = 8
BROKEN = (*FOLLOWS, "labels-unrelated", "input-scale", "weights-too-large", "target-scale")


@rule("input-not-finite", "before", 0.0, (*BROKEN, "backward-wrong"))
def not_finite(case: Case) -> Finding | None:
    """Symptom: the error is NaN from the first step on. Why: a missing or infinite value among inputs or targets spoils every
    sum it takes part in, and through them every weight. Measured: any value that is not finite; the threshold is none at all.
    Remedy: fill the value in or leave the row out; a table read by Vitrina does so by itself. Example: a division by a count of 0.
    """
    columns, target = case.exam.columns, case.exam.target
    parts = [("train", columns)] + ([("validation", case.exam.beside)] if case.exam.beside else [])
    for part, facts in parts:
        bad = [at for at, count in enumerate(facts.not_finite) if count]
        if bad:
            return Finding(
                "input-not-finite",
                "fault",
                1.0,
                say(
                    "{column} has values that are not numbers (NaN or infinite), first in row {row}.",
                    column=facts.names[bad[0]],
                    row=facts.first_not_finite,
                ),
                say("Fill them in or leave those rows out: one such value is enough to spoil every weight."),
                facts.names[bad[0]],
                0,
                {
                    "columns": bad[:LISTED],
                    "names": [facts.names[at] for at in bad[:LISTED]],
                    "values": facts.not_finite[bad[0]],
                    "row": facts.first_not_finite,
                    "part": part,
                },
                (Remedy(say("fill in what is missing with the column's mean"), data={"fill": bad}),),
            )
    if target.not_finite:
        return Finding(
            "input-not-finite",
            "fault",
            1.0,
            say("The target has {count} values that are not numbers (NaN or infinite).", count=target.not_finite),
            say(
                "Leave those rows out: there is nothing to be learned from them, and one is enough to spoil every weight."
            ),
            "target",
            0,
            {"values": target.not_finite},
        )
    return None


@rule("input-constant", "before", 0.2, (*BROKEN, "symmetric-weights"))
def constant(case: Case) -> Finding | None:
    """Symptom: the error stays where a constant answer leaves it. Why: an input that is the same for every example tells nothing
    apart. Measured: spread below a billionth of the size; a fault where nine in ten columns are so, or every image or sequence is
    the same, else worth a note.
    Remedy: look at how the inputs were made. Example: images multiplied by 0, a column read from the wrong place.
    """
    columns = case.exam.columns
    spread, size = np.array(columns.spread), np.abs(columns.mean)
    if not len(spread):
        return None
    still = [int(at) for at in np.flatnonzero(spread <= 1e-9 * np.maximum(size, 1e-30))]
    every = math.prod(case.network.input_shape) if columns.alike else len(spread)
    count = every if columns.alike else len(still)
    share = count / every
    if share < 0.9 and (not still or columns.kind != "columns" or len(spread) > 100):
        return None
    return Finding(
        "input-constant",
        "fault" if share >= 0.9 else "note",
        1.0 if share >= 0.9 else 0.5,
        say("{count} of {all} inputs are the same number for every example.", count=count, all=every),
        say("Look at how the inputs were made: what is always the same tells nothing apart."),
        columns.names[still[0]] if still else "inputs",
        0,
        {"columns": still[:LISTED], "names": [columns.names[at] for at in still[:LISTED]], "share": share},
    )


@rule("input-scale", "before", 0.5, (*BROKEN, "weights-too-small", "dead-units"))
def scale(case: Case) -> Finding | None:
    """Symptom: the error jumps, sticks, or falls only where the large columns tell something. Why: a weight's slope is its
    input times the error signal, so that one rate is too high for large inputs and too low for small ones (LeCun et al. 1998,
    Efficient BackProp, section 4.3). Measured: root mean square of a column above 30, largest spread above 100 times the median
    one, or all below 0.02; a fault where simple models on scaled inputs do better than the network, or the error stayed at that of a
    constant answer; before training a note where
    inputs are all of one size, of 300 at most, and each weight's step is divided by its own slope. Remedy: bring each column
    to mean 0 and spread 1. Example: an income in euros beside an age in years; pixels from 0 to 255.
    """
    columns = case.exam.columns
    if columns.kind == "codes" or columns.scaled_by_network or not columns.spread:
        return None
    spread = np.array(columns.spread)
    size = np.sqrt(np.square(columns.mean) + np.square(spread))
    moving = spread > 1e-9 * np.maximum(size, 1e-30)
    if columns.counts and len(spread) > 2:  # what only counts the rows is told apart
        moving &= ~np.array(columns.counts)
    if not moving.any():
        return None
    size, spread = np.where(moving, size, 0.0), np.where(moving, spread, 0.0)
    middle = float(np.median(spread[moving]))
    apart = float(spread.max()) / middle
    tiny = bool(size.max() < SMALL)
    if not (size.max() > LARGE or (apart > APART and spread.max() > 3.0) or tiny):
        return None
    worst = int(np.argmax(size)) if not tiny else int(np.argmin(np.where(moving, size, np.inf)))
    others = [int(at) for at in np.argsort(-size)[:LISTED] if size[at] > LARGE or size[at] > APART * middle]
    # where simple models are hardly above a constant, nothing is missing to them, and an error that stays tells more
    harmed = case.shortfall > HARM or case.fit_shortfall > HARM or case.stuck
    flat = case.behind and any(start.saturated > 0.8 for start in case.starts)
    early = "note" if _made_up_for(case, float(size[moving].max()), apart) else "warning"
    severity = early if not case.trained else "fault" if harmed else "warning" if flat else "note"
    return Finding(
        "input-scale",
        severity,
        0.95 if harmed else 0.6,
        say(
            "The inputs are not scaled: {column} is about {size:.3g} in size, where about 1 is wanted.",
            column=columns.names[worst],
            size=float(size[worst]),
        ),
        say(
            "Bring every column to mean 0 and spread 1 before training: one learning rate cannot fit large and small inputs."
        ),
        columns.names[worst],
        0,
        {
            "column": worst,
            "columns": others or [worst],
            "names": [columns.names[at] for at in others or [worst]],
            "size": float(size[worst]),
            "spread": float(spread[worst]),
            "median_spread": middle,
            "shortfall": case.shortfall,
        },
        (_scaled(case),),
    )


def _made_up_for(case: Case, size: float, apart: float) -> bool:
    """True of inputs that are large all alike, such as pixels up to 255, where the steps do not grow with them (Adam divides each
    slope by its own size) and no unit of the first layers is at a flat end: that may learn as it is, and is told when it does not."""
    adaptive = not isinstance(case.optimizer, SGD)
    squashed = any(start.saturated > 0.1 for start in case.starts)
    return adaptive and not squashed and LARGE < size <= ALIKE and apart <= APART


def _scaled(case: Case) -> Remedy:
    columns = case.exam.columns
    mean, spread = np.array(columns.mean), np.array(columns.spread)
    safe = np.where(spread > 1e-9 * np.maximum(np.abs(mean), 1e-30), spread, 1.0)
    if (columns.kind == "columns" and len(case.network.input_shape) == 1) or columns.kind == "channels":
        layer = Scale(tuple(1.0 / safe), tuple(-mean / safe))
        return Remedy(
            say("scale the inputs in the network's first layer"), {"network": in_front(case.network, layer).to_json()}
        )
    return Remedy(say("scale the inputs"))


def leave_out(case: Case, columns: list[int]) -> Remedy:
    """What was measured with the columns cannot be compared with what is measured without them."""
    network = without_columns(case.network, columns)
    words = say("leave the column out")
    return Remedy(words, {"network": network.to_json()}, {"judge": True}) if network else Remedy(words)


@rule("columns-duplicated", "before", 0.52, ("rate-too-high", "rate-oscillates", "overfitting"))
def duplicated(case: Case) -> Finding | None:
    """Symptom: a rate that suits others is too high, or one thing outweighs all the rest. Why: a column that is there k times counts k
    times: its copies' slopes add up. Measured: columns that are the same once standardised; a note for a few, a fault where copies are
    half of the columns or more and it harmed. Remedy: keep one of each. Example: a price in euros and in cents; a table joined with
    itself.
    """
    columns = case.exam.columns
    copies = [copy for _, copy in columns.copies]
    if not copies:
        return None
    share = len(copies) / len(columns.names)
    many = share >= 0.5
    harmed = case.shortfall > 0.05 or case.fit_shortfall > 0.05 or case.broke
    first = columns.copies[0]
    network = without_columns(case.network, copies)
    remedy = Remedy(say("keep one of each"), {"network": network.to_json()} if network else {})
    return Finding(
        "columns-duplicated",
        "note" if not many else "warning" if not case.trained else "fault" if harmed else "note",
        0.85 if many and harmed else 0.5,
        say(
            "{count} of {all} columns are copies of others: {copy} is {column} once more.",
            count=len(copies),
            all=len(columns.names),
            copy=columns.names[first[1]],
            column=columns.names[first[0]],
        ),
        say("Keep one of each: what is there several times counts several times."),
        columns.names[first[1]],
        0,
        {
            "column": first[1],
            "columns": copies[:LISTED],
            "names": [columns.names[at] for at in copies[:LISTED]],
            "share": share,
        },
        (remedy,),
    )


@rule("target-scale", "before", 0.55, (*FOLLOWS, "labels-unrelated", "weights-too-small"))
def target_scale(case: Case) -> Finding | None:
    """Symptom: the error is enormous and hardly falls, or jumps to infinity. Why: the network starts with answers of about 1, and
    has to come to the target's size by steps of the learning rate; under the squared error slopes grow with the gap. Measured:
    mean or spread of the target above 30, under a cost of numbers; a fault where simple models do better. Remedy: learn the
    target scaled to mean 0 and spread 1, and give answers in its own unit. Example: house prices in euros.
    """
    target = case.exam.target
    if case.network.cost.classifies or case.network.cost.link != "linear" or target.looks_like_classes:
        return None
    size = max(abs(target.mean), target.spread)
    if not size > LARGE or type(list(case.layers.values())[-1]).__name__ == "Scale":
        return None
    harmed = case.shortfall > HARM or case.fit_shortfall > HARM or case.broke
    layer = Scale(target.spread or 1.0, target.mean)  # pyright: ignore[reportArgumentType]
    changes: dict[str, Any] = {"network": behind(case.network, layer).to_json(), "optimizer": Adam().to_json()}
    return Finding(
        "target-scale",
        ("warning" if size > FAR else "note") if not case.trained else "fault" if harmed else "note",
        0.9 if harmed else 0.5,
        say(
            "The target is {mean:.3g} ± {spread:.3g}, far from the size of about 1 that a network starts with.",
            mean=target.mean,
            spread=target.spread,
        ),
        say(
            "Scale it to mean 0 and spread 1, in the table or in the network's last layer (--heal does so): "
            "steps of the learning rate hardly get that far."
        ),
        "target",
        0,
        {
            "mean": target.mean,
            "spread": target.spread,
            "low": target.low,
            "high": target.high,
            "shortfall": case.shortfall,
        },
        (Remedy(say("scale the target in the network's last layer"), changes),),
    )


@rule("constant-divided", "before", 0.1, (*BROKEN, "validation-differs", "identifier-column"))
def constant_divided(case: Case) -> Finding | None:
    """Symptom: good on what it learned from, absurd on other rows. Why: a column that was constant while the scaling was fitted
    has spread 0, and was divided by next to nothing; the first other value becomes astronomical. Measured: a validation value
    ten thousand times beyond the training part's range. Remedy: divide columns of spread 0 by 1. Example: (x - mean) / (spread
    + 1e-8) on a column that is 0 in every training row.
    """
    columns, beside = case.exam.columns, case.exam.beside
    if beside is None or len(beside.mean) != len(columns.mean) or columns.kind == "codes":
        return None
    reach = np.maximum(np.abs(columns.low), np.abs(columns.high)) + 1.0
    there = np.maximum(np.abs(beside.low), np.abs(beside.high))
    far = [int(at) for at in np.flatnonzero(there > HUGE * reach)]
    if not far or len(far) > max(1, len(reach) // 2):
        return None
    at = far[0]
    return Finding(
        "constant-divided",
        "fault",
        0.95,
        say(
            "{column} is constant where the network learns, and {size:.2g} in the validation part.",
            column=columns.names[at],
            size=float(there[at]),
        ),
        say(
            "Divide columns of spread 0 by 1 when scaling, or leave the column out: it was divided by next to nothing."
        ),
        columns.names[at],
        0,
        {
            "column": at,
            "columns": far[:LISTED],
            "names": [columns.names[k] for k in far[:LISTED]],
            "train_spread": columns.spread[at],
            "validation_size": float(there[at]),
        },
        (leave_out(case, far),),
    )


@rule(
    "identifier-column",
    "before",
    0.45,
    ("overfitting", "label-noise", "input-scale", "rate-too-high", "rate-oscillates", "underfitting"),
)
def identifier(case: Case) -> Finding | None:
    """Symptom: good on what it learned from, worse on new rows. Why: a number that is different for each row lets a network learn
    rows by heart. Measured: whole steps of one size, no number twice, where chance would have brought ten pairs of equal ones (n rows
    on L places have about n²/2L); what runs on from the training to the validation part is told as time-counter. Remedy: leave the
    column out. Example: a customer number, the row's own number.
    """
    columns = case.exam.columns
    clocks = running_on(case)
    found = [at for at, counts in enumerate(columns.counts) if counts and at not in clocks]
    if not found or len(columns.names) < 3 or len(found) > len(columns.names) // 2:
        return None
    gap = case.train_score - case.reached
    harmed = case.shortfall > 0.08 or case.fit_shortfall > HARM or gap > 0.08
    return Finding(
        "identifier-column",
        "warning" if not case.trained else "fault" if harmed else "note",
        0.85 if harmed else 0.5,
        say(
            "{column} is different in every row, as a row number or a customer number is.",
            column=columns.names[found[0]],
        ),
        say("Leave it out: it lets the network learn rows by heart, and says nothing about new ones."),
        columns.names[found[0]],
        0,
        {
            "column": found[0],
            "columns": found[:LISTED],
            "names": [columns.names[at] for at in found[:LISTED]],
            "gap": gap,
        },
        (leave_out(case, found),),
    )


@rule(
    "leak", "before", 0.4, ("identifier-column", "validation-differs", "labels-unrelated", "overfitting", "input-scale")
)
def leak(case: Case) -> Finding | None:
    """Symptom: too good to be true. Why: one column holds the answer, often because it is filled in afterwards; it will not be
    known when a prediction is due. Measured: the column (or the place in an image) alone tells R² above 0.96 of the target (bins of
    its rank, of numbers a straight line as well, learned on every other row, judged on the rest), and the next best less than 0.9; or
    above 0.8, and the next best three quarters of that, of a column with no more values than there are classes; or, of three classes
    or more, as many such columns tell one class each from all others, but one at most; of 80 rows or more. Remedy: leave it out.
    Example: the date an account was closed, when predicting whether it will be.
    """
    found = _giving_away(case) if case.exam.parts.rows[0] >= ENOUGH else None
    if found is None:
        return None
    telling, share, next_best = found
    names = [_place(case, at) for at in telling[:LISTED]]
    many = len(telling) > 1 and case.exam.telling.alone[telling[0]] <= CODE
    return Finding(
        "leak",
        "warning",
        0.9,
        say(
            "{column} and {count} others each tell one class from all the rest, for {share:.0%}; the next best tells {next:.0%}.",
            column=names[0],
            count=len(telling) - 1,
            share=share,
            next=max(next_best, 0.0),
        )
        if many
        else say(
            "{column} alone tells {share:.0%} of the answer; the next best column tells {next:.0%}.",
            column=names[0],
            share=share,
            next=max(next_best, 0.0),
        ),
        say(
            "Leave it out unless it is really known when a prediction is due: it looks like the answer under another name."
        ),
        names[0],
        0,
        {
            "column": telling[0],
            "columns": telling[:LISTED],
            "names": names,
            "alone": share,
            "next": next_best,
        },
        (leave_out(case, telling),),
    )


def _place(case: Case, at: int) -> str:
    """What an input is called: a column by its name, a place in an image or a sequence by its numbers."""
    columns = case.exam.columns
    if columns.kind == "columns":
        return columns.names[at]
    return f"input {', '.join(str(int(one)) for one in np.unravel_index(at, case.network.input_shape))}"


def _giving_away(case: Case) -> tuple[list[int], float, float] | None:
    """The inputs that hold the answer, what the first of them tells, and what the best of the others does."""
    known = case.exam.telling
    alone, values, of_class = np.array(known.alone), np.array(known.values), np.array(known.of_class)
    if len(alone) < 2:
        return None
    telling, tells, highest = np.flatnonzero(alone > TELLS), alone, NEXT
    if not len(telling) and case.classes and len(values) == len(alone):
        telling = np.flatnonzero((alone > CODE) & (values <= case.classes))
        highest = BESIDE * float(alone[telling].min()) if len(telling) else NEXT
    if not len(telling) and case.classes > 2 and len(of_class) == len(alone):
        marks = np.flatnonzero((of_class > TELLS) & (values <= case.classes))
        if len({known.which[at] for at in marks}) >= np.count_nonzero(case.exam.target.counts) - 1:
            telling, tells = marks, of_class
    rest = np.delete(tells, telling)
    if not len(telling) or not len(rest) or rest.max() > highest:
        return None
    return [int(at) for at in telling], float(tells[telling[0]]), float(rest.max())
