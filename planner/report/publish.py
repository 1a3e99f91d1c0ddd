"""What a run is handed over as: a map, a meeting page, a workbook and a GeoPackage, all from the same stored tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.report.geopackage import write_geopackage
from planner.report.maps import map_page
from planner.report.meeting import meeting_page
from planner.report.workbook import write_workbook

if TYPE_CHECKING:
    from pathlib import Path

    from planner.store.run import Run


def publish(run: Run, folder: Path) -> tuple[Path, ...]:
    """Write ``map.html``, ``meeting.html``, ``plan.xlsx`` and ``plan.gpkg`` into ``folder`` (made if absent) and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    names = ("map.html", "meeting.html", "plan.xlsx", "plan.gpkg")
    chart, meeting, workbook, geopackage = (folder / name for name in names)
    chart.write_text(map_page(run), encoding="utf-8", newline="\n")
    meeting.write_text(meeting_page(run), encoding="utf-8", newline="\n")
    write_workbook(run, workbook)
    write_geopackage(run, geopackage)
    return chart, meeting, workbook, geopackage


def print_sheets(run: Run, path: Path, *, service: str | None = None, minutes: float | None = None) -> Path:
    """Write the A3 print of a run to ``path`` (``.pdf``: a sheet for each service; ``.png``: one); see `planner.report.sheet`."""
    from planner.report.sheet import write_sheets  # noqa: PLC0415 - nobody waits for matplotlib who does not print

    return write_sheets(run, path, service=service, minutes=minutes)
