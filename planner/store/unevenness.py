"""How unevenly a service is spread, before and after a plan: the Gini coefficient of access, and the gap between best and worst area."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.access import TravelTimes, gini
from planner.access.by_area import times_of
from planner.access.catchments import Gaussian, floating_catchment
from planner.district import of_points, variants

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from planner.store.run import StoredRun
    from planner.study import Service, Study

    Table = Callable[[str], pd.DataFrame]

#: least increase that is called a rise: half of the last digit in which Gini coefficients (0.001) and shares (0.1 %) are printed
RISE = 0.0005

COLUMNS = (
    "service", "minutes", "column", "gini_before", "gini_after", "gini_rises", "gap_before", "gap_after", "gap_rises",
    "best_area", "best_share", "worst_area", "worst_share", "behind", "behind_before", "behind_after",
)  # fmt: skip
_TEXTS = ("service", "column", "best_area", "worst_area", "behind")


def unevenness_table(study: Study, table: Table, reaches: Mapping[str, TravelTimes]) -> pd.DataFrame:
    """Return how unevenly each service is spread over people and areas, before and after the plan.

    Access is places per person (E2SFCA, Gaussian decay to the widest circle; an opening of unknown size counts as one). The gap is
    the share covered in the widest circle in the best area less that in the worst, of areas where anybody of the demand lives.

    Parameters
    ----------
    table
        Name of a stored table of the run → its frame.
    reaches
        Walking profile → travel times from demand points to places, in the order of their tables.

    Returns
    -------
    pd.DataFrame
        A row for each service and roll-up column (for each service, by community, where the study rolls up by none).
    """
    rows = []
    for service in study.services:
        people, before, after = _access(study, table, service, reaches)
        inequality = gini(before, people), gini(after, people)
        for column in study.layers.communities.roll_up or [""]:
            shares = _covered_shares(table, service, column)
            fall = partial(_fall, _areas(table, column), people, before, after)
            rows.append((service.id, service.circles[-1].minutes, column, *_row(inequality, shares, fall)))
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(dict.fromkeys(_TEXTS, "str"))


def unevenness_of(run: StoredRun) -> pd.DataFrame:
    """Return the unevenness of a stored run; computed from its other tables where an older version of the planner wrote it."""
    stored = run.table("unevenness")
    if len(stored):
        return stored
    return unevenness_table(run.study, run.table, stored_reaches(run.table))


def stored_reaches(table: Table) -> dict[str, TravelTimes]:
    """Return walking profile → travel times, from the table ``reach``."""
    demand, places = table("demand"), table("places")
    pairs = table("reach").groupby("walker", observed=True)
    return {str(walker): _reach(demand, places, mine) for walker, mine in pairs}


def _row(
    inequality: tuple[float, float], shares: pd.DataFrame, fall: Callable[[], pd.Series[float]]
) -> tuple[object, ...]:
    """Return a row after its keys; ``fall`` computes by how much the access of each area falls, relative to the mean."""
    if shares.empty:
        return (*inequality, False, np.nan, np.nan, False, "", np.nan, "", np.nan, "", np.nan, np.nan)
    gaps = [float(shares[when].max() - shares[when].min()) for when in ("before", "after")]
    gini_rises, gap_rises = (bool(after - before >= RISE) for before, after in (inequality, gaps))
    # of areas equally well off, the one where most people live
    ranked = shares.sort_values(["people", "area"], ascending=[False, True], kind="stable")
    covered = {
        when: dict(zip(map(str, ranked.index), ranked[when].tolist(), strict=True)) for when in ("before", "after")
    }
    best, worst = (chosen(covered["after"], key=covered["after"].__getitem__) for chosen in (max, min))
    behind = worst if gap_rises else str(fall().reindex(ranked.index).idxmax()) if gini_rises else ""
    own = [covered[when].get(behind, np.nan) for when in ("before", "after")]
    ends = [best, covered["after"][best], worst, covered["after"][worst]]
    return (*inequality, gini_rises, *gaps, gap_rises, *ends, behind, *own)


def _covered_shares(table: Table, service: Service, column: str) -> pd.DataFrame:
    """Return ``people, before, after`` by area: the service's demand, and the shares of it in the widest circle."""
    coverage = table("coverage_by_area" if column else "coverage_by_community")
    if column:
        coverage = coverage[coverage["column"] == column]
    mine = coverage.rename(columns={"community_id": "area"})
    mine = mine[(mine["service"] == service.id) & (mine["minutes"] == service.circles[-1].minutes)]
    mine = mine[(mine["area"] != "") & (mine["people"] > 0)].set_index("area")
    shares = {when: mine[f"covered_{when}"] / mine["people"] for when in ("before", "after")}
    return pd.DataFrame({"people": mine["people"], **shares})


