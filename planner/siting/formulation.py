"""The integer programme of a siting problem, built from arrays.

Symbols: *i* demand point, *j* site, *k* service, *d* demand group, *c* circle (nearest first), *b* bundle of offers that
fit together in one building, *s* slot (site, service, tier), *g* merged set of slots.

.. code-block:: text

    z_b ∈ {0, 1}      bundle b is what opens (or stays) in its building
    x_s = Σ_{b ∋ s} z_b                    the slot is open
    0 ≤ v_g ≤ 1,  v_g ≤ Σ_{s ∈ g} x_s      somebody of the set is open

    maximise  Σ_d Σ_i p_di w_d,e(i)  +  Σ_{d,i,c} p_di (w_dc − w_d,c+1) v_g(d,i,c)

The first sum is what today's facilities already give (e(i) is the circle they give at *i*); ``w_d,C+1 = 0``. Coverage
grows ring by ring, so no row has to choose a circle: v for a wider circle is never smaller than for a narrower one.
v is continuous because at binary z its best value is 0 or 1. Everything about a building (area, incompatible services,
shared rooms, the set-up paid once) is inside its bundles; the rows below only add numbers up over bundles.

Each family of constraints is one function; `build` lists them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.siting.bundles import Bundles, enumerate_bundles
from planner.siting.linear import Block, LinearModel, ModelBuilder
from planner.siting.reduce import Needs, Slots, find_slots, merge_needs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.problem import SitingProblem

__all__ = ["Formulation", "build"]


@dataclass(frozen=True, slots=True, eq=False)
class Formulation:
    """A built model and what its columns stand for."""

    model: LinearModel
    bundles: Bundles
    slots: Slots
    needs: Needs
    z: Block
    x: Block
    v: Block

    def chosen_offers(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the offers of the bundles that ``values`` chooses, ascending."""
        chosen = self.bundles.offer[values[self.z.slice] > 0.5]
        return np.sort(chosen[chosen >= 0]).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class _Draft:
    problem: SitingProblem
    builder: ModelBuilder
    bundles: Bundles
    slots: Slots
    needs: Needs
    z: Block
    x: Block
    v: Block


def build(problem: SitingProblem) -> Formulation:
    """Return the integer programme of ``problem`` for the coverage objective."""
    bundles, slots = enumerate_bundles(problem), find_slots(problem)
    needs = merge_needs(problem, slots)
    builder = ModelBuilder(maximise=True)
    z = builder.add_columns("bundle", bundles.count, upper=1.0, integer=True)
    x = builder.add_columns("open", slots.count, upper=1.0)
    v = builder.add_columns("covered", needs.n_sets, upper=1.0)
    draft = _Draft(problem, builder, bundles, slots, needs, z, x, v)
    _covered_people(draft)
    _one_bundle_per_site(draft)
    _slots_open_with_bundles(draft)
    _covered_by_an_open_slot(draft)
    _budgets(draft)
    _site_counts(draft)
    _opening_counts(draft)
    _must_locks(draft)
    return Formulation(builder.build(), bundles, slots, needs, z, x, v)


def _covered_people(draft: _Draft) -> None:
    """Objective: people by circle weight, today's as a constant, single-slot sets on the slot's own column."""
    needs = draft.needs
    gain = np.zeros(len(needs.point))
    for position, demand in enumerate(draft.problem.demands):
        weights = np.append(demand.weights, 0.0)
        draft.builder.add_offset(float(demand.people @ weights[needs.base_circle[position]]))
        mine = needs.demand == position
        step = weights[:-1] - weights[1:]
        gain[mine] = demand.people[needs.point[mine]] * step[needs.circle[mine]]
    single = needs.column < needs.n_slots
    draft.builder.add_cost(draft.x.start + needs.column[single], gain[single])
    draft.builder.add_cost(draft.v.start + needs.column[~single] - needs.n_slots, gain[~single])


