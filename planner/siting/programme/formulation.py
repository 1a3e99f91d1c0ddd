"""The integer programme of a siting problem, built from arrays.

Symbols: *i* demand point, *j* site, *k* service, *d* demand group, *c* circle (nearest first), *b* bundle of offers that
fit together in one building, *o* offer, *s* slot (site, service, tier), *g* merged set of slots, *t* period.

.. code-block:: text

    z_bt ∈ {0, 1}      bundle b is in its building in period t;  Σ_{b at j} z_bt ≤ 1
    x_st = Σ_{b ∋ s} z_bt ∈ {0, 1}              the slot is open
    0 ≤ v_gt ≤ 1,  v_gt ≤ Σ_{s ∈ g} x_st        somebody of the set is open
    0 ≤ y_ft ≤ P_h x_st                         people of group h who go to slot s (flow f), where places are limited

    coverage = Σ_t W_t Σ_d [ Σ_i p_di w_d,e(i) + Σ_{i,c} p_di (w_dc − w_d,c+1) v_g(d,i,c),t ]

where e(i) is the circle that what stays today gives at *i* and ``w_d,C+1 = 0``. Coverage grows ring by ring, so no row
has to choose a circle. v is continuous: at binary z its best value is 0 or 1. x follows from z as well, and is declared whole
all the same: presolve of HiGHS up to 1.15.1 removes solutions where it is not. Everything about one building (area,
storeys, incompatible services, shared rooms, hub rules, the set-up paid once) is inside its bundles; the rows only add
numbers up over bundles. People limited by places count through y instead of v, with the same weights.

The families of rows are functions, one each, in `rows` (what opens), `rows_people` (who is served).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.arrays import sums_by
from planner.siting.programme import rows, rows_people
from planner.siting.programme.bundles import Bundles, enumerate_bundles, kept_bundles
from planner.siting.programme.dominated import dominated_bundles, dominated_sites
from planner.siting.programme.flows import Flows, limited_services, trace_flows
from planner.siting.programme.linear import Block, Expression, ModelBuilder
from planner.siting.programme.near import Nearness, trace_nearness
from planner.siting.programme.reduce import Needs, Slots, find_slots, merge_needs
from planner.siting.programme.served import Served, count_served, regions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.question.problem import SitingProblem

__all__ = ["Formulation", "formulate"]


@dataclass(frozen=True, slots=True, eq=False)
class Formulation:
    """A model under construction, what its columns stand for, and what can be asked of it.

    ``z``, ``x``, ``v``, ``w``, ``y`` hold one block of columns per period (bundles, slots, covered sets, near sets,
    flows). Rows that later goals add go into ``builder``.
    """

    problem: SitingProblem
    builder: ModelBuilder
    bundles: Bundles
    slots: Slots
    needs: Needs
    flows: Flows
    near: Nearness | None
    served: list[Served]
    limited: NDArray[np.bool_]
    z: tuple[Block, ...]
    x: tuple[Block, ...]
    v: tuple[Block, ...]
    w: tuple[Block, ...]
    y: tuple[Block, ...]

    @property
    def last(self) -> int:
        """The last period: the plan as it stands in the end."""
        return self.problem.n_periods - 1

    @property
    def period_weights(self) -> NDArray[np.float64]:
        """Worth of each period's coverage, float64[T]."""
        phases = self.problem.phases
        return np.ones(1) if phases is None else np.asarray(phases.weights, dtype=np.float64)

    def columns(self, codes: NDArray[np.int64], period: int) -> NDArray[np.int64]:
        """Return the columns of slot, set and flow codes in ``period``."""
        slots, sets = self.slots.count, self.needs.n_sets
        starts = np.array([self.x[period].start, self.v[period].start, self.y[period].start])
        kind = (codes >= slots).astype(np.int64) + (codes >= slots + sets)
        return np.asarray(starts[kind] + codes - np.array([0, slots, slots + sets])[kind])

    def worth(self) -> NDArray[np.float64]:
        """Return what slots, sets and flows are worth, code by code, in a period of weight 1."""
        worth = np.zeros(self.slots.count + self.needs.n_sets + self.flows.count)
        for demand, served in zip(self.problem.demands, self.served, strict=True):
            weights = np.append(demand.weights, 0.0)
            amount = (weights[:-1] - weights[1:])[served.circle] * served.amount
            worth += sums_by(served.code, amount, len(worth))
        return worth

    def coverage(self) -> Expression:
        """People by circle weight, over all periods by their weights."""
        parts = []
        for period, worth in enumerate(self.period_weights.tolist()):
            for demand, served in zip(self.problem.demands, self.served, strict=True):
                weights = np.append(demand.weights, 0.0)
                step = worth * (weights[:-1] - weights[1:])
                parts.append(
                    Expression(
                        self.columns(served.code, period),
                        step[served.circle] * served.amount,
                        float(served.base.sum(axis=0) @ step),
                    )
                )
        return Expression.total(parts)

    def walk(self) -> Expression:
        """Person-seconds to the nearest opening, over all periods by their weights; limited services by their flows."""
        assert self.near is not None  # noqa: S101  # built whenever a goal asks for it
        flows, parts = self.flows, []
        beyond = np.array([d.cutoffs_s[-1] if d.beyond_s is None else d.beyond_s for d in self.problem.demands])
        for period, worth in enumerate(self.period_weights.tolist()):
            slots = self.slots.count
            codes = np.flatnonzero(self.near.saving_s)
            at = np.where(codes < slots, self.x[period].start + codes, self.w[period].start + codes - slots)
            parts.append(Expression(at, -worth * self.near.saving_s[codes], worth * self.near.total_s))
            unserved = sum(
                float(demand.people.sum()) * beyond[position]
                for position, demand in enumerate(self.problem.demands)
                if self.limited[demand.service] and demand.part_of is None
            )
            ours = np.flatnonzero(~self.slots.competitor[flows.slot])
            saved = beyond[flows.group_demand[flows.group[ours]]] - flows.seconds[ours]
            parts.append(Expression(self.y[period].start + ours, -worth * saved, worth * unserved))
        return Expression.total(parts)

    def cost(self, years: float) -> Expression:
        """Capital plus ``years`` of the change in the yearly bill, of the plan in the end."""
        amount = self.bundles.capital_yuan + years * self.bundles.yearly_yuan
        return Expression(self.z[self.last].positions, amount, 0.0)

    def opened_sites(self) -> Expression:
        """Sites with something new in the end."""
        return Expression(self.z[self.last].positions, self.bundles.opens.astype(np.float64), 0.0)

    def people_within(self, demand: int, circle: int | None, region: int | None) -> tuple[Expression, float]:
        """People of ``demand`` within ``circle`` in the end, overall or in one region; and everybody there."""
        served = self.served[demand]
        ring = served.base.shape[1] - 1 if circle is None else circle
        codes, amounts, sure, everybody = served.within(ring, region)
        return Expression(self.columns(codes, self.last), amounts, sure), everybody

    def chosen_offers(self, values: NDArray[np.float64], period: int) -> NDArray[np.int64]:
        """Return the offers of the bundles that ``values`` chooses in ``period``, ascending."""
        chosen = self.bundles.offer[values[self.z[period].slice] > 0.5]
        return np.sort(chosen[chosen >= 0]).astype(np.int64)


