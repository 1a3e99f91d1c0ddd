"""Every plan of a tiny siting problem, counted from what the documentation says, and the best by every goal in turn.

Written from docs/ and the docstrings of the question alone; nothing of the model, its reductions or the recount is
used. Plans are tried one by one, in exact numbers; who goes where under limited places is a programme in whole numbers
of its own (`simplex`), so that no solver has to be trusted.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from fractions import Fraction

from tests.oracle.simplex import maximise
from tests.oracle.states import States, exact, share_of

__all__ = ["Counted", "Enumeration", "Reached"]


@dataclass(frozen=True)
class Reached:
    """One step of the chain: its goal, which of its worst shares, and the best value among plans that keep the steps before."""

    goal: object
    rank: int
    best: object
    leeway: object = 0
    """What later steps may give up beside the goal's own tolerance, in the goal's unit."""

    @property
    def maximised(self):
        return self.goal.kind in {"coverage", "fair"}

    def kept(self):
        """Return the worst value that later steps may end at."""
        give = self.leeway + (exact(self.goal.tolerance) * abs(self.best) if self.goal.tolerance else 0)
        return self.best - give if self.maximised else self.best + give


@dataclass(frozen=True)
class Counted:
    """A number of people as a constant and a part of each flow."""

    constant: object
    parts: dict

    def at(self, flows):
        return self.constant + sum(part * flows.get(key, 0) for key, part in self.parts.items())

    def plus(self, other, times=1):
        parts = dict(self.parts)
        for key, part in other.parts.items():
            parts[key] = parts.get(key, 0) + times * part
        return Counted(self.constant + times * other.constant, parts)

    def times(self, factor):
        return Counted(self.constant * factor, {key: part * factor for key, part in self.parts.items()})


NOBODY = Counted(Fraction(0), {})


class Enumeration(States):
    """A problem item by item: what may be open, who is served, and the best of every goal in turn."""

    def __init__(self, problem):
        super().__init__(problem)
        demands = problem.demands
        self.n = problem.n_demand
        self.people = [[exact(people) for people in demand.people] for demand in demands]
        self.walk = [self._walks(demand.reach) for demand in demands]
        self.cutoffs = [[exact(cutoff) for cutoff in demand.cutoffs_s] for demand in demands]
        self.weights = [[exact(weight) for weight in demand.weights] for demand in demands]
        self.load = [exact(demand.load_per_person) for demand in demands]
        self.beyond = [
            cutoffs[-1] if demand.beyond_s is None else exact(demand.beyond_s)
            for demand, cutoffs in zip(demands, self.cutoffs, strict=True)
        ]
        self.limited = {
            self.service[c]
            for c in range(self.m)
            if self.capacity[c] < math.inf or self.min_load[c] > 0 or self.rival[c]
        }
        ways = problem.rules.assignment or ("split",) * problem.n_services
        self.way = [ways[demand.service] for demand in demands]
        self.worth = [Fraction(1)] if problem.phases is None else [exact(w) for w in problem.phases.weights]
        self._feasible = {}
        self._nearest = {}

    def _walks(self, reach):
        return [
            {
                int(reach.site[q]): exact(float(reach.seconds[q]))
                for q in range(int(reach.indptr[i]), int(reach.indptr[i + 1]))
            }
            for i in range(self.n)
        ]

    def counts_for(self, d, c):
        demand = self.problem.demands[d]
        if self.service[c] != demand.service or self.rival[c]:
            return False
        return not demand.tiers or self.tier[c] in demand.tiers

    def nearest(self, d, i, offers):
        """Return seconds to the nearest offer that counts, infinite beyond the widest circle."""
        places = tuple(sorted({self.site[c] for c in offers if self.counts_for(d, c)}))
        if (d, places) not in self._nearest:
            walks = (min((walk.get(j, math.inf) for j in places), default=math.inf) for walk in self.walk[d])
            self._nearest[d, places] = [walk if walk <= self.cutoffs[d][-1] else math.inf for walk in walks]
        return self._nearest[d, places][i]

    def ring(self, d, seconds):
        return next((r for r, cutoff in enumerate(self.cutoffs[d]) if seconds <= cutoff), None)

    def flows(self, t, state):
        """Yield (period, demand, point, offer) wherever people may be sent."""
        for d, demand in enumerate(self.problem.demands):
            if demand.service not in self.limited or demand.part_of is not None:
                continue
            for i in range(self.n):
                if not self.people[d][i]:
                    continue
                here = []
                for c in state:
                    seconds = self.walk[d][i].get(self.site[c], math.inf)
                    rival = self.way[d] == "nearest" and self.rival[c] and self.service[c] == demand.service
                    if seconds <= self.cutoffs[d][-1] and (self.counts_for(d, c) or rival):
                        here.append((seconds, self.site[c], c))
                if self.way[d] == "nearest":
                    # Of equally near places the first in the order of sites.
                    here = sorted(here)[:1]
                yield from ((t, d, i, c) for _, _, c in here)

    def place_rows(self, state, flows):
        """Return the rows of who goes where: nobody twice, no place over its capacity or under its least load."""
        rows = {}
        for key in flows:
            rows.setdefault(key[1:3], {})[key] = 1
        limits = [(row, self.people[d][i]) for (d, i), row in rows.items()]
        for c in state:
            if self.service[c] in self.limited:
                loads = {key: self.load[key[1]] for key in flows if key[3] == c}
                if self.capacity[c] < math.inf and loads:
                    limits.append((loads, self.capacity[c]))
                if self.min_load[c] > 0:
                    limits.append(({key: -load for key, load in loads.items()}, -self.min_load[c]))
        return limits

    def within(self, d, state, flows, circle, region):
        """Return the people of a demand, in a region, who are served within a circle."""
        demand = self.problem.demands[d]
        cutoff = self.cutoffs[d][-1 if circle is None else min(circle, len(self.cutoffs[d]) - 1)]
        points = self.points(region)
        if demand.service not in self.limited:
            return Counted(
                sum((self.people[d][i] for i in points if self.nearest(d, i, state) <= cutoff), Fraction(0)), {}
            )
        whole = d if demand.part_of is None else demand.part_of
        parts = {
            (t, e, i, c): self.people[d][i] / self.people[whole][i]
            for (t, e, i, c) in flows
            if e == whole and i in points and not self.rival[c] and self.walk[e][i][self.site[c]] <= cutoff
        }
        return Counted(Fraction(0), parts)

    def points(self, region):
        return [i for i in range(self.n) if region is None or self.problem.community[i] == region]

    def everybody(self, d, region):
        return sum((self.people[d][i] for i in self.points(region)), Fraction(0))

    def coverage(self, state, flows):
        total = NOBODY
        for d, demand in enumerate(self.problem.demands):
            if demand.part_of is not None and demand.service in self.limited:
                continue
            worth = [a - b for a, b in itertools.pairwise([*self.weights[d], Fraction(0)])]
            for circle, more in enumerate(worth):
                if more:
                    total = total.plus(self.within(d, state, flows, circle, None), more)
        return total

    def walked(self, state, flows):
        """Return person-seconds, who is not served with those beyond."""
        total = NOBODY
        for d, demand in enumerate(self.problem.demands):
            if demand.part_of is not None:
                continue
            if demand.service in self.limited:
                saved = {
                    key: self.walk[d][key[2]][self.site[key[3]]] - self.beyond[d]
                    for key in flows
                    if key[1] == d and not self.rival[key[3]]
                }
                total = total.plus(Counted(self.everybody(d, None) * self.beyond[d], saved))
            else:
                seconds = [min(self.nearest(d, i, state), self.beyond[d]) for i in range(self.n)]
                walks = sum((people * s for people, s in zip(self.people[d], seconds, strict=True)), Fraction(0))
                total = total.plus(Counted(walks, {}))
        return total

    def furthest(self, state):
        """Return the longest walk of anybody whom some offer could serve that no lock forbids."""
        locks = [lock for lock in self.problem.rules.locks if lock.kind == "never"]
        possible = [
            c
            for c in range(self.m)
            if not any(self.means(lock, c) and (lock.offers or not self.stands[c]) for lock in locks)
        ]
        walks = [
            self.nearest(d, i, state)
            for d in range(len(self.problem.demands))
            for i in range(self.n)
            if self.people[d][i] and self.nearest(d, i, possible) < math.inf
        ]
        return max(walks, default=Fraction(0))

    def shares(self, state, flows, goal):
        """Return every share that a ``fair`` goal compares: of each demand, in each community that has anybody."""
        found = []
        for d in range(len(self.problem.demands)):
            for region in range(self.problem.n_communities) or [None]:
                everybody = self.everybody(d, region)
                if everybody:
                    found.append(self.within(d, state, flows, goal.circle, region).times(1 / everybody))
        return found

    # -- the best plan ----------------------------------------------------------------------------------------------

    def chain(self, leeway=0):
        """Return every step of the chain with its best value; None where no plan keeps the rules.

        ``leeway`` is what later steps may give up of each step in any case, relative to its value or its largest coefficient.
        """
        left = [plan for plan in self.plans() if self.optimum(plan, None, 0, ()) is not None]
        if not left:
            return None
        reached = []
        for goal in self.problem.goals:
            for rank in range(self.ranks(goal)):
                sign = 1 if goal.kind in {"coverage", "fair"} else -1
                hopes = sorted(
                    ((self.hope(plan, goal, rank), number, plan) for number, plan in enumerate(left)),
                    key=lambda item: (-sign * item[0], item[1]),
                )
                step, found = None, []
                for hope, _, plan in hopes:
                    if step is not None and sign * hope < sign * step.kept():
                        break
                    value = self.optimum(plan, goal, rank, tuple(reached))
                    if value is None:
                        continue
                    found.append((value, plan))
                    if step is None or sign * value > sign * step.best:
                        step = Reached(goal, rank, value, leeway * self.size(goal, value))
                left = [plan for value, plan in found if sign * value >= sign * step.kept()]
                reached.append(step)
        return reached

    def size(self, goal, value):
        """Return the larger of a goal's value and its largest coefficient; 0 for what counts whole amounts only."""
        if goal.kind not in {"coverage", "walk", "fair"} or value == math.inf:
            return 0
        sizes = [abs(value), Fraction(1)]
        for people, weights, cutoffs in zip(self.people, self.weights, self.cutoffs, strict=True):
            each = max(people, default=0)
            sizes.append(each * {"coverage": max(weights, default=0), "walk": cutoffs[-1], "fair": 0}[goal.kind])
        return max(sizes)

    def ranks(self, goal):
        if goal.kind != "fair":
            return 1
        regions = range(self.problem.n_communities) or [None]
        shares = sum(bool(self.everybody(d, region)) for d in range(len(self.problem.demands)) for region in regions)
        return max(min(goal.depth, shares), 1)

    def hope(self, plan, goal, rank):
        """Return a value that no assignment of the plan's people can beat: everybody to the nearest, no place full."""
        state = plan[-1]
        if goal.kind in {"sites", "furthest"}:
            return self.simple(goal, state)
        limited, self.limited = self.limited, set()
        try:
            return self.value(plan, goal, rank, [()] * len(plan)).constant
        finally:
            self.limited = limited

    def simple(self, goal, state):
        if goal.kind == "furthest":
            return self.furthest(state)
        return Fraction(len({self.site[c] for c in state if not self.stands[c]}))

    def value(self, plan, goal, rank, flows):
        """Return a goal's value as a sum over flows; of ``fair`` only where its shares are constants."""
        state = plan[-1]
        if goal is None:
            return NOBODY
        if goal.kind in {"sites", "furthest"}:
            return Counted(self.simple(goal, state), {})
        if goal.kind == "fair":
            shares = sorted(share.constant for share in self.shares(state, flows[-1], goal))
            return Counted(sum(shares[: rank + 1], Fraction(0)), {})
        total = NOBODY
        if goal.kind == "cost":
            capital, yearly = self.public(state)
            total = Counted(capital + exact(goal.years) * yearly, {})
            price = exact(goal.cost_per_walked_s)
            if not price:
                return total
        for t, (here, mine) in enumerate(zip(plan, flows, strict=True)):
            if goal.kind == "coverage":
                total = total.plus(self.coverage(here, mine), self.worth[t])
            else:
                total = total.plus(self.walked(here, mine), self.worth[t] * (price if goal.kind == "cost" else 1))
        return total

    def floors(self, plan, flows):
        """Return (people, least) for every floor and region, in the end."""
        found = []
        for floor in self.problem.rules.floors:
            somewhere = list(floor.among) if floor.among else range(self.problem.n_communities)
            if floor.every_community:
                areas = [[region] for region in somewhere]
            elif floor.community is not None:
                areas = [[floor.community]]
            else:
                areas = [list(floor.among) or [None]]
            for regions in areas:
                parts = [(d, region) for d in (floor.demand, *floor.also) for region in regions]
                everybody = sum((self.everybody(d, region) for d, region in parts), Fraction(0))
                if everybody:
                    people = NOBODY
                    for d, region in parts:
                        people = people.plus(self.within(d, plan[-1], flows[-1], floor.circle, region))
                    found.append((people, share_of(floor.share) * everybody))
        return found

    def broken_spread(self, plan):
        for spread in self.problem.rules.spreads:
            wanted = (spread.demand, *spread.also)
            shares = [
                sum(self.within(d, plan[-1], (), spread.circle, region).constant for d in wanted) / everybody
                for region in range(self.problem.n_communities)
                if (everybody := sum(self.everybody(d, region) for d in wanted))
            ]
            if shares and max(shares) - min(shares) > share_of(spread.most):
                return f"communities are {float(max(shares) - min(shares)):.4f} apart"
        return None

    def optimum(self, plan, goal, rank, reached):
        """Return the best value of a goal over who goes where, while steps before are kept; None where nothing keeps the rules."""
        key = (plan, goal, rank, tuple((step.goal, step.rank, step.best) for step in reached))
        if key not in self._feasible:
            self._feasible[key] = self._optimum(plan, goal, rank, reached)
        return self._feasible[key]

    def _optimum(self, plan, goal, rank, reached):
        if self.broken_spread(plan):
            return None
        flows = [tuple(self.flows(t, state)) for t, state in enumerate(plan)]
        rows = []
        for state, mine in zip(plan, flows, strict=True):
            rows += self.place_rows(state, mine)
        for people, least in self.floors(plan, flows):
            rows.append(({key: -part for key, part in people.parts.items()}, people.constant - least))
        for number, step in enumerate(reached):
            sign = 1 if step.maximised else -1
            measure, more = self.measure(plan, step.goal, step.rank, flows, number)
            rows += more
            kept = step.kept()
            if kept == math.inf:
                continue
            if measure.constant == math.inf:
                return None
            rows.append(({key: -sign * part for key, part in measure.parts.items()}, sign * (measure.constant - kept)))
        measure, more = self.measure(plan, goal, rank, flows, len(reached))
        rows += more
        if any(not row and most < 0 for row, most in rows):
            return None
        rows = [(row, most) for row, most in rows if row]
        sign = 1 if goal is None or goal.kind in {"coverage", "fair"} else -1
        if not measure.parts and all(most >= 0 for _, most in rows):
            return measure.constant
        whole = {key for mine in flows for key in mine if self.way[key[1]] == "whole"}
        if whole:
            scale = {key: self.people[key[1]][key[2]] for key in whole}
            rows = [({key: part * scale.get(key, 1) for key, part in row.items()}, most) for row, most in rows]
            measure = Counted(measure.constant, {key: part * scale.get(key, 1) for key, part in measure.parts.items()})
        found = maximise({key: sign * part for key, part in measure.parts.items()}, rows, whole)
        return None if found is None else measure.constant + sign * found[0]

    def measure(self, plan, goal, rank, flows, number):
        """Return a goal's value as a sum over columns, and the rows its own columns need.

        The sum of the r smallest shares is the greatest ``r level − Σ below`` with ``below ≥ level − share`` (Ogryczak
        and Śliwiński 2003).
        """
        if goal is None or goal.kind != "fair":
            return self.value(plan, goal, rank, flows), []
        shares = self.shares(plan[-1], flows[-1], goal)
        if not any(share.parts for share in shares):
            return self.value(plan, goal, rank, flows), []
        rows, level = [], ("level", number)
        parts = {level: Fraction(rank + 1)}
        for position, share in enumerate(shares):
            below = ("below", number, position)
            parts[below] = Fraction(-1)
            row = {key: -part for key, part in share.parts.items()}
            rows.append((row | {level: Fraction(1), below: Fraction(-1)}, share.constant))
        return Counted(Fraction(0), parts), rows


if __name__ == "__main__":
    import sys

    from tests.oracle.disagreements import main

    sys.exit(main())
