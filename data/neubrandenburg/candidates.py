"""Premises that could take a service in: real public, church, cultural and commercial buildings of the town."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from addresses import Streets
from extract import CRS, Feature, Town

SAME_COMPOUND_M = 80.0
"""Unnamed buildings of one kind nearer than this are wings of one compound: only the largest is offered."""
NEAR_BUILDING_M = 6.0
"""A point this near to a building stands for premises in it."""
SMALLEST_OFFER_M2 = 60.0
LARGEST_RESTAURANT_M2 = 700.0
AREA_STEP_M2 = 5.0
HIGHEST_TAG = 30


@dataclass(frozen=True)
class Kind:
    """What is assumed of every candidate of a kind; see the table in README.md.

    Attributes
    ----------
    owner : str
        ``public``, ``church``, ``association`` or ``private``.
    levels : int
        Storeys where the source has no tag.
    share, cap_m2 : float
        The offered area is ``min(share × footprint × storeys, cap_m2)``.
    ready_year : int
        First year the rooms could open.
    setup_yuan_per_m2 : int
        One-time conversion cost.
    """

    owner: str
    levels: int
    share: float
    cap_m2: float
    ready_year: int
    setup_yuan_per_m2: int


KINDS = {
    "vacant": Kind("private", 1, 0.80, 800, 2026, 3500),
    "community": Kind("association", 1, 0.40, 400, 2026, 1500),
    "parish": Kind("church", 1, 0.40, 350, 2027, 1800),
    "culture": Kind("public", 2, 0.15, 600, 2027, 2000),
    "library": Kind("public", 2, 0.15, 400, 2027, 2000),
    "school": Kind("public", 3, 0.12, 500, 2028, 2000),
    "college": Kind("public", 3, 0.08, 500, 2028, 2000),
    "sports_hall": Kind("public", 1, 0.15, 250, 2027, 2200),
    "public_office": Kind("public", 3, 0.12, 600, 2028, 2200),
    "health": Kind("private", 2, 0.15, 400, 2027, 2200),
    "fire_station": Kind("public", 1, 0.25, 150, 2028, 2200),
    "shopping": Kind("private", 1, 0.10, 800, 2026, 3000),
    "commercial": Kind("private", 2, 0.25, 600, 2026, 3000),
    "restaurant": Kind("private", 1, 0.50, 250, 2026, 1200),
    "housing_coop": Kind("association", 3, 0.20, 400, 2026, 2000),
}
"""In order of preference: a building that is several of these is offered as the first."""

TAGGED = {
    "amenity": {
        "community_centre": "community",
        "social_facility": "community",
        "place_of_worship": "parish",
        "arts_centre": "culture",
        "theatre": "culture",
        "library": "library",
        "school": "school",
        "college": "college",
        "university": "college",
        "townhall": "public_office",
        "public_building": "public_office",
        "clinic": "health",
        "restaurant": "restaurant",
    },
    "shop": {"vacant": "vacant", "mall": "shopping"},
    "building": {
        "church": "parish",
        "school": "school",
        "civic": "public_office",
        "public": "public_office",
        "office": "commercial",
        "commercial": "commercial",
        "retail": "commercial",
    },
    "tourism": {"museum": "culture"},
    "leisure": {"sports_centre": "sports_hall"},
    "social_facility": {"outreach": "community"},
    "office": {"tax": "public_office"},
}

NAMED = (
    ("geschlossen", "vacant"),
    ("hort", "school"),
    ("kita", ""),
    ("kinderkrippe", ""),
    ("pflegeheim", ""),
    ("mensa", ""),
    ("seniorenpark", ""),
    ("sportpark", ""),
    ("truck stop", ""),
    ("konzertkirche", ""),
    ("bürgerhaus", "community"),
    ("jugendclub", "community"),
    ("haus der gewerkschaften", "community"),
    ("mixtape", "community"),
    ("kinder- und jugenddienste", "community"),
    ("seniorenbüro", "community"),
    ("aids-hilfe", "community"),
    ("anglerheim", "community"),
    ("gemeindehaus", "parish"),
    ("lindetalgemeinde", "parish"),
    ("stadthalle", "culture"),
    ("haus der kultur", "culture"),
    ("tanzhaus", "culture"),
    ("musikschule", "culture"),
    ("latücht", "culture"),
    ("neuer schlachthof", "culture"),
    ("versorgungsamt", "public_office"),
    ("stalu ", "public_office"),
    ("bauamt", "public_office"),
    ("katasteramt", "public_office"),
    ("landratsamt", "public_office"),
    ("amtshaus", "public_office"),
    ("rentenversicherung", "public_office"),
    ("sporthalle", "sports_hall"),
    ("ärztehaus", "health"),
    ("freiwillige feuerwehr", "fire_station"),
    ("aok gebäude", "commercial"),
    ("ikk", "commercial"),
    ("phönixeum", "commercial"),
    ("neuwoba", "housing_coop"),
)
"""Words in a name that decide the kind (or, empty, rule the object out) before the tags do."""

LODGERS = frozenset({"community", "restaurant", "housing_coop"})
"""Kinds that are often one tenant of a block of flats; the buildings of all others are not lived in."""


@dataclass(frozen=True)
class _Offer:
    kind: str
    building: Feature
    """The building whose footprint is counted."""
    sign: Feature
    """The object that says what is in it: the building itself, a point in it, or the grounds around it."""


def candidates(town: Town) -> gpd.GeoDataFrame:
    """Return the candidates as points in their buildings, with the assumptions of their kind."""
    order = list(KINDS)
    best: dict[str, list[_Offer]] = {}
    for offer in _offers(town):
        best.setdefault(offer.building.osm_id, []).append(offer)
    for group in best.values():
        group.sort(key=lambda o: (order.index(o.kind), _plain_name(o) == "", o.sign.osm_id))
    offers = [group[0] for group in best.values()]
    names = {key: next((n for o in group if (n := _plain_name(o))), "") for key, group in best.items()}
    kept = _one_per_compound(offers, names)
    rows, points = [], []
    for offer in kept:
        row = _row(offer, names[offer.building.osm_id])
        if row["area_m2"] >= SMALLEST_OFFER_M2:  # type: ignore[operator]
            rows.append(row)
            points.append(offer.building.point)
    layer = _tell_apart(gpd.GeoDataFrame(rows, geometry=points, crs=CRS), Streets(town))
    layer = layer.sort_values(["kind", "name", "osm_id"], kind="stable", ignore_index=True)
    layer.insert(0, "id", [f"C{number:03d}" for number in range(1, len(layer) + 1)])
    return layer


def not_lived_in(layer: gpd.GeoDataFrame) -> frozenset[str]:
    """Return the OpenStreetMap ids of the candidates' buildings that are wholly something else than dwellings."""
    return frozenset(layer.loc[~layer["kind"].isin(LODGERS), "osm_id"].str.split(";").str[0])


