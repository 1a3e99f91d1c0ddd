"""Ruin and recreate (Schrimpf and others 2000): a first plan for coverage, for one period or several.

Every bundle uses some of the limits (money, money by department, numbers of sites and openings) and gives people a
better circle, or capacity. The recreate step adds the bundle with the best gain per use of what is left; the ruin step closes
sites, neighbours or any, and better plans are kept. The plan is only a start: the solver completes it or refuses it, and nothing is
claimed from it.
"""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.access.compiled import compiled, compiled_inner
from planner.access.travel_times import TravelTimes
from planner.siting.heuristics.assignment import (
    assign,
    close_slot,
    open_slot,
    refresh_gains,
    restore_assignment,
    save_assignment,
)
from planner.siting.heuristics.state import EPSILON, Instance, State, build_instance, empty_state, neighbours
from planner.siting.mip.constraints import formulate
from planner.siting.mip.variables import bundle_values
from planner.siting.model.data import Budgets, Demand, Goal, Lock, Offers, Rules, Sites
from planner.siting.model.problem import SitingProblem, optional_columns
from planner.siting.verify.evaluate import evaluate_offers

if TYPE_CHECKING:
    from planner.siting.arrays import BoolArray, FloatArray, IntArray
    from planner.siting.mip.variables import Formulation
    from planner.siting.model.data import Phases


ITERATIONS = 200
"""Ruin-and-recreate iterations per call of the compiled loop."""

STALLED_CALLS = 12
"""Calls of `ITERATIONS` each without improvement after which the search ends."""

EVALUATIONS_PER_CALL = 2_000_000
"""Bundle and flow evaluations between two readings of the clock: a fraction of a second."""

EVALUATIONS_PER_S = 2e7
"""Bundle evaluations per second of time allowed. The search ends by this count, so that a busy machine and an idle one find
the same plan; the clock ends it only on a machine slower than this by `SLOWDOWN`."""

SLOWDOWN = 3.0

MAX_RUINED = 6
"""Maximum number of sites closed in one ruin step."""

SLACK = 0.0005
"""Initial relative deterioration accepted (record-to-record travel: Dueck 1993)."""

FLOOR_ROUNDS = 6
"""Rounds in which the weight of people below their floor is raised."""

NEIGHBOUR_CHANCE = 0.5
"""Probability that the ruined sites are neighbours."""

TIGHT_SHARE = 0.03
"""Relative slack below which a limit counts as binding."""

SKIP_CHANCE = 0.02
"""Probability of skipping the best next bundle (blink: Christiaens and Vanden Berghe 2020)."""

MIN_COST = 1.0
"""Least cost in the ratio of gain to cost."""


def first_plan(form: Formulation, seed: int, seconds: float) -> IntArray | None:
    """Return the offers of a good plan, ascending; None where no feasible one was found.

    ``seconds`` stands for a count of work (`EVALUATIONS_PER_S`): the result does not depend on the speed of the machine.
    """
    compile_loops()
    constructor = PlanConstructor.for_form(form)
    if constructor is None:
        return None
    deadline = time.perf_counter() + SLOWDOWN * seconds
    evaluations = round(EVALUATIONS_PER_S * seconds)
    share = evaluations // FLOOR_ROUNDS
    plan = constructor.construct_feasible(seed, share, deadline)
    if plan is not None and not plan.exhausted and (remaining := evaluations - plan.rounds * share) > share:
        # Repeat the last round, and continue with the remaining evaluations.
        further = constructor.construct(seed + plan.rounds - 1, remaining, deadline=deadline)
        if constructor.is_feasible(further.offers):
            return further.offers
    return None if plan is None else plan.offers


def compile_loops() -> float:
    """Compile the loops, or read their machine code from the disk; return the seconds it took.

    On a new machine this takes a minute, which must not count towards the time limit of a plan: it is done on a problem of one
    point and one site, whose arrays have the types of every other problem's.
    """
    started = time.perf_counter()
    if not ruin_and_recreate.signatures:  # type: ignore[attr-defined]  # what numba has compiled in this process
        here = TravelTimes(np.array([0, 1]), np.zeros(1, dtype=np.int32), np.zeros(1, dtype=np.float32), 1, 1.0)
        one = np.ones(1)
        offers = Offers(*(np.zeros(1, dtype=np.int32),) * 2, one, one, one, np.zeros(1, dtype=np.bool_))
        smallest = SitingProblem(
            n_demand=1,
            n_services=1,
            sites=Sites(one, one),
            offers=offers,
            demands=(Demand(0, one, here, (1.0,), (1.0,)),),
            budgets=Budgets(),
            rules=Rules(),
            goals=(Goal("coverage"),),
        )
        constructor = PlanConstructor.for_form(formulate(smallest))
        if constructor is not None:
            constructor.construct(0, 1)
    return time.perf_counter() - started


