"""Reading a run back: map, workbook, GeoPackage, A3 print and the closing summary, from the stored tables alone."""

from planner.report.indicators import closing_summary
from planner.report.publish import publish
from planner.report.sheet import write_sheets

__all__ = ["closing_summary", "publish", "write_sheets"]
