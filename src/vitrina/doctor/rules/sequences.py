"""Words and steps: an embedding asked for what it never saw, and attention that looks at one place only."""

from __future__ import annotations

import math

from vitrina.doctor.case import Case
from vitrina.doctor.finding import Finding, Remedy
from vitrina.doctor.mending import changed
from vitrina.doctor.registry import FOLLOWS, rule
from vitrina.locale import say
from vitrina.network.attention import Attention
from vitrina.network.normalisation import LayerNorm

STRANGE, IN_ROWS = 0.02, 0.1  # share of the validation codes, and of the rows that hold one
NARROW = 0.1  # of the entropy that attention could have


@rule("embedding-unseen", "before", 0.38, ("overfitting", "label-noise", "validation-differs", "rate-oscillates"))
def unseen(case: Case) -> Finding | None:
    """Symptom: good on what it learned from, poor on validation from the first epoch. Why: an embedding's row that was never taken
    while learning is still the random point it began as, and says nothing. Measured: codes of the validation part that occur
    nowhere in the training part, above 2 % of all and in more than a tenth of the rows; a fault where it is worse on validation
    by more than 0.05 and chance. Remedy: give rare codes one code in common, or hold validation rows back from the same source.
    Example: shops that opened after the training part ends.
    """
    facts = case.exam.vocabulary
    if facts is None or facts.unseen < STRANGE or facts.rows < IN_ROWS:
        return None
    gap = case.train_score - case.reached
    harmed = case.trained and gap > max(0.05, case.chance_of_parts)
    return Finding(
        "embedding-unseen",
        "warning" if not case.trained else "fault" if harmed else "note",
        0.9 if harmed else 0.6,
        say(
            "{share:.0%} of the validation codes were never seen while learning: their rows of {layer} are as they began.",
            share=facts.unseen,
            layer=facts.layer,
        ),
        say("Give rare codes one code in common that is learned, or draw both parts from the same source."),
        facts.layer,
        0,
        {
            "layer": facts.layer,
            "unseen": facts.unseen,
            "rows_with_one": facts.rows,
            "codes": facts.codes,
            "used": facts.used,
            "count": facts.count,
            "gap": gap,
        },
        (Remedy(say("hold validation rows back from both parts together"), data={"pool": True}),),
    )


@rule("attention-collapse", "before", 1.97, (*FOLLOWS, "overfitting"))
def collapsed(case: Case) -> Finding | None:
    """Symptom: a network with attention learns no more than one without, or nothing. Why: where scores are large, softmax gives one
    key all, whatever the others say, and passes next to no slope (Zhai et al. 2023, arXiv:2303.06296, entropy collapse).
    Measured: the entropy of a query's shares, the median over heads and queries, below a tenth of the most there can be, before
    the first step, or at the end; a fault where the training rows are not learned. Remedy: layer normalisation in front of
    attention, weights of the usual size. Example: queries and keys drawn with a spread of 1.
    """
    early = {name: value for name, value in case.exam.attention.items() if value < NARROW}
    late = {name: value for name, value in case.checkup.get("attention", {}).items() if value < NARROW}
    found = early or late
    if not found or (not early and not case.trained):
        return None
    name = min(found, key=lambda one: found[one])
    harmed = case.fit_shortfall > 0.05 or case.shortfall > 0.05 or case.left > 0.5
    if not early and not harmed:  # it has learned where to look
        return None
    normed = changed(case.network, lambda name, layer: [LayerNorm(), layer] if isinstance(layer, Attention) else layer)
    return Finding(
        "attention-collapse",
        "warning" if not case.trained else "fault" if harmed else "note",
        0.85 if early else 0.6,
        say(
            "{layer} looks at one place only: its shares have {share:.1%} of the entropy they could have.",
            layer=name,
            share=found[name],
        ),
        say("Normalise what comes into it (vt.LayerNorm), and start its weights as usual: its scores are too large."),
        name,
        0 if early or case.signs is None else case.signs.done,
        {
            "layer": name,
            "layers": list(found),
            "entropy_at_start": case.exam.attention.get(name, math.nan),
            "entropy_at_end": case.checkup.get("attention", {}).get(name, math.nan),
        },
        (Remedy(say("layer normalisation in front of attention"), {"network": normed.to_json()}),),
        rank=None if early else 3.75,  # what looked around at the start was narrowed by something
    )
