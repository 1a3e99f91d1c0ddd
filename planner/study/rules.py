"""What a plan must keep to: money, counts, locks, sharing, floors; and what it is to aim at."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from planner.study._base import Block, Id, Label, Money, Share

ObjectiveName = Literal["coverage", "walk", "furthest", "fewest", "fair", "cost", "floor"]
MAXIMISED: frozenset[ObjectiveName] = frozenset({"coverage", "fair"})
"""Objectives of which more is better; of all others less is."""


class Lock(Block):
    """A site, or one service at a site, that the plan must open or must leave closed."""

    site: str
    service: Id | None = None
    """None = the building as a whole (at least one service, or none at all)."""
    size: str | None = None
    """Only this size of the service; empty for an extension, or for a service that lists no sizes. None = any."""
    moves_from: str | None = None
    """Only the service that moves here from this facility; empty for one that is new. None = either."""
    standing: bool = False
    """``must``: what stands there stays as it is, neither extended nor moved. ``never``: what stands there closes as well."""

    @model_validator(mode="after")
    def _details_need_a_service(self) -> Lock:
        if self.service is None and (self.size is not None or self.moves_from is not None or self.standing):
            msg = "size, moves_from and standing speak of one service; name it"
            raise ValueError(msg)
        return self

    @property
    def detailed(self) -> bool:
        """Whether it means some ways to run the service there and not others."""
        return self.size is not None or self.moves_from is not None or self.standing

    def means(self, *, never: bool, size: str, moves_from: str, stands: bool) -> bool:
        """Say whether a detailed lock means this way to run its service at its site."""
        if stands:
            return self.standing
        return (never or not self.standing) and self.size in {None, size} and self.moves_from in {None, moves_from}


class Department(Block):
    """Somebody who pays, approves or takes part."""

    name: Label
    capital_cost: Money | None = None
    yearly_cost: Money | None = None
    outside: bool = False
    """Its money is not the planner's (families, the market): the overall budgets leave its part out."""


class SupplyMode(Block):
    """政府直接, 政府购买, 政府补贴, 社会共建, 社区自治, 社区商业: who pays which share."""

    name: Label
    payers: Annotated[dict[Id, Share], Field(min_length=1)]

    @model_validator(mode="after")
    def _shares_sum_to_one(self) -> SupplyMode:
        total = sum(self.payers.values())
        if abs(total - 1) > 1e-6:
            msg = f"payer shares must sum to 1 (they sum to {total:g})"
            raise ValueError(msg)
        return self


class Budgets(Block):
    """The money there is. None = not limited."""

    capital_cost: Money | None = None
    yearly_cost: Money | None = None
    departments: dict[Id, Department] = {}
    modes: dict[Id, SupplyMode] = {}
    building_department: Id | None = None
    """Who pays the set-up of buildings and the rooms their services share; none = both count against the overall budget alone."""


class SharedRoom(Block):
    """A room (kitchen, lobby, activity room) that several services need, and that one building needs only once (一室多用)."""

    services: Annotated[list[Id], Field(min_length=2)]
    """Services whose own figures include this room."""
    area_m2: Annotated[float, Field(ge=0)]
    """Part of each of these services' ``area_m2`` that is this room."""
    fit_out_cost: Money = 0.0
    """Part of each of these services' ``fit_out_cost`` that is this room."""
    yearly_cost: Money = 0.0


class HubRule(Block):
    """What a multi-service hub must reach (导则 2024: ≥ 600 m² and ≥ 3 functions); smaller sites are single points."""

    min_area_m2: Annotated[float, Field(ge=0)]
    min_services: Annotated[int, Field(ge=1)]
    of: list[Id] = []
    """Services of which ``min_of`` must be there."""
    min_of: Annotated[int, Field(ge=0)] = 0
    min_hubs: Annotated[int, Field(ge=0)] = 0
    """At least so many hubs are opened; other sites may stay single 插花 points unless their kind is ``hub_only``."""


class CoLocation(Block):
    """Which services go together under one roof."""

    incompatible: list[Annotated[list[Id], Field(min_length=2, max_length=2)]] = []
    shared_rooms: list[SharedRoom] = []
    hub: HubRule | None = None


class Floor(Block):
    """兜底: at least this share of a group is inside a circle of a service, overall or in every community."""

    service: Id
    minutes: Annotated[float, Field(gt=0)]
    share: Share
    group: Id | None = None
    """None = all demand of the service, and each protected group of it by itself."""
    per: Literal["all", "community"] = "all"
    """Overall, or in every community that has anybody of the group."""


