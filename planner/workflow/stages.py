"""How long work tells how far it is: a callable passed in, so that nothing below the command line knows a terminal."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol

import numpy as np

from planner.access import Snapped, TravelTimes, WalkNetwork, compute_travel_times_each, merge_entrances, snap
from planner.district import District, read_district
from planner.errors import LayerError
from planner.i18n import translate
from planner.store import cache_keys
from planner.store.cache import Cache
from planner.store.provenance import hashes_of
from planner.workflow.streets import StreetsAndBarriers, read_streets, refuse_unknown_slopes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from geopandas import GeoDataFrame
    from numpy.typing import NDArray

    from planner.study import Study, WalkingProfile


class Progress(Protocol):
    """Called with the stage under way, how much of it is done (0 … 1), and a note such as incumbent and bound."""

    def __call__(self, stage: str, done: float, note: str = "") -> None:
        """Take note of it; must be cheap and must not fail."""


def silent(stage: str, done: float, note: str = "") -> None:
    """Take no note of any progress."""


@dataclass
class StageClock:
    """Says how long each stage took, and tells the progress of it."""

    progress: Progress
    timings_s: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[Callable[[float, str], None]]:
        """Time what happens inside; a stage entered again adds up."""
        began = time.perf_counter()
        self.progress(name, 0.0)
        yield partial(self.progress, name)
        self.timings_s[name] = round(self.timings_s.get(name, 0.0) + time.perf_counter() - began, 3)
        self.progress(name, 1.0)


@dataclass(frozen=True, eq=False)
class ProfileWalks:
    """Doors of demand points and places onto the streets for one walking profile, and the reach between them."""

    demand: Snapped
    places: Snapped
    reach: TravelTimes


@dataclass(frozen=True, eq=False)
class SnappedEndpoints:
    """Doors of demand points and places onto the streets, by walking profile."""

    demand: dict[str, Snapped]
    places: dict[str, Snapped]


@dataclass(frozen=True)
class StageDigests:
    """What each part of the ground depends on, in one digest each; `walks` by walking profile."""

    layers: str
    streets: str
    walks: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class StudyArea:
    """The district, its streets, and who walks where: the same for every plan made on it."""

    district: District
    inputs: dict[str, str]
    """Input file (relative to the study) → sha256."""
    network: WalkNetwork
    doors: SnappedEndpoints
    reaches: dict[str, TravelTimes]
    """Walking profile → reach from every demand point to every place (facilities, then candidates)."""
    digests: StageDigests


@dataclass(frozen=True, eq=False)
class WalkEndpoints:
    """Where walks begin and end: demand points, and the entrances of places (facilities, then candidates)."""

    demand_xy: NDArray[np.float64]
    entrance_xy: NDArray[np.float64]
    entrance_of: NDArray[np.int32]
    """The place of each entrance, ascending."""
    n_places: int


def survey(study: Study, folder: Path, clock: StageClock, cache: Cache | None = None) -> StudyArea:
    """Return the ground of ``study``, whose layers lie relative to ``folder``.

    Parameters
    ----------
    cache
        Where parts that were found out before are remembered; without one, all of it is found out now.

    Raises
    ------
    LayerError
        naming every fault of every layer; or a layer changed while it was read.
    StudyError
        if a walking profile feels slopes and there are no heights.
    """
    refuse_unknown_slopes(study)
    cache = cache or Cache(None)
    with clock.stage("layers"):
        inputs = hashes_of(study, folder)
        layers = cache.get_or_compute(
            "layers",
            cache_keys.of_layers(study, folder),
            partial(read_district, study, folder),
            store_if=lambda _: _as_hashed(study, folder, inputs),
        )
        district = layers.value
    with clock.stage("streets"):
        streets = cache.get_or_compute(
            "streets",
            cache_keys.of_streets(study, folder, district.crs),
            partial(read_streets, study, folder, district),
            store_if=lambda _: _as_hashed(study, folder, inputs),
        )
        if not _as_hashed(study, folder, inputs):
            raise LayerError(translate("layers_changed", study.language))
    with clock.stage("walks"):
        ends, limits_s = _ends(district), reach_limits_s(study)
        walks = cache.get_or_compute_each(
            "walks",
            {
                walker: cache_keys.of_walks(
                    study,
                    walker,
                    limit_s,
                    streets.digest,
                    demand_xy=ends.demand_xy,
                    entrance_xy=ends.entrance_xy,
                    entrance_of=ends.entrance_of,
                )
                for walker, limit_s in limits_s.items()
            },
            lambda missing: _walks(study, {walker: limits_s[walker] for walker in missing}, streets.value, ends),
        )
    return StudyArea(
        district=district,
        inputs=inputs,
        network=streets.value.network,
        doors=SnappedEndpoints(
            {walker: found.value.demand for walker, found in walks.items()},
            {walker: found.value.places for walker, found in walks.items()},
        ),
        reaches={walker: found.value.reach for walker, found in walks.items()},
        digests=StageDigests(layers.digest, streets.digest, {walker: found.digest for walker, found in walks.items()}),
    )


def _as_hashed(study: Study, folder: Path, inputs: Mapping[str, str]) -> bool:
    """Tell whether the layers still hold what they held when they were hashed: what was read since then is of those bytes."""
    return hashes_of(study, folder) == inputs


def reach_limits_s(study: Study) -> dict[str, float]:
    """Return how many seconds of walking are timed, by walking profile.

    A profile that services use goes to their widest circle; one that none uses, or that is compared, goes to the widest
    circle of all.
    """
    widest_s = 60 * max(service.circles[-1].minutes for service in study.services)
    limits = dict.fromkeys((service.walker for service in study.services), 0.0)
    for service in study.services:
        limits[service.walker] = max(limits[service.walker], 60 * service.circles[-1].minutes)
    compared = study.walking.compare or []
    return limits | {
        walker: widest_s for walker in study.walking.profiles if walker not in limits or walker in compared
    }


def connector_m(doors: Snapped) -> NDArray[np.float64]:
    """Return the shortest connector of each point (NaN where no street is near enough)."""
    shortest = np.full(doors.n, np.inf)
    found = doors.edge >= 0
    np.minimum.at(shortest, doors.point[found], doors.connector_m[found])
    return np.where(np.isfinite(shortest), shortest, np.nan)


def _walks(
    study: Study, limits_s: Mapping[str, float], streets: StreetsAndBarriers, ends: WalkEndpoints
) -> dict[str, ProfileWalks]:
    """Return the walks of some profiles; those who differ in speed alone share doors and search."""
    profiles = {walker: study.walking.profiles[walker] for walker in limits_s}
    doors: dict[str, tuple[Snapped, Snapped]] = {}
    for profile in profiles.values():
        if profile.stairs not in doors:  # all that doors heed of a walker
            doors[profile.stairs] = _snapped(study, profile, streets, ends)
    demand = {walker: doors[profile.stairs][0] for walker, profile in profiles.items()}
    places = {walker: doors[profile.stairs][1] for walker, profile in profiles.items()}
    reaches = compute_travel_times_each(
        streets.network, demand, places, profiles, limits_s, threads=study.solver.threads
    )
    return {walker: ProfileWalks(demand[walker], places[walker], reaches[walker]) for walker in profiles}


def _snapped(
    study: Study, walker: WalkingProfile, streets: StreetsAndBarriers, ends: WalkEndpoints
) -> tuple[Snapped, Snapped]:
    """Return the doors of demand points, and those of places."""
    limit_m = study.walking.max_connector_m
    network, walls = streets.network, streets.walls
    demand = snap(network, ends.demand_xy, max_connector_m=limit_m, walker=walker, barriers=walls)
    entrances = snap(network, ends.entrance_xy, max_connector_m=limit_m, walker=walker, barriers=walls)
    return demand, merge_entrances(entrances, ends.entrance_of, ends.n_places)


def _ends(district: District) -> WalkEndpoints:
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
