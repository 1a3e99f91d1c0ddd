"""Data blocks that the scripts of the pages read: texts, places, streets, and the siting problem for recounting a choice.

Everything is a column in the order of the stored tables; ids stand beside, once. The meeting page sums in the same order and in
the same arithmetic (IEEE 754 doubles) as `planner.siting.evaluate_offers`, so that both give the same numbers to the last bit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from planner.i18n import languages, messages_of_currency
from planner.report.area_rules import area_floors, area_limits, area_walks, homes_of, service_areas
from planner.report.cartography import (
    STREET,
    district_m,
    drawn_streets,
    focus_m,
    outline_colour,
    service_colour,
    service_glyphs,
    street_class,
)
from planner.report.encoding import (
    continuous_degrees,
    pack_bytes,
    pack_counts,
    pack_floats,
    pack_lines,
    pack_polygons,
    pack_steps,
    pack_travel_times,
)
from planner.report.evidence import evidence_rows
from planner.report.names import roll_up_name
from planner.report.summary import (
    limited_services,
)
from planner.workflow.plan_tables import FACILITY
from planner.workflow.walks import travel_time_limits_s

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from planner.store.run import Run
    from planner.study import Label, Language, Study


STREET_MARGIN_M = 400.0
STREET_TOLERANCE_M = 1.0
CIRCLE_TOLERANCE_M = 3.0


def page_texts(language: Language, currency: str) -> dict[str, str]:
    """Return the texts of one language for the scripts of a page (format fields but ``{currency}`` stay in braces)."""
    prefix = "report."
    texts = {
        key: text
        for key, text in sorted(messages_of_currency(language, currency).items())
        if not key.startswith(("finding.", "locale."))
    }
    return {key.removeprefix(prefix): text for key, text in texts.items()}


def published(study: Study) -> dict[str, Any]:
    """Return the publication data on the frame of a map."""
    frame = study.publication
    return {
        "review_number": frame.review_number,
        "classification": frame.classification,
        "author": frame.author,
        "sources": list(study.credits),
        "comments_to": frame.comments_to,
        "comments_period": frame.comments_period,
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
    """Return the services of a study with their colours and letters on maps."""
    names = [service.name.text(study.language) for service in study.services]
    return [
        {
            "id": service.id,
            "name": name,
            "colour": service_colour(position),
            "outline": outline_colour(position),
            "glyph": glyph,
            "walker": service.walker,
            "walkerName": study.walking.name_of(service.walker, study.language),
            "speed_m_s": study.walking.profiles[service.walker].speed_m_s,
            "level": service.level,
            "weighted": study.weighs(service),
            "minutes": [circle.minutes for circle in study.circles_of(service)],
        }
        for position, (service, name, glyph) in enumerate(
            zip(study.services, names, service_glyphs(study, study.language), strict=True)
        )
    ]


def focus(run: Run) -> list[list[float]]:
    """Return [[south, west], [north, east]] in degrees, the initial extent of a map."""
    return in_degrees(focus_m(run), run.tables.demand.crs)


def district(run: Run) -> list[list[float]]:
    """Return [[south, west], [north, east]] in degrees, the extent of a map on paper."""
    return in_degrees(district_m(run.tables), run.tables.demand.crs)


def in_degrees(box_m: tuple[float, float, float, float], crs: Any) -> list[list[float]]:
    """Return [[south, west], [north, east]] in degrees of a box in the metres of ``crs``."""
    frame = continuous_degrees(gpd.GeoSeries([shapely.box(*box_m)], crs=crs))
    west, south, east, north = (float(side) for side in np.round(frame.total_bounds, 6))
    return [[south, west], [north, east]]


def circle_key(service: str, minutes: float) -> str:
    """Return the key of the figures of one circle of one service."""
    return f"{service} {minutes:g}"


def number(value: Any) -> float | int | None:
    """Return a JSON number; None for missing or infinite values."""
    if value is None or pd.isna(value):
        return None
    if isinstance(value, int | np.integer):
        return int(value)
    figure = float(value)
    return figure if math.isfinite(figure) else None


def packed_streets(streets: gpd.GeoDataFrame, communities: gpd.GeoDataFrame) -> dict[str, Any]:
    """Return the streets around the communities by class, joined and simplified for drawing."""
    around = shapely.box(*communities.total_bounds).buffer(STREET_MARGIN_M, join_style="mitre")
    streets = drawn_streets(streets)
    near = streets[streets.intersects(around)]
    classes = street_class(near["highway"])
    packed: dict[str, Any] = {"colours": STREET}
    for name in ("path", "street", "main"):
        lines = near.geometry[classes == name].to_numpy()
        simplified = gpd.GeoSeries(shapely.simplify(_joined(lines), STREET_TOLERANCE_M), crs=streets.crs)
        packed[name] = pack_lines(continuous_degrees(simplified))
    return packed


def packed_homes(
    study: Study, demand: gpd.GeoDataFrame, nearest: pd.DataFrame, communities: gpd.GeoDataFrame
) -> dict[str, Any]:
    """Return demand points: where they are, whole people of each service, and the innermost circle of each service.

    ``nearest``: rows of ``service`` and ``demand_id`` with the walk as ``before_s`` and ``after_s``, or as ``before_s`` alone.
    """
    degrees = continuous_degrees(demand.geometry)
    people, rings = {}, {}
    times = [name for name in ("before_s", "after_s") if name in nearest]
    for service in study.services:
        heads = homes_of(study, service, demand, communities)
        walks = nearest[nearest["service"] == service.id].set_index("demand_id").reindex(demand["id"])
        cutoffs = [60 * circle.minutes for circle in study.circles_of(service)]
        people[service.id] = pack_counts(np.ceil(heads).astype(np.int64))
        rings[service.id] = [
            pack_bytes(np.searchsorted(cutoffs, walks[name].fillna(np.inf)).astype(np.uint8)) for name in times
        ]
    return {
        "count": len(demand),
        "lon": pack_steps(np.round(degrees.x.to_numpy() * 1e6).astype(np.int64)),
        "lat": pack_steps(np.round(degrees.y.to_numpy() * 1e6).astype(np.int64)),
        "people": people,
        "rings": rings,
    }


def _joined(lines: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the lines merged between junctions."""
    parts: NDArray[np.object_] = shapely.get_parts(lines)
    if len(parts):
        parts = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(parts)))
    return parts


