"""What the tests of the commands share: a place to work in, data of every kind, a command run in-process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vitrina import locale
from vitrina.cli import app


@dataclass(frozen=True)
class Result:
    """What a command left: its exit status and what it printed."""

    status: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The one sentence of a failure. Fails the test unless there is exactly one, and nothing on standard output."""
        assert self.status != 0, self.out
        assert self.out == ""
        assert self.err.startswith("vitrina: "), self.err
        assert self.err.count("\n") == 1, self.err
        assert "Traceback" not in self.err
        assert "mistake in Vitrina" not in self.err, self.err
        return self.err.removeprefix("vitrina: ").rstrip("\n")


Vitrina = Callable[..., Result]


@pytest.fixture
def vitrina(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Vitrina:
    """Runs a command in an empty folder: `vitrina("train", "digits")`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(locale, "_chosen", None)
    for name, value in {"LC_ALL": "C", "LC_MESSAGES": "", "LANG": "", "VITRINA_DEBUG": ""}.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: object) -> Result:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            app([str(argument) for argument in arguments], prog_name="vitrina")
        printed = capsys.readouterr()
        return Result(int(ended.value.code or 0), printed.out, printed.err)

    return run


def table(rows: int = 80) -> list[str]:
    """The lines of a table with a number, a category and two classes that the number tells apart."""
    rng = np.random.default_rng(0)
    lines = [
        f"{rng.normal() + 2 * (row % 2):.3f},{rng.choice(['red', 'blue'])},{'yes' if row % 2 else 'no'}"
        for row in range(rows)
    ]
    return ["size,colour,bought", *lines]


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    return write(tmp_path / "shop.csv", table())


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """24 images of 8x8 in two classes, dark and light."""
    rng = np.random.default_rng(0)
    for kind, light in (("dark", 0), ("light", 120)):
        folder = tmp_path / "pictures" / kind
        folder.mkdir(parents=True)
        for number in range(12):
            Image.fromarray((rng.integers(0, 100, (8, 8)) + light).astype(np.uint8)).save(folder / f"{number}.png")
    return tmp_path / "pictures"


@pytest.fixture
def npz(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    np.savez(tmp_path / "points.npz", x=rng.normal(size=(90, 4)) + y[:, None], y=y)
    return tmp_path / "points.npz"
