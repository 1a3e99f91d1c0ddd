"""What is on the ground: layers read, checked and brought into one metric system."""

from planner.district.district import District, check_layers, read_district
from planner.district.findings import Finding

__all__ = ["District", "Finding", "check_layers", "read_district"]
