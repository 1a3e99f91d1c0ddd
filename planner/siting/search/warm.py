"""A plan to begin with for any problem of one period: grow it by what money buys most, tear some of it down, grow again.

Every bundle uses up some of the limits (money, money by department, numbers of sites and openings) and gives people a
better circle. Growing takes the bundle that gives most for its part of what is left; tearing down and growing again keeps
what is better (ruin and recreate: Schrimpf and others 2000). Places are not looked at here: the plan is only a start,
the solver completes it or refuses it, and nothing is claimed from it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from planner.access.compiled import compiled
from planner.siting.counting.evaluate import count
from planner.siting.programme.reduce import merge_needs
from planner.siting.question.complete import complete

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.programme.formulation import Formulation
    from planner.siting.question.problem import SitingProblem

__all__ = ["first_offers"]

TURNS = 400
"""Times something is torn down and grown again between two looks at what was gained."""

STILL = 12
"""Looks without a better plan after which the search ends."""

LOOKS_PER_S = 2e7
"""Bundles weighed per second of time allowed. The search ends by this count, so that a busy machine and a calm one find
the same plan; the clock ends it only on a machine slower than this by `SLOWER`."""

SLOWER = 3.0

DOWN = 6
"""How many sites are torn down at most before growing again."""

SLACK = 0.0005
"""By what part of its worth the search may first stand below the best plan (record-to-record travel: Dueck 1993)."""

ROUNDS = 6
"""How often the worth of people whose floor is not reached is raised."""


def first_offers(form: Formulation, seed: int, seconds: float) -> NDArray[np.int64] | None:
    """Return the offers of a good plan, ascending, or None where none was found that keeps the rules.

    ``seconds`` stands for a count of work (`LOOKS_PER_S`): what is found does not depend on how fast the machine is.
    """
    problem = form.problem
    if problem.goals[0].kind != "coverage" or problem.n_periods > 1 or (complete(problem).moves >= 0).any():
        return None
    start = _rest(form)
    if start is None or not form.bundles.count:
        return None
    extra = np.zeros(len(problem.demands))
    _grown(form, start, extra, seed=seed, looks=1, ends=np.inf)  # compiles, before the clock starts
    ends = time.perf_counter() + SLOWER * seconds
    left = round(LOOKS_PER_S * seconds)
    share = left // ROUNDS
    found: NDArray[np.int64] | None = None
    for turn in range(ROUNDS):
        bundles, exhausted = _grown(form, start, extra, seed=seed + turn, looks=share, ends=ends)
        offers = _offers_of(form, bundles)
        left -= share
        short = _short_of_floor(problem, offers)
        if not short.any() and not count(problem, offers).broken:
            found = offers
            break
        extra[short] = 2 * extra[short] + 0.5
    if found is not None and not exhausted and left > share:
        # The same walk again, and on with what is left of the time.
        further = _offers_of(form, _grown(form, start, extra, seed=seed + turn, looks=left, ends=ends)[0])
        if not _short_of_floor(problem, further).any():
            counted = count(problem, further)
            if not counted.broken and counted.worth > count(problem, found).worth:
                found = further
    return found


def _offers_of(form: Formulation, bundles: NDArray[np.int64]) -> NDArray[np.int64]:
    chosen = form.bundles.offer[bundles[bundles >= 0]]
    return np.sort(chosen[chosen >= 0]).astype(np.int64)


def _rest(form: Formulation) -> NDArray[np.int64] | None:
    """Return int64[J]: the bundle that each site has before anything opens, −1 for none; None where something has to."""
    bundles = form.bundles
    rest = np.full(form.problem.sites.count, -1, dtype=np.int64)
    size = (bundles.offer >= 0).sum(axis=1)
    standing = np.flatnonzero(~bundles.opens)
    standing = standing[np.argsort(size[standing], kind="stable")]
    rest[bundles.site[standing]] = standing
    return None if (bundles.must_choose & (rest < 0)).any() else rest


def _short_of_floor(problem: SitingProblem, offers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return bool[D]: demands of which some floor is not reached, places not counted."""
    found = count(problem, offers)
    short = np.zeros(len(problem.demands), dtype=np.bool_)
    for floor in problem.rules.floors:
        demand = problem.demands[floor.demand]
        circle = len(demand.cutoffs_s) - 1 if floor.circle is None else floor.circle
        inside = demand.people * (found.circle[floor.demand] <= circle)
        regions = [None if floor.community is None else floor.community]
        if floor.every_community:
            regions = list(range(problem.n_communities))
        for region in regions:
            mine = slice(None) if region is None or problem.community is None else problem.community == region
            whole = floor.demand if demand.part_of is None else demand.part_of
            short[whole] |= inside[mine].sum() < floor.share * demand.people[mine].sum() - 1e-9
    return short


