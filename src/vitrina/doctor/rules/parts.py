"""The two parts: rows that are in both, classes that are in one only, and a validation part that is another world."""

from __future__ import annotations

import math

import numpy as np

from vitrina.doctor.case import USABLE, Case, doubt_of
from vitrina.doctor.clocks import running_on
from vitrina.doctor.finding import Finding, Remedy
from vitrina.doctor.mending import in_front
from vitrina.doctor.registry import rule
from vitrina.doctor.rules.inputs import leave_out
from vitrina.locale import say
from vitrina.network.scale import Scale

MOSTLY = 0.5  # of the validation rows
ROOM = 3.0  # as a power of 10, of how many more different rows there could be than pairs of rows there are
SHARED = 0.05  # of the validation rows, beyond twice what is natural
FAR, OTHER = 1.5, 0.6  # training spreads that one column's mean, or the median column's, is away
HALF_LOST, NEARER = 0.5, 0.75  # where simple models lose half of what they know, so many spreads are far enough
THIRD_LOST = 1 / 3  # the same, where all columns look alike: of sound set-ups tried none loses a fifth
FEW = 30  # validation rows
AFTER_A_LEAK = 0.42  # the rank of parts that differ by what can be told in them: a column that gives the answer away in one explains it
LITTLE = 0.1  # the same: less is what a later day costs anyhow
STRETCH = math.log(2.5)  # of the median column's spread
MARKED = 8  # rows of the smaller part that a mark is to be expected in, for the parts to be compared by it
LISTED = 8


@rule("rows-shared", "before", 0.3, ("overfitting", "leak", "label-noise"))
def shared(case: Case) -> Finding | None:
    """Symptom: validation is as good as training, and new data are not. Why: rows of the validation part are training rows as well,
    so that learning by heart is rewarded. Measured: equal rows in both parts, more than 5 % beyond twice the share that the
    training part itself repeats; or 70 % of the validation rows of one class, whose training rows are each there three times or
    more, where of the others it is far less; or most rows, of columns that have too many values for any two rows to be equal by chance.
    Remedy: take them out of one of the parts. Example: augmenting or resampling before
    splitting.
    """
    parts = case.exam.parts
    copied = parts.copied_class >= 0
    if parts.shared - 2.0 * parts.repeated < SHARED and not copied and not _copied_whole(case):
        return None
    return Finding(
        "rows-shared",
        "fault",
        0.95,
        say(
            "{share:.0%} of the validation rows of class {kind} are training rows as well: it was copied before rows were divided.",
            share=parts.copied_share,
            kind=parts.copied_class,
        )
        if copied
        else say("{share:.0%} of the validation rows are training rows as well.", share=parts.shared),
        say(
            "Take them out of one of the two parts, and split before rows are copied: as it is, learning by heart looks like success."
        ),
        "validation",
        0,
        {"shared": parts.shared, "repeated_in_training": parts.repeated, "rows": round(parts.shared * parts.rows[1])},
        (Remedy(say("take the shared rows out of the validation part"), data={"unshare": True}),),
    )


def _mixed() -> Remedy:
    return Remedy(say("hold validation rows back from both parts together"), data={"pool": True})


def _copied_whole(case: Case) -> bool:
    """True if most validation rows are training rows, although the columns have so many different values that chance would not
    have brought two equal rows: repeats are then copies, in the training part as well."""
    values = np.maximum(case.exam.columns.values, 1.0)
    room = float(np.log10(values).sum()) if len(values) else 0.0
    return case.exam.parts.shared > MOSTLY and room > ROOM + 2.0 * math.log10(max(2, case.exam.parts.rows[0]))


@rule("class-missing", "before", 0.32, ("class-shares-differ", "validation-differs", "overfitting", "label-noise"))
def missing(case: Case) -> Finding | None:
    """Symptom: some classes are never answered rightly, and validation stays poor however well training goes. Why: they are not in the
    training part at all. Measured: a class of no training row that has three validation rows or more, and 2 % of them. Remedy: draw
    both parts from all rows at random, stratified by the class. Example: a table sorted by class and cut at 80 %.
    """
    target, beside = case.exam.target, case.exam.target_beside
    if beside is None or not target.counts or len(target.counts) != len(beside.counts):
        return None
    own, other = np.array(target.counts), np.array(beside.counts)
    absent = np.flatnonzero((own == 0) & (other >= 3))
    share = float(other[absent].sum() / max(1, other.sum()))
    if not len(absent) or share < 0.02:
        return None
    return Finding(
        "class-missing",
        "fault",
        0.97,
        say(
            "Class {kind} has no training row, and {count} in the validation part.",
            kind=int(absent[0]),
            count=int(other[absent[0]]),
        ),
        say("Divide the rows at random, each class in both parts: what was never shown cannot be learned."),
        "target",
        0,
        {"classes": [int(kind) for kind in absent], "share": share, "rows": int(other[absent].sum())},
        (_mixed(),),
    )


