"""Networks and settings searched: Optuna proposes, a population tries, the worse half goes early, the best is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

from vitrina.data.address import without_password
from vitrina.data.splits import Division
from vitrina.errors import UsageError, VitrinaError
from vitrina.files import write_atomically
from vitrina.learning.optimizers import optimizer_named
from vitrina.learning.step import metric_name
from vitrina.locale import say
from vitrina.material import Material, gather
from vitrina.model import Model
from vitrina.network.dense import Dense
from vitrina.network.dropout import Dropout
from vitrina.network.layer import Layer
from vitrina.network.network import Input, Network
from vitrina.network.shaping import Flatten
from vitrina.population import LEADERBOARD, Leaderboard, Population
from vitrina.runs import RunFolder
from vitrina.training import train

MEMBERS = 8  # of a round: one network at so many rates and decays, in one program
WIDTHS, DEPTHS, DROPOUTS = (16, 32, 64, 128, 256), (1, 4), (0.0, 0.1, 0.3)
FACTORS = (0.1, 30.0)  # of the optimizer's usual rate, between which rates are proposed
DECAYS = (1e-6, 1e-1)


@dataclass(frozen=True)
class Search:
    """What `vt.search` returns. best: the winner, measured once on the test part; leaderboard: all trials, the best first."""

    best: Model
    leaderboard: Leaderboard
    networks: tuple[Network, ...]  # of each trial, by its number

    def to_json(self) -> dict[str, Any]:
        return {"leaderboard": [vars(row) for row in self.leaderboard.rows], "test": self.best.measured.get("test")}

    def __rich__(self) -> Any:
        return self.leaderboard.__rich__()

    def __str__(self) -> str:
        return str(self.leaderboard)

    __repr__ = __str__


def search(
    data: Any,
    target: str | None = None,
    *,
    trials: int = 32,
    network: Network | None = None,
    optimizer: str | None = "adamw",
    epochs: int | None = None,
    batch_size: int | None = None,
    engine: str = "auto",
    seed: int = 0,
    columns: Mapping[str, str] | None = None,
    drop: Sequence[str] = (),
    image_size: Sequence[int] | None = None,
    time: str | None = None,
    group: str | None = None,
    split: str | None = None,
    gap: str | float | timedelta | None = None,
    drop_leaks: bool = False,
    out: str | Path | None = None,
    watch: Callable[[int, float], None] | None = None,
) -> Search:
    """Tries `trials` combinations of network, learning rate and weight decay, and keeps the one with the smallest validation error.

    data, target and what else has the name of an argument of `vt.train`: as there. network: search its rate and weight decay
    alone; None searches tables for width, depth and dropout as well (images keep the network that is chosen for them).
    Optuna's TPE sampler (Bergstra et al. 2011) proposes; each network is tried at several rates side by side, and the worse
    half of them goes after a quarter, and again after half of the epochs (successive halving). The split is made once; the test
    part is looked at once, by the winner. watch: called after each round with the trials done and the best error so far.
    out: keeps the winner as a run, with leaderboard.csv. Of data too large to be held the trials see the draw of rows that all
    is fitted on, and the winner is then taught from all of them, streamed.

    Raises UsageError for an impossible number, VitrinaError if Optuna is not installed, and what `vt.train` raises.
    """
    if not isinstance(trials, int) or trials < 1:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise UsageError(say("{name} must be a whole number of 1 or more, not {value!r}", name="trials", value=trials))
    optuna = _optuna()
    division = Division(time, group, split, gap)
    share = None if network is None else 0.15
    material = gather(
        data, target, network, share, None, seed, columns, drop, image_size, division, drop_leaks, stream=None
    )
    if material.validation is None:
        raise UsageError(say("there are too few rows to hold some back, and a search judges by those; give more rows"))
    shape = material.train.x.shape[1:]
    recipe = material.recipe
    suggestion = None
    if network is None:
        suggestion = material.suggestion()
    given = network or (suggestion.network if suggestion and len(shape) > 1 else None)
    folder = RunFolder.new(out) if out is not None else None
    usual = optimizer_named(optimizer).usual_rate
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=min(10, trials)))
    began = monotonic()

    found: list[tuple[Any, Model, Network]] = []  # row, model, network
    while len(found) < trials:
        count = min(MEMBERS, trials - len(found))
        first = study.ask()
        tried = given or _proposed(first, recipe, suggestion)
        asked = [first, *(_like(study, first) for _ in range(count - 1))]
        rates = [one.suggest_float("lr", FACTORS[0] * usual, FACTORS[1] * usual, log=True) for one in asked]
        decays = [one.suggest_float("weight_decay", *DECAYS, log=True) for one in asked]
        round_: Population = train(
            (material.train.x, material.train.y),
            network=tried,
            validation=(material.validation.x, material.validation.y),
            optimizer=optimizer,
            epochs=epochs or (suggestion.epochs // 2 if suggestion else 10),
            batch_size=batch_size or (suggestion.batch_size if suggestion else 32),
            engine=engine,
            seed=seed,
            vary={"lr": rates, "weight_decay": decays},
            progress=False,
        )
        for row in sorted(round_.leaderboard.rows, key=lambda row: row.member):
            error = row.validation_error
            state = optuna.trial.TrialState.FAIL if error is None else optuna.trial.TrialState.COMPLETE
            study.tell(asked[row.member], error, state=state)
            found.append((row, round_.members[row.member], tried))
        if watch:
            errors = [row.validation_error for row, _, _ in found if row.validation_error is not None]
            watch(len(found), min(errors, default=float("nan")))
    order = sorted(range(len(found)), key=lambda place: _error(found[place][0]))
    ranked = tuple(
        replace(found[place][0], rank=rank, member=place, network=_brief(found[place][2]))
        for rank, place in enumerate(order, 1)
    )
    row, won, _ = found[order[0]]
    how = {"columns": columns, "drop": drop, "image_size": image_size, "drop_leaks": drop_leaks} | division.to_json()
    if material.feed is not None:
        best = _of_all_rows(data, target, row, won, optimizer, engine=engine, seed=seed, out=out, **how)
    else:
        best = _of_rows_at_hand(data, material, won, division, drop_leaks)
    settings = best.settings | {
        "why": say("the best of {trials} trials", trials=trials),
        "searched_seconds": round(monotonic() - began, 1),
    }
    best = replace(best, settings=settings)
    result = Search(best, Leaderboard(ranked, metric_name(best.network)), tuple(network for _, _, network in found))
    if folder:
        folder.write_settings(settings)
        folder.write_history(best.history)
        best.save(folder.model)
        write_atomically(folder.path / LEADERBOARD, result.leaderboard.to_csv())
    return result


def _of_all_rows(data: Any, target: str | None, row: Any, won: Model, optimizer: str | None, **how: Any) -> Model:
    """The winner of trials that saw a draw of the rows, taught once more from all of them. row: its line of the leaderboard."""
    return train(
        data,
        target,
        network=won.network,
        optimizer=replace(optimizer_named(optimizer), weight_decay=row.weight_decay),
        learning_rate=row.lr,
        epochs=won.settings["epochs"],
        batch_size=won.settings["batch_size"],
        stream=True,
        progress=False,
        **how,
    )


def _of_rows_at_hand(data: Any, material: Material, won: Model, division: Division, drop_leaks: bool) -> Model:
    """The winner, which was taught arrays, with what it is to know of the data they were made of; measured on the test part."""
    settings = won.settings | {
        "data": without_password(str(data)) if isinstance(data, str | Path) else None,
        "target": material.target,
        **division.to_json(),
        "drop_leaks": drop_leaks,
    }
    best = replace(won, recipe=material.recipe, settings=settings)
    if material.parts is not None:
        best.measured["parts"] = dict(material.parts)
    best.measured["rows"]["test"] = material.test.rows if material.test is not None else 0
    if material.test is not None:
        best.measured["test"] = best.evaluate(material.test)
    return best


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise VitrinaError(say("search needs Optuna; install it with: pip install 'vitrina[search]'")) from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def _like(study: Any, first: Any) -> Any:
    """Another trial of the same network, whose rate and decay the sampler chooses."""
    fixed = {name: value for name, value in first.params.items() if name in ("width", "depth", "dropout")}
    if fixed:
        study.enqueue_trial(fixed)
    trial = study.ask()
    if fixed:
        _sizes(trial)
    return trial


def _sizes(trial: Any) -> tuple[int, int, float]:
    return (
        trial.suggest_categorical("width", WIDTHS),
        trial.suggest_int("depth", *DEPTHS),
        trial.suggest_categorical("dropout", DROPOUTS),
    )


def _proposed(trial: Any, recipe: Any, suggestion: Any) -> Network:
    """A network for a table: `depth` Dense layers of `width` units, dropout behind each."""
    width, depth, dropout = _sizes(trial)
    layers: list[Layer] = [] if len(recipe.input_shape) == 1 else [Flatten()]
    for _ in range(depth):
        layers.append(Dense(width, "relu"))
        layers += [Dropout(dropout)] if dropout else []
    return Network(Input(recipe.input_shape), *layers, Dense(recipe.outputs), cost=suggestion.network.cost)


def _error(row: Any) -> float:
    return float("inf") if row.validation_error is None else row.validation_error


def _brief(network: Network) -> str:
    """The units of its layers, and its dropout: `64-64-3, dropout 0.1`; other layers by their kind."""
    shown = [layer for layer in network.layers if not isinstance(layer, Dropout | Flatten)]
    words = "-".join(str(layer.units) if isinstance(layer, Dense) else type(layer).__name__ for layer in shown)
    rates = {layer.rate for layer in network.layers if isinstance(layer, Dropout)}
    return ", ".join([words, *(f"dropout {rate:g}" for rate in sorted(rates))])
