"""What came out, where nothing that was named explains it: learned by heart, or not learned."""

from __future__ import annotations

import math

import numpy as np

from vitrina.doctor.case import Case, doubt_of
from vitrina.doctor.finding import Finding, Remedy
from vitrina.doctor.mending import changed, with_fields
from vitrina.doctor.registry import rule
from vitrina.locale import say
from vitrina.network.dense import Dense
from vitrina.network.dropout import Dropout
from vitrina.network.layer import Layer

MISSED = 0.03  # of what simple models have above a constant: so little is no harm
FREE = 50  # weights a row


@rule("overfitting", "during", 4.0, ())
def overfitting(case: Case) -> Finding | None:
    """Symptom: the error on what it learned from goes on falling while that on validation rises. Why: with more freedom than the rows
    tie down, a network learns rows by heart. Measured: the last validation error a quarter above its best, training error below
    half of it, and a score on training rows more than 0.1 above that on validation; or a simple model that is better on
    validation; or answers to validation rows that are worse than a constant, of a network that knows its own. A note where the
    validation error has not risen and no simple model is better: the rows that judge are then just harder. Remedy: keep the best
    epoch (patience), smaller layers, dropout, weight decay, more rows.
    Example: 512 units for 60 rows.
    """
    signs = case.signs
    if signs is None or case.broke or not case.exam.parts.rows[1]:
        return None
    judged = signs.of_epochs("validation_error") - case.floor
    if len(judged) < 3 or not np.isfinite(judged).all():
        return None
    best, last = float(judged.min()), float(judged[-1])
    own = float(case.checkup.get("train", {}).get("error", math.nan)) - case.floor
    gap = case.train_score - case.validation_score
    scale = max(case.constant and 1.0 - case.constant, 0.2)
    rises = last > 1.25 * best and own < 0.5 * last
    beyond = case.validation_score < case.constant < case.train_score - 0.5  # of others it knows less than nothing
    memorised = own < 0.3 * last and (case.train_score > 0.95 or beyond)
    worse = case.shortfall > 0.12 and gap > 0.1 * scale
    part = case.checkup.get("validation", {})
    rows = case.classes * min(filter(None, part.get("truth", [])), default=0) if case.by_class else part.get("rows", 0)
    wide = gap > max(0.1 * scale, doubt_of(case.validation_score, rows, bool(case.classes)))
    free = memorised and own < 0.01 * last and case.network.parameters > 50 * case.exam.parts.rows[0]
    if not ((rises or memorised) and (wide or free) and (worse or gap > 0.1 * scale)):
        return None
    since = int((int(np.argmin(judged)) + 1) * signs.per_epoch)
    strong = worse or (gap > 0.2 * max(scale, 0.7) and last > 1.5 * best)
    return Finding(
        "overfitting",
        "fault" if worse else "warning" if strong or free or (rises and gap > 0.2) else "note",
        0.7,
        say(
            "It learns rows by heart: {train} on what it learned from, {validation} on validation, no better since step {since:,}.",
            train=case.told(case.train_score),
            validation=case.told(case.validation_score),
            since=since,
        ),
        say(
            "Give it less freedom: smaller layers, dropout, weight decay; or more rows. Its best epoch, before that, is what is kept."
        )
        if case.settings.get("patience")
        else say(
            "Keep the best epoch (--patience), and give it less freedom: smaller layers, dropout, weight decay; or more rows."
        ),
        "validation",
        since,
        {
            "train_score": case.train_score,
            "validation_score": case.validation_score,
            "best_validation_error": best + case.floor,
            "last_validation_error": last + case.floor,
            "train_error": own + case.floor,
            "simple": case.simple,
            "parameters": case.network.parameters,
            "rows": case.exam.parts.rows[0],
        },
        tuple(_less_freedom(case)),
    )


