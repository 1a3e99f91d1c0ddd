"""One node of the branch-and-cut tree: solve, cut, branch, and dive for an integral solution.

A node is a set of bounds on integer columns. Branching follows pseudocosts, and strong branching where they are not reliable yet
(Achterberg, Koch and Martin 2005).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from planner.siting.arrays import FloatArray, IntArray
    from planner.siting.benders.master import MasterProblem
    from planner.siting.benders.pseudocosts import Pseudocosts
    from planner.siting.mip.highs import LpSolution


STRONG_BRANCHINGS = 8
"""Maximum number of strong-branching candidates of one node."""

ROUNDS, FINE = 3, 2e-6
"""Rounds of cuts of one node, and the least relative violation of a cut."""

CAPACITY_CUTS_EVERY = 4
"""Capacity cuts are separated at every such depth: a transport problem takes longer than everything else."""

EXACT_ROUNDS, EXACT = 50, 1e-9
"""Rounds of cuts until the objective of a plan is exact, and its relative tolerance."""

MIN_GAIN = 1e-6
"""Least gain of a branching, relative to the distance to the target."""

NEARLY = 0.9
"""Relaxation value from which bundles are fixed together in a dive, besides the largest."""

BACKTRACKS, FAR_BACKTRACKS, FAR = 4, 15, 0.02
"""Backtracks of a dive; more while the incumbent is farther from the bound than this share."""

DIVE_ROUNDS, DIVE_FINE = 2, 1e-5
"""Rounds of cuts at each step of a dive, and the least relative violation of a cut."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A candidate plan: the offers of each period, and its objective in the master problem."""

    states: tuple[IntArray, ...]
    worth: float


@dataclass(frozen=True, slots=True, eq=False)
class Branching:
    """The branching that created a node: column, side, distance, and the parent's bound."""

    column: int
    side: int
    distance: float
    parent_bound: float


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """Bounds on columns beyond those of the root, and the bound on every plan within them."""

    bound: float
    column: IntArray
    lower: FloatArray
    upper: FloatArray
    depth: int = 0
    branching: Branching | None = None

    @staticmethod
    def root() -> Node:
        """Return the root node."""
        return Node(np.inf, np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0))


