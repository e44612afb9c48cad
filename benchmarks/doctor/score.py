"""What the outcomes come to: named, shown, when, and false alarms; on the half the thresholds were fitted on, and the other."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import numpy as np

from benchmarks.doctor.catalogue import is_fitted


def first(outcome: dict[str, Any]) -> str:
    """The code of the first finding above a note; else the first note in brackets."""
    alarms = [code for code, severity, _ in outcome["after"] if severity != "note"]
    return alarms[0] if alarms else f"({outcome['after'][0][0]})" if outcome["after"] else "-"


def alarmed(outcome: dict[str, Any]) -> list[str]:
    """Codes above a note, before or after."""
    return sorted({code for code, severity, _ in (*outcome["before"], *outcome["after"]) if severity != "note"})


def show(outcomes: list[dict[str, Any]]) -> None:
    """Prints every miss and every false alarm, and the shares."""
    faulty = [one for one in outcomes if one["kind"] == "faulty"]
    sound = [one for one in outcomes if one["kind"] != "faulty"]
    twins = defaultdict(list[float])
    for one in outcomes:
        if one["kind"] == "twin":
            twins[one["name"]].append(one["score"])
    for one in sorted(faulty, key=lambda one: one["name"]):
        twin = float(np.mean(twins[one["name"]])) if twins[one["name"]] else math.nan
        fails = one["score"] < twin - 0.03
        named = first(one) == one["code"] or (one["code"] == "small-last-batch")
        if not (named and one["shown"] and fails):
            kind = "MISS" if not named else "place" if not one["shown"] else "works"
            print(f"{kind:5s} {one['name']:28s} seed {one['seed']} {one['code']:18s} {one['score']:.2f} / {twin:.2f}")
            print(f"      before {_brief(one['before'])}  after {_brief(one['after'])}")
    for one in sorted(sound, key=lambda one: one["name"]):
        if alarmed(one):
            print(
                f"ALARM {one['kind']} {one['name']} seed {one['seed']}: before {one['before']} after {one['after']} {one['score']:.2f}"
            )
    for one in sorted(faulty, key=lambda one: one["name"]):
        if one.get("tried") is not None and recovered(one, twins) < 0.8:
            print(
                f"NOT FIXED {one['name']:28s} {one['score']:.2f} -> {one['healed']:.2f}, twin {np.mean(twins[one['name']]):.2f}"
            )
            print(f"      {[(code, words, round(score, 3), kept) for code, words, score, kept in one['tried']]}")
    for half, members in (
        ("fitted", [o for o in outcomes if is_fitted(o["name"])]),
        ("apart", [o for o in outcomes if not is_fitted(o["name"])]),
        ("all", outcomes),
    ):
        bad = [o for o in members if o["kind"] == "faulty"]
        good = [o for o in members if o["kind"] != "faulty"]
        if bad:
            named = [o for o in bad if first(o) == o["code"]]
            shown = [o for o in named if o["shown"]]
            print(f"{half}: named {len(named)}/{len(bad)}, shown {len(shown)}/{len(named)}, ", end="")
        cured = [o for o in bad if o.get("tried") is not None]
        if cured:
            fixed = [o for o in cured if recovered(o, twins) >= 0.8]
            print(f"fixed {len(fixed)}/{len(cured)}, ", end="")
        alarms = [o for o in good if alarmed(o)]
        print(f"alarms {len(alarms)}/{len(good)}")


def recovered(outcome: dict[str, Any], twins: Any) -> float:
    """The share of the gap between the faulty network and its twin that repair made up for."""
    twin, healed = float(np.mean(twins[outcome["name"]])), outcome["healed"]
    if not math.isfinite(healed):
        return 1.0 if outcome["score"] >= twin - 0.03 else 0.0
    gap = max(twin - outcome["score"], 0.03)
    return (healed - outcome["score"]) / gap if healed < twin - 0.03 * (twin - outcome["score"] < 0.03) else 1.0


def _brief(findings: list[list[str]]) -> str:
    return ", ".join(f"{code}:{severity[0]}:{where}" for code, severity, where in findings)
