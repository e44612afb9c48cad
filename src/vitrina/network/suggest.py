"""The network to begin with when none is given: an ensemble of Dense layers for tables, convolutional for images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vitrina.locale import say
from vitrina.network.activation import Activation
from vitrina.network.containers import Branches, Sequential
from vitrina.network.convolution import Conv2D
from vitrina.network.dense import Dense
from vitrina.network.dropout import Dropout
from vitrina.network.ensemble import EnsembleDense, EnsembleMean
from vitrina.network.layer import Layer, Shape
from vitrina.network.network import Input, Network
from vitrina.network.normalisation import BatchNorm
from vitrina.network.pooling import MaxPool2D
from vitrina.network.shaping import Flatten
from vitrina.network.table_input import TableInput

SMALL = 16  # rows or columns of an image below which there is nothing to halve and little to shift
MANY = 20_000  # images from which a few passes are enough
MANY_ROWS = 100_000  # of a table, from which on one network is taught instead of several
# Chosen on eleven tables of 178 to 6,000 rows: twice as wide, twice or half the rate and twice the dropout did worse on most.
MEMBERS, WIDTH, TABLE_RATE = 8, 64, 2e-3
# Below so many rows, weight decay kept breast cancer and diabetes from overfitting; above, it cost.
FEW_ROWS, FEW_ROWS_DECAY = 1_000, 1.0
# On four weeks of card payments of 67,000 rows each, before those that judge it, three times the dropout did better.
TENS_OF_THOUSANDS = 20_000
# Where classes are to be told apart, half of the members see numbers as waves (`TableInput`), which bend where they will. Better than
# all of them or none: those find more of card frauds at the top of the list, the others at its end, and both together more of either.
# Numbers to be estimated (abalone, white wines) lost by waves, and few rows did (breast cancer). Many numbers make a large layer.
WAVED_ROWS, WAVED_MOST, WAVES, WAVE_SPREAD = 1_000, 64, 8, 0.02
# Of a running mean of the weights. Over four seeds it bettered abalone (an error of 2.089, now 2.087), red wines (log loss .926, now
# .923) and mammography (an area of .956, now .958), and left white wines and digits as they were. Fewer rows than a thousand gained
# here and lost there; with tens of thousands (card payments) no more frauds were found.
AVERAGE = 0.99
PEAK = 4e-3  # of Adam's rate in one cycle, with batch normalisation between all layers


@dataclass(frozen=True)
class Suggestion:
    """A network and, in one sentence of the user's language, why this one; with how to train it.

    patience: None where training goes to its end, as a schedule may need; schedule, learning_rate: None for the usual ones;
    augment: what is done to images at random while they are learned from, None for nothing; weight_decay: taken off the weights
    directly (AdamW), 0 for plain Adam; weight_average: what a running mean of the weights keeps of itself at each step, 0 for none
    (`learning.step.Recipe`); folds: whether each row is kept from one member of an ensemble, and judges that one.
    """

    network: Network
    why: str
    batch_size: int
    epochs: int
    patience: int | None
    schedule: str | None = None
    learning_rate: float | None = None
    augment: str | None = None
    weight_decay: float = 0.0
    weight_average: float = 0.0
    folds: bool = False


def suggest_network(
    input_shape: Shape,
    outputs: int,
    classes: bool,
    rows: int,
    quantities: Sequence[int] = (),
    learned: int | None = None,
) -> Suggestion:
    """A sensible network for `rows` examples of `input_shape` with `outputs` outputs.

    quantities: the places of those inputs of a table that are numbers on one scale, and neither 0 or 1 nor words. learned: rows that
    are learned from in the end, where those that judge in turn are among them; `rows` chooses, and this is told.
    """
    cost = "cross_entropy" if classes else "mean_squared_error"
    if len(input_shape) == 3:
        return _for_images(input_shape, outputs, cost, rows)
    return _for_tables(input_shape, outputs, cost, rows, quantities, learned or rows)


def _for_tables(
    input_shape: Shape, outputs: int, cost: str, rows: int, quantities: Sequence[int], learned: int
) -> Suggestion:
    flat: list[Layer] = [] if len(input_shape) == 1 else [Flatten()]
    if rows >= MANY_ROWS:
        layers = [Dense(128, "relu"), Dense(64, "relu"), Dense(outputs)]
        network = Network(Input(input_shape), *flat, *layers, cost=cost)
        why = say("two Dense layers of 128 and 64 units: a table of {rows:,} rows to learn from", rows=rows)
        return Suggestion(network, why, batch_size=512, epochs=20, patience=3)
    # A sum is all that many a small table holds; beside a straight way for it, the units learn what it leaves over.
    dropout = Dropout(0.1 if rows < TENS_OF_THOUSANDS else 0.3)
    waves = rows >= WAVED_ROWS and cost == "cross_entropy" and 0 < len(quantities) <= WAVED_MOST
    seen, sees = _in_waves(input_shape[0], quantities) if waves else ([], ())
    first = EnsembleDense(MEMBERS, WIDTH, "relu", sees=sees)
    bent = [*seen, first, dropout, EnsembleDense(MEMBERS, WIDTH, "relu"), dropout]
    straight = EnsembleDense(MEMBERS, outputs, initialiser="zeros", name="straight")
    ways = Branches(straight, Sequential(*bent, EnsembleDense(MEMBERS, outputs)), merge="add")
    mean = EnsembleMean(probabilities=cost == "cross_entropy")
    network = Network(Input(input_shape), *flat, ways, mean, cost=cost)
    told = {"members": MEMBERS, "width": WIDTH, "rows": learned}
    if waves:
        why = say(
            "the mean of {members} networks, each two layers of {width} units beside a linear one, half of which see numbers as waves: "
            "a table of {rows:,} rows to learn from",
            **told,
        )
    else:
        why = say(
            "the mean of {members} networks, each two layers of {width} units beside a linear one: a table of {rows:,} rows to learn "
            "from",
            **told,
        )
    return Suggestion(
        network,
        why,
        batch_size=64 if rows < TENS_OF_THOUSANDS else 256,
        epochs=200,
        patience=20,
        schedule="constant",
        learning_rate=TABLE_RATE,
        weight_decay=FEW_ROWS_DECAY if rows < FEW_ROWS else 0.0,
        weight_average=AVERAGE if FEW_ROWS <= rows < TENS_OF_THOUSANDS else 0.0,
        folds=True,
    )


def _in_waves(inputs: int, quantities: Sequence[int]) -> tuple[list[Layer], tuple[tuple[int, int], ...]]:
    """The layer that gives the numbers as waves beside what they are, and what members see of it by turns: this or that."""
    plain = tuple(place for place in range(inputs) if place not in quantities)
    layer = TableInput((0,) * inputs, missing=False, periodic=WAVES, sigma=WAVE_SPREAD, plain=plain, beside=True)
    (size,) = layer.output_shape((inputs,))
    return [layer], ((0, inputs), (len(quantities), size))


def _for_images(input_shape: Shape, outputs: int, cost: str, rows: int) -> Suggestion:
    if min(input_shape[:2]) < SMALL:
        return _for_small_images(input_shape, outputs, cost, rows)
    side, filters, blocks = min(input_shape[:2]) // 2, 64, 1
    layers: list[Layer] = [_convolve(32), MaxPool2D(2)]  # most of the pixels are here, so there is one convolution only
    while side >= 12:
        layers += [_convolve(filters), _convolve(filters), MaxPool2D(2)]
        side, filters, blocks = side // 2, min(filters * 2, 128), blocks + 1
    layers += [_convolve(128), Flatten(), Dropout(0.4), Dense(outputs)]
    network = Network(Input(input_shape), *layers, cost=cost)
    many = rows >= MANY
    grey = input_shape[2] == 1
    size = "×".join(map(str, input_shape[:2]))
    told = {"count": 2 * blocks, "size": size, "rows": rows}
    if grey:
        why = say(
            "{count} convolutions over {size} pixels, one-cycle learning rate, images shifted at random: {rows:,} images to learn "
            "from",
            **told,
        )
    else:
        why = say(
            "{count} convolutions over {size} pixels, one-cycle learning rate, images shifted and mirrored at random: {rows:,} images "
            "to learn from",
            **told,
        )
    return Suggestion(
        network,
        why,
        batch_size=128 if many else 64,
        epochs=(5 if grey else 12) if many else 30,
        patience=None,
        schedule="one_cycle",
        learning_rate=PEAK,
        augment="shift=2" if grey else "flip,shift=4",
    )


def _for_small_images(input_shape: Shape, outputs: int, cost: str, rows: int) -> Suggestion:
    """Images too small to be shifted or halved often: every pixel counts."""
    layers: list[Layer] = [_convolve(32), _convolve(32)]
    if min(input_shape[:2]) >= 4:
        layers.append(MaxPool2D(2))
    layers += [Flatten(), Dropout(0.3), Dense(128, "relu"), Dropout(0.3), Dense(outputs)]
    network = Network(Input(input_shape), *layers, cost=cost)
    size = "×".join(map(str, input_shape[:2]))
    why = say("2 convolutions, then Dense: images of {size}", size=size)
    many = rows >= MANY
    return Suggestion(network, why, batch_size=128 if many else 64, epochs=12 if many else 30, patience=8)


def _convolve(filters: int) -> Layer:
    return Sequential(Conv2D(filters, 3, padding="same", use_bias=False), BatchNorm(), Activation("relu"))
