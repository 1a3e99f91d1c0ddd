"""The master problem over buildings, and the cuts added to it.

.. code-block:: text

    max  Σ_t W_t (Σ_q θ_qt + Σ_s c_s x_st + Σ_k Θ_kt)     over the constraints on bundles alone (`planner.siting.mip.constraints`)
    θ_qt ≤ coverage cuts,  floors ≤ coverage cuts ≤ ceilings
    Θ_kt ≤ Σ_{q of k} θ_qt + Σ_{s of k} c_s x_st,  capacity cuts           for services k with limited capacity

Blocks and slots of services with limited capacity are in the objective through their Θ alone. The linear relaxation is that of the
whole programme, with hundreds of rows in the place of tens of thousands.
"""

from __future__ import annotations

import dataclasses
import itertools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from planner.siting.arrays import sums_by
from planner.siting.benders.capacity_cuts import CapacityCuts
from planner.siting.benders.coverage_cuts import CoverageCuts
from planner.siting.mip.checks import cover_inequality, violated_exact_rows
from planner.siting.mip.constraints import add_opening_constraints, formulate
from planner.siting.mip.highs import WarmLp
from planner.siting.mip.linear import Expression, ModelBuilder
from planner.siting.model.problem import optional_columns

if TYPE_CHECKING:
    from planner.siting.arrays import FloatArray, IntArray
    from planner.siting.benders.coverage_cuts import ShareLimits, TangentPlanes
    from planner.siting.mip.highs import LpSolution
    from planner.siting.mip.linear import Block, LinearModel, Terms
    from planner.siting.mip.variables import Formulation
    from planner.siting.model.problem import SitingProblem


WHOLE = 1e-5
"""Integrality tolerance of a column."""

TOLERANCE = 1e-7
"""Relative increase of a bound for the tolerances of the LP solver."""

SHARE = 1e-6
"""Tolerance of a share of people: below that of floors and spreads."""

CUTS_PER_BLOCK, MIN_IDLE_SOLVES = 3, 20
"""Cuts are purged from so many per block on, if not binding for so many solves."""


@dataclass(frozen=True, slots=True, eq=False)
class MasterModel:
    """The master problem before any cut.

    ``theta`` int64[T, Q] and ``x`` int64[T, S] are columns, ``capacity_worth`` int64[T, k] those of the services ``capacitated``, ``worst``
    int64 those of the worst community of each spread; ``branching_columns`` int64 lists the integer columns in order of branching.
    """

    form: Formulation
    cuts: CoverageCuts
    capacitated: tuple[int, ...]
    model: LinearModel
    z: tuple[slice, ...]
    x: IntArray
    theta: IntArray
    capacity_worth: IntArray
    worst: IntArray
    branching_columns: IntArray


def build_master(form: Formulation) -> MasterModel:
    """Return the master problem over the buildings of ``form``.

    Its optimum is a bound although some rules about capacity are relaxed (`needs_recount`): floors count people within reach
    instead of people with capacity, and spreads of such people are left out. Least loads come with the capacity cuts.
    """
    problem = form.problem
    uncapacitated = formulate(_without_capacity(form)) if form.capacitated.any() else form
    cuts = CoverageCuts(uncapacitated)
    capacitated = tuple(np.flatnonzero(form.capacitated).tolist())
    builder = ModelBuilder()
    periods, slots = range(problem.n_periods), form.slots
    z = tuple(builder.add_columns("bundle", form.bundles.count, upper=1.0) for _ in periods)
    x = tuple(builder.add_columns("open", slots.count, upper=1.0) for _ in periods)
    add_opening_constraints(dataclasses.replace(form, builder=builder, z=z, x=x, v=(), w=(), y=()))
    theta = tuple(builder.add_columns("worth", cuts.n_blocks, lower=-np.inf, upper=cuts.max_worth) for _ in periods)
    worst = builder.add_columns("worst_share", len(uncapacitated.problem.rules.spreads), upper=1.0)
    counts = [_add_count_columns(form, builder, z[period].positions, x[period].positions) for period in periods]
    capacity_worth = [builder.add_columns("places_worth", len(capacitated), lower=-np.inf) for _ in periods]
    goals = [
        _objective(uncapacitated, cuts, builder, _Columns(*columns), capacitated).scaled(weight)
        for *columns, weight in zip(x, theta, capacity_worth, form.period_weights.tolist(), strict=True)
    ]
    slots_and_bundles = [block.positions for pair in zip(x, z, strict=True) for block in pair]
    return MasterModel(
        form=form,
        cuts=cuts,
        capacitated=capacitated,
        model=builder.build(Expression.total(goals)),
        z=tuple(block.slice for block in z),
        x=np.stack([block.positions for block in x]),
        theta=np.stack([block.positions for block in theta]),
        capacity_worth=np.stack([block.positions for block in capacity_worth]),
        worst=worst.positions,
        branching_columns=np.concatenate([*counts, *slots_and_bundles]),
    )