def _offers(town: Town) -> list[_Offer]:
    """Pair every sign of a usable place with the building it is in."""
    buildings = [item for item in town.features if item.tag("building") and item.shape.geom_type != "Point"]
    buildings = [item for item in buildings if item.tag("building") not in {"demolished", "construction", "roof"}]
    outlines = shapely.STRtree([item.shape for item in buildings])
    position = {item.osm_id: place for place, item in enumerate(buildings)}
    offers = []
    for item in town.features:
        kind = _kind(item)
        if not kind:
            continue
        if item.osm_id in position:
            offers.append(_Offer(kind, item, item))
        elif item.shape.geom_type == "Point":
            near = outlines.query_nearest(item.shape, max_distance=NEAR_BUILDING_M)
            if len(near):
                offers.append(_Offer(kind, buildings[int(near.min())], item))
        else:
            inside = [
                p for p in outlines.query(item.shape, predicate="intersects") if item.shape.contains(buildings[p].point)
            ]
            if inside:
                largest = max(inside, key=lambda place: buildings[place].shape.area)
                offers.append(_Offer(kind, buildings[largest], item))
    return [offer for offer in offers if not _ruled_out(offer)]


def _kind(item: Feature) -> str:
    if item.tag("leisure") == "sports_centre" and "building" not in item.tags:
        return ""
    if "highway" in item.tags or item.tag("amenity") in {"kindergarten", "nursing_home", "driving_school", "bbq"}:
        return ""
    name = item.tag("name").lower()
    if not item.tag("public_transport"):
        for word, kind in NAMED:
            if word in name:
                return kind
    return next((kinds[item.tag(key)] for key, kinds in TAGGED.items() if item.tag(key) in kinds), "")


