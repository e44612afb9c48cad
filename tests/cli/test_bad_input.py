"""Whatever is wrong is said in one sentence, with the right exit status, and leaves nothing behind."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import Vitrina, table, write


def with_line(number: int, line: str) -> list[str]:
    lines = table()
    lines[number - 1] = line
    return lines


TABLES = {
    "empty": ([], "", ("empty",)),
    "only a header": (["size,colour,bought"], "", ("no rows",)),
    "a short row": (with_line(42, "1.0,red"), "", ("line 42", "2 values")),
    "a long row": (with_line(42, "1.0,red,yes,no"), "", ("line 42", "4 values")),
    "one class": ([line.replace(",no", ",yes") for line in table()], "", ("one class only", "'yes'")),
    "an infinite number": (with_line(9, "inf,red,yes"), "", ("line 9", "'size'", "infinite")),
    "a missing answer": (with_line(9, "1.0,red,"), "", ("line 9", "'bought'", "missing")),
    "no such target": (table(), "price", ("'price'", "size, colour, bought", "--target")),
}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_bad_table(vitrina: Vitrina, name: str, seed: int) -> None:
    lines, target, words = TABLES[name]
    path = Path("bad.csv")
    path.write_text("\n".join(lines) + "\n" if lines else "")
    result = vitrina("train", path, "--target", target or "bought", "--epochs", 1, "--engine", "numpy", "--seed", seed)
    assert result.status == 1
    assert "bad.csv" in result.sentence
    for word in words:
        assert word in result.sentence
    assert not Path("runs").exists()


def test_a_word_among_numbers_counts_as_missing_and_is_told(vitrina: Vitrina) -> None:
    path = write(Path("words.csv"), with_line(42, "lots,red,yes"))
    result = vitrina("train", path, "--target", "bought", "--epochs", 1, "--engine", "numpy")
    assert result.status == 0
    said = " ".join(result.out.split())
    assert "column 'size' holds numbers, but something else in 1 of 80 rows, such as 'lots'" in said


def test_a_missing_number_is_no_mistake(vitrina: Vitrina) -> None:
    path = write(Path("gaps.csv"), with_line(9, "NaN,red,yes"))
    assert vitrina("train", path, "--target", "bought", "--epochs", 1, "--engine", "numpy").status == 0


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("train", "nowhere.csv", "--target", "y"), 1, ("nowhere.csv", "no such file")),
        (("train", "digitz"), 1, ("did you mean 'digits'",)),
        (("train",), 2, ("needs data",)),
        (("train", "digits", "--target", "y"), 2, ("--target",)),
        (("train", "digits", "--engine", "abacus"), 2, ("'abacus'", "numpy, jax, torch, tensorflow")),
        (("train", "digits", "--engine", "numpy:warp"), 2, ("'warp'",)),
        (("train", "digits", "--epochs", "0"), 2, ("--epochs", "vitrina train --help")),
        (("train", "digits", "--epochs", "many"), 2, ("--epochs",)),
        (("train", "digits", "--lr", "-1"), 2, ("--lr -1.0", "above 0")),
        (("train", "digits", "--lr", "nan"), 2, ("--lr nan",)),
        (("train", "digits", "--optimizer", "magic"), 2, ("--optimizer", "magic")),
        (("train", "digits", "--image-size", "big"), 2, ("--image-size big", "64x64")),
        (("train", "wine", "--column", "hue"), 2, ("--column hue", "NAME=ROLE")),
        (("train", "wine", "--column", "hue=lovely"), 2, ("'lovely'",)),
        (("train", "wine", "--column", "hew=numeric"), 1, ("'hew'", "hue")),
        (("train", "wine", "--drop", "grower"), 2, ("grower",)),
        (("train", "wine", "--network", "nowhere.json"), 1, ("nowhere.json",)),
        (("train", "wine", "--nonsense"), 2, ("--nonsense", "vitrina train --help")),
        (("train", "--resume", "runs/7"), 1, ("runs/7", "no run")),
        (("train", "--resume", "runs/7", "--epochs", "3", "--lr", "0.1"), 2, ("leave out --epochs, --lr",)),
        (("predict", "runs/7", "wine"), 1, ("runs/7",)),
        (("predict", "runs/7", "wine", "--out", "a.docx"), 2, ("a.docx", ".csv")),
        (("predict", "runs/7"), 2, ("DATA", "vitrina predict --help")),
        (("describe", "nowhere"), 1, ("nowhere",)),
        (("conjure",), 2, ("conjure", "vitrina --help")),
        (("train", "wine", "--lang", "tlh"), 2, ("--lang",)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) and value and value[0].isalpha() else "",
)
@pytest.mark.parametrize("json", [(), ("--json",)], ids=["", "json"])
def test_a_bad_command(
    vitrina: Vitrina, arguments: tuple[str, ...], status: int, words: tuple[str, ...], json: tuple[str, ...]
) -> None:
    result = vitrina(*arguments, *(() if arguments[0] == "conjure" else json))
    assert result.status == status
    for word in words:
        assert word in result.sentence
    assert not Path("runs").exists()


def test_an_engine_that_is_not_installed(vitrina: Vitrina, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vitrina.engines.registry.is_installed", lambda name: name != "torch")
    result = vitrina("train", "wine", "--engine", "torch", "--out", "mine")
    assert result.status == 1
    assert "pip install 'vitrina[torch]'" in result.sentence
    assert not Path("mine").exists()


def test_training_that_explodes_says_so(vitrina: Vitrina) -> None:
    result = vitrina("train", "wine", "--engine", "numpy", "--lr", "1e30")
    assert result.status == 1
    assert "lower the learning rate" in result.sentence
    assert not Path("runs/1/model.vitrina").exists()
    assert "infinite or NaN" in vitrina("describe", "runs/1").out


def test_bad_images(vitrina: Vitrina, images: Path) -> None:
    train = ("train", images, "--epochs", 1, "--engine", "numpy")
    whole = (images / "dark/3.png").read_bytes()
    for content in (whole[:40], b"", b"not an image", whole[:-60]):
        (images / "dark/3.png").write_bytes(content)
        result = vitrina(*train)
        assert result.status == 1
        assert "dark/3.png" in result.sentence
        assert not Path("runs").exists()
    Image.fromarray(np.zeros((9, 7), np.uint8)).save(images / "dark/3.png")
    mixed = vitrina(*train)
    assert mixed.status == 1
    assert "--image-size" in mixed.sentence
    assert vitrina(*train, "--image-size", "8x8").status == 0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_in_an_array(vitrina: Vitrina, value: float) -> None:
    x = np.random.default_rng(0).normal(size=(60, 4))
    x[17, 2] = value
    np.savez("points.npz", x=x, y=np.arange(60) % 3)
    result = vitrina("train", "points.npz", "--epochs", 1)
    assert result.status == 1
    assert "x[17, 2]" in result.sentence


def test_an_npz_that_is_damaged_or_has_other_arrays(vitrina: Vitrina, npz: Path) -> None:
    np.savez("other.npz", a=np.zeros(3))
    assert "no arrays called x and y" in vitrina("train", "other.npz").sentence
    Path("cut.npz").write_bytes(npz.read_bytes()[:200])
    assert "cut.npz" in vitrina("train", "cut.npz").sentence


def test_data_of_another_shape_or_kind_than_the_model_was_taught_on(
    vitrina: Vitrina, npz: Path, images: Path, csv: Path
) -> None:
    for data, more in ((npz, ()), (images, ()), (csv, ("--target", "bought"))):
        assert vitrina("train", data, *more, "--epochs", 1, "--engine", "numpy").status == 0
    np.savez("wide.npz", x=np.zeros((5, 7)))
    lines = table()
    write(Path("lacking.csv"), [line.split(",", 1)[1] for line in lines])
    write(Path("new.csv"), [*lines, "1.0,red,maybe"])
    for arguments, words in (
        (("predict", "runs/1", "wide.npz", "--out", "a.csv"), ("(5, 7)", "(rows, 4)")),
        (("predict", "runs/1", images, "--out", "a.csv"), ()),
        (("predict", "runs/2", "digits", "--out", "a.csv"), ()),
        (("predict", "runs/2", npz, "--out", "a.csv"), ()),
        (("predict", "runs/3", "lacking.csv", "--out", "a.csv"), ("'size'",)),
        (("evaluate", "runs/3", "new.csv"), ("'maybe'", "line 82")),
        (("evaluate", "runs/1", "wide.npz"), ()),
    ):
        if "digits" in arguments:
            continue  # 8x8 as well: it fits
        result = vitrina(*arguments)
        assert result.status == 1
        for word in words:
            assert word in result.sentence
        assert result.sentence
        assert not Path("a.csv").exists()


def test_the_answers_never_overwrite_the_data(vitrina: Vitrina, csv: Path) -> None:
    vitrina("train", csv, "--target", "bought", "--epochs", 1, "--engine", "numpy")
    before = csv.read_bytes()
    result = vitrina("predict", "runs/1", csv, "--out", csv)
    assert result.status == 2
    assert "the data themselves" in result.sentence
    assert csv.read_bytes() == before


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"format": 1, "input": [4], "layers": [{"type": "Magic"}], "cost": "x"}', "\udcff"],
)
def test_a_network_file_that_is_none(vitrina: Vitrina, content: str) -> None:
    Path("net.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    for arguments in (("describe", "net.json"), ("train", "wine", "--network", "net.json")):
        result = vitrina(*arguments)
        assert result.status == 1
        assert "net.json" in result.sentence


def test_a_network_that_does_not_fit_the_data(vitrina: Vitrina, npz: Path) -> None:
    import vitrina as vt

    for shape, outputs in ((5, 3), (4, 2)):
        network = vt.Network(vt.Input((shape,)), vt.Dense(outputs))
        Path("net.json").write_text(json.dumps(network.to_json()))
        result = vitrina("train", npz, "--network", "net.json")
        assert result.status == 1
        assert result.sentence
        assert not Path("runs").exists()
