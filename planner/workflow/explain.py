"""What stands behind a plan: the price of every rule, what each opening brings, the best swap, what lacks money, what comes when."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.i18n import join, languages, translate
from planner.siting import (
    SolverSettings,
    best_swaps,
    evaluate_offers,
    evaluate_with_assignment,
    marginal_values,
    rule_costs,
    rules_of,
    schedule,
    unfunded,
    without_rules,
)
from planner.siting.analysis.openings import violated_rules
from planner.store.atomic_folder import atomic_folder
from planner.store.cache import Cache
from planner.store.folders import place_of
from planner.store.tables import Explanation
from planner.study.load import load_study
from planner.study.scenarios import BASE
from planner.workflow.labels import labels_of
from planner.workflow.plan import solve_siting, tabulate_run
from planner.workflow.stages import Progress, StageClock, silent, survey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from planner.district import District
    from planner.siting import Evaluation, Plan, Rule, RuleCost, SitingProblem
    from planner.store.run import Run
    from planner.study import Study
    from planner.workflow.labels import Labels
    from planner.workflow.plan import SolvedSiting

    Tell = Callable[[float, str], None]
    #: writes reports of a run and its explanation into the folder of the run
    PublishExplanation = Callable[[Run, "Explanation", Path], object]

__all__ = ["TIME_LIMIT_S", "Explanation", "compute_explanation", "explain"]

TIME_LIMIT_S = 300.0
"""How long all the solves of an explanation may take together, unless told otherwise."""

FIRST = ("must", "never", "floor", "spread", "max_sites", "capital", "yearly")
"""Rules a meeting asks about first; they are priced first, in case the time runs out."""

LONGER = 1.5
"""How many times as long as the first one a second look at a rule must be allowed to take."""


def explain(
    study_file: Path,
    *,
    scenario: str | None = None,
    sets: Sequence[str] = (),
    out: Path | None = None,
    publish: PublishExplanation | None = None,
    time_limit_s: float = TIME_LIMIT_S,
    progress: Progress = silent,
    cache: Cache | None = None,
) -> tuple[Run, Explanation, Path]:
    """Plan a district and explain the plan; the folder holds the run, and ``explanation`` beside its tables.

    Parameters
    ----------
    study_file, scenario, sets, out, progress, cache
        As `planner.workflow.plan.plan` takes them.
    publish
        Writes reports of run and explanation into the folder before it takes its place.
    time_limit_s
        Of all the solves that the explanation needs, together; the plan itself has its own.

    Raises
    ------
    StudyError, LayerError, OutputError, InfeasibleError, RecountError
        As `planner.workflow.plan.plan`; nothing is written.
    """
    study = load_study(study_file, scenario=scenario, sets=sets)
    target = out or place_of(study_file, scenario)
    cache, clock = cache or Cache(None), StageClock(progress)
    with atomic_folder(target) as aside:
        ground = survey(study, study_file.parent, clock, cache)
        decided = solve_siting(study, ground, clock, cache=cache)
        naming = labels_of(study, ground.district, decided.posed)
        found = compute_explanation(
            study, ground.district, decided, naming=naming, clock=clock, time_limit_s=time_limit_s
        )
        run = tabulate_run(study, ground, decided, clock, scenario=scenario or BASE, cache=cache)
        run.write(aside)
        found.write(aside / "explanation")
        progress("reports", 0.0)
        if publish is not None:
            publish(run, found, aside)
        progress("reports", 1.0)
    return run, found, target


def compute_explanation(
    study: Study, district: District, decided: SolvedSiting, *, naming: Labels, clock: StageClock, time_limit_s: float
) -> Explanation:
    """Explain a plan within the time."""
    ends = time.perf_counter() + time_limit_s
    with clock.stage("openings"):
        openings = _openings(study, decided)
        swaps = _swaps(decided, naming)
    with clock.stage("unfunded"):
        lacking, endless = _unfunded(decided, ends)
    with clock.stage("prices") as tell:
        prices = _prices(decided, naming, ends, tell)
    return Explanation(prices, openings, swaps, lacking, endless, _schedule(study, district, decided))


def _settings(decided: SolvedSiting, ends: float, solves_left: int) -> SolverSettings | None:
    """Return settings with a fair part of the time that is left; None when there is none."""
    left_s = ends - time.perf_counter()
    if left_s <= 0:
        return None
    settings = decided.posed.problem.settings or SolverSettings()
    return dataclasses.replace(settings, time_limit_s=min(settings.time_limit_s, left_s / solves_left))


def _prices(decided: SolvedSiting, naming: Labels, ends: float, tell: Tell) -> pd.DataFrame:
    problem, plan = decided.posed.problem, decided.plan
    rules = sorted(rules_of(problem), key=lambda rule: FIRST.index(rule.kind) if rule.kind in FIRST else len(FIRST))
    prices: list[RuleCost | None] = [None] * len(rules)
    took_s = np.zeros(len(rules))
    for position, rule in enumerate(rules):
        tell(position / len(rules), f"{position + 1}/{len(rules)} {naming.key(rule)}")
        settings = _settings(decided, ends, len(rules) - position)
        if settings is not None:
            began = time.perf_counter()
            prices[position] = next(iter(rule_costs(problem, plan, [rule], settings)), None)
            took_s[position] = time.perf_counter() - began
    # What the quick ones left of the time is for those that were not proven, where that is more than they had.
    wide = [position for position, price in enumerate(prices) if price is None or not price.outcome.proven]
    for turn, position in enumerate(wide):
        settings = _settings(decided, ends, len(wide) - turn)
        if settings is not None and settings.time_limit_s > LONGER * took_s[position]:
            tell(1.0, f"{position + 1}/{len(rules)} {naming.key(rules[position])}")
            prices[position] = _narrowed(problem, plan, rules[position], prices[position], settings)
    rows = [_price_row(rule, price, decided, naming) for rule, price in zip(rules, prices, strict=True)]
    texts = ["kind", "key", *(f"rule_{code}" for code in languages())]
    columns = [*texts, "priced", "gain", "gain_at_least", "gain_at_most", "proven"]
    columns += ["capital_cost", "yearly_cost", *(f"people_{service}" for service in decided.posed.service_ids)]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(texts, "str"))


def _narrowed(
    problem: SitingProblem, plan: Plan, rule: Rule, first: RuleCost | None, settings: SolverSettings
) -> RuleCost | None:
    """Return the price of a rule from another look at it, with whatever of the first look was nearer to the truth."""
    begin = None if first is None else first.plan
    again = next(iter(rule_costs(problem, plan, [rule], settings, begin=begin)), None)
    if first is None or again is None:
        return again or first
    best = again if again.goal_gain >= first.goal_gain else first
    known = [price.gain_at_most for price in (first, again) if price.gain_at_most is not None]
    return dataclasses.replace(best, gain_at_most=min(known, default=None))


def _price_row(rule: Rule, price: RuleCost | None, decided: SolvedSiting, naming: Labels) -> dict[str, object]:
    services = decided.posed.service_ids
    said: dict[str, object] = {
        "kind": rule.kind,
        "key": naming.key(rule),
        **{f"rule_{code}": dataclasses.replace(naming, language=code).rule(rule) for code in languages()},
        "priced": price is not None,
        "proven": price is not None and price.outcome.proven and decided.plan.outcome.proven,
    }
    if price is None:
        return {
            **said,
            **dict.fromkeys(("gain", "gain_at_least", "gain_at_most", "capital_cost", "yearly_cost"), np.nan),
        }
    return {
        **said,
        "gain": price.goal_gain,
        "gain_at_least": _at_least(price.goal_gain, decided),
        "gain_at_most": np.nan if price.gain_at_most is None else price.gain_at_most,
        "capital_cost": price.capital_cost,
        "yearly_cost": price.yearly_cost,
        **{f"people_{service}": price.people[k] for k, service in enumerate(services)},
    }


def _at_least(gain: float, decided: SolvedSiting) -> float:
    """Return what of a gain no plan that keeps every rule can have; NaN where it is not known what the best one has."""
    best = decided.plan.steps[0].outcome
    if best.bound is None or best.objective is None:
        return float("nan")
    return max(0.0, gain - abs(best.bound - best.objective))


def _openings(study: Study, decided: SolvedSiting) -> pd.DataFrame:
    found = marginal_values(decided.posed.problem, decided.plan)
    offers = np.array([one.offer for one in found], dtype=np.int64)
    services = decided.posed.problem.offers.service[offers]
    return _placed(decided, offers).assign(
        minutes=[study.services[k].circles[-1].minutes for k in services],
        people_alone=[one.people_alone for one in found],
        people_last=[one.people_last for one in found],
        worth_alone=[one.worth_alone for one in found],
        worth_last=[one.worth_last for one in found],
    )


def _placed(decided: SolvedSiting, offers: NDArray[np.int64]) -> pd.DataFrame:
    """Return ``place_id, service, size`` of some offers."""
    posed, table = decided.posed, decided.posed.problem.offers
    return pd.DataFrame(
        {
            "place_id": [posed.place_ids[j] for j in table.site[offers]],
            "service": [posed.service_ids[k] for k in table.service[offers]],
            "size": [posed.offer_sizes[offer] for offer in offers],
        }
    ).astype("str")


def _swaps(decided: SolvedSiting, naming: Labels) -> pd.DataFrame:
    problem, posed = decided.posed.problem, decided.posed
    before = evaluate_with_assignment(problem, decided.plan.offers)
    rows = []
    for swap in best_swaps(problem, decided.plan):
        if swap is None:
            continue
        sites, services = problem.offers.site, problem.offers.service
        swapped = np.sort(np.append(decided.plan.offers[decided.plan.offers != swap.out], swap.into))
        after = evaluate_with_assignment(problem, swapped)
        refused = violated_rules(problem, decided.plan, swap)
        rows.append(
            {
                "allowed": not swap.broken,
                "out_place_id": posed.place_ids[sites[swap.out]],
                "out_service": posed.service_ids[services[swap.out]],
                "into_place_id": posed.place_ids[sites[swap.into]],
                "into_service": posed.service_ids[services[swap.into]],
                "into_size": posed.offer_sizes[swap.into],
                "gain": swap.gain,
                "people_out": _people(after, before, services[swap.out]),
                "people_into": _people(after, before, services[swap.into]),
                **{
                    f"broken_{code}": _named(*refused, dataclasses.replace(naming, language=code))
                    for code in languages()
                },
            }
        )
    columns = ["allowed", "out_place_id", "out_service", "into_place_id", "into_service", "into_size"]
    columns += ["gain", "people_out", "people_into", *(f"broken_{code}" for code in languages())]
    texts = [name for name in columns if name not in {"allowed", "gain", "people_out", "people_into"}]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(texts, "str") | {"allowed": "bool"})


def _people(after: Evaluation, before: Evaluation, service: int) -> float:
    """Return the change of people within the widest circle; services are the first demands."""
    return float(after.served[service][-1] - before.served[service][-1])


def _named(rules: Iterable[Rule], by_class: bool, naming: Labels) -> str:
    texts = [naming.rule(rule) for rule in rules]
    if by_class:
        texts.append(translate("explain.swap_class", naming.language))
    return join(texts, naming.language, "clauses")


def _unfunded(decided: SolvedSiting, ends: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    problem, plan, before = decided.posed.problem, decided.plan, decided.recount
    names = ["gain", "gain_at_least", "gain_at_most", "proven", "capital_cost", "yearly_cost", "openings"]
    # First, and as long as three rules may take: what lacks money is asked most.
    settings = _settings(decided, ends, max(1, (len(rules_of(problem)) + 2) // 3))
    limited = any("capital" in rule.kind or "yearly" in rule.kind for rule in rules_of(problem))
    nothing = np.zeros(0, dtype=np.int64)
    empty = _placed(decided, nothing).assign(capital_cost=np.zeros(0), yearly_cost=np.zeros(0))
    if settings is None or not limited:
        return empty, pd.DataFrame(columns=names)
    wanted, left_out = unfunded(problem, plan, settings)
    if not wanted.found:
        return empty, pd.DataFrame(columns=names)
    money = [rule for rule in rules_of(problem) if "capital" in rule.kind or "yearly" in rule.kind]
    after = evaluate_offers(without_rules(problem, money), wanted.offers, wanted.assignments)
    sign = problem.goals[0].sign
    old, new = plan.steps[0].outcome, wanted.steps[0].outcome
    was, reached = (np.nan if value is None else value for value in (old.objective, new.objective))
    table = problem.offers
    rows = _placed(decided, left_out).assign(
        capital_cost=table.capital_cost[left_out], yearly_cost=table.yearly_cost[left_out]
    )
    gain = sign * (reached - was)
    endless = {
        "gain": gain,
        "gain_at_least": _at_least(gain, decided),
        "gain_at_most": np.nan if new.bound is None else sign * (new.bound - was),
        "proven": new.proven and old.proven,
        "capital_cost": after.capital_cost - before.capital_cost,
        "yearly_cost": after.yearly_cost - before.yearly_cost,
        "openings": len(wanted.openings(problem).offer),
    }
    return rows, pd.DataFrame([endless], columns=names)


def _schedule(study: Study, district: District, decided: SolvedSiting) -> pd.DataFrame:
    years = np.array(study.siting.years, dtype=np.int64)
    names = ("opens", "ready", "start")
    if not len(years):
        none = np.zeros(0, dtype=np.int64)
        return _placed(decided, none).assign(**dict.fromkeys(names, none), start_now=np.zeros(0, dtype=np.bool_))
    found = schedule(decided.posed.problem, decided.plan)
    opens = years[found.opens]
    # Approvals last as many calendar years as the layer says, whichever of the plan's years lie in between.
    ready_year = dict(zip(district.sites["id"], district.sites["ready_year"].fillna(years[0]), strict=True))
    sites = decided.posed.problem.offers.site[found.offer]
    ready = np.array([ready_year.get(decided.posed.place_ids[site], years[0]) for site in sites], dtype=np.int64)
    ready = np.maximum(ready, years[0])
    start = opens - (ready - years[0])
    years_of = dict(zip(names, (opens, ready, start), strict=True))
    return _placed(decided, found.offer).assign(**years_of, start_now=start <= years[0])
