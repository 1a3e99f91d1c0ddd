"""Every way a service can be run on this ground: what stands, what candidates can take, extensions and moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.question.problem import Offers, Sites
from planner.study import Size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from planner.district import District
    from planner.study import Service, Study

__all__ = ["Offered", "building_share", "offer_arrays", "offered", "site_arrays", "sizes_of"]


@dataclass(frozen=True, slots=True)
class Offered:
    """One way to run one service at one place, before it becomes a row of arrays."""

    place: int
    service: int
    size: str
    """Name of the size; empty for the only size of a service, for what stands, and for extensions."""
    area_m2: float = 0.0
    capital_yuan: float = 0.0
    yearly_yuan: float = 0.0
    capacity: float = np.inf
    min_load: float = 0.0
    existing: bool = False
    in_rooms: bool = False
    """Its area and money include the shared rooms of its service."""
    moves: int = -1
    """Position of the standing offer that this one moves here."""


def offered(study: Study, district: District) -> tuple[Offered, ...]:
    """Return every offer: standing ones first, then their extensions, then candidates, then moves to candidates."""
    standing = list(_standing(study, district))
    possible = list(_possible(study, district))
    rule = study.siting.existing
    known = [*(offer for offer in standing if np.isfinite(offer.capacity)), *_empty(study, district)]
    extended = [_extended(study, offer) for offer in known if rule.may_extend]
    moved = [
        Offered(
            place=new.place,
            service=new.service,
            size=new.size,
            area_m2=new.area_m2,
            capital_yuan=new.capital_yuan + rule.move_yuan,
            yearly_yuan=new.yearly_yuan,
            capacity=new.capacity,
            min_load=new.min_load,
            in_rooms=True,
            moves=position,
        )
        for new in possible
        for position, old in enumerate(standing)
        if rule.may_move and old.service == new.service
    ]
    return (*standing, *extended, *possible, *moved)


def _standing(study: Study, district: District) -> Iterator[Offered]:
    rule = study.siting.existing
    service_ids = [service.id for service in study.services]
    existing = district.existing[district.existing["service"].isin(service_ids)]
    columns = (existing[name].tolist() for name in ("facility", "service", "capacity"))
    for place, named, told in zip(*columns, strict=True):
        k = service_ids.index(named)
        service = study.services[k]
        yield Offered(
            place=place,
            service=k,
            size="",
            yearly_yuan=service.yearly_yuan if rule.may_close or rule.may_move else 0.0,
            capacity=_capacity(service, told),
            existing=True,
        )


def _empty(study: Study, district: District) -> Iterator[Offered]:
    """Give what stands with no places at all: it offers nothing as it is, and something if it is extended."""
    if district.without_places is None or study.siting.existing.extend_capacity == 0:
        return
    service_ids = [service.id for service in study.services]
    for place, named in zip(*(district.without_places[name].tolist() for name in ("facility", "service")), strict=True):
        if named in service_ids and _limited(study.services[service_ids.index(named)]):
            yield Offered(place=place, service=service_ids.index(named), size="", capacity=0.0)


def _extended(study: Study, offer: Offered) -> Offered:
    rule = study.siting.existing
    return Offered(
        place=offer.place,
        service=offer.service,
        size="",
        capital_yuan=rule.extend_yuan,
        yearly_yuan=offer.yearly_yuan,
        capacity=offer.capacity + rule.extend_capacity,
    )


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


def _possible(study: Study, district: District) -> Iterator[Offered]:
    first = len(district.facilities)
    open_by = study.siting.open_by
    for j, site in enumerate(district.sites.itertuples()):
        if open_by is not None and float(site.ready_year) > open_by:
            continue
        for k, service in enumerate(study.services):
            if not _may_stand(service, site):
                continue
            for size in sizes_of(service):
                if size.area_m2 <= float(site.area_m2):
                    yield Offered(
                        place=first + j,
                        service=k,
                        size=size.id if service.sizes else "",
                        area_m2=size.area_m2,
                        capital_yuan=size.fit_out_yuan,
                        yearly_yuan=size.yearly_yuan,
                        capacity=np.inf if size.capacity is None else size.capacity,
                        min_load=service.min_load,
                        in_rooms=True,
                    )


def sizes_of(service: Service) -> list[Size]:
    """Return the sizes in which ``service`` can be built; its own figures are the only size if it lists none."""
    return service.sizes or [
        Size(
            id=service.id,
            area_m2=service.area_m2,
            fit_out_yuan=service.fit_out_yuan,
            yearly_yuan=service.yearly_yuan,
            capacity=service.capacity,
        )
    ]


def _may_stand(service: Service, site: object) -> bool:
    """Say whether the storey, the lift and the site's own list allow ``service`` there."""
    storey, lift, allowed = int(site.storey), bool(site.lift), str(site.services)  # type: ignore[attr-defined]
    return (
        service.id in allowed.split(";")
        and (service.max_storey is None or storey <= service.max_storey)
        and (service.min_storey is None or storey >= service.min_storey)
        and (service.needs_lift_from_storey is None or storey < service.needs_lift_from_storey or lift)
    )


