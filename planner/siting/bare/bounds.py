"""What no plan can beat: a Lagrangian bound for the bare question, and the sites it settles.

Every row must be served by one chosen site or go without. Pricing that rule at ``λ_i`` leaves a question that answers itself:

.. code-block:: text

    L(λ) = Σ_i λ_i + Σ of the P smallest ρ_j,   ρ_j = Σ_i min(0, cost_ij − λ_i),   0 ≤ λ_i ≤ otherwise_i

is a lower limit of every plan's cost for every λ, and the best λ gives the bound of the linear programme (Cornuéjols,
Fisher, Nemhauser 1977). With a plan of cost U in hand, a site whose forced choice lifts L above U is closed in every
better plan, and one whose forced absence does is open in every better plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from planner.access.compiled import compiled

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from planner.siting.bare.pure import Pure

__all__ = ["Certificate", "Climb", "Settled", "climb", "price", "settle"]

AT_ONCE = 30_000_000
"""Pairs of rows and sites gone over between two looks at the clock: a fraction of a second."""


@dataclass(frozen=True, slots=True, eq=False)
class Certificate:
    """``bound`` holds for every plan; ``prices`` float64[n] are λ, ``reduced`` float64[J] the ρ that prove it."""

    bound: float
    prices: NDArray[np.float64]
    reduced: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Climb:
    """Where a climb ended: the best certificate, the cheapest plan met, and how often (of 1) each site was wanted."""

    certificate: Certificate
    chosen: NDArray[np.int64]
    often: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """Sites that are open, or closed, in every plan cheaper than the one in hand: bool[J] each."""

    open: NDArray[np.bool_]
    closed: NDArray[np.bool_]


def price(pure: Pure, prices: NDArray[np.float64]) -> Certificate:
    """Return the bound that ``prices`` prove; any prices do, those outside ``0 … otherwise`` are moved to the border."""
    prices = np.clip(prices, 0.0, pure.otherwise)
    reduced, _ = _reduced(pure.indptr, pure.site, pure.cost, prices, pure.n_sites)
    smallest = np.partition(reduced, min(pure.most, pure.n_sites) - 1)[: pure.most] if pure.most else np.zeros(0)
    return Certificate(pure.fixed + float(prices.sum() + smallest.sum()), prices, reduced)


def climb(
    pure: Pure,
    upper: float,
    start: NDArray[np.float64],
    steps: int,
    *,
    enough: float = np.inf,
    stride: float = 1.5,
    patience: int = 25,
    left: Callable[[], bool] | None = None,
) -> Climb:
    """Return the best bound met in ``steps`` subgradient steps from ``start``; ``upper`` is the cost of a plan in hand.

    A bound above ``enough`` ends the climb, and so does ``left`` once it says that no time is left: it is asked every
    `AT_ONCE` pairs.

    ``stride`` times ``upper − L`` over the squared subgradient is the step (Polyak); it is halved after ``patience`` steps
    without progress.
    """
    path = _Path(
        prices=start.copy(),
        kept=start.copy(),
        direction=np.zeros(pure.n_rows),
        plan=np.zeros(pure.most, dtype=np.int64),
        often=np.zeros(pure.n_sites),
        at=np.array([-np.inf, np.inf, 0.0, stride]),
    )
    at_once = max(AT_ONCE // max(len(pure.site), 1), 1)
    for done in range(0, steps, at_once):
        if done and left is not None and not left():
            break
        more = _climb(
            pure.indptr,
            pure.site,
            pure.cost,
            pure.otherwise,
            pure.most,
            upper - pure.fixed,
            enough - pure.fixed,
            path,
            min(at_once, steps - done),
            patience,
        )
        if not more:
            break
    return Climb(price(pure, path.kept), path.plan, path.often)


def settle(pure: Pure, certificate: Certificate, target: float) -> Settled:
    """Return what every plan of cost ``target`` or less does.

    Choosing site *j* against the bound's wish costs ``ρ_j − ρ_(P)`` at least, leaving it out ``ρ_(P+1) − ρ_j``.
    """
    order = np.argsort(certificate.reduced, kind="stable")
    wanted = np.zeros(pure.n_sites, dtype=np.bool_)
    wanted[order[: pure.most]] = True
    room = target - certificate.bound
    worst_in = certificate.reduced[order[pure.most - 1]] if pure.most else np.inf
    best_out = certificate.reduced[order[pure.most]] if pure.most < pure.n_sites else np.inf
    closed = ~wanted & (certificate.reduced - worst_in > room)
    return Settled(wanted & (best_out - certificate.reduced > room), closed)


@compiled
def _reduced(
    indptr: NDArray[np.int64],
    site: NDArray[np.int32],
    cost: NDArray[np.float64],
    prices: NDArray[np.float64],
    n_sites: int,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return ρ float64[J], and for each row how many sites are cheaper than its price."""
    reduced = np.zeros(n_sites)
    used = np.zeros(len(prices), np.int64)
    for i in range(len(prices)):
        k = indptr[i]
        while k < indptr[i + 1] and cost[k] < prices[i]:
            reduced[site[k]] += cost[k] - prices[i]
            k += 1
        used[i] = k - indptr[i]
    return reduced, used


