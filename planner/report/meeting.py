"""The meeting page: one file in which a room switches services on and off and sees at once what that gives and costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from planner.report.degrees import continuous_degrees
from planner.report.indicators import limited_services, unopened_rows
from planner.report.maps import as_texts, focus, number, packed_streets, published, spoken_words
from planner.report.packing import PER_DEGREE, pack_polygons
from planner.report.page import page
from planner.report.palette import EMPTY, GROUND, INK, RAMP, class_limits, glyphs, service_colour
from planner.report.question import question, spoken
from planner.report.squares import square_shapes

if TYPE_CHECKING:
    from planner.store.run import Run
    from planner.study import Label, Study
    from planner.workflow.review import Review

SCRIPTS = (
    "dom.js",
    "speech.js",
    "view.js",
    "ground.js",
    "engine.js",
    "seats.js",
    "decisions.js",
    "room.js",
    "chart.js",
    "board.js",
    "gaps.js",
    "lists.js",
    "review.js",
    "bar.js",
    "sheet.js",
    "meeting.js",
)
STYLES = ("page.css", "meeting.css")
CIRCLE_TOLERANCE_M = 3.0
COMMUNITY_TOLERANCE_M = 1.0


def meeting_page(run: Run, review: Review | None = None) -> str:
    """Return the meeting page of ``run`` as one self-contained page of HTML.

    With a ``review`` of decisions taken on this run, the page begins with them: the room's choice and its best completion stand
    beside today and the plan, and every decision has its price.
    """
    laid, asked = ground(run), question(run)
    if review is not None:
        named = {column.name: column.offers.tolist() for column in review.columns if column.name != "optimum"}
        asked["plans"] |= named
    return page(
        study=run.study,
        about="meeting.title",
        focus=laid["focus"],
        scripts=SCRIPTS,
        styles=STYLES,
        data={
            "planner-words": {"zh": spoken_words("zh"), "en": spoken_words("en")},
            "planner-run": {**facts(run), "review": None if review is None else _review(review)},
            "planner-ground": laid,
            "planner-places": places(run),
            "planner-question": asked,
        },
    )


def facts(run: Run) -> dict[str, Any]:
    """Return what the page says of the run itself: names in both languages, digest, what the solver proved, colours."""
    study, manifest = run.study, run.manifest
    return {
        "language": study.language,
        "names": spoken(study.name),
        "study": study.name.text(study.language),
        "date": study.date,
        "scenario": manifest.scenario,
        "runId": manifest.run_id,
        "digest": manifest.digest,
        "publication": published(study),
        "homes": True,
        "cautions": [spoken(note) for note in study.notes],
        "services": _services(run),
        "coverageObjective": _comparable(run),
        "served": {
            service: dict(zip(rows["minutes"].map("{:g}".format), rows["served"], strict=True))
            for service, rows in run.tables.served.groupby("service")
        },
        "groups": {name: spoken(group.name) for name, group in study.groups.items()},
        "result": {
            "status": manifest.result.status,
            "worth": number(manifest.result.objective),
            "bound": number(manifest.result.bound),
        },
        "unopened": {
            language: [{"service": service, "text": text} for service, text in unopened_rows(run, language)]
            for language in ("zh", "en")
        },
        "limits": _limits(run),
        "palette": {"ramp": list(RAMP), "empty": EMPTY, "ground": GROUND, "ink": INK},
    }


def ground(run: Run) -> dict[str, Any]:
    """Return what lies under the choice: streets, communities, the areas they roll up to, drawn circles."""
    communities, circles = run.tables.communities, run.tables.circles
    return {
        "perDegree": PER_DEGREE,
        "focus": focus(run),
        "streets": packed_streets(run.tables.streets, communities),
        "communities": {
            "id": communities["id"].tolist(),
            "name": as_texts(communities["name"]),
            "shapes": pack_polygons(continuous_degrees(communities.geometry.simplify(COMMUNITY_TOLERANCE_M))),
        },
        "areas": [_area(column, as_texts(communities[column])) for column in run.study.layers.communities.roll_up],
        "squares": square_shapes(run),
        "circles": {
            "place": circles["place_id"].tolist(),
            "walker": circles["walker"].tolist(),
            "minutes": [float(minutes) for minutes in circles["minutes"]],
            "shapes": pack_polygons(continuous_degrees(circles.geometry.simplify(CIRCLE_TOLERANCE_M))),
        },
    }


def places(run: Run) -> dict[str, Any]:
    """Return facilities and candidates as columns, in the order of the stored table."""
    frame = run.tables.places
    points = continuous_degrees(frame.geometry)
    return {
        "id": frame["id"].tolist(),
        "name": as_texts(frame["name"]),
        "role": as_texts(frame["role"]),
        "kinds": [_kind(run.study, kind) for kind in as_texts(frame["kind"])],
        "lon": [round(float(value), 6) for value in points.x],
        "lat": [round(float(value), 6) for value in points.y],
        "area_m2": [number(value) for value in frame["area_m2"]],
        "storey": [number(value) for value in frame["storey"]],
        "ready_year": [number(value) for value in frame["ready_year"]],
    }


def _review(review: Review) -> dict[str, Any]:
    """Return the decisions as their file had them, and the price of each."""
    return {"file": review.decisions.model_dump(mode="json"), "prices": review.rows()["prices"]}


def _comparable(run: Run) -> bool:
    """Say whether the bound of the plan is one for the coverage that the page counts: no limited places, no phases."""
    study = run.study
    limited = bool(limited_services(run)) or any(service.min_load > 0 for service in study.services)
    return study.siting.objective[0] == "coverage" and not limited and not study.siting.years


def _services(run: Run) -> list[dict[str, Any]]:
    study, limited = run.study, limited_services(run)
    glyphs_by_language = {
        language: glyphs([service.name.text(language) for service in study.services]) for language in ("zh", "en")
    }
    return [
        {
            "id": service.id,
            "names": spoken(service.name),
            "glyphs": {language: letters[k] for language, letters in glyphs_by_language.items()},
            "colour": service_colour(k),
            "limited": service.id in limited,
            "weighted": study.weighs(service),
        }
        for k, service in enumerate(study.services)
    ]


def _limits(run: Run) -> dict[str, list[float]]:
    """Return the upper limits of the colour classes of each service: people left out of a community, today or planned."""
    cover = run.tables.coverage_by_community
    limits = {}
    for service in run.study.services:
        mine = cover[cover["service"] == service.id]
        left = [(mine["people"] - mine[column]).to_numpy() for column in ("covered_before", "covered_after")]
        limits[service.id] = list(class_limits(np.concatenate(left)))
    return limits


def _area(column: str, names: list[str]) -> dict[str, Any]:
    """Return the areas of one roll-up column in order of first appearance, and the area of each community."""
    at = {name: position for position, name in enumerate(dict.fromkeys(names))}
    return {"column": column, "names": list(at), "of": [at[name] for name in names]}


def _kind(study: Study, kind: str) -> dict[str, str]:
    label: Label | None = study.site_kinds[kind].name if kind in study.site_kinds else None
    return {"zh": kind, "en": kind} if label is None else spoken(label)
