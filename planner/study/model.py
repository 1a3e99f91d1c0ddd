"""A study: what the planner asks, as one frozen value."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import Field, model_validator

from planner.i18n import DEFAULT_CURRENCY
from planner.study._base import Block, Currency, FolderName, Id, Label, Language, Located
from planner.study.areas import Area, Known, circles_of, faults_of_areas
from planner.study.layers import Layers
from planner.study.programme import ApprovalChain, ProgrammeSettings, programme_faults
from planner.study.rules import Budgets, CoLocation, Floor, Siting, Solver
from planner.study.services import Circle, DemandGroup, Service, SiteKind, Walking
from planner.study.standards import OF_A_SERVICE, Standard, Standards, every_standard, meant

_Origin = TypeVar("_Origin", bound=int | str)

if TYPE_CHECKING:
    from pathlib import Path


#: what the Open Database License asks to stand on everything made from an extract
OPENSTREETMAP = "© OpenStreetMap contributors, ODbL 1.0"
_EXTRACTS = (".osm", ".pbf", ".o5m", ".osm.gz", ".osm.bz2", ".osm.xml", ".osm.json")
_MOST_CIRCLES = 250
_RESERVED_GROUPS = frozenset({"id", "community", "geometry", "key", "point", "name"})


class Publication(Block):
    """What stands on the frame of a map."""

    review_number: str = ""
    """审图号."""
    classification: str = ""
    """密级, e.g. 仅供内部使用."""
    author: str = ""
    sources: list[str] = []
    """Attribution of the layers; the licence of open data asks for it."""
    comments_to: str = ""
    """Where the public may send comments: an address, a telephone number. On the page for the public."""
    comments_period: str = ""
    """When it may, e.g. ``1 to 30 June 2026``. On the page for the public."""


class Scenario(Block):
    """Named overrides of the study, one per line: ``budgets.capital_cost: 5000000``."""

    name: FolderName
    """Also the name of the run's folder: no leading dot, none of ``* ? | [ ]``."""
    label: Label | None = None
    """What outputs call it, e.g. ``{zh: 全市范围, en: Whole city}``; default: the words of its name."""
    set: dict[str, Any] = {}
    extends: Id | None = None
    """A scenario whose overrides and matrix are taken over; what is set here comes after them."""
    matrix: dict[str, list[Any] | dict[Id, dict[str, Any]]] = {}
    """Key → values, or a name of your own → label → overrides; one run for every combination."""


