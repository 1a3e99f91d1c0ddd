"""What the tags of OpenStreetMap say about walking: which ways are walked, which nodes let nobody pass."""

from __future__ import annotations

from typing import Protocol

from planner.access.network import KIND_CODE, EdgeFlag

_LINKS = {f"{road}_link": road for road in ("motorway", "trunk", "primary", "secondary", "tertiary")}
_SAME_AS = {"crossing": "footway", "sidewalk": "footway", "platform": "footway", "busway": "service", **_LINKS}
_ON_FOOT_IF_SAID = frozenset({"motorway", "motorway_link", "bridleway", "busway", "platform"})
_FOOT_YES = frozenset({"yes", "designated", "permissive", "official", "destination", "customers"})
_FOOT_NO = frozenset({"no", "private", "use_sidepath", "discouraged", "agricultural", "forestry"})
_CLOSED = frozenset({"no", "private", "agricultural", "forestry", "military", "delivery"})
_NOTHING = frozenset({None, "", "no"})
_OPEN_AIR = _NOTHING | {"building_passage", "covered", "arcade"}  # doors open there as on any street

NODE_KEYS = ("highway", "crossing", "barrier", "access", "foot")
"""Nodes with none of these keys matter to nobody who walks past."""

_FENCED = frozenset(
    {"wall", "fence", "hedge", "city_wall", "retaining_wall", "cable_barrier", "guard_rail", "ditch", "debris"}
)  # fmt: skip
_SAYS_WHO_MAY_PASS = frozenset(
    {"access", "foot", "vehicle", "motor_vehicle", "motorcar", "bicycle", "horse", "hgv", "locked", "note", "source"}
)


class Tags(Protocol):
    """The tags of one object: what a mapping's ``get`` answers."""

    def get(self, key: str, /) -> str | None:
        """Value of ``key``, or None."""


def walkable(tags: Tags) -> int:
    """Give the class of a way that may be walked, as a position in `KINDS`, or −1.

    Footways, paths, steps, squares, living streets and every ordinary road are walkable unless the way says otherwise;
    motorways, motor roads, private ways, ways under construction and ways closed on foot are not. An explicit
    ``foot=yes`` (or designated, permissive …) wins over all of that.
    """
    return judged(tags)[0]


def closed_by(tags: Tags) -> str:
    """Give the tag for which a street is not walked, such as ``access=private``; empty if it is, or is no street."""
    return judged(tags)[1]


def judged(tags: Tags) -> tuple[int, str]:
    """Give `walkable` and `closed_by` of a way together."""
    said = (tags.get("highway") or "").split(";", 1)[0]
    kind = _SAME_AS.get(said, said)
    code = KIND_CODE.get(kind, -1)
    if code < 0:
        return -1, ""
    foot, access = tags.get("foot") or "", tags.get("access") or ""
    if foot in _FOOT_YES:
        return code, ""
    if foot in _FOOT_NO:
        return -1, f"foot={foot}"
    if said in _ON_FOOT_IF_SAID:
        return -1, f"highway={said}"
    if tags.get("motorroad") == "yes":
        return -1, "motorroad=yes"
    return (-1, f"access={access}") if access in _CLOSED else (code, "")


def way_flags(tags: Tags, code: int) -> tuple[int, bool]:
    """Give the `EdgeFlag` bits of a walkable way and whether it is drawn against its walking direction."""
    flags = int(EdgeFlag.STAIRS) if code == KIND_CODE["steps"] else 0
    if tags.get("bridge") not in _NOTHING:
        flags |= int(EdgeFlag.BRIDGE)
    if tags.get("tunnel") not in _OPEN_AIR:
        flags |= int(EdgeFlag.TUNNEL)
    way = tags.get("oneway:foot") or {"forward": "yes", "backward": "-1"}.get(tags.get("conveying") or "")
    if way in {"yes", "-1"}:
        flags |= int(EdgeFlag.ONE_WAY)
    return flags, way == "-1"


def barred_by(tags: dict[str, str]) -> str:
    """Give the tag for which nobody passes a node on foot, such as ``foot=no``; empty where people pass.

    What is said of people on foot counts most, then what is said of everybody, then the lock, then the kind of barrier:

    - ``foot`` decides, wherever it stands [1]_; on a crossing (``highway=crossing``) it is about crossing the road, not
      about walking along it, and is left to the ways;
    - ``access`` decides on a barrier, and on a node that says nothing else (on the node of a parking entrance or a house
      door it is about those);
    - ``locked=yes`` needs a key that the public does not have [2]_;
    - of barriers, gates, bollards, stiles, turnstiles, blocks, chains … let people on foot pass (the wiki: ``foot=yes``
      is implied for ``bollard``, ``block``, ``stile``, ``kissing_gate``, ``cycle_barrier``; a ``gate`` without ``access`` is
      passable) [3]_; walls, fences, hedges and other barriers that are drawn as lines do not, where a way meets
      one in a node that is no gap [4]_.

    References
    ----------
    .. [1] OpenStreetMap wiki, Key:access (a mode's own key wins over ``access``).
    .. [2] OpenStreetMap wiki, Key:locked ("usually locked and not accessible without the key").
    .. [3] OpenStreetMap wiki, Key:barrier, and the pages of its values.
    .. [4] OpenStreetMap wiki, Barriers ("When a linear barrier crosses a way they share a node").
    """
    barrier, foot, access = tags.get("barrier", ""), tags.get("foot", ""), tags.get("access", "")
    is_barrier = barrier not in {"", "no", "entrance"}
    if barrier in {"", "no"} and tags.get("highway") == "crossing":
        return ""
    if foot in _FOOT_YES:
        return ""
    if foot in _FOOT_NO:
        return f"foot={foot}"
    if barrier or set(tags) <= _SAYS_WHO_MAY_PASS:
        if access in _CLOSED:
            return f"access={access}"
        if access not in {"", "unknown"}:
            return ""
    if barrier and tags.get("locked") == "yes":
        return "locked=yes"
    return f"barrier={barrier}" if is_barrier and barrier in _FENCED else ""
