"""What is said of places and shapes: coordinate systems, geometry, communities, points."""

from __future__ import annotations

SHAPES: dict[str, dict[str, tuple[str, str]]] = {
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
    "coordinates-outside-crs": {
        "what": (
            "坐标范围 x {x_min:.6g}…{x_max:.6g}，y {y_min:.6g}…{y_max:.6g} 不可能属于 {crs}",
            "x {x_min:.6g}…{x_max:.6g}, y {y_min:.6g}…{y_max:.6g} cannot be coordinates in {crs}",
        ),
        "hint": ("核实后写明 crs，可能是：{candidates}", "ask whoever made it and write crs:; probably {candidates}"),
    },
    "swapped-axes": {
        "what": (
            "在 {crs} 下 x 与 y 似乎颠倒：x {x_min:.6g}…{x_max:.6g}，y {y_min:.6g}…{y_max:.6g}",
            "x and y seem to be exchanged for {crs}: x {x_min:.6g}…{x_max:.6g}, y {y_min:.6g}…{y_max:.6g}",
        ),
        "hint": ("写 axes: yx；或核实坐标系：{candidates}", "write axes: yx; or check the CRS: {candidates}"),
    },
    "probable-shift": {
        "what": (
            "{tested:,} 个点中，按原样有 {as_is:.0%} 落在应在的{evidence}内，去掉 {shift} 偏移后为 {moved:.0%}（偶然概率 {chance:.1g}）",
            "of {tested:,} points {as_is:.0%} lie inside their {evidence} as they are, {moved:.0%} after {shift} is taken back (chance {chance:.1g})",
        ),
        "hint": (
            "向提供方核实；若确为偏移坐标，写 crs: {shift}",
            "ask whoever made it; if it is so, write crs: {shift}",
        ),
    },
    "doubtful-shift": {
        "what": (
            "声明为 {shift}，但 {tested:,} 个点中不转换时有 {moved:.0%} 落在应在的{evidence}内，转换后只有 {as_is:.0%}（偶然概率 {chance:.1g}）",
            "it is declared {shift}, but of {tested:,} points {moved:.0%} lie inside their {evidence} unconverted and only {as_is:.0%} converted (chance {chance:.1g})",
        ),
        "hint": (
            "向提供方核实，可能应去掉 crs: {shift}",
            "ask whoever made it; probably crs: {shift} is to be taken away",
        ),
    },
    "probable-shift-by-displacement": {
        "what": (
            "{layers} 共 {tested:,} 个点，按原样有 {streets_as_is:.0%} 距道路不到 {within_m:g} m、{communities_as_is:.0%} 落在社区内，去掉 {shift} 偏移后为 {streets_moved:.0%} 与 {communities_moved:.0%}；朝各方向同样大小的 {others} 个位移都不如它合适（偶然概率 {chance:.1g}）",
            "of {tested:,} points of {layers}, {streets_as_is:.0%} lie within {within_m:g} m of a street and {communities_as_is:.0%} in a community as they are, {streets_moved:.0%} and {communities_moved:.0%} after {shift} is taken back; measured against {others} displacements as large in all directions (chance {chance:.1g})",
        ),
        "hint": (
            "向提供方核实；若确为偏移坐标，写 crs: {shift}",
            "confirm with the data provider; if it is so, write crs: {shift}",
        ),
    },
    "possible-shift": {
        "what": (
            "证据较弱，但 {layers} 可能带有 {shift} 偏移：{tested:,} 个点按原样有 {streets_as_is:.0%} 距道路不到 {within_m:g} m、{communities_as_is:.0%} 落在社区内，去掉偏移后为 {streets_moved:.0%} 与 {communities_moved:.0%}（与 {others} 个同样大小的位移相比，偶然概率 {chance:.1g}）",
            "weak evidence that {layers} may carry the {shift} shift: of {tested:,} points {streets_as_is:.0%} lie within {within_m:g} m of a street and {communities_as_is:.0%} in a community as they are, {streets_moved:.0%} and {communities_moved:.0%} after it is taken back (against {others} displacements as large, chance {chance:.1g})",
        ),
        "hint": (
            "结果可能整体偏移几百米：向提供方核实坐标来源，并写明 crs（确为偏移坐标时写 {shift}）",
            "results may be off by some hundred metres: confirm with the data provider where the coordinates come from, and write crs: ({shift} if they are shifted)",
        ),
    },
    "doubtful-shift-by-displacement": {
        "what": (
            "声明为 {shift}，但 {layers} 的 {tested:,} 个点不转换时有 {streets_moved:.0%} 距道路不到 {within_m:g} m、{communities_moved:.0%} 落在社区内，转换后只有 {streets_as_is:.0%} 与 {communities_as_is:.0%}（与 {others} 个同样大小的位移相比，偶然概率 {chance:.1g}）",
            "it is declared {shift}, but of {tested:,} points of {layers} {streets_moved:.0%} lie within {within_m:g} m of a street and {communities_moved:.0%} in a community unconverted, {streets_as_is:.0%} and {communities_as_is:.0%} converted (against {others} displacements as large, chance {chance:.1g})",
        ),
        "hint": (
            "向提供方核实，可能应去掉 crs: {shift}",
            "confirm with the data provider; probably crs: {shift} is to be taken away",
        ),
    },
    "possibly-no-shift": {
        "what": (
            "证据较弱，但声明为 {shift} 的 {layers} 可能并无偏移：{tested:,} 个点不转换时有 {streets_moved:.0%} 距道路不到 {within_m:g} m、{communities_moved:.0%} 落在社区内，转换后为 {streets_as_is:.0%} 与 {communities_as_is:.0%}（偶然概率 {chance:.1g}）",
            "weak evidence that {layers}, declared {shift}, may carry no shift: of {tested:,} points {streets_moved:.0%} lie within {within_m:g} m of a street and {communities_moved:.0%} in a community unconverted, {streets_as_is:.0%} and {communities_as_is:.0%} converted (chance {chance:.1g})",
        ),
        "hint": (
            "向提供方核实坐标来源",
            "confirm with the data provider where the coordinates come from",
        ),
    },
    "several-crs": {
        "what": (
            "图层使用了多个坐标系（{systems}），均转换到 {crs}",
            "the layers are in several systems ({systems}); all were brought to {crs}",
        ),
        "hint": (
            "无需处理；如有图层错位请核对其坐标系",
            "nothing to do; check the CRS of a layer that looks misplaced",
        ),
    },
    "two-zones": {
        "what": (
            "片区跨越 {zones}，统一用 {crs} 计算，长度误差最多 {worst_ppm:.0f} ppm",
            "the district spans {zones}; all is computed in {crs}, lengths are at most {worst_ppm:.0f} ppm wrong",
        ),
        "hint": ("无需处理；也可在研究文件中指定 crs", "nothing to do; or name a crs in the study"),
    },
    "not-metres": {
        "what": ("坐标系 {crs} 的单位是 {unit}，已换算为米", "the unit of {crs} is {unit}; it was converted to metres"),
        "hint": ("核对单位是否正确", "check that the unit is right"),
    },
    "no-overlap": {
        "what": (
            "与社区完全不重叠，相距 {distance}（中心在经度 {lon:.3f}，纬度 {lat:.3f}）",
            "it does not meet the communities at all: {distance} away, around longitude {lon:.3f}, latitude {lat:.3f}",
        ),
        "hint": ("核对坐标系与范围", "check its CRS and its extent"),
    },
    "would-meet": {
        "what": (
            "逐一试算坐标系，{tried:,} 条记录中{known}的比例：{systems}",
            "of {tried:,} rows put down in every likely system, these shares would lie {known}: {systems}",
        ),
        "hint": (
            "向提供方核实后写明 crs 或 axes；用等号相连的坐标系在这里落点相同",
            "confirm with the data provider, then write crs: or axes:; systems joined by = put it down at the same place here",
        ),
    },
    "degrees-read": {
        "what": (
            "没有声明坐标系；{columns} 是以度为单位的经纬度，按 WGS 84（EPSG:4326）读取",
            "no CRS is declared; {columns} are longitudes and latitudes in degrees, read as WGS 84 (EPSG:4326)",
        ),
        "hint": ("无需处理；也可写明 crs: EPSG:4326", "nothing to do; or write crs: EPSG:4326"),
    },
    "degrees-in-china": {
        "what": (
            "没有声明坐标系；{columns} 是以度为单位的经纬度，暂按 WGS 84（EPSG:4326）读取；若来自网络地图，坐标会偏移 350 m 至 1.4 km",
            "no CRS is declared; {columns} are longitudes and latitudes in degrees, read as WGS 84 (EPSG:4326); points of a web map are shifted by 350 m to 1.4 km",
        ),
        "hint": (
            "向提供方核实后写明 crs: EPSG:4490（或 EPSG:4326）；高德、腾讯地图的点写 gcj02，百度地图的点写 bd09",
            "confirm with the data provider and write crs: EPSG:4490 (or EPSG:4326); gcj02 for points of Gaode or Tencent, bd09 for those of Baidu",
        ),
    },
    "no-geometry": {
        "what": ("没有几何，也没有坐标列", "it has neither geometry nor coordinate columns"),
        "hint": (
            "用 columns: {{x: …, y: …}} 指明坐标列，或换成带几何的文件",
            "name the coordinate columns with columns: {{x: …, y: …}}, or give a file with geometry",
        ),
    },
    "unreadable-coordinates": {
        "what": (
            "{count:,} 条记录的坐标无法读取（如 {example}）",
            "coordinates of {count:,} rows cannot be read (e.g. {example})",
        ),
        "hint": ("写成十进制度、度分秒或米", "write decimal degrees, degrees-minutes-seconds or metres"),
    },
    "stray-coordinates": {
        "what": (
            "{count:,} 条记录的坐标是 0, 0 或不在地球上，按没有几何处理",
            "{count:,} rows lie at 0, 0 or off the globe; they are read as having no place",
        ),
        "hint": ("补上坐标", "give them coordinates"),
    },
    "nothing-drawn": {
        "what": ("图层没有任何图形", "no row of the layer has a shape"),
        "hint": ("换成带几何的文件", "give a file with geometry"),
    },
    "null-geometry": {
        "what": ("{count:,} 条记录没有几何，已略去", "{count:,} rows have no geometry; they were left out"),
        "hint": ("补上几何或删除这些记录", "draw them or delete the rows"),
    },
    "surfaces-flattened": {
        "what": (
            "{count:,} 个三维面（MultiPatch、TIN）取其在地面上的轮廓",
            "{count:,} surfaces (MultiPatch, TIN) were taken by the ground they cover",
        ),
        "hint": ("无需处理", "nothing to do"),
    },
    "unreadable-geometry": {
        "what": (
            "{count:,} 个图形已损坏（如环未闭合），按没有几何处理",
            "{count:,} shapes are damaged (rings not closed …); they are read as missing",
        ),
        "hint": ("在 GIS 中修复这些图形", "mend them in a GIS"),
    },
    "invalid-geometry": {
        "what": (
            "{count:,} 个图形不合法（如 {reason}），已修复，面积共变化 {change_m2:,.1f} m²",
            "{count:,} shapes are invalid (e.g. {reason}); mending them changed {change_m2:,.1f} m² in all",
        ),
        "hint": ("在 GIS 中核对修复后的图形", "look at the mended shapes in a GIS"),
    },
    "wrong-geometry": {
        "what": (
            "{count:,} 条记录的几何是 {found}，这里需要 {needed}",
            "{count:,} rows are {found}; {needed} is needed here",
        ),
        "hint": (
            "换成正确类型的图层；社区只有点位时，在 layers.communities 下写 cells: voronoi（按点划分）或 cells: grid（格网）",
            "give a layer of the right kind; where communities are points, write cells: voronoi (ground nearest to each) or cells: grid below layers.communities",
        ),
    },
    "mixed-geometry": {
        "what": (
            "图层混有不同类型的几何（{found}），{count:,} 条与多数不同",
            "the layer mixes kinds of shapes ({found}); {count:,} rows differ from the rest",
        ),
        "hint": ("按类型拆分图层", "split the layer by kind"),
    },
    "heights-dropped": {
        "what": (
            "{count:,} 个图形带高程（Z），已按平面处理",
            "{count:,} shapes have heights (Z); they were read as flat",
        ),
        "hint": ("无需处理", "nothing to do"),
    },
    "measures-dropped": {
        "what": ("图形带量测值（M），已忽略", "shapes have measures (M); they were ignored"),
        "hint": ("无需处理", "nothing to do"),
    },
    "open-shapes": {
        "what": (
            "{count:,} 个带所需标签的对象不是点也不是闭合面，已略去",
            "{count:,} objects with the tags asked for are neither points nor closed areas; they were left out",
        ),
        "hint": ("在 OpenStreetMap 中核对", "look at them in OpenStreetMap"),
    },
    "duplicate-name": {
        "what": ("{count:,} 个社区重名：{names}", "{count:,} communities share a name: {names}"),
        "hint": ("用编号区分；表按编号汇总", "tell them apart by id; tables go by id"),
    },
    "communities-are-cells": {
        "what": (
            "社区边界缺失：以{cells}代替，共 {made:,} 个；按社区汇总的结果只是近似",
            "there are no borders of communities: {made:,} {cells} stand in for them, and results by community are approximate",
        ),
        "hint": (
            "有社区边界时换成边界图层，并删去 cells",
            "give the borders once they are at hand, and leave cells out",
        ),
    },
    "cells-coincide": {
        "what": (
            "{count:,} 个点与另一点重合，无法划分",
            "{count:,} points stand where another does; no ground is nearest to them",
        ),
        "hint": ("合并或改正这些点，或改用 cells: grid", "merge or correct them, or write cells: grid"),
    },
    "too-many-cells": {
        "what": (
            "边长 {cell_m:g} m 的格网有 {cells:,} 格，超过 {most:,}",
            "a grid of {cell_m:g} m has {cells:,} cells, more than {most:,}",
        ),
        "hint": ("加大 cell_m，或核对坐标系", "make cell_m larger, or check the CRS"),
    },
    "communities-overlap": {
        "what": (
            "社区之间有 {pairs:,} 处重叠，共 {area_m2:,.0f} m²；重叠处的需求点归第一个社区",
            "communities overlap in {pairs:,} pairs, {area_m2:,.0f} m² in all; demand points there count in the first",
        ),
        "hint": ("在 GIS 中修整边界", "mend the borders in a GIS"),
    },
    "communities-gap": {
        "what": (
            "社区之间有 {gaps:,} 处空隙，共 {area_m2:,.0f} m²",
            "there are {gaps:,} gaps between communities, {area_m2:,.0f} m² in all",
        ),
        "hint": ("如果不是水面等，请修整边界", "mend the borders, unless it is water or the like"),
    },
    "communities-open-gap": {
        "what": (
            "相邻社区之间有 {gaps:,} 处向外敞开、窄于 {narrower_m:g} m 的缝隙，共 {area_m2:,.0f} m²",
            "{gaps:,} slivers narrower than {narrower_m:g} m lie between neighbouring communities and open to the outside, {area_m2:,.0f} m² in all",
        ),
        "hint": ("在 GIS 中让边界相接", "let the borders meet in a GIS"),
    },
    "places-outside": {
        "what": (
            "{total:,} 个点中有 {count:,} 个在社区范围外，最远 {distance}",
            "{count:,} of {total:,} points lie in no community, up to {distance} away",
        ),
        "hint": (
            "范围外的点仍会计入（居民可以走过边界）；太远的无影响",
            "they still count (people walk across borders); far ones have no effect",
        ),
    },
    "blank-community": {
        "what": ("{count:,} 个点没有写明所在社区", "{count:,} points do not say in which community they lie"),
        "hint": ("补上所在社区", "fill it in"),
    },
    "unknown-community": {
        "what": (
            "{count:,} 个点所写的社区不在社区图层中：{names}",
            "{count:,} points name communities that the layer does not have: {names}",
        ),
        "hint": ("改名的社区写入 layers.communities.renamed", "put names that changed into layers.communities.renamed"),
    },
    "outside-stated-community": {
        "what": (
            "{count:,} 个点（{total:,} 个可核对的点的 {share:.0%}）不在所写的社区内",
            "{count:,} points ({share:.0%} of the {total:,} that can be checked) lie outside the community they name",
        ),
        "hint": ("核对坐标与坐标系", "check their coordinates and the CRS"),
    },
    "stacked-points": {
        "what": (
            "{count:,} 个不同的点堆在 {places:,} 个坐标上（最多 {most:,} 个），像是地理编码的默认坐标",
            "{count:,} different points are stacked on {places:,} coordinates (up to {most:,}), like a geocoder's fallback",
        ),
        "hint": ("重新定位这些点", "locate them again"),
    },
    "shared-points": {
        "what": (
            "{count:,} 个点两三个同在一处（{places:,} 处）",
            "{count:,} points share a coordinate with one or two others ({places:,} places)",
        ),
        "hint": ("核对是否同一建筑", "check whether they share a building"),
    },
    "duplicate-points": {
        "what": (
            "{count:,} 个点同名同坐标，像是重复记录",
            "{count:,} points have the same name and place, like doubled rows",
        ),
        "hint": ("删除重复记录", "delete the doubles"),
    },
    "buildings-outside": {
        "what": (
            "{total:,} 栋建筑中有 {count:,} 栋不在任何社区内",
            "{count:,} of {total:,} buildings are in no community",
        ),
        "hint": ("核对社区边界", "check the communities"),
    },
    "estate-without-gate": {
        "what": ("{count:,} 个封闭小区没有出入口", "{count:,} gated estates have no gate"),
        "hint": ("在 gates 图层中补上出入口", "add their gates to layers.gates"),
    },
}
