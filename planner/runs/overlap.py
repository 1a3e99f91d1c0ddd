"""Districts that overlap: their people must not be added up to a city's."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.runs.store import StoredRun

__all__ = ["MOST_SHARED", "overlaps_table"]

MOST_SHARED = 0.01
"""Districts drawn from different sources share slivers along their borders; more than this part of the people is an overlap."""

COLUMNS = ("study", "other", "people", "share")


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
    return pd.DataFrame(rows, columns=list(COLUMNS))


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
