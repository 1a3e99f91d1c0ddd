"""Layers of a study, read, checked and brought into one projected coordinate system in metres."""

from planner.district.areas import AreaVariant, members, of_points, places_in, variants
from planner.district.context import ContextLayers, need_weights
from planner.district.demand import disjoint_groups, heads
from planner.district.district import District, Survey, check_layers, read_district, survey_layers
from planner.district.findings import Finding, Findings
from planner.district.layer_table import number_rules_text
from planner.district.repair import RepairedStudy, repair_layers

__all__ = [
    "AreaVariant",
    "ContextLayers",
    "District",
    "Finding",
    "Findings",
    "RepairedStudy",
    "Survey",
    "check_layers",
    "disjoint_groups",
    "heads",
    "members",
    "need_weights",
    "number_rules_text",
    "of_points",
    "places_in",
    "read_district",
    "repair_layers",
    "survey_layers",
    "variants",
]
