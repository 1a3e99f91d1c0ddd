"""Irreducible infeasible set (IIS) of smallest size, and the least relaxations that restore feasibility.

Rules are dropped and the rest tested for a feasible plan. A set that admits no plan must lose at least one rule
of every smallest IIS; a set that admits one is grown until it admits no more, and what is left out of it is a set
that every IIS meets. The smallest set meeting all of these is the smallest IIS as soon as it is infeasible
(the implicit hitting sets of Ignatiev, Previti, Liffiton and Marques-Silva 2015).
"""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.mip.amounts import rule_amounts
from planner.siting.mip.constraints import formulate
from planner.siting.mip.linear import Expression, ModelBuilder
from planner.siting.mip.solver import solve_model
from planner.siting.model.data import SolverSettings
from planner.siting.model.ruleset import COUNTS, Rule, rules_of, without_rules

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planner.siting.mip.variables import Formulation
    from planner.siting.model.problem import SitingProblem


IIS_SHARE = 0.6
"""Share of the time limit for the search of the smallest IIS; the rest is for relaxations."""

TIME_RULES = frozenset({"ready", "period_capital"})
"""Rules without which the period of an opening does not matter."""


@dataclass(frozen=True, slots=True)
class Relaxation:
    """Rules relaxed so that a plan exists, all others kept: the new limit, None where the rule is dropped.

    ``change`` is the relative change of the limit; a dropped rule counts 1. ``least`` tells that a smaller change is proven not to suffice.
    """

    rules: tuple[Rule, ...]
    limits: tuple[float | None, ...]
    change: float
    least: bool = False


@dataclass(frozen=True, slots=True)
class InfeasibleSet:
    """Irreducible infeasible set of rules, and its relaxations, the least change first.

    ``smallest`` tells that no IIS has fewer rules; where the time ran out, some of these may not be needed for it.
    With no rules at all the problem is infeasible by itself. ``relaxations`` hold single rules, or, where none
    suffices, one set of rules.
    """

    rules: tuple[Rule, ...]
    smallest: bool
    relaxations: tuple[Relaxation, ...]


def find_iis(problem: SitingProblem, settings: SolverSettings | None = None) -> InfeasibleSet | None:
    """Return the smallest IIS of an infeasible problem; None when a plan exists or the time runs out before that is known.

    Parameters
    ----------
    problem
        A problem that was found infeasible.
    settings
        Of the solver; the time limit is for the whole search.
    """
    search = _IisSearch(problem, settings or problem.settings or SolverSettings())
    everything = frozenset(rules_of(problem))
    if search.has_plan(everything) is not False:
        return None
    if search.has_plan(frozenset()) is False:
        return InfeasibleSet((), smallest=True, relaxations=())
    search.set_deadline(IIS_SHARE)
    iis = search.irreducible(everything)
    proven, iis = search.smallest(everything, iis)
    search.set_deadline(1.0)
    relaxations_found = search.relaxations(everything, iis)
    return InfeasibleSet(tuple(sorted(iis, key=rules_of(problem).index)), proven, relaxations_found)


