"""Existing facilities with their services and capacities, and candidate sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from planner.district.ids import layer_ids, qualify_clashing_ids
from planner.io.cells import as_text
from planner.io.numbers import read_flags

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from pyproj import CRS

    from planner.district.findings import Findings
    from planner.district.layer_table import LayerTable
    from planner.study import Candidates, Facilities, SiteKind, Study


SITE_COLUMNS = [
    "id", "name", "kind", "area_m2", "storey", "lift", "setup_cost", "yearly_cost", "ready_year", "services", "geometry",
]  # fmt: skip


def read_facilities(
    study: Study, tables: Sequence[LayerTable], crs: CRS, findings: Findings
) -> tuple[gpd.GeoDataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the facilities (``id``, ``name``, ``area_m2``, ``geometry``) and what they offer (``facility``, ``service``, ``capacity``).

    What has capacity 0 offers nothing; it comes back apart, like what is offered, because it may be extended.
    A thing that several layers hold under the same id at the same place is one facility with several services.
    """
    known_area = [service.id for service in study.services]
    parts = [_offers(table, table.spec, known_area) for table in tables]  # type: ignore[arg-type]
    rows = (
        pd.concat([part for part in parts if len(part)], ignore_index=True) if any(map(len, parts)) else _empty_offers()
    )
    rows = qualify_clashing_ids(rows, findings, "layers.facilities")
    first = rows.drop_duplicates("id")
    position = dict(zip(first["id"], range(len(first)), strict=True))
    facilities = gpd.GeoDataFrame(
        {"id": list(first["id"]), "name": list(first["name"]), "area_m2": first["area_m2"].to_numpy(dtype=np.float64)},
        geometry=gpd.GeoSeries(list(first["point"]), crs=crs),
    )
    offered = rows.assign(facility=rows["id"].map(position)).explode("service")
    existing = pd.DataFrame(
        {
            "facility": offered["facility"].to_numpy(dtype=np.int32),
            "service": offered["service"].astype(str).to_numpy(dtype=object),
            "capacity": offered["capacity"].to_numpy(dtype=np.float64),
        }
    )
    # of several rows of one facility and service the first that offers something counts
    empty = existing["capacity"] == 0
    first = pd.concat([existing[~empty], existing[empty]]).drop_duplicates(["facility", "service"])
    without_capacity = first["capacity"] == 0
    return facilities, first[~without_capacity].reset_index(drop=True), first[without_capacity].reset_index(drop=True)


def read_sites(study: Study, tables: Sequence[LayerTable], crs: CRS, findings: Findings) -> gpd.GeoDataFrame:
    """Return the candidate sites: attributes of the layer, else the defaults of their kind."""
    parts = [_candidates(study, table, table.spec) for table in tables]  # type: ignore[arg-type]
    filled = [part for part in parts if len(part)]
    if not filled and findings.refused("layers.candidates"):
        return gpd.GeoDataFrame(columns=SITE_COLUMNS, geometry="geometry", crs=crs)
    if not filled:
        findings.error("no-candidates", "layers.candidates", "")
        return gpd.GeoDataFrame(columns=SITE_COLUMNS, geometry="geometry", crs=crs)
    rows = qualify_clashing_ids(pd.concat(filled, ignore_index=True), findings, "layers.candidates")
    rows = rows.drop_duplicates("id", ignore_index=True)
    sites = gpd.GeoDataFrame(rows, geometry=gpd.GeoSeries(list(rows["point"]), crs=crs))
    return sites[SITE_COLUMNS]


def _offers(table: LayerTable, spec: Facilities, known_area: Sequence[str]) -> pd.DataFrame:
    if not len(table):
        return _empty_offers()
    services = _services(table, spec, known_area)
    capacity, area_m2 = table.numbers("capacity"), table.numbers("area_m2")
    ids = layer_ids(table, several_rows_per_id=True)
    offering = np.array([bool(offered) for offered in services], dtype=bool)
    without_capacity = np.zeros(len(ids), dtype=bool) if capacity is None else offering & (capacity == 0)
    if without_capacity.any():
        table.flag("warning", "no-places", without_capacity)
    frame = pd.DataFrame(
        {
            "id": ids,
            "name": _facility_names(table, ids),
            "service": services,
            "capacity": np.full(len(ids), np.nan) if capacity is None else capacity,
            "area_m2": np.full(len(ids), np.nan) if area_m2 is None else area_m2,
            "point": shapely.point_on_surface(table.frame.geometry.array),
            "source": table.where,
        }
    )
    found: pd.DataFrame = frame[offering]
    return found


def _services(table: LayerTable, spec: Facilities, known_area: Sequence[str]) -> list[list[str]]:
    if spec.service is not None:
        return [[spec.service]] * len(table)
    column = table.column("service", "service")
    if column is None:
        return [[]] * len(table)
    named = [
        [part.strip() for part in as_text(value).replace("；", ";").split(";") if part.strip()] for value in column
    ]
    if not spec.services:
        unknown = sorted({name for names in named for name in names} - set(known_area))
        if unknown:
            table.flag("error", "unknown-service", services=", ".join(unknown))
        without_area = [i for i, names in enumerate(named) if not names]
        if without_area:
            table.flag("warning", "no-service", without_area)
        return named
    unmatched = sorted(set(spec.services) - {name for names in named for name in names})
    if unmatched:
        table.flag(
            "warning",
            "unmatched-value",
            (),
            use="services",
            column=str(column.name),
            values=", ".join(unmatched),
            near="",
        )
    mapped = [[spec.services[name] for name in names if name in spec.services] for names in named]
    unmapped = [i for i, offered in enumerate(mapped) if not offered]
    if unmapped:
        values = sorted({name for i in unmapped for name in named[i]})
        table.flag("note", "services-left-out", unmapped, values=", ".join(values) or "–")
    return mapped


