"""Probabilities mean what they say after calibration, and are left alone where they did before."""

from __future__ import annotations

import numpy as np
import pytest

from vitrina.errors import ModelError
from vitrina.evaluate.calibration import NONE, Calibration, calibration_error, fit_calibration, log_loss, softmax


def drawn(rows: int, classes: int = 2, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and truths that are drawn with just the probabilities they say."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0.0, 1.5, (rows, classes))
    truth = (softmax(logits).cumsum(axis=1) < rng.random((rows, 1))).sum(axis=1)
    return logits, np.minimum(truth, classes - 1)


@pytest.mark.parametrize("classes", [2, 4])
def test_calibrated_logits_keep_their_temperature(classes: int) -> None:
    calibration = fit_calibration(*drawn(20_000, classes))
    assert calibration.method == "temperature"
    assert calibration.temperature == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("factor", [0.3, 3.0])
def test_a_temperature_undoes_what_made_logits_too_sure(factor: float) -> None:
    logits, truth = drawn(20_000, 3)
    calibration = fit_calibration(logits * factor, truth)
    assert calibration.temperature == pytest.approx(factor, rel=0.05)
    assert log_loss(calibration.apply(logits * factor), truth) < log_loss(softmax(logits * factor), truth)


def test_isotonic_is_chosen_where_one_temperature_is_not_enough_and_rises() -> None:
    logits, truth = drawn(5_000)
    bent = np.stack([np.zeros(5_000), np.arctan(logits[:, 1] - logits[:, 0]) + 2.0], axis=1)
    calibration = fit_calibration(bent, truth)
    assert calibration.method == "isotonic"
    assert calibration.log_loss is not None
    assert calibration.log_loss["isotonic"] < calibration.log_loss["temperature"]
    along = np.stack([np.zeros(400), np.linspace(-9.0, 9.0, 400)], axis=1)
    positive = calibration.apply(along)[:, 1]
    assert (np.diff(positive) >= 0.0).all()
    assert 0.0 < positive.min() < positive.max() < 1.0
    assert calibration_error(calibration.apply(bent), truth) < calibration_error(softmax(bent), truth) / 3


def test_a_part_without_a_mistake_does_not_make_for_certainty() -> None:
    truth = np.arange(40) % 2
    logits = np.stack([np.zeros(40), np.where(truth == 1, 3.0, -3.0)], axis=1)
    assert fit_calibration(logits, truth).apply(logits).max() < 0.97


def test_calibration_error_by_hand() -> None:
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.2, 0.8], [0.2, 0.8]])
    # 0.1 was right in one of two: 0.4 off; 0.8 in both: 0.2 off; half of the rows each
    assert calibration_error(probabilities, np.array([0, 1, 1, 1])) == pytest.approx(0.3)


@pytest.mark.parametrize(
    "calibration",
    [Calibration("temperature", 1.7), Calibration("isotonic", 1.0, (-1.0, 0.5), (0.1, 0.7), {"isotonic": 0.5})],
)
def test_json_round_trip(calibration: Calibration) -> None:
    assert Calibration.from_json(calibration.to_json()) == calibration


def test_a_damaged_file_says_so() -> None:
    with pytest.raises(ModelError, match=r"remove decisions\.json"):
        Calibration.from_json({"method": "temperature", "temperature": "warm", "log_loss": None})


def test_none_leaves_probabilities_as_they_are():
    logits = np.array([[0.3, -1.2], [2.0, 0.5]])
    np.testing.assert_allclose(NONE.apply(logits), np.exp(logits) / np.exp(logits).sum(1, keepdims=True))
    assert Calibration.from_json(NONE.to_json()).apply(logits).tolist() == NONE.apply(logits).tolist()
