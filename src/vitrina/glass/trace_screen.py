"""A trace in a terminal: the three stages of one example, the strongest paths first; a layer; a neuron."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from vitrina.data.target import NumberTarget
from vitrina.engines.numpy_engine import NumpyOps
from vitrina.glass.plan import INPUT, plan_of
from vitrina.glass.titles import titles_of
from vitrina.locale import say
from vitrina.network.ensemble import EnsembleDense, EnsembleMean
from vitrina.terminal import bar, marked

if TYPE_CHECKING:
    from vitrina.glass.trace import ForwardLayer, Trace

SHOWN = 4  # neurons of a layer, and inputs of a neuron, in the overview
TERMS = 20  # inputs of one neuron, when it is asked for
NEURONS = 64  # of one layer, when it is asked for
FORWARD, ERROR, BACKWARD = "cyan", "yellow", "magenta"


def show_trace(screen: Console, traced: Trace, row: int | None = None, recipe: Any = None) -> None:
    """All three stages. recipe: that of the model, where it has one, to say what a number is in the target's own unit."""
    screen.print()
    if row is None:
        screen.print(marked("[bold]One example[/] through the three stages of learning"))
    else:
        screen.print(marked("[bold]Row {row}[/] through the three stages of learning", row=row))
    screen.print()
    screen.print(_panel(say("1 · forward propagation"), FORWARD, _forward(traced)))
    screen.print(_panel(say("2 · the error"), ERROR, _error(traced, recipe)))
    screen.print(_panel(say("3 · back propagation"), BACKWARD, _backward(traced)))
    deep = next((name for name, layer in traced.forward.items() if layer.weighted_sums is not None), None)
    if deep:
        layer = titles_of(traced.forward)[deep]
        whole = traced.forward[deep].output.ndim > 1 and traced.members
        screen.print(
            marked("[dim]Go deeper:[/]  [cyan]--member 1[/]  [dim]looks at one of the {count}[/]", count=whole)
            if whole
            else marked(
                "[dim]Go deeper:[/]  [cyan]--layer {layer}[/]  [dim]or[/]  [cyan]--layer {layer} --neuron 0[/]",
                layer=layer,
            )
        )
    screen.print()


def show_layer(screen: Console, traced: Trace, name: str) -> None:
    """Every neuron of one layer: its sum, its output, its error signal, and how long its gradient is."""
    forward, backward = traced.forward[name], traced.backward[name]
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in (say("neuron"), say("weighted sum"), say("output"), "", say("error signal"), say("gradient")):
        table.add_column(heading, justify="left" if heading == "" else "right")
    output, slope = _by_unit(forward.output), _by_unit(backward.output_slope)
    sums = _by_unit(forward.weighted_sums) if forward.weighted_sums is not None else None
    signals = _by_unit(backward.error_signals) if backward.error_signals is not None else slope
    gradient = backward.gradients.get("weight")
    high = float(np.abs(output).max()) or 1.0
    order = np.argsort(-np.abs(output), kind="stable")[:NEURONS]
    for unit in sorted(order.tolist()) if len(output) <= NEURONS else order.tolist():
        table.add_row(
            str(unit),
            _number(sums[unit]) if sums is not None else "",
            _number(output[unit]),
            _signed(output[unit], high, 16, FORWARD),
            _number(signals[unit]),
            _number(_length(forward, gradient, unit)) if gradient is not None else "",
        )
    screen.print()
    title = titles_of(traced.forward)[name]
    screen.print(Text.assemble((title, "bold"), f"  {_kind(forward)}", ("  " + _sizes(forward.output.shape), "dim")))
    if isinstance(forward.layer, EnsembleDense) and forward.output.ndim > 1:
        screen.print(marked("[dim]each neuron in the member where it is strongest; --member M looks at one of them[/]"))
    elif forward.output.ndim > 1:
        screen.print(
            marked("[dim]each filter or channel where it is strongest; --neuron N --place R,C looks at one place[/]")
        )
    screen.print()
    screen.print(table)
    if len(output) > NEURONS:
        screen.print(marked("[dim]the {shown} strongest of {count}[/]", shown=NEURONS, count=len(output)))
    screen.print()


