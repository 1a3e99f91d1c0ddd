"""The integer programme of a siting problem and its families of constraints, built from arrays.

Symbols: *i* demand point, *j* site, *k* service, *d* demand group, *c* circle (nearest first), *b* bundle of offers that
fit together in one building, *o* offer, *s* slot (site, service, tier), *g* merged set of slots, *t* period.

.. code-block:: text

    z_bt ∈ {0, 1}      bundle b is in its building in period t;  Σ_{b at j} z_bt ≤ 1
    x_st = Σ_{b ∋ s} z_bt ∈ {0, 1}              the slot is open
    0 ≤ v_gt ≤ 1,  v_gt ≤ Σ_{s ∈ g} x_st        some slot of the set is open
    0 ≤ y_ft ≤ P_h x_st                         people of group h assigned to slot s (flow f), where capacity is limited

    coverage = Σ_t W_t Σ_d [ Σ_i p_di w_d,e(i) + Σ_{i,c} p_di (w_dc − w_d,c+1) v_g(d,i,c),t ]

where e(i) is the circle that facilities sure to stay give at *i* and ``w_d,C+1 = 0``. Coverage grows ring by ring, so no row
has to choose a circle. v is continuous: at binary z its best value is 0 or 1. x follows from z as well, and is declared integer
all the same: presolve of HiGHS up to 1.15.1 removes solutions where it is not. Everything about one building (area,
storeys, incompatible services, shared rooms, hub rules, the set-up paid once) is inside its bundles; rows only sum
over bundles. People of services with limited capacity count through y instead of v, with the same weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.siting.arrays import sums_by
from planner.siting.mip.amounts import rule_amounts
from planner.siting.mip.assignment import assignment_flows, capacitated_services, walk_rings
from planner.siting.mip.bundles import bundles_keeping_lock, enumerate_bundles, select_bundles
from planner.siting.mip.linear import Block, Expression, ModelBuilder
from planner.siting.mip.presolve import dominated_bundles, dominated_sites, find_slots, merge_cover_sets
from planner.siting.mip.variables import Formulation, count_people_served, regions
from planner.siting.model.problem import optional_columns
from planner.siting.model.ruleset import COUNTS, SUMS, area_rules
from planner.siting.model.scaling import area_units, money_units

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike

    from planner.siting.arrays import FloatArray, IntArray
    from planner.siting.mip.linear import Terms
    from planner.siting.model.problem import SitingProblem
    from planner.siting.model.ruleset import Rule


ROW_SIZE = 1024.0
"""The largest coefficient of a budget row."""

SHARE_SIZE = 4096.0
"""Coefficient of a share of 1 in a row: the solver's row tolerance, 1e-6, is then less than one person in a billion."""


def formulate(problem: SitingProblem) -> Formulation:
    """Return the variables and every constraint of ``problem``, without an objective."""
    bundles, slots, capacitated = enumerate_bundles(problem), find_slots(problem), capacitated_services(problem)
    bundles = select_bundles(bundles, ~dominated_bundles(problem, bundles))
    covered = [position for position, demand in enumerate(problem.demands) if not capacitated[demand.service]]
    cover_sets = merge_cover_sets(problem, slots, covered)
    flows = assignment_flows(problem, slots, regions(problem))
    wants_walk = any(goal.walks for goal in problem.goals)
    whole_demands = [position for position in covered if problem.demands[position].part_of is None]
    rings = walk_rings(problem, slots, whole_demands) if wants_walk else None
    builder = ModelBuilder()
    periods = range(problem.n_periods)
    people = flows.group_people[flows.group]
    form = Formulation(
        problem=problem,
        builder=builder,
        bundles=bundles,
        slots=slots,
        cover_sets=cover_sets,
        flows=flows,
        rings=rings,
        served=count_people_served(problem, slots, cover_sets, flows, capacitated),
        capacitated=capacitated,
        z=tuple(builder.add_columns(f"bundle_{t}", bundles.count, upper=1.0, integer=True) for t in periods),
        x=tuple(builder.add_columns(f"open_{t}", slots.count, upper=1.0, integer=True) for t in periods),
        v=tuple(builder.add_columns(f"covered_{t}", cover_sets.n_sets, upper=1.0, implied=True) for t in periods),
        w=tuple(
            builder.add_columns(f"near_{t}", rings.n_sets if rings else 0, upper=1.0, implied=True) for t in periods
        ),
        y=tuple(builder.add_columns(f"flow_{t}", flows.count, upper=people) for t in periods),
    )
    if not capacitated.any():
        unneeded = np.flatnonzero(dominated_sites(problem, bundles, slots, cover_sets))
        builder.set_upper(form.z[0].start + unneeded, 0.0)
    add_opening_constraints(form)
    add_people_constraints(form)
    return form


