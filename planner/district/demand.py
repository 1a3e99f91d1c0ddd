"""Demand points: population disaggregated to residential buildings (dasymetric mapping), integers by largest remainder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from planner.district.ids import layer_ids, unique_ids
from planner.district.population import read_counts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from pyproj import CRS

    from planner.district.layer_table import LayerTable
    from planner.study import Buildings, DemandGroup, People, Study

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

#: assumed storeys of a tower, for the maximum floor area of a building of unknown storeys
TOWER_STOREYS = 30.0
#: people are counted in steps of 2**-20: sums of such numbers are exact in double precision, whatever their order
UNITS_PER_PERSON = 2**20
#: range of integer units in 64 bits
_MAX_UNITS = 2.0**62
#: the study's ages end at 120
_MAX_AGE = 120


def read_residential_buildings(table: LayerTable, spec: Buildings) -> ResidentialBuildings | None:
    """Return the residential buildings with their floor area, or None with the reason noted."""
    if not len(table):
        return None
    shapes = np.array(table.frame.geometry.array, dtype=object)
    footprint = shapely.area(shapes)
    stated_area = table.numbers("area_m2")
    if stated_area is not None:
        footprint = np.where(stated_area > 0, stated_area, footprint)
    has_footprint = footprint > 0
    footprint[~has_footprint & (shapely.get_dimensions(shapes) < 2)] = 1.0  # points: equal weight for every building
    storeys = table.numbers("storeys")
    storeys = np.full(len(table), np.nan) if storeys is None else storeys
    unknown = ~(storeys > 0)
    if unknown.any():
        table.flag("note", "assumed-storeys", count=int(unknown.sum()), storeys=spec.assumed_storeys)
    floor_area = footprint * np.where(unknown, spec.assumed_storeys, storeys)
    max_floor_m2 = np.where(
        has_footprint, footprint * np.where(unknown, np.maximum(TOWER_STOREYS, spec.assumed_storeys), storeys), np.inf
    )
    return ResidentialBuildings(layer_ids(table), shapely.point_on_surface(shapes), floor_area, max_floor_m2)


def read_demand(
    study: Study,
    tables: Sequence[LayerTable],
    homes: ResidentialBuildings | None,
    communities: gpd.GeoDataFrame,
    crs: CRS,
) -> gpd.GeoDataFrame:
    """Return the demand points: ``id``, ``community``, one column per group, ``geometry``.

    Sources that spread over buildings share them: a building is one point with the people of all its sources.
    """
    groups = list(study.groups)
    parts = [_source_demand(study, table, spec, homes) for table, spec in zip(tables, study.layers.people, strict=True)]
    rows = pd.concat(parts, ignore_index=True)
    for group in groups:
        rows[group] = rows[group].fillna(0.0).astype(np.float64) if group in rows else 0.0
    sums = rows.groupby("key", sort=False)
    merged = sums[groups].sum().reset_index(drop=True)
    first = sums[["id", "point"]].first().reset_index(drop=True)
    points = first["point"].to_numpy(dtype=object)
    demand = gpd.GeoDataFrame(
        {"id": unique_ids(list(first["id"])), "community": community_of(points, communities), **dict(merged.items())},
        geometry=gpd.GeoSeries(points, crs=crs),
    )
    return demand[["id", "community", *groups, "geometry"]]


def community_of(points: NDArray[np.object_], communities: gpd.GeoDataFrame) -> NDArray[np.int32]:
    """Return int32[n]: position of the community that contains a point (the first of several), −1 for none."""
    found = np.full(len(points), -1, np.int32)
    point, community = communities.sindex.query(points, predicate="intersects")
    order = np.lexsort((-community, point))  # written last, the lowest position stays
    found[point[order]] = community[order]
    return found


def _source_demand(study: Study, table: LayerTable, spec: People, homes: ResidentialBuildings | None) -> pd.DataFrame:
    counts = read_counts(table, spec)
    ids = layer_ids(table)
    shapes = np.array(table.frame.geometry.array, dtype=object)
    spread = disaggregate_to_buildings(
        shapes, counts, homes if spec.spread == "buildings" else None, whole=spec.whole_people
    )
    at_home = spread.home >= 0
    if spec.spread == "buildings":
        _note_without_buildings(study, table, shapes, spread.origin[~at_home], counts)
    home_ids = np.array(homes.ids if homes is not None else [], dtype=object)
    names = np.array(ids, dtype=object)[spread.origin]
    names[at_home] = home_ids[spread.home[at_home]]
    keys = [f"home {h}" if h >= 0 else f"{table.label} {o}" for h, o in zip(spread.home, spread.origin, strict=True)]
    return pd.DataFrame({"key": keys, "id": names, "point": spread.points, **spread.people})


def _note_without_buildings(
    study: Study,
    table: LayerTable,
    shapes: NDArray[np.object_],
    without_building: NDArray[np.int64],
    counts: dict[str, NDArray[np.float64]],
) -> None:
    polygons = without_building[shapely.get_dimensions(shapes[without_building]) == 2]
    if len(polygons) and counts and not table.findings.refused("layers.buildings"):
        groups = {group: study.groups[group] for group in counts}
        people = heads(groups, np.column_stack([column[polygons] for column in counts.values()]))
        table.flag("note", "people-without-buildings", polygons, people=people)


@dataclass(frozen=True, eq=False)
class ResidentialBuildings:
    """Residential buildings, as points with a floor area."""

    ids: Sequence[str]
    points: NDArray[np.object_]
    floor_area_m2: Floats
    """float64[n]: footprint × storeys."""
    most_floor_m2: Floats
    """float64[n]: the same with tower storeys where storeys are unknown; infinite without a footprint."""


@dataclass(frozen=True, eq=False)
class Disaggregation:
    """Where the people of one source live."""

    home: Ints
    """int64[k]: position of the building; −1 = at its own point."""
    origin: Ints
    """int64[k]: row of the source whose people these are."""
    points: NDArray[np.object_]
    """Point[k]."""
    people: Mapping[str, Floats]
    """Group → float64[k]."""


def disaggregate_to_buildings(
    shapes: NDArray[np.object_],
    people: Mapping[str, Floats],
    homes: ResidentialBuildings | None,
    *,
    whole: bool = False,
) -> Disaggregation:
    """Return the people of each polygon in its buildings, in proportion to floor area; at an inner point if it has none.

    Parameters
    ----------
    shapes
        Polygon[n] (points stay where they are).
    people
        Group → float64[n], no NaN, not negative.
    homes
        Residential buildings; None = everybody at an inner point.
    whole
        Give every building a whole number of people (largest remainder).

    Notes
    -----
    For every polygon and group the people of its buildings sum to the polygon's people exactly (to 2⁻²⁰ of a person
    where the source has fractions finer than that).
    """
    n = len(shapes)
    origin, home = np.empty(0, np.int64), np.empty(0, np.int64)
    if homes is not None and len(homes.points):
        home, origin = shapely.STRtree(shapes).query(homes.points, predicate="intersects")
        home, origin = home.astype(np.int64), origin.astype(np.int64)
        area = shapely.get_dimensions(shapes)[origin] == 2
        useful = area & (homes.floor_area_m2[home] > 0)
        home, origin = home[useful], origin[useful]
    without_building = np.setdiff1d(np.arange(n), origin)
    origin = np.concatenate([origin, without_building])
    order = np.lexsort((np.concatenate([home, np.full(len(without_building), -1)]), origin))
    home = np.concatenate([home, np.full(len(without_building), -1, np.int64)])[order]
    origin = origin[order]
    weights = np.ones(len(origin))
    points = np.empty(len(origin), dtype=object)
    at_own_point = home < 0
    if homes is not None:
        weights[~at_own_point] = homes.floor_area_m2[home[~at_own_point]]
        points[~at_own_point] = homes.points[home[~at_own_point]]
    points[at_own_point] = shapely.point_on_surface(shapes[origin[at_own_point]])
    steps = 1 if whole else UNITS_PER_PERSON
    shares = {group: apportion(counts, origin, weights, steps) for group, counts in people.items()}
    populated = np.zeros(len(origin), dtype=bool)
    for share in shares.values():
        populated |= share > 0
    return Disaggregation(
        home[populated],
        origin[populated],
        points[populated],
        {group: share[populated] for group, share in shares.items()},
    )


def apportion(totals: Floats, origin: Ints, weights: Floats, steps: int = UNITS_PER_PERSON) -> Floats:
    """Return float64[k]: ``totals[origin]`` split in proportion to ``weights`` into multiples of ``1 / steps``.

    ``origin`` must be ascending and name every total that is not 0. Largest remainder: what rounding down leaves goes
    one step each to the largest remainders, the earlier first when equal. With ``steps = 1`` totals that are no
    integers are first rounded so that their own sum is kept (rounded).
    """
    units = integer_units(totals, steps)
    sums = np.bincount(origin, weights, minlength=len(totals))
    exact = units[origin] * (weights / sums[origin])
    floor = np.floor(exact).astype(np.int64)
    # never negative: the floors are integers and sum to at most the total plus a rounding error far below 1
    remaining = units - np.bincount(origin, floor, minlength=len(totals)).astype(np.int64)
    remainder = exact - floor
    order = np.lexsort((np.arange(len(origin)), -remainder, origin))
    counts = np.bincount(origin, minlength=len(totals))
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    rank = np.empty(len(origin), np.int64)
    rank[order] = np.arange(len(origin)) - first[origin[order]]
    remaining_here, members = remaining[origin], np.maximum(counts[origin], 1)
    floor += remaining_here // members + (rank < remaining_here % members)
    return floor / steps


def integer_units(totals: Floats, steps: int) -> Ints:
    """Return int64[n]: totals in units of ``1 / steps``, rounded so that their sum is the rounded sum."""
    exact = np.asarray(totals, dtype=np.float64) * steps
    if not (np.abs(exact) < _MAX_UNITS).all():
        msg = f"{np.max(totals):g} people cannot be counted in steps of 1/{steps}"
        raise OverflowError(msg)
    if steps > 1:
        return np.rint(exact).astype(np.int64)
    floor = np.floor(exact).astype(np.int64)
    remaining = int(np.rint(exact.sum())) - int(floor.sum())
    order = np.lexsort((np.arange(len(floor)), -(exact - floor)))
    floor[order[: max(remaining, 0)]] += 1
    return floor


def disjoint_groups(groups: Mapping[str, DemandGroup], people: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return the disjoint groups with the largest total population, bool[g].

    Parameters
    ----------
    groups
        The study's groups. A group without ages is taken as disjoint from the others.
    people
        float64[g]: people of each group.

    Notes
    -----
    The heaviest set of intervals of ages of which no two overlap (weighted interval scheduling). Where one group holds
    another, or groups lie side by side, their people are everybody; where two overlap in part, at least so many.
    """
    disjoint = np.array([group.from_age is None for group in groups.values()], dtype=np.bool_)
    intervals = [
        (_MAX_AGE if group.to_age is None else group.to_age, group.from_age, place)
        for place, group in enumerate(groups.values())
        if group.from_age is not None
    ]
    # best[k]: most people among the first k groups by their oldest, and which groups those are
    best: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
    intervals.sort()
    for number, (_, youngest, place) in enumerate(intervals):
        before = sum(oldest < youngest for oldest, _, _ in intervals[:number])
        with_it = (best[before][0] + float(people[place]), (*best[before][1], place))
        best.append(max(best[-1], with_it, key=lambda found: found[0]))
    disjoint[list(best[-1][1])] = True
    return disjoint


def heads(groups: Mapping[str, DemandGroup], people: NDArray[np.float64]) -> float:
    """Return the number of people in some rows, each counted once.

    Parameters
    ----------
    people
        float64[n, g]: people of each group in each row.
    """
    of_each = people.sum(axis=0)
    return float(of_each[disjoint_groups(groups, of_each)].sum())
