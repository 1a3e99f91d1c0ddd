"""Context layers: gated estates and gates, barriers, entrances, need weights, and the ground of maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from planner.district.demand import heads
from planner.district.ground import ground_of_layers
from planner.district.ids import layer_ids

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from pyproj import CRS

    from planner.district.layer_table import LayerTable
    from planner.study import DemandGroup, Study


#: column of need weights of the demand points; group ids hold no space, so it never clashes
NEED_COLUMN = "need weight"
#: a gate this close to an estate's edge is one of its gates
GATE_DISTANCE_M = 30.0


@dataclass(frozen=True, eq=False)
class ContextLayers:
    """Layers that walking and siting use beside streets; empty frames where the study has none."""

    gates: gpd.GeoDataFrame
    """``id``, ``estate`` (int32 position in ``estates``, −1 = of none), ``geometry`` (points)."""
    estates: gpd.GeoDataFrame
    """``id``, ``name``, ``geometry`` (polygons)."""
    barriers: gpd.GeoDataFrame
    """``id``, ``kind``, ``geometry`` (lines or polygons)."""
    entrances: gpd.GeoDataFrame
    """``id``, ``place`` (id of a facility or candidate site), ``geometry`` (points)."""
    need: gpd.GeoDataFrame
    """``id``, ``weight`` (float64, 1 = as usual), ``geometry`` (polygons)."""
    ground: gpd.GeoDataFrame
    """What maps show beneath: ``kind``, ``name``, ``geometry`` (see `planner.district.ground`)."""


def read_context_layers(
    study: Study,
    tables: dict[str, LayerTable],
    crs: CRS,
    places: Sequence[str],
    shared: Mapping[str, str] | None = None,
) -> ContextLayers:
    """Return gates, estates, barriers, need weights and the ground; an estate without a gate is noted.

    ``shared``: candidate → the facility in the same building, whose entrances are the same.
    """
    estates = _base_frame(tables.get("layers.estates"), crs)
    gates = _base_frame(tables.get("layers.gates"), crs)
    gates = gates.set_geometry(gpd.GeoSeries(shapely.point_on_surface(gates.geometry.array), gates.index, crs=crs))
    gates["estate"] = _estate_of(gates, estates, tables)
    table = tables.get("layers.estates")
    if table is not None:
        without_gate = np.setdiff1d(np.arange(len(estates)), gates["estate"])
        if len(without_gate) and not table.findings.refused("layers.gates"):
            table.flag("warning", "estate-without-gate", without_gate)
    barriers = _base_frame(tables.get("layers.barriers"), crs)
    kinds = tables["layers.barriers"].texts("kind") if "layers.barriers" in tables else None
    barriers["kind"] = kinds or [""] * len(barriers)
    return ContextLayers(
        gates=gates[["id", "estate", "geometry"]],
        estates=estates[["id", "name", "geometry"]],
        barriers=barriers[["id", "kind", "geometry"]],
        entrances=_entrances(tables.get("layers.entrances"), crs, places, shared or {}),
        need=_need(tables.get("layers.need"), crs),
        ground=ground_of_layers(study, tables, crs),
    )


def _entrances(
    table: LayerTable | None, crs: CRS, places: Sequence[str], shared: Mapping[str, str]
) -> gpd.GeoDataFrame:
    entrances = _base_frame(table, crs)
    named = table.codes("place", "place") if table is not None else None
    entrances["place"] = named if named is not None else [""] * len(entrances)
    unknown = ~entrances["place"].isin(list(places)).to_numpy(dtype=bool)
    all_read = table is not None and not table.findings.refused("layers.facilities", "layers.candidates")
    if unknown.any() and all_read and table is not None and named is not None:
        example = entrances["place"][unknown].iloc[0]
        table.flag("error", "unknown-place", unknown, example=str(example))
    entrances = entrances[~unknown].set_geometry(
        gpd.GeoSeries(shapely.point_on_surface(entrances.geometry.array[~unknown]), entrances.index[~unknown], crs=crs)
    )
    shared_entrances = entrances[entrances["place"].isin(list(shared))]
    if len(shared_entrances):
        entrances = pd.concat([entrances, shared_entrances.assign(place=shared_entrances["place"].map(dict(shared)))])
    return entrances[["id", "place", "geometry"]].reset_index(drop=True)


def _need(table: LayerTable | None, crs: CRS) -> gpd.GeoDataFrame:
    need = _base_frame(table, crs)
    weight = table.numbers("weight", required=True) if table is not None else None
    need["weight"] = np.ones(len(need)) if weight is None else np.where(np.isnan(weight), 1.0, np.maximum(weight, 0.0))
    return need[["id", "weight", "geometry"]]


def add_need_weights(
    demand: gpd.GeoDataFrame, need: gpd.GeoDataFrame, groups: Mapping[str, DemandGroup], table: LayerTable
) -> gpd.GeoDataFrame:
    """Return the demand points with the need weight of their polygon (1 outside all) in a column `NEED_COLUMN`; reported as a finding.

    Groups stay counts of people: the weight is multiplied where it applies (`planner.siting.weighted_demand`).
    """
    point, polygon = shapely.STRtree(np.asarray(need.geometry.array)).query(demand.geometry.array, predicate="within")
    order = np.lexsort((polygon, point))
    point, first = np.unique(point[order], return_index=True)
    weight = np.ones(len(demand))
    weight[point] = need["weight"].to_numpy(dtype=np.float64)[polygon[order][first]]
    people = demand[list(groups)].to_numpy(dtype=np.float64)
    before, after = heads(groups, people), heads(groups, people * weight[:, None])
    table.flag("warning", "weighed-by-need", (), before=before, after=after)
    return demand.assign(**{NEED_COLUMN: weight})


def need_weights(demand: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Return the need weight of each demand point, float64[n]: 1 where the study has no layer of need."""
    return demand[NEED_COLUMN].to_numpy(dtype=np.float64) if NEED_COLUMN in demand else np.ones(len(demand))


def _base_frame(table: LayerTable | None, crs: CRS) -> gpd.GeoDataFrame:
    if table is None:
        return gpd.GeoDataFrame({"id": [], "name": []}, geometry=gpd.GeoSeries([], crs=crs))
    ids = layer_ids(table)
    names = [name or i for name, i in zip(table.texts("name") or ids, ids, strict=True)]
    return gpd.GeoDataFrame({"id": ids, "name": names}, geometry=gpd.GeoSeries(table.frame.geometry.array, crs=crs))


def _estate_of(gates: gpd.GeoDataFrame, estates: gpd.GeoDataFrame, tables: dict[str, LayerTable]) -> list[int]:
    """Return each gate's estate: the one its ``estate`` column names, else the nearest within `GATE_DISTANCE_M`."""
    by_id = {i: position for position, i in enumerate(estates["id"])}
    named = tables["layers.gates"].texts("estate") if "layers.gates" in tables else None
    nearest = np.full(len(gates), -1, np.int64)
    if len(gates) and len(estates):
        gate, estate = estates.sindex.nearest(gates.geometry.array, return_all=False, max_distance=GATE_DISTANCE_M)
        nearest[gate] = estate
    if named is None:
        return [int(position) for position in nearest]
    return [by_id.get(name, int(position)) for name, position in zip(named, nearest, strict=True)]
