"""Shares of people served at the end that rules speak of: floors, and how far communities may lie apart.

A share of people whom everybody in reach may serve is a concave function of how far slots are open, the larger the more of them
are. What keeps it *up* (floors; no community below the worst) takes planes from above, like coverage. What keeps it *down* (the best
community at most so much above the worst) takes planes from below: a set is covered at least as far as any one of its slots is open.

.. code-block:: text

    floor     share_r(x) ≥ limit_r (+ W_k)          W_k ∈ [0, 1]: what the worst community of spread k reaches
    ceiling   share_r(x) ≤ limit_r + W_k
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
    from planner.siting.programme.linear import Expression

__all__ = ["Shares", "ceilings", "floors"]

NO_SPREAD = -1


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """Shares of everybody somewhere, and what each is held to, beyond what is sure.

    Attributes
    ----------
    limit : float64[R]
        What the share has to be at least, or at most.
    spread : int64[R]
        Which spread's worst community is added to the limit; -1 for none.
    by_slot, by_set : float64[R, S], float64[R, G]
        What open slots and covered sets bring to it.
    """

    limit: NDArray[np.float64]
    spread: NDArray[np.int64]
    by_slot: csr_matrix
    by_set: csr_matrix

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.limit)


def floors(form: Formulation) -> Shares:
    """Return what has to be reached at least: every floor, and the worst community of every spread by each community."""
    parts = [(people, everybody, share, NO_SPREAD) for people, everybody, share in floor_parts(form)]
    parts += [(people, everybody, 0.0, spread) for people, everybody, spread, _ in _communities(form)]
    return _shares(form, parts)


def ceilings(form: Formulation) -> Shares:
    """Return what may be reached at most: by each community so much more than by the worst, for every spread."""
    return _shares(form, [(people, everybody, most, spread) for people, everybody, spread, most in _communities(form)])


def _communities(form: Formulation) -> list[tuple[Expression, float, int, float]]:
    """Return (people served, everybody, spread, most) of every spread, community by community."""
    found = []
    for position, spread in enumerate(form.problem.rules.spreads):
        for region in range(form.problem.n_communities):
            people, everybody = form.people_within(spread.demand, spread.circle, region)
            if everybody > 0:
                found.append((people, everybody, position, spread.most))
    return found


def _shares(form: Formulation, parts: list[tuple[Expression, float, float, int]]) -> Shares:
    x, v = form.x[form.last], form.v[form.last]
    if not parts:
        empty = np.zeros(0)
        return Shares(empty, empty.astype(np.int64), csr_matrix((0, x.count)), csr_matrix((0, v.count)))
    amounts = [
        sums_by(people.column, people.value / everybody, form.builder.n_columns) for people, everybody, _, _ in parts
    ]
    return Shares(
        limit=np.array([limit - people.constant / everybody for people, everybody, limit, _ in parts]),
        spread=np.array([spread for _, _, _, spread in parts], dtype=np.int64),
        by_slot=csr_matrix(vstack([csr_matrix(amount[x.slice]) for amount in amounts])),
        by_set=csr_matrix(vstack([csr_matrix(amount[v.slice]) for amount in amounts])),
    )
