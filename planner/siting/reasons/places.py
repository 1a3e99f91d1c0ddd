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
from planner.siting.question.complete import complete
from planner.siting.question.outcome import SolverSettings
from planner.siting.question.plan import Assignments
from planner.siting.question.problem import Budgets, Goal, Offers, Sites
from planner.siting.question.rules import Rules
from planner.siting.search.optimise import read_assignments

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.question.problem import Demand, SitingProblem

__all__ = ["share_places", "value_of"]

TIE = 1e-4
"""What one more person with a place counts, as a part of the least weight, where places are shared out."""


def value_of(problem: SitingProblem, offers: NDArray[np.int64], *, period: int | None = None) -> Evaluation:
    """Return what ``offers`` give and cost and which rules they break, with places shared out where they bind.

    Use it for today: ``value_of(problem, np.flatnonzero(problem.offers.existing))``. ``period`` is as in `count`.
    """
    if not limited_services(problem).any():
        return count(problem, offers, period=period)
    return count(problem, offers, share_places(problem, offers), period=period)


def share_places(problem: SitingProblem, offers: NDArray[np.int64]) -> Assignments:
    """Return the assignment of most worth when exactly ``offers`` are open; of several, one that serves most people.

    Floors and least loads are kept if they can be; money and every other rule are left aside.
    """
    if not len(offers):
        return _nobody()
    floors = problem.rules.floors
    asks = [(floors, True), ((), True), ((), False)]
    for kept, loads in asks:
        rules = Rules(assignment=problem.rules.assignment, floors=kept)
        found = _shared(problem, rules, offers, loads=loads)
        if found is not None:
            return found
    raise AssertionError("people can always stay at home")


def _shared(problem: SitingProblem, rules: Rules, offers: NDArray[np.int64], *, loads: bool) -> Assignments | None:
    free = dataclasses.replace(
        problem,
        budgets=Budgets(),
        rules=rules,
        goals=(Goal("coverage"),),
        phases=None,
        sites=Sites(np.zeros(problem.sites.count), np.full(problem.sites.count, np.inf)),
        offers=_only(problem, offers, loads=loads),
        demands=tuple(_more_people_first(demand) for demand in problem.demands),
    )
    form = formulate(free)
    state = np.arange(len(offers))
    chosen = bundle_values(form, (state,))[form.z[0].slice] > 0.5
    form.builder.set_upper(form.z[0].positions[~chosen], 0.0)
    form.builder.add_rows(
        "fixed", int(chosen.sum()), [(np.arange(int(chosen.sum())), form.z[0].positions[chosen], 1.0)], lower=1.0
    )
    solution = solve_model(form.builder.build(form.coverage()), SolverSettings(gap=1e-9))
    if solution.values is None:
        return None
    found = read_assignments(form, solution.values, (state,))
    return _nobody() if found is None else dataclasses.replace(found, offer=offers[found.offer])


def _nobody() -> Assignments:
    none = np.zeros(0, dtype=np.int64)
    return Assignments(none, none, none, none, np.zeros(0))


def _only(problem: SitingProblem, offers: NDArray[np.int64], *, loads: bool) -> Offers:
    """Return ``offers`` alone. Those of a limited service keep places, enough for everybody if need be, so that it stays one."""
    table = complete(problem)
    everybody = sum(float(demand.people.sum()) * demand.load_per_person for demand in problem.demands)
    limited = limited_services(problem)[problem.offers.service[offers]]
    capacity = table.capacity[offers]
    return Offers(
        site=problem.offers.site[offers],
        service=problem.offers.service[offers],
        capital_yuan=np.zeros(len(offers)),
        yearly_yuan=np.zeros(len(offers)),
        area_m2=np.zeros(len(offers)),
        existing=problem.offers.existing[offers],
        may_close=problem.offers.existing[offers],
        capacity=np.where(limited & np.isinf(capacity), everybody, capacity),
        min_load=table.min_load[offers] if loads else None,
        tier=table.tier[offers].astype(np.int32),
        competitor=table.competitor[offers],
    )


def _more_people_first(demand: Demand) -> Demand:
    """Return ``demand`` with every weight raised by so little that only plans of equal worth are told apart."""
    least = min((weight for weight in demand.weights if weight > 0), default=0.0)
    return dataclasses.replace(demand, weights=tuple(weight + TIE * least for weight in demand.weights))
