"""Random tiny siting problems with every kind of rule switched on or off."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from planner.siting import (
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

SECONDS = (0, 120, 300, 301, 500, 600, 750, 900, 1000)
CUTOFFS_S = (300.0, 600.0, 900.0)


@dataclass(frozen=True)
class TinyReach:
    indptr: np.ndarray
    site: np.ndarray
    seconds: np.ndarray
    n_sites: int
    cutoff_s: float = 1000.0


def tiny_reach(rng, n, sites, density=0.6):
    rows = []
    for _ in range(n):
        near = np.flatnonzero(rng.random(sites) < density)
        seconds = rng.choice(SECONDS, size=len(near)).astype(np.float32)
        order = np.argsort(seconds, kind="stable")
        rows.append((near[order], seconds[order]))
    indptr = np.concatenate([[0], np.cumsum([len(near) for near, _ in rows])]).astype(np.int64)
    site = np.concatenate([near for near, _ in rows]).astype(np.int32)
    return TinyReach(indptr, site, np.concatenate([s for _, s in rows]).astype(np.float32), sites)


class Draw:
    """Draws the parts of one problem; ``places``, ``phases`` and ``goal`` say what it must contain."""

    def __init__(self, seed, *, places=False, phases=False, goal="coverage"):
        self.rng = np.random.default_rng(seed)
        self.places, self.phases, self.goal = places, phases, goal
        self.n = self.whole(1, 7)
        self.n_sites = self.whole(1, 4 if phases else 5)
        self.services = self.whole(1, 4)
        self.departments = self.whole(0, 3)
        drawn = self.whole(0, 4)
        self.community = self.rng.integers(-1, drawn, self.n) if drawn else None
        self.communities = 0 if self.community is None else int(self.community.max()) + 1

    def whole(self, low, high):
        return int(self.rng.integers(low, high))

    def maybe(self, chance):
        return self.rng.random() < chance

    def shares(self, rows):
        if not self.departments or self.maybe(0.2):
            return None
        parts = self.rng.integers(1, 4, (rows, self.departments + self.whole(0, 2))).astype(float)
        return (parts / parts.sum(axis=1, keepdims=True))[:, : self.departments]

    def budget(self, top, chance):
        return float(self.whole(0, top)) if self.maybe(chance) else np.inf

    def offers(self):
        most = 5 if self.phases else 9
        cells = [(j, k) for j in range(self.n_sites) for k in range(self.services) if self.maybe(0.75)]
        cells = cells[: most - 2] or [(0, 0)]
        rows = [(j, k, False) for j, k in cells]
        for j, k in cells:
            if self.maybe(0.25):
                rows.append((j, k, True))
            elif self.maybe(0.2):
                rows.append((j, k, False))
        rows = rows[:most]
        rng, m = self.rng, len(rows)
        existing = np.array([e for _, _, e in rows])
        site, service = (np.array([row[i] for row in rows], dtype=np.int32) for i in (0, 1))
        moves = np.full(m, -1, dtype=np.int32)
        for position in range(m):
            here = np.flatnonzero(existing & (service == service[position]) & (site != site[position]))
            if not existing[position] and len(here) and self.maybe(0.3):
                moves[position] = rng.choice(here)
        moved = np.isin(np.arange(m), moves)
        capacity = min_load = competitor = None
        if self.places:
            capacity = np.where(rng.random(m) < 0.7, rng.integers(1, 12, m), np.inf).astype(float)
            min_load = np.where(rng.random(m) < 0.3, rng.integers(1, 6, m), 0).astype(float)
            competitor = existing & ~moved & (rng.random(m) < 0.4)
        return Offers(
            site,
            service,
            rng.integers(0, 7, m).astype(float),
            rng.integers(0, 4, m).astype(float),
            rng.integers(0, 5, m).astype(float),
            existing,
            may_close=(rng.random(m) < 0.4) & existing,
            closing_cost=rng.integers(0, 3, m).astype(float) if self.maybe(0.5) else None,
            moves=moves if self.maybe(0.7) else None,
            capacity=capacity,
            min_load=min_load,
            tier=rng.integers(0, 2, m).astype(np.int32) if self.maybe(0.4) else None,
            competitor=competitor,
            top_storey=rng.integers(0, 3, m).astype(np.int32) if self.maybe(0.4) else None,
            capital_share=self.shares(m),
            yearly_share=self.shares(m),
        )

    def sites(self):
        rng, sites = self.rng, self.n_sites
        return Sites(
            rng.integers(0, 4, sites).astype(float),
            np.where(rng.random(sites) < 0.7, rng.integers(3, 12, sites), np.inf).astype(float),
            rng.integers(0, 3, sites).astype(float),
            self.shares(sites),
            storey_area_m2=rng.integers(1, 7, (sites, 2)).astype(float) if self.maybe(0.3) else None,
            min_area_m2=rng.integers(0, 4, sites).astype(float) if self.maybe(0.2) else None,
            min_services=rng.integers(0, 3, sites) if self.maybe(0.2) else None,
            hub_only=rng.random(sites) < 0.4 if self.maybe(0.3) else None,
        )

    def demands(self, tiers):
        rng = self.rng
        demands = [
            Demand(
                self.whole(0, self.services),
                rng.integers(0, 9, self.n).astype(float),
                tiny_reach(rng, self.n, self.n_sites),
                CUTOFFS_S,
                tuple(sorted(rng.random(3).round(2).tolist(), reverse=True)),
                tiers=(self.whole(0, 2),) if tiers and self.maybe(0.6) else (),
                load_per_person=float(rng.choice([0.5, 1.0])),
                beyond_s=1200.0 if self.maybe(0.5) else None,
            )
            for _ in range(self.whole(1, 4))
        ]
        if self.maybe(0.3):
            whole = self.whole(0, len(demands))
            people = np.floor(demands[whole].people * rng.random(self.n))
            demands.append(dataclasses.replace(demands[whole], people=people, weights=(0.0,) * 3, part_of=whole))
        return tuple(demands)

    def rules(self, n_demands):
        rng, services = self.rng, self.services
        circle = (None, 0, 1, 2)
        rooms = tuple(
            SharedRoom(
                rng.random(services) < 0.6,
                float(self.whole(0, 4)),
                float(self.whole(0, 4)),
                float(self.whole(0, 3)),
                None if (shares := self.shares(1)) is None else shares[0],
                top_storey=0 if self.maybe(0.3) else None,
            )
            for _ in range(self.whole(0, 2))
        )
        return Rules(
            min_sites=self.whole(0, 2) if self.maybe(0.3) else 0,
            max_sites=self.whole(0, 4) if self.maybe(0.5) else None,
            min_openings=tuple(self.whole(0, 2) for _ in range(services)) if self.maybe(0.15) else (),
            max_openings=tuple(self.whole(0, 3) if self.maybe(0.5) else None for _ in range(services))
            if self.maybe(0.3)
            else (),
            incompatible=rng.random((services, services)) < 0.1 if self.maybe(0.3) else None,
            rooms=rooms,
            locks=tuple(
                Lock(
                    ("must", "never")[self.whole(0, 2)],
                    self.whole(0, self.n_sites),
                    self.whole(0, services) if self.maybe(0.5) else None,
                )
                for _ in range(self.whole(0, 3))
                if self.maybe(0.3)
            ),
            hub=Hub(float(self.whole(1, 7)), self.whole(1, 3), rng.random(services) < 0.6, self.whole(0, 2)),
            min_hubs=1 if self.maybe(0.1) else 0,
            floors=tuple(
                Floor(
                    self.whole(0, n_demands),
                    float(rng.choice([0.2, 0.5, 0.8])),
                    circle[self.whole(0, 4)],
                    community=self.whole(0, self.communities) if self.communities and self.maybe(0.4) else None,
                    every_community=bool(self.communities) and self.maybe(0.2),
                )
                for _ in range(self.whole(0, 3))
                if self.maybe(0.4)
            ),
            spreads=tuple(
                Spread(self.whole(0, n_demands), float(rng.choice([0.3, 0.6])), circle[self.whole(0, 4)])
                for _ in range(1)
                if self.communities and not self.places and self.maybe(0.2)
            ),
            assignment=tuple(("split", "whole", "nearest")[self.whole(0, 3)] for _ in range(services))
            if self.places
            else (),
        )

    def problem(self):
        rng = self.rng
        offers, sites = self.offers(), self.sites()
        demands = self.demands(offers.tier is not None)
        phases = None
        if self.phases:
            phases = Phases(
                rng.integers(0, 15, 2).astype(float),
                np.array([1.0, 2.0]),
                rng.integers(0, 3, self.n_sites).astype(np.int32),
                carry_over=self.maybe(0.5),
            )
        departments = self.departments
        return SitingProblem(
            n_demand=self.n,
            n_services=self.services,
            sites=sites,
            offers=offers,
            demands=demands,
            budgets=Budgets(
                self.budget(25, 0.6),
                self.budget(12, 0.3),
                np.array([self.budget(15, 0.5) for _ in range(departments)]) if departments else None,
                np.array([self.budget(9, 0.3) for _ in range(departments)]) if departments else None,
                outside=rng.random(departments) < 0.3 if departments and self.maybe(0.4) else None,
            ),
            rules=self.rules(len(demands)),
            goals=(Goal(self.goal, depth=2, circle=1 if self.maybe(0.5) else None, years=2.0), Goal("cost")),
            community=self.community,
            phases=phases,
        )


def tiny_problem(seed, **wishes):
    """Return a random problem of at most 4 sites, 3 services and 9 offers."""
    return Draw(seed, **wishes).problem()
