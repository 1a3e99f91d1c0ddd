"""Multi-service places against the rule for centres (导则 2024, or ``co_location.hub``): each condition, and by how much it fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.study.standards import every_standard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.study import Study


@dataclass(frozen=True)
class HubConditions:
    """What a multi-service place must reach to be a centre."""

    min_area_m2: float
    min_services: int
    core: frozenset[str]
    """Services that are core functions."""
    min_core: int
    undeclared: frozenset[str]
    """Services of which nobody has said whether they are one."""


@dataclass(frozen=True)
class HubCheck:
    """One place against the conditions; what is short is 0 where a condition is met, NaN where it is not known."""

    area_short_m2: float
    services_short: int
    n_core: int
    core_short: float

    @property
    def verdict(self) -> str:
        """``passes``, ``fails``, or empty where a condition that is not known decides."""
        short = (self.area_short_m2, float(self.services_short), self.core_short)
        if any(value > 0 for value in short):
            return "fails"
        return "" if any(np.isnan(value) for value in short) else "passes"


def hub_conditions(study: Study) -> HubConditions:
    """Return the conditions of ``co_location.hub``; without it, those of the guideline in the context of the study."""
    rule = study.co_location.hub
    if rule is not None:
        return HubConditions(rule.min_area_m2, rule.min_services, frozenset(rule.of), rule.min_of, frozenset())
    known = [*study.standards.in_force, *(one.in_context(study.standards.context) for one in every_standard())]
    standard = next(one for one in known if one.measure == "hub_pass_rate")
    return HubConditions(
        standard.from_m2 or 0.0,
        standard.min_services,
        frozenset(service.id for service in study.services if service.function in standard.core),
        standard.min_core,
        frozenset(service.id for service in study.services if service.function is None),
    )


def check_hub(conditions: HubConditions, services: Sequence[str], area_m2: float) -> HubCheck:
    """Return how a place with ``services`` on ``area_m2`` (NaN: not known) stands to the conditions.

    >>> rule = HubConditions(600, 3, frozenset({"elder_care", "canteen"}), 2, frozenset())
    >>> check_hub(rule, ["elder_care", "canteen", "culture"], 620.0).verdict
    'passes'
    >>> check_hub(rule, ["elder_care", "canteen", "culture"], 580.0).area_short_m2
    20.0
    >>> check_hub(rule, ["elder_care", "culture", "sport"], 620.0).core_short
    1.0
    """
    offered = set(services)
    n_core = len(offered & conditions.core)
    short = max(0, conditions.min_core - n_core)
    decided = not short or not offered & conditions.undeclared
    return HubCheck(
        float(np.maximum(0.0, conditions.min_area_m2 - area_m2)),
        max(0, conditions.min_services - len(offered)),
        n_core,
        float(short) if decided else np.nan,
    )
