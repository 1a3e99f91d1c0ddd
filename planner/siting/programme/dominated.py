"""What no best plan needs: bundles and sites that another one replaces at no more money.

A bundle is dominated when another of the same building holds all that it holds, or better, and costs nobody more. A site is
dominated when another one serves everybody whom it serves and costs nobody more; that is looked for where one service is asked
for and each site has one way to run it, since only then one site always takes the place of another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix

from planner.siting.arrays import ranges
from planner.siting.question.complete import complete

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.programme.bundles import Bundles
    from planner.siting.programme.reduce import Needs, Slots
    from planner.siting.question.problem import SitingProblem

__all__ = ["dominated_bundles", "dominated_sites"]

MOST_PER_SITE = 64
"""Buildings with more bundles than this keep them all: comparing each with each would take longer than it saves."""


def dominated_bundles(problem: SitingProblem, bundles: Bundles) -> NDArray[np.bool_]:
    """Return bool[B]: bundles that another one of their building replaces whatever else is decided.

    None where years, spreads between communities, or goals that lose by an opening make more something else than better.
    """
    nothing = np.zeros(bundles.count, dtype=np.bool_)
    if problem.phases is not None or problem.rules.spreads:
        return nothing
    one, other = _pairs(problem, bundles)
    if not len(one):
        return nothing
    better = _costs_no_more(bundles, one, other) & (bundles.opens[one] == bundles.opens[other])
    better &= bundles.hub[other] | ~bundles.hub[one]
    one, other = one[better], other[better]
    holds = _holds_all(problem, bundles.offer[one], bundles.offer[other])
    one, other = one[holds], other[holds]
    code, back = one * bundles.count + other, other * bundles.count + one
    # Of two that replace each other the first stays.
    gone = ~np.isin(back, code) | (other < one)
    nothing[one[gone]] = True
    return nothing


def _pairs(problem: SitingProblem, bundles: Bundles) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return every pair of different bundles of one building, for buildings of which no lock names single offers."""
    size = np.bincount(bundles.site, minlength=problem.sites.count)
    named = [problem.offers.site[list(lock.offers)] for lock in problem.rules.locks if lock.offers]
    looked_at = size <= MOST_PER_SITE
    looked_at[np.concatenate([np.zeros(0, dtype=np.int64), *named]).astype(np.int64)] = False
    first = (np.cumsum(size) - size)[bundles.site]
    count = np.where(looked_at[bundles.site], size[bundles.site], 0)
    one = np.repeat(np.arange(bundles.count), count)
    other = ranges(first, count)
    return one[one != other], other[one != other]


def _costs_no_more(bundles: Bundles, one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say of which pairs the other costs nobody more than the one."""
    cheaper = np.ones(len(one), dtype=np.bool_)
    for yuan in (bundles.capital_yuan, bundles.yearly_yuan):
        cheaper &= yuan[other] <= yuan[one]
    for yuan in (bundles.department_capital_yuan, bundles.department_yearly_yuan):
        cheaper &= (yuan[other] <= yuan[one]).all(axis=1)
    return cheaper


def _holds_all(problem: SitingProblem, one: NDArray[np.int32], other: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Say of which pairs of bundles, int32[n, K] each, the other holds what the one holds, or better, and nothing that may hurt."""
    filled, rules, standing = complete(problem), problem.rules, problem.offers.existing
    home = _homes_of_moved(problem)
    holds = np.ones(len(one), dtype=np.bool_)
    for service in range(problem.n_services):
        mine, theirs = one[:, service], other[:, service]
        a, b = np.maximum(mine, 0), np.maximum(theirs, 0)
        new = ~standing[a] & ~standing[b] & (filled.moves[a] < 0) & (filled.moves[b] < 0)
        alike = new & (filled.tier[a] == filled.tier[b]) & (filled.competitor[a] == filled.competitor[b])
        alike &= (filled.capacity[b] >= filled.capacity[a]) & (filled.min_load[b] <= filled.min_load[a])
        kept = (theirs >= 0) & ((mine == theirs) | alike)
        drawn = bool(rules.assignment) and rules.assignment[service] == "nearest"
        counted = bool(rules.max_openings) and rules.max_openings[service] is not None
        harmless = ~standing[b] & (filled.moves[b] < 0) & (filled.min_load[b] <= 0) & ~filled.competitor[b] & ~home[b]
        added = (theirs < 0) | (harmless & (not drawn and not counted))
        holds &= np.where(mine >= 0, kept, added)
    return holds


def _homes_of_moved(problem: SitingProblem) -> NDArray[np.bool_]:
    """Return bool[m]: offers of a service, at the site where it stands today, that may move: open there again, it has not moved."""
    offers, moves = problem.offers, complete(problem).moves
    cell = offers.site.astype(np.int64) * problem.n_services + offers.service
    return np.isin(cell, cell[moves[moves >= 0]])


def dominated_sites(problem: SitingProblem, bundles: Bundles, slots: Slots, needs: Needs) -> NDArray[np.bool_]:
    """Return bool[B]: the bundles of sites that another site replaces, for one service that is not limited by places."""
    nothing, rules = np.zeros(bundles.count, dtype=np.bool_), problem.rules
    bound = rules.min_sites or any(rules.min_openings) or rules.min_hubs or rules.locks or rules.spreads
    walked = any(goal.walks or goal.kind == "furthest" for goal in problem.goals)
    if problem.n_services > 1 or bound or walked or problem.phases is not None or not needs.n_sets:
        return nothing
    alone = bundles.opens & (np.bincount(bundles.site, minlength=problem.sites.count)[bundles.site] == 1)
    alone &= (complete(problem).moves[bundles.offer[:, 0]] < 0) & (bundles.offer[:, 0] >= 0)
    bundle_of = np.full(slots.count, -1, dtype=np.int64)
    chosen = np.flatnonzero(alone)
    bundle_of[slots.of_offer[bundles.offer[chosen, 0]]] = chosen
    sets = np.repeat(np.arange(needs.n_sets), np.diff(needs.sets_indptr))
    contains = csr_matrix((np.ones(len(sets)), (sets, needs.sets_slot)), (needs.n_sets, slots.count))
    shared = (contains.T @ contains).tocoo()
    size = np.asarray(contains.sum(axis=0)).ravel()
    own = np.zeros(slots.count, dtype=np.bool_)
    own[needs.code[needs.code < slots.count]] = True
    within = (shared.data == size[shared.row]) & ~own[shared.row] & (shared.row != shared.col)
    within &= (bundle_of[shared.row] >= 0) & (bundle_of[shared.col] >= 0)
    one, other = bundle_of[shared.row[within]], bundle_of[shared.col[within]]
    cheaper = _costs_no_more(bundles, one, other)
    one, other = one[cheaper], other[cheaper]
    code, back = one * bundles.count + other, other * bundles.count + one
    nothing[one[~np.isin(back, code) | (other < one)]] = True
    return nothing
