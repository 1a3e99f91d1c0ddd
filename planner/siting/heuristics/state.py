"""Arrays of the construction heuristics: the instance (`Instance`, constant) and the state of a plan (`State`, changing)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from planner.siting.mip.amounts import rule_amounts
from planner.siting.mip.presolve import merge_cover_sets
from planner.siting.model.problem import optional_columns
from planner.siting.model.ruleset import area_rules
from planner.siting.model.scaling import money_units

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.arrays import BoolArray, FloatArray, IntArray
    from planner.siting.mip.variables import Formulation
    from planner.siting.model.problem import SitingProblem


EPSILON = 1e-9
"""People, capacity and worth below which there is nothing."""

SAMPLE, NEIGHBOURS = 2_000, 24
"""Demand points sampled to find neighbouring sites, and the number of neighbours of each site."""

UNLIMITED = 1e15
"""Capacity where there is no limit."""


class Instance(NamedTuple):
    """The problem as arrays: G sets, S slots, H groups, F flows, m offers, B bundles, J sites, R limits.

    ``set_slot[set_ptr[g]:set_ptr[g + 1]]`` are the slots of a set and ``slot_set`` the sets of a slot. Flows are sorted by
    (group, best first); ``slot_flow`` lists those to a slot by descending worth per unit of load; ``level`` ranks that worth among all.
    ``slot`` and ``offer`` are [B, K]. ``neighbour_sites`` int64[J, N] lists the sites that serve the same people, −1 for none.
    """

    set_ptr: IntArray
    set_slot: IntArray
    set_worth: FloatArray
    slot_ptr: IntArray
    slot_set: IntArray
    group_ptr: IntArray
    people: FloatArray
    flow_group: IntArray
    flow_slot: IntArray
    flow_worth: FloatArray
    flow_load: FloatArray
    slot_flow_ptr: IntArray
    slot_flow: IntArray
    level: IntArray
    levels: int
    slot_offer_ptr: IntArray
    slot_offer: IntArray
    capacity: FloatArray
    min_load: FloatArray
    slot: IntArray
    offer: IntArray
    use: FloatArray
    limit: FloatArray
    first: IntArray
    base: IntArray
    neighbour_sites: IntArray


class Assignment(NamedTuple):
    """Assignment of people to slots."""

    unserved: FloatArray
    served: FloatArray
    current: IntArray
    residual: FloatArray
    open_capacity: FloatArray


class State(NamedTuple):
    """A plan and its value: the bundle of each site (−1: none) and all that is derived from it.

    ``gain`` float64[S] is the gain of covering sets by a slot, ``capacity_gain`` float64[m] the gain of an offer's capacity,
    valid unless the slot is ``stale``. ``residual`` float64[S] is residual capacity, −1 where closed. ``unserved`` float64[H] are people
    without a slot, ``current`` int64[H] is a flow that somebody of the group takes.
    """

    bundle_at: IntArray
    covered: IntArray
    gain: FloatArray
    used: FloatArray
    unserved: FloatArray
    served: FloatArray
    current: IntArray
    residual: FloatArray
    open_capacity: FloatArray
    saved: Assignment
    previous: Assignment
    capacity_gain: FloatArray
    stale: BoolArray
    limit_price: FloatArray
    rng_state: NDArray[np.uint64]


def build_instance(form: Formulation, base: IntArray, neighbour_sites: IntArray, extra: FloatArray) -> Instance:
    """Return the arrays of ``form``; ``base`` is the bundle of each site before anything opens.

    ``extra`` float64[D] is added to the weight of the largest circle of each demand.
    """
    problem, slots, flows = form.problem, form.slots, form.flows
    whole = [position for position, demand in enumerate(problem.demands) if demand.part_of is None]
    unlimited = [position for position in whole if not form.capacitated[problem.demands[position].service]]
    weights = [np.append(np.asarray(demand.weights) + extra[at], 0.0) for at, demand in enumerate(problem.demands)]
    cover_sets = merge_cover_sets(problem, slots, unlimited)
    worth = np.zeros(cover_sets.n_slots + cover_sets.n_sets)
    for position in unlimited:
        selected = cover_sets.demand == position
        step = (weights[position][:-1] - weights[position][1:])[cover_sets.circle[selected]]
        np.add.at(worth, cover_sets.code[selected], problem.demands[position].people[cover_sets.point[selected]] * step)
    # Sets of one slot are sets like any other here.
    set_ptr = np.concatenate([np.arange(slots.count), slots.count + cover_sets.sets_indptr])
    set_slot = np.concatenate([np.arange(slots.count), cover_sets.sets_slot])
    set_of = np.repeat(np.arange(len(worth)), np.diff(set_ptr))
    own = np.flatnonzero(~slots.competitor[flows.slot])
    demand = flows.group_demand[flows.group[own]]
    worth_per_person, load = np.zeros(len(own)), np.zeros(len(own))
    for position in np.unique(demand).tolist():
        selected = demand == position
        worth_per_person[selected] = weights[position][flows.circle[own[selected]]]
        load[selected] = problem.demands[position].load_per_person
    per_place = worth_per_person / np.maximum(load, 1e-12)
    _, level = np.unique(-per_place, return_inverse=True)
    slot, optional = flows.slot[own], optional_columns(problem)
    slot_flow = np.lexsort((-per_place, slot))
    offer = form.bundles.offer.astype(np.int64)
    use, limit = _resources(form)
    return Instance(
        set_ptr=set_ptr,
        set_slot=set_slot,
        set_worth=worth,
        slot_ptr=_run_starts(set_slot, slots.count),
        slot_set=set_of[np.argsort(set_slot, kind="stable")],
        group_ptr=_run_starts(flows.group[own], flows.n_groups),
        people=flows.group_people,
        flow_group=flows.group[own],
        flow_slot=slot,
        flow_worth=worth_per_person,
        flow_load=load,
        slot_flow_ptr=_run_starts(slot, slots.count),
        slot_flow=slot_flow,
        level=level[slot_flow],
        levels=int(level.max(initial=-1)) + 1,
        slot_offer_ptr=_run_starts(slots.of_offer, slots.count),
        slot_offer=np.argsort(slots.of_offer, kind="stable"),
        capacity=np.minimum(optional.capacity, UNLIMITED),
        min_load=optional.min_load,
        slot=np.where(offer >= 0, slots.of_offer[np.maximum(offer, 0)] if problem.offers.count else -1, -1),
        offer=offer,
        use=np.ascontiguousarray(use),
        limit=limit,
        first=np.searchsorted(form.bundles.site, np.arange(problem.sites.count + 1)),
        base=base,
        neighbour_sites=neighbour_sites,
    )


def empty_state(instance: Instance, seed: int) -> State:
    """Return the state of an empty plan."""
    slots, assignment = len(instance.slot_ptr) - 1, _empty_assignment(instance)
    return State(
        bundle_at=np.full(len(instance.base), -1, dtype=np.int64),
        covered=np.zeros(len(instance.set_worth), dtype=np.int64),
        gain=np.zeros(slots),
        used=np.zeros(len(instance.limit)),
        unserved=assignment.unserved,
        served=assignment.served,
        current=assignment.current,
        residual=assignment.residual,
        open_capacity=assignment.open_capacity,
        saved=_empty_assignment(instance),
        previous=_empty_assignment(instance),
        capacity_gain=np.zeros(len(instance.capacity)),
        stale=np.zeros(slots, dtype=np.bool_),
        limit_price=np.ones(len(instance.limit)),
        rng_state=np.random.default_rng(seed).integers(1, 2**63, 1, dtype=np.uint64),
    )


def _empty_assignment(instance: Instance) -> Assignment:
    slots = len(instance.slot_ptr) - 1
    return Assignment(
        unserved=np.zeros(len(instance.people)),
        served=np.zeros(len(instance.flow_slot)),
        current=np.zeros(len(instance.people), dtype=np.int64),
        residual=np.zeros(slots),
        open_capacity=np.zeros(slots),
    )


def neighbours(problem: SitingProblem) -> IntArray:
    """Return int64[J, N]: the sites with most people within reach in common, −1 where there are no more."""
    sites = problem.sites.count
    points = np.unique(np.linspace(0, problem.n_demand - 1, min(SAMPLE, problem.n_demand)).astype(np.int64))
    shared = csr_matrix((sites, sites))
    for demand in problem.demands:
        if demand.part_of is None:
            reach = demand.reach
            everybody = csr_matrix((np.ones(len(reach.site)), reach.site, reach.indptr), (problem.n_demand, sites))
            sample = everybody[points]
            shared += sample.T @ sample.multiply(np.asarray(demand.people)[points, None]).tocsr()
    neighbour_sites = np.full((sites, NEIGHBOURS), -1, dtype=np.int64)
    for j in range(sites):
        selected = slice(shared.indptr[j], shared.indptr[j + 1])
        others = shared.indices[selected][np.argsort(-shared.data[selected], kind="stable")]
        others = others[others != j][:NEIGHBOURS]
        neighbour_sites[j, : len(others)] = others
    return neighbour_sites


def _run_starts(label: IntArray, count: int) -> IntArray:
    """Return int64[count + 1]: the start of each label's run once sorted."""
    return np.concatenate([[0], np.cumsum(np.bincount(label, minlength=count))]).astype(np.int64)


