"""Assessment page: coverage, walking times, duplicate facilities and two walkers compared, in one offline HTML file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from planner.i18n import text_column, translate
from planner.report.assessment import (
    capacity_limited_services,
    facility_rows,
    gap_lines,
    measured_text,
    minutes_text,
    own_walker_rows,
    required_text,
    walker_coverage,
    walks_text,
)
from planner.report.base_map import built_up, packed_ground
from planner.report.cartography import (
    DIVERGING,
    DIVERGING_LIMITS,
    EMPTY,
    GROUND,
    HOMES,
    INK,
    RAMP,
    around,
    class_limits,
    district_m,
)
from planner.report.compliance import compliance_facts, tables_of_assessment
from planner.report.encoding import PER_DEGREE, continuous_degrees, pack_polygons
from planner.report.names import scenario_name
from planner.report.page import MAP_SCRIPTS, page
from planner.report.payload import (
    CIRCLE_TOLERANCE_M,
    as_texts,
    circle_key,
    evidence,
    in_degrees,
    number,
    packed_homes,
    packed_streets,
    page_texts,
    published,
    rounded,
    services,
)

if TYPE_CHECKING:
    import pandas as pd

    from planner.store.assessment import Assessment
    from planner.study import Language

SCRIPTS = (
    "dom.js",
    *MAP_SCRIPTS,
    "map_controls.js",
    "decode.js",
    "homes.js",
    "places.js",
    "compliance.js",
    "panel.js",
    "legend.js",
    "circle_comparison.js",
    "assess_panel.js",
    "assess.js",
)
STYLES = ("page.css", "assess.css")
#: columns of a facility that the page shows, in order
_FACILITY = (
    "people_within",
    "people_only_here",
    "overlap_share",
    "load",
    "capacity",
    "utilisation",
)


def assessment_page(assessment: Assessment) -> str:
    """Return the assessment page as self-contained HTML."""
    base_map, tables = ground(assessment), assessment.tables
    return page(
        study=assessment.study,
        about="assess.title",
        focus=base_map["focus"],
        scripts=SCRIPTS,
        styles=STYLES,
        data={
            "planner-words": page_texts(assessment.study.language, assessment.study.currency),
            "planner-run": facts(assessment),
            "planner-ground": base_map,
            "planner-places": places(assessment),
            "planner-homes": packed_homes(assessment.study, tables.demand, _own_walks(assessment), tables.communities),
        },
    )


def facts(assessment: Assessment) -> dict[str, Any]:
    """Return texts and figures of the panel."""
    study, language, tables = assessment.study, assessment.study.language, assessment.tables
    at = {place: i for i, place in enumerate(tables.places["id"])}
    limited = capacity_limited_services(assessment)
    return {
        "language": language,
        "name": study.name.text(language),
        "date": study.date,
        "scenario": assessment.origin.scenario,
        "scenarioName": scenario_name(study, assessment.origin.scenario, assessment.origin.scenario_label, language),
        "runId": assessment.origin.run_id,
        "publication": published(study),
        "services": [{**service, "limited": service["id"] in limited} for service in services(study)],
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
            for one in walker_coverage(assessment)
        ],
        "walks": _walks(assessment, language),
        "beyond": translate("assess.beyond_note", language, minutes=assessment.origin.limit_s / 60),
        "standing": [text for _, text in facility_rows(assessment, language)],
        "equity": [_plain(row) for row in tables.equity.to_dict("records")],
        "gaps": [{"service": service, "text": text} for service, text in gap_lines(assessment, language)],
        "floors": [_plain(row) for row in tables.floors[tables.floors["group"] == ""].to_dict("records")],
        "duplicates": [
            {**_plain(row), "place": at[row["place_id"]], "into": at[row["into_id"]], "to": at.get(row["move_to"], -1)}
            for row in tables.duplicates.to_dict("records")
        ],
        "closing": [{**_plain(row), "place": at[row["place_id"]]} for row in tables.closing.to_dict("records")],
        "benchmarks": _benchmarks(assessment, language),
        "compliance": compliance_facts(tables_of_assessment(assessment), language),
        "evidence": evidence(study, language),
        "palette": {
            "ramp": list(RAMP),
            "empty": EMPTY,
            "ground": GROUND,
            "ink": INK,
            "homes": HOMES,
            "diverging": list(DIVERGING),
            "divergingLimits": list(DIVERGING_LIMITS),
        },
    }


def ground(assessment: Assessment) -> dict[str, Any]:
    """Return streets, communities, and the people covered in each community by service and circle."""
    tables = assessment.tables
    order = tables.communities["id"].tolist()
    coverage = tables.coverage[(tables.coverage["level"] == "community") & (tables.coverage["group"] == "")]
    balance = tables.balance[tables.balance["level"] == "community"]
    walks = own_walker_rows(
        assessment, tables.walks[(tables.walks["level"] == "community") & (tables.walks["group"] == "")]
    )
    cover: dict[str, dict[str, list[float | None]]] = {}
    limits: dict[str, list[float]] = {}
    compared: dict[str, list[float | None]] = {}
    for service in assessment.study.services:
        own_coverage, own_balance = (
            coverage[coverage["service"] == service.id],
            balance[balance["service"] == service.id],
        )
        uncovered = []
        for circle in service.circles:
            by_walker = own_coverage[own_coverage["minutes"] == circle.minutes]
            rows = by_walker[by_walker["walker"] == service.walker].set_index("area").reindex(order)
            balances = own_balance[own_balance["minutes"] == circle.minutes].set_index("area").reindex(order)
            people, covered = (rows[name].fillna(0.0).to_numpy(dtype=float) for name in ("people", "covered"))
            cover[circle_key(service.id, circle.minutes)] = {
                "people": [*rounded(people)],
                "covered": [*rounded(covered)],
                "twice": [*rounded(balances["people_covered_twice"].fillna(0.0).to_numpy(dtype=float))],
                "balance": [number(value) for value in balances["balance_share"]],
                "surplus": [number(value) for value in balances["surplus_places"]],
            }
            uncovered.append(people - covered)
            for walker in assessment.study.walking.compare or []:
                side = by_walker[by_walker["walker"] == walker].set_index("area").reindex(order)
                key = circle_key(f"{service.id} {walker}", circle.minutes)
                compared[key] = [*rounded(side["covered"].fillna(0.0).to_numpy(dtype=float))]
        limits[service.id] = list(class_limits(np.concatenate(uncovered)))
    return {
        "perDegree": PER_DEGREE,
        "focus": in_degrees(around(tables.demand, tables.places.iloc[:0]), tables.demand.crs),
        "district": in_degrees(district_m(tables), tables.demand.crs),
        "streets": packed_streets(tables.streets, tables.communities),
        "communities": {
            "id": order,
            "name": as_texts(tables.communities["name"]),
            "shapes": pack_polygons(continuous_degrees(tables.communities.geometry)),
            "built": built_up(tables.demand, tables.communities),
        },
        "base": packed_ground(tables.ground, tables.communities),
        "cover": cover,
        "compared": compared,
        "walks": {service.id: _walked(assessment, walks, service.id, order) for service in assessment.study.services},
        "limits": limits,
    }


def places(assessment: Assessment) -> dict[str, Any]:
    """Return facilities and candidates, the figures of each facility by service, walker and circle, and its walking circles."""
    tables = assessment.tables
    frame, circles = tables.places, tables.circles
    points = continuous_degrees(frame.geometry)
    at = {place: i for i, place in enumerate(frame["id"])}
    position = {service.id: k for k, service in enumerate(assessment.study.services)}
    offers: list[list[int]] = [[] for _ in at]
    for place, service in zip(tables.existing["place_id"], tables.existing["service"], strict=True):
        offers[at[place]].append(position[service])
    figures: dict[str, dict[str, list[Any]]] = {}
    for key, rows in tables.facilities.groupby(["service", "walker", "minutes"], sort=False):
        service, walker, minutes = (str(part) for part in key)
        figures[circle_key(f"{service} {walker}", float(minutes))] = {
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


def _own_walks(assessment: Assessment) -> pd.DataFrame:
    """Return the walk of every demand point to the nearest facility of each service, by the service's own walker."""
    nearest = assessment.tables.nearest
    own = {service.id: service.walker for service in assessment.study.services}
    mine = nearest["walker"].astype(str) == nearest["service"].astype(str).map(own)
    return nearest[mine].rename(columns={"seconds": "before_s"})


