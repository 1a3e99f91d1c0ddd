"""Do the layers lie where the communities are? Those beyond every walk do not; those within one may."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from planner.district.crs import WGS84, choose_metric
from planner.district.street_sample import street_sample
from planner.district.systems import known_by, offers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from planner.district.findings import Findings
    from planner.district.layers import LayerTable
    from planner.district.systems import Known
    from planner.study import Study

#: layers that have an effect only inside the communities
_INSIDE_ONLY = ("layers.buildings", "layers.need")
#: metres up to which a distance is said in metres
_IN_METRES = 10_000.0


def check_layers_meet(study: Study, tables: dict[str, LayerTable], communities: gpd.GeoDataFrame) -> None:
    """Note layers that lie so far from the communities that nobody there can have to do with them.

    A facility, a street or a wall some way beyond the border is of use, since people walk across borders: a layer is
    refused only where it is farther off than anybody may walk (`longest_walk_m`), or where it could have an effect
    only inside.
    """
    for label, table in tables.items():
        gap_m = _gap_m(table, communities)
        if gap_m > (0.0 if label in _INSIDE_ONLY else longest_walk_m(study)):
            lon, lat = (float(np.mean(pair)) for pair in table.frame.to_crs(WGS84).total_bounds.reshape(2, 2).T)
            table.flag("error", "no-overlap", distance=distance_text(gap_m), km=gap_m / 1000, lon=lon, lat=lat)


def longest_walk_m(study: Study) -> float:
    """Return the metres that anybody may walk: the widest circle at its walker's speed, rounded up to 1, 2, 4 … km.

    Rounded, so that scenarios that differ in a walker's speed alone read the same layers.
    """
    speeds = {walker: profile.speed_m_s for walker, profile in study.walking.profiles.items()}
    widest_m = max(60.0 * service.circles[-1].minutes * speeds.get(service.walker, 0.0) for service in study.services)
    return 1000.0 * 2.0 ** max(0, math.ceil(math.log2(max(widest_m, 1.0) / 1000.0)))


def outside_m(points: NDArray[np.object_], communities: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Return how far points lie from the nearest community, float64[n]; 0 inside one."""
    shapes = np.asarray(communities.geometry.array, dtype=object)
    (point, _), apart_m = shapely.STRtree(shapes).query_nearest(points, return_distance=True, all_matches=False)
    far_m = np.full(len(points), np.nan)
    far_m[point] = apart_m
    return far_m


def distance_text(metres: float) -> str:
    """Return a distance in metres, or in kilometres from ten on; the same in every language."""
    return f"{metres:,.0f} m" if metres < _IN_METRES else f"{metres / 1000:,.0f} km"


def _gap_m(table: LayerTable, communities: gpd.GeoDataFrame) -> float:
    """Return the metres between a layer and the communities; 0 where their extents meet."""
    here, there = communities.total_bounds, table.frame.total_bounds
    if not np.isfinite([*here, *there]).all() or ((there[:2] <= here[2:]).all() and (here[:2] <= there[2:]).all()):
        return 0.0
    return float(outside_m(np.array(table.frame.geometry.array, dtype=object), communities).min())


def offer_systems(
    study: Study,
    folder: Path,
    read: dict[str, LayerTable],
    unplaced: dict[str, LayerTable],
    findings: Findings,
) -> None:
    """Name the systems in which layers without a place, or with one elsewhere, would lie where they should.

    Parameters
    ----------
    read
        Layers as they were read, each in its own system.
    unplaced
        Layers without a system, or with coordinates that cannot be in the one declared.
    """
    placed = {label: table for label, table in read.items() if isinstance(table.frame, gpd.GeoDataFrame)}
    astray = _astray(study, placed)
    if not unplaced and not astray:
        return
    known = next(_known(study, folder, placed, astray), None)
    if known is None:
        return
    for label, table in {**unplaced, **{label: placed[label] for label in astray}}.items():
        found, tried = offers(np.array(table.frame.geometry.array, dtype=object), known)
        if not found:
            continue
        table.flag("note", "would-meet", systems="; ".join(one.text() for one in found), tried=tried, known=known.word)
        for code in ("missing-crs", "coordinates-outside-crs", "swapped-axes"):
            findings.amend(code, label, candidates="; ".join(one.text() for one in found))


def _astray(study: Study, placed: dict[str, LayerTable]) -> list[str]:
    """Return the layers that lie beyond every walk from the communities; the communities, if all others do."""
    base = placed.get("layers.communities")
    if base is None:
        return []
    metric = choose_metric(base.frame)
    communities = base.frame.to_crs(metric)
    others = {label: table for label, table in placed.items() if table.spec.path != base.spec.path}
    away = []
    for label, table in others.items():
        frame = table.with_frame(table.frame.to_crs(metric))
        if not np.isfinite(frame.frame.total_bounds).all() or _gap_m(frame, communities) > longest_walk_m(study):
            away.append(label)
    return ["layers.communities"] if len(away) == len(others) > 1 else away


def _known(study: Study, folder: Path, placed: dict[str, LayerTable], astray: list[str]) -> Iterator[Known]:
    """Yield what is known to lie in the district, the best first: communities, streets, other layers."""
    base = placed.get("layers.communities")
    if base is not None and "layers.communities" not in astray:
        known = known_by("@in_communities", base.frame.geometry)
        if known is not None:
            yield known
    streets = street_sample(study, folder)
    known = None if streets is None else known_by("@near_streets", streets)
    if known is not None:
        yield known
    others = [table.frame.geometry.to_crs(WGS84) for label, table in placed.items() if label not in astray]
    known = known_by("@near_layers", gpd.GeoSeries(np.concatenate(others), crs=WGS84)) if others else None
    if known is not None:
        yield known