@dataclass(frozen=True, slots=True, eq=False)
class ConstructedPlan:
    """The offers of a plan, ascending; whether the search stalled; the number of rounds until its floors were reached."""

    offers: IntArray
    exhausted: bool
    rounds: int = 1


class PlanConstructor:
    """Constructs plans of one formulation, each from its own seed."""

    def __init__(self, form: Formulation, base: IntArray) -> None:
        self._form = form
        self._base = base
        self._extra = np.zeros(len(form.problem.demands))
        self._neighbours = neighbours(form.problem)
        self._instance = build_instance(form, base, self._neighbours, self._extra)

    @staticmethod
    def for_form(form: Formulation) -> PlanConstructor | None:
        """Return the constructor of a formulation; None where its plans cannot be constructed."""
        problem = form.problem
        if problem.goals[0].kind != "coverage" or problem.n_periods > 1 or (optional_columns(problem).moves >= 0).any():
            return None
        base = _base(form)
        return None if base is None or not form.bundles.count else PlanConstructor(form, base)

    def construct(
        self, seed: int, evaluations: int, *, start: IntArray | None = None, deadline: float = np.inf
    ) -> ConstructedPlan:
        """Return a plan constructed from nothing, or from the offers ``start``.

        Ends after about ``evaluations`` bundle evaluations, when the search stalls, or when the clock is at ``deadline``.
        """
        state = empty_state(self._instance, seed)
        here = self._base.copy() if start is None else self._bundles_of(start)
        best, record, stalled, remaining = here.copy(), -np.inf, 0, evaluations
        while stalled < STALLED_CALLS * ITERATIONS and remaining > 0 and time.perf_counter() < deadline:
            previous = record
            slack = SLACK * remaining / evaluations
            at_once = min(EVALUATIONS_PER_CALL, remaining)
            record, evaluated, iterations = ruin_and_recreate(
                self._instance, state, here, best, record, slack, ITERATIONS, MAX_RUINED, at_once
            )
            remaining -= max(evaluated, 1)
            stalled = 0 if record > previous + 1e-9 else stalled + iterations
        chosen = self._form.bundles.offer[best[best >= 0]]
        return ConstructedPlan(np.sort(chosen[chosen >= 0]).astype(np.int64), stalled >= STALLED_CALLS * ITERATIONS)

    def construct_feasible(self, seed: int, evaluations: int, deadline: float) -> ConstructedPlan | None:
        """Return a plan that keeps every rule but capacity; people below their floor gain weight each round."""
        for round_ in range(FLOOR_ROUNDS):
            plan = self.construct(seed + round_, evaluations, deadline=deadline)
            below = _below_floor(self._form.problem, plan.offers)
            if not below.any() and self.is_feasible(plan.offers):
                return ConstructedPlan(plan.offers, plan.exhausted, round_ + 1)
            if time.perf_counter() > deadline:
                break
            self._extra[below] = 2 * self._extra[below] + 0.5
            self._instance = build_instance(self._form, self._base, self._neighbours, self._extra)
        return None

    def is_feasible(self, offers: IntArray) -> bool:
        """Return whether a plan keeps every rule but capacity."""
        problem = self._form.problem
        return not _below_floor(problem, offers).any() and not evaluate_offers(problem, offers).broken

    def _bundles_of(self, offers: IntArray) -> IntArray:
        """Return int64[J]: the bundle of each site, −1 for none."""
        values = bundle_values(self._form, (offers,))[self._form.z[0].slice]
        bundles = self._base.copy()
        chosen = np.flatnonzero(values > 0.5)
        bundles[self._form.bundles.site[chosen]] = chosen
        return bundles


