"""A formula as people write it, "sin(3*x)*x", worked out with NumPy; nothing in it is ever run as code."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitrina.errors import UsageError
from vitrina.locale import say

MOST_LETTERS, MOST_PARTS = 500, 200
VARIABLES = ("x", "y")
CONSTANTS = {"pi": np.pi, "e": np.e}
FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    **{name: getattr(np, name) for name in ("sin", "cos", "tan", "tanh", "exp", "log", "sqrt", "abs", "sign", "floor")},
    "arctan": np.arctan,
    "min": np.minimum,
    "max": np.maximum,
}
TWO = ("min", "max")  # of two numbers; the others are of one
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Mod: operator.mod,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_ALLOWED = (ast.BinOp, ast.UnaryOp, ast.USub, ast.UAdd, ast.expr_context, *_BINARY, *_COMPARE)


@dataclass(frozen=True)
class Formula:
    """A formula of x, or of x and y. `formula(x)`, `formula(x, y)`: arrays in, an array of their shape out, float64."""

    text: str
    variables: tuple[str, ...]
    tree: ast.expr

    def __call__(self, *values: np.ndarray) -> np.ndarray:
        """One array for each of `variables`; what is not defined there (log of -1) is nan or infinite."""
        known = dict(zip(self.variables, (np.asarray(value, np.float64) for value in values), strict=True))
        with np.errstate(all="ignore"):
            found = np.asarray(_value(self.tree, known), np.float64)
        return np.broadcast_to(found, np.shape(values[0])).copy()


def read_formula(text: str) -> Formula:
    """Reads "sin(3*x)*x", "x*y", "x^2 + 0.3*(x > 0)". Raises UsageError, naming what it does not know."""
    if len(text) > MOST_LETTERS:
        raise UsageError(
            say("a formula has at most {most} letters, and this one {letters}", most=MOST_LETTERS, letters=len(text))
        )
    try:
        tree = ast.parse(text.strip().replace("^", "**"), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UsageError(
            say('"{text}" is no formula; write one of x, such as "sin(3*x)*x", or of x and y', text=text)
        ) from None
    nodes = list(ast.walk(tree))
    if len(nodes) > MOST_PARTS:
        raise UsageError(say("this formula has too many parts; write a shorter one"))
    for node in nodes:
        _check(node, text)
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    names = {node.id for node in nodes if isinstance(node, ast.Name) and id(node) not in called}
    variables = tuple(name for name in VARIABLES if name in names)
    if not variables:
        raise UsageError(say('there is no x in "{text}"; a formula is of x, or of x and y', text=text))
    return Formula(text, variables if "x" in variables else ("x", *variables), tree)


def _check(node: ast.AST, text: str) -> None:
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else "?"
        if name not in FUNCTIONS:
            raise UsageError(
                say(
                    '"{text}": {name} is no function known here; there are {known}',
                    text=text,
                    name=name,
                    known=", ".join(FUNCTIONS),
                )
            )
        if node.keywords or len(node.args) != (2 if name in TWO else 1):
            if name in TWO:
                raise UsageError(say('"{text}": {name} is of two numbers', text=text, name=name))
            raise UsageError(say('"{text}": {name} is of one number', text=text, name=name))
    elif isinstance(node, ast.Name):
        if node.id not in (*VARIABLES, *CONSTANTS, *FUNCTIONS):
            raise UsageError(
                say('"{text}": what is {name}? A formula is of x and y, and may use pi and e', text=text, name=node.id)
            )
    elif isinstance(node, ast.Constant):
        if not (isinstance(node.value, int | float) and not isinstance(node.value, bool) and abs(node.value) <= 1e9):
            raise UsageError(say('"{text}": {value!r} is no number that can be used here', text=text, value=node.value))
    elif isinstance(node, ast.Compare):
        if len(node.ops) > 1:
            raise UsageError(say('"{text}": compare two things at a time', text=text))
    elif not isinstance(node, _ALLOWED):
        raise UsageError(say('"{text}": only + - * / ^ % < >, numbers and functions can be used', text=text))


def _value(node: ast.AST, known: Mapping[str, np.ndarray]) -> Any:
    if isinstance(node, ast.BinOp):
        return _BINARY[type(node.op)](_value(node.left, known), _value(node.right, known))
    if isinstance(node, ast.UnaryOp):
        value = _value(node.operand, known)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.Compare):
        compared = _COMPARE[type(node.ops[0])](_value(node.left, known), _value(node.comparators[0], known))
        return np.asarray(compared, np.float64)
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        return FUNCTIONS[name](*(_value(part, known) for part in node.args))
    if isinstance(node, ast.Name):
        return known[node.id] if node.id in known else CONSTANTS[node.id]
    return np.float64(node.value) if isinstance(node, ast.Constant) else np.nan  # pyright: ignore[reportArgumentType]
