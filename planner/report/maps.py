"""The plan as an interactive map: one file, from the stored tables alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from planner.report.degrees import continuous_degrees
from planner.report.evidence import evidence_rows
from planner.report.indicators import coverage, indicators, label_of, limited_services, text_of, unopened_rows
from planner.report.packing import PER_DEGREE, pack_lines, pack_polygons
from planner.report.page import page
from planner.report.palette import EMPTY, GROUND, INK, RAMP, class_limits, glyphs, service_colour
from planner.words import glossary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.store.run import Run
    from planner.study import Language, Study

SCRIPTS = ("dom.js", "ground.js", "frame.js", "places.js", "panel.js", "legend.js", "map.js")
STYLES = ("page.css",)
#: how loudly a street is drawn; classes not named are drawn as ordinary streets
STREET_CLASSES = {
    "main": ("motorway", "trunk", "primary", "secondary", "tertiary"),
    "path": ("footway", "path", "steps", "cycleway", "track", "bridleway", "corridor", "service"),
}
STREET_MARGIN_M = 400.0
STREET_TOLERANCE_M = 1.0
CIRCLE_TOLERANCE_M = 3.0
FOCUS_MARGIN_M = 150.0


def map_page(run: Run) -> str:
    """Return the interactive map of ``run`` as one self-contained page of HTML."""
    laid = ground(run)
    return page(
        study=run.study,
        about="report.map_title",
        focus=laid["focus"],
        scripts=SCRIPTS,
        styles=STYLES,
        data={
            "planner-words": spoken_words(run.study.language),
            "planner-run": run_facts(run),
            "planner-ground": laid,
            "planner-places": places(run),
        },
    )


def spoken_words(language: Language) -> dict[str, str]:
    """Return the glossary in one language, as the scripts of a page read it (places of values stay in braces)."""
    prefix = "report."
    texts = {key: text[language] for key, text in sorted(glossary().items()) if not key.startswith("finding.")}
    return {key.removeprefix(prefix): text for key, text in texts.items()}


def run_facts(run: Run) -> dict[str, Any]:
    """Return what the page says in words and figures: names, services, coverage, indicators, evidence."""
    study, language, limited = run.study, run.study.language, limited_services(run)
    return {
        "language": language,
        "name": study.name.text(language),
        "date": study.date,
        "scenario": run.manifest.scenario,
        "runId": run.manifest.run_id,
        "publication": published(study),
        "services": [{**told, "limited": told["id"] in limited} for told in services(study)],
        "coverage": [
            {
                "service": row.service.id,
                "minutes": row.minutes,
                "people": row.people,
                "before": row.before,
                "after": row.after,
                "servedBefore": row.served_before,
                "servedAfter": row.served_after,
                "heads": row.heads,
                "headsBefore": row.heads_before,
                "headsAfter": row.heads_after,
            }
            for row in coverage(run)
        ],
        "indicators": [
            {
                "key": indicator.key,
                "label": label_of(indicator, language),
                "value": number(indicator.value) if not isinstance(indicator.value, str) else indicator.value,
                "text": text_of(indicator, language),
            }
            for indicator in indicators(run)
        ],
        "unopened": [{"service": service, "text": text} for service, text in unopened_rows(run, language)],
        "evidence": evidence(study, language),
        "palette": {"ramp": list(RAMP), "empty": EMPTY, "ground": GROUND, "ink": INK},
    }


def published(study: Study) -> dict[str, Any]:
    """Return what stands on the frame of a map."""
    frame = study.publication
    return {
        "review_number": frame.review_number,
        "classification": frame.classification,
        "author": frame.author,
        "sources": list(study.credits),
    }


def evidence(study: Study, language: Language) -> list[dict[str, str]]:
    """Return notes, estimates, assumptions and sources as the page lists them."""
    return [
        {
            "kind": row.kind,
            "subject": row.subject,
            "figure": row.figure,
            "value": row.value,
            "source": " · ".join(part for part in (row.source, row.clause) if part),
        }
        for row in evidence_rows(study, language)
    ]


def services(study: Study) -> list[dict[str, Any]]:
    """Return the services of a study with the colour and the letter that stand for each on maps."""
    names = [service.name.text(study.language) for service in study.services]
    return [
        {
            "id": service.id,
            "name": name,
            "colour": service_colour(position),
            "glyph": glyph,
            "walker": service.walker,
            "level": service.level,
            "weighted": study.weighs(service),
            "minutes": [circle.minutes for circle in service.circles],
        }
        for position, (service, name, glyph) in enumerate(zip(study.services, names, glyphs(names), strict=True))
    ]


def ground(run: Run) -> dict[str, Any]:
    """Return what lies under a plan: streets by class, communities with their coverage and the limits of their colours."""
    communities = run.tables.communities
    order = communities["id"].tolist()
    cover = run.tables.coverage_by_community
    figures: dict[str, dict[str, list[float]]] = {}
    limits: dict[str, list[float]] = {}
    limited = limited_services(run)
    for service in run.study.services:
        mine = cover[cover["service"] == service.id]
        uncovered = []
        for circle in service.circles:
            rows = mine[mine["minutes"] == circle.minutes].set_index("community_id").reindex(order)
            columns = ("people", "covered_before", "covered_after", "served_before", "served_after")
            people, before, after, *found = (rows[name].fillna(0.0).to_numpy(dtype=float) for name in columns)
            figures[cover_key(service.id, circle.minutes)] = {
                "people": rounded(people),
                "before": rounded(before),
                "after": rounded(after),
            }
            if service.id in limited:
                told = dict(zip(("servedBefore", "servedAfter"), map(rounded, found), strict=True))
                figures[cover_key(service.id, circle.minutes)] |= told
            uncovered += [people - before, people - after]
        limits[service.id] = list(class_limits(np.concatenate(uncovered)))
    return {
        "perDegree": PER_DEGREE,
        "focus": focus(run),
        "streets": packed_streets(run.tables.streets, run.tables.communities),
        "communities": {
            "id": order,
            "name": as_texts(communities["name"]),
            "shapes": pack_polygons(continuous_degrees(communities.geometry)),
        },
        "cover": figures,
        "limits": limits,
    }


def focus(run: Run) -> list[list[float]]:
    """Return [[south, west], [north, east]] in degrees: what a map shows first."""
    return in_degrees(focus_m(run), run.tables.demand.crs)


def focus_m(run: Run) -> tuple[float, float, float, float]:
    """Return left, bottom, right, top in metres around where all but one in fifty people live, and every opened site."""
    places = run.tables.places
    return around(run.tables.demand, places[places["id"].isin(run.tables.opened_sites["place_id"])])


def in_degrees(box_m: tuple[float, float, float, float], crs: Any) -> list[list[float]]:
    """Return [[south, west], [north, east]] in degrees of a box in the metres of ``crs``."""
    frame = continuous_degrees(gpd.GeoSeries([shapely.box(*box_m)], crs=crs))
    west, south, east, north = (float(side) for side in np.round(frame.total_bounds, 6))
    return [[south, west], [north, east]]


def around(demand: gpd.GeoDataFrame, sites: gpd.GeoDataFrame) -> tuple[float, float, float, float]:
    """Return left, bottom, right, top in metres around where all but one in fifty people live, and every one of ``sites``.

    Districts hold forests and fields; a map on a wall shows where the people are.
    """
    people = demand[[name for name in demand if str(name).startswith("people_")]].sum(axis=1).to_numpy(dtype=float)
    sides = []
    for homes, places in ((demand.geometry.x, sites.geometry.x), (demand.geometry.y, sites.geometry.y)):
        order = np.argsort(homes.to_numpy(), kind="stable")
        share = np.cumsum(people[order]) / max(people.sum(), 1e-9)
        ends = homes.to_numpy()[order][np.clip(np.searchsorted(share, [0.01, 0.99]), 0, len(order) - 1)]
        sides.append((min([ends[0], *places]) - FOCUS_MARGIN_M, max([ends[1], *places]) + FOCUS_MARGIN_M))
    (left, right), (bottom, top) = sides
    return float(left), float(bottom), float(right), float(top)


def cover_key(service: str, minutes: float) -> str:
    """Return the name under which the page finds the figures of one circle of one service."""
    return f"{service} {minutes:g}"


def places(run: Run) -> dict[str, Any]:
    """Return facilities, candidates and opened sites with what they offer, and the walking circles of the opened sites."""
    study, tables = run.study, run.tables
    frame = tables.places
    points = continuous_degrees(frame.geometry)
    position = {service.id: i for i, service in enumerate(study.services)}
    offered = _by_place(tables.existing, position)
    opened = _by_place(tables.openings, position)
    ids = frame["id"].tolist()
    circles = tables.circles
    return {
        "id": ids,
        "name": as_texts(frame["name"]),
        "role": as_texts(frame["role"]),
        "kind": [_kind(study, kind) for kind in as_texts(frame["kind"])],
        "lon": rounded(points.x.to_numpy()),
        "lat": rounded(points.y.to_numpy()),
        "area_m2": [number(value) for value in frame["area_m2"]],
        "storey": [number(value) for value in frame["storey"]],
        "ready_year": [number(value) for value in frame["ready_year"]],
        "offers": [offered.get(place, []) for place in ids],
        "opens": [opened.get(place, []) for place in ids],
        "sites": [_site(row, ids, opened) for row in tables.opened_sites.itertuples()],
        "circles": {
            "place": circles["place_id"].tolist(),
            "walker": circles["walker"].tolist(),
            "minutes": [float(minutes) for minutes in circles["minutes"]],
            "shapes": pack_polygons(continuous_degrees(circles.geometry.simplify(CIRCLE_TOLERANCE_M))),
        },
    }


def number(value: Any) -> float | int | None:
    """Return a number JSON can hold; None for what is missing or not finite."""
    if value is None or pd.isna(value):
        return None
    if isinstance(value, int | np.integer):
        return int(value)
    figure = float(value)
    return figure if math.isfinite(figure) else None


def street_class(highway: pd.Series[str]) -> pd.Series[str]:
    """Return ``main``, ``path`` or ``street`` for OpenStreetMap highway values (links count as their road)."""
    plain = highway.astype(str).str.removesuffix("_link")
    drawn = pd.Series("street", index=highway.index)
    for name, values in STREET_CLASSES.items():
        drawn[plain.isin(values)] = name
    return drawn


def drawn_streets(streets: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the streets but the straight ways across squares, which nobody drew; tables of before 2026-12 hold none."""
    return streets[~streets["across"]] if "across" in streets else streets


