"""Rules of one area: a street, a town or a community with circles, people, numbers, money and guaranteed shares of its own."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, model_validator

from planner.study._base import Block, Id, Money
from planner.study.rules import Floor
from planner.study.services import Circle, fault_of_circles

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from planner.study.services import Service

COMMUNITY = "community"
"""What ``areas.by`` says for a single community."""

OWN = ("circles", "demand", "walker")
"""Keys of a service that the people of an area may have of their own; of areas one inside the other the smaller decides."""


class AreaService(Block):
    """What holds for one service in one area; a key that is not given is as everywhere else."""

    circles: Annotated[list[Circle], Field(min_length=1)] | None = None
    """Walking circles of the people who live there, instead of those of the service."""
    demand: Annotated[dict[Id, Annotated[float, Field(ge=0)]], Field(min_length=1)] | None = None
    """Demand group → how many of its people who live there count, instead of the demand of the service."""
    walker: Id | None = None
    """The walking profile of its users who live there."""
    min_openings: Annotated[int, Field(ge=0)] = 0
    max_openings: Annotated[int, Field(ge=0)] | None = None
    min_capacity: Annotated[float, Field(gt=0)] | None = None
    """At least so many places more than today: what opens there, less what closes. Every size of the service needs a ``capacity``."""
    min_area_m2: Annotated[float, Field(gt=0)] | None = None
    """At least so much floor area more than today, with the whole of every room that the service shares."""

    @model_validator(mode="after")
    def _in_order(self) -> AreaService:
        fault = None if self.circles is None else fault_of_circles(self.circles)
        if fault is not None:
            raise ValueError(fault)
        if self.max_openings is not None and self.max_openings < self.min_openings:
            msg = f"min_openings {self.min_openings} is above max_openings {self.max_openings}"
            raise ValueError(msg)
        return self


class AreaBudgets(Block):
    """New money that may be spent in one area, without payers from outside; it counts against the whole budget too."""

    capital_cost: Money | None = None
    yearly_cost: Money | None = None
    capital_cost_by_year: dict[int, Money] = {}
    """New capital of each year of ``siting.years`` in the area; what is not spent moves on."""


class Area(Block):
    """Rules of one area. Limits come on top of those of the whole study, and those of areas one inside the other all hold.

    An area has the communities that have ``name`` in the column ``by``, their people, and the facilities and candidates that stand in them.
    Places outside every community belong to none.
    """

    by: str
    """A column of ``layers.communities.roll_up``, or ``community`` for a single community."""
    name: str
    """Which street, town …, as the column has it; of a community its id, or its name where no other has the same."""
    services: dict[Id, AreaService] = {}
    floors: list[Floor] = []
    """Guaranteed shares of the people of the area, all together or in every community of it (``per: community``)."""
    budgets: AreaBudgets = AreaBudgets()
    min_sites: Annotated[int, Field(ge=0)] = 0
    max_sites: Annotated[int, Field(ge=0)] | None = None
    min_hubs: Annotated[int, Field(ge=0)] = 0
    """At least so many hubs in the sense of ``co_location.hub``."""
    min_area_m2: Annotated[float, Field(gt=0)] | None = None
    """At least so much floor area more than today for all services together, a shared room once."""

    @model_validator(mode="after")
    def _in_order(self) -> Area:
        if self.max_sites is not None and self.max_sites < self.min_sites:
            msg = f"min_sites {self.min_sites} is above max_sites {self.max_sites}"
            raise ValueError(msg)
        return self


def own_keys(areas: Sequence[Area]) -> Iterator[tuple[int, str, str, object]]:
    """Yield (position of the area, service, key, value) of every key by which the people of an area differ."""
    for position, area in enumerate(areas):
        for service, block in area.services.items():
            for key in OWN:
                value = getattr(block, key)
                if value is not None:
                    yield position, service, key, value


def circles_of(service: Service, areas: Iterable[Area]) -> list[Circle]:
    """Return the circles of a service and of every area that has others, nearest first; beyond its own they weigh nothing to it."""
    minutes = {circle.minutes for circle in service.circles}
    for area in areas:
        block = area.services.get(service.id)
        minutes |= {circle.minutes for circle in (block and block.circles) or ()}
    if len(minutes) == len(service.circles):
        return list(service.circles)
    return with_minutes(service.circles, minutes)


def with_minutes(circles: Sequence[Circle], minutes: Iterable[float]) -> list[Circle]:
    """Return one circle for each of ``minutes``, with the weight that ``circles`` give somebody that far away."""
    return [
        Circle(minutes=m, weight=next((circle.weight for circle in circles if m <= circle.minutes), 0.0))
        for m in sorted(minutes)
    ]


@dataclass(frozen=True)
class Known:
    """What the blocks of areas may name: services, columns of communities, groups (and those that a layer counts), walkers, years, hubs."""

    services: Mapping[str, Service]
    columns: Sequence[str]
    groups: Container[str]
    counted: Container[str]
    walkers: Container[str]
    years: Sequence[int]
    hubs: bool


def faults_of_areas(areas: Sequence[Area], known: Known) -> list[str]:
    """Return what in the areas names nothing of the study, or contradicts another area of the same name."""
    columns = (COMMUNITY, *known.columns)
    faults: list[str] = []
    for position, area in enumerate(areas):
        where = f"areas.{position}"
        if area.by not in columns:
            what = f"{area.by} is no column of layers.communities.roll_up"
            faults.append(f"{where}.by: {what}; write {' or '.join(columns)}")
        for name, block in area.services.items():
            faults += _faults_of_service(known, name, block, f"{where}.services")
        for floor in area.floors:
            faults += _faults_of_floor(areas, known, floor, f"{where}.floors")
        if area.min_hubs and not known.hubs:
            faults.append(f"{where}.min_hubs needs co_location.hub")
        money = area.budgets.capital_cost_by_year
        if money and set(money) != set(known.years):
            faults.append(f"{where}.budgets.capital_cost_by_year must name the years of siting.years")
    return [*faults, *_contradictions(areas)]


def _faults_of_service(known: Known, name: str, block: AreaService, where: str) -> list[str]:
    if name not in known.services:
        return [f"{where}: {name} is no service of the study"]
    where, demand = f"{where}.{name}", block.demand or {}
    faults = [f"{where}.demand: {group} is not in groups" for group in demand if group not in known.groups]
    faults += [
        f"{where}.demand: no layer of layers.people counts group {group}"
        for group in demand
        if group in known.groups and group not in known.counted
    ]
    if block.walker is not None and block.walker not in known.walkers:
        faults.append(f"{where}.walker: {block.walker} is not in walking.profiles")
    service = known.services[name]
    sizes = [size.capacity for size in service.sizes] or [service.capacity]
    if block.min_capacity is not None and any(capacity is None for capacity in sizes):
        faults.append(f"{where}.min_capacity: the service has no capacity to count; give capacity, in every size")
    return faults


def _faults_of_floor(areas: Sequence[Area], known: Known, floor: Floor, where: str) -> list[str]:
    faults = []
    if floor.service not in known.services:
        faults.append(f"{where}: {floor.service} is no service of the study")
    elif floor.minutes not in {circle.minutes for circle in circles_of(known.services[floor.service], areas)}:
        faults.append(f"{where}: {floor.service} has no circle of {floor.minutes:g} minutes")
    if floor.group is not None and floor.group not in known.groups:
        faults.append(f"{where}: group {floor.group} is not in groups")
    return faults


def _contradictions(areas: Sequence[Area]) -> list[str]:
    """Return the keys that two areas of the same name give different values."""
    found = []
    for one, other in itertools.combinations(own_keys(areas), 2):
        first, second = areas[one[0]], areas[other[0]]
        if (first.by, first.name, *one[1:3]) == (second.by, second.name, *other[1:3]) and one[3] != other[3]:
            key = f"services.{one[1]}.{one[2]}"
            found.append(
                f"areas.{one[0]} and areas.{other[0]} are both {first.by} {first.name} and differ in {key}; keep one"
            )
    return found
