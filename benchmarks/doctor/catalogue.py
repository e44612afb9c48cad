"""Every set-up there is, and the half that thresholds may be fitted on."""

from __future__ import annotations

import zlib

from benchmarks.doctor import (
    eighth_faulty,
    eighth_healthy,
    eighth_layers,
    faulty_more,
    fifth_faulty,
    fifth_healthy,
    fourth_faulty,
    fourth_healthy,
    fresh,
    healthy_more,
    seventh_faulty,
    seventh_healthy,
    sixth_faulty,
    sixth_healthy,
    third_faulty,
    third_healthy,
    unseen_faulty,
    unseen_healthy,
)
from benchmarks.doctor.faulty import FAULTY
from benchmarks.doctor.healthy import HEALTHY
from benchmarks.doctor.setups import SetUp

ADDED = (faulty_more, healthy_more, fresh)  # importing them has added theirs
LATER = {  # batches that the rules were asked about before any was changed for them
    2: (unseen_faulty.__name__, unseen_healthy.__name__),
    3: (third_faulty.__name__, third_healthy.__name__),
    4: (fourth_faulty.__name__, fourth_healthy.__name__),
    5: (fifth_faulty.__name__, fifth_healthy.__name__),
    6: (sixth_faulty.__name__, sixth_healthy.__name__),
    7: (seventh_faulty.__name__, seventh_healthy.__name__),
    8: (eighth_faulty.__name__, eighth_layers.__name__, eighth_healthy.__name__),
}


def every_setup() -> list[SetUp]:
    """Those that fail, and those that are sound."""
    return [*FAULTY, *HEALTHY]


def named_setup(name: str) -> SetUp:
    return next(one for one in every_setup() if one.name == name)


def is_fresh(name: str) -> bool:
    """True if it was written after the rules, and none was fitted to it."""
    return named_setup(name).written_in == fresh.__name__


def is_fitted(name: str) -> bool:
    """True for the half that thresholds may be fitted on; the other is held out. By the name, so that it never changes."""
    return zlib.crc32(name.encode()) % 2 == 0


def batch_of(name: str) -> int:
    """1, or that of the later batches which it is of: 2 to 8."""
    written_in = named_setup(name).written_in
    return next((number for number, modules in LATER.items() if written_in in modules), 1)
