"""Which services fit together in each building, with the exact area and money of each combination.

A bundle is a set of offers at one site, at most one per service, that a building can hold: no two incompatible
services, and floor area enough for the offers plus each shared room once. Enumerating bundles turns area, set-up,
shared rooms and department shares into plain numbers on one binary per bundle: no pairwise variables, no big-M.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.errors import StudyError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.problem import SitingProblem

__all__ = ["Bundles", "allowed_offers", "enumerate_bundles"]

MOST_PER_SITE = 20_000
AREA_SLACK_M2 = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Bundles:
    """All feasible bundles of all sites, B rows; the empty bundle is left out.

    ``offer`` int32[B, K] holds the offer chosen for each service, −1 for none. ``opens`` tells bundles with something
    new in them. Money is new money only. ``must_choose`` bool[J] marks sites where a standing service has to stay.
    """

    site: NDArray[np.int32]
    offer: NDArray[np.int32]
    area_m2: NDArray[np.float64]
    capital_yuan: NDArray[np.float64]
    yearly_yuan: NDArray[np.float64]
    department_capital_yuan: NDArray[np.float64]
    department_yearly_yuan: NDArray[np.float64]
    opens: NDArray[np.bool_]
    must_choose: NDArray[np.bool_]

    @property
    def count(self) -> int:
        """How many bundles there are."""
        return len(self.site)

    def pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Return (bundle, offer) of every offer in every bundle."""
        bundle, service = np.nonzero(self.offer >= 0)
        return bundle, self.offer[bundle, service]


def allowed_offers(problem: SitingProblem) -> NDArray[np.bool_]:
    """Return bool[m]: offers that no ``never`` lock forbids; what stands today is not touched by such a lock."""
    offers = problem.offers
    allowed = np.ones(offers.count, dtype=bool)
    for lock in problem.rules.locks:
        if lock.kind == "never":
            struck = offers.site == lock.site
            if lock.service is not None:
                struck &= offers.service == lock.service
            allowed &= ~struck | offers.existing
    return allowed


