"""What one run reaches, costs and leaves, told from its stored tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.access import lowest_share
from planner.store.totals import CountedRun, coverage_of
from planner.store.unevenness import unevenness_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from planner.store.run import StoredRun
    from planner.study import Service

#: capital is spread over this many years where a cost per year is wanted; an assumption, printed with every such figure
ANNUAL_YEARS = 10


@dataclass(frozen=True, eq=False)
class RunMeasures:
    """What is kept of a run once it has been read."""

    run: str
    study: str
    scenario: str
    line: dict[str, object]
    coverage: pd.DataFrame
    worst: pd.DataFrame
    access: pd.DataFrame
    compliance: pd.DataFrame
    counted: CountedRun
    """What a city's totals add up of it."""
    covered: float
    """People inside the widest circle of each service, summed."""
    openings: frozenset[tuple[str, str]]
    """Place and service of everything the plan opens."""
    names: dict[str, tuple[str, float, float]]
    """Name, x and y of every place where it opens something."""
    settings: dict[str, object]
    """The study as plain values."""


def measure(run: StoredRun, name: str, folder: Path) -> RunMeasures:
    """Return what is compared of ``run``, called ``study/scenario``."""
    coverage = _coverage(run, name)
    worst = _worst(run, name)
    access = _access(run, name)
    result = run.manifest.result
    whole = coverage[coverage["group"] == ""]
    widest = whole.loc[whole.groupby("service", sort=False)["minutes"].idxmax()]
    people, before, after = (float(widest[column].sum()) for column in ("people", "covered_before", "covered_after"))
    annual = result.capital_cost / ANNUAL_YEARS + result.yearly_cost
    wide = worst.loc[worst.groupby("service", sort=False)["minutes"].idxmax()] if len(worst) else worst
    of_services = access.drop_duplicates("service")["gini_after"].to_numpy()
    weights = widest.set_index("service")["people"].reindex(access["service"].unique()).to_numpy()
    known = ~np.isnan(of_services)
    line: dict[str, object] = {
        "run": name,
        "study": name.rsplit("/", 1)[0],
        "scenario": run.manifest.scenario,
        "run_id": run.manifest.run_id,
        "status": result.status,
        "proven": result.proven,
        "objective": np.nan if result.objective is None else result.objective,
        "bound": np.nan if result.bound is None else result.bound,
        "gap": np.nan if result.gap is None else result.gap,
        "sites": result.sites_opened,
        "services": result.services_opened,
        "co_located": result.co_located,
        "capital_cost": result.capital_cost,
        "yearly_cost": result.yearly_cost,
        "annual_cost": annual,
        "people": people,
        "covered_before": before,
        "covered": after,
        "newly_covered": after - before,
        "find_a_place": float(widest["served_after"].sum()),
        "limited": bool(widest["limited"].any()),
        "weighted": bool(widest["weighted"].any()),
        "heads": float(widest["heads"].sum()),
        "heads_covered": float(widest["heads_after"].sum()),
        "cost_per_newly_covered": annual / (after - before) if after > before else np.nan,
        "worst_share": lowest_share(wide["share_after"].to_numpy(dtype=np.float64)),
        "gini": float(np.average(of_services[known], weights=weights[known])) if weights[known].sum() else np.nan,
        "folder": folder.as_posix(),
    }
    openings = frozenset(zip(run.table("openings")["place_id"], run.table("openings")["service"], strict=True))
    places = run.table("places")[run.table("places")["id"].isin({place for place, _ in openings})]
    names = {
        str(place): (str(said), float(x), float(y))
        for place, said, x, y in zip(places["id"], places["name"], places.geometry.x, places.geometry.y, strict=True)
    }
    return RunMeasures(
        run=name,
        study=name.rsplit("/", 1)[0],
        scenario=run.manifest.scenario,
        line=line,
        covered=after,
        coverage=coverage,
        worst=worst,
        access=access,
        compliance=_compliance(run, name),
        counted=CountedRun(name.rsplit("/", 1)[0], run.manifest.scenario, result, coverage_of(run)),
        openings=openings,
        names=names,
        settings=run.study.model_dump(mode="json", exclude={"scenarios"}),
    )


#: columns of what runs are short of
COMPLIANCE = (
    "run", "standard", "name_zh", "name_en", "service", "kind", "amount_unit", "short_today", "short_plan", "failing_today",
    "failing_plan", "worst_area", "worst_short",
)  # fmt: skip


