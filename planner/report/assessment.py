"""What an assessment is handed over as: a page and a workbook, both from the same stored tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.report.assessment_book import write_assessment_book

if TYPE_CHECKING:
    from pathlib import Path

    from planner.runs.today import Assessment


def publish_assessment(found: Assessment, folder: Path) -> tuple[Path, ...]:
    """Write ``assess.xlsx`` into ``folder`` (made if absent) and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    workbook = folder / "assess.xlsx"
    write_assessment_book(found, workbook)
    return (workbook,)
