"""What the page asks of the examples that judge a training: who they are, how each fares at a moment, what moves the answer."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from vitrina.glass.judging import Judged, Judging
from vitrina.glass.looks_file import Look
from vitrina.glass.plain import plain
from vitrina.glass.recording import Recording

SIDE = 64  # pixels along a picture; larger ones are thinned


class Examples:
    """The answers, as plain data."""

    def __init__(self, recording: Recording) -> None:
        self.recording, self.judging = recording, Judging(recording)

    @property
    def unit(self) -> dict[str, Any] | None:
        """mean, std (outputs,): a number of the network's is one of the target's own after `* std + mean`; None where it is one."""
        return self.judging.about.get("unit")

    def about(self) -> dict[str, Any]:
        """Who they are: pictures as bytes, or the rows of a table in their own words. {} for a recording of before."""
        judges, kept = self.recording.judges, self.judging.about
        if judges is None:
            return {}
        x, _ = judges
        found: dict[str, Any] = {
            "count": len(x),
            "where": kept.get("where", [str(place) for place in range(len(x))]),
            "columns": kept.get("columns", []),
            "rows": kept.get("rows", []),
            "turns": [{name: turn[name] for name in ("name", "kind", "values")} for turn in kept.get("turns", [])],
        }
        if x.ndim == 4 and x.shape[-1] in (1, 3):
            found["pictures"] = _pictures(x)
        return found

    def judged(self, look: Look) -> dict[str, Any]:
        """How each fares at that look: said and true, the error, and the order, hardest first. {} where it is not known."""
        judged = self.judging.at(look)
        if judged is None:
            return {}
        found: dict[str, Any] = {"step": look.step, "order": judged.hardest.tolist(), "error": plain(judged.error)}
        if judged.answers is None or judged.truth is None:
            return found | self._numbers(judged)
        each = np.arange(len(judged.answers))
        return found | {
            "said": judged.answers.tolist(),
            "truth": judged.truth.tolist(),
            "share": plain(np.round(judged.shares[each, judged.answers], 4)),
            "right": int((judged.answers == judged.truth).sum()),
            "confusion": judged.confusion().tolist(),
        }

    def dependence(self, look: Look, column: int) -> dict[str, Any]:
        """The mean answer at that look when a column takes each of its values in turn. {} where it is not known."""
        answers = self.judging.dependence(look, column)
        if answers is None:
            return {}
        turn = self.judging.about["turns"][column]
        if self.recording.network.cost.classifies:
            answers = np.concatenate([1.0 - answers, answers], 1) if answers.shape[-1] == 1 else answers
        else:
            answers = self._in_units(answers)
        return {
            "step": look.step,
            "column": column,
            "kind": turn["kind"],
            "values": turn["values"],
            "answers": plain(answers),
        }

    def _numbers(self, judged: Judged) -> dict[str, Any]:
        judges = self.recording.judges
        truth = judges[1][: len(judged.error)].reshape(len(judged.error), -1) if judges else judged.readable
        if truth.shape[-1] != judged.readable.shape[-1]:
            return {}
        return {"said": plain(self._in_units(judged.readable)[:, 0]), "truth": plain(self._in_units(truth)[:, 0])}

    def _in_units(self, values: np.ndarray) -> np.ndarray:
        """(n, outputs) in the target's own unit, where that is known."""
        unit = self.unit
        if not unit or values.shape[-1] != len(unit["mean"]):
            return values
        return values * np.array(unit["std"]) + np.array(unit["mean"])


def _pictures(x: np.ndarray) -> dict[str, Any]:
    """x (n, height, width, channels) as bytes, each picture from its darkest to its lightest value."""
    stride = -(-max(x.shape[1:3]) // SIDE)
    x = x[:, ::stride, ::stride]
    flat = x.reshape(len(x), -1)
    low, high = flat.min(axis=1), flat.max(axis=1)
    scaled = (flat - low[:, None]) / np.where(high > low, high - low, 1.0)[:, None]
    packed = base64.b64encode(np.rint(255.0 * np.nan_to_num(scaled)).astype(np.uint8).tobytes()).decode("ascii")
    return {"height": x.shape[1], "width": x.shape[2], "channels": x.shape[3], "bytes": packed}
