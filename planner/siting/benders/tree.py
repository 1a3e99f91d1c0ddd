"""Branch and cut over buildings: the root bound, and best-bound search of the tree.

Several nodes are solved side by side, each by a master problem of its own; results are taken over in a fixed order, so that
equal problems have equal answers.
"""

from __future__ import annotations

import heapq
import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.benders.node import Candidate, Node, NodeSolver
from planner.siting.benders.pseudocosts import Pseudocosts

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.siting.arrays import FloatArray, IntArray
    from planner.siting.benders.master import MasterProblem
    from planner.siting.benders.node import NodeResult
    from planner.siting.mip.highs import LpSolution


COARSE, FINE = 1e-4, 1e-6
"""Least relative violation of a cut, over all blocks together: first, and once there are no such cuts."""

BLEND = 0.5
"""Weight of the last optimum in the separation point, the rest is that of all before (in-out: Ben-Ameur and Neto 2007)."""

SLOW, ROUNDS = 3e-6, 10
"""Relative decrease of the bound over so many rounds below which it is taken to have converged."""

STEP = 1e-5
"""Relative decrease of the bound below which a round of capacity cuts is stalled."""

STALLED = 3

ZERO = 1e-7

DIVE_EVERY = 5
"""Interval of nodes between dives."""


@dataclass(frozen=True, slots=True, eq=False)
class Root:
    """The root bound and its relaxation.

    ``chosen_share`` float64[B] is the value of each bundle in the optimum of the relaxation, in the last period; ``bound_with`` float64[B]
    the bound on every plan that chooses it (by reduced cost). ``solved`` tells whether no worthwhile cut was left.
    """

    bound: float
    chosen_share: FloatArray
    bound_with: FloatArray
    solved: bool


def bound_at_root(master: MasterProblem, *, seconds: float, on_bound: Callable[[float], None]) -> Root | None:
    """Return the root bound after at most about ``seconds``; None where not even the first LP was solved, or it is infeasible.

    ``on_bound`` is called with each better bound.
    """
    ends = time.perf_counter() + seconds
    best: Root | None = None
    core: FloatArray | None = None
    bounds: list[float] = []
    last_value, stalled, solved = np.inf, 0, False
    while not solved:
        answer = master.solve(ends - time.perf_counter())
        if answer is None and master.infeasible:
            return None
        if answer is None:
            break
        if best is None or answer.value < best.bound:
            best = _root(master, answer)
            on_bound(best.bound)
        if time.perf_counter() > ends:
            break
        core = answer.point if core is None else BLEND * core + (1 - BLEND) * answer.point
        at = BLEND * answer.point + (1 - BLEND) * core
        scale = abs(answer.value) / max(master.base.theta.size, 1)
        bounds.append(answer.value)
        moves = len(bounds) <= ROUNDS or bounds[-1] < bounds[-1 - ROUNDS] - SLOW * abs(bounds[-1])
        if moves and (
            master.add_coverage_cuts(answer.point, COARSE * scale, at)
            or master.add_coverage_cuts(answer.point, FINE * scale)
        ):
            continue
        bounds = []
        stalled = 0 if answer.value < last_value - STEP * abs(answer.value) else stalled + 1
        last_value = min(last_value, answer.value)
        left_s = ends - time.perf_counter()
        min_violation = FINE * abs(answer.value)
        solved = stalled >= STALLED or not (
            master.add_capacity_cuts(answer.point, min_violation, left_s, at)
            or master.add_capacity_cuts(answer.point, min_violation, left_s)
        )
    master.purge_idle_cuts()
    return None if best is None else Root(best.bound, best.chosen_share, best.bound_with, solved)


def _root(master: MasterProblem, answer: LpSolution) -> Root:
    z = master.base.z[-1]
    chosen = answer.point[z]
    loss = np.where(chosen > ZERO, 0.0, np.minimum(answer.reduced_cost[z], 0.0))
    return Root(answer.value, np.clip(chosen, 0.0, 1.0), answer.value + loss, solved=False)


class MasterPool:
    """Master problems over the same buildings, with their cuts and common pseudocosts.

    Attributes
    ----------
    workers
        The master problems; as many nodes are solved side by side.
    """

    def __init__(self, workers: list[MasterProblem]) -> None:
        self.workers = workers
        columns = workers[0].base.model.n_columns
        self.pseudocosts = Pseudocosts(np.zeros((2, columns)), np.zeros((2, columns), dtype=np.int64))


