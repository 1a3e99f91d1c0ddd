"""How far people walk: the street network, doors on it, and who reaches what in how many seconds."""

from planner.access.circles import circles
from planner.access.network import KINDS, EdgeFlag, WalkNetwork
from planner.access.network_osm import read_osm as read_network
from planner.access.reach import Reach, walk
from planner.access.snap import Snapped, snap

__all__ = ["KINDS", "EdgeFlag", "Reach", "Snapped", "WalkNetwork", "circles", "read_network", "snap", "walk"]
