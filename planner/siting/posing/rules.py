"""What the study demands of a plan, in positions: locks, rooms, hubs, floors, goals, phases, money."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import numpy as np

from planner.errors import Fault
from planner.siting.posing.offers import Offered, building_share, sizes_of
from planner.siting.question.problem import Budgets, Goal, Phases
from planner.siting.question.rules import Floor, Hub, Lock, Room, Rules, Spread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from planner.district import District
    from planner.siting.question.problem import Demand
    from planner.study import Lock as AskedLock
    from planner.study import Study

__all__ = ["budgets_of", "goals_of", "phases_of", "rules_of"]


def rules_of(
    study: Study,
    at: Mapping[str, int],
    offers: tuple[Offered, ...],
    demands: tuple[Demand, ...],
    group_demands: Mapping[tuple[str, str], int],
    *,
    faults: list[Fault],
) -> Rules:
    """Return the rules; what they name and the layers do not have is added to ``faults``.

    Parameters
    ----------
    at
        Place id → position.
    demands, group_demands
        One demand per service, then one for each (service, group) that a floor speaks of, at that position.
    """
    service_ids = tuple(service.id for service in study.services)
    asked = study.siting
    hub = study.co_location.hub
    return Rules(
        min_sites=asked.min_sites,
        max_sites=asked.max_sites,
        min_openings=tuple(service.min_openings for service in study.services),
        max_openings=tuple(service.max_openings for service in study.services),
        incompatible=_incompatible(study, service_ids),
        rooms=_rooms(study, service_ids, faults),
        locks=_locks(study, at, service_ids, offers, faults),
        hub=None if hub is None else Hub(hub.min_area_m2, hub.min_services, np.isin(service_ids, hub.of), hub.min_of),
        min_hubs=0 if hub is None else hub.min_hubs,
        floors=_floors(study, service_ids, demands, group_demands),
        spreads=tuple(
            Spread(k, spread.most, demands[k].cutoffs_s.index(spread.minutes * 60))
            for spread in asked.spreads
            for k in [service_ids.index(spread.service)]
        ),
        assignment=tuple(asked.assignment for _ in service_ids),
    )


def _floors(
    study: Study,
    service_ids: tuple[str, ...],
    demands: tuple[Demand, ...],
    group_demands: Mapping[tuple[str, str], int],
) -> tuple[Floor, ...]:
    floors = []
    for _, floor in study.kept_floors:
        k = service_ids.index(floor.service) if floor.group is None else group_demands[floor.service, floor.group]
        circle = demands[k].cutoffs_s.index(floor.minutes * 60)
        floors.append(Floor(k, floor.share, circle, every_community=floor.per == "community"))
    if "fewest" in study.siting.objective and study.siting.target is not None:
        every = study.siting.target_per == "community"
        floors += [Floor(k, study.siting.target, every_community=every) for k in range(len(service_ids))]
    return tuple(floors)


def goals_of(study: Study) -> tuple[Goal, ...]:
    """Return the chain of goals that the study's objectives stand for."""
    asked = study.siting
    goals: list[Goal] = []
    for name in asked.objective:
        if name == "fewest":
            goals += [Goal("sites", asked.step_tolerance), Goal("cost", asked.step_tolerance, years=asked.cost_years)]
        elif name == "cost":
            goals.append(Goal("cost", asked.step_tolerance, years=asked.cost_years))
        elif name == "fair":
            goals.append(Goal("fair", asked.step_tolerance, depth=asked.fair_depth))
        elif name == "floor":
            goals.append(Goal("fair", asked.step_tolerance, depth=1))
        else:
            goals.append(Goal(name, asked.step_tolerance))
    return tuple(goals)


def phases_of(study: Study, district: District) -> Phases | None:
    """Return the phases, or None for a plan without years; facilities are ready from the first year."""
    years = study.siting.years
    if not years:
        return None
    ready = np.searchsorted(years, district.sites["ready_year"].fillna(years[0]).to_numpy(dtype=np.float64))
    return Phases(
        capital_yuan=np.array([study.siting.capital_yuan_by_year[year] for year in years]),
        weights=np.ones(len(years)),
        ready=np.concatenate([np.zeros(len(district.facilities)), ready]).astype(np.int32),
    )


