"""The places of one opening as a knapsack that may be cut: filled with whoever is worth most per place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.access.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["worth"]


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
    missing: float,
) -> NDArray[np.float64]:
    """Return what each offer's places are worth when at least ``least`` of them are used; each that nobody can use costs ``missing``.

    ``order[flow_ptr[s]:flow_ptr[s + 1]]`` are the flows to slot s, ``offers[offer_ptr[s]:offer_ptr[s + 1]]`` its
    offers. ``order`` is left sorted by ``rank`` (worth per place), nearly right for the next time.
    """
    found = np.zeros(len(capacity))
    for slot in range(len(flow_ptr) - 1):
        first, stop = flow_ptr[slot], flow_ptr[slot + 1]
        _sort(first, stop, order, rank)
        for position in range(offer_ptr[slot], offer_ptr[slot + 1]):
            offer = offers[position]
            room, wanted = capacity[offer], least[offer]
            for at in range(first, stop):
                flow = order[at]
                takes, most = load[flow] * people[flow], room
                if flow_worth[flow] <= 0:
                    # Who is worth less than nothing comes only as far as somebody has to.
                    most = min(room, wanted)
                    if most <= 0:
                        break
                    if takes <= 0:
                        continue
                if takes > most:
                    found[offer] += max(most, 0.0) / takes * people[flow] * flow_worth[flow]
                    wanted -= max(most, 0.0)
                    break
                found[offer] += people[flow] * flow_worth[flow]
                room -= takes
                wanted -= takes
            found[offer] -= missing * max(wanted, 0.0)
    return found


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