def add_opening_constraints(form: Formulation) -> None:
    """Add every family of constraints on openings."""
    link_slots_to_bundles(form)
    add_bundle_constraints(form)


def add_bundle_constraints(form: Formulation) -> None:
    """Add every family of constraints on bundles alone."""
    one_bundle_per_site(form)
    budgets(form)
    site_counts(form)
    opening_counts(form)
    must_locks(form)
    moved_facilities(form)
    hub_counts(form)
    readiness(form)
    monotone_openings(form)
    capital_by_period(form)
    area_limits(form)


def one_bundle_per_site(form: Formulation) -> None:
    """``Σ_b z_jbt ≤ 1``; exactly 1 at sites with existing facilities (the empty bundle is then among them)."""
    bundles = form.bundles
    used = np.union1d(bundles.site, np.flatnonzero(bundles.must_choose))
    row = np.searchsorted(used, bundles.site)
    for z in form.z:
        form.builder.add_rows(
            "one_bundle",
            len(used),
            [(row, z.positions, 1.0)],
            lower=np.where(bundles.must_choose[used], 1.0, -np.inf),
            upper=1.0,
        )


def link_slots_to_bundles(form: Formulation) -> None:
    """``x_st = Σ_{b ∋ s} z_bt``."""
    bundle, offer = form.bundles.pairs()
    slot = form.slots.of_offer[offer]
    every = np.arange(form.slots.count)
    for z, x in zip(form.z, form.x, strict=True):
        terms = [(every, x.start + every, 1.0), (slot, z.start + bundle, -1.0)]
        form.builder.add_rows("slot_open", form.slots.count, terms, lower=0.0, upper=0.0)


def budgets(form: Formulation) -> None:
    """Keep new capital and the yearly bill within budget, overall and by department, in every period."""
    bundles, limits = form.bundles, form.problem.budgets
    _budget(form, "capital", bundles.capital_cost, limits.capital_cost)
    _budget(form, "yearly", bundles.yearly_cost, limits.yearly_cost)
    for name, amounts, most in (
        ("capital", bundles.department_capital_cost, limits.department_capital_cost),
        ("yearly", bundles.department_yearly_cost, limits.department_yearly_cost),
    ):
        for department, limit in enumerate([] if most is None else most.tolist()):
            _budget(form, f"{name}_of_{department}", amounts[:, department], limit)


def _budget(form: Formulation, name: str, amount: ArrayLike, limit: float) -> None:
    if not np.isfinite(limit):
        return
    units = money_units(form.problem)
    amounts, most = units.to_units(amount), float(units.floor_limit(limit))
    most_expensive = np.zeros(form.problem.sites.count)
    np.maximum.at(most_expensive, form.bundles.site, amounts)
    if most_expensive.sum() <= most:
        # A budget that suffices for everything is redundant.
        return
    amounts, most = _reduced_by_gcd(amounts, most)
    for z in form.z:
        form.builder.add_rows(f"budget_{name}", 1, [(0, z.positions, amounts)], upper=most, exact=True)


def _reduced_by_gcd(amounts: FloatArray, most: float) -> tuple[FloatArray, float]:
    """Return amounts and limit of a row divided by their greatest common divisor, times a power of two where they are large.

    Within a factor of 1,024 a solver's tolerance is far below one unit. Powers of two change no digit.
    """
    divisor = max(int(np.gcd.reduce(amounts.astype(np.int64), initial=0)), 1)
    amounts, most = amounts / divisor, float(np.floor(most / divisor))
    largest = float(np.abs(amounts).max(initial=0.0))
    factor = 2.0 ** min(0.0, np.log2(ROW_SIZE) - np.ceil(np.log2(max(largest, 1.0))))
    return amounts * factor, most * factor


def site_counts(form: Formulation) -> None:
    """Limit the number of sites with a new offer, in the last period."""
    rules = form.problem.rules
    if rules.min_sites > 0 or rules.max_sites is not None:
        most = np.inf if rules.max_sites is None else rules.max_sites
        terms = [(0, form.z[form.last].positions, form.bundles.opens)]
        form.builder.add_rows("site_count", 1, terms, lower=rules.min_sites, upper=most)


