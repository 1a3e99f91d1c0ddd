"""Who goes where in a plan of which only the openings are known: greedy assignment, where no solver has time for it.

The flow that is worth most for each place it takes is filled first; of equals, that of the people with the fewest open places in
reach. Nothing is claimed from it: what floors, least loads or the rule of the nearest ask is checked by whoever takes it over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.access.compiled import compiled
from planner.siting.arrays import sums_by
from planner.siting.programme.verified import in_hand
from planner.siting.question.complete import complete
from planner.siting.search.settled import settled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.programme.formulation import Formulation
    from planner.siting.programme.linear import LinearModel

__all__ = ["begun_with", "seated"]


def seated(form: Formulation, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``values``, of which the bundles are known, known in full: flows that are not are filled greedily.

    Where people go somewhere as a whole or to the nearest, flows stay unknown: the solver completes them.
    """
    values = settled(form, values)
    ways = form.problem.rules.assignment or ("split",) * form.problem.n_services
    divided = all(way == "split" for way, limits in zip(ways, form.limited, strict=True) if limits)
    if not form.flows.count or not divided:
        return values
    bundle, offer = form.bundles.pairs()
    for z, x, y in zip(form.z, form.x, form.y, strict=True):
        if np.isnan(values[y.slice]).any():
            chosen = offer[values[z.slice][bundle] > 0.5]
            values[y.slice] = _filled(form, values[x.slice] > 0.5, chosen)
    return values


def begun_with(form: Formulation, model: LinearModel, values: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
    """Return what a solver of ``model`` begins with: ``values`` where they keep its rows, else their openings alone, to complete."""
    if values is None or np.isnan(values).any() or in_hand(model, values) is not None:
        return values
    partial = np.full(len(values), np.nan)
    for z in form.z:
        partial[z.slice] = values[z.slice]
    return partial


def _filled(form: Formulation, is_open: NDArray[np.bool_], chosen: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the flows when the slots ``is_open`` are, with the places of the offers ``chosen``."""
    flows, problem = form.flows, form.problem
    load = np.array([demand.load_per_person for demand in problem.demands])[flows.group_demand[flows.group]]
    worth = form.worth()[form.slots.count + form.needs.n_sets :] / np.maximum(load, 1e-12)
    places = np.zeros(form.slots.count)
    places[form.slots.of_offer[chosen]] = complete(problem).capacity[chosen]
    used = np.flatnonzero(is_open[flows.slot])
    options = sums_by(flows.group[used], np.ones(len(used)), flows.n_groups)
    order = used[np.lexsort((options[flows.group[used]], -worth[used]))]
    people = flows.group_people.astype(np.float64)
    return np.asarray(_fill(order, flows.group, flows.slot, load, people, places))


@compiled
def _fill(  # noqa: PLR0917 - machine code takes its arguments by position
    order: NDArray[np.int64],
    group: NDArray[np.int64],
    slot: NDArray[np.int64],
    load: NDArray[np.float64],
    people: NDArray[np.float64],
    places: NDArray[np.float64],
) -> NDArray[np.float64]:
    flow = np.zeros(len(group))
    left, room = people.copy(), places.copy()
    for f in order:
        g, s = group[f], slot[f]
        sent = left[g]
        if load[f] > 0.0:
            sent = min(sent, room[s] / load[f])
        flow[f] = sent
        left[g] -= sent
        room[s] -= sent * load[f]
    return flow
