"""The main job, from study file to run folder; reads as the table of contents of the whole package."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from planner.access import isochrones
from planner.errors import InfeasibleError, RecountError, UnprovenError
from planner.i18n import translate
from planner.siting import BuiltProblem, Evaluation, Plan, build_problem, evaluate, solve
from planner.store import cache_keys
from planner.store.atomic_folder import atomic_folder
from planner.store.cache import Cache
from planner.store.folders import place_of
from planner.store.manifest import GoalResult, Manifest, Result, finite
from planner.store.provenance import digest_of, fingerprint, versions, without_checksum
from planner.store.run import Run
from planner.store.tables import Tables
from planner.study.load import load_study
from planner.study.scenarios import BASE
from planner.workflow.infeasibility import unopened_table, why_infeasible
from planner.workflow.labels import labels_of
from planner.workflow.plan_tables import (
    AreaTables,
    area_tables,
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
from planner.workflow.stages import Progress, StageClock, StudyArea, connector_m, silent, survey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from planner.siting import Outcome
    from planner.siting.model.plan import Stopped
    from planner.study import Language, Study

#: writes map, workbook and the rest into the folder of a run
Publish = Callable[["Run", "Path"], object]


def plan(
    study_file: Path,
    *,
    scenario: str | None = None,
    sets: Sequence[str] = (),
    out: Path | None = None,
    publish: Publish | None = None,
    require_optimal: bool = False,
    progress: Progress = silent,
    cache: Cache | None = None,
) -> tuple[Run, Path]:
    """Plan a district and remember it: the main job.

    Parameters
    ----------
    study_file
        The study; its layers lie relative to it.
    scenario, sets
        Overrides, as `planner.study.load.load_study` takes them.
    out
        Where to write; default ``outputs/<study>/<scenario or base>`` below the current folder.
    publish
        Writes map and workbook into the folder before it takes its place, so that a folder is whole or absent.
    require_optimal
        Raise instead of writing a plan that is not proven.
    cache
        Where results of stages are remembered from run to run.

    Returns
    -------
    run, folder
        The run, and where it stands.

    Raises
    ------
    StudyError, LayerError, OutputError, InfeasibleError, UnprovenError, RecountError
        Each with its exit code; nothing is written.
    """
    study = load_study(study_file, scenario=scenario, sets=sets)
    target = out or place_of(study_file, scenario)
    with atomic_folder(target) as aside:
        run = compute_run(
            study,
            study_file.parent,
            scenario=scenario or BASE,
            require_optimal=require_optimal,
            progress=progress,
            cache=cache,
        )
        run.write(aside)
        progress("reports", 0.0)
        if publish is not None:
            publish(run, aside)
        progress("reports", 1.0)
    return run, target


def compute_run(
    study: Study,
    folder: Path,
    *,
    scenario: str,
    require_optimal: bool = False,
    keep_interrupted: bool = True,
    progress: Progress = silent,
    cache: Cache | None = None,
) -> Run:
    """Compute a run without writing anything; raises as `plan`, and KeyboardInterrupt unless ``keep_interrupted``."""
    cache, clock = cache or Cache(None), StageClock(progress)
    ground = survey(study, folder, clock, cache)
    return site_services(
        study,
        ground,
        clock,
        scenario=scenario,
        require_optimal=require_optimal,
        keep_interrupted=keep_interrupted,
        cache=cache,
    )


def site_services(
    study: Study,
    ground: StudyArea,
    clock: StageClock,
    *,
    scenario: str,
    require_optimal: bool = False,
    keep_interrupted: bool = True,
    cache: Cache | None = None,
) -> Run:
    """Site the services on ground that was surveyed, and tabulate what came of it; raises as `compute_run`."""
    cache = cache or Cache(None)
    decided = solve_siting(
        study, ground, clock, require_optimal=require_optimal, keep_interrupted=keep_interrupted, cache=cache
    )
    return tabulate_run(study, ground, decided, clock, scenario=scenario, cache=cache)


@dataclass(frozen=True, eq=False)
class SolvedSiting:
    """The siting question, the plan that answers it, and its recount."""

    posed: BuiltProblem
    plan: Plan
    recount: Evaluation


def solve_siting(
    study: Study,
    ground: StudyArea,
    clock: StageClock,
    *,
    require_optimal: bool = False,
    keep_interrupted: bool = True,
    cache: Cache | None = None,
) -> SolvedSiting:
    """Site the services on ground that was surveyed; raises as `compute_run`."""
    cache = cache or Cache(None)
    with clock.stage("problem"):
        posed = cache.get_or_compute(
            "problem",
            cache_keys.of_problem(study, ground.digests.layers, ground.digests.walks),
            partial(build_problem, study, ground.district, ground.reaches),
            shared=ground.reaches,
        )
    with clock.stage("siting") as tell:
        problem = posed.value.problem
        chosen = cache.get_or_compute(
            "plan",
            cache_keys.of_plan(posed.digest),
            lambda: solve(problem, progress=lambda incumbent, bound, _: tell(0.5, _numbers(incumbent, bound))),
            store_if=lambda found: found.proven,
        ).value
        if _interrupted(chosen) and not keep_interrupted:
            raise KeyboardInterrupt
    if chosen.outcome.status == "infeasible":
        with clock.stage("reasons"):
            raise InfeasibleError(why_infeasible(labels_of(study, ground.district, posed.value)))
    _refuse(chosen, study.language, require_optimal=require_optimal)
    return SolvedSiting(posed.value, chosen, evaluate(problem, chosen))


def tabulate_run(
    study: Study,
    ground: StudyArea,
    decided: SolvedSiting,
    clock: StageClock,
    *,
    scenario: str,
    cache: Cache | None = None,
) -> Run:
    """Tabulate what came of a plan."""
    cache = cache or Cache(None)
    chosen, recount = decided.plan, decided.recount
    with clock.stage("tables"):
        common = cache.get_or_compute(
            "sheets",
            cache_keys.of_sheets(study, ground.digests.layers, ground.digests.streets, ground.digests.walks),
            partial(area_tables, study, ground),
            on_disk=False,
        ).value
        drawings = {walker: _drawings(study, ground, walker, cache) for walker in ground.reaches}
        tables = _tables(_Inputs(study, ground, common, drawings, decided.posed, chosen, recount))
    digest = digest_of(study, ground.inputs)
    manifest = Manifest(
        run_id=f"{scenario}-{digest[:12]}",
        scenario=scenario,
        digest=digest,
        inputs=ground.inputs,
        versions=versions(),
        seed=study.solver.seed,
        crs=ground.district.crs.to_string(),
        result=_result(chosen, recount, tables),
        timings_s=clock.timings_s,
        without_checksum=without_checksum(study),
    )
    return Run(study=study, manifest=manifest, tables=tables, ready=common.parquet)


def _numbers(incumbent: float | None, bound: float | None) -> str:
    return "" if incumbent is None or bound is None else f"{incumbent:,.0f} ≤ {bound:,.0f}"


def _interrupted(chosen: Plan) -> bool:
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


@dataclass(frozen=True, eq=False)
class _Inputs:
    """Everything that the stages made, for the tables."""

    study: Study
    ground: StudyArea
    area_tables: AreaTables
    drawings: Mapping[str, dict[int, dict[float, BaseGeometry]]]
    """Walking profile → place → minutes → circle, of the places drawn so far."""
    posed: BuiltProblem
    chosen: Plan
    recount: Evaluation


def _tables(work: _Inputs) -> Tables:
    study, ground, posed, recount = work.study, work.ground, work.posed, work.recount
    district, problem = ground.district, posed.problem
    standing = np.flatnonzero(problem.offers.existing)
    planned = work.chosen.offers
    before, after = (
        [
            nearest(ground.reaches[service.walker], _open_places(posed, offers, k))
            for k, service in enumerate(study.services)
        ]
        for offers in (standing, planned)
    )
    coverage, by_community, by_area = coverage_tables(
        study,
        district,
        before,
        after,
        places_before=places_today(problem, standing),
        places_after=places_found(problem, recount),
    )
    _agree(study, coverage, recount)
    openings = openings_table(study, posed, work.chosen)
    opened = np.isin(np.arange(len(posed.place_ids)), recount.opened_sites)
    walker = study.services[0].walker
    return Tables(
        communities=work.area_tables.communities,
        demand=work.area_tables.demand,
        places=places_table(district, connector_m(ground.doors.places[walker]), opened),
        existing=work.area_tables.existing,
        offers=offers_table(study, posed, work.chosen.offers),
        openings=openings,
        opened_sites=opened_sites_table(study, district, posed, openings, recount),
        coverage=coverage,
        coverage_by_community=by_community,
        coverage_by_area=by_area,
        served=served_table(study, recount),
        loads=loads_table(posed, work.chosen, recount),
        closed=closed_table(posed, work.chosen),
        unopened=unopened_table(study, district, posed, work.chosen, spent_yuan=recount.capital_yuan),
        bills=bills_table(study, recount),
        nearest=nearest_table(study, district, posed.place_ids, before, after),
        reach=work.area_tables.reach,
        circles=circles_table(posed.place_ids, _drawn(work), district.crs),
        streets=work.area_tables.streets,
        findings=work.area_tables.findings,
    )


def _open_places(posed: BuiltProblem, offers: NDArray[np.int64], service: int) -> NDArray[np.bool_]:
    is_open = np.zeros(len(posed.place_ids), dtype=np.bool_)
    mine = offers[posed.problem.offers.service[offers] == service]
    is_open[posed.problem.offers.site[mine]] = True
    return is_open


def _agree(study: Study, coverage: pd.DataFrame, recount: Evaluation) -> None:
    """Hold the tables against the recount: two ways of counting that share no code."""
    for k, service in enumerate(study.services):
        tabulated = coverage.loc[coverage["service"] == service.id, "covered_after"].to_numpy()
        if not np.allclose(tabulated, recount.covered[k], rtol=1e-9, atol=1e-6):
            msg = f"people covered by {service.id}: the tables say {tabulated}, the recount {recount.covered[k]}"
            raise RecountError(msg)


def _minutes(study: Study, walker: str) -> list[float]:
    return sorted(
        {circle.minutes for service in study.services if service.walker == walker for circle in service.circles}
    )


def _drawings(study: Study, ground: StudyArea, walker: str, cache: Cache) -> dict[int, dict[float, BaseGeometry]]:
    """Return the circles drawn so far in this process for one walking profile; whoever draws more puts them in."""
    depends_on = {
        "walks": ground.digests.walks[walker],
        "circles": fingerprint(_minutes(study, walker)),
    }
    drawn: dict[int, dict[float, BaseGeometry]] = {}
    return cache.get_or_compute(f"circles of {walker}", depends_on, lambda: drawn, on_disk=False).value


def _drawn(work: _Inputs) -> dict[tuple[str, int], dict[float, BaseGeometry]]:
    """Return the circles of what is open today or with the plan, for the walkers of its services; draw what was not drawn yet."""
    study, ground, new = work.study, work.ground, work.chosen.openings(work.posed.problem)
    offers = work.posed.problem.offers
    site = np.concatenate([offers.site[offers.existing], new.site])
    service = np.concatenate([offers.service[offers.existing], new.service])
    drawn: dict[tuple[str, int], dict[float, BaseGeometry]] = {}
    for walker_id, doors in ground.doors.places.items():
        served = [k for k, service in enumerate(study.services) if service.walker == walker_id]
        places = np.unique(site[np.isin(service, served)])
        minutes, drawn_before = _minutes(study, walker_id), work.drawings[walker_id]
        missing = np.array([place for place in places.tolist() if place not in drawn_before], dtype=np.int64)
        walker = study.walking.profiles[walker_id]
        rings = (
            isochrones(ground.network, doors.take(missing), walker, [60 * m for m in minutes]) if len(missing) else []
        )
        for place, mine in zip(missing.tolist(), rings, strict=True):
            drawn_before[place] = dict(zip(minutes, mine, strict=True))
        drawn |= {(walker_id, place): drawn_before[place] for place in places.tolist()}
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
        capital_yuan=recount.capital_yuan,
        yearly_yuan=recount.yearly_yuan,
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
        stopped_by="interrupt" if _interrupted(chosen) else outcome.stopped_by,
    )
