"""Who goes where at best when it is settled what is open: places shared out over given offers."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.counting.evaluate import Evaluation, count
from planner.siting.programme.flows import limited_services
from planner.siting.programme.formulation import formulate
from planner.siting.programme.solver import solve_model
from planner.siting.programme.states import bundle_values
from planner.siting.question.outcome import SolverSettings
from planner.siting.question.problem import Budgets, Goal, Sites, SitingProblem
from planner.siting.question.rules import Rules
from planner.siting.search.optimise import read_assignments

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.question.plan import Assignments

__all__ = ["share_places", "value_of"]


def value_of(problem: SitingProblem, offers: NDArray[np.int64], *, period: int | None = None) -> Evaluation:
    """Return what ``offers`` give and cost and which rules they break, with places shared out where they bind.

    Use it for today: ``value_of(problem, np.flatnonzero(problem.offers.existing))``. ``period`` is as in `count`.
    """
    if not limited_services(problem).any():
        return count(problem, offers, period=period)
    return count(problem, offers, share_places(problem, offers), period=period)


def share_places(problem: SitingProblem, offers: NDArray[np.int64]) -> Assignments:
    """Return the assignment of most worth when exactly ``offers`` are open.

    Floors and least loads are kept if they can be; money and every other rule are left aside.
    """
    floors = problem.rules.floors
    asks = [(floors, True), ((), True), ((), False)]
    for kept, loads in asks:
        rules = Rules(assignment=problem.rules.assignment, floors=kept)
        found = _shared(problem, rules, offers, loads=loads)
        if found is not None:
            return found
    raise AssertionError("people can always stay at home")


def _shared(problem: SitingProblem, rules: Rules, offers: NDArray[np.int64], *, loads: bool) -> Assignments | None:
    table = problem.offers
    min_load, capacity = table.min_load, table.capacity
    if not loads and min_load is not None:
        # Without its least load an offer still has places, enough for everybody, so that it stays a limited one.
        everybody = sum(float(demand.people.sum()) * demand.load_per_person for demand in problem.demands)
        endless = np.full(table.count, np.inf) if capacity is None else capacity
        capacity = np.where((min_load > 0) & np.isinf(endless), everybody, endless)
        min_load = None
    free = dataclasses.replace(
        problem,
        budgets=Budgets(),
        rules=rules,
        goals=(Goal("coverage"),),
        phases=None,
        sites=Sites(np.zeros(problem.sites.count), np.full(problem.sites.count, np.inf)),
        offers=dataclasses.replace(
            table,
            may_close=table.existing,
            moves=None,
            min_load=min_load,
            capacity=capacity,
            capital_share=None,
            yearly_share=None,
        ),
    )
    form = formulate(free)
    chosen = bundle_values(form, (offers,))[form.z[0].slice] > 0.5
    form.builder.set_upper(form.z[0].positions[~chosen], 0.0)
    form.builder.add_rows(
        "fixed", int(chosen.sum()), [(np.arange(int(chosen.sum())), form.z[0].positions[chosen], 1.0)], lower=1.0
    )
    solution = solve_model(form.builder.build(form.coverage()), SolverSettings(gap=1e-9))
    return None if solution.values is None else read_assignments(form, solution.values, (offers,))
