"""Rows about who is served: covered by an open slot, near one, within the places there are, and floors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.siting.arrays import sums_by
from planner.siting.question.complete import complete

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from planner.siting.programme.formulation import Formulation
    from planner.siting.programme.linear import Block, Expression, Terms

__all__ = ["add", "covered_within", "floor_parts"]

SHARE_SIZE = 4096.0
"""What a share of 1 is in a row: the solver's tolerance of a row, 1e-6, is then less than one person in a billion."""


def add(form: Formulation, whole: NDArray[np.bool_]) -> None:
    """Add every family of rows about people; ``whole`` bool[groups] marks groups that go to one site together."""
    covered_by_an_open_slot(form)
    near_an_open_slot(form)
    people_go_once(form, whole)
    people_go_where_it_is_open(form)
    everybody_goes_to_the_nearest(form)
    places_and_least_loads(form)
    floors(form)
    spreads(form)


def covered_by_an_open_slot(form: Formulation) -> None:
    """``v_gt ≤ Σ_{s ∈ g} x_st``."""
    needs = form.needs
    every = np.arange(needs.n_sets)
    owner = np.repeat(every, np.diff(needs.sets_indptr))
    for x, v in zip(form.x, form.v, strict=True):
        terms: Terms = [(every, v.start + every, 1.0), (owner, x.start + needs.sets_slot, -1.0)]
        form.builder.add_rows("cover", needs.n_sets, terms, upper=0.0)


def near_an_open_slot(form: Formulation) -> None:
    """``w_r ≤ w_{r−1} + Σ_{added} x``."""
    near = form.near
    if near is None:
        return
    every = np.arange(near.n_sets)
    owner = np.repeat(every, np.diff(near.added_indptr))
    inside = np.flatnonzero(near.parent >= 0)
    slots = form.slots.count
    for x, w in zip(form.x, form.w, strict=True):
        parent = near.parent[inside]
        parent_column = np.where(parent < slots, x.start + parent, w.start + parent - slots)
        terms: Terms = [
            (every, w.start + every, 1.0),
            (owner, x.start + near.added_slot, -1.0),
            (inside, parent_column, -1.0),
        ]
        form.builder.add_rows("near", near.n_sets, terms, upper=0.0)


def people_go_once(form: Formulation, whole: NDArray[np.bool_]) -> None:
    """``Σ_f y_f ≤ P_h``; groups that may not be split go to one slot as a whole."""
    flows = form.flows
    if not flows.count:
        return
    undivided = whole[flows.group]
    for y in form.y:
        form.builder.add_rows("go_once", flows.n_groups, [(flows.group, y.positions, 1.0)], upper=flows.group_people)
        if undivided.any():
            chosen = np.flatnonzero(undivided)
            goes = form.builder.add_columns("goes", len(chosen), upper=1.0, integer=True)
            terms: Terms = [
                (np.arange(len(chosen)), y.start + chosen, 1.0),
                (np.arange(len(chosen)), goes.positions, -flows.group_people[flows.group[chosen]]),
            ]
            form.builder.add_rows("as_a_whole", len(chosen), terms, lower=0.0, upper=0.0)


def people_go_where_it_is_open(form: Formulation) -> None:
    """``y_f ≤ P_h x_s``, disaggregated: this is what keeps the bound tight."""
    flows = form.flows
    uncertain = np.flatnonzero(~form.slots.always[flows.slot])
    people = flows.group_people[flows.group[uncertain]]
    every = np.arange(len(uncertain))
    for x, y in zip(form.x, form.y, strict=True):
        terms: Terms = [(every, y.start + uncertain, 1.0), (every, x.start + flows.slot[uncertain], -people)]
        form.builder.add_rows("go_where_open", len(uncertain), terms, upper=0.0)


def everybody_goes_to_the_nearest(form: Formulation) -> None:
    """Under ``nearest``: ``Σ_{farther than s} y ≤ P_h (1 − x_s)``; who finds the nearest full is not served."""
    flows, problem = form.flows, form.problem
    nearest = np.array([way == "nearest" for way in problem.rules.assignment or ["split"] * problem.n_services])
    service = np.array([demand.service for demand in problem.demands])
    bound = np.flatnonzero(nearest[service[flows.group_demand[flows.group]]]) if flows.count else np.zeros(0, np.int64)
    if not len(bound):
        return
    starts = np.searchsorted(flows.group, flows.group[bound], side="right")
    farther = starts - bound - 1
    row = np.repeat(np.arange(len(bound)), farther)
    column = np.concatenate(
        [np.arange(one + 1, stop) for one, stop in zip(bound.tolist(), starts.tolist(), strict=True)]
    )
    people = flows.group_people[flows.group[bound]]
    for x, y in zip(form.x, form.y, strict=True):
        terms: Terms = [(row, y.start + column, 1.0), (np.arange(len(bound)), x.start + flows.slot[bound], people)]
        form.builder.add_rows("nearest", len(bound), terms, upper=people)


