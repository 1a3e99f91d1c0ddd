"""A plan over years to begin with: one is grown for the end, and what it opens is put into the years that can pay for it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.counting.evaluate import count
from planner.siting.programme.formulation import formulate
from planner.siting.question.rules import Lock
from planner.siting.search.warm import first_offers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.question.problem import Phases, SitingProblem

__all__ = ["first_years"]

CHEAP_YUAN = 1.0
"""What costs less is opened first, whatever it gives."""


def first_years(problem: SitingProblem, seed: int, seconds: float) -> tuple[NDArray[np.int64], ...] | None:
    """Return the offers of each period, ascending, of a good plan; None where none was found for the end.

    Like `first_offers` it is only a start, which the solver completes or refuses; ``seconds`` stand for a count of work.
    """
    phases = problem.phases
    if phases is None:
        return None
    offers = first_offers(formulate(_in_the_end(problem, phases)), seed, seconds)
    if offers is None:
        return None
    standing = np.flatnonzero(problem.offers.existing)
    site = problem.offers.site
    changed = np.unique(site[np.setxor1d(offers, standing)]).astype(np.int64)
    alone = [np.concatenate([standing[site[standing] != j], offers[site[offers] == j]]) for j in changed.tolist()]
    today = count(problem, standing)
    found = [count(problem, np.sort(state)) for state in alone]
    yuan = np.array([one.capital_yuan - today.capital_yuan for one in found])
    gain = np.array([one.worth - today.worth for one in found])
    opens = _years(phases, changed, yuan, gain)
    states = []
    for period in range(phases.count):
        done = changed[opens <= period]
        kept = standing[~np.isin(site[standing], done)]
        states.append(np.sort(np.concatenate([kept, offers[np.isin(site[offers], done)]])))
    return tuple(states)


def _in_the_end(problem: SitingProblem, phases: Phases) -> SitingProblem:
    """Return the problem of the last period alone, with the money of all of them and the sites that are ready by then."""
    late = np.flatnonzero(phases.ready >= phases.count)
    locks = (*problem.rules.locks, *(Lock("never", int(site)) for site in late))
    money = min(problem.budgets.capital_yuan, float(np.sum(phases.capital_yuan)))
    return dataclasses.replace(
        problem,
        phases=None,
        budgets=dataclasses.replace(problem.budgets, capital_yuan=money),
        rules=dataclasses.replace(problem.rules, locks=locks),
    )


def _years(
    phases: Phases, sites: NDArray[np.int64], yuan: NDArray[np.float64], gain: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return the first period that can pay for each site, those that give most for their money first; T where none can."""
    left = np.asarray(phases.capital_yuan, dtype=np.float64).copy()
    if phases.carry_over:
        left = np.cumsum(left)
    opens = np.full(len(sites), phases.count)
    for position in np.argsort(-gain / np.maximum(yuan, CHEAP_YUAN), kind="stable").tolist():
        for period in range(max(int(phases.ready[sites[position]]), 0), phases.count):
            spent = slice(period, None) if phases.carry_over else slice(period, period + 1)
            if (left[spent] >= yuan[position]).all():
                left[spent] -= yuan[position]
                opens[position] = period
                break
    return opens
