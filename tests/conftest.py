"""What every test may ask for."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from vitrina.engines import ENGINES
from vitrina.engines.registry import is_installed

# No deadline: the first example of an engine pays for its compiler. CI draws the same examples each time, so that a red
# build is the change's fault, and prints what it needs to be repeated.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("default"), derandomize=True, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers that are the same at each run of a test."""
    return np.random.default_rng(20240229)


@pytest.fixture(params=list(ENGINES))
def engine(request: pytest.FixtureRequest) -> str:
    """The name of each engine in turn; one that is not installed is skipped, and says so."""
    name = request.param
    if not is_installed(name):
        pytest.skip(f"engine {name} is not installed: {ENGINES[name].install}")
    return name
