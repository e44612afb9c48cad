"""What the doctor says: a finding, what it was measured by, and the change that mends it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, overload

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

Severity = Literal["note", "warning", "fault"]
SEVERITIES: tuple[Severity, ...] = ("note", "warning", "fault")


@dataclass(frozen=True)
class Remedy:
    """A change that can be applied to a training.

    changes: settings and their new values ("learning_rate", "optimizer", "network" as JSON, "epochs", ...), as `vt.train` takes
    them; data: what is to be done to the arrays, by `treatment.treat`: "fill" in, "unshare",
    "resplit", "pool" or "match" rows, leave out "doubtful" ones; "judge" marks a change after which scores cannot be compared. A remedy
    without either is for a person: nothing but the words can be given.
    """

    words: str
    changes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def changes_the_judge(self) -> bool:
        """True if what was measured before cannot be compared with what is measured after."""
        return any(name in self.data for name in ("unshare", "resplit", "pool", "doubtful", "judge"))

    @property
    def can_be_applied(self) -> bool:
        return bool(self.changes or self.data)

    def to_json(self) -> dict[str, Any]:
        return {"words": self.words, "changes": dict(self.changes), "data": dict(self.data)}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or worth knowing.

    code: its stable name, which programs may rely on; severity: "note", "warning" or "fault"; confidence: 0 to 1, in the
    cause; where: the layer, column or setting; since: the steps done when it was first to be seen, 0 before the first;
    evidence: what was measured, by name; what, todo: in the user's language; remedies: the first is the best;
    consequences: findings that come of this one; series: what it was read off, numbers to be drawn, by what they are of.
    """

    code: str
    severity: Severity
    confidence: float
    what: str
    todo: str
    where: str = ""
    since: int = 0
    evidence: Mapping[str, Any] = field(default_factory=dict[str, Any])
    remedies: tuple[Remedy, ...] = ()
    consequences: tuple[Finding, ...] = ()
    rank: float | None = None  # where it stands in the chain of causes, if not where its rule does
    series: Mapping[str, tuple[float, ...]] = field(default_factory=dict[str, tuple[float, ...]])

    @property
    def remedy(self) -> Remedy:
        """The best one; of words alone where nothing can be applied."""
        return self.remedies[0] if self.remedies else Remedy(self.todo)

    def softened(self) -> Finding:
        """The same as a note."""
        return replace(self, severity="note")

    def to_json(self) -> dict[str, Any]:
        """For programs: plain dicts, lists, numbers and strings."""
        return {
            "code": self.code,
            "severity": self.severity,
            "confidence": round(self.confidence, 3),
            "where": self.where,
            "since": self.since,
            "what": self.what,
            "todo": self.todo,
            "evidence": dict(self.evidence),
            "series": {name: list(values) for name, values in self.series.items()},
            "remedy": self.remedy.to_json(),
            "remedies": [remedy.to_json() for remedy in self.remedies],
            "consequences": [one.to_json() for one in self.consequences],
        }


class Findings(Sequence[Finding]):
    """What `vt.diagnose` returns: findings, the cause first; empty where nothing is wrong. Prints for people."""

    def __init__(self, findings: Sequence[Finding] = ()) -> None:
        self._findings = tuple(findings)

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> Findings: ...
    def __getitem__(self, index: int | slice) -> Finding | Findings:
        found = self._findings[index]
        return Findings(found) if isinstance(found, tuple) else found

    def __len__(self) -> int:
        return len(self._findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._findings)

    @property
    def codes(self) -> list[str]:
        """The codes, the cause first."""
        return [finding.code for finding in self._findings]

    @property
    def healthy(self) -> bool:
        """True if there is nothing above a note."""
        return all(finding.severity == "note" for finding in self._findings)

    @property
    def grave(self) -> Findings:
        """Those above a note."""
        return Findings([finding for finding in self._findings if finding.severity != "note"])

    def to_json(self) -> list[dict[str, Any]]:
        return [finding.to_json() for finding in self._findings]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from vitrina.doctor.screen import lines_of

        yield from lines_of(self)

    def __str__(self) -> str:
        from io import StringIO

        from rich.console import Console

        out = StringIO()
        Console(file=out, width=100, highlight=False, emoji=False).print(self)
        return out.getvalue().rstrip()

    __repr__ = __str__
