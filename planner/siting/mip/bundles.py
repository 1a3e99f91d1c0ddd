"""Bundles: the combinations of services that fit in each building, with their exact area and cost.

A bundle is a set of offers at one site, at most one per service, that the building can hold: no two incompatible
services, floor area (and the storeys each service may use) enough for the offers plus each shared room once, and the
least use that the site's class requires. Enumerating bundles turns area, set-up, shared rooms, hub rules and
department shares into plain coefficients of one binary per bundle: no pairwise variables, no big-M.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from planner.errors import StudyError
from planner.siting.model.problem import OptionalColumns, optional_columns
from planner.siting.model.scaling import IntegerUnits, area_units, money_units

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planner.siting.arrays import BoolArray, FloatArray, IntArray
    from planner.siting.model.data import Lock
    from planner.siting.model.problem import SitingProblem


MOST_PER_SITE = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Bundles:
    """All feasible bundles of all sites, B rows sorted by site.

    ``offer`` int32[B, K] holds the offer chosen for each service, −1 for none. The empty bundle is left out, except at
    sites with existing facilities: there ``must_choose`` bool[J] is set and exactly one bundle is chosen. Money is the
    change from today to the bundle; ``capital_cost`` and ``yearly_cost`` exclude outside payers, the matrices
    float64[B, D] hold every payer. ``opens`` marks bundles with a new offer, ``hub`` those that are hubs.
    """

    site: NDArray[np.int32]
    offer: NDArray[np.int32]
    area_m2: FloatArray
    capital_cost: FloatArray
    yearly_cost: FloatArray
    department_capital_cost: FloatArray
    department_yearly_cost: FloatArray
    opens: BoolArray
    hub: BoolArray
    must_choose: BoolArray

    @property
    def count(self) -> int:
        """Number of bundles."""
        return len(self.site)

    def pairs(self) -> tuple[IntArray, IntArray]:
        """Return (bundle, offer) of every offer in every bundle."""
        bundle, service = np.nonzero(self.offer >= 0)
        return bundle, self.offer[bundle, service].astype(np.int64)


def allowed_offers(problem: SitingProblem) -> BoolArray:
    """Return bool[m]: offers that no ``never`` lock forbids; an existing one is forbidden only by a lock that names it."""
    offers = problem.offers
    allowed = np.ones(offers.count, dtype=bool)
    for lock in problem.rules.locks:
        if lock.kind == "never" and lock.offers:
            allowed[list(lock.offers)] = False
        elif lock.kind == "never":
            forbidden = offers.site == lock.site
            if lock.service is not None:
                forbidden &= offers.service == lock.service
            allowed &= ~forbidden | offers.existing
    return allowed


def bundles_keeping_lock(bundles: Bundles, lock: Lock) -> BoolArray:
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
    optional = optional_columns(problem)
    table = _offer_table(problem, optional)
    pattern = np.concatenate([table.count, table.required, table.has_existing[:, None]], axis=1)
    kinds, kind_of = np.unique(pattern, axis=0, return_inverse=True)
    per_pattern = [_of_pattern(problem, table, np.flatnonzero(kind_of.ravel() == kind)) for kind in range(len(kinds))]
    site = np.concatenate([pattern_bundles[0] for pattern_bundles in per_pattern])
    offer = np.concatenate([pattern_bundles[1] for pattern_bundles in per_pattern])
    order = np.argsort(site, kind="stable")
    found = _with_money(problem, optional, site[order], offer[order], table.has_existing)
    return select_bundles(found, _fits(problem, optional, found))


@dataclass(frozen=True, slots=True, eq=False)
class _OfferTable:
    """Offers sorted by (site, service): start and length of each run, and whether one of it is required."""

    order: IntArray
    first: IntArray
    count: IntArray
    required: IntArray
    has_existing: BoolArray


def _offer_table(problem: SitingProblem, optional: OptionalColumns) -> _OfferTable:
    offers, shape = problem.offers, (problem.sites.count, problem.n_services)
    usable = np.flatnonzero(allowed_offers(problem))
    cell = offers.site[usable].astype(np.int64) * problem.n_services + offers.service[usable]
    by_cell = np.argsort(cell, kind="stable")
    count = np.bincount(cell, minlength=shape[0] * shape[1])
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    required = np.zeros(shape[0] * shape[1], dtype=np.int64)
    required[cell[optional.stays[usable]]] = 1
    has_existing = np.zeros(shape[0], dtype=bool)
    has_existing[offers.site[offers.existing]] = True
    return _OfferTable(
        usable[by_cell], first.reshape(shape), count.reshape(shape), required.reshape(shape), has_existing
    )


def _every_combination(choices: Sequence[IntArray], combinations: int) -> IntArray:
    """Return every combination of one value of each, the last varying fastest; numpy's own grid has at most 32 dimensions."""
    grid = np.empty((combinations, len(choices)), dtype=np.int64)
    repeated = combinations
    for column, values in enumerate(choices):
        repeated //= len(values)
        grid[:, column] = np.resize(np.repeat(values, repeated), combinations)
    return grid


