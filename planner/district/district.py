"""Layers of a study → the district on the ground: everything in one metric system, every fault named at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from pyproj.exceptions import CRSError

from planner.district.crs import WGS84, choose_metric, parse_crs, refusal
from planner.district.demand import community_of, own_ids, read_demand, read_homes
from planner.district.findings import Finding, Findings
from planner.district.layers import LayerReader, LayerTable, to_metric
from planner.district.places import read_facilities, read_sites

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from pyproj import CRS

    from planner.district.people import Homes
    from planner.study import Layer, Study


@dataclass(frozen=True, eq=False)
class District:
    """What is on the ground, in one projected system in metres; ids are unique texts, positions are rows."""

    crs: CRS
    communities: gpd.GeoDataFrame
    """``id``, ``name``, the study's ``roll_up`` columns, ``geometry`` (polygons)."""
    demand: gpd.GeoDataFrame
    """``id``, ``community`` (int32 position, −1 = in none), one float64 column of people per demand group, ``geometry``."""
    facilities: gpd.GeoDataFrame
    """``id``, ``name``, ``geometry`` (points)."""
    existing: pd.DataFrame
    """``facility`` (int32 position), ``service``, ``capacity`` (float64, NaN = not known)."""
    sites: gpd.GeoDataFrame
    """``id``, ``name``, ``kind``, ``area_m2``, ``storey``, ``lift``, ``setup_yuan``, ``yearly_yuan``, ``ready_year``
    (float64, NaN = at once), ``services`` (ids joined by ``;``), ``geometry`` (points)."""
    findings: tuple[Finding, ...]
    """Warnings and notes; with an error there is no district."""


def read_district(study: Study, folder: Path) -> District:
    """Return the district that the layers of ``study`` describe.

    Parameters
    ----------
    study
        The study; paths of its layers are relative to ``folder``.
    folder
        Where the study file lies.

    Raises
    ------
    LayerError
        naming every fault of every layer at once.
    """
    findings = Findings()
    district = _survey(study, folder, findings)
    findings.refuse(study.language)
    if district is None:
        msg = "a reading without errors left no district"
        raise AssertionError(msg)
    return district


def check_layers(study: Study, folder: Path) -> tuple[Finding, ...]:
    """Return everything found in the layers: errors, then warnings, then notes."""
    findings = Findings()
    _survey(study, folder, findings)
    return findings.all


def _survey(study: Study, folder: Path, findings: Findings) -> District | None:
    """Read as far as the faults allow, so that all of them are found in one go."""
    layers = study.layers
    named: list[tuple[str, Layer]] = [("layers.communities", layers.communities)]
    named += [(f"layers.people.{i}", layer) for i, layer in enumerate(layers.people)]
    named += [("layers.buildings", layers.buildings)] if layers.buildings is not None else []
    named += [(f"layers.facilities.{i}", layer) for i, layer in enumerate(layers.facilities)]
    named += [(f"layers.candidates.{i}", layer) for i, layer in enumerate(layers.candidates)]
    reader = LayerReader(folder, findings, [layer for _, layer in named])
    tables = {label: reader.read(label, layer) for label, layer in named}
    if not (folder / layers.streets.path).exists():
        findings.error("missing-file", "layers.streets", layers.streets.path.as_posix(), near="")
    crs = _metric(study, tables["layers.communities"], findings)
    if crs is None:
        return None
    base = tables["layers.communities"]
    communities = None if base is None else _communities(study, base, crs)
    ground = communities if communities is not None else _no_communities(study, crs)
    for label, table in tables.items():
        if table is not None and communities is not None and label != "layers.communities":
            _check_overlap(table, communities)
    homes = _homes(study, tables.get("layers.buildings"), crs)
    people = [tables[f"layers.people.{i}"] for i in range(len(layers.people))]
    read = [table for table in people if table is not None]
    demand = read_demand(study, read, homes, ground, crs) if len(read) == len(people) else None
    facilities, existing = read_facilities(study, _of(tables, "layers.facilities."), crs, findings)
    sites = read_sites(study, _of(tables, "layers.candidates."), crs, findings)
    if demand is not None and communities is not None:
        _check_people(study, demand, findings)
    if homes is not None and communities is not None:
        _check_homes(study, homes, communities, findings)
    if findings.errors or demand is None or communities is None:
        return None
    return District(crs, communities, demand, facilities, existing, sites, findings.all)


