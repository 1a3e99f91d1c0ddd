"""What is there today and whom it serves: the tables of an assessment, counted without any solver."""

from planner.runs.today.assessment import Assessment, Origin
from planner.runs.today.tables import AssessmentTables

__all__ = ["Assessment", "AssessmentTables", "Origin"]
