"""From what the planner asks and what is on the ground to the arrays the optimiser is told.

Ids are translated here, once. Places are facilities first, candidates after them, in the order of the district's frames:
the columns of every reach.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.errors import Fault, LayerError, StudyError, raise_all
from planner.siting.outcome import SolverSettings
from planner.siting.problem import Budgets, Demand, Offers, Sites, SitingProblem
from planner.siting.rules import Lock, Room, Rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from planner.district import District
    from planner.siting.problem import ReachArrays
    from planner.study import Lock as AskedLock
    from planner.study import Service, Size, Study

__all__ = ["Posed", "pose"]


@dataclass(frozen=True, eq=False)
class Posed:
    """The problem, and what its positions stand for."""

    problem: SitingProblem
    place_ids: tuple[str, ...]
    """Facilities, then candidates."""
    service_ids: tuple[str, ...]
    department_ids: tuple[str, ...]
    offer_sizes: tuple[str, ...]
    """Size of each offer as the study names it; empty for the only size of a service and for what stands today."""


@dataclass(frozen=True, slots=True)
class _Offer:
    place: int
    service: int
    size: str
    area_m2: float
    capital_yuan: float
    yearly_yuan: float
    capacity: float
    min_load: float
    existing: bool


def pose(study: Study, district: District, reaches: Mapping[str, ReachArrays]) -> Posed:
    """Return the siting problem of a district.

    Parameters
    ----------
    study
        What is asked.
    district
        Communities, people, facilities and candidate sites.
    reaches
        Walking profile → reach from every demand point to every place, at least as far as the widest circle that
        the profile's services have.

    Raises
    ------
    StudyError
        if a lock names no place, or rooms are larger than the services that share them.
    LayerError
        if no candidate can take any service.
    """
    faults: list[Fault] = []
    place_ids = (*district.facilities["id"], *district.sites["id"])
    at = {place: i for i, place in enumerate(place_ids)}
    service_ids = tuple(service.id for service in study.services)
    offers = [*_standing(study, district, service_ids), *_possible(study, district)]
    if all(offer.existing for offer in offers):
        msg = (
            "no candidate can take any service: compare area_m2, storey and lift of the candidates"
            " with area_m2, max_storey and needs_lift_from_storey of the services"
        )
        raise LayerError(msg)
    locks = _locks(study, at, service_ids, offers, faults)
    rooms = _rooms(study, service_ids, faults)
    raise_all(faults, StudyError, "the study asks for what the layers cannot give")
    departments = tuple(study.budgets.departments)
    problem = SitingProblem(
        n_demand=len(district.demand),
        n_services=len(service_ids),
        sites=_sites(study, district),
        offers=_arrays(study, offers, departments),
        demands=tuple(
            Demand(
                service=k,
                people=demand_of(service, district),
                reach=reaches[service.walker],
                cutoffs_s=tuple(circle.minutes * 60 for circle in service.circles),
                weights=tuple(circle.weight for circle in service.circles),
                load_per_person=service.participation,
            )
            for k, service in enumerate(study.services)
        ),
        budgets=_budgets(study),
        rules=Rules(
            min_sites=study.siting.min_sites,
            max_sites=study.siting.max_sites,
            min_openings=tuple(service.min_openings for service in study.services),
            max_openings=tuple(service.max_openings for service in study.services),
            incompatible=_incompatible(study, service_ids),
            rooms=rooms,
            locks=locks,
        ),
        settings=SolverSettings(
            time_limit_s=study.solver.time_limit_s,
            gap=study.solver.gap,
            threads=study.solver.threads,
            seed=study.solver.seed,
            solver=study.solver.name,
        ),
    )
    return Posed(problem, place_ids, service_ids, departments, tuple(offer.size for offer in offers))


def demand_of(service: Service, district: District) -> NDArray[np.float64]:
    """Return the people at each demand point that count for ``service``, float64[n]: its groups, weighted as the study says."""
    people = np.zeros(len(district.demand))
    for group, weight in service.demand.items():
        people += weight * district.demand[group].to_numpy(dtype=np.float64)
    return people


def _standing(study: Study, district: District, service_ids: tuple[str, ...]) -> list[_Offer]:
    known = district.existing["service"].isin(service_ids)
    facility, service, capacity = (
        district.existing.loc[known, name].tolist() for name in ("facility", "service", "capacity")
    )
    return [
        _Offer(
            place=place,
            service=service_ids.index(named),
            size="",
            area_m2=0.0,
            capital_yuan=0.0,
            yearly_yuan=0.0,
            capacity=_capacity(study.services[service_ids.index(named)], told),
            min_load=0.0,
            existing=True,
        )
        for place, named, told in zip(facility, service, capacity, strict=True)
    ]


def _capacity(service: Service, told: float) -> float:
    """Return what a facility can serve: its own figure, else what the study assumes of one opening.

    Places do not bind, whatever a layer says, for a service of which the study itself names no capacity.
    """
    if not _limited(service):
        return np.inf
    if np.isfinite(told):
        return told
    return np.inf if service.capacity is None else service.capacity


def _limited(service: Service) -> bool:
    """Say whether the study limits what an opening of ``service`` can serve, or asks for a load."""
    return service.capacity is not None or service.min_load > 0 or any(size.capacity for size in service.sizes)


def _possible(study: Study, district: District) -> list[_Offer]:
    first = len(district.facilities)
    sites = district.sites
    return [
        _Offer(
            place=first + j,
            service=k,
            size=size.id if service.sizes else "",
            area_m2=size.area_m2,
            capital_yuan=size.fit_out_yuan + _per_m2(study, site.kind) * size.area_m2,
            yearly_yuan=size.yearly_yuan,
            capacity=np.inf if size.capacity is None else size.capacity,
            min_load=service.min_load,
            existing=False,
        )
        for j, site in enumerate(sites.itertuples())
        for k, service in enumerate(study.services)
        if _may_stand(service, site)
        for size in sizes_of(service)
        if size.area_m2 <= site.area_m2
    ]


def sizes_of(service: Service) -> list[Size]:
    """Return the sizes in which ``service`` can be built; its own figures are the only size if it lists none."""
    from planner.study import Size  # noqa: PLC0415  # a value is made here, the rest of the module needs types alone

    return service.sizes or [
        Size(
            id=service.id,
            area_m2=service.area_m2,
            fit_out_yuan=service.fit_out_yuan,
            yearly_yuan=service.yearly_yuan,
            capacity=service.capacity,
        )
    ]


def _per_m2(study: Study, kind: str) -> float:
    return study.site_kinds[kind].setup_yuan_per_m2 if kind in study.site_kinds else 0.0


def _may_stand(service: Service, site: object) -> bool:
    """Say whether the storey, the lift and the site's own list allow ``service`` there."""
    storey, lift, allowed = int(site.storey), bool(site.lift), str(site.services)  # type: ignore[attr-defined]
    return (
        service.id in allowed.split(";")
        and (service.max_storey is None or storey <= service.max_storey)
        and (service.min_storey is None or storey >= service.min_storey)
        and (service.needs_lift_from_storey is None or storey < service.needs_lift_from_storey or lift)
    )


