"""How good a model is, and what to decide with it."""
