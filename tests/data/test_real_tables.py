"""Real tables from end to end: the right task, clean inputs, no repeated row on two sides, and quickly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vitrina import data
from vitrina.data.scaling import SPREADS

TABLES = [
    ("adult-train.csv", "income", "classification", 2),
    ("mammography.csv", "class", "classification", 2),
    ("sonar.csv", "class", "classification", 2),
    ("winequality-white.csv", "quality", "classification", 7),
    ("winequality-red.csv", "quality", "classification", 6),
    ("abalone.csv", "rings", "regression", 1),
    ("auto_imports.csv", "price", "regression", 1),
]


@pytest.mark.parametrize(("file", "target", "task", "outputs"), TABLES)
def test_a_real_table(file: str, target: str, task: str, outputs: int, real_data: Path) -> None:
    source = data.open_source(real_data / "tables" / file, target=target)
    parts = data.split(source, seed=0)
    recipe = data.fit_recipe(source, rows=parts.train)
    assert (recipe.task, recipe.outputs) == (task, outputs)
    for part, share in ((parts.train, 0.7), (parts.validation, 0.15), (parts.test, 0.15)):
        inputs, targets = recipe.inputs(source.take(part)), recipe.targets(source.take(part))
        assert inputs.shape == (len(part), *recipe.input_shape)
        assert len(targets) == len(part)
        assert np.isfinite(inputs).all()
        assert abs(inputs).max() < SPREADS + 2
        assert len(part) == pytest.approx(share * source.rows, rel=0.05, abs=3)
    keys = source.group_keys()
    assert not set(keys[parts.train]) & set(keys[np.concatenate([parts.validation, parts.test])])
    assert source.describe().target.task == task


def test_adult_is_prepared_by_its_training_part_and_predicts_on_its_test_file(real_data: Path) -> None:
    source = data.open_source(real_data / "tables" / "adult-train.csv", target="income")
    parts = data.split(source)
    recipe = data.fit_recipe(source, rows=parts.train)
    for part in (parts.train, parts.validation, parts.test):
        recipe.inputs(source.take(part))
    assert recipe.input_names[:3] == ("age", "workclass = Federal-gov", "workclass = Local-gov")
    assert "workclass is missing" in recipe.input_names
    quantities = {recipe.input_names[place].removeprefix("log ") for place in recipe.quantities}
    assert quantities == {"age", "fnlwgt", "education_num", "capital_gain", "capital_loss", "hours_per_week"}
    test = data.open_source(real_data / "tables" / "adult-test.csv")
    assert recipe.inputs(test).shape == (16281, *recipe.input_shape)
    assert np.bincount(recipe.targets(test)).tolist() == [12435, 3846]


def test_fraud_is_prepared_with_its_identifiers_told(real_data: Path) -> None:
    source = data.open_source(
        real_data / "fraud" / "fraud-2018-04.parquet", target="TX_FRAUD", drop=["TX_FRAUD_SCENARIO"]
    )
    recipe = data.fit_recipe(source, rows=data.split(source).train)
    when = [name.removeprefix("TX_DATETIME: ") for name in recipe.input_names if name.startswith("TX_DATETIME")]
    assert when == ["elapsed", *(f"{turn} ({wave})" for turn in ("hour", "weekday", "day") for wave in ("sin", "cos"))]
    logs = [name for name in recipe.input_names if name.startswith("log ")]
    assert "log TX_AMOUNT" in logs
    assert set(logs) | {f"TX_DATETIME: {name}" for name in when} <= {recipe.input_names[at] for at in recipe.quantities}
    assert recipe.inputs(source).shape == (288062, 19 + len(logs) + len(when))
    assert [warning.split("'")[1] for warning in recipe.warnings] == ["TRANSACTION_ID"]