def _of(tables: dict[str, LayerTable | None], prefix: str) -> list[LayerTable]:
    return [table for label, table in tables.items() if label.startswith(prefix) and table is not None]


def _metric(study: Study, communities: LayerTable | None, findings: Findings) -> CRS | None:
    if study.crs == "auto":
        return choose_metric(communities.frame) if communities is not None else None
    try:
        crs = parse_crs(study.crs)
    except CRSError:
        crs = "gcj02"
    if isinstance(crs, str):
        findings.error("unknown-crs", "crs", "", crs=study.crs)
        return None
    if communities is None:
        return crs if crs.is_projected else None
    west, south, east, north = (float(v) for v in communities.frame.to_crs(WGS84).total_bounds)
    reason = refusal(crs, (west, south, east, north))
    if reason is not None:
        findings.error("not-metric-crs", "crs", "", crs=study.crs, reason=reason)
        return None
    return crs


def _communities(study: Study, table: LayerTable, crs: CRS) -> gpd.GeoDataFrame | None:
    table = to_metric(table, crs)
    if not len(table):
        table.findings.error("empty-layer", table.label, table.where)
        return None
    flat = shapely.get_dimensions(table.frame.geometry.array) < 2
    if flat.any():
        found = ", ".join(sorted(set(table.frame.geometry.geom_type[flat])))
        rows = table.row_names(np.flatnonzero(flat))
        table.findings.error("wrong-geometry", table.label, table.where, rows, found=found, needed="Polygon")
    ids = own_ids(table)
    columns: dict[str, list[str]] = {
        "id": ids,
        "name": [n or i for n, i in zip(table.texts("name") or ids, ids, strict=True)],
    }
    for name in study.layers.communities.roll_up:
        if table.column(name, "roll_up") is not None:
            columns[name] = table.texts(name) or []
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(table.frame.geometry.array, crs=crs))


def _no_communities(study: Study, crs: CRS) -> gpd.GeoDataFrame:
    columns = ["id", "name", *study.layers.communities.roll_up, "geometry"]
    return gpd.GeoDataFrame(columns=columns, geometry="geometry", crs=crs)


def _homes(study: Study, table: LayerTable | None, crs: CRS) -> Homes | None:
    if table is None or study.layers.buildings is None:
        return None
    return read_homes(table, study.layers.buildings, crs)


def _check_overlap(table: LayerTable, communities: gpd.GeoDataFrame) -> None:
    there = table.frame.geometry.to_crs(communities.crs).total_bounds
    here = communities.total_bounds
    apart = there[2] < here[0] or here[2] < there[0] or there[3] < here[1] or here[3] < there[1]
    if apart or not np.isfinite(there).all():
        table.findings.error("no-overlap", table.label, table.where)


def _check_people(study: Study, demand: gpd.GeoDataFrame, findings: Findings) -> None:
    for group in study.groups:
        if not float(demand[group].sum()) > 0:
            findings.error("no-people", "layers.people", "", group=group)
    outside = demand["community"] < 0
    if outside.any():
        people = float(demand.loc[outside, list(study.groups)].to_numpy().sum())
        findings.warn("people-outside", "layers.people", "", list(demand["id"][outside]), people=people)


def _check_homes(study: Study, homes: Homes, communities: gpd.GeoDataFrame, findings: Findings) -> None:
    outside = np.flatnonzero(community_of(homes.points, communities) < 0)
    if len(outside) and study.layers.buildings is not None:
        where = study.layers.buildings.path.as_posix()
        findings.note("buildings-outside", "layers.buildings", where, [homes.ids[int(i)] for i in outside])