class Study(Block):
    """Everything a planner asks of one district."""

    version: Literal[1]
    name: Label
    language: Language = "zh"
    currency: Currency = DEFAULT_CURRENCY
    """Currency of every amount of money in the study and its layers, a code of ISO 4217."""
    crs: str = "auto"
    """The metric system everything is computed in: ``auto`` (chosen from the data), EPSG code, WKT or PROJ text."""
    date: str = ""
    """Date on the map's frame; the run itself never reads the clock into a result."""
    layers: Layers
    groups: Annotated[dict[Id, DemandGroup], Field(min_length=1)]
    walking: Walking
    services: Annotated[list[Service], Field(min_length=1)]
    site_kinds: dict[Id, SiteKind] = {}
    co_location: CoLocation = CoLocation()
    budgets: Budgets = Budgets()
    siting: Siting = Siting()
    areas: list[Area] = []
    """Rules of single streets, towns or communities."""
    standards: Standards = Standards()
    approvals: list[ApprovalChain] = []
    """Steps of approval by kind of site, for `planner programme`; without one, a building is ready in its ``ready_year``."""
    programme: ProgrammeSettings = ProgrammeSettings()
    solver: Solver = Solver()
    publication: Publication = Publication()
    scenarios: list[Scenario] = []
    notes: list[Label] = []
    """Cautions printed with every result, e.g. what the layers do not cover."""

    @property
    def cutoffs_min(self) -> tuple[float, ...]:
        """All circles of all services, ascending."""
        return tuple(sorted({circle.minutes for service in self.services for circle in self.circles_of(service)}))

    def circles_of(self, service: Service) -> list[Circle]:
        """Return the circles of a service: its own, and those that only some areas have, which weigh nothing beyond its own widest."""
        return circles_of(service, self.areas)

    def walkers_of(self, service: Service) -> tuple[str, ...]:
        """Return the walking profiles of the users of a service: its own, then those of areas."""
        blocks = [area.services.get(service.id) for area in self.areas]
        named = (block.walker for block in blocks if block is not None and block.walker is not None)
        return tuple(dict.fromkeys([service.walker, *named]))

    @property
    def kept_floors(self) -> tuple[tuple[int | str, Floor], ...]:
        """Every floor that a plan keeps, with its position in ``siting.floors`` or the standard that it comes from.

        Those of the study, those of standards that bind (``bind: true``), then theirs for groups: a floor for all demand of a
        service holds for each of its protected groups by itself as well, where there are several.
        """
        return self._with_protected([*enumerate(self.siting.floors), *self._floors_of_standards()])

    @property
    def kept_area_floors(self) -> tuple[tuple[int, int, Floor], ...]:
        """Every floor of an area: the position of the area, its position in the area's ``floors``, and the floor, as `kept_floors`."""
        return tuple(
            (area, position, floor)
            for area, block in enumerate(self.areas)
            for position, floor in self._with_protected([*enumerate(block.floors)])
        )

    def _with_protected(self, given: list[tuple[_Origin, Floor]]) -> tuple[tuple[_Origin, Floor], ...]:
        floors = list(given)
        for position, floor in list(floors):
            demand = next((service.demand for service in self.services if service.id == floor.service), {})
            counted = [group for group, weight in demand.items() if weight > 0]
            if floor.group is None and len(counted) > 1:
                protected = [group for group in counted if self.groups[group].protected]
                floors += [(position, floor.model_copy(update={"group": group})) for group in protected]
        return tuple(floors)

    def standards_of(self, service: Service) -> tuple[Standard, ...]:
        """Return the standards of a service that apply to ``service``: named by it, or for all; and it has their circle."""
        circles = {circle.minutes for circle in service.circles}
        return tuple(
            one
            for one in self.standards.in_force
            if one.measure in OF_A_SERVICE
            and (not one.named or one.id in service.standards)
            and (one.minutes is None or one.minutes in circles)
        )

    def _floors_of_standards(self) -> list[tuple[str, Floor]]:
        return [
            (one.id, Floor(service=service.id, minutes=one.minutes, share=one.low))
            for service in self.services
            for one in self.standards_of(service)
            if one.bind and one.measure == "coverage" and one.minutes is not None and one.low is not None
        ]

    @property
    def credits(self) -> tuple[str, ...]:
        """Attribution of the layers: what the study says, and the credit that OpenStreetMap's licence asks for where an extract is read."""
        sources = tuple(self.publication.sources)
        named = any("openstreetmap" in source.lower() for source in sources)
        return sources if named or not any(map(_of_openstreetmap, self.layers.files)) else (*sources, OPENSTREETMAP)

    def scenario_label(self, scenario: str) -> dict[str, str]:
        """Return language → label of a scenario by its name (``ageing+capital_cost-4000000``: by that of its matrix); empty without one."""
        labels = {one.name: one.label for one in self.scenarios}
        label = labels.get(scenario, labels.get(scenario.partition("+")[0]))
        return {} if label is None else label.texts()

    def weighs(self, service: Service) -> bool:
        """Say whether figures of ``service`` count weighted people and not heads.

        So they do where a layer of need is given, where a group counts by another weight than 1, and where two of its groups
        hold the same ages, so that one person counts twice.
        """
        counted = [self.groups[group] for group, weight in service.demand.items() if weight > 0]
        aged = sorted((g.from_age, 121 if g.to_age is None else g.to_age) for g in counted if g.from_age is not None)
        twice = any(after[0] <= before[1] for before, after in itertools.pairwise(aged))
        weights = [*service.demand.values()]
        for area in self.areas:
            block = area.services.get(service.id)
            weights += [] if block is None or block.demand is None else block.demand.values()
        return self.layers.need is not None or twice or any(weight not in {0.0, 1.0} for weight in weights)

    @model_validator(mode="after")
    def _names_exist(self) -> Study:
        faults = [
            *self._repeated(),
            *self._reserved(),
            *self._too_many_circles(),
            *self._unknown_in_services(),
            *self._unknown_in_rules(),
            *self._unknown_in_layers(),
            *self._unknown_in_areas(),
            *self._unknown_in_standards(),
            *programme_faults(self.approvals, self.programme.lots, self.site_kinds, self.budgets.departments),
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _unknown_in_areas(self) -> list[str]:
        known = Known(
            services={service.id: service for service in self.services},
            columns=self.layers.communities.roll_up,
            groups=self.groups,
            counted={group for people in self.layers.people for group in people.groups},
            walkers=self.walking.profiles,
            years=self.siting.years,
            hubs=self.co_location.hub is not None,
        )
        return faults_of_areas(self.areas, known)

    def _repeated(self) -> list[str]:
        ids = [service.id for service in self.services]
        names = [scenario.name for scenario in self.scenarios]
        return [f"service {i} stands twice" for i in sorted({i for i in ids if ids.count(i) > 1})] + [
            f"scenario {i} stands twice" for i in sorted({i for i in names if names.count(i) > 1})
        ]

    def _too_many_circles(self) -> list[str]:
        """Return faults of walkers with more circles than a page can tell apart."""
        found: dict[str, set[float]] = {}
        for service in self.services:
            found.setdefault(service.walker, set()).update(circle.minutes for circle in self.circles_of(service))
        return [
            f"walker {walker} has {len(minutes)} different circles; pages tell {_MOST_CIRCLES} apart"
            for walker, minutes in found.items()
            if len(minutes) > _MOST_CIRCLES
        ]

    def _reserved(self) -> list[str]:
        """Return faults of groups that are called like the columns beside theirs."""
        return [
            f"groups: a group cannot be called {name}, which is a column of every table of people; call it by whom it holds"
            for name in self.groups
            if name.lower() in _RESERVED_GROUPS
        ]

    def _unknown_in_services(self) -> list[str]:
        faults = []
        for service in self.services:
            where = f"service {service.id}"
            faults += [f"{where}: demand group {g} is not in groups" for g in service.demand if g not in self.groups]
            if service.walker not in self.walking.profiles:
                faults.append(f"{where}: walker {service.walker} is not in walking.profiles")
            if service.department is not None and service.department not in self.budgets.departments:
                faults.append(f"{where}: department {service.department} is not in budgets.departments")
            if service.mode is not None and service.mode not in self.budgets.modes:
                faults.append(f"{where}: mode {service.mode} is not in budgets.modes")
            faults += [
                f"{where}: tasks names {name}, which is not in budgets.departments"
                for name in service.tasks
                if name not in self.budgets.departments
            ]
        return faults

    def _unknown_in_rules(self) -> list[str]:
        known = {service.id for service in self.services}
        named: list[tuple[str, list[str]]] = [
            ("siting.must", [lock.service for lock in self.siting.must if lock.service]),
            ("siting.never", [lock.service for lock in self.siting.never if lock.service]),
            ("siting.floors", [floor.service for floor in self.siting.floors]),
            ("siting.spreads", [spread.service for spread in self.siting.spreads]),
            ("co_location.incompatible", [s for pair in self.co_location.incompatible for s in pair]),
            ("co_location.shared_rooms", [s for room in self.co_location.shared_rooms for s in room.services]),
            ("co_location.hub.of", list(self.co_location.hub.of) if self.co_location.hub else []),
        ]
        named += [
            (f"site_kinds.{kind_id}.services", list(kind.services or [])) for kind_id, kind in self.site_kinds.items()
        ]
        faults = [
            f"{where}: {name} is no service of the study"
            for where, names in named
            for name in names
            if name not in known
        ]
        for mode_id, mode in self.budgets.modes.items():
            faults += [
                f"budgets.modes.{mode_id}: payer {payer} is not in budgets.departments"
                for payer in mode.payers
                if payer not in self.budgets.departments
            ]
        if self.co_location.hub is None:
            faults += [
                f"site_kinds.{i}: hub_only needs co_location.hub"
                for i, kind in self.site_kinds.items()
                if kind.hub_only
            ]
        faults += self._circles_that_are_none()
        payer = self.budgets.building_department
        if payer is not None and payer not in self.budgets.departments:
            faults.append(f"budgets.building_department: {payer} is not in budgets.departments")
        for floor in self.siting.floors:
            if floor.group is not None and floor.group not in self.groups:
                faults.append(f"siting.floors: group {floor.group} is not in groups")
        return faults

    def _unknown_in_standards(self) -> list[str]:
        in_force = {one.id: one for one in self.standards.in_force}
        named = [one.id for one in in_force.values() if one.named]
        elsewhere = {one.id for one in every_standard()} - set(in_force)
        faults = self.standards.faults(self.layers.communities.roll_up)
        for service in self.services:
            for name in service.standards:
                if name in elsewhere:
                    faults.append(
                        f"service {service.id}: the standard {name} is in no catalogue that standards.catalogues names"
                    )
                elif name not in named:
                    known = f"known are {', '.join(sorted(named))}"
                    faults.append(f"service {service.id}: standards names {name}{meant(name, named)}; {known}")
        kept = {name for name, _ in self._floors_of_standards()}
        faults += [
            f"standards: {one.id}: bind: it goes for no service; {_circle_hint(one)}"
            for one in in_force.values()
            if one.bind and one.measure == "coverage" and one.low is not None and one.id not in kept
        ]
        return faults

    def _circles_that_are_none(self) -> list[str]:
        circles = {service.id: [circle.minutes for circle in service.circles] for service in self.services}
        share_rules = [("floors", rule.service, rule.minutes) for rule in self.siting.floors]
        share_rules += [("spreads", rule.service, rule.minutes) for rule in self.siting.spreads]
        return [
            f"siting.{rules}: {service} has no circle of {minutes:g} minutes; it has {', '.join(f'{m:g}' for m in circles[service])}"
            for rules, service, minutes in share_rules
            if service in circles and minutes not in circles[service]
        ]

    def _unknown_in_layers(self) -> list[str]:
        known = {service.id for service in self.services}
        faults = []
        for i, facilities in enumerate(self.layers.facilities):
            named = [facilities.service] if facilities.service else list(facilities.services.values())
            faults += [
                f"layers.facilities.{i}: {name} is no service of the study" for name in named if name not in known
            ]
        for i, people in enumerate(self.layers.people):
            faults += [f"layers.people.{i}: group {g} is not in groups" for g in people.groups if g not in self.groups]
        counted = {group for people in self.layers.people for group in people.groups}
        needed = {group for service in self.services for group in service.demand}
        faults += [f"no layer of layers.people counts group {g}" for g in sorted(needed - counted) if g in self.groups]
        return faults


def _circle_hint(one: Standard) -> str:
    named = ", and that names it under `standards`" if one.named else ""
    return f"it needs one with a circle of {one.minutes:g} minutes{named}"


def _of_openstreetmap(layer: Located) -> bool:
    """Say whether a layer is an OpenStreetMap extract: by its name, or because objects are chosen by their tags."""
    path: Path = layer.path
    return path.name.lower().endswith(_EXTRACTS) or bool(getattr(layer, "tags", None))
