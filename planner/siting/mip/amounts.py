"""Amounts of bundles: what each adds to the sum that a rule limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.siting.arrays import sums_by
from planner.siting.model.problem import optional_columns
from planner.siting.model.ruleset import SUMS, area_rules

if TYPE_CHECKING:
    from planner.siting.arrays import BoolArray, FloatArray, IntArray
    from planner.siting.mip.bundles import Bundles
    from planner.siting.model.problem import SitingProblem
    from planner.siting.model.ruleset import Rule


def rule_amounts(problem: SitingProblem, bundles: Bundles, rule: Rule) -> FloatArray | None:
    """Return float64[B]: what each bundle adds to the sum that ``rule`` limits, nothing outside its area; None for rules of other kinds.

    The least sums of an area (`planner.siting.model.data.AreaLimits`) are changes from today; where something exists exactly one bundle is
    chosen, so that each can carry the change of its own building.
    """
    found = _everywhere(problem, bundles, rule)
    return found if found is None or rule.area < 0 else found * problem.rules.areas[rule.area].sites[bundles.site]


def _everywhere(problem: SitingProblem, bundles: Bundles, rule: Rule) -> FloatArray | None:
    if rule.kind in {"capital", "period_capital"}:
        return bundles.capital_cost
    if rule.kind == "yearly":
        return bundles.yearly_cost
    if rule.kind in {"department_capital", "department_yearly"}:
        capital = rule.kind == "department_capital"
        by_department = bundles.department_capital_cost if capital else bundles.department_yearly_cost
        return np.asarray(by_department[:, rule.position])
    if rule.kind in {"min_sites", "max_sites", "min_hubs"}:
        return np.asarray(bundles.hub if rule.kind == "min_hubs" else bundles.opens, dtype=np.float64)
    if rule.kind in {"min_openings", "max_openings"}:
        bundle, offer = bundles.pairs()
        selected = (problem.offers.service[offer] == rule.position) & ~problem.offers.existing[offer]
        return np.bincount(bundle[selected], minlength=bundles.count).astype(np.float64)
    return _change(problem, bundles, rule) if rule.kind in SUMS else None


def _change(problem: SitingProblem, bundles: Bundles, rule: Rule) -> FloatArray:
    """Return the change of capacity or floor area in each bundle's building, against today."""
    offers = problem.offers
    if rule.kind == "min_area_m2":
        return np.asarray(bundles.area_m2 - _area_today(problem)[bundles.site])
    if rule.kind == "min_capacity":
        capacity = optional_columns(problem).capacity
        of_offer = np.where(np.isfinite(capacity), capacity, 0.0)
    else:
        rooms = sum(room.area_m2 for room in problem.rules.rooms if room.services[rule.position])
        of_offer = offers.area_m2 + rooms
    of_offer = np.where(offers.service == rule.position, of_offer, 0.0)
    today = sums_by(offers.site[offers.existing], of_offer[offers.existing], problem.sites.count)
    bundle, offer = bundles.pairs()
    return np.asarray(sums_by(bundle, of_offer[offer], bundles.count) - today[bundles.site])


def _area_today(problem: SitingProblem) -> FloatArray:
    """Return float64[J]: the floor area of what exists in each building, shared rooms included."""
    offers, existing = problem.offers, problem.offers.existing
    area = sums_by(offers.site[existing], offers.area_m2[existing], problem.sites.count)
    for room in problem.rules.rooms:
        area[np.unique(offers.site[existing & room.services[offers.service]])] += room.area_m2
    return area


def no_worse_for_areas(problem: SitingProblem, bundles: Bundles, one: IntArray, other: IntArray) -> BoolArray:
    """Return bool: pairs of which the other bundle adds at least as much to every least limit of areas, and no more to every other."""
    better = np.ones(len(one), dtype=np.bool_)
    for rule in area_rules(problem):
        amount = rule_amounts(problem, bundles, rule)
        assert amount is not None  # noqa: S101  # every rule of an area limits a sum
        more = amount[other] - amount[one]
        better &= more >= 0 if rule.kind.startswith("min_") else more <= 0
    return better
