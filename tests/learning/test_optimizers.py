"""Every optimizer against PyTorch's, or against its paper, over thirty steps in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.learning.teaching import assert_near, examples, outcome, teach
from tests.network.on_engines import compute_all
from vitrina.engines.numpy_engine import NumpyOps
from vitrina.errors import NetworkError
from vitrina.learning import OPTIMIZERS, SGD, Adam, AdamW, Lion, Optimizer, RMSProp
from vitrina.learning.optimizers import optimizer_named
from vitrina.network import BatchNorm, Conv2D, Dense, Flatten, Input, LayerNorm, Network

STEPS = 30
RATE = 0.05

EVERY_OPTIMIZER: list[Optimizer] = [
    SGD(),
    SGD(weight_decay=0.1),
    SGD(momentum=0.9),
    SGD(momentum=0.9, nesterov=True),
    SGD(momentum=0.8, nesterov=True, weight_decay=0.1),
    RMSProp(),
    RMSProp(decay=0.99, epsilon=1e-3, weight_decay=0.1),
    Adam(),
    Adam(beta_1=0.5, beta_2=0.9, epsilon=1e-3, weight_decay=0.1),
    AdamW(),
    AdamW(weight_decay=0.3, beta_1=0.0),
    Lion(),
    Lion(weight_decay=0.2, beta_1=0.5, beta_2=0.7),
]


def test_every_optimizer_is_here():
    assert {type(optimizer) for optimizer in EVERY_OPTIMIZER} == set(OPTIMIZERS.values())


def start() -> dict[str, Any]:
    rng = np.random.default_rng(8)
    return {
        "dense_1": {"weight": rng.normal(size=(4, 3)), "bias": rng.normal(size=3)},
        "residual_1": {"dense_1": {"weight": rng.normal(size=(2, 2))}},
    }


NAMES = (("dense_1", "weight"), ("dense_1", "bias"), ("residual_1", "dense_1", "weight"))
DECAYED = {"dense_1": {"weight": 1.0, "bias": 0.0}, "residual_1": {"dense_1": {"weight": 1.0}}}


def at(tree: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        tree = tree[name]
    return tree


def slope(weight: Any, step: int) -> Any:
    """A slope that depends on the weight and on the step; means the same for NumPy, and for every engine's arrays."""
    return weight * (0.3 + 0.05 * step) - 0.4 + (0.2 if step % 3 else -0.7)


def slopes(tree: Any, step: int) -> Any:
    if isinstance(tree, dict):
        return {name: slopes(value, step) for name, value in tree.items()}
    return slope(tree, step)


def ours(optimizer: Optimizer, ops: Any, params: Any, slots: Any) -> Any:
    one = ops.array(np.float64(1.0))
    for step in range(STEPS):
        params, slots = optimizer.update(
            ops, params, slopes(params, step), slots, one * float(step + 1), one * RATE, DECAYED
        )
    return {"params": params} | ({"slots": slots} if optimizer.slots and not _slotless(optimizer) else {})


def _slotless(optimizer: Optimizer) -> bool:
    return isinstance(optimizer, SGD) and not optimizer.momentum


def in_torch(optimizer: Optimizer) -> Any:
    """The same steps by PyTorch's optimizer; biases in a group without weight decay."""
    import torch

    arrays = {path: torch.tensor(at(start(), path), requires_grad=True) for path in NAMES}
    weights, biases = ([arrays[p] for p in NAMES if (p[-1] == "bias") is bias] for bias in (False, True))
    groups = [{"params": weights, "weight_decay": optimizer.weight_decay}, {"params": biases, "weight_decay": 0.0}]
    own: Any = optimizer
    if isinstance(optimizer, SGD):
        their: Any = torch.optim.SGD(groups, RATE, momentum=own.momentum, nesterov=own.nesterov)
    elif isinstance(optimizer, RMSProp):
        their = torch.optim.RMSprop(groups, RATE, alpha=own.decay, eps=own.epsilon)
    else:
        kind = torch.optim.AdamW if isinstance(optimizer, AdamW) else torch.optim.Adam
        their = kind(groups, RATE, betas=(own.beta_1, own.beta_2), eps=own.epsilon)
    for step in range(STEPS):
        for array in arrays.values():
            array.grad = slope(array.detach(), step)
        their.step()
    return {path: array.detach().numpy() for path, array in arrays.items()}