def _add_count_columns(form: Formulation, builder: ModelBuilder, z: IntArray, x: IntArray) -> IntArray:
    """Add columns for the number of sites and services opened in a period, and whether each site opens; return them.

    Branching on these lowers the bound faster than on single bundles.
    """
    bundles, slots, problem = form.bundles, form.slots, form.problem
    opens = bundles.opens.astype(np.float64)
    sites = builder.add_columns("sites", 1)
    builder.add_rows("sites", 1, [(0, sites.positions, 1.0), (0, z, -opens)], lower=0.0, upper=0.0)
    services = builder.add_columns("services", problem.n_services)
    terms = [(np.arange(problem.n_services), services.positions, 1.0), (slots.service, x, -1.0)]
    builder.add_rows("services", problem.n_services, terms, lower=0.0, upper=0.0)
    site = builder.add_columns("site", problem.sites.count, upper=1.0)
    ways: Terms = [(np.arange(problem.sites.count), site.positions, 1.0), (bundles.site, z, -opens)]
    builder.add_rows("site", problem.sites.count, ways, lower=0.0, upper=0.0)
    return np.concatenate([sites.positions, services.positions, site.positions])


class _Columns(NamedTuple):
    """Columns of one period: slots, blocks, and the worth of capacitated services."""

    x: Block
    theta: Block
    capacity_worth: Block


def _objective(
    uncapacitated: Formulation,
    cuts: CoverageCuts,
    builder: ModelBuilder,
    columns: _Columns,
    capacitated: tuple[int, ...],
) -> Expression:
    """Return coverage in one period of weight 1; the worth of capacitated services is at most that of people within reach."""
    free_blocks = ~np.isin(cuts.service, capacitated)
    free_slots = ~np.isin(uncapacitated.slots.service, capacitated)
    x, theta, capacity_worth = (block.positions for block in columns)
    for position, service in enumerate(capacitated):
        blocks, slots = cuts.service == service, uncapacitated.slots.service == service
        column = np.concatenate([capacity_worth[[position]], theta[blocks], x[slots]])
        value = np.concatenate([[1.0], np.full(int(blocks.sum()), -1.0), -cuts.by_slot[slots]])
        in_reach = Expression(column, value, -_permanent_worth(uncapacitated, [service]))
        builder.add_expression_row("places_worth", in_reach, upper=0.0)
    free = np.setdiff1d(np.arange(uncapacitated.problem.n_services), capacitated)
    return Expression.total(
        [
            Expression(
                theta[free_blocks], np.ones(int(free_blocks.sum())), _permanent_worth(uncapacitated, free.tolist())
            ),
            Expression(x[free_slots], cuts.by_slot[free_slots], 0.0),
            Expression(capacity_worth, np.ones(len(capacitated)), 0.0),
        ]
    )


def _permanent_worth(uncapacitated: Formulation, services: list[int]) -> float:
    """Return the worth of people of ``services`` whom permanent facilities serve."""
    return sum(
        float(served.base.sum(axis=0) @ (np.asarray(demand.weights) - np.append(demand.weights[1:], 0.0)))
        for demand, served in zip(uncapacitated.problem.demands, uncapacitated.served, strict=True)
        if demand.service in services
    )