def _grown(
    form: Formulation, start: NDArray[np.int64], extra: NDArray[np.float64], *, seed: int, looks: int, ends: float
) -> tuple[NDArray[np.int64], bool]:
    """Return int64[J], the bundle of each site, and whether the search ended because nothing better came any more.

    ``extra`` is worth added to the largest circle of each demand.

    Ends after about ``looks`` bundles weighed, or when the clock stands at ``ends``.
    """
    problem, slots = form.problem, form.slots
    whole = [position for position, demand in enumerate(problem.demands) if demand.part_of is None]
    needs = merge_needs(problem, slots, whole)
    worth = np.zeros(needs.n_slots + needs.n_sets)
    for position in whole:
        demand = problem.demands[position]
        weights = np.append(np.asarray(demand.weights) + extra[position], 0.0)
        mine = needs.demand == position
        step = (weights[:-1] - weights[1:])[needs.circle[mine]]
        np.add.at(worth, needs.code[mine], demand.people[needs.point[mine]] * step)
    # A set of one slot is a set like any other here.
    indptr = np.concatenate([np.arange(slots.count), slots.count + needs.sets_indptr])
    member = np.concatenate([np.arange(slots.count), needs.sets_slot])
    by_slot = np.argsort(member, kind="stable")
    owner = np.repeat(np.arange(len(worth)), np.diff(indptr))[by_slot]
    slot_indptr = np.concatenate([[0], np.cumsum(np.bincount(member, minlength=slots.count))])
    offer = form.bundles.offer
    slot = np.where(offer >= 0, slots.of_offer[np.maximum(offer, 0)] if problem.offers.count else -1, -1)
    slot = slot.astype(np.int64)
    use, limit = _limits(form)
    first = np.searchsorted(form.bundles.site, np.arange(problem.sites.count + 1))
    random = np.random.default_rng(seed)
    begin, best, record, still, left = start.copy(), start.copy(), -np.inf, 0, looks
    while still < STILL and left > 0 and time.perf_counter() < ends:
        before = record
        record, looked = _rebuilt(
            indptr, member, worth, slot_indptr, owner, slot, use, limit, first, start, begin, best, record,
            random.random((TURNS, 1 + len(limit) + DOWN)), SLACK * left / looks, left,
        )  # fmt: skip
        left -= looked
        still = 0 if record > before + 1e-9 else still + 1
    return best, still >= STILL


