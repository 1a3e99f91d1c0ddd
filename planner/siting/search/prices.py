"""A bound on every plan of a large problem, by pricing what ties its buildings together.

The rows that say "covered only where something is open", "people go once" and the floors are priced into the goal.
What is left falls apart: each slot takes the people that pay best for the places it has (a knapsack that is filled in
order of worth per place), each merged set is covered or not, and the bundles are chosen by a small linear programme
over the rules of `rows` alone, which is what the buildings share. For any prices the sum is a bound on every plan; the
best prices give the bound of the full linear programme, without ever building its hundred thousand rows.

.. code-block:: text

    L(λ, μ) = Σ_g (c_g − λ_g) + Σ_h λ_h P_h − Σ_r μ_r lower_r + max_{z} Σ_b (c_b + Σ_{o ∈ b} K_o(λ, μ)) z_b
    K_o = Σ_{g ∋ o} λ_g + max { Σ_f (c_f + Σ_r μ_r a_rf − λ_h(f)) y_f :  y_f ≤ P_h(f),  least_o ≤ Σ_f load_f y_f ≤ capacity_o }

The prices descend by the volume algorithm (Barahona and Anbil 2000): steps follow a running average of the answers,
which is also a fractional plan, so that it shows which buildings are worth a closer look.
"""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.arrays import sums_by
from planner.siting.cuts.places import Places
from planner.siting.programme import rows
from planner.siting.programme.flows import limited_services
from planner.siting.programme.hot import HotLp
from planner.siting.programme.linear import ModelBuilder
from planner.siting.programme.rows_people import floor_parts

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from planner.siting.programme.formulation import Formulation
    from planner.siting.programme.linear import Block, Expression
    from planner.siting.question.problem import SitingProblem

__all__ = ["Priced", "Prices", "can_price"]

PATIENCE = 15
FIRST_STRIDE, NEXT_STRIDE, SMALLEST_STRIDE = 1.0, 0.5, 1e-3
GUESS = 0.85
"""What part of the first bounds a plan may be worth, while none is in hand: far off, so that first steps are long."""


@dataclass(frozen=True, slots=True, eq=False)
class Priced:
    """The best bound met and what proves it.

    ``often`` float64[B] is how often (of 1) each bundle was wanted on average; ``reach`` float64[B] the bound on every
    plan that chooses the bundle.
    """

    bound: float
    often: NDArray[np.float64]
    reach: NDArray[np.float64]


def can_price(problem: SitingProblem) -> bool:
    """Say whether pricing understands every rule of ``problem``: one period, no spreads, people split as it suits."""
    limited = limited_services(problem)
    ways = problem.rules.assignment or ("split",) * problem.n_services
    divided = all(way == "split" for way, limits in zip(ways, limited, strict=True) if limits)
    return problem.phases is None and not problem.rules.spreads and divided


