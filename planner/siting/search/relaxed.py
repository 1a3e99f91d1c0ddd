"""A bound on every plan of a large problem, by linear programmes: first as if places were unlimited, then with cuts for them.

Without limits on places the programme has a row for each set instead of one for each person and opening, and is solved in
seconds. What its openings can really serve is a question of transport for each service, and its prices λ of the people
give a cut that holds for every plan, whatever the prices (Benders 1962; the inner maximum as in `prices`):

.. code-block:: text

    θ_k ≤ Σ_h λ_h P_h + Σ_{o of k} K_o(λ) x_o,     K_o = max { Σ_f (c_f − λ_h(f)) y_f :  y_f ≤ P_h(f),  Σ_f load_f y_f ≤ capacity_o }

Floors and least loads are left out, which can only raise the bound.
"""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.arrays import sums_by
from planner.siting.programme.formulation import formulate
from planner.siting.programme.linear import Expression, ModelBuilder
from planner.siting.programme.solver import GrowingLp
from planner.siting.question.complete import complete
from planner.siting.search.prices import Places, Priced

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from planner.siting.programme.formulation import Formulation
    from planner.siting.programme.solver import LpAnswer

__all__ = ["relaxed", "worth_relaxing"]

MOST_MEMBERS = 600_000
"""Up to so many members of sets the linear programme is solved; beyond, prices descend faster."""

STEP = 5e-5
"""Relative step of the bound below which the next cut is not worth its time, twice in a row."""

BLEND = 0.5
"""How far the openings that a cut is made for lean to those of the last programme, the rest to those of all before."""

TOLERANCE = 1e-7
"""By what part a bound is raised, for the tolerances of the solver it comes from."""


def worth_relaxing(form: Formulation) -> bool:
    """Say whether the relaxed programme of ``form`` is small enough, and has nobody else's openings in it."""
    members = sum(len(demand.reach.site) * len(demand.cutoffs_s) for demand in form.problem.demands)
    return members <= 4 * MOST_MEMBERS and not form.slots.competitor.any()


def relaxed(form: Formulation, *, seconds: float, told: Callable[[float], None]) -> Priced | None:
    """Return the bound after at most about ``seconds``, None where not even the first programme was solved in that time.

    Ends early where the bound moves no more. ``told`` is called with each better bound.
    """
    ends = time.perf_counter() + seconds
    problem = form.problem
    offers = dataclasses.replace(problem.offers, capacity=None, min_load=None)
    loose = formulate(dataclasses.replace(problem, offers=offers, rules=dataclasses.replace(problem.rules, floors=())))
    if not np.array_equal(loose.bundles.offer, form.bundles.offer) or len(loose.needs.sets_slot) > MOST_MEMBERS:
        return None
    transport = _Transport(form)
    programme = GrowingLp(loose.builder.build(_divided(loose, transport.services)))
    theta = loose.builder.n_columns - len(transport.services)
    best: Priced | None = None
    core = np.zeros(problem.offers.count)
    bundle, offer = form.bundles.pairs()
    idle = 0
    while idle < 2:
        answer = programme.solve(ends - time.perf_counter())
        if answer is None:
            break
        idle = idle + 1 if best is not None and answer.value > best.bound * (1 - STEP) else 0
        priced = _priced(loose, answer)
        if best is None or priced.bound < best.bound:
            best = priced
            told(best.bound)
        if not transport.services or time.perf_counter() > ends:
            break
        opened = np.clip(sums_by(offer, answer.point[loose.z[0].slice][bundle], problem.offers.count), 0.0, 1.0)
        core = opened if not core.any() else 0.8 * core + 0.2 * opened
        for position, service in enumerate(transport.services):
            cut = transport.cut(service, BLEND * opened + (1 - BLEND) * core, ends - time.perf_counter())
            if cut is None:
                return best
            sure, per_offer = cut
            per_bundle = sums_by(bundle, per_offer[offer], form.bundles.count)
            used = np.flatnonzero(per_bundle)
            columns = np.append(loose.z[0].start + used, theta + position)
            programme.add_row(columns, np.append(-per_bundle[used], 1.0), sure)
    return best


