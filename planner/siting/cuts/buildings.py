"""The programme over buildings alone: bundles, slots, how many open, and what they are worth as columns that cuts hold down.

.. code-block:: text

    max  Σ_t W_t (Σ_q θ_qt + Σ_s c_s x_st) + Σ_k Θ_k      over the rules that buildings share (`rows`)
    θ_qt ≤ planes of `Gains`,  floors ≤ planes of `Gains`
    Θ_k  ≤ Σ_{q of k} θ_q + Σ_{s of k} c_s x_s,  cuts of `Transport`       for services with limited places, in one period

Its linear relaxation is that of the whole programme, with hundreds of rows in the place of tens of thousands.
"""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.arrays import sums_by
from planner.siting.cuts.gains import Gains
from planner.siting.cuts.transport import Transport
from planner.siting.programme import rows
from planner.siting.programme.formulation import formulate
from planner.siting.programme.hot import GrowingLp
from planner.siting.programme.linear import Expression, ModelBuilder
from planner.siting.question.complete import complete

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.cuts.gains import Planes
    from planner.siting.programme.formulation import Formulation
    from planner.siting.programme.hot import LpAnswer
    from planner.siting.programme.linear import Block, LinearModel, Terms

__all__ = ["Buildings", "Ground", "lay_out", "needs_counting"]

WHOLE = 1e-5
"""Distance from a whole number up to which a column counts as one."""

TOLERANCE = 1e-7
"""By what part a bound is raised, for the tolerances of the solver it comes from."""

CUTS_PER_PART, LEAST_IDLE = 3, 20
"""From so many cuts for each part on, those go that have not held anything down for so many solves: each solve costs more with
every row, and what is needed again is soon found again."""


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """The programme before any cut, which every `Buildings` of it begins with.

    ``theta`` int64[T, Q] and ``x`` int64[T, S] are columns, ``places`` int64[k] those of the services ``limited``; ``choices`` int64 lists the columns that are whole
    numbers in a plan, the widest decisions first.
    """

    form: Formulation
    gains: Gains
    limited: tuple[int, ...]
    model: LinearModel
    z: tuple[slice, ...]
    x: NDArray[np.int64]
    theta: NDArray[np.int64]
    places: NDArray[np.int64]
    choices: NDArray[np.int64]


def lay_out(form: Formulation) -> Ground:
    """Return the programme over the buildings of ``form``.

    Floors of services with limited places, and least loads, are left out: what comes of it is a bound all the same.
    """
    problem = form.problem
    offers = dataclasses.replace(problem.offers, capacity=None, min_load=None)
    floors = tuple(floor for floor in problem.rules.floors if not form.limited[problem.demands[floor.demand].service])
    rules = dataclasses.replace(problem.rules, floors=floors)
    loose = formulate(dataclasses.replace(problem, offers=offers, rules=rules)) if form.limited.any() else form
    gains = Gains(loose)
    limited = tuple(np.flatnonzero(form.limited).tolist())
    builder = ModelBuilder()
    periods, slots = range(problem.n_periods), form.slots
    z = tuple(builder.add_columns("bundle", form.bundles.count, upper=1.0) for _ in periods)
    x = tuple(builder.add_columns("open", slots.count, upper=1.0) for _ in periods)
    rows.add(dataclasses.replace(form, builder=builder, z=z, x=x, v=(), w=(), y=()))
    theta = tuple(builder.add_columns("worth", gains.n_parts, lower=-np.inf, upper=gains.most) for _ in periods)
    counts = [_counts(form, builder, z[period].positions, x[period].positions) for period in periods]
    goal, places = _goal(loose, gains, builder, list(zip(x, theta, strict=True)), limited)
    slots_and_bundles = [block.positions for pair in zip(x, z, strict=True) for block in pair]
    return Ground(
        form=form,
        gains=gains,
        limited=limited,
        model=builder.build(goal),
        z=tuple(block.slice for block in z),
        x=np.stack([block.positions for block in x]),
        theta=np.stack([block.positions for block in theta]),
        places=places,
        choices=np.concatenate([*counts, *slots_and_bundles]),
    )


