"""Tender lots: openings of one service near each other, joined until a lot is large enough for somebody to bid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
