"""The report of a run: one HTML file that says what was learned from, how, how well, and what to make of it."""

from __future__ import annotations

__all__: list[str] = []
