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

STILL = 6
"""Looks without a better plan after which the search ends."""

LOOKS_PER_S = 2e7
"""Bundles weighed per second of time allowed. The search ends by this count, so that a busy machine and a calm one find
the same plan; the clock ends it only on a machine slower than this by `SLOWER`."""

SLOWER = 3.0

ROUNDS = 6
"""How often the worth of people whose floor is not reached is raised."""


def first_offers(form: Formulation, seed: int, seconds: float) -> NDArray[np.int64] | None:
    """Return the offers of a good plan, ascending, or None where none was found that keeps the rules.

    ``seconds`` stands for a count of work (`LOOKS_PER_S`): what is found does not depend on how fast the machine is.
    """
    problem = form.problem
    if problem.goals[0].kind != "coverage" or problem.n_periods > 1 or (complete(problem).moves >= 0).any():
        return None
    ends = time.perf_counter() + SLOWER * seconds
    start = _rest(form)
    if start is None or not form.bundles.count:
        return None
    extra = np.zeros(len(problem.demands))
    looks = round(LOOKS_PER_S * seconds / ROUNDS)
    for turn in range(ROUNDS):
        bundles = _grown(form, start, extra, seed=seed + turn, looks=looks, ends=ends)
        chosen = form.bundles.offer[bundles[bundles >= 0]]
        offers: NDArray[np.int64] = np.sort(chosen[chosen >= 0]).astype(np.int64)
        short = _short_of_floor(problem, offers)
        if not short.any() and not count(problem, offers).broken:
            return offers
        extra[short] = 2 * extra[short] + 0.5
    return None


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
) -> NDArray[np.int64]:
    """Return int64[J], the bundle of each site; ``extra`` is worth added to the largest circle of each demand.

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
    use, limit = _limits(form)
    first = np.searchsorted(form.bundles.site, np.arange(problem.sites.count + 1))
    random = np.random.default_rng(seed)
    best, score = start.copy(), -np.inf
    still = 0
    while True:
        before = score
        best, score, looked = _rebuilt(
            indptr, member, worth, slot_indptr, owner, slot.astype(np.int64), use, limit, first, start, best,
            random.random((TURNS, 3 + len(limit) + 12)), score, looks,
        )  # fmt: skip
        looks -= looked
        still = 0 if score > before + 1e-9 else still + 1
        if still >= STILL or looks <= 0 or time.perf_counter() > ends:
            return np.asarray(best)


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
def _count_up(  # noqa: PLR0917 - machine code takes its arguments by position
    slot: int,
    by: int,
    indptr: NDArray[np.int64],
    member: NDArray[np.int64],
    worth: NDArray[np.float64],
    slot_indptr: NDArray[np.int64],
    owner: NDArray[np.int64],
    covered: NDArray[np.int64],
    gain: NDArray[np.float64],
) -> float:
    """Open (1) or close (−1) a slot; return how much more is covered."""
    more = 0.0
    for k in range(slot_indptr[slot], slot_indptr[slot + 1]):
        g = owner[k]
        before = covered[g]
        covered[g] = before + by
        if (by == 1 and before == 0) or (by == -1 and before == 1):
            more += by * worth[g]
            for m in range(indptr[g], indptr[g + 1]):
                gain[member[m]] -= by * worth[g]
    return more


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
    random: NDArray[np.float64],
    record: float,
    most_looks: int,
) -> tuple[NDArray[np.int64], float, int]:
    """Tear down and grow again once for each row of ``random``, as long as fewer than ``most_looks`` bundles were weighed.

    Returns the best bundles of the sites, their worth, and how many bundles were weighed.
    """
    n_sites, n_limits, n_services = len(rest), len(limit), slot.shape[1]
    best, at = begin.copy(), begin.copy()
    covered = np.zeros(len(worth), np.int64)
    gain = np.zeros(len(slot_indptr) - 1)
    used = np.zeros(n_limits)
    total = 0.0
    for g in range(len(worth)):
        for m in range(indptr[g], indptr[g + 1]):
            gain[member[m]] += worth[g]
    for j in range(n_sites):
        if at[j] >= 0:
            used += use[at[j]]
            for q in range(n_services):
                if slot[at[j], q] >= 0:
                    total += _count_up(slot[at[j], q], 1, indptr, member, worth, slot_indptr, owner, covered, gain)
    kept, held, looked = at.copy(), total, 0
    for turn in range(len(random)):
        if looked >= most_looks:
            break
        # Back to the best plan, then tear down a few of the sites where something opened.
        for j in range(n_sites):
            if at[j] != kept[j]:
                if at[j] >= 0:
                    used -= use[at[j]]
                    for q in range(n_services):
                        if slot[at[j], q] >= 0:
                            total += _count_up(
                                slot[at[j], q], -1, indptr, member, worth, slot_indptr, owner, covered, gain
                            )
                at[j] = kept[j]
                if at[j] >= 0:
                    used += use[at[j]]
                    for q in range(n_services):
                        if slot[at[j], q] >= 0:
                            total += _count_up(
                                slot[at[j], q], 1, indptr, member, worth, slot_indptr, owner, covered, gain
                            )
        changed = np.flatnonzero(at != rest)
        for which in range(min(len(changed), 1 + int(random[turn, 0] * 6))):
            j = changed[int(random[turn, 3 + n_limits + which] * len(changed))]
            if at[j] == rest[j]:
                continue
            used -= use[at[j]]
            for q in range(n_services):
                if slot[at[j], q] >= 0:
                    total += _count_up(slot[at[j], q], -1, indptr, member, worth, slot_indptr, owner, covered, gain)
            at[j] = rest[j]
            if at[j] >= 0:
                used += use[at[j]]
                for q in range(n_services):
                    if slot[at[j], q] >= 0:
                        total += _count_up(slot[at[j], q], 1, indptr, member, worth, slot_indptr, owner, covered, gain)
        while True:
            most, choice = 0.0, -1
            looked += first[n_sites] - first[0]
            for j in range(n_sites):
                for b in range(first[j], first[j + 1]):
                    given, fits = 0.0, b != at[j]
                    for q in range(n_services):
                        if at[j] >= 0 and slot[at[j], q] >= 0 and slot[b, q] != slot[at[j], q]:
                            fits = False
                        elif slot[b, q] >= 0:
                            given += gain[slot[b, q]]
                    if not fits or given <= 1e-9:
                        continue
                    price = 1e-6
                    for r in range(n_limits):
                        more = use[b, r] - (use[at[j], r] if at[j] >= 0 else 0.0)
                        if more > 0 and used[r] + more > limit[r] * (1 + 1e-9) + 1e-9:
                            fits = False
                            break
                        price += (0.1 + random[turn, 3 + r]) * max(more, 0.0) / max(limit[r], 1e-9)
                    if fits and given / price > most:
                        most, choice = given / price, b
            if choice < 0:
                break
            j = int(np.searchsorted(first, choice, side="right")) - 1
            if at[j] >= 0:
                used -= use[at[j]]
            used += use[choice]
            for q in range(n_services):
                if slot[choice, q] >= 0 and (at[j] < 0 or slot[at[j], q] < 0):
                    total += _count_up(slot[choice, q], 1, indptr, member, worth, slot_indptr, owner, covered, gain)
            at[j] = choice
        if total > held + 1e-9:
            held = total
            kept[:] = at
    if held > record:
        best[:] = kept
        record = held
    return best, record, looked
