"""Count a finished run again, from its folder alone, with other people's code: geopandas reads, shapely snaps, networkx walks.

Nothing of the planner is imported. ``python -m tests.oracle.recount RUN`` prints what it found and exits with 1 if any number differs.
"""

import json
import sys
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import shapely


def walking_seconds(folder: Path, walker: str, *, max_connector_m: float) -> pd.DataFrame:
    """Return ``demand_id, place_id, seconds`` for every pair within the widest circle, by networkx over split streets."""
    study = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    profile = study["walking"]["profiles"][walker]
    if profile.get("crossing_delay_s") or profile.get("signal_delay_s") or profile.get("slope", "ignored") != "ignored":
        raise ValueError(f"this recount knows speed and stairs alone; {walker} has delays or slopes")
    widest_s = 60 * max(c["minutes"] for s in study["services"] if s["walker"] == walker for c in s["circles"])
    streets = gpd.read_parquet(folder / "tables/streets.parquet")
    factor = np.where(streets["stairs"], profile.get("stairs_factor", 1.0), 1.0)
    if profile.get("stairs") == "forbidden":
        keep = ~streets["stairs"].to_numpy()
        streets, factor = streets[keep].reset_index(drop=True), factor[keep]
    demand = gpd.read_parquet(folder / "tables/demand.parquet")
    places = gpd.read_parquet(folder / "tables/places.parquet")
    points = pd.concat([demand[["id", "geometry"]], places[["id", "geometry"]]], ignore_index=True)
    doors, legs = _snapped(streets, points, max_connector_m)
    graph = _split(streets, factor, doors, profile["speed_m_s"])
    n = len(demand)
    rows = []
    for j in range(n, len(points)):
        if np.isnan(legs[j]):
            continue
        seconds = nx.single_source_dijkstra_path_length(graph, ("point", j), cutoff=widest_s, weight="s")
        last = legs[j] / profile["speed_m_s"]
        rows += [
            (points["id"][i], points["id"][j], s + last + legs[i] / profile["speed_m_s"])
            for node, s in seconds.items()
            if node[0] == "point" and (i := node[1]) < n
        ]
    found = pd.DataFrame(rows, columns=["demand_id", "place_id", "seconds"])
    return found[found["seconds"] <= widest_s]


def _snapped(
    streets: gpd.GeoDataFrame, points: gpd.GeoDataFrame, max_connector_m: float
) -> tuple[dict[int, list[tuple[float, int]]], np.ndarray]:
    """Return street → [(offset, point)] and the connector of each point (NaN: no street near enough)."""
    open_to = np.flatnonzero(streets["doors"])
    tree = shapely.STRtree(streets.geometry.to_numpy()[open_to])
    geometry = gpd.GeoSeries(points.geometry).to_numpy()
    who, near = tree.query_nearest(geometry, max_distance=max_connector_m)
    order = np.lexsort((near, who))  # of streets equally near the first counts
    who, first = np.unique(who[order], return_index=True)
    edge = open_to[near[order][first]]
    doors: dict[int, list[tuple[float, int]]] = {}
    legs = np.full(len(points), np.nan)
    for i, e in zip(who.tolist(), edge.tolist(), strict=True):
        line = streets.geometry.iloc[e]
        doors.setdefault(e, []).append((line.project(geometry[i]), i))
        legs[i] = line.distance(geometry[i])
    return doors, legs


def _split(
    streets: gpd.GeoDataFrame, factor: np.ndarray, doors: dict[int, list[tuple[float, int]]], speed_m_s: float
) -> nx.Graph:
    graph = nx.Graph()

    def join(a: tuple, b: tuple, s: float) -> None:
        if not graph.has_edge(a, b) or graph[a][b]["s"] > s:
            graph.add_edge(a, b, s=s)

    ends = zip(streets.geometry, streets["from_junction"].tolist(), streets["to_junction"].tolist(), strict=True)
    for e, (line, begun, ended) in enumerate(ends):
        stops = [
            (0.0, ("end", begun)),
            *((at, ("point", i)) for at, i in sorted(doors.get(e, []))),
            (line.length, ("end", ended)),
        ]
        for (at, a), (to, b) in pairwise(stops):
            join(a, b, (to - at) / speed_m_s * factor[e])
    return graph


