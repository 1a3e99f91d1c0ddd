"""Quarters: cells around the named place nodes, cut at the municipality's boundary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from extract import CRS, Town
from people import spread

if TYPE_CHECKING:
    import numpy.typing as npt

SMALLEST_QUARTER = 100
"""A cell with fewer estimated residents is no quarter of its own."""

PLACES = ("suburb", "neighbourhood", "quarter", "village", "hamlet")


@dataclass(frozen=True)
class Seed:
    """A place node that a cell grows from."""

    osm_id: str
    name: str
    point: shapely.Point


TOWN_AREA = {
    "Innenstadt": "Innenstadt",
    "Jahnviertel": "Innenstadt",
    "Am Oberbach": "Innenstadt",
    "Broda": "Stadtgebiet West",
    "Brodaer Höhe": "Stadtgebiet West",
    "Am Brodaer Holz": "Stadtgebiet West",
    "Weitin": "Stadtgebiet West",
    "Malerviertel": "Stadtgebiet West",
    "Vogelviertel": "Vogelviertel",
    "Reitbahnviertel": "Reitbahnviertel",
    "Datzeberg": "Datzeviertel",
    "Ihlenfelder Vorstadt": "Industrieviertel",
    "Monckeshof": "Industrieviertel",
    "Oststadt": "Stadtgebiet Ost",
    "Fritscheshof": "Stadtgebiet Ost",
    "Carlshöhe": "Stadtgebiet Ost",
    "Küssow": "Stadtgebiet Ost",
    "Katharinenviertel": "Katharinenviertel",
    "Südstadt": "Stadtgebiet Süd",
    "Fünfeichen": "Stadtgebiet Süd",
    "Lindenberg": "Lindenbergviertel",
    "Lindenberg Süd": "Lindenbergviertel",
    "Am Steep": "Lindenbergviertel",
    "An der Landwehr": "Lindenbergviertel",
    "Am Waldrand": "Lindenbergviertel",
}
"""The town's ten official areas (Stadtgebiete) by the place names they are published with; see README."""


def quarters(town: Town, dwellings: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, npt.NDArray[np.object_]]:
    """Return the quarters with their estimated people, and the quarter id of every dwelling.

    Cells are Voronoi cells of the place nodes: an approximation of quarters whose true borders are not in the
    source. A place with fewer than `SMALLEST_QUARTER` estimated residents is dropped, smallest first, and its
    ground goes to its neighbours.
    """
    seeds = sorted(_seeds(town), key=lambda seed: seed.name)
    spots = np.array([shape.representative_point() for shape in dwellings.geometry])
    while True:
        cells = _cells(seeds, town.boundary)
        home = _cell_of(cells, spots)
        floor_m2 = np.bincount(home, dwellings["res_m2"].to_numpy(), len(seeds)).astype(np.float64)
        people = spread(floor_m2)
        smallest = int(people["pop"].to_numpy().argmin())
        if people["pop"].iloc[smallest] >= SMALLEST_QUARTER:
            break
        del seeds[smallest]
    ids = np.array([f"Q{number:02d}" for number in range(1, len(seeds) + 1)], dtype=object)
    layer = gpd.GeoDataFrame(
        {
            "id": ids,
            "name": [seed.name for seed in seeds],
            "town_area": [TOWN_AREA[seed.name] for seed in seeds],
            "osm_id": [seed.osm_id for seed in seeds],
            **{column: people[column] for column in people.columns},
            "people_src": "estimate",
            "homes": np.bincount(home, minlength=len(seeds)),
            "res_m2": floor_m2.round(0).astype(np.int64),
            "area_km2": [round(cell.area / 1e6, 3) for cell in cells],
        },
        geometry=cells,
        crs=CRS,
    )
    return layer, ids[home]


def _seeds(town: Town) -> list[Seed]:
    return [
        Seed(item.osm_id, item.tags["name"], item.shape)
        for item in town.features
        if item.tag("place") in PLACES and item.shape.geom_type == "Point" and "name" in item.tags
    ]


def _cells(seeds: list[Seed], boundary: shapely.Polygon) -> list[shapely.Geometry]:
    """Voronoi cells in the order of the seeds, clipped, on a one-centimetre grid."""
    raw = shapely.voronoi_polygons(
        shapely.MultiPoint([seed.point for seed in seeds]), extend_to=shapely.box(*boundary.bounds), ordered=True
    )
    return [shapely.set_precision(shapely.intersection(cell, boundary), 0.01) for cell in raw.geoms]


def _cell_of(cells: list[shapely.Geometry], spots: npt.NDArray[np.object_]) -> npt.NDArray[np.int64]:
    """Position of the nearest cell of every spot; a spot on a border goes to the first of the two."""
    spot, cell = shapely.STRtree(cells).query_nearest(spots)
    _, first = np.unique(spot, return_index=True)
    return np.asarray(cell[first], dtype=np.int64)
