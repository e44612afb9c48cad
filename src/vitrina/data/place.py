"""Where data lie on disk, from what a user calls them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vitrina.data.address import is_address


def path_of(data: Any) -> Path | None:
    """The file or folder that is meant; None for anything else."""
    path = Path(data).expanduser() if isinstance(data, str | Path) and not is_address(data) else None
    return path if path is not None and path.exists() else None


def folder_of(data: Any) -> Path | None:
    """Where the paths in a table begin: the folder it lies in, or is; None for what is no file or folder."""
    path = path_of(data)
    return path if path is None or path.is_dir() else path.parent


def is_image_folder(data: Any) -> bool:
    """Whether a path is a folder that is no table."""
    from vitrina.data.parts import find_parts

    path = path_of(data)
    return path is not None and path.is_dir() and not find_parts(path)


def place_of(data: Any) -> str | None:
    """Where the data lie, wherever it is asked from; None for what is no file or folder, such as a built-in set."""
    path = path_of(data)
    return None if path is None else str(path.resolve())
