"""The places of one opening as a knapsack that may be cut: filled with whoever is worth most per place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.access.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["fill", "worth"]

CANNOT_OPEN = -1e15
"""Worth of an offer whose least load nobody within reach can make up."""


@compiled
def worth(  # noqa: PLR0917  # machine code takes no keyword arguments
    flow_ptr: NDArray[np.int64],
    order: NDArray[np.int64],
    offer_ptr: NDArray[np.int64],
    offers: NDArray[np.int64],
    flow_worth: NDArray[np.float64],
    rank: NDArray[np.float64],
    load: NDArray[np.float64],
    people: NDArray[np.float64],
    capacity: NDArray[np.float64],
    least: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Return what each offer's places are worth, how many flows are taken whole, and what part of the next one.

    ``order[flow_ptr[s]:flow_ptr[s + 1]]`` are the flows to slot s, ``offers[offer_ptr[s]:offer_ptr[s + 1]]`` its
    offers. ``order`` is left sorted by ``rank`` (worth per place): for `fill`, and nearly right for the next time.
    """
    found = np.zeros(len(capacity))
    whole = np.zeros(len(capacity), np.int64)
    part = np.zeros(len(capacity))
    for slot in range(len(flow_ptr) - 1):
        first, stop = flow_ptr[slot], flow_ptr[slot + 1]
        _sort(first, stop, order, rank)
        for position in range(offer_ptr[slot], offer_ptr[slot + 1]):
            offer = offers[position]
            used = 0.0
            at = first
            while at < stop:
                flow = order[at]
                wanted = flow_worth[flow] > 0
                if not wanted and used >= least[offer]:
                    break
                takes = load[flow] * people[flow]
                room = (capacity[offer] if wanted else min(capacity[offer], least[offer])) - used
                if takes > room:
                    part[offer] = max(room, 0.0) / takes
                    found[offer] += part[offer] * people[flow] * flow_worth[flow]
                    used += part[offer] * takes
                    break
                found[offer] += people[flow] * flow_worth[flow]
                used += takes
                at += 1
            whole[offer] = at - first
            if used < least[offer] - 1e-9:
                found[offer] = CANNOT_OPEN
    return found, whole, part


@compiled
def fill(  # noqa: PLR0917  # machine code takes no keyword arguments
    flow_ptr: NDArray[np.int64],
    order: NDArray[np.int64],
    slot_of_offer: NDArray[np.int64],
    whole: NDArray[np.int64],
    part: NDArray[np.float64],
    people: NDArray[np.float64],
    is_open: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return float64[f], people served when each offer is open to the degree ``is_open``; the rest is from `worth`."""
    served = np.zeros(len(people))
    for offer in range(len(is_open)):
        if is_open[offer] <= 0:
            continue
        first = flow_ptr[slot_of_offer[offer]]
        for at in range(first, first + whole[offer]):
            served[order[at]] += is_open[offer] * people[order[at]]
        if part[offer] > 0:
            flow = order[first + whole[offer]]
            served[flow] += is_open[offer] * part[offer] * people[flow]
    return served


@compiled
def _sort(first: int, stop: int, order: NDArray[np.int64], rank: NDArray[np.float64]) -> None:
    """Sort ``order[first:stop]`` by rank, highest first; nearly sorted from the last time, so by insertion."""
    for at in range(first + 1, stop):
        flow = order[at]
        before = at - 1
        while before >= first and rank[order[before]] < rank[flow]:
            order[before + 1] = order[before]
            before -= 1
        order[before + 1] = flow
