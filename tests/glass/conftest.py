"""What is looked at must not depend on how busy the machine is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from vitrina.glass import schedule


@pytest.fixture(scope="session", autouse=True)
def time_for_every_look() -> Iterator[None]:
    """Looks may take a minute here, so that none is passed over."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schedule, "GRACE", 60.0)
        yield
