"""Who takes part. Each learns from a part of a table, unprepared, and predicts another with the target taken out.

All are taken as they come: no setting is tuned by anyone. What a library leaves to its user is done as its manual says:
numbers standardised and categories one-hot for scikit-learn's network and the linear models, an estimated number
standardised for the network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import polars as pl

from benchmarks.tables.data import Task

Predict = Callable[[Task, pl.DataFrame, pl.DataFrame, int], np.ndarray]  # -> (rows, classes) probabilities, or (rows,)


@dataclass(frozen=True)
class Learner:
    """kind: network, trees or linear. module: what has to be installed."""

    name: str
    kind: str
    module: str
    predict: Predict

    @property
    def installed(self) -> bool:
        return find_spec(self.module) is not None


def vitrina(task: Task, train: pl.DataFrame, test: pl.DataFrame, seed: int) -> np.ndarray:
    import vitrina as vt

    model = vt.train(train, target=task.target, test=0.0, seed=seed, progress=False)
    if not task.classes:
        return model.predict(test)
    return _in_order(task, model.predict_proba(test), [str(name) for name in model.recipe.classes])


def _in_order(task: Task, probabilities: np.ndarray, names: list[str]) -> np.ndarray:
    """A column for each class of the task; 0 for one that the part to learn from lacked."""
    out = np.zeros((len(probabilities), len(task.classes)))
    for place, name in enumerate(names):
        out[:, task.classes.index(name)] = probabilities[:, place]
    return out


def _features(task: Task, part: pl.DataFrame, like: pl.DataFrame) -> Any:
    """As a pandas frame: text as categories (those of `like`, and what else there is), numbers as float64."""
    frame = part.drop(task.target, strict=False).to_pandas()
    for name in frame.columns:
        if like[name].dtype == pl.String:
            import pandas as pd

            known = sorted(set(like[name].drop_nulls().to_list()))
            frame[name] = pd.Categorical(frame[name], categories=known)
        else:
            frame[name] = frame[name].astype(np.float64)
    return frame


def _with(make: Callable[[Task, int, Any], Any]) -> Predict:
    """Someone with scikit-learn's fit and predict. make: from the task, a seed and the features."""

    def predict(task: Task, train: pl.DataFrame, test: pl.DataFrame, seed: int) -> np.ndarray:
        x, truth = _features(task, train, train), task.truth_of(train)
        learner = make(task, seed, x)
        if not task.classes:
            return np.asarray(learner.fit(x, truth).predict(_features(task, test, train)), np.float64).reshape(-1)
        there, codes = np.unique(truth, return_inverse=True)  # some want their classes without gaps
        probabilities = np.asarray(learner.fit(x, codes).predict_proba(_features(task, test, train)))
        return _in_order(task, probabilities, [task.classes[place] for place in there])

    return predict


def _prepared(x: Any, learner: Any) -> Any:
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    texts = [name for name in x.columns if x[name].dtype.name == "category"]
    numbers = [name for name in x.columns if name not in texts]
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers), (one_hot, texts)
    )
    return make_pipeline(columns, learner)


def _mlp(task: Task, seed: int, x: Any) -> Any:
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.preprocessing import StandardScaler

    if task.classes:
        return _prepared(x, MLPClassifier(random_state=seed))
    network = _prepared(x, MLPRegressor(random_state=seed))
    return TransformedTargetRegressor(network, transformer=StandardScaler())


def _linear(task: Task, seed: int, x: Any) -> Any:
    from sklearn.linear_model import LogisticRegression, RidgeCV

    return _prepared(x, LogisticRegression(max_iter=1000) if task.classes else RidgeCV(np.logspace(-3, 3, 13)))


def _hist_gradient_boosting(task: Task, seed: int, x: Any) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind = HistGradientBoostingClassifier if task.classes else HistGradientBoostingRegressor
    return kind(categorical_features="from_dtype", random_state=seed)


def _xgboost(task: Task, seed: int, x: Any) -> Any:
    import xgboost

    kind = xgboost.XGBClassifier if task.classes else xgboost.XGBRegressor
    return kind(enable_categorical=True, random_state=seed)


def _lightgbm(task: Task, seed: int, x: Any) -> Any:
    import lightgbm

    kind = lightgbm.LGBMClassifier if task.classes else lightgbm.LGBMRegressor
    return kind(random_state=seed, verbose=-1)


def _catboost(task: Task, seed: int, x: Any) -> Any:
    import catboost
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    texts = [name for name in x.columns if x[name].dtype.name == "category"]
    kind = catboost.CatBoostClassifier if task.classes else catboost.CatBoostRegressor
    learner = kind(cat_features=texts, random_seed=seed, verbose=False, allow_writing_files=False)
    return make_pipeline(FunctionTransformer(_texts_named), learner)


def _texts_named(x: Any) -> Any:
    """CatBoost takes no missing text."""
    texts = [name for name in x.columns if x[name].dtype.name == "category"]
    return x.assign(**{name: x[name].astype(object).where(x[name].notna(), "missing") for name in texts})


def _of_pytabkit(name: str) -> Callable[[Task, int, Any], Any]:
    def make(task: Task, seed: int, x: Any) -> Any:
        import pytabkit
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import FunctionTransformer

        kind = getattr(pytabkit, f"{name}_{'Classifier' if task.classes else 'Regressor'}")
        medians = x.select_dtypes("number").median()  # its networks take no missing number
        filled = FunctionTransformer(lambda frame: frame.fillna(medians))
        return make_pipeline(filled, kind(random_state=seed, device="cpu"))

    return make


LEARNERS = {
    one.name: one
    for one in (
        Learner("Vitrina", "network", "vitrina", vitrina),
        Learner("scikit-learn MLP", "network", "sklearn", _with(_mlp)),
        Learner("RealMLP-TD", "network", "pytabkit", _with(_of_pytabkit("RealMLP_TD"))),
        Learner("TabM-D", "network", "pytabkit", _with(_of_pytabkit("TabM_D"))),
        Learner("HistGradientBoosting", "trees", "sklearn", _with(_hist_gradient_boosting)),
        Learner("XGBoost", "trees", "xgboost", _with(_xgboost)),
        Learner("LightGBM", "trees", "lightgbm", _with(_lightgbm)),
        Learner("CatBoost", "trees", "catboost", _with(_catboost)),
        Learner("linear", "linear", "sklearn", _with(_linear)),
    )
}
