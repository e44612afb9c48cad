"""The words for settings and for what is measured: names, numbers as people write them, and whether a network was worth it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vitrina.locale import say

if TYPE_CHECKING:
    from vitrina.evaluate.assessment import Assessment
    from vitrina.evaluate.bootstrap import Figure

# A share is best at 1 and read as a percentage; an area under a curve is best at 1 too, and read as a number.
SHARES = ("accuracy", "balanced_accuracy")
AREAS = ("roc_auc", "average_precision", "r2")


def figure_name(name: str) -> str:
    """`roc_auc` in words."""
    words = {
        "error": say("error (cost)"),
        "accuracy": say("accuracy"),
        "balanced_accuracy": say("balanced accuracy"),
        "log_loss": say("log loss"),
        "roc_auc": say("ROC AUC"),
        "average_precision": say("average precision"),
        "mean_absolute_error": say("mean absolute error"),
        "root_mean_squared_error": say("root mean squared error"),
        "r2": say("R²"),
        "brier": say("Brier score"),
        "pinball_loss": say("pinball loss"),
    }
    if name.startswith("coverage_"):
        return say("share below the {quantile} quantile", quantile=name.removeprefix("coverage_"))
    return words.get(name, name.replace("_", " "))


def figure(name: str, value: float) -> str:
    """A measure as people write it: shares as percentages, areas with three places, others as `money`."""
    return f"{value:.1%}" if name in SHARES else f"{value:.3f}" if name in AREAS else money(value)


def money(value: float) -> str:
    """A quantity as people write it: whole from a thousand on, else four digits."""
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e15 else f"{value:.4g}"


def interval(name: str, known: Figure) -> str:
    """`93.1% to 97.7%`; nothing where nothing was drawn."""
    if not known.low < known.high:
        return ""
    return say("{low} to {high}", low=figure(name, known.low), high=figure(name, known.high))


def listed(found: Assessment) -> list[tuple[str, Figure]]:
    """The figures in the order they are read: shares and areas first; an error that repeats another is left out."""
    figures = dict(found.figures)
    error = figures.pop("error", None)
    if error and not any(abs(error.value - other.value) <= 1e-6 * abs(other.value) for other in figures.values()):
        figures["error"] = error
    return sorted(figures.items(), key=lambda item: item[0] not in (*SHARES, *AREAS))


def rival_name(name: str) -> str:
    """A baseline in the user's language."""
    names = {
        "network": say("network"),
        "majority": say("always the commonest"),
        "mean": say("always the mean"),
        "logistic regression": say("logistic regression"),
        "linear regression": say("linear regression"),
        "gradient boosting": say("gradient boosting"),
    }
    return names.get(name, name)


def role_name(role: str) -> str:
    """The role of a column in the user's language."""
    names = {
        "numeric": say("numeric"),
        "categorical": say("categorical"),
        "boolean": say("boolean"),
        "date": say("date"),
        "text": say("text"),
        "image": say("image"),
        "identifier": say("identifier"),
        "constant": say("constant"),
        "unsupported": say("unsupported"),
        "aside": say("aside"),
    }
    return names.get(role, role)


def way_name(name: str, classes: int = 2) -> str:
    """A way of deciding between so many classes, in the user's language."""
    names = {
        "never": say("never yes (doing nothing)") if classes == 2 else say("always the one cheapest answer"),
        "always": say("always yes"),
        "model": say("this model"),
        "break-even": say("this model, by the break-even in theory"),
        "logistic regression": say("logistic regression"),
        "gradient boosting": say("gradient boosting"),
    }
    return names.get(name, name)


def verdict(found: Assessment) -> str:
    """Whether a network was worth it, in one sentence; "" without baselines."""
    rival, kind = found.best_rival, found.verdict
    if rival is None or kind is None:
        return ""
    sentences = {
        "worth it": say("The network was worth it: {measure} {ours}, and {theirs} by {rival}, the best baseline."),
        "no better": say(
            "As far as {rows:,} rows can tell, it is no better than {rival}: {measure} {ours}, and {theirs} by that."
        ),
        "worse": say("A network was not worth it here: {measure} {ours}, and {theirs} by {rival}. Use that."),
    }
    return sentences[kind].format(
        rows=found.rows,
        measure=figure_name(found.headline),
        ours=figure(found.headline, found.figures[found.headline].value),
        theirs=figure(found.headline, rival.figures[found.headline].value),
        rival=rival_name(rival.name),
    )


def settings_told(settings: Mapping[str, Any], words: Sequence[str]) -> list[tuple[str, str]]:
    """Those of the settings that there are, each with its name in the user's language. words: `locale.named`."""
    values = ((word, settings.get(word.replace(" ", "_"))) for word in words)
    return [(say(word), in_words(value)) for word, value in values if value is not None]


def in_words(value: Any) -> str:
    """A setting in a few words; an optimizer or schedule by its kind and what differs from its defaults."""
    if not isinstance(value, dict):
        return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    from vitrina.learning import OPTIMIZERS, SCHEDULES

    usual = {type(kind()).__name__: kind().to_json() for kind in OPTIMIZERS.values()}
    usual |= {type(schedule).__name__: schedule.to_json() for schedule in SCHEDULES.values()}
    kind = str(value.get("type", ""))
    given = [f"{name} {item}" for name, item in value.items() if item != usual.get(kind, {}).get(name)]
    return ", ".join([kind, *given] if kind else given)
