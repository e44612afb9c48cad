"""The report: whole without a network, in both languages, the numbers of the run, and nothing a hostile name could run."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

import vitrina as vt
from tests.evaluate.conftest import shop, teach
from vitrina import locale
from vitrina.errors import ModelError, UsageError
from vitrina.evaluate.words import figure

HOSTILE = "<script>alert(1)</script>"


class Page(HTMLParser):
    """What a page would fetch, run and say."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.tags: list[str] = []
        self.said = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        names = ("src", "href", "xlink:href", "data", "poster", "srcset")
        self.fetched += [str(value) for name, value in attrs if name in names]

    def handle_data(self, data: str) -> None:
        self.said += data


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    frame = shop().rename({"colour": HOSTILE})
    frame.write_csv(folder / "shop.csv")
    vt.train(folder / "shop.csv", target="back", epochs=6, engine="numpy", out=folder / "run", time="day")
    return folder / "run"


def test_a_report_holds_what_was_measured(run: Path) -> None:
    path = vt.report(run)
    assert path == run / "report.html"
    page = Page(path.read_text("utf-8"))
    found = vt.assess(run)
    for name, known in found.figures.items():
        if name != "error":
            assert figure(name, known.value) in page.said
            assert figure(name, known.low) in page.said
    assert "average precision over time" in page.said
    assert f"{vt.load(run).network.parameters:,}" in page.said
    for plot in ("learning", "layers", "thresholds", "calibration", "confusion", "over-time"):
        image = Image.open(run / "plots" / f"{plot}.png")
        assert image.width > 400
        assert np.asarray(image.convert("L")).std() > 5  # something is drawn


def test_it_needs_no_network_and_runs_nothing(run: Path) -> None:
    text = vt.report(run).read_text("utf-8")
    page = Page(text)
    assert "script" not in page.tags
    assert HOSTILE in page.said  # as words
    assert [address for address in page.fetched if not address.startswith(("data:", "#"))] == []
    assert re.findall(r"url\((?!#|data:)", text) == []
    assert "@import" not in text


def test_it_speaks_spanish(run: Path, tmp_path: Path) -> None:
    locale.use("es")
    try:
        text = vt.report(run, tmp_path / "informe.html").read_text("utf-8")
    finally:
        locale.use("en")
    assert '<html lang="es">' in text
    said = Page(text).said
    for spanish, english in (
        ("Los datos", "The data"),
        ("Sus peores errores", "Its worst mistakes"),
        ("época", "epoch"),
    ):
        assert spanish in said
        assert english not in said
    assert (tmp_path / "informe-plots" / "learning.png").exists()


def test_decisions_and_groups_are_told_once_they_were_taken(tmp_path: Path) -> None:
    run = teach(tmp_path, shop())
    assert "Decisions" not in Page(vt.report(run).read_text("utf-8")).said
    vt.decide(run, costs="fn=10,fp=1")
    saved = json.loads((run / "decisions.json").read_text("utf-8"))["last"]["saved"]["model"]
    said = Page(vt.report(run, by="colour").read_text("utf-8")).said
    assert "Decisions" in said
    assert f"{saved['cost']:.4g}" in said or f"{saved['cost']:,.0f}" in said
    assert "By colour" in said
    kept = json.loads((run / "decisions.json").read_text("utf-8"))
    (run / "decisions.json").write_text(json.dumps(kept | {"model": "another"}), "utf-8")
    assert "Decisions" not in Page(vt.report(run).read_text("utf-8")).said  # taken by another model
    with pytest.raises(UsageError, match="cannot also divide"):
        vt.report(run, by="back")


def test_mistakes_of_images_are_seen(tmp_path: Path) -> None:
    vt.train("digits", epochs=1, engine="numpy", out=tmp_path / "run", record=False)
    text = vt.report(tmp_path / "run").read_text("utf-8")
    assert text.count("data:image/png;base64,") == len(vt.assess(tmp_path / "run", compare=False).mistakes) > 0


def test_numbers_are_reported_too(tmp_path: Path) -> None:
    vt.train("diabetes", epochs=2, engine="numpy", out=tmp_path / "run", record=False)
    said = Page(vt.report(tmp_path / "run").read_text("utf-8")).said
    assert "answers beside the truth" in said
    assert "linear regression" in said


def test_what_cannot_be_told_is_said(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3)).astype(np.float32)
    y = (x[:, 0] > 0).astype(np.int64)
    vt.train((x, y), epochs=2, engine="numpy", out=tmp_path / "arrays")
    said = Page(vt.report(tmp_path / "arrays").read_text("utf-8")).said
    assert "What this report cannot tell" in said
    assert "give the same data again" in said
    told = Page(vt.report(tmp_path / "arrays", trained_on=(x, y)).read_text("utf-8")).said
    assert "What this report cannot tell" not in told

    run = teach(tmp_path, shop(300))
    pl.read_csv(tmp_path / "shop.csv").head(200).write_csv(tmp_path / "shop.csv")
    assert "the data are not those" in Page(vt.report(run).read_text("utf-8")).said
    with pytest.raises(ModelError, match="is no run"):
        vt.report(tmp_path / "nowhere")
