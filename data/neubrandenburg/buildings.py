"""Which buildings people live in, and how much floor they have there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from extract import CRS, Feature, Town

if TYPE_CHECKING:
    import numpy.typing as npt

HOUSES = frozenset({"house", "detached", "semidetached_house", "terrace", "bungalow"})
BLOCKS = frozenset({"residential", "apartments", "dormitory"})
USE_KEYS = (
    "amenity", "shop", "office", "tourism", "leisure", "craft", "man_made", "power", "railway", "historic",
    "aeroway", "military", "parking", "heritage", "sport",
)  # fmt: skip
"""A ``building=yes`` with one of these keys, or with a name, is taken for something else than dwellings."""

OTHER_LAND = {
    "landuse": {"commercial", "industrial", "retail", "garages", "allotments", "farmyard", "military", "railway"},
    "amenity": {"school", "college", "hospital", "prison", "parking", "fuel", "marketplace", "kindergarten"},
    "leisure": {"sports_centre", "stadium", "pitch", "marina", "park"},
    "tourism": {"zoo", "camp_site", "caravan_site"},
}
SMALLEST_HOME_M2 = 45.0
LARGEST_UNADDRESSED_M2 = 600.0
ALONE_M = 40.0
"""An unaddressed building nearer than this to an addressed one is its shed or garage."""

STOREYS_BY_FOOTPRINT_M2 = ((150.0, 1), (200.0, 2), (350.0, 3), (np.inf, 5))
"""Full storeys assumed below each footprint. A one-family house counts one: as in the tag ``building:levels``, the
storey under the roof is not counted. Five is the ordinary height of the town's slab blocks."""
ROW_HOUSE_M2 = 110.0
"""Less footprint than this for each of three or more house numbers is a row of houses, two full storeys high."""
TRADE_STOREYS = 3
STAIRCASE_M2 = 250.0
"""In a block with a trade in it, at most this much of each storey is lived in for every house number: about what a
staircase of a slab block serves. The rest belongs to the trade."""
HALL_M2 = 700.0
"""More footprint than this for each house number is a market, an office or a school, not dwellings."""
SAME_BUILDING_SHARE = 0.8
HIGHEST_TAG = 30
TRADE_KEYS = ("shop", "office", "craft", "healthcare")
TRADE_AMENITIES = frozenset(
    {"restaurant", "cafe", "fast_food", "pub", "bar", "bank", "doctors", "dentist", "pharmacy", "nightclub",
     "kindergarten", "post_office", "library", "social_facility"}
)  # fmt: skip
"""A point of one of these in a block of three storeys or more takes the ground floor from the dwellings."""


def homes(town: Town, taken: frozenset[str]) -> gpd.GeoDataFrame:
    """Return the residential buildings: footprint, storeys, floor area, and why they were taken for homes.

    The rule, in order: buildings in `taken` (ids of offices, schools, halls … found by other means) do not count; an
    explicit residential type counts (`typed`); an explicit other type, use, name or land use does not; a
    ``building=yes`` of 45 m² or more counts when it carries a house number or an address point touches it (`address`),
    unless it covers more than 700 m² for each number; without one it counts only in ``landuse=residential``, up to
    600 m², and when no addressed building stands within 40 m (`land use`): nearer ones are sheds and garages.
    """
    buildings = [item for item in town.features if item.tag("building") and item.shape.geom_type != "Point"]
    buildings = [item for item in _mapped_once(buildings) if item.osm_id not in taken]
    footprint_m2 = np.array([item.shape.area for item in buildings])
    entrances = _entrances(town, buildings)
    trades = _touching([item.shape for item in town.features if _is_trade(item)], buildings)
    spots = np.array([item.point for item in buildings])
    on_other_land = _within(spots, [item.shape for item in town.features if _is_other_land(item)])
    on_residential = _within(spots, [item.shape for item in town.features if item.tag("landuse") == "residential"])
    basis = np.full(len(buildings), "", dtype=object)
    for place, item in enumerate(buildings):
        kind = item.tag("building")
        if footprint_m2[place] < SMALLEST_HOME_M2:
            continue
        if kind in HOUSES | BLOCKS and "shop" not in item.tags:
            basis[place] = "typed"
        elif kind == "yes" and not on_other_land[place] and not _has_other_use(item) and entrances[place] > 0:
            if footprint_m2[place] > HALL_M2 * entrances[place]:
                continue
            basis[place] = "address"
    addressed = shapely.STRtree(np.array([item.shape for item in buildings])[entrances > 0])
    for place, item in enumerate(buildings):
        plain = item.tag("building") == "yes" and not _has_other_use(item) and not on_other_land[place]
        home_sized = SMALLEST_HOME_M2 <= footprint_m2[place] <= LARGEST_UNADDRESSED_M2
        if plain and not basis[place] and home_sized and on_residential[place]:
            near = addressed.query(item.shape, predicate="dwithin", distance=ALONE_M)
            if len(near) == 0:
                basis[place] = "land use"
    kept = [place for place in range(len(buildings)) if basis[place]]
    rows = [_row(buildings[place], str(basis[place]), int(entrances[place]), int(trades[place])) for place in kept]
    layer = gpd.GeoDataFrame(rows, geometry=[buildings[place].shape for place in kept], crs=CRS)
    lived_in_m2 = layer["footpr_m2"].where(
        (layer["trades"] == 0) | (layer["levels"] < TRADE_STOREYS),
        np.minimum(layer["footpr_m2"], STAIRCASE_M2 * layer["addresses"].clip(lower=1)),
    )
    layer["res_levels"] = (lived_in_m2 * layer["res_levels"] / layer["footpr_m2"]).round(2)
    layer["res_m2"] = (layer["footpr_m2"] * layer["res_levels"]).round(1)
    return layer


