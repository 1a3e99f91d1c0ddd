"""What facilities offer and what of it arrives: catchments, floating catchments, gravity.

Every function takes a `Reach` (who walks where), people per demand point and capacity per site, and gives one number per
demand point or per site. Nobody is dropped: a demand point that reaches nothing has access 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from planner.access.compiled import compiled
from planner.access.decay import Zoned

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.access.decay import Decay
    from planner.access.reach import Reach

_at: Any = np.uintp  # unsigned positions: no test for negative ones


def floating_catchment(
    reach: Reach,
    people: NDArray[np.floating],
    capacity: NDArray[np.floating],
    decay: Decay,
) -> NDArray[np.float64]:
    """Capacity per person by the (enhanced) two-step floating catchment method.

    First each site's capacity is shared among the people who reach it, ``R_j = S_j / Σ_i p_i W(t_ij)``; then each point
    adds up the shares of the sites it reaches, ``A_i = Σ_j R_j W(t_ij)``. With `Binary` decay this is 2SFCA (Luo & Wang
    2003), with `Steps` or `Gaussian` E2SFCA. Over the sites with people in reach, ``Σ_i p_i A_i = Σ_j S_j``.

    Parameters
    ----------
    reach : Reach
        Walks up to at least the decay's cutoff.
    people : float[n]
        People per demand point.
    capacity : float[n_sites]
        Places per site.
    decay : Decay
        Worth of a walk.

    Returns
    -------
    float64[n]
        Places per person; 0 where nothing is in reach.

    Raises
    ------
    ValueError
        If the reach ends before the decay does, or an array has another length than the reach.
    """
    _fits(reach, people=people, capacity=capacity, decay=decay)
    walks = _weighed(reach, decay)
    served = walks.gathered(people)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(served > 0, np.asarray(capacity, dtype=np.float64) / served, 0.0)
    return walks.received(ratio)


def opportunities(reach: Reach, capacity: NDArray[np.floating], decay: Decay) -> NDArray[np.float64]:
    """Capacity in reach, weighted by the walk: cumulative opportunities with `Binary`, gravity with `Exponential`.

    With a capacity of 1 everywhere it counts facilities.

    Returns
    -------
    float64[n]
        ``Σ_j S_j W(t_ij)`` per demand point.
    """
    _fits(reach, capacity=capacity, decay=decay)
    return _weighed(reach, decay).received(capacity)


def people_within(reach: Reach, people: NDArray[np.floating], cutoff_s: float) -> NDArray[np.float64]:
    """People who reach each site within the cutoff, as float64[n_sites]."""
    _fits(reach, people=people, cutoff_s=cutoff_s)
    return _InZones(reach, (cutoff_s,), (1.0,)).gathered(people)


def people_only_here(reach: Reach, people: NDArray[np.floating], cutoff_s: float) -> NDArray[np.float64]:
    """People who reach this site within the cutoff and no other: who would lose it if it closed, as float64[n_sites]."""
    _fits(reach, people=people, cutoff_s=cutoff_s)
    alone = np.flatnonzero(count_within(reach, cutoff_s) == 1)
    only = reach.site[reach.indptr[alone]]  # rows ascend: the one site in reach is the first
    return _summed(only, np.asarray(people, dtype=np.float64)[alone], reach.n_sites)


def count_within(reach: Reach, cutoff_s: float) -> NDArray[np.int64]:
    """Sites each demand point reaches within the cutoff, as int64[n]."""
    _fits(reach, cutoff_s=cutoff_s)
    return _zone_ends(reach.indptr, reach.seconds, np.array([cutoff_s], dtype=np.float32))[:, 0] - reach.indptr[:-1]


def load_of_nearest(reach: Reach, people: NDArray[np.floating]) -> NDArray[np.float64]:
    """People per site when everybody walks to the nearest one, as float64[n_sites]; the unreached load nothing."""
    _fits(reach, people=people)
    nearest = reach.nearest_site()
    walked = nearest >= 0
    return _summed(nearest[walked], np.asarray(people, dtype=np.float64)[walked], reach.n_sites)


def _summed(site: NDArray[np.int32], people: NDArray[np.float64], n_sites: int) -> NDArray[np.float64]:
    return np.bincount(site, weights=people, minlength=n_sites).astype(np.float64)


def _fits(
    reach: Reach,
    *,
    people: NDArray[np.floating] | None = None,
    capacity: NDArray[np.floating] | None = None,
    decay: Decay | None = None,
    cutoff_s: float | None = None,
) -> None:
    """Refuse arrays of another length than the reach, and walks longer than it holds."""
    if people is not None and np.shape(people) != (reach.n_demand,):
        raise ValueError(f"people has shape {np.shape(people)}, the reach has {reach.n_demand} demand points")
    if capacity is not None and np.shape(capacity) != (reach.n_sites,):
        raise ValueError(f"capacity has shape {np.shape(capacity)}, the reach has {reach.n_sites} sites")
    longest = max(decay.cutoff_s if decay else 0.0, cutoff_s or 0.0)
    if longest > reach.cutoff_s:
        raise ValueError(f"walks of {longest:g} s are asked for, the reach ends at {reach.cutoff_s:g} s")


def _weighed(reach: Reach, decay: Decay) -> _InZones | _OneByOne:
    """Make ready to sum over the walks of a reach, each counted at its weight."""
    if isinstance(decay, Zoned):
        return _InZones(reach, decay.bounds_s, decay.weights)
    return _OneByOne(reach, decay(reach.seconds))


class _OneByOne:
    """Walks with a weight of their own each."""

    def __init__(self, reach: Reach, weight: NDArray[np.float64]) -> None:
        self._reach, self._weight = reach, weight

    def gathered(self, people: NDArray[np.floating]) -> NDArray[np.float64]:
        """Sum ``people × weight`` per site."""
        walks = self._reach
        return _gathered(walks.indptr, walks.site, self._weight, np.asarray(people, dtype=np.float64), walks.n_sites)

    def received(self, offer: NDArray[np.floating]) -> NDArray[np.float64]:
        """Sum ``offer × weight`` per demand point."""
        walks = self._reach
        return _received(walks.indptr, walks.site, self._weight, np.asarray(offer, dtype=np.float64))


class _InZones:
    """Walks that weigh the same from one bound to the next: rows ascend, so a zone is a slice and no walk is weighed."""

    def __init__(self, reach: Reach, bounds_s: tuple[float, ...], weights: tuple[float, ...]) -> None:
        self._reach, self._weights = reach, np.array(weights, dtype=np.float64)
        self._ends = _zone_ends(reach.indptr, reach.seconds, np.array(bounds_s, dtype=np.float32))

    def gathered(self, people: NDArray[np.floating]) -> NDArray[np.float64]:
        """Sum ``people × weight`` per site."""
        walks = self._reach
        many = np.asarray(people, dtype=np.float64)
        return _gathered_in_zones(walks.indptr, self._ends, walks.site, self._weights, many, walks.n_sites)

    def received(self, offer: NDArray[np.floating]) -> NDArray[np.float64]:
        """Sum ``offer × weight`` per demand point."""
        walks = self._reach
        much = np.asarray(offer, dtype=np.float64)
        return _received_in_zones(walks.indptr, self._ends, walks.site, self._weights, much)


@compiled
def _gathered(
    indptr: NDArray[np.int64],
    site: NDArray[np.int32],
    weight: NDArray[np.float64],
    people: NDArray[np.float64],
    n_sites: int,
) -> NDArray[np.float64]:
    """Sum ``people × weight`` per site."""
    total = np.zeros(n_sites, np.float64)
    for point in range(_at(len(indptr) - 1)):
        here = people[point]
        for pair in range(_at(indptr[point]), _at(indptr[point + _at(1)])):
            total[_at(site[pair])] += here * weight[pair]
    return total


@compiled
def _received(
    indptr: NDArray[np.int64],
    site: NDArray[np.int32],
    weight: NDArray[np.float64],
    offer: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Sum ``offer × weight`` per demand point."""
    total = np.zeros(len(indptr) - 1, np.float64)
    for point in range(_at(len(indptr) - 1)):
        here = 0.0
        for pair in range(_at(indptr[point]), _at(indptr[point + _at(1)])):
            here += offer[_at(site[pair])] * weight[pair]
        total[point] = here
    return total


