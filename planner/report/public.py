"""The page for the public: no boundaries, no homes, no number of fewer than ten people.

Unweighted people are counted. Counts below ten are suppressed and all others, totals too, rounded to tens, so that small cells can
be found neither directly nor by subtraction (community from total, circle from circle, before from after). Existing facilities and
opened sites are published, other candidates are not.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from planner.errors import OutputError
from planner.i18n import languages, translate
from planner.report.base_map import packed_ground
from planner.report.cartography import middles_of_homes
from planner.report.encoding import PER_DEGREE, continuous_degrees
from planner.report.meeting import facts, places
from planner.report.page import MAP_SCRIPTS, page
from planner.report.payload import as_texts, circle_key, in_degrees, number, packed_streets, page_texts
from planner.report.summary import coverage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planner.report.summary import Coverage
    from planner.store.run import Run
    from planner.study import Study

SCRIPTS = (
    "dom.js",
    "language.js",
    "render.js",
    *MAP_SCRIPTS,
    "public.js",
)
STYLES = ("page.css", "meeting.css")
#: ground around what is drawn
MARGIN_M = 300.0
#: the least count that is disclosed
LEAST_PEOPLE = 10
#: disclosed columns of places
PLACE_COLUMNS = ("id", "name", "role", "kinds", "lon", "lat")
#: disclosed data of the run
RUN_KEYS = (
    "language",
    "names",
    "date",
    "scenario",
    "runId",
    "publication",
    "cautions",
    "services",
    "walkers",
    "palette",
)


#: classifications that allow publication
UNCLASSIFIED = frozenset({"公开", "公开发布", "可公开", "public", "open", "unclassified"})


def public_page(run: Run, *, declassify: bool = False) -> str:
    """Return the page of ``run`` for publication: coverage by community and the sites of the plan, nothing of single homes.

    Parameters
    ----------
    declassify
        Make it although the study carries a classification; the mark is left out of the page.

    Raises
    ------
    OutputError
        if the study is classified (``publication.classification``), unless ``declassify``.
    """
    _refuse_classified(run.study, declassify=declassify)
    run_data, place_data = facts(run), places(run)
    shown = _published_places(run)
    extent = _extent(run, shown)
    if run.study.publication.classification.strip().lower() not in UNCLASSIFIED:
        run_data["publication"] = {**run_data["publication"], "classification": ""}
    return page(
        study=run.study,
        about="report.map_title",
        focus=extent,
        scripts=SCRIPTS,
        styles=STYLES,
        data={
            "planner-words": {language: page_texts(language, run.study.currency) for language in languages()},
            "planner-run": {
                **{name: run_data[name] for name in RUN_KEYS},
                "opening": _opening(run),
                "minutes": [
                    [circle.minutes for circle in run.study.circles_of(service)] for service in run.study.services
                ],
                "coverage": {
                    circle_key(row.service.id, row.minutes): disclosed_counts(
                        [row.heads, row.heads_before, row.heads_after]
                    )
                    for row in coverage(run)
                },
                "found": {
                    circle_key(row.service.id, row.minutes): _disclosed_served(row)
                    for row in coverage(run)
                    if row.limited and not row.weighted
                },
            },
            "planner-ground": {
                "perDegree": PER_DEGREE,
                "focus": extent,
                "streets": packed_streets(run.tables.streets, run.tables.communities),
                "communities": _communities(run),
                "base": packed_ground(run.tables.ground, run.tables.communities, buildings=False),
            },
            "planner-places": {
                **{name: [place_data[name][i] for i in shown] for name in PLACE_COLUMNS},
                "stands": [_services_at(run, run.tables.existing)[i] for i in shown],
                "opens": [_services_at(run, run.tables.openings)[i] for i in shown],
            },
        },
    )


def _refuse_classified(study: Study, *, declassify: bool) -> None:
    mark = study.publication.classification.strip()
    if mark and mark.lower() not in UNCLASSIFIED and not declassify:
        raise OutputError(translate("report.classified", study.language, mark=mark))


def _published_places(run: Run) -> list[int]:
    """Return the positions of places with an existing facility or an opening."""
    ids = {*run.tables.existing["place_id"], *run.tables.openings["place_id"]}
    return [i for i, place in enumerate(run.tables.places["id"]) if place in ids]


def _extent(run: Run, shown: list[int]) -> list[list[float]]:
    """Return [[south, west], [north, east]] in degrees of the communities and places of the page."""
    communities = run.tables.communities
    drawn = [*_points(run), *run.tables.places.geometry.iloc[shown]]
    box_m = shapely.total_bounds(np.array(drawn, dtype=object)) + MARGIN_M * np.array([-1, -1, 1, 1])
    west_m, south_m, east_m, north_m = (float(side) for side in box_m)
    found = in_degrees((west_m, south_m, east_m, north_m), communities.crs)
    return [[round(degree, 3) for degree in corner] for corner in found]


def disclosed_count(people: float) -> int | None:
    """Return a count rounded to tens, halves up; None above 0 and below 10."""
    if people < LEAST_PEOPLE:
        return 0 if people == 0 else None
    return math.floor(people / 10 + 0.500001) * 10


def disclosed_counts(counts: Iterable[float]) -> list[int | None]:
    """Return people, covered before and after; covered people are suppressed too where those left out are fewer than ten."""
    people, *covered = counts
    disclosed = [disclosed_count(people)]
    for count in covered:
        left = people - count
        disclosed.append(None if disclosed[0] is None or 0 < left < LEAST_PEOPLE else disclosed_count(count))
    return disclosed


def _disclosed_served(row: Coverage) -> list[int | None]:
    """Return people who find a place today and with the plan; suppressed where few of those within reach, or of all, find none."""
    found = [disclosed_counts([row.people, served])[1] for served in (row.served_before, row.served_after)]
    reach = zip((row.before, row.after), (row.served_before, row.served_after), found, strict=True)
    return [None if 0 < covered - served < LEAST_PEOPLE else counts for covered, served, counts in reach]


def _opening(run: Run) -> dict[str, Any]:
    """Return how many sites and services open, and what they cost."""
    result = run.manifest.result
    return {
        "sites": result.sites_opened,
        "services": result.services_opened,
        "capital": number(result.capital_cost),
        "yearly": number(result.yearly_cost),
    }


def _communities(run: Run) -> dict[str, Any]:
    """Return communities as names, points to a thousandth of a degree, and disclosed counts."""
    communities, cover = run.tables.communities, run.tables.coverage_by_community
    points = continuous_degrees(_points(run))
    figures: dict[str, list[list[int | None]]] = {}
    for service in run.study.services:
        service_rows = cover[cover["service"] == service.id]
        for circle in run.study.circles_of(service):
            rows = (
                service_rows[service_rows["minutes"] == circle.minutes]
                .set_index("community_id")
                .reindex(communities["id"])
            )
            columns = [rows[name].fillna(0.0) for name in ("heads", "heads_before", "heads_after")]
            figures[circle_key(service.id, circle.minutes)] = [
                disclosed_counts(counts) for counts in zip(*columns, strict=True)
            ]
    return {
        "name": as_texts(communities["name"]),
        "labelled": [bool(name != i) for name, i in zip(communities["name"], communities["id"], strict=True)],
        "lon": [round(float(value), 3) for value in points.x],
        "lat": [round(float(value), 3) for value in points.y],
        "cover": figures,
    }


def _points(run: Run) -> gpd.GeoSeries:
    """Return a point of each community: the mean of its homes where there are at least `LEAST_PEOPLE`, else a point inside it."""
    communities, middles = run.tables.communities, middles_of_homes(run.tables.demand, LEAST_PEOPLE)
    inside = communities.geometry.representative_point()
    points = [
        middles[name] if name in middles and shape.contains(middles[name]) else point
        for name, shape, point in zip(communities["id"].astype(str), communities.geometry, inside, strict=True)
    ]
    return gpd.GeoSeries(points, index=communities.index, crs=communities.crs)


def _services_at(run: Run, frame: Any) -> list[list[int]]:
    """Return, for every place, the positions of the services that ``frame`` lists there."""
    position = {service.id: k for k, service in enumerate(run.study.services)}
    found: dict[str, list[int]] = {}
    for place, service in zip(frame["place_id"], frame["service"], strict=True):
        found.setdefault(str(place), []).append(position[service])
    return [sorted(set(found.get(str(place), []))) for place in run.tables.places["id"]]
