"""Random tiny siting problems, and their optimum by trying everything in plain Python: no array, no model, no solver.

The enumeration shares no line with the package; it reads a problem's arrays and nothing else.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from planner.siting import Budgets, Demand, Lock, Offers, Room, Rules, Sites, SitingProblem


@dataclass(frozen=True)
class TinyReach:
    indptr: np.ndarray
    site: np.ndarray
    seconds: np.ndarray
    n_sites: int
    cutoff_s: float = 900.0


def tiny_reach(rng, n, sites, density=0.6):
    rows = []
    for _ in range(n):
        near = np.flatnonzero(rng.random(sites) < density)
        seconds = rng.choice([0, 120, 300, 301, 500, 600, 750, 900, 1000], size=len(near)).astype(np.float32)
        order = np.argsort(seconds, kind="stable")
        rows.append((near[order], seconds[order]))
    indptr = np.concatenate([[0], np.cumsum([len(near) for near, _ in rows])]).astype(np.int64)
    site = np.concatenate([near for near, _ in rows]).astype(np.int32)
    return TinyReach(indptr, site, np.concatenate([s for _, s in rows]).astype(np.float32), sites)


def tiny_problem(seed):
    """Return a random problem of at most 4 sites, 3 services and 9 offers with every kind of rule switched on or off."""
    rng = np.random.default_rng(seed)
    n, n_sites, services = int(rng.integers(1, 7)), int(rng.integers(1, 5)), int(rng.integers(1, 4))
    departments = int(rng.integers(0, 3))
    cells = [(j, k) for j in range(n_sites) for k in range(services) if rng.random() < 0.75]
    cells = cells[:7] or [(0, 0)]
    offers = [(j, k, False) for j, k in cells]
    for j, k in cells:
        if rng.random() < 0.25:
            offers.append((j, k, True))
        elif rng.random() < 0.2:
            offers.append((j, k, False))
    offers = offers[:9]
    m = len(offers)
    existing = np.array([e for _, _, e in offers])
    site, service = (np.array([o[i] for o in offers], dtype=np.int32) for i in (0, 1))

    def shares(rows):
        parts = rng.integers(1, 4, (rows, departments)).astype(float)
        return parts / parts.sum(axis=1, keepdims=True)

    with_departments = departments > 0
    maybe = lambda value, chance: value if rng.random() < chance else None  # noqa: E731
    budget = lambda top, chance: float(rng.integers(0, top)) if rng.random() < chance else np.inf  # noqa: E731
    tier = rng.integers(0, 2, m).astype(np.int32) if rng.random() < 0.5 else None
    locks = tuple(
        Lock(
            ("must", "never")[int(rng.integers(2))], int(rng.integers(n_sites)), maybe(int(rng.integers(services)), 0.5)
        )
        for _ in range(int(rng.integers(0, 3)))
        if rng.random() < 0.4
    )
    rooms = tuple(
        Room(
            rng.random(services) < 0.6,
            float(rng.integers(0, 4)),
            float(rng.integers(0, 4)),
            float(rng.integers(0, 3)),
            shares(1)[0] if with_departments else None,
        )
        for _ in range(int(rng.integers(0, 2)))
    )
    return SitingProblem(
        n_demand=n,
        n_services=services,
        sites=Sites(
            rng.integers(0, 4, n_sites).astype(float),
            np.where(rng.random(n_sites) < 0.7, rng.integers(3, 12, n_sites), np.inf).astype(float),
            rng.integers(0, 3, n_sites).astype(float),
            shares(n_sites) if with_departments else None,
        ),
        offers=Offers(
            site,
            service,
            rng.integers(0, 7, m).astype(float),
            rng.integers(0, 4, m).astype(float),
            rng.integers(0, 5, m).astype(float),
            existing,
            may_close=(rng.random(m) < 0.3) & existing,
            tier=tier,
            capital_share=shares(m) if with_departments else None,
            yearly_share=shares(m) if with_departments else None,
        ),
        demands=tuple(
            Demand(
                int(rng.integers(services)),
                rng.integers(0, 9, n).astype(float),
                tiny_reach(rng, n, n_sites),
                (300.0, 600.0, 900.0),
                tuple(sorted(rng.random(3).round(2).tolist(), reverse=True)),
                tiers=(int(rng.integers(2)),) if tier is not None and rng.random() < 0.6 else (),
            )
            for _ in range(int(rng.integers(1, 4)))
        ),
        budgets=Budgets(
            budget(25, 0.6),
            budget(12, 0.3),
            np.array([budget(15, 0.5) for _ in range(departments)]) if with_departments else None,
            np.array([budget(9, 0.3) for _ in range(departments)]) if with_departments else None,
        ),
        rules=Rules(
            min_sites=int(rng.integers(0, 2)) if rng.random() < 0.3 else 0,
            max_sites=maybe(int(rng.integers(0, 4)), 0.5),
            min_openings=tuple(int(rng.integers(0, 2)) for _ in range(services)) if rng.random() < 0.2 else (),
            max_openings=tuple(maybe(int(rng.integers(0, 3)), 0.5) for _ in range(services))
            if rng.random() < 0.4
            else (),
            incompatible=rng.random((services, services)) < 0.1 if rng.random() < 0.3 else None,
            rooms=rooms,
            locks=locks,
        ),
    )


def every_plan(problem):
    """Yield every set of offers that keeps every rule, as a tuple of positions."""
    o, cells = problem.offers, {}
    for position in range(o.count):
        cells.setdefault((int(o.site[position]), int(o.service[position])), []).append(position)
    for choice in itertools.product(*[[None, *positions] for positions in cells.values()]):
        chosen = tuple(position for position in choice if position is not None)
        if keeps_rules(problem, chosen):
            yield chosen


def keeps_rules(p, chosen):
    o, s, r, b = p.offers, p.sites, p.rules, p.budgets
    at = {(int(o.site[c]), int(o.service[c])): c for c in chosen}
    new = [c for c in chosen if not o.existing[c]]
    for c in range(o.count):
        if (
            o.existing[c]
            and not (o.may_close is not None and o.may_close[c])
            and (int(o.site[c]), int(o.service[c])) not in at
        ):
            return False
    if r.incompatible is not None:
        for (j, k), (i, q) in itertools.combinations(at, 2):
            if j == i and (r.incompatible[k][q] or r.incompatible[q][k]):
                return False
    opened = {int(o.site[c]) for c in new}
    if len(opened) < r.min_sites or (r.max_sites is not None and len(opened) > r.max_sites):
        return False
    for k in range(p.n_services):
        number = sum(int(o.service[c]) == k for c in new)
        if r.min_openings and number < r.min_openings[k]:
            return False
        if r.max_openings and r.max_openings[k] is not None and number > r.max_openings[k]:
            return False
    for lock in r.locks:
        if lock.kind == "must" and not any(j == lock.site and lock.service in {None, k} for j, k in at):
            return False
        if lock.kind == "never" and any(
            o.site[c] == lock.site and lock.service in {None, int(o.service[c])} for c in new
        ):
            return False
    departments = b.departments
    capital, yearly = 0.0, 0.0
    by = [[0.0] * departments, [0.0] * departments]

    def pay(once, each, once_share, each_share):
        nonlocal capital, yearly
        capital, yearly = capital + once, yearly + each
        for d in range(departments):
            by[0][d] += once * once_share[d]
            by[1][d] += each * each_share[d]

    for c in new:
        pay(
            o.capital_yuan[c],
            o.yearly_yuan[c],
            o.capital_share[c] if departments else None,
            o.yearly_share[c] if departments else None,
        )
    for j in opened:
        pay(s.setup_yuan[j], s.setup_yearly_yuan[j], *([s.setup_share[j]] * 2 if departments else [None, None]))
    for j in {site for site, _ in at}:
        area = sum(o.area_m2[c] for c in chosen if o.site[c] == j)
        for room in r.rooms:
            users = [c for c in chosen if o.site[c] == j and room.services[o.service[c]]]
            if users:
                area += room.area_m2
                if not any(o.existing[c] for c in users):
                    pay(room.capital_yuan, room.yearly_yuan, room.share, room.share)
        if area > s.floor_area_m2[j] + 1e-6:
            return False
    if capital > b.capital_yuan + 1e-6 or yearly > b.yearly_yuan + 1e-6:
        return False
    for spent, limits in zip(by, (b.department_capital_yuan, b.department_yearly_yuan), strict=True):
        if limits is not None and any(spent[d] > limits[d] + 1e-6 for d in range(departments)):
            return False
    return True


def worth(p, chosen):
    """Return the people served, each counted with the weight of the best circle."""
    total = 0.0
    for demand in p.demands:
        for i in range(p.n_demand):
            best = 0.0
            for position in range(demand.reach.indptr[i], demand.reach.indptr[i + 1]):
                for c in chosen:
                    if o_counts(p, demand, c) and p.offers.site[c] == demand.reach.site[position]:
                        for cutoff, weight in zip(demand.cutoffs_s, demand.weights, strict=True):
                            if demand.reach.seconds[position] <= cutoff:
                                best = max(best, weight)
            total += demand.people[i] * best
    return total


def o_counts(p, demand, c):
    if p.offers.service[c] != demand.service:
        return False
    return not demand.tiers or int(p.offers.tier[c]) in demand.tiers
