"""How a network learns: the three stages, optimizers, schedules, and the training loop. Imports no framework."""

from vitrina.learning.augmentation import Augmentation, ColourJitter, Cutout, Flip, Mixup, Shift
from vitrina.learning.callbacks import Callback
from vitrina.learning.feed import Examples
from vitrina.learning.history import History
from vitrina.learning.loop import Checkpoint, Evaluator, Learner, LearningWarning, Plan
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
    "Augmentation",
    "Callback",
    "Checkpoint",
    "ColourJitter",
    "ConstantRate",
    "Cosine",
    "Cutout",
    "Evaluator",
    "Examples",
    "Flip",
    "History",
    "Learner",
    "LearningWarning",
    "Lion",
    "Mixup",
    "OneCycle",
    "Optimizer",
    "Plan",
    "RMSProp",
    "Recipe",
    "ReduceOnPlateau",
    "Schedule",
    "Shift",
    "StepDecay",
    "WarmUp",
    "back_propagation",
    "error",
    "evaluation_step",
    "forward_propagation",
    "prediction_step",
    "training_step",
]
