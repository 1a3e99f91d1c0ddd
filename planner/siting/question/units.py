"""Money and floor area in whole units: sums have no rounding, limits no tolerance.

Amounts come as decimals that binary fractions do not hold (0.1 three times is more than 0.3). In units of a cent, or of the
thirteenth digit of the largest amount where that is finer, they are whole numbers, and so are their sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from planner.siting.question.problem import SitingProblem

__all__ = ["Units", "area_units", "money_units"]

DIGITS = 12
"""Digits after the first of the largest amount."""

DECIMALS = 2
"""Decimals of a cent; units are never larger while sums of ten thousand amounts fit 64 bits."""

MOST_DIGITS = 15

SNAP = 1e-6
"""By what part of a unit a limit may miss a whole number of them: the rounding of the limit itself."""


@dataclass(frozen=True, slots=True)
class Units:
    """How many units make one yuan, or one square metre: a power of ten."""

    per_one: float

    @staticmethod
    def of(*amounts: ArrayLike) -> Units:
        """Return the units in which all of ``amounts`` are whole."""
        largest = 0.0
        for some in amounts:
            values = np.abs(np.asarray(some, dtype=np.float64))
            largest = max(largest, float(values[np.isfinite(values)].max(initial=0.0)))
        if largest == 0.0:
            return Units(10.0**DECIMALS)
        first = int(np.floor(np.log10(largest)))
        return Units(10.0 ** min(max(DECIMALS, DIGITS - first), MOST_DIGITS - first))

    def whole(self, amounts: ArrayLike) -> NDArray[np.float64]:
        """Return ``amounts`` in units, whole numbers as float64."""
        return np.asarray(np.rint(np.asarray(amounts, dtype=np.float64) * self.per_one))

    def at_most(self, limits: ArrayLike) -> NDArray[np.float64]:
        """Return the most whole units within ``limits``; infinite where there is none."""
        units = np.asarray(limits, dtype=np.float64) * self.per_one
        return np.where(self._is_whole(units), np.rint(units), np.floor(units))

    def at_least(self, limits: ArrayLike) -> NDArray[np.float64]:
        """Return the least whole units that reach ``limits``."""
        units = np.asarray(limits, dtype=np.float64) * self.per_one
        return np.where(self._is_whole(units), np.rint(units), np.ceil(units))

    @staticmethod
    def _is_whole(units: NDArray[np.float64]) -> NDArray[np.bool_]:
        finite = np.where(np.isfinite(units), units, 0.0)
        return np.asarray(np.abs(finite - np.rint(finite)) <= SNAP)


def money_units(problem: SitingProblem) -> Units:
    """Return the units of every amount of money of ``problem``."""
    offers, sites = problem.offers, problem.sites
    optional = [some for some in (offers.closing_yuan, sites.setup_yearly_yuan) if some is not None]
    rooms = [[room.capital_yuan, room.yearly_yuan] for room in problem.rules.rooms]
    if sites.setup_yuan_per_m2 is not None:
        optional.append(sites.setup_yuan_per_m2[offers.site] * offers.area_m2)
    return Units.of(offers.capital_yuan, offers.yearly_yuan, sites.setup_yuan, *optional, *rooms)


def area_units(problem: SitingProblem) -> Units:
    """Return the units of every floor area that is used in ``problem``."""
    return Units.of(problem.offers.area_m2, *([room.area_m2] for room in problem.rules.rooms))
