"""Proof: branch and bound on the bare question, with Lagrangian bounds that start where the parent's ended.

A node is a set of sites declared open and a set declared closed. Its question is smaller: open sites become part of what
every row has anyway, closed ones leave the rows. The bound settles more sites, the rest is split on the site whose
choice is least clear; the node with the best bound comes next, so the bound of the whole moves with every node.
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.bare.bounds import climb, settle
from planner.siting.bare.pure import cost_of, restricted

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from planner.siting.bare.pure import Pure

__all__ = ["Proof", "prove"]

ROUNDS = 4
"""How often a node is made smaller and priced again while its bound still settles sites."""


@dataclass(frozen=True, slots=True, eq=False)
class Proof:
    """The best plan and what no plan can beat; ``closed`` tells whether nothing better is left to look for."""

    chosen: NDArray[np.int64]
    cost: float
    bound: float
    closed: bool
    nodes: int


@dataclass(slots=True, eq=False)
class _Node:
    """Sites declared open; sites still free; the bound and the prices (of all rows) that the parent ended with."""

    open: NDArray[np.int64]
    free: NDArray[np.int64]
    bound: float
    prices: NDArray[np.float64]


def prove(
    pure: Pure,
    chosen: NDArray[np.int64],
    prices: NDArray[np.float64],
    *,
    target: Callable[[float], float],
    go_on: Callable[[float, float], bool],
    beside: Callable[[NDArray[np.int64]], NDArray[np.int64]] | None = None,
    left: Callable[[], bool] | None = None,
    root_steps: int = 1500,
    node_steps: int = 100,
) -> Proof:
    """Return a plan of ``pure`` and a bound, starting from the plan ``chosen`` and the Lagrangian ``prices``.

    Parameters
    ----------
    pure
        The question.
    chosen
        A plan in hand.
    prices
        Where the bound starts, float64[n].
    target
        Given the cost of the plan in hand, the largest cost of another that would be worth finding; never increasing
        as costs fall.
    go_on
        Told ``(cost, bound)`` after each node; False ends the search there.
    beside
        A search for plans: told each plan met on the way, it returns one that costs no more.
    left
        Says whether time is left, within a node too.
    """
    best, cost = chosen, cost_of(pure, chosen)
    root = _Node(np.zeros(0, dtype=np.int64), np.arange(pure.n_sites), -np.inf, prices)
    count = itertools.count()
    heap = [(0.0, next(count), root)]
    nodes, grain = 0, 1.0 if pure.whole else 0.0
    while heap:
        if nodes and not go_on(cost, min(heap[0][0] * grain, cost)):
            break
        node = heapq.heappop(heap)[2]
        if node.bound > target(cost):
            continue
        nodes += 1
        found, children = _examine(
            pure, node, cost, target, root_steps if nodes == 1 else node_steps, beside=beside, left=left
        )
        if found is not None and (now := cost_of(pure, found)) < cost:
            best, cost = found, now
        if not grain and children:
            grain = max((cost - children[0].bound) / 50, 1e-9)
        for child in children:
            # Of equally good nodes the latest comes next, so that the search reaches plans as well as bounds.
            heapq.heappush(heap, (np.floor(child.bound / grain + 1 - 1e-6), -next(count), child))
    bound = pure.rounded(min([cost, target(cost), *(node.bound for _, _, node in heap)]))
    return Proof(best, cost, bound, not heap, nodes)


def _examine(
    pure: Pure,
    node: _Node,
    cost: float,
    target: Callable[[float], float],
    steps: int,
    *,
    beside: Callable[[NDArray[np.int64]], NDArray[np.int64]] | None,
    left: Callable[[], bool] | None,
) -> tuple[NDArray[np.int64] | None, list[_Node]]:
    """Return the best plan met in a node, and the nodes that hold every plan of it that is worth finding."""
    opened, free, bound, prices = node.open, node.free, node.bound, node.prices
    plan: NDArray[np.int64] | None = None
    for _ in range(ROUNDS):
        more = pure.most - len(opened)
        if more <= 0 or len(free) <= more:
            return _cheaper(pure, plan, np.concatenate([opened, free[: max(more, 0)]])), []
        part, rows = restricted(pure, opened, free)
        ended = climb(part, cost, np.minimum(prices[rows], part.otherwise), steps, enough=target(cost), left=left)
        met = np.concatenate([opened, free[ended.chosen]])
        if beside is not None:
            met = beside(met)
        plan = _cheaper(pure, plan, met)
        cost = min(cost, cost_of(pure, plan))
        bound = max(bound, ended.certificate.bound)
        if bound > target(cost):
            return plan, []
        prices = prices.copy()
        prices[rows] = ended.certificate.prices
        settled = settle(part, ended.certificate, target(cost))
        known = settled.open | settled.closed
        opened, free, often = np.concatenate([opened, free[settled.open]]), free[~known], ended.often[~known]
        if known.sum() < 0.1 * len(known) or (left is not None and not left()):
            break
    more = pure.most - len(opened)
    if more <= 0 or len(free) <= more:
        return plan if more < 0 else _cheaper(pure, plan, np.concatenate([opened, free[:more]])), []
    split = int(np.argmax(often))
    others = np.delete(free, split)
    return plan, [
        _Node(opened, others, bound, prices),
        _Node(np.append(opened, free[split]), others, bound, prices),
    ]


def _cheaper(pure: Pure, plan: NDArray[np.int64] | None, other: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the cheaper of two plans, the first where they cost the same: what is settled is settled against the cheapest met."""
    return other if plan is None or cost_of(pure, other) < cost_of(pure, plan) else plan