def differences(folder: Path, *, max_connector_m: float = 250.0, tolerance_s: float = 0.05) -> list[str]:
    """Return every difference between the run's tables and this recount; an empty list means they agree."""
    study = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    told = pd.read_parquet(folder / "tables/reach.parquet").astype({"walker": str, "demand_id": str, "place_id": str})
    said: list[str] = []
    seconds = {}
    for walker in dict.fromkeys(s["walker"] for s in study["services"]):
        counted = walking_seconds(
            folder, walker, max_connector_m=study["walking"].get("max_connector_m", max_connector_m)
        )
        seconds[walker] = counted
        both = told[told["walker"] == walker].merge(
            counted, on=["demand_id", "place_id"], how="outer", suffixes=("", "_counted")
        )
        apart = (both["seconds"] - both["seconds_counted"]).abs()
        edge = 60 * max(c["minutes"] for s in study["services"] if s["walker"] == walker for c in s["circles"])
        lonely = both[both[["seconds", "seconds_counted"]].isna().any(axis=1)]
        lonely = lonely[(lonely[["seconds", "seconds_counted"]].max(axis=1) - edge).abs() > tolerance_s]
        if len(lonely):
            said.append(f"{walker}: {len(lonely)} pairs on one side alone, e.g. {lonely.iloc[0].to_dict()}")
        if apart.max() > tolerance_s:
            said.append(
                f"{walker}: {int((apart > tolerance_s).sum())} of {len(both)} pairs apart, up to {apart.max():.3f} s, e.g. {both.loc[apart.idxmax()].to_dict()}"
            )
    return said + _coverage_differences(folder, study, seconds, tolerance_s)


def _coverage_differences(folder: Path, study: dict, seconds: dict[str, pd.DataFrame], tolerance_s: float) -> list[str]:
    demand = gpd.read_parquet(folder / "tables/demand.parquet").set_index("id")
    existing = pd.read_parquet(folder / "tables/existing.parquet")
    openings = pd.read_parquet(folder / "tables/openings.parquet")
    coverage = pd.read_parquet(folder / "tables/coverage.parquet").set_index(["service", "minutes"])
    said = []
    for service in study["services"]:
        people = sum(weight * demand[f"people_{group}"] for group, weight in service["demand"].items())
        today = set(existing.loc[existing["service"] == service["id"], "place_id"])
        planned = today | set(openings.loc[openings["service"] == service["id"], "place_id"])
        pairs = seconds[service["walker"]]
        for circle in service["circles"]:
            for column, is_open in (("covered_before", today), ("covered_after", planned)):
                limit = 60 * circle["minutes"]
                near = pairs[pairs["place_id"].isin(is_open)].groupby("demand_id")["seconds"].min()
                sure = people[near.index[near <= limit - tolerance_s]].sum()
                perhaps = people[near.index[near <= limit + tolerance_s]].sum()
                told = coverage.loc[(service["id"], circle["minutes"]), column]
                if not sure - 1e-6 <= told <= perhaps + 1e-6:
                    said.append(
                        f"{service['id']} {circle['minutes']} min {column}: told {told}, counted {sure} to {perhaps}"
                    )
        if not np.isclose(coverage.loc[service["id"], "people"], people.sum()).all():
            said.append(
                f"{service['id']}: people told {coverage.loc[service['id'], 'people'].tolist()}, counted {people.sum()}"
            )
    return said


if __name__ == "__main__":
    found = differences(Path(sys.argv[1]))
    print("\n".join(found) or "every number agrees")
    sys.exit(bool(found))
