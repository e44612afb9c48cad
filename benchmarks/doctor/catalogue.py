"""Every set-up there is, and the half that thresholds may be fitted on."""

from __future__ import annotations

import zlib

from benchmarks.doctor import faulty_more, healthy_more
from benchmarks.doctor.faulty import FAULTY
from benchmarks.doctor.healthy import HEALTHY
from benchmarks.doctor.setups import SetUp

LATER = (faulty_more, healthy_more)  # importing them has added theirs


def every_setup() -> list[SetUp]:
    """Those that fail, and those that are sound."""
    return [*FAULTY, *HEALTHY]


def named_setup(name: str) -> SetUp:
    return next(one for one in every_setup() if one.name == name)


def is_fitted(name: str) -> bool:
    """True for the half that thresholds may be fitted on; the other is held out. By the name, so that it never changes."""
    return zlib.crc32(name.encode()) % 2 == 0
