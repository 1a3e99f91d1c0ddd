"""Rows about what opens: one bundle per building, money, counts, locks, moves, hubs, and order in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.siting.programme.bundles import keeping
from planner.siting.question.complete import complete
from planner.siting.question.units import money_units

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from planner.siting.programme.formulation import Formulation

__all__ = ["add", "add_shared"]

ROW_SIZE = 1024.0
"""The largest coefficient of a row of money."""


def add(form: Formulation) -> None:
    """Add every family of rows about what opens."""
    slots_open_with_bundles(form)
    add_shared(form)


def add_shared(form: Formulation) -> None:
    """Add every family of rows over bundles alone."""
    one_bundle_per_site(form)
    budgets(form)
    site_counts(form)
    opening_counts(form)
    must_locks(form)
    moved_facilities(form)
    hub_counts(form)
    nothing_before_it_is_ready(form)
    opened_stays_open(form)
    capital_by_period(form)


def one_bundle_per_site(form: Formulation) -> None:
    """``Σ_b z_jbt ≤ 1``; exactly 1 where something stands (the empty bundle is then among them)."""
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


def slots_open_with_bundles(form: Formulation) -> None:
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
    _budget(form, "capital", bundles.capital_yuan, limits.capital_yuan)
    _budget(form, "yearly", bundles.yearly_yuan, limits.yearly_yuan)
    for name, amounts, most in (
        ("capital", bundles.department_capital_yuan, limits.department_capital_yuan),
        ("yearly", bundles.department_yearly_yuan, limits.department_yearly_yuan),
    ):
        for department, limit in enumerate([] if most is None else most.tolist()):
            _budget(form, f"{name}_of_{department}", amounts[:, department], limit)


def _budget(form: Formulation, name: str, amount: ArrayLike, limit: float) -> None:
    if not np.isfinite(limit):
        return
    units = money_units(form.problem)
    amounts, most = units.whole(amount), float(units.at_most(limit))
    dearest = np.zeros(form.problem.sites.count)
    np.maximum.at(dearest, form.bundles.site, amounts)
    if dearest.sum() <= most:
        # Money for everything ties nothing together.
        return
    amounts, most = _coarsest(amounts, most)
    for z in form.z:
        form.builder.add_rows(f"budget_{name}", 1, [(0, z.positions, amounts)], upper=most, exact=True)


def _coarsest(amounts: NDArray[np.float64], most: float) -> tuple[NDArray[np.float64], float]:
    """Return amounts and limit of a row in their greatest common divisor, times a power of two where they are large.

    Within a factor of 1,024 a solver's tolerance is far below one of them. Powers of two keep every amount what it is.
    """
    divisor = max(int(np.gcd.reduce(amounts.astype(np.int64), initial=0)), 1)
    amounts, most = amounts / divisor, float(np.floor(most / divisor))
    largest = float(np.abs(amounts).max(initial=0.0))
    factor = 2.0 ** min(0.0, np.log2(ROW_SIZE) - np.ceil(np.log2(max(largest, 1.0))))
    return amounts * factor, most * factor


def site_counts(form: Formulation) -> None:
    """Keep the number of sites with something new, at the end."""
    rules = form.problem.rules
    if rules.min_sites > 0 or rules.max_sites is not None:
        most = np.inf if rules.max_sites is None else rules.max_sites
        terms = [(0, form.z[form.last].positions, form.bundles.opens)]
        form.builder.add_rows("site_count", 1, terms, lower=rules.min_sites, upper=most)


def opening_counts(form: Formulation) -> None:
    """Keep the number of new openings of each service, at the end."""
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
    """Keep ``must`` locks at the end: something, the service or the offers named, at the site (``never`` is in the bundles)."""
    for lock in form.problem.rules.locks:
        if lock.kind == "must":
            terms = [(0, form.z[form.last].positions[keeping(form.bundles, lock)], 1.0)]
            form.builder.add_rows("must_lock", 1, terms, lower=1.0)


def moved_facilities(form: Formulation) -> None:
    """Keep what stands and can be moved where it is, or move it to one place, or close it if that is allowed."""
    offers, filled = form.problem.offers, complete(form.problem)
    bundle, offer = form.bundles.pairs()
    for standing in np.unique(filled.moves[filled.moves >= 0]).tolist():
        at_home = (offers.site[offer] == offers.site[standing]) & (offers.service[offer] == offers.service[standing])
        counted = bundle[at_home | (filled.moves[offer] == standing)]
        for z in form.z:
            form.builder.add_rows(
                "moved",
                1,
                [(0, z.start + counted, 1.0)],
                lower=-np.inf if filled.may_close[standing] else 1.0,
                upper=1.0,
            )


def hub_counts(form: Formulation) -> None:
    """At least so many hubs at the end."""
    rules = form.problem.rules
    if rules.min_hubs > 0:
        terms = [(0, form.z[form.last].positions, form.bundles.hub)]
        form.builder.add_rows("hub_count", 1, terms, lower=rules.min_hubs)


def nothing_before_it_is_ready(form: Formulation) -> None:
    """No bundle with something new in a period before its site is ready."""
    phases = form.problem.phases
    if phases is None:
        return
    for period, z in enumerate(form.z):
        early = z.positions[form.bundles.opens & (phases.ready[form.bundles.site] > period)]
        form.builder.set_upper(early, 0.0)


def opened_stays_open(form: Formulation) -> None:
    """From one period to the next, new offers stay and what has gone does not come back."""
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
    """Capital spent in each period (the change in what stands) within that period's money, with or without carry-over."""
    phases = form.problem.phases
    if phases is None:
        return
    units = money_units(form.problem)
    amounts = units.whole(form.bundles.capital_yuan)
    money = units.at_most(phases.capital_yuan)
    if phases.carry_over:
        money = np.cumsum(money)
    for period, limit in enumerate(money.tolist()):
        if not np.isfinite(limit):
            continue
        yuan, most = _coarsest(amounts, limit)
        terms = [(0, form.z[period].positions, yuan)]
        if period and not phases.carry_over:
            terms = [*terms, (0, form.z[period - 1].positions, -yuan)]
        form.builder.add_rows("capital_in_period", 1, terms, upper=most, exact=True)
