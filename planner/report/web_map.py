"""Map page: the plan as an interactive map in one offline HTML file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planner.report.base_map import packed_base_map
from planner.report.cartography import EMPTY, GROUND, HOMES, INK, MUTED, RAMP
from planner.report.compliance import compliance_facts, tables_of_run
from planner.report.encoding import continuous_degrees, pack_polygons
from planner.report.names import scenario_name
from planner.report.page import MAP_SCRIPTS, page
from planner.report.payload import (
    CIRCLE_TOLERANCE_M,
    as_texts,
    circle_key,
    evidence,
    number,
    packed_homes,
    page_texts,
    published,
    rounded,
    services,
)
from planner.report.summary import (
    coverage,
    indicator_label,
    indicator_text,
    indicators,
    limited_services,
    unevenness_rows,
    unopened_rows,
)

if TYPE_CHECKING:
    import pandas as pd

    from planner.store.run import Run
    from planner.study import Study

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
    "map.js",
)
STYLES = ("page.css",)


def map_page(run: Run, *, base_map: dict[str, Any] | None = None) -> str:
    """Return the interactive map of ``run`` as self-contained HTML; ``base_map``: of `packed_base_map`, where it is at hand."""
    drawn = ground(run, base_map or packed_base_map(run))
    return page(
        study=run.study,
        about="report.map_title",
        focus=drawn["focus"],
        scripts=SCRIPTS,
        styles=STYLES,
        data={
            "planner-words": page_texts(run.study.language, run.study.currency),
            "planner-run": run_facts(run),
            "planner-ground": drawn,
            "planner-places": places(run),
            "planner-homes": homes(run),
        },
    )


def run_facts(run: Run) -> dict[str, Any]:
    """Return names, services, coverage, indicators and provenance of figures."""
    study, language, limited = run.study, run.study.language, limited_services(run)
    return {
        "language": language,
        "name": study.name.text(language),
        "date": study.date,
        "scenario": run.manifest.scenario,
        "scenarioName": scenario_name(study, run.manifest.scenario, run.manifest.scenario_label, language),
        "runId": run.manifest.run_id,
        "publication": published(study),
        "services": [{**service, "limited": service["id"] in limited} for service in services(study)],
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
                "label": indicator_label(indicator, language),
                "value": number(indicator.value) if not isinstance(indicator.value, str) else indicator.value,
                "text": indicator_text(indicator, language),
            }
            for indicator in indicators(run)
        ],
        "unevenness": [
            {"label": row.label, "text": row.text, "warning": row.warning} for row in unevenness_rows(run, language)
        ],
        "unopened": [{"service": service, "text": text} for service, text in unopened_rows(run, language)],
        "compliance": compliance_facts(tables_of_run(run), language),
        "evidence": evidence(study, language),
        "palette": {"ramp": list(RAMP), "empty": EMPTY, "ground": GROUND, "muted": MUTED, "ink": INK, "homes": HOMES},
    }


def ground(run: Run, base_map: dict[str, Any]) -> dict[str, Any]:
    """Return streets by class, and communities with their coverage."""
    communities = run.tables.communities
    order = communities["id"].tolist()
    cover = run.tables.coverage_by_community
    figures: dict[str, dict[str, list[float]]] = {}
    limited = limited_services(run)
    for service in run.study.services:
        service_rows = cover[cover["service"] == service.id]
        for circle in run.study.circles_of(service):
            rows = service_rows[service_rows["minutes"] == circle.minutes].set_index("community_id").reindex(order)
            columns = ("people", "covered_before", "covered_after", "served_before", "served_after")
            people, before, after, *found = (rows[name].fillna(0.0).to_numpy(dtype=float) for name in columns)
            figures[circle_key(service.id, circle.minutes)] = {
                "people": rounded(people),
                "before": rounded(before),
                "after": rounded(after),
            }
            if service.id in limited:
                served = dict(zip(("servedBefore", "servedAfter"), map(rounded, found), strict=True))
                figures[circle_key(service.id, circle.minutes)] |= served
    return {
        **{name: base_map[name] for name in ("perDegree", "focus", "district", "streets", "base")},
        "communities": {
            "id": order,
            "name": as_texts(communities["name"]),
            "shapes": pack_polygons(continuous_degrees(communities.geometry)),
            "built": base_map["built"],
        },
        "cover": figures,
    }


def homes(run: Run) -> dict[str, Any]:
    """Return demand points: where they are, whole people of each service, and the innermost circle before and after."""
    return packed_homes(run.study, run.tables.demand, run.tables.nearest, run.tables.communities)


def places(run: Run) -> dict[str, Any]:
    """Return facilities, candidates and opened sites with their services, and the walking circles of opened sites."""
    study, tables = run.study, run.tables
    frame = tables.places
    points = continuous_degrees(frame.geometry)
    position = {service.id: i for i, service in enumerate(study.services)}
    offered = _by_place(tables.existing, position)
    opened = _by_place(tables.openings, position)
    closed = _by_place(tables.closed, position)
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
        "closes": [closed.get(place, []) for place in ids],
        "sites": [_site(row, ids, opened) for row in tables.opened_sites.itertuples()],
        "circles": {
            "place": circles["place_id"].tolist(),
            "walker": circles["walker"].tolist(),
            "minutes": [float(minutes) for minutes in circles["minutes"]],
            "shapes": pack_polygons(continuous_degrees(circles.geometry.simplify(CIRCLE_TOLERANCE_M))),
        },
    }


def _site(row: Any, ids: list[str], opened: dict[str, list[int]]) -> dict[str, Any]:
    return {
        "place": ids.index(row.place_id),
        "services": opened.get(row.place_id, []),
        "area_m2": number(row.area_m2),
        "area_offered_m2": number(row.area_offered_m2),
        "setup_cost": number(row.setup_cost),
        "fit_out_cost": number(row.fit_out_cost),
        "capital_cost": number(row.capital_cost),
        "yearly_cost": number(row.yearly_cost),
        "ready_year": number(row.ready_year),
    }


def _by_place(frame: pd.DataFrame, position: dict[str, int]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for place, service in zip(frame["place_id"], frame["service"], strict=True):
        found.setdefault(place, []).append(position[service])
    return {place: sorted(offered) for place, offered in found.items()}


def _kind(study: Study, kind: str) -> str:
    return study.site_kinds[kind].name.text(study.language) if kind in study.site_kinds else kind