def lion_of_the_paper(optimizer: Any) -> Any:
    """Algorithm 2 of arXiv:2302.06675, line by line."""
    out = {}
    for path in NAMES:
        theta, m = at(start(), path).copy(), 0.0
        decay = 0.0 if path[-1] == "bias" else optimizer.weight_decay
        for step in range(STEPS):
            g = slope(theta, step)
            c = optimizer.beta_1 * m + (1.0 - optimizer.beta_1) * g
            theta = theta - RATE * (np.sign(c) + decay * theta)
            m = optimizer.beta_2 * m + (1.0 - optimizer.beta_2) * g
        out[path] = theta
    return out


@pytest.mark.parametrize("optimizer", EVERY_OPTIMIZER, ids=str)
def test_thirty_steps_end_where_the_reference_ends(optimizer):
    if isinstance(optimizer, Lion):
        expected = lion_of_the_paper(optimizer)
    else:
        pytest.importorskip("torch")
        expected = in_torch(optimizer)
    found = ours(optimizer, NumpyOps("float64"), start(), optimizer.start(start()))["params"]
    for path in NAMES:
        np.testing.assert_allclose(at(found, path), expected[path], rtol=2e-12, atol=1e-12, err_msg="/".join(path))
        assert np.abs(expected[path] - at(start(), path)).max() > 0.1, "nothing moved"


def test_thirty_steps_are_the_same_on_every_engine(engine):
    functions = {
        str(optimizer): lambda ops, tree, optimizer=optimizer: ours(optimizer, ops, tree["params"], tree["slots"])
        for optimizer in EVERY_OPTIMIZER
    }
    numbers = {str(optimizer): {"params": start(), "slots": optimizer.start(start())} for optimizer in EVERY_OPTIMIZER}
    found = compute_all(engine, "float64", functions, numbers)
    for optimizer in EVERY_OPTIMIZER:
        expected = ours(optimizer, NumpyOps("float64"), start(), optimizer.start(start()))
        for path in NAMES:
            np.testing.assert_allclose(
                at(found[str(optimizer)]["params"], path),
                at(expected["params"], path),
                rtol=1e-12,
                atol=1e-13,
                err_msg=str(optimizer),
            )
        if "slots" in expected:
            for slot in optimizer.slots:
                for path in NAMES:
                    theirs = at(found[str(optimizer)]["slots"][slot], path)
                    np.testing.assert_allclose(theirs, at(expected["slots"][slot], path), rtol=1e-11, atol=1e-13)


def test_the_first_steps_of_adam_keep_their_digits_in_float32():
    """1 - β₂ is 0.001: taken as a plain difference in float32 it would keep four digits."""
    wide, narrow = NumpyOps("float64"), NumpyOps("float32")
    for step in (1.0, 2.0, 10.0, 1e5):
        for exact, found in zip(
            Adam().common(wide, np.float64(step), np.float64(0.1)),
            Adam().common(narrow, np.float32(step), np.float32(0.1)),
            strict=True,
        ):
            assert float(found) == pytest.approx(float(exact), rel=3e-7)


def test_the_first_step_of_adam_is_the_learning_rate():
    found, _ = Adam(epsilon=0.0).update(
        NumpyOps("float64"), {"w": np.array([1.0, -2.0])}, {"w": np.array([3.0, -0.01])}, {"mean": {"w": np.zeros(2)}, "square": {"w": np.zeros(2)}},  # noqa: E501
        np.float64(1.0), np.float64(0.1), {"w": 0.0},
    )  # fmt: skip
    np.testing.assert_allclose(found["w"], [0.9, -1.9], rtol=1e-12)


