"""Every engine in each of its variants, for tests that ask all of them; those that are not installed are skipped, saying so."""

from __future__ import annotations

import pytest

from vitrina.engines.registry import ENGINES, is_installed

EVERY = [
    pytest.param(
        f"{name}:{variant}", marks=pytest.mark.skipif(not is_installed(name), reason=f"not installed: {entry.install}")
    )
    for name, entry in ENGINES.items()
    for variant in entry.variants
]
