"""Numbers a planner quotes: walks to the nearest, coverage, and how evenly access is spread.

People are weights, never points. People out of reach stay in every denominator; they walk ``inf`` seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planner.access.reach import Reach


@dataclass(frozen=True, slots=True)
class WalkToNearest:
    """How far people walk to the nearest facility.

    Attributes
    ----------
    people : float
        Everybody, reached or not.
    reached : float
        Those with a facility within the reach's cutoff.
    mean_of_reached_s : float
        Mean walk of those reached; NaN where nobody is.
    p90_s : float
        Nine tenths of *all* people walk at most this; infinite where more than a tenth is out of reach.
    max_s : float
        Longest walk of anybody; infinite where anybody is out of reach.
    """

    people: float
    reached: float
    mean_of_reached_s: float
    p90_s: float
    max_s: float


def walk_to_nearest(reach: Reach, people: NDArray[np.floating]) -> WalkToNearest:
    """Summarise the walk to the nearest site, weighted by people."""
    weight = np.asarray(people, dtype=np.float64)
    nearest_s = reach.nearest_s().astype(np.float64)
    anyone = weight > 0
    reached = np.isfinite(nearest_s) & anyone
    total = float(weight[reached].sum())
    return WalkToNearest(
        people=float(weight.sum()),
        reached=total,
        mean_of_reached_s=float(nearest_s[reached] @ weight[reached]) / total if total > 0 else float("nan"),
        p90_s=quantile(nearest_s, weight, 0.9),
        max_s=float(nearest_s[anyone].max(initial=0.0)) if anyone.any() else float("nan"),
    )


def coverage(
    reach: Reach,
    people: NDArray[np.floating],
    cutoffs_s: Sequence[float],
    areas: NDArray[np.integer] | None = None,
    n_areas: int | None = None,
) -> NDArray[np.float64]:
    """Share of people with a site within each cutoff, of all people.

    Tiers do not nest: a site of a wider tier does not discharge a nearer duty; pass each tier's own reach.

    Parameters
    ----------
    reach : Reach
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
    nearest_s = reach.nearest_s()
    rows = [share(people, nearest_s <= cutoff_s, areas, n_areas) for cutoff_s in cutoffs_s]
    return np.array(rows, dtype=np.float64)


def share(
    people: NDArray[np.floating],
    marked: NDArray[np.bool_],
    areas: NDArray[np.integer] | None = None,
    n_areas: int | None = None,
) -> NDArray[np.float64]:
    """Share of people at marked demand points, of all people, in all or by area (NaN where nobody lives).

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


def quantile(values: NDArray[np.floating], people: NDArray[np.floating], q: float) -> float:
    """Smallest value that at least a share ``q`` of people do not exceed; NaN where there is nobody."""
    anyone = people > 0
    if not anyone.any():
        return float("nan")
    order = np.argsort(values[anyone], kind="stable")
    rising = np.cumsum(people[anyone][order])
    place = int(np.searchsorted(rising, q * rising[-1] * (1 - 1e-12), side="left"))
    return float(values[anyone][order][min(place, len(order) - 1)])


def gini(values: NDArray[np.floating], people: NDArray[np.floating]) -> float:
    """Gini coefficient of a good among people: 0 everybody has the same, towards 1 one has all.

    Half the mean absolute difference between two people, over the mean. NaN where nobody has anything.
    """
    order = np.argsort(values, kind="stable")
    weight = np.asarray(people, dtype=np.float64)[order]
    held = np.asarray(values, dtype=np.float64)[order] * weight
    if held.sum() <= 0:
        return float("nan")
    # Twice the area between the diagonal and the Lorenz curve, by trapezes.
    lorenz = np.concatenate([[0.0], np.cumsum(held) / held.sum()])
    return float(1.0 - ((lorenz[1:] + lorenz[:-1]) * (weight / weight.sum())).sum())


def palma(values: NDArray[np.floating], people: NDArray[np.floating]) -> float:
    """Divide what the best-served tenth of people hold by what the worst-served 40 % hold.

    A demand point on the border counts with the share of its people that falls inside. Infinite where the worst-served
    hold nothing; NaN where nobody holds anything.
    """
    order = np.argsort(values, kind="stable")
    weight = np.asarray(people, dtype=np.float64)[order]
    held = np.cumsum(np.asarray(values, dtype=np.float64)[order] * weight)
    rising = np.cumsum(weight)
    if not len(rising) or held[-1] <= 0:
        return float("nan")
    lorenz_at = np.interp([0.4, 0.9], np.concatenate([[0.0], rising / rising[-1]]), np.concatenate([[0.0], held]))
    return float((held[-1] - lorenz_at[1]) / lorenz_at[0]) if lorenz_at[0] > 0 else float("inf")


def floor(shares: NDArray[np.floating]) -> float:
    """Give the worst share over areas (and groups) where people live; NaN where nobody lives anywhere."""
    lived = np.asarray(shares, dtype=np.float64)
    lived = lived[~np.isnan(lived)]
    return float(lived.min()) if lived.size else float("nan")
