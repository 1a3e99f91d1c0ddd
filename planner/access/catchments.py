"""Catchments and accessibility: distance decay, 2SFCA, E2SFCA, gravity, cumulative opportunities.

Every function takes `TravelTimes`, people per demand point and capacity per site, and returns one number per demand point
or per site. A demand point that reaches nothing has accessibility 0; nobody is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from planner.access.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.access.travel_times import TravelTimes


_at: Any = np.uintp  # unsigned positions: no test for negative ones


class Decay(Protocol):
    """Weight of a walk by its seconds; zero beyond ``cutoff_s``."""

    @property
    def cutoff_s(self) -> float:
        """Longest walk with a weight, itself included."""

    def __call__(self, seconds: NDArray[np.floating]) -> NDArray[np.float64]:
        """Weights in 0…1 for an array of seconds."""


@dataclass(frozen=True, slots=True)
class Binary:
    """Weight 1 up to the cutoff: 2SFCA and cumulative opportunities."""

    cutoff_s: float

    @property
    def bounds_s(self) -> tuple[float, ...]:
        """One zone, up to the cutoff."""
        return (self.cutoff_s,)

    @property
    def weights(self) -> tuple[float, ...]:
        """1 in that zone."""
        return (1.0,)

    def __call__(self, seconds: NDArray[np.floating]) -> NDArray[np.float64]:
        """1 within the cutoff, else 0."""
        return (seconds <= self.cutoff_s).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Steps:
    """Step function, e.g. weights at 5, 10 and 15 minutes (Luo & Qi 2009, E2SFCA).

    Attributes
    ----------
    bounds_s : tuple of float
        Upper bound of each zone, ascending, itself included.
    weights : tuple of float
        Worth of each zone.
    """

    bounds_s: tuple[float, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        """Check that bounds ascend."""
        if len(self.bounds_s) != len(self.weights) or not self.bounds_s or list(self.bounds_s) != sorted(self.bounds_s):
            raise ValueError("steps need as many weights as bounds, and bounds that ascend")

    @property
    def cutoff_s(self) -> float:
        """Upper bound of the last zone."""
        return self.bounds_s[-1]

    def __call__(self, seconds: NDArray[np.floating]) -> NDArray[np.float64]:
        """Weight of the zone each walk falls in."""
        worth = np.array([*self.weights, 0.0])
        seconds_f8 = np.asarray(seconds)
        # bounds are rounded as the times are, so that a time of exactly 300.1 s is within 300.1 s
        return worth[np.searchsorted(np.array(self.bounds_s, dtype=seconds_f8.dtype), seconds_f8, side="left")]


@dataclass(frozen=True, slots=True)
class Gaussian:
    """Smooth decay from 1 at the door to 0 at the cutoff (Dai 2010): (e^(−½(t/T)²) − e^(−½)) / (1 − e^(−½))."""

    cutoff_s: float

    def __call__(self, seconds: NDArray[np.floating]) -> NDArray[np.float64]:
        """Weights of the walks."""
        at_cutoff = np.exp(-0.5)
        share = np.asarray(seconds, dtype=np.float64) / self.cutoff_s
        return np.where(share <= 1.0, (np.exp(-0.5 * share * share) - at_cutoff) / (1.0 - at_cutoff), 0.0)


@dataclass(frozen=True, slots=True)
class Exponential:
    """Exponential decay with half-life ``half_s`` seconds (Hansen 1959, gravity)."""

    half_s: float
    cutoff_s: float

    def __call__(self, seconds: NDArray[np.floating]) -> NDArray[np.float64]:
        """Weights of the walks."""
        seconds_f8 = np.asarray(seconds, dtype=np.float64)
        return np.where(seconds_f8 <= self.cutoff_s, np.exp2(-seconds_f8 / self.half_s), 0.0)


def floating_catchment(
    times: TravelTimes,
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
    times : TravelTimes
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
        If the travel times end before the decay does, or an array has another length.
    """
    _check_arguments(times, people=people, capacity=capacity, decay=decay)
    pairs = _weighted(times, decay)
    served = pairs.sum_by_site(people)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(served > 0, np.asarray(capacity, dtype=np.float64) / served, 0.0)
    return pairs.sum_by_point(ratio)


def opportunities(times: TravelTimes, capacity: NDArray[np.floating], decay: Decay) -> NDArray[np.float64]:
    """Return the capacity in reach, weighted by decay: cumulative opportunities with `Binary`, gravity with `Exponential`.

    With a capacity of 1 everywhere it counts facilities.

    Returns
    -------
    float64[n]
        ``Σ_j S_j W(t_ij)`` per demand point.
    """
    _check_arguments(times, capacity=capacity, decay=decay)
    return _weighted(times, decay).sum_by_point(capacity)


def people_within(times: TravelTimes, people: NDArray[np.floating], cutoff_s: float) -> NDArray[np.float64]:
    """Return the people who reach each site within the cutoff, float64[n_sites]."""
    _check_arguments(times, people=people, cutoff_s=cutoff_s)
    return _ZoneWeights(times, (cutoff_s,), (1.0,)).sum_by_site(people)


def people_only_here(times: TravelTimes, people: NDArray[np.floating], cutoff_s: float) -> NDArray[np.float64]:
    """Return the people who reach this site within the cutoff and no other, float64[n_sites]."""
    _check_arguments(times, people=people, cutoff_s=cutoff_s)
    alone = np.flatnonzero(count_within(times, cutoff_s) == 1)
    only = times.site[times.indptr[alone]]  # rows ascend: the only site in reach is the first
    return _people_by_site(only, np.asarray(people, dtype=np.float64)[alone], times.n_sites)


