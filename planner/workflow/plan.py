"""The main job, from study file to run folder; reads as the table of contents of the whole package."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.access import isochrones
from planner.errors import InfeasibleError, RecountError, UnprovenError
from planner.i18n import translate
from planner.siting import BuiltProblem, Evaluation, Plan, evaluate
from planner.store.manifest import GoalResult, Manifest, Result, finite
from planner.store.provenance import digest_of, versions, without_checksum
from planner.store.run import Run
from planner.store.tables import Tables
from planner.store.unevenness import unevenness_table
from planner.workflow.area_table import area_limits_table
from planner.workflow.compliance import compliance_table, hubs_table
from planner.workflow.infeasibility import unopened_table, why_infeasible
from planner.workflow.labels import labels_of
from planner.workflow.plan_tables import (
    bills_table,
    circles_table,
    closed_table,
    coverage_tables,
    loads_table,
    nearest,
    nearest_table,
    offers_table,
    opened_sites_table,
    openings_table,
    places_found,
    places_table,
    places_today,
    served_table,
)
from planner.workflow.standard_measures import MeasuredDistrict, heads_by_cell, supply_of_plan, supply_today
from planner.workflow.walks import connector_m, service_times

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from planner.siting import Outcome
    from planner.siting.model.plan import Stopped
    from planner.study import Language, Study
    from planner.workflow.pipeline import Pipeline


def plan(pipeline: Pipeline, *, require_optimal: bool = False) -> Run:
    """Return the run of a study: the main job.

    Parameters
    ----------
    require_optimal
        Raise instead of returning a plan that is not proven.

    Raises
    ------
    StudyError, LayerError, InfeasibleError, UnprovenError, RecountError
        Each with its exit code.
    """
    return tabulate_run(pipeline, solve_siting(pipeline, require_optimal=require_optimal))


@dataclass(frozen=True, eq=False)
class SolvedSiting:
    """The siting problem, the plan that solves it, and its recount."""

    built: BuiltProblem
    plan: Plan
    recount: Evaluation


def solve_siting(pipeline: Pipeline, *, require_optimal: bool = False) -> SolvedSiting:
    """Site the services; raises as `plan`."""
    study, built, chosen = pipeline.study, pipeline.problem.value, pipeline.plan
    if chosen.outcome.status == "infeasible":
        with pipeline.stage("reasons"):
            raise InfeasibleError(why_infeasible(labels_of(study, pipeline.area.district, built)))
    _refuse(chosen, study.language, require_optimal=require_optimal)
    return SolvedSiting(built, chosen, evaluate(built.problem, chosen))


def tabulate_run(pipeline: Pipeline, solved: SolvedSiting) -> Run:
    """Return the run of a solved siting problem: its tables and its manifest."""
    study, area = pipeline.study, pipeline.area
    with pipeline.stage("tables"):
        tables = _tables(pipeline, solved)
    digest = digest_of(study, pipeline.inputs)
    manifest = Manifest(
        run_id=f"{pipeline.scenario}-{digest[:12]}",
        scenario=pipeline.scenario,
        digest=digest,
        inputs=pipeline.inputs,
        versions=versions(),
        seed=study.solver.seed,
        crs=area.district.crs.to_string(),
        result=_result(solved.plan, solved.recount, tables),
        timings_s=dict(pipeline.timings_s),
        without_checksum=without_checksum(study),
        scenario_label=study.scenario_label(pipeline.scenario),
    )
    return Run(study=study, manifest=manifest, tables=tables, ready=pipeline.area_tables.parquet)


def interrupted(chosen: Plan) -> bool:
    """Say whether the solver was interrupted before it ended by itself."""
    return chosen.outcome.interrupted or any(step.outcome.interrupted for step in chosen.steps)


def _refuse(chosen: Plan, language: Language, *, require_optimal: bool) -> None:
    """Raise unless there is a plan, and a proven one where that was asked for."""
    if not chosen.found:
        raise InfeasibleError(_unproven("no_plan", chosen.outcome, {chosen.outcome.stopped_by}, language))
    if require_optimal and not chosen.proven:
        ended = {step.outcome.stopped_by for step in chosen.steps if not step.outcome.proven}
        raise UnprovenError(_unproven("plan", chosen.outcome, ended, language))


def _unproven(what: str, outcome: Outcome, ended: set[Stopped], language: Language) -> str:
    """Return what is missing, and what to change in the study: more time helps only where time ran out."""
    time = "time" if what == "no_plan" else "time_or_gap"
    ways = {"time": time, "tolerance": "tolerance", "interrupt": "interrupt", "limit": "limit"}
    said = [translate(f"reason.unproven.{way}", language) for stopped, way in ways.items() if stopped in ended]
    return "; ".join([translate(f"reason.unproven.{what}", language, outcome=str(outcome)), *said])


def _tables(pipeline: Pipeline, solved: SolvedSiting) -> Tables:
    study, area, common = pipeline.study, pipeline.area, pipeline.area_tables
    built, chosen, recount = solved.built, solved.plan, solved.recount
    district, problem = area.district, built.problem
    existing = np.flatnonzero(problem.offers.existing)
    before, after = (
        [
            nearest(service_times(study, area, service), _open_places(built, offers, k))
            for k, service in enumerate(study.services)
        ]
        for offers in (existing, chosen.offers)
    )
    coverage, by_community, by_area = coverage_tables(
        study,
        district,
        before,
        after,
        places_before=places_today(built, existing),
        places_after=places_found(built, recount),
    )
    _agree(study, coverage, built, recount)
    measured = MeasuredDistrict(study, district, area.walks)
    reached = [
        heads_by_cell(study, district, by_community, area="community_id", heads="heads", covered=name)
        for name in ("heads_before", "heads_after")
    ]
    supplies = {
        "today": supply_today(district, reached[0]),
        "plan": supply_of_plan(district, built, chosen, recount, reached[1]),
    }
    openings = openings_table(study, built, chosen)
    opened = np.isin(np.arange(len(built.place_ids)), recount.opened_sites)
    first_walks = area.walks[study.services[0].walker]
    tables = Tables(
        communities=common.communities,
        demand=common.demand,
        places=places_table(district, connector_m(first_walks.places), opened),
        existing=common.existing,
        offers=offers_table(study, built, chosen.offers),
        openings=openings,
        opened_sites=opened_sites_table(study, district, built, openings, recount),
        coverage=coverage,
        coverage_by_community=by_community,
        coverage_by_area=by_area,
        unevenness=pd.DataFrame(),
        served=served_table(study, built, recount),
        loads=loads_table(built, chosen, recount),
        closed=closed_table(built, chosen),
        unopened=unopened_table(study, district, built, chosen, spent_capital=recount.capital_cost),
        bills=bills_table(study, recount),
        area_limits=area_limits_table(labels_of(study, district, built), chosen, recount),
        compliance=compliance_table(measured, supplies),
        hubs=hubs_table(measured, supplies),
        nearest=nearest_table(study, district, built.place_ids, before, after),
        reach=common.reach,
        circles=circles_table(built.place_ids, _isochrones(pipeline, solved), district.crs),
        streets=common.streets,
        ground=common.ground,
        findings=common.findings,
    )
    uneven = unevenness_table(study, partial(getattr, tables), area.travel_times)
    return replace(tables, unevenness=uneven)


def _open_places(built: BuiltProblem, offers: NDArray[np.int64], service: int) -> NDArray[np.bool_]:
    is_open = np.zeros(len(built.place_ids), dtype=np.bool_)
    mine = offers[built.problem.offers.service[offers] == service]
    is_open[built.problem.offers.site[mine]] = True
    return is_open


def _agree(study: Study, coverage: pd.DataFrame, built: BuiltProblem, recount: Evaluation) -> None:
    """Hold the tables against the recount: two ways of counting that share no code."""
    for k, service in enumerate(study.services):
        tabulated = coverage.loc[coverage["service"] == service.id, "covered_after"].to_numpy()
        counted = recount.of_demands(built.demands_of[k]).covered
        if not np.allclose(tabulated, counted, rtol=1e-9, atol=1e-6):
            msg = f"people covered by {service.id}: the tables say {tabulated}, the recount {counted}"
            raise RecountError(msg)


def _minutes(study: Study, walker: str) -> list[float]:
    return sorted(
        {
            circle.minutes
            for service in study.services
            if walker in study.walkers_of(service)
            for circle in study.circles_of(service)
        }
    )


def _isochrones(pipeline: Pipeline, solved: SolvedSiting) -> dict[tuple[str, int], dict[float, BaseGeometry]]:
    """Return the isochrones of what is open today or with the plan, for the walkers of its services; draw what was not drawn yet."""
    study, area, new = pipeline.study, pipeline.area, solved.plan.openings(solved.built.problem)
    offers = solved.built.problem.offers
    site = np.concatenate([offers.site[offers.existing], new.site])
    service = np.concatenate([offers.service[offers.existing], new.service])
    drawn: dict[tuple[str, int], dict[float, BaseGeometry]] = {}
    for walker, walks in area.walks.items():
        served = [k for k, service in enumerate(study.services) if walker in study.walkers_of(service)]
        places = np.unique(site[np.isin(service, served)])
        minutes = _minutes(study, walker)
        known = pipeline.isochrones(walker, minutes)
        missing = np.array([place for place in places.tolist() if place not in known], dtype=np.int64)
        profile, limits_s = study.walking.profiles[walker], [60 * m for m in minutes]
        rings = isochrones(area.network, walks.places.take(missing), profile, limits_s) if len(missing) else []
        for place, mine in zip(missing.tolist(), rings, strict=True):
            known[place] = dict(zip(minutes, mine, strict=True))
        drawn |= {(walker, place): known[place] for place in places.tolist()}
    return drawn


def _result(chosen: Plan, recount: Evaluation, tables: Tables) -> Result:
    outcome = chosen.outcome
    return Result(
        status=outcome.status,
        objective=finite(outcome.objective),
        bound=finite(outcome.bound),
        gap=finite(outcome.gap),
        seconds=round(outcome.seconds, 3),
        solver=f"{outcome.solver} {outcome.version}",
        capital_cost=recount.capital_cost,
        yearly_cost=recount.yearly_cost,
        sites_opened=len(tables.opened_sites),
        services_opened=len(tables.openings),
        co_located=int((tables.opened_sites["n_services"] > 1).sum()),
        proven=chosen.proven,
        goals=tuple(
            GoalResult(
                step.goal.kind,
                step.outcome.status,
                *(finite(number) for number in (step.outcome.objective, step.outcome.bound, step.outcome.gap)),
            )
            for step in chosen.steps
        ),
        stopped_by="interrupt" if interrupted(chosen) else outcome.stopped_by,
    )
