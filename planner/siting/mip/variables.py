"""Variables of the integer programme and the linear expressions over them: coverage, walk, cost, people served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.arrays import sums_by
from planner.siting.mip.linear import Block, Expression, ModelBuilder
from planner.siting.mip.presolve import CoverSets, Slots, guaranteed_circles, pairs_within

if TYPE_CHECKING:
    from planner.siting.arrays import BoolArray, FloatArray, IntArray
    from planner.siting.mip.assignment import Flows, WalkRings
    from planner.siting.mip.bundles import Bundles
    from planner.siting.model.problem import SitingProblem


@dataclass(frozen=True, slots=True, eq=False)
class PeopleServed:
    """People of one demand within each circle or a narrower one, by region (communities, the last for none).

    ``base`` float64[R + 1, C] is served by permanent facilities, ``people`` float64[R + 1] is everybody. Row by row,
    ``amount`` people of ``region`` are within ``circle`` for each unit of the column ``code``.
    """

    base: FloatArray
    people: FloatArray
    region: IntArray
    circle: IntArray
    code: IntArray
    amount: FloatArray

    def within(self, circle: int, region: int | None = None) -> tuple[IntArray, FloatArray, float, float]:
        """Return (codes, amounts, constant, everybody) for one circle, overall or in one region."""
        selected = self.circle == circle
        if region is None:
            return (
                self.code[selected],
                self.amount[selected],
                float(self.base[:, circle].sum()),
                float(self.people.sum()),
            )
        selected &= self.region == region
        return self.code[selected], self.amount[selected], float(self.base[region, circle]), float(self.people[region])


def regions(problem: SitingProblem) -> IntArray:
    """Return int64[n]: the community of each point, the number of communities for none."""
    if problem.community is None:
        return np.zeros(problem.n_demand, dtype=np.int64)
    return np.where(problem.community < 0, problem.n_communities, problem.community).astype(np.int64)


def count_people_served(
    problem: SitingProblem, slots: Slots, cover_sets: CoverSets, flows: Flows, capacitated: BoolArray
) -> list[PeopleServed]:
    """Return one `PeopleServed` per demand; flow ``f`` has the code ``n_slots + n_sets + f``."""
    region = regions(problem)
    n_regions = problem.n_communities + 1
    served = []
    for position, demand in enumerate(problem.demands):
        circles = len(demand.cutoffs_s)
        people = sums_by(region, demand.people, n_regions)
        base = np.zeros((n_regions, circles))
        if capacitated[demand.service]:
            whole = position if demand.part_of is None else demand.part_of
            selected = np.flatnonzero((flows.group_demand[flows.group] == whole) & ~slots.competitor[flows.slot])
            wide = circles - flows.circle[selected]
            flow = np.repeat(selected, wide)
            circle = (
                circles
                - 1
                - (np.cumsum(np.ones(len(flow), dtype=np.int64)) - 1 - np.repeat(np.cumsum(wide) - wide, wide))
            )
            code, amount = cover_sets.n_slots + cover_sets.n_sets + flow, np.ones(len(flow))
            if demand.part_of is not None:
                # Groups of a demand with parts are single points.
                point = np.zeros(flows.n_groups, dtype=np.int64)
                point[flows.member_group] = flows.member_point
                at = point[flows.group[flow]]
                amount = demand.people[at] / problem.demands[whole].people[at]
            where = flows.group_region[flows.group[flow]]
        else:
            best = guaranteed_circles(problem, demand, slots, pairs_within(problem, demand, slots))
            for ring in range(circles):
                base[:, ring] = sums_by(region, demand.people * (best <= ring), n_regions)
            chosen = np.flatnonzero(cover_sets.demand == position)
            where, circle, code, amount = _merged_rows(
                region[cover_sets.point[chosen]],
                cover_sets.circle[chosen],
                cover_sets.code[chosen],
                demand.people[cover_sets.point[chosen]],
            )
        served.append(PeopleServed(base, people, where, circle, code, amount))
    return served


def _merged_rows(
    region: IntArray, circle: IntArray, code: IntArray, people: FloatArray
) -> tuple[IntArray, IntArray, IntArray, FloatArray]:
    keys, inverse = np.unique(np.stack([region, circle, code], axis=1), axis=0, return_inverse=True)
    return keys[:, 0], keys[:, 1], keys[:, 2], sums_by(inverse.ravel(), people, len(keys))


@dataclass(frozen=True, slots=True, eq=False)
class Formulation:
    """The integer programme under construction: its columns, and linear expressions over them.

    ``z``, ``x``, ``v``, ``w``, ``y`` hold one block of columns per period (bundles, slots, covering sets, walk rings,
    flows). Later goals add rows to ``builder``.
    """

    problem: SitingProblem
    builder: ModelBuilder
    bundles: Bundles
    slots: Slots
    cover_sets: CoverSets
    flows: Flows
    rings: WalkRings | None
    served: list[PeopleServed]
    capacitated: BoolArray
    z: tuple[Block, ...]
    x: tuple[Block, ...]
    v: tuple[Block, ...]
    w: tuple[Block, ...]
    y: tuple[Block, ...]

    @property
    def last(self) -> int:
        """The last period."""
        return self.problem.n_periods - 1

    @property
    def period_weights(self) -> FloatArray:
        """Weight of each period's coverage, float64[T]."""
        phases = self.problem.phases
        return np.ones(1) if phases is None else np.asarray(phases.weights, dtype=np.float64)

    def columns(self, codes: IntArray, period: int) -> IntArray:
        """Return the columns of slot, set and flow codes in ``period``."""
        slots, sets = self.slots.count, self.cover_sets.n_sets
        starts = np.array([self.x[period].start, self.v[period].start, self.y[period].start])
        kind = (codes >= slots).astype(np.int64) + (codes >= slots + sets)
        return np.asarray(starts[kind] + codes - np.array([0, slots, slots + sets])[kind])

    @property
    def flow_demand(self) -> IntArray:
        """The demand of each flow, int64[f]."""
        return self.flows.group_demand[self.flows.group]

    @property
    def flow_service(self) -> IntArray:
        """The service of each flow, int64[f]."""
        return np.array([demand.service for demand in self.problem.demands])[self.flow_demand]

    @property
    def flow_load(self) -> FloatArray:
        """Load of one person of each flow, float64[f]."""
        return np.array([demand.load_per_person for demand in self.problem.demands])[self.flow_demand]

    def worth(self) -> FloatArray:
        """Return the worth of slots, sets and flows, code by code, in a period of weight 1."""
        worth = np.zeros(self.slots.count + self.cover_sets.n_sets + self.flows.count)
        for demand, served in zip(self.problem.demands, self.served, strict=True):
            weights = np.append(demand.weights, 0.0)
            amount = (weights[:-1] - weights[1:])[served.circle] * served.amount
            worth += sums_by(served.code, amount, len(worth))
        return worth

    def coverage(self) -> Expression:
        """People by circle weight, over all periods by their weights."""
        terms = []
        for period, worth in enumerate(self.period_weights.tolist()):
            for demand, served in zip(self.problem.demands, self.served, strict=True):
                weights = np.append(demand.weights, 0.0)
                step = worth * (weights[:-1] - weights[1:])
                terms.append(
                    Expression(
                        self.columns(served.code, period),
                        step[served.circle] * served.amount,
                        float(served.base.sum(axis=0) @ step),
                    )
                )
        return Expression.total(terms)

    def walk(self) -> Expression:
        """Person-seconds to the nearest opening, over all periods by their weights; capacitated services by their flows."""
        assert self.rings is not None  # noqa: S101  # built whenever a goal asks for it
        flows, terms = self.flows, []
        unserved_s = np.array([demand.unserved_s for demand in self.problem.demands])
        for period, worth in enumerate(self.period_weights.tolist()):
            slots = self.slots.count
            codes = np.flatnonzero(self.rings.saving_s)
            at = np.where(codes < slots, self.x[period].start + codes, self.w[period].start + codes - slots)
            terms.append(Expression(at, -worth * self.rings.saving_s[codes], worth * self.rings.total_s))
            unserved = sum(
                float(demand.people.sum()) * unserved_s[position]
                for position, demand in enumerate(self.problem.demands)
                if self.capacitated[demand.service] and demand.part_of is None
            )
            own = np.flatnonzero(~self.slots.competitor[flows.slot])
            saved = unserved_s[flows.group_demand[flows.group[own]]] - flows.seconds[own]
            terms.append(Expression(self.y[period].start + own, -worth * saved, worth * unserved))
        return Expression.total(terms)

    def cost(self, years: float) -> Expression:
        """Capital plus ``years`` of the change in yearly cost, in the last period."""
        amount = self.bundles.capital_cost + years * self.bundles.yearly_cost
        return Expression(self.z[self.last].positions, amount, 0.0)

    def opened_sites(self) -> Expression:
        """Sites with a new offer, in the last period."""
        return Expression(self.z[self.last].positions, self.bundles.opens.astype(np.float64), 0.0)

    def people_within(self, demand: int, circle: int | None, region: int | None) -> tuple[Expression, float]:
        """People of ``demand`` within ``circle`` in the last period, overall or in one region; and everybody there."""
        served = self.served[demand]
        ring = served.base.shape[1] - 1 if circle is None else circle
        codes, amounts, sure, everybody = served.within(min(ring, served.base.shape[1] - 1), region)
        return Expression(self.columns(codes, self.last), amounts, sure), everybody

    def people_of(
        self, demands: tuple[int, ...], circle: int | None, regions: tuple[int, ...] | None
    ) -> tuple[Expression, float]:
        """People of several demands within ``circle``, overall (None) or in some regions together; and everybody there."""
        parts = [self.people_within(demand, circle, region) for demand in demands for region in regions or [None]]
        return Expression.total([people for people, _ in parts]), sum(everybody for _, everybody in parts)

    def chosen_offers(self, values: FloatArray, period: int) -> IntArray:
        """Return the offers of the bundles that ``values`` chooses in ``period``, ascending."""
        chosen = self.bundles.offer[values[self.z[period].slice] > 0.5]
        return np.sort(chosen[chosen >= 0]).astype(np.int64)


def bundle_values(form: Formulation, states: tuple[IntArray, ...]) -> FloatArray:
    """Return the bundle columns of ``states``, NaN elsewhere."""
    values = np.full(form.builder.n_columns, np.nan)
    bundles = form.bundles
    for period, z in enumerate(form.z):
        state = states[min(period, len(states) - 1)]
        chosen = np.zeros(form.problem.offers.count, dtype=bool)
        chosen[state] = True
        inside = (bundles.offer < 0) | chosen[np.where(bundles.offer < 0, 0, bundles.offer)]
        per_site = np.bincount(form.problem.offers.site[state], minlength=form.problem.sites.count)
        exact = inside.all(axis=1) & ((bundles.offer >= 0).sum(axis=1) == per_site[bundles.site])
        values[z.slice] = exact.astype(np.float64)
    return values
