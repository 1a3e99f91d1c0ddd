"""Siting problem of a study and its district: demands, rules, goals, phases, budgets.

Ids are translated here, once. Places are facilities first, candidates after them, in the order of the district's frames:
the columns of every travel-time matrix.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.errors import Fault, LayerError, StudyError, raise_all
from planner.siting.build.areas import area_floors, area_limits
from planner.siting.build.demands import study_demands
from planner.siting.build.offers import (
    PossibleOffer,
    building_share,
    offer_arrays,
    possible_offers,
    site_arrays,
    sizes_of,
)
from planner.siting.model.data import (
    Budgets,
    Floor,
    Goal,
    Hub,
    Lock,
    Phases,
    Rules,
    SharedRoom,
    SolverSettings,
    Spread,
)
from planner.siting.model.problem import SitingProblem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.district import District
    from planner.siting.arrays import BoolArray
    from planner.siting.build.demands import StudyDemands
    from planner.siting.model.data import TravelTimeArrays
    from planner.study import Lock as StudyLock
    from planner.study import Study


@dataclass(frozen=True, eq=False)
class BuiltProblem:
    """The siting problem, and the ids of its positions."""

    problem: SitingProblem
    place_ids: tuple[str, ...]
    """Facilities, then candidates."""
    service_ids: tuple[str, ...]
    """Services; each at the position of its first demand."""
    department_ids: tuple[str, ...]
    offer_sizes: tuple[str, ...]
    """Size of each offer as the study names it; empty for the only size of a service and for existing facilities."""
    demands_of: tuple[tuple[int, ...], ...]
    """The demands of each service: that of everybody whom no area treats otherwise, then those of areas; see `Evaluation.of_demands`."""


def build_problem(
    study: Study, district: District, reaches: Mapping[str, TravelTimeArrays], *, standing_only: bool = False
) -> BuiltProblem:
    """Return the siting problem of a district.

    Parameters
    ----------
    study
        Services, rules and goals.
    district
        Communities, people, facilities and candidate sites.
    reaches
        Walking profile → travel times from every demand point to every place, at least as far as the widest circle that
        the profile's services have.
    standing_only
        Existing facilities only: no candidate needs to suit any service.

    Raises
    ------
    StudyError
        if a lock names no place, or rooms are larger than the services that share them.
    LayerError
        if no candidate can take any service.
    """
    faults: list[Fault] = []
    place_ids = (*district.facilities["id"], *district.sites["id"])
    offers = possible_offers(study, district)
    if not standing_only and all(offer.existing for offer in offers):
        msg = (
            "no candidate can take any service: compare area_m2, storey, lift and ready_year of the candidates"
            " with area_m2, max_storey and needs_lift_from_storey of the services and with siting.open_by"
        )
        raise LayerError(msg)
    demands = study_demands(study, district, reaches)
    rules = _rules(study, district, {place: i for i, place in enumerate(place_ids)}, offers, demands, faults=faults)
    raise_all(faults, StudyError, "the study asks for what the layers cannot give")
    problem = SitingProblem(
        n_demand=len(district.demand),
        n_services=len(study.services),
        sites=site_arrays(study, district),
        offers=offer_arrays(study, offers),
        demands=demands.demands,
        budgets=_budgets(study),
        rules=rules,
        goals=_goals(study),
        community=district.demand["community"].to_numpy(dtype=np.int64),
        phases=_phases(study, district),
        settings=SolverSettings(
            time_limit_s=study.solver.time_limit_s,
            gap=study.solver.gap,
            threads=study.solver.threads,
            seed=study.solver.seed,
            solver=study.solver.name,
        ),
    )
    return BuiltProblem(
        problem=problem,
        place_ids=place_ids,
        service_ids=tuple(service.id for service in study.services),
        department_ids=tuple(study.budgets.departments),
        offer_sizes=tuple(offer.size for offer in offers),
        demands_of=demands.of_service,
    )


def _rules(
    study: Study,
    district: District,
    at: Mapping[str, int],
    offers: tuple[PossibleOffer, ...],
    demands: StudyDemands,
    *,
    faults: list[Fault],
) -> Rules:
    """Return the rules; references that the layers do not have are added to ``faults``.

    Parameters
    ----------
    at
        Place id → position.
    """
    service_ids = tuple(service.id for service in study.services)
    siting = study.siting
    hub = study.co_location.hub
    return Rules(
        min_sites=siting.min_sites,
        max_sites=siting.max_sites,
        min_openings=tuple(service.min_openings for service in study.services),
        max_openings=tuple(service.max_openings for service in study.services),
        incompatible=_incompatible(study, service_ids),
        rooms=_rooms(study, service_ids, faults),
        locks=_locks(study, at, service_ids, offers, faults),
        hub=None if hub is None else Hub(hub.min_area_m2, hub.min_services, np.isin(service_ids, hub.of), hub.min_of),
        min_hubs=0 if hub is None else hub.min_hubs,
        floors=_floors(study, district, service_ids, demands),
        spreads=tuple(
            Spread(
                demands.of_service[k][0], spread.most, _circle_at(study, k, spread.minutes), demands.of_service[k][1:]
            )
            for spread in siting.spreads
            for k in [service_ids.index(spread.service)]
        ),
        assignment=tuple(siting.assignment for _ in service_ids),
        areas=area_limits(study, district),
    )


def _floors(study: Study, district: District, service_ids: tuple[str, ...], demands: StudyDemands) -> tuple[Floor, ...]:
    """Return the floors of the study, then the targets of the objective ``fewest``, then the floors of areas."""
    floors = []
    for _, floor in study.kept_floors:
        k = service_ids.index(floor.service)
        counted = demands.of_service[k] if floor.group is None else demands.of_group[floor.service, floor.group]
        circle = _circle_at(study, k, floor.minutes)
        floors.append(
            Floor(counted[0], floor.share, circle, every_community=floor.per == "community", also=counted[1:])
        )
    if "fewest" in study.siting.objective and study.siting.target is not None:
        every = study.siting.target_per == "community"
        floors += [
            Floor(first, study.siting.target, every_community=every, also=tuple(also))
            for first, *also in demands.of_service
        ]
    return (*floors, *area_floors(study, district, demands))


def _circle_at(study: Study, service: int, minutes: float) -> int:
    """Return the position of a circle among those of a service and its areas."""
    return [circle.minutes for circle in study.circles_of(study.services[service])].index(minutes)


def _goals(study: Study) -> tuple[Goal, ...]:
    """Return the chain of goals of the study's objectives."""
    siting = study.siting
    goals: list[Goal] = []
    for name in siting.objective:
        if name == "fewest":
            goals += [
                Goal("sites", siting.step_tolerance),
                Goal("cost", siting.step_tolerance, years=siting.cost_years),
            ]
        elif name == "cost":
            goals.append(Goal("cost", siting.step_tolerance, years=siting.cost_years))
        elif name == "fair":
            goals.append(Goal("fair", siting.step_tolerance, depth=siting.fair_depth))
        elif name == "floor":
            goals.append(Goal("fair", siting.step_tolerance, depth=1))
        else:
            goals.append(Goal(name, siting.step_tolerance))
    return tuple(goals)


