"""The plan as a GeoPackage: a layer for each role, with the figures of map and workbook as columns.

Columns have aliases in Chinese and English (``gpkg_data_columns``), and layers a style that QGIS takes by itself (``layer_styles``).
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from planner.i18n import join, translate
from planner.report.cartography import drawn_streets
from planner.report.geopackage_styles import CHANGED, describe_layers
from planner.report.names import department_name, kind_name, mode_name, size_name
from planner.report.payload import as_texts
from planner.report.summary import limited_services
from planner.workflow.plan_tables import FACILITY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from planner.store.run import Run

#: downhill, Tobler's walker is at most this much faster than on the level: exp(3.5 × 0.05)
DOWNHILL = 1.2


def write_geopackage(run: Run, path: Path) -> None:
    """Write the plan of ``run`` to ``path``, in the run's CRS.

    Layers: ``communities``, ``demand``, ``facilities`` (of today), ``candidates`` (where nothing opens), ``openings`` (a point
    for each service that opens), ``circles`` (with the service that is open in their middle) and ``streets`` (those within walking
    distance of the district).
    """
    layers: tuple[tuple[str, gpd.GeoDataFrame, str], ...] = (
        ("communities", _with_coverage(run), "MultiPolygon"),
        ("streets", _within_a_walk(run), "MultiLineString"),
        ("circles", _circles(run), "MultiPolygon"),
        ("demand", _with_walks(run), "Point"),
        ("candidates", _candidates(run), "Point"),
        ("facilities", _facilities(run), "Point"),
        ("openings", _openings(run), "Point"),
    )
    path.unlink(missing_ok=True)
    columns: dict[str, dict[str, str]] = {}
    with _options():
        for name, frame, geometry in layers:
            renamed = storable_names(frame.columns)
            columns[name] = {renamed.get(str(c), str(c)): str(c) for c in frame.columns if c != "geometry"}
            pyogrio.write_dataframe(
                frame.rename(columns=renamed),
                path,
                layer=name,
                driver="GPKG",
                append=False,
                geometry_type=geometry,
                promote_to_multi=geometry.startswith("Multi"),
            )
    describe_layers(run, path, columns)


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
        for circle in run.study.circles_of(service):
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


def _facilities(run: Run) -> gpd.GeoDataFrame:
    """Return the facilities of today with the services they offer, and those that close with the plan."""
    tables = run.tables
    standing = tables.places["id"].isin(tables.existing["place_id"]) | (tables.places["role"] == FACILITY)
    frame = _of_role(run, standing)
    frame["services"] = _services_at(run, tables.existing, frame["id"])
    frame["closes"] = _services_at(run, tables.closed, frame["id"])
    return frame


def _candidates(run: Run) -> gpd.GeoDataFrame:
    """Return the candidates where nothing opens."""
    places = run.tables.places
    return _of_role(run, (places["role"] != FACILITY) & ~places["id"].isin(run.tables.openings["place_id"]))


def _of_role(run: Run, chosen: pd.Series[bool]) -> gpd.GeoDataFrame:
    places = run.tables.places[chosen].drop(columns=["role", "opened"]).reset_index(drop=True)
    places["kind"] = [kind_name(run.study, kind, run.study.language) if kind else "" for kind in places["kind"]]
    places["ready_year"] = _years(places["ready_year"])
    return places


def _services_at(run: Run, table: pd.DataFrame, ids: pd.Series[str]) -> list[str]:
    """Return the names of the services that ``table`` has at each place, in one text."""
    names = {service.id: service.name.text(run.study.language) for service in run.study.services}
    at = table.groupby("place_id", sort=False)["service"].apply(list).to_dict() if len(table) else {}
    return [join([names[service] for service in at.get(place, [])], run.study.language) for place in ids]


def _openings(run: Run) -> gpd.GeoDataFrame:
    """Return a point for each service that opens: with its site's number in the plan, and its name."""
    study, language = run.study, run.study.language
    places = run.tables.places.set_index("id")
    number = {place: i for i, place in enumerate(run.tables.opened_sites["place_id"], start=1)}
    names = {service.id: service.name.text(language) for service in study.services}
    table = run.tables.openings.reset_index(drop=True)
    frame = pd.DataFrame(
        {
            "number": pd.array([number.get(place) for place in table["place_id"]], dtype="Int32"),
            "place_id": as_texts(table["place_id"]),
            "name": as_texts(places["name"].reindex(table["place_id"])),
            "service_id": as_texts(table["service"]),
            "service": as_texts(table["service"].map(names)),
            "size": [size_name(study, *pair, language) for pair in zip(table["service"], table["size"], strict=True)],
            **{name: table[name].astype(float) for name in ("area_m2", "fit_out_cost", "yearly_cost", "capacity")},
            "year": _years(table["year"]),
            "mode": [mode_name(study, mode, language) for mode in table["mode"]],
            "department": [department_name(study, department, language) for department in table["department"]],
        }
    )
    points = places.geometry.reindex(table["place_id"])
    return gpd.GeoDataFrame(frame, geometry=points.to_numpy(), crs=run.tables.places.crs)


