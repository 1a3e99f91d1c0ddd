"""What can be a candidate, how it is recognised, and what is assumed of it."""

from __future__ import annotations

from dataclasses import dataclass


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
    setup_cost_per_m2 : int
        One-time conversion cost, in euro.
    """

    owner: str
    levels: int
    share: float
    cap_m2: float
    ready_year: int
    setup_cost_per_m2: int


KINDS = {
    "vacant": Kind("private", 1, 0.80, 800, 2026, 1750),
    "community": Kind("association", 1, 0.40, 400, 2026, 750),
    "parish": Kind("church", 1, 0.40, 350, 2027, 900),
    "culture": Kind("public", 2, 0.15, 600, 2027, 1000),
    "library": Kind("public", 2, 0.15, 400, 2027, 1000),
    "school": Kind("public", 3, 0.12, 500, 2028, 1000),
    "college": Kind("public", 3, 0.08, 500, 2028, 1000),
    "sports_hall": Kind("public", 1, 0.15, 250, 2027, 1100),
    "public_office": Kind("public", 3, 0.12, 600, 2028, 1100),
    "health": Kind("private", 2, 0.15, 400, 2027, 1100),
    "fire_station": Kind("public", 1, 0.25, 150, 2028, 1100),
    "shopping": Kind("private", 1, 0.10, 800, 2026, 1500),
    "commercial": Kind("private", 2, 0.25, 600, 2026, 1500),
    "restaurant": Kind("private", 1, 0.50, 250, 2026, 600),
    "housing_coop": Kind("association", 3, 0.20, 400, 2026, 1000),
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
    ("initiative rosa-lila", "community"),
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

DRAWN_WITHOUT_BUILDING = frozenset({"parish", "sports_hall"})
"""Kinds whose outline is often drawn without the tag ``building``: the outline itself is then the footprint."""

LODGERS = frozenset({"community", "restaurant", "housing_coop"})
"""Kinds that are often one tenant of a block of flats; the buildings of all others are not lived in."""
