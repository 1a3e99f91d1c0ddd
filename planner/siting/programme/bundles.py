"""Which services fit together in each building, with the exact area and money of each combination.

A bundle is a set of offers at one site, at most one per service, that the building can hold: no two incompatible
services, floor area (and the storeys each service may use) enough for the offers plus each shared room once, and the
least use that the site's class asks for. Enumerating bundles turns area, set-up, shared rooms, hub rules and
department shares into plain numbers on one binary per bundle: no pairwise variables, no big-M.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.errors import StudyError
from planner.siting.question.complete import Complete, complete
from planner.siting.question.units import Units, area_units, money_units

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planner.siting.question.problem import SitingProblem
    from planner.siting.question.rules import Lock

__all__ = ["Bundles", "allowed_offers", "enumerate_bundles", "keeping", "kept_bundles"]

MOST_PER_SITE = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Bundles:
    """All feasible bundles of all sites, B rows sorted by site.

    ``offer`` int32[B, K] holds the offer chosen for each service, −1 for none. The empty bundle is left out, but for
    sites where something stands: there ``must_choose`` bool[J] is set and exactly one bundle is chosen. Money is the
    change from today to the bundle; ``capital_yuan`` and ``yearly_yuan`` leave outside payers out, the matrices
    float64[B, D] hold every payer. ``opens`` tells bundles with something new in them, ``hub`` those that are hubs.
    """

    site: NDArray[np.int32]
    offer: NDArray[np.int32]
    area_m2: NDArray[np.float64]
    capital_yuan: NDArray[np.float64]
    yearly_yuan: NDArray[np.float64]
    department_capital_yuan: NDArray[np.float64]
    department_yearly_yuan: NDArray[np.float64]
    opens: NDArray[np.bool_]
    hub: NDArray[np.bool_]
    must_choose: NDArray[np.bool_]

    @property
    def count(self) -> int:
        """How many bundles there are."""
        return len(self.site)

    def pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return (bundle, offer) of every offer in every bundle."""
        bundle, service = np.nonzero(self.offer >= 0)
        return bundle, self.offer[bundle, service].astype(np.int64)


def allowed_offers(problem: SitingProblem) -> NDArray[np.bool_]:
    """Return bool[m]: offers that no ``never`` lock forbids; what stands today is touched only by a lock that names it."""
    offers = problem.offers
    allowed = np.ones(offers.count, dtype=bool)
    for lock in problem.rules.locks:
        if lock.kind == "never" and lock.offers:
            allowed[list(lock.offers)] = False
        elif lock.kind == "never":
            struck = offers.site == lock.site
            if lock.service is not None:
                struck &= offers.service == lock.service
            allowed &= ~struck | offers.existing
    return allowed


def keeping(bundles: Bundles, lock: Lock) -> NDArray[np.bool_]:
    """Return bool: bundles that keep a ``must`` lock."""
    if lock.offers:
        serves = np.isin(bundles.offer, lock.offers)
    else:
        serves = (bundles.offer if lock.service is None else bundles.offer[:, [lock.service]]) >= 0
    return np.asarray((bundles.site == lock.site) & serves.any(axis=1), dtype=np.bool_)


def enumerate_bundles(problem: SitingProblem) -> Bundles:
    """Return every feasible bundle of every site.

    Sites with the same number of offers per service share one table of combinations, so the work is in arrays.

    Raises
    ------
    planner.errors.StudyError
        When one building has more than 20,000 combinations.
    """
    filled = complete(problem)
    table = _offer_table(problem, filled)
    pattern = np.concatenate([table.count, table.required, table.stands[:, None]], axis=1)
    kinds, kind_of = np.unique(pattern, axis=0, return_inverse=True)
    parts = [_of_pattern(problem, table, np.flatnonzero(kind_of.ravel() == kind)) for kind in range(len(kinds))]
    site = np.concatenate([part[0] for part in parts])
    offer = np.concatenate([part[1] for part in parts])
    order = np.argsort(site, kind="stable")
    found = _with_money(problem, filled, site[order], offer[order], table.stands)
    return kept_bundles(found, _fits(problem, filled, found))


@dataclass(frozen=True, slots=True, eq=False)
class _OfferTable:
    """Offers sorted by (site, service): where each run starts, how long it is, whether one of it must be chosen."""

    order: NDArray[np.int64]
    first: NDArray[np.int64]
    count: NDArray[np.int64]
    required: NDArray[np.int64]
    stands: NDArray[np.bool_]


