"""From the plan of a run to a programme of works: projects, dates by critical path, money by payer and year, tender lots."""

from __future__ import annotations

import contextlib
import datetime as dt
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from planner.district import disjoint_groups
from planner.errors import OutputError, RecountError
from planner.i18n import languages, translate
from planner.store.folders import MADE_BY, kind_of
from planner.store.programme import (
    OPENING,
    Programme,
    ProgrammeOrigin,
    ProgrammeTables,
    programme_frame,
    project_columns,
)
from planner.store.run import StoredRun
from planner.store.tables import read_table
from planner.workflow.critical_path import Activity, CriticalPath, critical_path, month_number, month_text
from planner.workflow.tender_lots import tender_lots

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from planner.study import Service, Study
    from planner.study.programme import ApprovalStep

#: sums of the ledger and of the run differ by less
CENT = 0.005


def programme(folder: Path, *, as_of: dt.date | None = None) -> Programme:
    """Return the programme of a finished run.

    Parameters
    ----------
    folder
        Of a run or a review; of an explained run, what lacks money is listed too.
    as_of
        Day whose month is the first in which a step can start; None: `date_of` the run.

    Raises
    ------
    OutputError
        if ``folder`` holds no finished run.
    RecountError
        if the money of the projects does not sum to that of the run.
    """
    kind = kind_of(folder)
    if kind not in {"run", "review", None}:
        msg = f"{folder} holds {MADE_BY[kind][0]}, not a run; give a folder that `planner plan` has made"
        raise OutputError(msg)
    run = StoredRun.open(folder)
    day = as_of or date_of(run)
    explanation, lacking = folder / "explanation", None
    if explanation.is_dir():
        lacking = read_table(explanation, "explanation", "unfunded", run.study.language)
    manifest = run.manifest
    origin = ProgrammeOrigin(
        manifest.run_id,
        manifest.scenario,
        manifest.digest,
        day.isoformat(),
        lacking is not None,
        dict(manifest.scenario_label),
    )
    return Programme(run.study, origin, programme_tables(run, 12 * day.year + day.month - 1, lacking))


