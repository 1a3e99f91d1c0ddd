"""What facilities offer and what of it arrives: catchments, floating catchments, gravity.

Every function takes a `Reach` (who walks where), people per demand point and capacity per site, and gives one number per
demand point or per site. Nobody is dropped: a demand point that reaches nothing has access 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from planner.access.compiled import compiled

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
    weight = decay(reach.seconds)
    served = _gathered(reach.indptr, reach.site, weight, np.asarray(people, dtype=np.float64), reach.n_sites)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(served > 0, np.asarray(capacity, dtype=np.float64) / served, 0.0)
    return _received(reach.indptr, reach.site, weight, ratio)


def opportunities(reach: Reach, capacity: NDArray[np.floating], decay: Decay) -> NDArray[np.float64]:
    """Capacity in reach, weighted by the walk: cumulative opportunities with `Binary`, gravity with `Exponential`.

    With a capacity of 1 everywhere it counts facilities.

    Returns
    -------
    float64[n]
        ``Σ_j S_j W(t_ij)`` per demand point.
    """
    _fits(reach, capacity=capacity, decay=decay)
    return _received(reach.indptr, reach.site, decay(reach.seconds), np.asarray(capacity, dtype=np.float64))


def people_within(reach: Reach, people: NDArray[np.floating], cutoff_s: float) -> NDArray[np.float64]:
    """People who reach each site within the cutoff, as float64[n_sites]."""
    _fits(reach, people=people, cutoff_s=cutoff_s)
    near = (reach.seconds <= cutoff_s).astype(np.float64)
    return _gathered(reach.indptr, reach.site, near, np.asarray(people, dtype=np.float64), reach.n_sites)


def people_only_here(reach: Reach, people: NDArray[np.floating], cutoff_s: float) -> NDArray[np.float64]:
    """People who reach this site within the cutoff and no other: who would lose it if it closed, as float64[n_sites]."""
    _fits(reach, people=people, cutoff_s=cutoff_s)
    alone = np.flatnonzero(count_within(reach, cutoff_s) == 1)
    only = reach.site[reach.indptr[alone]]  # rows ascend: the one site in reach is the first
    return _summed(only, np.asarray(people, dtype=np.float64)[alone], reach.n_sites)


def count_within(reach: Reach, cutoff_s: float) -> NDArray[np.int64]:
    """Sites each demand point reaches within the cutoff, as int64[n]."""
    _fits(reach, cutoff_s=cutoff_s)
    before = np.concatenate([[0], np.cumsum(reach.seconds <= cutoff_s)])
    return np.diff(before[reach.indptr]).astype(np.int64)


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
