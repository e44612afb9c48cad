"""A network on one screen: each layer, what comes out of it, its parameters and its work."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from vitrina.locale import say
from vitrina.network.layer import Shape
from vitrina.network.network import Network, flatten


@dataclass(frozen=True)
class Row:
    """One layer of the table; `depth` is how many containers it stands in."""

    name: str
    kind: str
    detail: str
    output_shape: Shape
    parameters: int
    flops: int
    depth: int


@dataclass(frozen=True)
class Summary:
    """What `Network.summary()` returns: `rows` for programs, a Rich table for terminals, HTML for notebooks."""

    input_shape: Shape
    cost: str
    rows: tuple[Row, ...]
    parameters: int
    flops: int

    def __rich__(self) -> Any:
        from rich import box
        from rich.table import Table

        table = Table(box=box.SIMPLE_HEAD, show_footer=True, pad_edge=False)
        names = ["  " * row.depth + row.name.split("/")[-1] for row in self.rows]
        # Names are what --layer takes: they are whole, and what stands beside them is broken.
        table.add_column(say("layer"), footer=say("all"), style="bold", no_wrap=True)
        table.add_column(say("what"), style="dim", overflow="fold")
        table.add_column(say("output"), justify="right", style="cyan")
        table.add_column(say("parameters"), f"{self.parameters:,}", justify="right")
        table.add_column(say("FLOPs per example"), f"{self.flops:,}", justify="right")
        table.add_row(say("input"), "", _shape(self.input_shape), "", "")
        for name, row in zip(names, self.rows, strict=True):
            count = f"{row.parameters:,}" if row.parameters else "[dim]–[/dim]"
            work = f"{row.flops:,}" if row.flops else "[dim]–[/dim]"
            table.add_row(name, row.detail, _shape(row.output_shape), count, work)
        table.add_row(say("cost"), self.cost, "", "", "")
        return table

    def __str__(self) -> str:
        from io import StringIO

        from rich.console import Console

        out = StringIO()
        Console(file=out, width=100, color_system=None).print(self)
        return out.getvalue()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        titles = (say("layer"), say("what"), say("output"), say("parameters"), say("FLOPs per example"))
        head = "".join(f"<th>{title}</th>" for title in titles)
        lines = [
            f"<tr><td style='padding-left:{1 + row.depth}em'>{escape(row.name)}</td><td>{escape(row.detail)}</td>"
            f"<td>{_shape(row.output_shape)}</td><td>{row.parameters:,}</td><td>{row.flops:,}</td></tr>"
            for row in self.rows
        ]
        totals = (say("all"), escape(self.cost), "", f"{self.parameters:,}", f"{self.flops:,}")
        foot = "<tr>" + "".join(f"<th>{total}</th>" for total in totals) + "</tr>"
        return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody><tfoot>{foot}</tfoot></table>"


def summarise(network: Network) -> Summary:
    """The table of `network`. A container's own row counts what it holds; the total counts each parameter once."""
    sizes = {name: array.size for name, array in flatten(network.build(0)[0]).items()}
    rows: list[Row] = []
    for name, layer, shape in network.walk():
        own = sum(size for parameter, size in sizes.items() if parameter.startswith(f"{name}/"))
        kind = type(layer).__name__
        row = Row(name, kind, _detail(layer), layer.output_shape(shape), own, layer.flops(shape), name.count("/"))
        rows.append(row)
    return Summary(network.input_shape, network.cost.label, tuple(rows), sum(sizes.values()), network.flops)


def _steps(count: int) -> str:
    return say("1 step") if count == 1 else say("{count} steps", count=count)


def _detail(layer: Any) -> str:
    """The settings that tell this layer from a default one: `32 filters, 3×3, relu`."""
    words: list[str] = []
    for name, value in layer.to_json().items():
        if name in ("type", "name", "layers", "shortcut", "initialiser", "units") or value in (
            None,
            "linear",
            "valid",
            [],
        ):
            continue
        if name in ("kernel_size", "size"):
            words.append("×".join(map(str, value)) if isinstance(value, list) else _steps(value))
        elif name == "stride":
            if value not in (1, [1, 1], layer.to_json().get("size")):
                words.append(say("stride {size}", size="×".join(map(str, value)) if isinstance(value, list) else value))
        elif name == "use_bias":
            words.extend([] if value else [say("no bias")])
        elif name in ("activation", "padding", "merge"):
            words.append(str(value))
        elif name == "filters":
            words.append(say("{count} filters", count=value))
        elif name == "groups":
            words.extend([say("{count} groups", count=value)] if value > 1 else [])
        elif isinstance(value, bool):
            words.extend([name.replace("_", " ")] if value else [])
        else:
            words.append(f"{name} {value}")
    return ", ".join(words)


def _shape(shape: Shape) -> str:
    return " × ".join(map(str, shape))