def _phases(study: Study, district: District) -> Phases | None:
    """Return the phases, or None for a plan without years; facilities are ready from the first year."""
    years = study.siting.years
    if not years:
        return None
    ready = np.searchsorted(years, district.sites["ready_year"].fillna(years[0]).to_numpy(dtype=np.float64))
    return Phases(
        capital_cost=np.array([study.siting.capital_cost_by_year[year] for year in years]),
        weights=np.ones(len(years)),
        ready=np.concatenate([np.zeros(len(district.facilities)), ready]).astype(np.int32),
    )


def _locks(
    study: Study,
    at: Mapping[str, int],
    service_ids: tuple[str, ...],
    offers: tuple[PossibleOffer, ...],
    faults: list[Fault],
) -> tuple[Lock, ...]:
    candidates = {(offer.place, offer.service) for offer in offers}
    locks: list[Lock] = []
    for kind, named_locks in (("must", study.siting.must), ("never", study.siting.never)):
        for lock in named_locks:
            where = f"siting.{kind}: {_label_of(lock)}"
            if lock.site not in at:
                near = difflib.get_close_matches(lock.site, list(at), n=1)
                faults.append(
                    Fault(where, "no facility or candidate has this id", f"did you mean {near[0]}?" if near else "")
                )
                continue
            service = service_ids.index(lock.service) if lock.service else None
            place = at[lock.site]
            fits = any(p == place and service in (None, k) for p, k in candidates)
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
    lock: StudyLock,
    kind: str,
    offers: tuple[PossibleOffer, ...],
    place_ids: list[str],
    *,
    place: int,
    service: int | None,
) -> tuple[int, ...]:
    """Return the positions of the offers that ``lock`` names by size, origin, or because they exist."""
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


