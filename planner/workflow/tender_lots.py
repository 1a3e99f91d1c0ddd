"""Tender lots: openings of one service near each other, joined until a lot is large enough for somebody to bid."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np

from planner.store.programme import OPENING, programme_frame
from planner.workflow.critical_path import month_number, month_text

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from planner.store.run import StoredRun
    from planner.study import Study


def group_lots(
    xy: NDArray[np.float64], *, min_openings: int, max_openings: int, within_m: float
) -> list[tuple[int, ...]]:
    """Return lots of openings, as positions: single-linkage clusters of a size range.

    The smallest lot below ``min_openings`` is joined with its nearest neighbour, as long as one lies within ``within_m`` and
    both together do not exceed ``max_openings``. Equal sizes and distances are decided by the order of the openings. A lot
    without such a neighbour stays smaller than asked.

    Parameters
    ----------
    xy
        float64[n, 2], metres.

    >>> group_lots(np.array([[0.0, 0], [100, 0], [250, 0], [9000, 0]]), min_openings=2, max_openings=3, within_m=500)
    [(0, 1, 2), (3,)]
    """
    lots = {position: [position] for position in range(len(xy))}
    apart_m = np.hypot(*(xy[:, None, :] - xy[None, :, :]).transpose(2, 0, 1)) if len(xy) else np.zeros((0, 0))
    np.fill_diagonal(apart_m, np.inf)
    while True:
        pairs = [
            (len(mine), apart_m[one, other], one, other)
            for one, mine in lots.items()
            if len(mine) < min_openings
            for other, theirs in lots.items()
            if apart_m[one, other] <= within_m and len(mine) + len(theirs) <= max_openings
        ]
        if not pairs:
            return [tuple(sorted(members)) for _, members in sorted(lots.items())]
        _, _, one, other = min(pairs)
        kept, gone = min(one, other), max(one, other)
        lots[kept] += lots.pop(gone)
        apart_m[kept] = apart_m[:, kept] = np.minimum(apart_m[kept], apart_m[gone])
        apart_m[kept, kept] = np.inf


def tender_lots(study: Study, run: StoredRun, projects: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the tender lots, and project → lot."""
    rules = study.programme.lots
    points = run.table("places").set_index("id")["geometry"]
    openings = projects[projects["measure"].isin(OPENING)].sort_values("id", kind="stable")
    column = next(iter(study.layers.communities.roll_up), "community")
    rows: list[dict[str, Any]] = []
    lot_of: dict[str, str] = {}
    order = {service.id: position for position, service in enumerate(study.services)}
    for (service, year), group in sorted(
        openings.groupby(["service", "year"]), key=lambda one: (order[str(one[0][0])], one[0][1])
    ):
        mine = group.reset_index(drop=True)
        at = gpd.GeoSeries(points.reindex(mine["place_id"]))
        xy = np.column_stack([at.x, at.y])
        found = group_lots(
            xy, min_openings=rules.min_openings, max_openings=rules.max_openings, within_m=rules.within_m
        )
        for number, members in enumerate(found, start=1):
            lot = mine.iloc[list(members)]
            name = f"{service}/{year}/{number}"
            lot_of |= dict.fromkeys(lot["id"], name)
            opens = min(month_number(text) for text in lot["opens"])
            rows.append(
                {
                    "id": name,
                    "service": service,
                    "year": year,
                    "areas": ";".join(dict.fromkeys(one for one in lot[column] if one)),
                    "openings": len(lot),
                    "area_m2": math.fsum(lot["area_m2"].dropna()),
                    "capital_cost": math.fsum(lot["capital_cost"]),
                    "yearly_cost": math.fsum(lot["yearly_cost"]),
                    "call_by": month_text(opens - rules.months),
                    "in_range": len(lot) >= rules.min_openings,
                    "projects": ";".join(lot["id"]),
                }
            )
    return programme_frame(study, "lots", rows), lot_of