def _base(form: Formulation) -> IntArray | None:
    """Return int64[J]: the bundle of each site before anything opens, −1 for none; None where something has to."""
    bundles = form.bundles
    base = np.full(form.problem.sites.count, -1, dtype=np.int64)
    size = (bundles.offer >= 0).sum(axis=1)
    without_openings = np.flatnonzero(~bundles.opens)
    without_openings = without_openings[np.argsort(size[without_openings], kind="stable")]
    base[bundles.site[without_openings]] = without_openings
    return None if (bundles.must_choose & (base < 0)).any() else base


def _below_floor(problem: SitingProblem, offers: IntArray) -> BoolArray:
    """Return bool[D]: demands of which some floor is not reached, capacity ignored."""
    evaluation = evaluate_offers(problem, offers)
    below = np.zeros(len(problem.demands), dtype=np.bool_)
    for floor in problem.rules.floors:
        people, inside, wholes = np.zeros(problem.n_demand), np.zeros(problem.n_demand), []
        for position in floor.demands:
            demand = problem.demands[position]
            circle = len(demand.cutoffs_s) - 1 if floor.circle is None else min(floor.circle, len(demand.cutoffs_s) - 1)
            people += demand.people
            inside += demand.people * (evaluation.circle[position] <= circle)
            wholes.append(position if demand.part_of is None else demand.part_of)
        for regions in floor.regions(problem.n_communities):
            selected = np.ones(problem.n_demand, dtype=np.bool_)
            if regions is not None and problem.community is not None:
                selected = np.isin(problem.community, regions)
            below[wholes] |= inside[selected].sum() < floor.share * people[selected].sum() - 1e-9
    return below


@compiled_inner
def _random(s: State) -> float:
    """Return the next random number from 0 up to 1 (xorshift64*, Vigna 2016)."""
    x = s.rng_state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    s.rng_state[0] = x
    return float((x * np.uint64(2685821657736338717)) >> np.uint64(11)) / 9007199254740992.0


@compiled_inner
def _cover_slot(g: Instance, s: State, slot: int, by: int) -> float:
    """Open (+1) or close (−1) a slot for covering sets; return the change in worth."""
    more = 0.0
    for k in range(g.slot_ptr[slot], g.slot_ptr[slot + 1]):
        one = g.slot_set[k]
        s.covered[one] += by
        if s.covered[one] == (1 if by == 1 else 0):
            more += by * g.set_worth[one]
            for m in range(g.set_ptr[one], g.set_ptr[one + 1]):
                s.gain[g.set_slot[m]] -= by * g.set_worth[one]
    return more


@compiled_inner
def _set_bundle(g: Instance, s: State, j: int, b: int, with_assignment: bool) -> float:
    """Set the bundle of site ``j`` to ``b`` (−1: none); return the change in worth of covering sets.

    Without ``with_assignment`` the assignment of people is left unchanged.
    """
    more, previous = 0.0, s.bundle_at[j]
    for q in range(g.slot.shape[1]):
        old = g.slot[previous, q] if previous >= 0 else -1
        new = g.slot[b, q] if b >= 0 else -1
        capacity_before = -1.0 if old < 0 or g.slot_flow_ptr[old] == g.slot_flow_ptr[old + 1] else s.open_capacity[old]
        if old >= 0 and old != new:
            more += _cover_slot(g, s, old, -1)
        if with_assignment and capacity_before >= 0 and (old != new or capacity_before != g.capacity[g.offer[b, q]]):
            close_slot(g, s, old)
            capacity_before = -1.0
        if new < 0:
            continue
        if old != new:
            more += _cover_slot(g, s, new, 1)
        if with_assignment and capacity_before < 0 and g.slot_flow_ptr[new] < g.slot_flow_ptr[new + 1]:
            open_slot(g, s, new, g.capacity[g.offer[b, q]])
    if previous >= 0:
        s.used[:] -= g.use[previous]
    if b >= 0:
        s.used[:] += g.use[b]
    s.bundle_at[j] = b
    return more


