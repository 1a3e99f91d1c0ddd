"""A plan to begin with for any problem of one period: grow it by what money buys most, tear some of it down, grow again.

Every bundle uses up some of the limits (money, money by department, numbers of sites and openings) and gives people a
better circle, or a place. Growing takes the bundle that gives most for its part of what is left; tearing down and growing
again keeps what is better (ruin and recreate: Schrimpf and others 2000). The plan is only a start: the solver completes it
or refuses it, and nothing is claimed from it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.counting.evaluate import count
from planner.siting.programme.states import bundle_values
from planner.siting.question.complete import complete
from planner.siting.search.ground import empty, ground, neighbours
from planner.siting.search.regrow import rebuild

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.programme.formulation import Formulation
    from planner.siting.question.problem import SitingProblem

__all__ = ["Grower", "first_offers"]

TURNS = 200
"""Times something is torn down and grown again between two looks at what was gained."""

STILL = 12
"""Looks without a better plan, of `TURNS` each, after which the search ends."""

AT_ONCE = 2_000_000
"""Bundles and flows weighed between two looks at the clock: a fraction of a second."""

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
    grower = Grower.on(form)
    if grower is None:
        return None
    ends = time.perf_counter() + SLOWER * seconds
    looks = round(LOOKS_PER_S * seconds)
    share = looks // ROUNDS
    found = grower.keeping_floors(seed, share, ends)
    if found is not None and not found.exhausted and (left := looks - found.rounds * share) > share:
        # The same walk again, and on with what is left of the time.
        further = grower.grown(seed + found.rounds - 1, left, ends=ends)
        if grower.allowed(further.offers):
            return further.offers
    return None if found is None else found.offers


@dataclass(frozen=True, slots=True, eq=False)
class Grown:
    """The offers of a plan, ascending; whether nothing better came any more; after how many rounds its floors were reached."""

    offers: NDArray[np.int64]
    exhausted: bool
    rounds: int = 1


class Grower:
    """Grows plans of one formulation, each from a seed of its own."""

    def __init__(self, form: Formulation, rest: NDArray[np.int64]) -> None:
        self._form = form
        self._rest = rest
        self._extra = np.zeros(len(form.problem.demands))
        self._near = neighbours(form.problem)
        self._ground = ground(form, rest, self._near, self._extra)
        self.grown(0, 1)  # compiles, before any clock starts

    @staticmethod
    def on(form: Formulation) -> Grower | None:
        """Return the grower of a formulation; None where plans of its kind cannot be grown."""
        problem = form.problem
        if problem.goals[0].kind != "coverage" or problem.n_periods > 1 or (complete(problem).moves >= 0).any():
            return None
        rest = _rest(form)
        return None if rest is None or not form.bundles.count else Grower(form, rest)

    def grown(self, seed: int, looks: int, *, begin: NDArray[np.int64] | None = None, ends: float = np.inf) -> Grown:
        """Return a plan grown from nothing, or from the offers ``begin``.

        Ends after about ``looks`` bundles weighed, when nothing better comes any more, or when the clock stands at ``ends``.
        """
        standing = empty(self._ground, seed)
        here = self._rest.copy() if begin is None else self._bundles_of(begin)
        best, record, still, left = here.copy(), -np.inf, 0, looks
        while still < STILL * TURNS and left > 0 and time.perf_counter() < ends:
            before = record
            slack = SLACK * left / looks
            at_once = min(AT_ONCE, left)
            record, looked, made = rebuild(self._ground, standing, here, best, record, slack, TURNS, DOWN, at_once)
            left -= max(looked, 1)
            still = 0 if record > before + 1e-9 else still + made
        chosen = self._form.bundles.offer[best[best >= 0]]
        return Grown(np.sort(chosen[chosen >= 0]).astype(np.int64), still >= STILL * TURNS)

    def keeping_floors(self, seed: int, looks: int, ends: float) -> Grown | None:
        """Return a plan that keeps every rule, places left out; people short of their floor count for more each round."""
        for turn in range(ROUNDS):
            found = self.grown(seed + turn, looks, ends=ends)
            short = _short_of_floor(self._form.problem, found.offers)
            if not short.any() and self.allowed(found.offers):
                return Grown(found.offers, found.exhausted, turn + 1)
            if time.perf_counter() > ends:
                break
            self._extra[short] = 2 * self._extra[short] + 0.5
            self._ground = ground(self._form, self._rest, self._near, self._extra)
        return None

    def allowed(self, offers: NDArray[np.int64]) -> bool:
        """Say whether a plan keeps every rule, places left out."""
        problem = self._form.problem
        return not _short_of_floor(problem, offers).any() and not count(problem, offers).broken

    def _bundles_of(self, offers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return int64[J]: the bundle of each site, −1 for none."""
        values = bundle_values(self._form, (offers,))[self._form.z[0].slice]
        bundles = self._rest.copy()
        chosen = np.flatnonzero(values > 0.5)
        bundles[self._form.bundles.site[chosen]] = chosen
        return bundles


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