def places_and_least_loads(form: Formulation) -> None:
    """``Σ_f load y_f ≤ Σ_o capacity_o Z_o`` and ``≥ Σ_o least_o Z_o``, by slot, where either can bind."""
    flows, slots = form.flows, form.slots
    if not form.limited.any():
        return
    filled = complete(form.problem)
    load = np.array([demand.load_per_person for demand in form.problem.demands])[flows.group_demand[flows.group]]
    most = sums_by(flows.slot, load * flows.group_people[flows.group], slots.count)
    capacity = np.minimum(filled.capacity, most[slots.of_offer])
    bundle, offer = form.bundles.pairs()
    tight = np.zeros(slots.count, dtype=bool)
    tight[slots.of_offer[filled.capacity < most[slots.of_offer]]] = True
    loaded = np.zeros(slots.count, dtype=bool)
    loaded[slots.of_offer[filled.min_load > 0]] = True
    for name, which, amount in (("places", tight, capacity), ("least_load", loaded, filled.min_load)):
        row_of = np.cumsum(which) - 1
        mine, chosen = which[flows.slot], which[slots.of_offer[offer]]
        for z, y in zip(form.z, form.y, strict=True):
            terms: Terms = [
                (row_of[flows.slot[mine]], y.start + np.flatnonzero(mine), load[mine]),
                (row_of[slots.of_offer[offer[chosen]]], z.start + bundle[chosen], -amount[offer[chosen]]),
            ]
            lower, upper = (-np.inf, 0.0) if name == "places" else (0.0, np.inf)
            form.builder.add_rows(name, int(which.sum()), terms, lower=lower, upper=upper)


def floors(form: Formulation) -> None:
    """At least the stated share of the people of a demand, overall or in each community that has any."""
    for people, everybody, share in floor_parts(form):
        form.builder.add_expression_row("floor", people.scaled(SHARE_SIZE / everybody), lower=share * SHARE_SIZE)


def floor_parts(form: Formulation) -> Iterator[tuple[Expression, float, float]]:
    """Yield (people served, everybody, share) of every floor, community by community."""
    problem = form.problem
    for floor in problem.rules.floors:
        where: list[int | None] = [floor.community]
        if floor.every_community:
            where = list(range(problem.n_communities))
        for region in where:
            people, everybody = form.people_within(floor.demand, floor.circle, region)
            if everybody > 0:
                yield people, everybody, floor.share


def spreads(form: Formulation) -> None:
    """At most so much between the best and the worst community; here coverage may not be understated either."""
    problem = form.problem
    if not problem.rules.spreads:
        return
    _covered_exactly(form)
    for spread in problem.rules.spreads:
        worst = form.builder.add_columns("worst_share", 1, upper=1.0)
        for region in range(problem.n_communities):
            people, everybody = form.people_within(spread.demand, spread.circle, region)
            if everybody > 0:
                above = people.scaled(SHARE_SIZE / everybody).plus(worst, -SHARE_SIZE)
                form.builder.add_expression_row("spread", above, lower=0.0, upper=spread.most * SHARE_SIZE)


def _covered_exactly(form: Formulation) -> None:
    """``v_g ≥ x_s`` for every s in g, at the end."""
    needs = form.needs
    owner = np.repeat(np.arange(needs.n_sets), np.diff(needs.sets_indptr))
    every = np.arange(len(owner))
    x, v = form.x[form.last], form.v[form.last]
    terms = [(every, v.start + owner, 1.0), (every, x.start + needs.sets_slot, -1.0)]
    form.builder.add_rows("covered_exactly", len(owner), terms, lower=0.0)


def covered_within(form: Formulation, owner: NDArray[np.int64], slot: NDArray[np.int64], count: int) -> Block:
    """Something is open in each of ``count`` sets of slots (``slot[owner == row]``), at the end."""
    x = form.x[form.last]
    return form.builder.add_rows("within_radius", count, [(owner, x.start + slot, 1.0)], lower=1.0)
