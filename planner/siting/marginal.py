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
from planner.siting.evaluate import Evaluation, count
from planner.siting.flows import limited_services
from planner.siting.places import value_of
from planner.siting.reduce import Pairs, find_slots, pairs_within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.errors import Fault
    from planner.siting.plan import Plan
    from planner.siting.problem import SitingProblem

__all__ = ["Marginal", "Swap", "best_swaps", "marginal"]

TRIED = 25
"""How many of the most promising swaps are tried one by one where places bind."""


@dataclass(frozen=True, slots=True)
class Marginal:
    """What one new opening (an offer) adds to the worth and to the people served in the widest circle.

    Alone: over today with nothing else opened. Last in: what is lost when it alone is left out of the plan.
    """

    offer: int
    worth_alone: float
    worth_last: float
    people_alone: float
    people_last: float


@dataclass(frozen=True, slots=True)
class Swap:
    """Opening ``into`` instead of ``out``: the gain in worth, and the rules that refuse it (none: it may be done)."""

    out: int
    into: int
    gain: float
    broken: tuple[Fault, ...]


def marginal(problem: SitingProblem, plan: Plan) -> tuple[Marginal, ...]:
    """Return what each new opening of the plan adds, alone and as the last one in."""
    existing = problem.offers.existing
    kept = plan.offers[existing[plan.offers]]
    nothing, everything = value_of(problem, kept), value_of(problem, plan.offers)
    found = []
    for offer in plan.offers[~existing[plan.offers]].tolist():
        alone = value_of(problem, np.sort(np.append(kept, offer)))
        left_out = value_of(problem, plan.offers[plan.offers != offer])
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


def _people(problem: SitingProblem, found: Evaluation, offer: int) -> float:
    """Return the people served by the offer's service in the widest circle."""
    service = problem.offers.service[offer]
    return float(
        sum(
            served[-1]
            for demand, served in zip(problem.demands, found.served, strict=True)
            if demand.service == service
        )
    )


def best_swaps(problem: SitingProblem, plan: Plan) -> tuple[Swap | None, Swap | None]:
    """Return the swap with the greatest gain among those that rules refuse, and among those they allow.

    A swap takes one new opening out and puts one other offer in. For a proven plan no allowed swap gains; a refused
    one that gains says what the rule costs.
    """
    offers = problem.offers
    new = plan.offers[~offers.existing[plan.offers]]
    others = np.setdiff1d(np.flatnonzero(~offers.existing), plan.offers)
    if not len(new) or not len(others):
        return None, None
    before = value_of(problem, plan.offers).worth
    promise = np.stack([_gains(problem, plan.offers[plan.offers != out])[others] for out in new.tolist()])
    base = np.array([count(problem, plan.offers[plan.offers != out]).worth for out in new.tolist()])
    promise = promise + base[:, None]
    binding = bool(limited_services(problem).any())
    refused: Swap | None = None
    allowed: Swap | None = None
    order = np.argsort(-promise, axis=None, kind="stable")
    for rank, position in enumerate(order.tolist()):
        row, column = divmod(position, len(others))
        out, into = int(new[row]), int(others[column])
        if binding and rank >= TRIED:
            break
        swapped = np.sort(np.append(plan.offers[plan.offers != out], into))
        found = value_of(problem, swapped) if binding else count(problem, swapped)
        swap = Swap(out, into, found.worth - before, found.broken)
        if swap.broken and (refused is None or swap.gain > refused.gain):
            refused = swap
        if not swap.broken and (allowed is None or swap.gain > allowed.gain):
            allowed = swap
        if not binding and refused is not None and allowed is not None:
            break
        if not binding and rank >= 50 * TRIED:
            break
    return refused, allowed


def _gains(problem: SitingProblem, chosen: NDArray[np.int64]) -> NDArray[np.float64]:
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
