"""What the data doctor says: finding → part (what, hint) → (中文, English)."""

from __future__ import annotations

FINDINGS: dict[str, dict[str, tuple[str, str]]] = {
    # files
    "missing-file": {
        "what": ("找不到文件", "there is no such file"),
        "hint": ("核对 path（相对于研究文件）{near}", "check path (it is relative to the study file){near}"),
    },
    "unreadable-file": {
        "what": ("无法读取：{reason}", "it cannot be read: {reason}"),
        "hint": ("用 GIS 软件打开并另存为 GeoPackage", "open it in a GIS and save it as GeoPackage"),
    },
    "missing-tags": {
        "what": (
            "OpenStreetMap 数据需要用 tags 说明取哪些对象",
            "an OpenStreetMap extract needs tags: to say which objects to take",
        ),
        "hint": ("例如 tags: {{amenity: [kindergarten]}}", "for instance tags: {{amenity: [kindergarten]}}"),
    },
    "several-tables": {
        "what": ("文件里有多个图层：{tables}", "the file holds several tables: {tables}"),
        "hint": ("在研究文件里写明 layer", "say which one with layer: in the study"),
    },
    "missing-table": {
        "what": ("文件里没有图层 {table}，只有：{tables}", "the file has no table {table}; it has: {tables}"),
        "hint": ("改正 layer", "mend layer: in the study"),
    },
    "no-geometry": {
        "what": ("没有几何，也没有坐标列", "it has neither geometry nor coordinate columns"),
        "hint": (
            "用 columns: {{x: …, y: …}} 指明坐标列，或换成带几何的文件",
            "name the coordinate columns with columns: {{x: …, y: …}}, or give a file with geometry",
        ),
    },
    "empty-layer": {
        "what": ("图层没有可用的记录", "the layer has no usable row"),
        "hint": ("核对文件以及 keep、tags 条件", "check the file, and the keep and tags conditions"),
    },
    # columns
    "missing-column": {
        "what": ("没有字段 {column}（用作{use}）", "there is no column {column} (used as {use})"),
        "hint": ("{near}现有字段：{columns}", "{near}columns there are: {columns}"),
    },
    "ids-made": {
        "what": ("没有编号字段，按行号编号", "it has no id column; ids were made from row numbers"),
        "hint": ("用 columns: {{id: …}} 指明编号字段", "name the id column with columns: {{id: …}}"),
    },
    "ids-qualified": {
        "what": (
            "{count:,} 个编号在多个图层中重复，已加上文件名区分",
            "{count:,} ids occur in several layers; the file's name was put before them",
        ),
        "hint": ("让编号在各图层之间也唯一", "make ids unique across layers"),
    },
    "duplicate-id": {
        "what": ("{count:,} 条记录的编号重复或为空", "{count:,} rows have an id that is empty or not unique"),
        "hint": ("给每条记录唯一的编号", "give every row an id of its own"),
    },
    # CRS
    "missing-crs": {
        "what": (
            "没有坐标系，坐标范围 x {x_min:.6g}…{x_max:.6g}，y {y_min:.6g}…{y_max:.6g}",
            "it has no CRS; x runs {x_min:.6g}…{x_max:.6g}, y {y_min:.6g}…{y_max:.6g}",
        ),
        "hint": (
            "向提供方核实后写明 crs，可能是：{candidates}",
            "ask whoever made it and write crs:; probably {candidates}",
        ),
    },
    "unknown-crs": {
        "what": ("不认识坐标系 {crs}", "{crs} is no coordinate system PROJ knows"),
        "hint": ("写 EPSG 代码、WKT、PROJ 文本、gcj02 或 bd09", "write an EPSG code, WKT, PROJ text, gcj02 or bd09"),
    },
    "not-metric-crs": {
        "what": ("计算坐标系 {crs} 不能用：{reason}", "{crs} cannot be computed in: {reason}"),
        "hint": ("用 crs: auto 或以米为单位的当地投影", "use crs: auto, or a local projection in metres"),
    },
    # geometry
    "null-geometry": {
        "what": ("{count:,} 条记录没有几何，已略去", "{count:,} rows have no geometry; they were left out"),
        "hint": ("补上几何或删除这些记录", "draw them or delete the rows"),
    },
    "invalid-geometry": {
        "what": (
            "{count:,} 个图形自相交或不合法，已修复，面积共变化 {change_m2:,.1f} m²",
            "{count:,} shapes were invalid (self-intersecting); mending changed {change_m2:,.1f} m² in all",
        ),
        "hint": ("在 GIS 中核对修复后的图形", "look at the mended shapes in a GIS"),
    },
    "wrong-geometry": {
        "what": (
            "{count:,} 条记录的几何是 {found}，这里需要 {needed}",
            "{count:,} rows are {found}; {needed} is needed here",
        ),
        "hint": ("换成正确类型的图层", "give a layer of the right kind"),
    },
    "no-overlap": {
        "what": ("与社区范围没有任何重叠", "it does not overlap the communities at all"),
        "hint": ("核对坐标系与范围", "check its CRS and its extent"),
    },
    # numbers
    "text-number": {
        "what": (
            "字段 {column} 有 {count:,} 个写成文字的数字，按数值读取（如 {example}）",
            "column {column} has {count:,} numbers written as text; they were read as numbers (e.g. {example})",
        ),
        "hint": ("在原表中改为数值", "make them numbers in the source"),
    },
    "unreadable-number": {
        "what": (
            "字段 {column} 有 {count:,} 个无法读成数字的值（如 {example}）",
            "column {column} has {count:,} values that are no numbers (e.g. {example})",
        ),
        "hint": ("改为数字；没有人写 0", "write numbers; write 0 where there is nobody"),
    },
    "missing-number": {
        "what": ("字段 {column} 有 {count:,} 个空值，按 0 计", "column {column} is empty in {count:,} rows; read as 0"),
        "hint": ("补上数字；没有人写 0", "fill them in; write 0 where there is nobody"),
    },
    "negative-number": {
        "what": ("字段 {column} 有 {count:,} 个负数", "column {column} has {count:,} negative values"),
        "hint": ("改正这些值", "correct them"),
    },
    # people
    "no-people": {
        "what": ("{group} 的人口合计为 0", "there are no people of group {group} at all"),
        "hint": ("核对人口字段", "check the people columns"),
    },
    "people-outside": {
        "what": (
            "{people:,.1f} 人（{count:,} 个需求点）不在任何社区内；计入总数，不计入任何社区",
            "{people:,.1f} people ({count:,} demand points) are in no community; they count in totals, in no community",
        ),
        "hint": ("核对社区边界是否完整", "check that the communities cover the district"),
    },
    "people-without-buildings": {
        "what": (
            "{count:,} 个有人口的多边形内没有住宅建筑，{people:,.1f} 人放在内部一点上",
            "{count:,} polygons with people hold no residential building; {people:,.1f} people were put at an inner point",
        ),
        "hint": ("补充住宅建筑，或接受这一近似", "add the buildings, or accept the approximation"),
    },
    "assumed-storeys": {
        "what": (
            "{count:,} 栋建筑没有层数，按 {storeys:g} 层计",
            "{count:,} buildings have no storeys; {storeys:g} was assumed",
        ),
        "hint": ("补上层数字段", "fill in the storeys"),
    },
    "buildings-outside": {
        "what": ("{count:,} 栋建筑不在任何社区内", "{count:,} buildings are in no community"),
        "hint": ("核对社区边界", "check the communities"),
    },
    "estimated-people": {
        "what": ("人口是估算：{estimate}", "the people are an estimate: {estimate}"),
        "hint": ("有实测数据时替换", "replace it when counted figures are at hand"),
    },
    # facilities and sites
    "no-candidates": {
        "what": ("没有任何可用的备选点", "there is no usable candidate site"),
        "hint": ("核对备选点图层与 keep、tags 条件", "check the candidates' layers and their keep and tags conditions"),
    },
    "no-area": {
        "what": (
            "{count:,} 个备选点没有面积，无法判断放得下什么，已略去",
            "{count:,} candidates have no area, so nobody can say what fits; they were left out",
        ),
        "hint": ("补上 area_m2，或给出建筑轮廓", "fill in area_m2, or give footprints"),
    },
    "unknown-kind": {
        "what": ("备选点类型 {kinds} 不在 site_kinds 中", "site kinds {kinds} are not in site_kinds"),
        "hint": ("在 site_kinds 中补上，或改正类型", "add them to site_kinds, or correct them"),
    },
    "unknown-service": {
        "what": ("服务 {services} 不在研究中", "services {services} are not in the study"),
        "hint": ("在 services 中写明对应关系，或改正", "map them with services:, or correct them"),
    },
    "services-left-out": {
        "what": (
            "{count:,} 个设施的类型不在对应表中，已略去：{values}",
            "{count:,} facilities have a kind that is not mapped and were left out: {values}",
        ),
        "hint": ("需要的类型在 services 中写明", "map the kinds you need with services:"),
    },
    "open-shapes": {
        "what": (
            "{count:,} 个带所需标签的对象不是点也不是闭合面，已略去",
            "{count:,} objects with the tags asked for are neither points nor closed areas; they were left out",
        ),
        "hint": ("在 OpenStreetMap 中核对", "look at them in OpenStreetMap"),
    },
}
