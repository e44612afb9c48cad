"""How you see it: one example traced through the three stages."""

from vitrina.glass.trace import Trace, trace

__all__ = ["Trace", "trace"]