def opening_counts(form: Formulation) -> None:
    """Limit the number of new openings of each service, in the last period."""
    problem = form.problem
    services = problem.n_services
    least = np.array(problem.rules.min_openings or [0] * services, dtype=np.float64)
    most = np.array([np.inf if limit is None else limit for limit in problem.rules.max_openings or [None] * services])
    if not ((least > 0) | np.isfinite(most)).any():
        return
    bundle, offer = form.bundles.pairs()
    new = ~problem.offers.existing[offer]
    terms = [(problem.offers.service[offer[new]], form.z[form.last].start + bundle[new], 1.0)]
    form.builder.add_rows("opening_count", services, terms, lower=least, upper=most)


def must_locks(form: Formulation) -> None:
    """Require ``must`` locks in the last period (``never`` is in the bundles)."""
    for lock in form.problem.rules.locks:
        if lock.kind == "must":
            terms = [(0, form.z[form.last].positions[bundles_keeping_lock(form.bundles, lock)], 1.0)]
            form.builder.add_rows("must_lock", 1, terms, lower=1.0)


def moved_facilities(form: Formulation) -> None:
    """Keep a movable facility where it is, or move it to one place, or close it if that is allowed."""
    offers, optional = form.problem.offers, optional_columns(form.problem)
    bundle, offer = form.bundles.pairs()
    for facility in np.unique(optional.moves[optional.moves >= 0]).tolist():
        at_home = (offers.site[offer] == offers.site[facility]) & (offers.service[offer] == offers.service[facility])
        counted = bundle[at_home | (optional.moves[offer] == facility)]
        for z in form.z:
            form.builder.add_rows(
                "moved",
                1,
                [(0, z.start + counted, 1.0)],
                lower=-np.inf if optional.may_close[facility] else 1.0,
                upper=1.0,
            )


def hub_counts(form: Formulation) -> None:
    """Least number of hubs, in the last period."""
    rules = form.problem.rules
    if rules.min_hubs > 0:
        terms = [(0, form.z[form.last].positions, form.bundles.hub)]
        form.builder.add_rows("hub_count", 1, terms, lower=rules.min_hubs)


def readiness(form: Formulation) -> None:
    """No new offer in a period before its site is ready."""
    phases = form.problem.phases
    if phases is None:
        return
    for period, z in enumerate(form.z):
        early = z.positions[form.bundles.opens & (phases.ready[form.bundles.site] > period)]
        form.builder.set_upper(early, 0.0)


def monotone_openings(form: Formulation) -> None:
    """From one period to the next, new offers stay and closed ones do not reopen."""
    if form.problem.phases is None:
        return
    bundle, offer = form.bundles.pairs()
    existing = form.problem.offers.existing
    for before, after in zip(form.z[:-1], form.z[1:], strict=True):
        terms = [(offer, after.start + bundle, 1.0), (offer, before.start + bundle, -1.0)]
        form.builder.add_rows(
            "stays_open",
            form.problem.offers.count,
            terms,
            lower=np.where(existing, -np.inf, 0.0),
            upper=np.where(existing, 0.0, np.inf),
        )


def capital_by_period(form: Formulation) -> None:
    """Capital spent in each period within that period's money, with or without carry-over."""
    phases = form.problem.phases
    if phases is None:
        return
    units = money_units(form.problem)
    amounts = units.to_units(form.bundles.capital_cost)
    money = units.floor_limit(phases.capital_cost)
    if phases.carry_over:
        money = np.cumsum(money)
    for period, limit in enumerate(money.tolist()):
        _capital_in_period(form, amounts, period, limit)


def _capital_in_period(form: Formulation, amounts: FloatArray, period: int, limit: float) -> None:
    """Limit the capital of a period, float64[B] in units of money: spent since the beginning with carry-over, else since the period before."""
    phases = form.problem.phases
    if phases is None or not np.isfinite(limit):
        return
    cost, most = _reduced_by_gcd(amounts, limit)
    terms = [(0, form.z[period].positions, cost)]
    if period and not phases.carry_over:
        terms = [*terms, (0, form.z[period - 1].positions, -cost)]
    form.builder.add_rows("capital_in_period", 1, terms, upper=most, exact=True)


