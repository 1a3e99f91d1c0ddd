"""The rules of a problem as a list: each named, with its limit, and relaxed or dropped.

Costs of constraints, infeasible sets and relaxations all re-solve the problem with one rule changed.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planner.siting.arrays import FloatArray
    from planner.siting.model.problem import SitingProblem


RuleKind = Literal[
    "capital",
    "yearly",
    "department_capital",
    "department_yearly",
    "period_capital",
    "min_sites",
    "max_sites",
    "min_openings",
    "max_openings",
    "min_hubs",
    "min_capacity",
    "min_service_area_m2",
    "min_area_m2",
    "must",
    "never",
    "floor",
    "spread",
    "incompatible",
    "area",
    "stays",
    "min_load",
    "ready",
]


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """One rule: its kind, which one of its kind, and its limit where it has one.

    ``position`` is the department, period, service, lock, floor or spread; 0 where there is only one of the kind. ``area`` is the position
    in ``rules.areas`` for limits of an area, −1 for those of the whole.
    """

    kind: RuleKind
    position: int = 0
    limit: float | None = None
    area: int = -1


SUMS = frozenset({"min_capacity", "min_service_area_m2", "min_area_m2"})
"""Least sums of areas: changes of capacity and floor area from today, which may be negative."""

COUNTS = frozenset({"min_sites", "max_sites", "min_openings", "max_openings", "min_hubs"})
"""Rules whose limit is a whole number."""


def rules_of(problem: SitingProblem) -> tuple[Rule, ...]:
    """Return every rule that could bind, in the order in which a planner would give them up, last to first."""
    budgets, rules, offers = problem.budgets, problem.rules, problem.offers
    found = [Rule("area")] if np.isfinite(problem.sites.floor_area_m2).any() else []
    if offers.existing.any():
        found.append(Rule("stays"))
    if rules.incompatible is not None and rules.incompatible.any():
        found.append(Rule("incompatible"))
    if problem.phases is not None and (problem.phases.ready > 0).any():
        found.append(Rule("ready"))
    if offers.min_load is not None and (offers.min_load > 0).any():
        found.append(Rule("min_load"))
    found += [Rule("floor", i, floor.share) for i, floor in enumerate(rules.floors)]
    found += [Rule("spread", i, spread.most) for i, spread in enumerate(rules.spreads)]
    found += [Rule(lock.kind, i) for i, lock in enumerate(rules.locks)]
    found += [Rule("min_openings", k, float(least)) for k, least in enumerate(rules.min_openings) if least > 0]
    found += [Rule("max_openings", k, float(most)) for k, most in enumerate(rules.max_openings) if most is not None]
    if rules.min_hubs > 0:
        found.append(Rule("min_hubs", 0, float(rules.min_hubs)))
    if rules.min_sites > 0:
        found.append(Rule("min_sites", 0, float(rules.min_sites)))
    if rules.max_sites is not None:
        found.append(Rule("max_sites", 0, float(rules.max_sites)))
    found += area_rules(problem)
    found += _limits("department_yearly", budgets.department_yearly_cost)
    found += _limits("department_capital", budgets.department_capital_cost)
    found += _limits("yearly", np.array([budgets.yearly_cost]))
    found += _limits("capital", np.array([budgets.capital_cost]))
    if problem.phases is not None:
        found += _limits("period_capital", problem.phases.capital_cost)
    return tuple(found)


def _limits(kind: RuleKind, limits: FloatArray | None, area: int = -1) -> list[Rule]:
    if limits is None:
        return []
    return [Rule(kind, i, float(limit), area) for i, limit in enumerate(limits) if np.isfinite(limit)]


def area_rules(problem: SitingProblem) -> list[Rule]:
    """Return every limit of every area."""
    found: list[Rule] = []
    for position, area in enumerate(problem.rules.areas):
        least: dict[RuleKind, tuple[int | float | None, ...]] = {
            "min_openings": tuple(number or None for number in area.min_openings),
            "min_capacity": area.min_capacity,
            "min_service_area_m2": area.min_service_area_m2,
            "min_area_m2": (area.min_area_m2,),
            "min_hubs": (area.min_hubs or None,),
            "min_sites": (area.min_sites or None,),
            "max_openings": area.max_openings,
            "max_sites": (area.max_sites,),
        }
        for kind, limits in least.items():
            found += [Rule(kind, i, float(limit), position) for i, limit in enumerate(limits) if limit is not None]
        found += _limits("yearly", np.array([area.yearly_cost]), position)
        found += _limits("capital", np.array([area.capital_cost]), position)
        found += _limits("period_capital", area.period_capital_cost, position)
    return found


def without_rules(problem: SitingProblem, rules: Iterable[Rule]) -> SitingProblem:
    """Return ``problem`` without the given rules."""
    gone = set(rules)
    for rule in gone:
        problem = _dropped(problem, rule)
    # Locks, floors and spreads are identified by position, so they are removed together.
    kept_locks = tuple(
        lock for i, lock in enumerate(problem.rules.locks) if not {Rule("must", i), Rule("never", i)} & gone
    )
    floors = {rule.position for rule in gone if rule.kind == "floor"}
    spreads = {rule.position for rule in gone if rule.kind == "spread"}
    changed = dataclasses.replace(
        problem.rules,
        locks=kept_locks,
        floors=tuple(floor for i, floor in enumerate(problem.rules.floors) if i not in floors),
        spreads=tuple(spread for i, spread in enumerate(problem.rules.spreads) if i not in spreads),
    )
    return dataclasses.replace(problem, rules=changed)


def _dropped(problem: SitingProblem, rule: Rule) -> SitingProblem:
    rules, offers = problem.rules, problem.offers
    if rule.kind in {"must", "never", "floor", "spread"}:
        return problem
    if rule.area >= 0:
        return _with_area_limit(problem, rule, None)
    if rule.kind == "area":
        endless = np.full(problem.sites.count, np.inf)
        return dataclasses.replace(
            problem, sites=dataclasses.replace(problem.sites, floor_area_m2=endless, storey_area_m2=None)
        )
    if rule.kind == "stays":
        return dataclasses.replace(problem, offers=dataclasses.replace(offers, may_close=offers.existing.copy()))
    if rule.kind == "min_load":
        return dataclasses.replace(problem, offers=dataclasses.replace(offers, min_load=np.zeros(offers.count)))
    if rule.kind == "incompatible":
        return dataclasses.replace(problem, rules=dataclasses.replace(rules, incompatible=None))
    if rule.kind == "ready":
        assert problem.phases is not None  # noqa: S101  # the rule is listed only where there are phases
        soon = np.zeros(problem.sites.count, dtype=np.int32)
        return dataclasses.replace(problem, phases=dataclasses.replace(problem.phases, ready=soon))
    if rule.kind == "max_sites":
        return dataclasses.replace(problem, rules=dataclasses.replace(rules, max_sites=None))
    return with_limit(problem, rule, 0.0 if rule.kind.startswith("min_") else np.inf)


def with_limit(problem: SitingProblem, rule: Rule, limit: float) -> SitingProblem:
    """Return ``problem`` with another limit of one of its rules."""
    if rule.area >= 0:
        return _with_area_limit(problem, rule, limit)
    budgets, rules = problem.budgets, problem.rules
    changes: dict[str, Any]
    if rule.kind in {"capital", "yearly", "department_capital", "department_yearly"}:
        name = f"{rule.kind}_cost"
        whole = rule.kind in {"capital", "yearly"}
        changes = {name: limit if whole else _put(getattr(budgets, name), rule.position, limit)}
        return dataclasses.replace(problem, budgets=dataclasses.replace(budgets, **changes))
    if rule.kind == "period_capital":
        assert problem.phases is not None  # noqa: S101  # the rule is listed only where there are phases
        money = _put(problem.phases.capital_cost, rule.position, limit)
        return dataclasses.replace(problem, phases=dataclasses.replace(problem.phases, capital_cost=money))
    if rule.kind in {"min_sites", "max_sites", "min_hubs"}:
        changes = {rule.kind: int(limit)}
    elif rule.kind in {"min_openings", "max_openings"}:
        number = int(limit) if np.isfinite(limit) else None
        changes = {rule.kind: _replaced(getattr(rules, rule.kind), rule.position, number)}
    elif rule.kind == "floor":
        changed = dataclasses.replace(rules.floors[rule.position], share=limit)
        changes = {"floors": _replaced(rules.floors, rule.position, changed)}
    elif rule.kind == "spread":
        wider = dataclasses.replace(rules.spreads[rule.position], most=limit)
        changes = {"spreads": _replaced(rules.spreads, rule.position, wider)}
    else:
        raise ValueError(f"a rule of kind {rule.kind} has no limit")
    return dataclasses.replace(problem, rules=dataclasses.replace(rules, **changes))


def _with_area_limit(problem: SitingProblem, rule: Rule, limit: float | None) -> SitingProblem:
    """Return ``problem`` with another limit of an area, or without it (None or infinite)."""
    area, kind = problem.rules.areas[rule.area], rule.kind
    value: Any = None if limit is None or not np.isfinite(limit) else limit
    changes: dict[str, Any]
    if kind in {"capital", "yearly"}:
        changes = {f"{kind}_cost": np.inf if value is None else value}
    elif kind == "period_capital":
        assert area.period_capital_cost is not None  # noqa: S101  # the rule is listed only where there is money by period
        money = _put(area.period_capital_cost, rule.position, np.inf if value is None else value)
        changes = {"period_capital_cost": money}
    elif kind in COUNTS:
        number = (None if kind.startswith("max_") else 0) if value is None else int(value)
        of_service = kind in {"min_openings", "max_openings"}
        changes = {kind: _replaced(getattr(area, kind), rule.position, number) if of_service else number}
    else:
        changes = {kind: value if kind == "min_area_m2" else _replaced(getattr(area, kind), rule.position, value)}
    areas = _replaced(problem.rules.areas, rule.area, dataclasses.replace(area, **changes))
    return dataclasses.replace(problem, rules=dataclasses.replace(problem.rules, areas=areas))


def _replaced(values: tuple[Any, ...], position: int, value: Any) -> tuple[Any, ...]:
    return (*values[:position], value, *values[position + 1 :])


def _put(values: FloatArray, position: int, limit: float) -> FloatArray:
    changed = values.copy()
    changed[position] = limit
    return changed