class Prices:
    """The priced question of one formulation and one goal (maximised); prices live here from call to call."""

    def __init__(self, form: Formulation, goal: Expression) -> None:
        self._form = form
        self._offset = goal.constant
        cost = sums_by(goal.column, goal.value, form.builder.n_columns)
        z, x, v, y = form.z[0], form.x[0], form.v[0], form.y[0]
        self._bundle_worth, self._slot_worth = cost[z.slice], cost[x.slice]
        self._set_worth, self._flow_worth = cost[v.slice], cost[y.slice]
        self._floors = _Floors(form)
        self._sets = (form.needs.sets_indptr, form.needs.sets_slot)
        self._set_of_member = np.repeat(np.arange(form.needs.n_sets), np.diff(form.needs.sets_indptr))
        self._places = Places(form)
        self._rules = _rules_only(form)
        self._bundle, self._offer = form.bundles.pairs()
        # Prices are parts of what they price (of a set's worth, of one person's), so that steps in them compare.
        self._set_scale = self._set_worth + self._floors.scale(v)
        self._set_price = np.full(len(self._set_worth), 0.5)
        dearest = np.zeros(form.flows.n_groups)
        np.maximum.at(dearest, form.flows.group, self._flow_worth)
        self._group_price = 0.5 * dearest
        self._floor_price = np.zeros(self._floors.count)
        self._stride = FIRST_STRIDE
        self._best: Priced | None = None
        self._best_prices: tuple[NDArray[np.float64], ...] = ()

    def descend(
        self,
        steps: int,
        *,
        plan_worth: float | None = None,
        seconds: float = np.inf,
        told: Callable[[float], None] | None = None,
    ) -> Priced | None:
        """Move the prices at most ``steps`` times and return the best bound so far; None where there is no plan at all.

        ``plan_worth`` is that of a plan in hand, which sets how far a step goes.
        """
        ends = time.perf_counter() + seconds
        self._stride = FIRST_STRIDE if plan_worth is None else NEXT_STRIDE
        waited = 0
        average: _Answer | None = None
        for step in range(steps):
            bound, chosen, answer = self._ask()
            if not np.isfinite(bound):
                break
            average = answer if average is None else _mixed(average, answer, 0.1 if step < steps // 2 else 0.05)
            if self._best is None or bound < self._best.bound - 1e-4 * abs(self._best.bound):
                waited = 0
            waited += 1
            if self._best is None or bound < self._best.bound:
                self._best = Priced(bound, chosen, bound + self._rules.reduced_costs())
                self._best_prices = (self._set_price.copy(), self._group_price.copy(), self._floor_price.copy())
            if waited > PATIENCE:
                waited = 0
                self._stride *= 0.7
                self._set_price, self._group_price, self._floor_price = (part.copy() for part in self._best_prices)
            target = GUESS * self._best.bound if plan_worth is None else plan_worth
            self._move(average, max(bound - target, 1e-6 * abs(bound)))
            if told is not None:
                told(self._best.bound)
            closed = plan_worth is not None and self._best.bound - plan_worth <= 1e-9 * abs(plan_worth)
            if closed or self._stride < SMALLEST_STRIDE or time.perf_counter() > ends:
                break
        if self._best is None:
            return None
        return Priced(self._best.bound, self._best.often if average is None else average.bundles, self._best.reach)

    def _ask(self) -> tuple[float, NDArray[np.float64], _Answer]:
        """Return the bound at these prices, the bundles that reach it, and who would be served."""
        form, places = self._form, self._places
        set_price = self._set_price * self._set_scale
        _, members = self._sets
        slot_worth = self._slot_worth + sums_by(members, set_price[self._set_of_member], form.slots.count)
        flow_worth = self._flow_worth + self._floors.priced(self._floor_price, form.y[0])
        flow_worth = flow_worth - self._group_price[form.flows.group]
        offer_worth = slot_worth[form.slots.of_offer] + places.worth(flow_worth)
        # What floors pay for sets and slots is added where those are priced.
        extra_sets = self._floors.priced(self._floor_price, form.v[0])
        extra_slots = self._floors.priced(self._floor_price, form.x[0])
        offer_worth = offer_worth + extra_slots[form.slots.of_offer]
        bundle_worth = self._bundle_worth + sums_by(self._bundle, offer_worth[self._offer], form.bundles.count)
        best, chosen = self._rules.maximise(bundle_worth)
        covered = self._set_worth + extra_sets - set_price
        bound = (
            self._offset
            + float(np.maximum(covered, 0.0).sum())
            + float(self._group_price @ form.flows.group_people)
            - self._floors.offset(self._floor_price)
            + best
        )
        open_offers = sums_by(self._offer, chosen[self._bundle], form.problem.offers.count)
        answer = _Answer(
            chosen,
            sums_by(form.slots.of_offer, open_offers, form.slots.count),
            (covered > 0).astype(np.float64),
            places.served(open_offers),
        )
        return bound, chosen, answer

    def _move(self, average: _Answer, distance: float) -> None:
        """Take one step of Polyak's length against the average answer."""
        form = self._form
        indptr, members = self._sets
        over_sets = np.zeros(0)
        if len(self._set_price):
            over_sets = np.add.reduceat(average.slots[members], indptr[:-1]) - average.sets
        over_sets = over_sets * self._set_scale
        over_groups = form.flows.group_people - sums_by(form.flows.group, average.flows, form.flows.n_groups)
        over_floors = self._floors.over(average)
        # A floor that is passed anyway has no price to lower, and must not shorten the step of the others.
        over_floors = np.where((self._floor_price <= 0) & (over_floors > 0), 0.0, over_floors)
        length = float(over_sets @ over_sets + over_groups @ over_groups + over_floors @ over_floors)
        step = self._stride * distance / max(length, 1e-12)
        self._set_price = np.clip(self._set_price - step * over_sets, 0.0, None)
        self._group_price = np.clip(self._group_price - step * over_groups, 0.0, None)
        self._floor_price = np.clip(self._floor_price - step * over_floors, 0.0, None)


@dataclass(frozen=True, slots=True, eq=False)
class _Answer:
    """An answer to the priced question: bundles, slots, sets and flows."""

    bundles: NDArray[np.float64]
    slots: NDArray[np.float64]
    sets: NDArray[np.float64]
    flows: NDArray[np.float64]


def _mixed(one: _Answer, two: _Answer, part: float) -> _Answer:
    return _Answer(
        one.bundles + part * (two.bundles - one.bundles),
        one.slots + part * (two.slots - one.slots),
        one.sets + part * (two.sets - one.sets),
        one.flows + part * (two.flows - one.flows),
    )


class _Floors:
    """The floors, counted in people and scaled down to the weight of single points, which is what steps are made for."""

    def __init__(self, form: Formulation) -> None:
        self._form = form
        weight = float(np.sqrt(sum(float(demand.people @ demand.people) for demand in form.problem.demands)))
        self._parts = [
            (people.scaled(weight / everybody), share * weight) for people, everybody, share in floor_parts(form)
        ]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._parts)

    def scale(self, block: Block) -> NDArray[np.float64]:
        """Return what all floors count for each column of a block."""
        return self.priced(np.ones(self.count), block)

    def priced(self, prices: NDArray[np.float64], block: Block) -> NDArray[np.float64]:
        """Return what the floors pay for each column of a block."""
        if not prices.any():
            return np.zeros(block.count)
        paid = np.zeros(self._form.builder.n_columns)
        for price, (people, _) in zip(prices, self._parts, strict=True):
            if price > 0:
                np.add.at(paid, people.column, price * people.value)
        return paid[block.slice]

    def offset(self, prices: NDArray[np.float64]) -> float:
        """Return what they ask for beyond what is sure."""
        asked = [amount - people.constant for people, amount in self._parts]
        return float(prices @ np.array(asked)) if asked else 0.0

    def over(self, answer: _Answer) -> NDArray[np.float64]:
        """Return by how much each floor is passed by ``answer``."""
        form = self._form
        point = np.zeros(form.builder.n_columns)
        point[form.x[0].slice], point[form.v[0].slice], point[form.y[0].slice] = answer.slots, answer.sets, answer.flows
        return np.array([people.at(point) - amount for people, amount in self._parts])


def _rules_only(form: Formulation) -> HotLp:
    """Return the bundles and the rules they share as a linear programme that is asked again and again."""
    builder = ModelBuilder()
    z = builder.add_columns("bundle", form.bundles.count, upper=1.0)
    rows.add_shared(dataclasses.replace(form, builder=builder, z=(z,), x=(), v=(), w=(), y=()))
    return HotLp(builder.build())
