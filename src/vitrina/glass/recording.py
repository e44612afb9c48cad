"""A training to look back at: what was seen of every layer at every look, while it is written and afterwards."""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock

import numpy as np

from vitrina.arguments import place
from vitrina.errors import ModelError, UsageError
from vitrina.glass.about import FOLDER, read_about
from vitrina.glass.looks_file import Look, LooksReader
from vitrina.learning.history import History
from vitrina.locale import say
from vitrina.network.network import Network

ERROR, RATE, EPOCH, PROBES, SAMPLE = "|batches|error", "|step|rate", "|epoch|", "|probes|x", "|sample|x"
JUDGES = "|judges|x"


@dataclass(frozen=True)
class LayerHistory:
    """One layer over time. `history["output", "mean"]` is (looks, units) for the looks at `steps`.

    Quantities: output, sum (weighted sums), signal (the error's slope by the sums), slope (by the output, where a layer has no
    sums); each with mean, spread, zero, largest, histogram. weight, "weight gradient", "weight update" (and so on for each
    parameter) with norm and histogram. probes with output and signal.
    """

    name: str
    looks: tuple[Look, ...]

    @property
    def steps(self) -> np.ndarray:
        """Steps that were done at each look: (looks,) int64."""
        return np.array([look.step for look in self.looks], np.int64)

    @property
    def quantities(self) -> dict[str, list[str]]:
        """What can be asked for: the statistics of each quantity."""
        found: dict[str, list[str]] = {}
        for key in self.looks[-1] if self.looks else ():
            layer, quantity, statistic = key.rsplit("|", 2)
            if layer == self.name:
                found.setdefault(quantity, []).append(statistic)
        return found

    def __getitem__(self, wanted: tuple[str, str]) -> np.ndarray:
        key = f"{self.name}|{wanted[0]}|{wanted[1]}"
        empty = next((np.full_like(look[key], np.nan) for look in self.looks if key in look), None)
        if empty is None:
            known = "; ".join(f"{quantity}: {', '.join(names)}" for quantity, names in self.quantities.items())
            raise UsageError(
                say(
                    "the recording has no {statistic} of {quantity} for {name}; it has {known}",
                    statistic=wanted[1],
                    quantity=wanted[0],
                    name=self.name,
                    known=known,
                )
            )
        return np.stack([look.get(key, empty) for look in self.looks])


