"""Classes of streets in the words of Chinese, German and American layers, as OpenStreetMap calls them."""

from __future__ import annotations

import unicodedata

from planner.access.network import KIND_CODE

CLASS_COLUMNS = (
    "highway", "fclass", "道路等级", "道路类型", "道路类别", "道路级别", "道路分类", "class", "road_class", "roadclass",
    "road_type", "roadtype", "mtfcc", "function", "type", "等级", "类型", "类别", "kind",
)  # fmt: skip
"""Columns that may hold the class of a street, first found first; names that a shapefile cut are understood too."""

LAYER_COLUMNS = ("layer", "z_level", "zlevel", "level", "层级", "立体层")
"""Columns that may hold the level at which a street runs: 0 on the ground, 1 above, −1 below."""

_NOT_BUILT = frozenset({"construction", "proposed", "planned", "raceway", "abandoned", "razed", "disused", "no"})

# 快速路 is closed to people on foot: 全部控制出入 (CJJ 37-2012 城市道路工程设计规范, 3.1.1); where a footway or a side
# road (辅路) runs beside it, it is a line of its own
_CHINESE = {
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
_OTHERS = {
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
_IN_CHINESE = sorted(_CHINESE, key=len, reverse=True)


def osm_tags_of(said: str) -> dict[str, str] | None:
    """Give the tags that a class stands for, ``highway`` among them; None if the word is not known.

    Chinese words are also found inside longer ones, the longest first: ``城市主干路`` is a 主干路. What no walker can use
    (railways, roads not yet built) has a ``highway`` that no street has.

    Parameters
    ----------
    said : str
        Value of the column.

    Examples
    --------
    >>> osm_tags_of("城市次干路")
    {'highway': 'secondary'}
    >>> osm_tags_of("过街天桥")
    {'highway': 'footway', 'bridge': 'yes'}
    >>> osm_tags_of("某路") is None
    True
    """
    text = unicodedata.normalize("NFKC", said).strip().lower().split(";", 1)[0].strip()
    plain = text.removesuffix("_link")
    if plain in KIND_CODE or text in _NOT_BUILT or text in {"busway", "platform", "crossing", "sidewalk"}:
        return {"highway": text}
    if text.startswith("track_grade"):  # Geofabrik's shapefiles
        return {"highway": "track"}
    word = _OTHERS.get(text) or next((_CHINESE[known] for known in _IN_CHINESE if known in text), None)
    if word is None:
        return None
    highway, _, way = word.partition("+")
    return {"highway": highway, way: "yes"} if way else {"highway": highway}