def area_limits(form: Formulation) -> None:
    """Limits of areas: budgets in every period, numbers and least sums in the last one."""
    problem = form.problem
    units, last = money_units(problem), form.z[form.last].positions
    for rule in area_rules(problem):
        amount, limit = rule_amounts(problem, form.bundles, rule), rule.limit
        assert amount is not None and limit is not None  # noqa: S101, PT018  # every rule of an area limits a sum
        if rule.kind in {"capital", "yearly"}:
            _budget(form, f"{rule.kind}_of_area", amount, limit)
        elif rule.kind == "period_capital":
            _capital_in_period(form, units.to_units(amount), rule.position, _money_by(form, rule))
        elif rule.kind in COUNTS:
            lower, upper = (limit, np.inf) if rule.kind.startswith("min_") else (-np.inf, limit)
            form.builder.add_rows(f"{rule.kind}_of_area", 1, [(0, last, amount)], lower=lower, upper=upper)
        elif rule.kind in SUMS:
            _least_sum(form, rule, amount, limit)


def _money_by(form: Formulation, rule: Rule) -> float:
    """Return the capital that an area may have spent by a period, in units; with what earlier periods left where that moves on."""
    phases, limits = form.problem.phases, form.problem.rules.areas[rule.area].period_capital_cost
    assert phases is not None and limits is not None  # noqa: S101, PT018  # the rule is listed only where there are periods
    money = money_units(form.problem).floor_limit(limits)
    return float(np.sum(money[: rule.position + 1])) if phases.carry_over else float(money[rule.position])


def _least_sum(form: Formulation, rule: Rule, amount: FloatArray, limit: float) -> None:
    """``Σ_b amount_b z_b ≥ limit`` in the last period; floor area exactly, capacity within the tolerance of a least load."""
    last, name = form.z[form.last].positions, f"{rule.kind}_of_area"
    if rule.kind == "min_capacity":
        size = ROW_SIZE / max(float(np.abs(amount).max(initial=0.0)), abs(limit), 1e-300)
        form.builder.add_rows(name, 1, [(0, last, size * amount)], lower=size * limit)
        return
    units = area_units(form.problem)
    less, most = _reduced_by_gcd(-units.to_units(amount), -float(units.ceil_limit(limit)))
    form.builder.add_rows(name, 1, [(0, last, less)], upper=most, exact=True)


def add_people_constraints(form: Formulation) -> None:
    """Add every family of constraints on people."""
    cover_set_constraints(form)
    ring_constraints(form)
    assign_at_most_once(form)
    assign_to_open_slots(form)
    assign_to_nearest(form)
    capacity_and_min_loads(form)
    floors(form)
    spreads(form)


def cover_set_constraints(form: Formulation) -> None:
    """``v_gt ≤ Σ_{s ∈ g} x_st``."""
    cover_sets = form.cover_sets
    every = np.arange(cover_sets.n_sets)
    owner = np.repeat(every, np.diff(cover_sets.sets_indptr))
    for x, v in zip(form.x, form.v, strict=True):
        terms: Terms = [(every, v.start + every, 1.0), (owner, x.start + cover_sets.sets_slot, -1.0)]
        form.builder.add_rows("cover", cover_sets.n_sets, terms, upper=0.0)


def ring_constraints(form: Formulation) -> None:
    """``w_r ≤ w_{r−1} + Σ_{added} x``."""
    rings = form.rings
    if rings is None:
        return
    every = np.arange(rings.n_sets)
    owner = np.repeat(every, np.diff(rings.added_indptr))
    inside = np.flatnonzero(rings.parent >= 0)
    slots = form.slots.count
    for x, w in zip(form.x, form.w, strict=True):
        parent = rings.parent[inside]
        parent_column = np.where(parent < slots, x.start + parent, w.start + parent - slots)
        terms: Terms = [
            (every, w.start + every, 1.0),
            (owner, x.start + rings.added_slot, -1.0),
            (inside, parent_column, -1.0),
        ]
        form.builder.add_rows("near", rings.n_sets, terms, upper=0.0)


def assign_at_most_once(form: Formulation) -> None:
    """``Σ_f y_f ≤ P_h``; unsplit groups are assigned to one slot as a whole."""
    flows = form.flows
    if not flows.count:
        return
    undivided = form.problem.assigned_by("whole")[form.flow_service]
    for y in form.y:
        form.builder.add_rows("go_once", flows.n_groups, [(flows.group, y.positions, 1.0)], upper=flows.group_people)
        if undivided.any():
            chosen = np.flatnonzero(undivided)
            assigned = form.builder.add_columns("goes", len(chosen), upper=1.0, integer=True)
            terms: Terms = [
                (np.arange(len(chosen)), y.start + chosen, 1.0),
                (np.arange(len(chosen)), assigned.positions, -flows.group_people[flows.group[chosen]]),
            ]
            form.builder.add_rows("as_a_whole", len(chosen), terms, lower=0.0, upper=0.0)