@compiled_inner
def _best_insertion(g: Instance, s: State, limit_price: FloatArray) -> tuple[int, int]:
    """Return the site and the bundle with the best gain per use of limits, priced by ``limit_price``; −1 for none."""
    most, site, choice = 0.0, -1, -1
    for j in range(len(s.bundle_at)):
        previous = s.bundle_at[j]
        for b in range(g.first[j], g.first[j + 1]):
            given, fits = 0.0, b != previous
            for q in range(g.slot.shape[1]):
                old, new = (g.slot[previous, q] if previous >= 0 else -1), g.slot[b, q]
                if old < 0 and new >= 0:
                    given += s.gain[new] + s.capacity_gain[g.offer[b, q]]
                elif old != new or (old >= 0 and g.capacity[g.offer[b, q]] < g.capacity[g.offer[previous, q]]):
                    fits = False  # insertions never close or shrink a slot, or they might cycle
                elif old >= 0 and g.offer[previous, q] != g.offer[b, q]:
                    given += s.capacity_gain[g.offer[b, q]]
            if not fits or given <= EPSILON:
                continue
            price = 1e-6
            for r in range(len(g.limit)):
                more = g.use[b, r] - (g.use[previous, r] if previous >= 0 else 0.0)
                if more > 0 and s.used[r] + more > g.limit[r]:
                    fits = False
                    break
                price += limit_price[r] * max(more, 0.0) / max(g.limit[r], EPSILON)
            if fits and given > most * price and (most == 0 or _random(s) >= SKIP_CHANCE):
                most, site, choice = given / price, j, b
    return site, choice


@compiled
def load_plan(g: Instance, s: State, bundles: IntArray) -> float:
    """Set the state to ``bundles`` and return the worth of covering sets."""
    s.bundle_at[:] = -1
    s.covered[:] = 0
    s.gain[:] = 0
    s.used[:] = 0
    s.unserved[:] = g.people
    s.served[:] = 0
    s.current[:] = -1
    s.residual[:] = -1
    s.open_capacity[:] = -1
    s.stale[:] = True
    for one in range(len(g.set_worth)):
        for m in range(g.set_ptr[one], g.set_ptr[one + 1]):
            s.gain[g.set_slot[m]] += g.set_worth[one]
    total = 0.0
    for j in range(len(bundles)):
        if bundles[j] >= 0:
            total += _set_bundle(g, s, j, bundles[j], True)
    return total


@compiled_inner
def _ruin(g: Instance, s: State, most: int) -> float:
    """Reset up to ``most`` sites to their base bundle: neighbours, or any."""
    more = 0.0
    changed = np.flatnonzero(s.bundle_at != g.base)
    if not len(changed):
        return more
    j = changed[int(_random(s) * len(changed))]
    more += _set_bundle(g, s, j, g.base[j], True)
    remaining = int(_random(s) * most)
    if _random(s) < NEIGHBOUR_CHANCE:
        for k in range(g.neighbour_sites.shape[1]):
            other = g.neighbour_sites[j, k]
            if remaining > 0 and other >= 0 and s.bundle_at[other] != g.base[other] and _random(s) < 0.8:
                more += _set_bundle(g, s, other, g.base[other], True)
                remaining -= 1
        return more
    for _ in range(remaining):
        other = changed[int(_random(s) * len(changed))]
        if s.bundle_at[other] != g.base[other]:
            more += _set_bundle(g, s, other, g.base[other], True)
    return more


@compiled
def ruin_and_recreate(  # noqa: PLR0917 - machine code takes its arguments by position
    g: Instance,
    s: State,
    start: IntArray,
    best: IntArray,
    record: float,
    slack: float,
    iterations_max: int,
    max_ruined: int,
    max_evaluations: int,
) -> tuple[float, int, int]:
    """Ruin and recreate ``iterations_max`` times, up to ``max_evaluations`` evaluations of bundles and flows.

    ``start`` is left at the current plan, ``best`` at the best one. A plan is accepted if it is worth
    no less than ``record`` by a share of at most ``slack``. Returns the best worth, the evaluations, and the iterations made.
    """
    evaluated, iterations = 0, 0
    sets = load_plan(g, s, start)
    total = sets + assign(g, s)
    if total > record + EPSILON:
        record = total
        best[:] = start
    save_assignment(s)
    limit_price = np.empty(len(g.limit))
    for _ in range(iterations_max):
        if evaluated >= max_evaluations:
            break
        iterations += 1
        sets += _ruin(g, s, max_ruined)
        for r in range(len(limit_price)):
            limit_price[r] = s.limit_price[r] * (0.3 + 1.4 * _random(s))
        while True:
            evaluated += refresh_gains(g, s) // 4 + len(g.slot)
            j, b = _best_insertion(g, s, limit_price)
            if b < 0:
                break
            sets += _set_bundle(g, s, j, b, True)
        total = sets + assign(g, s)
        evaluated += len(g.people)
        for r in range(len(limit_price)):
            tight = s.used[r] > (1 - TIGHT_SHARE) * g.limit[r]
            s.limit_price[r] = min(s.limit_price[r] * 1.1, 1.0) if tight else max(s.limit_price[r] * 0.9, 0.01)
        if total > record * (1 - slack):
            start[:] = s.bundle_at
            save_assignment(s)
        else:
            for j in range(len(start)):
                if s.bundle_at[j] != start[j]:
                    sets += _set_bundle(g, s, j, g.base[j], False)
            for j in range(len(start)):
                if s.bundle_at[j] != start[j]:
                    sets += _set_bundle(g, s, j, start[j], False)
            restore_assignment(g, s)
        if total > record + EPSILON:
            record = total
            best[:] = s.bundle_at
    return record, evaluated, iterations