class _Path(NamedTuple):
    """Where a climb stands: prices, the best so far, the way it goes, the cheapest plan met, how often sites were wanted.

    ``at`` holds the bound, the cost of that plan, the steps without progress, and the stride.
    """

    prices: NDArray[np.float64]
    kept: NDArray[np.float64]
    direction: NDArray[np.float64]
    plan: NDArray[np.int64]
    often: NDArray[np.float64]
    at: NDArray[np.float64]


@compiled
def _climb(  # noqa: PLR0917 - machine code takes its arguments by position
    indptr: NDArray[np.int64],
    site: NDArray[np.int32],
    cost: NDArray[np.float64],
    otherwise: NDArray[np.float64],
    most: int,
    upper: float,
    enough: float,
    path: _Path,
    steps: int,
    patience: int,
) -> bool:
    """Go so many steps on ``path``; say whether more of them could bring more."""
    n_rows, n_sites = len(otherwise), len(path.often)
    prices, kept, direction, often, at = path.prices, path.kept, path.direction, path.often, path.at
    wanted = np.zeros(n_sites, np.bool_)
    for _ in range(steps):
        reduced, used = _reduced(indptr, site, cost, prices, n_sites)
        order = np.argsort(reduced)
        now = prices.sum()
        wanted[:] = False
        often *= 0.96
        for r in range(most):
            wanted[order[r]] = True
            often[order[r]] += 0.04
            now += reduced[order[r]]
        if now > at[0]:
            if now > at[0] + 1e-6 * abs(upper):
                at[2] = 0
            at[0] = now
            kept[:] = prices
        at[2] += 1
        if at[2] > patience:
            at[3] *= 0.6
            at[2] = 0
            prices[:] = kept
            direction[:] = 0.0
            if at[3] < 1e-4:
                return False
            continue
        length, total = 0.0, 0.0
        for i in range(n_rows):
            served = 0
            nearest = otherwise[i]
            for k in range(indptr[i], indptr[i] + used[i]):
                if wanted[site[k]]:
                    served += 1
                    nearest = min(nearest, cost[k])
            if served == 0:
                for k in range(indptr[i] + used[i], indptr[i + 1]):
                    if wanted[site[k]]:
                        nearest = cost[k]
                        break
            total += nearest
            slope = 1.0 - served
            if (slope > 0 and prices[i] >= otherwise[i]) or (slope < 0 and prices[i] <= 0.0):
                slope = 0.0
            direction[i] = slope + 0.5 * direction[i]
            length += direction[i] * direction[i]
        if total < at[1]:
            at[1] = total
            path.plan[:] = order[:most]
        if length == 0.0 or at[0] > enough or upper - at[0] <= 1e-9 * abs(upper):
            return False
        stretch = at[3] * (upper - now) / length
        for i in range(n_rows):
            prices[i] = min(max(prices[i] + stretch * direction[i], 0.0), otherwise[i])
    return True