def _candidates(study: Study, table: LayerTable, spec: Candidates) -> pd.DataFrame:
    if not len(table):
        return pd.DataFrame()
    ids = layer_ids(table)
    kinds = _kinds(table, spec, study)
    assumed = [study.site_kinds.get(kind) for kind in kinds]
    frame = pd.DataFrame(
        {
            "id": ids,
            "name": _site_names(table, ids, assumed, study),
            "kind": kinds,
            "area_m2": _area(table, assumed),
            "storey": _with_defaults(table, "storey", assumed, lambda kind: kind.storey, 1).astype(np.int32),
            "lift": _lift(table, assumed),
            "setup_cost": _with_defaults(table, "setup_cost", assumed, lambda kind: kind.setup_cost, 0.0),
            "yearly_cost": _with_defaults(table, "yearly_cost", assumed, lambda kind: kind.yearly_cost, 0.0),
            "ready_year": _with_defaults(table, "ready_year", assumed, lambda kind: kind.ready_year, np.nan),
            "services": _allowed_services(table, assumed, [service.id for service in study.services]),
            "point": shapely.point_on_surface(table.frame.geometry.array),
            "source": table.where,
        }
    )
    without_area = ~(frame["area_m2"] > 0)
    if without_area.any():
        table.flag("warning", "no-area", without_area.to_numpy(dtype=bool))
    return frame[~without_area]


def _kinds(table: LayerTable, spec: Candidates, study: Study) -> list[str]:
    kinds = [spec.kind] * len(table) if spec.kind is not None else table.texts("kind") or [""] * len(table)
    unknown = sorted(set(kinds) - set(study.site_kinds) - {""})
    if unknown:
        table.flag(
            "warning", "unknown-kind", [i for i, kind in enumerate(kinds) if kind in unknown], kinds=", ".join(unknown)
        )
    return kinds


def _area(table: LayerTable, assumed: Sequence[SiteKind | None]) -> NDArray[np.float64]:
    share = np.array([1.0 if kind is None else kind.area_share for kind in assumed])
    storeys = table.numbers("storeys")
    footprint = shapely.area(table.frame.geometry.array)
    usable = footprint * (1.0 if storeys is None else np.where(storeys > 0, storeys, 1.0)) * share
    measured = table.numbers("area_m2")
    known_area = usable if measured is None else np.where(np.isnan(measured), usable, measured)
    assumed_area = np.array([np.nan if kind is None else kind.assumed_area_m2 or np.nan for kind in assumed])
    unknown = ~(known_area > 0) & (assumed_area > 0)
    if unknown.any():
        table.flag("note", "assumed-area", unknown)
    return np.where(unknown, assumed_area, known_area)


def _with_defaults(
    table: LayerTable,
    name: str,
    assumed: Sequence[SiteKind | None],
    of: Callable[[SiteKind], float | None],
    else_: float,
) -> NDArray[np.float64]:
    values = [else_ if kind is None else of(kind) for kind in assumed]
    defaults = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    stated = table.numbers(name)
    return defaults if stated is None else np.where(np.isnan(stated), defaults, stated)


def _lift(table: LayerTable, assumed: Sequence[SiteKind | None]) -> NDArray[np.bool_]:
    defaults = np.array([kind is not None and kind.lift for kind in assumed], dtype=bool)
    stated = table.optional("lift")
    if stated is None:
        return defaults
    yes, unknown, unreadable = read_flags(stated)
    if unreadable.any():
        example = as_text(stated.iloc[int(np.flatnonzero(unreadable)[0])])
        table.flag("warning", "unreadable-flag", unreadable, column=str(stated.name), example=example)
    return np.where(unknown, defaults, yes)


def _allowed_services(table: LayerTable, assumed: Sequence[SiteKind | None], known_area: Sequence[str]) -> list[str]:
    defaults = [";".join(known_area if kind is None or kind.services is None else kind.services) for kind in assumed]
    stated = table.texts("services")
    if stated is None:
        return defaults
    named = [[part.strip() for part in text.replace("；", ";").split(";") if part.strip()] for text in stated]
    unknown = sorted({name for names in named for name in names} - set(known_area))
    if unknown:
        table.flag("error", "unknown-service", services=", ".join(unknown))
    return [";".join(names) or default for names, default in zip(named, defaults, strict=True)]


def _site_names(table: LayerTable, ids: Sequence[str], assumed: Sequence[SiteKind | None], study: Study) -> list[str]:
    """Return names of candidate sites; kind and id where there is no name."""
    kinds = [f"{kind.name.text(study.language)} {i}" if kind else i for kind, i in zip(assumed, ids, strict=True)]
    return [name or called for name, called in zip(table.texts("name") or kinds, kinds, strict=True)]


def _facility_names(table: LayerTable, ids: Sequence[str]) -> list[str]:
    return [name or i for name, i in zip(table.texts("name") or ids, ids, strict=True)]


def _empty_offers() -> pd.DataFrame:
    return pd.DataFrame({name: [] for name in ("id", "name", "service", "capacity", "area_m2", "point", "source")})