def storeys(item: Feature, house_numbers: int) -> tuple[int, str]:
    """Full storeys of a residential building, and whether the tag (``osm``) or the footprint (``assumed``) says so."""
    tagged = item.tag("building:levels") or item.tag("levels")
    if tagged.isdecimal() and 0 < int(tagged) <= HIGHEST_TAG:
        return int(tagged), "osm"
    footprint_m2 = item.shape.area
    if house_numbers >= 3 and footprint_m2 / house_numbers < ROW_HOUSE_M2:
        return 2, "assumed"
    if item.tag("building") in HOUSES:
        return min(2, _by_footprint(footprint_m2)), "assumed"
    return _by_footprint(footprint_m2), "assumed"


def _mapped_once(buildings: list[Feature]) -> list[Feature]:
    """Drop a building that another one covers: the same house drawn twice, or a part inside its whole."""
    outlines = [item.shape for item in buildings]
    inner, outer = shapely.STRtree(outlines).query(outlines, predicate="intersects")
    dropped: set[int] = set()
    for one, other in zip(inner.tolist(), outer.tolist(), strict=True):
        smaller = (outlines[one].area, -one) < (outlines[other].area, -other)
        if smaller and other not in dropped:
            covered = outlines[one].intersection(outlines[other]).area / outlines[one].area
            if covered > SAME_BUILDING_SHARE:
                dropped.add(one)
    return [item for place, item in enumerate(buildings) if place not in dropped]


def _by_footprint(footprint_m2: float) -> int:
    return next(count for below_m2, count in STOREYS_BY_FOOTPRINT_M2 if footprint_m2 < below_m2)


def _row(item: Feature, basis: str, house_numbers: int, trades: int) -> dict[str, object]:
    levels, source = storeys(item, house_numbers)
    return {
        "id": item.osm_id,
        "type": item.tag("building"),
        "basis": basis,
        "street": item.tag("addr:street"),
        "number": item.tag("addr:housenumber"),
        "addresses": house_numbers,
        "footpr_m2": round(item.shape.area, 1),
        "levels": levels,
        "levels_src": source,
        "trades": trades,
        "res_levels": levels - 1 if trades and levels >= TRADE_STOREYS else levels,
    }


def _entrances(town: Town, buildings: list[Feature]) -> npt.NDArray[np.int64]:
    """Count the house numbers of each building: its own, or the address points on its outline or inside it."""
    points = [item.shape for item in town.features if item.osm_id[0] == "n" and "addr:housenumber" in item.tags]
    own = np.array(["addr:housenumber" in item.tags for item in buildings], dtype=np.int64)
    return np.maximum(_touching(points, buildings), own)


def _touching(points: list[shapely.Point], buildings: list[Feature]) -> npt.NDArray[np.int64]:
    """Count the points inside each building or within a metre of its outline."""
    outlines = shapely.STRtree([item.shape for item in buildings])
    touched = outlines.query(points, predicate="dwithin", distance=1.0)[1]
    return np.bincount(touched, minlength=len(buildings))


def _is_trade(item: Feature) -> bool:
    return item.shape.geom_type == "Point" and (
        item.tag("amenity") in TRADE_AMENITIES or any(key in item.tags for key in TRADE_KEYS)
    )


def _within(spots: npt.NDArray[np.object_], zones: list[shapely.Geometry]) -> npt.NDArray[np.bool_]:
    inside = np.zeros(len(spots), dtype=bool)
    inside[shapely.STRtree(zones).query(spots, predicate="within")[0]] = True
    return inside


def _is_other_land(item: Feature) -> bool:
    area = item.shape.geom_type != "Point" and "building" not in item.tags
    return area and any(item.tag(key) in values for key, values in OTHER_LAND.items())


def _has_other_use(item: Feature) -> bool:
    if "wohnheim" in (item.tag("name") + item.tag("addr:housename")).lower():
        return False
    return "name" in item.tags or any(key in item.tags for key in USE_KEYS)
