"""Walking accessibility: street network, snapping, travel times, catchments, indicators, isochrones."""

from planner.access import audit
from planner.access.barriers import Barriers, apply_barriers
from planner.access.catchments import (
    Binary,
    Decay,
    Exponential,
    Gaussian,
    Steps,
    count_within,
    floating_catchment,
    nearest_site_load,
    opportunities,
    people_only_here,
    people_within,
)
from planner.access.extent import depth_inside_m
from planner.access.indicators import coverage, gini, lowest_share, palma, people_share
from planner.access.isochrones import isochrones
from planner.access.network import STREET_CLASSES, EdgeFlag, WalkNetwork
from planner.access.network_reading import drop_small_components, join_gaps, network_of_lines, read_network
from planner.access.slope import add_slopes, raster_heights
from planner.access.snap import Snapped, merge_entrances, snap
from planner.access.travel_times import TravelTimes, compute_travel_times, compute_travel_times_each

__all__ = [
    "STREET_CLASSES",
    "Barriers",
    "Binary",
    "Decay",
    "EdgeFlag",
    "Exponential",
    "Gaussian",
    "Snapped",
    "Steps",
    "TravelTimes",
    "WalkNetwork",
    "add_slopes",
    "apply_barriers",
    "audit",
    "compute_travel_times",
    "compute_travel_times_each",
    "count_within",
    "coverage",
    "depth_inside_m",
    "drop_small_components",
    "floating_catchment",
    "gini",
    "isochrones",
    "join_gaps",
    "lowest_share",
    "merge_entrances",
    "nearest_site_load",
    "network_of_lines",
    "opportunities",
    "palma",
    "people_only_here",
    "people_share",
    "people_within",
    "raster_heights",
    "read_network",
    "snap",
]
