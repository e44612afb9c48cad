"""Starts the trainings that the editor asks for, each a `vitrina train` (of a curve an `approximate`, whose first weights suit a
function of one number) in a process of its own, kept like any other run."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from threading import Thread

from vitrina.errors import UsageError, VitrinaError
from vitrina.glass.about import ABOUT, FOLDER
from vitrina.glass.controls import request, status_of
from vitrina.glass.page.drawn import CURVE
from vitrina.glass.page.wish import Wish
from vitrina.glass.recording import Recording
from vitrina.locale import language, say
from vitrina.locale.system import reason_of

PATIENCE = 120.0  # seconds until a training has to have begun: an engine may take long to load
POLL = 0.05


class Workshop:
    """folder: where the runs are kept, each under the next free number."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.wishes: dict[str, Wish] = {}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def run_of(self, name: str) -> Path | None:
        """The run of that name, if it was started here: no other is shown."""
        return self.folder / name if name in self.wishes else None

    def start(self, wish: Wish) -> str:
        """Begins to teach, and returns the run's name once there is something to be seen of it.

        Whatever was started before is asked to stop. Raises UsageError with what the training said where it cannot begin.
        """
        self._stop_others()
        run = self._new_run()
        file = self.folder / f"{wish.file.stem}-{run.name}{wish.file.ending}" if wish.file else None
        if wish.file and file:
            file.write_bytes(wish.file.content)
        with tempfile.TemporaryDirectory() as place:
            network, told = Path(place) / "network.json", Path(place) / "errors"
            network.write_text(json.dumps(wish.network.to_json()), "utf-8")
            with told.open("wb") as errors:
                process = subprocess.Popen(
                    self._command(wish, str(file or wish.data), network, run), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                    stderr=errors, start_new_session=True,
                )  # fmt: skip  # a session of its own: Ctrl-C ends the page, never the training
            Thread(target=process.wait, daemon=True).start()  # somebody has to hear that it ended
            self._processes[run.name] = process
            if not self._begun(process, run):
                process.terminate()
                self._forget(run, file)
                lines = told.read_text("utf-8", "replace").strip().splitlines()
                reason = lines[-1].removeprefix("vitrina: ") if lines else say("the training did not begin")
                raise UsageError(reason)
        self.wishes[run.name] = wish
        return run.name

    def _command(self, wish: Wish, data: str, network: Path, run: Path) -> list[str]:
        command = [sys.executable, "-m", "vitrina.cli", "approximate" if wish.data == CURVE else "train", data]
        command += ["--network", str(network), "--engine", wish.engine, "--optimizer", wish.optimizer]
        command += ["--epochs", str(wish.epochs), "--batch", str(wish.batch)]
        command += [f"--target={wish.target}"] if wish.target is not None else []
        command += ["--lr", repr(wish.rate)] if wish.rate is not None else []
        return [*command, "--out", str(run), "--json", "--lang", language()]

    def _begun(self, process: subprocess.Popen[bytes], run: Path) -> bool:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if (run / FOLDER / ABOUT).is_file():
                with contextlib.suppress(VitrinaError):
                    if Recording(run).looks or process.poll() is not None:
                        return True
            elif process.poll() is not None:
                return False
            time.sleep(POLL)
        return False

    def _stop_others(self) -> None:
        for name, process in self._processes.items():
            if process.poll() is None and status_of(self.folder / name).state in ("training", "paused"):
                request(self.folder / name, "stop")

    def _new_run(self) -> Path:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            number = max((int(entry.name) for entry in self.folder.iterdir() if entry.name.isdecimal()), default=0)
            while True:
                number += 1
                with contextlib.suppress(FileExistsError):
                    (self.folder / str(number)).mkdir()
                    return self.folder / str(number)
        except OSError as error:
            reason = reason_of(error)
            raise VitrinaError(say("{runs} cannot be written to ({reason})", runs=self.folder, reason=reason)) from None

    def _forget(self, run: Path, file: Path | None) -> None:
        """Of what never began nothing stays; what it did leave is its owner's to look at."""
        with contextlib.suppress(OSError):
            run.rmdir()
            if file:
                file.unlink()
