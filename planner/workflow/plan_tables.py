"""From a plan in positions to tables in ids: the only place where the numbers of a run are made."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from planner.access import STREET_CLASSES, EdgeFlag
from planner.access.checks import check_streets
from planner.district import need_weights
from planner.district.ground import around
from planner.i18n import languages
from planner.siting import evaluate_with_assignment, heads_of, people_of
from planner.store.tables import as_parquet
from planner.workflow.walks import StudyArea, connector_m

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from pyproj import CRS
    from shapely.geometry.base import BaseGeometry

    from planner.access import TravelTimes, WalkNetwork
    from planner.district import District, Finding
    from planner.siting import BuiltProblem, Evaluation, Plan
    from planner.study import Study


#: what reach and places are told apart by
FACILITY, CANDIDATE = "facility", "candidate"
#: what is summed in every table of coverage
COVERAGE = (
    "people",
    "covered_before",
    "covered_after",
    "served_before",
    "served_after",
    "heads",
    "heads_before",
    "heads_after",
)


@dataclass(frozen=True, eq=False)
class Nearest:
    """The walk of every demand point to the nearest opening of one service: seconds float64[n] (NaN beyond the reach), place int64[n] (−1)."""

    seconds: NDArray[np.float64]
    place: NDArray[np.int64]


def nearest(reach: TravelTimes, is_open: NDArray[np.bool_]) -> Nearest:
    """Return each demand point's nearest open place; rows of a reach ascend in seconds, so it is the first open one."""
    n = len(reach.indptr) - 1
    seconds, place = np.full(n, np.nan), np.full(n, -1, dtype=np.int64)
    pairs = np.flatnonzero(is_open[reach.site])
    rows = np.searchsorted(reach.indptr, pairs, side="right") - 1
    first = np.unique(rows, return_index=True)[1]
    seconds[rows[first]] = reach.seconds[pairs[first]]
    place[rows[first]] = reach.site[pairs[first]]
    return Nearest(seconds, place)


