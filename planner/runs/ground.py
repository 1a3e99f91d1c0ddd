"""Everything that is found out before anything is decided: layers read, streets walked. Several plans share one survey."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.access import Reach, Snapped, WalkNetwork, read_network, snap, walk
from planner.district import District, read_district
from planner.runs.provenance import hashes_of

if TYPE_CHECKING:
    from pathlib import Path

    from geopandas import GeoDataFrame
    from numpy.typing import NDArray

    from planner.runs.clock import Clock
    from planner.study import Study


@dataclass(frozen=True, eq=False)
class Doors:
    """Doors of demand points and places onto the streets, by walking profile."""

    demand: dict[str, Snapped]
    places: dict[str, Snapped]


@dataclass(frozen=True, eq=False)
class Ground:
    """The district, its streets, and who walks where: the same for every plan made on it."""

    district: District
    inputs: dict[str, str]
    """Input file (relative to the study) → sha256."""
    network: WalkNetwork
    doors: Doors
    reaches: dict[str, Reach]
    """Walking profile → reach from every demand point to every place (facilities, then candidates)."""


def survey(study: Study, folder: Path, clock: Clock) -> Ground:
    """Return the ground of ``study``, whose layers lie relative to ``folder``.

    Raises
    ------
    LayerError
        naming every fault of every layer.
    """
    with clock.stage("layers"):
        district = read_district(study, folder)
        inputs = hashes_of(study, folder)
    with clock.stage("streets"):
        network = read_network(folder / study.layers.streets.path, district.crs)
    with clock.stage("walks"):
        doors, reaches = _walks(study, district, network)
    return Ground(district, inputs, network, doors, reaches)


def reach_limits_s(study: Study) -> dict[str, float]:
    """Return how many seconds of walking are timed, by walking profile.

    A profile that services use goes to their widest circle; one that none uses stands in the study for comparison, and
    goes to the widest circle of all.
    """
    widest = max(service.circles[-1].minutes for service in study.services)
    limits = dict.fromkeys((service.walker for service in study.services), 0.0)
    for service in study.services:
        limits[service.walker] = max(limits[service.walker], 60 * service.circles[-1].minutes)
    return limits | {walker: 60 * widest for walker in study.walking.profiles if walker not in limits}


def connector_m(doors: Snapped) -> NDArray[np.float64]:
    """Return the shortest connector of each point (NaN where no street is near enough)."""
    shortest = np.full(doors.n, np.inf)
    found = doors.edge >= 0
    np.minimum.at(shortest, doors.point[found], doors.connector_m[found])
    return np.where(np.isfinite(shortest), shortest, np.nan)


def _walks(study: Study, district: District, network: WalkNetwork) -> tuple[Doors, dict[str, Reach]]:
    demand_xy = _xy(district.demand)
    places_xy = np.concatenate([_xy(district.facilities), _xy(district.sites)])
    doors, reaches = Doors({}, {}), {}
    limit_m = study.walking.max_connector_m
    for walker_id, cutoff_s in reach_limits_s(study).items():
        walker = study.walking.profiles[walker_id]
        doors.demand[walker_id] = snap(network, demand_xy, max_connector_m=limit_m, walker=walker)
        doors.places[walker_id] = snap(network, places_xy, max_connector_m=limit_m, walker=walker)
        reaches[walker_id] = walk(
            network, doors.demand[walker_id], doors.places[walker_id], walker, cutoff_s, threads=study.solver.threads
        )
    return doors, reaches


def _xy(points: GeoDataFrame) -> NDArray[np.float64]:
    return np.column_stack([points.geometry.x, points.geometry.y]).reshape(-1, 2)
