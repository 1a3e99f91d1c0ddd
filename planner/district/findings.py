"""Findings about layers: code, severity, place, evidence, and how to correct it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from planner.errors import Fault, LayerError, raise_all
from planner.i18n import messages, translate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from planner.study import Language


Severity = Literal["error", "warning", "note"]
Fact = str | int | float
#: rows a finding names; it counts all of them
MAX_ROWS_LISTED = 20


@dataclass(frozen=True)
class Finding:
    """Finding about a layer.

    A finding holds facts, not sentences; `what` and `hint` say them in Chinese or English.
    """

    code: str
    """Its name, e.g. ``missing-crs``."""
    severity: Severity
    """``error``: nothing is computed; ``warning``: computed and reported; ``note``: for the record."""
    layer: str
    """Where the study names the layer, e.g. ``layers.people.0``."""
    where: str
    """The file, as the study names it."""
    rows: tuple[str, ...] = ()
    """Ids (or row numbers, 1 = first) concerned: the first twenty."""
    count: int = 0
    """How many rows are concerned in all."""
    evidence: Mapping[str, Fact] = field(default_factory=dict)
    """The figures it rests on."""

    def what(self, language: Language) -> str:
        """Return what was found, with its evidence."""
        return self._say("what", language)

    def hint(self, language: Language) -> str:
        """Return how to correct it."""
        return self._say("hint", language)

    def where_exactly(self, language: Language) -> str:
        """Return where: layer, file, rows."""
        place = f"{self.layer} ({self.where})" if self.where else self.layer
        if not self.rows:
            return place
        more = f" {translate('and_more', language, count=self.count)}" if self.count > len(self.rows) else ""
        return f"{place} [{', '.join(self.rows)}{more}]"

    def text(self, language: Language) -> str:
        """Return one line: severity, code, where, what, correction."""
        return f"{translate(self.severity, language)} {self.code}: {self._fault(language)}"

    def _fault(self, language: Language) -> Fault:
        return Fault(self.where_exactly(language), self.what(language), self.hint(language))

    def _say(self, part: str, language: Language) -> str:
        facts = {name: _translated(fact, language) for name, fact in self.evidence.items()}
        return translate(f"finding.{self.code}.{part}", language, **{"count": self.count, **facts})


class Findings:
    """Findings of one reading, in order."""

    def __init__(self) -> None:
        self._made: list[Finding] = []

    def error(self, code: str, layer: str, where: str, rows: Iterable[object] = (), **evidence: Fact) -> None:
        """Add an error: nothing can be computed."""
        self._add("error", (code, layer, where), rows, evidence)

    def warn(self, code: str, layer: str, where: str, rows: Iterable[object] = (), **evidence: Fact) -> None:
        """Add a warning: results are doubtful."""
        self._add("warning", (code, layer, where), rows, evidence)

    def note(self, code: str, layer: str, where: str, rows: Iterable[object] = (), **evidence: Fact) -> None:
        """Add a note for the record."""
        self._add("note", (code, layer, where), rows, evidence)

    def amend(self, code: str, layer: str, **evidence: Fact) -> None:
        """Add evidence to the findings ``code`` about ``layer``."""
        safe = {name: printable(fact) if isinstance(fact, str) else fact for name, fact in evidence.items()}
        self._made = [
            replace(made, evidence={**made.evidence, **safe}) if (made.code, made.layer) == (code, layer) else made
            for made in self._made
        ]

    def extend(self, findings: Iterable[Finding]) -> None:
        """Add the findings of another check."""
        self._made += [finding for finding in findings if finding not in self._made]

    @property
    def all(self) -> tuple[Finding, ...]:
        """Errors first, then warnings, then notes; each in the order found."""
        rank = {"error": 0, "warning": 1, "note": 2}
        return tuple(sorted(self._made, key=lambda finding: rank[finding.severity]))

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings with which nothing can be computed."""
        return tuple(finding for finding in self._made if finding.severity == "error")

    def refused(self, *layers: str) -> bool:
        """Return whether a layer with one of these names or prefixes has an error; consequential faults are then not reported."""
        return any(finding.layer.startswith(layers) for finding in self.errors)

    def refuse(self, language: Language) -> None:
        """Raise one `LayerError` that names every error; do nothing when there is none."""
        faults = [
            Fault(f"{f.where_exactly(language)}: {f.code}", f.what(language), f.hint(language)) for f in self.errors
        ]
        raise_all(faults, LayerError, translate("layers_refused", language))

    def _add(
        self, severity: Severity, place: tuple[str, str, str], rows: Iterable[object], facts: Mapping[str, Fact]
    ) -> None:
        code, layer, where = place
        named = [printable(row).strip() or "–" for row in rows]
        safe = {name: printable(fact) if isinstance(fact, str) else fact for name, fact in facts.items()}
        count = int(safe.pop("count", len(named)))
        finding = Finding(code, severity, layer, where, tuple(named[:MAX_ROWS_LISTED]), count, safe)
        if finding not in self._made:
            self._made.append(finding)


def _translated(fact: Fact, language: Language) -> Fact:
    """Translate facts that are glossary words (``@community``) to ``language``."""
    if isinstance(fact, str) and fact.startswith("@") and fact[1:] in messages(language):
        return translate(fact[1:], language)
    return fact


def printable(value: object, longest: int = 400) -> str:
    """Return an untrusted text on one line, without control characters, cut at ``longest``."""
    text = "".join(c if c.isprintable() else " " for c in str(value))
    return text if len(text) <= longest else text[: longest - 1] + "…"