def _counts(form: Formulation, builder: ModelBuilder, z: NDArray[np.int64], x: NDArray[np.int64]) -> NDArray[np.int64]:
    """Add columns for how many sites and services open in a period, and whether each site does; return them.

    Divided on these, the bound falls faster than on single bundles: half a site here and half there is what raises it.
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


def _goal(
    loose: Formulation,
    gains: Gains,
    builder: ModelBuilder,
    columns: list[tuple[Block, Block]],
    limited: tuple[int, ...],
) -> tuple[Expression, NDArray[np.int64]]:
    """Return coverage by ``columns`` (slots and parts of each period), and the columns of services with limited places."""
    free_parts = ~np.isin(gains.service, limited)
    free_slots = ~np.isin(loose.slots.service, limited)
    parts = []
    for weight, (opened, worth) in zip(loose.period_weights.tolist(), columns, strict=True):
        parts += [
            Expression(worth.positions[free_parts], np.full(int(free_parts.sum()), weight), 0.0),
            Expression(opened.positions[free_slots], weight * gains.by_slot[free_slots], 0.0),
        ]
    places = builder.add_columns("places_worth", len(limited), lower=-np.inf)
    sure = loose.coverage().constant
    for position, service in enumerate(limited):
        mine, here = gains.service == service, loose.slots.service == service
        constant = sum(
            float(served.base.sum(axis=0) @ (np.asarray(demand.weights) - np.append(demand.weights[1:], 0.0)))
            for demand, served in zip(loose.problem.demands, loose.served, strict=True)
            if demand.service == service
        )
        opened, worth = columns[0]
        column = np.concatenate([[places.start + position], worth.positions[mine], opened.positions[here]])
        value = np.concatenate([[1.0], np.full(int(mine.sum()), -1.0), -gains.by_slot[here]])
        builder.add_expression_row("places_worth", Expression(column, value, -constant), upper=0.0)
        sure -= constant
    parts.append(Expression(places.positions, np.ones(len(limited)), sure))
    return Expression.total(parts), places.positions


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
        gains = ground.gains
        for period, x in enumerate(ground.x):
            here = point[x]
            counts = ground.form.period_weights[period] > 0
            counted = np.where(counts, point[ground.theta[period]], -np.inf)
            if period == len(ground.x) - 1:
                by_slots = np.asarray(gains.floor_by_slot @ here)
                # Floors are in parts of everybody: one in a million is below what they are kept by.
                counted = np.append(counted, gains.floor_least - by_slots + (tolerance - 1e-6))
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
        return added

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
            which = planes.part[floor] - gains.n_parts
            own = gains.floor_by_slot[which].tocoo()
            row = np.concatenate([row, np.flatnonzero(floor)[own.row]])
            column = np.concatenate([column, x[own.col]])
            value = np.concatenate([value, -own.data])
            upper[floor] -= gains.floor_least[which]
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

        Cuts are made for the openings of ``at`` where that is given.
        """
        ground, added = self.ground, 0
        if self._transport is None:
            return 0
        form = ground.form
        bundle, offer = form.bundles.pairs()
        z = (point if at is None else at)[ground.z[0]]
        opened = np.clip(sums_by(offer, z[bundle], form.problem.offers.count), 0.0, 1.0)
        for column, service in zip(ground.places.tolist(), ground.limited, strict=True):
            cut = self._transport.cut(service, opened, seconds)
            if cut is None:
                continue
            sure, per_offer = cut
            per_bundle = sums_by(bundle, per_offer[offer], form.bundles.count)
            if point[column] <= sure + per_bundle @ point[ground.z[0]] + tolerance:
                continue
            used = np.flatnonzero(per_bundle)
            columns = np.append(ground.z[0].start + used, column)
            self._append(np.zeros(len(columns), np.int64), columns, np.append(-per_bundle[used], 1.0), np.array([sure]))
            added += 1
        return added

    def forget(self) -> None:
        """Take out cuts that have not held anything down for long, when there are too many."""
        gains = self.ground.gains
        if len(self._idle) <= CUTS_PER_PART * (gains.n_parts + gains.n_floors) * len(self.ground.x):
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


def needs_counting(form: Formulation) -> bool:
    """Say whether a plan of the programme may break a rule that only a count of who goes where shows."""
    problem = form.problem
    floors = any(form.limited[problem.demands[floor.demand].service] for floor in problem.rules.floors)
    return bool(floors or (complete(problem).min_load > 0).any())