def _priced(loose: Formulation, answer: LpAnswer) -> Priced:
    z = loose.z[0].slice
    bound = answer.value + TOLERANCE * abs(answer.value)
    lost = np.where(answer.point[z] > TOLERANCE, 0.0, np.minimum(answer.reduced_cost[z], 0.0))
    return Priced(bound, np.clip(answer.point[z], 0.0, 1.0), bound + lost)


def _divided(loose: Formulation, services: list[int]) -> Expression:
    """Return coverage with a column of its own, θ, for each service of ``services``, at most what sets are worth."""
    goal, slots, needs = loose.coverage(), loose.slots, loose.needs
    serves = np.full(loose.builder.n_columns, -1)
    serves[loose.x[0].slice] = slots.service
    serves[loose.v[0].slice] = slots.service[needs.sets_slot[needs.sets_indptr[:-1]]]
    theta = loose.builder.add_columns("served_worth", len(services), lower=-np.inf)
    sure = 0.0
    for position, service in enumerate(services):
        mine = serves[goal.column] == service
        constant = sum(
            float(served.base.sum(axis=0) @ (np.asarray(demand.weights) - np.append(demand.weights[1:], 0.0)))
            for demand, served in zip(loose.problem.demands, loose.served, strict=True)
            if demand.service == service
        )
        column = np.append(goal.column[mine], theta.start + position)
        row = Expression(column, np.append(-goal.value[mine], 1.0), -constant)
        loose.builder.add_expression_row("served_worth", row, upper=0.0)
        sure += constant
    others = ~np.isin(serves[goal.column], services)
    return Expression(
        np.append(goal.column[others], theta.positions),
        np.append(goal.value[others], np.ones(len(services))),
        goal.constant - sure,
    )


class _Transport:
    """Who goes where by given openings, service by service."""

    def __init__(self, form: Formulation) -> None:
        flows, problem = form.flows, form.problem
        goal = form.coverage()
        self._form = form
        self._worth = sums_by(goal.column, goal.value, form.builder.n_columns)[form.y[0].slice]
        load = np.array([demand.load_per_person for demand in problem.demands])
        self._load = load[flows.group_demand[flows.group]] if flows.count else np.zeros(0)
        self._serves = form.slots.service[flows.slot]
        self._places = Places(form, least=False)
        self._capacity = np.minimum(complete(problem).capacity, flows.group_people.sum() * load.max(initial=1.0) + 1.0)
        self.services: list[int] = np.unique(self._serves).tolist()

    def cut(
        self, service: int, opened: NDArray[np.float64], seconds: float
    ) -> tuple[float, NDArray[np.float64]] | None:
        """Return (worth of all people at their prices, worth float64[m] of each offer at them) when offers are ``opened``."""
        form, flows = self._form, self._form.flows
        slot_of = form.slots.of_offer
        is_open = sums_by(slot_of, opened, form.slots.count)
        places = sums_by(slot_of, opened * self._capacity, form.slots.count)
        used = np.flatnonzero((self._serves == service) & (is_open[flows.slot] > 1e-7))
        builder = ModelBuilder()
        most = flows.group_people[flows.group[used]] * np.minimum(is_open[flows.slot[used]], 1.0)
        y = builder.add_columns("flow", len(used), upper=most)
        once = [(flows.group[used], y.positions, 1.0)]
        builder.add_rows("go_once", flows.n_groups, once, upper=flows.group_people)
        builder.add_rows("places", form.slots.count, [(flows.slot[used], y.positions, self._load[used])], upper=places)
        answer = GrowingLp(builder.build(Expression(y.positions, self._worth[used], 0.0))).solve(seconds)
        if answer is None:
            return None
        price = np.maximum(answer.row_price[: flows.n_groups], 0.0)
        mine = self._serves == service
        left = np.where(mine, self._worth - price[flows.group], -1.0)
        per_offer = np.maximum(self._places.worth(left), 0.0)
        return float(price @ flows.group_people), per_offer
