"""Why no plan exists: the smallest set of rules that contradict each other, and what would have to give.

Rules are dropped and the rest asked whether any plan keeps it. A set that admits no plan must lose at least one rule
of every smallest conflict; a set that admits one is grown until it admits no more, and what is left out of it is a set
that every conflict meets. The smallest set meeting all of these is the smallest conflict as soon as it is one
(the implicit hitting sets of Ignatiev, Previti, Liffiton and Marques-Silva 2015).
"""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.programme.formulation import Formulation, formulate
from planner.siting.programme.linear import Expression, ModelBuilder
from planner.siting.programme.solver import solve_model
from planner.siting.question.outcome import SolverSettings
from planner.siting.question.ruleset import Rule, rules_of, without

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from planner.siting.question.problem import SitingProblem

__all__ = ["Conflict", "Relaxation", "find_conflict"]

SHARE_FOR_CONFLICT = 0.6
"""What part of the time the search for the smallest conflict may take; the ways out have the rest."""

IN_TIME = frozenset({"ready", "period_capital"})
"""Rules without which it does not matter when something opens."""


@dataclass(frozen=True, slots=True)
class Relaxation:
    """Rules that would have to give, all other rules kept: the limit at which a plan exists, None for dropping it.

    ``change`` is how far that is from what was asked, as a part of it; a rule that is dropped counts 1. ``least`` tells
    that a smaller change of the limit is proven not to be enough.
    """

    rules: tuple[Rule, ...]
    limits: tuple[float | None, ...]
    change: float
    least: bool = False


@dataclass(frozen=True, slots=True)
class Conflict:
    """Rules that cannot be kept together, and ways out, the least change first.

    ``smallest`` tells that no conflict has fewer rules; where the time ran out, some of these may not be needed for it.
    With no rules at all the problem is infeasible by itself. ``relaxations`` hold single rules, or, where none
    suffices, one set of rules.
    """

    rules: tuple[Rule, ...]
    smallest: bool
    relaxations: tuple[Relaxation, ...]


def find_conflict(problem: SitingProblem, settings: SolverSettings | None = None) -> Conflict | None:
    """Return why no plan exists; None when one does, or when the time runs out before that is known.

    Parameters
    ----------
    problem
        One that was found infeasible.
    settings
        Of the solver; the time is for the whole search.
    """
    search = _Search(problem, settings or problem.settings or SolverSettings())
    everything = frozenset(rules_of(problem))
    if search.allows_plan(everything) is not False:
        return None
    if search.allows_plan(frozenset()) is False:
        return Conflict((), smallest=True, relaxations=())
    search.pause_at(SHARE_FOR_CONFLICT)
    conflict = search.irreducible(everything)
    proven, conflict = search.smallest(everything, conflict)
    search.pause_at(1.0)
    ways_out = search.relaxations(everything, conflict)
    return Conflict(tuple(sorted(conflict, key=rules_of(problem).index)), proven, ways_out)


