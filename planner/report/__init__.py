"""Reading a run back: map, workbook, GeoPackage, A3 print and the closing summary, from the stored tables alone."""

from planner.report.again import publish_again
from planner.report.assessed import assessment_figures, assessment_summary
from planner.report.assessment import publish_assessment
from planner.report.explanation import explanation_lines, publish_explanation
from planner.report.frontiers import frontier_lines, publish_frontier
from planner.report.indicators import closing_summary, warnings
from planner.report.public import publish_public
from planner.report.publish import print_sheets, publish
from planner.report.reviews import publish_review, review_summary

__all__ = [
    "assessment_figures",
    "assessment_summary",
    "closing_summary",
    "explanation_lines",
    "frontier_lines",
    "print_sheets",
    "publish",
    "publish_again",
    "publish_assessment",
    "publish_explanation",
    "publish_frontier",
    "publish_public",
    "publish_review",
    "review_summary",
    "warnings",
]
