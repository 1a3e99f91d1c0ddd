"""The optimum of a tiny siting problem by trying everything in plain Python: no reduction, no model of ours.

The enumeration shares no line with the package; it reads a problem's arrays and nothing else. Only who goes where
under limited places is a small programme of its own (scipy), with one variable per person group, point and offer.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from scipy.optimize import LinearConstraint, milp

EPS = 1e-6


def value(column, position, default):
    return default if column is None else column[position]


class Tiny:
    """A problem, read item by item."""

    def __init__(self, problem):
        self.p = problem
        self.o = problem.offers
        self.payers = problem.budgets.departments + 1  # the last for what nobody's department pays
        self.reach = [
            [
                {
                    int(d.reach.site[q]): float(d.reach.seconds[q])
                    for q in range(d.reach.indptr[i], d.reach.indptr[i + 1])
                }
                for i in range(problem.n_demand)
            ]
            for d in problem.demands
        ]
        self.limited = {
            int(self.o.service[c])
            for c in range(self.o.count)
            if value(self.o.capacity, c, math.inf) < math.inf
            or value(self.o.min_load, c, 0) > 0
            or value(self.o.competitor, c, False)
        }

    def best(self):
        """Return the value of the first goal over every plan, None when there is no plan."""
        kind = self.p.goals[0].kind
        sign = 1 if kind in {"coverage", "fair"} else -1
        best = None
        for states in self.sequences():
            found = self.score(states)
            if found is not None and (best is None or sign * found > sign * best):
                best = found
        return best

    def sequences(self):
        states = [state for state in self.states() if self.keeps_state(state)]
        if self.p.phases is None:
            yield from ((state,) for state in states if self.keeps_end(state))
            return
        for sequence in itertools.product(states, repeat=self.p.phases.count):
            if self.keeps_end(sequence[-1]) and self.keeps_order(sequence):
                yield sequence

    def states(self):
        cells = {}
        for c in range(self.o.count):
            cells.setdefault(self.cell(c), []).append(c)
        for choice in itertools.product(*[[None, *positions] for positions in cells.values()]):
            yield tuple(c for c in choice if c is not None)

    def cell(self, c):
        return int(self.o.site[c]), int(self.o.service[c])

    def is_new(self, c):
        return not self.o.existing[c]

    # -- rules of a state -------------------------------------------------------------------------------------------

    def keeps_state(self, state):
        return (
            self.keeps_standing(state)
            and self.keeps_buildings(state)
            and self.keeps_money(state)
            and not any(
                lock.kind == "never" and self.means(lock, c) and (lock.offers or self.is_new(c))
                for lock in self.p.rules.locks
                for c in state
            )
        )

    def means(self, lock, c):
        if lock.offers:
            return c in lock.offers
        return lock.site == self.o.site[c] and lock.service in {None, int(self.o.service[c])}

    def keeps_standing(self, state):
        cells = {self.cell(c) for c in state}
        for c in range(self.o.count):
            if not self.o.existing[c]:
                continue
            movers = [m for m in range(self.o.count) if value(self.o.moves, m, -1) == c]
            places = (self.cell(c) in cells) + sum(m in state for m in movers)
            if places == 0 and not value(self.o.may_close, c, False):
                return False
            if movers and places > 1:
                return False
        return True

    def keeps_buildings(self, state):
        s, r = self.p.sites, self.p.rules
        for j in range(s.count):
            here = [c for c in state if self.o.site[c] == j]
            services = [int(self.o.service[c]) for c in here]
            if r.incompatible is not None and any(
                r.incompatible[a][b] or r.incompatible[b][a] for a, b in itertools.combinations(services, 2)
            ):
                return False
            area = self.area(here)
            if area > s.floor_area_m2[j] + EPS:
                return False
            if s.storey_area_m2 is not None:
                if area > s.storey_area_m2[j].sum() + EPS:
                    return False
                for top in range(s.storey_area_m2.shape[1]):
                    if self.area(here, top) > s.storey_area_m2[j][: top + 1].sum() + EPS:
                        return False
            if any(self.is_new(c) for c in here):
                if area < value(s.min_area_m2, j, 0) - EPS or len(here) < value(s.min_services, j, 0):
                    return False
                if value(s.hub_only, j, False) and not self.is_hub(here):
                    return False
        return True

    def area(self, here, top=None):
        total = sum(self.o.area_m2[c] for c in here if top is None or value(self.o.top_storey, c, 99) <= top)
        for room in self.p.rules.rooms:
            if any(room.services[self.o.service[c]] for c in here):
                total += room.area_m2 if top is None or (room.top_storey is not None and room.top_storey <= top) else 0
        return total

    def is_hub(self, here):
        hub = self.p.rules.hub
        return (
            self.area(here) >= hub.min_area_m2 - EPS
            and len(here) >= hub.min_services
            and sum(bool(hub.core[self.o.service[c]]) for c in here) >= hub.min_core
        )

    def money(self, state):
        """Return (capital, yearly) by payer."""
        o, s = self.o, self.p.sites
        totals = np.zeros((2, self.payers))

        def pay(which, amount, share):
            parts = [0.0] * (self.payers - 1) if share is None else list(share)
            totals[which] += amount * np.array([*parts, 1.0 - sum(parts)])

        for c in range(o.count):
            once, yearly = value(o.capital_share, c, None), value(o.yearly_share, c, None)
            if c in state:
                pay(0, o.capital_cost[c] if self.is_new(c) else 0.0, once)
                pay(1, o.yearly_cost[c], yearly)
            if o.existing[c]:
                pay(1, -o.yearly_cost[c], yearly)
                if self.cell(c) not in {self.cell(q) for q in state}:
                    pay(0, value(o.closing_cost, c, 0.0), once)
        for j in range(s.count):
            here = [c for c in state if o.site[c] == j]
            if any(self.is_new(c) for c in here):
                share = value(s.setup_share, j, None)
                pay(0, s.setup_cost[j], share)
                pay(1, value(s.setup_yearly_cost, j, 0.0), share)
            standing = {self.cell(c) for c in range(o.count) if o.existing[c]}
            for room in self.p.rules.rooms:
                users = [c for c in here if room.services[o.service[c]]]
                if users and not {self.cell(c) for c in users} & standing:
                    pay(0, room.capital_cost, room.share)
                    pay(1, room.yearly_cost, room.share)
        return totals

    def public(self, state):
        outside = self.p.budgets.outside
        totals = self.money(state)
        return totals.sum(axis=1) if outside is None else totals[:, [*~outside, True]].sum(axis=1)

    def keeps_money(self, state):
        b = self.p.budgets
        capital, yearly = self.public(state)
        if capital > b.capital_cost + EPS or yearly > b.yearly_cost + EPS:
            return False
        limits = (b.department_capital_cost, b.department_yearly_cost)
        totals = self.money(state)
        return all(limit is None or (totals[i, :-1] <= limit + EPS).all() for i, limit in enumerate(limits))

    def keeps_end(self, state):
        r = self.p.rules
        new = [c for c in state if self.is_new(c)]
        opened = {int(self.o.site[c]) for c in new}
        if len(opened) < r.min_sites or (r.max_sites is not None and len(opened) > r.max_sites):
            return False
        for k in range(self.p.n_services):
            number = sum(int(self.o.service[c]) == k for c in new)
            if r.min_openings and number < r.min_openings[k]:
                return False
            if r.max_openings and r.max_openings[k] is not None and number > r.max_openings[k]:
                return False
        for lock in r.locks:
            if lock.kind == "must" and not any(self.means(lock, c) for c in state):
                return False
        sites = {int(self.o.site[c]) for c in state}
        return sum(self.is_hub([c for c in state if self.o.site[c] == j]) for j in sites) >= r.min_hubs

    def keeps_order(self, sequence):
        phases = self.p.phases
        spent = [self.public(state)[0] for state in sequence]
        for t, state in enumerate(sequence):
            if any(self.is_new(c) and phases.ready[self.o.site[c]] > t for c in state):
                return False
            if t:
                before = sequence[t - 1]
                if any(self.is_new(c) and c not in state for c in before):
                    return False
                if any(not self.is_new(c) and c not in before for c in state):
                    return False
            if phases.carry_over:
                if spent[t] > sum(phases.capital_cost[: t + 1]) + EPS:
                    return False
            elif spent[t] - (spent[t - 1] if t else 0.0) > phases.capital_cost[t] + EPS:
                return False
        return True

    # -- who is served ----------------------------------------------------------------------------------------------

    def counts_for(self, d, c):
        demand = self.p.demands[d]
        if self.o.service[c] != demand.service or value(self.o.competitor, c, False):
            return False
        return not demand.tiers or int(value(self.o.tier, c, 0)) in demand.tiers

    def nearest(self, d, i, state):
        seconds = [self.reach[d][i].get(int(self.o.site[c]), math.inf) for c in state if self.counts_for(d, c)]
        return min(seconds, default=math.inf)

    def ring(self, d, seconds):
        return next((c for c, cutoff in enumerate(self.p.demands[d].cutoffs_s) if seconds <= cutoff), None)

    def score(self, states):
        """Return the first goal's value for the best assignment, None when floors or loads cannot be kept."""
        goal = self.p.goals[0]
        worth = [1.0] if self.p.phases is None else self.p.phases.weights
        served = [self.served(state, last=t + 1 == len(states)) for t, state in enumerate(states)]
        if any(one is None for one in served):
            return None
        if goal.kind == "coverage":
            return sum(w * one["coverage"] for w, one in zip(worth, served, strict=True))
        if goal.kind == "walk":
            return sum(w * one["walk"] for w, one in zip(worth, served, strict=True))
        if goal.kind == "fair":
            return served[-1]["fair"]
        if goal.kind == "furthest":
            return self.furthest(states[-1])
        if goal.kind == "cost":
            walked = sum(w * one["walk"] for w, one in zip(worth, served, strict=True))
            return float(self.public(states[-1]) @ [1.0, goal.years]) + goal.cost_per_walked_s * walked
        return float(len({int(self.o.site[c]) for c in states[-1] if self.is_new(c)}))

    def furthest(self, state):
        barred = [lock for lock in self.p.rules.locks if lock.kind == "never"]
        possible = [
            c for c in range(self.o.count) if not any(self.means(q, c) and (q.offers or self.is_new(c)) for q in barred)
        ]
        longest = 0.0
        for d, demand in enumerate(self.p.demands):
            for i in range(self.p.n_demand):
                if demand.people[i] > 0 and self.nearest(d, i, possible) <= demand.cutoffs_s[-1]:
                    seconds = self.nearest(d, i, state)
                    longest = max(longest, seconds if seconds <= demand.cutoffs_s[-1] else math.inf)
        return longest

    def served(self, state, *, last):
        """Return the best value of each kind of goal in one period, None when rules about people cannot be kept.

        One programme: y per (demand, point, offer) of limited services; everything else is a constant.
        """
        flows = list(self.flows(state))
        # columns: y…, level τ, d_q…
        shares = self.shares()
        size = len(flows) + 1 + len(shares)
        rows = [*self.place_rows(state, flows)]
        expressions = [self.people_within(d, circle, region, state, flows) for d, circle, region, _ in shares]
        if last:
            for floor in self.p.rules.floors:
                where = [floor.community]
                if floor.every_community:
                    where = range(self.p.n_communities)
                for region in where:
                    constant, terms, everybody = self.people_within(floor.demand, floor.circle, region, state, flows)
                    if everybody > 0:
                        rows.append((terms, floor.share * everybody - constant - EPS, math.inf))
            for spread in self.p.rules.spreads:
                parts = [
                    self.people_within(spread.demand, spread.circle, region, state, flows)
                    for region in range(self.p.n_communities)
                ]
                values = [constant / everybody for constant, _, everybody in parts if everybody > 0]
                if values and max(values) - min(values) > spread.most + EPS:
                    return None
        level = len(flows)
        for q, (constant, terms, everybody) in enumerate(expressions):
            row = {f: a / everybody for f, a in terms.items()} | {level + 1 + q: 1.0, level: -1.0}
            rows.append((row, -constant / everybody, math.inf))
        upper = np.array([self.p.demands[d].people[i] for d, i, _, _ in flows] + [1.0] * (1 + len(shares)))
        coverage, walk = np.zeros(size), np.zeros(size)
        base_coverage = base_walk = 0.0
        for d, demand in enumerate(self.p.demands):
            beyond = demand.cutoffs_s[-1] if demand.beyond_s is None else demand.beyond_s
            for i in range(self.p.n_demand):
                if demand.part_of is not None and demand.service in self.limited:
                    continue
                if demand.service in self.limited:
                    base_walk += demand.people[i] * beyond
                    continue
                seconds = self.nearest(d, i, state)
                ring = self.ring(d, seconds)
                base_coverage += 0.0 if ring is None else demand.people[i] * demand.weights[ring]
                if demand.part_of is None:
                    base_walk += demand.people[i] * min(beyond, seconds if ring is not None else math.inf)
        for f, (d, _, c, seconds) in enumerate(flows):
            demand = self.p.demands[d]
            if not value(self.o.competitor, c, False):
                beyond = demand.cutoffs_s[-1] if demand.beyond_s is None else demand.beyond_s
                coverage[f] = demand.weights[self.ring(d, seconds)]
                walk[f] = beyond - seconds
        rank = min(self.p.goals[0].depth, len(shares))
        # The first step of a fair goal is the worst share alone.
        fair = np.zeros(size)
        fair[level], fair[level + 1 :] = 1.0, -1.0
        found = {}
        for name, objective, constant in (
            ("coverage", coverage, base_coverage),
            ("walk", walk, -base_walk),
            ("fair", fair if rank else np.zeros(size), 0.0),
        ):
            best = self.maximise(objective, rows, upper, flows)
            if best is None:
                return None
            found[name] = best + constant
        found["walk"] = -found["walk"]
        return found

    def flows(self, state):
        for d, demand in enumerate(self.p.demands):
            if demand.service not in self.limited or demand.part_of is not None:
                continue
            way = self.p.rules.assignment[demand.service] if self.p.rules.assignment else "split"
            for i in range(self.p.n_demand):
                options = []
                for c in state:
                    rival = self.o.service[c] == demand.service and value(self.o.competitor, c, False)
                    seconds = self.reach[d][i].get(int(self.o.site[c]), math.inf)
                    if seconds <= demand.cutoffs_s[-1] and (self.counts_for(d, c) or (rival and way == "nearest")):
                        options.append((seconds, int(self.o.site[c]), c))
                if way == "nearest" and options:
                    nearest = min(options)[0]
                    # Equally near places: the one with the lower position.
                    options = [min(option for option in options if option[0] == nearest)]
                yield from ((d, i, c, seconds) for seconds, _, c in options)

    def place_rows(self, state, flows):
        load = [self.p.demands[d].load_per_person for d, _, _, _ in flows]
        for d, demand in enumerate(self.p.demands):
            for i in range(self.p.n_demand):
                mine = {f: 1.0 for f, (e, q, _, _) in enumerate(flows) if (e, q) == (d, i)}
                if mine:
                    yield mine, -math.inf, demand.people[i]
        for c in state:
            mine = {f: load[f] for f, (_, _, q, _) in enumerate(flows) if q == c}
            if int(self.o.service[c]) in self.limited:
                least, most = value(self.o.min_load, c, 0.0), value(self.o.capacity, c, math.inf)
                yield mine, least - EPS, most + (EPS if most < math.inf else 0)

    def shares(self):
        """Return (demand, circle, region, everybody) of every share that a fair goal compares."""
        if self.p.goals[0].kind != "fair":
            return []
        found = []
        for d, demand in enumerate(self.p.demands):
            circle = 2 if self.p.goals[0].circle is None else self.p.goals[0].circle
            for region in range(self.p.n_communities) or [None]:
                everybody = sum(demand.people[i] for i in self.points(region))
                if everybody > 0:
                    found.append((d, circle, region, everybody))
        return found

    def points(self, region):
        return [i for i in range(self.p.n_demand) if region is None or self.p.community[i] == region]

    def people_within(self, d, circle, region, state, flows):
        demand = self.p.demands[d]
        cutoff = demand.cutoffs_s[-1 if circle is None else circle]
        points = self.points(region)
        everybody = sum(demand.people[i] for i in points)
        if demand.service in self.limited:
            whole = d if demand.part_of is None else demand.part_of
            all_of = self.p.demands[whole].people
            terms = {
                f: demand.people[i] / all_of[i] if all_of[i] else 0.0
                for f, (e, i, c, seconds) in enumerate(flows)
                if e == whole and i in points and seconds <= cutoff and not value(self.o.competitor, c, False)
            }
            return 0.0, terms, everybody
        return sum(demand.people[i] for i in points if self.nearest(d, i, state) <= cutoff), {}, everybody

    def maximise(self, objective, rows, upper, flows):
        whole = [
            bool(self.p.rules.assignment) and self.p.rules.assignment[self.p.demands[d].service] == "whole"
            for d, _, _, _ in flows
        ]
        scale = np.ones(len(upper))
        integral = np.zeros(len(upper))
        for f, one in enumerate(whole):
            if one:
                scale[f] = self.p.demands[flows[f][0]].people[flows[f][1]]
                integral[f] = 1
        matrix = np.zeros((len(rows), len(upper)))
        for q, (terms, _, _) in enumerate(rows):
            for f, amount in terms.items():
                matrix[q, f] += amount * scale[f]
        lower = np.array([low for _, low, _ in rows])
        most = np.array([high for _, _, high in rows])
        if not len(upper):
            return 0.0 if (lower <= EPS).all() and (most >= -EPS).all() else None
        bounds = (np.zeros(len(upper)), np.where(integral == 1, 1.0, upper))
        empty = ~matrix.any(axis=1)
        if (lower[empty] > EPS).any() or (most[empty] < -EPS).any():
            return None
        constraints = [LinearConstraint(matrix[~empty], lower[~empty], most[~empty])] if (~empty).any() else []
        found = milp(-objective * scale, constraints=constraints, bounds=bounds, integrality=integral)
        return None if found.x is None else float(objective * scale @ found.x)
