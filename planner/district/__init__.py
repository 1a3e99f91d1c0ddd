"""What is on the ground: layers read, checked and brought into one metric system."""

from planner.district.district import District, Survey, check_layers, read_district, survey_layers
from planner.district.figures import rule_lines
from planner.district.findings import Finding, Findings
from planner.district.ground import Ground, need_of
from planner.district.heads import groups_apart, heads
from planner.district.mend import Mended, mend

__all__ = [
    "District",
    "Finding",
    "Findings",
    "Ground",
    "Mended",
    "Survey",
    "check_layers",
    "groups_apart",
    "heads",
    "mend",
    "need_of",
    "read_district",
    "rule_lines",
    "survey_layers",
]