def enumerate_bundles(problem: SitingProblem) -> Bundles:
    """Return every feasible bundle of every site.

    Sites with the same number of offers per service share one table of combinations, so the work is in arrays.

    Raises
    ------
    planner.errors.StudyError
        When one building has more than 20,000 combinations.
    """
    table = _offer_table(problem)
    pattern = np.concatenate([table.count, table.required], axis=1)
    kinds, kind_of = np.unique(pattern, axis=0, return_inverse=True)
    parts = [_of_pattern(problem, table, np.flatnonzero(kind_of.ravel() == kind)) for kind in range(len(kinds))]
    site = np.concatenate([part[0] for part in parts])
    offer = np.concatenate([part[1] for part in parts])
    order = np.argsort(site, kind="stable")
    return _with_money(problem, site[order], offer[order], np.any(table.required, axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class _OfferTable:
    """Offers sorted by (site, service): where each run starts, how long it is, whether one of it must be chosen."""

    order: NDArray[np.int64]
    first: NDArray[np.int64]
    count: NDArray[np.int64]
    required: NDArray[np.int64]


def _offer_table(problem: SitingProblem) -> _OfferTable:
    offers, shape = problem.offers, (problem.sites.count, problem.n_services)
    usable = np.flatnonzero(allowed_offers(problem))
    cell = offers.site[usable].astype(np.int64) * problem.n_services + offers.service[usable]
    by_cell = np.argsort(cell, kind="stable")
    count = np.bincount(cell, minlength=shape[0] * shape[1])
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    stays = offers.existing[usable] if offers.may_close is None else (offers.existing & ~offers.may_close)[usable]
    required = np.zeros(shape[0] * shape[1], dtype=np.int64)
    required[cell[stays]] = 1
    return _OfferTable(usable[by_cell], first.reshape(shape), count.reshape(shape), required.reshape(shape))


def _of_pattern(
    problem: SitingProblem, table: _OfferTable, sites: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return (site, offer[., K]) of the feasible bundles of sites that share one pattern."""
    count, required = table.count[sites[0]], table.required[sites[0]]
    choices = [np.arange(0 if needed else -1, size) for size, needed in zip(count, required, strict=True)]
    combinations = int(np.prod([len(choice) for choice in choices]))
    if combinations > MOST_PER_SITE:
        raise StudyError(
            f"one building offers {combinations:,} combinations of services, sizes and modes; "
            f"at most {MOST_PER_SITE:,} can be weighed: offer fewer sizes or modes there"
        )
    choice = np.stack(np.meshgrid(*choices, indexing="ij"), axis=-1).reshape(combinations, -1)
    choice = choice[(choice >= 0).any(axis=1)]
    chosen = choice >= 0
    if problem.rules.incompatible is not None:
        clash = np.triu(problem.rules.incompatible | problem.rules.incompatible.T, k=1)
        kept = ~((chosen.astype(np.int64) @ clash > 0) & chosen).any(axis=1)
        choice, chosen = choice[kept], chosen[kept]
    if not len(choice):
        return np.zeros(0, dtype=np.int32), np.zeros((0, problem.n_services), dtype=np.int32)
    position = np.where(chosen, table.first[sites][:, None, :] + choice, 0)
    offer = np.where(chosen, table.order[position], -1).astype(np.int32)
    area = _area_m2(problem, offer)
    fits = area <= problem.sites.floor_area_m2[sites][:, None] + AREA_SLACK_M2
    row, _ = np.nonzero(fits)
    return sites[row].astype(np.int32), offer[fits]


def _area_m2(problem: SitingProblem, offer: NDArray[np.int32]) -> NDArray[np.float64]:
    chosen = offer >= 0
    own = (
        np.where(chosen, problem.offers.area_m2[np.where(chosen, offer, 0)], 0.0).sum(axis=-1)
        if problem.offers.count
        else 0.0
    )
    for room in problem.rules.rooms:
        own = own + room.area_m2 * (chosen & room.services).any(axis=-1)
    return np.asarray(own, dtype=np.float64).reshape(offer.shape[:-1])


def _with_money(
    problem: SitingProblem, site: NDArray[np.int32], offer: NDArray[np.int32], must_choose: NDArray[np.bool_]
) -> Bundles:
    offers, sites, departments = problem.offers, problem.sites, problem.budgets.departments
    chosen: NDArray[np.bool_] = offer >= 0
    safe = np.where(chosen, offer, 0)
    standing = chosen & offers.existing[safe] if offers.count else chosen
    new = chosen & ~standing
    opens: NDArray[np.bool_] = np.any(new, axis=1)

    def summed(per_offer: NDArray[np.float64], share: NDArray[np.float64] | None) -> NDArray[np.float64]:
        weighted = per_offer if share is None else per_offer[:, None] * share
        return np.asarray(np.einsum("bk,bk...->b...", new.astype(np.float64), weighted[safe]))

    setup_yearly = np.zeros(sites.count) if sites.setup_yearly_yuan is None else sites.setup_yearly_yuan
    capital = summed(offers.capital_yuan, None) + sites.setup_yuan[site] * opens
    yearly = summed(offers.yearly_yuan, None) + setup_yearly[site] * opens
    department_capital = np.zeros((len(site), departments))
    department_yearly = np.zeros((len(site), departments))
    if departments and sites.setup_share is not None:
        share = sites.setup_share[site]
        department_capital = (
            summed(offers.capital_yuan, offers.capital_share) + (sites.setup_yuan[site] * opens)[:, None] * share
        )
        department_yearly = (
            summed(offers.yearly_yuan, offers.yearly_share) + (setup_yearly[site] * opens)[:, None] * share
        )
    for room in problem.rules.rooms:
        built = np.any(new & room.services, axis=1) & ~np.any(standing & room.services, axis=1)
        capital = capital + built * room.capital_yuan
        yearly = yearly + built * room.yearly_yuan
        if departments and room.share is not None:
            department_capital = department_capital + (built * room.capital_yuan)[:, None] * room.share
            department_yearly = department_yearly + (built * room.yearly_yuan)[:, None] * room.share
    return Bundles(
        site=site,
        offer=offer,
        area_m2=_area_m2(problem, offer),
        capital_yuan=capital,
        yearly_yuan=yearly,
        department_capital_yuan=department_capital,
        department_yearly_yuan=department_yearly,
        opens=opens,
        must_choose=must_choose,
    )
