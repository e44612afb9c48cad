"""The labels: unrelated to the rows, noisy, one class drowning the others, presented in order."""

from __future__ import annotations

import math

import numpy as np

from vitrina.doctor.case import Case, doubt_of
from vitrina.doctor.finding import Finding, Remedy
from vitrina.doctor.registry import FOLLOWS, rule
from vitrina.locale import say

STRANGE = 0.75  # of what chance would bring, strangers among the surest rows: from here on labels are unrelated
KNOWS = 0.65  # the same: up to here the model knows enough of the classes for noise to be told from overlap
LUCK = 0.15  # of what a constant answer lacks: a few groups of rows that fit by luck bring so much
NOISE = 0.09  # the share of strangers from where on labels are called noisy
MOST, EVEN = 1 / 3, 0.02  # up to what share, and how much more of them there may be among less sure rows
MOST_SPREAD, EVEN_SPREAD = 0.45, 0.13  # the same where strangers have any of four or more labels about as often,
SPREAD = (
    1.6  # which is: the second choice at most so many times as often as by chance (overlaps tried have 1.75 or more)
)
BETTER = 0.03  # beyond chance
DROWNED, ALONE = 0.75, 0.98  # share of the commonest class; of the answers that are that class
ORDERED = 0.5  # of what rows differ by, the share that lies between stretches of 32 neighbours
SORTED = 0.9  # the same of a column


@rule("labels-unrelated", "before", 0.8, (*FOLLOWS, "label-noise", "rate-oscillates"))
def unrelated(case: Case) -> Finding | None:
    """Symptom: the network learns the training rows by heart, or nothing at all, and is no better than a constant on others. Why:
    labels stand beside the wrong rows. Measured: neither a linear nor a kernel model beats a constant by more than chance
    allows, and where the better of the two is surest, a row's own label agrees with it no oftener than chance (three quarters of
    it); after training, nor does the network beat a constant by more than chance, and 15 % of what that lacks (answers to like
    rows are right or wrong together). Remedy: look at how rows and labels were joined. Example: sorting one table of two before
    pasting them together.
    """
    refs, exam = case.exam.references, case.exam
    if refs is None or refs.rows[1] < 30 or case.broke:
        return None
    chance = case.doubt + (0.02 if case.classes else 0.05)
    related = refs.best_held - refs.constant_held > chance
    if math.isfinite(refs.best_validation):
        related |= refs.best_validation - max(refs.constant_validation, 0.0) > chance
    strange = (
        refs.strangers > STRANGE * refs.expected_strangers if case.classes and refs.expected_strangers > 0.05 else True
    )
    if related or not strange or exam.target.majority > 0.9 or refs.rows[0] < 60:
        return None
    after = case.trained and math.isfinite(case.reached)
    luck = LUCK * (1.0 - case.constant) if case.classes else 0.0
    if after and exam.parts.rows[1] and case.reached - case.constant > max(chance, luck):
        return None
    if after and not exam.parts.rows[1]:  # nothing judges: learning by heart is not told from learning
        return None if case.train_score - case.constant > 0.5 else _unrelated(case, "warning")
    return _unrelated(case, "fault" if after else "warning")


def _unrelated(case: Case, severity: str) -> Finding:
    refs = case.exam.references
    assert refs is not None
    return Finding(
        "labels-unrelated",
        severity,  # pyright: ignore[reportArgumentType]
        0.85,
        say(
            "The labels seem to have nothing to do with the inputs: on other rows no model tried is better than a constant answer."
        ),
        say("Check how rows and labels were joined, for instance whether one of them was sorted or shuffled alone."),
        "target",
        0,
        {
            "constant": refs.constant_held,
            "linear": refs.linear_held,
            "kernel": refs.kernel_held,
            "strangers": refs.strangers,
            "strangers_by_chance": refs.expected_strangers,
            "train_score": case.train_score,
            "reached": case.reached,
        },
    )


@rule("label-noise", "before", 0.9, ("overfitting", "underfitting", "rate-oscillates"))
def noise(case: Case) -> Finding | None:
    """Symptom: the error of some examples never falls, or falls only when the network learns them by heart. Why: their labels
    are wrong. Measured: a simple model that leaves each row out says what class it is of; of the quarter of rows of which it is
    surest, the share that have another label (Northcutt et al. 2021, arXiv:1911.00068, count the same disagreement): above 9
    %, up to a third, below 0.65 of chance; and about as many (0.02, and what chance brings) among the two
    quarters that follow; more freely where there are four common classes or more, and these labels are not mostly the model's second
    choice. Where classes merely overlap, or inputs tell little, the surest rows are labelled as the model says, or nearly. Or, of
    the same share, simple models that do better on validation rows than on held-back training rows, by more than chance: then it
    is the training labels that are wrong.
    Remedy: look at the listed rows; leave them out (repair does so by itself); smooth the labels. Example: two people labelling by
    different rules.
    """
    refs = case.exam.references
    if refs is None or not case.classes or not math.isfinite(refs.strangers) or refs.rows[0] < 150:
        return None
    share, rows = refs.strangers, refs.rows[0]
    counts = case.exam.target.counts
    kinds = sum(counts) ** 2 / sum(count * count for count in counts)  # as many as equally common classes would be
    spread = kinds >= 4.0 and refs.strangers_second * (kinds - 1.0) <= SPREAD
    most, even = (MOST_SPREAD, EVEN_SPREAD) if spread else (MOST, EVEN)
    if not max(NOISE, 1.5 / rows) <= share <= min(most, KNOWS * refs.expected_strangers):
        return None
    chance = math.sqrt(6.0 * share * (1.0 - share) / rows)  # a standard error of the difference of a quarter and a half
    more = refs.strangers_between - share
    if not (-2.0 * chance < more < even + chance or _judged_by_better(case)):
        return None
    if not case.learnable and not case.trained:
        return None
    hardest = case.checkup.get("train", {}).get("hardest", [])
    gap = case.train_score - case.reached
    return Finding(
        "label-noise",
        "fault" if case.trained and (gap > 0.05 or case.fit_shortfall > 0.03) else "warning",
        0.7,
        say(
            "About {share:.0%} of the labels look wrong: their rows lie among rows that agree on another class.",
            share=share,
        ),
        say(
            "Look at the listed rows first and mend their labels; until then, smooth the labels (label_smoothing=0.1) "
            "and keep the best epoch (--patience)."
        ),
        "target",
        0,
        {
            "strangers": share,
            "strangers_between": refs.strangers_between,
            "strangers_by_chance": refs.expected_strangers,
            "rows": refs.stranger_rows or [int(row) for row, _ in hardest],
            "hardest": [int(row) for row, _ in hardest],
            "gap": gap,
        },
        (
            Remedy(
                say("leave out the rows whose labels look wrong, and keep the best epoch"),
                {"patience": 5},
                {"doubtful": True},
            ),
            Remedy(say("smooth the labels by 0.1 and keep the best epoch"), {"label_smoothing": 0.1, "patience": 5}),
        ),
    )


