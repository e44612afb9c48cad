"""How good a run is: the same rows, the same figures as model.evaluate, honest beside baselines, and every slice right."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image
from rich.console import Console
from sklearn import metrics

import vitrina as vt
from tests.evaluate.conftest import shop, teach
from vitrina.errors import DataError, UsageError
from vitrina.evaluate.assessment_screen import show_assessment
from vitrina.evaluate.curves import at_top, calibration_curve, wilson
from vitrina.evaluate.words import figure, rival_name


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return teach(tmp_path_factory.mktemp("shop"), shop(), time="day")


@pytest.fixture(scope="module")
def found(run: Path) -> vt.Assessment:
    return vt.assess(run, by="colour")


def test_a_run_is_measured_on_its_own_test_part(run: Path, found: vt.Assessment) -> None:
    kept = vt.load(run)
    assert found.part == "test"
    values = {name: figure.value for name, figure in found.figures.items()}
    assert {name: values[name] for name in kept.measured["test"]} == pytest.approx(kept.measured["test"], rel=1e-5)
    assert all(figure.low <= figure.value <= figure.high for figure in found.figures.values())
    assert [rival.name for rival in found.rivals] == ["majority", "logistic regression", "gradient boosting"]
    assert found.headline == "average_precision"  # one in six is rare
    assert found.rivals[0].verdict("average_precision") == "worth it"  # better than saying of all the same
    assert found.confusion.sum() == found.rows  # pyright: ignore[reportOptionalMemberAccess]
    json.dumps(found.to_json(), allow_nan=False)


def test_slices_are_measured_on_their_own_rows(run: Path, found: vt.Assessment) -> None:
    frame = found.source.frame
    assert found.by_group is not None
    assert {part.name: part.rows for part in found.by_group[1]} == dict(frame["colour"].value_counts().iter_rows())
    red = vt.load(run).evaluate(frame.filter(pl.col("colour") == "red"))
    part = next(part for part in found.by_group[1] if part.name == "red")
    assert {name: part.figures[name].value for name in red if name != "error"} == pytest.approx(
        {name: value for name, value in red.items() if name != "error"}, rel=1e-5
    )
    assert found.by_time is not None  # the parts were made by time, so it is shown over time
    assert found.by_time[0] == "day"
    assert [part.name for part in found.by_time[1]] == sorted(frame["day"].unique().to_list())
    assert sum(part.rows for part in found.by_time[1]) == found.rows


def test_a_network_on_noise_is_not_called_worth_it(tmp_path: Path) -> None:
    run = teach(tmp_path, shop(600, strength=0.0))
    assert vt.assess(run).verdict in ("no better", "worse")


def test_rows_it_learned_from_are_counted(run: Path) -> None:
    every = shop()
    assert vt.assess(run, every, compare=False).seen == 1050  # 70 of 100 were learned from
    assert vt.assess(run, shop(seed=5), compare=False).seen == 0


def test_the_class_that_is_looked_for_can_be_the_other_one(run: Path) -> None:
    usual, turned = vt.assess(run, compare=False, at=(20,)), vt.assess(run, compare=False, at=(20,), positive="no")
    assert turned.classes == ("yes", "no")
    assert turned.figures["roc_auc"].value == pytest.approx(usual.figures["roc_auc"].value)
    assert turned.figures["average_precision"].value > usual.figures["average_precision"].value  # the common class
    assert turned.at_top[0].precision > usual.at_top[0].precision
    with pytest.raises(UsageError, match="the classes are no, yes"):
        vt.assess(run, positive="perhaps")


def test_numbers_have_their_own_measures_and_baselines(tmp_path: Path) -> None:
    vt.train("diabetes", epochs=4, engine="numpy", out=tmp_path / "run", record=False)
    found = vt.assess(tmp_path / "run")
    assert [rival.name for rival in found.rivals] == ["mean", "linear regression", "gradient boosting"]
    assert found.headline == "root_mean_squared_error"
    assert found.rivals[0].figures["r2"].value == pytest.approx(0.0, abs=0.05)
    mistakes = [mistake.loss for mistake in found.mistakes]
    assert mistakes == sorted(mistakes, reverse=True)
    assert found.confusion is None


def test_prices_are_told_in_whole_numbers_and_none_is_cut_off(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    size = rng.uniform(20, 300, 400)
    price = np.round(2000 * size + rng.normal(0, 30_000, 400))
    price[rng.permutation(400)[:80]] = 0.0
    vt.train(
        pl.DataFrame({"size": size, "price": price}),
        target="price",
        epochs=2,
        engine="numpy",
        out=tmp_path / "run",
        record=False,
    )
    found = vt.assess(tmp_path / "run", trained_on=pl.DataFrame({"size": size, "price": price}))
    assert "e+" not in repr(found)
    assert {"0"} == {mistake.truth for mistake in found.mistakes if abs(float(mistake.truth.replace(",", ""))) < 1}
    for width in (60, 80, 140):
        screen = Console(width=width, record=True, file=io.StringIO())
        show_assessment(screen, found)
        told = screen.export_text()
        for known in (found, *found.rivals):
            assert figure("root_mean_squared_error", known.figures["root_mean_squared_error"].value) in told, width
        heads = {word for rival in found.rivals for word in rival_name(rival.name).split()}
        assert width == 60 or heads <= set(told.split()), "the names of the baselines are whole"


def test_a_model_alone_is_measured_without_baselines(run: Path) -> None:
    found = vt.assess(run / "model.vitrina", shop(seed=7))
    assert found.rivals == ()
    assert "no data to teach baselines on" in found.why_alone
    assert found.verdict is None
    with pytest.raises(UsageError, match="which has no test part"):
        vt.assess(run / "model.vitrina")
    with pytest.raises(DataError, match="'colou'"):
        vt.assess(run, by="colou")


def test_arrays_have_to_be_given_again(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 4)).astype(np.float32)
    y = (x[:, 0] > 0).astype(np.int64)
    vt.train((x, y), epochs=2, engine="numpy", out=tmp_path / "run", record=False)
    with pytest.raises(UsageError, match="give the same data again"):
        vt.assess(tmp_path / "run")
    assert vt.assess(tmp_path / "run", trained_on=(x, y)).rivals
    alone = vt.assess(tmp_path / "run", (x, y))
    assert alone.rivals == ()
    assert "give the same data again" in alone.why_alone


def test_curves_say_what_they_say() -> None:
    rng = np.random.default_rng(0)
    chance = rng.random(20_000)
    truth = (rng.random(20_000) < chance).astype(np.int64)
    bins = calibration_curve(np.stack([1 - chance, chance], axis=1), truth)
    assert sum(part.rows for part in bins) == 20_000
    assert all(part.low - 0.02 <= part.probability <= part.high + 0.02 for part in bins)  # it means what it says
    top = at_top(chance, truth == 1, (100, 50_000))
    assert top[0].precision == truth[np.argsort(-chance, kind="stable")[:100]].mean()
    assert (top[1].rows, top[1].recall) == (20_000, 1.0)
    low, high = wilson(0.0, 10)
    assert (low, high) == (0.0, pytest.approx(0.2775, abs=1e-3))
    assert metrics.roc_auc_score(truth, chance) > 0.8


def test_images_of_one_patient_are_drawn_together_too(tmp_path: Path) -> None:
    """The column that divided them stands beside images, not among what is learned from."""
    rng = np.random.default_rng(0)
    y = np.repeat(rng.integers(2, size=40), 5)
    pixels = rng.integers(0, 128, (200, 8, 8)) + 100 * y[:, None, None]
    pictures = []
    for each in pixels.astype(np.uint8):
        content = io.BytesIO()
        Image.fromarray(each).save(content, "PNG")
        pictures.append(content.getvalue())
    pl.DataFrame({"picture": pictures, "ill": y, "patient": np.arange(200) // 5}).write_parquet(tmp_path / "x.parquet")
    options = {"target": "ill", "group": "patient", "epochs": 1, "engine": "numpy", "record": False}
    vt.train(tmp_path / "x.parquet", out=tmp_path / "run", **options)  # pyright: ignore[reportArgumentType]
    found = vt.assess(tmp_path / "run", by="patient")
    assert found.clusters == "patient"
    assert found.by_group is not None
    assert sum(part.rows for part in found.by_group[1]) == found.rows


def test_a_run_is_read_with_the_recipe_it_was_made_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A later version that scales otherwise still finds the rows of an earlier one, and measures the same."""
    run = teach(tmp_path, shop(400))
    before = vt.assess(run, compare=False).figures
    monkeypatch.setattr("vitrina.data.scaling.SPREADS", 0.5)
    assert vt.assess(run, compare=False).figures == before


def test_it_prints_itself_as_the_command_shows_it(tmp_path: Path) -> None:
    run = teach(tmp_path, shop(400))
    found = vt.assess(run, compare=False)
    assert found.headline.replace("_", " ") in repr(found)
    assert len(repr(found).splitlines()) < 80
    assert "<pre>" in found._repr_html_()