def _circles(run: Run) -> gpd.GeoDataFrame:
    """Return the circles of every place and service that is open today or with the plan, of the service's own walker."""
    study, tables = run.study, run.tables
    places = tables.places.set_index("id")["name"]
    closed = set(zip(tables.closed["place_id"], tables.closed["service"], strict=True))
    existing = set(zip(tables.existing["place_id"], tables.existing["service"], strict=True))
    opened = set(zip(tables.openings["place_id"], tables.openings["service"], strict=True))
    rows = []
    for position, (place, walker, minutes) in enumerate(
        zip(tables.circles["place_id"], tables.circles["walker"], tables.circles["minutes"], strict=True)
    ):
        for service in study.services:
            pair = (place, service.id)
            if walker not in study.walkers_of(service) or minutes not in {c.minutes for c in study.circles_of(service)}:
                continue
            if pair in existing or pair in opened:
                state = "closes" if pair in closed - opened else "stands" if pair in existing else "opens"
                rows.append((position, place, places[place], service, float(minutes), state))
    states = {state: translate(f"gpkg.state.{state}", study.language) for state in ("stands", "opens", "closes")}
    frame = pd.DataFrame(
        {
            "place_id": [row[1] for row in rows],
            "name": [row[2] for row in rows],
            "service_id": [row[3].id for row in rows],
            "service": [row[3].name.text(study.language) for row in rows],
            "minutes": [row[4] for row in rows],
            "state": [states[row[5]] for row in rows],
        },
        dtype=object,
    ).astype({"minutes": float})
    shapes = tables.circles.geometry.to_numpy()[[row[0] for row in rows]]
    return gpd.GeoDataFrame(frame, geometry=shapes, crs=tables.circles.crs)


def _years(years: pd.Series[float]) -> Any:
    return pd.array([None if pd.isna(year) else int(year) for year in years], dtype="Int32")


def _within_a_walk(run: Run) -> gpd.GeoDataFrame:
    """Return the streets of the district, buffered by the widest circle of any service."""
    tables, profiles = run.tables, run.study.walking.profiles
    farthest_m = max(
        60 * run.study.circles_of(service)[-1].minutes * profiles[walker].speed_m_s * DOWNHILL
        for service in run.study.services
        for walker in run.study.walkers_of(service)
    )
    corners = [shapely.box(*frame.total_bounds) for frame in (tables.communities, tables.demand, tables.places)]
    district = shapely.box(*shapely.total_bounds(corners))
    streets = drawn_streets(tables.streets)
    return streets[streets.intersects(district.buffer(farthest_m, join_style="mitre"))]


def _beside(frame: gpd.GeoDataFrame, columns: dict[str, Any]) -> gpd.GeoDataFrame:
    """Return ``frame`` with further columns, joined at once (one by one, hundreds of them fragment the frame)."""
    return frame.join(pd.DataFrame(columns, index=frame.index))
