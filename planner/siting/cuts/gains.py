"""What people gain by openings that everybody within reach may use: a concave function of how far each slot is open.

A set of slots is covered as far as its slots are open, and never more than once, so that the worth of all sets has at every
point x̂ a plane that touches it there and lies above it everywhere (the set covered at x̂ counts whole, the others by their
slots). The planes are cuts of the programme over buildings, added where they are needed (Benders 1962; for covering
Cordeau, Furini and Ljubić 2019). Sets are divided into parts by the slot that is in most of them, each part with cuts of its own.

.. code-block:: text

    θ_q ≤ Σ_{g ∈ q, covered at x̂} W_g + Σ_{g ∈ q, not covered at x̂} W_g Σ_{s ∈ g} x_s

Floors ask that a sum of the same kind is large enough, and take the same planes; ceilings that it is small enough, and take
planes from below (`shares`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix, vstack

from planner.siting.arrays import sums_by
from planner.siting.cuts.shares import ceilings, floors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.programme.formulation import Formulation

__all__ = ["Gains", "Planes"]

WHOLE = 1.0 - 1e-9
"""From here on a set counts as covered."""


@dataclass(frozen=True, slots=True, eq=False)
class Planes:
    """``sure[r] + slope[r] · x`` is at least what part ``part[r]`` is worth at any x, and just that at the point asked for.

    Planes from below are at most what it is worth.
    """

    part: NDArray[np.int64]
    sure: NDArray[np.float64]
    slope: csr_matrix


class Gains:
    """The sets of a formulation without limited places, in parts: first those of its coverage, then its floors.

    Attributes
    ----------
    n_parts
        How many parts of coverage there are; parts from there on are floors.
    service : int64[Q]
        The service of each part of coverage.
    most : float64[Q]
        What each is worth when everybody in it is covered.
    by_slot : float64[S]
        What a slot is worth to the people whom it alone can serve.
    floors, ceilings : Shares
        What has to be reached at least, and at most.
    """

    def __init__(self, form: Formulation) -> None:
        needs, slots = form.needs, form.slots
        self._indptr, self._members = needs.sets_indptr, needs.sets_slot
        sets = np.repeat(np.arange(needs.n_sets), np.diff(needs.sets_indptr))
        self._contains = csr_matrix((np.ones(len(sets)), (sets, needs.sets_slot)), (needs.n_sets, slots.count))
        worth = form.worth()
        self.by_slot, worth = worth[: slots.count], worth[slots.count : slots.count + needs.n_sets]
        hubs, part = _hubs(self._contains)
        self.n_parts = len(hubs)
        self.service = slots.service[hubs].astype(np.int64)
        self.most = sums_by(part, worth, self.n_parts)
        weights = [csr_matrix((worth, (part, np.arange(needs.n_sets))), (self.n_parts, needs.n_sets))]
        self.floors, self.ceilings = floors(form), ceilings(form)
        self._weights = csr_matrix(vstack([*weights, self.floors.by_set]))

    def worth(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return float64[Q + R]: what each part is worth when slots are open as far as ``x`` float64[S]."""
        return np.asarray(self._weights @ np.minimum(self._covered(x), 1.0))

    def planes(self, x: NDArray[np.float64], parts: NDArray[np.int64]) -> Planes:
        """Return the planes of ``parts`` that touch their worth at ``x``."""
        whole = self._covered(x) >= WHOLE
        weights = self._weights[parts]
        sure = np.asarray(weights @ whole.astype(np.float64))
        weights = weights.copy()
        weights.data = np.where(whole[weights.indices], 0.0, weights.data)
        weights.eliminate_zeros()
        return Planes(parts, sure, csr_matrix(weights @ self._contains))

    def reached(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return float64[C]: what each ceiling's share is at least when slots are open as far as ``x``, beyond single slots."""
        return np.asarray(self.ceilings.by_set @ x[self._widest(x)]) if self.ceilings.count else np.zeros(0)

    def planes_below(self, x: NDArray[np.float64], which: NDArray[np.int64]) -> Planes:
        """Return planes below the shares of ceilings ``which`` that touch `reached` at ``x``: each set by its widest slot."""
        sets = len(self._indptr) - 1
        chosen = csr_matrix((np.ones(sets), (np.arange(sets), self._widest(x))), (sets, self._contains.shape[1]))
        return Planes(which, np.zeros(len(which)), csr_matrix(self.ceilings.by_set[which] @ chosen))

    def _widest(self, x: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return int64[G]: the slot of each set that is open farthest, the first of several."""
        owner = np.repeat(np.arange(len(self._indptr) - 1), np.diff(self._indptr))
        order = np.lexsort((self._members, -x[self._members], owner))
        return np.asarray(self._members[order[self._indptr[:-1]]])

    def _covered(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(self._contains @ x)


def _hubs(contains: csr_matrix) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return slots that are in every set between them, and for each set which of them it belongs to: most sets first."""
    of_slot = contains.tocsc()
    left = np.diff(of_slot.indptr).astype(np.int64)
    part = np.full(contains.shape[0], -1, dtype=np.int64)
    hubs: list[int] = []
    while (part < 0).any():
        hub = int(np.argmax(left))
        mine = of_slot.indices[of_slot.indptr[hub] : of_slot.indptr[hub + 1]]
        mine = mine[part[mine] < 0]
        part[mine] = len(hubs)
        hubs.append(hub)
        left -= np.bincount(contains[mine].indices, minlength=len(left))
    return np.array(hubs, dtype=np.int64), part