def coverage_tables(
    study: Study,
    district: District,
    before: Sequence[Nearest],
    after: Sequence[Nearest],
    *,
    places_before: Sequence[NDArray[np.float64] | None],
    places_after: Sequence[NDArray[np.float64] | None],
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return coverage of the whole district, by community and by roll-up area.

    People who reach nothing, or live outside every community, stay in every total. ``people``, ``covered_…`` and ``served_…``
    are weighted as the service and the need of a place say; ``heads…`` count each person as one.

    Parameters
    ----------
    before, after
        The nearest opening today and after the plan, one per service of the study.
    places_before, places_after
        float64[n, C], one per service: the people of each point who find a place within each circle; None where places are
        not limited, so that whoever reaches an opening finds one.
    """
    long = pd.concat(
        [
            pd.DataFrame(
                {
                    "community": district.demand["community"].to_numpy(),
                    "service": service.id,
                    "minutes": circle.minutes,
                    "people": people,
                    "covered_before": people * reached[0],
                    "covered_after": people * reached[1],
                    "served_before": people * reached[0] if found[0] is None else found[0][:, ring],
                    "served_after": people * reached[1] if found[1] is None else found[1][:, ring],
                    "heads": heads,
                    "heads_before": heads * reached[0],
                    "heads_after": heads * reached[1],
                }
            )
            for service, was, becomes, *found in zip(
                study.services, before, after, places_before, places_after, strict=True
            )
            for people, heads in [(people_of(study, service, district), heads_of(study, service, district))]
            for ring, circle in enumerate(study.circles_of(service))
            for reached in [[walk.seconds <= circle.minutes * 60 for walk in (was, becomes)]]
        ],
        ignore_index=True,
    )
    order = pd.CategoricalDtype([service.id for service in study.services], ordered=True)
    long["service"] = long["service"].astype(order)
    ids = np.array([*district.communities["id"], ""], dtype=object)
    by_community = _summed(long.assign(community_id=ids[long["community"]]), ["community_id"])
    areas = []
    for column in study.layers.communities.roll_up:
        names = np.array([*district.communities[column].astype(str), ""], dtype=object)
        areas.append(_summed(long.assign(column=column, area=names[long["community"]]), ["column", "area"]))
    by_area = (
        pd.concat(areas, ignore_index=True)
        if areas
        else _summed(long.assign(column="", area=""), ["column", "area"]).iloc[:0]
    )
    return _summed(long, []), by_community, by_area


def _summed(long: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    keys = [*by, "service", "minutes"]
    sums = long.groupby(keys, sort=True, observed=True)[list(COVERAGE)].sum().reset_index()
    return sums.astype({"service": "str"})


def nearest_table(
    study: Study, district: District, place_ids: Sequence[str], before: Sequence[Nearest], after: Sequence[Nearest]
) -> pd.DataFrame:
    """Return ``demand_id, service, before_s, after_s, before_id, after_id``."""
    ids = np.array([*place_ids, ""], dtype=object)
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "demand_id": district.demand["id"],
                    "service": service.id,
                    "before_s": was.seconds,
                    "after_s": becomes.seconds,
                    "before_id": ids[was.place],
                    "after_id": ids[becomes.place],
                }
            )
            for service, was, becomes in zip(study.services, before, after, strict=True)
        ],
        ignore_index=True,
    )


def reach_table(district: District, place_ids: Sequence[str], travel_times: Mapping[str, TravelTimes]) -> pd.DataFrame:
    """Return every pair within reach as ``walker, demand_id, place_id, seconds``."""
    demand_ids, ids = pd.Index(district.demand["id"]), pd.Index(place_ids)
    frames: list[pd.DataFrame] = [
        pd.DataFrame(
            {
                "walker": pd.Categorical([walker], categories=list(travel_times)).repeat(len(reach.site)),
                "demand_id": pd.Categorical.from_codes(reach.demand, categories=demand_ids),
                "place_id": pd.Categorical.from_codes(reach.site, categories=ids),
                "seconds": reach.seconds,
            }
        )
        for walker, reach in travel_times.items()
    ]
    return pd.concat(frames, ignore_index=True)


def demand_table(study: Study, district: District, connector_m: NDArray[np.floating]) -> gpd.GeoDataFrame:
    """Return demand points with their community's id and people by group."""
    ids = np.array([*district.communities["id"], ""], dtype=object)
    demand = district.demand
    return gpd.GeoDataFrame(
        {
            "id": demand["id"],
            "community_id": ids[demand["community"]],
            **{f"people_{group}": demand[group] for group in study.groups if group in demand},
            "need_weight": need_weights(demand),
            "connector_m": connector_m,
        },
        geometry=demand.geometry,
        crs=district.crs,
    )


def communities_table(study: Study, district: District) -> gpd.GeoDataFrame:
    """Return communities with the people of each group that live in them."""
    communities = district.communities
    groups = [group for group in study.groups if group in district.demand]
    inside = district.demand["community"].to_numpy() >= 0
    sums = (
        district.demand.loc[inside, [*groups, "community"]]
        .groupby("community")[groups]
        .sum()
        .reindex(range(len(communities)), fill_value=0.0)
    )
    return gpd.GeoDataFrame(
        {
            "id": communities["id"],
            "name": communities["name"],
            **{column: communities[column] for column in study.layers.communities.roll_up},
            **{f"people_{group}": sums[group].to_numpy() for group in groups},
        },
        geometry=communities.geometry,
        crs=district.crs,
    )


def places_table(district: District, connector_m: NDArray[np.floating], opened: NDArray[np.bool_]) -> gpd.GeoDataFrame:
    """Return facilities and candidates as one list."""
    facilities = district.facilities[["id", "name", "area_m2", "geometry"]].assign(
        role=FACILITY,
        kind="",
        storey=np.nan,
        lift=False,
        setup_cost=0.0,
        yearly_cost=0.0,
        ready_year=np.nan,
    )
    columns = [
        "id",
        "name",
        "role",
        "kind",
        "area_m2",
        "storey",
        "lift",
        "setup_cost",
        "yearly_cost",
        "ready_year",
        "geometry",
    ]
    sites = district.sites.assign(role=CANDIDATE)[columns].astype({"storey": "float64", "ready_year": "float64"})
    frames = [
        frame
        for frame in (facilities[columns].astype({"storey": "float64", "ready_year": "float64"}), sites)
        if len(frame)
    ]
    places = pd.concat(frames, ignore_index=True)
    return gpd.GeoDataFrame(
        places.assign(connector_m=connector_m, opened=opened), geometry="geometry", crs=district.crs
    )


def existing_table(district: District) -> pd.DataFrame:
    """Return what facilities offer today as ``place_id, service, capacity``."""
    ids = district.facilities["id"].to_numpy(dtype=object)
    existing = district.existing
    return pd.DataFrame(
        {
            "place_id": ids[existing["facility"].to_numpy()],
            "service": existing["service"],
            "capacity": existing["capacity"],
        }
    )


def findings_table(findings: Sequence[Finding]) -> pd.DataFrame:
    """Return what the check said of layers and streets, in both languages."""
    return pd.DataFrame(
        [(f.severity, f.code, f.layer, f.where, *(f.text(language) for language in languages())) for f in findings],
        columns=["severity", "code", "layer", "where", *languages()],
    )


def offers_table(study: Study, built: BuiltProblem, chosen: NDArray[np.int64]) -> pd.DataFrame:
    """Return every way a service can be run at a place, in the order of the problem: what a plan picks from.

    Figures are the service's own, without set-up and shared rooms, as the problem counts them; ``pays_<department>`` is the
    share of each department, ``chosen`` (positions) what the plan leaves or makes open.
    """
    offers = built.problem.offers
    ids = np.array(built.place_ids, dtype=object)
    services = np.array(built.service_ids, dtype=object)
    capacity = np.full(offers.count, np.inf) if offers.capacity is None else offers.capacity
    shares = offers.capital_share
    moved = np.full(offers.count, -1) if offers.moves is None else offers.moves
    is_open = np.zeros(offers.count, dtype=np.bool_)
    is_open[chosen] = True
    return pd.DataFrame(
        {
            "place_id": ids[offers.site],
            "service": services[offers.service],
            "size": list(built.offer_sizes),
            "stands": offers.existing,
            "planned": is_open,
            "moves_from": np.where(moved >= 0, ids[offers.site[moved]], ""),
            "may_close": np.zeros(offers.count, dtype=np.bool_) if offers.may_close is None else offers.may_close,
            "closing_cost": np.zeros(offers.count) if offers.closing_cost is None else offers.closing_cost,
            "area_m2": offers.area_m2,
            "capital_cost": offers.capital_cost,
            "yearly_cost": offers.yearly_cost,
            "capacity": np.where(np.isfinite(capacity), capacity, np.nan),
            **(
                {}
                if shares is None
                else {f"pays_{department}": shares[:, d] for d, department in enumerate(study.budgets.departments)}
            ),
        }
    ).astype(dict.fromkeys(("place_id", "service", "size", "moves_from"), "str"))


def openings_table(study: Study, built: BuiltProblem, plan: Plan) -> pd.DataFrame:
    """Return the plan, one row per service opened; figures of the service itself, its share of rooms left out."""
    problem, new = built.problem, plan.openings(built.problem)
    services = [study.services[k] for k in new.service]
    capacity = (
        np.full(len(new.offer), np.inf) if problem.offers.capacity is None else problem.offers.capacity[new.offer]
    )
    return pd.DataFrame(
        {
            "place_id": [built.place_ids[j] for j in new.site],
            "service": [service.id for service in services],
            "size": [built.offer_sizes[offer] for offer in new.offer],
            "area_m2": new.area_m2,
            "fit_out_cost": new.capital_cost,
            "yearly_cost": new.yearly_cost,
            "capacity": np.where(np.isfinite(capacity), capacity, np.nan),
            "year": [float(study.siting.years[period]) if study.siting.years else np.nan for period in new.period],
            "mode": [service.mode or "" for service in services],
            "department": [service.department or "" for service in services],
        }
    ).astype(dict.fromkeys(("place_id", "service", "size", "mode", "department"), "str"))


def opened_sites_table(
    study: Study, district: District, built: BuiltProblem, openings: pd.DataFrame, recount: Evaluation
) -> pd.DataFrame:
    """Return the plan, one row per building, with the money and area of the recount (shared rooms and set-up included).

    A facility that is extended is a row too: it has no kind, and what it offers is not known.
    """
    order = {service.id: k for k, service in enumerate(study.services)}
    at = {place: j for j, place in enumerate(built.place_ids)}
    facilities = district.facilities[["id", "name"]].assign(kind="", area_m2=np.nan, ready_year=np.nan)
    columns = ["id", "name", "kind", "area_m2", "ready_year"]
    candidates = district.sites[columns].astype({"ready_year": "float64"})
    sites = pd.concat([part for part in (facilities[columns], candidates) if len(part)]).set_index("id")
    rows = []
    for place, mine in openings.groupby("place_id", sort=False):
        j = at[str(place)]
        site = sites.loc[place]
        per_m2 = built.problem.sites.setup_cost_per_m2
        setup = float(built.problem.sites.setup_cost[j])
        # Facilities have no set-up; all that is used of a candidate's room is new.
        setup += 0.0 if per_m2 is None else float(per_m2[j] * recount.site_area_m2[j])
        rows.append(
            {
                "place_id": place,
                "name": site["name"],
                "kind": site["kind"],
                "services": ";".join(sorted(mine["service"], key=order.__getitem__)),
                "n_services": len(mine),
                "area_m2": float(recount.site_area_m2[j]),
                "area_offered_m2": float(site["area_m2"]),
                "setup_cost": setup,
                "fit_out_cost": float(recount.site_capital_cost[j] - setup),
                "capital_cost": float(recount.site_capital_cost[j]),
                "yearly_cost": float(recount.site_yearly_cost[j]),
                "ready_year": float(site["ready_year"]),
            }
        )
    columns = [
        "place_id",
        "name",
        "kind",
        "services",
        "n_services",
        "area_m2",
        "area_offered_m2",
        "setup_cost",
        "fit_out_cost",
    ]
    columns += ["capital_cost", "yearly_cost", "ready_year"]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(("place_id", "name", "kind", "services"), "str"))


