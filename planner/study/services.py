"""Walkers, services and kinds of sites: all of them are data of the study, none is known to the code."""

from __future__ import annotations

import itertools
from typing import Annotated, Literal

from pydantic import Field, model_validator

from planner.study._base import Block, Evidence, Id, Label, Language, Money, Share
from planner.study.standards import CapacityCounts, Function

Minutes = Annotated[float, Field(gt=0, le=240)]


class WalkingProfile(Block):
    """How somebody walks."""

    name: Label | None = None
    """What pages call this walker; without one, its id."""
    speed_m_s: Annotated[float, Field(gt=0, le=3)]
    stairs: Literal["allowed", "forbidden"] = "allowed"
    stairs_factor: Annotated[float, Field(ge=1, le=20)] = 1.0
    """Time on stairs is multiplied by this."""
    crossing_delay_s: dict[str, Annotated[float, Field(ge=0, le=600)]] = {}
    """Waiting time at an unsignalled crossing, by class of the road crossed (``primary: 20``)."""
    signal_delay_s: Annotated[float, Field(ge=0, le=600)] = 0.0
    """Waiting time at a crossing with signals."""
    slope: Literal["ignored", "tobler"] = "ignored"
    """``tobler``: Tobler's hiking function, normalised so that level ground is walked at ``speed_m_s``."""
    source: str = ""
    """Where the speed comes from; printed."""


class Walking(Block):
    """Who walks, and how far a door may lie from a street."""

    profiles: Annotated[dict[Id, WalkingProfile], Field(min_length=1)]
    max_connector_m: Annotated[float, Field(gt=0, le=2000)] = 250.0
    """A point farther than this from every walkable street is not connected, and reported."""
    closed_gates: list[str] = []
    """Gates (ids of ``layers.gates``) that nobody may pass."""
    open_gates: list[str] = []
    """Gates that are open after all: a scenario "open this gate" names them here."""
    compare: Annotated[list[Id], Field(min_length=2, max_length=2)] | None = None
    """Two profiles that ``planner assess`` shows side by side, the standard person first: ``[adult, aged_80]``."""

    def name_of(self, walker: str, language: Language) -> str:
        """Return what the profile ``walker`` is called."""
        name = self.profiles[walker].name
        return walker if name is None else name.text(language)

    @model_validator(mode="after")
    def _two_known_walkers(self) -> Walking:
        if self.compare is None:
            return self
        unknown = [walker for walker in self.compare if walker not in self.profiles]
        if unknown:
            msg = f"compare names {', '.join(unknown)}; walking.profiles has {', '.join(self.profiles)}"
            raise ValueError(msg)
        if self.compare[0] == self.compare[1]:
            msg = f"compare names {self.compare[0]} twice; it takes two different profiles"
            raise ValueError(msg)
        return self


class DemandGroup(Block):
    """A group of people that needs something: elders, toddlers, everybody."""

    name: Label
    protected: bool = False
    """兜底: a floor (``siting.floors``) for all demand of a service holds for each protected group of it by itself as well."""
    from_age: Annotated[int, Field(ge=0, le=120)] | None = None
    """Age in years of its youngest; lets standards per head find their people (0 and no ``to_age``: everybody)."""
    to_age: Annotated[int, Field(ge=0, le=120)] | None = None
    """Age of its oldest, the whole year included (``2``: up to the third birthday); none = no limit."""

    @model_validator(mode="after")
    def _ages_in_order(self) -> DemandGroup:
        if self.to_age is not None and self.to_age < (self.from_age or 0):
            msg = f"from_age {self.from_age} is above to_age {self.to_age}"
            raise ValueError(msg)
        if self.to_age is not None and self.from_age is None:
            msg = f"to_age {self.to_age} needs from_age (0: from birth)"
            raise ValueError(msg)
        return self


class Circle(Block):
    """One walking circle of a service and what a person inside it is worth to the plan."""

    minutes: Minutes
    weight: Annotated[float, Field(ge=0)]


def fault_of_circles(circles: list[Circle]) -> str | None:
    """Return what is wrong with the order of circles; None where they go outwards with weights that do not grow."""
    for near, wide in itertools.pairwise(circles):
        if wide.minutes <= near.minutes or wide.weight > near.weight:
            return (
                f"circles must go outwards with weights that do not grow: {near.minutes:g} min weighs {near.weight:g},"
                f" {wide.minutes:g} min weighs {wide.weight:g}"
            )
    return None


class Size(Block):
    """A size in which a service can be built."""

    id: Id
    name: Label | None = None
    """What pages call it; default: its id."""
    area_m2: Annotated[float, Field(ge=0)]
    fit_out_cost: Money
    yearly_cost: Money = 0.0
    capacity: Annotated[float, Field(gt=0)] | None = None
    staff: Annotated[float, Field(ge=0)] | None = None
    """Full-time posts; none = those of the service."""


