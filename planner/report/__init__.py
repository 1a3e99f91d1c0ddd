"""Reports of finished runs, from the stored tables alone: pages, workbooks, GeoPackage, A3 print and closing summaries."""

from planner.report.assessment import assessment_figures, assessment_summary
from planner.report.explanation import explanation_lines
from planner.report.frontier import frontier_lines, publish_frontier
from planner.report.programme import programme_lines, publish_programme
from planner.report.publish import (
    print_sheets,
    publish,
    publish_again,
    publish_assessment,
    publish_explanation,
    publish_public,
    publish_review,
)
from planner.report.summary import closing_summary, review_summary, warnings

__all__ = [
    "assessment_figures",
    "assessment_summary",
    "closing_summary",
    "explanation_lines",
    "frontier_lines",
    "print_sheets",
    "programme_lines",
    "publish",
    "publish_again",
    "publish_assessment",
    "publish_explanation",
    "publish_frontier",
    "publish_programme",
    "publish_public",
    "publish_review",
    "review_summary",
    "warnings",
]