def _areas(table: Table, column: str) -> pd.Series[str]:
    """Return the area of each demand point: the id of its community, or the value of a roll-up column; empty outside."""
    communities = table("demand")["community_id"]
    if not column:
        return communities
    return communities.map(table("communities").set_index("id")[column].astype(str)).fillna("")


def _fall(
    areas: pd.Series[str], people: NDArray[np.float64], before: NDArray[np.float64], after: NDArray[np.float64]
) -> pd.Series[float]:
    """Return, by area, by how much its mean access falls relative to the district's mean."""
    sums = (
        pd.DataFrame({"people": people, "before": people * before, "after": people * after})
        .groupby(areas.to_numpy())
        .sum()
    )
    whole = sums.sum()
    lived = sums[sums["people"] > 0]
    before_, after_ = (lived[when] / lived["people"] / (whole[when] / whole["people"]) for when in ("before", "after"))
    fall: pd.Series[float] = before_ - after_
    return fall


def _access(
    study: Study, table: Table, service: Service, reaches: Mapping[str, TravelTimes]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the service's demand at each demand point, and its places per person before and after (0 where nothing is in reach)."""
    demand, existing, openings, closed = (table(name) for name in ("demand", "existing", "openings", "closed"))
    communities = table("communities")
    community = pd.Index(communities["id"]).get_indexer(demand["community_id"]).astype(np.int64)
    people = np.zeros(len(demand))
    for variant in variants(study, service, communities):
        mine = of_points(variant, community)
        for group, weight in variant.service.demand.items():
            people += weight * demand[f"people_{group}"].to_numpy(dtype=np.float64) * mine
    people *= demand["need_weight"].to_numpy(dtype=np.float64)
    if not reaches.keys() >= set(study.walkers_of(service)):
        return people, np.zeros(len(demand)), np.zeros(len(demand))
    reach = times_of(study, service, communities, community, reaches)
    at = {place: j for j, place in enumerate(table("places")["id"])}
    gone = set(zip(closed["place_id"], closed["service"], strict=True))
    before, after = np.zeros(len(at)), np.zeros(len(at))
    for place, size in _sizes(existing, service):
        before[at[place]] += size
        after[at[place]] += size if (place, service.id) not in gone else 0.0
    for place, size in _sizes(openings, service):
        after[at[place]] += size
    decay = Gaussian(60 * study.circles_of(service)[-1].minutes)
    return people, floating_catchment(reach, people, before, decay), floating_catchment(reach, people, after, decay)


def _sizes(table: pd.DataFrame, service: Service) -> list[tuple[str, float]]:
    mine = table[table["service"] == service.id]
    return list(zip(mine["place_id"], mine["capacity"].fillna(1.0).to_numpy(dtype=np.float64).tolist(), strict=True))


def _reach(demand: pd.DataFrame, places: pd.DataFrame, pairs: pd.DataFrame) -> TravelTimes:
    """Return the reach of one walking profile as positions again."""
    row = pd.Index(demand["id"]).get_indexer(pairs["demand_id"].astype(str))
    site = pd.Index(places["id"]).get_indexer(pairs["place_id"].astype(str)).astype(np.int32)
    order = np.argsort(row, kind="stable")
    indptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(demand)))]).astype(np.int64)
    seconds = pairs["seconds"].to_numpy(dtype=np.float32)[order]
    return TravelTimes(indptr, site[order], seconds, len(places), np.inf)
