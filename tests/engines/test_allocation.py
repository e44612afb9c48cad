"""What a step gives up serves the next one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from vitrina.engines.allocation import keep_memory

PAGES_OF_A_STEP = """
import resource
import numpy as np
from vitrina import engines
{before}

def pages():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    kept = [np.ones(1 << 22) for _ in range(4)]  # 32 MiB each
    del kept
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

print(min(pages() for _ in range(5)))
"""


def pages(before: str) -> int:
    """New pages that a step of 128 MiB meets, once it has been run."""
    program = PAGES_OF_A_STEP.format(before=before)
    return int(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(not keep_memory(), reason="not the C library this is for")
def test_a_step_meets_no_new_pages_once_there_is_an_engine():
    assert pages("engines.get('numpy')") == 0
    assert pages("") > 0, "without it there is nothing to prove"


def test_another_system_is_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    keep_memory.cache_clear()
    try:
        assert keep_memory() is False
    finally:
        keep_memory.cache_clear()
