"""``planner check``: everything doubtful about a study's layers and streets, and mended copies if asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from planner.access.checks import check_streets
from planner.access.network import StreetsError
from planner.district import Finding, Findings, number_rules_text, repair_layers, survey_layers
from planner.district.checks.names import check_names
from planner.i18n import languages, translate
from planner.store.atomic_folder import atomic_folder
from planner.store.folders import refuse_occupied
from planner.study.load import load_study
from planner.workflow.compliance import refuse_unknown_areas
from planner.workflow.pipeline import Progress, silent
from planner.workflow.streets import read_streets, refuse_unknown_slopes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from planner.district import RepairedStudy
    from planner.study import Language


@dataclass(frozen=True)
class CheckResult:
    """What the check found."""

    language: Language
    findings: tuple[Finding, ...]
    """Errors, then warnings, then notes."""
    mended: RepairedStudy | None = None

    @property
    def errors(self) -> int:
        """How many findings forbid computing."""
        return sum(finding.severity == "error" for finding in self.findings)

    def lines(self) -> list[str]:
        """Return the findings as text in the study's language, one to a line."""
        return [finding.text(self.language) for finding in self.findings]

    def rules(self) -> list[str]:
        """Return how zero, unknown figures and ranges are read, one rule to a line."""
        return number_rules_text(self.language)

    def summary(self) -> str:
        """Return one line: how many findings of each severity, and where mended copies lie."""
        counts = {kind: sum(f.severity == kind for f in self.findings) for kind in ("error", "warning", "note")}
        text = translate("check_summary", self.language, **counts)
        if self.mended is None:
            return text
        left = ", ".join(self.mended.left) or "–"
        return f"{text}\n{translate('mended', self.language, study=self.mended.study_file, left=left)}"

    def rows(self) -> list[dict[str, object]]:
        """Return the findings as plain values, texts in both languages."""
        return [
            {
                "severity": f.severity,
                "code": f.code,
                "layer": f.layer,
                "where": f.where,
                "rows": list(f.rows),
                "count": f.count,
                "evidence": dict(f.evidence),
                "what": {language: f.what(language) for language in languages()},
                "hint": {language: f.hint(language) for language in languages()},
            }
            for f in self.findings
        ]


def check(
    study_file: Path,
    *,
    scenario: str | None = None,
    sets: Sequence[str] = (),
    mend_to: Path | None = None,
    progress: Progress = silent,
) -> CheckResult:
    """Return everything found in the layers and streets of a study; write mended copies to ``mend_to``.

    Raises
    ------
    StudyError
        the study file itself is at fault, or sets figures for areas that do not exist.
    OccupiedFolderError
        ``mend_to`` holds something already, or is no folder.
    OutputError
        ``mend_to`` cannot be written.
    """
    study = load_study(study_file, scenario=scenario, sets=sets)
    if mend_to is not None:
        refuse_occupied(mend_to)
    refuse_unknown_slopes(study)
    findings = Findings()
    progress("layers", 0.0)
    survey = survey_layers(study, study_file.parent, findings)
    progress("layers", 1.0)
    if survey.district is not None:
        refuse_unknown_areas(study, survey.district)
        progress("streets", 0.0)
        try:
            network = read_streets(study, study_file.parent, survey.district).network
        except StreetsError as fault:
            findings.extend([fault.finding])
        else:
            findings.extend(check_streets(study, survey.district, network))
        progress("streets", 1.0)
        findings.extend(check_names(study, survey.district))
    mended = None
    if mend_to is not None:
        with atomic_folder(mend_to, kind=None) as aside:
            mended = repair_layers(study, study_file.parent, aside, survey, final=mend_to)
        mended = replace(mended, study_file=mend_to / mended.study_file.name)
    return CheckResult(study.language, findings.all, mended)
