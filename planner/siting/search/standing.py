"""What the first plan is grown on, as plain arrays: `Ground` stays, `Standing` moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["LITTLE", "Ground", "Seats", "Standing"]

LITTLE = 1e-9
"""People, places and worth below which there is nothing."""


class Ground(NamedTuple):
    """The question as arrays: G sets, S slots, H groups, F flows, m offers, B bundles, J sites, R limits.

    ``set_slot[set_ptr[g]:set_ptr[g + 1]]`` are the slots of a set and ``slot_set`` the sets of a slot. Flows are sorted by
    (group, best first); ``slot_flow`` lists those to a slot, the most worth per place first; ``level`` ranks that worth among all. ``slot`` and ``offer`` are [B, K].
    ``near`` int64[J, N] lists the sites that serve the same people, −1 for none.
    """

    set_ptr: NDArray[np.int64]
    set_slot: NDArray[np.int64]
    set_worth: NDArray[np.float64]
    slot_ptr: NDArray[np.int64]
    slot_set: NDArray[np.int64]
    group_ptr: NDArray[np.int64]
    people: NDArray[np.float64]
    flow_group: NDArray[np.int64]
    flow_slot: NDArray[np.int64]
    flow_worth: NDArray[np.float64]
    flow_load: NDArray[np.float64]
    slot_flow_ptr: NDArray[np.int64]
    slot_flow: NDArray[np.int64]
    level: NDArray[np.int64]
    levels: int
    slot_offer_ptr: NDArray[np.int64]
    slot_offer: NDArray[np.int64]
    capacity: NDArray[np.float64]
    least: NDArray[np.float64]
    slot: NDArray[np.int64]
    offer: NDArray[np.int64]
    use: NDArray[np.float64]
    limit: NDArray[np.float64]
    first: NDArray[np.int64]
    rest: NDArray[np.int64]
    near: NDArray[np.int64]


class Seats(NamedTuple):
    """Who has which place."""

    left: NDArray[np.float64]
    served: NDArray[np.float64]
    current: NDArray[np.int64]
    spare: NDArray[np.float64]
    places: NDArray[np.float64]


class Standing(NamedTuple):
    """A plan and what it gives: the bundle of each site (−1: none) and all that is counted from it.

    ``gain`` float64[S] is what sets would gain by a slot, ``places_gain`` float64[m] what an offer's places would be worth,
    right unless the slot is ``stale``. ``spare`` float64[S] is places left, −1 where closed. ``left`` float64[H] has no place,
    ``current`` int64[H] is a flow that somebody of the group takes.
    """

    at: NDArray[np.int64]
    covered: NDArray[np.int64]
    gain: NDArray[np.float64]
    used: NDArray[np.float64]
    left: NDArray[np.float64]
    served: NDArray[np.float64]
    current: NDArray[np.int64]
    spare: NDArray[np.float64]
    places: NDArray[np.float64]
    kept: Seats
    before: Seats
    places_gain: NDArray[np.float64]
    stale: NDArray[np.bool_]
    dear: NDArray[np.float64]
    luck: NDArray[np.uint64]
