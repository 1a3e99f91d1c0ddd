"""Whom today's facilities reach: coverage and walks, by area, by group, by walker."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.access import compute_travel_times_each
from planner.siting import head_count, weighted_demand

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from planner.access import Snapped, WalkNetwork
    from planner.district import District
    from planner.study import Service, Study, WalkingProfile


#: facilities whose walks are held in memory at once
_AT_ONCE = 64


@dataclass(frozen=True, eq=False)
class Areas:
    """One way to divide the people: the whole district, its communities, or a column they roll up to."""

    level: str
    column: str
    names: NDArray[np.object_]
    code: NDArray[np.int64]
    """Area of each point: a position in ``names``."""

    def summed(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sum of ``values`` float64[n] per area."""
        return np.bincount(self.code, weights=values, minlength=len(self.names)).astype(np.float64)

    def labelled(self, columns: Mapping[str, object]) -> pd.DataFrame:
        """Return a frame with one row per area."""
        return pd.DataFrame({"level": self.level, "column": self.column, "area": self.names, **columns})


def areas_of(study: Study, district: District, community: NDArray[np.int64] | None = None) -> tuple[Areas, ...]:
    """Return every way the study divides its people; people in no community are an area without a name.

    ``community`` int64[n]: position of the community of each point, −1 outside; that of the demand points where not given.
    """
    if community is None:
        community = district.demand["community"].to_numpy(dtype=np.int64)
    found = [
        Areas("all", "", np.array([""], dtype=object), np.zeros(len(community), dtype=np.int64)),
        _areas("community", "", [str(name) for name in district.communities["id"]], community),
    ]
    for column in study.layers.communities.roll_up:
        names = pd.Categorical(district.communities[column].astype(str))
        code = np.where(community >= 0, np.asarray(names.codes, dtype=np.int64)[community], -1)
        found.append(_areas("area", column, list(names.categories), code))
    return tuple(found)


def _areas(level: str, column: str, names: Sequence[str], code: NDArray[np.int64]) -> Areas:
    outside = code < 0
    whole = [*names, ""] if outside.any() else names
    return Areas(level, column, np.array(whole, dtype=object), np.where(outside, len(names), code))


def people_of(service: Service, district: District) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Give the demand of a service (group empty), then each group it counts in whole people, float64[n] each."""
    yield "", weighted_demand(service, district)
    for group, weight in service.demand.items():
        if weight > 0:
            yield group, district.demand[group].to_numpy(dtype=np.float64)


def walkers_of(service: Service, study: Study) -> tuple[str, ...]:
    """Return the service's own walker, then those that the study compares."""
    return tuple(dict.fromkeys([service.walker, *(study.walking.compare or [])]))


@dataclass(frozen=True, eq=False)
class Nearest:
    """The walk of every demand point to its nearest facility."""

    seconds: NDArray[np.float64]
    """Infinite where none is within the limit."""
    site: NDArray[np.int64]
    """Position among the facilities counts_places about; −1 where none."""


def nearest_of(
    network: WalkNetwork,
    homes: Mapping[str, Snapped],
    sites: Mapping[str, Snapped],
    walkers: Mapping[str, WalkingProfile],
    limit_s: float,
    *,
    threads: int,
) -> dict[str, Nearest]:
    """Time every walker's walk to the nearest of ``sites``.

    A few sites are searched from at once, so that memory does not grow with their number; walkers who differ in speed
    alone share each search.
    """
    nearest = {
        walker: Nearest(np.full(homes[walker].n, np.inf), np.full(homes[walker].n, -1, dtype=np.int64))
        for walker in walkers
    }
    limits_s = dict.fromkeys(walkers, limit_s)
    for first in range(0, max((doors.n for doors in sites.values()), default=0), _AT_ONCE):
        few = {walker: doors.take(np.arange(first, min(first + _AT_ONCE, doors.n))) for walker, doors in sites.items()}
        for walker, reach in compute_travel_times_each(network, homes, few, walkers, limits_s, threads=threads).items():
            best, found_s = nearest[walker], reach.nearest_s().astype(np.float64)
            nearer = found_s < best.seconds
            best.seconds[nearer] = found_s[nearer]
            best.site[nearer] = first + reach.nearest_site()[nearer]
    return nearest


