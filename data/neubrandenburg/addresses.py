"""Names for places that have none: the street of the nearest address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely

if TYPE_CHECKING:
    from extract import Town


class Streets:
    """The street of every address in town, to be asked for the one nearest to a point."""

    def __init__(self, town: Town) -> None:
        addressed = [item for item in town.features if item.tag("addr:street")]
        self._names = [item.tags["addr:street"] for item in addressed]
        self._tree = shapely.STRtree([item.shape for item in addressed])

    def near(self, point: shapely.Point) -> str:
        """Return the street of the address nearest to `point`."""
        return self._names[int(self._tree.query_nearest(point).min())]
