"""A made-up town of any size, as a finished run: homes in clusters, walks 1.3 times the straight line, places at random.

Sizes are asked for, not found: ``pairs`` walks are kept, the shortest ones, so that a page of a known size can be measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS
from scipy.spatial import cKDTree
from shapely import LineString, box

from planner.access import TravelTimes
from planner.district import District
from planner.district.context import read_context_layers
from planner.siting import BuiltProblem, Outcome, Plan, build_problem, evaluate_offers
from planner.store.manifest import Manifest, Result
from planner.store.run import Run
from planner.store.schema import schema
from planner.store.tables import Tables, empty_table
from planner.study import Study
from planner.workflow import plan_tables as tabulate
from planner.workflow.area_table import area_limits_table
from planner.workflow.infeasibility import unopened_table
from planner.workflow.labels import labels_of
from planner.workflow.plan_tables import (
    bills_table,
    closed_table,
    loads_table,
    places_found,
    places_today,
    served_table,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

METRIC = "EPSG:32650"
WEST, SOUTH = 350_000.0, 3_440_000.0
DETOUR = 1.3
CUTOFF_S = 900.0


def made_up_run(
    *, demand: int, sites: int, pairs: int, communities: int = 200, seed: int = 1
) -> tuple[Run, BuiltProblem, dict[str, TravelTimes]]:
    """Return a run with ``demand`` homes, ``sites`` candidates, three services and ``pairs`` walks in all, with its problem and walks."""
    rng = np.random.default_rng(seed)
    study = made_up_study(sites)
    side_m = 7_000.0
    ground = _communities(communities, side_m)
    homes = _homes(rng, demand, side_m)
    places = rng.uniform(0, side_m, (sites + sites // 10, 2)) + np.array([WEST, SOUTH])
    district = _district(rng, study, ground, homes=homes, places=places, sites=sites)
    reaches = _reaches(study, homes, places, pairs)
    posed = build_problem(study, district, reaches)
    plan = _some_plan(rng, posed, sites // 20)
    return _run(study, district, posed, reaches=reaches, plan=plan, side_m=side_m), posed, reaches


def made_up_study(sites: int) -> Study:
    """Return what is asked of the made-up town: three services, two walkers, two departments, shared rooms, a clash."""
    circles = [{"minutes": 5, "weight": 1.0}, {"minutes": 10, "weight": 0.6}, {"minutes": 15, "weight": 0.3}]
    layer = {"path": "made-up"}

    services = [
        {
            "id": name,
            "name": {"zh": zh, "en": en},
            "demand": {group: 1},
            "walker": walker,
            "circles": circles,
            "area_m2": area_m2,
            "fit_out_cost": cost,
            "yearly_cost": cost / 3,
            "department": payer,
        }
        for name, zh, en, group, walker, area_m2, cost, payer in (
            ("elder_care", "养老服务", "Elder care", "aged_60", "elder", 350, 1_050_000, "civil"),
            ("canteen", "社区食堂", "Canteen", "aged_60", "elder", 150, 300_000, "civil"),
            ("childcare", "托育服务", "Childcare", "aged_0_3", "carer", 200, 600_000, "health"),
        )
    ]
    return Study.model_validate(
        {
            "version": 1,
            "name": {"zh": "虚构城区", "en": "Made-up district"},
            "language": "zh",
            "layers": {
                "communities": {**layer, "roll_up": ["street"]},
                "people": [
                    {
                        **layer,
                        "groups": {"aged_60": "a", "aged_0_3": "b"},
                        "basis": "resident",
                        "year": 2025,
                        "source": "made up",
                    }
                ],
                "streets": layer,
                "candidates": [{**layer, "kind": "hall"}],
            },
            "groups": {
                "aged_60": {"name": {"zh": "60 岁及以上", "en": "60 and over"}},
                "aged_0_3": {"name": {"zh": "0–3 岁", "en": "under 3"}},
            },
            "walking": {"profiles": {"elder": {"speed_m_s": 0.8}, "carer": {"speed_m_s": 1.0}}},
            "services": services,
            "site_kinds": {"hall": {"name": {"zh": "闲置用房", "en": "Vacant hall"}, "setup_cost": 200_000}},
            "co_location": {
                "incompatible": [["canteen", "childcare"]],
                "shared_rooms": [{"services": ["elder_care", "canteen"], "area_m2": 50, "fit_out_cost": 100_000}],
            },
            "budgets": {
                "capital_cost": 60_000_000,
                "departments": {
                    "civil": {"name": {"zh": "民政局", "en": "Civil affairs"}, "capital_cost": 40_000_000},
                    "health": {"name": {"zh": "卫健委", "en": "Health"}},
                },
                "building_department": "civil",
            },
            "siting": {"max_sites": sites // 10},
        }
    )


def _communities(number: int, side_m: float) -> gpd.GeoDataFrame:
    across = max(1, round(number**0.5))
    step = side_m / across
    cells = [(c, r) for r in range(-(-number // across)) for c in range(across)][:number]
    shapes = [box(WEST + c * step, SOUTH + r * step, WEST + (c + 1) * step, SOUTH + (r + 1) * step) for c, r in cells]
    return gpd.GeoDataFrame(
        {
            "id": [f"c{k:04d}" for k in range(number)],
            "name": [f"第{k + 1}社区" for k in range(number)],
            "street": [f"第{1 + r // 4}街道" for _, r in cells],
        },
        geometry=shapes,
        crs=METRIC,
    )


def _homes(rng: np.random.Generator, number: int, side_m: float) -> NDArray[np.float64]:
    centres = rng.uniform(0.08, 0.92, (40, 2)) * side_m
    homes = centres[rng.integers(0, len(centres), number)] + rng.normal(0, 0.05 * side_m, (number, 2))
    return np.clip(homes, 1.0, side_m - 1.0) + np.array([WEST, SOUTH])


def _district(
    rng: np.random.Generator,
    study: Study,
    ground: gpd.GeoDataFrame,
    *,
    homes: NDArray[np.float64],
    places: NDArray[np.float64],
    sites: int,
) -> District:
    points = gpd.points_from_xy(*homes.T, crs=METRIC)
    within = gpd.GeoDataFrame(geometry=points).sjoin(ground[["geometry"]], how="left", predicate="within")
    community = within[~within.index.duplicated()]["index_right"].fillna(-1).astype(np.int32).to_numpy()
    demand = gpd.GeoDataFrame(
        {
            "id": [f"b{i:06d}" for i in range(len(homes))],
            "community": community,
            "aged_60": rng.gamma(2.0, 4.0, len(homes)),
            "aged_0_3": rng.poisson(0.8, len(homes)).astype(np.float64),
        },
        geometry=points,
    )
    old = len(places) - sites
    facilities = gpd.GeoDataFrame(
        {"id": [f"f{j:04d}" for j in range(old)], "name": [f"现有设施 {j + 1}" for j in range(old)], "area_m2": np.nan},
        geometry=gpd.points_from_xy(*places[:old].T, crs=METRIC),
    )
    existing = pd.DataFrame(
        {
            "facility": np.arange(old, dtype=np.int32),
            "service": [study.services[j % 3].id for j in range(old)],
            "capacity": np.nan,
        }
    )
    candidates = gpd.GeoDataFrame(
        {
            "id": [f"s{j:04d}" for j in range(sites)],
            "name": [f"备选用房 {j + 1}" for j in range(sites)],
            "kind": "hall",
            "area_m2": rng.integers(120, 900, sites).astype(np.float64),
            "storey": 1,
            "lift": False,
            "setup_cost": 200_000.0,
            "yearly_cost": 0.0,
            "ready_year": np.nan,
            "services": ";".join(service.id for service in study.services),
        },
        geometry=gpd.points_from_xy(*places[old:].T, crs=METRIC),
    )
    return District(
        CRS(METRIC),
        ground,
        demand,
        facilities,
        existing,
        candidates,
        read_context_layers(study, {}, CRS(METRIC), ()),
        (),
    )


def _reaches(
    study: Study, homes: NDArray[np.float64], places: NDArray[np.float64], pairs: int
) -> dict[str, TravelTimes]:
    """Return the walks of both walkers: ``pairs`` in all, the shortest in metres that each can walk in time."""
    near = cKDTree(homes).sparse_distance_matrix(cKDTree(places), CUTOFF_S * 1.0 / DETOUR, output_type="coo_matrix")
    order = np.lexsort((near.col, near.data, near.row))
    row, column, metres = near.row[order], near.col[order], near.data[order] * DETOUR
    speeds = {name: profile.speed_m_s for name, profile in study.walking.profiles.items()}
    seconds = {name: np.round(metres / speed, 3).astype(np.float32) for name, speed in speeds.items()}
    every = np.sort(np.concatenate([s[s <= CUTOFF_S] for s in seconds.values()]))
    longest_s = every[min(pairs, len(every)) - 1]
    found = {}
    for name, walked in seconds.items():
        kept = walked <= longest_s
        indptr = np.concatenate([[0], np.cumsum(np.bincount(row[kept], minlength=len(homes)))])
        found[name] = TravelTimes(indptr, column[kept].astype(np.int32), walked[kept], len(places), CUTOFF_S)
    return found


def _some_plan(rng: np.random.Generator, posed: BuiltProblem, buildings: int) -> Plan:
    """Return a plan that opens one service in each of so many buildings: something to look at, not an optimum."""
    offers = posed.problem.offers
    new = np.flatnonzero(~offers.existing)
    sites = rng.choice(np.unique(offers.site[new]), buildings, replace=False)
    chosen = [rng.choice(new[offers.site[new] == site]) for site in sites]
    opened = np.sort(np.concatenate([np.flatnonzero(offers.existing), chosen])).astype(np.int64)
    return Plan((opened,), None, (), Outcome("feasible", None, None, None, 0.0, "none", "0", "limit"))


def _run(
    study: Study, district: District, posed: BuiltProblem, *, reaches: dict[str, TravelTimes], plan: Plan, side_m: float
) -> Run:
    offers = posed.problem.offers
    recount = evaluate_offers(posed.problem, plan.offers)

    def walked(chosen: NDArray[np.int64]) -> list[tabulate.Nearest]:
        found = []
        for k, service in enumerate(study.services):
            is_open = np.zeros(len(posed.place_ids), dtype=np.bool_)
            is_open[offers.site[chosen[offers.service[chosen] == k]]] = True
            found.append(tabulate.nearest(reaches[service.walker], is_open))
        return found

    standing = np.flatnonzero(offers.existing)
    before, after = walked(standing), walked(plan.offers)
    coverage, by_community, by_area = tabulate.coverage_tables(
        study,
        district,
        before,
        after,
        places_before=places_today(posed, standing),
        places_after=places_found(posed, recount),
    )
    openings = tabulate.openings_table(study, posed, plan)
    opened = np.isin(np.arange(len(posed.place_ids)), recount.opened_sites)
    tables = Tables(
        communities=tabulate.communities_table(study, district),
        demand=tabulate.demand_table(study, district, np.full(len(district.demand), 5.0)),
        places=tabulate.places_table(district, np.full(len(posed.place_ids), 5.0), opened),
        existing=tabulate.existing_table(district),
        offers=tabulate.offers_table(study, posed, plan.offers),
        openings=openings,
        opened_sites=tabulate.opened_sites_table(study, district, posed, openings, recount),
        coverage=coverage,
        coverage_by_community=by_community,
        coverage_by_area=by_area,
        served=served_table(study, posed, recount),
        loads=loads_table(posed, plan, recount),
        closed=closed_table(posed, plan),
        unopened=unopened_table(study, district, posed, plan, spent_capital=recount.capital_cost),
        bills=bills_table(study, recount),
        unevenness=empty_table(schema()["run"]["unevenness"]),
        area_limits=area_limits_table(labels_of(study, district, posed), plan, recount),
        compliance=empty_table(schema()["run"]["compliance"]),
        hubs=empty_table(schema()["run"]["hubs"]),
        nearest=tabulate.nearest_table(study, district, posed.place_ids, before, after),
        reach=tabulate.reach_table(district, posed.place_ids, reaches),
        circles=tabulate.circles_table(posed.place_ids, {}, district.crs),
        streets=_streets(side_m),
        ground=_ground(district.demand),
        findings=tabulate.findings_table(district.findings),
    )
    result = Result(
        status="feasible", objective=recount.worth, bound=recount.worth * 1.25, gap=0.25, seconds=0.0, solver="none 0",
        capital_cost=recount.capital_cost, yearly_cost=recount.yearly_cost, sites_opened=len(recount.opened_sites),
        services_opened=len(openings), co_located=0, proven=False,
    )  # fmt: skip
    manifest = Manifest("base-made-up", "base", "0" * 64, {}, {}, 1, METRIC, result, {})
    return Run(study, manifest, tables)


def _ground(demand: gpd.GeoDataFrame, side_m: float = 14.0) -> gpd.GeoDataFrame:
    """Return a square building around every home."""
    boxes = demand.geometry.buffer(side_m / 2, cap_style="square")
    return gpd.GeoDataFrame({"kind": "building", "name": ""}, index=demand.index, geometry=boxes)


def _streets(side_m: float, step_m: float = 150.0) -> gpd.GeoDataFrame:
    at = np.arange(0, side_m, step_m)
    cuts = np.arange(0, side_m + step_m, step_m)
    lines = [LineString([(WEST + x, SOUTH + y) for y in cuts]) for x in at] + [
        LineString([(WEST + x, SOUTH + y) for x in cuts]) for y in at
    ]
    kinds = ["secondary" if k % 6 == 0 else "residential" for k in range(len(lines))]
    columns = {"highway": kinds, "stairs": False, "doors": True, "across": False}
    return gpd.GeoDataFrame(columns, geometry=lines, crs=METRIC)