def show_neuron(screen: Console, traced: Trace, name: str, unit: int, place: tuple[int, ...]) -> None:
    """One neuron as an equation with its real numbers, and what back propagation tells it."""
    from vitrina.glass.trace import of_place

    layer = traced.forward[name]
    if layer.weighted_sums is not None and not place and layer.output.ndim > 1:
        place = _strongest_place(layer, unit)
    neuron, back = layer.neuron(unit, place), traced.backward[name].neuron(unit, place)
    inputs, weights, gradients = (part.reshape(-1) for part in (neuron.inputs, neuron.weights, back.weight_gradients))
    products = inputs * weights
    updates = of_place(layer.layer, traced.backward[name].updates["weight"], place)[..., unit].reshape(-1)
    order = np.argsort(-np.abs(products), kind="stable")[:TERMS]
    names = _names(traced, name, neuron.inputs.shape)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in (say("input"), say("value"), say("weight"), say("product"), "", say("gradient"), say("change")):
        table.add_column(heading, justify="left" if heading in ("", say("input")) else "right")
    high = float(np.abs(products).max()) or 1.0
    for at in order.tolist():
        table.add_row(
            names[at],
            *(_number(part[at]) for part in (inputs, weights, products)),
            _signed(products[at], high, 14, FORWARD),
            *(_number(part[at]) for part in (gradients, updates)),
        )
    screen.print()
    where = _where(layer, place)
    title = titles_of(traced.forward)[name]
    screen.print(marked("[bold]Neuron {unit}{where} of {layer}[/]", unit=unit, where=where, layer=title))
    screen.print()
    bend = "" if neuron.activation == "linear" else neuron.activation
    total = f"{_number(neuron.weighted_sum)} = Σ {_number(products.sum())} + {_number(neuron.bias)}"
    screen.print(
        Text.assemble(
            (say("weighted sum"), "dim"),
            "  ",
            (total, FORWARD),
            ("   " + say("(inputs × weights, and the bias)"), "dim"),
        )
    )
    shown = f"{bend}({_number(neuron.weighted_sum)}) = {_number(neuron.output)}" if bend else _number(neuron.output)
    screen.print(Text.assemble((say("output"), "dim"), "  ", (shown, "bold " + FORWARD)))
    signal = Text.assemble((say("error signal"), "dim"), "  ", (_number(back.error_signal), "bold " + BACKWARD))
    screen.print(signal + Text.assemble("   ", (say("slope by its bias"), "dim"), f"  {_number(back.bias_gradient)}"))
    screen.print()
    screen.print(table)
    if len(inputs) > TERMS:
        screen.print(marked("[dim]the {shown} strongest of {count}[/]", shown=TERMS, count=len(inputs)))
    screen.print()


def _forward(traced: Trace) -> RenderableType:
    parts: list[RenderableType] = []
    titles = titles_of(traced.forward)
    for name, layer in traced.forward.items():
        sizes = "  " + _sizes(layer.output.shape)
        parts.append(Text.assemble((titles[name], "bold"), f"  {_kind(layer)}", (sizes, "dim")))
        if layer.weighted_sums is None or "weight" not in layer.params:
            continue
        output = _by_unit(layer.output)
        high = float(np.abs(output).max()) or 1.0
        table = Table.grid(padding=(0, 2, 0, 2))
        for _ in range(4):
            table.add_column()
        for unit in np.argsort(-np.abs(output), kind="stable")[:SHOWN].tolist():
            place = _strongest_place(layer, unit)
            told = _strongest_inputs(traced, name, unit, place)
            table.add_row(
                f"#{unit}{_where(layer, place)}", _number(output[unit]), _signed(output[unit], high, 10, FORWARD), told
            )
        parts.append(table)
    parts.append(marked("[dim]Of each layer the neurons that answer most strongly, and the inputs that made them.[/]"))
    return Group(*parts)


