"""Why a service opens nowhere: what opening one would cost, which rules refuse it, and what it would take the place of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.counting.evaluate import count
from planner.siting.programme.flows import limited_services
from planner.siting.reasons.marginal import gains, over_time, refusing_states, replaced, runs_twice, swapped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.question.plan import Plan
    from planner.siting.question.problem import SitingProblem
    from planner.siting.question.ruleset import Rule

__all__ = ["Unopened", "unopened"]

TRIED, TRIED_LIMITED = 25, 6
"""Openings of the plan that are tried in exchange; fewer where a solver has to share places out for each."""


@dataclass(frozen=True, slots=True)
class Unopened:
    """A service of which the plan opens nothing new, and the opening that comes nearest to it.

    ``offer`` is −1 where nothing can take the service. Money is what the opening adds to the plan's bill, set-up and shared rooms
    included; ``people`` those of its service newly within reach in the widest circle; ``worth`` what it adds by circle weight.
    ``rules`` refuse it as an addition, ``by_class`` what a kind of building asks for as well. ``instead_of`` is the opening of
    the plan that it could replace with every rule kept at the least loss ``worth_lost`` (−1 and NaN: none of those tried).
    """

    service: int
    offer: int
    capital_yuan: float = float("nan")
    yearly_yuan: float = float("nan")
    people: float = float("nan")
    worth: float = float("nan")
    rules: tuple[Rule, ...] = ()
    by_class: bool = False
    instead_of: int = -1
    worth_lost: float = float("nan")


def unopened(problem: SitingProblem, plan: Plan) -> tuple[Unopened, ...]:
    """Return the services of which ``plan`` opens nothing new, in order, each with what opening one would mean.

    Looked at are the offer that would add the most worth and the cheapest one; of the two, the one that brings somebody
    something, then the one that fewer rules refuse.
    """
    opened = set(plan.openings(problem).service.tolist())
    missing = [service for service in range(problem.n_services) if service not in opened]
    if not missing:
        return ()
    gain = gains(problem, plan.offers)
    return tuple(_nearest(problem, plan, service, gain) for service in missing)


def _nearest(problem: SitingProblem, plan: Plan, service: int, gain: NDArray[np.float64]) -> Unopened:
    offers = problem.offers
    mine = np.flatnonzero((offers.service == service) & ~offers.existing)
    if not len(mine):
        return Unopened(service, -1)
    costs = offers.capital_yuan[mine] + problem.sites.setup_yuan[offers.site[mine]]
    promising = mine[np.lexsort((costs, -gain[mine]))[0]]
    cheapest = mine[np.lexsort((-gain[mine], costs))[0]]
    found = [_added(problem, plan, int(offer)) for offer in dict.fromkeys((promising, cheapest))]
    best = min(found, key=lambda one: (one.worth <= 0, len(one.rules) + one.by_class, -one.worth, one.capital_yuan))
    return _exchanged(problem, plan, best)


def _added(problem: SitingProblem, plan: Plan, offer: int) -> Unopened:
    """Return what adding one offer to the plan costs and gives, and the rules that refuse it."""
    gone = replaced(problem, offer)
    ready = 0 if problem.phases is None else int(problem.phases.ready[problem.offers.site[offer]])
    first = min(ready, len(plan.states) - 1)
    states = tuple(
        np.sort(np.append(np.setdiff1d(state, gone), offer)) if period >= first else state
        for period, state in enumerate(plan.states)
    )
    before, after = count(problem, plan.offers), count(problem, states[-1])
    rules, by_class = refusing_states(problem, states)
    service = int(problem.offers.service[offer])
    return Unopened(
        service=service,
        offer=offer,
        capital_yuan=after.capital_yuan - before.capital_yuan,
        yearly_yuan=after.yearly_yuan - before.yearly_yuan,
        people=float(after.covered[service][-1] - before.covered[service][-1]),
        worth=after.worth - before.worth,
        rules=rules,
        by_class=by_class,
    )


def _exchanged(problem: SitingProblem, plan: Plan, found: Unopened) -> Unopened:
    """Return ``found`` with the opening of the plan that it could replace at the least loss."""
    new = plan.openings(problem).offer
    tried = TRIED_LIMITED if limited_services(problem).any() else TRIED
    worth = over_time(problem, plan.states)[0]
    least, instead = np.inf, -1
    for out in new[:tried].tolist():
        if len(replaced(problem, out)) or len(replaced(problem, found.offer)):
            continue
        if runs_twice(problem, plan, out, found.offer):
            continue
        changed, broken = over_time(problem, swapped(plan, out, found.offer))
        if not broken and worth - changed < least:
            least, instead = worth - changed, out
    if instead < 0:
        return found
    return Unopened(
        service=found.service,
        offer=found.offer,
        capital_yuan=found.capital_yuan,
        yearly_yuan=found.yearly_yuan,
        people=found.people,
        worth=found.worth,
        rules=found.rules,
        by_class=found.by_class,
        instead_of=instead,
        worth_lost=float(least),
    )
