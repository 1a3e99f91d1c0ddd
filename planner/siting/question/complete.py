"""The optional columns of offers and sites, with what their absence means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.question.problem import SitingProblem

__all__ = ["Complete", "complete"]

ANY_STOREY = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class Complete:
    """Every optional column written out; who pays is nobody's department where no share is given.

    ``stays`` marks offers of which something has to remain: standing, not to be closed, and not movable.
    """

    may_close: NDArray[np.bool_]
    closing_yuan: NDArray[np.float64]
    moves: NDArray[np.int64]
    stays: NDArray[np.bool_]
    capacity: NDArray[np.float64]
    min_load: NDArray[np.float64]
    tier: NDArray[np.int64]
    competitor: NDArray[np.bool_]
    top_storey: NDArray[np.int64]
    capital_share: NDArray[np.float64]
    yearly_share: NDArray[np.float64]
    setup_yearly_yuan: NDArray[np.float64]
    setup_yuan_per_m2: NDArray[np.float64]
    setup_share: NDArray[np.float64]
    min_area_m2: NDArray[np.float64]
    min_services: NDArray[np.int64]
    hub_only: NDArray[np.bool_]
    room_share: NDArray[np.float64]
    outside: NDArray[np.bool_]


def complete(problem: SitingProblem) -> Complete:
    """Return the optional columns of ``problem`` with their defaults."""
    offers, sites, budgets = problem.offers, problem.sites, problem.budgets
    m, n_sites, payers = offers.count, sites.count, budgets.departments

    def column(values: NDArray[np.generic] | None, count: int, default: float, kind: type) -> NDArray[np.generic]:
        return np.full(count, default, dtype=kind) if values is None else values.astype(kind)

    def share(values: NDArray[np.float64] | None, count: int) -> NDArray[np.float64]:
        nobody = np.zeros((count, budgets.departments))
        return nobody if values is None else np.asarray(values, dtype=np.float64)

    may_close = np.asarray(column(offers.may_close, m, 0, np.bool_), dtype=np.bool_) & offers.existing
    moves = np.asarray(column(offers.moves, m, -1, np.int64), dtype=np.int64)
    movable = np.zeros(m, dtype=np.bool_)
    movable[moves[moves >= 0]] = True
    rooms = [share(None if room.share is None else room.share[None, :], 1) for room in problem.rules.rooms]
    return Complete(
        may_close=may_close,
        closing_yuan=np.asarray(column(offers.closing_yuan, m, 0, np.float64), dtype=np.float64),
        moves=moves,
        stays=offers.existing & ~may_close & ~movable,
        capacity=np.asarray(column(offers.capacity, m, np.inf, np.float64), dtype=np.float64),
        min_load=np.asarray(column(offers.min_load, m, 0, np.float64), dtype=np.float64),
        tier=np.asarray(column(offers.tier, m, 0, np.int64), dtype=np.int64),
        competitor=np.asarray(column(offers.competitor, m, 0, np.bool_), dtype=np.bool_),
        top_storey=np.asarray(column(offers.top_storey, m, ANY_STOREY, np.int64), dtype=np.int64),
        capital_share=share(offers.capital_share, m),
        yearly_share=share(offers.yearly_share, m),
        setup_yearly_yuan=np.asarray(column(sites.setup_yearly_yuan, n_sites, 0, np.float64), dtype=np.float64),
        setup_yuan_per_m2=np.asarray(column(sites.setup_yuan_per_m2, n_sites, 0, np.float64), dtype=np.float64),
        setup_share=share(sites.setup_share, n_sites),
        min_area_m2=np.asarray(column(sites.min_area_m2, n_sites, 0, np.float64), dtype=np.float64),
        min_services=np.asarray(column(sites.min_services, n_sites, 0, np.int64), dtype=np.int64),
        hub_only=np.asarray(column(sites.hub_only, n_sites, 0, np.bool_), dtype=np.bool_),
        room_share=np.concatenate(rooms) if rooms else np.zeros((0, payers)),
        outside=np.zeros(payers, dtype=np.bool_) if budgets.outside is None else budgets.outside,
    )
