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

DEAR = 100.0
"""How many times as much as a place is worth at most, one costs that has to be used and is not."""


class Places:
    """The knapsacks of the offers of limited services.

    Attributes
    ----------
    missing
        What each place costs that has to be used (least loads) and is not: so much that no plan is worth it.
    """

    def __init__(self, form: Formulation, flow_worth: NDArray[np.float64]) -> None:
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
        filled = complete(problem)
        self._capacity, self._least = filled.capacity, filled.min_load
        self._serves = problem.offers.service
        per_place = np.divide(flow_worth, self._load, out=np.zeros(flows.count), where=self._load > 0)
        self.missing = DEAR * float(per_place.max(initial=1.0))

    def worth(self, service: int, flow_worth: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return float64[m]: what the places of each offer of ``service`` are worth, filled at their best.

        That is less than nothing where people have to be taken from others to reach a least load.
        """
        offers = (self._flow_ptr, self._order, self._offer_ptr, self._offers)
        rank = flow_worth * self._per_place
        limits = (self._capacity, self._least, self.missing)
        found = np.asarray(worth(*offers, flow_worth, rank, self._load, self._people, *limits))
        return np.where(self._serves == service, found, 0.0)