def assign_to_open_slots(form: Formulation) -> None:
    """``y_f ≤ P_h x_s``, disaggregated for a tight bound."""
    flows = form.flows
    uncertain = np.flatnonzero(~form.slots.always_open[flows.slot])
    people = flows.group_people[flows.group[uncertain]]
    every = np.arange(len(uncertain))
    for x, y in zip(form.x, form.y, strict=True):
        terms: Terms = [(every, y.start + uncertain, 1.0), (every, x.start + flows.slot[uncertain], -people)]
        form.builder.add_rows("go_where_open", len(uncertain), terms, upper=0.0)


def assign_to_nearest(form: Formulation) -> None:
    """Under ``nearest``: ``Σ_{farther than s} y ≤ P_h (1 − x_s)``; people whose nearest slot is full are unserved."""
    flows = form.flows
    bound = np.flatnonzero(form.problem.assigned_by("nearest")[form.flow_service])
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


def capacity_and_min_loads(form: Formulation) -> None:
    """``Σ_f load y_f ≤ Σ_o capacity_o Z_o`` and ``≥ Σ_o least_o Z_o``, by slot, where either can bind."""
    flows, slots = form.flows, form.slots
    if not form.capacitated.any():
        return
    optional = optional_columns(form.problem)
    load = form.flow_load
    most = sums_by(flows.slot, load * flows.group_people[flows.group], slots.count)
    capacity = np.minimum(optional.capacity, most[slots.of_offer])
    bundle, offer = form.bundles.pairs()
    tight = np.zeros(slots.count, dtype=bool)
    tight[slots.of_offer[optional.capacity < most[slots.of_offer]]] = True
    loaded = np.zeros(slots.count, dtype=bool)
    loaded[slots.of_offer[optional.min_load > 0]] = True
    for name, which, amount in (("places", tight, capacity), ("least_load", loaded, optional.min_load)):
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
    """Least share of the people of a demand, overall or in each community that has any."""
    for people, everybody, share in floor_terms(form):
        form.builder.add_expression_row("floor", people.scaled(SHARE_SIZE / everybody), lower=share * SHARE_SIZE)


def floor_terms(form: Formulation) -> Iterator[tuple[Expression, float, float]]:
    """Yield (people served, everybody, share) of every floor, community by community."""
    problem = form.problem
    for floor in problem.rules.floors:
        for somewhere in floor.regions(problem.n_communities):
            people, everybody = form.people_of(floor.demands, floor.circle, somewhere)
            if everybody > 0:
                yield people, everybody, floor.share


def spreads(form: Formulation) -> None:
    """Largest difference between the best and the worst community; coverage must be exact here."""
    problem = form.problem
    if not problem.rules.spreads:
        return
    _exact_coverage(form)
    for spread in problem.rules.spreads:
        worst = form.builder.add_columns("worst_share", 1, upper=1.0)
        for region in range(problem.n_communities):
            people, everybody = form.people_of(spread.demands, spread.circle, (region,))
            if everybody > 0:
                above = people.scaled(SHARE_SIZE / everybody).plus(worst, -SHARE_SIZE)
                form.builder.add_expression_row("spread", above, lower=0.0, upper=spread.most * SHARE_SIZE)


def _exact_coverage(form: Formulation) -> None:
    """``v_g ≥ x_s`` for every s in g, in the last period."""
    cover_sets = form.cover_sets
    owner = np.repeat(np.arange(cover_sets.n_sets), np.diff(cover_sets.sets_indptr))
    every = np.arange(len(owner))
    x, v = form.x[form.last], form.v[form.last]
    terms = [(every, v.start + owner, 1.0), (every, x.start + cover_sets.sets_slot, -1.0)]
    form.builder.add_rows("covered_exactly", len(owner), terms, lower=0.0)


def cover_within_radius(form: Formulation, owner: IntArray, slot: IntArray, count: int) -> Block:
    """Require an open slot in each of ``count`` sets of slots (``slot[owner == row]``), in the last period."""
    x = form.x[form.last]
    return form.builder.add_rows("within_radius", count, [(owner, x.start + slot, 1.0)], lower=1.0)
