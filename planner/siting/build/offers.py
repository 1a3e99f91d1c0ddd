"""Offers and sites of a district: existing facilities, candidates, extensions and moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.model.data import (
    Offers,
    Sites,
)
from planner.study import Size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.district import District
    from planner.siting.arrays import FloatArray
    from planner.study import Service, Study


@dataclass(frozen=True, slots=True)
class PossibleOffer:
    """One way to run one service at one place, before it becomes a row of arrays."""

    place: int
    service: int
    size: str
    """Name of the size; empty for the only size of a service, for existing facilities, and for extensions."""
    area_m2: float = 0.0
    capital_cost: float = 0.0
    yearly_cost: float = 0.0
    capacity: float = np.inf
    min_load: float = 0.0
    existing: bool = False
    in_rooms: bool = False
    """Its area and money include the shared rooms of its service."""
    moves: int = -1
    """Position of the existing offer that this one moves here."""


def possible_offers(study: Study, district: District) -> tuple[PossibleOffer, ...]:
    """Return every offer: existing ones first, then their extensions, then candidates, then moves to candidates."""
    existing = list(_existing(study, district))
    candidates = list(_candidates(study, district))
    rule = study.siting.existing
    extensible = [*(offer for offer in existing if np.isfinite(offer.capacity)), *_without_capacity(study, district)]
    extended = [_extended(study, offer) for offer in extensible if rule.may_extend]
    moved = [
        PossibleOffer(
            place=new.place,
            service=new.service,
            size=new.size,
            area_m2=new.area_m2,
            capital_cost=new.capital_cost + rule.move_cost,
            yearly_cost=new.yearly_cost,
            capacity=new.capacity,
            min_load=new.min_load,
            in_rooms=True,
            moves=position,
        )
        for new in candidates
        for position, old in enumerate(existing)
        if rule.may_move and old.service == new.service
    ]
    return (*existing, *extended, *candidates, *moved)


def _existing(study: Study, district: District) -> Iterator[PossibleOffer]:
    rule = study.siting.existing
    service_ids = [service.id for service in study.services]
    existing = district.existing[district.existing["service"].isin(service_ids)]
    columns = (existing[name].tolist() for name in ("facility", "service", "capacity"))
    for place, named, capacity in zip(*columns, strict=True):
        k = service_ids.index(named)
        service = study.services[k]
        yield PossibleOffer(
            place=place,
            service=k,
            size="",
            yearly_cost=service.yearly_cost if rule.may_close or rule.may_move else 0.0,
            capacity=_capacity(service, capacity),
            existing=True,
        )


def _without_capacity(study: Study, district: District) -> Iterator[PossibleOffer]:
    """Yield existing facilities without capacity: they serve nobody as they are, and somebody if extended."""
    if district.without_places is None or study.siting.existing.extend_capacity == 0:
        return
    service_ids = [service.id for service in study.services]
    for place, named in zip(*(district.without_places[name].tolist() for name in ("facility", "service")), strict=True):
        if named in service_ids and _limited(study.services[service_ids.index(named)]):
            yield PossibleOffer(place=place, service=service_ids.index(named), size="", capacity=0.0)


def _extended(study: Study, offer: PossibleOffer) -> PossibleOffer:
    rule = study.siting.existing
    return PossibleOffer(
        place=offer.place,
        service=offer.service,
        size="",
        capital_cost=rule.extend_cost,
        yearly_cost=offer.yearly_cost,
        capacity=offer.capacity + rule.extend_capacity,
    )


def _capacity(service: Service, capacity: float) -> float:
    """Return the capacity of a facility: its own figure, else the study's for one opening.

    Capacity does not bind, whatever a layer says, for a service of which the study itself gives no capacity.
    """
    if not _limited(service):
        return np.inf
    if np.isfinite(capacity):
        return capacity
    return np.inf if service.capacity is None else service.capacity


def _limited(service: Service) -> bool:
    """Return whether the study limits the capacity of ``service``, or requires a load."""
    return service.capacity is not None or service.min_load > 0 or any(size.capacity for size in service.sizes)


def _candidates(study: Study, district: District) -> Iterator[PossibleOffer]:
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
                    yield PossibleOffer(
                        place=first + j,
                        service=k,
                        size=size.id if service.sizes else "",
                        area_m2=size.area_m2,
                        capital_cost=size.fit_out_cost,
                        yearly_cost=size.yearly_cost,
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
            fit_out_cost=service.fit_out_cost,
            yearly_cost=service.yearly_cost,
            capacity=service.capacity,
        )
    ]


def _may_stand(service: Service, site: object) -> bool:
    """Return whether the storey, the lift and the site's own list allow ``service`` there."""
    storey, lift, allowed = int(site.storey), bool(site.lift), str(site.services)  # type: ignore[attr-defined]
    return (
        service.id in allowed.split(";")
        and (service.max_storey is None or storey <= service.max_storey)
        and (service.min_storey is None or storey >= service.min_storey)
        and (service.needs_lift_from_storey is None or storey < service.needs_lift_from_storey or lift)
    )


