"""The price of each lock and each rule, in people and yuan: the problem is solved again without it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.counting.evaluate import evaluate
from planner.siting.question.outcome import Outcome, SolverSettings
from planner.siting.question.ruleset import Rule, rules_of, with_limit, without
from planner.siting.reasons.places import value_of
from planner.siting.search.optimise import solve

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from planner.siting.question.plan import Plan
    from planner.siting.question.problem import SitingProblem

__all__ = ["Price", "price_rules", "unfunded"]

MORE = 0.1
"""How much more money, or how much less of a floor, a loosened rule allows."""


@dataclass(frozen=True, slots=True, eq=False)
class Price:
    """What a plan gains when one rule is dropped, or loosened to ``limit``.

    ``goal_gain`` is the change of the first goal between the two plans (positive: better without the rule), and
    ``gain_at_most`` what it can be at most by the bounds of both; they agree when both are proven. ``people`` is the
    change in people served in the widest circle, per demand, with places shared out at best in both plans; ``capital_yuan`` and ``yearly_yuan`` are the changes in
    new capital and in the yearly bill.
    """

    rule: Rule
    limit: float | None
    goal_gain: float
    gain_at_most: float | None
    people: tuple[float, ...]
    capital_yuan: float
    yearly_yuan: float
    plan: Plan
    outcome: Outcome


def price_rules(
    problem: SitingProblem,
    plan: Plan,
    rules: Iterable[Rule] | None = None,
    settings: SolverSettings | None = None,
    *,
    loosen: bool = False,
    begin: Plan | None = None,
) -> tuple[Price, ...]:
    """Return the price of each rule: what the plan would gain without it (or with it loosened), solved again.

    Rules without a plan in the time allowed are left out.

    Parameters
    ----------
    problem, plan
        The question and its plan.
    rules
        Which; every rule of the problem if not given.
    settings
        Of the solver, for each rule.
    loosen
        Ask what a little more would bring instead of what the rule costs in all: a tenth more money, one more site or
        opening, a tenth less of a floor. Rules without a number are dropped.
    begin
        A plan to begin the search with; ``plan`` if not given.
    """
    before, served = evaluate(problem, plan), value_of(problem, plan.offers).served
    maximise = problem.goals[0].kind in {"coverage", "fair"}
    sign = 1.0 if maximise else -1.0
    found = []
    for rule in rules_of(problem) if rules is None else rules:
        limit = _looser(rule) if loosen else None
        changed = without(problem, [rule]) if limit is None else with_limit(problem, rule, limit)
        other = solve(changed, settings, start=begin or plan)
        if not other.found:
            continue
        after = evaluate(changed, other)
        old, new = plan.steps[0].outcome, other.steps[0].outcome
        gain = sign * (_number(new) - _number(old))
        most = None if new.bound is None else sign * (new.bound - _number(old))
        found.append(
            Price(
                rule=rule,
                limit=limit,
                goal_gain=gain,
                gain_at_most=most,
                people=tuple(
                    float(new_people[-1] - old_people[-1])
                    for new_people, old_people in zip(value_of(changed, other.offers).served, served, strict=True)
                ),
                capital_yuan=after.capital_yuan - before.capital_yuan,
                yearly_yuan=after.yearly_yuan - before.yearly_yuan,
                plan=other,
                outcome=other.outcome,
            )
        )
    return tuple(found)


def _number(outcome: Outcome) -> float:
    return float("nan") if outcome.objective is None else outcome.objective


def _looser(rule: Rule) -> float | None:
    """Return a slightly looser limit; None for rules that only hold or do not."""
    if rule.limit is None:
        return None
    if rule.kind in {"floor", "spread"}:
        return rule.limit * (1 - MORE) if rule.kind == "floor" else rule.limit * (1 + MORE)
    if rule.kind.startswith("max_"):
        return rule.limit + 1
    if rule.kind.startswith("min_"):
        return rule.limit - 1
    return rule.limit * (1 + MORE)


def unfunded(
    problem: SitingProblem, plan: Plan, settings: SolverSettings | None = None
) -> tuple[Plan, NDArray[np.int64]]:
    """Return the plan that money would not limit, and its openings that the given plan has to leave out (R08)."""
    money = {"capital", "yearly", "department_capital", "department_yearly", "period_capital"}
    rich = without(problem, [rule for rule in rules_of(problem) if rule.kind in money])
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
