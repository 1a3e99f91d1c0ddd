"""Marginal value of openings: added alone, removed last, swapped, and for services that open nowhere.

Evaluated from travel times, without a solver, for services whose capacity does not bind; where it does, a linear programme assigns
people for each set of offers that is compared.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.arrays import sums_by
from planner.siting.mip.assignment import capacitated_services
from planner.siting.mip.constraints import formulate
from planner.siting.mip.presolve import Pairs, find_slots, pairs_within
from planner.siting.mip.solver import solve_model
from planner.siting.mip.variables import bundle_values
from planner.siting.model.data import Budgets, Goal, Offers, Rules, Sites, SolverSettings
from planner.siting.model.plan import Assignments
from planner.siting.model.problem import optional_columns
from planner.siting.model.ruleset import rules_of, without_rules
from planner.siting.optimiser import read_assignments
from planner.siting.verify import recount as counted_rules
from planner.siting.verify.areas import violated_area_years
from planner.siting.verify.evaluate import Evaluation, evaluate_offers

if TYPE_CHECKING:
    from planner.errors import Fault
    from planner.siting.arrays import FloatArray, IntArray
    from planner.siting.model.data import Demand
    from planner.siting.model.plan import Plan
    from planner.siting.model.problem import SitingProblem
    from planner.siting.model.ruleset import Rule


MAX_TRIED = 25
"""Number of most promising swaps evaluated where capacity binds or there are periods."""

EXCHANGES, EXCHANGES_LIMITED = 25, 6
"""Openings of the plan tried in exchange; fewer where a solver has to assign people for each."""

TIE_BREAK = 1e-4
"""Added weight of one more person with capacity, relative to the least weight."""


@dataclass(frozen=True, slots=True)
class MarginalValue:
    """Marginal value of one new opening (an offer): worth, and people served in the widest circle.

    Alone: added to existing facilities only. Last: lost when it alone is removed from the plan. An extension or a move is compared
    with the facility as it stands. In a plan with periods, in the last one.
    """

    offer: int
    worth_alone: float
    worth_last: float
    people_alone: float
    people_last: float


@dataclass(frozen=True, slots=True)
class Swap:
    """Opening ``into`` instead of ``out``: the gain in worth, and the rules it violates (none: it is feasible).

    In a plan with periods it opens when the other would have, and the worth is summed as the goal sums it.
    """

    out: int
    into: int
    gain: float
    broken: tuple[Fault, ...]


def marginal_values(problem: SitingProblem, plan: Plan) -> tuple[MarginalValue, ...]:
    """Return the marginal value of each new opening of the plan, added alone and removed last."""
    existing = problem.offers.existing
    new = plan.offers[~existing[plan.offers]]
    kept = np.sort(
        np.concatenate([plan.offers[existing[plan.offers]], *(replaced_facilities(problem, one) for one in new)])
    )
    nothing, everything = evaluate_with_assignment(problem, kept), evaluate_with_assignment(problem, plan.offers)
    found = []
    for offer in new.tolist():
        replaced = replaced_facilities(problem, offer)
        alone = evaluate_with_assignment(problem, np.sort(np.append(np.setdiff1d(kept, replaced), offer)))
        left_out = evaluate_with_assignment(problem, np.sort(np.append(plan.offers[plan.offers != offer], replaced)))
        found.append(
            MarginalValue(
                offer=offer,
                worth_alone=alone.worth - nothing.worth,
                worth_last=everything.worth - left_out.worth,
                people_alone=_people(problem, alone, offer) - _people(problem, nothing, offer),
                people_last=_people(problem, everything, offer) - _people(problem, left_out, offer),
            )
        )
    return tuple(found)


def replaced_facilities(problem: SitingProblem, offer: int) -> IntArray:
    """Return the existing facilities that close when ``offer`` opens: the one it extends, or that moves there."""
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


def _covered(problem: SitingProblem, found: Evaluation, service: int) -> float:
    """Return the people within the widest circle of a service; a group within a demand counts once."""
    return float(
        sum(
            covered[-1]
            for demand, covered in zip(problem.demands, found.covered, strict=True)
            if demand.service == service and demand.part_of is None
        )
    )


def best_swaps(problem: SitingProblem, plan: Plan) -> tuple[Swap | None, Swap | None]:
    """Return the swap with the greatest gain among infeasible ones, and among feasible ones.

    A swap takes one new opening out and puts one other offer in; extensions and moves of facilities are left as they
    are, and no service is offered twice at one site. For a proven plan no feasible swap gains; the gain of an infeasible one
    is the cost of the rules it violates. Where capacity binds or there are periods, only the most promising swaps are evaluated.
    """
    new, others = _exchangeable_offers(problem, plan)
    if not len(new) or not len(others):
        return None, None
    before = evaluate_states(problem, plan.states)[0]
    estimate = np.stack([marginal_gains(problem, plan.offers[plan.offers != out])[others] for out in new.tolist()])
    base = np.array([evaluate_offers(problem, plan.offers[plan.offers != out]).worth for out in new.tolist()])
    estimate = estimate + base[:, None]
    tried_only = bool(capacitated_services(problem).any()) or problem.n_periods > 1
    refused: Swap | None = None
    allowed: Swap | None = None
    order = np.argsort(-estimate, axis=None, kind="stable")
    for rank, position in enumerate(order.tolist()):
        row, column = divmod(position, len(others))
        out, into = int(new[row]), int(others[column])
        if rank >= (MAX_TRIED if tried_only else 50 * MAX_TRIED):
            break
        if duplicates_service(problem, plan, out, into):
            continue
        worth, broken = evaluate_states(problem, swap_states(plan, out, into))
        swap = Swap(out, into, worth - before, broken)
        if swap.broken and (refused is None or swap.gain > refused.gain):
            refused = swap
        if not swap.broken and (allowed is None or swap.gain > allowed.gain):
            allowed = swap
        if not tried_only and refused is not None and allowed is not None:
            break
    return refused, allowed


def violated_rules(problem: SitingProblem, plan: Plan, swap: Swap) -> tuple[tuple[Rule, ...], bool]:
    """Return the rules that an infeasible swap violates, and whether it also violates the requirements of a site class or service.

    A rule is violated if fewer faults remain without it; faults that remain without all of them belong to no rule of `rules_of`.
    """
    if not swap.broken:
        return (), False
    return violated_rules_of_states(problem, swap_states(plan, swap.out, swap.into))


def violated_rules_of_states(problem: SitingProblem, states: tuple[IntArray, ...]) -> tuple[tuple[Rule, ...], bool]:
    """Return the rules that a sequence of states violates, as `violated_rules` does."""
    capacitated = bool(capacitated_services(problem).any())
    shares = [best_assignment(problem, state) if capacitated else None for state in states]

    def faults(question: SitingProblem) -> int:
        found = [
            evaluate_offers(question, state, share, period=None if question.phases is None else period)
            for period, (state, share) in enumerate(zip(states, shares, strict=True))
        ]
        late = counted_rules.violated_order(question, states, [one.capital_cost for one in found])
        late += violated_area_years(question, states)
        return sum(len(one.broken) for one in found) + len(late)

    faults_before = faults(problem)
    if not faults_before:
        return (), False
    rules = tuple(rule for rule in rules_of(problem) if faults(without_rules(problem, [rule])) < faults_before)
    return rules, faults(without_rules(problem, rules)) > 0


def swap_states(plan: Plan, out: int, into: int) -> tuple[IntArray, ...]:
    """Return the states of ``plan`` with ``into`` from the period on in which ``out`` would have opened."""
    return tuple(np.sort(np.append(state[state != out], into)) if out in state else state for state in plan.states)


def _exchangeable_offers(problem: SitingProblem, plan: Plan) -> tuple[IntArray, IntArray]:
    """Return new openings of the plan, and offers outside it, that replace no existing facility."""
    offers = problem.offers
    chosen = plan.offers
    new = [offer for offer in chosen[~offers.existing[chosen]].tolist() if not len(replaced_facilities(problem, offer))]
    free = np.setdiff1d(np.flatnonzero(~offers.existing), chosen)
    others = [offer for offer in free.tolist() if not len(replaced_facilities(problem, offer))]
    return np.array(new, dtype=np.int64), np.array(others, dtype=np.int64)


def duplicates_service(problem: SitingProblem, plan: Plan, out: int, into: int) -> bool:
    """Return whether the plan without ``out`` already has the service of ``into`` at its site."""
    offers = problem.offers
    rest = plan.offers[plan.offers != out]
    return bool(((offers.site[rest] == offers.site[into]) & (offers.service[rest] == offers.service[into])).any())


def evaluate_states(problem: SitingProblem, states: tuple[IntArray, ...]) -> tuple[float, tuple[Fault, ...]]:
    """Return the worth of a sequence of states, summed as the goal sums it, and every rule it violates."""
    if problem.phases is None:
        found = evaluate_with_assignment(problem, states[-1])
        return found.worth, found.broken
    periods = [evaluate_with_assignment(problem, state, period=period) for period, state in enumerate(states)]
    worth = sum(float(weight) * one.worth for weight, one in zip(problem.phases.weights, periods, strict=True))
    faults = [fault for one in periods for fault in one.broken]
    faults += counted_rules.violated_order(problem, states, [one.capital_cost for one in periods])
    faults += violated_area_years(problem, states)
    return worth, tuple(faults)


def marginal_gains(problem: SitingProblem, chosen: IntArray) -> FloatArray:
    """Return float64[m]: the worth that each offer would add to ``chosen``, capacity ignored."""
    slots = find_slots(dataclasses.replace(problem, rules=dataclasses.replace(problem.rules, locks=())))
    is_open = np.zeros(slots.count, dtype=bool)
    is_open[slots.of_offer[chosen]] = True
    gain: FloatArray = np.zeros(slots.count)
    for demand in problem.demands:
        pairs: Pairs = pairs_within(problem, demand, slots)
        weights = np.append(demand.weights, 0.0)
        best = np.full(problem.n_demand, len(demand.weights), dtype=np.int64)
        opened = is_open[pairs.slot]
        np.minimum.at(best, pairs.point[opened], pairs.circle[opened])
        more = np.maximum(weights[pairs.circle] - weights[best[pairs.point]], 0.0)
        gain += sums_by(pairs.slot, demand.people[pairs.point] * more, slots.count)
    return gain[slots.of_offer]


@dataclass(frozen=True, slots=True)
class UnopenedService:
    """A service of which the plan opens nothing new, and its nearest possible opening.

    ``offer`` is −1 where nothing can take the service. Money is the addition to the plan's cost, set-up and shared rooms
    included; ``people`` those of its service newly within the widest circle; ``worth`` the added worth. ``rules`` forbid the addition,
    ``by_class`` tells that requirements of a site class do. ``instead_of`` is the opening of the plan that it could replace feasibly
    at the least loss ``worth_lost`` (−1 and NaN: none of those tried).
    """

    service: int
    offer: int
    capital_cost: float = float("nan")
    yearly_cost: float = float("nan")
    people: float = float("nan")
    worth: float = float("nan")
    rules: tuple[Rule, ...] = ()
    by_class: bool = False
    instead_of: int = -1
    worth_lost: float = float("nan")


def unopened_services(problem: SitingProblem, plan: Plan) -> tuple[UnopenedService, ...]:
    """Return the services of which ``plan`` opens nothing new, in order, each with its nearest possible opening.

    Evaluated are the offer with the highest marginal worth and the cheapest one; of the two, the one with positive worth, then the one
    that violates fewer rules.
    """
    opened = set(plan.openings(problem).service.tolist())
    missing = [service for service in range(problem.n_services) if service not in opened]
    if not missing:
        return ()
    gain = marginal_gains(problem, plan.offers)
    return tuple(_best_opening(problem, plan, service, gain) for service in missing)


def _best_opening(problem: SitingProblem, plan: Plan, service: int, gain: FloatArray) -> UnopenedService:
    offers = problem.offers
    selected = np.flatnonzero((offers.service == service) & ~offers.existing)
    if not len(selected):
        return UnopenedService(service, -1)
    costs = offers.capital_cost[selected] + problem.sites.setup_cost[offers.site[selected]]
    promising = selected[np.lexsort((costs, -gain[selected]))[0]]
    cheapest = selected[np.lexsort((-gain[selected], costs))[0]]
    found = [_with_addition(problem, plan, int(offer)) for offer in dict.fromkeys((promising, cheapest))]
    best = min(found, key=lambda one: (one.worth <= 0, len(one.rules) + one.by_class, -one.worth, one.capital_cost))
    return _with_best_exchange(problem, plan, best)


def _with_addition(problem: SitingProblem, plan: Plan, offer: int) -> UnopenedService:
    """Return cost and value of adding one offer to the plan, and the rules it violates."""
    gone = replaced_facilities(problem, offer)
    ready = 0 if problem.phases is None else int(problem.phases.ready[problem.offers.site[offer]])
    first = min(ready, len(plan.states) - 1)
    states = tuple(
        np.sort(np.append(np.setdiff1d(state, gone), offer)) if period >= first else state
        for period, state in enumerate(plan.states)
    )
    before, after = evaluate_offers(problem, plan.offers), evaluate_offers(problem, states[-1])
    rules, by_class = violated_rules_of_states(problem, states)
    service = int(problem.offers.service[offer])
    return UnopenedService(
        service=service,
        offer=offer,
        capital_cost=after.capital_cost - before.capital_cost,
        yearly_cost=after.yearly_cost - before.yearly_cost,
        people=_covered(problem, after, service) - _covered(problem, before, service),
        worth=after.worth - before.worth,
        rules=rules,
        by_class=by_class,
    )


def _with_best_exchange(problem: SitingProblem, plan: Plan, found: UnopenedService) -> UnopenedService:
    """Return ``found`` with the opening of the plan that it could replace at the least loss."""
    new = plan.openings(problem).offer
    tried = EXCHANGES_LIMITED if capacitated_services(problem).any() else EXCHANGES
    worth = evaluate_states(problem, plan.states)[0]
    least, instead = np.inf, -1
    for out in new[:tried].tolist():
        if len(replaced_facilities(problem, out)) or len(replaced_facilities(problem, found.offer)):
            continue
        if duplicates_service(problem, plan, out, found.offer):
            continue
        changed, broken = evaluate_states(problem, swap_states(plan, out, found.offer))
        if not broken and worth - changed < least:
            least, instead = worth - changed, out
    if instead < 0:
        return found
    return UnopenedService(
        service=found.service,
        offer=found.offer,
        capital_cost=found.capital_cost,
        yearly_cost=found.yearly_cost,
        people=found.people,
        worth=found.worth,
        rules=found.rules,
        by_class=found.by_class,
        instead_of=instead,
        worth_lost=float(least),
    )


def evaluate_with_assignment(problem: SitingProblem, offers: IntArray, *, period: int | None = None) -> Evaluation:
    """Return value, cost and violated rules of ``offers``, with people assigned optimally where capacity binds.

    For today's facilities: ``evaluate_with_assignment(problem, np.flatnonzero(problem.offers.existing))``. ``period`` is as in
    `planner.siting.evaluate_offers`.
    """
    if not capacitated_services(problem).any():
        return evaluate_offers(problem, offers, period=period)
    return evaluate_offers(problem, offers, best_assignment(problem, offers), period=period)


def best_assignment(problem: SitingProblem, offers: IntArray) -> Assignments:
    """Return the assignment of most worth when exactly ``offers`` are open; of several, one that serves most people.

    Floors and least loads are kept if possible; money and every other rule are ignored.
    """
    if not len(offers):
        return _no_assignments()
    floors = problem.rules.floors
    asks = [(floors, True), ((), True), ((), False)]
    for kept, loads in asks:
        rules = Rules(assignment=problem.rules.assignment, floors=kept)
        found = _solve_assignment(problem, rules, offers, loads=loads)
        if found is not None:
            return found
    raise AssertionError("people can always stay at home")


def _solve_assignment(problem: SitingProblem, rules: Rules, offers: IntArray, *, loads: bool) -> Assignments | None:
    free = dataclasses.replace(
        problem,
        budgets=Budgets(),
        rules=rules,
        goals=(Goal("coverage"),),
        phases=None,
        sites=Sites(np.zeros(problem.sites.count), np.full(problem.sites.count, np.inf)),
        offers=_restricted_offers(problem, offers, loads=loads),
        demands=tuple(_tie_broken(demand) for demand in problem.demands),
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
    return _no_assignments() if found is None else dataclasses.replace(found, offer=offers[found.offer])


def _no_assignments() -> Assignments:
    none = np.zeros(0, dtype=np.int64)
    return Assignments(none, none, none, none, np.zeros(0))


def _restricted_offers(problem: SitingProblem, offers: IntArray, *, loads: bool) -> Offers:
    """Return ``offers`` alone. Those of a capacitated service keep a finite capacity, so that it stays capacitated."""
    table = optional_columns(problem)
    everybody = sum(float(demand.people.sum()) * demand.load_per_person for demand in problem.demands)
    capacitated = capacitated_services(problem)[problem.offers.service[offers]]
    capacity = table.capacity[offers]
    return Offers(
        site=problem.offers.site[offers],
        service=problem.offers.service[offers],
        capital_cost=np.zeros(len(offers)),
        yearly_cost=np.zeros(len(offers)),
        area_m2=np.zeros(len(offers)),
        existing=problem.offers.existing[offers],
        may_close=problem.offers.existing[offers],
        capacity=np.where(capacitated & np.isinf(capacity), everybody, capacity),
        min_load=table.min_load[offers] if loads else None,
        tier=table.tier[offers].astype(np.int32),
        competitor=table.competitor[offers],
    )


def _tie_broken(demand: Demand) -> Demand:
    """Return ``demand`` with every weight raised so little that only plans of equal worth are distinguished."""
    least = min((weight for weight in demand.weights if weight > 0), default=0.0)
    return dataclasses.replace(demand, weights=tuple(weight + TIE_BREAK * least for weight in demand.weights))
