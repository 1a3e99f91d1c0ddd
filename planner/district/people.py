"""Put people where they live: polygon counts spread over residential buildings, sums kept exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

#: people are counted in steps of 2**-20: sums of such numbers are exact in double precision, whatever their order
STEPS_PER_PERSON = 2**20
#: steps that a 64-bit integer holds
_MOST_UNITS = 2.0**62


@dataclass(frozen=True, eq=False)
class Homes:
    """Residential buildings, as points with a floor area."""

    ids: Sequence[str]
    points: NDArray[np.object_]
    floor_area_m2: Floats
    """float64[n]: footprint × storeys."""
    most_floor_m2: Floats
    """float64[n]: the same with as many storeys as towers have where they are not known; infinite without a footprint."""


@dataclass(frozen=True, eq=False)
class Spread:
    """Where the people of one source live."""

    home: Ints
    """int64[k]: position of the building; −1 = at a point of its own."""
    origin: Ints
    """int64[k]: row of the source whose people these are."""
    points: NDArray[np.object_]
    """Point[k]."""
    people: Mapping[str, Floats]
    """Group → float64[k]."""


def spread_over_homes(
    shapes: NDArray[np.object_], people: Mapping[str, Floats], homes: Homes | None, *, whole: bool = False
) -> Spread:
    """Return the people of each polygon in its buildings, in proportion to floor area; at an inner point if it has none.

    Parameters
    ----------
    shapes
        Polygon[n] (points stay where they are).
    people
        Group → float64[n], no NaN, not negative.
    homes
        Residential buildings; None = everybody at an inner point.
    whole
        Give every building a whole number of people (largest remainder).

    Notes
    -----
    For every polygon and group the people of its buildings sum to the polygon's people exactly (to 2⁻²⁰ of a person
    where the source has fractions finer than that).
    """
    n = len(shapes)
    origin, home = np.empty(0, np.int64), np.empty(0, np.int64)
    if homes is not None and len(homes.points):
        home, origin = shapely.STRtree(shapes).query(homes.points, predicate="intersects")
        home, origin = home.astype(np.int64), origin.astype(np.int64)
        area = shapely.get_dimensions(shapes)[origin] == 2
        useful = area & (homes.floor_area_m2[home] > 0)
        home, origin = home[useful], origin[useful]
    alone = np.setdiff1d(np.arange(n), origin)
    origin = np.concatenate([origin, alone])
    order = np.lexsort((np.concatenate([home, np.full(len(alone), -1)]), origin))
    home = np.concatenate([home, np.full(len(alone), -1, np.int64)])[order]
    origin = origin[order]
    weights = np.ones(len(origin))
    points = np.empty(len(origin), dtype=object)
    lonely = home < 0
    if homes is not None:
        weights[~lonely] = homes.floor_area_m2[home[~lonely]]
        points[~lonely] = homes.points[home[~lonely]]
    points[lonely] = shapely.point_on_surface(shapes[origin[lonely]])
    steps = 1 if whole else STEPS_PER_PERSON
    shares = {group: apportion(counts, origin, weights, steps) for group, counts in people.items()}
    there = np.zeros(len(origin), dtype=bool)
    for share in shares.values():
        there |= share > 0
    return Spread(home[there], origin[there], points[there], {group: share[there] for group, share in shares.items()})


def apportion(totals: Floats, origin: Ints, weights: Floats, steps: int = STEPS_PER_PERSON) -> Floats:
    """Return float64[k]: ``totals[origin]`` split in proportion to ``weights`` into multiples of ``1 / steps``.

    ``origin`` must be ascending and name every total that is not 0. Largest remainder: what rounding down leaves goes
    one step each to the largest remainders, the earlier first when equal. With ``steps = 1`` totals that are no
    integers are first rounded so that their own sum is kept (rounded).
    """
    units = whole_units(totals, steps)
    sums = np.bincount(origin, weights, minlength=len(totals))
    exact = units[origin] * (weights / sums[origin])
    floor = np.floor(exact).astype(np.int64)
    # never negative: the floors are integers and sum to at most the total plus a rounding error far below 1
    left = units - np.bincount(origin, floor, minlength=len(totals)).astype(np.int64)
    remainder = exact - floor
    order = np.lexsort((np.arange(len(origin)), -remainder, origin))
    counts = np.bincount(origin, minlength=len(totals))
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    rank = np.empty(len(origin), np.int64)
    rank[order] = np.arange(len(origin)) - first[origin[order]]
    here, members = left[origin], np.maximum(counts[origin], 1)
    floor += here // members + (rank < here % members)
    return floor / steps


def whole_units(totals: Floats, steps: int) -> Ints:
    """Return int64[n]: totals in units of ``1 / steps``, rounded so that their sum is the rounded sum."""
    exact = np.asarray(totals, dtype=np.float64) * steps
    if not (np.abs(exact) < _MOST_UNITS).all():
        msg = f"{np.max(totals):g} people cannot be counted in steps of 1/{steps}"
        raise OverflowError(msg)
    if steps > 1:
        return np.rint(exact).astype(np.int64)
    floor = np.floor(exact).astype(np.int64)
    left = int(np.rint(exact.sum())) - int(floor.sum())
    order = np.lexsort((np.arange(len(floor)), -(exact - floor)))
    floor[order[: max(left, 0)]] += 1
    return floor
