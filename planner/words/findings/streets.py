"""What is said of streets."""

from __future__ import annotations

STREETS: dict[str, dict[str, tuple[str, str]]] = {
    # the streets cannot be used
    "no-walkable-street": {
        "what": (
            "其中没有可步行的道路（读到的等级：{read}）",
            "no walkable street in it (classes read: {read})",
        ),
        "hint": (
            "核对文件的范围，以及标明道路等级的列",
            "check the area it covers, and the column with the class of the streets",
        ),
    },
    "streets-without-nodes": {
        "what": (
            "其中有 {streets:,} 条可步行的道路，但它们的 {count:,} 个节点都不在文件内",
            "it holds {streets:,} walkable streets, but none of their {count:,} nodes",
        ),
        "hint": (
            "连同节点一起导出：Overpass 查询末尾写 (._;>;); out body; 或 out geom;",
            "export the nodes with them: in Overpass end the query with (._;>;); out body; or with out geom;",
        ),
    },
    "no-street-lines": {
        "what": ("其中没有线要素（读到：{read}）", "it holds no lines (read: {read})"),
        "hint": ("路网图层必须由线组成", "streets must be lines"),
    },
    "streets-without-crs": {
        "what": ("路网没有说明坐标系", "it does not say its coordinate system"),
        "hint": ("填写 layers.streets.crs", "add layers.streets.crs"),
    },
    "unknown-streets-crs": {
        "what": ("{said} 不是坐标系", "{said} is no coordinate system"),
        "hint": ("在 layers.streets.crs 中填写 EPSG 代码", "give an EPSG code in layers.streets.crs"),
    },
    "streets-astray": {
        "what": ("{count:,} 个道路节点无法换算到 {system}", "{count:,} street nodes cannot be placed in {system}"),
        "hint": ("选用当地的坐标系", "choose the local system"),
    },
    "unreadable-extract-of-streets": {
        "what": ("不是可读的 OpenStreetMap 文件（{fault}）", "not a readable OpenStreetMap file ({fault})"),
        "hint": ("重新导出该文件", "export it again"),
    },
    "not-a-street-graph": {
        "what": ("不是 osmnx 的路网图（{fault}）", "not a street graph of osmnx ({fault})"),
        "hint": ("用 osmnx 的 save_graphml 重新保存", "save it again with save_graphml of osmnx"),
    },
    "place-without-answer": {
        "what": ("OpenStreetMap 在线服务没有回应（{fault}）", "no answer from OpenStreetMap online ({fault})"),
        "hint": ("检查网络连接，或改用路网文件", "check the connection, or give a file"),
    },
    "place-without-streets": {
        "what": ("没有取得路网（{fault}）", "no streets came back ({fault})"),
        "hint": ("核对地名，或改用路网文件", "check the name of the place, or give a file"),
    },
    "raster-not-installed": {
        "what": ("读取高程需要附加组件 raster", "reading heights needs the extra raster"),
        "hint": ("安装 community-facility-planner[raster]", "install community-facility-planner[raster]"),
    },
    "unreadable-raster": {
        "what": ("不是可读的栅格文件（{fault}）", "not a readable raster ({fault})"),
        "hint": ("核对高程文件", "check the elevation file"),
    },
    "raster-without-crs": {
        "what": ("高程栅格没有说明坐标系", "the raster does not say its coordinate system"),
        "hint": ("保存时写入坐标系", "save it with one"),
    },
    # how far they carry
    "far-from-street": {
        "what": (
            "{count:,} 个需求点（{people:,.1f} 人）距任何道路超过 {limit_m:g} m，按未覆盖计",
            "{count:,} demand points ({people:,.1f} people) have no street within {limit_m:g} m; they count as not covered",
        ),
        "hint": (
            "补上道路，或调整 walking.max_connector_m",
            "add the streets, or change walking.max_connector_m",
        ),
    },
    "place-far-from-street": {
        "what": (
            "{count:,} 个点距任何道路超过 {limit_m:g} m，谁也走不到",
            "{count:,} places have no street within {limit_m:g} m; nobody reaches them",
        ),
        "hint": ("核对位置与路网范围", "check their place and the extent of the streets"),
    },
    "street-pieces": {
        "what": (
            "路网分成 {pieces:,} 片，最大一片占道路长度的 {length:.1%}、人口的 {on_main:.1%}；{count:,} 个需求点在其他片上",
            "the streets fall into {pieces:,} pieces; the main one holds {length:.1%} of their length and {on_main:.1%} of the people; {count:,} demand points stand on others",
        ),
        "hint": (
            "在 OpenStreetMap 中核对断开处，或用 join_gaps_m、least_piece_m",
            "look at the breaks in OpenStreetMap, or use join_gaps_m or least_piece_m",
        ),
    },
    "place-on-piece": {
        "what": (
            "{count:,} 个点所在道路与其他道路不相连，只有 {people:,.0f} 人走得到",
            "{count:,} places stand on streets that join no others; {people:,.0f} people can walk to them",
        ),
        "hint": (
            "多半是地图上缺了一段路：在 OpenStreetMap 中核对，或用 join_gaps_m、least_piece_m",
            "most likely a path is missing on the map: look in OpenStreetMap, or use join_gaps_m or least_piece_m",
        ),
    },
    "street-gaps": {
        "what": (
            "若把相距不到 {gap_m:g} m 的道路端点连上，片数由 {before:,} 减为 {after:,}，又有 {people:,.1f} 人接入最大一片",
            "joining ends closer than {gap_m:g} m would leave {after:,} of {before:,} pieces and bring {people:,.1f} more people to the main one",
        ),
        "hint": ("如属绘图误差，可设 join_gaps_m", "if they are slips of drawing, set join_gaps_m"),
    },
    "streets-of-a-sliver": {
        "what": (
            "{count:,} 个社区只有一小块有道路（最少处仅 {share:.0%} 的地面在道路 {around_m:g} m 以内），那里住着 {people:,.0f} 人",
            "the streets reach a sliver of {count:,} communities (only {share:.0%} of the ground lies within {around_m:g} m of one at worst), where {people:,.0f} people are counted",
        ),
        "hint": (
            "路网多半只覆盖片区的一部分：换成覆盖整个片区并外扩一个生活圈的路网",
            "the street file probably covers a part of the district: give one that covers all of it and a circle beyond",
        ),
    },
    "circles-cut": {
        "what": (
            "{share:.1%} 的人口（{count:,} 个需求点）离路网边缘不到 {reach_m:,.0f} m，其生活圈可能被截断，覆盖率偏低",
            "{share:.1%} of the people ({count:,} demand points) live less than {reach_m:,.0f} m from the edge of the streets: their circles are cut, their coverage is understated",
        ),
        "hint": (
            "换用向外多取一个生活圈的路网",
            "take a street extract that reaches one circle beyond the district",
        ),
    },
    "probable-shift-by-streets": {
        "what": (
            "{tested:,} 个点中，按原样有 {as_is:.0%} 距道路不到 {within_m:g} m（中位距离 {as_is_m:.0f} m）；去掉 gcj02 偏移后为 {gcj02:.0%}（{gcj02_m:.0f} m），去掉 bd09 偏移后为 {bd09:.0%}（{bd09_m:.0f} m）：像是 {shift}（偶然概率 {chance:.1g}）",
            "of {tested:,} points {as_is:.0%} lie within {within_m:g} m of a street as they are (median distance {as_is_m:.0f} m), {gcj02:.0%} after gcj02 is taken back ({gcj02_m:.0f} m), {bd09:.0%} after bd09 is ({bd09_m:.0f} m): it looks like {shift} (chance {chance:.1g})",
        ),
        "hint": (
            "向提供方核实；若确为偏移坐标，写 crs: {shift}",
            "ask whoever made it; if it is so, write crs: {shift}",
        ),
    },
    "doubtful-shift-by-streets": {
        "what": (
            "声明为 {shift}，但 {tested:,} 个点中不转换时有 {moved:.0%} 距道路不到 {within_m:g} m（中位距离 {moved_m:.0f} m），转换后只有 {as_is:.0%}（{as_is_m:.0f} m；偶然概率 {chance:.1g}）",
            "it is declared {shift}, but of {tested:,} points {moved:.0%} lie within {within_m:g} m of a street unconverted (median distance {moved_m:.0f} m) and only {as_is:.0%} converted ({as_is_m:.0f} m; chance {chance:.1g})",
        ),
        "hint": (
            "向提供方核实，可能应去掉 crs: {shift}",
            "ask whoever made it; probably crs: {shift} is to be taken away",
        ),
    },
    # what was left out, assumed or changed
    "streets-closed": {
        "what": (
            "标有 {tag} 的 {count:,} 条道路共 {length_m:,.0f} m 不供步行；有 {people:,.0f} 人离它们比离任何可步行的道路都近",
            "{count:,} streets with {tag}, {length_m:,.0f} m in all, are not walked; {people:,.0f} people live nearer to one of them than to any street that is",
        ),
        "hint": (
            "如实际可以步行，在源数据中标明 foot=yes",
            "where people do walk there, say foot=yes in the data",
        ),
    },
    "streets-without-doors": {
        "what": (
            "{count:,} 段桥梁和隧道共 {length_m:,.0f} m 可通行，但旁边的门不接到其上；有 {people:,.0f} 人离它们比离其他道路近，其门接到下一条道路",
            "{count:,} bridges and tunnels, {length_m:,.0f} m in all, are walked, but no door opens on them; {people:,.0f} people live nearer to one of them than to any other street, and their doors open on the next street",
        ),
        "hint": (
            "如是可从楼内直接走上的平台，去掉 bridge，只留 layer",
            "where it is a deck that houses open on, take bridge away and leave layer",
        ),
    },
    "barriers-closed": {
        "what": (
            "{count:,} 处障碍不能步行通过（{tags}），道路到此为止；因此有 {people:,.0f} 人所在的道路与最大一片不再相连",
            "{count:,} barriers let nobody pass on foot ({tags}) and streets end at them; because of them {people:,.0f} people live on streets that no longer join the main piece",
        ),
        "hint": (
            "如实际可以通过，在该节点标明 foot=yes",
            "where people do pass, say foot=yes on the node",
        ),
    },
    "street-columns": {
        "what": (
            "读取的列：{columns}；未找到的按没有标明处理",
            "columns read: {columns}; what was not found counts as not said",
        ),
        "hint": (
            "列名见文档“图层”一章；名称不同的列请改名",
            "the names of the columns are listed on the page on layers; rename those that differ",
        ),
    },
    "street-classes-unknown": {
        "what": (
            "不认识 {column} 的 {count:,} 个取值，按普通道路步行：{classes}",
            "{count:,} values of {column} are not known and walked as ordinary streets: {classes}",
        ),
        "hint": (
            "不能步行的，在 foot 列写 no，或从图层中删去",
            "for those that nobody walks on say no in a column foot, or take them out of the layer",
        ),
    },
    "street-areas-dropped": {
        "what": (
            "{count:,} 个多边形（{area_m2:,.0f} m²）没有可步行的道路等级，已略去",
            "{count:,} polygons ({area_m2:,.0f} m²) have no class of street that is walked and were left out",
        ),
        "hint": (
            "步行广场请在等级列写 pedestrian 或 步行街",
            "for squares that people cross say pedestrian in the column with the class",
        ),
    },
    "street-shapes-dropped": {
        "what": (
            "{count:,} 个要素既不是线也不是多边形，已略去（{read}）",
            "{count:,} features are neither lines nor polygons and were left out ({read})",
        ),
        "hint": ("路网由线组成", "streets are lines"),
    },
    "heights-beyond-earth": {
        "what": (
            "{count:,} 个高程值（如 {least:g}）不可能是地面高程，按未知处理",
            "{count:,} heights (such as {least:g}) are no heights of the ground and count as unknown",
        ),
        "hint": (
            "为栅格声明 nodata 值，或换用以米为单位的高程",
            "declare the raster's nodata value, or give heights in metres",
        ),
    },
    "slopes-beyond-belief": {
        "what": (
            "{count:,} 段道路上有 {length_m:,.0f} m 的坡度超过 {most:.0%}，按 {most:.0%} 计",
            "{count:,} streets are steeper than {most:.0%} over {length_m:,.0f} m in all and count as {most:.0%}",
        ),
        "hint": (
            "核对高程数据：多半是空洞、建筑物高度或错误的单位",
            "look at the heights there: most likely voids, heights of buildings or a wrong unit",
        ),
    },
    "streets-end": {
        "what": (
            "{count:,} 个道路节点不在路网文件内，道路到此为止",
            "{count:,} street nodes lie outside the extract; the streets end there",
        ),
        "hint": ("如在片区附近，换用范围更大的路网", "if that is near the district, take a larger extract"),
    },
    "lines-joined": {
        "what": (
            "道路线在相距 {near_m:g} m 以内处相连，交叉处视为路口",
            "street lines are joined where they meet within {near_m:g} m, and where they cross",
        ),
        "hint": (
            "桥梁和隧道须由 bridge、tunnel 列标明",
            "bridges and tunnels must be marked in columns bridge and tunnel",
        ),
    },
    "lines-apart": {
        "what": (
            "道路线在相距 {near_m:g} m 以内的端点处相连，交叉处不相通（图层已在路口断开）",
            "street lines are joined where they meet within {near_m:g} m; where they merely cross they stay apart (the layer is cut at its junctions)",
        ),
        "hint": ("核对图层是否确已在路口断开", "see whether the layer is indeed cut at its junctions"),
    },
    "gaps-closed": {
        "what": (
            "按 join_gaps_m 连接了 {count:,} 处不超过 {within_m:g} m 的断口：路网减少 {pieces:,} 片，最大一片占道路长度的比例由 {before:.1%} 变为 {after:.1%}",
            "{count:,} gaps of at most {within_m:g} m were closed as join_gaps_m declares: {pieces:,} pieces fewer, the main piece holds {after:.1%} of the street length instead of {before:.1%}",
        ),
        "hint": ("核对连接处是否确实相通", "see whether people can indeed pass there"),
    },
    "pieces-left-out": {
        "what": (
            "按 least_piece_m 略去了 {count:,} 片不足 {least_m:g} m 且不与其他道路相连的路网，共 {gone_m:,.0f} m（占道路长度的 {share:.1%}）；旁边的门改接到下一条道路",
            "{count:,} pieces of less than {least_m:g} m that join no other street were left out as least_piece_m declares, {gone_m:,.0f} m in all ({share:.1%} of the street length); doors beside them open on the next street",
        ),
        "hint": ("核对略去的道路是否确实断开", "see whether those paths are indeed cut off on the ground"),
    },
    "no-gaps-closed": {
        "what": (
            "路网没有相距 {within_m:g} m 以内的断片，join_gaps_m 未连接任何道路",
            "no pieces of the street network lie within {within_m:g} m of each other; join_gaps_m joined nothing",
        ),
        "hint": ("可删去 join_gaps_m", "join_gaps_m may be left out"),
    },
    "estates-closed": {
        "what": (
            "{count:,} 条道路止于封闭小区边界；{gates:,} 个出入口开放",
            "{count:,} streets end at the edges of gated estates; {gates:,} gates are open",
        ),
        "hint": ("核对小区边界与出入口", "see whether estates and gates are as on the ground"),
    },
    "streets-level": {
        "what": (
            "{streets:,} 段道路中有 {count:,} 段在高程数据之外：在两端已知的高程之间均匀升降，否则按平地计",
            "{count:,} of {streets:,} streets lie outside the heights: they rise evenly between known heights, or count as level",
        ),
        "hint": ("换用覆盖整个路网的高程数据", "give heights that cover the streets"),
    },
}
