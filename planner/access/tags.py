"""Street classes and walking access from OpenStreetMap tags and from class names of Chinese, German and American layers."""

from __future__ import annotations

import unicodedata
from typing import Protocol

from planner.access.network import CLASS_CODE, EdgeFlag

_LINKS = {f"{road}_link": road for road in ("motorway", "trunk", "primary", "secondary", "tertiary")}
_CLASS_SYNONYMS = {"crossing": "footway", "sidewalk": "footway", "platform": "footway", "busway": "service", **_LINKS}
_EXPLICIT_FOOT_ONLY = frozenset({"motorway", "motorway_link", "bridleway", "busway", "platform"})
_FOOT_YES = frozenset({"yes", "designated", "permissive", "official", "destination", "customers"})
_FOOT_NO = frozenset({"no", "private", "use_sidepath", "discouraged", "agricultural", "forestry"})
_CLOSED = frozenset({"no", "private", "agricultural", "forestry", "military", "delivery"})
_UNSET = frozenset({None, "", "no"})
_OPEN_AIR = _UNSET | {"building_passage", "covered", "arcade"}  # doors open there as on any street
NODE_KEYS = ("highway", "crossing", "barrier", "access", "foot")
"""Keys of nodes that matter for walking."""
_LINEAR_BARRIERS = frozenset(
    {"wall", "fence", "hedge", "city_wall", "retaining_wall", "cable_barrier", "guard_rail", "ditch", "debris"}
)  # fmt: skip
_ACCESS_KEYS = frozenset(
    {"access", "foot", "vehicle", "motor_vehicle", "motorcar", "bicycle", "horse", "hgv", "locked", "note", "source"}
)
CLASS_COLUMNS = (
    "highway", "fclass", "道路等级", "道路类型", "道路类别", "道路级别", "道路分类", "class", "road_class", "roadclass",
    "road_type", "roadtype", "mtfcc", "function", "type", "等级", "类型", "类别", "kind",
)  # fmt: skip
"""Columns that may hold the class of a street, in order of preference; names truncated by a shapefile are understood too."""
LAYER_COLUMNS = ("layer", "z_level", "zlevel", "level", "层级", "立体层")
"""Columns that may hold the level of a street: 0 on the ground, 1 above, −1 below."""
_NOT_BUILT = frozenset({"construction", "proposed", "planned", "raceway", "abandoned", "razed", "disused", "no"})
# 快速路 is closed to people on foot: 全部控制出入 (CJJ 37-2012 城市道路工程设计规范, 3.1.1); where a footway or a side
# road (辅路) runs beside it, it is mapped as a line of its own
_CHINESE_CLASSES = {
    "高速公路": "motorway", "高速路": "motorway", "高速": "motorway", "城市高速": "motorway",
    "快速路": "motorway", "快速干道": "motorway", "高架路": "motorway", "高架": "motorway", "匝道": "motorway_link",
    "高速公路匝道": "motorway_link", "快速路辅路": "tertiary", "快速路辅道": "tertiary", "高速公路辅路": "tertiary",
    "辅路": "tertiary", "辅道": "tertiary",
    "国道": "trunk", "一级公路": "trunk", "省道": "primary", "二级公路": "primary", "县道": "secondary", "三级公路": "secondary",
    "乡道": "tertiary", "镇道": "tertiary", "四级公路": "tertiary", "村道": "unclassified", "等外公路": "unclassified",
    "等外路": "unclassified", "专用公路": "unclassified", "公路": "unclassified",
    "主干路": "primary", "主干道": "primary", "干路": "secondary", "干道": "secondary", "次干路": "secondary",
    "次干道": "secondary", "支路": "tertiary", "支道": "tertiary", "街坊路": "residential", "街巷": "residential",
    "巷道": "residential", "里弄": "residential", "弄堂": "residential", "胡同": "residential", "巷": "residential",
    "居住区道路": "residential", "小区道路": "living_street", "小区路": "living_street", "组团路": "living_street",
    "宅间路": "living_street", "宅前路": "living_street", "内部道路": "service", "内部路": "service", "园区道路": "service",
    "停车场道路": "service", "服务道路": "service", "消防通道": "service", "机耕路": "track", "土路": "track", "田间路": "track",
    "人行道": "footway", "人行步道": "footway", "步行道": "footway", "步道": "footway", "健身步道": "footway",
    "人行横道": "footway", "斑马线": "footway", "小路": "path", "小径": "path", "园路": "footway", "绿道": "path", "便道": "path",
    "步行街": "pedestrian", "步行路": "pedestrian", "步行区": "pedestrian", "广场": "pedestrian", "步行广场": "pedestrian",
    "台阶": "steps", "阶梯": "steps", "楼梯": "steps", "梯道": "steps", "梯坎": "steps", "石阶": "steps", "踏步": "steps",
    "自行车道": "cycleway", "非机动车道": "cycleway", "骑行道": "cycleway", "电梯": "elevator",
    "人行天桥": "footway+bridge", "过街天桥": "footway+bridge", "天桥": "footway+bridge", "人行桥": "footway+bridge",
    "人行地道": "footway+tunnel", "地下通道": "footway+tunnel", "过街地道": "footway+tunnel", "人行地下通道": "footway+tunnel",
    "机动车专用道": "motorway", "机动车专用路": "motorway", "公交专用道": "busway", "铁路": "railway", "地铁": "railway",
    "轻轨": "railway", "轨道交通": "railway", "在建": "construction", "在建道路": "construction", "规划道路": "proposed", "规划": "proposed",
}  # fmt: skip
_OTHER_CLASSES = {
    "expressway": "motorway", "freeway": "motorway", "interstate": "motorway", "ramp": "motorway_link",
    "major arterial": "primary", "principal arterial": "primary", "arterial": "primary", "minor arterial": "secondary",
    "collector": "tertiary", "major collector": "tertiary", "minor collector": "tertiary", "local": "residential",
    "local road": "residential", "local street": "residential", "minor road": "unclassified", "a road": "primary",
    "b road": "secondary", "restricted local access road": "service", "secondary access road": "service", "alley": "service",
    "driveway": "service", "sidewalk": "footway", "footpath": "footway", "walkway": "footway", "crosswalk": "footway",
    "trail": "path", "stairs": "steps", "stairway": "steps", "staircase": "steps", "plaza": "pedestrian", "bikeway": "cycleway",
    "bike path": "cycleway", "railway": "railway", "rail": "railway",
    "autobahn": "motorway", "kraftfahrstraße": "motorway", "bundesstraße": "trunk", "landesstraße": "primary",
    "staatsstraße": "primary", "kreisstraße": "secondary", "gemeindestraße": "residential", "anliegerstraße": "residential",
    "hauptverkehrsstraße": "primary", "wirtschaftsweg": "track", "feldweg": "track", "fußweg": "footway", "gehweg": "footway",
    "radweg": "cycleway", "treppe": "steps", "fußgängerzone": "pedestrian", "platz": "pedestrian",
    # TIGER/Line, MAF/TIGER feature class codes
    "s1100": "motorway", "s1200": "primary", "s1400": "residential", "s1500": "track", "s1630": "motorway_link",
    "s1640": "service", "s1710": "footway", "s1720": "steps", "s1730": "service", "s1740": "service", "s1750": "service",
    "s1780": "service", "s1820": "cycleway", "s1830": "bridleway",
}  # fmt: skip
_CHINESE_BY_LENGTH = sorted(_CHINESE_CLASSES, key=len, reverse=True)


