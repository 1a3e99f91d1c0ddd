"""Instances to measure the optimiser on, each as the `SitingProblem` that a planner's study becomes.

Published ones (OR-Library, San Francisco) are read from the shared data sets; made-up ones come from an explicit seed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from planner.siting import Budgets, Demand, Floor, Goal, Offers, Rules, SharedRoom, Sites, SitingProblem

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Pairs:
    """A reach: seconds from demand points to sites, absent pairs absent."""

    indptr: NDArray[np.int64]
    site: NDArray[np.int32]
    seconds: Any
    """float32[k] or float64[k]."""
    n_sites: int


def pairs_of(distance: NDArray[np.float64]) -> Pairs:
    """Return a full matrix, points × sites, as pairs, nearest first; whole numbers stay whole."""
    order = np.argsort(distance, axis=1, kind="stable")
    rows, sites = distance.shape
    return Pairs(
        np.arange(rows + 1, dtype=np.int64) * sites,
        order.ravel().astype(np.int32),
        np.take_along_axis(distance, order, axis=1).ravel(),
        sites,
    )


def bare_problem(
    reach: Pairs, people: NDArray[np.float64], goal: Any, most: int | None, cutoff_s: float, **parts: Any
) -> SitingProblem:
    """Return the problem of opening at most ``most`` sites for one service, one circle, no money."""
    sites = reach.n_sites
    nothing = np.zeros(sites)
    return SitingProblem(
        n_demand=len(people),
        n_services=1,
        sites=Sites(nothing, np.full(sites, np.inf)),
        offers=Offers(
            np.arange(sites, dtype=np.int32),
            np.zeros(sites, dtype=np.int32),
            nothing,
            nothing,
            nothing,
            np.zeros(sites, dtype=bool),
        ),
        demands=(Demand(0, people, reach, (cutoff_s,), (1.0,)),),
        goals=(Goal(goal),),
        **({"rules": Rules(max_sites=most)} | parts),
    )


def read_pmed(path: Path) -> tuple[NDArray[np.float64], int]:
    """Return the distances of an OR-Library p-median graph and p; a later duplicate edge overwrites an earlier one."""
    numbers = np.loadtxt(path, dtype=np.int64, skiprows=1, ndmin=2)
    n, _, p = np.loadtxt(path, dtype=np.int64, max_rows=1)
    length = np.zeros((n, n))
    for i, j, cost in numbers.tolist():
        length[i - 1, j - 1] = length[j - 1, i - 1] = cost
    return dijkstra(length, directed=False), int(p)


def pmed_problem(distance: NDArray[np.float64], p: int, goal: str) -> SitingProblem:
    """Return the p-median (``walk``) or p-centre (``furthest``) of a distance matrix, one person at every point."""
    return bare_problem(pairs_of(distance), np.ones(len(distance)), goal, p, float(distance.max()) + 1)


def published_optima(folder: Path) -> dict[str, tuple[float, ...]]:
    """Return instance → published optima, read from the tables of the folder's README (p-median, p-centre; capacitated)."""
    rows = re.findall(
        r"^\| (pmed\d+|cap\d+) \|(.+)\|$", (folder / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    return {name: tuple(float(number) for number in numbers.split("|")) for name, numbers in rows}


def san_francisco(folder: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return metres from 205 demand points to 16 stores, and people at each point."""
    table = pd.read_csv(folder / "SF_network_distance_candidateStore_16_censusTract_205_new.csv")
    metres = table.pivot_table(index="DestinationName", columns="name", values="distance")
    stores = sorted(metres.columns, key=lambda name: int(name.split("_")[1]))
    people = table.drop_duplicates("DestinationName").set_index("DestinationName")["demand"]
    return metres[stores].to_numpy(), people.loc[metres.index].to_numpy(dtype=np.float64)


def cap_problem(path: Path) -> SitingProblem:
    """Return an OR-Library capacitated warehouse instance: fixed costs as capital, service as walks at one unit of money a second.

    A customer's demand is its people, and costs are given for serving it whole, so seconds are cost over demand.
    """
    numbers = path.read_text(encoding="utf-8").split()
    warehouses, customers = int(numbers[0]), int(numbers[1])
    values = np.array([float(number) for number in numbers[2:]])
    capacity, fixed = values[: 2 * warehouses].reshape(warehouses, 2).T
    table = values[2 * warehouses :].reshape(customers, 1 + warehouses)
    people, seconds = table[:, 0], table[:, 1:] / table[:, :1]
    reach = pairs_of(seconds)
    # Nobody goes without: being served nowhere costs more than everything together.
    unserved_s = 2 * float(table[:, 1:].max(axis=1).sum() + fixed.sum()) / float(people.min())
    nothing = np.zeros(warehouses)
    return SitingProblem(
        n_demand=customers,
        n_services=1,
        sites=Sites(nothing, np.full(warehouses, np.inf)),
        offers=Offers(
            np.arange(warehouses, dtype=np.int32),
            np.zeros(warehouses, dtype=np.int32),
            fixed,
            nothing,
            nothing,
            np.zeros(warehouses, dtype=bool),
            capacity=capacity,
        ),
        demands=(Demand(0, people, reach, (float(seconds.max()) + 1,), (1.0,), beyond_s=unserved_s),),
        goals=(Goal("cost", cost_per_walked_s=1.0),),
        rules=Rules(floors=(Floor(0, 1.0),)),
    )


def everybody_within(reach: Pairs, people: NDArray[np.float64], cutoff_s: float) -> SitingProblem:
    """Return the problem of serving everybody within ``cutoff_s`` with fewest sites (set cover)."""
    return bare_problem(reach, people, "sites", None, cutoff_s, rules=Rules(floors=(Floor(0, 1.0),)))


@dataclass(frozen=True, eq=False)
class City:
    """Homes and sites in clusters, in metres."""

    homes: NDArray[np.float64]
    sites: NDArray[np.float64]
    people: NDArray[np.float64]

    def within(self, radius_m: float) -> Pairs:
        """Return the pairs closer than ``radius_m``, at one metre a second."""
        tree = cKDTree(self.sites)
        near = tree.query_ball_point(self.homes, radius_m, return_sorted=True)
        size = np.array([len(found) for found in near])
        site = np.concatenate([np.array(found, dtype=np.int32) for found in near])
        row = np.repeat(np.arange(len(size)), size)
        metres = np.hypot(*(self.homes[row] - self.sites[site]).T)
        order = np.lexsort((metres, row))
        return Pairs(
            np.concatenate([[0], np.cumsum(size)]), site[order], metres[order].astype(np.float32), len(self.sites)
        )


def made_up_city(homes: int, sites: int, *, side_m: float, clusters: int = 25, seed: int = 1) -> City:
    """Return a city of Gaussian quarters of different sizes; candidates stand where people live."""
    rng = np.random.default_rng(seed)
    centre = rng.uniform(0, side_m, (clusters, 2))
    share = rng.dirichlet(np.ones(clusters))
    spread = rng.uniform(0.03, 0.1, clusters) * side_m

    def scattered(count: int) -> NDArray[np.float64]:
        quarter = rng.choice(clusters, count, p=share)
        return centre[quarter] + rng.normal(size=(count, 2)) * spread[quarter][:, None]

    return City(scattered(homes), scattered(sites), rng.integers(1, 101, homes).astype(np.float64))


def coverage_problem(city: City, most: int, radius_m: float) -> SitingProblem:
    """Return the problem of covering most people within ``radius_m`` with at most ``most`` openings."""
    return bare_problem(city.within(radius_m), city.people, "coverage", most, radius_m)


def district_problem(
    homes: int = 5_000,
    sites: int = 300,
    *,
    side_m: float = 6_000.0,
    seed: int = 1,
    places: bool = True,
    floors: bool = True,
) -> SitingProblem:
    """Return a planner's problem: three services in 5, 10 and 15 minutes, rooms, areas, departments' budgets, floors.

    Places are limited in the first service where ``places`` is set, half of two groups are due something where ``floors`` is;
    budgets pay for about a sixth of the candidates.
    """
    rng = np.random.default_rng(seed)
    city = made_up_city(homes, sites, side_m=side_m, seed=seed)
    share, speed = (0.22, 0.30, 0.05), (0.8, 0.9, 1.2)
    kinds, cutoffs = len(share), (300.0, 600.0, 900.0)
    people = [np.floor(city.people * part * rng.uniform(0.5, 1.5, homes)) for part in share]
    floor_m2 = rng.uniform(150, 1200, sites)
    service, site = (grid.ravel().astype(np.int32) for grid in np.indices((kinds, sites)))
    area = np.array([350.0, 200.0, 300.0])[service]
    fit_out = np.array([9e5, 3e5, 12e5])[service] * rng.uniform(0.8, 1.2, len(site))
    yearly = np.array([3e5, 2e5, 5e5])[service]
    fits = area <= floor_m2[site]
    payer = np.eye(kinds)[service]
    reaches = []
    for walker in speed:
        pairs = city.within(900.0 * walker)
        reaches.append(Pairs(pairs.indptr, pairs.site, (pairs.seconds / walker).astype(np.float32), sites))
    per_opening = people[0].sum() / (sites / 6)
    capacity = np.where(service == 0, 1.5 * per_opening, np.inf)
    communities = 20
    nearest = cKDTree(city.homes[rng.choice(homes, communities, replace=False)])
    return SitingProblem(
        n_demand=homes,
        n_services=kinds,
        sites=Sites(rng.uniform(1e5, 6e5, sites), floor_m2, setup_share=np.full((sites, kinds), 1 / kinds)),
        offers=Offers(
            site[fits],
            service[fits],
            fit_out[fits],
            yearly[fits],
            area[fits],
            np.zeros(int(fits.sum()), dtype=bool),
            capacity=capacity[fits] if places else None,
            capital_share=payer[fits],
            yearly_share=payer[fits],
        ),
        demands=tuple(Demand(k, people[k], reaches[k], cutoffs, (1.0, 0.7, 0.4)) for k in range(kinds)),
        budgets=Budgets(capital_cost=8e7, department_capital_cost=np.array([5e7, 2e7, 5e7]), yearly_cost=3.5e7),
        rules=Rules(
            max_sites=sites // 6,
            rooms=(SharedRoom(np.array([True, True, False]), 60.0, 1e5, 1e4, np.array([0.5, 0.5, 0.0])),),
            floors=(Floor(0, 0.5), Floor(2, 0.5)) if floors else (),
        ),
        goals=(Goal("coverage"),),
        community=nearest.query(city.homes)[1].astype(np.int64),
    )
