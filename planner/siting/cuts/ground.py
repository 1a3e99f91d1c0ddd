"""The programme over buildings alone: bundles, slots, how many open, and what they are worth as columns that cuts hold down.

.. code-block:: text

    max  Σ_t W_t (Σ_q θ_qt + Σ_s c_s x_st + Σ_k Θ_kt)     over the rules that buildings share (`rows`)
    θ_qt ≤ planes of `Gains`,  floors ≤ planes of `Gains` ≤ ceilings
    Θ_kt ≤ Σ_{q of k} θ_qt + Σ_{s of k} c_s x_st,  cuts of `Transport`     for services k with limited places

Parts and slots of services with limited places are in the goal through their Θ alone. The linear relaxation is that of the whole
programme, with hundreds of rows in the place of tens of thousands.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from planner.siting.cuts.gains import Gains
from planner.siting.programme import rows
from planner.siting.programme.formulation import formulate
from planner.siting.programme.linear import Expression, ModelBuilder
from planner.siting.question.complete import complete

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.programme.formulation import Formulation
    from planner.siting.programme.linear import Block, LinearModel, Terms
    from planner.siting.question.problem import SitingProblem

__all__ = ["Ground", "lay_out", "needs_counting"]


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """The programme before any cut, which every `Buildings` of it begins with.

    ``theta`` int64[T, Q] and ``x`` int64[T, S] are columns, ``places`` int64[T, k] those of the services ``limited``, ``worst`` int64 those of
    the worst community of each spread; ``choices`` int64 lists the columns that are whole numbers in a plan, the widest decisions first.
    """

    form: Formulation
    gains: Gains
    limited: tuple[int, ...]
    model: LinearModel
    z: tuple[slice, ...]
    x: NDArray[np.int64]
    theta: NDArray[np.int64]
    places: NDArray[np.int64]
    worst: NDArray[np.int64]
    choices: NDArray[np.int64]


def lay_out(form: Formulation) -> Ground:
    """Return the programme over the buildings of ``form``.

    What comes of it is a bound although some of the rules about limited places are not in it (`needs_counting`): floors ask for people
    in reach there, not for people with a place, and spreads of such people are left out. Least loads come with the cuts (`transport`).
    """
    problem = form.problem
    loose = formulate(_without_places(form)) if form.limited.any() else form
    gains = Gains(loose)
    limited = tuple(np.flatnonzero(form.limited).tolist())
    builder = ModelBuilder()
    periods, slots = range(problem.n_periods), form.slots
    z = tuple(builder.add_columns("bundle", form.bundles.count, upper=1.0) for _ in periods)
    x = tuple(builder.add_columns("open", slots.count, upper=1.0) for _ in periods)
    rows.add(dataclasses.replace(form, builder=builder, z=z, x=x, v=(), w=(), y=()))
    theta = tuple(builder.add_columns("worth", gains.n_parts, lower=-np.inf, upper=gains.most) for _ in periods)
    worst = builder.add_columns("worst_share", len(loose.problem.rules.spreads), upper=1.0)
    counts = [_counts(form, builder, z[period].positions, x[period].positions) for period in periods]
    places = [builder.add_columns("places_worth", len(limited), lower=-np.inf) for _ in periods]
    goals = [
        _goal(loose, gains, builder, _Columns(*columns), limited).scaled(weight)
        for *columns, weight in zip(x, theta, places, form.period_weights.tolist(), strict=True)
    ]
    slots_and_bundles = [block.positions for pair in zip(x, z, strict=True) for block in pair]
    return Ground(
        form=form,
        gains=gains,
        limited=limited,
        model=builder.build(Expression.total(goals)),
        z=tuple(block.slice for block in z),
        x=np.stack([block.positions for block in x]),
        theta=np.stack([block.positions for block in theta]),
        places=np.stack([block.positions for block in places]),
        worst=worst.positions,
        choices=np.concatenate([*counts, *slots_and_bundles]),
    )


def _counts(form: Formulation, builder: ModelBuilder, z: NDArray[np.int64], x: NDArray[np.int64]) -> NDArray[np.int64]:
    """Add columns for how many sites and services open in a period, and whether each site does; return them.

    Divided on these, the bound falls faster than on single bundles: half a site here and half there is what raises it.
    """
    bundles, slots, problem = form.bundles, form.slots, form.problem
    opens = bundles.opens.astype(np.float64)
    sites = builder.add_columns("sites", 1)
    builder.add_rows("sites", 1, [(0, sites.positions, 1.0), (0, z, -opens)], lower=0.0, upper=0.0)
    services = builder.add_columns("services", problem.n_services)
    terms = [(np.arange(problem.n_services), services.positions, 1.0), (slots.service, x, -1.0)]
    builder.add_rows("services", problem.n_services, terms, lower=0.0, upper=0.0)
    site = builder.add_columns("site", problem.sites.count, upper=1.0)
    ways: Terms = [(np.arange(problem.sites.count), site.positions, 1.0), (bundles.site, z, -opens)]
    builder.add_rows("site", problem.sites.count, ways, lower=0.0, upper=0.0)
    return np.concatenate([sites.positions, services.positions, site.positions])


class _Columns(NamedTuple):
    """Columns of one period: slots, parts, and what services with limited places are worth."""

    x: Block
    theta: Block
    places: Block


def _goal(
    loose: Formulation, gains: Gains, builder: ModelBuilder, columns: _Columns, limited: tuple[int, ...]
) -> Expression:
    """Return coverage in one period of weight 1; what places are worth is at most what those in reach are."""
    free_parts = ~np.isin(gains.service, limited)
    free_slots = ~np.isin(loose.slots.service, limited)
    x, theta, places = (block.positions for block in columns)
    for position, service in enumerate(limited):
        parts, slots = gains.service == service, loose.slots.service == service
        column = np.concatenate([places[[position]], theta[parts], x[slots]])
        value = np.concatenate([[1.0], np.full(int(parts.sum()), -1.0), -gains.by_slot[slots]])
        in_reach = Expression(column, value, -_sure(loose, [service]))
        builder.add_expression_row("places_worth", in_reach, upper=0.0)
    free = np.setdiff1d(np.arange(loose.problem.n_services), limited)
    return Expression.total(
        [
            Expression(theta[free_parts], np.ones(int(free_parts.sum())), _sure(loose, free.tolist())),
            Expression(x[free_slots], gains.by_slot[free_slots], 0.0),
            Expression(places, np.ones(len(limited)), 0.0),
        ]
    )


def _sure(loose: Formulation, services: list[int]) -> float:
    """Return what people are worth to ``services`` whom something serves that stays."""
    return sum(
        float(served.base.sum(axis=0) @ (np.asarray(demand.weights) - np.append(demand.weights[1:], 0.0)))
        for demand, served in zip(loose.problem.demands, loose.served, strict=True)
        if demand.service in services
    )


def _without_places(form: Formulation) -> SitingProblem:
    """Return the problem with places for everybody, and without the rules that more places do not make easier to keep."""
    problem, limited = form.problem, form.limited
    offers = dataclasses.replace(problem.offers, capacity=None, min_load=None)
    spreads = tuple(spread for spread in problem.rules.spreads if not limited[problem.demands[spread.demand].service])
    return dataclasses.replace(problem, offers=offers, rules=dataclasses.replace(problem.rules, spreads=spreads))


def needs_counting(form: Formulation) -> bool:
    """Say whether a plan of the programme may break a rule that only a count of who goes where shows."""
    problem, rules = form.problem, form.problem.rules
    asked = [*(floor.demand for floor in rules.floors), *(spread.demand for spread in rules.spreads)]
    shares = any(form.limited[problem.demands[demand].service] for demand in asked)
    return bool(shares or (complete(problem).min_load > 0).any())
