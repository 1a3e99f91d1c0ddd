"""Cost of each constraint, in people and money: the problem is solved again without it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.analysis.openings import evaluate_with_assignment
from planner.siting.model.data import SolverSettings
from planner.siting.model.ruleset import COUNTS, SUMS, Rule, rules_of, with_limit, without_rules
from planner.siting.optimiser import solve
from planner.siting.verify.evaluate import evaluate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planner.siting.arrays import IntArray
    from planner.siting.model.plan import Outcome, Plan
    from planner.siting.model.problem import SitingProblem


LOOSEN_BY = 0.1
"""Relative change of a loosened limit."""


@dataclass(frozen=True, slots=True, eq=False)
class RuleCost:
    """Gain of a plan when one rule is dropped, or loosened to ``limit``.

    ``goal_gain`` is the change of the first goal between the two plans (positive: better without the rule), and
    ``gain_at_most`` its upper bound from the bounds of both; they agree when both are proven. ``people`` is the
    change in people served in the widest circle, per demand, with optimal assignment in both plans; ``capital_cost`` and
    ``yearly_cost`` are the changes in new capital and in the yearly cost.
    """

    rule: Rule
    limit: float | None
    goal_gain: float
    gain_at_most: float | None
    people: tuple[float, ...]
    capital_cost: float
    yearly_cost: float
    plan: Plan
    outcome: Outcome


def rule_costs(
    problem: SitingProblem,
    plan: Plan,
    rules: Iterable[Rule] | None = None,
    settings: SolverSettings | None = None,
    *,
    loosen: bool = False,
    begin: Plan | None = None,
) -> tuple[RuleCost, ...]:
    """Return the cost of each rule: the gain of the plan without it (or with it loosened), solved again.

    Rules without a plan in the time allowed are left out.

    Parameters
    ----------
    problem, plan
        The problem and its plan.
    rules
        Which; every rule of the problem if not given.
    settings
        Of the solver, for each rule.
    loosen
        Loosen instead of drop: a tenth more money, one more site or opening, a tenth less of a floor. Rules without a limit are dropped.
    begin
        A plan to start the search from; ``plan`` if not given.
    """
    before, served = evaluate(problem, plan), evaluate_with_assignment(problem, plan.offers).served
    sign = problem.goals[0].sign
    found = []
    for rule in rules_of(problem) if rules is None else rules:
        limit = _loosened_limit(rule) if loosen else None
        changed = without_rules(problem, [rule]) if limit is None else with_limit(problem, rule, limit)
        other = solve(changed, settings, start=begin or plan)
        if not other.found:
            continue
        after = evaluate(changed, other)
        old, new = plan.steps[0].outcome, other.steps[0].outcome
        gain = sign * (_objective_of(new) - _objective_of(old))
        most = None if new.bound is None else sign * (new.bound - _objective_of(old))
        found.append(
            RuleCost(
                rule=rule,
                limit=limit,
                goal_gain=gain,
                gain_at_most=most,
                people=tuple(
                    float(new_people[-1] - old_people[-1])
                    for new_people, old_people in zip(
                        evaluate_with_assignment(changed, other.offers).served, served, strict=True
                    )
                ),
                capital_cost=after.capital_cost - before.capital_cost,
                yearly_cost=after.yearly_cost - before.yearly_cost,
                plan=other,
                outcome=other.outcome,
            )
        )
    return tuple(found)


def _objective_of(outcome: Outcome) -> float:
    return float("nan") if outcome.objective is None else outcome.objective


def _loosened_limit(rule: Rule) -> float | None:
    """Return a slightly looser limit; None for rules without one."""
    if rule.limit is None:
        return None
    if rule.kind in {"floor", "spread"}:
        return rule.limit * (1 - LOOSEN_BY) if rule.kind == "floor" else rule.limit * (1 + LOOSEN_BY)
    if rule.kind in COUNTS:
        return rule.limit + 1 if rule.kind.startswith("max_") else rule.limit - 1
    if rule.kind in SUMS:
        return rule.limit - LOOSEN_BY * abs(rule.limit)
    return rule.limit * (1 + LOOSEN_BY)


def unfunded(problem: SitingProblem, plan: Plan, settings: SolverSettings | None = None) -> tuple[Plan, IntArray]:
    """Return the plan without budget limits, and those of its openings that ``plan`` lacks (R08)."""
    money = {"capital", "yearly", "department_capital", "department_yearly", "period_capital"}
    rich = without_rules(problem, [rule for rule in rules_of(problem) if rule.kind in money])
    settings = settings or problem.settings or SolverSettings()
    wanted = solve(rich, dataclasses.replace(settings), start=plan)
    offers = problem.offers
    places = {(int(offers.site[offer]), int(offers.service[offer])) for offer in plan.offers}
    left_out = [
        offer
        for offer in wanted.openings(rich).offer.tolist()
        if (int(offers.site[offer]), int(offers.service[offer])) not in places
    ]
    return wanted, np.array(left_out, dtype=np.int64)