def as_texts(values: pd.Series[Any]) -> list[str]:
    """Return a column as texts, missing values as empty."""
    return ["" if pd.isna(value) else str(value) for value in values]


def rounded(values: NDArray[np.float64]) -> list[float]:
    """Return numbers rounded to a millionth, whole ones as int."""
    return [int(value) if value.is_integer() else value for value in np.round(values, 6).tolist()]


#: an unlimited number in JSON
UNLIMITED = None


def problem_data(run: Run) -> dict[str, Any]:
    """Return people, travel times, offers, sites, budgets and rules of ``run``, from which the page recounts a choice."""
    study, tables = run.study, run.tables
    return {
        "services": [_service(run, k) for k in range(len(study.services))],
        "demand": _demand(run),
        "squares": square_data(run),
        "walkers": _walkers(run),
        "offers": _offers(run),
        "sites": _sites(run),
        "departments": [
            {
                "id": name,
                "name": label_texts(department.name),
                "outside": department.outside,
                "capital": department.capital_cost,
                "yearly": department.yearly_cost,
            }
            for name, department in study.budgets.departments.items()
        ],
        "budgets": {"capital": study.budgets.capital_cost, "yearly": study.budgets.yearly_cost},
        "rules": _rules(run),
        "plans": _plans(tables.offers),
    }


def label_texts(label: Label) -> dict[str, str]:
    """Return a label in every installed language."""
    return label.texts()


def walkers(study: Study) -> dict[str, dict[str, Any]]:
    """Return what every walking profile is called in every installed language, and its speed."""
    return {
        name: {
            "names": {language: study.walking.name_of(name, language) for language in languages()},
            "speed_m_s": profile.speed_m_s,
        }
        for name, profile in study.walking.profiles.items()
    }


def roll_up_labels(study: Study, column: str) -> dict[str, str]:
    """Return what a roll-up column is called in every installed language."""
    return {language: roll_up_name(study, column, language) for language in languages()}


def cutoffs_s(study: Study) -> list[float]:
    """Return every cutoff of every service, in seconds."""
    return [60 * minutes for minutes in study.cutoffs_min]


def _service(run: Run, position: int) -> dict[str, Any]:
    service = run.study.services[position]
    circles = run.study.circles_of(service)
    return {
        "id": service.id,
        "demand": [[group, weight] for group, weight in service.demand.items()],
        "walker": service.walker,
        "cutoffs_s": [60 * circle.minutes for circle in circles],
        "weights": [circle.weight for circle in circles],
        "department": service.department,
        "sizes": {size.id: label_texts(size.name) for size in service.sizes if size.name is not None},
        "limited": service.id in limited_services(run),
        "participation": service.participation,
        **service_areas(run, service),
    }