def coverage_table(
    study: Study,
    district: District,
    areas: Sequence[Areas],
    nearest: Mapping[tuple[str, str], Nearest],
    places: Sequence[NDArray[np.float64] | None],
) -> pd.DataFrame:
    """Return people, those covered and those with a place, by area, service, walker, circle and group.

    Parameters
    ----------
    nearest
        (Service, walker) → walks.
    places
        float64[n, C], one per service: people of each point who find a place within each circle; None where places are not limited.
    """
    rows = []
    for service, with_place in zip(study.services, places, strict=True):
        for walker, (ring, circle), (group, people) in itertools.product(
            walkers_of(service, study), enumerate(service.circles), people_of(service, district)
        ):
            reached = nearest[service.id, walker].seconds <= 60 * circle.minutes
            heads = people if group else head_count(study, service, district)
            # Places are shared out among the service's own walkers; of a part of them nobody knows who finds one.
            counts_places = with_place is None or (walker == service.walker and not group)
            found = people * reached if with_place is None else with_place[:, ring]
            rows += [
                area.labelled(
                    {
                        "service": service.id,
                        "walker": walker,
                        "minutes": float(circle.minutes),
                        "group": group,
                        "people": area.summed(people),
                        "covered": area.summed(people * reached),
                        "served": area.summed(found) if counts_places else np.nan,
                        "heads": area.summed(heads),
                        "heads_covered": area.summed(heads * reached),
                    }
                )
                for area in areas
            ]
    return _texts(pd.concat(rows, ignore_index=True))


def walks_table(
    study: Study,
    district: District,
    areas: Sequence[Areas],
    nearest: Mapping[tuple[str, str], Nearest],
) -> pd.DataFrame:
    """Return the walk to the nearest facility, by area, service, walker and group."""
    rows = [
        area.labelled(
            {
                "service": service.id,
                "walker": walker,
                "group": group,
                **walks_by_area(area, nearest[service.id, walker].seconds, people),
            }
        )
        for service in study.services
        for walker in walkers_of(service, study)
        for group, people in people_of(service, district)
        for area in areas
    ]
    return _texts(pd.concat(rows, ignore_index=True))


def walks_by_area(
    area: Areas, seconds: NDArray[np.float64], people: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Return people, those reached, their mean walk, and the P90 and longest walk of everybody, per area.

    The same as `tests.oracle.walks.walk_to_nearest` of each area by itself (NaN where nobody lives), all areas in one sort.
    """
    n = len(area.names)
    total, reached = area.summed(people), area.summed(people * np.isfinite(seconds))
    walked = area.summed(people * np.where(np.isfinite(seconds), seconds, 0.0))
    lived = np.flatnonzero(people > 0)
    order = lived[np.lexsort((seconds[lived], area.code[lived]))]
    ends = np.cumsum(np.bincount(area.code[order], minlength=n))
    rising = np.concatenate([[0.0], np.cumsum(people[order])])
    starts = np.concatenate([[0], ends[:-1]])
    wanted = rising[starts] + 0.9 * (rising[ends] - rising[starts]) * (1 - 1e-12)
    at = np.clip(np.searchsorted(rising[1:], wanted, side="left"), starts, np.maximum(ends - 1, starts))
    sorted_s = np.append(seconds[order], np.nan)
    nobody = ends == starts
    with np.errstate(invalid="ignore"):
        mean = walked / np.where(reached > 0, reached, np.nan)
    return {
        "people": total,
        "reached": reached,
        "mean_of_reached_s": mean,
        "p90_s": np.where(nobody, np.nan, sorted_s[np.minimum(at, len(order))]),
        "max_s": np.where(nobody, np.nan, sorted_s[np.where(nobody, len(order), ends - 1)]),
    }


def nearest_table(
    district: District,
    nearest: Mapping[tuple[str, str], Nearest],
    ids: Mapping[str, Sequence[str]],
) -> pd.DataFrame:
    """Return the nearest facility of each demand point; ``ids``: the facilities of each service."""
    columns = ["demand_id", "service", "walker", "seconds", "place_id"]
    rows = [
        pd.DataFrame(
            {
                "demand_id": district.demand["id"],
                "service": service,
                "walker": walker,
                "seconds": np.where(np.isfinite(found.seconds), found.seconds, np.nan),
                "place_id": np.array([*ids[service], ""], dtype=object)[found.site],
            }
        )
        for (service, walker), found in nearest.items()
    ]
    return _texts(pd.concat(rows, ignore_index=True)[columns])


def _texts(frame: pd.DataFrame) -> pd.DataFrame:
    names = ("level", "column", "area", "service", "walker", "group", "demand_id", "place_id")
    return frame.astype({name: "str" for name in names if name in frame})


def floors_table(study: Study, coverage: pd.DataFrame) -> pd.DataFrame:
    """Return the worst-covered community of each service, circle and group where anybody of it lives."""
    own = {service.id: service.walker for service in study.services}
    lived = coverage[
        (coverage["level"] == "community")
        & (coverage["area"] != "")
        & (coverage["people"] > 0)
        & (coverage["walker"] == coverage["service"].map(own))
    ]
    lived = lived.assign(share=lived["covered"] / lived["people"])
    worst = lived.sort_values(["share", "people", "area"], ascending=[True, False, True], kind="stable")
    order = {service: k for k, service in enumerate(own)}
    table = worst.drop_duplicates(["service", "minutes", "group"])
    table = table.assign(_at=table["service"].map(order)).sort_values(["_at", "minutes", "group"], ignore_index=True)
    return table[["service", "minutes", "group", "area", "people", "covered", "share"]]