def _shares(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """How common each class is in either part; empty where there are no classes, or too few rows to say."""
    target, beside = case.exam.target, case.exam.target_beside
    if beside is None or not target.counts or len(target.counts) != len(beside.counts):
        return np.empty(0), np.empty(0)
    if min(sum(beside.counts), sum(target.counts)) < 30:
        return np.empty(0), np.empty(0)
    return np.array(target.counts) / sum(target.counts), np.array(beside.counts) / sum(beside.counts)


def _shares_apart(case: Case) -> float:
    """The total variation between them, 0 where it is less than a quarter and four standard errors."""
    own, other = _shares(case)
    if not len(own):
        return 0.0
    apart = 0.5 * float(np.abs(own - other).sum())
    chance = 0.5 * float(np.sqrt(own * (1 - own) / case.exam.parts.rows[1]).sum())
    return apart if apart >= 0.25 + 2.0 * chance else 0.0


@rule("class-shares-differ", "before", 0.37, ("overfitting", "label-noise", "rate-oscillates"))
def shares_differ(case: Case) -> Finding | None:
    """Symptom: worse on validation than on training, and one class answered too often. Why: the classes are not as common in one part
    as in the other, and a network learns how common they are. Measured: half of the sum of the differences of their shares (total
    variation) above 0.25 and four standard errors; a fault where it is worse on validation by more than 0.05 and chance; before
    training a note where the classes of the training part are the more even ones, as whoever copies a rare class wants them. Remedy:
    draw both parts from all rows, stratified. Example: fraud collected for training, everyday business for validation.
    """
    apart = _shares_apart(case)
    if not apart:
        return None
    own, other = _shares(case)
    most = int(np.argmax(np.abs(own - other)))
    gap = case.train_score - case.reached
    harmed = case.trained and gap > max(0.05, case.chance_of_parts)
    evened = own.max() < other.max()
    return Finding(
        "class-shares-differ",
        ("note" if evened else "warning") if not case.trained else "fault" if harmed else "note",
        0.85 if harmed else 0.6,
        say(
            "Class {kind} is {own:.0%} of the training rows and {other:.0%} of the validation rows.",
            kind=most,
            own=float(own[most]),
            other=float(other[most]),
        ),
        say("Draw both parts from all rows with the same shares, or weigh the classes by how common they will be."),
        "target",
        0,
        {"class": most, "share": float(own[most]), "validation_share": float(other[most]), "apart": apart, "gap": gap},
        (_mixed(),),
    )


def _moving(case: Case) -> np.ndarray:
    """Of each column, whether it is one that the two parts can be compared by: not constant, not running on, and no mark that so
    few rows have that there may well be none in the other part."""
    columns = case.exam.columns
    mean, spread = np.array(columns.mean), np.array(columns.spread)
    moving = spread > 1e-9 * np.maximum(np.abs(mean), 1e-30)
    if len(columns.values) == len(mean):
        two, low, high = np.array(columns.values) == 2, np.array(columns.low), np.array(columns.high)
        share = (mean - low) / np.where(high > low, high - low, 1.0)
        moving &= ~two | (np.minimum(share, 1.0 - share) * min(case.exam.parts.rows) >= MARKED)
    moving[running_on(case)] = False  # what runs on is told apart
    return moving


def _apart(case: Case) -> int:
    """The column by which the parts differ most, -1 where they do not differ by more than chance.

    Rows in an order in which neighbours are alike (a series cut into windows) are worth as many as are unlike: of n rows of which
    a share f lies between stretches, about n·(1-f).
    """
    exam = case.exam
    shift, stretch, rows = np.abs(exam.parts.shift), np.array(exam.parts.stretch), exam.parts.rows
    if not len(shift) or rows[1] < 10 or exam.columns.kind == "codes":
        return -1
    moving = _moving(case)
    if not moving.any():
        return -1
    follows = np.array(exam.columns.follows) if len(exam.columns.follows) == len(shift) else np.zeros(len(shift))
    alone = np.clip(1.0 - follows, 0.0, 1.0)
    noise = 4.0 * np.sqrt(1.0 / np.maximum(rows[1] * alone, 1.0) + 1.0 / np.maximum(rows[0] * alone, 1.0))
    usual = float(np.median(noise[moving]))
    stretched = np.abs(np.log(np.maximum(stretch[moving], 1e-12)))
    worst = int(np.argmax(np.where(moving, shift - noise, -np.inf)))
    lost = _lost(case)
    if (
        case.settings.get("group") and lost < HALF_LOST
    ):  # whole groups on one side are unlike each other, as they are meant to be
        return -1
    far = FAR if lost < HALF_LOST else NEARER
    apart = bool(
        shift[worst] > far + noise[worst]
        or np.median(shift[moving]) > OTHER + usual / 2
        or np.median(stretched) > STRETCH + usual / 4
    )
    return worst if apart else -1


def _lost(case: Case) -> float:
    """What the simple models lose of what they are above a constant, from held-back training rows to validation rows, beyond
    chance: 0 where they lose nothing, above 1 where they end below a constant."""
    refs = case.exam.references
    if refs is None or not math.isfinite(refs.best_validation):
        return 0.0
    above = refs.best_held - max(refs.constant_held, 0.0)
    chance = sum(
        doubt_of(score, rows, bool(case.classes))
        for score, rows in ((refs.best_held, refs.rows[1]), (refs.best_validation, refs.rows[2]))
    )
    return max(0.0, refs.best_held - refs.best_validation - chance) / above if above > USABLE + chance else 0.0


def _worse(case: Case) -> bool:
    """True if it is worse on validation than simple models are on held-back training rows."""
    refs = case.exam.references
    held = refs.best_held if refs else math.nan
    return case.trained and math.isfinite(case.reached) and held - case.reached > max(0.05, case.doubt)


@rule(
    "time-counter", "before", 0.34, ("overfitting", "label-noise", "identifier-column", "underfitting", "too-few-steps")
)
def counter(case: Case) -> Finding | None:
    """Symptom: worse on later rows than on held-back earlier ones, or surprises once the network is used. Why: a column that only
    runs on (a day's number, a year, a count of rows) has values later that no row had while learning, and there a network answers at
    random. Measured: all validation values of a column beyond the training ones, by a quarter of their range at most; a training mean
    in the middle of that range, and a validation mean more than 1.2 spreads away, and the other columns as while learning; a fault
    where it is worse on validation than simple models on held-back training rows, by a tenth of what these are above a constant;
    before training a note where simple models lose less. Remedy: leave it out, or give what comes back. Example: days since the first
    row, beside a division by time.
    """
    found = running_on(case)
    names, rows = case.exam.columns.names, case.exam.parts.rows[1]
    if not found or rows < 10 or len(found) > max(1, len(names) // 2) or _apart(case) >= 0:
        return None
    at, beside, refs = found[0], case.exam.beside, case.exam.references
    assert beside is not None
    harmed = (
        _worse(case) and refs is not None and refs.best_held - case.reached > LITTLE * (refs.best_held - case.constant)
    )
    return Finding(
        "time-counter",
        ("warning" if _lost(case) > LITTLE else "note") if not case.trained else "fault" if harmed else "note",
        0.85 if harmed else 0.6,
        say(
            "{column} only runs on: all its values in the validation part lie beyond those that were learned from.",
            column=", ".join(names[one] for one in found[:LISTED]),
        ),
        say(
            "Leave it out (--drop), or give what comes back instead, such as the hour or the weekday: "
            "a network knows nothing of numbers it never saw."
        ),
        names[at],
        0,
        {
            "column": at,
            "columns": found[:LISTED],
            "names": [names[one] for one in found[:LISTED]],
            "high": case.exam.columns.high[at],
            "validation_low": beside.low[at],
            "reached": case.reached,
        },
        (leave_out(case, found),),
    )


@rule(
    "validation-differs",
    "before",
    0.35,
    (
        "overfitting",
        "label-noise",
        "underfitting",
        "rate-oscillates",
        "identifier-column",
        "falls-slowly",
        "too-few-steps",
    ),
)
def differs(case: Case) -> Finding | None:
    """Symptom: good on what it learned from, poor on validation from the first epoch. Why: the validation part was prepared in
    another way, or is of another world. Measured: a column's mean more than 1.5 training spreads away (and four standard errors, of
    as many rows as are unlike where neighbours are alike; 0.75 where simple models lose half of what they know from held-back
    training rows to validation), the median column's more than 0.6, or its spread 2.5 times larger or smaller; or simple models and
    the network lose a third of what there is to know though all columns look alike. A fault where the network is worse there than
    simple models are on held-back training rows. Remedy: prepare both parts by what was fitted on training (repair learns in the
    units of the validation part). Example: one part divided by 255, the other not.
    """
    exam, worst = case.exam, _apart(case)
    if worst < 0:
        return _relates_otherwise(case)
    shift, stretch, moving = np.abs(exam.parts.shift), np.array(exam.parts.stretch), _moving(case)
    stretched = np.abs(np.log(np.maximum(stretch[moving], 1e-12)))
    sure = bool(np.median(stretched) > math.log(5.0))  # no drift makes every column five times as wide
    worse = _worse(case)
    return Finding(
        "validation-differs",
        "fault" if worse or case.broke else "warning" if not case.trained or sure else "note",
        0.9 if worse else 0.6,
        say(
            "The validation part differs from the training part: {column} lies {shift:.2g} spreads away, {stretch:.2g} times as wide.",
            column=exam.columns.names[worst],
            shift=float(shift[worst]),
            stretch=float(stretch[worst]),
        ),
        say(
            "Scale both parts by the mean and spread of the training part, and check that they come from the same source."
        ),
        exam.columns.names[worst],
        0,
        {
            "column": worst,
            "shift": float(shift[worst]),
            "stretch": float(stretch[worst]),
            "median_shift": float(np.median(shift[moving])),
            "median_stretch": float(np.median(stretch[moving])),
            "held_by_simple": case.exam.references.best_held if case.exam.references else math.nan,
            "reached": case.reached,
        },
        (
            _as_judged(case),
            _mixed(),
        ),
        rank=AFTER_A_LEAK if shift[worst] < FAR and _lost(case) >= HALF_LOST else None,
    )


def _relates_otherwise(case: Case) -> Finding | None:
    """Parts whose columns look alike, and in which they tell the target in different ways: labels coded anew, channels exchanged."""
    refs, parts = case.exam.references, case.exam.parts
    if refs is None or parts.rows[1] < FEW or running_on(case) or _lost(case) < THIRD_LOST or _shares_apart(case):
        return None
    above = refs.best_held - max(refs.constant_held, 0.0)
    if case.trained and not case.broke and not refs.best_held - case.reached > THIRD_LOST * above + case.doubt:
        return None
    return Finding(
        "validation-differs",
        "fault" if case.trained else "warning",
        0.8,
        say(
            "What is true of the training part is not true of the validation part: simple models fall from {held} to {judged}.",
            held=case.told(refs.best_held),
            judged=case.told(refs.best_validation),
        ),
        say(
            "Check that both parts come from the same source, with the same order of columns, channels and classes in both."
        ),
        "validation",
        0,
        {"held_by_simple": refs.best_held, "validation_by_simple": refs.best_validation, "reached": case.reached},
        (_mixed(),),
        rank=AFTER_A_LEAK,
    )


def _as_judged(case: Case) -> Remedy:
    """What comes later comes as the validation part did: learn from rows in its units, which the first layer takes back."""
    columns, beside = case.exam.columns, case.exam.beside
    words, data = say("learn from rows brought to the units of the validation part"), {"match": True}
    if beside is None or (len(case.network.input_shape) > 1 and columns.kind != "channels"):
        return Remedy(words, data=data)
    wide, mean = np.array(beside.spread), np.array(columns.mean)
    factor = np.where(wide > 0.0, np.array(columns.spread) / np.where(wide > 0.0, wide, 1.0), 1.0)
    layer = Scale(tuple(factor), tuple(mean - np.array(beside.mean) * factor))
    return Remedy(words, {"network": in_front(case.network, layer).to_json()}, data)
