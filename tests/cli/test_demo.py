"""The demo: its numbers are those of the network, it fits the terminal, and it reaches what it promises."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from io import StringIO

import numpy as np
import pytest
from rich.console import Console

from vitrina import locale
from vitrina.commands import demo
from vitrina.commands.demo_screen import show_end, show_lesson, show_stages
from vitrina.commands.pictures import GLOW, SIGNAL, picture


@pytest.fixture(scope="module")
def story() -> demo.Story:
    """A short lesson, on a few of the images."""
    whole = demo.prepare(seed=0)
    lesson = demo.Lesson(whole.x[:300], whole.y[:300], whole.held_x[:60], whole.held_y[:60])
    epochs, demo.EPOCHS = demo.EPOCHS, 1
    try:
        return demo.tell(lesson, seed=0, progress=False, began=time.perf_counter())
    finally:
        demo.EPOCHS = epochs


def test_nothing_that_is_judged_by_is_learned_from() -> None:
    lesson = demo.prepare(seed=3)
    learned = {image.tobytes() for image in demo.moved(lesson.x)}
    assert len(lesson.held_y) == pytest.approx(1797 * 0.2, abs=2)
    assert sum(image.tobytes() in learned for image in lesson.held_x) == 0
    assert np.bincount(lesson.held_y).min() >= 34


def test_moved_images_are_the_image_and_its_means_with_neighbours() -> None:
    x = np.zeros((1, 8, 8, 1), np.float32)
    x[0, 3, 3] = 1.0
    moved = demo.moved(x)
    assert moved.shape == (9, 8, 8, 1)
    np.testing.assert_array_equal(moved[0], x[0])
    np.testing.assert_allclose(moved.sum(axis=(1, 2, 3)), 1.0)
    centres = {tuple(np.round([(image[..., 0] * axis).sum() for axis in np.indices((8, 8))], 3)) for image in moved}
    assert centres == {(3.0 + down, 3.0 + right) for down in (-0.5, 0.0, 0.5) for right in (-0.5, 0.0, 0.5)}
    x[0, 0, 0] = 4.0
    assert demo.moved(x)[..., -1, :].sum() == 0.0  # nothing comes round from the other side


def test_the_numbers_on_the_screen_are_those_of_the_network(story: demo.Story) -> None:
    told = demo.as_json(story)
    json.dumps({name: value for name, value in told.items() if name not in ("prediction", "error", "image")})
    image, truth = story.lesson.held_x[story.image], story.lesson.held_y[story.image]
    np.testing.assert_allclose(told["prediction"], story.model.predict_proba(image[None])[0], atol=1e-5)
    assert told["error"]["value"] == pytest.approx(-np.log(told["prediction"][truth]))
    expected = np.array(told["prediction"])
    expected[truth] -= 1.0
    np.testing.assert_allclose(told["error"]["slope"], expected, atol=1e-9)
    assert told["accuracy"] == pytest.approx(np.mean(story.model.predict(story.lesson.held_x) == story.lesson.held_y))
    for change in story.changes:
        name, place = change.name.rstrip("]").split("[")
        index = tuple(int(at) for at in place.split(","))
        assert change.before == pytest.approx(float(story.model.weights[name][index]))
        assert change.after == pytest.approx(change.before - demo.STEP * change.slope)
    assert told["error"]["after_one_step"] < told["error"]["value"]


@pytest.mark.parametrize("width", [80, 100, 140])
@pytest.mark.parametrize("language", ["en", "es"])
def test_it_fits_the_terminal(story: demo.Story, width: int, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locale, "_chosen", language)
    for record in (True, False):  # in colour, and in shades
        screen = Console(width=width, file=StringIO(), record=record, highlight=False)
        show_lesson(screen, story.lesson)
        show_stages(screen, story)
        show_end(screen, story)
        drawn = screen.file.getvalue()  # pyright: ignore[reportAttributeAccessIssue]
        assert max(len(line) for line in drawn.splitlines()) <= width
        assert "…" not in drawn, "something was cut"
        assert "[bold" not in drawn
        for stage in ("1 · ", "2 · ", "3 · "):
            assert stage in drawn
        for name in ("conv2d_1", "conv2d_2", "conv2d_3", "dense_1", "dense_2/weight["):
            assert name in drawn
        assert f"{story.accuracy:.2%}" in drawn


def test_a_picture_has_two_pixels_to_a_character() -> None:
    values = np.array([[0.0, 1.0], [1.0, 1.0]])
    drawn = picture(values, GLOW, 0.0, 1.0)
    assert drawn.plain == "▀▀"
    first = drawn.spans[0].style
    assert first.color.triplet == GLOW[0]  # pyright: ignore
    assert first.bgcolor.triplet == GLOW[-1]  # pyright: ignore
    assert picture(values, GLOW, 0.0, 1.0, colour=False).plain == "▒█"
    assert picture(np.array([[-1.0, 0.0, 1.0]] * 2), SIGNAL, -1.0, 1.0, colour=False).plain == "█ █"
    assert picture(values, GLOW, 0.0, 1.0, scale=2).plain.split("\n") == ["▀▀▀▀", "▀▀▀▀"]


@pytest.mark.slow
def test_the_demo_keeps_its_promise() -> None:
    code = "import sys; sys.argv = ['vitrina', 'demo', '--json']; from vitrina.cli import main; main()"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    told = json.loads(result.stdout)
    assert told["accuracy"] >= 0.985
    assert told["images"]["learned_from"] + told["images"]["never_seen"] == 1797
    assert len(told["prediction"]) == 10


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 10))
def test_the_accuracy_does_not_hang_on_the_seed(seed: int) -> None:
    lesson = demo.prepare(seed)
    assert demo.tell(lesson, seed, progress=False, began=time.perf_counter()).accuracy >= 0.985
