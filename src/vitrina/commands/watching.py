"""The page beside a training that was started with --watch: a process of its own, so that it never holds up the training."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

from vitrina.commands.output import console, marked
from vitrina.learning.callbacks import Callback
from vitrina.learning.loop import Learner
from vitrina.locale import language


class Page(Callback):
    """Opens when the training starts (the recorder comes before it), and stays until its owner has seen enough."""

    def __init__(self, run: Path | None) -> None:
        self.run = run
        self._process: subprocess.Popen[bytes] | None = None

    def training_starts(self, learner: Learner) -> None:
        command = [sys.executable, "-m", "vitrina.cli", "watch", str(self.run), "--lang", language()]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def stay(self) -> None:
        """Waits until the page is ended with Ctrl-C, which is nothing that went wrong."""
        if self._process is None or self._process.poll() is not None:
            return
        console().print(marked("[dim]The page stays; Ctrl-C ends it.[/]"))
        with contextlib.suppress(KeyboardInterrupt):
            self._process.wait()
        self._process.terminate()