class TreeSearch:
    """Best-bound search of the tree for plans worth more than the incumbent.

    Parameters
    ----------
    pool
        The master problems; searches of one pool take turns.
    gap
        Relative gap at which nodes are pruned.
    incumbent
        Worth of a known plan; minus infinity for none.
    closed
        Columns fixed at zero: the result holds for plans without them.
    dive_every
        Interval of nodes between dives.
    evaluate
        Called with a candidate before it counts; returns its worth, None where it violates a rule.

    Attributes
    ----------
    best : Candidate or None
        The best plan found by this search.
    nodes
        Number of nodes processed.
    """

    def __init__(
        self,
        pool: MasterPool,
        *,
        gap: float,
        incumbent: float = -np.inf,
        closed: IntArray | None = None,
        dive_every: int = DIVE_EVERY,
        evaluate: Callable[[Candidate], float | None] | None = None,
    ) -> None:
        self._pool = pool
        self._gap = gap
        self._dive_every = dive_every
        self._evaluate = evaluate
        model = pool.workers[0].base.model
        self._lower, self._upper = model.lower, model.upper.copy()
        if closed is not None:
            self._upper[closed] = 0.0
        self._incumbent = incumbent
        self.best: Candidate | None = None
        self.nodes = 0
        self._pruned_bound = -np.inf
        self._counter = itertools.count()
        self._heap: list[tuple[float, int, Node]] = []
        self._push(Node.root())

    @property
    def exhausted(self) -> bool:
        """Whether no open node is left."""
        return not self._heap

    @property
    def bound(self) -> float:
        """Upper bound on every plan."""
        open_bounds = [node.bound for _, _, node in self._heap[:1]]
        return max([self._incumbent, self._pruned_bound, *open_bounds])

    def update_incumbent(self, worth: float) -> None:
        """Set the incumbent to a plan found elsewhere, where that is better."""
        self._incumbent = max(self._incumbent, worth)

    def run(self, ends: float, max_nodes: float = np.inf, on_bound: Callable[[], None] | None = None) -> None:
        """Process up to so many more nodes, until none is left or the clock is at ``ends``; ``on_bound`` is called after each batch."""
        workers, stop = self._pool.workers, self.nodes + max_nodes
        with ThreadPoolExecutor(len(workers)) as pool:
            while self.nodes < stop and time.perf_counter() < ends:
                batch = self._pop(len(workers))
                if not batch:
                    break
                solvers = [NodeSolver(one, self._pool.pseudocosts, self._target(), ends) for one in workers]
                dives = [(self.nodes + position) % self._dive_every == 0 for position in range(len(batch))]
                for result in list(pool.map(self._solve, solvers, batch, dives)):
                    self.nodes += 1
                    self._apply(result)
                if on_bound is not None:
                    on_bound()

    def _solve(self, solver: NodeSolver, node: Node, dives: bool) -> NodeResult:
        return solver.solve(node, self._lower, self._upper, dives=dives)

    def _target(self) -> float:
        return self._incumbent + self._gap * abs(self._incumbent) if np.isfinite(self._incumbent) else -np.inf

    def _push(self, node: Node) -> None:
        heapq.heappush(self._heap, (-node.bound, -next(self._counter), node))

    def _pop(self, most: int) -> list[Node]:
        """Return the open nodes of the highest bound."""
        batch: list[Node] = []
        while self._heap and len(batch) < most:
            node = heapq.heappop(self._heap)[2]
            if node.bound <= self._target():
                # The remaining nodes have lower bounds still.
                self._pruned_bound = max(self._pruned_bound, node.bound)
                self._heap.clear()
                break
            batch.append(node)
        return batch

    def _apply(self, result: NodeResult) -> None:
        """Apply the result of a node."""
        self._pool.pseudocosts.update(result.observed)
        for plan in result.plans:
            self._propose(plan)
        self._pruned_bound = max(
            self._pruned_bound, result.pruned_bound if result.children else max(result.pruned_bound, result.bound)
        )
        for child in result.children:
            self._push(child)

    def _propose(self, plan: Candidate) -> None:
        worth = plan.worth if self._evaluate is None else self._evaluate(plan)
        if worth is not None and worth > self._incumbent:
            self._incumbent, self.best = worth, Candidate(plan.states, worth)