def _without_capacity(form: Formulation) -> SitingProblem:
    """Return the problem without capacities, and without the rules that more capacity does not make easier to keep."""
    problem, capacitated = form.problem, form.capacitated
    offers = dataclasses.replace(problem.offers, capacity=None, min_load=None)
    spreads = tuple(
        spread for spread in problem.rules.spreads if not capacitated[problem.demands[spread.demand].service]
    )
    # Limits of areas are about buildings: the master problem has them from the problem itself.
    return dataclasses.replace(
        problem, offers=offers, rules=dataclasses.replace(problem.rules, spreads=spreads, areas=())
    )


def needs_recount(form: Formulation) -> bool:
    """Return whether a plan of the master problem may violate a rule that only an assignment of people shows."""
    problem, rules = form.problem, form.problem.rules
    required = [demand for floor in rules.floors for demand in floor.demands]
    required += [demand for spread in rules.spreads for demand in spread.demands]
    shares = any(form.capacitated[problem.demands[demand].service] for demand in required)
    return bool(shares or (optional_columns(problem).min_load > 0).any())


class MasterProblem:
    """The master problem with the cuts added so far, as a warm-started LP."""

    def __init__(self, base: MasterModel, like: MasterProblem | None = None) -> None:
        """Begin without cuts, or with the cuts and basis of ``like``."""
        self.base = base
        self._rows = base.model.n_rows
        # Own instance: it keeps sorted orders between calls, and other master problems may be solved in parallel.
        self._capacity_cuts = CapacityCuts(base.form) if base.capacitated else None
        self._lp: WarmLp = WarmLp(base.model) if like is None else like._lp.copy()  # noqa: SLF001  # of its own kind
        self._idle = np.zeros(self._lp.n_rows - self._rows, dtype=np.int64)

    def copy(self) -> MasterProblem:
        """Return another master problem with the same cuts and basis."""
        return MasterProblem(self.base, self)

    @property
    def infeasible(self) -> bool:
        """Whether the last solve proved infeasibility within the bounds."""
        return self._lp.infeasible

    def set_bounds(self, lower: FloatArray, upper: FloatArray) -> None:
        """Set the bounds of every column."""
        self._lp.set_bounds(lower, upper)

    def solve(self, seconds: float) -> LpSolution | None:
        """Return the optimum of the relaxation with the cuts so far, its value raised by the solver's tolerance."""
        answer = self._lp.solve(seconds)
        if answer is None:
            return None
        binding = np.abs(answer.row_dual[self._rows :]) > 1e-12
        self._idle = np.where(binding, 0, self._idle + 1)
        return dataclasses.replace(answer, value=answer.value + TOLERANCE * abs(answer.value))

    def solve_with_cuts(
        self, rounds: int, target: float, seconds: float, *, min_violation: float, capacity_rounds: int = 0
    ) -> LpSolution | None:
        """Solve and cut for up to ``rounds`` rounds, and ``capacity_rounds`` rounds of capacity cuts; return the last optimum.

        Ends early when the value falls to ``target``; ``min_violation`` is the least violation of a cut relative to the value.
        """
        ends = time.perf_counter() + seconds
        answer = self.solve(seconds)
        round_ = 0
        while answer is not None and answer.value > target and round_ < rounds + capacity_rounds:
            cuts = self.add_coverage_cuts(answer.point, min_violation * abs(answer.value)) if round_ < rounds else 0
            if not cuts and capacity_rounds:
                capacity_rounds -= 1
                cuts = self.add_capacity_cuts(
                    answer.point, min_violation * abs(answer.value), ends - time.perf_counter()
                )
            if not cuts:
                break
            round_ += 1
            answer = self.solve(ends - time.perf_counter())
        return answer

    def add_coverage_cuts(self, point: FloatArray, tolerance: float, at: FloatArray | None = None) -> int:
        """Add a tangent plane for every block overestimated by more than ``tolerance`` at ``point``; return their number.

        Planes are tangent at ``at`` where that cuts the point off, else at the point itself.
        """
        base, added = self.base, 0
        cuts, last = base.cuts, len(base.x) - 1
        for period, x in enumerate(base.x):
            here = point[x]
            weighted = base.form.period_weights[period] > 0
            claimed = np.where(weighted, point[base.theta[period]], -np.inf)
            if period == last:
                required = cuts.floors.limit - cuts.floors.by_slot @ here + self._worst_share(cuts.floors, point)
                claimed = np.append(claimed, required + (tolerance - SHARE))
            worth = cuts.worth(here)[: len(claimed)]
            over = np.flatnonzero(claimed > worth + tolerance)
            if len(over):
                planes = cuts.planes(here if at is None else at[x], over)
                if at is not None:
                    reached = planes.constant + planes.slope @ here
                    exact = claimed[over] <= reached + tolerance
                    if exact.any():
                        added += self._add_planes(period, cuts.planes(here, over[exact]))
                        planes = cuts.planes(at[x], over[~exact])
                added += self._add_planes(period, planes)
        return added + self._add_ceiling_cuts(point)

    def _worst_share(self, shares: ShareLimits, point: FloatArray) -> FloatArray:
        """Return the share of the worst community of each limit's spread at ``point``; 0 without a spread."""
        return np.append(point[self.base.worst], 0.0)[shares.spread]

    def _add_ceiling_cuts(self, point: FloatArray) -> int:
        """Add a plane from below for every share above its ceiling at ``point``; return their number."""
        ceilings, x = self.base.cuts.ceilings, self.base.x[-1]
        if not ceilings.count:
            return 0
        here = point[x]
        share = self.base.cuts.reached(here) + ceilings.by_slot @ here
        over = np.flatnonzero(share > ceilings.limit + self._worst_share(ceilings, point) + SHARE)
        if len(over):
            below = self.base.cuts.planes_from_below(here, over)
            both = (below.slope + ceilings.by_slot[over]).tocoo()
            row = np.concatenate([both.row, np.arange(len(over))])
            column = np.concatenate([x[both.col], self.base.worst[ceilings.spread[over]]])
            self._append(row, column, np.append(both.data, np.full(len(over), -1.0)), ceilings.limit[over])
        return len(over)

    def _add_planes(self, period: int, planes: TangentPlanes) -> int:
        base = self.base
        cuts, x, theta = base.cuts, base.x[period], base.theta[period]
        floor = planes.block >= cuts.n_blocks
        size = np.diff(planes.slope.indptr)
        rows_of = np.repeat(np.arange(len(planes.block)), size)
        row = np.concatenate([rows_of, np.flatnonzero(~floor)])
        column = np.concatenate([x[planes.slope.indices], theta[planes.block[~floor]]])
        value = np.concatenate([-planes.slope.data, np.ones(int((~floor).sum()))])
        upper = planes.constant.copy()
        if floor.any():
            which, at = planes.block[floor] - cuts.n_blocks, np.flatnonzero(floor)
            own = cuts.floors.by_slot[which].tocoo()
            spread = cuts.floors.spread[which]
            apart = spread >= 0
            row = np.concatenate([row, at[own.row], at[apart]])
            column = np.concatenate([column, x[own.col], base.worst[spread[apart]]])
            value = np.concatenate([value, -own.data, np.ones(int(apart.sum()))])
            upper[floor] -= cuts.floors.limit[which]
        self._append(row, column, value, upper)
        return len(upper)

    def _append(self, row: IntArray, column: IntArray, value: FloatArray, upper: FloatArray) -> None:
        """Add rows from coefficients in any order; those of one cell are summed."""
        order = np.lexsort((column, row))
        row, column, value = row[order], column[order], value[order]
        first = np.flatnonzero((np.diff(row, prepend=-1) != 0) | (np.diff(column, prepend=-1) != 0))
        if len(first):
            row, column, value = row[first], column[first], np.add.reduceat(value, first)
        indptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(upper)))])
        self._lp.add_rows(indptr, column, value, upper)
        self._idle = np.append(self._idle, np.zeros(len(upper), dtype=np.int64))

    def add_capacity_cuts(
        self, point: FloatArray, tolerance: float, seconds: float, at: FloatArray | None = None
    ) -> int:
        """Add a cut for every service overestimated by more than ``tolerance`` at ``point``; return their number.

        Cuts are generated at the openings of ``at`` where given; those of one period hold in every other.
        """
        base, added = self.base, 0
        if self._capacity_cuts is None:
            return 0
        form, weights = base.form, base.form.period_weights
        ends = time.perf_counter() + seconds
        bundle, offer = form.bundles.pairs()
        counting = np.flatnonzero(weights > 0).tolist()
        for period, (position, service) in itertools.product(counting, enumerate(base.capacitated)):
            z = (point if at is None else at)[base.z[period]]
            opened = np.clip(sums_by(offer, z[bundle], form.problem.offers.count), 0.0, 1.0)
            cut = self._capacity_cuts.cut(service, opened, ends - time.perf_counter())
            if cut is None:
                continue
            constant, per_offer = cut
            per_bundle = sums_by(bundle, per_offer[offer], form.bundles.count)
            used = np.flatnonzero(per_bundle)
            for other in counting:
                column = int(base.capacity_worth[other, position])
                if point[column] <= constant + per_bundle @ point[base.z[other]] + tolerance:
                    continue
                columns = np.append(base.z[other].start + used, column)
                self._append(
                    np.zeros(len(columns), np.int64), columns, np.append(-per_bundle[used], 1.0), np.array([constant])
                )
                added += 1
        return added

    def add_cover_cuts(self, point: FloatArray) -> int:
        """Cut off an integral point that violates an exact row within the solver's tolerance; return the number of cuts."""
        model, point, added = self.base.model, np.round(point), 0
        for row, upper in violated_exact_rows(model, point):
            cover = cover_inequality(model, row, point, upper=upper)
            if cover is not None:
                column, value, limit = cover
                self._append(np.zeros(len(column), dtype=np.int64), column, value, np.array([limit]))
                added += 1
        return added

    def purge_idle_cuts(self) -> None:
        """Remove cuts that have long not been binding, when there are too many."""
        cuts = self.base.cuts
        blocks = cuts.n_blocks + cuts.floors.count + cuts.ceilings.count
        if len(self._idle) <= CUTS_PER_BLOCK * blocks * len(self.base.x):
            return
        long_idle = self._idle >= max(MIN_IDLE_SOLVES, int(np.quantile(self._idle, 0.6)))
        self._lp.drop_rows(self._rows + np.flatnonzero(long_idle))
        self._idle = self._idle[~long_idle]

    def fractional(self, point: FloatArray) -> IntArray:
        """Return the integer columns that are fractional at ``point``."""
        value = point[self.base.branching_columns]
        return self.base.branching_columns[np.abs(value - np.round(value)) > WHOLE]

    def bundles(self) -> IntArray:
        """Return the columns of all bundles in all periods."""
        return np.concatenate([np.arange(z.start, z.stop) for z in self.base.z])

    def worth(self, point: FloatArray) -> float:
        """Return the objective of an integral point, recounted but for capacity: free of solver tolerances."""
        base = self.base
        point = point.copy()
        for x, theta in zip(base.x, base.theta, strict=True):
            point[x] = np.round(point[x])
            point[theta] = base.cuts.worth(point[x])[: len(theta)]
        return float(base.model.cost @ point) + base.model.offset

    def states(self, point: FloatArray) -> tuple[IntArray, ...]:
        """Return the offers, ascending, of each period of an integral point."""
        found = []
        for z in self.base.z:
            chosen = self.base.form.bundles.offer[point[z] > 0.5]
            found.append(np.sort(chosen[chosen >= 0]).astype(np.int64))
        return tuple(found)