class Recording:
    """What a training left in its run's folder `recording`. `refresh()` reads on in one that still grows.

    read: False to leave the reading to the first `refresh`. Raises ModelError if there is no recording.
    """

    def __init__(self, path: str | Path, read: bool = True) -> None:
        path = place(say("a run"), path)
        self.folder, self.about = read_about(path)
        self._parts: dict[Path, _Part] = {}
        self._reading = Lock()  # two threads that read on at once would each move the place the other reads from
        self._join()
        if read:
            self.refresh()

    def __reduce__(self) -> tuple[type[Recording], tuple[Path]]:
        """A copy, also one in another process, reads the same folder again: what is read is held with a lock."""
        return type(self), (self.folder.resolve(),)

    def __repr__(self) -> str:
        return f"Recording({str(self.folder)!r})"

    def _repr_html_(self) -> str:
        """In a notebook: the page itself, in a frame, with what has been recorded until now."""
        import html

        from vitrina.glass.replay import page_of

        page, _ = page_of(self.folder.parent if self.folder.name == FOLDER else self.folder)
        return f'<iframe srcdoc="{html.escape(page, quote=True)}" style="width:100%;height:900px;border:0"></iframe>'

    @cached_property
    def network(self) -> Network:
        """What was taught."""
        return Network.from_json(self.about["network"])

    def refresh(self) -> bool:
        """Reads what was written since; True if there was any. Any thread may ask."""
        with self._reading:
            paths = sorted(
                (p for p in self.folder.glob("*.arrows") if p.stem.isdigit()), key=lambda path: int(path.stem)
            )
            news = False
            for path in paths:
                part = self._parts.get(path)
                if part is None or part.was_replaced():
                    part = self._parts[path] = _Part(path)
                    news = True
                news |= part.read()
            if news:
                self._join()
            return news

    def _join(self) -> None:
        """A run that was killed and resumed goes on from its last checkpoint: what came after that does not count."""
        for known in ("errors", "_error_parts", "epochs"):
            self.__dict__.pop(known, None)  # of what there was before
        records: list[Look] = []
        for part in self._parts.values():
            if part.records:
                first = part.records[0].step
                records = [
                    look for look in records if look.step < first or (EPOCH + "epoch" in look and look.step == first)
                ]
                records += part.records
        self._looks = tuple(look for look in records if RATE in look)
        self._epochs = [look for look in records if EPOCH + "epoch" in look]
        self._batches = [look for look in records if ERROR in look]
        self._given = next((look for look in records if PROBES in look), None)
        self._judges = next((look for look in records if JUDGES in look), None)
        self._sample = next((look for look in records if SAMPLE in look), None)

    # -- what can be read
    @property
    def looks(self) -> tuple[Look, ...]:
        """Every look, in order."""
        return self._looks

    @property
    def steps(self) -> np.ndarray:
        """Steps that were done at each look: (looks,) int64."""
        return np.array([look.step for look in self._looks], np.int64)

    def at(self, step: int) -> Look:
        """The last look at or before so many steps; the first if there is none. Raises ModelError if nothing was seen."""
        if not self._looks:
            raise ModelError(say("{path}: nothing has been recorded yet", path=self.folder))
        place = bisect.bisect_right(self._looks, step, key=lambda look: look.step)
        return self._looks[max(0, place - 1)]

    def layer(self, name: str) -> LayerHistory:
        """One layer over time. Raises UsageError if there is none of that name."""
        names = self.layers
        if name not in names:
            raise UsageError(
                say("the recording has no layer {name!r}; it has {known}", name=name, known=", ".join(names))
            )
        return LayerHistory(name, tuple(look for look in self._looks if f"{name}|output|mean" in look))

    @property
    def layers(self) -> list[str]:
        """The names of the layers that were looked at, left to right."""
        seen = next((look for look in self._looks if any("|output|mean" in key for key in look)), None)
        return [key.rsplit("|", 2)[0] for key in seen if key.endswith("|output|mean")] if seen else []

    @cached_property
    def errors(self) -> tuple[np.ndarray, np.ndarray]:
        """Of every batch: how many steps were done with it (steps,) int64, and its error (steps,)."""
        firsts, lengths, errors = self._error_parts
        begins = np.array(firsts, np.int64) + 1 - np.cumsum([0, *lengths[:-1]], dtype=np.int64)[: len(firsts)]
        return np.repeat(begins, lengths) + np.arange(len(errors)), errors

    def errors_in(self, most: int) -> dict[str, np.ndarray]:
        """The batches' errors in at most about so many stretches: `step` each ends at, `mean`, `low` and `high` in it."""
        firsts, lengths, errors = self._error_parts
        size = max(1, -(-len(errors) // most))
        whole = len(errors) // size * size
        groups = [errors[:whole].reshape(-1, size)] + ([errors[None, whole:]] if whole < len(errors) else [])
        ends = np.minimum(np.arange(1, sum(map(len, groups)) + 1) * size, len(errors)) - 1
        after = np.cumsum(lengths, dtype=np.int64)
        part = np.searchsorted(after, ends, "right")
        step = np.array(firsts, np.int64)[part] + ends - (after - lengths)[part] + 1 if len(ends) else ends
        told = {"mean": np.mean, "low": np.min, "high": np.max}
        return {"step": step} | {
            name: np.concatenate([of(group, axis=1) for group in groups]) for name, of in told.items()
        }

    @cached_property
    def _error_parts(self) -> tuple[list[int], np.ndarray, np.ndarray]:
        """Of what was written together the steps done before, and how many there are; and the errors of all."""
        found: dict[int, np.ndarray] = {look.step: look[ERROR] for look in self._batches}
        firsts = sorted(found)
        ends = [*firsts[1:], 1 << 62][: len(firsts)]
        parts = [found[first][: end - first] for first, end in zip(firsts, ends, strict=True)]
        errors = np.concatenate(parts) if parts else np.empty(0, np.float32)
        return firsts, np.array([len(part) for part in parts], np.int64), errors

    @cached_property
    def epochs(self) -> History:
        """A row for each epoch, as in the model's history, in float32."""
        rows: dict[int, dict[str, float]] = {}
        for look in self._epochs:
            row = {key.removeprefix(EPOCH): float(look[key][0]) for key in look}
            rows[int(row["epoch"])] = row
        return History([rows[number] for number in sorted(rows)])

    def weights_at(self, step: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]] | None:
        """Weights and state by name, as a `Model` has them, of the look at or before `step`; None for a large network."""
        look = self.at(step)
        weights: dict[str, np.ndarray] = {}
        state: dict[str, np.ndarray] = {}
        for key in look:
            layer, quantity, statistic = key.rsplit("|", 2)
            if statistic == "values":
                kept, name = (
                    (state, quantity.removeprefix("state ")) if quantity.startswith("state ") else (weights, quantity)
                )
                kept[f"{layer}/{name}"] = look[key]
        return (weights, state) if weights else None

    @property
    def probes(self) -> tuple[np.ndarray, np.ndarray]:
        """The examples that were followed: x (probes, *input shape) float32 and y (probes, ...)."""
        if self._given is None:
            raise ModelError(say("{path}: nothing has been recorded yet", path=self.folder))
        return self._given[PROBES], self._given["|probes|y"]

    @property
    def judges(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Some hundreds of the examples that judge it: x (rows, *input shape) float32 and y (rows, ...); None of before."""
        return (self._judges[JUDGES], self._judges["|judges|y"]) if self._judges is not None else None

    @property
    def judges_fold(self) -> np.ndarray | None:
        """Of an ensemble whose members are judged in turn, the one that answers for each of them: (rows,) int32; else None."""
        kept = self._judges.get("|judges|fold") if self._judges is not None else None
        return None if kept is None else kept.astype(np.int32)

    @property
    def sample(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Of a network of one or two inputs some of the examples it learns from: x (rows, inputs) and y; else None."""
        return (self._sample[SAMPLE], self._sample["|sample|y"]) if self._sample is not None else None


class _Part:
    """One file of the recording: what one sitting of the training wrote."""

    def __init__(self, path: Path) -> None:
        self.reader, self.records = LooksReader(path), list[Look]()
        self._file = _identity(path)

    def read(self) -> bool:
        before = len(self.records)
        self.records.extend(self.reader.more())
        return len(self.records) > before

    def was_replaced(self) -> bool:
        """True when another, thinner file has taken the place of this one."""
        return _identity(self.reader.path) != self._file


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino
