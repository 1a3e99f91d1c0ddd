"""Walks of the people of a study: where they begin and end, how they reach the streets, and how many seconds they take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.access import Snapped, TravelTimes, WalkNetwork, compute_travel_times_each, merge_entrances, snap
from planner.access.by_area import times_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geopandas import GeoDataFrame
    from numpy.typing import NDArray

    from planner.district import District
    from planner.study import Service, Study, WalkingProfile
    from planner.workflow.streets import StreetsAndBarriers


@dataclass(frozen=True, eq=False)
class ProfileWalks:
    """Walks of one walking profile: demand points and places snapped to the streets, and the travel times between them."""

    demand: Snapped
    places: Snapped
    """Facilities, then candidates."""
    times: TravelTimes


@dataclass(frozen=True, eq=False)
class StudyArea:
    """The district, its streets, and who walks where: the same for every plan made on it."""

    district: District
    network: WalkNetwork
    walks: Mapping[str, ProfileWalks]
    """By walking profile."""

    @property
    def travel_times(self) -> dict[str, TravelTimes]:
        """Walking profile → travel times from every demand point to every place (facilities, then candidates)."""
        return {walker: walks.times for walker, walks in self.walks.items()}


@dataclass(frozen=True, eq=False)
class WalkEndpoints:
    """Where walks begin and end: demand points, and the entrances of places (facilities, then candidates)."""

    demand_xy: NDArray[np.float64]
    entrance_xy: NDArray[np.float64]
    entrance_of: NDArray[np.int32]
    """The place of each entrance, ascending."""
    n_places: int


def travel_time_limits_s(study: Study) -> dict[str, float]:
    """Return how many seconds of walking are timed, by walking profile.

    A profile that services use goes to their widest circle; one that none uses, or that is compared, goes to the widest
    circle of all.
    """
    used = [(service, study.circles_of(service)[-1].minutes) for service in study.services]
    widest_s = 60 * max(minutes for _, minutes in used)
    limits = dict.fromkeys((service.walker for service in study.services), 0.0)
    for service, minutes in used:
        for walker in study.walkers_of(service):
            limits[walker] = max(limits.get(walker, 0.0), 60 * minutes)
    compared = study.walking.compare or []
    return limits | {
        walker: widest_s for walker in study.walking.profiles if walker not in limits or walker in compared
    }


def service_times(study: Study, area: StudyArea, service: Service) -> TravelTimes:
    """Return the travel times of the users of a service, as `planner.access.by_area.times_of`."""
    community = area.district.demand["community"].to_numpy(dtype=np.int64)
    return times_of(study, service, area.district.communities, community, area.travel_times)


def connector_m(snapped: Snapped) -> NDArray[np.float64]:
    """Return the shortest connector of each point (NaN where no street is near enough)."""
    shortest = np.full(snapped.n, np.inf)
    found = snapped.edge >= 0
    np.minimum.at(shortest, snapped.point[found], snapped.connector_m[found])
    return np.where(np.isfinite(shortest), shortest, np.nan)


def compute_walks(
    study: Study, limits_s: Mapping[str, float], streets: StreetsAndBarriers, ends: WalkEndpoints
) -> dict[str, ProfileWalks]:
    """Return the walks of some profiles; those that differ in speed alone share snapped endpoints and search."""
    profiles = {walker: study.walking.profiles[walker] for walker in limits_s}
    snapped = {}
    for profile in profiles.values():
        if profile.stairs not in snapped:  # all of a profile that snapping depends on
            snapped[profile.stairs] = _snap_endpoints(study, profile, streets, ends)
    demand = {walker: snapped[profile.stairs][0] for walker, profile in profiles.items()}
    places = {walker: snapped[profile.stairs][1] for walker, profile in profiles.items()}
    times = compute_travel_times_each(streets.network, demand, places, profiles, limits_s, threads=study.solver.threads)
    return {walker: ProfileWalks(demand[walker], places[walker], times[walker]) for walker in profiles}


def _snap_endpoints(
    study: Study, walker: WalkingProfile, streets: StreetsAndBarriers, ends: WalkEndpoints
) -> tuple[Snapped, Snapped]:
    """Return demand points and places, snapped."""
    limit_m = study.walking.max_connector_m
    network, walls = streets.network, streets.walls
    demand = snap(network, ends.demand_xy, max_connector_m=limit_m, walker=walker, barriers=walls)
    entrances = snap(network, ends.entrance_xy, max_connector_m=limit_m, walker=walker, barriers=walls)
    return demand, merge_entrances(entrances, ends.entrance_of, ends.n_places)


def walk_endpoints(district: District) -> WalkEndpoints:
    """Return where walks begin and end; a place without entrances of its own has one, at its point."""
    places_xy = np.concatenate([_xy(district.facilities), _xy(district.sites)])
    at = {place: i for i, place in enumerate([*district.facilities["id"], *district.sites["id"]])}
    entrances = district.context.entrances
    own = np.array([at[place] for place in entrances["place"]], dtype=np.int32)
    plain = np.setdiff1d(np.arange(len(places_xy), dtype=np.int32), own)
    owner = np.concatenate([plain, own])
    order = np.argsort(owner, kind="stable")
    return WalkEndpoints(
        demand_xy=_xy(district.demand),
        entrance_xy=np.concatenate([places_xy[plain], _xy(entrances)])[order],
        entrance_of=owner[order],
        n_places=len(places_xy),
    )


def _xy(points: GeoDataFrame) -> NDArray[np.float64]:
    return np.column_stack([points.geometry.x, points.geometry.y]).reshape(-1, 2)
