"""What openings with limited places can serve at most: a question of transport for each service, and the cuts from its prices.

Prices λ of the people give a cut that holds for every plan, whatever they are (Benders 1962):

.. code-block:: text

    Θ_k ≤ Σ_h λ_h P_h + Σ_{o of k} K_o(λ) x_o,     K_o = max { Σ_f (c_f − λ_h(f)) y_f − M m :  y_f ≤ P_h(f),
                                                           least_o ≤ Σ_f load_f y_f + m,  Σ_f load_f y_f ≤ capacity_o,  m ≥ 0 }

The best λ for given openings are the prices of the linear programme that shares their places out. Used places that a least load
lacks (m) cost so much (M) that no plan which lacks any is worth it; those that lack next to none are for the count to find.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.siting.arrays import set_sums, sums_by
from planner.siting.cuts.places import Places
from planner.siting.programme.hot import GrowingLp
from planner.siting.programme.linear import Expression, ModelBuilder
from planner.siting.question.complete import complete

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.programme.formulation import Formulation

__all__ = ["Transport"]

CLOSED = 1e-7
"""Up to here a slot is not open at all."""


class Transport:
    """Who goes where by given openings, service by service, in a period of weight 1. Asked by one thread at a time."""

    def __init__(self, form: Formulation) -> None:
        flows, problem = form.flows, form.problem
        self._form = form
        self._worth = form.worth()[form.slots.count + form.needs.n_sets :]
        load = np.array([demand.load_per_person for demand in problem.demands])
        self._load = load[flows.group_demand[flows.group]] if flows.count else np.zeros(0)
        self._serves = form.slots.service[flows.slot]
        self._places = Places(form, self._worth)
        filled = complete(problem)
        self._least = filled.min_load
        self._capacity = np.minimum(filled.capacity, flows.group_people.sum() * load.max(initial=1.0) + 1.0)

    def cut(
        self, service: int, opened: NDArray[np.float64], seconds: float
    ) -> tuple[float, NDArray[np.float64]] | None:
        """Return (worth of all people at their prices, worth float64[m] of each offer at them) when offers are ``opened``.

        None where ``seconds`` do not suffice.
        """
        form, flows = self._form, self._form.flows
        slot_of = form.slots.of_offer
        is_open = np.minimum(sums_by(slot_of, opened, form.slots.count), 1.0)
        mine = opened * (form.problem.offers.service == service)
        places = sums_by(slot_of, mine * self._capacity, form.slots.count)
        least = sums_by(slot_of, mine * self._least, form.slots.count)
        used = np.flatnonzero((self._serves == service) & (is_open[flows.slot] > CLOSED))
        used, kind_of, people = self._alike(used)
        builder = ModelBuilder()
        y = builder.add_columns("flow", len(used), upper=people[kind_of[flows.group[used]]] * is_open[flows.slot[used]])
        once = [(kind_of[flows.group[used]], y.positions, 1.0)]
        builder.add_rows("go_once", len(people), once, upper=people)
        builder.add_rows("places", form.slots.count, [(flows.slot[used], y.positions, self._load[used])], upper=places)
        asked = np.flatnonzero(least > 0)
        missing = builder.add_columns("missing", len(asked))
        row = np.full(form.slots.count, -1)
        row[asked] = np.arange(len(asked))
        asks = np.flatnonzero(row[flows.slot[used]] >= 0)
        fill = [
            (row[flows.slot[used[asks]]], y.start + asks, self._load[used[asks]]),
            (np.arange(len(asked)), missing.positions, 1.0),
        ]
        builder.add_rows("least_load", len(asked), fill, lower=least[asked])
        cost = np.full(len(asked), -self._places.missing)
        goal = Expression(np.concatenate([y.positions, missing.positions]), np.append(self._worth[used], cost), 0.0)
        answer = GrowingLp(builder.build(goal)).solve(seconds)
        if answer is None:
            return None
        price = np.append(np.maximum(answer.row_price[: len(people)], 0.0), 0.0)[kind_of]
        left = np.where(self._serves == service, self._worth - price[flows.group], -1.0)
        return float(price @ flows.group_people), self._places.worth(service, left)

    def _alike(self, used: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Return the flows of one group of each kind, the kind int64[H] of every group, and the people of each kind.

        Groups are of one kind when the flows ``used`` take them to the same slots for the same worth and load; groups without
        any have the kind after the last.
        """
        flows = self._form.flows
        group = flows.group[used]
        first = np.flatnonzero(np.diff(group, prepend=-1))
        kind_of = np.full(flows.n_groups, 0, dtype=np.int64)
        if not len(first):
            return used, kind_of, np.zeros(0)
        _, worth = np.unique(np.stack([self._worth[used], self._load[used]], axis=1), axis=0, return_inverse=True)
        worth = worth.ravel()
        marks = flows.slot[used] * (int(worth.max()) + 1) + worth
        sums = set_sums(marks, first, int(marks.max()) + 1)
        _, leader, kind = np.unique(sums, axis=0, return_index=True, return_inverse=True)
        kind_of[:] = len(leader)
        kind_of[group[first]] = kind.ravel()
        leads = np.zeros(flows.n_groups, dtype=bool)
        leads[group[first[leader]]] = True
        people = sums_by(kind_of, flows.group_people, len(leader) + 1)[:-1]
        return used[leads[group]], kind_of, people
