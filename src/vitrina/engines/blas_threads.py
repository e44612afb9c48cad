"""How many threads NumPy's matrix products take: one, where a second would be waited for longer than it helps."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

# Operations of a step. On 2 free cores one thread takes as long as two up to here, and 1.15 times as long at twice as many. Where
# others are at work, and on many cores, the second is worth less: a small table then took 14.7 s with it, and 3.1 without.
LONELY = 1e8


def threads_for(flops: float | None) -> AbstractContextManager[Any]:
    """Within it, products take as many threads as pay where a step is so many operations; None: as many as there are."""
    pools = _pools()
    return nullcontext() if flops is None or flops > LONELY or pools is None else pools.limit(limits=1, user_api="blas")


@cache
def _pools() -> Any:
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:  # a bare machine with NumPy and one framework: as fast as it comes
        return None
    return ThreadpoolController()
