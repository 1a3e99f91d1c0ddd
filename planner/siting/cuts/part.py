"""One part of the tree: solve it, cut it, and divide it where that lowers the bound of both halves most.

A part is a set of bounds on whole columns. What divisions promise is learnt from what they did before (pseudo-costs), and tried
out where too little is known yet (Achterberg, Koch and Martin 2005).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.cuts.dive import dive

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.cuts.buildings import Buildings
    from planner.siting.cuts.losses import Losses
    from planner.siting.programme.hot import LpAnswer

__all__ = ["Candidate", "Part", "Visit", "Visitor"]

LOOKS = 8
"""How many divisions are tried out at most for one part."""

ROUNDS, FINE = 3, 2e-6
"""Rounds of cuts for one part, and by what part of the bound they have to cut something off."""

PLACES_EVERY = 4
"""At one of so many depths what the places can serve is looked at: a question of transport takes longer than all else there."""

EXACT_ROUNDS, EXACT = 50, 1e-9
"""Rounds of cuts until a plan is worth what the programme says, and by what part of it more it may be taken for."""

NOTHING = 1e-6
"""The least that a division is taken to lower a bound by, as a part of what it has to be lowered by."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A plan met on the way: the offers of each period, and what the programme says it is worth."""

    states: tuple[NDArray[np.int64], ...]
    worth: float


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """How a part was made: on which column, which side of it, how far off that was, and the bound before."""

    column: int
    side: int
    distance: float
    before: float


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Bounds on columns beyond those of the whole, and what no plan within them is worth more than."""

    bound: float
    column: NDArray[np.int64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    depth: int = 0
    made: Made | None = None

    @staticmethod
    def whole() -> Part:
        """Return the part that holds every plan."""
        return Part(np.inf, np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0))


@dataclass(slots=True, eq=False)
class Visit:
    """What came of looking at a part: its bound, the parts that are left of it, plans, what divisions were seen to do.

    ``let_go`` is the highest bound of what was left out of it because it is not above the target.
    """

    bound: float
    let_go: float = -np.inf
    halves: list[Part] = field(default_factory=list)
    plans: list[Candidate] = field(default_factory=list)
    seen: list[tuple[int, int, float]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class Visitor:
    """Looks at parts with one programme, for plans worth more than ``target``, until the clock stands at ``ends``."""

    buildings: Buildings
    losses: Losses
    target: float
    ends: float

    def visit(self, part: Part, lower: NDArray[np.float64], upper: NDArray[np.float64], *, dives: bool) -> Visit:
        """Solve a part of what is within bounds and divide it, and dive for a plan where that is wanted.

        What the clock leaves undone stays a part with the bound it had.
        """
        lower, upper = lower.copy(), upper.copy()
        lower[part.column] = np.maximum(lower[part.column], part.lower)
        upper[part.column] = np.minimum(upper[part.column], part.upper)
        visit = Visit(part.bound)
        decided: list[tuple[int, float, float]] = []
        while True:
            answer = self._settled(part, lower, upper)
            if answer is None:
                if self.buildings.infeasible:
                    visit.bound = -np.inf
                else:
                    visit.halves = [part]
                return visit
            if part.made is not None and not decided:
                made = part.made
                visit.seen.append((made.side, made.column, max(made.before - answer.value, 0.0) / made.distance))
            visit.bound = min(visit.bound, answer.value)
            if visit.bound <= self.target:
                return visit
            columns = self.buildings.undecided(answer.point)
            if not len(columns):
                if self.buildings.forbid(answer.point):
                    continue
                visit.plans += self._candidates(answer, lower, upper)
                return visit
            self.buildings.forget()
            chosen = self._choose(answer, columns, lower, upper, visit)
            if isinstance(chosen, list):
                # One half of these divisions holds nothing: the other is all there is.
                for column, low, high in chosen:
                    lower[column], upper[column] = max(lower[column], low), min(upper[column], high)
                decided += chosen
                continue
            column, bounds = chosen
            visit.halves = _halves(
                part, decided, answer, column, (min(visit.bound, bounds[0]), min(visit.bound, bounds[1]))
            )
            if dives:
                self._dive(lower, upper, visit)
            return visit

    def _left_s(self) -> float:
        return self.ends - time.perf_counter()

    def _settled(self, part: Part, lower: NDArray[np.float64], upper: NDArray[np.float64]) -> LpAnswer | None:
        """Return the optimum within bounds, worth what it says where it is a plan."""
        buildings = self.buildings
        buildings.bind(lower, upper)
        places = int(part.depth % PLACES_EVERY == 0)
        answer = buildings.settle(ROUNDS, self.target, self._left_s(), fine=FINE, places=places)
        if answer is None or answer.value <= self.target or len(buildings.undecided(answer.point)):
            return answer
        return self._exact()

    def _exact(self) -> LpAnswer | None:
        return self.buildings.settle(EXACT_ROUNDS, self.target, self._left_s(), fine=EXACT, places=EXACT_ROUNDS)

    def _dive(self, lower: NDArray[np.float64], upper: NDArray[np.float64], visit: Visit) -> None:
        answer = dive(self.buildings, lower, upper, self.target, self.ends)
        if answer is not None:
            answer = self._exact()
        if answer is None or answer.value <= self.target or len(self.buildings.undecided(answer.point)):
            return
        if not self.buildings.forbid(answer.point):
            visit.plans += self._candidates(answer, lower, upper)

    def _candidates(self, answer: LpAnswer, lower: NDArray[np.float64], upper: NDArray[np.float64]) -> list[Candidate]:
        """Return the plan of a point with whole bundles; none where what is whole but for a hair breaks a rule once it is."""
        bundles = self.buildings.bundles()
        lower, upper = lower.copy(), upper.copy()
        lower[bundles] = upper[bundles] = np.round(answer.point[bundles])
        self.buildings.bind(lower, upper)
        exact = self._exact()
        if exact is None:
            return []
        return [Candidate(self.buildings.states(exact.point), self.buildings.worth(exact.point))]

    def _choose(
        self,
        answer: LpAnswer,
        columns: NDArray[np.int64],
        lower: NDArray[np.float64],
        upper: NDArray[np.float64],
        visit: Visit,
    ) -> tuple[int, tuple[float, float]] | list[tuple[int, float, float]]:
        """Return the column to divide on with the bounds of both halves, or what has to hold because one half holds nothing."""
        values = answer.point[columns]
        promise = self.losses.promise(columns, values)
        known = self.losses.known(columns)
        order = np.argsort(-promise, kind="stable")[:LOOKS]
        best, most, bounds = int(columns[order[0]]), -1.0, (np.inf, np.inf)
        short = max(answer.value - self.target, 0.0) if np.isfinite(self.target) else abs(answer.value)
        decided: list[tuple[int, float, float]] = []
        for position in order.tolist():
            column, value, score = int(columns[position]), float(values[position]), float(promise[position])
            found = (np.inf, np.inf)
            if not known[position] and self._left_s() > 0:
                found = self._tried(column, value, lower, upper)
                down = value - np.floor(value)
                lost = [min(max(answer.value - bound, 0.0), short) for bound in found]
                visit.seen += [(0, column, lost[0] / down), (1, column, lost[1] / (1 - down))]
                if min(found) <= self.target:
                    left = (np.ceil(value), np.inf) if found[0] <= self.target else (-np.inf, np.floor(value))
                    decided.append((column, *left))
                    visit.let_go = max(visit.let_go, min(found))
                    if max(found) <= self.target:
                        # Neither half holds anything: either of them shows it when it is solved.
                        return decided
                    continue
                score = max(lost[0], NOTHING * short) * max(lost[1], NOTHING * short)
            if score > most:
                best, most, bounds = column, score, found
        return decided or (best, bounds)

    def _tried(
        self, column: int, value: float, lower: NDArray[np.float64], upper: NDArray[np.float64]
    ) -> tuple[float, float]:
        """Return the bounds of both halves of a division, infinite where the clock did not allow one."""
        found = []
        for side in range(2):
            low, high = lower.copy(), upper.copy()
            if side == 0:
                high[column] = np.floor(value)
            else:
                low[column] = np.ceil(value)
            self.buildings.bind(low, high)
            answer = self.buildings.solve(self._left_s())
            nothing = -np.inf if self.buildings.infeasible else np.inf
            found.append(nothing if answer is None else answer.value)
        return found[0], found[1]


def _halves(
    part: Part, decided: list[tuple[int, float, float]], answer: LpAnswer, column: int, bounds: tuple[float, float]
) -> list[Part]:
    """Return both halves of a division: at most the whole number below, at least the one above."""
    value = float(answer.point[column])
    columns = np.concatenate([part.column, np.array([*(one for one, _, _ in decided), column], dtype=np.int64)])
    below, above = np.floor(value), np.ceil(value)
    halves = []
    for side, (low, high, distance) in enumerate(((-np.inf, below, value - below), (above, np.inf, above - value))):
        halves.append(
            Part(
                bound=bounds[side],
                column=columns,
                lower=np.concatenate([part.lower, [*(one for _, one, _ in decided), low]]),
                upper=np.concatenate([part.upper, [*(one for _, _, one in decided), high]]),
                depth=part.depth + 1,
                made=Made(column, side, distance, answer.value),
            )
        )
    return halves