def _walks(assessment: Assessment, language: Language) -> list[dict[str, str]]:
    """Return walking times to the nearest facility as texts, for each service's own walker and those compared."""
    table = assessment.tables.walks
    rows = table[(table["level"] == "all") & (table["group"] == "")].to_dict("records")
    return [
        {
            "service": row["service"],
            "walker": row["walker"],
            "mean": minutes_text(row["mean_of_reached_s"], assessment, language),
            "p90": minutes_text(row["p90_s"], assessment, language),
            "max": minutes_text(row["max_s"], assessment, language),
        }
        for row in rows
    ]


def _walked(assessment: Assessment, walks: pd.DataFrame, service: str, order: list[str]) -> list[str]:
    """Return the walking times of each community as texts."""
    rows = walks[walks["service"] == service].set_index("area").reindex(order)
    return [walks_text(row, assessment, assessment.study.language) for row in rows.to_dict("records")]


def _benchmarks(assessment: Assessment, language: Language) -> list[dict[str, Any]]:
    rows, shares = [], assessment.study.standards.shares
    for row in assessment.tables.benchmarks.to_dict("records"):
        share = row["standard"] in shares
        rows.append(
            {
                "standard": row["standard"],
                "name": row[text_column(row, "name", language)],
                "service": row["service"],
                "walker": row["walker"],
                "measured": measured_text(
                    row["value"], language, share=share, at_least=bool(row.get("at_least", False))
                ),
                "required": required_text(row["low"], row["high"], language, share=share),
                "verdict": row["verdict"],
                "missing": row[text_column(row, "missing", language)],
                "source": " · ".join(part for part in (row["source"], row["clause"]) if part),
                "verified": bool(row["verified"]),
                "derived": row["derived"],
            }
        )
    return rows


def _plain(row: dict[Any, Any]) -> dict[str, Any]:
    """Return a row of a table as JSON values."""
    return {str(name): value if isinstance(value, str | bool) else number(value) for name, value in row.items()}