def _of_pattern(
    problem: SitingProblem, table: _OfferTable, sites: IntArray
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
    if not table.has_existing[sites[0]]:
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


def _fits(problem: SitingProblem, optional: OptionalColumns, bundles: Bundles) -> BoolArray:
    """Return bool[B]: the building has the floor area, storey by storey, and the least use of its class is reached."""
    site, sites, units = bundles.site, problem.sites, area_units(problem)
    area = units.to_units(bundles.area_m2)
    fits = area <= units.floor_limit(sites.floor_area_m2)[site]
    if sites.storey_area_m2 is not None:
        reachable = units.floor_limit(np.cumsum(sites.storey_area_m2, axis=1))
        for storey in range(reachable.shape[1]):
            fits &= units.to_units(_area_m2(problem, optional, bundles.offer, storey)) <= reachable[site, storey]
        fits &= area <= reachable[site, -1]
    services = (bundles.offer >= 0).sum(axis=1)
    used = (area >= units.ceil_limit(optional.min_area_m2)[site]) & (services >= optional.min_services[site])
    used &= bundles.hub | ~optional.hub_only[site]
    return np.asarray(fits & (used | ~bundles.opens))


def _area_m2(
    problem: SitingProblem, optional: OptionalColumns, offer: NDArray[np.int32], storey: int | None = None
) -> FloatArray:
    """Return the area of each bundle, or only of what may not go above ``storey``."""
    chosen = offer >= 0
    if not problem.offers.count:
        return np.zeros(len(offer))
    counted = chosen if storey is None else chosen & (optional.top_storey[np.where(chosen, offer, 0)] <= storey)
    area = np.where(counted, problem.offers.area_m2[np.where(chosen, offer, 0)], 0.0).sum(axis=1)
    for room in problem.rules.rooms:
        if storey is None or (room.top_storey is not None and room.top_storey <= storey):
            area = area + room.area_m2 * (chosen & room.services).any(axis=1)
    return np.asarray(area)


def _with_money(
    problem: SitingProblem,
    optional: OptionalColumns,
    site: NDArray[np.int32],
    offer: NDArray[np.int32],
    must_choose: BoolArray,
) -> Bundles:
    offers, rules = problem.offers, problem.rules
    chosen: BoolArray = offer >= 0
    safe = np.where(chosen, offer, 0)
    existing: BoolArray = chosen & offers.existing[safe] if offers.count else chosen
    new = chosen & ~existing
    opens: BoolArray = np.any(new, axis=1)

    units = money_units(problem)
    capital, yearly = _Bill(len(site), optional, units), _Bill(len(site), optional, units)
    there = np.zeros((problem.sites.count, problem.n_services), dtype=bool)
    there[offers.site[offers.existing], offers.service[offers.existing]] = True
    taken_m2 = np.where(new, offers.area_m2[safe], 0.0).sum(axis=1) if offers.count else np.zeros(len(site))
    for service in range(problem.n_services if offers.count else 0):
        here = safe[:, service]
        capital.add(offers.capital_cost[here] * new[:, service], optional.capital_share[here])
        yearly.add(offers.yearly_cost[here] * chosen[:, service], optional.yearly_share[here])
    capital.add(problem.sites.setup_cost[site] * opens, optional.setup_share[site])
    yearly.add(optional.setup_yearly_cost[site] * opens, optional.setup_share[site])
    for room, share in zip(rules.rooms, optional.room_share, strict=True):
        # An existing service has its room already, also where it is extended.
        built = np.any(new & room.services, axis=1) & ~np.any(chosen & there[site] & room.services, axis=1)
        taken_m2 = taken_m2 + built * room.area_m2
        capital.add(built * room.capital_cost, share)
        yearly.add(built * room.yearly_cost, share)
    capital.add(optional.setup_cost_per_m2[site] * taken_m2, optional.setup_share[site])
    for position in np.flatnonzero(offers.existing):
        here = site == offers.site[position]
        closed = here & ~chosen[:, offers.service[position]]
        capital.add(closed * optional.closing_cost[position], optional.capital_share[position])
        yearly.add(here * -offers.yearly_cost[position], optional.yearly_share[position])
    area = _area_m2(problem, optional, offer)
    hub: BoolArray = np.zeros(len(site), dtype=bool)
    if rules.hub is not None:
        core = (chosen & rules.hub.core).sum(axis=1)
        floor = area_units(problem)
        hub = (floor.to_units(area) >= floor.ceil_limit(rules.hub.min_area_m2)) & (core >= rules.hub.min_core)
        hub = hub & (chosen.sum(axis=1) >= rules.hub.min_services)
    return Bundles(
        site=site,
        offer=offer,
        area_m2=area,
        capital_cost=capital.ours / units.per_one,
        yearly_cost=yearly.ours / units.per_one,
        department_capital_cost=capital.by_department / units.per_one,
        department_yearly_cost=yearly.by_department / units.per_one,
        opens=opens,
        hub=hub,
        must_choose=must_choose,
    )


class _Bill:
    """Sums of the cost of bundles in integer units: the planner's own, and each department's."""

    def __init__(self, count: int, optional: OptionalColumns, units: IntegerUnits) -> None:
        self._outside = optional.outside
        self._units = units
        self.ours: FloatArray = np.zeros(count)
        self.by_department: FloatArray = np.zeros((count, len(optional.outside)))

    def add(self, amount: FloatArray, share: FloatArray) -> None:
        """Add ``amount`` float64[B], of which departments pay ``share`` float64[D] or float64[B, D]."""
        per_pattern = self._units.to_units(amount[:, None] * share)
        self.by_department += per_pattern
        self.ours += self._units.to_units(amount) - per_pattern[:, self._outside].sum(axis=1)


def select_bundles(bundles: Bundles, keep: BoolArray) -> Bundles:
    """Return the bundles of ``keep`` bool[B]."""
    chosen = {
        column.name: getattr(bundles, column.name)[keep] for column in fields(bundles) if column.name != "must_choose"
    }
    return Bundles(**chosen, must_choose=bundles.must_choose)