def packed_streets(streets: gpd.GeoDataFrame, communities: gpd.GeoDataFrame) -> dict[str, Any]:
    """Return the streets around the communities by class, joined and simplified for drawing."""
    around = shapely.box(*communities.total_bounds).buffer(STREET_MARGIN_M, join_style="mitre")
    streets = drawn_streets(streets)
    near = streets[streets.intersects(around)]
    drawn = street_class(near["highway"])
    packed = {}
    for name in ("path", "street", "main"):
        lines = near.geometry[drawn == name].to_numpy()
        kept = gpd.GeoSeries(shapely.simplify(_joined(lines), STREET_TOLERANCE_M), crs=streets.crs)
        packed[name] = pack_lines(continuous_degrees(kept))
    return packed


def _joined(lines: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the lines joined end to end where nothing branches: fewer and longer ones to draw."""
    parts: NDArray[np.object_] = shapely.get_parts(lines)
    if len(parts):
        parts = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(parts)))
    return parts


def _site(row: Any, ids: list[str], opened: dict[str, list[int]]) -> dict[str, Any]:
    return {
        "place": ids.index(row.place_id),
        "services": opened.get(row.place_id, []),
        "area_m2": number(row.area_m2),
        "area_offered_m2": number(row.area_offered_m2),
        "setup_yuan": number(row.setup_yuan),
        "fit_out_yuan": number(row.fit_out_yuan),
        "capital_yuan": number(row.capital_yuan),
        "yearly_yuan": number(row.yearly_yuan),
        "ready_year": number(row.ready_year),
    }


def _by_place(frame: pd.DataFrame, position: dict[str, int]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for place, service in zip(frame["place_id"], frame["service"], strict=True):
        found.setdefault(place, []).append(position[service])
    return {place: sorted(offered) for place, offered in found.items()}


def _kind(study: Study, kind: str) -> str:
    return study.site_kinds[kind].name.text(study.language) if kind in study.site_kinds else kind


def as_texts(values: pd.Series[Any]) -> list[str]:
    """Return a column as texts; what is missing is empty."""
    return ["" if pd.isna(value) else str(value) for value in values]


def rounded(values: NDArray[np.float64]) -> list[float]:
    """Return numbers to a millionth (of a person, of a degree), whole ones without a point."""
    return [int(value) if value.is_integer() else value for value in np.round(values, 6).tolist()]