def _demand(run: Run) -> dict[str, Any]:
    demand, communities = run.tables.demand, run.tables.communities
    at = {name: position for position, name in enumerate(communities["id"])}
    degrees = continuous_degrees(demand.geometry)
    need = demand["need_weight"].to_numpy(dtype=np.float64)
    groups = dict.fromkeys(group for service in run.study.services for group in service.demand)
    groups |= dict.fromkeys(floor.group for _, floor in run.study.kept_floors if floor.group is not None)
    for area in run.study.areas:
        groups |= dict.fromkeys(group for block in area.services.values() for group in block.demand or ())
    groups |= dict.fromkeys(floor.group for *_, floor in run.study.kept_area_floors if floor.group is not None)
    return {
        "count": len(demand),
        "community": pack_counts(np.array([at.get(name, -1) + 1 for name in demand["community_id"]], dtype=np.int64)),
        "people": {group: pack_floats(demand[f"people_{group}"].to_numpy(dtype=np.float64)) for group in groups},
        "need": pack_floats(need) if (need != 1).any() else None,
        "lon": pack_steps(np.round(degrees.x.to_numpy() * 1e6).astype(np.int64)),
        "lat": pack_steps(np.round(degrees.y.to_numpy() * 1e6).astype(np.int64)),
    }


def _walkers(run: Run) -> dict[str, Any]:
    """Return the travel times of every walking profile."""
    study, tables = run.study, run.tables
    timed = tables.reach["walker"].astype(str).to_numpy()
    limits = travel_time_limits_s(study)
    packed = {}
    for walker, limit_s in limits.items():
        rows = tables.reach[timed == walker]
        cutoffs = [seconds for seconds in cutoffs_s(study) if seconds <= limit_s]
        packed[walker] = {
            "speed_m_s": study.walking.profiles[walker].speed_m_s,
            "source": study.walking.profiles[walker].source,
            "limit_s": limit_s,
            **pack_travel_times(rows, tables.demand["id"].tolist(), tables.places["id"].tolist(), cutoffs),
        }
    return packed | area_walks(run)


def _offers(run: Run) -> dict[str, Any]:
    offers = run.tables.offers
    at = {name: position for position, name in enumerate(run.tables.places["id"])}
    service = {item.id: position for position, item in enumerate(run.study.services)}
    service_of = [service[name] for name in offers["service"]]
    standing = {
        (place, k): position
        for position, (place, k, existing) in enumerate(
            zip(offers["place_id"], service_of, offers["stands"], strict=True)
        )
        if existing
    }
    shares = [offers[f"pays_{name}"].tolist() for name in run.study.budgets.departments if f"pays_{name}" in offers]
    return {
        "site": [at[name] for name in offers["place_id"]],
        "service": service_of,
        "size": offers["size"].tolist(),
        "stands": offers["stands"].astype(int).tolist(),
        "mayClose": offers["may_close"].astype(int).tolist(),
        "area": offers["area_m2"].tolist(),
        "capital": offers["capital_cost"].tolist(),
        "yearly": offers["yearly_cost"].tolist(),
        "moves": [standing.get((name, k), -1) for name, k in zip(offers["moves_from"], service_of, strict=True)],
        "closing": offers["closing_cost"].tolist(),
        "pays": shares,
        "capacity": [UNLIMITED if np.isnan(value) else float(value) for value in offers["capacity"]],
        "minLoad": _least_loads(run, service_of),
    }


def _least_loads(run: Run, service_of: list[int]) -> list[float]:
    """Return the least load of each offer; none for existing facilities and their extensions."""
    facilities = set(run.tables.places.loc[run.tables.places["role"] == FACILITY, "id"])
    return [
        0.0 if place in facilities else run.study.services[k].min_load
        for place, k in zip(run.tables.offers["place_id"], service_of, strict=True)
    ]


def _sites(run: Run) -> dict[str, Any]:
    places = run.tables.places
    area = [
        UNLIMITED if role == FACILITY or np.isnan(value) else float(value)
        for role, value in zip(places["role"], places["area_m2"], strict=True)
    ]
    departments = list(run.study.budgets.departments)
    payer = run.study.budgets.building_department
    kinds = [run.study.site_kinds.get(str(kind)) for kind in places["kind"]]
    return {
        "minArea": [kind.min_area_m2 if kind else 0.0 for kind in kinds],
        "minServices": [kind.min_services if kind else 0 for kind in kinds],
        "hubOnly": [int(kind.hub_only) if kind else 0 for kind in kinds],
        "setup": places["setup_cost"].tolist(),
        "setupPerM2": [kind.setup_cost_per_m2 if kind else 0.0 for kind in kinds],
        "yearly": places["yearly_cost"].tolist(),
        "area": area,
        "payer": None if payer is None else departments.index(payer),
    }


