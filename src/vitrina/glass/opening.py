"""The page beside a training that was started with --watch: a process of its own, so that it never holds up the training."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

from vitrina.learning.callbacks import Callback
from vitrina.learning.loop import Learner
from vitrina.locale import language


class Page(Callback):
    """Opens when the training starts (the recorder comes before it), and stays until its owner has seen enough."""

    run: Path | None = None  # known when the training starts

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def training_starts(self, learner: Learner) -> None:
        command = [sys.executable, "-m", "vitrina.cli", "watch", str(self.run), "--lang", language()]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr.fileno())

    @property
    def is_open(self) -> bool:
        """True from the start of the training until somebody ended it."""
        return self._process is not None and self._process.poll() is None

    def wait(self) -> None:
        """Waits until the page is ended with Ctrl-C, which is nothing that went wrong."""
        if self._process is not None:
            with contextlib.suppress(KeyboardInterrupt):
                self._process.wait()

    def end(self) -> None:
        """Ends the page, if it is there."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