class Spread(Block):
    """A cap on inequality: the best and the worst community differ by at most so much in a service's coverage."""

    service: Id
    minutes: Annotated[float, Field(gt=0)]
    most: Share


class ExistingRule(Block):
    """What may happen to facilities that exist; unless it is allowed here, every one of them stays as it is."""

    may_close: bool = False
    close_cost: Money = 0.0
    """Cost of closing one, also where it moves; its yearly cost is saved."""
    may_extend: bool = False
    """Facilities whose capacity is known may be extended by ``extend_capacity``, those with capacity 0 too.

    An extension pays ``extend_cost`` alone; it counts as an opening of its service, and its facility as an opened site
    (``max_sites``, ``min_sites``, ``max_openings``, ``min_openings``, ``objective: [fewest]``).
    """
    extend_cost: Money = 0.0
    extend_capacity: Annotated[float, Field(ge=0)] = 0.0
    may_move: bool = False
    """A facility may move to a candidate site: it pays the set-up and fit-out there and ``move_cost``.

    Its old place closes for ``close_cost`` and saves its yearly cost, whether or not ``may_close`` is set.
    """
    move_cost: Money = 0.0


class Siting(Block):
    """The question put to the optimiser."""

    objective: Annotated[list[ObjectiveName], Field(min_length=1)] = ["coverage", "cost"]
    """In order: each step keeps what the steps before it proved, within ``step_tolerance``.

    ``coverage``: most people, by circle weight. ``walk``: fewest minutes walked to the nearest opening. ``furthest``:
    shortest longest walk. ``fewest``: fewest sites, then least money, that reach ``target``. ``floor``: best share of
    the worst community and group. ``fair``: the same, then the second worst, to ``fair_depth``. ``cost``: least capital
    and ``cost_years`` of running.
    """
    step_tolerance: Share = 0.0
    target: Share | None = None
    """``fewest`` only: share of each service's demand to be covered in its widest circle."""
    target_per: Literal["all", "community"] = "all"
    fair_depth: Annotated[int, Field(ge=1, le=50)] = 3
    cost_years: Annotated[float, Field(ge=0, le=100)] = 1.0
    max_sites: Annotated[int, Field(ge=0)] | None = None
    min_sites: Annotated[int, Field(ge=0)] = 0
    must: list[Lock] = []
    never: list[Lock] = []
    floors: list[Floor] = []
    spreads: list[Spread] = []
    existing: ExistingRule = ExistingRule()
    assignment: Literal["split", "whole", "nearest"] = "split"
    """Where capacity binds: people of one point may go to several places, to one, or everybody to the nearest open one."""
    open_by: Annotated[int, Field(ge=2000, le=2100)] | None = None
    """Leave out candidates whose ``ready_year`` is later."""
    years: list[Annotated[int, Field(ge=2000, le=2100)]] = []
    """Phases, ascending; what opens stays open, and nothing opens before its ``ready_year``. Empty = all at once."""
    capital_cost_by_year: dict[int, Money] = {}
    """New capital of each year of ``years``; what is not spent moves on."""

    @model_validator(mode="after")
    def _fewest_needs_a_target(self) -> Siting:
        if "fewest" in self.objective and self.target is None:
            msg = "objective fewest needs siting.target, the share of people to be covered"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _every_year_has_money(self) -> Siting:
        if self.years != sorted(set(self.years)):
            msg = f"siting.years must ascend (they are {', '.join(map(str, self.years))})"
            raise ValueError(msg)
        apart = sorted(set(self.years) ^ set(self.capital_cost_by_year))
        if apart:
            msg = f"siting.years and siting.capital_cost_by_year must name the same years; only one of them names {', '.join(map(str, apart))}"
            raise ValueError(msg)
        return self


class Solver(Block):
    """How long and how exactly to search."""

    name: str = "HiGHS"
    """HiGHS, or the name of any solver PuLP lists as installed."""
    time_limit_s: Annotated[float, Field(gt=0)] = 60.0
    gap: Annotated[float, Field(ge=0, le=1)] = 1e-4
    """Stop when bound and incumbent are this close (relative)."""
    threads: Annotated[int, Field(ge=1, le=256)] = 2
    seed: Annotated[int, Field(ge=0)] = 1
