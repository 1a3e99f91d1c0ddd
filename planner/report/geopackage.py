"""The plan as a GeoPackage, with the figures of map and workbook as columns."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyogrio
import shapely

from planner.report.cartography import drawn_streets
from planner.report.payload import as_texts
from planner.report.summary import limited_services

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import geopandas as gpd

    from planner.store.run import Run

#: written as the moment of the last change: equal runs give equal files
CHANGED = "2000-01-01T00:00:00.000Z"

#: downhill, Tobler's walker is at most this much faster than on the level: exp(3.5 × 0.05)
DOWNHILL = 1.2


def write_geopackage(run: Run, path: Path) -> None:
    """Write the layers ``communities, demand, places, circles, streets`` of ``run`` to ``path``, in the run's CRS.

    Streets are limited to those within walking distance of the district.
    """
    tables = run.tables
    layers: tuple[tuple[str, gpd.GeoDataFrame, str], ...] = (
        ("communities", _with_coverage(run), "MultiPolygon"),
        ("demand", _with_walks(run), "Point"),
        ("places", _with_services(run), "Point"),
        ("circles", tables.circles, "MultiPolygon"),
        ("streets", _within_a_walk(run), "MultiLineString"),
    )
    path.unlink(missing_ok=True)
    with _options():
        for name, frame, geometry in layers:
            pyogrio.write_dataframe(
                frame.rename(columns=storable_names(frame.columns)),
                path,
                layer=name,
                driver="GPKG",
                append=False,
                geometry_type=geometry,
                promote_to_multi=geometry.startswith("Multi"),
            )


def storable_names(columns: Iterable[str]) -> dict[str, str]:
    """Return new names for columns that clash in a GeoPackage, whose column names are case-insensitive.

    >>> storable_names(["id", "care_10_people", "Care_10_people", "fid"])
    {'Care_10_people': 'Care_10_people_2', 'fid': 'fid_2'}
    """
    taken = {"fid", "geom"}
    plain = [str(column) for column in columns if column != "geometry"]
    every = {name.lower() for name in plain}
    renamed = {}
    for name in plain:
        fresh, number = name, 2
        while fresh.lower() in taken or (fresh != name and fresh.lower() in every):
            fresh, number = f"{name}_{number}", number + 1
        taken.add(fresh.lower())
        if fresh != name:
            renamed[name] = fresh
    return renamed


@contextlib.contextmanager
def _options() -> Iterator[None]:
    """Let GDAL write ``CHANGED`` instead of the time of day, and not wait for the disk after each layer.

    The folder of a run is flushed as a whole before it is renamed to its place.
    """
    options = {"OGR_CURRENT_DATE": CHANGED, "OGR_SQLITE_SYNCHRONOUS": "OFF"}
    before = {name: pyogrio.get_gdal_config_option(name) for name in options}
    pyogrio.set_gdal_config_options(options)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)


def _with_coverage(run: Run) -> gpd.GeoDataFrame:
    """Return the communities with ``<service>_<minutes>_people/_before/_after`` columns.

    Where places are limited, also people who find one (``_place_before/_place_after``); where people are weighted, ``_heads…``.
    """
    limited = limited_services(run)
    frame = run.tables.communities.copy()
    cover = run.tables.coverage_by_community
    counted: dict[str, Any] = {}
    for service in run.study.services:
        for circle in service.circles:
            rows = cover[(cover["service"] == service.id) & (cover["minutes"] == circle.minutes)]
            figures = rows.set_index("community_id").reindex(frame["id"])
            columns = [("people", "people"), ("covered_before", "before"), ("covered_after", "after")]
            if service.id in limited:
                columns += [("served_before", "place_before"), ("served_after", "place_after")]
            if run.study.weighs(service):
                columns += [(name, name) for name in ("heads", "heads_before", "heads_after")]
            for column, short in columns:
                counted[f"{service.id}_{circle.minutes:g}_{short}"] = figures[column].fillna(0.0).to_numpy(dtype=float)
    return _beside(frame, counted)


def _with_walks(run: Run) -> gpd.GeoDataFrame:
    """Return the demand points with ``<service>_before_s``, ``_after_s`` (empty: beyond the widest circle) and ``_after_id``."""
    frame = run.tables.demand.copy()
    walked: dict[str, Any] = {}
    for service in run.study.services:
        rows = run.tables.nearest[run.tables.nearest["service"] == service.id]
        walks = rows.set_index("demand_id").reindex(frame["id"])
        for column in ("before_s", "after_s"):
            walked[f"{service.id}_{column}"] = walks[column].to_numpy(dtype=float)
        walked[f"{service.id}_after_id"] = as_texts(walks["after_id"])
    return _beside(frame, walked)


def _with_services(run: Run) -> gpd.GeoDataFrame:
    """Return the places with ``offers`` (today) and ``opens`` (the plan): service ids joined by ``;``."""
    frame = run.tables.places.copy()
    for name, table in (("offers", run.tables.existing), ("opens", run.tables.openings)):
        together = (
            table.groupby("place_id", sort=False)["service"].apply(";".join) if len(table) else pd.Series(dtype=object)
        )
        frame[name] = as_texts(together.reindex(frame["id"]))
    frame["ready_year"] = pd.array([None if pd.isna(y) else int(y) for y in frame["ready_year"]], dtype="Int32")
    return frame


def _within_a_walk(run: Run) -> gpd.GeoDataFrame:
    """Return the streets of the district, buffered by the widest circle of any service."""
    tables, profiles = run.tables, run.study.walking.profiles
    farthest_m = max(
        60 * circle.minutes * profiles[service.walker].speed_m_s * DOWNHILL
        for service in run.study.services
        for circle in service.circles
    )
    corners = [shapely.box(*frame.total_bounds) for frame in (tables.communities, tables.demand, tables.places)]
    district = shapely.box(*shapely.total_bounds(corners))
    streets = drawn_streets(tables.streets)
    return streets[streets.intersects(district.buffer(farthest_m, join_style="mitre"))]


def _beside(frame: gpd.GeoDataFrame, columns: dict[str, Any]) -> gpd.GeoDataFrame:
    """Return ``frame`` with further columns, joined at once (one by one, hundreds of them fragment the frame)."""
    return frame.join(pd.DataFrame(columns, index=frame.index))
