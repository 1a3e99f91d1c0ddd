"""The page for the public: no boundaries, no homes, no number of fewer than ten people.

Counts below ten are left out and all others rounded to tens, totals too: a small cell can then be found neither where it stands
nor by subtracting a community from the whole, one circle from the next, or today from the plan.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from planner.report.indicators import coverage
from planner.report.maps import as_texts, cover_key, focus, packed_streets, spoken_words
from planner.report.meeting import facts, places
from planner.report.packing import PER_DEGREE
from planner.report.page import page

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from planner.runs.store import Run

SCRIPTS = ("dom.js", "speech.js", "view.js", "ground.js", "public.js")
STYLES = ("page.css", "meeting.css")
#: the least count that is told
LEAST_PEOPLE = 10
#: what a page for the public says of a place
_OF_A_PLACE = ("id", "name", "role", "kinds", "lon", "lat")
#: what it says of the run
_OF_THE_RUN = ("language", "names", "date", "scenario", "runId", "publication", "cautions", "services", "palette")


def public_page(run: Run) -> str:
    """Return a page of ``run`` that may leave the house: coverage by community, the sites of the plan, nothing of single homes."""
    shown, told, everything = focus(run), facts(run), places(run)
    return page(
        study=run.study,
        about="report.map_title",
        focus=shown,
        scripts=SCRIPTS,
        styles=STYLES,
        data={
            "planner-words": {"zh": spoken_words("zh"), "en": spoken_words("en")},
            "planner-run": {
                **{name: told[name] for name in _OF_THE_RUN},
                "minutes": [[circle.minutes for circle in service.circles] for service in run.study.services],
                "coverage": {
                    cover_key(row.service.id, row.minutes): _told([row.people, row.before, row.after])
                    for row in coverage(run)
                },
            },
            "planner-ground": {
                "perDegree": PER_DEGREE,
                "focus": [[round(degree, 2) for degree in corner] for corner in shown],
                "streets": packed_streets(run.tables.streets, run.tables.communities),
                "communities": _communities(run),
            },
            "planner-places": {
                **{name: everything[name] for name in _OF_A_PLACE},
                "stands": _services_at(run, run.tables.existing),
                "opens": _services_at(run, run.tables.openings),
            },
        },
    )


def publish_public(run: Run, folder: Path) -> Path:
    """Write ``public.html`` into ``folder`` (made if absent) and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "public.html"
    path.write_text(public_page(run), encoding="utf-8", newline="\n")
    return path


def suppressed(people: float) -> int | None:
    """Return a count rounded to tens; None below ten, but for nobody at all."""
    if people < LEAST_PEOPLE:
        return 0 if people == 0 else None
    return math.floor(people / 10 + 0.5) * 10


def _told(counts: Iterable[float]) -> list[int | None]:
    """Return people, covered before and after; where those left out are fewer than ten, the covered are not told either."""
    people, *covered = counts
    told = [suppressed(people)]
    for count in covered:
        left = people - count
        told.append(None if told[0] is None or 0 < left < LEAST_PEOPLE else suppressed(count))
    return told


def _communities(run: Run) -> dict[str, Any]:
    """Return communities as a name, a point to the nearest thousandth of a degree, and what may be told of their people."""
    communities, cover = run.tables.communities, run.tables.coverage_by_community
    points = communities.geometry.representative_point().to_crs(4326)
    figures: dict[str, list[list[int | None]]] = {}
    for service in run.study.services:
        mine = cover[cover["service"] == service.id]
        for circle in service.circles:
            rows = mine[mine["minutes"] == circle.minutes].set_index("community_id").reindex(communities["id"])
            columns = [rows[name].fillna(0.0) for name in ("people", "covered_before", "covered_after")]
            figures[cover_key(service.id, circle.minutes)] = [_told(counts) for counts in zip(*columns, strict=True)]
    return {
        "name": as_texts(communities["name"]),
        "lon": [round(float(value), 3) for value in points.x],
        "lat": [round(float(value), 3) for value in points.y],
        "cover": figures,
    }


def _services_at(run: Run, frame: Any) -> list[list[int]]:
    """Return, for every place, the positions of the services that ``frame`` lists there."""
    position = {service.id: k for k, service in enumerate(run.study.services)}
    found: dict[str, list[int]] = {}
    for place, service in zip(frame["place_id"], frame["service"], strict=True):
        found.setdefault(str(place), []).append(position[service])
    return [sorted(set(found.get(str(place), []))) for place in run.tables.places["id"]]
