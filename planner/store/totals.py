"""A city's totals: districts of the same scenario added up, and which of them are missing."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from planner.store.run import StoredRun

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planner.store.executors import BatchReport
    from planner.store.manifest import Result
    from planner.study import Label


#: what is summed over the runs of a scenario, beside people
_SUMS = ("sites", "services", "capital_cost", "yearly_cost")
COLUMNS = (
    "scenario", "studies", "missing", *_SUMS, "service", "counted_in", "minutes",
    "people", "covered_before", "covered_after", "share_before", "share_after",
    "served_before", "served_after", "heads", "heads_before", "heads_after", "limited", "weighted",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class CountedRun:
    """What is added up of one run."""

    study: str
    scenario: str
    result: Result
    coverage: pd.DataFrame
    """A run's own table ``coverage``, with ``limited`` and ``weighted``: see `coverage_of`."""


@dataclass(frozen=True, eq=False)
class CityTotals:
    """The totals of a batch."""

    table: pd.DataFrame
    """As `totals_table` returns it."""
    missing: dict[tuple[str, str], str]
    """(Scenario, study) of every district a total lacks → ``failed``, or ``none``: it has no such scenario in this batch."""
    labels: dict[str, Label]
    """What the services are called, by the first district that has them."""
    overlaps: pd.DataFrame
    """As `planner.store.totals.overlaps_table` returns it: where there is a pair, nothing is added up."""
    currency: str | None
    """Of all districts; None where they differ: costs are then not added up."""

    def as_dict(self) -> dict[str, Any]:
        """Return ``totals``: a block for each scenario, with what is missing from it and why; a share that nobody has is null."""
        blocks = []
        for scenario, table in self.table.groupby("scenario", sort=False):
            rows: list[dict[str, Any]] = json.loads(table.to_json(orient="records"))
            common = {name: rows[0][name] for name in ("scenario", "studies", *_SUMS)}
            if self.currency is None:
                common |= {"capital_cost": None, "yearly_cost": None}
            lacking = [{"study": study, "why": why} for (name, study), why in self.missing.items() if name == scenario]
            coverage = [
                {name: value for name, value in row.items() if name not in {*common, "missing"}} for row in rows
            ]
            blocks.append({**common, "missing": lacking, "coverage": coverage})
        overlaps = json.loads(self.overlaps.to_json(orient="records"))
        return {"totals": blocks, **({"overlaps": overlaps} if overlaps else {})}


def coverage_of(run: StoredRun) -> pd.DataFrame:
    """Return a run's table ``coverage`` with ``limited`` (places of the service are) and ``weighted`` (its people are no heads)."""
    table, offers = run.table("coverage"), run.table("offers")
    limited = set(offers.loc[offers["capacity"].notna(), "service"])
    weighted = {service.id for service in run.study.services if run.study.weighs(service)}
    return table.assign(limited=table["service"].isin(limited), weighted=table["service"].isin(weighted))


def totals_table(runs: Sequence[CountedRun], studies: Sequence[str]) -> pd.DataFrame:
    """Add up runs of the same scenario; runs of different scenarios are never added.

    Parameters
    ----------
    runs
        At most one for each study and scenario.
    studies
        All districts that a total should hold; with fewer than two there is nothing to add up.

    Returns
    -------
    pd.DataFrame
        A row for each scenario, service and circle, in their order of appearance: ``studies`` (how many are added up) and ``missing``
        (the others, joined by ``;``); ``sites`` and ``services`` opened, ``capital_cost`` and ``yearly_cost`` of the scenario,
        the same in each of its rows; ``counted_in`` (how many of those added up have this service and circle), ``people,
        covered_before, covered_after`` of these, ``share_before`` and ``share_after`` (NaN where nobody lives), ``served_before,
        served_after, heads, heads_before, heads_after`` as in a run, ``limited`` (places are limited in one of them) and
        ``weighted`` (people are counted by weight in one of them).
    """
    if len(studies) < 2 or not runs:
        return pd.DataFrame(columns=list(COLUMNS))
    scenarios = list(dict.fromkeys(one.scenario for one in runs))
    parts = [_of_scenario(name, [one for one in runs if one.scenario == name], studies) for name in scenarios]
    return pd.concat(parts, ignore_index=True)


