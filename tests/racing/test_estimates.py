"""The rule of thumb, held against what was measured."""

from __future__ import annotations

import pytest

import vitrina as vt
from vitrina.racing import estimates

# benchmarks/SPEED.md: seconds until compiled, µs a step, for each of Vitrina's own ways on two cores
WAYS = ("numpy", "jax:scan", "jax:eigen", "torch:eager", "torch:compiled", "tensorflow:graph", "tensorflow:xla")
START = (0.1, 1.2, 1.2, 2.2, 16.0, 3.4, 4.4)
DENSE = {  # inputs, units; batch, rows: µs a step
    (30, (32, 16, 2), 32, 448): (99, 17.4, 17.1, 285, 104, 179, 98.6),
    (30, (32, 16, 2), 32, 16384): (89.2, 10.6, 11.9, 268, 91.1, 114, 21.3),
    (30, (256, 256, 256, 2), 256, 16384): (1958, 1423, 1778, 2000, 1664, 1811, 1666),
    (784, (256, 128, 10), 128, 8192): (1465, 964, 944, 1522, 1165, 1493, 938),
}
CONVOLUTION = (197000, 75402, 68690, 72038, 68621, 61917, 96054)
EPOCHS = (
    1,
    10,
    100,
)  # up to those of the benchmarks; jax:scan and jax:eigen on the smallest differ by less than they vary


@pytest.fixture(autouse=True)
def everything_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimates, "is_installed", lambda _: True)
    monkeypatch.setattr(estimates, "has_cxx_compiler", lambda: True)


def taken(microseconds: tuple[float, ...], steps: int) -> dict[str, float]:
    return {way: start + steps * step / 1e6 for way, start, step in zip(WAYS, START, microseconds, strict=True)}


@pytest.mark.parametrize("epochs", EPOCHS)
@pytest.mark.parametrize("workload", list(DENSE), ids=str)
def test_dense_networks_take_at_most_a_tenth_longer_than_with_the_best(workload: tuple, epochs: int) -> None:
    inputs, units, batch, rows = workload
    hidden = [vt.Dense(count, "relu") for count in units[:-1]]
    network = vt.Network(vt.Input((inputs,)), *hidden, vt.Dense(units[-1]), cost="cross_entropy")
    seconds = taken(DENSE[workload], -(-rows // batch) * epochs)
    chosen = estimates.choose_engine(network, rows, batch, epochs)
    assert seconds[chosen] <= 1.1 * min(seconds.values())


@pytest.mark.parametrize("epochs", EPOCHS)
def test_convolutions_take_at_most_a_tenth_longer_than_with_the_best(epochs: int) -> None:
    convolutions = [vt.Conv2D(32, 3, activation="relu"), vt.Conv2D(64, 3, activation="relu"), vt.MaxPool2D(2)]
    rest = [vt.Flatten(), vt.Dense(128, "relu"), vt.Dense(10)]
    network = vt.Network(vt.Input((28, 28, 1)), *convolutions, *rest, cost="cross_entropy")
    seconds = taken(CONVOLUTION, 8 * epochs)
    chosen = estimates.choose_engine(network, 1024, 128, epochs)
    assert seconds[chosen] <= 1.1 * min(seconds.values())


def test_products_of_all_steps_of_a_sequence_are_not_narrow() -> None:
    """What is quick for narrow layers is expected to be so for a memory, which goes step by step, and not for attention."""

    def quicker(*layers: vt.Layer) -> bool:
        network = vt.Network(vt.Input((64, 32)), *layers, vt.Dense(10))
        steps = {one.engine: one.step for one in estimates.estimates(network, 64)}
        return steps["jax:eigen"] < steps["jax:scan"]

    assert quicker(vt.GRU(32))
    assert not quicker(vt.blocks.transformer(32, heads=2, hidden=64), vt.GlobalAveragePool())
