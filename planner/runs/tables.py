"""The tables of a run: the one set of numbers that map, workbook and page all quote.

A run is remembered as plain parquet, one file per table, so that pandas, DuckDB or QGIS read it without this package.
``docs/run-folder.md`` describes every column.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

import geopandas as gpd
import pandas as pd

from planner.runs.columns import OF_RUNS, refuse_older

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from planner.study import Language


@dataclass(frozen=True, eq=False)
class Frames:
    """Frames by name, each a parquet file of that name in a folder."""

    def write(self, folder: Path, ready: Mapping[str, bytes] = MappingProxyType({})) -> None:
        """Write one parquet file per table into ``folder`` (made if absent); ``ready`` holds tables that are parquet already."""
        folder.mkdir(parents=True, exist_ok=True)
        for field in fields(self):
            content = ready[field.name] if field.name in ready else as_parquet(getattr(self, field.name))
            (folder / f"{field.name}.parquet").write_bytes(content)

    @classmethod
    def columns(cls) -> Mapping[str, tuple[str, ...]]:
        """Return what columns each table has, whatever the study."""
        return OF_RUNS

    @classmethod
    def read(cls, folder: Path, language: Language) -> Self:
        """Read the tables back from ``folder``; raises OutputError in ``language`` where an older version wrote fewer."""
        names = [field.name for field in fields(cls)]
        return cls(**{name: read_table(folder, name, cls.columns()[name], language) for name in names})


@dataclass(frozen=True, eq=False)
class Tables(Frames):
    """Everything a run found out, as frames; ids are text, positions do not occur.

    Frames with geometry are in the run's one projected CRS, in metres.
    """

    communities: gpd.GeoDataFrame
    """``id, name, <roll_up columns>, people_<group>`` and polygons."""
    demand: gpd.GeoDataFrame
    """``id, community_id, people_<group>`` (heads), ``need_weight, connector_m`` (NaN: not connected to any street) and points."""
    places: gpd.GeoDataFrame
    """Facilities and candidates as one list: ``id, name, role`` (``facility``/``candidate``), ``kind, area_m2, storey, lift,
    setup_yuan, yearly_yuan, ready_year, connector_m, opened`` and points."""
    existing: pd.DataFrame
    """``place_id, service, capacity``: what facilities offer today (capacity NaN = not known)."""
    offers: pd.DataFrame
    """Every way a service can be run at a place, in the order of the siting problem: ``place_id, service, size, stands, planned,
    moves_from, may_close,    closing_yuan, area_m2, capital_yuan, yearly_yuan, capacity`` and ``pays_<department>`` shares. Set-up and shared rooms are left out."""
    openings: pd.DataFrame
    """The plan, one row per service opened: ``place_id, service, size, area_m2, fit_out_yuan, yearly_yuan, capacity, year, mode,
    department`` (year NaN in a plan without phases)."""
    opened_sites: pd.DataFrame
    """The plan, one row per building: ``place_id, name, kind, services, n_services, area_m2, area_offered_m2, setup_yuan, fit_out_yuan,
    capital_yuan, yearly_yuan, ready_year``."""
    coverage: pd.DataFrame
    """``service, minutes, people, covered_before, covered_after, served_before, served_after, heads, heads_before, heads_after``:
    people (weighted demand of the service), unreached ones included; those of them who find a place, too, where places are limited;
    and each person counted as one."""
    coverage_by_community: pd.DataFrame
    """The same by ``community_id`` (empty text: people outside every community)."""
    coverage_by_area: pd.DataFrame
    """The same by ``column, area`` for every roll-up column."""
    served: pd.DataFrame
    """``service, minutes, people, served``: people within a circle who also have a place, where places are limited."""
    loads: pd.DataFrame
    """``place_id, service, capacity, load, utilisation`` of every open place whose capacity binds."""
    unopened: pd.DataFrame
    """``service, why, place_id, size, capital_yuan, yearly_yuan, minutes, people, rules_zh, rules_en, instead_place_id,
    instead_service, worth_lost, unspent_yuan, needs_m2, largest_m2``: services of which the plan opens nothing new, the opening
    that would come nearest, the rules that refuse it, and what it could take the place of."""
    closed: pd.DataFrame
    """``place_id, service``: what stands today and not after the plan (closed, moved, or replaced by an extension)."""
    bills: pd.DataFrame
    """``department, name_zh, name_en, capital_yuan, capital_limit_yuan, yearly_yuan, yearly_limit_yuan`` (limit NaN: none)."""
    nearest: pd.DataFrame
    """``demand_id, service, before_s, after_s, before_id, after_id``: walk to the nearest opening (NaN beyond the largest circle)."""
    reach: pd.DataFrame
    """``walker, demand_id, place_id, seconds``: every pair within the largest circle, seconds ascending within a demand point."""
    circles: gpd.GeoDataFrame
    """``place_id, walker, minutes`` and polygons of opened sites: drawings, never used to decide coverage."""
    streets: gpd.GeoDataFrame
    """``highway, stairs, doors`` (no door opens on a bridge or in a tunnel) and lines: what was walked, and the ground of the map."""
    findings: pd.DataFrame
    """``severity, code, layer, where, zh, en``: what the check said of the layers."""


def read_table(folder: Path, name: str, columns: tuple[str, ...], language: Language) -> pd.DataFrame:
    """Read one table back, with its geometry if it has any; raises OutputError where it, or one of its ``columns``, is absent."""
    path = folder / f"{name}.parquet"
    if folder.is_dir() and not path.is_file():
        refuse_older(path, columns, None, language)
    frame: pd.DataFrame = gpd.read_parquet(path) if name in GEOGRAPHIC else pd.read_parquet(path)
    refuse_older(path, columns, frame, language)
    return frame


def as_parquet(frame: pd.DataFrame) -> bytes:
    """Return a table as the bytes of a parquet file: equal values, equal bytes, however the texts are held in memory."""
    held_as_objects = [
        name
        for name in frame.columns
        if frame[name].dtype == object and pd.api.types.infer_dtype(frame[name], skipna=False) in ("string", "empty")
    ]
    plain = frame.astype(dict.fromkeys(held_as_objects, "str")) if held_as_objects else frame
    content = io.BytesIO()
    plain.to_parquet(content, index=False)
    return content.getvalue()


#: the tables that carry geometry
GEOGRAPHIC = frozenset({"communities", "demand", "places", "circles", "streets"})