class Tags(Protocol):
    """The tags of one object: what a mapping's ``get`` answers."""

    def get(self, key: str, /) -> str | None:
        """Value of ``key``, or None."""


def walk_class(tags: Tags) -> int:
    """Return the class of a walkable way, as a position in `STREET_CLASSES`, or −1.

    Footways, paths, steps, squares, living streets and every ordinary road are walkable unless the way says otherwise;
    motorways, motor roads, private ways, ways under construction and ways closed on foot are not. An explicit
    ``foot=yes`` (or designated, permissive …) wins over all of that.
    """
    return walkability(tags)[0]


def walkability(tags: Tags) -> tuple[int, str]:
    """Return the class of a walkable way or −1, and the tag that closes it, such as ``access=private``, or an empty text."""
    value = (tags.get("highway") or "").split(";", 1)[0]
    kind = _CLASS_SYNONYMS.get(value, value)
    code = CLASS_CODE.get(kind, -1)
    if code < 0:
        return -1, ""
    foot, access = tags.get("foot") or "", tags.get("access") or ""
    if foot in _FOOT_YES:
        return code, ""
    if foot in _FOOT_NO:
        return -1, f"foot={foot}"
    if value in _EXPLICIT_FOOT_ONLY:
        return -1, f"highway={value}"
    if tags.get("motorroad") == "yes":
        return -1, "motorroad=yes"
    return (-1, f"access={access}") if access in _CLOSED else (code, "")


