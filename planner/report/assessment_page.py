"""The assessment as one page that works offline: who reaches what, what doubles, two walkers side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from planner.report.assessed import (
    figure_text,
    limited_today,
    minutes_text,
    own,
    reached,
    required_text,
    standing_rows,
    walks_text,
)
from planner.report.degrees import continuous_degrees
from planner.report.maps import (
    CIRCLE_TOLERANCE_M,
    around,
    as_texts,
    cover_key,
    evidence,
    in_degrees,
    number,
    packed_streets,
    published,
    rounded,
    services,
    spoken_words,
)
from planner.report.packing import PER_DEGREE, pack_polygons
from planner.report.page import page
from planner.report.palette import DIVERGING, DIVERGING_LIMITS, EMPTY, GROUND, INK, RAMP, class_limits
from planner.study.standards import standard
from planner.words import say

if TYPE_CHECKING:
    import pandas as pd

    from planner.store.assessment import Assessment
    from planner.study import Language

SCRIPTS = (
    "dom.js",
    "ground.js",
    "frame.js",
    "places.js",
    "panel.js",
    "legend.js",
    "pair.js",
    "assess_panel.js",
    "assess.js",
)
STYLES = ("page.css", "assess.css")
#: what the page shows of a facility, in this order
_FACILITY = (
    "people_within",
    "people_only_here",
    "overlap_share",
    "load",
    "capacity",
    "utilisation",
)


def assessment_page(found: Assessment) -> str:
    """Return the page of an assessment as one self-contained text of HTML."""
    laid = ground(found)
    return page(
        study=found.study,
        about="assess.title",
        focus=laid["focus"],
        scripts=SCRIPTS,
        styles=STYLES,
        data={
            "planner-words": spoken_words(found.study.language),
            "planner-run": facts(found),
            "planner-ground": laid,
            "planner-places": places(found),
        },
    )


def facts(found: Assessment) -> dict[str, Any]:
    """Return what the panel says in words and figures."""
    study, language, tables = found.study, found.study.language, found.tables
    at = {place: i for i, place in enumerate(tables.places["id"])}
    limited = limited_today(found)
    return {
        "language": language,
        "name": study.name.text(language),
        "date": study.date,
        "scenario": found.origin.scenario,
        "runId": found.origin.run_id,
        "publication": published(study),
        "services": [{**told, "limited": told["id"] in limited} for told in services(study)],
        "groups": {name: group.name.text(language) for name, group in study.groups.items()},
        "walkers": {
            name: {"name": study.walking.name_of(name, language), "speed": profile.speed_m_s}
            for name, profile in study.walking.profiles.items()
        },
        "compare": list(study.walking.compare or []),
        "coverage": [
            {
                "service": one.service.id,
                "walker": one.walker,
                "minutes": one.minutes,
                "group": one.group,
                "people": one.people,
                "covered": one.covered,
                "served": one.served if one.limited else None,
                "heads": one.heads,
                "headsCovered": one.heads_covered,
            }
            for one in reached(found)
        ],
        "walks": _walks(found, language),
        "beyond": say("assess.beyond_note", language, minutes=found.origin.limit_s / 60),
        "standing": [text for _, text in standing_rows(found, language)],
        "equity": [_plain(row) for row in tables.equity.to_dict("records")],
        "floors": [_plain(row) for row in tables.floors[tables.floors["group"] == ""].to_dict("records")],
        "duplicates": [
            {**_plain(row), "place": at[row["place_id"]], "into": at[row["into_id"]], "to": at.get(row["move_to"], -1)}
            for row in tables.duplicates.to_dict("records")
        ],
        "closing": [{**_plain(row), "place": at[row["place_id"]]} for row in tables.closing.to_dict("records")],
        "benchmarks": _benchmarks(found, language),
        "evidence": evidence(study, language),
        "palette": {
            "ramp": list(RAMP),
            "empty": EMPTY,
            "ground": GROUND,
            "ink": INK,
            "diverging": list(DIVERGING),
            "divergingLimits": list(DIVERGING_LIMITS),
        },
    }


def ground(found: Assessment) -> dict[str, Any]:
    """Return streets, communities, and by service and circle who is covered in each community."""
    tables = found.tables
    order = tables.communities["id"].tolist()
    coverage = tables.coverage[(tables.coverage["level"] == "community") & (tables.coverage["group"] == "")]
    balance = tables.balance[tables.balance["level"] == "community"]
    walks = own(found, tables.walks[(tables.walks["level"] == "community") & (tables.walks["group"] == "")])
    cover: dict[str, dict[str, list[float | None]]] = {}
    limits: dict[str, list[float]] = {}
    compared: dict[str, list[float | None]] = {}
    for service in found.study.services:
        mine, apart = coverage[coverage["service"] == service.id], balance[balance["service"] == service.id]
        uncovered = []
        for circle in service.circles:
            by_walker = mine[mine["minutes"] == circle.minutes]
            rows = by_walker[by_walker["walker"] == service.walker].set_index("area").reindex(order)
            held = apart[apart["minutes"] == circle.minutes].set_index("area").reindex(order)
            people, covered = (rows[name].fillna(0.0).to_numpy(dtype=float) for name in ("people", "covered"))
            cover[cover_key(service.id, circle.minutes)] = {
                "people": [*rounded(people)],
                "covered": [*rounded(covered)],
                "twice": [*rounded(held["people_covered_twice"].fillna(0.0).to_numpy(dtype=float))],
                "balance": [number(value) for value in held["balance_share"]],
                "surplus": [number(value) for value in held["surplus_places"]],
            }
            uncovered.append(people - covered)
            for walker in found.study.walking.compare or []:
                side = by_walker[by_walker["walker"] == walker].set_index("area").reindex(order)
                key = cover_key(f"{service.id} {walker}", circle.minutes)
                compared[key] = [*rounded(side["covered"].fillna(0.0).to_numpy(dtype=float))]
        limits[service.id] = list(class_limits(np.concatenate(uncovered)))
    return {
        "perDegree": PER_DEGREE,
        "focus": in_degrees(around(tables.demand, tables.places.iloc[:0]), tables.demand.crs),
        "streets": packed_streets(tables.streets, tables.communities),
        "communities": {
            "id": order,
            "name": as_texts(tables.communities["name"]),
            "shapes": pack_polygons(continuous_degrees(tables.communities.geometry)),
        },
        "cover": cover,
        "compared": compared,
        "walks": {service.id: _walked(found, walks, service.id, order) for service in found.study.services},
        "limits": limits,
    }


def places(found: Assessment) -> dict[str, Any]:
    """Return facilities and candidates, what each facility is worth by service, walker and circle, and its circles."""
    tables = found.tables
    frame, circles = tables.places, tables.circles
    points = continuous_degrees(frame.geometry)
    at = {place: i for i, place in enumerate(frame["id"])}
    position = {service.id: k for k, service in enumerate(found.study.services)}
    offers: list[list[int]] = [[] for _ in at]
    for place, service in zip(tables.existing["place_id"], tables.existing["service"], strict=True):
        offers[at[place]].append(position[service])
    figures: dict[str, dict[str, list[Any]]] = {}
    for asked, rows in tables.facilities.groupby(["service", "walker", "minutes"], sort=False):
        service, walker, minutes = (str(part) for part in asked)
        figures[cover_key(f"{service} {walker}", float(minutes))] = {
            "place": [at[place] for place in rows["place_id"]],
            **{name: [number(value) for value in rows[name]] for name in _FACILITY},
            "idle": [
                None if unknown else bool(value)
                for value, unknown in zip(rows["idle"], rows["idle"].isna(), strict=True)
            ],
        }
    return {
        "id": frame["id"].tolist(),
        "name": as_texts(frame["name"]),
        "role": as_texts(frame["role"]),
        "lon": rounded(points.x.to_numpy()),
        "lat": rounded(points.y.to_numpy()),
        "offers": [sorted(offered) for offered in offers],
        "figures": figures,
        "circles": {
            "place": [at[place] for place in circles["place_id"]],
            "walker": circles["walker"].tolist(),
            "minutes": [float(minutes) for minutes in circles["minutes"]],
            "shapes": pack_polygons(continuous_degrees(circles.geometry.simplify(CIRCLE_TOLERANCE_M))),
        },
    }


def _walks(found: Assessment, language: Language) -> list[dict[str, str]]:
    """Return the walk to the nearest facility, of the service's own walker and of those compared, in words."""
    table = found.tables.walks
    rows = table[(table["level"] == "all") & (table["group"] == "")].to_dict("records")
    return [
        {
            "service": row["service"],
            "walker": row["walker"],
            "mean": minutes_text(row["mean_of_reached_s"], found, language),
            "p90": minutes_text(row["p90_s"], found, language),
            "max": minutes_text(row["max_s"], found, language),
        }
        for row in rows
    ]


def _walked(found: Assessment, walks: pd.DataFrame, service: str, order: list[str]) -> list[str]:
    """Return how far the people of each community walk, in words."""
    rows = walks[walks["service"] == service].set_index("area").reindex(order)
    return [walks_text(row, found, found.study.language) for row in rows.to_dict("records")]


def _benchmarks(found: Assessment, language: Language) -> list[dict[str, Any]]:
    rows = []
    for row in found.tables.benchmarks.to_dict("records"):
        share = standard(row["standard"]).measure == "coverage"
        rows.append(
            {
                "standard": row["standard"],
                "name": row[f"name_{language}"],
                "service": row["service"],
                "walker": row["walker"],
                "measured": figure_text(row["value"], share=share),
                "required": required_text(row["low"], row["high"], language, share=share),
                "verdict": row["verdict"],
                "missing": row[f"missing_{language}"],
                "source": " · ".join(part for part in (row["source"], row["clause"]) if part),
                "verified": bool(row["verified"]),
                "derived": row["derived"],
            }
        )
    return rows


def _plain(row: dict[Any, Any]) -> dict[str, Any]:
    """Return a row of a table as JSON can hold it."""
    return {str(name): value if isinstance(value, str | bool) else number(value) for name, value in row.items()}
