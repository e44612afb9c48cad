"""Vitrina: deep learning behind glass.

    import vitrina as vt
    net = vt.Network(vt.Input((8, 8, 1)), vt.Conv2D(32, 3, activation="relu"), vt.Flatten(), vt.Dense(10))
    model = vt.train("digits", network=net)

Names are imported when they are first used, so that `import vitrina` costs nothing and loads no framework.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from vitrina import engines
    from vitrina.approximating import Approximation, approximate
    from vitrina.doctor import Finding, Findings, Healing, Remedy, diagnose, heal
    from vitrina.errors import (
        DataError,
        EngineError,
        ModelError,
        NetworkError,
        ShapeError,
        UsageError,
        VitrinaError,
    )
    from vitrina.evaluate.assessing import assess
    from vitrina.evaluate.assessment import Assessment
    from vitrina.evaluate.deciding import decide
    from vitrina.evaluate.decisions import Decisions
    from vitrina.evaluate.explaining import Explanation
    from vitrina.find_rate import FoundRate, find_learning_rate
    from vitrina.glass.notebook import Glass
    from vitrina.glass.page import watch
    from vitrina.glass.recording import LayerHistory, Recording
    from vitrina.learning import (
        SGD,
        Adam,
        AdamW,
        Augmentation,
        Callback,
        ColourJitter,
        ConstantRate,
        Cosine,
        Cutout,
        Flip,
        History,
        LearningWarning,
        Lion,
        Mixup,
        OneCycle,
        Optimizer,
        ReduceOnPlateau,
        RMSProp,
        Schedule,
        Shift,
        StepDecay,
        WarmUp,
    )
    from vitrina.model import Model, load
    from vitrina.network import (
        GRU,
        LSTM,
        Activation,
        Attention,
        AveragePool1D,
        AveragePool2D,
        BatchNorm,
        BinaryCrossEntropy,
        Branches,
        Constant,
        Context,
        Conv1D,
        Conv2D,
        Cost,
        CrossEntropy,
        Dense,
        Dropout,
        Embedding,
        EnsembleDense,
        EnsembleMean,
        Flatten,
        Focal,
        GlobalAveragePool,
        Glorot,
        GroupNorm,
        He,
        Huber,
        Initialiser,
        Input,
        Layer,
        LayerNorm,
        LeCun,
        MaxPool1D,
        MaxPool2D,
        MeanAbsoluteError,
        MeanSquaredError,
        Network,
        Normal,
        Orthogonal,
        Poisson,
        PositionalEmbedding,
        Quantile,
        Reshape,
        Residual,
        RMSNorm,
        Scale,
        Sequential,
        TableInput,
        blocks,
    )
    from vitrina.population import Ensemble, Leaderboard, Population
    from vitrina.racing import Race, race
    from vitrina.reporting.report import report
    from vitrina.searching import Search, search
    from vitrina.training import train

_HOMES = {
    "vitrina.errors": "DataError EngineError ModelError NetworkError ShapeError UsageError VitrinaError",
    "vitrina.network": (
        "Activation Attention AveragePool1D AveragePool2D BatchNorm BinaryCrossEntropy Branches Constant Context Conv1D Conv2D "
        "Cost CrossEntropy Dense Dropout Embedding EnsembleDense EnsembleMean Flatten Focal GRU GlobalAveragePool Glorot "
        "GroupNorm He Huber Initialiser Input Layer LSTM LayerNorm LeCun MaxPool1D MaxPool2D MeanAbsoluteError MeanSquaredError "
        "Network Normal Orthogonal Poisson PositionalEmbedding Quantile RMSNorm Reshape Residual Scale Sequential TableInput "
        "blocks"
    ),
    "vitrina.learning": (
        "SGD Adam AdamW Augmentation Callback ColourJitter ConstantRate Cosine Cutout Flip History LearningWarning Lion Mixup "
        "OneCycle Optimizer RMSProp ReduceOnPlateau Schedule Shift StepDecay WarmUp"
    ),
    "vitrina.glass.notebook": "Glass",
    "vitrina.glass.page": "watch",
    "vitrina.glass.recording": "LayerHistory Recording",
    "vitrina.approximating": "Approximation approximate",
    "vitrina.doctor": "Finding Findings Healing Remedy diagnose heal",
    "vitrina.evaluate.assessing": "assess",
    "vitrina.evaluate.assessment": "Assessment",
    "vitrina.evaluate.deciding": "decide",
    "vitrina.evaluate.decisions": "Decisions",
    "vitrina.evaluate.explaining": "Explanation",
    "vitrina.find_rate": "FoundRate find_learning_rate",
    "vitrina.model": "Model load",
    "vitrina.population": "Ensemble Leaderboard Population",
    "vitrina.reporting.report": "report",
    "vitrina.racing": "Race race",
    "vitrina.searching": "Search search",
    "vitrina.training": "train",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "GRU",
    "LSTM",
    "SGD",
    "Activation",
    "Adam",
    "AdamW",
    "Approximation",
    "Assessment",
    "Attention",
    "Augmentation",
    "AveragePool1D",
    "AveragePool2D",
    "BatchNorm",
    "BinaryCrossEntropy",
    "Branches",
    "Callback",
    "ColourJitter",
    "Constant",
    "ConstantRate",
    "Context",
    "Conv1D",
    "Conv2D",
    "Cosine",
    "Cost",
    "CrossEntropy",
    "Cutout",
    "DataError",
    "Decisions",
    "Dense",
    "Dropout",
    "Embedding",
    "EngineError",
    "Ensemble",
    "EnsembleDense",
    "EnsembleMean",
    "Explanation",
    "Finding",
    "Findings",
    "Flatten",
    "Flip",
    "Focal",
    "FoundRate",
    "Glass",
    "GlobalAveragePool",
    "Glorot",
    "GroupNorm",
    "He",
    "Healing",
    "History",
    "Huber",
    "Initialiser",
    "Input",
    "Layer",
    "LayerHistory",
    "LayerNorm",
    "LeCun",
    "Leaderboard",
    "LearningWarning",
    "Lion",
    "MaxPool1D",
    "MaxPool2D",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "Mixup",
    "Model",
    "ModelError",
    "Network",
    "NetworkError",
    "Normal",
    "OneCycle",
    "Optimizer",
    "Orthogonal",
    "Poisson",
    "Population",
    "PositionalEmbedding",
    "Quantile",
    "RMSNorm",
    "RMSProp",
    "Race",
    "Recording",
    "ReduceOnPlateau",
    "Remedy",
    "Reshape",
    "Residual",
    "Scale",
    "Schedule",
    "Search",
    "Sequential",
    "ShapeError",
    "Shift",
    "StepDecay",
    "TableInput",
    "UsageError",
    "VitrinaError",
    "WarmUp",
    "approximate",
    "assess",
    "blocks",
    "decide",
    "diagnose",
    "engines",
    "find_learning_rate",
    "heal",
    "load",
    "race",
    "report",
    "search",
    "train",
    "watch",
]


def __getattr__(name: str) -> Any:
    if name == "engines":
        return importlib.import_module("vitrina.engines")  # a package that can be called: `vt.engines()`
    if name not in _HOME_OF:
        raise AttributeError(f"module 'vitrina' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