def _compliance(run: StoredRun, name: str) -> pd.DataFrame:
    """Return what the district is short of each duty and target, and the areas that fail it: of roll-up columns, else communities."""
    table = run.table("compliance")
    rows = []
    judged = table[table["kind"].isin(["duty", "target"])]
    for (standard, service), mine in judged.groupby(["standard", "service"], sort=False):
        whole = mine[mine["level"] == "all"]
        if not len(whole) or whole[["short_today", "short_plan"]].isna().to_numpy().all():
            continue
        level = "area" if (mine["level"] == "area").any() else "community"
        parts = mine[mine["level"] == level]
        fails = {state: parts[f"verdict_{state}"].isin(["below", "above"]) for state in ("today", "plan")}
        short = parts.loc[fails["plan"], "short_plan"]
        worst = parts.loc[[short.idxmax()]].iloc[0] if len(short) and short.notna().any() else None
        one = whole.iloc[0]
        rows.append(
            {
                "run": name,
                "standard": standard,
                "name_zh": one["name_zh"],
                "name_en": one["name_en"],
                "service": service,
                "kind": one["kind"],
                "amount_unit": one["unit"],
                "short_today": one["short_today"],
                "short_plan": one["short_plan"],
                "failing_today": float(fails["today"].sum()),
                "failing_plan": float(fails["plan"].sum()),
                "worst_area": "" if worst is None else str(worst["area"]),
                "worst_short": np.nan if worst is None else float(worst["short_plan"]),
            }
        )
    return pd.DataFrame(rows, columns=list(COMPLIANCE))


def _coverage(run: StoredRun, name: str) -> pd.DataFrame:
    """Return coverage of every service, circle and group; a group's people are counted as heads, not by weight."""
    of_everybody = coverage_of(run).assign(group="")
    rows = []
    for service in run.study.services:
        walked = _walked(run, service)
        for group in service.demand:
            people = run.table("demand")[f"people_{group}"].to_numpy(dtype=np.float64)
            for circle in run.study.circles_of(service):
                inside = [float(people[seconds <= 60 * circle.minutes].sum()) for seconds in walked]
                rows.append((service.id, circle.minutes, float(people.sum()), *inside, group))
    by_group = pd.DataFrame(rows, columns=["service", "minutes", "people", "covered_before", "covered_after", "group"])
    columns = ["service", "minutes", "group", "people", "covered_before", "covered_after"]
    further = ["served_before", "served_after", "heads", "heads_before", "heads_after"]
    counted = dict(zip(further[2:], ("people", "covered_before", "covered_after"), strict=True))
    by_group = by_group.assign(
        served_before=np.nan,
        served_after=np.nan,
        **{name: by_group[same] for name, same in counted.items()},
        limited=by_group["service"].map(of_everybody.groupby("service")["limited"].any()),
        weighted=False,
    )
    columns += [*further, "limited", "weighted"]
    both = pd.concat([of_everybody[columns], by_group[columns]], ignore_index=True)
    with np.errstate(invalid="ignore"):
        both["share_after"] = both["covered_after"] / both["people"].where(both["people"] > 0)
    both.insert(0, "run", name)
    return both


def _walked(run: StoredRun, service: Service) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return seconds to the nearest opening before and after, by demand point; infinite where there is none."""
    mine = run.table("nearest")[run.table("nearest")["service"] == service.id].set_index("demand_id")
    mine = mine.loc[run.table("demand")["id"]]
    before, after = (mine[column].fillna(np.inf).to_numpy(dtype=np.float64) for column in ("before_s", "after_s"))
    return before, after


def _worst(run: StoredRun, name: str) -> pd.DataFrame:
    table = run.table("coverage_by_community")
    table = table[(table["community_id"] != "") & (table["people"] > 0)]
    shares = table.assign(share_after=table["covered_after"] / table["people"])
    # of communities equally badly off, the one where most people live
    order = shares.sort_values(["share_after", "people", "community_id"], ascending=[True, False, True], kind="stable")
    worst = order.drop_duplicates(["service", "minutes"]).sort_values(["service", "minutes"])
    names = run.table("communities").set_index("id")["name"]
    return pd.DataFrame(
        {
            "run": name,
            "service": worst["service"],
            "minutes": worst["minutes"],
            "community_id": worst["community_id"],
            "community": names.reindex(worst["community_id"]).to_numpy(),
            "people": worst["people"],
            "share_after": worst["share_after"],
        }
    ).reset_index(drop=True)


def _access(run: StoredRun, name: str) -> pd.DataFrame:
    """Return the unevenness of a run, areas by what they are called."""
    columns = ["service", "column", "gini_before", "gini_after", "gap_before", "gap_after", "behind"]
    table = unevenness_of(run)[columns]
    names = run.table("communities").set_index("id")["name"]
    by_community = (table["column"] == "") & (table["behind"] != "")
    called = table["behind"].where(~by_community, table["behind"].map(names))
    table = table.assign(behind=called.astype("str"))
    table.insert(0, "run", name)
    return table
