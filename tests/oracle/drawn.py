"""Random siting problems with every rule on, their limits drawn where a plan just keeps or just breaks them.

Every number is a small whole number or a sum of halves, quarters and eighths, so that a limit which a plan meets exactly is met
exactly in floating point too.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from planner.siting import (
    AreaLimits,
    Budgets,
    Demand,
    Floor,
    Goal,
    Hub,
    Lock,
    Offers,
    Phases,
    Rules,
    SharedRoom,
    Sites,
    SitingProblem,
    Spread,
)
from tests.oracle.enumeration import Enumeration

__all__ = ["drawn_problem"]

SECONDS = (0, 60, 120, 299, 300, 301, 450, 600, 601, 750, 900, 901)
CUTOFFS_S = (300.0, 600.0, 900.0)
CHAINS = ("coverage", "cost", "walk", "sites", "fair", "furthest")


@dataclass(frozen=True)
class Reach:
    """Who walks where in how many seconds."""

    indptr: np.ndarray
    site: np.ndarray
    seconds: np.ndarray
    n_sites: int
    cutoff_s: float = 1000.0


class _Draw:
    def __init__(self, seed, *, middle, large_numbers):
        self.rng = np.random.default_rng(seed)
        self.middle = middle
        self.phased = not middle and self.maybe(0.2)
        self.limits_places = not middle and self.maybe(0.5)
        self.n = self.whole(30, 91) if middle else self.whole(1, 5 if self.limits_places else 8)
        self.n_sites = self.whole(8, 12) if middle else self.whole(1, 4 if self.phased else 5)
        self.services = self.whole(1, 3) if middle else self.whole(1, 4)
        self.departments = self.whole(0, 3)
        regions = self.whole(0, 5 if middle else 4)
        self.community = self.rng.integers(-1, regions, self.n) if regions else None
        self.money_step = int(self.rng.choice([1, 1, 1000, 1_000_000])) if large_numbers else 1
        self.heads = int(self.rng.choice([1, 1, 1000, 100_000])) if large_numbers else 1

    def whole(self, low, high):
        return int(self.rng.integers(low, high))

    def maybe(self, chance):
        return bool(self.rng.random() < chance)

    def money(self, top, count):
        """Return whole amounts; large ones differ by single units."""
        amounts = self.rng.integers(0, top, count) * self.money_step
        return (amounts + (self.rng.integers(0, 2, count) * (amounts > 0) if self.money_step > 1 else 0)).astype(float)

    def people(self, count):
        heads = self.rng.integers(0, 9, count) * self.heads
        return (heads + (self.rng.integers(0, 2, count) * (heads > 0) if self.heads > 1 else 0)).astype(float)

    def shares(self, rows):
        if not self.departments or self.maybe(0.2):
            return None
        quarters = self.rng.multinomial(4, np.ones(self.departments + 1) / (self.departments + 1), rows)
        return quarters[:, : self.departments] / 4.0

    def reach(self, density):
        rows = []
        for _ in range(self.n):
            near = np.flatnonzero(self.rng.random(self.n_sites) < density)
            seconds = self.rng.choice(SECONDS, size=len(near)).astype(np.float32)
            order = np.argsort(seconds, kind="stable")
            rows.append((near[order], seconds[order]))
        return Reach(
            np.concatenate([[0], np.cumsum([len(near) for near, _ in rows])]).astype(np.int64),
            np.concatenate([near for near, _ in rows]).astype(np.int32),
            np.concatenate([seconds for _, seconds in rows]).astype(np.float32),
            self.n_sites,
        )

    def offers(self):
        most = 11 if self.middle else (5 if self.phased else 9)
        cells = [(j, k) for j in range(self.n_sites) for k in range(self.services) if self.maybe(0.75)]
        self.rng.shuffle(cells)
        cells = [tuple(cell) for cell in cells][: most - (0 if self.middle else 2)] or [(0, 0)]
        rows = [(j, k, False) for j, k in cells]
        rivals = set()
        for j, k in cells:
            if self.maybe(0.25):
                rows.append((j, k, True))
            elif self.maybe(0.2) and not self.middle:
                rows.append((j, k, False))
        rows = rows[: most + 1]
        m = len(rows)
        existing = np.array([stands for _, _, stands in rows])
        site, service = (np.array([row[i] for row in rows], dtype=np.int32) for i in (0, 1))
        moves = np.full(m, -1, dtype=np.int32)
        for position in range(m):
            old = np.flatnonzero(existing & (service == service[position]) & (site != site[position]))
            if not existing[position] and len(old) and self.maybe(0.3):
                moves[position] = self.rng.choice(old)
        if self.limits_places:
            # Somebody else's place is neither extended nor moved.
            alone = [p for p in np.flatnonzero(existing) if p not in moves]
            rivals = {p for p in alone if self.maybe(0.3)}
            kept = [p for p in range(m) if p in rivals or not any((site[p], service[p]) == rows[r][:2] for r in rivals)]
            renumbered = {old: new for new, old in enumerate(kept)}
            moves = np.array([renumbered.get(int(moves[p]), -1) for p in kept], dtype=np.int32)
            site, service, existing = site[kept], service[kept], existing[kept]
            rivals = {renumbered[r] for r in rivals}
            m = len(kept)
        rival = np.isin(np.arange(m), list(rivals))
        capacity = least = None
        if self.limits_places:
            capacity = np.where(~rival & (self.rng.random(m) < 0.7), self.rng.integers(1, 14, m) * self.heads, np.inf)
            least = np.where(~rival & (self.rng.random(m) < 0.3), self.rng.integers(1, 7, m) * self.heads, 0)
        return Offers(
            site,
            service,
            self.money(7, m) * ~existing,
            self.money(4, m),
            self.rng.integers(0, 5, m).astype(float),
            existing,
            may_close=(self.rng.random(m) < 0.4) & existing & ~rival,
            closing_cost=self.money(3, m) if self.maybe(0.5) else None,
            moves=moves if self.maybe(0.7) else None,
            capacity=None if capacity is None else capacity.astype(float),
            min_load=None if least is None else least.astype(float),
            tier=self.rng.integers(0, 2, m).astype(np.int32) if self.maybe(0.3) else None,
            competitor=rival if rivals else None,
            top_storey=self.rng.integers(0, 3, m).astype(np.int32) if self.maybe(0.3) else None,
            capital_share=self.shares(m),
            yearly_share=self.shares(m),
        )

    def sites(self):
        rng, count = self.rng, self.n_sites
        return Sites(
            self.money(4, count),
            np.where(rng.random(count) < 0.7, rng.integers(3, 12, count), np.inf).astype(float),
            self.money(3, count),
            self.shares(count),
            self.money(3, count) if self.maybe(0.3) else None,
            storey_area_m2=rng.integers(1, 7, (count, 2)).astype(float) if self.maybe(0.3) else None,
            min_area_m2=rng.integers(0, 4, count).astype(float) if self.maybe(0.2) else None,
            min_services=rng.integers(0, 3, count) if self.maybe(0.2) else None,
            hub_only=rng.random(count) < 0.4 if self.maybe(0.3) else None,
        )

    def demands(self, *, tiers):
        demands = [
            Demand(
                self.whole(0, self.services),
                self.people(self.n),
                self.reach(0.35 if self.middle else 0.6),
                CUTOFFS_S,
                tuple(sorted((self.rng.integers(0, 9, 3) / 8).tolist(), reverse=True)),
                tiers=(self.whole(0, 2),) if tiers and self.maybe(0.6) else (),
                load_per_person=float(self.rng.choice([0.5, 1.0])),
                beyond_s=1200.0 if self.maybe(0.5) else None,
            )
            for _ in range(self.whole(1, 3 if self.limits_places else 4))
        ]
        if self.maybe(0.3):
            whole = self.whole(0, len(demands))
            people = np.floor(demands[whole].people * self.rng.random(self.n))
            demands.append(dataclasses.replace(demands[whole], people=people, weights=(0.0,) * 3, part_of=whole))
        return tuple(demands)

    def room(self):
        share = self.shares(1)
        capital, yearly = self.money(4, 2)
        return SharedRoom(
            self.rng.random(self.services) < 0.6,
            float(self.whole(0, 4)),
            float(capital),
            float(yearly),
            None if share is None else share[0],
            top_storey=0 if self.maybe(0.3) else None,
        )

    def locks(self, offers):
        locks = []
        for _ in range(self.whole(0, 3)):
            kind = "must" if self.maybe(0.5) else "never"
            if self.maybe(0.25):
                offer = self.whole(0, offers.count)
                stays = offers.existing[offer] and not offers.may_close[offer]
                kind = "must" if stays else kind
                locks.append(Lock(kind, int(offers.site[offer]), int(offers.service[offer]), (offer,)))
            elif self.maybe(0.3):
                service = self.whole(0, self.services) if self.maybe(0.5) else None
                locks.append(Lock(kind, self.whole(0, self.n_sites), service))
        return tuple(locks)

    def rules(self, offers):
        rng, services = self.rng, self.services
        return Rules(
            min_sites=self.whole(0, 3) if self.maybe(0.3) else 0,
            max_sites=self.whole(0, 4) if self.middle or self.maybe(0.5) else None,
            min_openings=tuple(self.whole(0, 2) for _ in range(services)) if self.maybe(0.15) else (),
            max_openings=tuple(self.whole(0, 3) if self.maybe(0.5) else None for _ in range(services))
            if self.maybe(0.3)
            else (),
            incompatible=rng.random((services, services)) < 0.15 if self.maybe(0.3) else None,
            rooms=tuple(self.room() for _ in range(self.whole(0, 3))),
            locks=self.locks(offers),
            hub=Hub(float(self.whole(1, 7)), self.whole(1, 3), rng.random(services) < 0.6, self.whole(0, 2)),
            min_hubs=1 if self.maybe(0.1) else 0,
            assignment=tuple(("split", "whole", "nearest")[self.whole(0, 3)] for _ in range(services))
            if self.limits_places
            else (),
        )

    def goals(self):
        kinds = self.rng.permutation(CHAINS)[: self.whole(1, 4)].tolist()
        if self.maybe(0.3):
            kinds = ["coverage", *(kind for kind in kinds if kind != "coverage")]
        tolerance = float(self.rng.choice([0.0, 0.0, 0.125, 0.25, 1.0]))
        return tuple(
            Goal(
                kind,
                tolerance if self.maybe(0.7) else 0.0,
                depth=self.whole(1, 4),
                circle=self.whole(0, 3) if kind == "fair" and self.maybe(0.5) else None,
                years=float(self.whole(0, 3)),
                cost_per_walked_s=0.125 if kind == "cost" and self.maybe(0.2) else 0.0,
            )
            for kind in kinds
        )

    def phases(self):
        if not self.phased:
            return None
        return Phases(
            self.money(15, 2),
            np.array([1.0, 2.0]),
            self.rng.integers(0, 3, self.n_sites).astype(np.int32),
            carry_over=self.maybe(0.5),
        )

    def problem(self):
        offers, sites = self.offers(), self.sites()
        problem = SitingProblem(
            n_demand=self.n,
            n_services=self.services,
            sites=sites,
            offers=offers,
            demands=self.demands(tiers=offers.tier is not None),
            budgets=Budgets(outside=self.rng.random(self.departments) < 0.3) if self.departments else Budgets(),
            rules=self.rules(offers),
            goals=self.goals(),
            community=self.community,
            phases=self.phases(),
        )
        return self.tightened(problem)

    def tightened(self, problem):
        """Return the problem with limits that a plan of its own, drawn at random, keeps exactly or breaks by one unit."""
        oracle = Enumeration(problem)
        plans = oracle.plans()
        if not plans:
            return problem
        plan = plans[self.whole(0, len(plans))]
        return dataclasses.replace(
            problem,
            budgets=self.budgets(problem, oracle, plan),
            rules=dataclasses.replace(
                problem.rules, floors=self.floors(problem, oracle, plan), spreads=self.spreads(problem, oracle, plan)
            ),
        )

    def with_areas(self, problem):
        """Return the problem with further demands for people of some communities, and with limits of areas that a plan of its own just keeps or breaks."""
        problem = self.with_own_circles(problem) if self.community is not None and self.maybe(0.6) else problem
        oracle = Enumeration(problem)
        plans = oracle.plans()
        if not plans:
            return problem
        plan = plans[self.whole(0, len(plans))]
        areas = tuple(self.area(problem, oracle, plan) for _ in range(self.whole(1, 4)))
        rules = dataclasses.replace(
            problem.rules, areas=areas, floors=(*problem.rules.floors, *self.area_floors(problem, oracle, plan))
        )
        return dataclasses.replace(problem, rules=rules)

    def with_own_circles(self, problem):
        """Return the problem with the people of some communities in a demand of their own: other people, walks and circles."""
        demands, rules = list(problem.demands), problem.rules
        whole = self.whole(0, len(demands))
        if demands[whole].part_of is not None:
            return problem
        there = np.isin(problem.community, np.flatnonzero(self.rng.random(problem.n_communities) < 0.5))
        circles = self.whole(1, 4)
        own = dataclasses.replace(
            demands[whole],
            people=self.people(self.n) * there,
            reach=self.reach(0.6) if self.maybe(0.5) else demands[whole].reach,
            cutoffs_s=CUTOFFS_S[:circles],
            weights=tuple(sorted((self.rng.integers(0, 9, circles) / 8).tolist(), reverse=True)),
        )
        further = {whole: len(demands)}
        parts = [d for d, demand in enumerate(demands) if demand.part_of == whole]
        demands[whole] = dataclasses.replace(demands[whole], people=demands[whole].people * ~there)
        demands.append(own)
        for part in parts:
            people = np.minimum(demands[part].people, own.people) * there
            demands[part] = dataclasses.replace(demands[part], people=demands[part].people * ~there)
            further[part] = len(demands)
            demands.append(dataclasses.replace(own, people=people, weights=(0.0,) * circles, part_of=further[whole]))

        def together(one):
            return dataclasses.replace(one, also=(further[one.demand],)) if one.demand in further else one

        rules = dataclasses.replace(
            rules, floors=tuple(map(together, rules.floors)), spreads=tuple(map(together, rules.spreads))
        )
        return dataclasses.replace(problem, demands=tuple(demands), rules=rules)

    def area(self, problem, oracle, plan):
        """Return the limits of some sites, each drawn where ``plan`` just keeps or just breaks it."""
        sites = self.rng.random(self.n_sites) < 0.6
        there = set(np.flatnonzero(sites).tolist())
        state, today = plan[-1], [c for c in range(oracle.m) if oracle.stands[c]]
        here, was = ([c for c in some if oracle.site[c] in there] for some in (state, today))
        new = [c for c in here if not oracle.stands[c]]
        openings = np.bincount([oracle.service[c] for c in new], minlength=self.services)
        opened = len({oracle.site[c] for c in new})
        hubs = sum(oracle.is_hub([c for c in here if oracle.site[c] == j]) for j in there)
        capital, yearly = oracle.public(state, there)
        phased = problem.phases is not None and self.maybe(0.5)
        by_period = [float(oracle.public(one, there)[0]) for one in plan]
        finite = [
            all(oracle.capacity[c] < np.inf for c in range(oracle.m) if oracle.service[c] == k and c not in today)
            for k in range(self.services)
        ]

        def change(counted):
            return [float(a - b) for a, b in zip(counted(here), counted(was), strict=True)]

        floor_area = sum(
            oracle.area_of([c for c in here if oracle.site[c] == j])
            - oracle.area_of([c for c in was if oracle.site[c] == j])
            for j in there
        )
        return AreaLimits(
            sites=sites,
            min_sites=max(opened + self.step(), 0) if self.maybe(0.15) else 0,
            max_sites=max(opened - self.step(), 0) if self.maybe(0.15) else None,
            min_openings=tuple(max(int(n) + self.step(), 0) for n in openings) if self.maybe(0.2) else (),
            max_openings=tuple(max(int(n) - self.step(), 0) if self.maybe(0.5) else None for n in openings)
            if self.maybe(0.2)
            else (),
            min_hubs=max(hubs + self.step(), 0) if self.maybe(0.1) else 0,
            min_capacity=tuple(
                n + self.step() if ok and self.maybe(0.5) else None
                for n, ok in zip(change(oracle.capacity_of), finite, strict=True)
            )
            if problem.offers.capacity is not None and self.maybe(0.5)
            else (),
            min_service_area_m2=tuple(
                n + self.step() if self.maybe(0.5) else None for n in change(oracle.service_area_of)
            )
            if self.maybe(0.2)
            else (),
            min_area_m2=float(floor_area) + self.step() if self.maybe(0.2) else None,
            capital_cost=self.signed_limit(capital, 0.4),
            yearly_cost=self.signed_limit(yearly, 0.25),
            period_capital_cost=np.maximum(np.diff(by_period, prepend=0.0) - self.step(), 0.0) if phased else None,
        )

    def step(self):
        """Return by how much a least limit is more than what a plan has."""
        return int(self.rng.choice([0, 0, 0, -1, -1, 1]))

    def signed_limit(self, amount, chance):
        return float(amount) - self.step() if self.maybe(chance) else np.inf

    def area_floors(self, problem, oracle, plan):
        floors = []
        for _ in range(self.whole(0, 3) if problem.n_communities else 0):
            among = np.flatnonzero(self.rng.random(problem.n_communities) < 0.6)
            demand, circle = self.whole(0, len(problem.demands)), (None, 0, 1)[self.whole(0, 3)]
            limited = problem.demands[demand].service in oracle.limited
            also = [d for d, one in enumerate(problem.demands) if self.joins(problem, demand, d, one)]
            counted = (demand, *also[: self.whole(0, 2)])
            if not len(among):
                continue
            if any(circle is not None and circle >= len(problem.demands[d].cutoffs_s) for d in counted[:1]):
                circle = None
            oracle.limited, kept = set(), oracle.limited
            parts = [(d, int(region)) for d in counted for region in among]
            everybody = sum(oracle.everybody(d, region) for d, region in parts)
            within = sum(oracle.within(d, plan[-1], (), circle, region).constant for d, region in parts)
            oracle.limited = kept
            share = float(within / everybody) if everybody else 0.5
            share *= float(self.rng.choice([0.25, 0.5, 0.75])) if limited else 1.0
            every = self.maybe(0.3)
            floors.append(
                Floor(
                    counted[0], share * (0.5 if every else 1.0), circle, None, every, tuple(among.tolist()), counted[1:]
                )
            )
        return tuple(floors)

    @staticmethod
    def joins(problem, demand, other, one):
        """Say whether people of another demand may be counted together: the same service, both whole or both parts."""
        mine = problem.demands[demand]
        return other != demand and one.service == mine.service and (one.part_of is None) == (mine.part_of is None)

    def limit(self, amount, chance):
        """Return the amount itself, one more or less, or anything near; infinity where there is no limit."""
        if not self.maybe(chance):
            return np.inf
        step = int(self.rng.choice([0, 0, 0, -1, 1, 3]))
        return max(float(amount) + step, 0.0)

    def budgets(self, problem, oracle, plan):
        capital, yearly = oracle.public(plan[-1])
        _, parts = oracle.money(plan[-1])
        limits = [np.array([self.limit(part, 0.4) for part in by]) if by and self.maybe(0.8) else None for by in parts]
        return dataclasses.replace(
            problem.budgets,
            capital_cost=self.limit(capital, 0.6),
            yearly_cost=self.limit(yearly, 0.3),
            department_capital_cost=limits[0],
            department_yearly_cost=limits[1],
        )

    def floors(self, problem, oracle, plan):
        floors = []
        for _ in range(self.whole(0, 3)):
            if self.maybe(0.5):
                continue
            demand, circle = self.whole(0, len(problem.demands)), (None, 0, 1, 2)[self.whole(0, 4)]
            community = self.whole(0, problem.n_communities) if problem.n_communities and self.maybe(0.4) else None
            everybody = oracle.everybody(demand, community)
            oracle.limited, limited = set(), oracle.limited
            within = oracle.within(demand, plan[-1], (), circle, community).constant
            oracle.limited = limited
            share = float(within / everybody) if everybody else 0.5
            if problem.demands[demand].service in limited or self.maybe(0.3):
                share = float(self.rng.choice([0.25, 0.5, 0.75])) * share
            every = bool(problem.n_communities) and community is None and self.maybe(0.3)
            floors.append(Floor(demand, share * (0.5 if every else 1.0), circle, community, every))
        return tuple(floors)

    def spreads(self, problem, oracle, plan):
        free = [d for d, demand in enumerate(problem.demands) if demand.service not in oracle.limited]
        if not free or not problem.n_communities or not self.maybe(0.25):
            return ()
        demand, circle = free[self.whole(0, len(free))], (None, 0, 1, 2)[self.whole(0, 4)]
        shares = [
            oracle.within(demand, plan[-1], (), circle, region).constant / everybody
            for region in range(problem.n_communities)
            if (everybody := oracle.everybody(demand, region))
        ]
        return (Spread(demand, float(max(shares) - min(shares)) if shares else 0.5, circle),)


def drawn_problem(seed, *, middle=False, large_numbers=False, areas=False):
    """Return a random problem: tiny (at most 7 points, 4 sites, 10 offers), or of 30 to 90 points and 8 to 11 sites.

    With ``large_numbers`` amounts run to millions and people to hundreds of thousands, and differ by single ones; with ``areas`` the same
    problem has rules of areas as well, drawn from a stream of their own.
    """
    draw = _Draw(seed, middle=middle, large_numbers=large_numbers)
    problem = draw.problem()
    if not areas:
        return problem
    draw.rng = np.random.default_rng([seed, 17])
    return draw.with_areas(problem)
