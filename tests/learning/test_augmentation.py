"""Images changed at random: the same on every engine, of known effect, only while learning, and the same when resumed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vitrina as vt
from vitrina import engines
from vitrina.engines.numpy_engine import NumpyOps
from vitrina.errors import UsageError
from vitrina.learning import ConstantRate, Recipe, training_step
from vitrina.learning.augmentation import _beta_quantiles, augmentations_named, augmented
from vitrina.learning.step import start

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")  # torch 2.13 warns of itself

ALL = (vt.Flip(), vt.Shift(2), vt.Cutout(3), vt.ColourJitter(0.3, 0.2, 0.4), vt.Mixup(0.4))
NET = vt.Network(vt.Input((6, 7, 3)), vt.Conv2D(4, 3, activation="relu"), vt.Flatten(), vt.Dense(3))
NUMPY = NumpyOps("float64")


def batch(rows: int = 16, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {"x": rng.normal(size=(rows, 6, 7, 3)), "y": rng.integers(3, size=rows).astype(np.int32)}


def changed(*augmentations: vt.Augmentation, x: np.ndarray | None = None, step: int = 0) -> np.ndarray:
    key = NUMPY.key(7, np.int32(step))
    return augmented(NUMPY, augmentations, key, batch()["x"] if x is None else x)


def one_step(engine: str, augmentations: tuple[vt.Augmentation, ...]) -> tuple[dict[str, np.ndarray], float]:
    """The weights and the error after a step on a batch."""
    made = engines.get(engine, "float64")
    recipe = Recipe(NET, vt.SGD(0.1), ConstantRate(), 10, seed=3, augmentations=augmentations)
    carried = made.put(start(recipe, *NET.build(0)))
    from vitrina.engines.engine import Chunk

    index, present = np.arange(16, dtype=np.int32)[None], np.ones((1, 16), np.float32)
    after, measured = made.compile(training_step(recipe))(carried, made.put(batch()), Chunk(index, present, 1))
    params: Any = made.get(after["params"])
    return {f"{layer}/{name}": value for layer, own in params.items() for name, value in own.items()}, float(
        measured["error"][0]
    )


@pytest.mark.parametrize(
    "engine",
    ["jax", "torch", pytest.param("torch:compiled", marks=pytest.mark.slow), "tensorflow", "tensorflow:xla"],
)
def test_every_engine_changes_images_alike(engine: str) -> None:
    weights, error = one_step(engine, ALL)
    wanted, right = one_step("numpy", ALL)
    assert error == pytest.approx(right, rel=1e-9)
    assert right != one_step("numpy", ())[1]
    for name, value in wanted.items():
        np.testing.assert_allclose(weights[name], value, rtol=1e-9, atol=1e-9)


def test_a_flip_is_a_mirror_of_about_half() -> None:
    x = np.random.default_rng(0).normal(size=(400, 4, 5, 1))
    out = changed(vt.Flip(), x=x)
    same = (out == x).all(axis=(1, 2, 3))
    mirrored = (out == x[:, :, ::-1]).all(axis=(1, 2, 3))
    assert (same ^ mirrored).all()
    assert 150 < mirrored.sum() < 250


def test_a_shift_moves_by_every_distance_and_draws_the_edge_out() -> None:
    x = np.random.default_rng(0).normal(size=(500, 5, 6, 2))
    out = changed(vt.Shift(2), x=x)
    padded = np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="edge")
    seen = np.zeros((5, 5), int)
    for row in range(500):
        fits = [
            (down, right)
            for down in range(5)
            for right in range(5)
            if (out[row] == padded[row, down : down + 5, right : right + 6]).all()
        ]
        assert len(fits) == 1
        seen[fits[0]] += 1
    assert (seen > 5).all()


def test_a_cutout_hides_one_square_behind_the_mean() -> None:
    x = batch(200)["x"]
    out = changed(vt.Cutout(3), x=x)
    hidden = (out != x).any(axis=3)
    assert (hidden.sum(axis=(1, 2)) <= 9).all()
    assert (hidden.sum(axis=(1, 2)) == 9).any()
    rows, places = x.mean(axis=(1, 2))[:, None, None, :] + np.zeros_like(x), np.broadcast_to(hidden[..., None], x.shape)
    np.testing.assert_allclose(out[places], rows[places])


def test_jitter_keeps_the_picture() -> None:
    x = batch(50)["x"]
    np.testing.assert_allclose(changed(vt.ColourJitter(0.0, 0.0, 0.0), x=x), x, atol=1e-12)
    out = changed(vt.ColourJitter(0.3, 0.3, 0.0), x=x)
    for before, after in zip(x, out, strict=True):
        assert np.corrcoef(before.ravel(), after.ravel())[0, 1] == pytest.approx(1.0)  # lighter, or of more contrast
    assert np.abs(out - x).max() > 0.1


def test_mixup_is_the_mean_of_two_errors() -> None:
    """By its definition: the error of the mixed images, once by each target, each for its share."""
    mixup, data = vt.Mixup(0.4), batch()
    _, error = one_step("numpy", (mixup,))
    from vitrina.learning.stages import forward_propagation
    from vitrina.network.layer import Context

    key = NUMPY.key(3, np.int32(0))
    partners, share = (
        mixup.partners(NUMPY, key, 16),
        mixup.share(NUMPY, key, 16),
    )
    assert (partners != np.arange(16)).all()
    assert sorted(partners.tolist()) == list(range(16))
    wide = share[:, None, None, None]
    params, state = NET.build(0)
    mixed = wide * data["x"] + (1 - wide) * data["x"][partners]
    prediction, _, _ = forward_propagation(NUMPY, NET, params, state, mixed, Context())
    losses = [NET.cost.per_example(NUMPY, prediction, y) for y in (data["y"], data["y"][partners])]
    assert error == pytest.approx(float(np.mean(share * losses[0] + (1 - share) * losses[1])))


def test_the_gradient_of_a_mixed_batch_is_that_of_its_error() -> None:
    """Finite differences of the error by a weight, through the step itself: with SGD, before - after = rate · gradient."""
    weights, _ = one_step("numpy", ALL)
    params, state = NET.build(0)
    recipe = Recipe(NET, vt.SGD(0.1), ConstantRate(), 10, seed=3, augmentations=ALL)
    step, data = training_step(recipe), batch()

    def error_with(layer: str, name: str, place: int, by: float) -> float:
        moved = {key: dict(own) for key, own in params.items()}
        moved[layer][name] = moved[layer][name].copy()
        moved[layer][name].reshape(-1)[place] += by
        return float(step(NUMPY, start(recipe, moved, state), data)[1]["error"])

    for layer, name, place in (("conv2d_1", "weight", 5), ("dense_1", "weight", 11), ("dense_1", "bias", 2)):
        slope = (error_with(layer, name, place, 1e-6) - error_with(layer, name, place, -1e-6)) / 2e-6
        moved = params[layer][name].reshape(-1)[place] - weights[f"{layer}/{name}"].reshape(-1)[place]
        assert moved / 0.1 == pytest.approx(slope, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 2.0])
def test_shares_are_drawn_as_beta_says(alpha: float) -> None:
    from scipy import stats

    places = (np.arange(4096) + 0.5) / 4096
    np.testing.assert_allclose(_beta_quantiles(alpha), 1.0 - stats.beta.ppf(places / 2.0, alpha, alpha), atol=2e-4)


def test_only_what_is_learned_from_is_changed(tmp_path: Path) -> None:
    """A rate of 0 leaves the weights: then the validation error is the same with augmentation as without, the other is not."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(64, 6, 7, 3)).astype(np.float32), rng.integers(3, size=64)
    told = [
        vt.train((x, y), network=NET, validation=(x, y), augment=augment, learning_rate=1e-30, epochs=1, engine="numpy")
        for augment in ("none", ALL)
    ]
    assert told[0].history["validation_error"] == told[1].history["validation_error"]
    assert told[0].history["error"] != told[1].history["error"]


