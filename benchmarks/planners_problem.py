"""The planner's problem at size: a clustered town, everything switched on, timed phase by phase.

``python benchmarks/planners_problem.py`` solves 5,000 demand points × 300 candidates × 3 services × 3 circles with
bundles of two sizes, shared rooms, department budgets, floors and limited places, and prints one line of JSON.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import resource
import time
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from planner.siting import (
    Budgets,
    Demand,
    Floor,
    Goal,
    Offers,
    Rules,
    SharedRoom,
    Sites,
    SitingProblem,
    SolverSettings,
    evaluate,
    solve,
)
from planner.siting.mip.constraints import formulate

if TYPE_CHECKING:
    from numpy.typing import NDArray

CUTOFFS_S = (300.0, 600.0, 900.0)
WEIGHTS = (1.0, 0.6, 0.3)
AREA_M2 = (350.0, 150.0, 200.0)
FIT_OUT_COST = (1_050_000.0, 300_000.0, 600_000.0)
YEARLY_COST = (600_000.0, 250_000.0, 500_000.0)
PLACES = (90.0, 150.0, 60.0)
DETOUR = 1.3


@dataclasses.dataclass(frozen=True, eq=False)
class Walks:
    """A reach made of straight lines times a detour."""

    indptr: NDArray[np.int64]
    site: NDArray[np.int32]
    seconds: NDArray[np.float32]
    n_sites: int


def walks(homes: NDArray[np.float64], places: NDArray[np.float64], speed_m_s: float) -> Walks:
    """Return the walks of up to the widest circle."""
    near = cKDTree(places).query_ball_point(homes, CUTOFFS_S[-1] * speed_m_s / DETOUR)
    size = np.array([len(one) for one in near])
    site = np.concatenate([np.array(one, dtype=np.int32) for one in near]) if size.sum() else np.zeros(0, np.int32)
    row = np.repeat(np.arange(len(homes)), size)
    seconds = (np.hypot(*(homes[row] - places[site]).T) * DETOUR / speed_m_s).astype(np.float32)
    order = np.lexsort((seconds, row))
    return Walks(np.concatenate([[0], np.cumsum(size)]), site[order], seconds[order], len(places))


def town(
    n: int = 5_000, candidates: int = 300, seed: int = 1, *, places: bool = True, floors: bool = True, sizes: int = 2
) -> SitingProblem:
    """Return the planner's problem of a clustered town."""
    rng = np.random.default_rng(seed)
    side = 110.0 * np.sqrt(n)
    centres = rng.uniform(0.1, 0.9, (12, 2)) * side
    spread = rng.uniform(0.03, 0.1, 12) * side
    homes = _scattered(rng, n, centres, spread, side)
    standing = candidates // 8
    sites = _scattered(rng, candidates + standing, centres, spread, side)
    elders, toddlers = rng.gamma(2.0, 8.0, n).round(), rng.gamma(2.0, 1.5, n).round()
    people, speed = (elders, elders, toddlers), (0.75, 0.8, 1.0)
    n_sites, shares = len(sites), np.eye(3)
    rows = [(j, int(rng.integers(3)), 1.0, True) for j in range(standing)]
    rows += [
        (j, k, factor, False)
        for j in range(standing, n_sites)
        for k in range(3)
        if rng.random() < 0.85
        for factor in (1.0, 1.6)[:sizes]
    ]
    site, service = (np.array([row[i] for row in rows], dtype=np.int32) for i in (0, 1))
    factor, existing = np.array([row[2] for row in rows]), np.array([row[3] for row in rows])
    is_new = ~existing
    own = np.array([0.0, 0.0, 0.0])
    own[[0, 1]] = 50.0
    cell = side / 6
    community = (homes[:, 0] // cell).astype(int) * 6 + (homes[:, 1] // cell).astype(int)
    _, community = np.unique(community, return_inverse=True)
    money = 2.2e6 * candidates / 10
    return SitingProblem(
        n_demand=n,
        n_services=3,
        sites=Sites(
            np.where(np.arange(n_sites) < standing, 0.0, rng.uniform(1e5, 4e5, n_sites)),
            np.where(np.arange(n_sites) < standing, np.inf, rng.uniform(180, 900, n_sites)),
            setup_share=np.tile([0.4, 0.3, 0.3], (n_sites, 1)),
        ),
        offers=Offers(
            site,
            service,
            is_new * np.array(FIT_OUT_COST)[service] * factor,
            np.array(YEARLY_COST)[service] * factor,
            is_new * (np.array(AREA_M2) - own)[service] * factor,
            existing,
            capacity=np.array(PLACES)[service] * factor if places else None,
            capital_share=shares[service],
            yearly_share=shares[service],
        ),
        demands=tuple(
            Demand(
                k, people[k], walks(homes, sites, speed[k]), CUTOFFS_S, WEIGHTS, load_per_person=(0.04, 0.05, 0.3)[k]
            )
            for k in range(3)
        ),
        budgets=Budgets(money, np.inf, np.array([0.5, 0.3, 0.4]) * money, np.array([0.3, 0.15, 0.25]) * money),
        rules=Rules(
            max_sites=candidates // 8,
            rooms=(SharedRoom(np.array([True, True, False]), 50.0, 100_000.0, 30_000.0, np.array([0.5, 0.5, 0.0])),),
            floors=tuple(Floor(k, 0.25, every_community=False) for k in range(3)) if floors else (),
        ),
        goals=(Goal("coverage"),),
        community=community,
    )


def _scattered(
    rng: np.random.Generator, count: int, centres: NDArray[np.float64], spread: NDArray[np.float64], side: float
) -> NDArray[np.float64]:
    which = rng.integers(0, len(centres), count)
    near = centres[which] + rng.normal(size=(count, 2)) * spread[which, None]
    anywhere = rng.uniform(0, side, (count, 2))
    return np.clip(np.where(rng.random(count)[:, None] < 0.75, near, anywhere), 0, side - 1)


def main() -> None:
    """Time one problem and print what came of it."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--n", type=int, default=5_000)
    asked.add_argument("--candidates", type=int, default=300)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--seconds", type=float, default=60)
    asked.add_argument("--gap", type=float, default=0.005)
    asked.add_argument("--threads", type=int, default=2)
    asked.add_argument("--no-places", action="store_true")
    asked.add_argument("--no-floors", action="store_true")
    asked.add_argument("--sizes", type=int, default=2)
    asked.add_argument("--quiet", action="store_true")
    given = asked.parse_args()
    problem = town(
        given.n, given.candidates, given.seed, places=not given.no_places, floors=not given.no_floors, sizes=given.sizes
    )
    began = time.perf_counter()
    form = formulate(problem)
    model = form.builder.build(form.coverage())
    build_s = time.perf_counter() - began

    def say(incumbent: float | None, bound: float | None, seconds: float) -> None:
        if not given.quiet:
            print(f"{seconds:7.1f} s  {incumbent}  ≤  {bound}", flush=True)

    settings = SolverSettings(given.seconds, given.gap, given.threads, 1)
    plan = solve(problem, settings, say)
    outcome = plan.outcome
    if plan.found:
        evaluate(problem, plan)
    result = {
        "rows": model.n_rows,
        "columns": model.n_columns,
        "nonzeros": model.nonzeros,
        "bundles": form.bundles.count,
        "build_s": round(build_s, 3),
        "status": outcome.status,
        "objective": outcome.objective,
        "bound": outcome.bound,
        "gap": outcome.gap,
        "seconds": round(outcome.seconds, 2),
        "nodes": outcome.nodes,
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
