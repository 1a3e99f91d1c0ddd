"""How far people walk: the street network, doors on it, and who reaches what in how many seconds."""

from planner.access import audit
from planner.access.catchment import (
    count_within,
    floating_catchment,
    load_of_nearest,
    opportunities,
    people_only_here,
    people_within,
)
from planner.access.circles import circles
from planner.access.decay import Binary, Decay, Exponential, Gaussian, Steps
from planner.access.edge import depth_m, edge_effect
from planner.access.gaps import join_gaps, leave_out_pieces, pieces
from planner.access.measures import WalkToNearest, coverage, floor, gini, palma, quantile, share, walk_to_nearest
from planner.access.nearest import Nearest, nearest
from planner.access.network import KINDS, EdgeFlag, WalkNetwork
from planner.access.network_read import read_network
from planner.access.reach import Reach
from planner.access.slope import raster_heights, with_heights
from planner.access.snap import Snapped, grouped, snap
from planner.access.walking import walk, walk_each
from planner.access.walls import Walls, close_off

__all__ = [
    "KINDS",
    "Binary",
    "Decay",
    "EdgeFlag",
    "Exponential",
    "Gaussian",
    "Nearest",
    "Reach",
    "Snapped",
    "Steps",
    "WalkNetwork",
    "WalkToNearest",
    "Walls",
    "audit",
    "circles",
    "close_off",
    "count_within",
    "coverage",
    "depth_m",
    "edge_effect",
    "floating_catchment",
    "floor",
    "gini",
    "grouped",
    "join_gaps",
    "leave_out_pieces",
    "load_of_nearest",
    "nearest",
    "opportunities",
    "palma",
    "people_only_here",
    "people_within",
    "pieces",
    "quantile",
    "raster_heights",
    "read_network",
    "share",
    "snap",
    "walk",
    "walk_each",
    "walk_to_nearest",
    "with_heights",
]
