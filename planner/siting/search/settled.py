"""The point of a plan without a solver's tolerances: whole bundles, everybody covered who is, flows within people and places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.siting.arrays import sums_by
from planner.siting.question.complete import complete
from planner.siting.search.saturated import Transport, saturated

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.programme.flows import Flows
    from planner.siting.programme.formulation import Formulation
    from planner.siting.programme.near import Nearness

__all__ = ["settled"]


def settled(form: Formulation, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``values`` with whole bundles, and everybody counted as covered who is.

    A goal that does not ask for coverage leaves covered sets anywhere between what is kept and what is true. Flows are cut to the
    people there are and to the places of what is open, and saturate what they all but saturate (`planner.siting.search.saturated`).
    """
    values = values.copy()
    near, needs = form.near, form.needs
    bundle, offer = form.bundles.pairs()
    for z, x, v, w, y in zip(form.z, form.x, form.v, form.w, form.y, strict=True):
        values[z.slice] = np.round(values[z.slice])
        chosen = values[z.slice][bundle] > 0.5
        is_open = np.zeros(form.slots.count)
        is_open[form.slots.of_offer[offer[chosen]]] = 1.0
        values[x.slice] = is_open
        if needs.n_sets:
            values[v.slice] = np.maximum.reduceat(is_open[needs.sets_slot], needs.sets_indptr[:-1])
        if near is not None and near.n_sets:
            values[w.slice] = _near_values(near, is_open)
        if form.flows.count and not np.isnan(values[y.slice]).any():
            values[y.slice] = _flow_values(form, values[y.slice], is_open, offer[chosen])
    return values


def _near_values(near: Nearness, is_open: NDArray[np.float64]) -> NDArray[np.float64]:
    """Open if something is open among the added slots or in the parent, parents first."""
    values = np.concatenate([is_open, np.maximum.reduceat(is_open[near.added_slot], near.added_indptr[:-1])])
    slots = len(is_open)
    inside = np.flatnonzero(near.parent >= 0)
    while True:
        better = np.maximum(values[slots + inside], values[near.parent[inside]])
        if np.array_equal(better, values[slots + inside]):
            return values[slots:]
        values[slots + inside] = better


def _flow_values(
    form: Formulation, flow: NDArray[np.float64], is_open: NDArray[np.float64], chosen: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return flows to open slots alone, no group sending more people than it has, no slot taking more load than its places."""
    flows: Flows = form.flows
    people = flows.group_people[flows.group]
    flow = _to_the_nearest(form, np.clip(flow, 0.0, people) * is_open[flows.slot], is_open)
    ways = form.problem.rules.assignment or ["split"] * form.problem.n_services
    whole = np.array([way == "whole" for way in ways])
    service = np.array([demand.service for demand in form.problem.demands])[flows.group_demand[flows.group]]
    undivided = whole[service]
    flow = np.where(undivided, np.where(flow > 0.5 * people, people, 0.0), flow)
    sent = sums_by(flows.group, flow, flows.n_groups)
    part = np.divide(flows.group_people, sent, out=np.ones(flows.n_groups), where=sent > flows.group_people)
    flow = np.where(undivided, flow, flow * part[flows.group])
    load = np.array([demand.load_per_person for demand in form.problem.demands])[flows.group_demand[flows.group]]
    places = np.zeros(form.slots.count)
    places[form.slots.of_offer[chosen]] = complete(form.problem).capacity[chosen]
    taken = sums_by(flows.slot, load * flow, form.slots.count)
    part = np.divide(places, taken, out=np.ones(form.slots.count), where=taken > places)
    flow = np.where(undivided, flow, flow * part[flows.slot])
    least = np.zeros(form.slots.count)
    least[form.slots.of_offer[chosen]] = complete(form.problem).min_load[chosen]
    # Nobody is sent on who goes as a whole or to the nearest place; places are of one service, and so is its rule.
    stay = undivided | np.array([way == "nearest" for way in ways])[service]
    filled = saturated(Transport(flows.group, flows.slot, load, flows.group_people, places, least), flow)
    return np.where(stay, flow, filled)


def _to_the_nearest(form: Formulation, flow: NDArray[np.float64], is_open: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return flows where everybody who goes to the nearest place goes there: a solver's tolerance lets a hair past it."""
    flows, ways = form.flows, form.problem.rules.assignment or ()
    if "nearest" not in ways:
        return flow
    goes = np.array([way == "nearest" for way in ways])
    service = np.array([demand.service for demand in form.problem.demands])[flows.group_demand[flows.group]]
    # Flows are sorted by group, nearest first: of those to open slots the first of each group is the one allowed.
    opened = np.flatnonzero(is_open[flows.slot] > 0)
    first = opened[np.flatnonzero(np.diff(flows.group[opened], prepend=-1))]
    sent = sums_by(flows.group, flow, flows.n_groups)
    nearest = np.zeros_like(flow)
    nearest[first] = sent[flows.group[first]]
    return np.where(goes[service], nearest, flow)
