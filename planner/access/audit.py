"""Assessment of existing facilities: people served, overlap, surplus and deficit, closures and relocations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csr_array

from planner.access.catchments import (
    Binary,
    count_within,
    floating_catchment,
    nearest_site_load,
    people_only_here,
    people_within,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.access.travel_times import TravelTimes


def facilities(
    times: TravelTimes,
    people: NDArray[np.floating],
    cutoff_s: float,
    *,
    capacity: NDArray[np.floating] | None = None,
    participation: float = 1.0,
) -> pd.DataFrame:
    """Audit each existing facility of one service.

    Parameters
    ----------
    times : TravelTimes
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
    within_cutoff = times.within(cutoff_s)
    within = people_within(within_cutoff, people, cutoff_s)
    only_here = people_only_here(within_cutoff, people, cutoff_s)
    load = nearest_site_load(within_cutoff, people) * participation
    capacities = np.full(times.n_sites, np.nan) if capacity is None else np.asarray(capacity, dtype=np.float64)
    return pd.DataFrame(
        {
            "people_within": within,
            "people_only_here": only_here,
            "overlap_share": _over(within - only_here, within),
            "load": load,
            "capacity": capacities,
            "utilisation": _over(load, capacities),
        }
    )


def balance(
    times: TravelTimes,
    people: NDArray[np.floating],
    areas: NDArray[np.integer],
    n_areas: int,
    cutoff_s: float,
    *,
    capacity: NDArray[np.floating] | None = None,
    places_per_person: float | None = None,
) -> pd.DataFrame:
    """Return surplus and deficit of each area.

    Parameters
    ----------
    times, people, cutoff_s
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
    count = count_within(times, cutoff_s)
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
    capacities = np.nan_to_num(np.asarray(capacity, dtype=np.float64))
    standard = capacities.sum() / max(weight.sum(), 1e-12) if places_per_person is None else places_per_person
    places = summed(weight * floating_catchment(times, weight, capacities, Binary(cutoff_s)))
    due = table["people"].to_numpy() * standard
    return table.assign(places=places, places_due=due, surplus_places=places - due)


def duplicates(times: TravelTimes, people: NDArray[np.floating], cutoff_s: float) -> pd.DataFrame:
    """Return for every facility the one with the largest shared catchment, cheapest merger first.

    Returns
    -------
    DataFrame
        One row per facility whose catchment shares people with another's: ``facility``; ``into``, the facility that
        shares most of its people; ``people_shared``; ``shared_share`` of the facility's own people; ``people_lost`` who
        would reach nothing if it merged into the other. Ascending in ``people_lost``, then descending in ``shared_share``.
    """
    weight = np.asarray(people, dtype=np.float64)
    within_cutoff = times.within(cutoff_s)
    # people who reach both of two facilities, for every pair that shares any
    reached = csr_array(
        (np.ones(len(within_cutoff.site)), within_cutoff.site, within_cutoff.indptr),
        shape=(within_cutoff.n_demand, within_cutoff.n_sites),
    )
    shared = coo_array(reached.T @ (reached * weight[:, None]))
    a, b = shared.coords
    within = people_within(within_cutoff, weight, cutoff_s)
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
            "people_lost": people_only_here(within_cutoff, weight, cutoff_s)[facility],
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


def thinning(times: TravelTimes, people: NDArray[np.floating], cutoff_s: float, most: int) -> list[Closure]:
    """Close facilities one after another, each time the one that loses fewest people (the first among equals).

    Losses are counted anew after every closure: of two facilities that only double each other, one can go, not both.

    Parameters
    ----------
    most : int
        Closures at most; one facility always stays.
    """
    weight = np.asarray(people, dtype=np.float64)
    within_cutoff = times.within(cutoff_s)
    demand, site = within_cutoff.demand, within_cutoff.site
    open_ = np.ones(within_cutoff.n_sites, dtype=np.bool_)
    closures: list[Closure] = []
    lost_total = 0.0
    for _ in range(min(most, within_cutoff.n_sites - 1)):
        kept = open_[site]
        count = np.bincount(demand[kept], minlength=within_cutoff.n_demand)
        single = kept & (count[demand] == 1)
        only_here = np.bincount(site[single], weights=weight[demand[single]], minlength=within_cutoff.n_sites)
        facility = int(np.where(open_, only_here, np.inf).argmin())
        open_[facility] = False
        lost_total += float(only_here[facility])
        closures.append(Closure(facility, float(only_here[facility]), lost_total))
    return closures


def moves(
    existing: TravelTimes,
    candidates: TravelTimes,
    people: NDArray[np.floating],
    cutoff_s: float,
) -> pd.DataFrame:
    """Find for each facility the candidate site it should move to, best move first.

    Parameters
    ----------
    existing, candidates : TravelTimes
        Walks from the same demand points to the facilities and to the candidate sites.

    Returns
    -------
    DataFrame
        One row per facility: ``facility``; ``candidate``; ``people_gained`` (newly covered at the new place),
        ``people_lost`` (only the old place covered them and the new one does not) and ``net`` of the two. Descending in
        ``net``. No rows without candidates.
    """
    weight = np.asarray(people, dtype=np.float64)
    within_cutoff, options = existing.within(cutoff_s), candidates.within(cutoff_s)
    count = np.diff(within_cutoff.indptr)
    only_of = np.full(within_cutoff.n_demand, -1, dtype=np.int64)
    single = np.flatnonzero(count == 1)
    only_of[single] = within_cutoff.site[within_cutoff.indptr[single]]
    uncovered = count == 0
    demand, site = options.demand, options.site
    new = uncovered[demand]
    gained = np.bincount(site[new], weights=weight[demand[new]], minlength=options.n_sites)
    kept = np.zeros((within_cutoff.n_sites, options.n_sites))
    covered_before = only_of[demand] >= 0
    np.add.at(kept, (only_of[demand[covered_before]], site[covered_before]), weight[demand[covered_before]])
    if not options.n_sites or not within_cutoff.n_sites:
        return pd.DataFrame({name: [] for name in ("facility", "candidate", "people_gained", "people_lost", "net")})
    only_here = people_only_here(within_cutoff, weight, cutoff_s)
    net_gain = gained[None] + kept - only_here[:, None]
    best = net_gain.argmax(axis=1)
    row = np.arange(within_cutoff.n_sites)
    table = pd.DataFrame(
        {
            "facility": row,
            "candidate": best,
            "people_gained": gained[best],
            "people_lost": only_here - kept[row, best],
            "net": net_gain[row, best],
        }
    )
    return table.sort_values(["net", "facility"], ascending=[False, True], ignore_index=True)


def _over(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / whole, np.nan)
