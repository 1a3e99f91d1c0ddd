"""What a page must carry to count a decision exactly as the planner counts it: people, walks, offers, money, rules.

Everything is a column in the order of the stored tables; ids stand beside, once. The page adds up in the same order and in the
same arithmetic (IEEE 754 doubles) as `planner.siting.evaluate_offers`, so that both give the same numbers to the last bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from planner.report.degrees import continuous_degrees
from planner.report.indicators import limited_services
from planner.report.numbers import pack_counts, pack_floats, pack_steps
from planner.report.squares import squares
from planner.report.walks import pack_walks
from planner.workflow.plan_tables import FACILITY
from planner.workflow.stages import reach_limits_s

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from planner.store.run import Run
    from planner.study import Label, Study

#: what an unlimited number is in JSON
UNLIMITED = None


def question(run: Run) -> dict[str, Any]:
    """Return people, walks, offers, sites, budgets and rules of ``run`` for the page's own count."""
    study, tables = run.study, run.tables
    return {
        "services": [_service(run, k) for k in range(len(study.services))],
        "demand": _demand(run),
        "squares": squares(run),
        "walkers": _walkers(run),
        "offers": _offers(run),
        "sites": _sites(run),
        "departments": [
            {
                "id": name,
                "name": spoken(department.name),
                "outside": department.outside,
                "capital": department.capital_yuan,
                "yearly": department.yearly_yuan,
            }
            for name, department in study.budgets.departments.items()
        ],
        "budgets": {"capital": study.budgets.capital_yuan, "yearly": study.budgets.yearly_yuan},
        "rules": _rules(study, tables.offers, tables.places["id"].tolist()),
        "plans": _plans(tables.offers),
    }


def spoken(label: Label) -> dict[str, str]:
    """Return a label in both languages."""
    return {"zh": label.zh, "en": label.en}


def cutoffs_s(study: Study) -> list[float]:
    """Return every cutoff of every service, in seconds."""
    return [60 * minutes for minutes in study.cutoffs_min]


def _service(run: Run, position: int) -> dict[str, Any]:
    service = run.study.services[position]
    return {
        "id": service.id,
        "demand": [[group, weight] for group, weight in service.demand.items()],
        "walker": service.walker,
        "cutoffs_s": [60 * circle.minutes for circle in service.circles],
        "weights": [circle.weight for circle in service.circles],
        "department": service.department,
        "limited": service.id in limited_services(run),
        "participation": service.participation,
    }


def _demand(run: Run) -> dict[str, Any]:
    demand, communities = run.tables.demand, run.tables.communities
    at = {name: position for position, name in enumerate(communities["id"])}
    degrees = continuous_degrees(demand.geometry)
    need = demand["need_weight"].to_numpy(dtype=np.float64)
    groups = dict.fromkeys(group for service in run.study.services for group in service.demand)
    groups |= dict.fromkeys(floor.group for _, floor in run.study.kept_floors if floor.group is not None)
    return {
        "count": len(demand),
        "community": pack_counts(np.array([at.get(name, -1) + 1 for name in demand["community_id"]], dtype=np.int64)),
        "people": {group: pack_floats(demand[f"people_{group}"].to_numpy(dtype=np.float64)) for group in groups},
        "need": pack_floats(need) if (need != 1).any() else None,
        "lon": pack_steps(np.round(degrees.x.to_numpy() * 1e6).astype(np.int64)),
        "lat": pack_steps(np.round(degrees.y.to_numpy() * 1e6).astype(np.int64)),
    }


def _walkers(run: Run) -> dict[str, Any]:
    """Return the walks of every profile that was timed, with the services it can be asked about."""
    study, tables = run.study, run.tables
    timed = tables.reach["walker"].astype(str).to_numpy()
    limits = reach_limits_s(study)
    packed = {}
    for walker, limit_s in limits.items():
        mine = tables.reach[timed == walker]
        cutoffs = [seconds for seconds in cutoffs_s(study) if seconds <= limit_s]
        packed[walker] = {
            "speed_m_s": study.walking.profiles[walker].speed_m_s,
            "source": study.walking.profiles[walker].source,
            "limit_s": limit_s,
            **pack_walks(mine, tables.demand["id"].tolist(), tables.places["id"].tolist(), cutoffs),
        }
    return packed


