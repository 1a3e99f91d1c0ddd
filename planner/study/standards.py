"""Standards as data: catalogues in YAML, one a jurisdiction, and what a study makes of them.

A standard states a figure, the document and clause it stands in, whether somebody has read it there, and how binding it is. It
is held against what was measured; a plan keeps it as a hard rule only where the study binds it (``bind: true``).
"""

from __future__ import annotations

import difflib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator
from ruamel.yaml import YAML

from planner.study._base import Block, Evidence, Id, Label

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FOLDER = Path(__file__).parent / "data" / "standards"
"""The catalogues, each a file called after its id."""

Measure = Literal[
    "coverage",
    "places",
    "facilities",
    "circle_people",
    "circle_dwellings",
    "walk_m",
    "service_m2",
    "all_m2",
    "facility_m2",
    "facility_places",
    "storey",
    "use_years",
    "places_of_size",
    "hub_pass_rate",
    "hubs_per_km2",
    "communities_per_hub",
    "households_per_hub",
]
Kind = Literal["duty", "target", "benchmark", "achievement"]
CapacityCounts = Literal["places", "beds", "meals_per_day", "meals_per_sitting"]
Function = Literal["elder_care", "childcare", "child_custody", "meals", "other"]
Estates = Literal["built", "new"]
Level = Literal["basic", "quality"]
Figure = Annotated[float, Field(ge=0)]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]

#: first and last age, both included; none = no limit
Ages = tuple[Annotated[int, Field(ge=0, le=120)], Annotated[int, Field(ge=0, le=120)] | None]

#: measures of one service each; all others speak of all services together, or of a walker
OF_A_SERVICE: frozenset[Measure] = frozenset(
    {
        "coverage", "places", "facilities", "circle_people", "circle_dwellings", "service_m2", "facility_m2", "facility_places",
        "storey",
    }
)  # fmt: skip
#: measures of a circle
OF_A_CIRCLE: frozenset[Measure] = frozenset({"coverage", "circle_people", "circle_dwellings", "walk_m"})
#: measures that a plan can be bound by
BINDABLE: frozenset[Measure] = frozenset({"coverage"})
#: measures whose figures are shares from 0 to 1
SHARES: frozenset[Measure] = frozenset({"coverage", "hub_pass_rate"})
#: the column that names a community by its id, beside the roll-up columns
COMMUNITY = "community"


def _low(value: Any) -> Any:
    return {"low": value} if isinstance(value, int | float) and not isinstance(value, bool) else value


class Limits(Block):
    """A range: at least ``low``, at most ``high``; a plain number is ``low``."""

    low: Figure | None = None
    high: Figure | None = None


#: column of ``roll_up``, or ``community`` → area (a community by its id) → the range there
Per = dict[str, dict[str, Annotated[Limits, BeforeValidator(_low)]]]


class Case(Block):
    """The range of a standard in a context; of several cases the first that fits counts."""

    estates: Estates | None = None
    able_city: bool | None = None
    level: Level | None = None
    low: Figure | None = None
    high: Figure | None = None
    from_m2: Figure | None = None
    """Replaces ``from_m2`` of the standard."""

    def fits(self, context: Context) -> bool:
        """Say whether every part of the context that the case names is as it says."""
        named = {"estates": self.estates, "able_city": self.able_city, "level": self.level}
        return all(value is None or value == getattr(context, name) for name, value in named.items())


class Context(Block):
    """What the thresholds of a standard depend on."""

    estates: Estates = "built"
    """New or built-up estates (新建、已建成小区)."""
    able_city: bool = False
    """有条件的城市."""
    level: Level = "basic"
    """基础保障 or 品质提升."""