@dataclass(slots=True, eq=False)
class NodeResult:
    """Result of processing a node: its bound, children, candidate plans, observed pseudocosts (side, column, loss per unit).

    ``pruned_bound`` is the highest bound of children pruned because they are not above the target.
    """

    bound: float
    pruned_bound: float = -np.inf
    children: list[Node] = field(default_factory=list)
    plans: list[Candidate] = field(default_factory=list)
    observed: list[tuple[int, int, float]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class NodeSolver:
    """Processes nodes with one master problem, for plans worth more than ``target``, until ``ends``."""

    master: MasterProblem
    pseudocosts: Pseudocosts
    target: float
    ends: float

    def solve(self, node: Node, lower: FloatArray, upper: FloatArray, *, dives: bool) -> NodeResult:
        """Solve a node within the given bounds and branch, and dive for a plan where wanted.

        A node not finished in time is returned with the bound it had.
        """
        lower, upper = lower.copy(), upper.copy()
        lower[node.column] = np.maximum(lower[node.column], node.lower)
        upper[node.column] = np.minimum(upper[node.column], node.upper)
        result = NodeResult(node.bound)
        decided: list[tuple[int, float, float]] = []
        while True:
            answer = self._relaxation(node, lower, upper)
            if answer is None:
                if self.master.infeasible:
                    result.bound = -np.inf
                else:
                    result.children = [node]
                return result
            if node.branching is not None and not decided:
                branching = node.branching
                result.observed.append(
                    (
                        branching.side,
                        branching.column,
                        max(branching.parent_bound - answer.value, 0.0) / branching.distance,
                    )
                )
            result.bound = min(result.bound, answer.value)
            if result.bound <= self.target:
                return result
            columns = self.master.fractional(answer.point)
            if not len(columns):
                if self.master.add_cover_cuts(answer.point):
                    continue
                result.plans += self._candidates(answer, lower, upper)
                return result
            self.master.purge_idle_cuts()
            chosen = self._choose(answer, columns, lower, upper, result)
            if isinstance(chosen, list):
                # One child of these branchings is empty: the other is the node itself.
                for column, low, high in chosen:
                    lower[column], upper[column] = max(lower[column], low), min(upper[column], high)
                decided += chosen
                continue
            column, bounds = chosen
            result.children = _children(
                node, decided, answer, column, (min(result.bound, bounds[0]), min(result.bound, bounds[1]))
            )
            if dives:
                self._dive(lower, upper, result)
            return result

    def _left_s(self) -> float:
        return self.ends - time.perf_counter()

    def _relaxation(self, node: Node, lower: FloatArray, upper: FloatArray) -> LpSolution | None:
        """Return the optimum within bounds; exact where it is integral."""
        master = self.master
        master.set_bounds(lower, upper)
        capacity_rounds = int(node.depth % CAPACITY_CUTS_EVERY == 0)
        answer = master.solve_with_cuts(
            ROUNDS, self.target, self._left_s(), min_violation=FINE, capacity_rounds=capacity_rounds
        )
        if answer is None or answer.value <= self.target or len(master.fractional(answer.point)):
            return answer
        return self._exact()

    def _exact(self) -> LpSolution | None:
        return self.master.solve_with_cuts(
            EXACT_ROUNDS, self.target, self._left_s(), min_violation=EXACT, capacity_rounds=EXACT_ROUNDS
        )

    def _dive(self, lower: FloatArray, upper: FloatArray, result: NodeResult) -> None:
        answer = dive(self.master, lower, upper, self.target, self.ends)
        if answer is not None:
            answer = self._exact()
        if answer is None or answer.value <= self.target or len(self.master.fractional(answer.point)):
            return
        if not self.master.add_cover_cuts(answer.point):
            result.plans += self._candidates(answer, lower, upper)

    def _candidates(self, answer: LpSolution, lower: FloatArray, upper: FloatArray) -> list[Candidate]:
        """Return the plan of an integral point; none where rounding it violates a rule."""
        bundles = self.master.bundles()
        lower, upper = lower.copy(), upper.copy()
        lower[bundles] = upper[bundles] = np.round(answer.point[bundles])
        self.master.set_bounds(lower, upper)
        exact = self._exact()
        if exact is None:
            return []
        return [Candidate(self.master.states(exact.point), self.master.worth(exact.point))]

    def _choose(
        self, answer: LpSolution, columns: IntArray, lower: FloatArray, upper: FloatArray, result: NodeResult
    ) -> tuple[int, tuple[float, float]] | list[tuple[int, float, float]]:
        """Return the branching column with the bounds of both children, or bounds implied by an empty child."""
        values = answer.point[columns]
        score = self.pseudocosts.score(columns, values)
        reliable = self.pseudocosts.reliable(columns)
        order = np.argsort(-score, kind="stable")[:STRONG_BRANCHINGS]
        best, most, bounds = int(columns[order[0]]), -1.0, (np.inf, np.inf)
        short = max(answer.value - self.target, 0.0) if np.isfinite(self.target) else abs(answer.value)
        decided: list[tuple[int, float, float]] = []
        for position in order.tolist():
            column, value, product = int(columns[position]), float(values[position]), float(score[position])
            found = (np.inf, np.inf)
            if not reliable[position] and self._left_s() > 0:
                found = self._strong_branch(column, value, lower, upper)
                down = value - np.floor(value)
                losses = [min(max(answer.value - bound, 0.0), short) for bound in found]
                result.observed += [(0, column, losses[0] / down), (1, column, losses[1] / (1 - down))]
                if min(found) <= self.target:
                    implied = (np.ceil(value), np.inf) if found[0] <= self.target else (-np.inf, np.floor(value))
                    decided.append((column, *implied))
                    result.pruned_bound = max(result.pruned_bound, min(found))
                    if max(found) <= self.target:
                        # Both children are empty: either of them shows it when it is solved.
                        return decided
                    continue
                product = max(losses[0], MIN_GAIN * short) * max(losses[1], MIN_GAIN * short)
            if product > most:
                best, most, bounds = column, product, found
        return decided or (best, bounds)

    def _strong_branch(self, column: int, value: float, lower: FloatArray, upper: FloatArray) -> tuple[float, float]:
        """Return the bounds of both children of a branching, infinite where time ran out."""
        found = []
        for side in range(2):
            low, high = lower.copy(), upper.copy()
            if side == 0:
                high[column] = np.floor(value)
            else:
                low[column] = np.ceil(value)
            self.master.set_bounds(low, high)
            answer = self.master.solve(self._left_s())
            nothing = -np.inf if self.master.infeasible else np.inf
            found.append(nothing if answer is None else answer.value)
        return found[0], found[1]


def _children(
    node: Node, decided: list[tuple[int, float, float]], answer: LpSolution, column: int, bounds: tuple[float, float]
) -> list[Node]:
    """Return both children of a branching: at most the integer below, at least the one above."""
    value = float(answer.point[column])
    columns = np.concatenate([node.column, np.array([*(one for one, _, _ in decided), column], dtype=np.int64)])
    below, above = np.floor(value), np.ceil(value)
    children = []
    for side, (low, high, distance) in enumerate(((-np.inf, below, value - below), (above, np.inf, above - value))):
        children.append(
            Node(
                bound=bounds[side],
                column=columns,
                lower=np.concatenate([node.lower, [*(one for _, one, _ in decided), low]]),
                upper=np.concatenate([node.upper, [*(one for _, _, one in decided), high]]),
                depth=node.depth + 1,
                branching=Branching(column, side, distance, answer.value),
            )
        )
    return children


def dive(master: MasterProblem, lower: FloatArray, upper: FloatArray, target: float, ends: float) -> LpSolution | None:
    """Return an integral point within bounds, whose value cuts may still lower; None where none above ``target`` was found."""
    lower, upper = lower.copy(), upper.copy()
    bundles = master.bundles()
    backtracks, max_backtracks, backtrack = 0, BACKTRACKS, None
    while time.perf_counter() < ends:
        master.set_bounds(lower, upper)
        answer = master.solve_with_cuts(DIVE_ROUNDS, target, ends - time.perf_counter(), min_violation=DIVE_FINE)
        if answer is None or answer.value <= target:
            if backtrack is None or backtracks >= max_backtracks:
                return None
            lower, upper, column = backtrack
            upper[column], backtrack = 0.0, None
            backtracks += 1
            continue
        if not len(master.fractional(answer.point)):
            return answer
        max_backtracks = FAR_BACKTRACKS if answer.value - target > FAR * abs(answer.value) else BACKTRACKS
        undecided = bundles[(lower[bundles] < 0.5) & (upper[bundles] > 0.5) & (answer.point[bundles] > 0.0)]
        if not len(undecided):
            return None
        value = answer.point[undecided]
        most = int(undecided[np.argmax(value)])
        backtrack = (lower.copy(), upper.copy(), most)
        lower[undecided[value >= NEARLY]] = 1.0
        lower[most] = 1.0
    return None