def _strongest_inputs(traced: Trace, name: str, unit: int, place: tuple[int, ...]) -> Text:
    neuron = traced.forward[name].neuron(unit, place)
    products = (neuron.inputs * neuron.weights).reshape(-1)
    names = _names(traced, name, neuron.inputs.shape)
    told = Text("← ", "dim")
    for number, at in enumerate(np.argsort(-np.abs(products), kind="stable")[:3].tolist()):
        told.append("  " if number else "")
        told.append(names[at], "dim")
        told.append(f" {products[at]:+.2g}", "green" if products[at] >= 0 else "red")
    return told


def _error(traced: Trace, recipe: Any = None) -> RenderableType:
    error = traced.error
    table = Table.grid(padding=(0, 2, 0, 0))
    for justify in ("right", "left", "right", "right"):
        table.add_column(justify=justify)
    prediction, slope = np.atleast_1d(error.prediction).reshape(-1), np.atleast_1d(error.slope).reshape(-1)
    truth = int(error.target) if traced.network.cost.classifies and np.ndim(error.target) == 0 else None
    names = traced.class_names
    for at in np.argsort(-prediction, kind="stable")[:10].tolist() if truth is not None else range(len(prediction)):
        label = names[at] if at < len(names) else str(at)
        right = at == truth
        shown = bar(float(prediction[at]), 24, "green" if right else "cyan") if truth is not None else Text("")
        value = f"{prediction[at]:.1%}" if truth is not None else _number(prediction[at])
        table.add_row(
            Text(label + (" ✓" if right else ""), "bold green" if right else ""),
            shown,
            value,
            Text(_number(slope[at]), ERROR),
        )
    told = (
        []
        if truth is not None
        else [Text.assemble((say("truth"), "dim"), f"  {np.array2string(np.asarray(error.target), precision=4)}")]
    )
    told += _in_its_unit(traced, recipe) if truth is None else []
    told += [Text(), members] if (members := _members(traced, truth)) is not None else []
    sums = Text.assemble((traced.network.cost.label, "dim"), " = ", (_number(error.value), "bold " + ERROR))
    why = marked("[dim]On the right the slope: how the error would grow if that output did.[/]")
    return Group(table, *told, Text(), sums, why)


def _in_its_unit(traced: Trace, recipe: Any) -> list[RenderableType]:
    """What a network answers and the truth as the data say it; [] for classes, and numbers that are as they were given."""
    target = getattr(recipe, "target", None)
    answer = np.atleast_1d(traced.error.prediction).reshape(-1)
    if not isinstance(target, NumberTarget) or target.outputs != len(answer) or not recipe.target_name:
        return []
    if target.mean == (0.0,) * target.outputs and target.std == (1.0,) * target.outputs:
        return []
    own = [_told(recipe.decode(value), np.array(target.std)) for value in (answer, traced.error.target)]
    return [
        marked(
            "[dim]That is {target}, standardised as the network learns it: it answers[/] [bold]{answer}[/][dim], and the truth is[/] "
            "[bold]{truth}[/][dim].[/]",
            target=recipe.target_name,
            answer=own[0],
            truth=own[1],
        )
    ]


def _told(values: np.ndarray, spread: np.ndarray) -> str:
    """Numbers in their own unit. What is within the rounding of a standardised number of 0 is 0."""
    from vitrina.evaluate.words import money

    values = np.atleast_1d(values).reshape(-1)
    return ", ".join(money(float(value)) for value in np.where(np.abs(values) < 1e-6 * spread, 0.0, values))


def _members(traced: Trace, truth: int | None) -> RenderableType | None:
    """What each member of an ensemble answers by itself; None where there are none."""
    mean = list(traced.forward.values())[-1]
    if not isinstance(mean.layer, EnsembleMean):
        return None
    answers = np.asarray(traced.network.cost.readable(NumpyOps("float64"), mean.input))
    count = len(answers)
    if truth is None:
        told, shown = (
            marked("[dim]The mean of {count} members, which say:[/]", count=count),
            map(_number, answers[:, 0]),
        )
    else:
        told = marked("[dim]The mean of {count} members, which give the truth:[/]", count=count)
        shown = (f"{answer[truth]:.1%}" for answer in answers)
    return Group(told, "  ".join(shown))


