"""Indicators of coverage and equity, weighted by people: coverage, Gini coefficient, Palma ratio, lowest share.

People out of reach stay in every denominator; their walk takes ``inf`` seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planner.access.travel_times import TravelTimes


def coverage(
    times: TravelTimes,
    people: NDArray[np.floating],
    cutoffs_s: Sequence[float],
    areas: NDArray[np.integer] | None = None,
    n_areas: int | None = None,
) -> NDArray[np.float64]:
    """Share of people with a site within each cutoff, of all people.

    Tiers do not nest: a site of a wider tier does not discharge a nearer duty; pass the travel times of each tier.

    Parameters
    ----------
    times : TravelTimes
        Walks to the sites that count.
    people : float[n]
        People of one group per demand point.
    cutoffs_s : sequence of float
        Cutoffs in seconds.
    areas : int[n], optional
        Area of each demand point (community, street, district …), −1 for none.
    n_areas : int, optional
        Number of areas; default one more than the largest in ``areas``.

    Returns
    -------
    float64[len(cutoffs_s)] or float64[len(cutoffs_s), n_areas]
        Shares in 0…1; NaN for an area where nobody of the group lives.
    """
    nearest_s = times.nearest_s()
    rows = [people_share(people, nearest_s <= cutoff_s, areas, n_areas) for cutoff_s in cutoffs_s]
    return np.array(rows, dtype=np.float64)


def people_share(
    people: NDArray[np.floating],
    marked: NDArray[np.bool_],
    areas: NDArray[np.integer] | None = None,
    n_areas: int | None = None,
) -> NDArray[np.float64]:
    """Return the share of people at marked demand points, of all people, overall or by area (NaN where nobody lives).

    Roll up by any administrative column: pass the column's codes as ``areas`` (−1: in no area).
    """
    weight = np.asarray(people, dtype=np.float64)
    code = np.zeros(len(weight), dtype=np.int64) if areas is None else np.asarray(areas)
    n = 1 if areas is None else int(code.max(initial=-1)) + 1 if n_areas is None else n_areas
    inside = code >= 0
    total = np.bincount(code[inside], weights=weight[inside], minlength=n)
    found = np.bincount(code[inside], weights=(weight * marked)[inside], minlength=n)
    with np.errstate(invalid="ignore"):
        shares = np.where(total > 0, found / total, np.nan)
    return shares if areas is not None else shares[0]


def gini(values: NDArray[np.floating], people: NDArray[np.floating]) -> float:
    """Return the Gini coefficient of a quantity among people: 0 = equal, towards 1 = one has all.

    Half the mean absolute difference between two people, over the mean. NaN where the total is 0.
    """
    order = np.argsort(values, kind="stable")
    weight = np.asarray(people, dtype=np.float64)[order]
    amount = np.asarray(values, dtype=np.float64)[order] * weight
    if amount.sum() <= 0:
        return float("nan")
    # Twice the area between the diagonal and the Lorenz curve, by trapezes.
    lorenz = np.concatenate([[0.0], np.cumsum(amount) / amount.sum()])
    return float(1.0 - ((lorenz[1:] + lorenz[:-1]) * (weight / weight.sum())).sum())


def palma(values: NDArray[np.floating], people: NDArray[np.floating]) -> float:
    """Return the Palma ratio: what the best-served 10 % of people have over what the worst-served 40 % have.

    A demand point on the border counts with the share of its people that falls inside. Infinite where the worst-served
    have nothing; NaN where the total is 0.
    """
    order = np.argsort(values, kind="stable")
    weight = np.asarray(people, dtype=np.float64)[order]
    amount = np.cumsum(np.asarray(values, dtype=np.float64)[order] * weight)
    cumulative = np.cumsum(weight)
    if not len(cumulative) or amount[-1] <= 0:
        return float("nan")
    lorenz_at = np.interp(
        [0.4, 0.9], np.concatenate([[0.0], cumulative / cumulative[-1]]), np.concatenate([[0.0], amount])
    )
    return float((amount[-1] - lorenz_at[1]) / lorenz_at[0]) if lorenz_at[0] > 0 else float("inf")


def lowest_share(shares: NDArray[np.floating]) -> float:
    """Return the lowest share over areas (and groups) with people; NaN where there are none."""
    populated = np.asarray(shares, dtype=np.float64)
    populated = populated[~np.isnan(populated)]
    return float(populated.min()) if populated.size else float("nan")
