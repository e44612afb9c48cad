"""Which engine finishes a training first, as a rule of thumb: starting a compiler must pay for itself."""

from __future__ import annotations

from vitrina.engines.compiler import has_cxx_compiler
from vitrina.engines.registry import is_installed
from vitrina.network.along import Conv1D
from vitrina.network.convolution import Conv2D
from vitrina.network.network import Network, flatten

# What was measured on two cores (benchmarks/RESULTS.md), rounded: it decides only which side of a wide gap one is on.
NUMPY_SECONDS_A_LAYER = 25e-6  # per step and layer, whatever the size
NUMPY_FLOPS_A_SECOND = 3e10
COMPILING_SECONDS = 2.0  # importing JAX and compiling
TORCH_STEPS = 100_000  # torch.compile takes about 20 s and saves about 200 µs of each step of a small network
TORCH_SMALL_FLOPS = 2e6  # forward, of a batch
NARROW = 128  # inputs or units, whichever are fewer


def choose_engine(network: Network, rows: int, batch_size: int, epochs: int) -> str:
    """'numpy' if it would be done before JAX has compiled, else 'jax', or what is installed."""
    steps = -(-rows // batch_size) * epochs
    layers = sum(1 for _ in network.walk())
    seconds = steps * layers * NUMPY_SECONDS_A_LAYER + 3 * network.flops * rows * epochs / NUMPY_FLOPS_A_SECOND
    if seconds <= COMPILING_SECONDS and not needs_derivative(network):
        return "numpy"
    return next((name for name in ("jax", "tensorflow", "torch") if is_installed(name)), "numpy")


def with_variant(engine: str, network: Network, rows: int, batch_size: int, epochs: int) -> str:
    """The engine with the way of running a chunk that suits this training, such as "tensorflow:graph".

    Eigen is quicker at the products of narrow layers; TensorFlow's own convolutions are fast outside XLA only; compiling
    PyTorch pays for many steps of a small network.
    """
    if engine == "jax":
        return "jax:eigen" if _is_narrow(network) else "jax:scan"
    if engine == "tensorflow":
        convolves = any(isinstance(layer, Conv1D | Conv2D) for _, layer, _ in network.walk())
        return "tensorflow:graph" if convolves else "tensorflow:xla"
    if engine == "torch":
        steps = -(-rows // batch_size) * epochs
        small = network.flops * batch_size < TORCH_SMALL_FLOPS
        return "torch:compiled" if small and steps > TORCH_STEPS and has_cxx_compiler() else "torch:eager"
    return engine


def _is_narrow(network: Network) -> bool:
    """True if no layer joins many inputs to many units, and none convolves (as patches × matrix: many of both)."""
    sizes = [array.shape for array in flatten(network.build(0)[0]).values() if array.ndim > 1]
    return bool(sizes) and all(len(shape) == 2 and min(shape) <= NARROW for shape in sizes)


def needs_derivative(network: Network) -> bool:
    """True if some layer has no backward pass of its own, so that the engine must differentiate it."""
    return any(not layer.has_backward for _, layer, _ in network.walk())
