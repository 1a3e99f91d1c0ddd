"""What an assessment is handed over as: a page and a workbook, both from the same stored tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.report.assessment_book import write_assessment_book
from planner.report.assessment_page import assessment_page

if TYPE_CHECKING:
    from pathlib import Path

    from planner.store.assessment import Assessment


def publish_assessment(found: Assessment, folder: Path) -> tuple[Path, ...]:
    """Write ``assess.html`` and ``assess.xlsx`` into ``folder`` (made if absent) and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    chart, workbook = folder / "assess.html", folder / "assess.xlsx"
    chart.write_text(assessment_page(found), encoding="utf-8", newline="\n")
    write_assessment_book(found, workbook)
    return chart, workbook