def _limits(form: Formulation) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what each bundle uses of every limit, float64[B, R], and the limits, float64[R]."""
    bundles, problem = form.bundles, form.problem
    budgets, rules = problem.budgets, problem.rules
    use = [bundles.capital_yuan, bundles.yearly_yuan, bundles.opens.astype(np.float64)]
    limit = [budgets.capital_yuan, budgets.yearly_yuan, np.inf if rules.max_sites is None else float(rules.max_sites)]
    for amount, by_department in (
        (bundles.department_capital_yuan, budgets.department_capital_yuan),
        (bundles.department_yearly_yuan, budgets.department_yearly_yuan),
    ):
        if by_department is not None:
            use += list(amount.T)
            limit += by_department.tolist()
    bundle, offer = bundles.pairs()
    new = ~problem.offers.existing[offer]
    for service, most in enumerate(rules.max_openings):
        if most is not None:
            mine = new & (problem.offers.service[offer] == service)
            use.append(np.bincount(bundle[mine], minlength=bundles.count).astype(np.float64))
            limit.append(float(most))
    finite = np.isfinite(limit)
    return np.stack(use, axis=1)[:, finite], np.array(limit)[finite]


@compiled
def _put(  # noqa: PLR0917 - machine code takes its arguments by position
    j: int,
    b: int,
    at: NDArray[np.int64],
    used: NDArray[np.float64],
    covered: NDArray[np.int64],
    gain: NDArray[np.float64],
    indptr: NDArray[np.int64],
    member: NDArray[np.int64],
    worth: NDArray[np.float64],
    slot_indptr: NDArray[np.int64],
    owner: NDArray[np.int64],
    slot: NDArray[np.int64],
    use: NDArray[np.float64],
) -> float:
    """Give site ``j`` bundle ``b`` (−1: none) instead of the one it has; return how much more is covered."""
    more = 0.0
    before = at[j]
    for q in range(slot.shape[1]):
        old = slot[before, q] if before >= 0 else -1
        new = slot[b, q] if b >= 0 else -1
        if old == new:
            continue
        for by, one in ((-1, old), (1, new)):
            if one < 0:
                continue
            for k in range(slot_indptr[one], slot_indptr[one + 1]):
                g = owner[k]
                covered[g] += by
                if covered[g] == (1 if by == 1 else 0):
                    more += by * worth[g]
                    for m in range(indptr[g], indptr[g + 1]):
                        gain[member[m]] -= by * worth[g]
    if before >= 0:
        used -= use[before]
    if b >= 0:
        used += use[b]
    at[j] = b
    return more


@compiled
def _best_next(  # noqa: PLR0917 - machine code takes its arguments by position
    at: NDArray[np.int64],
    used: NDArray[np.float64],
    gain: NDArray[np.float64],
    slot: NDArray[np.int64],
    use: NDArray[np.float64],
    limit: NDArray[np.float64],
    first: NDArray[np.int64],
    dear: NDArray[np.float64],
) -> tuple[int, int]:
    """Return the site and the bundle that give most for their part of the limits, priced by ``dear``; −1 for none."""
    most, site, choice = 0.0, -1, -1
    for j in range(len(at)):
        for b in range(first[j], first[j + 1]):
            given, fits = 0.0, b != at[j]
            for q in range(slot.shape[1]):
                if at[j] >= 0 and slot[at[j], q] >= 0 and slot[b, q] != slot[at[j], q]:
                    fits = False
                elif slot[b, q] >= 0:
                    given += gain[slot[b, q]]
            if not fits or given <= 1e-9:
                continue
            price = 1e-6
            for r in range(len(limit)):
                more = use[b, r] - (use[at[j], r] if at[j] >= 0 else 0.0)
                if more > 0 and used[r] + more > limit[r] * (1 + 1e-9) + 1e-9:
                    fits = False
                    break
                price += dear[r] * max(more, 0.0) / max(limit[r], 1e-9)
            if fits and given / price > most:
                most, site, choice = given / price, j, b
    return site, choice


@compiled
def _rebuilt(  # noqa: PLR0917 - machine code takes its arguments by position
    indptr: NDArray[np.int64],
    member: NDArray[np.int64],
    worth: NDArray[np.float64],
    slot_indptr: NDArray[np.int64],
    owner: NDArray[np.int64],
    slot: NDArray[np.int64],
    use: NDArray[np.float64],
    limit: NDArray[np.float64],
    first: NDArray[np.int64],
    rest: NDArray[np.int64],
    begin: NDArray[np.int64],
    best: NDArray[np.int64],
    record: float,
    random: NDArray[np.float64],
    slack: float,
    most_looks: int,
) -> tuple[float, int]:
    """Tear down and grow again once for each row of ``random``, as long as fewer than ``most_looks`` bundles were weighed.

    ``begin`` is left where the search stands, ``best`` at the best bundles of the sites. A plan is gone on from if it is worth
    no less than ``record`` by a part of at most ``slack``. Returns the best worth and how many bundles were weighed.
    """
    n_sites, n_limits = len(rest), len(limit)
    at = np.full(n_sites, -1, np.int64)
    covered, gain = np.zeros(len(worth), np.int64), np.zeros(len(slot_indptr) - 1)
    used, total, looked = np.zeros(n_limits), 0.0, 0
    for g in range(len(worth)):
        for m in range(indptr[g], indptr[g + 1]):
            gain[member[m]] += worth[g]
    for j in range(n_sites):
        total += _put(j, begin[j], at, used, covered, gain, indptr, member, worth, slot_indptr, owner, slot, use)
    for turn in range(len(random)):
        if looked >= most_looks:
            break
        changed = np.flatnonzero(at != rest)
        for which in range(min(len(changed), 1 + int(random[turn, 0] * DOWN))):
            j = changed[int(random[turn, 1 + n_limits + which] * len(changed))]
            total += _put(j, rest[j], at, used, covered, gain, indptr, member, worth, slot_indptr, owner, slot, use)
        dear = 0.1 + random[turn, 1 : 1 + n_limits]
        while True:
            looked += first[n_sites] - first[0]
            j, b = _best_next(at, used, gain, slot, use, limit, first, dear)
            if b < 0:
                break
            total += _put(j, b, at, used, covered, gain, indptr, member, worth, slot_indptr, owner, slot, use)
        if total > record * (1 - slack):
            begin[:] = at
        else:
            for j in range(n_sites):
                if at[j] != begin[j]:
                    total += _put(
                        j, begin[j], at, used, covered, gain, indptr, member, worth, slot_indptr, owner, slot, use
                    )
        if total > record + 1e-9:
            record = total
            best[:] = at
    return record, looked