def _backward(traced: Trace) -> RenderableType:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in (
        say("layer"),
        say("error signal"),
        "",
        say("gradient"),
        say("weight that changes most"),
        say("change"),
    ):
        table.add_column(
            heading,
            justify="left" if heading in ("", say("layer"), say("weight that changes most")) else "right",
            no_wrap=heading == say("layer"),  # a name is what --layer takes, and is whole
        )
    sizes = {name: float(np.sqrt(np.mean(_signals(layer) ** 2))) for name, layer in traced.backward.items()}
    high = max(sizes.values()) or 1.0
    titles = titles_of(traced.backward)
    for name, layer in traced.backward.items():
        row: list[Any] = [titles[name], _number(sizes[name]), bar(sizes[name] / high, 12, BACKWARD)]
        if layer.gradients:
            length = float(np.sqrt(sum(float(np.sum(part**2)) for part in layer.gradients.values())))
            parameter = max(layer.updates, key=lambda one: float(np.abs(layer.gradients[one]).max()))
            place = np.unravel_index(
                int(np.argmax(np.abs(layer.gradients[parameter]))), layer.gradients[parameter].shape
            )
            where = f"{parameter}[{', '.join(map(str, place))}]"
            row += [_number(length), where, _number(layer.updates[parameter][place])]
        table.add_row(*row, *[""] * (6 - len(row)))
    why = marked(
        "[dim]Right to left: the error signal (root mean square), the length of the gradient, and a first step of the optimizer.[/]"
    )
    return Group(table, why)


def _signals(layer: Any) -> np.ndarray:
    return layer.error_signals if layer.error_signals is not None else layer.output_slope


def _by_unit(values: np.ndarray) -> np.ndarray:
    """Of each unit the value that is largest in size, over all places: (units,)."""
    flat = values.reshape(-1, values.shape[-1])
    return flat[np.abs(flat).argmax(axis=0), np.arange(flat.shape[1])]


def _strongest_place(layer: ForwardLayer, unit: int) -> tuple[int, ...]:
    values = np.abs(layer.output[..., unit])
    return tuple(int(at) for at in np.unravel_index(int(values.argmax()), values.shape)) if values.ndim else ()


def _names(traced: Trace, name: str, shape: tuple[int, ...]) -> list[str]:
    """What the inputs of a layer's neurons are called: columns, places within the patch, or the neurons before them."""
    if len(shape) != 1:
        return [f"({', '.join(map(str, at))})" for at in np.ndindex(*shape)]
    (count,) = shape
    first = any(spot.name == name and spot.sources == (INPUT,) for spot in plan_of(traced.network))
    known = first and len(traced.input_names) == count
    return list(traced.input_names) if known else [f"#{at}" for at in range(count)]


def _length(layer: ForwardLayer, gradient: np.ndarray, unit: int) -> float:
    """Of the gradient of one neuron; of an ensemble's in the member where it is strongest."""
    from vitrina.glass.trace import of_place

    own = of_place(layer.layer, gradient, _strongest_place(layer, unit))
    return float(np.linalg.norm(own[..., unit]))


def _where(layer: ForwardLayer, place: tuple[int, ...]) -> str:
    """After a neuron's number, where it stands: of an ensemble in which member."""
    if not place:
        return ""
    return (
        f" · {say('member')} {place[0] + 1}"
        if isinstance(layer.layer, EnsembleDense)
        else f" ({', '.join(map(str, place))})"
    )


def _kind(layer: ForwardLayer) -> str:
    activation = getattr(layer.layer, "activation", "linear")
    return type(layer.layer).__name__ + (f" · {activation}" if activation != "linear" else "")


def _sizes(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


def _number(value: Any) -> str:
    return f"{float(value) + 0.0:.4g}"  # never -0


def _signed(value: Any, high: float, width: int, colour: str) -> Text:
    return bar(abs(float(value)) / high, width, colour if value >= 0 else "red")


def _panel(title: str, colour: str, inside: RenderableType) -> Panel:
    return Panel(inside, title=f"[bold {colour}]{title}[/]", title_align="left", border_style=colour, padding=(0, 1))
