"""What is looked at must not depend on how busy the machine is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from vitrina.glass import schedule


@pytest.fixture(scope="session", autouse=True)
def time_for_every_look() -> Iterator[None]:
    """Looks may take any share of the time here, so that none is passed over."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schedule, "SHARE", 1e9)
        yield
