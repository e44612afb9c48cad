"""What is given to a training from Python: numbers of NumPy's, arrays of odd kinds, and what cannot be meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vitrina as vt

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 4)).astype(np.float32)
Y = (X[:, 0] > 0).astype(np.int64)
NETWORK = vt.Network(vt.Input((4,)), vt.Dense(6, "relu"), vt.Dense(2))
BRIEF: dict[str, Any] = {"network": NETWORK, "engine": "numpy", "epochs": 1, "learning_rate": 0.01}


def taught(data: Any = (X, Y), **choices: Any) -> vt.Model:
    return vt.train(data, **(BRIEF | choices))


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"target": NETWORK}, "network as network="),
    ({"target": Y}, "one pair"),
    ({"network": [vt.Dense(2)]}, "network must be a vt.Network"),
    ({"seed": None}, "seed must be a whole number of 0 or more"),
    ({"seed": -1}, "seed must be a whole number of 0 or more"),
    ({"epochs": 2.5}, "epochs must be a whole number of 1 or more"),
    ({"gradient_clip": -1.0}, "gradient_clip must be a number above 0"),
    ({"gradient_clip": float("nan")}, "gradient_clip must be a number above 0"),
    ({"weight_average": "0.9"}, "weight_average"),
    ({"shuffle": "no"}, "shuffle must be True or False"),
    ({"class_weight": [1, 2]}, "class_weight must be weights by class"),
    ({"class_weight": {0: -1}}, "weight of 0 must be"),
    ({"class_weight": {0: float("inf")}}, "weight of 0 must be"),
    ({"class_weight": {0: 0, 1: 0}}, "not all 0"),
    ({"sample_weight": ["a"] * 40}, "sample_weight must hold numbers"),
    ({"callbacks": [vt.Callback]}, "callbacks are functions"),
    ({"callbacks": "x"}, "callbacks are functions"),
    ({"weights": [1, 2]}, "weights are arrays by name"),
    ({"engine": None}, "unknown engine None"),
    ({"optimizer": vt.Adam}, "unknown optimizer"),
    ({"schedule": vt.Cosine}, "unknown schedule"),
    ({"vary": [0.1]}, "vary must be lists by name"),
    ({"vary": {"lr": "a"}}, "vary: lr must be"),
    ({"checkpoint_every": "often"}, "checkpoint_every must be a finite number of 0 or more"),
    ({"stream": 5}, "stream must be True or False"),
    ({"record": "all"}, "record must be True or False"),
    ({"image_size": 5}, "image_size must be"),
    ({"columns": ["a"]}, "columns must be roles by column"),
    ({"drop": 5}, "drop must be names of columns"),
    ({"test": (X, Y)}, "test must be a share of the rows, 0 or more and below 1, such as 0.15, not tuple$"),
    ({"augment": 5}, "augment: '5' is nothing"),
    ({"out": 5}, "out must be a path, not 5"),
    ({"out": "a\0b"}, "out must be a path"),
    ({"out": "a" * 300}, "choose another --out"),
    ({"validation": (X,)}, r"validation must be \(x, y\).* not tuple"),
    ({"validation": "digits"}, r"validation must be \(x, y\).* not str"),
    ({"validation": {"x": X, "y": Y}}, r"validation must be \(x, y\).* not dict"),
    ({"validation": True}, "validation must be a share"),
]


@pytest.mark.parametrize(("choice", "told"), REFUSED, ids=[f"{choice}" for choice, _ in REFUSED])
def test_what_cannot_be_meant_is_said_before_training(choice: dict[str, Any], told: str) -> None:
    with pytest.raises(vt.VitrinaError, match=told):
        taught(**choice)


IGNORED: list[dict[str, Any]] = [
    {"target": "y"},
    {"columns": {"a": "numeric"}},
    {"drop": "a"},
    {"image_size": (8, 8)},
    {"drop_leaks": True},
    {"stream": True},
    {"test": 0.2},
]


@pytest.mark.parametrize("choice", IGNORED, ids=[*map(str, IGNORED)])
def test_nothing_is_ignored_beside_arrays_that_are_taken_as_they_are(choice: dict[str, Any]) -> None:
    with pytest.raises(vt.UsageError, match=f"{next(iter(choice))} would change nothing"):
        taught(**choice)
    with pytest.raises(vt.UsageError, match=f"{next(iter(choice))} would change nothing"):
        taught([X, Y], **choice)


def test_what_says_the_usual_is_no_choice() -> None:
    usual: dict[str, Any] = {
        "test": 0,
        "columns": None,
        "drop": None,
        "stream": False,
        "drop_leaks": False,
        "validation": 0,
    }
    assert taught(**usual).history[0]["error"] == taught().history[0]["error"]


@pytest.mark.parametrize(
    "choice", [{"epochs": 5}, {"network": NETWORK}, {"out": "elsewhere"}, {"class_weight": "balanced"}]
)
def test_a_run_that_goes_on_takes_no_other_settings(choice: dict[str, Any], tmp_path: Path) -> None:
    taught(out=tmp_path / "run", record=False)
    with pytest.raises(vt.UsageError, match=f"leave out {next(iter(choice))}, or train anew"):
        vt.train((X, Y), resume=tmp_path / "run", **choice)
    assert len(vt.train((X, Y), resume=tmp_path / "run", seed=0, drop=(), record=False).history) == 1


def test_a_table_is_judged_by_a_table() -> None:
    table = {"a": X[:, 0], "b": X[:, 1], "y": Y}
    with pytest.raises(vt.UsageError, match="validation must be a table with the column 'y'"):
        taught(table, target="y", network=None, validation=(X[:, :2], Y))


def test_numbers_of_numpy_are_kept_with_the_run(tmp_path: Path) -> None:
    numbers: dict[str, Any] = {
        "seed": np.int64(3),
        "epochs": np.int32(1),
        "batch_size": np.int64(8),
        "gradient_clip": np.float32(1),
        "learning_rate": np.float32(0.01),
        "weight_average": np.float32(0.5),
        "validation": np.float32(0.25),
    }
    model = taught(**numbers, out=tmp_path / "run", record=False)
    assert vt.load(tmp_path / "run").settings == model.settings
    assert model.measured["rows"] == {"train": 30, "validation": 10, "test": 0}


def test_a_callback_may_stand_alone() -> None:
    seen: list[Any] = []
    taught(callbacks=seen.append)
    taught(callbacks=None)
    assert len(seen) == 1


def test_one_rate_may_stand_alone() -> None:
    assert len(vt.train((X, Y), **(BRIEF | {"learning_rate": None, "vary": {"lr": 0.01}})).members) == 1


@pytest.mark.parametrize(
    "y",
    [Y[:, None], Y.astype(float), Y.astype(bool), Y.astype(object), np.eye(2)[Y], Y.astype(">i8"), Y.tolist()],
    ids=["column", "float", "bool", "object", "shares", "big-endian", "list"],
)
def test_classes_are_taught_and_judged_however_they_are_written(y: Any) -> None:
    usual = taught()
    model = taught((X, y))
    np.testing.assert_array_equal(model.raw(X), usual.raw(X))
    expected, found = usual.evaluate(X, Y), model.evaluate(X, y)
    assert found == pytest.approx(expected)
    assert model.evaluate(X[:2], np.eye(2)[Y[:2]])["accuracy"] == usual.evaluate(X[:2], Y[:2])["accuracy"]


def test_shares_of_one_output_are_judged_as_while_learning() -> None:
    network = vt.Network(vt.Input((4,)), vt.Dense(1), cost="binary_cross_entropy")
    soft = np.where(Y > 0, 0.9, 0.1)
    model = taught((X, soft), network=network, validation=(X, soft))
    assert model.evaluate(X, soft)["accuracy"] == pytest.approx(model.history[-1]["validation_accuracy"])


@pytest.mark.parametrize("engine", ["numpy", "jax"])
def test_large_whole_numbers_do_not_wrap(engine: str) -> None:
    model, large = taught(), (X * 1e11).astype(np.int64)
    np.testing.assert_allclose(model.raw(large, engine), model.raw(large.astype(np.float32), engine), rtol=1e-5)
    numbers = vt.Network(vt.Input((4,)), vt.Dense(1), cost="mean_squared_error")
    errors = [taught((X, y), network=numbers).history[0]["error"] for y in (large[:, 0], large[:, 0].astype(float))]
    assert errors[0] == pytest.approx(errors[1], rel=1e-5)


def test_hidden_values_are_not_learned_from() -> None:
    with pytest.raises(vt.DataError, match="x has masked values"):
        taught((np.ma.masked_array(X, X > 1), Y))


def test_weights_of_all_rows_go_along_with_a_share_that_is_held_back() -> None:
    weight = np.linspace(0.1, 2.0, len(X))
    order = np.random.default_rng(0).permutation(len(X))
    held = np.sort(order[:10])
    kept = np.setdiff1d(np.arange(len(X)), held)
    by_share = taught(validation=0.25, sample_weight=weight)
    by_hand = taught((X[kept], Y[kept]), validation=(X[held], Y[held]), sample_weight=weight[kept])
    np.testing.assert_array_equal(by_share.raw(X), by_hand.raw(X))


def test_the_second_argument_of_an_optimizer_is_what_it_is_elsewhere() -> None:
    assert vt.SGD(0.1, 0.9) == vt.SGD(0.1, momentum=0.9)
    assert vt.AdamW(1e-3, 0.02) == vt.AdamW(1e-3, weight_decay=0.02)
    assert vt.Adam(1e-3, 0.8, 0.99) == vt.Adam(1e-3, beta_1=0.8, beta_2=0.99)
    assert vt.RMSProp(1e-3, 0.8) == vt.RMSProp(1e-3, decay=0.8)


IMPOSSIBLE: list[tuple[Any, str]] = [
    (lambda: vt.Dropout("0.5"), "Dropout: rate must be a number"),  # pyright: ignore
    (lambda: vt.BatchNorm(epsilon=None), "BatchNorm: epsilon must be a number"),  # pyright: ignore
    (lambda: vt.LSTM(3, return_sequences="a"), "return_sequences must be True or False"),  # pyright: ignore
    (lambda: vt.Dense(3, activation=["relu"]), "unknown activation"),  # pyright: ignore
    (lambda: vt.Dense(3, initialiser=["zeros"]), "unknown initialiser"),  # pyright: ignore
    (lambda: vt.Network(vt.Input((4,)), vt.Dense(3, name=5)), "cannot be called 5"),  # pyright: ignore
    (lambda: vt.Network(vt.Input((4,)), vt.Dense(3), cost=["mse"]), "unknown cost"),  # pyright: ignore
    (lambda: vt.Conv2D(3, 3, padding=None), "padding must be 'valid', 'same'"),  # pyright: ignore
    (lambda: vt.Conv2D(3, 3, padding=1.5), "padding must be 'valid', 'same'"),  # pyright: ignore
    (lambda: vt.Input((3,), padding=float("nan")), "padding must be a finite number"),
    (lambda: vt.Normal(-1.0), "spread must be 0 or more"),
    (lambda: vt.Constant(float("inf")), "must be a finite number"),
    (lambda: vt.Adam(epsilon=-1.0), "epsilon must be 0 or more"),
    (lambda: vt.Adam(weight_decay=float("inf")), "weight_decay must be 0 or more"),
    (lambda: vt.Cosine(floor=2.0), "floor must lie between 0 and 1"),
    (lambda: vt.OneCycle(divide=0), "divide must be above 0"),
    (lambda: vt.ReduceOnPlateau(patience=1.5), "patience must be 1 epoch or more"),  # pyright: ignore
    (lambda: vt.ReduceOnPlateau(threshold=-1.0), "threshold must be in"),
    (lambda: vt.WarmUp(then=vt.Cosine), "unknown schedule"),  # pyright: ignore
    (lambda: vt.Scale("a"), "factor must be finite numbers"),  # pyright: ignore
]


@pytest.mark.parametrize(("make", "told"), IMPOSSIBLE, ids=[told for _, told in IMPOSSIBLE])
def test_a_description_that_cannot_work_is_refused_when_it_is_made(make: Any, told: str) -> None:
    with pytest.raises(vt.NetworkError, match=told):
        make()


def test_numbers_may_be_numpys_wherever_one_is_described() -> None:
    assert vt.Dropout(np.float32(0.5)).to_json()["rate"] == 0.5
    assert vt.Quantile(np.array([0.1, 0.9])) == vt.Quantile((0.1, 0.9))  # pyright: ignore
    assert vt.Scale(np.array([1.0, 2.0])) == vt.Scale((1.0, 2.0))  # pyright: ignore
    assert vt.StepDecay(at=0.5) == vt.StepDecay((0.5,))  # pyright: ignore


class Batches:
    """What yields batches, as a DataLoader does."""

    def __len__(self) -> int:
        return 1

    def __getitem__(self, place: int) -> Any:
        return X, Y


FOREIGN: list[tuple[Any, str]] = [
    (Batches(), "x is a Batches, which is no array"),
    (((X, Y) for _ in range(2)), "x is a generator, which is no array"),
    ((X, set(Y.tolist())), "y is a set, which is no array"),
    ((None, Y), "x is None"),
    ((np.ma.masked_array(X, X > 1), Y), "x has masked values"),
    ((X, np.ma.masked_array(Y, X[:, 0] > 1)), "y has masked values"),
    ([X.tolist(), Y.tolist()], "rows of different lengths; give x and y as one pair"),
]


@pytest.mark.parametrize("network", [NETWORK, None], ids=["network", "chosen"])
@pytest.mark.parametrize(("data", "told"), FOREIGN, ids=[told for _, told in FOREIGN])
def test_what_is_no_array_is_called_by_its_name(data: Any, told: str, network: Any) -> None:
    with pytest.raises(vt.DataError, match=told):
        taught(data, network=network)


def test_a_sparse_matrix_is_refused_with_and_without_a_network() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    for network in (NETWORK, None):
        with pytest.raises(vt.DataError, match="x is a sparse matrix"):
            taught((sparse.csr_array(X), Y), network=network)


def test_values_hidden_in_a_column_are_not_learned_from() -> None:
    frame = {"a": np.ma.masked_array(X[:, 0], X[:, 0] > 1), "y": Y}
    with pytest.raises(vt.DataError, match="column 'a' has masked values"):
        taught(frame, target="y", network=None)


def test_a_column_without_rows_is_no_column() -> None:
    with pytest.raises(vt.DataError, match="column 'a' is 5; give a list"):
        taught({"a": 5, "y": Y}, target="y", network=None)


def test_a_table_of_arrows_and_whole_numbers_of_128_bits_are_as_any_other_frame() -> None:
    import polars as pl

    frame = pl.DataFrame({"a": X[:, 0], "b": np.tile(np.arange(20), 2)[RNG.permutation(40)], "y": Y})
    usual = taught(frame, target="y", network=None)
    wide = frame.with_columns(pl.col("b").cast(pl.Int128))
    for same in (frame.to_arrow(), wide, (frame.drop("y"), frame[["y"]]), (frame.drop("y"), Y[:, None])):
        target = None if isinstance(same, tuple) else "y"
        np.testing.assert_array_equal(
            taught(same, target=target, network=None).predict_proba(frame), usual.predict_proba(frame)
        )


def test_what_is_watched_is_a_path() -> None:
    with pytest.raises(vt.UsageError, match="a run must be a path, not 5"):
        vt.watch(5)  # pyright: ignore[reportArgumentType]
