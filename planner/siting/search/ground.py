"""A formulation as the plain arrays that `regrow` and `seats` go over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix

from planner.siting.programme.reduce import merge_needs
from planner.siting.question.complete import complete
from planner.siting.question.units import money_units
from planner.siting.search.standing import Ground, Seats, Standing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.programme.formulation import Formulation
    from planner.siting.question.problem import SitingProblem

__all__ = ["empty", "ground", "neighbours"]

SAMPLE, NEIGHBOURS = 2_000, 24
"""From how many points neighbouring sites are told, and how many each site has."""

PLENTY = 1e15
"""Places where there is no limit."""


def ground(form: Formulation, rest: NDArray[np.int64], near: NDArray[np.int64], extra: NDArray[np.float64]) -> Ground:
    """Return the arrays of ``form``; ``rest`` is what each site has before anything opens.

    ``extra`` float64[D] is worth added to the largest circle of each demand.
    """
    problem, slots, flows = form.problem, form.slots, form.flows
    whole = [position for position, demand in enumerate(problem.demands) if demand.part_of is None]
    unlimited = [position for position in whole if not form.limited[problem.demands[position].service]]
    weights = [np.append(np.asarray(demand.weights) + extra[at], 0.0) for at, demand in enumerate(problem.demands)]
    needs = merge_needs(problem, slots, unlimited)
    worth = np.zeros(needs.n_slots + needs.n_sets)
    for position in unlimited:
        mine = needs.demand == position
        step = (weights[position][:-1] - weights[position][1:])[needs.circle[mine]]
        np.add.at(worth, needs.code[mine], problem.demands[position].people[needs.point[mine]] * step)
    # A set of one slot is a set like any other here.
    set_ptr = np.concatenate([np.arange(slots.count), slots.count + needs.sets_indptr])
    set_slot = np.concatenate([np.arange(slots.count), needs.sets_slot])
    set_of = np.repeat(np.arange(len(worth)), np.diff(set_ptr))
    ours = np.flatnonzero(~slots.competitor[flows.slot])
    demand = flows.group_demand[flows.group[ours]]
    gives, load = np.zeros(len(ours)), np.zeros(len(ours))
    for position in np.unique(demand).tolist():
        mine = demand == position
        gives[mine] = weights[position][flows.circle[ours[mine]]]
        load[mine] = problem.demands[position].load_per_person
    per_place = gives / np.maximum(load, 1e-12)
    _, level = np.unique(-per_place, return_inverse=True)
    slot, filled = flows.slot[ours], complete(problem)
    slot_flow = np.lexsort((-per_place, slot))
    offer = form.bundles.offer.astype(np.int64)
    use, limit = _limits(form)
    return Ground(
        set_ptr=set_ptr,
        set_slot=set_slot,
        set_worth=worth,
        slot_ptr=_starts(set_slot, slots.count),
        slot_set=set_of[np.argsort(set_slot, kind="stable")],
        group_ptr=_starts(flows.group[ours], flows.n_groups),
        people=flows.group_people,
        flow_group=flows.group[ours],
        flow_slot=slot,
        flow_worth=gives,
        flow_load=load,
        slot_flow_ptr=_starts(slot, slots.count),
        slot_flow=slot_flow,
        level=level[slot_flow],
        levels=int(level.max(initial=-1)) + 1,
        slot_offer_ptr=_starts(slots.of_offer, slots.count),
        slot_offer=np.argsort(slots.of_offer, kind="stable"),
        capacity=np.minimum(filled.capacity, PLENTY),
        least=filled.min_load,
        slot=np.where(offer >= 0, slots.of_offer[np.maximum(offer, 0)] if problem.offers.count else -1, -1),
        offer=offer,
        use=use,
        limit=limit,
        first=np.searchsorted(form.bundles.site, np.arange(problem.sites.count + 1)),
        rest=rest,
        near=near,
    )


def empty(on: Ground, seed: int) -> Standing:
    """Return arrays for what stands on the ground, with nothing standing yet."""
    slots, seats = len(on.slot_ptr) - 1, _seats(on)
    return Standing(
        at=np.full(len(on.rest), -1, dtype=np.int64),
        covered=np.zeros(len(on.set_worth), dtype=np.int64),
        gain=np.zeros(slots),
        used=np.zeros(len(on.limit)),
        left=seats.left,
        served=seats.served,
        current=seats.current,
        spare=seats.spare,
        places=seats.places,
        kept=_seats(on),
        before=_seats(on),
        places_gain=np.zeros(len(on.capacity)),
        stale=np.zeros(slots, dtype=np.bool_),
        dear=np.ones(len(on.limit)),
        luck=np.random.default_rng(seed).integers(1, 2**63, 1, dtype=np.uint64),
    )


def _seats(on: Ground) -> Seats:
    slots = len(on.slot_ptr) - 1
    return Seats(
        left=np.zeros(len(on.people)),
        served=np.zeros(len(on.flow_slot)),
        current=np.zeros(len(on.people), dtype=np.int64),
        spare=np.zeros(slots),
        places=np.zeros(slots),
    )


def neighbours(problem: SitingProblem) -> NDArray[np.int64]:
    """Return int64[J, N]: the sites that are within reach of most of the same people, −1 where there are no more."""
    sites = problem.sites.count
    points = np.unique(np.linspace(0, problem.n_demand - 1, min(SAMPLE, problem.n_demand)).astype(np.int64))
    shared = csr_matrix((sites, sites))
    for demand in problem.demands:
        if demand.part_of is None:
            reach = demand.reach
            everybody = csr_matrix((np.ones(len(reach.site)), reach.site, reach.indptr), (problem.n_demand, sites))
            sample = everybody[points]
            shared += sample.T @ sample.multiply(np.asarray(demand.people)[points, None]).tocsr()
    near = np.full((sites, NEIGHBOURS), -1, dtype=np.int64)
    for j in range(sites):
        mine = slice(shared.indptr[j], shared.indptr[j + 1])
        others = shared.indices[mine][np.argsort(-shared.data[mine], kind="stable")]
        others = others[others != j][:NEIGHBOURS]
        near[j, : len(others)] = others
    return near


def _starts(label: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return int64[count + 1]: where the run of each label starts once sorted."""
    return np.concatenate([[0], np.cumsum(np.bincount(label, minlength=count))]).astype(np.int64)


