"""Capacity cuts: a transport problem for each service with limited capacity, and the cuts from its dual prices.

Dual prices λ of the people give a cut that holds for every plan, whatever they are (Benders 1962):

.. code-block:: text

    Θ_k ≤ Σ_h λ_h P_h + Σ_{o of k} K_o(λ) x_o,     K_o = max { Σ_f (c_f − λ_h(f)) y_f − M m :  y_f ≤ P_h(f),
                                                           least_o ≤ Σ_f load_f y_f + m,  Σ_f load_f y_f ≤ capacity_o,  m ≥ 0 }

The best λ for given openings are the dual prices of the linear programme that assigns people to their capacity; K_o is a
fractional knapsack. Load that a least load lacks (m) costs so much (M) that no plan which lacks any is worth it; plans that lack
next to none are left to the recount.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.access.compiled import compiled, compiled_inner
from planner.siting.arrays import set_sums, sums_by
from planner.siting.mip.highs import WarmLp
from planner.siting.mip.linear import Expression, ModelBuilder
from planner.siting.model.problem import optional_columns

if TYPE_CHECKING:
    from planner.siting.arrays import FloatArray, IntArray
    from planner.siting.mip.linear import Terms
    from planner.siting.mip.variables import Formulation


CLOSED = 1e-7
"""Openness below which a slot counts as closed."""

PENALTY_FACTOR = 100.0
"""Penalty of a missing unit of load, relative to the largest worth of a unit of capacity."""


class CapacityCuts:
    """Transport problems for given openings, one per service, in a period of weight 1. Not thread-safe."""

    def __init__(self, form: Formulation) -> None:
        flows, problem = form.flows, form.problem
        self._form = form
        self._worth = form.worth()[form.slots.count + form.cover_sets.n_sets :]
        load = np.array([demand.load_per_person for demand in problem.demands])
        self._load = form.flow_load
        self._serves = form.slots.service[flows.slot]
        self._knapsacks = OpeningKnapsacks(form, self._worth)
        optional = optional_columns(problem)
        self._min_load = optional.min_load
        self._capacity = np.minimum(optional.capacity, flows.group_people.sum() * load.max(initial=1.0) + 1.0)

    def cut(self, service: int, opened: FloatArray, seconds: float) -> tuple[float, FloatArray] | None:
        """Return the cut at offers ``opened``: its constant, and float64[m] the coefficient of each offer.

        None where ``seconds`` do not suffice.
        """
        form, flows = self._form, self._form.flows
        slot_of = form.slots.of_offer
        is_open = np.minimum(sums_by(slot_of, opened, form.slots.count), 1.0)
        open_here = opened * (form.problem.offers.service == service)
        places = sums_by(slot_of, open_here * self._capacity, form.slots.count)
        min_load = sums_by(slot_of, open_here * self._min_load, form.slots.count)
        used = np.flatnonzero((self._serves == service) & (is_open[flows.slot] > CLOSED))
        used, class_of, people = self._merged_groups(used)
        builder = ModelBuilder()
        y = builder.add_columns(
            "flow", len(used), upper=people[class_of[flows.group[used]]] * is_open[flows.slot[used]]
        )
        once = [(class_of[flows.group[used]], y.positions, 1.0)]
        builder.add_rows("go_once", len(people), once, upper=people)
        builder.add_rows("places", form.slots.count, [(flows.slot[used], y.positions, self._load[used])], upper=places)
        loaded = np.flatnonzero(min_load > 0)
        shortfall = builder.add_columns("missing", len(loaded))
        row = np.full(form.slots.count, -1)
        row[loaded] = np.arange(len(loaded))
        to_loaded = np.flatnonzero(row[flows.slot[used]] >= 0)
        fill: Terms = [
            (row[flows.slot[used[to_loaded]]], y.start + to_loaded, self._load[used[to_loaded]]),
            (np.arange(len(loaded)), shortfall.positions, 1.0),
        ]
        builder.add_rows("least_load", len(loaded), fill, lower=min_load[loaded])
        cost = np.full(len(loaded), -self._knapsacks.shortfall)
        goal = Expression(np.concatenate([y.positions, shortfall.positions]), np.append(self._worth[used], cost), 0.0)
        answer = WarmLp(builder.build(goal)).solve(seconds)
        if answer is None:
            return None
        dual = np.append(np.maximum(answer.row_dual[: len(people)], 0.0), 0.0)[class_of]
        reduced_worth = np.where(self._serves == service, self._worth - dual[flows.group], -1.0)
        return float(dual @ flows.group_people), self._knapsacks.worth(service, reduced_worth)

    def _merged_groups(self, used: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
        """Return the flows of one group of each class, the class int64[H] of every group, and the people of each class.

        Groups are of one class when the flows ``used`` take them to the same slots for the same worth and load; groups without
        any have the class after the last.
        """
        flows = self._form.flows
        group = flows.group[used]
        first = np.flatnonzero(np.diff(group, prepend=-1))
        class_of = np.full(flows.n_groups, 0, dtype=np.int64)
        if not len(first):
            return used, class_of, np.zeros(0)
        _, worth = np.unique(np.stack([self._worth[used], self._load[used]], axis=1), axis=0, return_inverse=True)
        worth = worth.ravel()
        marks = flows.slot[used] * (int(worth.max()) + 1) + worth
        sums = set_sums(marks, first, int(marks.max()) + 1)
        _, leader, class_index = np.unique(sums, axis=0, return_index=True, return_inverse=True)
        class_of[:] = len(leader)
        class_of[group[first]] = class_index.ravel()
        leads = np.zeros(flows.n_groups, dtype=bool)
        leads[group[first[leader]]] = True
        people = sums_by(class_of, flows.group_people, len(leader) + 1)[:-1]
        return used[leads[group]], class_of, people


class OpeningKnapsacks:
    """Fractional knapsacks of the offers of capacitated services.

    Attributes
    ----------
    shortfall
        Penalty of each missing unit of least load: so large that no plan is worth it.
    """

    def __init__(self, form: Formulation, flow_worth: FloatArray) -> None:
        flows, slots, problem = form.flows, form.slots, form.problem
        self._load = form.flow_load
        # People without load go before everybody with one.
        self._per_load = 1.0 / np.maximum(self._load, 1e-12)
        self._people = flows.group_people[flows.group]
        self._order = np.argsort(flows.slot, kind="stable")
        self._flow_ptr = np.searchsorted(flows.slot[self._order], np.arange(slots.count + 1))
        self._offers = np.argsort(slots.of_offer, kind="stable")
        self._offer_ptr = np.searchsorted(slots.of_offer[self._offers], np.arange(slots.count + 1))
        optional = optional_columns(problem)
        self._capacity, self._min_load = optional.capacity, optional.min_load
        self._serves = problem.offers.service
        per_load = np.divide(flow_worth, self._load, out=np.zeros(flows.count), where=self._load > 0)
        self.shortfall = PENALTY_FACTOR * float(per_load.max(initial=1.0))

    def worth(self, service: int, flow_worth: FloatArray) -> FloatArray:
        """Return float64[m]: the value of the knapsack of each offer of ``service``.

        Negative where people have to be taken from others to reach a least load.
        """
        offers = (self._flow_ptr, self._order, self._offer_ptr, self._offers)
        rank = flow_worth * self._per_load
        limits = (self._capacity, self._min_load, self.shortfall)
        found = np.asarray(worth(*offers, flow_worth, rank, self._load, self._people, *limits))
        return np.where(self._serves == service, found, 0.0)


@compiled
def worth(  # noqa: PLR0917  # machine code takes no keyword arguments
    flow_ptr: IntArray,
    order: IntArray,
    offer_ptr: IntArray,
    offers: IntArray,
    flow_worth: FloatArray,
    rank: FloatArray,
    load: FloatArray,
    people: FloatArray,
    capacity: FloatArray,
    min_load: FloatArray,
    shortfall: float,
) -> FloatArray:
    """Return the knapsack value of each offer with load between ``min_load`` and ``capacity``; missing load costs ``shortfall`` a unit.

    ``order[flow_ptr[s]:flow_ptr[s + 1]]`` are the flows to slot s, ``offers[offer_ptr[s]:offer_ptr[s + 1]]`` its
    offers. ``order`` is left sorted by ``rank`` (worth per unit of load), nearly right for the next call.
    """
    found = np.zeros(len(capacity))
    for slot in range(len(flow_ptr) - 1):
        first, stop = flow_ptr[slot], flow_ptr[slot + 1]
        _sort(first, stop, order, rank)
        for position in range(offer_ptr[slot], offer_ptr[slot + 1]):
            offer = offers[position]
            residual, required = capacity[offer], min_load[offer]
            for at in range(first, stop):
                flow = order[at]
                takes, most = load[flow] * people[flow], residual
                if flow_worth[flow] <= 0:
                    # Flows of negative worth enter only to reach the least load.
                    most = min(residual, required)
                    if most <= 0:
                        break
                    if takes <= 0:
                        continue
                if takes > most:
                    found[offer] += max(most, 0.0) / takes * people[flow] * flow_worth[flow]
                    required -= max(most, 0.0)
                    break
                found[offer] += people[flow] * flow_worth[flow]
                residual -= takes
                required -= takes
            found[offer] -= shortfall * max(required, 0.0)
    return found


@compiled_inner
def _sort(first: int, stop: int, order: IntArray, rank: FloatArray) -> None:
    """Sort ``order[first:stop]`` by rank, descending: insertion sort, as it is nearly sorted from the last call."""
    for at in range(first + 1, stop):
        flow = order[at]
        before = at - 1
        while before >= first and rank[order[before]] < rank[flow]:
            order[before + 1] = order[before]
            before -= 1
        order[before + 1] = flow
