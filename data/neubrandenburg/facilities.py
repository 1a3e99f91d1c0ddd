"""Facilities that exist in the extract: homes for the old, kindergartens, and other social places."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
from addresses import Streets
from extract import CRS, Feature, Town

SAME_PLACE_M = 30.0
"""Objects of the same service nearer than this are one facility mapped twice (a point and its building)."""

NAMED_KINDS = (
    ("schulhort", "after_school", "other"),
    ("hospiz", "hospice", "other"),
    ("mensa-terrasse", "", ""),
    ("mensa", "student_canteen", "other"),
    ("seniorenbüro", "senior_office", "other"),
    ("behindertenverband", "disability_association", "other"),
    ("kinderkrippe", "creche", "childcare"),
    ("kita", "kindergarten", "childcare"),
    ("kindergarten", "kindergarten", "childcare"),
    ("pflegeheim", "nursing_home", "elder_care"),
    ("seniorenpark", "nursing_home", "elder_care"),
)
"""Words in a name that say more than the tag: word, kind, service. Read in this order, before the tags."""

TAGGED_KINDS = {
    "kindergarten": ("kindergarten", "childcare"),
    "childcare": ("kindergarten", "childcare"),
    "nursing_home": ("nursing_home", "elder_care"),
    "retirement_home": ("nursing_home", "elder_care"),
    "social_facility": ("social_facility", "other"),
    "canteen": ("canteen", "canteen"),
    "community_centre": ("community_centre", "other"),
}


@dataclass(frozen=True)
class _Found:
    item: Feature
    kind: str
    service: str
    basis: str


def facilities(town: Town) -> gpd.GeoDataFrame:
    """Return the facilities as points, each with the OpenStreetMap objects it was read from; none is invented."""
    found = [entry for item in town.features if (entry := _classify(item)) is not None]
    groups: list[list[_Found]] = []
    for entry in sorted(found, key=_rank):
        twin = next((group for group in groups if _same_place(group[0], entry)), None)
        if twin is None:
            groups.append([entry])
        else:
            twin.append(entry)
    streets = Streets(town)
    groups.sort(key=lambda group: (group[0].service, _name(group, streets), group[0].item.osm_id))
    rows = [
        {
            "id": f"F{number:02d}",
            "name": _name(group, streets),
            "service": group[0].service,
            "kind": group[0].kind,
            "basis": "tag" if any(entry.basis == "tag" for entry in group) else "name",
            "operator": next((entry.item.tag("operator") for entry in group if entry.item.tag("operator")), ""),
            "capacity": next((int(c) for entry in group if (c := entry.item.tag("capacity")).isdecimal()), None),
            "wheelchair": next((entry.item.tag("wheelchair") for entry in group if entry.item.tag("wheelchair")), ""),
            "osm_id": ";".join(entry.item.osm_id for entry in group),
        }
        for number, group in enumerate(groups, start=1)
    ]
    layer = gpd.GeoDataFrame(rows, geometry=[group[0].item.point for group in groups], crs=CRS)
    layer["capacity"] = layer["capacity"].astype("Int32")
    return layer


def _classify(item: Feature) -> _Found | None:
    if "highway" in item.tags or "shop" in item.tags or item.tag("amenity") in {"doctors", "bbq", "nightclub"}:
        return None
    name = (item.tag("name") or item.tag("addr:housename")).lower()
    tagged = TAGGED_KINDS.get(item.tag("amenity"))
    for word, kind, service in NAMED_KINDS:
        if word in f" {name}":
            return _Found(item, kind, service, "tag" if tagged and tagged[1] == service else "name") if kind else None
    if tagged:
        return _Found(item, *tagged, "tag")
    if "social_facility" in item.tags:
        return _Found(item, "social_facility", "other", "tag")
    return None


def _rank(entry: _Found) -> tuple[bool, bool, str]:
    """Footprints before points, named before unnamed: the best-described object gives the facility its place."""
    return entry.item.shape.geom_type == "Point", "name" not in entry.item.tags, entry.item.osm_id


def _same_place(one: _Found, other: _Found) -> bool:
    return one.service == other.service and one.item.shape.distance(other.item.shape) <= SAME_PLACE_M


def _name(group: list[_Found], streets: Streets) -> str:
    """Return the longest proper name in the group, else what it is and where."""
    names = [entry.item.tag("name") for entry in group if entry.item.tag("name") not in {"", "Kindergarten"}]
    if names:
        return max(names, key=len)
    item = group[0].item
    address = f"{item.tag('addr:street')} {item.tag('addr:housenumber')}".strip() or f"near {streets.near(item.point)}"
    return item.tag("addr:housename") or f"{group[0].kind.replace('_', ' ')}, {address}"
