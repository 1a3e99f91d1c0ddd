"""Walks to the nearest site counted person by person, for comparison with the tables of the assessment."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class WalkToNearest:
    """Walk to the nearest site, weighted by people; the unreached count as infinitely far."""

    people: float
    reached: float
    mean_of_reached_s: float
    p90_s: float
    max_s: float


def walk_to_nearest(times, people):
    """Summary of the walks to the nearest site."""
    weight = np.asarray(people, dtype=np.float64)
    nearest_s = times.nearest_s().astype(np.float64)
    anyone = weight > 0
    reached = np.isfinite(nearest_s) & anyone
    total = float(weight[reached].sum())
    return WalkToNearest(
        people=float(weight.sum()),
        reached=total,
        mean_of_reached_s=float(nearest_s[reached] @ weight[reached]) / total if total > 0 else float("nan"),
        p90_s=weighted_quantile(nearest_s, weight, 0.9),
        max_s=float(nearest_s[anyone].max(initial=0.0)) if anyone.any() else float("nan"),
    )


def weighted_quantile(values, people, q):
    """Smallest value that at least a share ``q`` of people do not exceed; NaN where there is nobody."""
    anyone = people > 0
    if not anyone.any():
        return float("nan")
    order = np.argsort(values[anyone], kind="stable")
    cumulative = np.cumsum(people[anyone][order])
    place = int(np.searchsorted(cumulative, q * cumulative[-1] * (1 - 1e-12), side="left"))
    return float(values[anyone][order][min(place, len(order) - 1)])