def _stays(study: Study, offers: tuple[PossibleOffer, ...], named: tuple[int, ...]) -> bool:
    """Return whether one of the offers ``named`` must stay open."""
    if study.siting.existing.may_close:
        return False
    moved = {offer.moves for offer in offers}
    return any(offers[position].existing and position not in moved for position in named)


def _label_of(lock: StudyLock) -> str:
    details = (lock.service, lock.size or None, lock.moves_from or None)
    return "/".join(part for part in (lock.site, *details) if part is not None)


def _rooms(study: Study, service_ids: tuple[str, ...], faults: list[Fault]) -> tuple[SharedRoom, ...]:
    _rooms_beyond_services(study, faults)
    return tuple(
        SharedRoom(
            services=np.isin(service_ids, room.services),
            area_m2=room.area_m2,
            capital_cost=room.fit_out_cost,
            yearly_cost=room.yearly_cost,
            share=building_share(study),
        )
        for room in study.co_location.shared_rooms
    )


def _rooms_beyond_services(study: Study, faults: list[Fault]) -> None:
    """Find services whose shared rooms together exceed the service itself in area or cost, in any of its sizes."""
    for service in study.services:
        of_service = [i for i, room in enumerate(study.co_location.shared_rooms) if service.id in room.services]
        if not of_service:
            continue
        rooms = [study.co_location.shared_rooms[i] for i in of_service]
        where = ", ".join(f"co_location.shared_rooms.{i}" for i in of_service)
        for size in sizes_of(service):
            named = service.id if not service.sizes else f"{service.id}/{size.id}"
            for key in ("area_m2", "fit_out_cost", "yearly_cost"):
                least, whole = sum(getattr(room, key) for room in rooms), getattr(size, key)
                if least > whole:
                    what = f"{key} of the shared rooms of {named} is {least:g}, more than the {whole:g} of the service itself"
                    faults.append(Fault(where, what, "a shared room is a part of each of its services"))


def _budgets(study: Study) -> Budgets:
    """Return the budgets, overall and by department."""
    budgets = study.budgets
    departments = list(budgets.departments.values())
    limits = {
        name: np.array(
            [np.inf if (limit := getattr(department, name)) is None else limit for department in departments]
        )
        for name in ("capital_cost", "yearly_cost")
    }
    return Budgets(
        capital_cost=np.inf if budgets.capital_cost is None else budgets.capital_cost,
        yearly_cost=np.inf if budgets.yearly_cost is None else budgets.yearly_cost,
        department_capital_cost=limits["capital_cost"] if departments else None,
        department_yearly_cost=limits["yearly_cost"] if departments else None,
        outside=np.array([department.outside for department in departments]) if departments else None,
    )


def _incompatible(study: Study, service_ids: tuple[str, ...]) -> BoolArray | None:
    if not study.co_location.incompatible:
        return None
    pairs = np.zeros((len(service_ids), len(service_ids)), dtype=np.bool_)
    for a, b in study.co_location.incompatible:
        pairs[service_ids.index(a), service_ids.index(b)] = pairs[service_ids.index(b), service_ids.index(a)] = True
    return pairs
