"""Writing files so that a crash or a full disk never leaves half of one."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from vitrina.errors import VitrinaError
from vitrina.locale import say
from vitrina.locale.system import reason_of


def write_atomically(path: Path, content: bytes | str) -> None:
    """Writes a file as a whole or not at all, and makes sure it is on disk before it gets its name.

    Raises VitrinaError, with nothing left behind, if the disk is full or the folder cannot be written to.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())  # mkstemp makes files only the owner can read
        os.replace(temporary, path)
        temporary = None
        _sync_folder(path.parent)
    except OSError as error:
        raise VitrinaError(
            say(
                "{path} could not be written: {reason}; free space, or choose another place",
                path=path,
                reason=reason_of(error),
            )
        ) from None
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    """Without this the new name may be lost in a power cut, though the file is not (POSIX)."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