@compiled
def _zone_ends(
    indptr: NDArray[np.int64],
    seconds: NDArray[np.float32],
    bounds_s: NDArray[np.float32],
) -> NDArray[np.int64]:
    """Find where each zone ends in each row, as int64[n, zones]; rows and bounds ascend."""
    ends = np.empty((len(indptr) - 1, len(bounds_s)), np.int64)
    for point in range(_at(len(indptr) - 1)):
        low = _at(indptr[point])
        last = _at(indptr[point + _at(1)])
        for zone in range(_at(len(bounds_s))):
            bound = bounds_s[zone]
            high = last
            if low < high and seconds[high - _at(1)] <= bound:
                low = high  # most often all the rest of the row
            while low < high:
                middle = (low + high) >> _at(1)
                if seconds[middle] <= bound:
                    low = middle + _at(1)
                else:
                    high = middle
            ends[point, zone] = np.int64(low)
    return ends


@compiled
def _gathered_in_zones(  # noqa: PLR0917
    indptr: NDArray[np.int64],
    ends: NDArray[np.int64],
    site: NDArray[np.int32],
    weights: NDArray[np.float64],
    people: NDArray[np.float64],
    n_sites: int,
) -> NDArray[np.float64]:
    """Sum ``people × weight`` per site."""
    total = np.zeros(n_sites, np.float64)
    for point in range(_at(len(ends))):
        first = _at(indptr[point])
        for zone in range(_at(len(weights))):
            here = people[point] * weights[zone]
            last = _at(ends[point, zone])
            for pair in range(first, last):
                total[_at(site[pair])] += here
            first = last
    return total


@compiled
def _received_in_zones(
    indptr: NDArray[np.int64],
    ends: NDArray[np.int64],
    site: NDArray[np.int32],
    weights: NDArray[np.float64],
    offer: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Sum ``offer × weight`` per demand point; four sums at a time, so that no addition waits for the one before."""
    total = np.zeros(len(ends), np.float64)
    for point in range(_at(len(ends))):
        pair = _at(indptr[point])
        for zone in range(_at(len(weights))):
            last = _at(ends[point, zone])
            one = two = three = four = 0.0
            while pair + _at(4) <= last:
                one += offer[_at(site[pair])]
                two += offer[_at(site[pair + _at(1)])]
                three += offer[_at(site[pair + _at(2)])]
                four += offer[_at(site[pair + _at(3)])]
                pair += _at(4)
            while pair < last:
                one += offer[_at(site[pair])]
                pair += _at(1)
            total[point] += weights[zone] * ((one + two) + (three + four))
    return total
