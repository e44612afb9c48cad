"""How fast Vitrina learns, beside the tools people already use (`python -m benchmarks`), and starts (`.startup`).

Every contestant learns the same network on the same rows from the same weights with Adam in float32, each in a fresh
process of its own; they take turns, round after round, and the median of their rounds is what counts.
"""