class Standard(Block):
    """A figure of a standard, and what of a district it is held against."""

    id: Id
    name: Label
    """What is measured, with its unit."""
    measure: Measure
    """``coverage``: share (0–1) of a service's people within ``minutes``. ``places``: capacity of a service per ``per`` people of
    ``ages``. ``facilities``: facilities of a service. ``circle_people``, ``circle_dwellings``: people of ``ages``, or dwellings,
    within ``minutes`` of a facility, on average. ``walk_m``: metres a walker covers in ``minutes``. ``service_m2``, ``all_m2``: floor
    area of a service's facilities, or of all, per ``per`` households. ``facility_m2``, ``facility_places``, ``storey``: floor area,
    capacity and storey of each facility of a service. ``use_years``: years for which rooms are used otherwise than approved.
    ``places_of_size``: buildings of ``from_m2`` to ``to_m2`` in an area. ``hub_pass_rate``: share of the multi-service places of
    at least ``from_m2`` and ``min_services`` services, ``min_core`` of them of the functions ``core``. ``hubs_per_km2``,
    ``communities_per_hub``, ``households_per_hub``: multi-service centres for the ground, the communities and the households."""
    unit: Text
    """Of the figure, in words: ``m² per 100 households``."""
    low: Figure | None = None
    """At least this; none = the standard does not say."""
    high: Figure | None = None
    """At most this."""
    cases: list[Case] = []
    """Ranges in other contexts (``standards.context``)."""
    per_area: Per = {}
    """Ranges of single areas: ``{street: {长海路: 80}}``."""
    minutes: Annotated[float, Field(gt=0, le=240)] | None = None
    """The circle it speaks of."""
    per: Annotated[float, Field(gt=0)] = 1.0
    """Of how many people or households."""
    ages: Ages | None = None
    """First and last age of the people; a group of the study says its ages with ``from_age`` and ``to_age``."""
    counts: list[CapacityCounts] = []
    """What a capacity must count (``services.capacity_counts``) to be compared with it; empty = anything."""
    from_m2: Figure | None = None
    to_m2: Figure | None = None
    min_services: Annotated[int, Field(ge=1)] = 3
    core: list[Function] = []
    min_core: Annotated[int, Field(ge=0)] = 0
    named: bool = False
    """It goes only for services whose ``standards`` name it."""
    by_default: bool = True
    """Whether it goes for a study that names no catalogues."""
    document: Text
    """Standard, guideline or paper, with its year."""
    clause: str = ""
    """Clause, table, page, or the passage in quotation marks."""
    verified: bool = False
    """True only if the figure was read there; unverified figures are named on every output."""
    kind: Kind = "target"
    """``duty``: must be kept. ``target``: is aimed at. ``benchmark``: to compare with. ``achievement``: what somebody reports to have
    reached, no minimum."""
    note: Label | None = None
    derived: str = ""
    """How it was reckoned from figures of the document, where that does not state it."""
    bind: bool = False
    """Every plan keeps it as a hard rule."""

    @property
    def evidence(self) -> Evidence:
        """Document, clause, and whether the figure was read there."""
        return Evidence(source=self.document, clause=self.clause, verified=self.verified)

    def in_context(self, context: Context) -> Standard:
        """Return it with the range of the first case that fits ``context``."""
        case = next((one for one in self.cases if one.fits(context)), None)
        if case is None:
            return self
        from_m2 = self.from_m2 if case.from_m2 is None else case.from_m2
        return self.model_copy(update={"low": case.low, "high": case.high, "from_m2": from_m2})

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        lacking = []
        if self.measure in OF_A_CIRCLE and self.minutes is None:
            lacking.append("minutes")
        if self.measure in {"places", "circle_people"} and self.ages is None:
            lacking.append("ages")
        if self.measure == "places_of_size" and self.from_m2 is None and self.to_m2 is None:
            lacking.append("from_m2 or to_m2")
        if lacking:
            msg = f"the measure {self.measure} needs {', '.join(lacking)}"
            raise ValueError(msg)
        if self.verified and not self.clause:
            msg = "verified: true needs the clause, the page or the quoted passage (clause)"
            raise ValueError(msg)
        if self.named and self.measure not in OF_A_SERVICE:
            msg = f"named: the measure {self.measure} is not one of a service"
            raise ValueError(msg)
        return self


class Catalogue(Block):
    """The standards of one jurisdiction."""

    name: Label
    standards: list[Standard]


class Override(Block):
    """What a study changes of a standard of a catalogue."""

    low: Figure | None = None
    high: Figure | None = None
    per: Per = {}
    """Ranges of single areas: ``{street: {长海路: 80}}``, or ``{community: {ID: 80}}``; a plain number is ``low``."""
    source: str = ""
    """Where the changed figure comes from."""
    bind: bool = False
    """Every plan keeps the standard as a hard rule."""

    def on(self, standard: Standard) -> Standard:
        """Return ``standard`` as changed; a changed figure is no longer that of its document."""
        update: dict[str, Any] = {"per_area": self.per or standard.per_area, "bind": self.bind or standard.bind}
        if self.low is not None or self.high is not None:
            update |= {"low": self.low, "high": self.high, "clause": "", "verified": False, "derived": ""}
            update["document"] = self.source or "本研究设定 / set by the study"
        return standard.model_copy(update=update)


