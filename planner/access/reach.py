"""Who walks where, and for how many seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False, slots=True)
class Reach:
    """Walking seconds from demand points to sites, for the pairs within a cutoff; an absent pair is out of reach.

    Attributes
    ----------
    indptr : int64[n + 1]
        Row ``i`` of demand point ``i`` is ``indptr[i]:indptr[i + 1]``.
    site : int32[k]
        Sites in reach.
    seconds : float32[k]
        Walking seconds, rounded to the millisecond, ascending in each row (equal seconds: by site).
    n_sites : int
        Number of sites, reached or not.
    cutoff_s : float
        Largest number of seconds that counts as in reach (itself included).
    """

    indptr: NDArray[np.int64]
    site: NDArray[np.int32]
    seconds: NDArray[np.float32]
    n_sites: int
    cutoff_s: float

    @property
    def n_demand(self) -> int:
        """Number of demand points, reached or not."""
        return len(self.indptr) - 1

    @property
    def demand(self) -> NDArray[np.int32]:
        """The demand point of each pair, as int32[k]."""
        return np.repeat(np.arange(self.n_demand, dtype=np.int32), np.diff(self.indptr))

    def row(self, demand: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Sites in reach of one demand point and the seconds to them, nearest first."""
        piece = slice(self.indptr[demand], self.indptr[demand + 1])
        return self.site[piece], self.seconds[piece]

    def nearest_s(self) -> NDArray[np.float32]:
        """Seconds to the nearest site of each demand point, as float32[n]; infinite where none is in reach."""
        nearest = np.full(self.n_demand, np.inf, dtype=np.float32)
        reached = np.flatnonzero(np.diff(self.indptr))
        nearest[reached] = self.seconds[self.indptr[reached]]
        return nearest

    def nearest_site(self) -> NDArray[np.int32]:
        """Nearest site of each demand point, as int32[n]; −1 where none is in reach."""
        nearest = np.full(self.n_demand, -1, dtype=np.int32)
        reached = np.flatnonzero(np.diff(self.indptr))
        nearest[reached] = self.site[self.indptr[reached]]
        return nearest

    def within(self, cutoff_s: float) -> Reach:
        """Keep the pairs of at most ``cutoff_s`` seconds."""
        return self._kept(
            self.seconds <= np.float32(cutoff_s), n_sites=self.n_sites, cutoff_s=min(cutoff_s, self.cutoff_s)
        )

    def only(self, sites: NDArray[np.integer] | NDArray[np.bool_]) -> Reach:
        """Keep some sites, renumbered in ascending order of their old positions.

        Parameters
        ----------
        sites : int[j] or bool[n_sites]
            Sites to keep.
        """
        chosen = np.zeros(self.n_sites, dtype=np.bool_)
        chosen[sites] = True
        number = (np.cumsum(chosen) - 1).astype(np.int32)
        few = self._kept(chosen[self.site], n_sites=int(chosen.sum()), cutoff_s=self.cutoff_s)
        return Reach(few.indptr, number[few.site], few.seconds, few.n_sites, few.cutoff_s)

    def transposed(self) -> Reach:
        """Swap demand points and sites: row ``j`` holds the demand points in reach of site ``j``, nearest first."""
        demand = self.demand
        order = np.lexsort((demand, self.seconds, self.site))
        indptr = np.concatenate([[0], np.cumsum(np.bincount(self.site, minlength=self.n_sites))]).astype(np.int64)
        return Reach(indptr, demand[order], self.seconds[order], self.n_demand, self.cutoff_s)

    def _kept(self, mask: NDArray[np.bool_], *, n_sites: int, cutoff_s: float) -> Reach:
        before = np.concatenate([[0], np.cumsum(mask)])
        return Reach(before[self.indptr], self.site[mask], self.seconds[mask], n_sites, cutoff_s)
