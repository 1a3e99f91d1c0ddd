"""Lagrangian bounds of a p-median instance, and branch and bound on them.

Every row must be served by one chosen site or go without. Dualising that constraint at ``λ_i`` leaves

.. code-block:: text

    L(λ) = Σ_i λ_i + Σ of the P smallest ρ_j,   ρ_j = Σ_i min(0, cost_ij − λ_i),   0 ≤ λ_i ≤ otherwise_i

a lower bound on every plan's cost for every λ; the best λ gives the bound of the linear relaxation (Cornuéjols,
Fisher, Nemhauser 1977). With an incumbent of cost U, a site whose forced choice lifts L above U is closed in every
better plan, and one whose forced absence does is open in every better plan (reduced-cost fixing).

A node of the tree is a set of sites fixed open and a set fixed closed. Its instance is smaller: open sites become part of what
every row has anyway, closed ones leave the rows. The bound fixes more sites, the rest branches on the site whose
choice is least clear; the node with the best bound comes next.
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from planner.access.compiled import compiled
from planner.siting.p_median.instance import cost_of, subinstance

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from planner.siting.arrays import BoolArray, FloatArray, IntArray
    from planner.siting.p_median.instance import PMedianInstance


PAIRS_PER_CALL = 30_000_000
"""Pairs of rows and sites processed between two readings of the clock: a fraction of a second."""

ROUNDS = 4
"""Rounds of bounding and fixing per node while sites are still fixed."""


@dataclass(frozen=True, slots=True, eq=False)
class LagrangianBound:
    """Lower bound with its proof: ``multipliers`` float64[n] are λ, ``reduced_cost`` float64[J] are ρ."""

    bound: float
    multipliers: FloatArray
    reduced_cost: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class SubgradientResult:
    """Best bound, cheapest plan met, and the frequency (of 1) with which each site was selected."""

    certificate: LagrangianBound
    chosen: IntArray
    frequency: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class FixedSites:
    """Sites that are open, or closed, in every plan cheaper than the incumbent: bool[J] each."""

    open: BoolArray
    closed: BoolArray


def lagrangian_bound(instance: PMedianInstance, multipliers: FloatArray) -> LagrangianBound:
    """Return the bound of ``multipliers``, projected onto ``0 … default_cost``."""
    multipliers = np.clip(multipliers, 0.0, instance.default_cost)
    reduced_cost, _ = _reduced_costs(instance.indptr, instance.site, instance.cost, multipliers, instance.n_sites)
    smallest = (
        np.partition(reduced_cost, min(instance.p, instance.n_sites) - 1)[: instance.p] if instance.p else np.zeros(0)
    )
    return LagrangianBound(instance.fixed + float(multipliers.sum() + smallest.sum()), multipliers, reduced_cost)


def subgradient_ascent(
    instance: PMedianInstance,
    upper: float,
    start: FloatArray,
    steps: int,
    *,
    stop_above: float = np.inf,
    step_scale: float = 1.5,
    patience: int = 25,
    time_left: Callable[[], bool] | None = None,
) -> SubgradientResult:
    """Return the best bound of ``steps`` subgradient steps from ``start``; ``upper`` is the cost of the incumbent.

    Ends at a bound above ``stop_above``, or when ``time_left`` returns False; it is called every `PAIRS_PER_CALL` pairs.

    ``step_scale`` times ``upper − L`` over the squared subgradient is the step (Polyak); it is reduced after ``patience`` steps
    without progress.
    """
    state = _SubgradientState(
        multipliers=start.copy(),
        best_multipliers=start.copy(),
        direction=np.zeros(instance.n_rows),
        plan=np.zeros(instance.p, dtype=np.int64),
        frequency=np.zeros(instance.n_sites),
        scalars=np.array([-np.inf, np.inf, 0.0, step_scale]),
    )
    steps_per_call = max(PAIRS_PER_CALL // max(len(instance.site), 1), 1)
    for done in range(0, steps, steps_per_call):
        if done and time_left is not None and not time_left():
            break
        more = _subgradient_steps(
            instance.indptr,
            instance.site,
            instance.cost,
            instance.default_cost,
            instance.p,
            upper - instance.fixed,
            stop_above - instance.fixed,
            state,
            min(steps_per_call, steps - done),
            patience,
        )
        if not more:
            break
    return SubgradientResult(lagrangian_bound(instance, state.best_multipliers), state.plan, state.frequency)


def fix_sites(instance: PMedianInstance, certificate: LagrangianBound, target: float) -> FixedSites:
    """Return the sites that are open, or closed, in every plan of cost ``target`` or less (reduced-cost fixing).

    Choosing a site *j* outside the bound's selection costs ``ρ_j − ρ_(P)`` at least, leaving out one of it ``ρ_(P+1) − ρ_j``.
    """
    order = np.argsort(certificate.reduced_cost, kind="stable")
    selected = np.zeros(instance.n_sites, dtype=np.bool_)
    selected[order[: instance.p]] = True
    slack = target - certificate.bound
    worst_in = certificate.reduced_cost[order[instance.p - 1]] if instance.p else np.inf
    best_out = certificate.reduced_cost[order[instance.p]] if instance.p < instance.n_sites else np.inf
    closed = ~selected & (certificate.reduced_cost - worst_in > slack)
    return FixedSites(selected & (best_out - certificate.reduced_cost > slack), closed)


@compiled
def _reduced_costs(
    indptr: IntArray, site: NDArray[np.int32], cost: FloatArray, multipliers: FloatArray, n_sites: int
) -> tuple[FloatArray, IntArray]:
    """Return ρ float64[J], and for each row the number of sites cheaper than its multiplier."""
    reduced_cost = np.zeros(n_sites)
    used = np.zeros(len(multipliers), np.int64)
    for i in range(len(multipliers)):
        k = indptr[i]
        while k < indptr[i + 1] and cost[k] < multipliers[i]:
            reduced_cost[site[k]] += cost[k] - multipliers[i]
            k += 1
        used[i] = k - indptr[i]
    return reduced_cost, used


class _SubgradientState(NamedTuple):
    """State of a subgradient ascent: multipliers, the best so far, direction, cheapest plan met, selection frequencies.

    ``scalars`` holds the bound, the cost of that plan, the steps without progress, and the step scale.
    """

    multipliers: FloatArray
    best_multipliers: FloatArray
    direction: FloatArray
    plan: IntArray
    frequency: FloatArray
    scalars: FloatArray


@compiled
def _subgradient_steps(  # noqa: PLR0917 - machine code takes its arguments by position
    indptr: IntArray,
    site: NDArray[np.int32],
    cost: FloatArray,
    default_cost: FloatArray,
    p: int,
    upper: float,
    stop_above: float,
    state: _SubgradientState,
    steps: int,
    patience: int,
) -> bool:
    """Make so many steps; return whether more of them could improve the bound."""
    n_rows, n_sites = len(default_cost), len(state.frequency)
    multipliers, best_multipliers, direction, frequency, scalars = (
        state.multipliers,
        state.best_multipliers,
        state.direction,
        state.frequency,
        state.scalars,
    )
    selected = np.zeros(n_sites, np.bool_)
    for _ in range(steps):
        reduced_cost, used = _reduced_costs(indptr, site, cost, multipliers, n_sites)
        order = np.argsort(reduced_cost)
        now = multipliers.sum()
        selected[:] = False
        frequency *= 0.96
        for r in range(p):
            selected[order[r]] = True
            frequency[order[r]] += 0.04
            now += reduced_cost[order[r]]
        if now > scalars[0]:
            if now > scalars[0] + 1e-6 * abs(upper):
                scalars[2] = 0
            scalars[0] = now
            best_multipliers[:] = multipliers
        scalars[2] += 1
        if scalars[2] > patience:
            scalars[3] *= 0.6
            scalars[2] = 0
            multipliers[:] = best_multipliers
            direction[:] = 0.0
            if scalars[3] < 1e-4:
                return False
            continue
        length, total = 0.0, 0.0
        for i in range(n_rows):
            served = 0
            nearest = default_cost[i]
            for k in range(indptr[i], indptr[i] + used[i]):
                if selected[site[k]]:
                    served += 1
                    nearest = min(nearest, cost[k])
            if served == 0:
                for k in range(indptr[i] + used[i], indptr[i + 1]):
                    if selected[site[k]]:
                        nearest = cost[k]
                        break
            total += nearest
            slope = 1.0 - served
            if (slope > 0 and multipliers[i] >= default_cost[i]) or (slope < 0 and multipliers[i] <= 0.0):
                slope = 0.0
            direction[i] = slope + 0.5 * direction[i]
            length += direction[i] * direction[i]
        if total < scalars[1]:
            scalars[1] = total
            state.plan[:] = order[:p]
        if length == 0.0 or scalars[0] > stop_above or upper - scalars[0] <= 1e-9 * abs(upper):
            return False
        stretch = scalars[3] * (upper - now) / length
        for i in range(n_rows):
            multipliers[i] = min(max(multipliers[i] + stretch * direction[i], 0.0), default_cost[i])
    return True


@dataclass(frozen=True, slots=True, eq=False)
class BranchAndBoundResult:
    """The best plan and the lower bound; ``closed`` tells whether optimality is proven."""

    chosen: IntArray
    cost: float
    bound: float
    closed: bool
    nodes: int


@dataclass(slots=True, eq=False)
class _Node:
    """Sites fixed open; free sites; the bound and the multipliers (of all rows) of the parent."""

    open: IntArray
    free: IntArray
    bound: float
    multipliers: FloatArray


def branch_and_bound(
    instance: PMedianInstance,
    chosen: IntArray,
    multipliers: FloatArray,
    *,
    target: Callable[[float], float],
    keep_going: Callable[[float, float], bool],
    improve: Callable[[IntArray], IntArray] | None = None,
    time_left: Callable[[], bool] | None = None,
    root_steps: int = 1500,
    node_steps: int = 100,
) -> BranchAndBoundResult:
    """Return the best plan of ``instance`` and a bound, from the incumbent ``chosen`` and Lagrangian ``multipliers``.

    Parameters
    ----------
    instance
        The p-median instance.
    chosen
        The incumbent.
    multipliers
        Initial multipliers, float64[n].
    target
        Cost of the incumbent → the largest cost of another plan worth finding; never increasing as costs fall.
    keep_going
        Called with ``(cost, bound)`` after each node; False ends the search there.
    improve
        Improvement heuristic: called with each plan met, returns one that costs no more.
    time_left
        Returns whether time is left, within a node too.
    """
    best, cost = chosen, cost_of(instance, chosen)
    root = _Node(np.zeros(0, dtype=np.int64), np.arange(instance.n_sites), -np.inf, multipliers)
    count = itertools.count()
    heap = [(0.0, next(count), root)]
    nodes, bucket = 0, 1.0 if instance.integral else 0.0
    while heap:
        if nodes and not keep_going(cost, min(heap[0][0] * bucket, cost)):
            break
        node = heapq.heappop(heap)[2]
        if node.bound > target(cost):
            continue
        nodes += 1
        found, children = _process_node(
            instance, node, cost, target, root_steps if nodes == 1 else node_steps, improve=improve, time_left=time_left
        )
        if found is not None and (now := cost_of(instance, found)) < cost:
            best, cost = found, now
        if not bucket and children:
            bucket = max((cost - children[0].bound) / 50, 1e-9)
        for child in children:
            # Among equally good nodes depth first, so that the search reaches plans as well as bounds.
            heapq.heappush(heap, (np.floor(child.bound / bucket + 1 - 1e-6), -next(count), child))
    bound = instance.rounded_up(min([cost, target(cost), *(node.bound for _, _, node in heap)]))
    return BranchAndBoundResult(best, cost, bound, not heap, nodes)


def _process_node(
    instance: PMedianInstance,
    node: _Node,
    cost: float,
    target: Callable[[float], float],
    steps: int,
    *,
    improve: Callable[[IntArray], IntArray] | None,
    time_left: Callable[[], bool] | None,
) -> tuple[IntArray | None, list[_Node]]:
    """Return the best plan met in a node, and its children."""
    opened, free, bound, multipliers = node.open, node.free, node.bound, node.multipliers
    plan: IntArray | None = None
    for _ in range(ROUNDS):
        more = instance.p - len(opened)
        if more <= 0 or len(free) <= more:
            return _cheaper(instance, plan, np.concatenate([opened, free[: max(more, 0)]])), []
        reduced_instance, rows = subinstance(instance, opened, free)
        result = subgradient_ascent(
            reduced_instance,
            cost,
            np.minimum(multipliers[rows], reduced_instance.default_cost),
            steps,
            stop_above=target(cost),
            time_left=time_left,
        )
        met = np.concatenate([opened, free[result.chosen]])
        if improve is not None:
            met = improve(met)
        plan = _cheaper(instance, plan, met)
        cost = min(cost, cost_of(instance, plan))
        bound = max(bound, result.certificate.bound)
        if bound > target(cost):
            return plan, []
        multipliers = multipliers.copy()
        multipliers[rows] = result.certificate.multipliers
        fixing = fix_sites(reduced_instance, result.certificate, target(cost))
        decided = fixing.open | fixing.closed
        opened, free, frequency = (
            np.concatenate([opened, free[fixing.open]]),
            free[~decided],
            result.frequency[~decided],
        )
        if decided.sum() < 0.1 * len(decided) or (time_left is not None and not time_left()):
            break
    more = instance.p - len(opened)
    if more <= 0 or len(free) <= more:
        return plan if more < 0 else _cheaper(instance, plan, np.concatenate([opened, free[:more]])), []
    branch_site = int(np.argmax(frequency))
    others = np.delete(free, branch_site)
    return plan, [
        _Node(opened, others, bound, multipliers),
        _Node(np.append(opened, free[branch_site]), others, bound, multipliers),
    ]


def _cheaper(instance: PMedianInstance, plan: IntArray | None, other: IntArray) -> IntArray:
    """Return the cheaper of two plans, the first where they cost the same: sites are fixed against the cheapest plan met."""
    return other if plan is None or cost_of(instance, other) < cost_of(instance, plan) else plan