def way_flags(tags: Tags, code: int) -> tuple[int, bool]:
    """Return the `EdgeFlag` bits of a walkable way, and whether it is mapped against its walking direction."""
    flags = int(EdgeFlag.STAIRS) if code == CLASS_CODE["steps"] else 0
    if tags.get("bridge") not in _UNSET:
        flags |= int(EdgeFlag.BRIDGE)
    if tags.get("tunnel") not in _OPEN_AIR:
        flags |= int(EdgeFlag.TUNNEL)
    structure = tags.get("oneway:foot") or {"forward": "yes", "backward": "-1"}.get(tags.get("conveying") or "")
    if structure in {"yes", "-1"}:
        flags |= int(EdgeFlag.ONE_WAY)
    return flags, structure == "-1"


def is_off_ground(tags: Tags) -> bool:
    """Return whether a way has a level other than the ground's (``layer``), but is no bridge, tunnel or passage.

    The level says in which order ways lie above each other, not what they are (OpenStreetMap wiki, Key:layer).
    """
    try:
        level = float(tags.get("layer") or 0)
    except ValueError:
        return False
    return level != 0 and tags.get("bridge") in _UNSET and tags.get("tunnel") in _UNSET


def blocking_tag(tags: dict[str, str]) -> str:
    """Return the tag that makes a node impassable on foot, such as ``foot=no``; empty where people pass.

    In order of precedence: access on foot, general access, lock, kind of barrier:

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
    if barrier or set(tags) <= _ACCESS_KEYS:
        if access in _CLOSED:
            return f"access={access}"
        if access not in {"", "unknown"}:
            return ""
    if barrier and tags.get("locked") == "yes":
        return "locked=yes"
    return f"barrier={barrier}" if is_barrier and barrier in _LINEAR_BARRIERS else ""


def osm_tags(value: str) -> dict[str, str] | None:
    """Return the tags of a class name, ``highway`` among them; None if it is unknown.

    Chinese words are also found inside longer ones, the longest first: ``城市主干路`` is a 主干路. What no walker can use
    (railways, roads not yet built) has a ``highway`` that no street has.

    Parameters
    ----------
    value : str
        Value of the column.

    Examples
    --------
    >>> osm_tags("城市次干路")
    {'highway': 'secondary'}
    >>> osm_tags("过街天桥")
    {'highway': 'footway', 'bridge': 'yes'}
    >>> osm_tags("某路") is None
    True
    """
    text = unicodedata.normalize("NFKC", value).strip().lower().split(";", 1)[0].strip()
    plain = text.removesuffix("_link")
    if plain in CLASS_CODE or text in _NOT_BUILT or text in {"busway", "platform", "crossing", "sidewalk"}:
        return {"highway": text}
    if text.startswith("track_grade"):  # Geofabrik's shapefiles
        return {"highway": "track"}
    tag_text = _OTHER_CLASSES.get(text) or next(
        (_CHINESE_CLASSES[known] for known in _CHINESE_BY_LENGTH if known in text), None
    )
    if tag_text is None:
        return None
    highway, _, structure = tag_text.partition("+")
    return {"highway": highway, structure: "yes"} if structure else {"highway": highway}
