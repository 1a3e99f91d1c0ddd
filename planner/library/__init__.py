"""The library behind `import planner`: GeoDataFrames in, GeoDataFrames and arrays out, without a study file."""

from planner.library.matrix import TravelTimeMatrix, travel_times
from planner.library.measures import coverage, floating_catchment, gini, nearest, palma
from planner.library.siting_model import SitingModel
from planner.library.siting_plan import Plan
from planner.library.street_frames import read_network
from planner.library.studies import LoadedStudy, Run, load_study, plan
from planner.library.walking_circles import isochrones

__all__ = [
    "LoadedStudy",
    "Plan",
    "Run",
    "SitingModel",
    "TravelTimeMatrix",
    "coverage",
    "floating_catchment",
    "gini",
    "isochrones",
    "load_study",
    "nearest",
    "palma",
    "plan",
    "read_network",
    "travel_times",
]