def formulate(problem: SitingProblem) -> Formulation:
    """Return the columns and every row of ``problem``; goals are asked of the result."""
    bundles, slots, limited = enumerate_bundles(problem), find_slots(problem), limited_services(problem)
    bundles = kept_bundles(bundles, ~dominated_bundles(problem, bundles))
    covered = [position for position, demand in enumerate(problem.demands) if not limited[demand.service]]
    needs = merge_needs(problem, slots, covered)
    flows = trace_flows(problem, slots, regions(problem))
    wants_walk = any(goal.walks for goal in problem.goals)
    whole_demands = [position for position in covered if problem.demands[position].part_of is None]
    near = trace_nearness(problem, slots, whole_demands) if wants_walk else None
    builder = ModelBuilder()
    periods = range(problem.n_periods)
    whole = np.array([way == "whole" for way in problem.rules.assignment or ["split"] * problem.n_services])
    demand_service = np.array([demand.service for demand in problem.demands])
    people = flows.group_people[flows.group]
    form = Formulation(
        problem=problem,
        builder=builder,
        bundles=bundles,
        slots=slots,
        needs=needs,
        flows=flows,
        near=near,
        served=count_served(problem, slots, needs, flows, limited),
        limited=limited,
        z=tuple(builder.add_columns(f"bundle_{t}", bundles.count, upper=1.0, integer=True) for t in periods),
        x=tuple(builder.add_columns(f"open_{t}", slots.count, upper=1.0, integer=True) for t in periods),
        v=tuple(builder.add_columns(f"covered_{t}", needs.n_sets, upper=1.0, follows=True) for t in periods),
        w=tuple(builder.add_columns(f"near_{t}", near.n_sets if near else 0, upper=1.0, follows=True) for t in periods),
        y=tuple(builder.add_columns(f"flow_{t}", flows.count, upper=people) for t in periods),
    )
    if not limited.any():
        unneeded = np.flatnonzero(dominated_sites(problem, bundles, slots, needs))
        builder.set_upper(form.z[0].start + unneeded, 0.0)
    rows.add(form)
    rows_people.add(form, whole[demand_service[flows.group_demand]])
    return form
