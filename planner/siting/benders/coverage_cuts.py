"""Coverage cuts: tangent planes of covering sets, for coverage, floors and spreads.

A set of slots is covered as far as its slots are open, and never more than once, so that the worth of all sets is a concave function of
x with a plane at every x̂ that touches it there and lies above it everywhere (a set covered at x̂ counts whole, the others by their
slots). The planes are cuts of the master problem (Benders 1962; for covering Cordeau, Furini and Ljubić 2019). Sets are divided into
blocks by the slot that is in most of them, each block with cuts of its own.

.. code-block:: text

    θ_q ≤ Σ_{g ∈ q, covered at x̂} W_g + Σ_{g ∈ q, not covered at x̂} W_g Σ_{s ∈ g} x_s
    floor     share_r(x) ≥ limit_r (+ W_k)          W_k ∈ [0, 1]: what the worst community of spread k reaches
    ceiling   share_r(x) ≤ limit_r + W_k

Lower limits (floors; no community below the worst) take the same planes from above. Upper limits (the best community at most so
much above the worst) take planes from below: a set is covered at least as far as any one of its slots is open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix, vstack

from planner.siting.arrays import sums_by
from planner.siting.mip.constraints import floor_terms

if TYPE_CHECKING:
    from planner.siting.arrays import FloatArray, IntArray
    from planner.siting.mip.linear import Expression
    from planner.siting.mip.variables import Formulation


WHOLE = 1.0 - 1e-9
"""Coverage from which a set counts as covered."""

NO_SPREAD = -1


@dataclass(frozen=True, slots=True, eq=False)
class TangentPlanes:
    """Planes ``constant[r] + slope[r] · x`` above the worth of block ``block[r]``, tangent at the given point.

    Planes from below are at most the share.
    """

    block: IntArray
    constant: FloatArray
    slope: csr_matrix


class CoverageCuts:
    """The covering sets of a formulation without capacity, in blocks: first those of its coverage, then its floors.

    Attributes
    ----------
    n_blocks
        Number of blocks of coverage; blocks from there on are floors.
    service : int64[Q]
        The service of each block of coverage.
    max_worth : float64[Q]
        Worth of each block when everybody in it is covered.
    by_slot : float64[S]
        Worth of a slot to the people whom it alone can serve.
    floors, ceilings : ShareLimits
        Lower and upper limits of shares.
    """

    def __init__(self, form: Formulation) -> None:
        cover_sets, slots = form.cover_sets, form.slots
        self._indptr, self._members = cover_sets.sets_indptr, cover_sets.sets_slot
        sets = np.repeat(np.arange(cover_sets.n_sets), np.diff(cover_sets.sets_indptr))
        self._contains = csr_matrix(
            (np.ones(len(sets)), (sets, cover_sets.sets_slot)), (cover_sets.n_sets, slots.count)
        )
        worth = form.worth()
        self.by_slot, worth = worth[: slots.count], worth[slots.count : slots.count + cover_sets.n_sets]
        hubs, block = _partition_by_slot(self._contains)
        self.n_blocks = len(hubs)
        self.service = slots.service[hubs].astype(np.int64)
        self.max_worth = sums_by(block, worth, self.n_blocks)
        weights = [csr_matrix((worth, (block, np.arange(cover_sets.n_sets))), (self.n_blocks, cover_sets.n_sets))]
        self.floors, self.ceilings = floors(form), ceilings(form)
        self._weights = csr_matrix(vstack([*weights, self.floors.by_set]))

    def worth(self, x: FloatArray) -> FloatArray:
        """Return float64[Q + R]: the worth of each block when slots are open as far as ``x`` float64[S]."""
        return np.asarray(self._weights @ np.minimum(self._coverage(x), 1.0))

    def planes(self, x: FloatArray, blocks: IntArray) -> TangentPlanes:
        """Return the planes of ``blocks`` that are tangent at ``x``."""
        whole = self._coverage(x) >= WHOLE
        weights = self._weights[blocks]
        constant = np.asarray(weights @ whole.astype(np.float64))
        weights = weights.copy()
        weights.data = np.where(whole[weights.indices], 0.0, weights.data)
        weights.eliminate_zeros()
        return TangentPlanes(blocks, constant, csr_matrix(weights @ self._contains))

    def reached(self, x: FloatArray) -> FloatArray:
        """Return float64[C]: the lower estimate of each ceiling's share at ``x``, without single slots."""
        return np.asarray(self.ceilings.by_set @ x[self._most_open_slot(x)]) if self.ceilings.count else np.zeros(0)

    def planes_from_below(self, x: FloatArray, which: IntArray) -> TangentPlanes:
        """Return planes below the shares of ceilings ``which`` that touch `reached` at ``x``: each set by its most open slot."""
        sets = len(self._indptr) - 1
        chosen = csr_matrix(
            (np.ones(sets), (np.arange(sets), self._most_open_slot(x))), (sets, self._contains.shape[1])
        )
        return TangentPlanes(which, np.zeros(len(which)), csr_matrix(self.ceilings.by_set[which] @ chosen))

    def _most_open_slot(self, x: FloatArray) -> IntArray:
        """Return int64[G]: the most open slot of each set, the first of several."""
        owner = np.repeat(np.arange(len(self._indptr) - 1), np.diff(self._indptr))
        order = np.lexsort((self._members, -x[self._members], owner))
        return np.asarray(self._members[order[self._indptr[:-1]]])

    def _coverage(self, x: FloatArray) -> FloatArray:
        return np.asarray(self._contains @ x)