def circles_table(
    place_ids: Sequence[str], drawn: Mapping[tuple[str, int], Mapping[float, BaseGeometry]], crs: CRS
) -> gpd.GeoDataFrame:
    """Return the drawn circles of places; ``drawn`` is (walker, place) → minutes → polygon."""
    rows = [
        (place_ids[place], walker, minutes, polygon)
        for (walker, place), rings in drawn.items()
        for minutes, polygon in rings.items()
    ]
    columns = ["place_id", "walker", "minutes", "geometry"]
    return gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns), geometry="geometry", crs=crs).astype(
        {"minutes": "float64"}
    )


def streets_table(network: WalkNetwork) -> gpd.GeoDataFrame:
    """Return what is walked: class of the street, whether doors open on it (not on bridges, not in tunnels), its two junctions.

    Streets meet where they share a junction, which is not wherever they touch: a closed barrier or another level parts
    them. Straight ways across squares, which nobody drew, are ``across``.
    """
    no_doors = network.has(EdgeFlag.BRIDGE) | network.has(EdgeFlag.TUNNEL)
    columns = {
        "highway": np.array(STREET_CLASSES)[network.kind],
        "stairs": network.has(EdgeFlag.STAIRS),
        "doors": ~no_doors,
        "across": network.has(EdgeFlag.ACROSS),
        "from_junction": network.u.astype(np.int32),
        "to_junction": network.v.astype(np.int32),
    }
    return gpd.GeoDataFrame(columns, geometry=network.lines, crs=network.crs)


