"""The programme over buildings, with the cuts that hold down what it counts on (`ground`)."""

from __future__ import annotations

import dataclasses
import itertools
import time
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.arrays import sums_by
from planner.siting.cuts.transport import Transport
from planner.siting.programme.hot import GrowingLp
from planner.siting.programme.verified import broken_rows, cover_inequality

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.cuts.gains import Planes
    from planner.siting.cuts.ground import Ground
    from planner.siting.cuts.shares import Shares
    from planner.siting.programme.hot import LpAnswer

__all__ = ["Buildings"]

WHOLE = 1e-5
"""Distance from a whole number up to which a column counts as one."""

TOLERANCE = 1e-7
"""By what part a bound is raised, for the tolerances of the solver it comes from."""

SHARE = 1e-6
"""By how much a share of people, of 1, may be off: below what floors and spreads are kept by."""

CUTS_PER_PART, LEAST_IDLE = 3, 20
"""From so many cuts for each part on, those go that have not held anything down for so many solves: each solve costs more with
every row, and what is needed again is soon found again."""


class Buildings:
    """The programme over buildings with the cuts it has been given so far."""

    def __init__(self, ground: Ground, like: Buildings | None = None) -> None:
        """Begin without cuts, or with those of ``like`` and where it stands."""
        self.ground = ground
        self._rows = ground.model.n_rows
        # One of its own: it keeps people in the order they came in last, and others may be at work beside this one.
        self._transport = Transport(ground.form) if ground.limited else None
        self._lp: GrowingLp = GrowingLp(ground.model) if like is None else like._lp.copy()  # noqa: SLF001  # of its own kind
        self._idle = np.zeros(self._lp.n_rows - self._rows, dtype=np.int64)

    def copy(self) -> Buildings:
        """Return another programme with the same cuts, which stands where this one does."""
        return Buildings(self.ground, self)

    @property
    def infeasible(self) -> bool:
        """Whether the last solve proved that there is no plan within the bounds."""
        return self._lp.infeasible

    def bind(self, lower: NDArray[np.float64], upper: NDArray[np.float64]) -> None:
        """Keep every column within new bounds."""
        self._lp.set_bounds(lower, upper)

    def solve(self, seconds: float) -> LpAnswer | None:
        """Return the optimum of the relaxation with the cuts so far, its value raised by the solver's tolerance."""
        answer = self._lp.solve(seconds)
        if answer is None:
            return None
        held = np.abs(answer.row_price[self._rows :]) > 1e-12
        self._idle = np.where(held, 0, self._idle + 1)
        return dataclasses.replace(answer, value=answer.value + TOLERANCE * abs(answer.value))

    def settle(self, rounds: int, enough: float, seconds: float, *, fine: float, places: int = 0) -> LpAnswer | None:
        """Solve and cut up to ``rounds`` times, and up to ``places`` times for limited places; the last optimum is returned.

        Ends early when the value falls to ``enough``; ``fine`` is the part of the value below which a cut is not worth it.
        """
        ends = time.perf_counter() + seconds
        answer = self.solve(seconds)
        turn = 0
        while answer is not None and answer.value > enough and turn < rounds + places:
            cuts = self.tighten(answer.point, fine * abs(answer.value)) if turn < rounds else 0
            if not cuts and places:
                places -= 1
                cuts = self.tighten_places(answer.point, fine * abs(answer.value), ends - time.perf_counter())
            if not cuts:
                break
            turn += 1
            answer = self.solve(ends - time.perf_counter())
        return answer

    def tighten(self, point: NDArray[np.float64], tolerance: float, at: NDArray[np.float64] | None = None) -> int:
        """Add a plane for every part that counts for more than ``tolerance`` too much at ``point``; return how many.

        Planes touch at ``at`` where that cuts the point off, else at the point itself.
        """
        ground, added = self.ground, 0
        gains, last = ground.gains, len(ground.x) - 1
        for period, x in enumerate(ground.x):
            here = point[x]
            counts = ground.form.period_weights[period] > 0
            counted = np.where(counts, point[ground.theta[period]], -np.inf)
            if period == last:
                asked = gains.floors.limit - gains.floors.by_slot @ here + self._worst(gains.floors, point)
                counted = np.append(counted, asked + (tolerance - SHARE))
            worth = gains.worth(here)[: len(counted)]
            over = np.flatnonzero(counted > worth + tolerance)
            if len(over):
                planes = gains.planes(here if at is None else at[x], over)
                if at is not None:
                    reached = planes.sure + planes.slope @ here
                    exact = counted[over] <= reached + tolerance
                    if exact.any():
                        added += self._add(period, gains.planes(here, over[exact]))
                        planes = gains.planes(at[x], over[~exact])
                added += self._add(period, planes)
        return added + self._hold_down(point)

    def _worst(self, shares: Shares, point: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what the worst community of each share's spread reaches at ``point``; nothing where there is no spread."""
        return np.append(point[self.ground.worst], 0.0)[shares.spread]

    def _hold_down(self, point: NDArray[np.float64]) -> int:
        """Add a plane from below for every share that is above its ceiling at ``point``; return how many."""
        ceilings, x = self.ground.gains.ceilings, self.ground.x[-1]
        if not ceilings.count:
            return 0
        here = point[x]
        share = self.ground.gains.reached(here) + ceilings.by_slot @ here
        over = np.flatnonzero(share > ceilings.limit + self._worst(ceilings, point) + SHARE)
        if len(over):
            below = self.ground.gains.planes_below(here, over)
            both = (below.slope + ceilings.by_slot[over]).tocoo()
            row = np.concatenate([both.row, np.arange(len(over))])
            column = np.concatenate([x[both.col], self.ground.worst[ceilings.spread[over]]])
            self._append(row, column, np.append(both.data, np.full(len(over), -1.0)), ceilings.limit[over])
        return len(over)

    def _add(self, period: int, planes: Planes) -> int:
        ground = self.ground
        gains, x, theta = ground.gains, ground.x[period], ground.theta[period]
        floor = planes.part >= gains.n_parts
        size = np.diff(planes.slope.indptr)
        rows_of = np.repeat(np.arange(len(planes.part)), size)
        row = np.concatenate([rows_of, np.flatnonzero(~floor)])
        column = np.concatenate([x[planes.slope.indices], theta[planes.part[~floor]]])
        value = np.concatenate([-planes.slope.data, np.ones(int((~floor).sum()))])
        upper = planes.sure.copy()
        if floor.any():
            which, at = planes.part[floor] - gains.n_parts, np.flatnonzero(floor)
            own = gains.floors.by_slot[which].tocoo()
            spread = gains.floors.spread[which]
            apart = spread >= 0
            row = np.concatenate([row, at[own.row], at[apart]])
            column = np.concatenate([column, x[own.col], ground.worst[spread[apart]]])
            value = np.concatenate([value, -own.data, np.ones(int(apart.sum()))])
            upper[floor] -= gains.floors.limit[which]
        self._append(row, column, value, upper)
        return len(upper)

    def _append(
        self, row: NDArray[np.int64], column: NDArray[np.int64], value: NDArray[np.float64], upper: NDArray[np.float64]
    ) -> None:
        """Add rows from coefficients in any order; those of one cell are added up."""
        order = np.lexsort((column, row))
        row, column, value = row[order], column[order], value[order]
        first = np.flatnonzero((np.diff(row, prepend=-1) != 0) | (np.diff(column, prepend=-1) != 0))
        if len(first):
            row, column, value = row[first], column[first], np.add.reduceat(value, first)
        indptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(upper)))])
        self._lp.add_rows(indptr, column, value, upper)
        self._idle = np.append(self._idle, np.zeros(len(upper), dtype=np.int64))

    def tighten_places(
        self, point: NDArray[np.float64], tolerance: float, seconds: float, at: NDArray[np.float64] | None = None
    ) -> int:
        """Add a cut for every service whose places count for more than they can serve at ``point``; return how many.

        Cuts are made for the openings of ``at`` where that is given; those of one period hold in every other.
        """
        ground, added = self.ground, 0
        if self._transport is None:
            return 0
        form, weights = ground.form, ground.form.period_weights
        ends = time.perf_counter() + seconds
        bundle, offer = form.bundles.pairs()
        counting = np.flatnonzero(weights > 0).tolist()
        for period, (position, service) in itertools.product(counting, enumerate(ground.limited)):
            z = (point if at is None else at)[ground.z[period]]
            opened = np.clip(sums_by(offer, z[bundle], form.problem.offers.count), 0.0, 1.0)
            cut = self._transport.cut(service, opened, ends - time.perf_counter())
            if cut is None:
                continue
            sure, per_offer = cut
            per_bundle = sums_by(bundle, per_offer[offer], form.bundles.count)
            used = np.flatnonzero(per_bundle)
            for other in counting:
                column = int(ground.places[other, position])
                if point[column] <= sure + per_bundle @ point[ground.z[other]] + tolerance:
                    continue
                columns = np.append(ground.z[other].start + used, column)
                self._append(
                    np.zeros(len(columns), np.int64), columns, np.append(-per_bundle[used], 1.0), np.array([sure])
                )
                added += 1
        return added

    def forbid(self, point: NDArray[np.float64]) -> int:
        """Cut off a point with whole bundles that spends more than there is by less than the solver's tolerance; return the cuts."""
        model, point, added = self.ground.model, np.round(point), 0
        for row, upper in broken_rows(model, point):
            cover = cover_inequality(model, row, point, upper=upper)
            if cover is not None:
                column, value, limit = cover
                self._append(np.zeros(len(column), dtype=np.int64), column, value, np.array([limit]))
                added += 1
        return added

    def forget(self) -> None:
        """Take out cuts that have not held anything down for long, when there are too many."""
        gains = self.ground.gains
        parts = gains.n_parts + gains.floors.count + gains.ceilings.count
        if len(self._idle) <= CUTS_PER_PART * parts * len(self.ground.x):
            return
        long_idle = self._idle >= max(LEAST_IDLE, int(np.quantile(self._idle, 0.6)))
        self._lp.drop_rows(self._rows + np.flatnonzero(long_idle))
        self._idle = self._idle[~long_idle]

    def undecided(self, point: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the columns that a plan has as whole numbers and ``point`` has not."""
        value = point[self.ground.choices]
        return self.ground.choices[np.abs(value - np.round(value)) > WHOLE]

    def bundles(self) -> NDArray[np.int64]:
        """Return the columns of all bundles in all periods."""
        return np.concatenate([np.arange(z.start, z.stop) for z in self.ground.z])

    def worth(self, point: NDArray[np.float64]) -> float:
        """Return what a point with whole bundles is worth, counted anew but for limited places: no tolerance of a solver is in it."""
        ground = self.ground
        point = point.copy()
        for x, theta in zip(ground.x, ground.theta, strict=True):
            point[x] = np.round(point[x])
            point[theta] = ground.gains.worth(point[x])[: len(theta)]
        return float(ground.model.cost @ point) + ground.model.offset

    def states(self, point: NDArray[np.float64]) -> tuple[NDArray[np.int64], ...]:
        """Return the offers, ascending, of each period of a point with whole bundles."""
        found = []
        for z in self.ground.z:
            chosen = self.ground.form.bundles.offer[point[z] > 0.5]
            found.append(np.sort(chosen[chosen >= 0]).astype(np.int64))
        return tuple(found)
