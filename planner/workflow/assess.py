"""``planner assess``: existing facilities and access to them, from study file to folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np

from planner.access import isochrones
from planner.siting import build_problem
from planner.store.assessment import Assessment, Origin
from planner.store.provenance import digest_of, versions, without_checksum
from planner.store.tables import AssessmentTables
from planner.study import CoLocation, Siting, Standards
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
from planner.workflow.compliance import compliance_table, hubs_table
from planner.workflow.plan_tables import circles_table, places_table, places_today
from planner.workflow.standard_measures import MeasuredDistrict, heads_by_cell, supply_today
from planner.workflow.walks import connector_m, travel_time_limits_s

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from planner.district import District
    from planner.study import Study
    from planner.workflow.pipeline import Pipeline
    from planner.workflow.walks import StudyArea

#: walks to the nearest facility are timed at least so far, so that their mean and P90 say how far people really go
LONGEST_WALK_S = 3600.0


def assess(pipeline: Pipeline) -> Assessment:
    """Return the assessment of the existing facilities of a district.

    Raises
    ------
    StudyError, LayerError
        Each with its exit code.
    """
    study, area = pipeline.study, pipeline.area
    services = services_today(study, area)
    limit_s = max(LONGEST_WALK_S, *travel_time_limits_s(study).values())
    with pipeline.stage("nearest"):
        nearest = _nearest(study, area, services, limit_s)
    with pipeline.stage("tables"):
        tables = _tables(pipeline, services, nearest)
    digest = digest_of(study, pipeline.inputs)
    origin = Origin(
        run_id=f"assess-{pipeline.scenario}-{digest[:12]}",
        scenario=pipeline.scenario,
        digest=digest,
        inputs=pipeline.inputs,
        versions=versions(),
        crs=area.district.crs.to_string(),
        limit_s=limit_s,
        timings_s=dict(pipeline.timings_s),
        without_checksum=without_checksum(study),
        scenario_label=study.scenario_label(pipeline.scenario),
    )
    # What is there today is measured by the same circles and people in every area.
    return Assessment(study.model_copy(update={"areas": []}), origin, tables)


def _nearest(
    study: Study, area: StudyArea, services: Sequence[ServiceToday], limit_s: float
) -> dict[tuple[str, str], Nearest]:
    nearest: dict[tuple[str, str], Nearest] = {}
    for one in services:
        walkers = {walker: study.walking.profiles[walker] for walker in walkers_of(one.service, study)}
        found = nearest_of(
            area.network,
            {walker: area.walks[walker].demand for walker in walkers},
            {walker: area.walks[walker].places.take(one.sites) for walker in walkers},
            walkers,
            limit_s,
            threads=study.solver.threads,
        )
        nearest |= {(one.service.id, walker): walks for walker, walks in found.items()}
    return nearest


def _tables(
    pipeline: Pipeline, services: Sequence[ServiceToday], nearest: dict[tuple[str, str], Nearest]
) -> AssessmentTables:
    study, area, common = pipeline.study, pipeline.area, pipeline.area_tables
    district = area.district
    areas = areas_of(study, district)
    coverage = coverage_table(study, district, areas, nearest, _places_today(study, area))
    measured = MeasuredDistrict(study, district, area.walks)
    supplies = {"today": supply_today(district, _heads_within_reach(study, district, coverage))}
    return AssessmentTables(
        communities=common.communities,
        demand=common.demand,
        places=_places(study, area),
        existing=common.existing,
        coverage=coverage,
        walks=walks_table(study, district, areas, nearest),
        nearest=nearest_table(district, nearest, {one.service.id: [str(i) for i in one.ids] for one in services}),
        facilities=facilities_table(services),
        balance=balance_table(services, areas),
        duplicates=duplicates_table(services),
        closing=closing_table(services),
        accessibility=accessibility_table(services, areas),
        equity=equity_table(services, coverage),
        floors=floors_table(study, coverage),
        benchmarks=benchmarks_table(AssessedDistrict(study, district, services, coverage)),
        compliance=compliance_table(measured, supplies),
        hubs=hubs_table(measured, supplies),
        reach=common.reach,
        circles=_circles(study, area, services),
        streets=common.streets,
        ground=common.ground,
        findings=common.findings,
    )


def _heads_within_reach(
    study: Study, district: District, coverage: pd.DataFrame
) -> dict[tuple[str, float], NDArray[np.float64]]:
    """Return heads within reach of each service by community, by its own walker."""
    walkers = {service.id: service.walker for service in study.services}
    rows = (coverage["level"] == "community") & (coverage["group"] == "")
    rows &= coverage["walker"] == coverage["service"].map(walkers)
    return heads_by_cell(study, district, coverage[rows], area="area", heads="heads", covered="heads_covered")


def _places_today(study: Study, area: StudyArea) -> list[NDArray[np.float64] | None]:
    """Return whom today's places hold, by service; every rule about what may open is left aside."""
    without_rules = {
        "siting": Siting(assignment=study.siting.assignment),
        "co_location": CoLocation(hub=study.co_location.hub),
        "areas": [],
        "standards": Standards(),
    }
    built = build_problem(study.model_copy(update=without_rules), area.district, area.travel_times, standing_only=True)
    return places_today(built, np.flatnonzero(built.problem.offers.existing))


def _places(study: Study, area: StudyArea) -> gpd.GeoDataFrame:
    places = area.walks[study.services[0].walker].places
    frame = places_table(area.district, connector_m(places), np.zeros(places.n, dtype=np.bool_))
    return gpd.GeoDataFrame(frame.drop(columns="opened"), geometry="geometry", crs=area.district.crs)


def _circles(study: Study, area: StudyArea, services: Sequence[ServiceToday]) -> gpd.GeoDataFrame:
    """Draw the circles of every facility, for the walkers of its services and for those that are compared."""
    drawn: dict[tuple[str, int], dict[float, BaseGeometry]] = {}
    for walker, sites, minutes in drawn_by(services):
        places = area.walks[walker].places.take(sites)
        rings = isochrones(area.network, places, study.walking.profiles[walker], [60 * m for m in minutes])
        for site, mine in zip(sites.tolist(), rings, strict=True):
            drawn[walker, site] = dict(zip(minutes, mine, strict=True))
    ids = (*area.district.facilities["id"], *area.district.sites["id"])
    return circles_table(ids, drawn, area.district.crs)