@pytest.mark.parametrize("engine", ["numpy", "jax"])
def test_a_stopped_run_goes_on_to_the_same_weights(tmp_path: Path, engine: str) -> None:
    rng = np.random.default_rng(0)
    data = rng.normal(size=(90, 6, 7, 3)).astype(np.float32), rng.integers(3, size=90)

    class Stop(vt.Callback):
        def epoch_done(self, learner: Any, row: Any) -> None:
            if learner.epoch == 2:
                raise KeyboardInterrupt

    options: dict[str, Any] = {"network": NET, "augment": ALL, "epochs": 4, "engine": engine, "validation": 0.2}
    whole = vt.train(data, out=tmp_path / "whole", **options)
    with pytest.raises(KeyboardInterrupt):
        vt.train(data, out=tmp_path / "half", callbacks=[Stop()], checkpoint_every=0.0, **options)
    resumed = vt.train(data, resume=tmp_path / "half")
    for name, value in whole.weights.items():
        np.testing.assert_array_equal(resumed.weights[name], value)


def test_each_member_of_a_population_sees_its_own(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    data = rng.normal(size=(60, 6, 7, 3)).astype(np.float32), rng.integers(3, size=60)
    options: dict[str, Any] = {
        "network": NET, "augment": ALL, "epochs": 2, "precision": "float64", "engine": "numpy", "learning_rate": 0.01,
    }  # fmt: skip
    many = vt.train(data, vary={"seed": [0, 1]}, early_stop=False, **options)
    for seed, model in enumerate(many.members):
        alone = vt.train(data, seed=seed, **options)
        for name, value in alone.weights.items():
            np.testing.assert_allclose(model.weights[name], value, rtol=0, atol=1e-9)


def test_what_is_typed_is_what_is_done() -> None:
    found = augmentations_named("flip, shift=3,cutout=6,jitter=0.1,mixup=0.3")
    assert found == (vt.Flip(), vt.Shift(3), vt.Cutout(6), vt.ColourJitter(0.1, 0.1, 0.1), vt.Mixup(0.3))
    assert tuple(vt.Augmentation.from_json(one.to_json()) for one in found) == found
    assert augmentations_named("none") == augmentations_named(None) == ()
    assert augmentations_named(["flip", vt.Shift(1)]) == (vt.Flip(), vt.Shift(1))
    for wrong, told in (
        ("turn", "'turn' is nothing"),
        ("flip=2", "'flip=2' is nothing"),
        ("shift=x", "takes a number"),
        ("shift=inf", "takes a number"),
        ("mixup=nan", "takes a number"),
        ("shift=0", "1 or more"),
        ("shift=1.5", "whole number"),
        ("jitter=3", "between 0 and 1"),
        ("mixup=-1", "above 0"),
        ("flip,flip", "twice"),
    ):
        with pytest.raises(UsageError, match=told):
            augmentations_named(wrong)


def test_a_network_chosen_for_images_comes_with_what_suits_them(tmp_path: Path) -> None:
    """Grey images are shifted, photographs mirrored too; tables and tiny images are left alone; what is asked for is done."""
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=80)
    said = {}
    for name, shape in (("grey", (20, 20, 1)), ("colour", (20, 20, 3)), ("tiny", (8, 8, 1))):
        x = rng.normal(size=(80, *shape)).astype(np.float32)
        model = vt.train((x, y), epochs=1, engine="numpy")
        said[name] = [one["type"] for one in model.settings["augment"]], model.settings["schedule"]["type"]
    assert said == {
        "grey": (["Shift"], "OneCycle"),
        "colour": (["Flip", "Shift"], "OneCycle"),
        "tiny": ([], "ConstantRate"),
    }
    x = rng.normal(size=(80, 20, 20, 1)).astype(np.float32)
    assert vt.train((x, y), epochs=1, engine="numpy", augment="none").settings["augment"] == []


def test_a_table_has_no_images_to_change() -> None:
    x, y = np.zeros((20, 4), np.float32), np.zeros(20, np.int64)
    net = vt.Network(vt.Input((4,)), vt.Dense(2))
    with pytest.raises(UsageError, match=r"change images, and the inputs are \(4\)"):
        vt.train((x, y), network=net, augment="flip", epochs=1)
    assert replace(vt.Mixup(), alpha=0.5).alpha == 0.5
    assert vt.train((x, y), network=net, augment="mixup", epochs=1, engine="numpy").history["error"]