@pytest.mark.parametrize("engine_packs", [False, True])
@pytest.mark.parametrize("kind", [SGD, Adam, AdamW, Lion, RMSProp])
def test_weight_decay_leaves_biases_scales_and_shifts_alone(kind, engine_packs, monkeypatch):
    """Without slopes (all weights 0) only decay moves anything."""
    from vitrina import engines

    engine = engines.get("numpy", "float64")
    monkeypatch.setattr(engine, "packs_up_to", 10**9 if engine_packs else 0, raising=True)
    network = Network(Input((4, 4, 1)), Conv2D(2, 3), BatchNorm(), Flatten(), LayerNorm(), Dense(3))
    params, state = network.build(0)
    first = outcome_of(params)
    for name, array in first.items():
        array += 0.5 if name.endswith(("bias", "scale", "shift")) else 0.0
    taught = examples(network, 8, weight=np.zeros(8))
    learner = teach(
        network, taught, engine=engine, optimizer=kind(0.1, weight_decay=0.5), weights=(params, state), epochs=1
    )
    found = outcome(learner)
    for name, array in first.items():
        if name.endswith("weight"):
            assert ((found[name] - array) * array < 0).all(), f"{name} did not move towards 0"
        else:
            np.testing.assert_array_equal(found[name], array, err_msg=name)


def outcome_of(params: Any) -> Any:
    from vitrina.network.network import flatten

    return flatten(params)


def test_decoupled_decay_is_a_share_of_the_weight():
    network = Network(Input(3), Dense(2))
    params, state = network.build(0)
    taught = examples(network, 8, weight=np.zeros(8))
    for kind in (AdamW, Lion):
        found = outcome(
            teach(network, taught, optimizer=kind(0.1, weight_decay=0.5), weights=(params, state), epochs=3)
        )
        np.testing.assert_allclose(found["dense_1/weight"], params["dense_1"]["weight"] * 0.95**3, rtol=1e-12)


# -- names and options
def test_usual_rates_and_given_ones():
    assert SGD().rate == 0.01
    assert Adam().rate == AdamW().rate == RMSProp().rate == 1e-3
    assert Lion().rate == 1e-4
    assert Adam(0.3).rate == 0.3
    assert AdamW().weight_decay == 0.01


def test_optimizers_by_name():
    assert optimizer_named(None) == Adam()
    assert optimizer_named("AdamW") == AdamW()
    assert optimizer_named(SGD(0.3)) == SGD(0.3)
    with pytest.raises(NetworkError, match=r"unknown optimizer 'adagrad'; it can be sgd, rmsprop, adam, adamw, lion"):
        optimizer_named("adagrad")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Adam(0.0), "Adam: learning_rate must be above 0, not 0.0"),
        (lambda: Adam(-1.0), "learning_rate"),
        (lambda: SGD(float("inf")), "SGD: learning_rate"),
        (lambda: SGD(float("nan")), "SGD: learning_rate"),
        (lambda: SGD(momentum=1.0), r"SGD: momentum must be in \[0, 1\), not 1.0"),
        (lambda: Adam(beta_1=-0.1), "Adam: beta_1"),
        (lambda: Lion(beta_2=1.0), "Lion: beta_2"),
        (lambda: RMSProp(decay=1.5), "RMSProp: decay"),
        (lambda: AdamW(weight_decay=-1.0), "AdamW: weight_decay must be 0 or more"),
    ],
)
def test_numbers_that_cannot_be_are_answered_with_a_sentence(make, words):
    with pytest.raises(NetworkError, match=words):
        make()


# -- gradient clipping
def test_clipping_shortens_the_gradient_of_all_parameters_together():
    network = Network(Input(5), Dense(4, "tanh"), Dense(2), cost="mean_squared_error")
    taught, first = examples(network, 8), outcome_of(network.build(0)[0])

    def step(limit: float | None) -> dict[str, np.ndarray]:
        learner = teach(network, taught, optimizer=SGD(1.0), epochs=1, gradient_clip=limit)
        return {name: first[name] - array for name, array in outcome(learner).items()}

    whole = step(None)
    length = np.sqrt(sum(float(np.sum(array**2)) for array in whole.values()))
    assert_near(step(0.1 * length), {name: 0.1 * array for name, array in whole.items()}, 1e-10)
    assert_near(step(2.0 * length), whole, 1e-12)


def test_clipping_a_network_that_learns_nothing_is_no_error():
    network = Network(Input((2, 2)), Flatten(), cost="mean_squared_error")
    learner = teach(network, examples(network, 8), epochs=1, gradient_clip=1.0, optimizer=AdamW())
    assert outcome(learner) == {}
    assert len(learner.history) == 1
