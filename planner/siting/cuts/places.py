"""What the places of each opening are worth at given prices of the people, whoever else is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.siting.cuts.knapsack import worth
from planner.siting.question.complete import complete

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.programme.formulation import Formulation

__all__ = ["Places"]


class Places:
    """The knapsacks of the offers of limited services; least loads are left out, so that none is worth less than nothing."""

    def __init__(self, form: Formulation) -> None:
        flows, slots, problem = form.flows, form.slots, form.problem
        load = np.array([demand.load_per_person for demand in problem.demands])
        self._load = load[flows.group_demand[flows.group]] if flows.count else np.zeros(0)
        # Whoever takes no place at all goes before everybody who does.
        self._per_place = 1.0 / np.maximum(self._load, 1e-12)
        self._people = flows.group_people[flows.group] if flows.count else np.zeros(0)
        self._order = np.argsort(flows.slot, kind="stable")
        self._flow_ptr = np.searchsorted(flows.slot[self._order], np.arange(slots.count + 1))
        self._offers = np.argsort(slots.of_offer, kind="stable")
        self._offer_ptr = np.searchsorted(slots.of_offer[self._offers], np.arange(slots.count + 1))
        self._capacity = complete(problem).capacity

    def worth(self, flow_worth: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return float64[m]: what each offer's places are worth, filled at their best."""
        offers = (self._flow_ptr, self._order, self._offer_ptr, self._offers)
        rank = flow_worth * self._per_place
        return np.asarray(worth(*offers, flow_worth, rank, self._load, self._people, self._capacity))