def _resources(form: Formulation) -> tuple[FloatArray, FloatArray]:
    """Return each bundle's use of every limit, float64[B, R], and the limits, float64[R]: integers, whose sums are exact."""
    bundles, problem = form.bundles, form.problem
    budgets, rules, units = problem.budgets, problem.rules, money_units(problem)
    most = np.inf if rules.max_sites is None else float(rules.max_sites)
    use = [units.to_units(bundles.capital_cost), units.to_units(bundles.yearly_cost), bundles.opens.astype(np.float64)]
    limit = [float(units.floor_limit(budgets.capital_cost)), float(units.floor_limit(budgets.yearly_cost)), most]
    for amount, by_department in (
        (bundles.department_capital_cost, budgets.department_capital_cost),
        (bundles.department_yearly_cost, budgets.department_yearly_cost),
    ):
        if by_department is not None:
            use += list(units.to_units(amount).T)
            limit += units.floor_limit(by_department).tolist()
    bundle, offer = bundles.pairs()
    new = ~problem.offers.existing[offer]
    for service, openings in enumerate(rules.max_openings):
        if openings is not None:
            selected = new & (problem.offers.service[offer] == service)
            use.append(np.bincount(bundle[selected], minlength=bundles.count).astype(np.float64))
            limit.append(float(openings))
    for rule in area_rules(problem):
        used = rule_amounts(problem, bundles, rule)
        if used is not None and rule.kind in {"capital", "yearly"}:
            use.append(units.to_units(used))
            limit.append(float(units.floor_limit(rule.limit or 0.0)))
        elif used is not None and rule.kind in {"max_sites", "max_openings"}:
            use.append(used)
            limit.append(rule.limit or 0.0)
    finite = np.isfinite(limit)
    return np.stack(use, axis=1)[:, finite], np.array(limit)[finite]
