"""How a network learns: the three stages, optimizers, schedules, and the training loop. Imports no framework."""

from vitrina.learning.callbacks import Callback
from vitrina.learning.history import History
from vitrina.learning.loop import Checkpoint, Evaluator, Examples, Learner, LearningWarning, Plan
from vitrina.learning.optimizers import OPTIMIZERS, SGD, Adam, AdamW, Lion, Optimizer, RMSProp
from vitrina.learning.schedules import (
    SCHEDULES,
    ConstantRate,
    Cosine,
    OneCycle,
    ReduceOnPlateau,
    Schedule,
    StepDecay,
    WarmUp,
)
from vitrina.learning.stages import back_propagation, error, forward_propagation
from vitrina.learning.step import Recipe, evaluation_step, prediction_step, training_step

__all__ = [
    "OPTIMIZERS",
    "SCHEDULES",
    "SGD",
    "Adam",
    "AdamW",
    "Callback",
    "Checkpoint",
    "ConstantRate",
    "Cosine",
    "Evaluator",
    "Examples",
    "History",
    "Learner",
    "LearningWarning",
    "Lion",
    "OneCycle",
    "Optimizer",
    "Plan",
    "RMSProp",
    "Recipe",
    "ReduceOnPlateau",
    "Schedule",
    "StepDecay",
    "WarmUp",
    "back_propagation",
    "error",
    "evaluation_step",
    "forward_propagation",
    "prediction_step",
    "training_step",
]
