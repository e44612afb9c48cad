"""Who wins, by how much, and whether it is enough: on numbers made up so that the answer is known."""

import json
from dataclasses import replace
from math import isnan
from pathlib import Path

import pytest

from benchmarks import report, startup
from benchmarks.contestants import CONTESTANTS, LEADING
from benchmarks.deep import DEEP
from benchmarks.harness import Measurement, Session
from benchmarks.targets import AUTO_AND_PEERS, ENGINE_DUELS, MEMORY_DUELS, best_of_ours, judge, judge_memory, mean_ratio
from benchmarks.workloads import WORKLOADS


def measured(name, *steps, workload="tiny", loss=0.5, failure=""):
    return Measurement(workload, name, CONTESTANTS[name].kind, 1000, 1.0, 2.0, loss, list(steps), 10**8, failure)


def session(*measurements):
    return Session({"processor": "imaginary"}, 3, 1.0, {"numpy": 1e9, "torch": 2e9}, list(measurements))


def duel(title):
    return next(one for one in ENGINE_DUELS if one.title == title)


def test_a_time_is_the_median_of_its_rounds():
    assert measured("pytorch", 9.0, 1.0, 2.0).step == 2.0


def test_the_best_here_meets_the_fastest_high_level_peer_and_nobody_else():
    verdict = best_of_ours(
        session(
            measured("vitrina-numpy", 5.0), measured("vitrina-jax", 2.0), measured("pytorch", 40.0),
            measured("keras-jax", 14.0), measured("jax-scan", 1.0),
        ), "tiny",
    )  # fmt: skip
    assert (verdict.ours, verdict.rival, verdict.ratio) == ("vitrina-jax", "keras-jax", 7.0)
    assert (verdict.target, verdict.words) == (6.0, "reached")


def test_a_target_that_is_missed_is_said_to_be_missed():
    verdict = best_of_ours(session(measured("vitrina-jax", 2.0), measured("keras-jax", 11.9)), "tiny")
    assert verdict.words == "**not reached**"


def test_who_failed_is_not_compared():
    verdict = best_of_ours(
        session(measured("vitrina-jax", 2.0, failure="crashed"), measured("keras-jax", 14.0)), "tiny"
    )
    assert isnan(verdict.ratio)
    assert verdict.words == "not measured"


def test_a_choice_is_judged_by_the_whole_training_that_it_was_made_for():
    whole = next(one for one in ENGINE_DUELS if "a whole training" in one.title)
    steps = 50_000 // 32 * 20
    auto, slow_to_start = measured("vitrina-auto", 1e-3), measured("vitrina-torch-compiled", 0.8e-3)
    slow_to_start.compile_seconds = 40.0
    verdict = judge(session(auto, slow_to_start), whole, "tiny")
    assert verdict.ratio == pytest.approx((1.0 + 40.0 + steps * 0.8e-3) / (1.0 + 2.0 + steps * 1e-3))
    assert verdict.ratio > 1.0


def test_a_scan_may_be_five_percent_faster_and_no_more():
    scan = duel("JAX engine (better form), scan by hand (faster convolution)")
    just, too_slow = (session(measured("vitrina-jax", ours), measured("jax-scan", 1.0)) for ours in (1.04, 1.06))
    assert judge(just, scan, "tiny").words == "reached"
    assert judge(too_slow, scan, "tiny").words == "**not reached**"


def test_an_engine_with_two_forms_is_judged_by_the_better_one():
    tensorflow = duel("TensorFlow engine (better form), Keras")
    two = session(
        measured("vitrina-tensorflow", 3.0), measured("vitrina-tensorflow-xla", 1.0), measured("keras-tensorflow", 6.0)
    )
    verdict = judge(two, tensorflow, "tiny")
    assert (verdict.ours, verdict.ratio, verdict.words) == ("vitrina-tensorflow-xla", 6.0, "reached")


