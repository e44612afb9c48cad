"""vitrina approximate: a network learns a function before your eyes; without one, a curve that is drawn by hand on the page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vitrina.commands.describe import read_network
from vitrina.commands.options import Json, Lang
from vitrina.commands.output import bar, console, marked, print_json
from vitrina.commands.train import OptimizerName, new_run
from vitrina.commands.watching import page_beside, show_editor, stay
from vitrina.errors import DataError, UsageError
from vitrina.locale import say
from vitrina.terminal import BLOCKS, plot

if TYPE_CHECKING:
    import numpy as np
    from rich.console import Console
    from rich.text import Text

    from vitrina.approximating import Approximation

SHOWN = 8  # neurons whose part is drawn
WIDEST = 96  # characters of a plot


def approximate(
    function: Annotated[
        str | None,
        typer.Argument(
            metavar="[FUNCTION]",
            help='Such as "sin(3*x)*x" or "x*y", or a table of points, the value last; without one, draw it on the page.',
            show_default=False,
        ),
    ] = None,
    neurons: Annotated[int, typer.Option("--neurons", metavar="N", min=1, help="In each hidden layer.")] = 32,
    layers: Annotated[int, typer.Option("--layers", metavar="N", min=1, max=20, help="Hidden layers.")] = 1,
    activation: Annotated[str, typer.Option("--activation", metavar="NAME", help="Of the hidden neurons.")] = "tanh",
    network: Annotated[
        str | None,
        typer.Option("--network", metavar="FILE", help="A network of your own as JSON, instead of those three."),
    ] = None,
    low: Annotated[float, typer.Option("--from", metavar="X", help="Where to look at a formula from ...")] = -3.0,
    high: Annotated[float, typer.Option("--to", metavar="X", help="... and to where.")] = 3.0,
    epochs: Annotated[int, typer.Option("--epochs", metavar="N", min=1, help="Passes over the points.")] = 400,
    batch: Annotated[int | None, typer.Option("--batch", metavar="N", min=1, help="Points per step.")] = None,
    lr: Annotated[float | None, typer.Option("--lr", metavar="X", help="Learning rate.")] = None,
    optimizer: Annotated[
        OptimizerName | None, typer.Option("--optimizer", help="How gradients change the weights.")
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare/--no-compare", help="Beside narrower networks, and shallow beside deep.")
    ] = True,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Fixes first weights and order.")] = 0,
    engine: Annotated[
        str, typer.Option("--engine", metavar="NAME", help="auto, numpy, jax, torch or tensorflow.")
    ] = "auto",
    out: Annotated[str | None, typer.Option("--out", metavar="RUN", help="Keep it as a run.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="See it learn in the browser.")] = False,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Teach a network a function, and see the fit, what each neuron adds to it, and what width and depth do.

    Without a function you draw a curve on the page, and see it learned there.
    """
    if function is None and (network is not None or out is not None or seed != 0):
        raise UsageError(
            say(
                "a curve that is drawn is taught by the page, which keeps it in runs/; leave out --network, --out and --seed"
            )
        )
    if lr is not None and not 0.0 < lr < float("inf"):
        raise UsageError(say("--lr {given}: a learning rate is a number above 0, such as 0.001", given=lr))
    if function is None:
        chosen = {"rate": lr, "batch": batch, "optimizer": optimizer and optimizer.value, "epochs": epochs}
        _let_draw(neurons, layers, activation, chosen | {"engine": None if engine == "auto" else engine}, json)
        return
    from vitrina.approximating import approximate as imitate

    options: dict[str, Any] = {
        "neurons": neurons,
        "layers": layers,
        "activation": activation,
        "network": read_network(Path(network)) if network else None,
        "batch_size": batch,
        "learning_rate": lr,
        "optimizer": optimizer.value if optimizer else None,
        "low": low,
        "high": high,
        "epochs": epochs,
        "compare": compare and network is None,
        "seed": seed,
        "engine": engine,
        "progress": False if json else None,
    }
    points = _points(function)
    with page_beside(watch) as page:
        if out is None and page is None:
            found, run = imitate(points, **options), None
        else:
            with new_run(out) as run:
                if page:
                    page.run = run
                found = imitate(points, out=run, callbacks=(page,) if page else (), **options)
        if json:
            print_json(_as_json(found, function, run))
            return
        _show(console(), found, function, run)
        stay(page)


def _let_draw(neurons: int, layers: int, activation: str, chosen: dict[str, Any], json: bool) -> None:
    """The page's editor, which begins with a sheet to draw a curve on and with what was asked for; what is None it chooses itself."""
    from vitrina.network.activations import check_activation

    check_activation(activation)
    hidden = [{"kind": "dense", "units": neurons, "activation": activation}] * layers
    asked = {name: value for name, value in chosen.items() if value is not None}
    show_editor(json, begin={"data": "curve", "layers": hidden, **asked})


