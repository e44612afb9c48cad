"""What the outcomes come to: named, shown, mended, when, at what cost, and false alarms; beside what others say."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.doctor.rivals import PEERS, is_right

Outcome = Mapping[str, Any]
FAILS = 0.03  # of the score, below the twin's
CURED = 0.8  # of the gap to the twin


def first(outcome: Outcome) -> str:
    """The code of the first finding above a note; else the first note in brackets."""
    alarms = [code for code, severity, _ in outcome["after"] if severity != "note"]
    return alarms[0] if alarms else f"({outcome['after'][0][0]})" if outcome["after"] else "-"


def is_named(outcome: Outcome) -> bool:
    return first(outcome) == outcome["code"]


def alarmed(outcome: Outcome) -> list[str]:
    """Codes above a note, before or after."""
    return sorted({code for code, severity, _ in (*outcome["before"], *outcome["after"]) if severity != "note"})


def twins_of(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """The score of each set-up's twin, the mean over seeds."""
    found = defaultdict(list[float])
    for one in outcomes:
        if one["kind"] == "twin":
            found[one["name"]].append(one["score"])
    return {name: float(np.mean(scores)) for name, scores in found.items()}


def recovered(outcome: Outcome, twin: float) -> float:
    """The share of the gap between the faulty network and its twin that repair made up for."""
    healed = outcome["healed"]
    if not math.isfinite(healed):
        return 1.0 if outcome["score"] >= twin - FAILS else 0.0
    gap = max(twin - outcome["score"], FAILS)
    return (healed - outcome["score"]) / gap if healed < twin - FAILS * (twin - outcome["score"] < FAILS) else 1.0


@dataclass(frozen=True)
class Score:
    """faulty, sound: how many there are; the rest counts among them. before, on_the_way: of those named, when. shares: of the
    training that was gone then. costs: of the doctor's seconds over the training's."""

    faulty: int
    sound: int
    named: int
    shown: int
    fixed: int
    repaired: int
    alarms: int
    alarms_on_the_way: int
    before: int
    on_the_way: int
    shares: list[float]
    costs: list[float]
    seconds: list[float]
    diagnosis: list[float]


def score(outcomes: Sequence[Outcome], twins: Mapping[str, float]) -> Score:
    bad = [one for one in outcomes if one["kind"] == "faulty"]
    good = [one for one in outcomes if one["kind"] != "faulty"]
    named = [one for one in bad if is_named(one)]
    tried = [one for one in bad if one.get("tried") is not None]
    shares = [one["share"] for one in named]
    timed = [one for one in outcomes if one["training"] > 0 and one["examination"] > 0]
    return Score(
        len(bad),
        len(good),
        len(named),
        sum(one["shown"] for one in named),
        sum(recovered(one, twins.get(one["name"], math.nan)) >= CURED for one in tried),
        len(tried),
        sum(bool(alarmed(one)) for one in good),
        sum(bool(one["on_the_way"]) for one in good),
        sum(share == 0.0 for share in shares),
        sum(0.0 < share < 1.0 for share in shares),
        shares,
        [one["examination"] / one["training"] for one in timed],
        [one["examination"] for one in timed],
        [one["diagnosis"] for one in timed],
    )


def beside(outcomes: Sequence[Outcome]) -> dict[str, dict[str, float]]:
    """Of ours and of each rival: of the faulty trainings that it noticed (says anything), and was right about; of the sound ones, the
    false alarms; and how many of each it has seen."""
    found: dict[str, dict[str, float]] = {}

    def count(
        name: str, said: Callable[[Outcome], Any], right: Callable[[Outcome], bool], saw: Callable[[Outcome], bool]
    ) -> None:
        bad = [one for one in outcomes if one["kind"] == "faulty" and saw(one)]
        good = [one for one in outcomes if one["kind"] != "faulty" and saw(one)]
        if bad and good:
            found[name] = {
                "faulty": len(bad),
                "noticed": sum(bool(said(one)) for one in bad),
                "right": sum(right(one) for one in bad),
                "sound": len(good),
                "alarms": sum(bool(said(one)) for one in good),
            }

    count("Vitrina", alarmed, is_named, lambda one: True)
    for name in PEERS:
        count(
            name,
            lambda one, name=name: one["others"].get(name),
            lambda one, name=name: is_right(name, one["others"][name], one["code"]),
            lambda one, name=name: name in one["others"],
        )
    return found


def show(outcomes: Sequence[Outcome]) -> None:
    """Prints every miss and every false alarm."""
    twins = twins_of(outcomes)
    for one in sorted((one for one in outcomes if one["kind"] == "faulty"), key=lambda one: one["name"]):
        twin = twins.get(one["name"], math.nan)
        kind = (
            "MISS"
            if not is_named(one)
            else "place"
            if not one["shown"]
            else "works"
            if one["score"] >= twin - FAILS
            else ""
        )
        if kind:
            print(f"{kind:5s} {one['name']:28s} seed {one['seed']} {one['code']:18s} {one['score']:.2f} / {twin:.2f}")
            print(f"      before {_brief(one['before'])}  after {_brief(one['after'])}")
        if one.get("tried") is not None and recovered(one, twin) < CURED:
            print(f"NOT FIXED {one['name']:28s} {one['score']:.2f} -> {one['healed']:.2f}, twin {twin:.2f}")
            print(f"      {[(code, words, round(value, 3), kept) for code, words, value, kept in one['tried']]}")
    for one in sorted((one for one in outcomes if one["kind"] != "faulty"), key=lambda one: one["name"]):
        if alarmed(one):
            print(
                f"ALARM {one['kind']} {one['name']} seed {one['seed']}: {_brief(one['before'])} {_brief(one['after'])}"
            )
        if one["on_the_way"]:
            print(f"way   {one['kind']} {one['name']} seed {one['seed']}: {', '.join(one['on_the_way'])}")


def _brief(findings: list[list[str]]) -> str:
    return ", ".join(f"{code}:{severity[0]}:{where}" for code, severity, where in findings)
