"""District of a study: all layers in one projected system, all faults reported together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj.exceptions import CRSError, ProjError

from planner.district.areas import check_areas
from planner.district.checks.communities import check_communities
from planner.district.checks.crs import check_crs, suggest_crs
from planner.district.checks.datum import DatumSample, check_datum, datum_samples
from planner.district.checks.locations import check_layers_meet, check_locations
from planner.district.checks.population import check_people
from planner.district.context import ContextLayers, add_need_weights, read_context_layers
from planner.district.crs import WGS84, choose_projected_crs, crs_refusal, parse_crs
from planner.district.demand import read_demand, read_residential_buildings
from planner.district.facilities import read_facilities, read_sites
from planner.district.findings import Finding, Findings
from planner.district.ids import distinct_facility_ids, layer_ids
from planner.district.layer_table import display_path
from planner.district.population import join_to_communities
from planner.district.projection import substitute_cells, to_projected
from planner.district.reader import LayerReader
from planner.io.database import has_driver
from planner.io.osm import is_extract
from planner.study.connection import is_connection

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from pyproj import CRS

    from planner.district.layer_table import LayerTable
    from planner.study import Layer, Study


#: a facility and a candidate site of one id within this distance are one building
SAME_BUILDING_M = 30.0


@dataclass(frozen=True, eq=False)
class District:
    """District: all layers in one projected system in metres; ids are unique texts, positions are rows."""

    crs: CRS
    communities: gpd.GeoDataFrame
    """``id``, ``name``, the study's ``roll_up`` columns, ``households`` (float64) where the layer counts them, ``geometry``
    (polygons)."""
    demand: gpd.GeoDataFrame
    """``id``, ``community`` (int32 position, −1 = in none), one float64 column of people per demand group, ``geometry``."""
    facilities: gpd.GeoDataFrame
    """``id``, ``name``, ``area_m2`` (float64, NaN = unknown), ``geometry`` (points)."""
    existing: pd.DataFrame
    """``facility`` (int32 position), ``service``, ``capacity`` (float64, NaN = unknown)."""
    sites: gpd.GeoDataFrame
    """``id``, ``name``, ``kind``, ``area_m2``, ``storey``, ``lift``, ``setup_cost``, ``yearly_cost``, ``ready_year``
    (float64, NaN = at once), ``services`` (ids joined by ``;``), ``geometry`` (points)."""
    context: ContextLayers
    """Gates, estates, barriers and need, where the study has them."""
    findings: tuple[Finding, ...]
    """Warnings and notes; with an error there is no district."""
    datum_samples: tuple[DatumSample, ...] = ()
    """Points of layers that may be shifted, to be tested against the streets."""
    without_places: pd.DataFrame | None = None
    """Like ``existing``: facilities with capacity 0 for a service, which is offered there only if they are extended."""


@dataclass(frozen=True, eq=False)
class Survey:
    """Result of reading the layers, with or without a valid district."""

    district: District | None
    layers: dict[str, Layer]
    """Layer of the study → how the study describes it."""
    tables: dict[str, LayerTable]
    """Layer → its rows in the metric system; layers that could not be read are missing."""
    dropped_rows: dict[str, pd.DataFrame]
    """Layer → rows without a geometry."""
    findings: tuple[Finding, ...]


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
    survey = survey_layers(study, folder, findings)
    findings.refuse(study.language)
    if survey.district is None:
        msg = "a reading without errors left no district"
        raise AssertionError(msg)
    return survey.district


def check_layers(study: Study, folder: Path) -> tuple[Finding, ...]:
    """Return everything found in the layers: errors, then warnings, then notes."""
    return survey_layers(study, folder, Findings()).findings


def survey_layers(study: Study, folder: Path, findings: Findings) -> Survey:
    """Read as far as the faults allow, so that all of them are reported together."""
    named = named_layers(study)
    reader = LayerReader(folder, findings, named.values())
    read = {label: reader.read(label, layer) for label, layer in named.items()}
    _check_extracts(study, folder, findings)
    originals = {label: table for label, table in read.items() if table is not None}
    crs = _projected_crs(study, read["layers.communities"], findings)
    if crs is not None and study.layers.communities.cells is not None and "layers.communities" in originals:
        cells = substitute_cells(originals.pop("layers.communities"), study.layers.communities, crs)
        originals |= {} if cells is None else {"layers.communities": cells}
    suggest_crs(study, folder, originals, reader.unplaced, findings)
    if crs is None:
        return Survey(None, named, {}, {}, findings.all)
    tables = _project_layers(study, originals, crs)
    district = _assemble(study, tables, crs, findings)
    check_crs(originals, crs, findings)
    check_datum(study, originals, tables)
    if findings.errors:
        district = None
    elif district is not None:
        district = replace(district, findings=findings.all, datum_samples=datum_samples(study, tables))
    dropped_rows = {
        label: table.frame[~table.frame.index.isin(tables[label].frame.index)]
        for label, table in originals.items()
        if label in tables
    }
    return Survey(district, named, tables, dropped_rows, findings.all)


def _check_extracts(study: Study, folder: Path, findings: Findings) -> None:
    """Check that the street file and the extracts of the ground exist; `planner.access` and `read_extracts` read them."""
    streets = study.layers.streets
    if is_connection(streets.path):
        if not has_driver():
            findings.error("no-postgis", "layers.streets", display_path(streets))
    elif not (folder / streets.path).exists():
        findings.error("missing-file", "layers.streets", display_path(streets), near="")
    for i, ground in enumerate(study.layers.ground):
        if is_extract(ground.path) and not (folder / ground.path).exists():
            findings.error("missing-file", f"layers.ground.{i}", display_path(ground), near="")


def named_layers(study: Study) -> dict[str, Layer]:
    """Return the layers of a study by where the study names them; the streets are read by `planner.access`."""
    layers = study.layers
    named: dict[str, Layer] = {"layers.communities": layers.communities}
    named |= {f"layers.people.{i}": layer for i, layer in enumerate(layers.people)}
    named |= {f"layers.facilities.{i}": layer for i, layer in enumerate(layers.facilities)}
    named |= {f"layers.candidates.{i}": layer for i, layer in enumerate(layers.candidates)}
    for name in ("buildings", "gates", "estates", "barriers", "entrances", "need"):
        layer = getattr(layers, name)
        if layer is not None:
            named[f"layers.{name}"] = layer
    return named | {f"layers.ground.{i}": layer for i, layer in enumerate(layers.ground) if not is_extract(layer.path)}


def _projected_crs(study: Study, communities: LayerTable | None, findings: Findings) -> CRS | None:
    has_extent = communities is not None and bool(np.isfinite(communities.frame.total_bounds).all())
    if study.crs == "auto":
        if not has_extent or communities is None:
            return None
        try:
            return choose_projected_crs(communities.frame)
        except (CRSError, ProjError, RuntimeError, ValueError) as error:
            findings.error("not-metric-crs", "crs", "", crs="auto", reason=str(error))
            return None
    try:
        crs = parse_crs(study.crs)
    except CRSError:
        crs = "gcj02"
    if isinstance(crs, str):
        findings.error("unknown-crs", "crs", "", crs=study.crs.strip() or "''")
        return None
    if not has_extent or communities is None:
        return crs if crs.is_projected else None
    west, south, east, north = (float(v) for v in communities.frame.to_crs(WGS84).total_bounds)
    reason = crs_refusal(crs, (west, south, east, north))
    if reason is not None:
        findings.error("not-metric-crs", "crs", "", crs=study.crs, reason=f"@{reason}")
        return None
    return crs


def _project_layers(study: Study, read: dict[str, LayerTable], crs: CRS) -> dict[str, LayerTable]:
    """Bring all layers into ``crs``; tables of people get the shapes of the communities they name."""
    areas = ("layers.communities", "layers.estates", "layers.need")
    tables: dict[str, LayerTable] = {}
    for label, table in read.items():
        if isinstance(table.frame, gpd.GeoDataFrame):
            tables[label] = to_projected(table, crs, "area" if label in areas else "any")
    communities = tables.get("layers.communities")
    for i, spec in enumerate(study.layers.people):
        label = f"layers.people.{i}"
        if label in read and label not in tables and communities is not None:
            tables[label] = join_to_communities(read[label], spec, communities, study.layers.communities.renamed)
    for label, table in tables.items():
        if not len(table) and label.startswith(("layers.communities", "layers.people")):
            table.flag("error", "empty-layer")
    return {label: table for label, table in tables.items() if len(table)}


def _assemble(study: Study, tables: dict[str, LayerTable], crs: CRS, findings: Findings) -> District | None:
    base = tables.get("layers.communities")
    communities = _empty_communities(study, crs) if base is None else _communities(study, base, crs)
    if base is not None:
        check_communities(base, communities)
        check_layers_meet(study, tables, communities)
    buildings = study.layers.buildings
    homes = (
        read_residential_buildings(tables["layers.buildings"], buildings)
        if "layers.buildings" in tables and buildings
        else None
    )
    people = [tables[label] for i in range(len(study.layers.people)) if (label := f"layers.people.{i}") in tables]
    complete = len(people) == len(study.layers.people)
    demand = read_demand(study, people, homes, communities, crs) if complete else None
    facilities, existing, without_places = read_facilities(
        study, _tables_of(tables, "layers.facilities."), crs, findings
    )
    sites = read_sites(study, _tables_of(tables, "layers.candidates."), crs, findings)
    facilities, same_building = _distinct_ids(facilities, sites, findings)
    context = read_context_layers(study, tables, crs, [*facilities["id"], *sites["id"]], same_building)
    if base is None:
        return None
    check_locations(study, tables, communities)
    places = pd.concat([frame[["id", "geometry"]] for frame in (facilities, sites)], ignore_index=True)
    check_areas(study, communities, places, findings)
    if demand is None:
        return None
    check_people(study, demand, communities, homes, findings)
    if len(context.need):
        demand = add_need_weights(demand, context.need, study.groups, tables["layers.need"])
    return District(crs, communities, demand, facilities, existing, sites, context, (), without_places=without_places)


def _distinct_ids(
    facilities: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, findings: Findings
) -> tuple[gpd.GeoDataFrame, dict[str, str]]:
    """Return the facilities with ids that no candidate has, and candidate → facility in the same building."""
    ids = distinct_facility_ids(list(facilities["id"]), list(sites["id"]), findings)
    site_points = dict(zip(sites["id"], sites.geometry, strict=True))
    same_building = {
        before: now
        for before, now, point in zip(facilities["id"], ids, facilities.geometry, strict=True)
        if before != now and site_points[before].distance(point) <= SAME_BUILDING_M
    }
    return facilities.assign(id=ids), same_building


def _tables_of(tables: dict[str, LayerTable], prefix: str) -> list[LayerTable]:
    return [table for label, table in tables.items() if label.startswith(prefix)]


def _communities(study: Study, table: LayerTable, crs: CRS) -> gpd.GeoDataFrame:
    ids = layer_ids(table)
    names = [name or i for name, i in zip(table.texts("name") or ids, ids, strict=True)]
    columns: dict[str, list[str] | NDArray[np.float64]] = {"id": ids, "name": names}
    households = table.numbers("households")
    if households is not None:
        columns["households"] = households
    for name in study.layers.communities.roll_up:
        if table.column(name, "roll_up") is not None:
            columns[name] = table.texts(name) or []
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(table.frame.geometry.array, crs=crs))


def _empty_communities(study: Study, crs: CRS) -> gpd.GeoDataFrame:
    columns = ["id", "name", *study.layers.communities.roll_up, "geometry"]
    return gpd.GeoDataFrame(columns=columns, geometry="geometry", crs=crs)
