"""What every workbook ends with: what was found of the layers, and where the figures come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.report.book import Column
from planner.report.evidence import evidence_rows
from planner.words import glossary, say

if TYPE_CHECKING:
    import pandas as pd

    from planner.study import Language, Study


def findings_columns(findings: pd.DataFrame, language: Language) -> list[Column]:
    """Return the sheet of a stored table ``findings``."""
    severities = [say(key, language) if key in glossary() else key for key in findings["severity"].astype(str)]
    return [
        Column(say("report.severity", language), severities, width=10),
        Column(say("report.layer", language), findings["layer"].tolist(), width=18),
        Column(say("report.where", language), findings["where"].tolist(), "wrapped", 24),
        Column(say("report.finding", language), findings[language].tolist(), "wrapped", 90),
        Column(say("report.code", language), findings["code"].tolist(), width=24),
    ]


def figures_columns(study: Study, language: Language) -> list[Column]:
    """Return the sheet of a study's figures, each with its source and how sure it is."""
    rows = evidence_rows(study, language)
    kinds = [say(f"report.evidence.{row.kind}", language) for row in rows]
    return [
        Column(say("report.evidence", language), kinds, width=22),
        Column(say("report.subject", language), [row.subject for row in rows], width=22),
        Column(say("report.figure", language), [row.figure for row in rows], width=32),
        Column(say("report.value", language), [row.value for row in rows], "wrapped", 60),
        Column(say("report.source", language), [row.source for row in rows], "wrapped", 50),
        Column(say("report.clause", language), [row.clause for row in rows], "wrapped", 30),
    ]