class _Search:
    """Asks whether any plan keeps a set of rules, and remembers the answers."""

    def __init__(self, problem: SitingProblem, settings: SolverSettings) -> None:
        self._problem = dataclasses.replace(problem, goals=())
        self._all = rules_of(problem)
        self._settings = settings
        self._began = time.perf_counter()
        self._ends = self._began + settings.time_limit_s
        self._known: dict[frozenset[Rule], bool | None] = {}

    @property
    def _left_s(self) -> float:
        return self._ends - time.perf_counter()

    def pause_at(self, share: float) -> None:
        """Answer nothing more after that share of the whole time."""
        self._ends = self._began + share * self._settings.time_limit_s

    def allows_plan(self, kept: frozenset[Rule]) -> bool | None:
        """Return whether a plan keeps the rules; None when the time is up."""
        for asked, answer in self._known.items():
            if answer is True and kept <= asked:
                return True
            if answer is False and kept >= asked:
                return False
        if self._left_s <= 0:
            return None
        asked_of = without(self._problem, self._dropped(kept))
        if not any(rule.kind in IN_TIME for rule in kept):
            asked_of = dataclasses.replace(asked_of, phases=None)
        form = formulate(asked_of)
        outcome = solve_model(form.builder.build(), self._within(self._left_s)).outcome
        answer = {"infeasible": False, "unknown": None}.get(outcome.status, True)
        self._known[kept] = answer
        return answer

    def _dropped(self, kept: Iterable[Rule]) -> list[Rule]:
        return [rule for rule in self._all if rule not in set(kept)]

    def _within(self, seconds: float) -> SolverSettings:
        return dataclasses.replace(self._settings, time_limit_s=max(seconds, 0.1))

    def irreducible(self, rules: frozenset[Rule]) -> frozenset[Rule]:
        """Drop every rule that is not needed for the conflict: rules about time first, then the rest, many at once."""
        in_time = [rule for rule in self._all if rule.kind in IN_TIME]
        return self._shrunk(self._shrunk(rules, in_time), [rule for rule in self._all if rule not in in_time])

    def _shrunk(self, rules: frozenset[Rule], of: list[Rule]) -> frozenset[Rule]:
        """Drop what is not needed of ``of``: all of it if that will do, else what can go of either half."""
        if not of or self.allows_plan(rules - set(of)) is False:
            return rules - set(of)
        if len(of) == 1:
            return rules
        half = len(of) // 2
        return self._shrunk(self._shrunk(rules, of[:half]), of[half:])

    def smallest(self, everything: frozenset[Rule], known: frozenset[Rule]) -> tuple[bool, frozenset[Rule]]:
        """Return whether the smallest conflict was proven, and the smallest that is known."""
        meets: list[frozenset[Rule]] = []
        while self._left_s > 0:
            guess = _least_hitting_set(meets)
            if len(guess) >= len(known):
                return True, known
            allowed = self.allows_plan(guess)
            if allowed is None:
                break
            if not allowed:
                return True, guess
            meets.append(everything - self._grown(guess))
        return False, known

    def _grown(self, rules: frozenset[Rule]) -> frozenset[Rule]:
        """Add rules as long as a plan keeps them all."""
        for rule in self._all:
            if rule not in rules and self.allows_plan(rules | {rule}):
                rules |= {rule}
        return rules

    def relaxations(self, everything: frozenset[Rule], conflict: frozenset[Rule]) -> tuple[Relaxation, ...]:
        """Return what suffices when one rule of the conflict gives, or else the fewest rules that must."""
        found = []
        for rule in sorted(conflict):
            if self.allows_plan(everything - {rule}):
                limit, least = self._least_limit(rule)
                change = 1.0 if limit is None or not rule.limit else abs(limit - rule.limit) / abs(rule.limit)
                found.append(Relaxation((rule,), (limit,), change, least))
        if not found:
            given_up = everything - self._grown(frozenset(rule for rule in everything if rule not in conflict))
            if self.allows_plan(everything - given_up):
                rules = tuple(sorted(given_up))
                found.append(Relaxation(rules, (None,) * len(rules), float(len(rules))))
        return tuple(sorted(found, key=lambda way: way.change))

    def _least_limit(self, rule: Rule) -> tuple[float | None, bool]:
        """Return the limit nearest to the one asked for at which a plan keeps everything else, and whether it is proven.

        None if the rule has no limit, or the time did not suffice to find one.
        """
        form = formulate(without(self._problem, [rule]))
        measure, maximise = _measure(form, rule, self._problem)
        if measure is None:
            return None, False
        model = form.builder.build(measure, maximise=maximise)
        within = dataclasses.replace(self._within(max(self._left_s, 1.0)), gap=1e-6)
        outcome = solve_model(model, within).outcome
        counted = rule.kind.startswith(("min_", "max_"))
        limit = outcome.objective if outcome.objective is None or not counted else float(round(outcome.objective))
        return limit, outcome.proven


def _measure(form: Formulation, rule: Rule, problem: SitingProblem) -> tuple[Expression | None, bool]:
    """Return what a rule limits, as an expression, and whether more of it is better; (None, …) for rules without."""
    bundles, last = form.bundles, form.z[form.last]
    bundle, offer = bundles.pairs()
    amount: NDArray[np.float64] | None = None
    if rule.kind in {"capital", "yearly"}:
        amount = bundles.capital_yuan if rule.kind == "capital" else bundles.yearly_yuan
    elif rule.kind in {"department_capital", "department_yearly"}:
        by_department = {
            "department_capital": bundles.department_capital_yuan,
            "department_yearly": bundles.department_yearly_yuan,
        }
        amount = by_department[rule.kind][:, rule.position]
    elif rule.kind in {"min_sites", "max_sites", "min_hubs"}:
        amount = (bundles.hub if rule.kind == "min_hubs" else bundles.opens).astype(np.float64)
    if amount is not None:
        return Expression(last.positions, amount, 0.0), rule.kind.startswith("min_")
    if rule.kind in {"min_openings", "max_openings"}:
        mine = (problem.offers.service[offer] == rule.position) & ~problem.offers.existing[offer]
        return Expression(last.start + bundle[mine], np.ones(int(mine.sum())), 0.0), rule.kind == "min_openings"
    if rule.kind == "floor":
        floor = problem.rules.floors[rule.position]
        level = form.builder.add_columns("level", 1, upper=1.0)
        for region in range(problem.n_communities) if floor.every_community else [floor.community]:
            people, everybody = form.people_within(floor.demand, floor.circle, region)
            if everybody > 0:
                form.builder.add_expression_row("floor", people.scaled(1 / everybody).plus(level, -1.0), lower=0.0)
        return Expression(level.positions, np.ones(1), 0.0), True
    return None, True


def _least_hitting_set(sets: list[frozenset[Rule]]) -> frozenset[Rule]:
    """Return the fewest rules that meet every set."""
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
