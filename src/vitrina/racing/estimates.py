"""What each engine will take, as a rule of thumb: which to try first, and which to take where trying would cost too much."""

from __future__ import annotations

from dataclasses import dataclass

from vitrina.engines.compiler import has_cxx_compiler
from vitrina.engines.registry import ENGINES, is_installed
from vitrina.network.along import Conv1D
from vitrina.network.convolution import Conv2D
from vitrina.network.network import Network, flatten
from vitrina.network.recurrent import GRU, LSTM

NARROW = 128  # inputs or units, whichever are fewer


@dataclass(frozen=True)
class Cost:
    """What an engine's variant takes on a small machine (two cores with AVX-512), rounded.

    start: seconds until the first step is compiled; layer: seconds a step and layer, whatever the size; then FLOP/s in products,
    in products of narrow layers, and in convolutions. Only their ratios matter, and only where the gap is wide.
    """

    start: float
    layer: float
    products: float
    narrow: float
    convolution: float


# benchmarks/SPEED.md, the rows of Vitrina's own engines
COSTS = {
    "numpy": Cost(0.0, 27e-6, 105e9, 90e9, 45e9),
    "jax:scan": Cost(1.3, 3e-6, 145e9, 105e9, 120e9),
    "jax:eigen": Cost(1.3, 3e-6, 118e9, 135e9, 133e9),
    "torch:eager": Cost(1.6, 85e-6, 105e9, 85e9, 118e9),
    "torch:compiled": Cost(16.0, 28e-6, 125e9, 110e9, 123e9),
    "tensorflow:graph": Cost(3.5, 36e-6, 116e9, 86e9, 160e9),
    "tensorflow:xla": Cost(4.4, 6e-6, 126e9, 120e9, 102e9),
}


@dataclass(frozen=True)
class Estimate:
    """What a contestant will probably take: `engine` with its variant, seconds to start and seconds a step."""

    engine: str
    start: float
    step: float

    def seconds(self, steps: int) -> float:
        """For a training of so many steps."""
        return self.start + steps * self.step


def estimates(network: Network, batch_size: int) -> list[Estimate]:
    """One for each engine and variant that can run here and can teach this network, in the order of the registry."""
    convolution, rest, repeated = _work(network)
    narrow = _is_narrow(network)
    found: list[Estimate] = []
    for engine in contestants(network):
        cost = COSTS[engine]
        products = cost.narrow if narrow else cost.products
        step = repeated * cost.layer + 3 * batch_size * (convolution / cost.convolution + rest / products)
        found.append(Estimate(engine, cost.start, step))
    return found


def contestants(network: Network) -> list[str]:
    """Engines, with their variants if they have several, that are installed and can teach this network: `numpy`, `jax:scan`."""
    return [
        f"{name}:{variant}" if len(entry.variants) > 1 else name
        for name, entry in ENGINES.items()
        if is_installed(name) and not (name == "numpy" and needs_derivative(network))
        for variant in entry.variants
        if (name, variant) != ("torch", "compiled") or has_cxx_compiler()
    ]


def choose_engine(network: Network, rows: int, batch_size: int, epochs: int) -> str:
    """The contestant that is likely to finish this training first, such as "jax:scan"."""
    steps = -(-rows // batch_size) * epochs
    likely = min(estimates(network, batch_size), key=lambda one: one.seconds(steps), default=None)
    return likely.engine if likely else "numpy"


def with_variant(engine: str, network: Network, rows: int, batch_size: int, epochs: int) -> str:
    """The engine with the way of running a chunk that suits this training, such as "tensorflow:graph"; as given if it has one.

    Eigen is quicker at the products of narrow layers; TensorFlow's own convolutions are fast outside XLA only; compiling
    PyTorch pays for many steps of a small network.
    """
    steps = -(-rows // batch_size) * epochs
    own = [one for one in estimates(network, batch_size) if one.engine.partition(":")[0] == engine]
    return min(own, key=lambda one: one.seconds(steps)).engine if own else engine


def needs_derivative(network: Network) -> bool:
    """True if some layer has no backward pass of its own, so that the engine must differentiate it."""
    return any(not layer.has_backward for _, layer, _ in network.walk())


def _work(network: Network) -> tuple[int, int, int]:
    """FLOPs of an example's forward pass in convolutions and in all else, and how many layers' worth of calls a step makes."""
    convolution = rest = calls = 0
    for _, layer, shape in network.walk():
        if layer.entrances:
            continue
        calls += shape[0] if isinstance(layer, GRU | LSTM) else 1
        if isinstance(layer, Conv1D | Conv2D):
            convolution += layer.flops(shape)
        else:
            rest += layer.flops(shape)
    return convolution, rest, calls


def _is_narrow(network: Network) -> bool:
    """True if no layer joins many inputs to many units, and none convolves (as patches × matrix: many of both).

    Nor may any treat the steps of a sequence at once: that is one product of very many rows. A memory goes step by step.
    """
    for _, layer, shape in network.walk():
        if not layer.entrances and len(shape) > 1 and not isinstance(layer, GRU | LSTM) and layer.flops(shape):
            return False
    sizes = [array.shape for array in flatten(network.build(0)[0]).values() if array.ndim > 1]
    return bool(sizes) and all(len(shape) == 2 and min(shape) <= NARROW for shape in sizes)
