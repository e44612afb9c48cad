"""What a network is: layers, activations, costs, initialisers, and the tree they make. Imports no framework."""

from vitrina.network import blocks
from vitrina.network.activation import Activation
from vitrina.network.activations import ACTIVATIONS
from vitrina.network.along import AveragePool1D, Conv1D, MaxPool1D
from vitrina.network.attention import Attention
from vitrina.network.containers import Branches, Residual, Sequential
from vitrina.network.convolution import Conv2D
from vitrina.network.costs import (
    COSTS,
    BinaryCrossEntropy,
    Cost,
    CrossEntropy,
    Focal,
    Huber,
    MeanAbsoluteError,
    MeanSquaredError,
    Poisson,
    Quantile,
)
from vitrina.network.dense import Dense
from vitrina.network.dropout import Dropout
from vitrina.network.embedding import Embedding
from vitrina.network.ensemble import EnsembleDense, EnsembleMean
from vitrina.network.initialisers import INITIALISERS, Constant, Glorot, He, Initialiser, LeCun, Normal, Orthogonal
from vitrina.network.layer import Context, Layer
from vitrina.network.network import Input, Network
from vitrina.network.normalisation import BatchNorm, GroupNorm, LayerNorm, RMSNorm
from vitrina.network.pooling import AveragePool2D, GlobalAveragePool, MaxPool2D
from vitrina.network.position import PositionalEmbedding
from vitrina.network.recurrent import GRU, LSTM
from vitrina.network.scale import Scale
from vitrina.network.shaping import Flatten, Reshape
from vitrina.network.table_input import TableInput

__all__ = [
    "ACTIVATIONS",
    "COSTS",
    "GRU",
    "INITIALISERS",
    "LSTM",
    "Activation",
    "Attention",
    "AveragePool1D",
    "AveragePool2D",
    "BatchNorm",
    "BinaryCrossEntropy",
    "Branches",
    "Constant",
    "Context",
    "Conv1D",
    "Conv2D",
    "Cost",
    "CrossEntropy",
    "Dense",
    "Dropout",
    "Embedding",
    "EnsembleDense",
    "EnsembleMean",
    "Flatten",
    "Focal",
    "GlobalAveragePool",
    "Glorot",
    "GroupNorm",
    "He",
    "Huber",
    "Initialiser",
    "Input",
    "Layer",
    "LayerNorm",
    "LeCun",
    "MaxPool1D",
    "MaxPool2D",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "Network",
    "Normal",
    "Orthogonal",
    "Poisson",
    "PositionalEmbedding",
    "Quantile",
    "RMSNorm",
    "Reshape",
    "Residual",
    "Scale",
    "Sequential",
    "TableInput",
    "blocks",
]