def _less_freedom(case: Case) -> list[Remedy]:
    last = case.weighted[-1] if case.weighted else ""

    def smaller(name: str, layer: Layer) -> Layer:
        units = getattr(layer, "units", None)
        return (
            with_fields(layer, units=max(4, units // 8))
            if isinstance(layer, Dense) and name != last and units
            else layer
        )

    def dropped(name: str, layer: Layer) -> Layer | list[Layer]:
        return [layer, Dropout(0.5)] if isinstance(layer, Dense) and name != last else layer

    patience = {"patience": 5}
    return [
        Remedy(
            say("layers an eighth as wide, and patience"),
            {"network": changed(case.network, smaller).to_json(), **patience},
        ),
        Remedy(
            say("dropout of a half, and patience"), {"network": changed(case.network, dropped).to_json(), **patience}
        ),
        Remedy(
            say("AdamW with a decay of 0.1, and patience"),
            {
                "optimizer": {
                    "type": "AdamW",
                    "learning_rate": case.rate if case.rate < 0.01 else None,
                    "weight_decay": 0.1,
                    "beta_1": 0.9,
                    "beta_2": 0.999,
                    "epsilon": 1e-8,
                },
                **patience,
            },
        ),
        Remedy(say("patience"), patience),
    ]


@rule("nobody-judges", "before", 4.1, ("overfitting",))
def nobody_judges(case: Case) -> Finding | None:
    """Symptom: excellent, as far as one knows. Why: with far more weights than rows a network learns any rows by heart (Zhang et al.
    2017, arXiv:1611.03530), and without a validation part nobody notices. Measured: no validation part, more than 50 weights a row,
    and (after training) training rows known nearly perfectly, better than simple models know rows they never saw by more than 0.05.
    Remedy: hold rows back. Example: 30,000 weights for 60 rows.
    """
    rows, judged = case.exam.parts.rows
    if judged or case.network.parameters < FREE * rows or case.broke:
        return None
    gap = case.train_score - case.simple
    if case.trained and not (case.train_score > 0.98 and gap > max(0.05, case.doubt)):
        return None
    return Finding(
        "nobody-judges",
        "warning",
        0.7,
        say(
            "{parameters:,} weights for {rows:,} rows, and no row held back: it may know them by heart, and nobody would notice.",
            parameters=case.network.parameters,
            rows=rows,
        ),
        say("Hold rows back (validation=0.2), and give it less freedom: smaller layers, dropout, weight decay."),
        "validation",
        0,
        {
            "parameters": case.network.parameters,
            "rows": rows,
            "train_score": case.train_score,
            "simple": case.simple,
        },
        (Remedy(say("hold back a fifth of the rows"), {"patience": 5}, {"resplit": True}), *_less_freedom(case)[:1]),
    )


@rule("underfitting", "after", 4.5, ("too-few-steps", "rate-oscillates"))
def underfitting(case: Case) -> Finding | None:
    """Symptom: poor on what it learned from as well. Why: it has too few units for what there is to learn (or something that no
    other rule names). Measured: a score on training rows more than a tenth below what simple models reach on rows they were not
    fitted to, and one on validation rows below it as well. Remedy: more units,
    another layer, more epochs. Example: two units for ten classes.
    """
    if not case.trained or not math.isfinite(case.train_score) or not case.fit_shortfall > 0.07:
        return None
    if math.isfinite(case.validation_score) and not case.shortfall > MISSED and not case.broke:
        return None  # what it has not seen is known as well as can be: R² of its own rows may hang on a few
    last = case.weighted[-1] if case.weighted else ""

    def wider(name: str, layer: Layer) -> Layer:
        units = getattr(layer, "units", None)
        return (
            with_fields(layer, units=max(64, 4 * units))
            if isinstance(layer, Dense) and name != last and units
            else layer
        )

    hidden = [name for name in case.weighted if name != last]
    narrow = any(
        start.kind == "Dense" and start.units < 0.45 * case.network.output_shape[-1]
        for start in case.starts
        if start.name in hidden
    )
    network = changed(case.network, wider)
    if not hidden:
        size = Dense(64, "relu")
        network = changed(case.network, lambda name, layer: [size, layer] if name == last else layer)
    return Finding(
        "underfitting",
        "fault",
        0.6,
        say(
            "It does not even learn its own rows: {train}, where simple models reach {simple} on rows they never saw.",
            train=case.told(case.train_score),
            simple=case.told(case.simple),
        ),
        say("Give it more units or one more layer, and train longer."),
        hidden[0] if hidden else last,
        case.signs.done if case.signs else 0,
        {
            "layer": hidden[0] if hidden else last,
            "train_score": case.train_score,
            "simple": case.simple,
            "constant": case.constant,
            "parameters": case.network.parameters,
        },
        (
            Remedy(say("four times as many units"), {"network": network.to_json()}),
            Remedy(
                say("four times as many units, three times as many epochs"),
                {"network": network.to_json(), "epochs": 3 * int(case.settings["epochs"])},
            ),
        ),
        rank=3.4 if narrow else None,  # fewer units than half of the answers: more steps would not do
    )
