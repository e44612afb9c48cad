"""From a run to decisions: what is fitted where, what is kept, what is written, and honest words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import vitrina as vt
from tests.evaluate.conftest import shop, teach
from vitrina.errors import DataError, ModelError, UsageError
from vitrina.evaluate.threshold import cost_of


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return teach(tmp_path_factory.mktemp("shop"), shop(), time="day")


def test_a_run_decides_on_its_own_test_part(run: Path) -> None:
    found = vt.decide(run, costs="fn=10,fp=1")
    assert found.classes == ("no", "yes")  # the rarer one is looked for
    assert set(found.words) == {"yes", "no"}
    assert list(found.saved) == ["never", "always", "model", "break-even", "logistic regression", "gradient boosting"]
    truth = (found.source.frame["back"] == "yes").to_numpy().astype(np.int64)
    table = found.rule.terms.table(len(truth))
    assert found.saved["never"].cost == 10.0 * truth.sum()
    assert found.saved["always"].cost == (1 - truth).sum()
    assert found.saved["model"].cost == cost_of(table, truth, found.decisions).sum()
    assert found.saved["model"].low <= found.saved["model"].saved <= found.saved["model"].high
    assert found.pays
    assert found.rule.terms.break_even == 1.0 / 11.0
    change = found.explanation.end - found.explanation.start  # pyright: ignore[reportOptionalMemberAccess]
    assert found.explanation.contributions.sum(axis=1) == pytest.approx(change, rel=0.01, abs=0.01)  # pyright: ignore[reportOptionalMemberAccess]
    assert found.reasons(0)[0][0] in ("size", "colour", "price")


def test_nothing_is_fitted_on_the_test_part(tmp_path: Path) -> None:
    """Other truths in the test part change what is measured there, and nothing else."""
    frame = shop().with_columns(part=pl.Series(["train"] * 900 + ["validation"] * 300 + ["test"] * 300))
    turned = frame.with_columns(
        back=pl.when(pl.col("part") == "test")
        .then(pl.when(pl.col("back") == "yes").then(pl.lit("no")).otherwise(pl.lit("yes")))
        .otherwise("back")
    )
    found: list[vt.Decisions] = []
    for name, each in (("one", frame), ("two", turned)):
        (tmp_path / name).mkdir()
        found.append(vt.decide(teach(tmp_path / name, each, split="part"), costs="fn=10,fp=1", ask=1.5))
    one, two = found
    assert one.rule == two.rule
    assert one.calibration == two.calibration
    assert (one.decisions == two.decisions).all()
    assert one.saved["model"].cost != two.saved["model"].cost
    assert one.saved["logistic regression"].cost != two.saved["logistic regression"].cost


def test_the_calibration_is_kept_and_used_again(run: Path) -> None:
    first = vt.decide(run, costs="fn=10,fp=1", compare=False)
    kept = json.loads((run / "decisions.json").read_text())
    assert kept["calibration"] == first.calibration.to_json()
    assert kept["last"]["rule"]["band"] == first.rule.to_json()["band"]
    kept["calibration"] |= {"method": "temperature", "temperature": 7.0}
    (run / "decisions.json").write_text(json.dumps(kept))
    assert vt.decide(run, costs="fn=10,fp=1", compare=False).calibration.temperature == 7.0
    (run / "decisions.json").write_text(json.dumps(kept | {"model": "another"}))
    assert vt.decide(run, costs="fn=10,fp=1", compare=False).calibration == first.calibration


def test_capacity_is_kept_each_day_and_a_time_column_can_be_named(run: Path) -> None:
    data = shop(600, seed=5)
    for given in ({}, {"time": "day"}):
        found = vt.decide(run, data.drop("back"), capacity="3/day", compare=False, **given)
        flagged = data.with_columns(flag=pl.Series(found.decisions)).group_by("day").agg(pl.col("flag").sum())
        assert flagged["flag"].to_list() == [3] * 30
    assert vt.decide(run, data, capacity=17, compare=False).counts["yes"] == 17
    with_costs = vt.decide(run, data, "fn=10,fp=20", capacity="3/day", compare=False)
    assert with_costs.counts.get("yes", 0) < 90  # some of the most urgent are not worth a false alarm


def test_a_capacity_holds_for_the_baselines_as_for_the_model(run: Path) -> None:
    data = shop(60, seed=5)  # fewer than the test part, in which as large a share can be looked at
    found = vt.decide(run, data, capacity=6)
    share, tested = 0.1, found.rows_tested
    most = round(share * tested)
    ways = ("model", "logistic regression", "gradient boosting")
    assert set(found.saved) == {"never", *ways}  # no capacity allows always yes
    for name in ways:
        assert 0 < found.saved[name].saved <= most, name  # each case that is found saves 1
    assert set(found.saved_here) == {"never", "model"}


def test_figures_on_rows_it_learned_from_say_so(run: Path) -> None:
    learned = vt.decide(run, run.parent / "shop.csv", "fn=10,fp=1", compare=False, reasons=0)
    assert learned.seen == vt.load(run).measured["rows"]["train"]
    assert f"{learned.seen:,} of these rows are ones it learned from" in repr(learned).replace("\n", " ")
    others = vt.decide(run, shop(200, seed=9), "fn=10,fp=1", compare=False, reasons=0)
    assert others.seen == 0
    assert vt.decide(run, costs="fn=10,fp=1", compare=False, reasons=0).seen is None


def test_rows_with_the_truth_are_measured_too(run: Path) -> None:
    data = shop(200, seed=9)
    found = vt.decide(run, data, "fn=10,fp=1", compare=False, reasons=50)
    truth = (data["back"] == "yes").to_numpy()
    by_hand = 10.0 * (truth & (found.decisions == 0)).sum() + (~truth & (found.decisions == 1)).sum()
    assert found.saved_here["model"].cost == by_hand
    assert found.saved_here["never"].cost == 10.0 * truth.sum()
    assert sum(bool(found.reasons(row)) for row in range(200)) == 50
    without = vt.decide(run, data.drop("back"), "fn=10,fp=1", compare=False, reasons=0)
    assert without.saved_here == {}
    assert without.explanation is None
    assert (without.decisions == found.decisions).all()


def test_a_person_is_asked_between_the_sure_ones(run: Path) -> None:
    found = vt.decide(run, costs="fn=10,fp=4", ask=0.8, compare=False)
    band, positive = found.rule.band, found.probabilities[:, 1]
    assert band is not None
    assert band.low < band.high
    words = np.array(found.words)
    assert (words[positive >= band.high] == "yes").all()
    assert (words[(positive >= band.low) & (positive < band.high)] == "ask").all()
    assert (words[positive < band.low] == "no").all()


def test_an_amount_at_stake_decides_row_by_row(run: Path) -> None:
    found = vt.decide(run, costs="fp=5", amount="price", compare=False)
    price = found.source.frame["price"].cast(pl.Float64).to_numpy()
    truth = (found.source.frame["back"] == "yes").to_numpy()
    assert found.saved["never"].cost == pytest.approx(price[truth].sum())
    saved = found.probabilities[:, 1] * price - found.probabilities[:, 0] * 5.0
    assert ((saved >= found.rule.band.high) == (found.decisions == 1)).all()  # pyright: ignore[reportOptionalMemberAccess]


def test_doing_nothing_is_said_to_be_cheaper_where_it_is(tmp_path: Path) -> None:
    noise = shop(strength=0.0)
    found = vt.decide(teach(tmp_path, noise), costs="fn=1,fp=50")
    assert found.saved["model"].saved <= 0.0
    assert found.pays is False


def test_more_classes_take_a_matrix_of_costs(tmp_path: Path) -> None:
    vt.train("wine", epochs=10, engine="numpy", out=tmp_path / "run", record=False)
    costs = np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [90.0, 90.0, 0.0]])
    found = vt.decide(tmp_path / "run", costs=costs, ask=0.4)
    assert set(found.words) <= {*found.classes, "ask"}
    assert found.rule.band is None
    expected = found.probabilities @ costs
    sure = found.decisions >= 0
    assert (found.decisions[sure] == expected[sure].argmin(axis=1)).all()
    assert (expected[~sure].min(axis=1) > 0.4).all()
    with pytest.raises(UsageError, match="this model has 3"):
        vt.decide(tmp_path / "run", costs="fn=1,fp=1")


def test_images_have_a_heat_map(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    y = np.arange(240) % 2
    x = rng.integers(0, 60, (240, 8, 8, 1)).astype(np.uint8)
    x[y == 1, 2:4, 2:4] += 120
    np.savez(tmp_path / "pictures.npz", x=x, y=y)
    vt.train(tmp_path / "pictures.npz", epochs=5, engine="numpy", out=tmp_path / "run", record=False)
    found = vt.decide(tmp_path / "run", costs="fn=5,fp=1", compare=False)
    assert found.explanation is not None
    heat = np.abs(found.explanation.heat)
    assert heat.shape == (len(found), 8, 8)
    assert heat[:, 2:4, 2:4].sum() > heat.sum() / 2
    assert "reason_1" not in found.columns()


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"costs": "fn=10,fp=1", "positive": "maybe"}, UsageError, "no and yes"),
        ({"costs": "fp=1", "amount": "cost"}, DataError, "cost"),
        ({"costs": "fp=1", "amount": "colour"}, DataError, "no number"),
        ({"capacity": "3/day", "time": "size"}, UsageError, "no day"),
        ({}, UsageError, "what do mistakes cost"),
    ],
)
def test_what_cannot_be(run: Path, options: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        vt.decide(run, **options)


def test_a_run_of_numbers_and_a_run_of_arrays(tmp_path: Path) -> None:
    vt.train("diabetes", epochs=1, engine="numpy", out=tmp_path / "numbers", record=False)
    with pytest.raises(ModelError, match="decisions are between classes"):
        vt.decide(tmp_path / "numbers", costs="fn=1,fp=1")
    rng = np.random.default_rng(0)
    x, network = rng.normal(size=(300, 3)).astype(np.float32), vt.Network(vt.Input((3,)), vt.Dense(2))
    y = (x[:, 0] > 0.5).astype(np.int64)
    vt.train((x, y), network=network, validation=0.3, epochs=5, engine="numpy", out=tmp_path / "arrays", record=False)
    with pytest.raises(UsageError, match="data"):
        vt.decide(tmp_path / "arrays", x[:5], "fn=1,fp=1")
    found = vt.decide(tmp_path / "arrays", x[:5], "fn=1,fp=1", trained_on=(x, y))
    assert len(found.words) == 5
    assert found.saved == {}
    with pytest.raises(UsageError, match="no test part"):
        vt.decide(tmp_path / "arrays", costs="fn=1,fp=1", trained_on=(x, y))
