"""Travel times of people whose walking profile or circles differ by the area where they live."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.access.travel_times import TravelTimes
from planner.district import of_points, variants

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from planner.study import Service, Study


def times_of(
    study: Study,
    service: Service,
    communities: pd.DataFrame,
    community: NDArray[np.int64],
    times: Mapping[str, TravelTimes],
) -> TravelTimes:
    """Return the travel times of the users of a service, each with the profile of their area and no farther than its widest circle.

    Where no area differs these are the travel times of the profile, as far as they were computed.

    Parameters
    ----------
    communities, community
        The communities, and the position int64[n] of that of each demand point, −1 for none.
    times
        Walking profile → travel times.
    """
    found = variants(study, service, communities)
    if len(found) == 1:
        return times[service.walker]
    parts = []
    for variant in found:
        own = times[variant.service.walker]
        rows = np.repeat(np.arange(len(community)), np.diff(own.indptr))
        kept = of_points(variant, community)[rows] & (own.seconds <= 60 * variant.service.circles[-1].minutes)
        parts.append((rows[kept], own.site[kept], own.seconds[kept]))
    rows, site, seconds = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.argsort(rows, kind="stable")
    indptr = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(community)))]).astype(np.int64)
    widest_s = 60 * study.circles_of(service)[-1].minutes
    return TravelTimes(indptr, site[order], seconds[order], times[service.walker].n_sites, widest_s)
