"""Premises that could take a service in: real public, church, cultural and commercial buildings of the town."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from addresses import Streets
from candidate_kinds import DRAWN_WITHOUT_BUILDING, KINDS, LODGERS, NAMED, TAGGED
from extract import CRS, Feature, Town

SAME_COMPOUND_M = 80.0
"""Unnamed buildings of one kind nearer than this are wings of one compound: only the largest is offered."""
NEAR_BUILDING_M = 6.0
"""A point this near to a building stands for premises in it."""
SMALLEST_OFFER_M2 = 60.0
LARGEST_RESTAURANT_M2 = 700.0
AREA_STEP_M2 = 5.0
HIGHEST_TAG = 30

NOT_STANDING = frozenset({"demolished", "construction", "roof"})
TAKEN = frozenset({"kindergarten", "nursing_home", "prison", "fuel"})


@dataclass(frozen=True)
class _Sign:
    """An object that says what is in a building: the building itself, a point in it, or the grounds around it."""

    kind: str
    building: Feature
    item: Feature

    @property
    def rank(self) -> tuple[int, bool, bool, str]:
        """The preferred kind first, then the building itself, then what has a name."""
        return (
            list(KINDS).index(self.kind),
            self.item is not self.building,
            not self.item.tag("name"),
            self.item.osm_id,
        )


@dataclass(frozen=True)
class _Premises:
    """A building with all signs found for it, the best first."""

    building: Feature
    signs: tuple[_Sign, ...]

    @property
    def kind(self) -> str:
        return self.signs[0].kind

    @property
    def namer(self) -> Feature:
        """The object whose name the premises bear."""
        named = (sign.item for sign in self.signs if sign.item.tag("name"))
        return next(named, self.building)

    @property
    def name(self) -> str:
        return self.namer.tag("name")

    def tag(self, key: str) -> str:
        """Return the first value of `key` on the building or a sign."""
        return self.building.tag(key) or next((sign.item.tag(key) for sign in self.signs if sign.item.tag(key)), "")


def candidates(town: Town) -> gpd.GeoDataFrame:
    """Return the candidates as points in their buildings, with the assumptions of their kind."""
    by_building: dict[str, list[_Sign]] = {}
    for sign in _signs(town):
        by_building.setdefault(sign.building.osm_id, []).append(sign)
    premises = [
        _Premises(signs[0].building, tuple(sorted(signs, key=lambda s: s.rank))) for signs in by_building.values()
    ]
    offered = [place for place in _one_per_compound(premises) if _area_m2(place) >= SMALLEST_OFFER_M2]
    layer = gpd.GeoDataFrame(
        [_row(place) for place in offered], geometry=[place.building.point for place in offered], crs=CRS
    )
    layer = _tell_apart(layer, Streets(town))
    layer = layer.sort_values(["kind", "name", "osm_id"], kind="stable", ignore_index=True)
    layer.insert(0, "id", [f"C{number:03d}" for number in range(1, len(layer) + 1)])
    return layer


def not_lived_in(layer: gpd.GeoDataFrame) -> frozenset[str]:
    """Return the OpenStreetMap ids of the candidates' buildings that are wholly something else than dwellings."""
    return frozenset(layer.loc[~layer["kind"].isin(LODGERS), "osm_id"].str.split(";").str[0])


def _signs(town: Town) -> list[_Sign]:
    """Pair every object that stands for a usable place with the building it is in."""
    areas = [item for item in town.features if item.shape.geom_type != "Point"]
    buildings = [item for item in areas if item.tag("building") and item.tag("building") not in NOT_STANDING]
    outlines = shapely.STRtree([item.shape for item in buildings])
    signs = []
    for item in town.features:
        kind = _kind(item)
        building = _building_of(item, kind, outlines, buildings) if kind else None
        if building is not None and not _ruled_out(kind, building):
            signs.append(_Sign(kind, building, item))
    return signs


