"""Tables of runs, assessments and explanations as frames, stored as plain parquet: the numbers that every report quotes.

Pandas, DuckDB or QGIS read them without this package. ``schema.toml`` describes every column.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Self

import geopandas as gpd
import pandas as pd

from planner.errors import OutputError
from planner.i18n import translate
from planner.store.schema import schema
from planner.study.former_names import former_columns

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from planner.store.schema import Folder, TableSchema
    from planner.study import Language


ONLY_WITH_ROWS = frozenset({"area_limits"})
"""Tables that are stored only where they have rows."""


@dataclass(frozen=True, eq=False)
class Frames:
    """Frames by name, each a parquet file of that name in a folder."""

    folder_type: ClassVar[Folder]

    def write(self, folder: Path, ready: Mapping[str, bytes] = MappingProxyType({})) -> None:
        """Write one parquet file per table into ``folder`` (made if absent); ``ready`` holds tables that are parquet already.

        Raises
        ------
        UndeclaredColumnError
            where a table has a column that ``schema.toml`` does not describe.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for field in fields(self):
            schema()[self.folder_type][field.name].require_declared(getattr(self, field.name).columns)
            if field.name in ONLY_WITH_ROWS and not len(getattr(self, field.name)):
                continue
            content = ready[field.name] if field.name in ready else as_parquet(getattr(self, field.name))
            (folder / f"{field.name}.parquet").write_bytes(content)

    @classmethod
    def read(cls, folder: Path, language: Language) -> Self:
        """Read the tables back from ``folder``; raises OutputError in ``language`` where an older version wrote fewer."""
        return cls(**{field.name: read_table(folder, cls.folder_type, field.name, language) for field in fields(cls)})


@dataclass(frozen=True, eq=False)
class Tables(Frames):
    """Everything a run found out, as frames; ids are text, positions do not occur.

    Frames with geometry are in the run's one projected CRS, in metres.
    """

    folder_type = "run"

    communities: gpd.GeoDataFrame
    demand: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    existing: pd.DataFrame
    offers: pd.DataFrame
    openings: pd.DataFrame
    opened_sites: pd.DataFrame
    coverage: pd.DataFrame
    coverage_by_community: pd.DataFrame
    coverage_by_area: pd.DataFrame
    unevenness: pd.DataFrame
    served: pd.DataFrame
    loads: pd.DataFrame
    unopened: pd.DataFrame
    closed: pd.DataFrame
    bills: pd.DataFrame
    area_limits: pd.DataFrame
    compliance: pd.DataFrame
    hubs: pd.DataFrame
    nearest: pd.DataFrame
    reach: pd.DataFrame
    circles: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    ground: gpd.GeoDataFrame
    findings: pd.DataFrame


@dataclass(frozen=True, eq=False)
class AssessmentTables(Frames):
    """Everything an assessment found out, as frames; ids are text, positions do not occur."""

    folder_type = "assessment"

    communities: gpd.GeoDataFrame
    demand: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    existing: pd.DataFrame
    coverage: pd.DataFrame
    walks: pd.DataFrame
    nearest: pd.DataFrame
    facilities: pd.DataFrame
    balance: pd.DataFrame
    duplicates: pd.DataFrame
    closing: pd.DataFrame
    accessibility: pd.DataFrame
    equity: pd.DataFrame
    floors: pd.DataFrame
    benchmarks: pd.DataFrame
    compliance: pd.DataFrame
    hubs: pd.DataFrame
    reach: pd.DataFrame
    circles: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    ground: gpd.GeoDataFrame
    findings: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Explanation(Frames):
    """Everything that was found out about a plan, as frames; written as ``explanation/<name>.parquet``.

    People are those of a service within its widest circle (with a place, where places are limited), in the end.
    Worth and gain are in the units of the study's first objective; positive is better.
    """

    folder_type = "explanation"

    prices: pd.DataFrame
    openings: pd.DataFrame
    swaps: pd.DataFrame
    unfunded: pd.DataFrame
    endless_money: pd.DataFrame
    schedule: pd.DataFrame


def read_table(folder: Path, folder_type: Folder, name: str, language: Language) -> pd.DataFrame:
    """Read one table back, with its geometry if it has any; raises OutputError where it, or one of its columns, is absent."""
    path = folder / f"{name}.parquet"
    table = schema()[folder_type][name]
    if folder.is_dir() and not path.is_file() and table.may_be_absent:
        return empty_table(table)
    if folder.is_dir() and not path.is_file():
        raise OutputError(translate("report.older_table", language, folder=folder.parent, table=path.name))
    geographic = any(column.type == "geometry" for column in table.columns)
    frame: pd.DataFrame = gpd.read_parquet(path) if geographic else pd.read_parquet(path)
    frame = frame.rename(columns=former_columns(frame.columns, table.required))
    missing = [column for column in table.required if column not in frame.columns]
    if missing:
        facts = {"folder": folder.parent, "table": path.name, "columns": ", ".join(missing)}
        raise OutputError(translate("report.older_columns", language, **facts))
    return frame


def empty_table(table: TableSchema) -> pd.DataFrame:
    """Return a table that has no rows."""
    columns: dict[str, list[str]] = {column.name: [] for column in table.columns if column.type != "geometry"}
    if len(columns) == len(table.columns):
        kinds = {
            column.name: {"text": "str", "float": "float64"}.get(column.type, "object") for column in table.columns
        }
        return pd.DataFrame(columns).astype(kinds)
    frame: pd.DataFrame = gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([]))
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
