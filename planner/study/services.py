"""Walkers, services and kinds of sites: all of them are data of the study, none is known to the code."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from planner.study._base import Block, Evidence, Id, Label, Share, Yuan

Minutes = Annotated[float, Field(gt=0, le=240)]


class WalkingProfile(Block):
    """How somebody walks."""

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


class DemandGroup(Block):
    """A group of people that needs something: elders, toddlers, everybody."""

    name: Label
    protected: bool = False
    """兜底: floors are kept for protected groups."""


class Circle(Block):
    """One walking circle of a service and what a person inside it is worth to the plan."""

    minutes: Minutes
    weight: Annotated[float, Field(ge=0)]


class Size(Block):
    """A size in which a service can be built."""

    id: Id
    area_m2: Annotated[float, Field(ge=0)]
    fit_out_yuan: Yuan
    yearly_yuan: Yuan = 0.0
    capacity: Annotated[float, Field(gt=0)] | None = None


class Service(Block):
    """A service that can be embedded or co-located."""

    id: Id
    name: Label
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
    fit_out_yuan: Yuan
    yearly_yuan: Yuan = 0.0
    """Operating cost per year."""
    capacity: Annotated[float, Field(gt=0)] | None = None
    """People one opening can serve; none = not limited."""
    min_load: Annotated[float, Field(ge=0)] = 0.0
    """People an opening needs to be viable; with it, people are assigned to openings."""
    participation: Share = 1.0
    """Share of the demand that uses the service; load = people × participation."""
    sizes: list[Size] = []
    """Alternatives to the one size above."""
    department: Id | None = None
    """Lead department: it pays unless ``mode`` says otherwise."""
    mode: Id | None = None
    """Supply mode (see ``modes``)."""
    max_storey: int | None = None
    """Highest storey allowed (1 = ground floor); −1 and below are basements."""
    min_storey: int | None = None
    needs_lift_from_storey: int | None = None
    """From this storey up a lift is needed."""
    max_openings: Annotated[int, Field(ge=0)] | None = None
    min_openings: Annotated[int, Field(ge=0)] = 0
    figures: dict[str, Evidence] = {}
    """Field of this block → where its figure comes from; fields not named are assumptions of the study."""

    @model_validator(mode="after")
    def _circles_in_order(self) -> Service:
        for near, wide in zip(self.circles, self.circles[1:], strict=False):
            if wide.minutes <= near.minutes or wide.weight > near.weight:
                msg = (
                    f"circles must go outwards with weights that do not grow: {near.minutes:g} min weighs {near.weight:g},"
                    f" {wide.minutes:g} min weighs {wide.weight:g}"
                )
                raise ValueError(msg)
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
    """Share of the footprint × storeys that could be used, where the layer has no ``area_m2``."""
    assumed_area_m2: Annotated[float, Field(gt=0)] | None = None
    """Area of a candidate that has neither ``area_m2`` nor a footprint; an assumption, named on every output."""
    setup_yuan: Yuan = 0.0
    """Paid once when the building opens, whatever the number of services."""
    setup_yuan_per_m2: Yuan = 0.0
    """The same, per m² used."""
    yearly_yuan: Yuan = 0.0
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
    figures: dict[str, Evidence] = {}