def _rules(run: Run) -> dict[str, Any]:
    study, offers, place_ids = run.study, run.tables.offers, run.tables.places["id"].tolist()
    limits = area_limits(run)
    position = {service.id: k for k, service in enumerate(study.services)}
    siting, together = study.siting, study.co_location
    return {
        "minSites": siting.min_sites,
        "maxSites": siting.max_sites,
        "minOpenings": [service.min_openings for service in study.services],
        "maxOpenings": [service.max_openings for service in study.services],
        "incompatible": sorted({tuple(sorted((position[a], position[b]))) for a, b in together.incompatible}),
        "hub": None
        if together.hub is None
        else {
            "area": together.hub.min_area_m2,
            "services": together.hub.min_services,
            "core": [position[name] for name in together.hub.of],
            "leastCore": together.hub.min_of,
            "least": together.hub.min_hubs,
        },
        "floors": [*_floors(study, position), *area_floors(run)],
        **({"areas": limits} if limits else {}),
        "spreads": [
            {"service": position[spread.service], "cutoff_s": 60 * spread.minutes, "most": spread.most}
            for spread in siting.spreads
        ],
        "rooms": [
            {
                "services": [position[name] for name in room.services],
                "area": room.area_m2,
                "capital": room.fit_out_cost,
                "yearly": room.yearly_cost,
            }
            for room in together.shared_rooms
        ],
        "locks": _locks(study, offers, place_ids),
    }


def _locks(study: Study, offers: pd.DataFrame, place_ids: list[str]) -> list[dict[str, Any]]:
    """Return the locks in positions; ``offers``: those a lock restricts by size, origin or existence, None for all."""
    place = {name: position for position, name in enumerate(place_ids)}
    service = {one.id: position for position, one in enumerate(study.services)}
    ways = list(zip(*(offers[name] for name in ("place_id", "service", "size", "moves_from", "stands")), strict=True))
    results = []
    for kind, locks in (("must", study.siting.must), ("never", study.siting.never)):
        for lock in locks:
            matching = [
                position
                for position, (site, of, size, origin, existing) in enumerate(ways)
                if (site, of) == (lock.site, lock.service)
                and lock.means(never=kind == "never", size=size, moves_from=origin, stands=bool(existing))
            ]
            results.append(
                {
                    "kind": kind,
                    "site": place[lock.site],
                    "service": None if lock.service is None else service[lock.service],
                    "offers": matching if lock.detailed else None,
                }
            )
    return results


def _floors(study: Study, position: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return the guaranteed shares: those of the study, and the targets of the objective ``fewest``."""
    siting = study.siting
    floors = [
        {
            "service": position[floor.service],
            "group": floor.group,
            "cutoff_s": 60 * floor.minutes,
            "share": floor.share,
            "every": floor.per == "community",
        }
        for _, floor in study.kept_floors
    ]
    if "fewest" in siting.objective and siting.target is not None:
        floors += [
            {
                "service": k,
                "group": None,
                "cutoff_s": 60 * study.circles_of(service)[-1].minutes,
                "share": siting.target,
                "every": siting.target_per == "community",
            }
            for k, service in enumerate(study.services)
        ]
    return floors


def _plans(offers: pd.DataFrame) -> dict[str, list[int]]:
    """Return the positions of the offers open today, and of those open once the plan is built."""
    return {
        "today": np.flatnonzero(offers["stands"].to_numpy()).tolist(),
        "plan": np.flatnonzero(offers["planned"].to_numpy()).tolist(),
    }


#: side of a square, about five minutes' walk
SIDE_M = 400.0


def square_data(run: Run) -> dict[str, Any]:
    """Return the square of every demand point, and the centres of squares and places in metres of the run's projection."""
    corners, of = _grid(run)
    places = run.tables.places.geometry
    return {
        "side_m": SIDE_M,
        "of": pack_counts(of),
        "x": (corners[:, 0] + SIDE_M / 2).tolist(),
        "y": (corners[:, 1] + SIDE_M / 2).tolist(),
        "placeX": np.round(places.x.to_numpy(), 1).tolist(),
        "placeY": np.round(places.y.to_numpy(), 1).tolist(),
    }


def square_shapes(run: Run) -> dict[str, Any]:
    """Return the squares with demand points as polygons for the map."""
    corners, _ = _grid(run)
    boxes = shapely.box(corners[:, 0], corners[:, 1], corners[:, 0] + SIDE_M, corners[:, 1] + SIDE_M)
    return dict(pack_polygons(continuous_degrees(gpd.GeoSeries(boxes, crs=run.tables.demand.crs))))


def _grid(run: Run) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return south-western corners of squares with demand points, float64[s, 2], and the square of each point, int64[n]."""
    points = run.tables.demand.geometry
    cells = np.floor(np.column_stack([points.x, points.y]) / SIDE_M)
    occupied, of = np.unique(cells, axis=0, return_inverse=True)
    return occupied * SIDE_M, of.ravel().astype(np.int64)
