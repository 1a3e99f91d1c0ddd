"""The page for the public: no boundaries, no homes, no number of fewer than ten people.

Heads are counted, each person as one whatever the study's weights. Counts below ten are left out and all others rounded to tens,
totals too: a small cell can then be found neither where it stands nor by subtracting a community from the whole, one circle from
the next, or today from the plan. Of places, those that stand or that the plan opens are told; rooms that were only looked at are not.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from planner.errors import OutputError
from planner.report.degrees import continuous_degrees
from planner.report.indicators import coverage
from planner.report.maps import as_texts, cover_key, focus, packed_streets, spoken_words
from planner.report.meeting import facts, places
from planner.report.packing import PER_DEGREE
from planner.report.page import page
from planner.words import say

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from planner.report.indicators import Coverage
    from planner.store.run import Run
    from planner.study import Study

SCRIPTS = ("dom.js", "speech.js", "view.js", "ground.js", "public.js")
STYLES = ("page.css", "meeting.css")
#: the least count that is told
LEAST_PEOPLE = 10
#: what a page for the public says of a place
_OF_A_PLACE = ("id", "name", "role", "kinds", "lon", "lat")
#: what it says of the run
_OF_THE_RUN = ("language", "names", "date", "scenario", "runId", "publication", "cautions", "services", "palette")


#: classifications that forbid nothing
_OPEN = frozenset({"公开", "公开发布", "可公开", "public", "open", "unclassified"})


def public_page(run: Run, *, declassify: bool = False) -> str:
    """Return a page of ``run`` that may leave the house: coverage by community, the sites of the plan, nothing of single homes.

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
    shown, told, everything = focus(run), facts(run), places(run)
    kept = _to_be_seen(run)
    if run.study.publication.classification.strip().lower() not in _OPEN:
        told["publication"] = {**told["publication"], "classification": ""}
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
                    cover_key(row.service.id, row.minutes): _told([row.heads, row.heads_before, row.heads_after])
                    for row in coverage(run)
                },
                "found": {
                    cover_key(row.service.id, row.minutes): _with_a_place(row)
                    for row in coverage(run)
                    if row.limited and not row.weighted
                },
            },
            "planner-ground": {
                "perDegree": PER_DEGREE,
                "focus": [[round(degree, 2) for degree in corner] for corner in shown],
                "streets": packed_streets(run.tables.streets, run.tables.communities),
                "communities": _communities(run),
            },
            "planner-places": {
                **{name: [everything[name][i] for i in kept] for name in _OF_A_PLACE},
                "stands": [_services_at(run, run.tables.existing)[i] for i in kept],
                "opens": [_services_at(run, run.tables.openings)[i] for i in kept],
            },
        },
    )


def publish_public(run: Run, folder: Path, *, declassify: bool = False) -> Path:
    """Write ``public.html`` into ``folder`` (made if absent) and return its path; raises as `public_page`."""
    content = public_page(run, declassify=declassify)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "public.html"
    path.write_text(content, encoding="utf-8", newline="\n")
    return path


def _refuse_classified(study: Study, *, declassify: bool) -> None:
    mark = study.publication.classification.strip()
    if mark and mark.lower() not in _OPEN and not declassify:
        raise OutputError(say("report.classified", study.language, mark=mark))


def _to_be_seen(run: Run) -> list[int]:
    """Return the positions of the places that the page draws: where something stands today, or the plan opens something."""
    seen = {*run.tables.existing["place_id"], *run.tables.openings["place_id"]}
    return [i for i, place in enumerate(run.tables.places["id"]) if place in seen]


def suppressed(people: float) -> int | None:
    """Return a count rounded to tens, halves up (sums of floats a trifle below, too); None below ten, but for nobody at all."""
    if people < LEAST_PEOPLE:
        return 0 if people == 0 else None
    return math.floor(people / 10 + 0.500001) * 10


def _told(counts: Iterable[float]) -> list[int | None]:
    """Return people, covered before and after; where those left out are fewer than ten, the covered are not told either."""
    people, *covered = counts
    told = [suppressed(people)]
    for count in covered:
        left = people - count
        told.append(None if told[0] is None or 0 < left < LEAST_PEOPLE else suppressed(count))
    return told


def _with_a_place(row: Coverage) -> list[int | None]:
    """Return people who find a place today and with the plan; not told where few of those within reach, or of all, find none."""
    found = [_told([row.people, served])[1] for served in (row.served_before, row.served_after)]
    reach = zip((row.before, row.after), (row.served_before, row.served_after), found, strict=True)
    return [None if 0 < covered - served < LEAST_PEOPLE else told for covered, served, told in reach]


def _communities(run: Run) -> dict[str, Any]:
    """Return communities as a name, a point to the nearest thousandth of a degree, and what may be told of their people."""
    communities, cover = run.tables.communities, run.tables.coverage_by_community
    points = continuous_degrees(communities.geometry.representative_point())
    figures: dict[str, list[list[int | None]]] = {}
    for service in run.study.services:
        mine = cover[cover["service"] == service.id]
        for circle in service.circles:
            rows = mine[mine["minutes"] == circle.minutes].set_index("community_id").reindex(communities["id"])
            columns = [rows[name].fillna(0.0) for name in ("heads", "heads_before", "heads_after")]
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