def first_plan_by_period(problem: SitingProblem, seed: int, seconds: float) -> tuple[IntArray, ...] | None:
    """Return the offers of each period, ascending, of a good plan; None where none was found for the last period.

    A plan is constructed for the last period, and its openings are scheduled in the periods that can pay for them. Like `first_plan` it
    is only a start, which the solver completes or refuses; ``seconds`` stand for a count of work.
    """
    phases = problem.phases
    if phases is None:
        return None
    offers = first_plan(formulate(_last_period(problem, phases)), seed, seconds)
    if offers is None:
        return None
    existing = np.flatnonzero(problem.offers.existing)
    site = problem.offers.site
    changed = np.unique(site[np.setxor1d(offers, existing)]).astype(np.int64)
    alone = [np.concatenate([existing[site[existing] != j], offers[site[offers] == j]]) for j in changed.tolist()]
    today = evaluate_offers(problem, existing)
    evaluations = [evaluate_offers(problem, np.sort(state)) for state in alone]
    cost = np.array([one.capital_cost - today.capital_cost for one in evaluations])
    gain = np.array([one.worth - today.worth for one in evaluations])
    opens = _opening_periods(phases, changed, cost, gain)
    states = []
    for period in range(phases.count):
        done = changed[opens <= period]
        kept = existing[~np.isin(site[existing], done)]
        states.append(np.sort(np.concatenate([kept, offers[np.isin(site[offers], done)]])))
    return tuple(states)


def _last_period(problem: SitingProblem, phases: Phases) -> SitingProblem:
    """Return the problem of the last period alone, with the money of all of them and the sites that are ready by then."""
    late = np.flatnonzero(phases.ready >= phases.count)
    locks = (*problem.rules.locks, *(Lock("never", int(site)) for site in late))
    money = min(problem.budgets.capital_cost, float(np.sum(phases.capital_cost)))
    areas = tuple(
        area
        if area.period_capital_cost is None
        else dataclasses.replace(
            area,
            capital_cost=min(area.capital_cost, float(np.sum(area.period_capital_cost))),
            period_capital_cost=None,
        )
        for area in problem.rules.areas
    )
    return dataclasses.replace(
        problem,
        phases=None,
        budgets=dataclasses.replace(problem.budgets, capital_cost=money),
        rules=dataclasses.replace(problem.rules, locks=locks, areas=areas),
    )


def _opening_periods(phases: Phases, sites: IntArray, cost: FloatArray, gain: FloatArray) -> IntArray:
    """Return the first period that can pay for each site, by descending gain per cost; T where none can."""
    budget_left = np.asarray(phases.capital_cost, dtype=np.float64).copy()
    if phases.carry_over:
        budget_left = np.cumsum(budget_left)
    opens = np.full(len(sites), phases.count)
    for position in np.argsort(-gain / np.maximum(cost, MIN_COST), kind="stable").tolist():
        for period in range(max(int(phases.ready[sites[position]]), 0), phases.count):
            spent = slice(period, None) if phases.carry_over else slice(period, period + 1)
            if (budget_left[spent] >= cost[position]).all():
                budget_left[spent] -= cost[position]
                opens[position] = period
                break
    return opens
