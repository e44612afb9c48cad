"""The plots of a report, each from plain numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.evaluate.words import figure_name
from vitrina.locale import say
from vitrina.reporting.drawing import EDGE, FIRST, GLASS, INK, QUIET, SECOND, THIRD, Plot, axes, finished

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from vitrina.evaluate.assessment import Assessment
    from vitrina.evaluate.slices import Slice
    from vitrina.glass.recording import Recording
    from vitrina.learning.history import History

WIDE = 20.0  # from the lowest error to the highest, beyond which the scale is logarithmic
MOST_CLASSES = 30  # of a confusion matrix that is drawn
MOST_LAYERS = 8


def learning(history: History, best: int) -> Plot:
    """The error of learning and validation, epoch by epoch, and where the best weights were."""
    from matplotlib.ticker import MaxNLocator

    with axes(4.5, 3.0) as (figure, (plot,)):
        epochs = history["epoch"]
        lines = [("error", say("learning"), FIRST), ("validation_error", say("validation"), SECOND)]
        known = [(history[name], words, colour) for name, words, colour in lines if name in history.columns]
        for values, words, colour in known:
            plot.plot(epochs, values, color=colour, label=words, marker="o" if len(epochs) < 15 else "", markersize=3)
        finite = [value for values, _, _ in known for value in values if math.isfinite(value) and value > 0]
        if finite and max(finite) > WIDE * min(finite):
            plot.set_yscale("log")
        if best and len(known) > 1:
            plot.axvline(best, color=QUIET, linewidth=1, linestyle=":")
            plot.annotate(say("best"), (best, 1.0), (3, -9), ("data", "axes fraction"), "offset points", color=QUIET)
        plot.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
        plot.set(xlabel=say("epoch"), title=say("error"))
        plot.legend()
        return finished(figure, "learning", say("The error over the epochs"))


def layers(recording: Recording) -> Plot | None:
    """How far each layer's weights move in a step, beside their size: about 1/1000 is usual; None where nothing was seen."""
    with axes(4.5, 3.0) as (figure, (plot,)):
        seen = [(name, *_update_ratio(recording, name)) for name in recording.layers]
        seen = [(name, steps, ratio) for name, steps, ratio in seen if len(steps) > 1]
        if not seen:
            return None
        shown = seen[:: math.ceil(len(seen) / MOST_LAYERS)]
        for place, (name, steps, ratio) in enumerate(shown):
            share = place / max(1, len(shown) - 1)
            plot.plot(steps, ratio, color=FIRST, alpha=1.0 - 0.75 * share, label=name, linewidth=1.5)
        plot.set_yscale("log")
        plot.axhline(1e-3, color=QUIET, linewidth=1, linestyle=":")
        plot.set(xlabel=say("step"), title=say("change of weights beside their size"))
        plot.legend(ncols=2 if len(shown) > 4 else 1, fontsize=7.5)
        return finished(figure, "layers", say("How far the weights of each layer move in a step"))


def _update_ratio(recording: Recording, name: str) -> tuple[np.ndarray, np.ndarray]:
    layer = recording.layer(name)
    if not {"weight", "weight update"} <= set(layer.quantities):
        return np.empty(0), np.empty(0)
    sizes, moves = (
        np.linalg.norm(layer[key, "norm"].reshape(len(layer.steps), -1), axis=1) for key in ("weight", "weight update")
    )
    known = np.isfinite(sizes) & np.isfinite(moves) & (sizes > 0) & (moves > 0)
    return layer.steps[known], moves[known] / sizes[known]


def thresholds(found: Assessment) -> Plot:
    """Every threshold at once: what is found against false alarms, and precision against what is found."""
    roc, precision = found.curves["roc"], found.curves["precision_recall"]
    share = float(found.confusion[1].sum() / found.rows) if found.confusion is not None else 0.0
    with axes(3.3, 3.0, 2) as (figure, (left, right)):
        left.plot([0, 1], [0, 1], color=QUIET, linewidth=1, linestyle=":")
        right.axhline(share, color=QUIET, linewidth=1, linestyle=":")
        found_of_all = say("found, of all of them")
        _filled(left, roc["false_alarms"], roc["found"], _with_figure(found, "roc_auc"))
        left.set(xlabel=say("false alarms, of all others"), ylabel=found_of_all)
        _filled(right, precision["recall"], precision["precision"], _with_figure(found, "average_precision"))
        right.set(xlabel=found_of_all, ylabel=say("right, of those named"))
        return finished(figure, "thresholds", say("What every threshold would find, and at what price"))