def _limits(form: Formulation) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what each bundle uses of every limit, float64[B, R], and the limits, float64[R]: whole numbers, whose sums are exact."""
    bundles, problem = form.bundles, form.problem
    budgets, rules, units = problem.budgets, problem.rules, money_units(problem)
    most = np.inf if rules.max_sites is None else float(rules.max_sites)
    use = [units.whole(bundles.capital_yuan), units.whole(bundles.yearly_yuan), bundles.opens.astype(np.float64)]
    limit = [float(units.at_most(budgets.capital_yuan)), float(units.at_most(budgets.yearly_yuan)), most]
    for amount, by_department in (
        (bundles.department_capital_yuan, budgets.department_capital_yuan),
        (bundles.department_yearly_yuan, budgets.department_yearly_yuan),
    ):
        if by_department is not None:
            use += list(units.whole(amount).T)
            limit += units.at_most(by_department).tolist()
    bundle, offer = bundles.pairs()
    new = ~problem.offers.existing[offer]
    for service, openings in enumerate(rules.max_openings):
        if openings is not None:
            mine = new & (problem.offers.service[offer] == service)
            use.append(np.bincount(bundle[mine], minlength=bundles.count).astype(np.float64))
            limit.append(float(openings))
    finite = np.isfinite(limit)
    return np.stack(use, axis=1)[:, finite], np.array(limit)[finite]
