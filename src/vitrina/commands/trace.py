"""vitrina trace: one row of the data through the three stages, with every number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vitrina.commands.options import Json, Lang, Query, Run, TableName, located
from vitrina.commands.output import console, print_json
from vitrina.errors import DataError, UsageError
from vitrina.locale import say

if TYPE_CHECKING:
    import numpy as np

    from vitrina.glass.trace import Trace
    from vitrina.model import Model


def trace(
    run: Run,
    data: Annotated[
        str, typer.Argument(metavar="DATA", help="Data like those the run learned from.", show_default=False)
    ],
    row: Annotated[int, typer.Option("--row", metavar="N", min=0, help="Which row, counted from 0.")] = 0,
    layer: Annotated[str | None, typer.Option("--layer", metavar="NAME", help="Every neuron of one layer.")] = None,
    neuron: Annotated[
        int | None, typer.Option("--neuron", metavar="N", min=0, help="The arithmetic of one neuron of --layer.")
    ] = None,
    place: Annotated[
        str | None, typer.Option("--place", metavar="R,C", help="Where on the image or sequence, for --neuron.")
    ] = None,
    member: Annotated[
        int | None,
        typer.Option("--member", metavar="M", min=1, help="One network of an ensemble alone, counted from 1."),
    ] = None,
    query: Query = None,
    table: TableName = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Follow one row of DATA forward, to its error, and back, with every number on the way."""
    from vitrina.data.address import without_password
    from vitrina.glass.titles import titles_of
    from vitrina.glass.trace_screen import show_layer, show_neuron, show_trace
    from vitrina.model import load

    model = load(run)
    data = located(data, query, table)
    x, y = example(model, data, row)
    traced = model.trace(x, y)
    if member is not None:
        traced = of_member(traced, member)
    titles = titles_of(traced.forward)
    layer = {title: name for name, title in titles.items()}.get(layer or "", layer)
    if neuron is not None and layer is None:
        raise UsageError(
            say("--neuron counts within a layer; add --layer, one of {names}", names=", ".join(titles.values()))
        )
    if layer is not None and layer not in traced.forward:
        raise UsageError(
            say("there is no layer {layer!r}; there are {names}", layer=layer, names=", ".join(titles.values()))
        )
    if json:
        print_json({"run": run, "data": without_password(data), "row": row, **as_json(traced, layer)})
        return
    screen = console()
    if layer is None:
        show_trace(screen, traced, row, model.recipe)
    elif neuron is None:
        show_layer(screen, traced, layer)
    else:
        show_neuron(screen, traced, layer, neuron, place_of(place))


def example(model: Model, data: str, row: int) -> tuple[np.ndarray, Any]:
    """One row as the network sees it, and its target; None where the data do not say it."""
    from vitrina.data import open_source

    target = model.settings.get("target")
    source = open_source(data)
    if not row < source.rows:
        raise DataError(
            say(
                "{data} has {rows} rows, numbered from 0; there is no row {row}",
                data=source.name,
                rows=source.rows,
                row=row,
            )
        )
    part = source.take([row])
    if model.recipe is None:
        arrays: Any = part
        if not hasattr(arrays, "x"):
            raise DataError(
                say(
                    "this model was taught on arrays, and {data} holds none; give an .npz, or trace it in Python: model.trace(x, y)",
                    data=source.name,
                )
            )
        return arrays.x[0], part.raw_target().values[0] if part.has_target else None
    try:
        if part.kind == "table" and target:
            part = open_source(data, target=target).take([row])
        truth = model.recipe.targets(part)[0]
    except DataError:
        truth = None
    return model.recipe.inputs(part)[0], truth


def of_member(traced: Trace, number: int) -> Trace:
    """The trace of one member, counted from 1."""
    if not traced.members:
        raise UsageError(say("--member is for networks that are several in one, and this one is not; leave it out"))
    if number > traced.members:
        raise UsageError(
            say("there is no member {number}; there are 1 to {count}", number=number, count=traced.members)
        )
    return traced.member(number - 1)


def place_of(given: str | None) -> tuple[int, ...]:
    if given is None:
        return ()
    parts = given.split(",")
    if not all(part.strip().isdecimal() for part in parts):
        raise UsageError(say("--place {given}: write ROW,COLUMN, such as 3,5", given=given))
    return tuple(int(part) for part in parts)


def as_json(traced: Trace, only: str | None) -> dict[str, Any]:
    """All numbers, as lists; of one layer alone if it is named."""

    def arrays(found: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in found.items() if value is not None}

    forward = {
        name: arrays(
            {
                "input": layer.input,
                "params": layer.params,
                "weighted_sums": layer.weighted_sums,
                "output": layer.output,
                "attention": layer.attention,
            }
        )
        for name, layer in traced.forward.items()
        if only in (None, name)
    }
    backward = {
        name: arrays(
            {
                "output_slope": layer.output_slope,
                "error_signals": layer.error_signals,
                "input_slope": layer.input_slope,
                "gradients": layer.gradients,
                "updates": layer.updates,
            }
        )
        for name, layer in traced.backward.items()
        if only in (None, name)
    }
    error = traced.error
    stage = {
        "prediction": error.prediction,
        "raw": error.raw,
        "target": error.target,
        "value": error.value,
        "slope": error.slope,
    }
    return {"input": traced.input, "forward": forward, "error": stage, "backward": backward}