def _judged_by_better(case: Case) -> bool:
    """True if both simple models do better on validation rows than on training rows that were kept apart, by more than chance."""
    refs = case.exam.references
    assert refs is not None
    pairs = ((refs.linear_held, refs.linear_validation), (refs.kernel_held, refs.kernel_validation))
    return all(
        there - held > BETTER + doubt_of(held, refs.rows[1], True) + doubt_of(there, refs.rows[2], True)
        for held, there in pairs
    )


@rule("majority-only", "after", 3.45, ("underfitting", "too-few-steps", "rate-too-low"))
def majority(case: Case) -> Finding | None:
    """Symptom: a high share of right answers, and every answer the same. Why: where one class is nearly all of the rows, always
    saying it is a low error, and the few others are outvoted. Measured: one class above 75 % of the training rows, 98 % of the
    answers that class, and a simple model that finds the others (mean over classes of the share that is right). Remedy: let
    rare classes count more. Example: one fraud in a hundred.
    """
    part = case.checkup.get("validation") or case.checkup.get("train") or {}
    answers, refs = part.get("answers"), case.exam.references
    if not answers or sum(answers) < 10 or case.exam.target.majority < DROWNED:
        return None
    common = int(np.argmax(answers))
    share = answers[common] / sum(answers)
    others = part["balanced"] - 1.0 / max(2, case.classes)
    if share < ALONE or common != int(np.argmax(case.exam.target.counts)) or others > 0.1:
        return None
    findable = refs is not None and refs.balanced_held - 1.0 / max(2, case.classes) > 0.05
    return Finding(
        "majority-only",
        "fault" if findable else "warning",
        0.9 if findable else 0.6,
        say("It answers the commonest class for {share:.0%} of the rows; the others are ignored.", share=share),
        say(
            'Let rare classes count more (class_weight="balanced", --class-weight balanced), and judge by balanced accuracy.'
        ),
        "target",
        case.signs.done if case.signs else 0,
        {
            "answers": answers,
            "truth": part.get("truth"),
            "majority": case.exam.target.majority,
            "balanced": part["balanced"],
            "simple_balanced": refs.balanced_held if refs else math.nan,
        },
        (
            Remedy(say("let rare classes count more"), {"class_weight": "balanced"}),
            Remedy(
                say("let rare classes count more, five times as many epochs"),
                {"class_weight": "balanced", "epochs": 5 * int(case.settings["epochs"])},
            ),
        ),
    )


@rule("not-shuffled", "before", 0.6, (*FOLLOWS, "rate-oscillates"))
def not_shuffled(case: Case) -> Finding | None:
    """Symptom: the error swings with every class that comes along, and the last one is remembered. Why: rows come in the order of
    their labels and are not shuffled, so that a batch shows one class alone. Measured: shuffle=False, and more
    than half of what targets differ by (or nine tenths of what a column does) lies between stretches of 32 neighbours, not
    within them. A fault where it harmed. Remedy: shuffle. Example: files read folder by folder.
    """
    target = case.exam.target
    if case.settings.get("shuffle", True) or case.batch_size >= case.exam.parts.rows[0]:
        return None
    follows = max(case.exam.columns.follows, default=0.0)
    by_input = target.order < ORDERED
    if by_input and follows < SORTED:
        return None
    harmed = case.shortfall > 0.05 or case.fit_shortfall > 0.05 or case.broke
    return Finding(
        "not-shuffled",
        "note" if by_input and not case.trained else "warning" if not case.trained else "fault" if harmed else "note",
        0.9 if harmed else 0.6,
        say(
            "The rows come in the order of {column} and are not shuffled: a batch shows one corner of them.",
            column=case.exam.columns.names[int(np.argmax(case.exam.columns.follows))],
        )
        if by_input
        else say("The rows come in the order of their labels and are not shuffled: a batch shows one class alone."),
        say("Shuffle them (leave out shuffle=False): each batch must look like the whole."),
        "shuffle",
        0,
        {"order": target.order, "inputs_follow": follows},
        (Remedy(say("shuffle the rows of every epoch"), {"shuffle": True}),),
    )
