"""The shortest longest walk: halve the list of possible radii and ask, at each, for a plan that keeps it."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner._version import __version__
from planner.siting.arrays import ranges, set_sums
from planner.siting.programme.reduce import Pairs, pairs_within
from planner.siting.programme.rows_people import covered_within
from planner.siting.programme.solver import solve_model
from planner.siting.programme.verified import in_hand
from planner.siting.question.outcome import Outcome, SolverSettings, relative_gap

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from planner.siting.programme.formulation import Formulation
    from planner.siting.programme.solver import Progress

__all__ = ["keep_radius", "longest_walk", "padded", "shortest_radius"]

LEAST_SHARE = 0.004
"""What part of the time the first radius may take at least."""


@dataclass(frozen=True, slots=True, eq=False)
class _Walkers:
    """Everybody who can be served at all, demand by demand: one row per (demand, point), its pairs nearest first."""

    first: NDArray[np.int64]
    pairs: Pairs


def shortest_radius(
    form: Formulation,
    tolerance: float,
    settings: SolverSettings,
    start: NDArray[np.float64] | None,
    progress: Progress | None,
) -> tuple[NDArray[np.float64] | None, Outcome]:
    """Return values that keep the shortest longest walk in seconds, and the outcome; keep it in the model.

    Later goals may give up ``tolerance`` of it, as a part of its value. A whole plan ``start`` is held, and no longer radius is asked
    for than its own. People whom no site can serve at all are not counted: `evaluate` reports them. The walk is infinite when money or
    rules leave somebody unserved who could be served.
    """
    began = time.perf_counter()
    walkers = _walkers(form)
    radii = _radii(walkers)
    low, high = 0, len(radii)
    outcome = Outcome("unknown", None, None, None, 0.0, "planner", __version__)
    best = in_hand(form.builder.build(), start)
    longest = longest_walk(form)
    if best is not None:
        high = int(np.searchsorted(radii, longest(best)))
    asked = False
    while low < high:
        # Any plan first: there may be none, and its own longest walk leaves fewer radii.
        middle = high - 1 if best is None and not asked else (low + high) // 2
        left_s = settings.time_limit_s - (time.perf_counter() - began)
        if asked and left_s <= 0:
            outcome = dataclasses.replace(outcome, stopped_by="time")
            break
        mark = form.builder.mark()
        _keep_within(form, walkers, float(radii[middle]))
        part = dataclasses.replace(settings, time_limit_s=max(left_s, LEAST_SHARE * settings.time_limit_s))
        solution = solve_model(form.builder.build(), part, start=start)
        form.builder.release(mark)
        outcome, asked = solution.outcome, True
        if solution.values is not None:
            best = start = solution.values
            high = min(middle, int(np.searchsorted(radii, longest(best))))
        elif outcome.status == "infeasible":
            low = middle + 1
        else:
            break
        if progress is not None:
            progress(_finite_at(radii, high), _finite_at(radii, low), time.perf_counter() - began)
    objective, bound = (None if best is None else float(radii[high])), _at(radii, low)
    if best is not None:
        _keep_within(form, walkers, float(radii[high]) * (1.0 + tolerance))
    return best, dataclasses.replace(
        outcome,
        status="infeasible"
        if bound is None
        else ("optimal" if low == high else ("unknown" if best is None else "feasible")),
        objective=objective,
        bound=bound,
        gap=relative_gap(objective, bound),
        seconds=time.perf_counter() - began,
        stopped_by="proof" if low == high else outcome.stopped_by,
    )


def keep_radius(form: Formulation, radius_s: float) -> None:
    """Ask of the model that nobody who can be served walks longer than ``radius_s``."""
    _keep_within(form, _walkers(form), radius_s)


def longest_walk(form: Formulation) -> Callable[[NDArray[np.float64]], float]:
    """Return what gives the longest walk at any values, in seconds: infinite where somebody reaches nothing who could."""
    walkers = _walkers(form)
    pairs, first = walkers.pairs, walkers.first

    def longest(values: NDArray[np.float64]) -> float:
        if not len(first):
            return 0.0
        is_open = (values[form.x[form.last].slice] > 0.5) | form.slots.always
        seconds = np.where(is_open[pairs.slot], pairs.seconds, np.inf)
        return float(np.minimum.reduceat(seconds, first).max())

    return longest


def _finite_at(radii: NDArray[np.float64], position: int) -> float | None:
    found = _at(radii, position)
    return None if found is None or np.isinf(found) else found


def _at(radii: NDArray[np.float64], position: int) -> float | None:
    return float(radii[position]) if position < len(radii) else None


def _walkers(form: Formulation) -> _Walkers:
    firsts, parts, shift = [], [], 0
    for demand in form.problem.demands:
        pairs = pairs_within(form.problem, demand, form.slots)
        pairs = pairs[demand.people[pairs.point] > 0]
        firsts.append(np.flatnonzero(np.diff(pairs.point, prepend=-1)) + shift)
        parts.append(pairs)
        shift += len(pairs.point)
    joined = [
        np.concatenate([getattr(part, name) for part in parts]) for name in ("point", "slot", "circle", "seconds")
    ]
    return _Walkers(np.concatenate(firsts), Pairs(*joined))


def _radii(walkers: _Walkers) -> NDArray[np.float64]:
    """Return every radius that could be the answer, ascending; infinite at the end, for leaving somebody unserved."""
    seconds, first = walkers.pairs.seconds, walkers.first
    if not len(first):
        return np.array([0.0, np.inf])
    least = float(seconds[first].max())
    return np.append(np.unique(seconds[seconds >= least]), np.inf)


def _keep_within(form: Formulation, walkers: _Walkers, radius_s: float) -> None:
    """Ask for an open slot within the radius of every walker, equal sets once."""
    pairs, first = walkers.pairs, walkers.first
    if np.isinf(radius_s) or not len(first):
        return
    row = np.repeat(np.arange(len(first)), np.diff(first, append=len(pairs.point)))
    inside = pairs.seconds <= radius_s
    settled = np.zeros(len(first), dtype=bool)
    settled[row[inside & form.slots.always[pairs.slot]]] = True
    inside &= ~settled[row]
    row, slot = row[inside], pairs.slot[inside]
    if not len(row):
        return
    starts = np.flatnonzero(np.diff(row, prepend=-1))
    size = np.diff(starts, append=len(row))
    sums = set_sums(slot, starts, form.slots.count)
    _, leader = np.unique(sums, axis=0, return_index=True)
    owner = np.repeat(np.arange(len(leader)), size[leader])
    covered_within(form, owner, slot[ranges(starts[leader], size[leader])], len(leader))


def padded(values: NDArray[np.float64] | None, n_columns: int) -> NDArray[np.float64] | None:
    """Return ``values`` with unknowns for columns that were added since."""
    if values is None or len(values) == n_columns:
        return values
    return np.concatenate([values, np.full(n_columns - len(values), np.nan)])
