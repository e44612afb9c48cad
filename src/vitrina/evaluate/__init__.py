"""How good a model is."""

from vitrina.evaluate.metrics import measure

__all__ = ["measure"]