class Standards(Block):
    """Which standards are held against the district and the plan, with which figures."""

    catalogues: list[Id] | None = None
    """Their names (``national``, ``shanghai``, ``anhui``), with all they hold; none = what each of them gives every study."""
    context: Context = Context()
    override: dict[Id, Override] = {}
    """Id of a standard → what is changed of it."""
    own: list[Standard] = []
    """Standards of the study itself."""

    @property
    def in_force(self) -> tuple[Standard, ...]:
        """Every standard that applies, with the figures of the context and the study, in the order of the catalogues."""
        chosen = [
            one
            for name, catalogue in catalogues().items()
            if self.catalogues is None or name in self.catalogues
            for one in catalogue.standards
            if self.catalogues is not None or one.by_default or one.id in self.override
        ]
        found = [one.in_context(self.context) for one in (*chosen, *self.own)]
        return tuple(self.override[one.id].on(one) if one.id in self.override else one for one in found)

    @property
    def shares(self) -> frozenset[str]:
        """Ids of the standards whose figures are shares from 0 to 1."""
        return frozenset(one.id for one in self.in_force if one.measure in SHARES)

    def faults(self, columns: Iterable[str]) -> list[str]:
        """Return what is wrong with it, as sentences; ``columns``: the roll-up columns of the study."""
        known = [one.id for one in every_standard()]
        own = [one.id for one in self.own]
        faults = [
            f"standards.catalogues: there is no catalogue {name}{meant(name, catalogues())}; there are {', '.join(catalogues())}"
            for name in self.catalogues or []
            if name not in catalogues()
        ]
        faults += [
            f"standards.override: there is no standard {name}{meant(name, [*known, *own])}"
            for name in self.override
            if name not in {*known, *own}
        ]
        faults += [
            f"standards.own: {name} stands twice, call it otherwise"
            + (f"; to change that of the catalogue write standards.override.{name}" if name in known else "")
            for name in dict.fromkeys(own)
            if name in known or own.count(name) > 1
        ]
        faults += [
            f"standards.own: {one.id} has no threshold; give low, high or per_area"
            for one in self.own
            if one.low is None and one.high is None and not one.per_area and not one.cases
        ]
        in_force = self.in_force
        ids = {one.id for one in in_force}
        faults += [
            f"standards.override: {name} is in no catalogue that standards.catalogues names"
            for name in self.override
            if name in known and name not in ids
        ]
        for one in in_force:
            faults += _range_faults(one, [*columns, COMMUNITY])
            faults += _bind_faults(one)
        return faults


def _range_faults(one: Standard, columns: list[str]) -> list[str]:
    where = f"standards: {one.id}"
    ranges = {"": Limits(low=one.low, high=one.high)}
    ranges |= {f" of {area}": limits for areas in one.per_area.values() for area, limits in areas.items()}
    faults = [
        f"{where}: low {limits.low:g}{place} is above high {limits.high:g}"
        for place, limits in ranges.items()
        if limits.low is not None and limits.high is not None and limits.low > limits.high
    ]
    faults += [
        f"{where}: {column} is no roll-up column{meant(column, columns)}; there are {', '.join(columns)}"
        for column in one.per_area
        if column not in columns
    ]
    if one.measure in SHARES:
        shares = [value for limits in ranges.values() for value in (limits.low, limits.high) if value is not None]
        faults += [f"{where}: {value:g} is no share from 0 to 1" for value in shares if value > 1]
    return faults


def _bind_faults(one: Standard) -> list[str]:
    if not one.bind:
        return []
    where = f"standards: {one.id}"
    if one.measure not in BINDABLE:
        can = " and ".join(sorted(BINDABLE))
        return [f"{where}: bind: a plan cannot be bound by the measure {one.measure} yet; it can by {can}"]
    if one.low is None:
        return [
            f"{where}: bind: there is nothing to keep; the standard has no low (write standards.override.{one.id}.low)"
        ]
    if one.per_area:
        return [f"{where}: bind: a plan is bound for the whole district; leave out the figures of single areas"]
    return []


def meant(name: str, known: Iterable[str]) -> str:
    """Return `` (did you mean …?)`` for the nearest of ``known``; nothing where none is near.

    >>> meant("natonal", ["national", "anhui"])
    ' (did you mean national?)'
    """
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" (did you mean {near[0]}?)" if near else ""


@cache
def catalogues() -> Mapping[str, Catalogue]:
    """Return every catalogue by its id: national ones first, then the others in the order of their names.

    >>> list(catalogues())
    ['national', 'anhui', 'shanghai']
    """
    names = sorted((path.stem for path in FOLDER.glob("*.yaml")), key=lambda name: (name != "national", name))
    read = YAML(typ="safe", pure=True)
    return {
        name: Catalogue.model_validate(read.load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8")))
        for name in names
    }


def every_standard() -> tuple[Standard, ...]:
    """Return the standards of all catalogues, as these state them."""
    return tuple(one for catalogue in catalogues().values() for one in catalogue.standards)