def _locks(
    study: Study, at: Mapping[str, int], service_ids: tuple[str, ...], offers: list[_Offer], faults: list[Fault]
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
            locks.append(Lock(kind="must" if kind == "must" else "never", site=place, service=service))
    return tuple(locks)


def _said(lock: AskedLock) -> str:
    return lock.site if lock.service is None else f"{lock.site}/{lock.service}"


def _rooms(study: Study, service_ids: tuple[str, ...], faults: list[Fault]) -> tuple[Room, ...]:
    rooms = []
    for i, room in enumerate(study.co_location.shared_rooms):
        for service in study.services:
            too_small = [
                size.id
                for size in sizes_of(service)
                if size.area_m2 < room.area_m2 or size.fit_out_yuan < room.fit_out_yuan
            ]
            if service.id in room.services and too_small:
                faults.append(
                    Fault(
                        f"co_location.shared_rooms.{i}",
                        f"the room is larger or dearer than {service.id} itself",
                        "it is a part of each service",
                    )
                )
        rooms.append(
            Room(
                services=np.isin(service_ids, room.services),
                area_m2=room.area_m2,
                capital_yuan=room.fit_out_yuan,
                yearly_yuan=room.yearly_yuan,
                share=_building_share(study),
            )
        )
    return tuple(rooms)


def _building_share(study: Study) -> NDArray[np.float64] | None:
    """Return what part each department pays of the building itself (set-up and shared rooms), float64[D]; None without departments."""
    departments = tuple(study.budgets.departments)
    if not departments:
        return None
    share = np.zeros(len(departments))
    if study.budgets.building_department is not None:
        share[departments.index(study.budgets.building_department)] = 1.0
    return share


def _sites(study: Study, district: District) -> Sites:
    before = np.zeros(len(district.facilities))
    share = _building_share(study)
    return Sites(
        setup_yuan=np.concatenate([before, district.sites["setup_yuan"].to_numpy(dtype=np.float64)]),
        floor_area_m2=np.concatenate([before + np.inf, district.sites["area_m2"].to_numpy(dtype=np.float64)]),
        setup_yearly_yuan=np.concatenate([before, district.sites["yearly_yuan"].to_numpy(dtype=np.float64)]),
        setup_share=None if share is None else np.tile(share, (len(before) + len(district.sites), 1)),
    )


def _arrays(study: Study, offers: list[_Offer], departments: tuple[str, ...]) -> Offers:
    service = np.array([offer.service for offer in offers], dtype=np.int32)
    shares = _shares(study, departments)
    shared_m2, shared_yuan, shared_yearly = _in_rooms(study)
    new = ~np.array([offer.existing for offer in offers], dtype=np.bool_)
    return Offers(
        site=np.array([offer.place for offer in offers], dtype=np.int32),
        service=service,
        capital_yuan=np.array([offer.capital_yuan for offer in offers]) - new * shared_yuan[service],
        yearly_yuan=np.array([offer.yearly_yuan for offer in offers]) - new * shared_yearly[service],
        area_m2=np.array([offer.area_m2 for offer in offers]) - new * shared_m2[service],
        existing=~new,
        capacity=np.array([offer.capacity for offer in offers]),
        min_load=np.array([offer.min_load for offer in offers]),
        capital_share=None if shares is None else shares[service],
        yearly_share=None if shares is None else shares[service],
    )


def _in_rooms(study: Study) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return what each service's figures leave to shared rooms: m², capital and yearly yuan, float64[K] each."""
    totals = np.zeros((3, len(study.services)))
    for room in study.co_location.shared_rooms:
        for k, service in enumerate(study.services):
            if service.id in room.services:
                totals[:, k] += (room.area_m2, room.fit_out_yuan, room.yearly_yuan)
    return totals[0], totals[1], totals[2]


def _shares(study: Study, departments: tuple[str, ...]) -> NDArray[np.float64] | None:
    """Return which department pays what part of each service, float64[K, D]; a service that names nobody is paid by nobody's budget."""
    if not departments:
        return None
    shares = np.zeros((len(study.services), len(departments)))
    for k, service in enumerate(study.services):
        payers = {service.department: 1.0} if service.department else {}
        if service.mode is not None:
            payers = dict(study.budgets.modes[service.mode].payers)
        for payer, part in payers.items():
            shares[k, departments.index(payer)] = part
    return shares


def _budgets(study: Study) -> Budgets:
    asked = study.budgets
    limits = {
        name: np.array(
            [
                np.inf if (limit := getattr(department, name)) is None else limit
                for department in asked.departments.values()
            ]
        )
        for name in ("capital_yuan", "yearly_yuan")
    }
    return Budgets(
        capital_yuan=np.inf if asked.capital_yuan is None else asked.capital_yuan,
        yearly_yuan=np.inf if asked.yearly_yuan is None else asked.yearly_yuan,
        department_capital_yuan=limits["capital_yuan"] if asked.departments else None,
        department_yearly_yuan=limits["yearly_yuan"] if asked.departments else None,
    )


def _incompatible(study: Study, service_ids: tuple[str, ...]) -> NDArray[np.bool_] | None:
    if not study.co_location.incompatible:
        return None
    pairs = np.zeros((len(service_ids), len(service_ids)), dtype=np.bool_)
    for a, b in study.co_location.incompatible:
        pairs[service_ids.index(a), service_ids.index(b)] = pairs[service_ids.index(b), service_ids.index(a)] = True
    return pairs