def _offer_table(problem: SitingProblem, filled: Complete) -> _OfferTable:
    offers, shape = problem.offers, (problem.sites.count, problem.n_services)
    usable = np.flatnonzero(allowed_offers(problem))
    cell = offers.site[usable].astype(np.int64) * problem.n_services + offers.service[usable]
    by_cell = np.argsort(cell, kind="stable")
    count = np.bincount(cell, minlength=shape[0] * shape[1])
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    required = np.zeros(shape[0] * shape[1], dtype=np.int64)
    required[cell[filled.stays[usable]]] = 1
    stands = np.zeros(shape[0], dtype=bool)
    stands[offers.site[offers.existing]] = True
    return _OfferTable(usable[by_cell], first.reshape(shape), count.reshape(shape), required.reshape(shape), stands)


def _every_combination(choices: Sequence[NDArray[np.int64]], combinations: int) -> NDArray[np.int64]:
    """Return every combination of one value of each, the last varying fastest; numpy's own grid has at most 32 of them."""
    grid = np.empty((combinations, len(choices)), dtype=np.int64)
    repeated = combinations
    for column, values in enumerate(choices):
        repeated //= len(values)
        grid[:, column] = np.resize(np.repeat(values, repeated), combinations)
    return grid


def _of_pattern(
    problem: SitingProblem, table: _OfferTable, sites: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return (site, offer[., K]) of every combination of compatible services at sites that share one pattern."""
    count, required = table.count[sites[0]], table.required[sites[0]]
    choices = [np.arange(0 if needed else -1, size) for size, needed in zip(count, required, strict=True)]
    combinations = math.prod(len(choice) for choice in choices)
    if combinations > MOST_PER_SITE:
        raise StudyError(
            f"one building offers {combinations:,} combinations of services, sizes and modes; "
            f"at most {MOST_PER_SITE:,} can be weighed: offer fewer sizes or modes there"
        )
    choice = _every_combination(choices, combinations)
    if not table.stands[sites[0]]:
        choice = choice[(choice >= 0).any(axis=1)]
    chosen = choice >= 0
    if problem.rules.incompatible is not None:
        clash = np.triu(problem.rules.incompatible | problem.rules.incompatible.T, k=1)
        kept = ~((chosen.astype(np.int64) @ clash > 0) & chosen).any(axis=1)
        choice, chosen = choice[kept], chosen[kept]
    if not len(choice):
        return np.zeros(0, dtype=np.int32), np.zeros((0, problem.n_services), dtype=np.int32)
    position = np.where(chosen, table.first[sites][:, None, :] + choice, 0)
    offer = np.where(chosen, table.order[position] if len(table.order) else -1, -1).astype(np.int32)
    offer = np.broadcast_to(offer, position.shape)
    return np.repeat(sites, len(choice)).astype(np.int32), offer.reshape(-1, problem.n_services)


def _fits(problem: SitingProblem, filled: Complete, bundles: Bundles) -> NDArray[np.bool_]:
    """Return bool[B]: the building has the room, storey by storey, and the least use of its class is reached."""
    site, sites, units = bundles.site, problem.sites, area_units(problem)
    area = units.whole(bundles.area_m2)
    fits = area <= units.at_most(sites.floor_area_m2)[site]
    if sites.storey_area_m2 is not None:
        reachable = units.at_most(np.cumsum(sites.storey_area_m2, axis=1))
        for storey in range(reachable.shape[1]):
            fits &= units.whole(_area_m2(problem, filled, bundles.offer, storey)) <= reachable[site, storey]
        fits &= area <= reachable[site, -1]
    services = (bundles.offer >= 0).sum(axis=1)
    used = (area >= units.at_least(filled.min_area_m2)[site]) & (services >= filled.min_services[site])
    used &= bundles.hub | ~filled.hub_only[site]
    return np.asarray(fits & (used | ~bundles.opens))


def _area_m2(
    problem: SitingProblem, filled: Complete, offer: NDArray[np.int32], storey: int | None = None
) -> NDArray[np.float64]:
    """Return the area of each bundle, or only of what may not go above ``storey``."""
    chosen = offer >= 0
    if not problem.offers.count:
        return np.zeros(len(offer))
    counted = chosen if storey is None else chosen & (filled.top_storey[np.where(chosen, offer, 0)] <= storey)
    area = np.where(counted, problem.offers.area_m2[np.where(chosen, offer, 0)], 0.0).sum(axis=1)
    for room in problem.rules.rooms:
        if storey is None or (room.top_storey is not None and room.top_storey <= storey):
            area = area + room.area_m2 * (chosen & room.services).any(axis=1)
    return np.asarray(area)


def _with_money(
    problem: SitingProblem,
    filled: Complete,
    site: NDArray[np.int32],
    offer: NDArray[np.int32],
    must_choose: NDArray[np.bool_],
) -> Bundles:
    offers, rules = problem.offers, problem.rules
    chosen: NDArray[np.bool_] = offer >= 0
    safe = np.where(chosen, offer, 0)
    standing: NDArray[np.bool_] = chosen & offers.existing[safe] if offers.count else chosen
    new = chosen & ~standing
    opens: NDArray[np.bool_] = np.any(new, axis=1)

    units = money_units(problem)
    capital, yearly = _Bill(len(site), filled, units), _Bill(len(site), filled, units)
    there = np.zeros((problem.sites.count, problem.n_services), dtype=bool)
    there[offers.site[offers.existing], offers.service[offers.existing]] = True
    taken_m2 = np.where(new, offers.area_m2[safe], 0.0).sum(axis=1) if offers.count else np.zeros(len(site))
    for service in range(problem.n_services if offers.count else 0):
        here = safe[:, service]
        capital.add(offers.capital_yuan[here] * new[:, service], filled.capital_share[here])
        yearly.add(offers.yearly_yuan[here] * chosen[:, service], filled.yearly_share[here])
    capital.add(problem.sites.setup_yuan[site] * opens, filled.setup_share[site])
    yearly.add(filled.setup_yearly_yuan[site] * opens, filled.setup_share[site])
    for room, share in zip(rules.rooms, filled.room_share, strict=True):
        # A service that stands has its room already, also where it is extended.
        built = np.any(new & room.services, axis=1) & ~np.any(chosen & there[site] & room.services, axis=1)
        taken_m2 = taken_m2 + built * room.area_m2
        capital.add(built * room.capital_yuan, share)
        yearly.add(built * room.yearly_yuan, share)
    capital.add(filled.setup_yuan_per_m2[site] * taken_m2, filled.setup_share[site])
    for position in np.flatnonzero(offers.existing):
        here = site == offers.site[position]
        gone = here & ~chosen[:, offers.service[position]]
        capital.add(gone * filled.closing_yuan[position], filled.capital_share[position])
        yearly.add(here * -offers.yearly_yuan[position], filled.yearly_share[position])
    area = _area_m2(problem, filled, offer)
    hub: NDArray[np.bool_] = np.zeros(len(site), dtype=bool)
    if rules.hub is not None:
        core = (chosen & rules.hub.core).sum(axis=1)
        floor = area_units(problem)
        hub = (floor.whole(area) >= floor.at_least(rules.hub.min_area_m2)) & (core >= rules.hub.min_core)
        hub = hub & (chosen.sum(axis=1) >= rules.hub.min_services)
    return Bundles(
        site=site,
        offer=offer,
        area_m2=area,
        capital_yuan=capital.ours / units.per_one,
        yearly_yuan=yearly.ours / units.per_one,
        department_capital_yuan=capital.by_department / units.per_one,
        department_yearly_yuan=yearly.by_department / units.per_one,
        opens=opens,
        hub=hub,
        must_choose=must_choose,
    )


class _Bill:
    """Adds up what bundles cost in whole units: the planner's own part of it, and each department's."""

    def __init__(self, count: int, filled: Complete, units: Units) -> None:
        self._outside = filled.outside
        self._units = units
        self.ours: NDArray[np.float64] = np.zeros(count)
        self.by_department: NDArray[np.float64] = np.zeros((count, len(filled.outside)))

    def add(self, yuan: NDArray[np.float64], share: NDArray[np.float64]) -> None:
        """Add ``yuan`` float64[B], of which departments pay ``share`` float64[D] or float64[B, D]."""
        parts = self._units.whole(yuan[:, None] * share)
        self.by_department += parts
        self.ours += self._units.whole(yuan) - parts[:, self._outside].sum(axis=1)


def kept_bundles(bundles: Bundles, keep: NDArray[np.bool_]) -> Bundles:
    """Return the bundles of ``keep`` bool[B]."""
    return Bundles(
        site=bundles.site[keep],
        offer=bundles.offer[keep],
        area_m2=bundles.area_m2[keep],
        capital_yuan=bundles.capital_yuan[keep],
        yearly_yuan=bundles.yearly_yuan[keep],
        department_capital_yuan=bundles.department_capital_yuan[keep],
        department_yearly_yuan=bundles.department_yearly_yuan[keep],
        opens=bundles.opens[keep],
        hub=bundles.hub[keep],
        must_choose=bundles.must_choose,
    )
