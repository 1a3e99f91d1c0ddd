"""Meeting page: one HTML file in which services are switched on and off and coverage, cost and rules are recounted at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planner.i18n import languages
from planner.report.area_rules import area_walker_names
from planner.report.base_map import packed_base_map
from planner.report.cartography import (
    EMPTY,
    GROUND,
    HOMES,
    INK,
    MUTED,
    RAMP,
    outline_colour,
    service_colour,
    service_glyphs,
)
from planner.report.encoding import continuous_degrees, pack_polygons
from planner.report.names import scenario_name
from planner.report.page import MAP_SCRIPTS, page
from planner.report.payload import (
    as_texts,
    label_texts,
    number,
    page_texts,
    problem_data,
    published,
    roll_up_labels,
    square_shapes,
    walkers,
)
from planner.report.summary import limited_services, unopened_rows

if TYPE_CHECKING:
    from planner.store.run import Run
    from planner.study import Label, Study
    from planner.workflow.review import Review

SCRIPTS = (
    "dom.js",
    "language.js",
    "render.js",
    *MAP_SCRIPTS,
    "decode.js",
    "evaluation.js",
    "capacity.js",
    "decisions.js",
    "store.js",
    "autosave.js",
    "notices.js",
    "homes.js",
    "meeting_map.js",
    "scorecard.js",
    "gaps.js",
    "tabs.js",
    "review.js",
    "toolbar.js",
    "print.js",
    "meeting.js",
)
STYLES = ("page.css", "meeting.css")
CIRCLE_TOLERANCE_M = 3.0
COMMUNITY_TOLERANCE_M = 1.0


def meeting_page(run: Run, review: Review | None = None, *, base_map: dict[str, Any] | None = None) -> str:
    """Return the meeting page of ``run`` as self-contained HTML.

    With a ``review`` of decisions, the page starts from them: the choice and its best completion are shown beside baseline and
    plan, with the cost of each decision. ``base_map``: of `planner.report.base_map.packed_base_map`, where it is at hand.
    """
    drawn, problem = ground(run, base_map or packed_base_map(run)), problem_data(run)
    if review is not None:
        choices = {column.name: column.offers.tolist() for column in review.columns if column.name != "optimum"}
        problem["plans"] |= choices
    return page(
        study=run.study,
        about="meeting.title",
        focus=drawn["focus"],
        scripts=SCRIPTS,
        styles=STYLES,
        data={
            "planner-words": {language: page_texts(language, run.study.currency) for language in languages()},
            "planner-run": {**facts(run), "review": None if review is None else _review(review)},
            "planner-ground": drawn,
            "planner-places": places(run),
            "planner-problem": problem,
        },
    )


def facts(run: Run) -> dict[str, Any]:
    """Return names in every language, digest, solver result and colours of the run."""
    study, manifest = run.study, run.manifest
    return {
        "language": study.language,
        "names": label_texts(study.name),
        "study": study.name.text(study.language),
        "date": study.date,
        "scenario": manifest.scenario,
        "scenarioNames": {
            language: scenario_name(study, manifest.scenario, manifest.scenario_label, language)
            for language in languages()
        },
        "runId": manifest.run_id,
        "digest": manifest.digest,
        "publication": published(study),
        "homes": True,
        "cautions": [label_texts(note) for note in study.notes],
        "services": _services(run),
        "coverageObjective": _comparable(run),
        "served": {
            service: dict(zip(rows["minutes"].map("{:g}".format), rows["served"], strict=True))
            for service, rows in run.tables.served.groupby("service")
        },
        "groups": {name: label_texts(group.name) for name, group in study.groups.items()},
        "walkers": walkers(study) | area_walker_names(run),
        "result": {
            "status": manifest.result.status,
            "worth": number(manifest.result.objective),
            "bound": number(manifest.result.bound),
        },
        "unopened": {
            language: [{"service": service, "text": text} for service, text in unopened_rows(run, language)]
            for language in languages()
        },
        "palette": {"ramp": list(RAMP), "empty": EMPTY, "ground": GROUND, "muted": MUTED, "ink": INK, "homes": HOMES},
    }


def ground(run: Run, base_map: dict[str, Any]) -> dict[str, Any]:
    """Return streets, communities, the areas they roll up to, and walking circles."""
    communities, circles = run.tables.communities, run.tables.circles
    return {
        **{name: base_map[name] for name in ("perDegree", "focus", "district", "streets", "base")},
        "communities": {
            "id": communities["id"].tolist(),
            "name": as_texts(communities["name"]),
            "shapes": pack_polygons(continuous_degrees(communities.geometry.simplify(COMMUNITY_TOLERANCE_M))),
            "built": base_map["built"],
        },
        "areas": [
            _area(run.study, column, as_texts(communities[column])) for column in run.study.layers.communities.roll_up
        ],
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
    """Return the decisions as in their file, and the cost of each."""
    return {"file": review.decisions.model_dump(mode="json"), "prices": review.rows()["prices"]}


def _comparable(run: Run) -> bool:
    """Return whether the plan's bound holds for the coverage that the page counts: no limited places, no years."""
    study = run.study
    limited = bool(limited_services(run)) or any(service.min_load > 0 for service in study.services)
    return study.siting.objective[0] == "coverage" and not limited and not study.siting.years


def _services(run: Run) -> list[dict[str, Any]]:
    study, limited = run.study, limited_services(run)
    glyphs_by_language = {language: service_glyphs(study, language) for language in languages()}
    return [
        {
            "id": service.id,
            "names": label_texts(service.name),
            "glyphs": {language: letters[k] for language, letters in glyphs_by_language.items()},
            "colour": service_colour(k),
            "outline": outline_colour(k),
            "walker": service.walker,
            "limited": service.id in limited,
            "weighted": study.weighs(service),
        }
        for k, service in enumerate(study.services)
    ]


def _area(study: Study, column: str, names: list[str]) -> dict[str, Any]:
    """Return the areas of one roll-up column in order of first appearance, and the area of each community."""
    at = {name: position for position, name in enumerate(dict.fromkeys(names))}
    return {
        "column": column,
        "labels": roll_up_labels(study, column),
        "names": list(at),
        "of": [at[name] for name in names],
    }


def _kind(study: Study, kind: str) -> dict[str, str]:
    label: Label | None = study.site_kinds[kind].name if kind in study.site_kinds else None
    return dict.fromkeys(languages(), kind) if label is None else label_texts(label)
