"""``planner assess``: what is there today and whom it serves, from study file to folder; nothing is sited."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np

from planner.access import isochrones
from planner.siting import build_problem
from planner.store.assessment import Assessment, Origin
from planner.store.atomic_folder import atomic_folder
from planner.store.cache import Cache
from planner.store.folders import place_of
from planner.store.provenance import digest_of, versions, without_checksum
from planner.store.tables import AssessmentTables
from planner.study import CoLocation, Siting
from planner.study.load import load_study
from planner.study.scenarios import BASE
from planner.workflow.baseline_people import (
    Nearest,
    areas_of,
    coverage_table,
    floors_table,
    nearest_of,
    nearest_table,
    walkers_of,
    walks_table,
)
from planner.workflow.baseline_places import (
    ServiceToday,
    accessibility_table,
    balance_table,
    closing_table,
    drawn_by,
    duplicates_table,
    equity_table,
    facilities_table,
    services_today,
)
from planner.workflow.benchmarks import AssessedDistrict, benchmarks_table
from planner.workflow.plan_tables import area_tables, circles_table, places_table, places_today
from planner.workflow.stages import Progress, StageClock, StudyArea, connector_m, reach_limits_s, silent, survey

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from planner.study import Study

#: walks to the nearest facility are timed at least so far, so that their mean and P90 say how far people really go
LONGEST_WALK_S = 3600.0

#: writes page and workbook into the folder of an assessment
PublishAssessment = Callable[[Assessment, "Path"], object]


def assess(
    study_file: Path,
    *,
    scenario: str | None = None,
    sets: Sequence[str] = (),
    out: Path | None = None,
    publish: PublishAssessment | None = None,
    progress: Progress = silent,
    cache: Cache | None = None,
) -> tuple[Assessment, Path]:
    """Assess what a district has today and remember it.

    Parameters
    ----------
    study_file
        The study; its layers lie relative to it.
    scenario, sets
        Overrides, as `planner.study.load.load_study` takes them.
    out
        Where to write; default ``outputs/<study>@assess/<scenario or base>`` below the current folder.
    publish
        Writes page and workbook into the folder before it takes its place.
    cache
        Where layers, streets and walks are remembered; the same as for plans.

    Returns
    -------
    assessment, folder
        The assessment, and where it stands.

    Raises
    ------
    StudyError, LayerError, OutputError
        Each with its exit code; nothing is written.
    """
    study = load_study(study_file, scenario=scenario, sets=sets)
    target = out or place_of(study_file, scenario, "assess")
    with atomic_folder(target, kind="assessment") as aside:
        found = compute_assessment(study, study_file.parent, scenario=scenario or BASE, progress=progress, cache=cache)
        found.write(aside)
        progress("reports", 0.0)
        if publish is not None:
            publish(found, aside)
        progress("reports", 1.0)
    return found, target


def compute_assessment(
    study: Study, folder: Path, *, scenario: str = BASE, progress: Progress = silent, cache: Cache | None = None
) -> Assessment:
    """Assess without writing anything; raises as `assess`."""
    clock = StageClock(progress)
    ground = survey(study, folder, clock, cache or Cache(None))
    offers = services_today(study, ground)
    limit_s = max(LONGEST_WALK_S, *reach_limits_s(study).values())
    with clock.stage("nearest"):
        nearest = _nearest(study, ground, offers, limit_s)
    with clock.stage("tables"):
        tables = _tables(study, ground, offers, nearest)
    digest = digest_of(study, ground.inputs)
    origin = Origin(
        run_id=f"assess-{scenario}-{digest[:12]}",
        scenario=scenario,
        digest=digest,
        inputs=ground.inputs,
        versions=versions(),
        crs=ground.district.crs.to_string(),
        limit_s=limit_s,
        timings_s=clock.timings_s,
        without_checksum=without_checksum(study),
    )
    return Assessment(study, origin, tables)


def _nearest(
    study: Study, ground: StudyArea, offers: Sequence[ServiceToday], limit_s: float
) -> dict[tuple[str, str], Nearest]:
    nearest: dict[tuple[str, str], Nearest] = {}
    for one in offers:
        walkers = {walker: study.walking.profiles[walker] for walker in walkers_of(one.service, study)}
        found = nearest_of(
            ground.network,
            {walker: ground.doors.demand[walker] for walker in walkers},
            {walker: ground.doors.places[walker].take(one.sites) for walker in walkers},
            walkers,
            limit_s,
            threads=study.solver.threads,
        )
        nearest |= {(one.service.id, walker): walks for walker, walks in found.items()}
    return nearest


def _tables(
    study: Study, ground: StudyArea, offers: Sequence[ServiceToday], nearest: dict[tuple[str, str], Nearest]
) -> AssessmentTables:
    district = ground.district
    common = area_tables(study, ground)
    areas = areas_of(study, district)
    coverage = coverage_table(study, district, areas, nearest, _places_today(study, ground))
    return AssessmentTables(
        communities=common.communities,
        demand=common.demand,
        places=_places(study, ground),
        existing=common.existing,
        coverage=coverage,
        walks=walks_table(study, district, areas, nearest),
        nearest=nearest_table(district, nearest, {one.service.id: [str(i) for i in one.ids] for one in offers}),
        facilities=facilities_table(offers),
        balance=balance_table(offers, areas),
        duplicates=duplicates_table(offers),
        closing=closing_table(offers),
        accessibility=accessibility_table(offers, areas),
        equity=equity_table(offers),
        floors=floors_table(study, coverage),
        benchmarks=benchmarks_table(AssessedDistrict(study, district, offers, coverage)),
        reach=common.reach,
        circles=_circles(study, ground, offers),
        streets=common.streets,
        findings=common.findings,
    )


def _places_today(study: Study, ground: StudyArea) -> list[NDArray[np.float64] | None]:
    """Return whom today's places hold, by service; every rule about what may open is left aside."""
    asked = {"siting": Siting(assignment=study.siting.assignment), "co_location": CoLocation(hub=study.co_location.hub)}
    today = study.model_copy(update=asked)
    posed = build_problem(today, ground.district, ground.reaches, standing_only=True)
    return places_today(posed.problem, np.flatnonzero(posed.problem.offers.existing))


def _places(study: Study, ground: StudyArea) -> gpd.GeoDataFrame:
    doors = ground.doors.places[study.services[0].walker]
    frame = places_table(ground.district, connector_m(doors), np.zeros(doors.n, dtype=np.bool_))
    return gpd.GeoDataFrame(frame.drop(columns="opened"), geometry="geometry", crs=ground.district.crs)


def _circles(study: Study, ground: StudyArea, offers: Sequence[ServiceToday]) -> gpd.GeoDataFrame:
    """Draw the circles of every facility, for the walkers of its services and for those that are compared."""
    drawn: dict[tuple[str, int], dict[float, BaseGeometry]] = {}
    for walker, sites, minutes in drawn_by(offers):
        doors = ground.doors.places[walker].take(sites)
        rings = isochrones(ground.network, doors, study.walking.profiles[walker], [60 * m for m in minutes])
        for site, mine in zip(sites.tolist(), rings, strict=True):
            drawn[walker, site] = dict(zip(minutes, mine, strict=True))
    ids = (*ground.district.facilities["id"], *ground.district.sites["id"])
    return circles_table(ids, drawn, ground.district.crs)
