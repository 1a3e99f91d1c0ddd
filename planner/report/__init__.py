"""Reading a run back: map, workbook, GeoPackage, A3 print and the closing summary, from the stored tables alone."""

from planner.report.indicators import closing_summary, warnings
from planner.report.publish import print_sheets, publish
from planner.report.reviews import publish_review, review_summary

__all__ = ["closing_summary", "print_sheets", "publish", "publish_review", "review_summary", "warnings"]
