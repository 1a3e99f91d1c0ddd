"""Positions in the planner's words: every rule of a siting problem, with the key of the study that sets it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.i18n import format_count, format_money, format_share, join, name_with_id, translate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.district import District
    from planner.siting import BuiltProblem, Rule
    from planner.study import Floor, Language, Lock, Study

__all__ = ["Labels", "labels_of"]

MONEY = frozenset({"capital", "yearly", "department_capital", "department_yearly", "period_capital"})
"""Rules whose limit is money."""


@dataclass(frozen=True, eq=False)
class Labels:
    """What the positions of a siting problem are called in its study, in one language."""

    study: Study
    built: BuiltProblem
    place_names: Mapping[str, str]
    """Place id → name, as the layers have it."""
    language: Language

    def place(self, position: int) -> str:
        """Return a place by name and id; by id alone where it has no name of its own."""
        return self.place_of(self.built.place_ids[position])

    def place_of(self, place_id: str) -> str:
        """Return the place with ``place_id`` by name and id."""
        return name_with_id(self.place_names.get(place_id, ""), place_id)

    def service(self, position: int) -> str:
        """Return a service by name."""
        return self.study.services[position].name.text(self.language)

    def service_of(self, service_id: str) -> str:
        """Return the service with ``service_id`` by name."""
        return self.service(self.built.service_ids.index(service_id))

    def department(self, position: int) -> str:
        """Return a department by name."""
        return self.study.budgets.departments[self.built.department_ids[position]].name.text(self.language)

    def key(self, rule: Rule) -> str:
        """Return the key of the study that sets ``rule``, as ``--set`` takes it where it is one value."""
        siting, position = self.study.siting, rule.position
        if rule.area >= 0:
            return self._area_key(rule)
        if rule.kind in {"capital", "yearly"}:
            return f"budgets.{rule.kind}_cost"
        if rule.kind in {"department_capital", "department_yearly"}:
            limit = rule.kind.removeprefix("department_")
            return f"budgets.departments.{self.built.department_ids[position]}.{limit}_cost"
        if rule.kind == "period_capital":
            return f"siting.capital_cost_by_year.{siting.years[position]}"
        if rule.kind in {"min_sites", "max_sites"}:
            return f"siting.{rule.kind}"
        if rule.kind in {"min_openings", "max_openings"}:
            return f"services.{self.built.service_ids[position]}.{rule.kind}"
        if rule.kind in {"must", "never"}:
            own = position if rule.kind == "must" else position - len(siting.must)
            return f"siting.{rule.kind}.{own}"
        if rule.kind == "floor":
            kept, of_area = self.study.kept_floors, self.area_floor(rule)
            if of_area is not None:
                return f"{self._area(of_area[0])}.floors.{of_area[1]}.share"
            if position >= len(kept):
                return "siting.target"
            source = kept[position][0]
            if isinstance(source, int):
                return f"siting.floors.{source}.share"
            own = source in {one.id for one in self.study.standards.own}
            return f"standards.{'own' if own else 'override'}.{source}.low"
        if rule.kind == "spread":
            return f"siting.spreads.{position}.most"
        if rule.kind == "min_load":
            loaded = [service.id for service in self.study.services if service.min_load > 0]
            return ", ".join(f"services.{service}.min_load" for service in loaded)
        keys = {
            "min_hubs": "co_location.hub.min_hubs",
            "incompatible": "co_location.incompatible",
            "stays": "siting.existing",
            "area": "area_m2",
            "ready": "ready_year",
        }
        return keys[rule.kind]

    def area_floor(self, rule: Rule) -> tuple[int, int, Floor] | None:
        """Return the area of a floor, its position there, and the floor itself; None for those of the whole study."""
        siting = self.study.siting
        targets = len(self.study.services) if "fewest" in siting.objective and siting.target is not None else 0
        position = rule.position - len(self.study.kept_floors) - targets
        return self.study.kept_area_floors[position] if rule.kind == "floor" and position >= 0 else None

    def _area(self, position: int) -> str:
        """Return the key of an area: by its name where no other has the same."""
        names = [area.name for area in self.study.areas]
        name = names[position]
        return f"areas.{position if names.count(name) > 1 or '.' in name else name}"

    def _area_key(self, rule: Rule) -> str:
        area, position = self._area(rule.area), rule.position
        if rule.kind in {"capital", "yearly"}:
            return f"{area}.budgets.{rule.kind}_cost"
        if rule.kind == "period_capital":
            return f"{area}.budgets.capital_cost_by_year.{self.study.siting.years[position]}"
        if rule.kind in {"min_openings", "max_openings", "min_capacity", "min_service_area_m2"}:
            key = "min_area_m2" if rule.kind == "min_service_area_m2" else rule.kind
            return f"{area}.services.{self.built.service_ids[position]}.{key}"
        return f"{area}.{rule.kind}"

    def limit(self, rule: Rule, limit: float) -> str:
        """Return a limit of ``rule`` as it is read: money, a share, or a number."""
        if rule.kind in MONEY:
            return format_money(limit, self.language, self.study.currency)
        return format_share(limit) if rule.kind in {"floor", "spread"} else format_count(limit)

    def rule(self, rule: Rule) -> str:
        """Return ``rule`` with its limit, as a planner would say it."""
        position = rule.position
        limit = "" if rule.limit is None else self.limit(rule, rule.limit)
        if rule.area >= 0:
            return self._of_area(rule, limit)
        if rule.kind in {"department_capital", "department_yearly"}:
            return self._say(rule.kind, department=self.department(position), limit=limit)
        if rule.kind == "period_capital":
            return self._say(rule.kind, year=self.study.siting.years[position], limit=limit)
        if rule.kind in {"min_openings", "max_openings"}:
            return self._say(rule.kind, service=self.service(position), limit=limit)
        if rule.kind in {"must", "never"}:
            return self._lock(rule)
        if rule.kind == "floor":
            return self._floor(rule)
        if rule.kind == "spread":
            spread = self.study.siting.spreads[position]
            service = self.service_of(spread.service)
            return self._say("spread", service=service, minutes=f"{spread.minutes:g}", most=f"{100 * spread.most:g}")
        if rule.kind == "incompatible":
            pairs = self.study.co_location.incompatible
            texts = [self._say("pair", one=self.service_of(one), two=self.service_of(two)) for one, two in pairs]
            return self._say("incompatible", pairs=self.joined(texts))
        if rule.kind == "min_load":
            loaded = [service for service in self.study.services if service.min_load > 0]
            texts = [
                self._say("load", service=service.name.text(self.language), load=f"{service.min_load:g}")
                for service in loaded
            ]
            return self._say("min_load", loads=self.joined(texts))
        if rule.kind == "min_hubs":
            hub = self.study.co_location.hub
            assert hub is not None  # noqa: S101  # the rule is built from it
            return self._say("min_hubs", limit=limit, area=format_count(hub.min_area_m2), services=hub.min_services)
        return self._say(rule.kind, limit=limit)

    def joined(self, texts: list[str]) -> str:
        """Return a list in one line."""
        return join(texts, self.language)

    def _lock(self, rule: Rule) -> str:
        siting = self.study.siting
        locks: list[Lock] = [*siting.must, *siting.never]
        lock = locks[rule.position]
        site = self.place_of(lock.site)
        if lock.service is None:
            return self._say(f"{rule.kind}_any", site=site)
        service = self.service_of(lock.service)
        if lock.standing:
            return self._say(f"{rule.kind}_standing", site=site, service=service)
        if lock.detailed:
            origin = "" if not lock.moves_from else self.place_of(lock.moves_from)
            way = " ← ".join(part for part in (lock.size or "", origin) if part)
            return self._say(f"{rule.kind}_way", site=site, service=service, way=way or self._say("extension"))
        return self._say(rule.kind, site=site, service=service)

    def _of_area(self, rule: Rule, limit: str) -> str:
        """Return a limit of an area, which its name begins."""
        values: dict[str, object] = {"area": self.study.areas[rule.area].name, "limit": limit}
        if rule.kind in {"min_openings", "max_openings", "min_capacity", "min_service_area_m2"}:
            values["service"] = self.service(rule.position)
        if rule.kind == "period_capital":
            values["year"] = self.study.siting.years[rule.position]
        return translate(f"reason.area.{rule.kind}", self.language, **values)

    def _floor(self, rule: Rule) -> str:
        siting, kept, own = self.study.siting, self.study.kept_floors, self.area_floor(rule)
        if own is not None:
            text = self._floor_text(rule, own[2].service, own[2].minutes, own[2].per, own[2].group)
            return translate("reason.area.floor", self.language, area=self.study.areas[own[0]].name, floor=text)
        if rule.position < len(kept):
            floor = kept[rule.position][1]
            return self._floor_text(rule, floor.service, floor.minutes, floor.per, floor.group)
        service = self.study.services[rule.position - len(kept)]
        minutes = self.study.circles_of(service)[-1].minutes
        return self._floor_text(rule, service.id, minutes, siting.target_per, None)

    def _floor_text(self, rule: Rule, service: str, minutes: float, per: str, group: str | None) -> str:
        who = self._say("everybody")
        if group is not None:
            who = self._say("group", name=self.study.groups[group].name.text(self.language))
        share = self.limit(rule, 0.0 if rule.limit is None else rule.limit)
        key = "floor" if per == "all" else "floor_community"
        return self._say(key, service=self.service_of(service), minutes=f"{minutes:g}", who=who, share=share)

    def _say(self, kind: str, **values: object) -> str:
        return translate(f"reason.rule.{kind}", self.language, **values)


def labels_of(study: Study, district: District, built: BuiltProblem, language: Language | None = None) -> Labels:
    """Return the names of a study's places, services and rules, in its own language unless told otherwise."""
    names = {
        str(place): str(name)
        for frame in (district.facilities, district.sites)
        for place, name in zip(frame["id"], frame["name"], strict=True)
    }
    return Labels(study, built, names, language or study.language)