def _locks(
    study: Study, at: Mapping[str, int], service_ids: tuple[str, ...], offers: tuple[Offered, ...], faults: list[Fault]
) -> tuple[Lock, ...]:
    possible = {(offer.place, offer.service) for offer in offers}
    locks: list[Lock] = []
    for kind, asked in (("must", study.siting.must), ("never", study.siting.never)):
        for lock in asked:
            where = f"siting.{kind}: {_said(lock)}"
            if lock.site not in at:
                near = difflib.get_close_matches(lock.site, list(at), n=1)
                faults.append(
                    Fault(where, "no facility or candidate has this id", f"did you mean {near[0]}?" if near else "")
                )
                continue
            service = service_ids.index(lock.service) if lock.service else None
            place = at[lock.site]
            fits = any(p == place and service in (None, k) for p, k in possible)
            if kind == "must" and not fits:
                faults.append(
                    Fault(
                        where,
                        "the service does not fit there",
                        "compare the site's area, storey and lift with the service, or drop the lock",
                    )
                )
                continue
            named = _named(lock, kind, offers, list(at), place=place, service=service) if lock.detailed else ()
            if lock.detailed and not named:
                faults.append(
                    Fault(where, "the service cannot be run there in this way", "compare size, moves_from and standing")
                )
            elif kind == "never" and lock.standing and _stays(study, offers, named):
                faults.append(
                    Fault(where, "what stands there may not close", "set siting.existing.may_close, or drop standing")
                )
            locks.append(Lock("must" if kind == "must" else "never", place, service, named))
    return tuple(locks)


def _named(
    lock: AskedLock,
    kind: str,
    offers: tuple[Offered, ...],
    place_ids: list[str],
    *,
    place: int,
    service: int | None,
) -> tuple[int, ...]:
    """Return the positions of the offers that ``lock`` means by their size, their origin, or because they stand."""
    return tuple(
        position
        for position, offer in enumerate(offers)
        if (offer.place, offer.service) == (place, service)
        and lock.means(
            never=kind == "never",
            size=offer.size,
            moves_from="" if offer.moves < 0 else place_ids[offers[offer.moves].place],
            stands=offer.existing,
        )
    )


def _stays(study: Study, offers: tuple[Offered, ...], named: tuple[int, ...]) -> bool:
    """Say whether one of the offers ``named`` has to stay where it is."""
    if study.siting.existing.may_close:
        return False
    moved = {offer.moves for offer in offers}
    return any(offers[position].existing and position not in moved for position in named)


def _said(lock: AskedLock) -> str:
    details = (lock.service, lock.size or None, lock.moves_from or None)
    return "/".join(part for part in (lock.site, *details) if part is not None)


def _rooms(study: Study, service_ids: tuple[str, ...], faults: list[Fault]) -> tuple[Room, ...]:
    _rooms_beyond_services(study, faults)
    return tuple(
        Room(
            services=np.isin(service_ids, room.services),
            area_m2=room.area_m2,
            capital_yuan=room.fit_out_yuan,
            yearly_yuan=room.yearly_yuan,
            share=building_share(study),
        )
        for room in study.co_location.shared_rooms
    )


def _rooms_beyond_services(study: Study, faults: list[Fault]) -> None:
    """Find services whose rooms together are larger or dearer than the service itself, in any of its sizes."""
    for service in study.services:
        mine = [i for i, room in enumerate(study.co_location.shared_rooms) if service.id in room.services]
        if not mine:
            continue
        rooms = [study.co_location.shared_rooms[i] for i in mine]
        where = ", ".join(f"co_location.shared_rooms.{i}" for i in mine)
        for size in sizes_of(service):
            named = service.id if not service.sizes else f"{service.id}/{size.id}"
            for key in ("area_m2", "fit_out_yuan", "yearly_yuan"):
                least, whole = sum(getattr(room, key) for room in rooms), getattr(size, key)
                if least > whole:
                    what = f"{key} of the shared rooms of {named} is {least:g}, more than the {whole:g} of the service itself"
                    faults.append(Fault(where, what, "a shared room is a part of each of its services"))


def budgets_of(study: Study) -> Budgets:
    """Return the money there is."""
    asked = study.budgets
    departments = list(asked.departments.values())
    limits = {
        name: np.array(
            [np.inf if (limit := getattr(department, name)) is None else limit for department in departments]
        )
        for name in ("capital_yuan", "yearly_yuan")
    }
    return Budgets(
        capital_yuan=np.inf if asked.capital_yuan is None else asked.capital_yuan,
        yearly_yuan=np.inf if asked.yearly_yuan is None else asked.yearly_yuan,
        department_capital_yuan=limits["capital_yuan"] if departments else None,
        department_yearly_yuan=limits["yearly_yuan"] if departments else None,
        outside=np.array([department.outside for department in departments]) if departments else None,
    )


def _incompatible(study: Study, service_ids: tuple[str, ...]) -> NDArray[np.bool_] | None:
    if not study.co_location.incompatible:
        return None
    pairs = np.zeros((len(service_ids), len(service_ids)), dtype=np.bool_)
    for a, b in study.co_location.incompatible:
        pairs[service_ids.index(a), service_ids.index(b)] = pairs[service_ids.index(b), service_ids.index(a)] = True
    return pairs
