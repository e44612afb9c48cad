"""python -m benchmarks.doctor.report OUTCOMES.jsonl ... [--out FILE]: RESULTS.md, from what runs of the benchmark have left."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.doctor.catalogue import batch_of, every_setup, is_fitted, is_fresh
from benchmarks.doctor.score import CURED, FAILS, alarmed, beside, first, is_named, recovered, score, twins_of
from benchmarks.machine import describe

OUT = Path(__file__).with_name("RESULTS.md")
# After the first, of which UNSEEN.md tells.
BATCHES = ("second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.doctor.report", description=__doc__)
    parser.add_argument("outcomes", nargs="+")
    parser.add_argument("--out", default=str(OUT))
    given = parser.parse_args()
    outcomes = merged([json.loads(line) for file in given.outcomes for line in Path(file).read_text().splitlines()])
    Path(given.out).write_text(written(outcomes), encoding="utf-8")
    print(f"{len(outcomes)} outcomes in {given.out}")


def merged(outcomes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One outcome for each set-up, kind, seed and engine: the last that was given, with what repair came to in any, and what
    peers said that teach by themselves, whose lines have no engine."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    said = {(one["name"], one["kind"], one["seed"]): one["others"] for one in outcomes if "engine" not in one}
    for one in (one for one in outcomes if "engine" in one):
        key = (one["name"], one["kind"], one["seed"], one["engine"])
        before = found.get(key, {})
        repair = {name: before[name] for name in ("tried", "healed") if name in before and one.get("tried") is None}
        others = one["others"] | said.get(key[:3], {})
        found[key] = one | repair | {"others": others}
    return list(found.values())


def written(outcomes: list[dict[str, Any]]) -> str:
    """The page."""
    twins = twins_of(outcomes)
    halves = {
        "fitted": [one for one in outcomes if is_fitted(one["name"]) and is_first(one["name"])],
        "held out": [one for one in outcomes if not is_fitted(one["name"]) and is_first(one["name"])],
        "fresh": [one for one in outcomes if is_fresh(one["name"])],
        **{
            f"{word} batch": [one for one in outcomes if batch_of(one["name"]) == number]
            for number, word in enumerate(BATCHES, 2)
        },
        "all": outcomes,
    }
    halves = {name: members for name, members in halves.items() if members}
    parts = (
        _what(outcomes),
        _right(halves, twins),
        _when(halves, twins),
        _cost(outcomes, twins),
        _others(outcomes),
        _wrong(outcomes, twins),
    )
    return "\n".join(line for part in parts for line in part)


def is_first(name: str) -> bool:
    """True if it is of the set-ups that the rules were written with."""
    return not is_fresh(name) and batch_of(name) == 1


def _told(text: str) -> list[str]:
    """A paragraph, wrapped, with an empty line behind it."""
    return [*textwrap.wrap(" ".join(text.split()), 130, break_long_words=False, break_on_hyphens=False), ""]


def _what(outcomes: list[dict[str, Any]]) -> list[str]:
    setups = every_setup()
    codes = {one.code for one in setups if one.code}
    faulty, sound = sum(bool(one.code) for one in setups), sum(not one.code for one in setups)
    seeds, engines = sorted({one["seed"] for one in outcomes}), sorted({one["engine"] for one in outcomes})
    machine = describe()
    return [
        "# How often the doctor is right",
        "",
        *_told(
            f"""{faulty} set-ups that fail, of {len(codes)} codes, and {sound} healthy ones. Each of `faulty.py`,
            `faulty_more.py` and `fresh.py` fails by one fault and stands beside its repaired twin; each healthy one does one
            thing that a rule of thumb forbids, and learns all the same. Data: digits, breast cancer, wine, iris,
            diabetes, adult, abalone, mammography, MNIST (8,000 rows), sonar, red wines, made-up sentences and arrows; networks:
            dense, convolutional, residual, recurrent, with attention and with embeddings. Of `small-last-batch`, which only
            notes what the training mends by itself, there is no set-up that fails."""
        ),
        *_told(
            f"""Seeds {", ".join(map(str, seeds))}; engine {", ".join(engines)}; {len(outcomes)} trainings.
            {machine["processor"]}, {machine["date"]}."""
        ),
        *_told(
            """`python -m benchmarks.doctor --seeds N --engine E --out OUTCOMES.jsonl`, then `python -m benchmarks.doctor.report
            OUTCOMES.jsonl` writes this page. `--heal` also repairs, `--half fitted` leaves the other half alone, `--keep FOLDER`
            keeps the runs, so that another version of the rules is asked about the very same ones."""
        ),
        *_told(
            """The halves are fixed by the names of the set-ups. Thresholds may be fitted on the one; the other is held out. Of
            `faulty.py` and `healthy.py` both halves were looked at while their rules were written; of `faulty_more.py` and
            `healthy_more.py` the held-out half was looked at while its set-ups were made to fail, and two rules were changed for
            it. Those of `fresh.py` were written after the rules. Those of the second to the eighth batch (`unseen_faulty.py` to
            `eighth_healthy.py`) were written later, on other data and layers, and asked about before a rule was changed for
            them; then rules were mended for what they showed, so that the figures here say that the mending took. How each
            batch fared while it was unseen: `UNSEEN.md`."""
        ),
    ]


def _right(halves: Any, twins: Any) -> list[str]:
    lines = [
        "## Right, and wrong",
        "",
        *_told(
            """*Named*: the expected code is the first finding. *Shown*: the right column, layer or setting stands in its place or
            evidence. *Fixed*: repair recovers 80 % of the gap to the twin on test rows. *Alarms*: a sound training (twin or
            healthy) of which anything above a note is said, before or after. *While it learns*: the same, said at one of 15
            moments in between, with what is known then."""
        ),
        "| set-ups | named | shown | fixed | alarms | while it learns |",
        "|---|---|---|---|---|---|",
    ]
    for name, members in halves.items():
        s = score(members, twins)
        fixed = f"{s.fixed} of {s.repaired}" if s.repaired else "not tried"
        lines.append(
            f"| {name} | {_share(s.named, s.faulty)} | {s.shown} of {s.named} | {fixed} | {_share(s.alarms, s.sound)} | "
            f"{_share(s.alarms_on_the_way, s.sound)} |"
        )
    return [*lines, ""]


def _when(halves: Any, twins: Any) -> list[str]:
    lines = [
        "## When",
        "",
        *_told(
            """The recording is cut at 15 evenly spaced moments, and the doctor asked at each with no more than was known then; the
            check-up comes at the end. *Gone*: the share of the training that was done at the first warning of the right code,
            of those named; the mean."""
        ),
        "| set-ups | before the first step | while it learns | at the end | gone |",
        "|---|---|---|---|---|",
    ]
    for name, members in halves.items():
        s = score(members, twins)
        late = s.named - s.before - s.on_the_way
        gone = f"{np.mean(s.shares):.0%}" if s.shares else "-"
        lines.append(f"| {name} | {_share(s.before, s.named)} | {s.on_the_way} | {late} | {gone} |")
    return [*lines, ""]


def _cost(outcomes: list[dict[str, Any]], twins: Any) -> list[str]:
    s = score(outcomes, twins)
    quarter, half, most = np.percentile(s.costs, [25, 50, 90])
    training = np.median([one["training"] for one in outcomes])
    return [
        "## Cost",
        "",
        *_told(
            f"""The examination before the first step and the check-up after the last take {np.median(s.seconds):.2f} seconds (the
            median; nine in ten below {np.percentile(s.seconds, 90):.2f}), however long the training. Beside these trainings, whose
            median is {training:.1f} seconds, that is {half:.0%} (quartile {quarter:.0%}, nine in ten below {most:.0%}). A diagnosis
            of a finished run takes {np.median(s.diagnosis):.2f} seconds. The machine was shared: seconds are of a busy one."""
        ),
    ]


def _others(outcomes: list[dict[str, Any]]) -> list[str]:
    lines = [
        "## Beside others",
        "",
        *_told(
            """The published rules of AUTOTRAINER and DeepDiagnosis (`autotrainer.py`, `deepdiagnosis.py`), and packages where they
            are installed (nnscope), on the very same trainings, as far as they began; torchmortem on the same set-ups taught in
            PyTorch, where they can be. *Noticed*: anything is said of a faulty one. *Right*:
            one of the problems it names is what was wrong, read generously (`NAMES` in each file); of Vitrina, the first finding
            alone. AUTOTRAINER is made for classes, and takes every squared error for an improper cost."""
        ),
        "| | noticed | right | alarms on sound ones |",
        "|---|---|---|---|",
    ]
    for title, members in (("", outcomes), (", classes only", [one for one in outcomes if one["classes"]])):
        for name, found in beside(members).items():
            noticed, right = (_share(found[part], found["faulty"]) for part in ("noticed", "right"))
            lines.append(f"| {name}{title} | {noticed} | {right} | {_share(found['alarms'], found['sound'])} |")
    return [*lines, ""]


def _wrong(outcomes: list[dict[str, Any]], twins: Any) -> list[str]:
    bad = [one for one in outcomes if one["kind"] == "faulty"]
    good = [one for one in outcomes if one["kind"] != "faulty"]
    missed = [f"- `{one['name']}` ({one['code']}): it says {first(one)}" for one in bad if not is_named(one)]
    alarms = [f"- `{one['name']}` ({one['kind']}): {', '.join(alarmed(one))}" for one in good if alarmed(one)]
    way = [f"`{one['name']}` ({one['kind']}: {', '.join(one['on_the_way'])})" for one in good if one["on_the_way"]]
    weak = {one["name"] for one in bad if one["score"] >= twins.get(one["name"], 0.0) - FAILS}
    tried = [one for one in bad if one.get("tried") is not None]
    ill = {one["name"] for one in tried if recovered(one, twins[one["name"]]) < CURED}
    return [
        "## What is wrong still",
        "",
        "Missed:",
        "",
        *(missed or ["- none"]),
        "",
        "False alarms:",
        "",
        *(alarms or ["- none"]),
        "",
        *_told(f"Said of sound trainings while they learn: {'; '.join(way) or 'nothing'}."),
        *_told(f"Fail by less than {FAILS} against their twins, and are kept for their names only: {_names(weak)}."),
        *(_told(f"Not mended by repair: {_names(ill)}.") if tried else []),
    ]


def _names(names: set[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)) or "none"


def _share(part: float, whole: float) -> str:
    return f"{part:.0f} of {whole:.0f} ({part / whole:.1%})" if whole else "-"


if __name__ == "__main__":
    main()