def _one_bundle_per_site(draft: _Draft) -> None:
    """``Σ_b z_jb ≤ 1``; exactly 1 where a standing service has to stay."""
    bundles = draft.bundles
    used = np.union1d(bundles.site, np.flatnonzero(bundles.must_choose))
    row = np.searchsorted(used, bundles.site)
    draft.builder.add_rows(
        "one_bundle",
        len(used),
        [(row, draft.z.positions, 1.0)],
        lower=np.where(bundles.must_choose[used], 1.0, -np.inf),
        upper=1.0,
    )


def _slots_open_with_bundles(draft: _Draft) -> None:
    """``x_s = Σ_{b ∋ s} z_b``."""
    bundle, offer = draft.bundles.pairs()
    slot = draft.slots.of_offer[offer]
    every = np.arange(draft.slots.count)
    draft.builder.add_rows(
        "slot_open",
        draft.slots.count,
        [(every, draft.x.start + every, 1.0), (slot, draft.z.start + bundle, -1.0)],
        lower=0.0,
        upper=0.0,
    )


def _covered_by_an_open_slot(draft: _Draft) -> None:
    """``v_g ≤ Σ_{s ∈ g} x_s``."""
    needs = draft.needs
    every = np.arange(needs.n_sets)
    owner = np.repeat(every, np.diff(needs.sets_indptr))
    draft.builder.add_rows(
        "cover",
        needs.n_sets,
        [(every, draft.v.start + every, 1.0), (owner, draft.x.start + needs.sets_slot, -1.0)],
        upper=0.0,
    )


def _budgets(draft: _Draft) -> None:
    """Keep new capital and yearly money within budget, overall and by department."""
    bundles, budgets = draft.bundles, draft.problem.budgets
    limits = [
        ("capital", bundles.capital_yuan[:, None], np.array([budgets.capital_yuan])),
        ("yearly", bundles.yearly_yuan[:, None], np.array([budgets.yearly_yuan])),
        ("department_capital", bundles.department_capital_yuan, budgets.department_capital_yuan),
        ("department_yearly", bundles.department_yearly_yuan, budgets.department_yearly_yuan),
    ]
    for name, amounts, limit in limits:
        if limit is None:
            continue
        for position in np.flatnonzero(np.isfinite(limit)):
            amount = amounts[:, position]
            # Rows of the size of 1, so that one solver tolerance suits yuan and millions of yuan alike.
            scale = max(float(amount.max(initial=0.0)), 1.0)
            draft.builder.add_rows(
                f"budget_{name}_{position}", 1, [(0, draft.z.positions, amount / scale)], upper=limit[position] / scale
            )


def _site_counts(draft: _Draft) -> None:
    """At least and at most so many sites with something new."""
    rules = draft.problem.rules
    if rules.min_sites > 0 or rules.max_sites is not None:
        most = np.inf if rules.max_sites is None else rules.max_sites
        draft.builder.add_rows(
            "site_count", 1, [(0, draft.z.positions, draft.bundles.opens)], lower=rules.min_sites, upper=most
        )


def _opening_counts(draft: _Draft) -> None:
    """At least and at most so many new openings of each service."""
    problem = draft.problem
    services = problem.n_services
    least = np.array(problem.rules.min_openings or [0] * services, dtype=np.float64)
    most = np.array([np.inf if limit is None else limit for limit in problem.rules.max_openings or [None] * services])
    if not ((least > 0) | np.isfinite(most)).any():
        return
    bundle, offer = draft.bundles.pairs()
    new = ~problem.offers.existing[offer]
    draft.builder.add_rows(
        "opening_count",
        services,
        [(problem.offers.service[offer[new]], draft.z.start + bundle[new], 1.0)],
        lower=least,
        upper=most,
    )


def _must_locks(draft: _Draft) -> None:
    """Keep ``must`` locks: some bundle of the site, with the service where one is named (``never`` is in the bundles)."""
    must = [lock for lock in draft.problem.rules.locks if lock.kind == "must"]
    for position, lock in enumerate(must):
        holds = draft.bundles.site == lock.site
        if lock.service is not None:
            holds = holds & (draft.bundles.offer[:, lock.service] >= 0)
        chosen = draft.z.positions[holds]
        draft.builder.add_rows(f"must_{position}", 1, [(0, chosen, 1.0)], lower=1.0)
