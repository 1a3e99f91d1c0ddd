"""What each opening is worth: alone, and as the last one in; and which swap comes nearest to improving the plan.

Counted from the reach, without a solver, for services whose places do not bind; where they do, a solver shares the
places out for each set of offers that is compared.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.arrays import sums_by
from planner.siting.counting import rules as counted_rules
from planner.siting.counting.evaluate import Evaluation, count
from planner.siting.programme.flows import limited_services
from planner.siting.programme.reduce import Pairs, find_slots, pairs_within
from planner.siting.question.ruleset import rules_of, without
from planner.siting.reasons.places import share_places, value_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.errors import Fault
    from planner.siting.question.plan import Plan
    from planner.siting.question.problem import SitingProblem
    from planner.siting.question.ruleset import Rule

__all__ = [
    "Marginal",
    "Swap",
    "best_swaps",
    "gains",
    "marginal",
    "over_time",
    "refusing",
    "refusing_states",
    "replaced",
    "runs_twice",
    "swapped",
]

TRIED = 25
"""How many of the most promising swaps are tried one by one where places bind or there are periods."""


@dataclass(frozen=True, slots=True)
class Marginal:
    """What one new opening (an offer) adds to the worth and to the people served in the widest circle.

    Alone: over today with nothing else opened. Last in: what is lost when it alone is left out of the plan. An
    extension or a move is held against the facility as it stands. In a plan with periods, in the end.
    """

    offer: int
    worth_alone: float
    worth_last: float
    people_alone: float
    people_last: float


@dataclass(frozen=True, slots=True)
class Swap:
    """Opening ``into`` instead of ``out``: the gain in worth, and the rules that refuse it (none: it may be done).

    In a plan with periods it opens when the other would have, and the worth is summed as the goal sums it.
    """

    out: int
    into: int
    gain: float
    broken: tuple[Fault, ...]


def marginal(problem: SitingProblem, plan: Plan) -> tuple[Marginal, ...]:
    """Return what each new opening of the plan adds, alone and as the last one in."""
    existing = problem.offers.existing
    new = plan.offers[~existing[plan.offers]]
    kept = np.sort(np.concatenate([plan.offers[existing[plan.offers]], *(replaced(problem, one) for one in new)]))
    nothing, everything = value_of(problem, kept), value_of(problem, plan.offers)
    found = []
    for offer in new.tolist():
        stands = replaced(problem, offer)
        alone = value_of(problem, np.sort(np.append(np.setdiff1d(kept, stands), offer)))
        left_out = value_of(problem, np.sort(np.append(plan.offers[plan.offers != offer], stands)))
        found.append(
            Marginal(
                offer=offer,
                worth_alone=alone.worth - nothing.worth,
                worth_last=everything.worth - left_out.worth,
                people_alone=_people(problem, alone, offer) - _people(problem, nothing, offer),
                people_last=_people(problem, everything, offer) - _people(problem, left_out, offer),
            )
        )
    return tuple(found)


def replaced(problem: SitingProblem, offer: int) -> NDArray[np.int64]:
    """Return what stands today and goes when ``offer`` opens: the facility that it extends, or that moves there."""
    offers = problem.offers
    same = offers.existing & (offers.site == offers.site[offer]) & (offers.service == offers.service[offer])
    if offers.moves is not None and offers.moves[offer] >= 0:
        same[offers.moves[offer]] = True
    return np.flatnonzero(same)


def _people(problem: SitingProblem, found: Evaluation, offer: int) -> float:
    """Return the people served by the offer's service in the widest circle; a group within a demand counts once."""
    service = problem.offers.service[offer]
    return float(
        sum(
            served[-1]
            for demand, served in zip(problem.demands, found.served, strict=True)
            if demand.service == service and demand.part_of is None
        )
    )


def best_swaps(problem: SitingProblem, plan: Plan) -> tuple[Swap | None, Swap | None]:
    """Return the swap with the greatest gain among those that rules refuse, and among those they allow.

    A swap takes one new opening out and puts one other offer in; extensions and moves of what stands are left as they
    are, and no service is offered twice at one site. For a proven plan no allowed swap gains; a refused one that gains
    says what the rule costs. Where places bind or there are periods, only the most promising swaps are tried.
    """
    new, others = _exchangeable(problem, plan)
    if not len(new) or not len(others):
        return None, None
    before = over_time(problem, plan.states)[0]
    promise = np.stack([gains(problem, plan.offers[plan.offers != out])[others] for out in new.tolist()])
    base = np.array([count(problem, plan.offers[plan.offers != out]).worth for out in new.tolist()])
    promise = promise + base[:, None]
    tried_only = bool(limited_services(problem).any()) or problem.n_periods > 1
    refused: Swap | None = None
    allowed: Swap | None = None
    order = np.argsort(-promise, axis=None, kind="stable")
    for rank, position in enumerate(order.tolist()):
        row, column = divmod(position, len(others))
        out, into = int(new[row]), int(others[column])
        if rank >= (TRIED if tried_only else 50 * TRIED):
            break
        if runs_twice(problem, plan, out, into):
            continue
        worth, broken = over_time(problem, swapped(plan, out, into))
        swap = Swap(out, into, worth - before, broken)
        if swap.broken and (refused is None or swap.gain > refused.gain):
            refused = swap
        if not swap.broken and (allowed is None or swap.gain > allowed.gain):
            allowed = swap
        if not tried_only and refused is not None and allowed is not None:
            break
    return refused, allowed


