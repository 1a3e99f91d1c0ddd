"""Reading a run back: map, workbook, GeoPackage and the closing summary, from the stored tables alone."""

from planner.report.indicators import closing_summary
from planner.report.publish import publish

__all__ = ["closing_summary", "publish"]