def _filled(plot: Axes, x: Sequence[float], y: Sequence[float], title: str) -> None:
    """A curve within the unit square, the area under it tinted."""
    plot.plot(x, y, color=FIRST)
    plot.fill_between(x, y, color=FIRST, alpha=0.08)
    plot.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.04), title=title)


def _with_figure(found: Assessment, name: str) -> str:
    return f"{figure_name(name)} {found.figures[name].value:.3f}" if name in found.figures else figure_name(name)


def calibration(found: Assessment) -> Plot:
    """What came true of what was given how probable."""
    bins = found.calibration
    given, came = [part.probability for part in bins], [part.share for part in bins]
    errors = np.maximum(0.0, [[part.share - part.low for part in bins], [part.high - part.share for part in bins]])
    with axes(3.6, 3.0) as (figure, (plot,)):
        top = max(0.02, min(1.0, 1.15 * max([*given, *[part.high for part in bins]])))
        low = max(0.0, min([*given, *[part.low for part in bins]]) - 0.05) if min(given) > 0.3 else 0.0
        plot.plot([low, top], [low, top], color=QUIET, linewidth=1, linestyle=":")
        plot.errorbar(
            given, came, errors, color=FIRST, marker="o", markersize=4, linewidth=1.4, elinewidth=1, capsize=2
        )
        plot.set(
            xlabel=say("probability it gave"),
            ylabel=say("share that came true"),
            title=say("do its probabilities hold?"),
        )
        return finished(figure, "calibration", say("What came true of what was given how probable"))


def confusion(found: Assessment) -> Plot | None:
    """What was answered to what: each row a true class; None where there are too many to be read."""
    matrix = found.confusion
    if matrix is None or len(found.classes) > MOST_CLASSES:
        return None
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    count = len(found.classes)
    side = min(6.6, max(3.2, 1.4 + 0.42 * count))
    with axes(side, side * 0.9) as (figure, (plot,)):
        plot.grid(visible=False)
        for spine in plot.spines.values():
            spine.set_visible(False)
        for (truth, answer), share in np.ndenumerate(shares):
            colour = FIRST if truth == answer else SECOND
            plot.add_patch(_square(answer, truth, colour, 0.06 + 0.9 * float(share) if matrix[truth, answer] else 0.03))
            if matrix[truth, answer]:
                dark = share > 0.45
                size = 9 if count <= 6 else 7.5 if count <= 14 else 5
                told = f"{matrix[truth, answer]:,}"
                plot.text(answer, truth, told, ha="center", va="center", fontsize=size, color=GLASS if dark else INK)
        names = [name if len(name) < 14 else name[:12] + "…" for name in found.classes]
        turned = sum(map(len, names)) > 45
        plot.set_xticks(range(count), names, rotation=60 if turned else 0, ha="right" if turned else "center")
        plot.set_yticks(range(count), names)
        plot.tick_params(length=0)
        plot.set(xlim=(-0.5, count - 0.5), ylim=(count - 0.5, -0.5), xlabel=say("answer"), ylabel=say("truth"))
        plot.set_title(say("what was answered to what"))
        return finished(figure, "confusion", say("Rows by their true class and their answer"))


def _square(x: int, y: int, colour: str, strength: float) -> Any:
    from matplotlib.patches import FancyBboxPatch

    corner = "round,pad=0,rounding_size=0.08"
    return FancyBboxPatch((x - 0.46, y - 0.46), 0.92, 0.92, corner, facecolor=colour, alpha=strength, linewidth=0)


