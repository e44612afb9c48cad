"""The measure that neighbours do not disturb: what a process and all it started took of the processors."""

from __future__ import annotations

import os
import subprocess
import sys

from benchmarks.processor_time import seconds_of

BUSY = "import time\nwhile time.process_time() < 0.3: pass"


def test_what_a_process_started_is_counted_with_it_when_it_has_ended() -> None:
    before = seconds_of(os.getpid())
    child = subprocess.Popen([sys.executable, "-c", BUSY])
    child.wait()
    assert seconds_of(os.getpid()) >= before + 0.3 - 0.02  # the system counts in hundredths
    assert seconds_of(child.pid) == 0.0