def test_memory_is_judged_by_the_smallest_of_each_side():
    sizes = {"vitrina-jax": 250, "vitrina-jax-eigen": 240, "keras-jax": 400, "flax-nnx": 200, "pytorch": 1}
    found = session(*(replace(measured(name, 1.0), peak_bytes=size) for name, size in sizes.items()))
    verdict = judge_memory(found, next(one for one in MEMORY_DUELS if one.title.startswith("JAX")), "tiny")
    assert (verdict.ours, verdict.rival, verdict.ratio) == ("vitrina-jax-eigen", "flax-nnx", 200 / 240)
    assert verdict.words == "reached"  # a fifth more, and no more than that
    more = replace(measured("vitrina-jax-eigen", 1.0), peak_bytes=241)
    assert judge_memory(session(more, *found.measurements[3:]), MEMORY_DUELS[4], "tiny").words == "**not reached**"


def test_the_mean_is_geometric_and_counts_each_network_once():
    networks = {"tiny": 2.0, "tiny-16k": 4.0, "wide": 1.0}  # the tiny network twice: the later one counts
    found = session(
        *(measured("vitrina-auto", 1.0, workload=name) for name in networks),
        *(measured("pytorch", ratio, workload=name) for name, ratio in networks.items()),
    )
    assert judge(found, AUTO_AND_PEERS, "tiny").ratio == 2.0
    assert mean_ratio(found) == 2.0
    assert isnan(mean_ratio(session(measured("vitrina-auto", 1.0))))
    assert "geometric mean | each network once |  |  |  |  | 2.00 | ≥ 1.5 | reached" in report.markdown(found)


def test_the_leading_contestants_are_all_that_the_ratios_to_the_fastest_need():
    written = Session.from_json(json.loads(Path(report.__file__).with_name("SPEED.json").read_text("utf-8")))
    workloads = {m.workload for m in written.measurements}
    assert {judge(written, AUTO_AND_PEERS, name).rival for name in workloads} <= set(LEADING)
    assert {name for name in CONTESTANTS if name.startswith("vitrina-")} <= set(LEADING)


@pytest.mark.parametrize("one", ENGINE_DUELS + MEMORY_DUELS, ids=lambda one: one.title)
def test_every_name_in_a_duel_is_a_contestant(one):
    assert {*one.ours, *one.rivals} <= set(CONTESTANTS)
    assert set(one.targets) <= {workload.network for workload in (WORKLOADS | DEEP).values()}


def test_the_page_says_shares_losses_and_failures():
    page = report.markdown(
        session(
            measured("vitrina-jax", 1e-6), measured("pytorch", 4e-6), measured("keras-jax", 3e-6, loss=0.9),
            measured("scikit-learn", failure="ImportError: none here"),
        )
    )  # fmt: skip
    line = {row.split(" | ")[0].strip("| *"): row for row in page.splitlines() if row.startswith("|")}
    assert "50.0%" in line["vitrina-jax"]  # 1000 FLOPs in a microsecond, of the better library's 2 GFLOP/s
    assert "0.9000 **differs**" in line["keras-jax"]
    assert "differs" not in line["pytorch"]
    assert "ImportError: none here" in line["scikit-learn"]
    assert "| tiny | vitrina-jax | 1.0 | keras-jax | 3.0 | 3.00 | ≥ 6 | **not reached** |" in page


def test_a_session_is_the_same_when_read_back():
    one = session(measured("pytorch", 1.0, 2.0))
    assert Session.from_json(one.to_json()) == one


def test_import_is_judged_by_what_it_adds_to_a_bare_interpreter():
    seconds = {startup.BARE: [0.1], startup.NUMPY: [0.2], startup.IMPORT: [0.2], "vitrina --help": [0.41]}
    failed = {"vitrina train breast-cancer": "no such command"}
    rows = {row[0]: row for row in startup.StartUp(seconds, failed, frameworks="").table().rows}
    assert rows[startup.IMPORT][-1] == "reached"
    assert rows["vitrina --help"][-1] == "**not reached**"
    assert rows["vitrina train breast-cancer"][-1] == "not measured"
    loaded = startup.StartUp(seconds, failed, frameworks="torch").table().rows
    assert loaded[2][-1] == "**not reached**: loads torch"
