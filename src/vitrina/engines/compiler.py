"""The C++ compiler that PyTorch needs to compile a step: found without loading PyTorch."""

from __future__ import annotations

import os
import shutil


def has_cxx_compiler() -> bool:
    """True if the one named in CXX, or one of the usual ones, is there."""
    return any(shutil.which(name) for name in (os.environ.get("CXX", ""), "g++", "clang++", "cl") if name)