def refusing(problem: SitingProblem, plan: Plan, swap: Swap) -> tuple[tuple[Rule, ...], bool]:
    """Return the rules that a refused swap breaks, and whether it also breaks what a kind of building or service asks for.

    A rule is broken if fewer faults are left without it; what is left without all of them no rule of `rules_of` asks for.
    """
    if not swap.broken:
        return (), False
    return refusing_states(problem, swapped(plan, swap.out, swap.into))


def refusing_states(problem: SitingProblem, states: tuple[NDArray[np.int64], ...]) -> tuple[tuple[Rule, ...], bool]:
    """Return the rules that a sequence of states breaks, as `refusing` says."""
    limited = bool(limited_services(problem).any())
    shares = [share_places(problem, state) if limited else None for state in states]

    def faults(question: SitingProblem) -> int:
        found = [
            count(question, state, share, period=None if question.phases is None else period)
            for period, (state, share) in enumerate(zip(states, shares, strict=True))
        ]
        late = counted_rules.broken_order(question, states, [one.capital_yuan for one in found])
        return sum(len(one.broken) for one in found) + len(late)

    asked = faults(problem)
    if not asked:
        return (), False
    rules = tuple(rule for rule in rules_of(problem) if faults(without(problem, [rule])) < asked)
    return rules, faults(without(problem, rules)) > 0


def swapped(plan: Plan, out: int, into: int) -> tuple[NDArray[np.int64], ...]:
    """Return the states of ``plan`` with ``into`` from the period on in which ``out`` would have opened."""
    return tuple(np.sort(np.append(state[state != out], into)) if out in state else state for state in plan.states)


def _exchangeable(problem: SitingProblem, plan: Plan) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return new openings of the plan, and offers that are not in it, that have nothing to do with what stands."""
    offers = problem.offers
    chosen = plan.offers
    new = [offer for offer in chosen[~offers.existing[chosen]].tolist() if not len(replaced(problem, offer))]
    free = np.setdiff1d(np.flatnonzero(~offers.existing), chosen)
    others = [offer for offer in free.tolist() if not len(replaced(problem, offer))]
    return np.array(new, dtype=np.int64), np.array(others, dtype=np.int64)


def runs_twice(problem: SitingProblem, plan: Plan, out: int, into: int) -> bool:
    """Say whether the plan without ``out`` has the service of ``into`` at its site already."""
    offers = problem.offers
    rest = plan.offers[plan.offers != out]
    return bool(((offers.site[rest] == offers.site[into]) & (offers.service[rest] == offers.service[into])).any())


def over_time(problem: SitingProblem, states: tuple[NDArray[np.int64], ...]) -> tuple[float, tuple[Fault, ...]]:
    """Return the worth of a sequence of states, summed as the goal sums it, and every rule it breaks."""
    if problem.phases is None:
        found = value_of(problem, states[-1])
        return found.worth, found.broken
    periods = [value_of(problem, state, period=period) for period, state in enumerate(states)]
    worth = sum(float(weight) * one.worth for weight, one in zip(problem.phases.weights, periods, strict=True))
    faults = [fault for one in periods for fault in one.broken]
    faults += counted_rules.broken_order(problem, states, [one.capital_yuan for one in periods])
    return worth, tuple(faults)


def gains(problem: SitingProblem, chosen: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return float64[m]: the worth that each offer would add to ``chosen``, places left aside."""
    slots = find_slots(dataclasses.replace(problem, rules=dataclasses.replace(problem.rules, locks=())))
    is_open = np.zeros(slots.count, dtype=bool)
    is_open[slots.of_offer[chosen]] = True
    gain: NDArray[np.float64] = np.zeros(slots.count)
    for demand in problem.demands:
        pairs: Pairs = pairs_within(problem, demand, slots)
        weights = np.append(demand.weights, 0.0)
        best = np.full(problem.n_demand, len(demand.weights), dtype=np.int64)
        opened = is_open[pairs.slot]
        np.minimum.at(best, pairs.point[opened], pairs.circle[opened])
        more = np.maximum(weights[pairs.circle] - weights[best[pairs.point]], 0.0)
        gain += sums_by(pairs.slot, demand.people[pairs.point] * more, slots.count)
    return gain[slots.of_offer]
