"""Writes docs/reference.md, every public name with what it says of itself; fails if one says nothing.

python docs/build.py
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Any

import vitrina

OUT = Path(__file__).with_name("reference.md")
FINDINGS = Path(__file__).with_name("findings.md")
WIDTH = 100
ROOMS = {  # in the order of the story
    "vitrina.network": "What a network is",
    "vitrina.learning": "How it learns",
    "vitrina.engines": "Where it runs",
    "vitrina.training": "Teaching it",
    "vitrina.model": "What is kept",
    "vitrina.glass": "How you see it",
    "vitrina.doctor": "Why it does not learn",
    "vitrina.evaluate": "How good it is, and what to decide with it",
    "vitrina.reporting": "Telling others of it",
    "vitrina.errors": "What can go wrong",
}


def main() -> int:
    public = {name: getattr(vitrina, name) for name in vitrina.__all__}
    silent = [name for name, value in public.items() if not says_something(value)]
    if silent:
        print(f"no documentation: {', '.join(silent)}", file=sys.stderr)
        return 1
    parts = [f"# Reference\n\nEvery public name of `vitrina` {vitrina.__version__} (`import vitrina as vt`).\n"]
    for room, title in ROOMS.items():
        inside = {name: value for name, value in public.items() if home(value).startswith(room)}
        if inside:
            parts.append(f"## {title}\n")
            parts += [entry(name, value) for name, value in inside.items()]
    OUT.write_text("\n".join(parts), encoding="utf-8")
    FINDINGS.write_text(findings(), encoding="utf-8")
    print(f"{len(public)} names in {OUT}, and every finding of the doctor in {FINDINGS}")
    return 0


def findings() -> str:
    """Every finding of the doctor, as its rule describes it: symptom, why, how it is measured, remedy, example."""
    from vitrina.doctor.registry import RULES
    from vitrina.doctor.verdict import REGISTERED

    assert REGISTERED
    parts = [
        "# What the doctor finds\n\n`vitrina doctor RUN`, `vt.diagnose(run)`. The cause is told first, and what comes of it under it.\n"
    ]
    when = {
        "before": "Can be told before the first step",
        "during": "Can be told while it learns",
        "after": "Can be told at the end",
    }
    for rule in sorted(RULES.values(), key=lambda rule: rule.rank):
        words = inspect.cleandoc(rule.documentation).replace("\n", " ")
        for head in ("Symptom", "Why", "Measured", "Remedy", "Example"):
            before, _, after = words.partition(f"{head}: ")
            words = f"{before.rstrip()}\n\n**{head}.** {after[:1].upper()}{after[1:]}"
        parts.append(f"## {rule.code}\n\n{when[rule.when]}; file `doctor/rules/{rule.family}.py`.{words}\n")
    return "\n".join(parts)


def home(value: Any) -> str:
    """The module a public name comes from."""
    return value.__name__ if inspect.ismodule(value) else value.__module__


def says_something(value: Any) -> bool:
    """True if it has a docstring of its own: not inherited, and not the signature that @dataclass puts in its place."""
    text = value.__doc__ or ""
    return bool(text) and not text.startswith(f"{getattr(value, '__name__', '')}(")


def entry(name: str, value: Any) -> str:
    """One name: how it is called, and its docstring as it stands (the layout of formulas and examples matters)."""
    signature = "" if inspect.ismodule(value) or is_exception(value) else called(value)
    return f"### {name}\n\n```text\nvt.{name}{signature}\n\n{inspect.getdoc(value)}\n```\n"


def is_exception(value: Any) -> bool:
    return inspect.isclass(value) and issubclass(value, Exception)


def called(value: Any) -> str:
    """How a function or class is called: on one line if it is short, else with an argument on each."""
    signature = inspect.signature(value)
    parameters = [item.replace(annotation=bare(item.annotation)) for item in signature.parameters.values()]
    result = inspect.Signature.empty if inspect.isclass(value) else bare(signature.return_annotation)
    signature = signature.replace(parameters=parameters, return_annotation=result)
    line = str(signature)
    if len(line) <= WIDTH:
        return line
    arguments = line[1 : line.rindex(")")]
    for name in signature.parameters:
        arguments = arguments.replace(f" {name}: ", f"\n    {name}: ")
    return f"(\n    {arguments}\n{line[line.rindex(')') :]}"


class Bare(str):
    """An annotation that prints without the quotes that postponed evaluation puts around it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def bare(annotation: Any) -> Any:
    return Bare(annotation) if isinstance(annotation, str) else annotation


if __name__ == "__main__":
    sys.exit(main())