def _offers(run: Run) -> dict[str, Any]:
    offers = run.tables.offers
    at = {name: position for position, name in enumerate(run.tables.places["id"])}
    service = {item.id: position for position, item in enumerate(run.study.services)}
    service_of = [service[name] for name in offers["service"]]
    standing = {
        (place, k): position
        for position, (place, k, stands) in enumerate(
            zip(offers["place_id"], service_of, offers["stands"], strict=True)
        )
        if stands
    }
    shares = [offers[f"pays_{name}"].tolist() for name in run.study.budgets.departments if f"pays_{name}" in offers]
    return {
        "site": [at[name] for name in offers["place_id"]],
        "service": service_of,
        "size": offers["size"].tolist(),
        "stands": offers["stands"].astype(int).tolist(),
        "mayClose": offers["may_close"].astype(int).tolist(),
        "area": offers["area_m2"].tolist(),
        "capital": offers["capital_yuan"].tolist(),
        "yearly": offers["yearly_yuan"].tolist(),
        "moves": [standing.get((name, k), -1) for name, k in zip(offers["moves_from"], service_of, strict=True)],
        "closing": offers["closing_yuan"].tolist(),
        "pays": shares,
        "capacity": [UNLIMITED if np.isnan(value) else float(value) for value in offers["capacity"]],
        "minLoad": _least_loads(run, service_of),
    }


def _least_loads(run: Run, service_of: list[int]) -> list[float]:
    """Return the load below which each offer is not worth opening; what stands, and its extension, is open as it is."""
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
        "setup": places["setup_yuan"].tolist(),
        "setupPerM2": [kind.setup_yuan_per_m2 if kind else 0.0 for kind in kinds],
        "yearly": places["yearly_yuan"].tolist(),
        "area": area,
        "payer": None if payer is None else departments.index(payer),
    }


def _rules(study: Study, offers: pd.DataFrame, place_ids: list[str]) -> dict[str, Any]:
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
        "floors": _floors(study, position),
        "spreads": [
            {"service": position[spread.service], "cutoff_s": 60 * spread.minutes, "most": spread.most}
            for spread in siting.spreads
        ],
        "rooms": [
            {
                "services": [position[name] for name in room.services],
                "area": room.area_m2,
                "capital": room.fit_out_yuan,
                "yearly": room.yearly_yuan,
            }
            for room in together.shared_rooms
        ],
        "locks": _locks(study, offers, place_ids),
    }


def _locks(study: Study, offers: pd.DataFrame, place_ids: list[str]) -> list[dict[str, Any]]:
    """Return the locks in positions; ``offers`` names those that a lock means by size, origin or standing, None where it means all."""
    place = {name: position for position, name in enumerate(place_ids)}
    service = {one.id: position for position, one in enumerate(study.services)}
    ways = list(zip(*(offers[name] for name in ("place_id", "service", "size", "moves_from", "stands")), strict=True))
    found = []
    for kind, locks in (("must", study.siting.must), ("never", study.siting.never)):
        for lock in locks:
            meant = [
                position
                for position, (site, of, size, origin, stands) in enumerate(ways)
                if (site, of) == (lock.site, lock.service)
                and lock.means(never=kind == "never", size=size, moves_from=origin, stands=bool(stands))
            ]
            found.append(
                {
                    "kind": kind,
                    "site": place[lock.site],
                    "service": None if lock.service is None else service[lock.service],
                    "offers": meant if lock.detailed else None,
                }
            )
    return found


def _floors(study: Study, position: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return the guaranteed shares: those asked for, and the targets of the objective ``fewest``."""
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
                "cutoff_s": 60 * service.circles[-1].minutes,
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