def _of_scenario(scenario: str, runs: Sequence[CountedRun], studies: Sequence[str]) -> pd.DataFrame:
    there = {one.study for one in runs}
    table = (
        pd.concat([one.coverage for one in runs])
        .groupby(["service", "minutes"], sort=False)
        .agg(
            counted_in=("people", "size"),
            people=("people", "sum"),
            covered_before=("covered_before", "sum"),
            covered_after=("covered_after", "sum"),
            served_before=("served_before", "sum"),
            served_after=("served_after", "sum"),
            heads=("heads", "sum"),
            heads_before=("heads_before", "sum"),
            heads_after=("heads_after", "sum"),
            limited=("limited", "any"),
            weighted=("weighted", "any"),
        )
        .reset_index()
    )
    heads = table["people"].where(table["people"] > 0)
    return table.assign(
        scenario=scenario,
        studies=len(there),
        missing=";".join(study for study in studies if study not in there),
        sites=sum(one.result.sites_opened for one in runs),
        services=sum(one.result.services_opened for one in runs),
        capital_cost=sum(one.result.capital_cost for one in runs),
        yearly_cost=sum(one.result.yearly_cost for one in runs),
        share_before=table["covered_before"] / heads,
        share_after=table["covered_after"] / heads,
    )[list(COLUMNS)]


def city_totals(report: BatchReport) -> CityTotals:
    """Add up what a batch has finished, now or before, from the folders of its runs.

    Raises
    ------
    OutputError
        if one of them cannot be read.
    """
    results = {tuple(one.name.rsplit("/", 1)): one for one in report.done}
    studies = list(dict.fromkeys(study for study, _ in results))
    if len(studies) < 2:
        return CityTotals(totals_table((), studies), {}, {}, overlaps_table({}), None)
    runs: list[CountedRun] = []
    labels: dict[str, Label] = {}
    first: dict[str, StoredRun] = {}
    for (study, scenario), one in results.items():
        if one.folder is None or one.result is None:
            continue
        run = StoredRun.open(one.folder)
        first.setdefault(study, run)
        runs.append(CountedRun(study, scenario, run.manifest.result, coverage_of(run)))
        labels |= {service.id: service.name for service in run.study.services if service.id not in labels}
    there = {(one.scenario, one.study) for one in runs}
    missing = {
        (scenario, study): "failed" if (study, scenario) in results else "none"
        for scenario in dict.fromkeys(scenario for _, scenario in results)
        for study in studies
        if (scenario, study) not in there
    }
    overlaps = overlaps_table(first)
    used = {run.study.currency for run in first.values()}
    currency = used.pop() if len(used) == 1 else None
    return CityTotals(totals_table(() if len(overlaps) else runs, studies), missing, labels, overlaps, currency)


MOST_SHARED = 0.01
"""Districts drawn from different sources share slivers along their borders; more than this part of the people is an overlap."""

OVERLAP_COLUMNS = ("study", "other", "people", "share")


def overlaps_table(runs: Mapping[str, StoredRun]) -> pd.DataFrame:
    """Return the pairs of districts of which one has homes in the communities of the other.

    Parameters
    ----------
    runs
        One run of each study.

    Returns
    -------
    pd.DataFrame
        ``study, other, people, share``: the district with the larger shared part, the other one, the people of the largest
        group of ``study`` who live in communities of ``other``, and their share; only shares above `MOST_SHARED`.
    """
    rows = []
    for one, other in itertools.combinations(runs, 2):
        found = [(*_shared(runs[a], runs[b]), a, b) for a, b in ((one, other), (other, one))]
        share, people, study, second = max(found, key=lambda pair: (pair[0], pair[1]))
        if share > MOST_SHARED:
            rows.append((study, second, people, share))
    return pd.DataFrame(rows, columns=list(OVERLAP_COLUMNS))


def _shared(one: StoredRun, other: StoredRun) -> tuple[float, float]:
    """Return the share of the people of ``one`` who live in communities of ``other``, and their number."""
    homes, communities = one.table("demand"), other.table("communities")
    points = homes.geometry.to_crs(communities.crs)
    near = shapely.box(*communities.total_bounds).intersects(shapely.box(*points.total_bounds))
    groups = homes[[name for name in homes if str(name).startswith("people_")]].to_numpy(dtype=np.float64)
    if not near or not groups.size:
        return 0.0, 0.0
    people = groups[:, int(groups.sum(axis=0).argmax())]
    at, _ = communities.sindex.query(points.array, predicate="intersects")
    inside = float(people[np.unique(at)].sum())
    return inside / max(float(people.sum()), 1e-9), inside