def date_of(run: StoredRun) -> dt.date:
    """Return the date of a run: ``date`` of the study, else January of its first year, else the day its manifest was written."""
    first = run.study.siting.years[:1]
    for text in (run.study.date, *map(str, first)):
        with contextlib.suppress(ValueError):
            month = month_number(text)
            return dt.date(month // 12, month % 12 + 1, 1)
    written = (run.folder / "manifest.json").stat().st_mtime
    return dt.datetime.fromtimestamp(written, tz=dt.UTC).date()


def project_id(place_id: str, service: str, measure: str) -> str:
    """Return the id of a project, the same in every run: no service and no measure holds a slash, so no two share one.

    >>> project_id("C009", "canteen", "new"), project_id("C009", "", "building")
    ('C009/canteen/new', 'C009/building')
    """
    return "/".join(part for part in (place_id, service, measure) if part)


def programme_tables(run: StoredRun, as_of: int, lacking: pd.DataFrame | None = None) -> ProgrammeTables:
    """Return the tables of a programme.

    Parameters
    ----------
    as_of
        Month before which nothing starts, as `planner.workflow.critical_path.month_number` counts it.
    lacking
        Table ``unfunded`` of the run's explanation; None: it was not explained.
    """
    study = run.study
    projects = _priced(run)
    where = _located(run, projects["place_id"])
    projects = projects.merge(where, on="place_id", how="left", validate="many_to_one")
    paths = {
        str(row.place_id): _path(study, row, _due(study, projects, str(row.place_id)), as_of)
        for row in run.table("opened_sites").itertuples()
    }
    projects = _dated(study, projects, paths, as_of)
    lots, lot_of = tender_lots(study, run, projects)
    projects["lot"] = projects["id"].map(lot_of).fillna("")
    money = _money(run, projects)
    _refuse_other_sums(run, projects, money)
    ordered = [name for name in project_columns(study) if name in projects]
    steps = [row for place, path in paths.items() for row in _step_rows(run, projects, place, path, as_of)]
    texts = dict.fromkeys(
        [f"{stem}_{code}" for stem in ("operator", "permits") for code in languages()] + ["lot", "start_by"], "str"
    )
    return ProgrammeTables(
        projects=projects[ordered].astype(texts),
        steps=programme_frame(study, "steps", steps),
        money=money,
        funding=_funding(study, money),
        lots=lots,
        tasks=_tasks(study, projects, money),
        unfunded=_unfunded(run, lacking),
        unserved=_unserved(run),
    )


def _priced(run: StoredRun) -> pd.DataFrame:
    """Return every project with its measure, area, money and labels; a building has what its services do not pay for themselves."""
    study = run.study
    offers = run.table("offers")
    key = ["place_id", "service"]
    standing = offers[offers["stands"]].set_index(key)
    planned = offers[offers["planned"] & ~offers["stands"]].set_index(key)
    saved_of, moved_from = standing["yearly_cost"].to_dict(), planned["moves_from"].astype("str").to_dict()
    gone = offers[offers["stands"] & ~offers["planned"]]
    services = {service.id: service for service in study.services}
    rows: list[dict[str, Any]] = []
    for opening in run.table("openings").to_dict("records"):
        at = (opening["place_id"], opening["service"])
        extended, moved = at in saved_of, moved_from[at]
        measure = "extension" if extended else "move" if moved else "new"
        size = {"size": opening["size"], "area_m2": opening["area_m2"], "capacity": opening["capacity"]}
        capital, yearly = float(opening["fit_out_cost"]), float(opening["yearly_cost"]) - float(saved_of.get(at, 0.0))
        labels = _labels(services[at[1]], str(opening["size"]))
        rows.append(
            _row(*at, measure, costs=(capital, yearly), year=opening["year"]) | size | labels | {"moves_from": moved}
        )
    for closing in gone.to_dict("records"):
        at = (closing["place_id"], closing["service"])
        if at not in moved_from:
            year = _year_of_closing(run.table("openings"), planned, *at)
            row = _row(
                *at, "closing", costs=(float(closing["closing_cost"]), -float(closing["yearly_cost"])), year=year
            )
            rows.append(row | _labels(services[at[1]], "", runs=False))
    of_site = pd.DataFrame(rows, columns=["place_id", "capital_cost", "yearly_cost", "area_m2", "year"])
    for site in run.table("opened_sites").to_dict("records"):
        mine = of_site[of_site["place_id"] == site["place_id"]]
        rest = {name: float(site[name]) - math.fsum(mine[name].dropna()) for name in ("capital_cost", "yearly_cost")}
        rest = {name: 0.0 if abs(value) < CENT / 10 else value for name, value in rest.items()}
        shared_m2 = float(site["area_m2"]) - math.fsum(mine["area_m2"].dropna()) if site["kind"] else math.nan
        row = _row(
            site["place_id"],
            "",
            "building",
            costs=(rest["capital_cost"], rest["yearly_cost"]),
            year=mine["year"].min(),
        )
        lead = study.budgets.building_department or ""
        rows.append(row | _labels(None, "") | {"area_m2": shared_m2, "department": lead})
    kinds = run.table("places").set_index("id")[["name", "kind"]].fillna("")
    found = pd.DataFrame(rows, columns=project_columns(study)).drop(
        columns=["place", "kind", "community_id", "community", *study.layers.communities.roll_up]
    )
    found["place"] = found["place_id"].map(kinds["name"])
    found["kind"] = found["place_id"].map(kinds["kind"])
    found["_building"] = (found["measure"] == "building").map({True: 0, False: 1})
    return found.sort_values(["place_id", "_building"], kind="stable").drop(columns="_building").reset_index(drop=True)


def _row(place: str, service: str, measure: str, *, costs: tuple[float, float], year: float) -> dict[str, Any]:
    return {
        "id": project_id(place, service, measure),
        "measure": measure,
        "place_id": place,
        "service": service,
        "size": "",
        "moves_from": "",
        "area_m2": math.nan,
        "capacity": math.nan,
        "capital_cost": costs[0],
        "yearly_cost": costs[1],
        "year": year,
    }


def _labels(service: Service | None, size: str, *, runs: bool = True) -> dict[str, Any]:
    """Return who runs a service, with what staff and permits, in every language; of a building, nothing."""
    operator = service.operator if service is not None and runs else None
    permits = service.permits if service is not None and runs else []
    staff = None
    if service is not None and runs:
        of_size = next((one.staff for one in service.sizes if one.id == size), None)
        staff = service.staff if of_size is None else of_size
    return {
        **{f"operator_{code}": "" if operator is None else operator.text(code) for code in languages()},
        **{f"permits_{code}": "; ".join(one.text(code) for one in permits) for code in languages()},
        "staff": math.nan if staff is None else staff,
        "mode": "" if service is None else service.mode or "",
        "department": "" if service is None else service.department or "",
    }


def _year_of_closing(openings: pd.DataFrame, planned: pd.DataFrame, place: str, service: str) -> float:
    """Return the year in which a service closes: that of its move, else that of the last opening, for no run stores it."""
    moved = planned[(planned["moves_from"] == place) & (planned.index.get_level_values("service") == service)]
    at = openings.set_index(["place_id", "service"])["year"]
    return float(at[moved.index[0]]) if len(moved) else float(openings["year"].max())


def _located(run: StoredRun, place_ids: pd.Series[str]) -> pd.DataFrame:
    """Return the community of places and its roll-up columns: ``place_id, community_id, community, …``; empty outside of all."""
    roll_up = run.study.layers.communities.roll_up
    places, communities = run.table("places"), run.table("communities")
    points = gpd.GeoDataFrame(places.loc[places["id"].isin(place_ids), ["id", "geometry"]]).rename(
        columns={"id": "place_id"}
    )
    areas = gpd.GeoDataFrame(communities[["id", "name", *roll_up, "geometry"]]).rename(
        columns={"id": "community_id", "name": "community"}
    )
    inside = gpd.sjoin(points, areas, how="left", predicate="intersects").sort_values("community_id", kind="stable")
    inside = inside.drop_duplicates("place_id")  # on a border: the first by id
    names = ["place_id", "community_id", "community", *roll_up]
    return pd.DataFrame(inside[names].fillna("").astype("str"))


def _due(study: Study, projects: pd.DataFrame, place: str) -> int | None:
    """Return the month in which the first opening of a building is due; None where the plan names no year."""
    years = projects.loc[(projects["place_id"] == place) & projects["measure"].isin(OPENING), "year"]
    return _due_month(study, years.min())


def _due_month(study: Study, year: float) -> int | None:
    named = study.siting.open_by if math.isnan(year) else int(year)
    return None if named is None else 12 * named + study.programme.opening_month - 1


@dataclass(frozen=True)
class _Path:
    """Steps of the approval of a building, with their dates."""

    steps: Sequence[ApprovalStep]
    """Empty: the time until the building is ready is the only step."""
    activities: Sequence[Activity]
    dates: CriticalPath


def _path(study: Study, site: Any, due: int | None, as_of: int) -> _Path:
    """Return the steps before a building can open: those of its kind, else the months until its ``ready_year``."""
    kind = str(site.kind)
    chain = next((one for one in study.approvals if kind in one.kinds), None)
    chain = chain or next((one for one in study.approvals if not one.kinds), None)
    if chain is not None:
        activities = [Activity(step.id, step.months, tuple(step.after)) for step in chain.steps]
        return _Path(chain.steps, activities, critical_path(activities, as_of, due))
    first = study.siting.years[0] if study.siting.years else as_of // 12
    ready = first if pd.isna(site.ready_year) else int(site.ready_year)
    activities = [Activity("", 12 * (ready - first))] if ready > first else []
    return _Path([], activities, critical_path(activities, as_of, due))


def _dated(study: Study, projects: pd.DataFrame, paths: Mapping[str, _Path], as_of: int) -> pd.DataFrame:
    """Return projects with the months in which they are due, can open and must start, and the year of their money."""
    rows = []
    for row in projects.to_dict("records"):
        own = _due_month(study, row["year"])
        path = paths.get(row["place_id"])
        dates = None if path is None else path.dates
        finish = as_of if dates is None else dates.finish
        opens = max(finish, finish if own is None else own)
        length = 0 if dates is None else dates.length
        start_by = (finish if own is None else own) - length
        rows.append(
            {
                "due": "" if own is None else month_text(own),
                "opens": month_text(opens),
                "start_by": month_text(start_by) if length else "",
                "slack_months": (finish if own is None else own) - finish,
                "start_now": bool(length) and start_by <= as_of,
                "year": opens // 12 if math.isnan(row["year"]) else int(row["year"]),
            }
        )
    return projects.assign(
        **pd.DataFrame(rows, columns=["due", "opens", "start_by", "slack_months", "start_now", "year"])
    )


def _step_rows(run: StoredRun, projects: pd.DataFrame, place: str, path: _Path, as_of: int) -> list[dict[str, Any]]:
    study = run.study
    openings = projects[(projects["place_id"] == place) & projects["measure"].isin(OPENING)]
    leads = [name for name in (study.budgets.building_department, *openings["department"]) if name]
    known = {step.id: step for step in path.steps}
    rows: list[dict[str, Any]] = []
    for one in sorted(path.activities, key=lambda step: path.dates.timings[step.id].earliest_start):
        timing, step = path.dates.timings[one.id], known.get(one.id)
        acts = None if step is None else step.acts
        names = {
            f"name_{code}": translate("programme.until_ready", code) if step is None else step.name.text(code)
            for code in languages()
        }
        rows.append(
            {
                "project_id": project_id(place, "", "building"),
                "step": one.id,
                **names,
                "authority": "" if step is None else step.authority,
                "acts": acts or next(iter(leads), ""),
                "months": one.months,
                "after": ";".join(one.after),
                "earliest_start": month_text(timing.earliest_start),
                "latest_start": month_text(timing.latest_start),
                "latest_finish": month_text(timing.latest_finish),
                "slack_months": timing.slack,
                "critical": timing.critical,
                "start_now": timing.earliest_start == as_of and timing.latest_start <= as_of,
            }
        )
    return rows


def _money(run: StoredRun, projects: pd.DataFrame) -> pd.DataFrame:
    """Return what each payer pays of every project; what no payer is named for has an empty department."""
    study = run.study
    departments = study.budgets.departments
    offers = run.table("offers").drop_duplicates("service").set_index("service")
    owner = study.budgets.building_department
    rows = []
    for project in projects.to_dict("records"):
        if project["service"]:
            pays = {name: float(offers.loc[project["service"]].get(f"pays_{name}", 0.0)) for name in departments}
        else:
            pays = {owner: 1.0} if owner else {}
        costs = {name: project[name] for name in ("capital_cost", "yearly_cost")}
        parts = {
            name: {cost: share * amount for cost, amount in costs.items()} for name, share in pays.items() if share
        }
        rest = {cost: amount - math.fsum(part[cost] for part in parts.values()) for cost, amount in costs.items()}
        if any(abs(amount) > CENT for amount in rest.values()):
            parts[""] = rest
        rows += [
            {
                "project_id": project["id"],
                "department": name,
                "outside": name in departments and departments[name].outside,
                "year": project["year"],
                **part,
            }
            for name, part in parts.items()
            if any(part.values())
        ]
    return programme_frame(study, "money", rows)


def _refuse_other_sums(run: StoredRun, projects: pd.DataFrame, money: pd.DataFrame) -> None:
    """Hold the sums of the ledger against the run, to the cent.

    Raises
    ------
    RecountError
        naming every sum that differs: a fault of the planner itself.
    """
    result, own = run.manifest.result, money[~money["outside"]]
    sums = [
        (f"{name} of {where}", math.fsum(table[name]), total)
        for name in ("capital_cost", "yearly_cost")
        for where, table, total in (
            ("the planner's payers", own, getattr(result, name)),
            ("all projects and payers", money, math.fsum(projects[name])),
            *(
                (department, money[money["department"] == department], bill)
                for department, bill in run.table("bills").set_index("department")[name].items()
            ),
        )
    ]
    faults = [
        f"{what} is {found:.2f}, in the run {total:.2f}" for what, found, total in sums if abs(found - total) > CENT
    ]
    if faults:
        raise RecountError("the programme does not sum to its run: " + "; ".join(faults))


def _funding(study: Study, money: pd.DataFrame) -> pd.DataFrame:
    """Return new capital and running money of every year from the first to the last, by payer."""
    rows = []
    payers = [name for name in (*study.budgets.departments, "") if name in set(money["department"])]
    for year in range(money["year"].min(), money["year"].max() + 1) if len(money) else ():
        for name in payers:
            mine = money[money["department"] == name]
            rows.append(
                {
                    "year": year,
                    "department": name,
                    "outside": bool(mine["outside"].any()),
                    "capital_cost": math.fsum(mine.loc[mine["year"] == year, "capital_cost"]),
                    "yearly_cost": math.fsum(mine.loc[mine["year"] <= year, "yearly_cost"]),
                }
            )
    return programme_frame(study, "funding", rows)


def _tasks(study: Study, projects: pd.DataFrame, money: pd.DataFrame) -> pd.DataFrame:
    """Return the departments of every project: the lead, those that take part, those that pay alone."""
    services = {service.id: service for service in study.services}
    payers = {str(name): list(part["department"]) for name, part in money.groupby("project_id")}
    rows = []
    for project in projects.to_dict("records"):
        tasks = services[project["service"]].tasks if project["service"] else {}
        roles = {project["department"]: "lead"} if project["department"] else {}
        for role, names in (("takes_part", tasks), ("pays", payers.get(project["id"], []))):
            roles |= {name: role for name in names if name and name not in roles}
        rows += [
            {
                "project_id": project["id"],
                "department": name,
                "role": role,
                **{f"task_{code}": tasks[name].text(code) if name in tasks else "" for code in languages()},
            }
            for name, role in roles.items()
        ]
    return programme_frame(study, "tasks", rows)


def _unfunded(run: StoredRun, lacking: pd.DataFrame | None) -> pd.DataFrame:
    """Return the openings without money, with the people who would reach each and reach no other."""
    study = run.study
    if lacking is None or lacking.empty:
        return programme_frame(study, "unfunded", [])
    where = _located(run, lacking["place_id"]).set_index("place_id")
    names = run.table("places").set_index("id")["name"].fillna("")
    demand = run.table("demand").set_index("id")
    services = {service.id: service for service in study.services}
    rows = []
    for row in lacking.to_dict("records"):
        service = services[row["service"]]
        limit_s = 60 * service.circles[-1].minutes
        nearest = run.table("nearest")
        mine = nearest[(nearest["service"] == service.id) & ~(nearest["after_s"] <= limit_s)]
        reach = run.table("reach")
        near = reach[(reach["walker"] == service.walker) & (reach["place_id"] == row["place_id"])]
        reached = set(near.loc[near["seconds"] <= limit_s, "demand_id"]) & set(mine["demand_id"])
        counted = {name: study.groups[name] for name, weight in service.demand.items() if weight > 0}
        people = demand[[f"people_{name}" for name in counted]].to_numpy(dtype=np.float64)
        heads = people[:, disjoint_groups(counted, people.sum(axis=0))].sum(axis=1)
        rows.append(
            {
                **row,
                **where.loc[row["place_id"]].to_dict(),
                "place": names.get(row["place_id"], ""),
                "minutes": service.circles[-1].minutes,
                "people_unserved": float(heads[demand.index.isin(reached)].sum()),
            }
        )
    return programme_frame(study, "unfunded", rows)


def _unserved(run: StoredRun) -> pd.DataFrame:
    """Return the heads whom the plan leaves out of reach, by service and area."""
    study = run.study
    column = next(iter(study.layers.communities.roll_up), "")
    table = run.table("coverage_by_area" if column else "coverage_by_community")
    rows = []
    for service in study.services:
        mine = table[(table["service"] == service.id) & (table["minutes"] == service.circles[-1].minutes)]
        rows += [
            {
                "service": service.id,
                "minutes": row["minutes"],
                "column": column,
                "area": row["area" if column else "community_id"],
                "people": row["heads"],
                "people_unserved": row["heads"] - row["heads_after"],
            }
            for row in (mine[mine["column"] == column] if column else mine).to_dict("records")
        ]
    return programme_frame(study, "unserved", rows)