def _partition_by_slot(contains: csr_matrix) -> tuple[IntArray, IntArray]:
    """Return the hub slot of each block, and the block of each set: greedily the slot in most remaining sets."""
    of_slot = contains.tocsc()
    left = np.diff(of_slot.indptr).astype(np.int64)
    block = np.full(contains.shape[0], -1, dtype=np.int64)
    hubs: list[int] = []
    while (block < 0).any():
        hub = int(np.argmax(left))
        unassigned = of_slot.indices[of_slot.indptr[hub] : of_slot.indptr[hub + 1]]
        unassigned = unassigned[block[unassigned] < 0]
        block[unassigned] = len(hubs)
        hubs.append(hub)
        left -= np.bincount(contains[unassigned].indices, minlength=len(left))
    return np.array(hubs, dtype=np.int64), block


@dataclass(frozen=True, slots=True, eq=False)
class ShareLimits:
    """Limits of shares of people served at the end, beyond what permanent facilities serve.

    Attributes
    ----------
    limit : float64[R]
        Lower or upper limit of the share.
    spread : int64[R]
        The spread whose worst community is added to the limit; -1 for none.
    by_slot, by_set : float64[R, S], float64[R, G]
        Contribution of open slots and covered sets.
    """

    limit: FloatArray
    spread: IntArray
    by_slot: csr_matrix
    by_set: csr_matrix

    @property
    def count(self) -> int:
        """Number of limits."""
        return len(self.limit)


def floors(form: Formulation) -> ShareLimits:
    """Return lower limits: every floor, and for every spread its worst community below each community."""
    blocks = [(people, everybody, share, NO_SPREAD) for people, everybody, share in floor_terms(form)]
    blocks += [(people, everybody, 0.0, spread) for people, everybody, spread, _ in _communities(form)]
    return _shares(form, blocks)


def ceilings(form: Formulation) -> ShareLimits:
    """Return upper limits: for every spread, each community at most so much above the worst."""
    return _shares(
        form, [(people, everybody, max_worth, spread) for people, everybody, spread, max_worth in _communities(form)]
    )


def _communities(form: Formulation) -> list[tuple[Expression, float, int, float]]:
    """Return (people served, everybody, spread, most) of every spread, community by community."""
    found = []
    for position, spread in enumerate(form.problem.rules.spreads):
        for region in range(form.problem.n_communities):
            people, everybody = form.people_of(spread.demands, spread.circle, (region,))
            if everybody > 0:
                found.append((people, everybody, position, spread.most))
    return found


def _shares(form: Formulation, blocks: list[tuple[Expression, float, float, int]]) -> ShareLimits:
    x, v = form.x[form.last], form.v[form.last]
    if not blocks:
        empty = np.zeros(0)
        return ShareLimits(empty, empty.astype(np.int64), csr_matrix((0, x.count)), csr_matrix((0, v.count)))
    amounts = [
        sums_by(people.column, people.value / everybody, form.builder.n_columns) for people, everybody, _, _ in blocks
    ]
    return ShareLimits(
        limit=np.array([limit - people.constant / everybody for people, everybody, limit, _ in blocks]),
        spread=np.array([spread for _, _, _, spread in blocks], dtype=np.int64),
        by_slot=csr_matrix(vstack([csr_matrix(amount[x.slice]) for amount in amounts])),
        by_set=csr_matrix(vstack([csr_matrix(amount[v.slice]) for amount in amounts])),
    )