def offer_arrays(study: Study, offers: tuple[Offered, ...]) -> Offers:
    """Return the offers as arrays; what their services leave to shared rooms is taken out of area and money."""
    service = np.array([offer.service for offer in offers], dtype=np.int32)
    existing = np.array([offer.existing for offer in offers], dtype=np.bool_)
    in_rooms = np.array([offer.in_rooms for offer in offers], dtype=np.bool_)
    shared_m2, shared_yuan, shared_yearly = _in_rooms(study)
    shares = _shares(study)
    rule = study.siting.existing
    may_go = rule.may_close or rule.may_move
    return Offers(
        site=np.array([offer.place for offer in offers], dtype=np.int32),
        service=service,
        capital_yuan=np.array([offer.capital_yuan for offer in offers]) - in_rooms * shared_yuan[service],
        yearly_yuan=np.array([offer.yearly_yuan for offer in offers]) - in_rooms * shared_yearly[service],
        area_m2=np.array([offer.area_m2 for offer in offers]) - in_rooms * shared_m2[service],
        existing=existing,
        may_close=existing.copy() if rule.may_close else None,
        closing_yuan=np.where(existing, rule.close_yuan, 0.0) if may_go else None,
        moves=np.array([offer.moves for offer in offers], dtype=np.int32) if rule.may_move else None,
        capacity=np.array([offer.capacity for offer in offers]),
        min_load=np.array([offer.min_load for offer in offers]),
        capital_share=None if shares is None else shares[service],
        yearly_share=None if shares is None else shares[service],
    )


def site_arrays(study: Study, district: District) -> Sites:
    """Return the places as arrays: facilities (no set-up, no area limit), then candidates."""
    before = np.zeros(len(district.facilities))
    share = building_share(study)
    kinds = [study.site_kinds.get(str(kind)) for kind in district.sites["kind"]]

    def places(facilities: float, candidates: list[float]) -> NDArray[np.float64]:
        return np.concatenate([before + facilities, np.asarray(candidates, dtype=np.float64)])

    return Sites(
        setup_yuan=places(0.0, district.sites["setup_yuan"].tolist()),
        floor_area_m2=places(np.inf, district.sites["area_m2"].tolist()),
        setup_yearly_yuan=places(0.0, district.sites["yearly_yuan"].tolist()),
        setup_share=None if share is None else np.tile(share, (len(before) + len(district.sites), 1)),
        setup_yuan_per_m2=places(0.0, [kind.setup_yuan_per_m2 if kind else 0.0 for kind in kinds]),
        min_area_m2=places(0.0, [kind.min_area_m2 if kind else 0.0 for kind in kinds]),
        min_services=places(0.0, [kind.min_services if kind else 1 for kind in kinds]).astype(np.int64),
        hub_only=places(0.0, [bool(kind and kind.hub_only) for kind in kinds]).astype(np.bool_),
    )


def building_share(study: Study) -> NDArray[np.float64] | None:
    """Return what part each department pays of the building itself (set-up and shared rooms), float64[D]; None without departments."""
    departments = tuple(study.budgets.departments)
    if not departments:
        return None
    share = np.zeros(len(departments))
    if study.budgets.building_department is not None:
        share[departments.index(study.budgets.building_department)] = 1.0
    return share


def _in_rooms(study: Study) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return what each service's figures leave to shared rooms: m², capital and yearly yuan, float64[K] each."""
    totals = np.zeros((3, len(study.services)))
    for room in study.co_location.shared_rooms:
        for k, service in enumerate(study.services):
            if service.id in room.services:
                totals[:, k] += (room.area_m2, room.fit_out_yuan, room.yearly_yuan)
    return totals[0], totals[1], totals[2]


def _shares(study: Study) -> NDArray[np.float64] | None:
    """Return which department pays what part of each service, float64[K, D]; a service that names nobody is paid by nobody's budget."""
    departments = tuple(study.budgets.departments)
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