@dataclass(frozen=True, eq=False)
class AreaTables:
    """Tables of `planner.store.tables.Tables` that no plan changes."""

    communities: gpd.GeoDataFrame
    demand: gpd.GeoDataFrame
    existing: pd.DataFrame
    reach: pd.DataFrame
    streets: gpd.GeoDataFrame
    ground: gpd.GeoDataFrame
    findings: pd.DataFrame

    @cached_property
    def parquet(self) -> dict[str, bytes]:
        """Each table as the bytes of its file, made once for all the runs that hold it."""
        return {part.name: as_parquet(getattr(self, part.name)) for part in fields(self)}


def area_tables(study: Study, area: StudyArea, extracts: gpd.GeoDataFrame) -> AreaTables:
    """Return the tables that are the same for every plan of an area; ``extracts``: the ground read from street extracts."""
    district = area.district
    place_ids = (*district.facilities["id"], *district.sites["id"])
    walker = study.services[0].walker
    return AreaTables(
        communities=communities_table(study, district),
        demand=demand_table(study, district, connector_m(area.walks[walker].demand)),
        existing=existing_table(district),
        reach=reach_table(district, place_ids, area.travel_times),
        streets=streets_table(area.network),
        ground=around([extracts, district.context.ground], district.communities),
        findings=findings_table((*district.findings, *check_streets(study, district, area.network))),
    )


