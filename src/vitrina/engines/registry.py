"""The engines there are, which of them are installed, and how to get one."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import os
from dataclasses import dataclass
from functools import cache

from vitrina.engines.allocation import keep_memory
from vitrina.engines.engine import PRECISIONS, Engine
from vitrina.errors import EngineError, UsageError
from vitrina.locale import say


@dataclass(frozen=True)
class _Entry:
    """How to find an engine: its module and class, what must be installed, and how it is installed."""

    module: str
    cls: str
    needs: str
    install: str
    variants: tuple[str, ...]


ENGINES: dict[str, _Entry] = {
    "numpy": _Entry("vitrina.engines.numpy_engine", "NumpyEngine", "numpy", "pip install vitrina", ("eager",)),
    "jax": _Entry("vitrina.engines.jax_engine", "JaxEngine", "jax", "pip install vitrina", ("scan", "eigen")),
    "torch": _Entry(
        "vitrina.engines.torch_engine", "TorchEngine", "torch", "pip install 'vitrina[torch]'", ("eager", "compiled")
    ),
    "tensorflow": _Entry(
        "vitrina.engines.tensorflow_engine",
        "TensorflowEngine",
        "tensorflow",
        "pip install 'vitrina[tensorflow]'",
        ("graph", "xla"),
    ),
}

_started_by: dict[str, int] = {}  # engine -> the process


@dataclass(frozen=True)
class EngineInfo:
    """One line of `vitrina engines`: its version if installed, else how to install it."""

    name: str
    installed: bool
    version: str | None
    variants: tuple[str, ...]
    install: str

    def devices(self) -> list[str]:
        """The devices it can use; loads the framework."""
        return get(self.name).devices() if self.installed else []


def available() -> list[EngineInfo]:
    """Every engine, installed or not, without loading any framework."""
    return [
        EngineInfo(name, is_installed(name), _version(entry), entry.variants, entry.install)
        for name, entry in ENGINES.items()
    ]


def is_installed(name: str) -> bool:
    """True if the engine's framework can be imported; does not import it."""
    return importlib.util.find_spec(ENGINES[name].needs) is not None


def get(name: str, precision: str = "float32", variant: str | None = None) -> Engine:
    """The engine of that name; one object for the same request.

    `precision`: "float32"; "bfloat16" for matrix products and convolutions in it, and all else in float32; or "float64".

    `variant` picks how it runs a chunk (`vitrina engines` lists them); None leaves it to the engine. `name` may carry
    it: "torch:compiled". Raises UsageError for an unknown name, variant or precision, EngineError (with the extra to
    install) for an engine that is not installed, or whose framework is damaged, or which another process started that this one
    was forked from.
    """
    name, _, own = name.partition(":") if isinstance(name, str) else (name, "", "")  # pyright: ignore
    variant = own or variant
    if name not in ENGINES:
        raise UsageError(say("unknown engine {name!r}; it can be auto, {known}", name=name, known=", ".join(ENGINES)))
    entry = ENGINES[name]
    if precision not in PRECISIONS:
        raise UsageError(
            say("unknown precision {precision!r}; it can be {known}", precision=precision, known=", ".join(PRECISIONS))
        )
    if variant is not None and variant not in entry.variants:
        raise UsageError(
            say(
                "engine {name} has no variant {variant!r}; it can be {known}",
                name=name,
                variant=variant,
                known=say(" or ").join(entry.variants),
            )
        )
    if not is_installed(name):
        raise EngineError(
            say("engine {name} is not installed; install it with: {command}", name=name, command=entry.install)
        )
    # The threads of a framework stay behind in the process that started them: a forked one would wait for them for ever.
    if name != "numpy" and _started_by.setdefault(name, os.getpid()) != os.getpid():
        raise EngineError(
            say(
                "engine {name} was started before this process was forked, and cannot run in it; make processes with "
                "multiprocessing.get_context('spawn'), or use engine='numpy' here",
                name=name,
            )
        )
    return _make(name, precision, variant)


@cache
def _make(name: str, precision: str, variant: str | None) -> Engine:
    entry = ENGINES[name]
    keep_memory()
    try:
        cls = getattr(importlib.import_module(entry.module), entry.cls)
    except Exception as error:  # a library that is missing or too old shows in whatever way it likes
        told = " ".join(str(error).split())[:160]
        raise EngineError(
            say(
                "engine {name} cannot be loaded ({reason}); install it anew with: {command}",
                name=name,
                reason=told,
                command=entry.install,
            )
        ) from error
    return cls(precision) if len(entry.variants) == 1 else cls(precision, variant)


def _version(entry: _Entry) -> str | None:
    for package in (entry.needs, f"{entry.needs}-cpu"):
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return None