def _points(function: str) -> Any:
    """The formula as it is, or the points of a table with that name: its last column is the function's value."""
    path = Path(function)
    if not path.suffix or not path.exists():
        if function.lower().endswith((".csv", ".tsv", ".parquet")):
            raise DataError(say("{path}: no such file", path=function))
        return function
    import numpy as np
    import polars as pl

    from vitrina.data.roles import parse_numbers
    from vitrina.data.table_files import read_table

    frame = read_table(path).frame
    parsed = [parse_numbers(column)[0] for column in frame]
    numbers = pl.DataFrame([column for column in parsed if column.count() > len(frame) / 2]).drop_nulls()
    if not 2 <= numbers.width <= 3:
        raise UsageError(
            say(
                "{path} has {count} columns of numbers; points have one or two, and the value last",
                path=path.name,
                count=numbers.width,
            )
        )
    values = numbers.to_numpy().astype(np.float64)
    return values[:, :-1], values[:, -1]


def _as_json(found: Approximation, function: str, run: Path | None) -> dict[str, Any]:
    return {
        "function": function,
        "run": str(run) if run else None,
        "error": found.error,
        "names": found.names,
        "x": found.x,
        "truth": found.truth,
        "fit": found.fit,
        "contributions": found.contributions.T,
        "offset": found.offset,
        "compared": [vars(one) for one in found.compared],
    }


def _show(screen: Console, found: Approximation, function: str, run: Path | None) -> None:
    import numpy as np

    hidden = found.model.network.layers[:-1]
    screen.print()
    screen.print(
        marked(
            "[bold]{function}[/] by {layers} × {neurons} neurons, {parameters:,} weights: off by [bold]{error:.2%}[/] of its spread",
            function=function,
            layers=len(hidden),
            neurons=found.contributions.shape[1],
            parameters=found.model.network.parameters,
            error=found.error,
        )
    )
    screen.print()
    if found.x.shape[1] == 1:
        order = np.argsort(found.x[:, 0], kind="stable")
        width = min(WIDEST, screen.width - 12)
        screen.print(plot([(found.truth[order].tolist(), "dim yellow"), (found.fit[order].tolist(), "cyan")], width))
        ends = f"{found.x.min():.3g}", f"{found.x.max():.3g}"
        screen.print(f"{ends[0]}{ends[1].rjust(width - len(ends[0]))}", style="dim")
        screen.print(marked("[yellow]⣀[/] the function   [cyan]⣀[/] the network"))
        screen.print()
        _show_neurons(screen, found, order)
    if found.compared:
        _show_compared(screen, found)
    if run:
        screen.print(marked("Kept in [bold]{run}[/]:  [cyan]vitrina watch {run}[/]", run=str(run)))
        screen.print()


def _show_neurons(screen: Console, found: Approximation, order: np.ndarray) -> None:
    """What the neurons that count most add, each as a line of blocks; their sum is the curve above."""
    import numpy as np
    from rich.table import Table

    parts = found.contributions[order]
    spread = np.ptp(parts, axis=0)
    table = Table.grid(padding=(0, 2, 0, 0))
    for unit in np.argsort(-spread, kind="stable")[:SHOWN].tolist():
        line = parts[:, unit]
        table.add_row(f"#{unit}", _blocks(line, min(60, screen.width - 30)), f"{line.min():+.3g} … {line.max():+.3g}")
    screen.print(
        marked(
            "What each neuron of the last layer adds, the {shown} that move most of {count}; all and {offset:.3g} make the sum",
            shown=min(SHOWN, len(spread)),
            count=len(spread),
            offset=found.offset,
        )
    )
    screen.print(table)
    screen.print()


def _blocks(values: np.ndarray, width: int) -> Text:
    import numpy as np
    from rich.text import Text

    picked = values[np.linspace(0, len(values) - 1, width).round().astype(int)]
    low, span = float(picked.min()), float(np.ptp(picked)) or 1.0
    return Text("".join(BLOCKS[round(float(value - low) / span * (len(BLOCKS) - 1))] for value in picked), "cyan")


def _show_compared(screen: Console, found: Approximation) -> None:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in (say("hidden layers"), say("neurons in each"), say("weights"), say("off by"), ""):
        table.add_column(heading, justify="right" if heading else "left")
    worst = max(one.error for one in found.compared)
    mine = len(found.model.network.layers) - 1, found.contributions.shape[1]
    for one in found.compared:
        style = "bold" if (one.layers, one.neurons) == mine else ""
        colour = "cyan" if one.layers == 1 else "magenta"
        row = [str(one.layers), str(one.neurons), f"{one.parameters:,}", f"{one.error:.2%}"]
        table.add_row(*row, bar(one.error / worst, 24, colour), style=style)
    screen.print(marked("Wider, and deeper with about as many weights"))
    screen.print(table)
    screen.print()