def bills_table(study: Study, recount: Evaluation) -> pd.DataFrame:
    """Return what each department pays: ``department, name_zh, name_en, capital_cost, capital_limit, yearly_cost, yearly_limit``."""
    departments = study.budgets.departments
    return pd.DataFrame(
        {
            "department": list(departments),
            "name_zh": [department.name.zh for department in departments.values()],
            "name_en": [department.name.en for department in departments.values()],
            "capital_cost": recount.department_capital_cost,
            "capital_limit": [_limit(department.capital_cost) for department in departments.values()],
            "yearly_cost": recount.department_yearly_cost,
            "yearly_limit": [_limit(department.yearly_cost) for department in departments.values()],
        }
    ).astype(dict.fromkeys(("department", "name_zh", "name_en"), "str"))


def _limit(amount: float | None) -> float:
    return np.nan if amount is None else amount


def loads_table(built: BuiltProblem, plan: Plan, recount: Evaluation) -> pd.DataFrame:
    """Return how full each opening with limited places gets: ``place_id, service, capacity, load, utilisation``."""
    offers = built.problem.offers
    capacity = np.full(offers.count, np.inf) if offers.capacity is None else offers.capacity
    limited = plan.offers[np.isfinite(capacity[plan.offers])]
    load = recount.load[limited]
    return pd.DataFrame(
        {
            "place_id": [built.place_ids[j] for j in offers.site[limited]],
            "service": [built.service_ids[k] for k in offers.service[limited]],
            "capacity": capacity[limited],
            "load": load,
            "utilisation": load / capacity[limited],
        }
    ).astype(dict.fromkeys(("place_id", "service"), "str"))


def served_table(study: Study, built: BuiltProblem, recount: Evaluation) -> pd.DataFrame:
    """Return ``service, minutes, people, served``: people within the circle who also have a place; equal to coverage where places are not limited."""
    rows = [
        (service.id, circle.minutes, counted.people, float(counted.served[c]))
        for k, service in enumerate(study.services)
        for counted in [recount.of_demands(built.demands_of[k])]
        for c, circle in enumerate(study.circles_of(service))
    ]
    return pd.DataFrame(rows, columns=["service", "minutes", "people", "served"]).astype({"service": "str"})


def places_today(built: BuiltProblem, standing: NDArray[np.int64]) -> list[NDArray[np.float64] | None]:
    """Return whom today's places hold, as `places_found`; places of unknown number hold everybody within reach."""
    problem = built.problem
    capacity = problem.offers.capacity
    if capacity is None or not np.isfinite(capacity[standing]).any():
        return [None] * problem.n_services
    return places_found(built, evaluate_with_assignment(problem, standing))


def places_found(built: BuiltProblem, recount: Evaluation) -> list[NDArray[np.float64] | None]:
    """Return, by service, the people of each demand point who find a place within each circle, float64[n, C].

    None for a service whose places are not limited: whoever reaches it finds one.
    """
    problem = built.problem
    limited = np.zeros(problem.n_services, dtype=np.bool_)
    if problem.offers.capacity is not None:
        limited[problem.offers.service[np.isfinite(problem.offers.capacity)]] = True
    return [
        recount.of_demands(built.demands_of[k]).served_at if limited[k] else None for k in range(problem.n_services)
    ]


def closed_table(built: BuiltProblem, plan: Plan) -> pd.DataFrame:
    """Return what stands today and not after the plan, ``place_id, service``: closed, moved or replaced by an extension."""
    gone = plan.closed(built.problem)
    offers = built.problem.offers
    return pd.DataFrame(
        {
            "place_id": [built.place_ids[j] for j in offers.site[gone]],
            "service": [built.service_ids[k] for k in offers.service[gone]],
        }
    ).astype("str")
