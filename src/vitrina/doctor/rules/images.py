"""Images changed at random: changes that make one class of another, or leave nothing to be seen."""

from __future__ import annotations

from vitrina.doctor.case import Case
from vitrina.doctor.finding import Finding, Remedy
from vitrina.doctor.registry import FOLLOWS, rule
from vitrina.locale import say

ELSEWHERE, OF_A_CLASS, ERASED = 0.08, 0.3, 0.2  # shares of the changed images, and of those of one class
THIRD = 0.3  # of the images, more than by nature, that are taught under a wrong name


@rule("augmentation-destroys", "before", 0.7, (*FOLLOWS, "label-noise", "labels-unrelated", "rate-oscillates"))
def destroys(case: Case) -> Finding | None:
    """Symptom: worse with augmentation than without, on training rows too. Why: a change that makes another class of an image teaches
    it under the wrong name, and one that leaves nothing teaches a guess. Measured: changed images whose nearest neighbour is of
    another class, and as near as images of one class are: above 8 % more than unchanged ones, or 30 % of one class; or above 20
    % that keep less than half of their spread. A fault where it harmed, which it did where a third of the images is taught under
    a wrong name and the network is not quite what simple models are. Remedy: leave that change out. Example: mirrored
    arrows that are to be told left from right.
    """
    found = [
        one
        for one in case.exam.moved
        if one.elsewhere - one.by_nature > ELSEWHERE
        or (one.worst_share > OF_A_CLASS and one.elsewhere > 2.0 * one.by_nature + 0.01)
        or one.erased > ERASED
    ]
    if not found:
        return None
    worst = max(found, key=lambda one: max(one.elsewhere, one.erased))
    names = [one.kind for one in found]
    harmed = case.shortfall > 0.04 or case.fit_shortfall > 0.04 or case.stuck
    harmed |= case.trained and case.behind and worst.elsewhere - worst.by_nature > THIRD
    kept = [one for one in case.settings.get("augment") or () if one.get("type") not in names]
    erased = worst.erased > ERASED
    return Finding(
        "augmentation-destroys",
        "warning" if not case.trained else "fault" if harmed else "note",
        0.9 if harmed else 0.6,
        say("{name} leaves nothing to be seen in {share:.0%} of the images.", name=worst.kind, share=worst.erased)
        if erased
        else say(
            "{name} makes another class of {share:.0%} of the images it changes; most are of class {worst} and become {becomes}.",
            name=worst.kind,
            share=worst.elsewhere,
            worst=worst.worst,
            becomes=worst.becomes,
        ),
        say("Leave that change out, or make it smaller: a changed image must still be what it is called."),
        "augment",
        0,
        {
            "augmentation": worst.kind,
            "elsewhere": worst.elsewhere,
            "by_nature": worst.by_nature,
            "class": worst.worst,
            "of_that_class": worst.worst_share,
            "becomes": worst.becomes,
            "erased": worst.erased,
        },
        (Remedy(say("without {name}", name=", ".join(names)), {"augment": kept}),),
    )
