"""Files to read: written here, or the real tables where they are at hand."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes text or bytes into a new file and gives its path."""

    def write(content: str | bytes, name: str = "data.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def write_images(tmp_path: Path) -> Callable[..., Path]:
    """Writes pixels, {"class/file.png": array}, into a folder and gives its path."""

    def write(images: dict[str, np.ndarray], folder: str = "images") -> Path:
        for name, pixels in images.items():
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.asarray(pixels, np.uint8)).save(path)
        return tmp_path / folder

    return write


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets: VITRINA_DATA, or shared/data beside the repository."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    folder = Path(os.environ.get("VITRINA_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"the real data sets are not at {folder}; say where they are with VITRINA_DATA")
    return folder
