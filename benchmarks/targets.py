"""Who is compared with whom, and how much faster ours must be. A ratio is the peer's time per step ÷ ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isnan, prod

from benchmarks.contestants import CONTESTANTS
from benchmarks.deep import DEEP
from benchmarks.harness import Measurement, Session
from benchmarks.workloads import AUTO_EPOCHS, AUTO_ROWS, CNN, IMAGE, TINY, WIDE, WORKLOADS

ALL = WORKLOADS | DEEP
OURS, PEERS = "ours", "high-level"


def a_step(measured: Measurement) -> float:
    return measured.step


def whole_training(measured: Measurement) -> float:
    """Seconds from nothing to the end of the training that "auto" chooses for: imports and compiling too, and its own race."""
    steps = AUTO_ROWS // ALL[measured.workload].batch * AUTO_EPOCHS
    return measured.import_seconds + measured.compile_seconds + steps * measured.step


@dataclass(frozen=True)
class Duel:
    """The fastest of ours against the fastest of the rivals, by `cost`, with the ratio to reach on each network."""

    title: str
    ours: tuple[str, ...]
    rivals: tuple[str, ...]
    targets: Mapping[str, float] = field(default_factory=dict[str, float])
    cost: Callable[[Measurement], float] = a_step


AT_LEAST_EVEN = {WIDE: 1.0, IMAGE: 1.0}
BEST_TARGETS = {TINY: 6.0, WIDE: 1.15, IMAGE: 1.3, CNN: 1.0} | dict.fromkeys(DEEP, 1.0)
JAX = ("vitrina-jax", "vitrina-jax-eigen")
TORCH, TORCH_COMPILED = "vitrina-torch", "vitrina-torch-compiled"
TENSORFLOW = ("vitrina-tensorflow", "vitrina-tensorflow-xla")
SCANS = ("jax-scan", "jax-scan-patches")
EVEN_WITH_SCAN: dict[str, float] = dict.fromkeys((TINY, WIDE, IMAGE, CNN), 1 / 1.05)

EVERY = (TINY, WIDE, IMAGE, CNN, *DEEP)
EACH_OF_OURS = tuple(name for name, one in CONTESTANTS.items() if one.kind == OURS and "auto" not in name)
HIGH_LEVEL = tuple(name for name, one in CONTESTANTS.items() if one.kind == PEERS)

AUTO_AND_PEERS = Duel('engine="auto", fastest peer', ("vitrina-auto",), HIGH_LEVEL, dict.fromkeys(EVERY, 1.0))
MEAN_TARGET = 1.5  # of the ratios of AUTO_AND_PEERS

ENGINE_DUELS = (
    AUTO_AND_PEERS,
    Duel(
        'engine="auto" with the base install, fastest peer',
        ("vitrina-auto-base",),
        HIGH_LEVEL,
        dict.fromkeys(EVERY, 0.8),
    ),
    Duel('engine="auto", best engine here', ("vitrina-auto",), EACH_OF_OURS),
    Duel(
        f'engine="auto", best engine here, a whole training of {AUTO_ROWS:,} rows, {AUTO_EPOCHS} epochs',
        ("vitrina-auto",),
        EACH_OF_OURS,
        dict.fromkeys(EVERY, 1 / 1.1),
        whole_training,
    ),
    Duel('engine="auto", JAX step loop by hand', ("vitrina-auto",), ("jax-step",), {TINY: 2.3}),
    Duel("NumPy engine, scikit-learn", ("vitrina-numpy",), ("scikit-learn",), {TINY: 2.0} | AT_LEAST_EVEN),
    Duel("torch engine, PyTorch loop", (TORCH,), ("pytorch",), {TINY: 1.4}),
    Duel("torch engine compiled, PyTorch loop", (TORCH_COMPILED,), ("pytorch",), {TINY: 3.0}),
    Duel("torch engine (better form), PyTorch loop", (TORCH, TORCH_COMPILED), ("pytorch",), AT_LEAST_EVEN | {CNN: 1.0}),
    Duel(
        "TensorFlow engine (better form), Keras",
        TENSORFLOW,
        ("keras-tensorflow",),
        {TINY: 6.0, CNN: 1.0} | AT_LEAST_EVEN,
    ),
    Duel("TensorFlow engine (better form), Keras 128 steps a call", TENSORFLOW, ("keras-tensorflow-128",)),
    Duel("JAX engine (better form), Keras", JAX, ("keras-jax",), {TINY: 6.0, CNN: 2.8} | AT_LEAST_EVEN),
    Duel("JAX engine (better form), Keras 128 steps a call", JAX, ("keras-jax-128",)),
    Duel("JAX engine (better form), step loop by hand", JAX, ("jax-step",)),
    Duel("JAX engine (better form), scan by hand (faster convolution)", JAX, SCANS, EVEN_WITH_SCAN),
)

# A process holds its framework, which is most of it: an engine's memory is judged beside the peers on its framework.
NO_MORE = dict.fromkeys(EVERY, 1 / 1.2)
MEMORY_DUELS = (
    Duel("NumPy engine, scikit-learn", ("vitrina-numpy",), ("scikit-learn",), NO_MORE),
    Duel("torch engine, PyTorch loop", (TORCH,), ("pytorch",), NO_MORE),
    Duel("torch engine compiled, PyTorch loop compiled", (TORCH_COMPILED,), ("pytorch-compiled",), NO_MORE),
    Duel("TensorFlow engine, Keras", TENSORFLOW, ("keras-tensorflow", "keras-tensorflow-128"), NO_MORE),
    Duel("JAX engine, Keras and Flax", JAX, ("keras-jax", "keras-jax-128", "flax-nnx"), NO_MORE),
    Duel('engine="auto", smallest peer on any framework', ("vitrina-auto",), HIGH_LEVEL),
)


@dataclass(frozen=True)
class Verdict:
    """One ratio of a duel on a workload, and whether it is enough."""

    workload: str
    ours: str
    rival: str
    ratio: float  # nan: one of the two was not measured
    target: float | None

    @property
    def words(self) -> str:
        if isnan(self.ratio):
            return "not measured"
        if self.target is None:
            return "no target"
        return "reached" if self.ratio >= self.target else "**not reached**"


def fastest(
    candidates: Mapping[str, Measurement],
    names: tuple[str, ...] | None = None,
    cost: Callable[[Measurement], float] = a_step,
) -> Measurement | None:
    """The one of these names, or of all, that costs the least time; None if none was measured."""
    found = [m for name, m in candidates.items() if names is None or name in names]
    return min(found, key=cost, default=None)


def smallest(candidates: Mapping[str, Measurement], names: tuple[str, ...]) -> Measurement | None:
    """The lowest peak of memory among these names; None if none was measured."""
    found = [m for name, m in candidates.items() if name in names and m.peak_bytes]
    return min(found, key=lambda m: m.peak_bytes, default=None)


def best_of_ours(session: Session, workload: str) -> Verdict:
    """The best engine here against the fastest high-level peer."""
    measured = session.of(workload)
    ours = fastest({name: m for name, m in measured.items() if m.kind == OURS})
    peer = fastest({name: m for name, m in measured.items() if m.kind == PEERS})
    return _verdict(workload, ours, peer, BEST_TARGETS)


def judge(session: Session, duel: Duel, workload: str) -> Verdict:
    measured = session.of(workload)
    ours, rival = (fastest(measured, names, duel.cost) for names in (duel.ours, duel.rivals))
    return _verdict(workload, ours, rival, duel.targets, duel.cost)


def judge_memory(session: Session, duel: Duel, workload: str) -> Verdict:
    """As `judge`, with the peaks of memory of the smallest of each side."""
    measured = session.of(workload)
    ours, rival = smallest(measured, duel.ours), smallest(measured, duel.rivals)
    return _verdict(workload, ours, rival, duel.targets, lambda m: m.peak_bytes)


def mean_ratio(session: Session) -> float:
    """Geometric mean of what `auto` reaches beside the fastest peer, each network once; nan if one is missing."""
    networks = {ALL[name].network: name for name in dict.fromkeys(m.workload for m in session.measurements)}
    ratios = [judge(session, AUTO_AND_PEERS, name).ratio for name in networks.values()]
    return prod(ratios) ** (1 / len(ratios)) if ratios else float("nan")


def _verdict(
    workload: str,
    ours: Measurement | None,
    rival: Measurement | None,
    targets: Mapping[str, float],
    cost: Callable[[Measurement], float] = a_step,
) -> Verdict:
    ratio = cost(rival) / cost(ours) if ours and rival else float("nan")
    target = targets.get(ALL[workload].network)
    return Verdict(workload, ours.contestant if ours else "", rival.contestant if rival else "", ratio, target)