class Service(Block):
    """A service that can be embedded or co-located."""

    id: Id
    name: Label
    glyph: Label | None = None
    """One or two letters, or a pictogram, that stand for it on maps; default: chosen from its name."""
    level: Literal["basic", "quality"] = "basic"
    """基础保障 or 品质提升."""
    demand: Annotated[dict[Id, Annotated[float, Field(ge=0)]], Field(min_length=1)]
    """Demand group → how many of its people count (1 = every one)."""
    walker: Id
    """The walking profile its users have."""
    circles: Annotated[list[Circle], Field(min_length=1)]
    """Nearest first; nearer circles weigh at least as much as wider ones."""
    area_m2: Annotated[float, Field(ge=0)]
    """Floor area one opening needs."""
    fit_out_cost: Money
    yearly_cost: Money = 0.0
    """Operating cost per year."""
    capacity: Annotated[float, Field(gt=0)] | None = None
    """People one opening can serve; none = not limited."""
    min_load: Annotated[float, Field(ge=0)] = 0.0
    """People an opening needs to be viable; with it, people are assigned to openings."""
    participation: Share = 1.0
    """Share of the demand that uses the service; load = people × participation.

    It enters loads and the places that people take, not the places per head (E2SFCA in ``accessibility`` and ``equity``):
    those are per person of the demand, whether or not that person uses the service.
    """
    sizes: list[Size] = []
    """Alternatives to the one size above."""
    department: Id | None = None
    """Lead department: it pays unless ``mode`` says otherwise."""
    mode: Id | None = None
    """Supply mode (see ``modes``)."""
    operator: Label | None = None
    """Who runs it (主体), e.g. ``{zh: 第三方机构, en: non-profit provider}``."""
    staff: Annotated[float, Field(ge=0)] | None = None
    """Full-time posts of one opening; none = not known."""
    tasks: dict[Id, Label] = {}
    """Department → its task; those that are not the lead department take part (配合部门)."""
    permits: list[Label] = []
    """Permits that an opening needs, e.g. 食品经营许可证; those that take months are steps of ``approvals``."""
    max_storey: int | None = None
    """Highest storey allowed (1 = ground floor); −1 and below are basements."""
    min_storey: int | None = None
    needs_lift_from_storey: int | None = None
    """From this storey up a lift is needed."""
    max_openings: Annotated[int, Field(ge=0)] | None = None
    min_openings: Annotated[int, Field(ge=0)] = 0
    standards: list[Id] = []
    """Standards held against this service, by their ids in the catalogues or in ``standards.own``; those that go for every service
    need no naming."""
    capacity_counts: CapacityCounts = "places"
    """What a capacity of this service counts: ``places`` (day care, childcare, seats), ``beds``, ``meals_per_day`` or
    ``meals_per_sitting``. A standard for beds is not held against places."""
    function: Function | None = None
    """What it is to the rule for multi-service centres (导则 2024), of whose four core functions 养老 ``elder_care``, 托育 ``childcare``,
    儿童托管 ``child_custody`` and 助餐 ``meals`` two must be there; ``other`` = none of them. Not needed with ``co_location.hub``."""
    figures: dict[str, Evidence] = {}
    """Field of this block → where its figure comes from; fields not named are assumptions of the study."""

    @property
    def has_places(self) -> bool:
        """Whether the study limits how many people an opening can serve."""
        return self.capacity is not None or any(size.capacity is not None for size in self.sizes)

    @model_validator(mode="after")
    def _circles_in_order(self) -> Service:
        fault = fault_of_circles(self.circles)
        if fault is not None:
            raise ValueError(fault)
        return self

    @model_validator(mode="after")
    def _figures_name_fields(self) -> Service:
        unknown = sorted(set(self.figures) - set(type(self).model_fields))
        if unknown:
            msg = f"figures names {', '.join(unknown)}, which is no field of a service"
            raise ValueError(msg)
        return self


class SiteKind(Block):
    """What is assumed of candidates of one kind where the layer itself does not say."""

    name: Label
    area_share: Share = 1.0
    """Share of the footprint × storeys that could be used, where the layer has no ``area_m2``.

    Storeys are those of the column ``storeys`` (``building:levels`` of OpenStreetMap), 1 where they are not known: the
    area is that of the whole building. Give a share where only the ground floor can be had.
    """
    assumed_area_m2: Annotated[float, Field(gt=0)] | None = None
    """Area of a candidate that has neither ``area_m2`` nor a footprint; an assumption, named on every output."""
    setup_cost: Money = 0.0
    """Paid once when the building opens, whatever the number of services."""
    setup_cost_per_m2: Money = 0.0
    """The same, per m² used: of the services that open and of the rooms they share, each room once."""
    yearly_cost: Money = 0.0
    """Rent and upkeep of the building per year."""
    storey: int = 1
    lift: bool = False
    min_area_m2: Annotated[float, Field(ge=0)] = 0.0
    """Least area used, if it opens at all."""
    min_services: Annotated[int, Field(ge=1)] = 1
    """Least number of services, if it opens at all."""
    hub_only: bool = False
    """Opens as a hub in the sense of ``co_location.hub``, or not at all."""
    ready_year: int | None = None
    """First year it can be open, by how long its class of land or permit takes."""
    services: list[Id] | None = None
    """Services allowed there; none = all."""
    change_of_use_years: Annotated[float, Field(ge=0, le=100)] | None = None
    """Years for which its rooms are to be used otherwise than they are approved for; none = the use does not change."""
    figures: dict[str, Evidence] = {}
