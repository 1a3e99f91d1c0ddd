"""What exists: whom each facility serves, which ones double each other, where there is too much and too little."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csr_array

from planner.access.catchment import (
    count_within,
    floating_catchment,
    load_of_nearest,
    people_only_here,
    people_within,
)
from planner.access.decay import Binary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.access.reach import Reach


def facilities(
    reach: Reach,
    people: NDArray[np.floating],
    cutoff_s: float,
    *,
    capacity: NDArray[np.floating] | None = None,
    participation: float = 1.0,
) -> pd.DataFrame:
    """Audit each existing facility of one service.

    Parameters
    ----------
    reach : Reach
        Walks from demand points to the facilities, up to at least the cutoff.
    people : float[n]
        People of the service's demand per point.
    cutoff_s : float
        The circle they are owed, in seconds.
    capacity : float[n_sites], optional
        People each facility can serve; NaN where unknown.
    participation : float
        Share of the people within reach who come.

    Returns
    -------
    DataFrame
        One row per facility: ``people_within``; ``people_only_here`` (who would reach none if it closed);
        ``overlap_share`` (of the people within, those who reach another one too; NaN without people); ``load`` (everybody
        in reach goes to the nearest, times participation); ``capacity``; ``utilisation`` (load / capacity; NaN where
        unknown).
    """
    near = reach.within(cutoff_s)
    within = people_within(near, people, cutoff_s)
    only = people_only_here(near, people, cutoff_s)
    load = load_of_nearest(near, people) * participation
    room = np.full(reach.n_sites, np.nan) if capacity is None else np.asarray(capacity, dtype=np.float64)
    return pd.DataFrame(
        {
            "people_within": within,
            "people_only_here": only,
            "overlap_share": _over(within - only, within),
            "load": load,
            "capacity": room,
            "utilisation": _over(load, room),
        }
    )


def balance(
    reach: Reach,
    people: NDArray[np.floating],
    areas: NDArray[np.integer],
    n_areas: int,
    cutoff_s: float,
    *,
    capacity: NDArray[np.floating] | None = None,
    places_per_person: float | None = None,
) -> pd.DataFrame:
    """Put surplus and deficit of each area side by side.

    Parameters
    ----------
    reach, people, cutoff_s
        As in `facilities`.
    areas : int[n]
        Area of each demand point, −1 for none.
    n_areas : int
        Number of areas.
    capacity : float[n_sites], optional
        Places per facility; needed for the places columns. A facility of unknown capacity (NaN) counts with 0 places.
    places_per_person : float, optional
        The standard, places per person of the demand; default the district's own average, all places over all people.

    Returns
    -------
    DataFrame
        One row per area: ``people``; ``people_uncovered``; ``people_covered_twice`` (who reach two or more); with
        ``capacity`` also ``places`` (what reaches the area's people, by 2SFCA), ``places_due`` (by the standard) and
        ``surplus_places`` (the difference; negative: deficit).
    """
    weight = np.asarray(people, dtype=np.float64)
    count = count_within(reach, cutoff_s)
    inside = areas >= 0

    def summed(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(areas[inside], weights=values[inside], minlength=n_areas).astype(np.float64)

    table = pd.DataFrame(
        {
            "people": summed(weight),
            "people_uncovered": summed(weight * (count == 0)),
            "people_covered_twice": summed(weight * (count >= 2)),
        }
    )
    if capacity is None:
        return table
    room = np.nan_to_num(np.asarray(capacity, dtype=np.float64))
    standard = room.sum() / max(weight.sum(), 1e-12) if places_per_person is None else places_per_person
    places = summed(weight * floating_catchment(reach, weight, room, Binary(cutoff_s)))
    due = table["people"].to_numpy() * standard
    return table.assign(places=places, places_due=due, surplus_places=places - due)


def duplicates(reach: Reach, people: NDArray[np.floating], cutoff_s: float) -> pd.DataFrame:
    """Pair every facility with the one that doubles it most, cheapest merge first.

    Returns
    -------
    DataFrame
        One row per facility whose catchment shares people with another's: ``facility``; ``into``, the facility that
        shares most of its people; ``people_shared``; ``shared_share`` of the facility's own people; ``people_lost`` who
        would reach nothing if it merged into the other. Ascending in ``people_lost``, then descending in ``shared_share``.
    """
    weight = np.asarray(people, dtype=np.float64)
    near = reach.within(cutoff_s)
    # people who reach both of two facilities, for every pair that shares any
    reached = csr_array((np.ones(len(near.site)), near.site, near.indptr), shape=(near.n_demand, near.n_sites))
    shared = coo_array(reached.T @ (reached * weight[:, None]))
    a, b = shared.coords
    within = people_within(near, weight, cutoff_s)
    other = (a != b) & (shared.data > 0)
    order = np.lexsort((b[other], -shared.data[other], a[other]))
    facility, first = np.unique(a[other][order], return_index=True)
    into, most = b[other][order][first], shared.data[other][order][first]
    table = pd.DataFrame(
        {
            "facility": facility,
            "into": into,
            "people_shared": most,
            "shared_share": _over(most, within[facility]),
            "people_lost": people_only_here(near, weight, cutoff_s)[facility],
        }
    )
    return table.sort_values(
        ["people_lost", "shared_share", "facility"], ascending=[True, False, True], ignore_index=True
    )


@dataclass(frozen=True, slots=True)
class Closure:
    """One step of thinning out: the facility closed, and who reaches nothing because of it and the earlier steps."""

    facility: int
    people_lost: float
    people_lost_in_all: float


def thinning(reach: Reach, people: NDArray[np.floating], cutoff_s: float, most: int) -> list[Closure]:
    """Close facilities one after another, each time the one that loses fewest people (the first among equals).

    Losses are counted anew after every closure: of two facilities that only double each other, one can go, not both.

    Parameters
    ----------
    most : int
        Closures at most; one facility always stays.
    """
    weight = np.asarray(people, dtype=np.float64)
    near = reach.within(cutoff_s)
    demand, site = near.demand, near.site
    open_ = np.ones(near.n_sites, dtype=np.bool_)
    closures: list[Closure] = []
    lost = 0.0
    for _ in range(min(most, near.n_sites - 1)):
        kept = open_[site]
        count = np.bincount(demand[kept], minlength=near.n_demand)
        alone = kept & (count[demand] == 1)
        only = np.bincount(site[alone], weights=weight[demand[alone]], minlength=near.n_sites)
        facility = int(np.where(open_, only, np.inf).argmin())
        open_[facility] = False
        lost += float(only[facility])
        closures.append(Closure(facility, float(only[facility]), lost))
    return closures


def moves(
    existing: Reach,
    candidates: Reach,
    people: NDArray[np.floating],
    cutoff_s: float,
) -> pd.DataFrame:
    """Find for each facility the candidate site it should move to, best move first.

    Parameters
    ----------
    existing, candidates : Reach
        Walks from the same demand points to the facilities and to the candidate sites.

    Returns
    -------
    DataFrame
        One row per facility: ``facility``; ``candidate``; ``people_gained`` (newly covered at the new place),
        ``people_lost`` (only the old place covered them and the new one does not) and ``net`` of the two. Descending in
        ``net``. No rows without candidates.
    """
    weight = np.asarray(people, dtype=np.float64)
    near, options = existing.within(cutoff_s), candidates.within(cutoff_s)
    count = np.diff(near.indptr)
    only_of = np.full(near.n_demand, -1, dtype=np.int64)
    alone = np.flatnonzero(count == 1)
    only_of[alone] = near.site[near.indptr[alone]]
    uncovered = count == 0
    demand, site = options.demand, options.site
    new = uncovered[demand]
    gained = np.bincount(site[new], weights=weight[demand[new]], minlength=options.n_sites)
    kept = np.zeros((near.n_sites, options.n_sites))
    held = only_of[demand] >= 0
    np.add.at(kept, (only_of[demand[held]], site[held]), weight[demand[held]])
    if not options.n_sites or not near.n_sites:
        return pd.DataFrame({name: [] for name in ("facility", "candidate", "people_gained", "people_lost", "net")})
    only = people_only_here(near, weight, cutoff_s)
    net = gained[None] + kept - only[:, None]
    best = net.argmax(axis=1)
    row = np.arange(near.n_sites)
    table = pd.DataFrame(
        {
            "facility": row,
            "candidate": best,
            "people_gained": gained[best],
            "people_lost": only - kept[row, best],
            "net": net[row, best],
        }
    )
    return table.sort_values(["net", "facility"], ascending=[False, True], ignore_index=True)


def _over(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / whole, np.nan)
