"""What stands between a door and a street: gated estates and their gates, barriers; and where need is greater."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from planner.district.heads import heads
from planner.district.ids import own_ids

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from pyproj import CRS

    from planner.district.layers import LayerTable
    from planner.study import DemandGroup

#: column of the demand points with their need weight; no group can be called so, for ids hold no space
NEED = "need weight"
#: a gate this close to an estate's edge is one of its gates
GATE_REACH_M = 30.0


@dataclass(frozen=True, eq=False)
class Ground:
    """Layers that walking and siting use beside streets; empty frames where the study has none."""

    gates: gpd.GeoDataFrame
    """``id``, ``estate`` (int32 position in ``estates``, −1 = of none), ``geometry`` (points)."""
    estates: gpd.GeoDataFrame
    """``id``, ``name``, ``geometry`` (polygons)."""
    barriers: gpd.GeoDataFrame
    """``id``, ``kind``, ``geometry`` (lines or polygons)."""
    entrances: gpd.GeoDataFrame
    """``id``, ``place`` (id of a facility or candidate), ``geometry`` (points)."""
    need: gpd.GeoDataFrame
    """``id``, ``weight`` (float64, 1 = as usual), ``geometry`` (polygons)."""


def read_ground(
    tables: dict[str, LayerTable], crs: CRS, places: Sequence[str], shared: Mapping[str, str] | None = None
) -> Ground:
    """Return gates, estates, barriers and need weights; an estate without a gate is noted.

    ``shared``: candidate → the facility in the same building, whose entrances are the same.
    """
    estates = _plain(tables.get("layers.estates"), crs)
    gates = _plain(tables.get("layers.gates"), crs)
    gates = gates.set_geometry(gpd.GeoSeries(shapely.point_on_surface(gates.geometry.array), gates.index, crs=crs))
    gates["estate"] = _estate_of(gates, estates, tables)
    table = tables.get("layers.estates")
    if table is not None:
        without = np.setdiff1d(np.arange(len(estates)), gates["estate"])
        if len(without) and not table.findings.refused("layers.gates"):
            table.flag("warning", "estate-without-gate", without)
    barriers = _plain(tables.get("layers.barriers"), crs)
    kinds = tables["layers.barriers"].texts("kind") if "layers.barriers" in tables else None
    barriers["kind"] = kinds or [""] * len(barriers)
    return Ground(
        gates=gates[["id", "estate", "geometry"]],
        estates=estates[["id", "name", "geometry"]],
        barriers=barriers[["id", "kind", "geometry"]],
        entrances=_entrances(tables.get("layers.entrances"), crs, places, shared or {}),
        need=_need(tables.get("layers.need"), crs),
    )


def _entrances(
    table: LayerTable | None, crs: CRS, places: Sequence[str], shared: Mapping[str, str]
) -> gpd.GeoDataFrame:
    entrances = _plain(table, crs)
    named = table.codes("place", "place") if table is not None else None
    entrances["place"] = named if named is not None else [""] * len(entrances)
    unknown = ~entrances["place"].isin(list(places)).to_numpy(dtype=bool)
    whole = table is not None and not table.findings.refused("layers.facilities", "layers.candidates")
    if unknown.any() and whole and table is not None and named is not None:
        example = entrances["place"][unknown].iloc[0]
        table.flag("error", "unknown-place", unknown, example=str(example))
    entrances = entrances[~unknown].set_geometry(
        gpd.GeoSeries(shapely.point_on_surface(entrances.geometry.array[~unknown]), entrances.index[~unknown], crs=crs)
    )
    again = entrances[entrances["place"].isin(list(shared))]
    if len(again):
        entrances = pd.concat([entrances, again.assign(place=again["place"].map(dict(shared)))])
    return entrances[["id", "place", "geometry"]].reset_index(drop=True)


def _need(table: LayerTable | None, crs: CRS) -> gpd.GeoDataFrame:
    need = _plain(table, crs)
    weight = table.numbers("weight", required=True) if table is not None else None
    need["weight"] = np.ones(len(need)) if weight is None else np.where(np.isnan(weight), 1.0, np.maximum(weight, 0.0))
    return need[["id", "weight", "geometry"]]


def weigh_by_need(
    demand: gpd.GeoDataFrame, need: gpd.GeoDataFrame, groups: Mapping[str, DemandGroup], table: LayerTable
) -> gpd.GeoDataFrame:
    """Return the demand with the need of the polygon that each point lies in (1 outside all) in a column `NEED`; said aloud.

    Groups stay what they are, heads: whoever weighs people multiplies by the column (`planner.siting.weighted_demand`).
    """
    point, polygon = shapely.STRtree(np.asarray(need.geometry.array)).query(demand.geometry.array, predicate="within")
    order = np.lexsort((polygon, point))
    point, first = np.unique(point[order], return_index=True)
    weight = np.ones(len(demand))
    weight[point] = need["weight"].to_numpy(dtype=np.float64)[polygon[order][first]]
    people = demand[list(groups)].to_numpy(dtype=np.float64)
    before, after = heads(groups, people), heads(groups, people * weight[:, None])
    table.flag("warning", "weighed-by-need", (), before=before, after=after)
    return demand.assign(**{NEED: weight})


def need_of(demand: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Return the need weight of each demand point, float64[n]: 1 where the study has no layer of need."""
    return demand[NEED].to_numpy(dtype=np.float64) if NEED in demand else np.ones(len(demand))


def _plain(table: LayerTable | None, crs: CRS) -> gpd.GeoDataFrame:
    if table is None:
        return gpd.GeoDataFrame({"id": [], "name": []}, geometry=gpd.GeoSeries([], crs=crs))
    ids = own_ids(table)
    names = [name or i for name, i in zip(table.texts("name") or ids, ids, strict=True)]
    return gpd.GeoDataFrame({"id": ids, "name": names}, geometry=gpd.GeoSeries(table.frame.geometry.array, crs=crs))


def _estate_of(gates: gpd.GeoDataFrame, estates: gpd.GeoDataFrame, tables: dict[str, LayerTable]) -> list[int]:
    """Return each gate's estate: the one its ``estate`` column names, else the nearest within reach."""
    by_id = {i: position for position, i in enumerate(estates["id"])}
    named = tables["layers.gates"].texts("estate") if "layers.gates" in tables else None
    nearest = np.full(len(gates), -1, np.int64)
    if len(gates) and len(estates):
        gate, estate = estates.sindex.nearest(gates.geometry.array, return_all=False, max_distance=GATE_REACH_M)
        nearest[gate] = estate
    if named is None:
        return [int(position) for position in nearest]
    return [by_id.get(name, int(position)) for name, position in zip(named, nearest, strict=True)]
