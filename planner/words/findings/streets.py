"""What is said of streets."""

from __future__ import annotations

STREETS: dict[str, dict[str, tuple[str, str]]] = {
    "unusable-streets": {
        "what": ("路网无法使用：{reason}", "the streets cannot be used: {reason}"),
        "hint": ("换一个包含可步行道路的路网文件", "give a file with walkable streets"),
    },
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
            "在 OpenStreetMap 中核对断开处，或用 join_gaps_m",
            "look at the breaks in OpenStreetMap, or use join_gaps_m",
        ),
    },
    "street-gaps": {
        "what": (
            "若把相距不到 {gap_m:g} m 的道路端点连上，片数由 {before:,} 减为 {after:,}，又有 {people:,.1f} 人接入最大一片",
            "joining ends closer than {gap_m:g} m would leave {after:,} of {before:,} pieces and bring {people:,.1f} more people to the main one",
        ),
        "hint": ("如属绘图误差，可设 join_gaps_m", "if they are slips of drawing, set join_gaps_m"),
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
    "street-change": {
        "what": ("按研究的要求改动了路网：{remark}", "the streets were changed as the study declares: {remark}"),
        "hint": ("核对是否符合实际", "see whether that is how it is on the ground"),
    },
}