def count_within(times: TravelTimes, cutoff_s: float) -> NDArray[np.int64]:
    """Sites each demand point reaches within the cutoff, as int64[n]."""
    _check_arguments(times, cutoff_s=cutoff_s)
    return _zone_ends(times.indptr, times.seconds, np.array([cutoff_s], dtype=np.float32))[:, 0] - times.indptr[:-1]


def nearest_site_load(times: TravelTimes, people: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the people per site if everybody walks to the nearest one, float64[n_sites]; the unreached count nowhere."""
    _check_arguments(times, people=people)
    nearest = times.nearest_site()
    reached = nearest >= 0
    return _people_by_site(nearest[reached], np.asarray(people, dtype=np.float64)[reached], times.n_sites)


def _people_by_site(site: NDArray[np.int32], people: NDArray[np.float64], n_sites: int) -> NDArray[np.float64]:
    return np.bincount(site, weights=people, minlength=n_sites).astype(np.float64)


def _check_arguments(
    times: TravelTimes,
    *,
    people: NDArray[np.floating] | None = None,
    capacity: NDArray[np.floating] | None = None,
    decay: Decay | None = None,
    cutoff_s: float | None = None,
) -> None:
    """Refuse arrays of a length other than the travel times', and cutoffs beyond theirs."""
    if people is not None and np.shape(people) != (times.n_demand,):
        raise ValueError(f"people has shape {np.shape(people)}, the travel times have {times.n_demand} demand points")
    if capacity is not None and np.shape(capacity) != (times.n_sites,):
        raise ValueError(f"capacity has shape {np.shape(capacity)}, the travel times have {times.n_sites} sites")
    longest = max(decay.cutoff_s if decay else 0.0, cutoff_s or 0.0)
    if longest > times.cutoff_s:
        raise ValueError(f"walks of {longest:g} s are requested, the travel times end at {times.cutoff_s:g} s")


def _weighted(times: TravelTimes, decay: Decay) -> _ZoneWeights | _PairWeights:
    """Return sums over the travel times, weighted by decay."""
    if isinstance(decay, Zoned):
        return _ZoneWeights(times, decay.bounds_s, decay.weights)
    return _PairWeights(times, decay(times.seconds))


class _PairWeights:
    """Weighted sums with one weight for each pair."""

    def __init__(self, times: TravelTimes, weight: NDArray[np.float64]) -> None:
        self._times, self._weight = times, weight

    def sum_by_site(self, people: NDArray[np.floating]) -> NDArray[np.float64]:
        """Sum ``people × weight`` per site."""
        pairs = self._times
        return _sum_by_site(pairs.indptr, pairs.site, self._weight, np.asarray(people, dtype=np.float64), pairs.n_sites)

    def sum_by_point(self, offer: NDArray[np.floating]) -> NDArray[np.float64]:
        """Sum ``offer × weight`` per demand point."""
        pairs = self._times
        return _sum_by_point(pairs.indptr, pairs.site, self._weight, np.asarray(offer, dtype=np.float64))


class _ZoneWeights:
    """Walks that weigh the same from one bound to the next: rows ascend, so a zone is a slice and no walk is weighed."""

    def __init__(self, times: TravelTimes, bounds_s: tuple[float, ...], weights: tuple[float, ...]) -> None:
        self._times, self._weights = times, np.array(weights, dtype=np.float64)
        self._ends = _zone_ends(times.indptr, times.seconds, np.array(bounds_s, dtype=np.float32))

    def sum_by_site(self, people: NDArray[np.floating]) -> NDArray[np.float64]:
        """Sum ``people × weight`` per site."""
        pairs = self._times
        people_f8 = np.asarray(people, dtype=np.float64)
        return _sum_zones_by_site(pairs.indptr, self._ends, pairs.site, self._weights, people_f8, pairs.n_sites)

    def sum_by_point(self, offer: NDArray[np.floating]) -> NDArray[np.float64]:
        """Sum ``offer × weight`` per demand point."""
        pairs = self._times
        offer_f8 = np.asarray(offer, dtype=np.float64)
        return _sum_zones_by_point(pairs.indptr, self._ends, pairs.site, self._weights, offer_f8)


@compiled
def _sum_by_site(
    indptr: NDArray[np.int64],
    site: NDArray[np.int32],
    weight: NDArray[np.float64],
    people: NDArray[np.float64],
    n_sites: int,
) -> NDArray[np.float64]:
    """Sum ``people × weight`` per site."""
    total = np.zeros(n_sites, np.float64)
    for point in range(_at(len(indptr) - 1)):
        people_here = people[point]
        for pair in range(_at(indptr[point]), _at(indptr[point + _at(1)])):
            total[_at(site[pair])] += people_here * weight[pair]
    return total


@compiled
def _sum_by_point(
    indptr: NDArray[np.int64],
    site: NDArray[np.int32],
    weight: NDArray[np.float64],
    offer: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Sum ``offer × weight`` per demand point."""
    total = np.zeros(len(indptr) - 1, np.float64)
    for point in range(_at(len(indptr) - 1)):
        people_here = 0.0
        for pair in range(_at(indptr[point]), _at(indptr[point + _at(1)])):
            people_here += offer[_at(site[pair])] * weight[pair]
        total[point] = people_here
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
def _sum_zones_by_site(  # noqa: PLR0917
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
            people_here = people[point] * weights[zone]
            last = _at(ends[point, zone])
            for pair in range(first, last):
                total[_at(site[pair])] += people_here
            first = last
    return total


@compiled
def _sum_zones_by_point(
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


Zoned = Binary | Steps
"""Decays that are constant from one bound to the next."""
