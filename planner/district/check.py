"""Doubt the layers: what tables say against each other and against the ground. Pure: findings in, findings out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from planner.district.borders import note_borders
from planner.district.crowding import note_crowded
from planner.district.crs import WGS84, distortion, zones
from planner.district.demand import community_of
from planner.district.heads import heads
from planner.district.layers import as_text, folded
from planner.district.overlap import distance_text, outside_m

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray
    from pyproj import CRS

    from planner.district.findings import Findings
    from planner.district.layers import LayerTable
    from planner.district.people import Homes
    from planner.study import Study

#: facilities on one point from which a geocoder's fallback is suspected
STACKED = 4
#: points closer than this are one
SAME_PLACE_M = 0.01


def check_systems(read: dict[str, LayerTable], crs: CRS, findings: Findings) -> None:
    """Note layers in several coordinate systems, and a district that spans two zones."""
    systems: dict[str, list[str]] = {}
    for label, table in read.items():
        own = getattr(table.frame, "crs", None)
        if own is not None:
            systems.setdefault(own.name, []).append(label)
    if len(systems) > 1:
        said = "; ".join(f"{name}: {', '.join(labels)}" for name, labels in systems.items())
        findings.note("several-crs", "layers", "", systems=said, crs=crs.name)
    base = read.get("layers.communities")
    if base is None:
        return
    west, south, east, north = (float(v) for v in base.frame.to_crs(WGS84).total_bounds)
    spanned = zones((west, south, east, north))
    if len(spanned) > 1:
        worst = distortion(crs, (west, south, east, north))
        base.flag("note", "two-zones", zones=", ".join(spanned), crs=crs.name, worst_ppm=worst * 1e6)


def check_communities(table: LayerTable, communities: gpd.GeoDataFrame) -> None:
    """Note communities of one name, those that overlap, and gaps between them."""
    names = communities["name"].map(folded)
    twice = names.duplicated(keep=False).to_numpy(dtype=bool)
    if twice.any():
        table.flag("warning", "duplicate-name", twice, names=", ".join(sorted(set(communities["name"][twice]))[:10]))
    note_borders(table, np.array(communities.geometry.array, dtype=object))


def check_people(
    study: Study, demand: gpd.GeoDataFrame, communities: gpd.GeoDataFrame, homes: Homes | None, findings: Findings
) -> None:
    """Note groups without anybody, people and homes in no community, communities without anybody."""
    for group in study.groups:
        if not float(demand[group].sum()) > 0 and not findings.refused("layers.people", "layers.communities"):
            findings.error("no-people", "layers.people", "", group=group)
    outside = demand["community"] < 0
    if outside.any():
        people = heads(study.groups, demand.loc[outside, list(study.groups)].to_numpy(dtype=np.float64))
        findings.warn("people-outside", "layers.people", "", list(demand["id"][outside]), people=people)
    empty = np.setdiff1d(np.arange(len(communities)), demand["community"])
    if len(empty):
        where = study.layers.communities.path.as_posix()
        findings.note("community-without-people", "layers.communities", where, list(communities["id"].iloc[empty]))
    if homes is not None:
        note_crowded(study, demand, communities, homes, findings)
    if homes is not None and study.layers.buildings is not None:
        stray = np.flatnonzero(community_of(homes.points, communities) < 0)
        if len(stray):
            where = study.layers.buildings.path.as_posix()
            ids = [homes.ids[int(i)] for i in stray]
            findings.note("buildings-outside", "layers.buildings", where, ids, total=len(homes.ids))


def check_places(study: Study, tables: dict[str, LayerTable], communities: gpd.GeoDataFrame) -> None:
    """Note facilities and candidates on one point, outside the district, or outside the community they name."""
    for label, table in tables.items():
        if not label.startswith(("layers.facilities.", "layers.candidates.")):
            continue
        points = shapely.point_on_surface(np.array(table.frame.geometry.array, dtype=object))
        inside = community_of(points, communities)
        if (inside < 0).any():
            far_m = outside_m(points[inside < 0], communities)
            table.flag("note", "places-outside", inside < 0, total=len(table), distance=distance_text(far_m.max()))
        _note_stacks(table, points)
        named = table.texts("community")
        if named is not None:
            _note_elsewhere(study, table, communities, inside, named)


def stated_positions(study: Study, communities: gpd.GeoDataFrame, named: list[str]) -> list[NDArray[np.int64]]:
    """Return for each stated name the communities it can mean: by id, name or roll-up, renamed ones too."""
    columns = [column for column in communities.columns if column != "geometry"]
    by_name: dict[str, set[int]] = {}
    for column in columns:
        for position, value in enumerate(communities[column]):
            by_name.setdefault(folded(as_text(value)), set()).add(position)
    new_names = {folded(old): folded(new) for old, new in study.layers.communities.renamed.items()}
    keys = [new_names.get(folded(name), folded(name)) for name in named]
    return [np.array(sorted(by_name.get(key, ())), dtype=np.int64) if key else np.empty(0, np.int64) for key in keys]


def _note_elsewhere(
    study: Study, table: LayerTable, communities: gpd.GeoDataFrame, inside: NDArray[np.int32], named: list[str]
) -> None:
    meant = stated_positions(study, communities, named)
    blank = np.array([not name for name in named])
    unknown = np.array([bool(name) and not len(m) for name, m in zip(named, meant, strict=True)])
    elsewhere = np.array([bool(len(m)) and int(i) not in m for m, i in zip(meant, inside, strict=True)])
    if blank.any():
        table.flag("note", "blank-community", blank)
    if unknown.any():
        names = sorted({name for name, u in zip(named, unknown, strict=True) if u})
        table.flag("note", "unknown-community", unknown, names=", ".join(names[:10]))
    if elsewhere.any():
        known = int((~blank & ~unknown).sum())
        table.flag("warning", "outside-stated-community", elsewhere, share=float(elsewhere.sum() / known), total=known)


def stacked_points(
    table: LayerTable, points: NDArray[np.object_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Return each point's place, how many things stand there, and whether that is a geocoder's fallback.

    Many different things on one point are; so are two that are said to lie in different communities.
    """
    cells = pd.DataFrame(np.round(shapely.get_coordinates(points) / SAME_PLACE_M)).astype(np.int64)
    place = cells.groupby([0, 1], sort=False).ngroup().astype(np.int64)
    things = pd.Series(table.texts("id") or [str(i) for i in table.frame.index]).groupby(place).transform("nunique")
    stated = pd.Series([folded(name) or None for name in table.texts("community") or []], dtype=object)
    apart = stated.groupby(place).transform("nunique") > 1 if len(stated) else things < 0
    fallback = (things >= STACKED) | ((things > 1) & apart)
    return np.asarray(place, np.int64), np.asarray(things, np.int64), np.asarray(fallback, np.bool_)


def _note_stacks(table: LayerTable, points: NDArray[np.object_]) -> None:
    """Note different things on one point: a few are duplicates or share a house, others are a geocoder's fallback."""
    place, things, stacked = stacked_points(table, points)
    ids = table.texts("id") or [str(i) for i in table.frame.index]
    doubled = (things > 1) & ~stacked
    if stacked.any():
        places = len(np.unique(place[stacked]))
        table.flag("warning", "stacked-points", stacked, places=places, most=int(things.max()))
    if doubled.any():
        names = table.texts("name") or ids
        same = (
            pd.DataFrame({"place": place, "name": [folded(name) for name in names]}).duplicated(keep=False).to_numpy()
        )
        table.flag("note", "shared-points", doubled, places=len(np.unique(place[doubled])))
        if (same & doubled).any():
            table.flag("warning", "duplicate-points", same & doubled)