class _IisSearch:
    """Feasibility tests of sets of rules, with a cache of the answers."""

    def __init__(self, problem: SitingProblem, settings: SolverSettings) -> None:
        self._problem = dataclasses.replace(problem, goals=())
        self._all = rules_of(problem)
        self._settings = settings
        self._started = time.perf_counter()
        self._deadline = self._started + settings.time_limit_s
        self._cache: dict[frozenset[Rule], bool | None] = {}

    @property
    def _left_s(self) -> float:
        return self._deadline - time.perf_counter()

    def set_deadline(self, share: float) -> None:
        """Set the deadline to that share of the time limit."""
        self._deadline = self._started + share * self._settings.time_limit_s

    def has_plan(self, kept: frozenset[Rule]) -> bool | None:
        """Return whether a plan keeps the rules; None at the deadline."""
        for tested, answer in self._cache.items():
            if answer is True and kept <= tested:
                return True
            if answer is False and kept >= tested:
                return False
        if self._left_s <= 0:
            return None
        relaxed = without_rules(self._problem, self._dropped(kept))
        if not any(rule.kind in TIME_RULES for rule in kept):
            relaxed = dataclasses.replace(relaxed, phases=None)
        form = formulate(relaxed)
        outcome = solve_model(form.builder.build(), self._within(self._left_s)).outcome
        answer = {"infeasible": False, "unknown": None}.get(outcome.status, True)
        self._cache[kept] = answer
        return answer

    def _dropped(self, kept: Iterable[Rule]) -> list[Rule]:
        return [rule for rule in self._all if rule not in set(kept)]

    def _within(self, seconds: float) -> SolverSettings:
        return self._settings.within(max(seconds, 0.1))

    def irreducible(self, rules: frozenset[Rule]) -> frozenset[Rule]:
        """Return an irreducible subset: time rules are deleted first, then the rest, in halves (deletion filter)."""
        in_time = [rule for rule in self._all if rule.kind in TIME_RULES]
        return self._minimal(self._minimal(rules, in_time), [rule for rule in self._all if rule not in in_time])

    def _minimal(self, rules: frozenset[Rule], of: list[Rule]) -> frozenset[Rule]:
        """Delete what is not needed of ``of``: all of it where possible, else of either half."""
        if not of or self.has_plan(rules - set(of)) is False:
            return rules - set(of)
        if len(of) == 1:
            return rules
        half = len(of) // 2
        return self._minimal(self._minimal(rules, of[:half]), of[half:])

    def smallest(self, everything: frozenset[Rule], best_known: frozenset[Rule]) -> tuple[bool, frozenset[Rule]]:
        """Return whether the smallest IIS was proven, and the smallest known."""
        correction_sets: list[frozenset[Rule]] = []
        while self._left_s > 0:
            candidate = _minimum_hitting_set(correction_sets)
            if len(candidate) >= len(best_known):
                return True, best_known
            allowed = self.has_plan(candidate)
            if allowed is None:
                break
            if not allowed:
                return True, candidate
            correction_sets.append(everything - self._maximal(candidate))
        return False, best_known

    def _maximal(self, rules: frozenset[Rule]) -> frozenset[Rule]:
        """Return a maximal feasible superset of ``rules``."""
        for rule in self._all:
            if rule not in rules and self.has_plan(rules | {rule}):
                rules |= {rule}
        return rules

    def relaxations(self, everything: frozenset[Rule], iis: frozenset[Rule]) -> tuple[Relaxation, ...]:
        """Return relaxations of single rules of the IIS, or of the fewest rules where none suffices."""
        found = []
        for rule in sorted(iis):
            if self.has_plan(everything - {rule}):
                limit, least = self._least_limit(rule)
                change = 1.0 if limit is None or not rule.limit else abs(limit - rule.limit) / abs(rule.limit)
                found.append(Relaxation((rule,), (limit,), change, least))
        if not found:
            final_outcome = everything - self._maximal(frozenset(rule for rule in everything if rule not in iis))
            if self.has_plan(everything - final_outcome):
                rules = tuple(sorted(final_outcome))
                found.append(Relaxation(rules, (None,) * len(rules), float(len(rules))))
        return tuple(sorted(found, key=lambda way: way.change))

    def _least_limit(self, rule: Rule) -> tuple[float | None, bool]:
        """Return the nearest limit of ``rule`` at which a plan keeps everything else, and whether that is proven.

        None for a rule without a limit, or at the deadline.
        """
        form = formulate(without_rules(self._problem, [rule]))
        expression, maximise = _limited_expression(form, rule, self._problem)
        if expression is None:
            return None, False
        model = form.builder.build(expression, maximise=maximise)
        within = dataclasses.replace(self._within(max(self._left_s, 1.0)), gap=1e-6)
        outcome = solve_model(model, within).outcome
        counted = rule.kind in COUNTS
        limit = outcome.objective if outcome.objective is None or not counted else float(round(outcome.objective))
        return limit, outcome.proven


def _limited_expression(form: Formulation, rule: Rule, problem: SitingProblem) -> tuple[Expression | None, bool]:
    """Return the expression that a rule limits, and whether it is maximised; (None, …) for rules without one."""
    amount = None if rule.kind == "period_capital" else rule_amounts(problem, form.bundles, rule)
    if amount is not None:
        return Expression(form.z[form.last].positions, amount, 0.0), rule.kind.startswith("min_")
    if rule.kind == "floor":
        floor = problem.rules.floors[rule.position]
        level = form.builder.add_columns("level", 1, upper=1.0)
        for regions in floor.regions(problem.n_communities):
            people, everybody = form.people_of(floor.demands, floor.circle, regions)
            if everybody > 0:
                form.builder.add_expression_row("floor", people.scaled(1 / everybody).plus(level, -1.0), lower=0.0)
        return Expression(level.positions, np.ones(1), 0.0), True
    return None, True


def _minimum_hitting_set(sets: list[frozenset[Rule]]) -> frozenset[Rule]:
    """Return the fewest rules that intersect every set."""
    rules = sorted(frozenset().union(*sets))
    if not rules:
        return frozenset()
    builder = ModelBuilder()
    taken = builder.add_columns("taken", len(rules), upper=1.0, integer=True)
    for one in sets:
        members = np.array([rules.index(rule) for rule in sorted(one)], dtype=np.int64)
        builder.add_rows("met", 1, [(0, taken.start + members, 1.0)], lower=1.0)
    goal = Expression(taken.positions, np.ones(len(rules)), 0.0)
    values = solve_model(builder.build(goal, maximise=False), SolverSettings(gap=0.0)).values
    assert values is not None  # noqa: S101  # taking every rule meets every set
    return frozenset(rule for rule, value in zip(rules, values, strict=True) if value > 0.5)
