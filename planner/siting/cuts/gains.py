"""What people gain by openings that everybody within reach may use: a concave function of how far each slot is open.

A set of slots is covered as far as its slots are open, and never more than once, so that the worth of all sets has at every
point x̂ a plane that touches it there and lies above it everywhere (the set covered at x̂ counts whole, the others by their
slots). The planes are cuts of the programme over buildings, added where they are needed (Benders 1962; for covering
Cordeau, Furini and Ljubić 2019). Sets are divided into parts by the slot that is in most of them, each part with cuts of its own.

.. code-block:: text

    θ_q ≤ Σ_{g ∈ q, covered at x̂} W_g + Σ_{g ∈ q, not covered at x̂} W_g Σ_{s ∈ g} x_s

Floors ask that a sum of the same kind is large enough, and take the same planes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix, vstack

from planner.siting.arrays import sums_by
from planner.siting.programme.rows_people import floor_parts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.programme.formulation import Formulation

__all__ = ["Gains", "Planes"]

WHOLE = 1.0 - 1e-9
"""From here on a set counts as covered."""


@dataclass(frozen=True, slots=True, eq=False)
class Planes:
    """``sure[r] + slope[r] · x`` is at least what part ``part[r]`` is worth at any x, and just that at the point asked for."""

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
    floor_least, floor_by_slot : float64[R], float64[R, S]
        What is asked for of each floor, and what slots bring to it that are no sets.
    """

    def __init__(self, form: Formulation) -> None:
        needs, slots = form.needs, form.slots
        self._indptr, self._members = needs.sets_indptr, needs.sets_slot
        sets = np.repeat(np.arange(needs.n_sets), np.diff(needs.sets_indptr))
        self._contains = csr_matrix((np.ones(len(sets)), (sets, needs.sets_slot)), (needs.n_sets, slots.count))
        worth, self.by_slot = _worth(form)
        hubs, part = _hubs(self._contains)
        self.n_parts = len(hubs)
        self.service = slots.service[hubs].astype(np.int64)
        self.most = sums_by(part, worth, self.n_parts)
        weights = [csr_matrix((worth, (part, np.arange(needs.n_sets))), (self.n_parts, needs.n_sets))]
        self.floor_least, self.floor_by_slot, floors = _floors(form)
        self._weights = csr_matrix(vstack([*weights, floors]))

    @property
    def n_floors(self) -> int:
        """How many floors there are."""
        return len(self.floor_least)

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


def _worth(form: Formulation) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what sets and slots are worth in a period of weight 1."""
    needs, demands = form.needs, form.problem.demands
    worth = np.zeros(needs.n_slots + needs.n_sets)
    for demand, served in zip(demands, form.served, strict=True):
        weights = np.append(demand.weights, 0.0)
        amount = (weights[:-1] - weights[1:])[served.circle] * served.amount
        worth += sums_by(served.code, amount, len(worth))
    return worth[needs.n_slots :], worth[: needs.n_slots]


def _floors(form: Formulation) -> tuple[NDArray[np.float64], csr_matrix, csr_matrix]:
    """Return what each floor asks for beyond what is sure, in parts of everybody it speaks of; its slots, its sets."""
    sets, slots, least = [], [], []
    x, v = form.x[form.last], form.v[form.last]
    for people, everybody, share in floor_parts(form):
        amount = sums_by(people.column, people.value / everybody, form.builder.n_columns)
        slots.append(csr_matrix(amount[x.slice]))
        sets.append(csr_matrix(amount[v.slice]))
        least.append(share - people.constant / everybody)
    if not least:
        return np.zeros(0), csr_matrix((0, x.count)), csr_matrix((0, v.count))
    return np.array(least), csr_matrix(vstack(slots)), csr_matrix(vstack(sets))
