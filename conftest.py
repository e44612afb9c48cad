"""What holds for the tests and for the examples in docstrings: quiet frameworks, no missing engine."""

from __future__ import annotations

import importlib.util
import os
import tempfile

# Read when a framework is loaded, so they are set before anything can load one.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow: neither greetings nor device probes
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
os.environ["VITRINA_CACHE"] = tempfile.mkdtemp(prefix="vitrina-cache-")  # what was measured here must decide nothing
os.environ.setdefault("COLUMNS", "120")  # Rich: tables of one width wherever the tests run

_FRAMEWORKS = {"jax": "jax", "torch": "torch", "tensorflow": "tensorflow"}

# Collecting the docstrings of a module imports it.
collect_ignore = [
    f"src/vitrina/engines/{engine}_engine.py"
    for engine, framework in _FRAMEWORKS.items()
    if importlib.util.find_spec(framework) is None
]
