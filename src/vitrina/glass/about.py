"""What a recording says of its training before the first look: read alone, and in a moment, by who only asks whether there is one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vitrina.errors import ModelError
from vitrina.locale import say

ABOUT, FORMAT, FOLDER = "about.json", 1, "recording"


def read_about(path: Path) -> tuple[Path, dict[str, Any]]:
    """The folder of a recording, given that or its run's, and what stands there. Raises ModelError if there is none."""
    folder = path if (path / ABOUT).is_file() else path / FOLDER
    try:
        about: dict[str, Any] = json.loads((folder / ABOUT).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            say(
                "{path} has no recording that can be read ({reason}); train with a recording",
                path=path,
                reason=error,
            )
        ) from None
    if about.get("format") != FORMAT:
        raise ModelError(
            say(
                "{path}: the recording has format {format!r}; update Vitrina",
                path=path,
                format=about.get("format"),
            )
        )
    return folder, about