def _ruled_out(offer: _Offer) -> bool:
    """Leave out what already is a facility, monuments, and restaurants that are one tenant of a larger building."""
    name = offer.building.tag("name").lower()
    taken = offer.building.tag("amenity") in {"kindergarten", "nursing_home", "prison", "fuel"}
    monument = offer.building.tag("historic") == "city_gate"
    snack_bar = offer.kind == "restaurant" and offer.building.shape.area > LARGEST_RESTAURANT_M2
    return taken or monument or snack_bar or any(word in name for word, kind in NAMED if not kind)


def _one_per_compound(offers: list[_Offer], names: dict[str, str]) -> list[_Offer]:
    kept: list[_Offer] = []
    for offer in sorted(
        offers, key=lambda o: (names[o.building.osm_id] == "", -o.building.shape.area, o.building.osm_id)
    ):
        name = names[offer.building.osm_id]
        twin = any(
            other.kind == offer.kind
            and name in {"", names[other.building.osm_id]}
            and other.building.shape.distance(offer.building.shape) <= SAME_COMPOUND_M
            for other in kept
        )
        if not twin:
            kept.append(offer)
    return kept


def _row(offer: _Offer, name: str) -> dict[str, object]:
    kind = KINDS[offer.kind]
    tagged = offer.building.tag("building:levels") or offer.building.tag("levels")
    levels = int(tagged) if tagged.isdecimal() and 0 < int(tagged) <= HIGHEST_TAG else kind.levels
    footprint_m2 = offer.building.shape.area
    offered_m2 = min(kind.share * footprint_m2 * levels, kind.cap_m2)
    area_m2 = float(np.floor(offered_m2 / AREA_STEP_M2) * AREA_STEP_M2)
    wheelchair = offer.sign.tag("wheelchair") or offer.building.tag("wheelchair")
    ids = dict.fromkeys((offer.building.osm_id, offer.sign.osm_id))
    return {
        "name": name,
        "kind": offer.kind,
        "owner": kind.owner,
        "area_m2": area_m2,
        "footpr_m2": round(footprint_m2, 1),
        "levels": levels,
        "levels_src": "osm" if levels == int(tagged or 0) else "assumed",
        "storey": 1,
        "lift": int(levels > 1 and wheelchair == "yes"),
        "wheelchair": wheelchair,
        "ready_year": kind.ready_year,
        "setup_yuan": int(area_m2 * kind.setup_yuan_per_m2),
        "street": offer.building.tag("addr:street") or offer.sign.tag("addr:street"),
        "osm_id": ";".join(ids),
    }


def _plain_name(offer: _Offer) -> str:
    return offer.sign.tag("name") or offer.building.tag("name")


def _tell_apart(layer: gpd.GeoDataFrame, streets: Streets) -> gpd.GeoDataFrame:
    """Call an unnamed candidate by its kind and street, and add the street where two share a name."""
    shared = layer["name"].duplicated(keep=False)
    for place in layer.index[shared]:
        street = layer.at[place, "street"] or "near " + streets.near(layer.geometry[place])
        name = layer.at[place, "name"] or layer.at[place, "kind"].replace("_", " ")
        layer.at[place, "name"] = f"{name}, {street}"
    return layer