def _kind(item: Feature) -> str:
    if "highway" in item.tags or item.tag("amenity") in {"kindergarten", "nursing_home", "driving_school", "bbq"}:
        return ""
    name = item.tag("name").lower()
    if not item.tag("public_transport"):
        for word, kind in NAMED:
            if word in name:
                return kind
    if item.tag("leisure") == "sports_centre" and "building" not in item.tags:
        return ""
    return next((kinds[item.tag(key)] for key, kinds in TAGGED.items() if item.tag(key) in kinds), "")


def _building_of(item: Feature, kind: str, outlines: shapely.STRtree, buildings: list[Feature]) -> Feature | None:
    """Return the object itself, the building around a point, or the largest on the grounds that is no sports hall."""
    if item.tag("building") and item.shape.geom_type != "Point":
        return item if item.tag("building") not in NOT_STANDING else None
    if item.shape.geom_type == "Point":
        near = outlines.query_nearest(item.shape, max_distance=NEAR_BUILDING_M)
        return buildings[int(near.min())] if len(near) else None
    touching = [buildings[place] for place in outlines.query(item.shape, predicate="intersects")]
    own = [b for b in touching if item.shape.contains(b.point) and b.tag("leisure") != "sports_centre"]
    fallback = item if kind in DRAWN_WITHOUT_BUILDING else None
    return max(own, key=lambda building: building.shape.area, default=fallback)


def _ruled_out(kind: str, building: Feature) -> bool:
    """Leave out what already is a facility, monuments, and restaurants that are one tenant of a larger building."""
    name = building.tag("name").lower()
    monument = building.tag("historic") == "city_gate"
    snack_bar = kind == "restaurant" and building.shape.area > LARGEST_RESTAURANT_M2
    return building.tag("amenity") in TAKEN or monument or snack_bar or any(word in name for word, k in NAMED if not k)


def _one_per_compound(premises: list[_Premises]) -> list[_Premises]:
    kept: list[_Premises] = []
    for place in sorted(premises, key=lambda p: (p.name == "", -p.building.shape.area, p.building.osm_id)):
        twin = any(
            other.kind == place.kind
            and place.name in {"", other.name}
            and other.building.shape.distance(place.building.shape) <= SAME_COMPOUND_M
            for other in kept
        )
        if not twin:
            kept.append(place)
    return kept


def _levels(place: _Premises) -> tuple[int, str]:
    tagged = place.building.tag("building:levels") or place.building.tag("levels")
    if tagged.isdecimal() and 0 < int(tagged) <= HIGHEST_TAG:
        return int(tagged), "osm"
    return KINDS[place.kind].levels, "assumed"


def _area_m2(place: _Premises) -> float:
    kind = KINDS[place.kind]
    offered_m2 = min(kind.share * place.building.shape.area * _levels(place)[0], kind.cap_m2)
    return float(np.floor(offered_m2 / AREA_STEP_M2) * AREA_STEP_M2)


def _row(place: _Premises) -> dict[str, object]:
    kind = KINDS[place.kind]
    levels, levels_source = _levels(place)
    return {
        "name": place.name,
        "kind": place.kind,
        "owner": kind.owner,
        "area_m2": _area_m2(place),
        "footpr_m2": round(place.building.shape.area, 1),
        "levels": levels,
        "levels_src": levels_source,
        "storey": 1,
        "lift": int(levels > 1 and place.tag("wheelchair") == "yes"),
        "wheelchair": place.tag("wheelchair"),
        "ready_year": kind.ready_year,
        "setup_cost": int(_area_m2(place) * kind.setup_cost_per_m2),
        "street": place.tag("addr:street"),
        "osm_id": ";".join(dict.fromkeys((place.building.osm_id, place.namer.osm_id))),
    }


def _tell_apart(layer: gpd.GeoDataFrame, streets: Streets) -> gpd.GeoDataFrame:
    """Call an unnamed candidate by its kind and street, and add the street where two share a name."""
    shared = layer["name"].duplicated(keep=False)
    for place in layer.index[shared]:
        street = layer.at[place, "street"] or "near " + streets.near(layer.geometry[place])
        name = layer.at[place, "name"] or layer.at[place, "kind"].replace("_", " ")
        layer.at[place, "name"] = f"{name}, {street}"
    return layer