def scatter(found: Assessment) -> Plot:
    """Truth and answer of some rows, and how the gaps are spread."""
    truth, answer = np.asarray(found.scatter["truth"]), np.asarray(found.scatter["answer"])
    low, high = float(min(truth.min(), answer.min())), float(max(truth.max(), answer.max()))
    with axes(3.6, 3.0, 2) as (figure, (left, right)):
        left.plot([low, high], [low, high], color=QUIET, linewidth=1, linestyle=":")
        left.scatter(truth, answer, s=10, color=FIRST, alpha=min(0.7, 0.15 + 60 / len(truth)), linewidths=0)
        left.set(xlabel=say("truth"), ylabel=say("answer"), title=say("answers beside the truth"))
        gaps = answer - truth
        right.hist(gaps, bins=min(40, max(8, len(gaps) // 12)), color=FIRST, alpha=0.75, edgecolor=GLASS, linewidth=0.5)
        right.axvline(0.0, color=QUIET, linewidth=1, linestyle=":")
        right.set(xlabel=say("answer - truth"), ylabel=say("rows"), title=say("how far off"))
        return finished(figure, "scatter", say("Answers beside the truth, and how far off they are"))


def over_time(found: Assessment, slices: Sequence[Slice]) -> Plot | None:
    """The headline figure, stretch by stretch, with its interval."""
    known = [(part.name, part.figures[found.headline]) for part in slices if found.headline in part.figures]
    known = [(name, figure) for name, figure in known if math.isfinite(figure.value)]
    if len(known) < 2:
        return None
    values = [figure.value for _, figure in known]
    errors = [[figure.value - figure.low for _, figure in known], [figure.high - figure.value for _, figure in known]]
    with axes(6.4, 2.6) as (drawn, (plot,)):
        plot.errorbar(
            range(len(known)),
            values,
            np.maximum(errors, 0.0),
            color=FIRST,
            marker="o",
            markersize=4,
            capsize=3,
            elinewidth=1,
        )
        plot.axhline(found.figures[found.headline].value, color=QUIET, linewidth=1, linestyle=":")
        every = math.ceil(len(known) / 8)
        plot.set_xticks(range(0, len(known), every), [name for name, _ in known[::every]])
        plot.set_title(say("{measure} over time", measure=figure_name(found.headline)))
        return finished(drawn, "over-time", say("The main figure over time"))


def _dwarfs(saved: Mapping[str, Mapping[str, float]], name: str) -> bool:
    """Whether a way loses so much that beside it nobody could see what the others save; the table has it."""
    return saved[name]["saved"] < -2.0 * max(abs(saving["saved"]) for other, saving in saved.items() if other != name)


def savings(saved: Mapping[str, Mapping[str, float]], names: Mapping[str, str]) -> Plot:
    """What each way of deciding saves against doing nothing, with its interval."""
    ways = [name for name in saved if name != "never" and not _dwarfs(saved, name)]
    values = [saved[name]["saved"] for name in ways]
    errors = [
        [max(0.0, saved[name]["saved"] - saved[name]["low"]) for name in ways],
        [max(0.0, saved[name]["high"] - saved[name]["saved"]) for name in ways],
    ]
    with axes(6.4, 0.9 + 0.36 * len(ways)) as (figure, (plot,)):
        colours = [THIRD if name == "model" else FIRST for name in ways]
        plot.barh(
            range(len(ways)),
            values,
            xerr=errors,
            color=colours,
            alpha=0.8,
            height=0.62,
            error_kw={"ecolor": INK, "elinewidth": 1, "capsize": 3},
        )
        plot.axvline(0.0, color=QUIET, linewidth=1)
        plot.set_yticks(range(len(ways)), [names.get(name, name) for name in ways])
        plot.invert_yaxis()
        if max(map(abs, values)) >= 1000:
            plot.xaxis.set_major_formatter("{x:,.0f}")
        plot.grid(axis="y", visible=False)
        plot.set(title=say("saved against doing nothing"))
        plot.tick_params(axis="y", length=0, color=EDGE)
        return finished(figure, "savings", say("What each way of deciding saves"))