def offer_arrays(study: Study, offers: tuple[PossibleOffer, ...]) -> Offers:
    """Return the offers as arrays; the shared rooms of their services are subtracted from area and money."""
    service = np.array([offer.service for offer in offers], dtype=np.int32)
    existing = np.array([offer.existing for offer in offers], dtype=np.bool_)
    in_rooms = np.array([offer.in_rooms for offer in offers], dtype=np.bool_)
    shared_m2, shared_capital, shared_yearly = _shared_in_rooms(study)
    shares = _shares(study)
    rule = study.siting.existing
    may_go = rule.may_close or rule.may_move
    return Offers(
        site=np.array([offer.place for offer in offers], dtype=np.int32),
        service=service,
        capital_cost=np.array([offer.capital_cost for offer in offers]) - in_rooms * shared_capital[service],
        yearly_cost=np.array([offer.yearly_cost for offer in offers]) - in_rooms * shared_yearly[service],
        area_m2=np.array([offer.area_m2 for offer in offers]) - in_rooms * shared_m2[service],
        existing=existing,
        may_close=existing.copy() if rule.may_close else None,
        closing_cost=np.where(existing, rule.close_cost, 0.0) if may_go else None,
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

    def column(facilities: float, candidates: list[float]) -> FloatArray:
        return np.concatenate([before + facilities, np.asarray(candidates, dtype=np.float64)])

    return Sites(
        setup_cost=column(0.0, district.sites["setup_cost"].tolist()),
        floor_area_m2=column(np.inf, district.sites["area_m2"].tolist()),
        setup_yearly_cost=column(0.0, district.sites["yearly_cost"].tolist()),
        setup_share=None if share is None else np.tile(share, (len(before) + len(district.sites), 1)),
        setup_cost_per_m2=column(0.0, [kind.setup_cost_per_m2 if kind else 0.0 for kind in kinds]),
        min_area_m2=column(0.0, [kind.min_area_m2 if kind else 0.0 for kind in kinds]),
        min_services=column(0.0, [kind.min_services if kind else 1 for kind in kinds]).astype(np.int64),
        hub_only=column(0.0, [bool(kind and kind.hub_only) for kind in kinds]).astype(np.bool_),
    )


def building_share(study: Study) -> FloatArray | None:
    """Return each department's share of the building's own cost (set-up and shared rooms), float64[D]; None without departments."""
    departments = tuple(study.budgets.departments)
    if not departments:
        return None
    share = np.zeros(len(departments))
    if study.budgets.building_department is not None:
        share[departments.index(study.budgets.building_department)] = 1.0
    return share


def _shared_in_rooms(study: Study) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the part of each service's figures in shared rooms: m², capital and yearly cost, float64[K] each."""
    totals = np.zeros((3, len(study.services)))
    for room in study.co_location.shared_rooms:
        for k, service in enumerate(study.services):
            if service.id in room.services:
                totals[:, k] += (room.area_m2, room.fit_out_cost, room.yearly_cost)
    return totals[0], totals[1], totals[2]


def _shares(study: Study) -> FloatArray | None:
    """Return each department's share of the cost of each service, float64[K, D]; zero where a service names no payer."""
    departments = tuple(study.budgets.departments)
    if not departments:
        return None
    shares = np.zeros((len(study.services), len(departments)))
    for k, service in enumerate(study.services):
        payers = {service.department: 1.0} if service.department else {}
        if service.mode is not None:
            payers = dict(study.budgets.modes[service.mode].payers)
        for payer, share in payers.items():
            shares[k, departments.index(payer)] = share
    return shares
