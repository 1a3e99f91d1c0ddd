"""What readers of streets have to say: findings, like those about any layer, which the glossary puts into words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.district.findings import Fact, Finding, printable
from planner.district.layers import shown_path
from planner.errors import Fault, LayerError

if TYPE_CHECKING:
    from planner.study import Language, Study

STREETS, ELEVATION = "layers.streets", "layers.elevation"


def remark(code: str, /, *, layer: str = STREETS, count: int = 0, **facts: Fact) -> Finding:
    """Note what was left out, assumed or changed."""
    return Finding(code, "note", layer, "", count=count, evidence=_printable(facts))


class StreetsError(LayerError):
    """The streets, or the heights on them, cannot be used; `finding` says why in either language."""

    def __init__(self, finding: Finding, language: Language = "en") -> None:
        """Word the finding in ``language``."""
        super().__init__(str(Fault(finding.where_exactly(language), finding.what(language), finding.hint(language))))
        self.finding = finding


def unusable(code: str, where: object = "", /, *, layer: str = STREETS, count: int = 0, **facts: Fact) -> StreetsError:
    """Return the error to raise: the finding ``code`` about the file or place ``where``."""
    return StreetsError(Finding(code, "error", layer, printable(where), count=count, evidence=_printable(facts)))


def _printable(facts: dict[str, Fact]) -> dict[str, Fact]:
    return {name: printable(fact, 200) if isinstance(fact, str) else fact for name, fact in facts.items()}


def path_of(study: Study, finding: Finding) -> str:
    """Return the file that a finding is about, as the study names it, without any password."""
    elevation = study.layers.elevation
    if finding.layer not in {STREETS, ELEVATION}:
        return finding.where
    if finding.layer == ELEVATION and elevation is not None:
        return elevation.path.as_posix()
    return shown_path(study.layers.streets)
