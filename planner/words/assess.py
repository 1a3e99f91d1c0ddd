"""What stands on the page and the workbook of an assessment: key → (中文, English)."""

from __future__ import annotations

ASSESS: dict[str, tuple[str, str]] = {
    # what is missing for a benchmark
    "missing.everybody": (
        "缺少全体居民分组（groups 中 from_age: 0）",
        "no group of all residents (groups: from_age: 0)",
    ),
    "missing.ages": (
        "缺少 {first} 岁及以上分组（groups 中 from_age: {first}）",
        "no group of people aged {first} and over (groups: from_age: {first})",
    ),
    "missing.capacity": (
        "{all} 处设施中有 {count} 处没有容量（layers.facilities 的 capacity 列）",
        "{count} of {all} facilities do not say their capacity (column capacity of layers.facilities)",
    ),
    "missing.area": (
        "{all} 处设施中有 {count} 处没有建筑面积（layers.facilities 的 area_m2 列）",
        "{count} of {all} facilities do not say their floor area (column area_m2 of layers.facilities)",
    ),
    "missing.households": (
        "缺少户数（layers.communities 的 households 列）",
        "no number of households (column households of layers.communities)",
    ),
    "missing.facilities": ("没有设施", "there is no facility"),
    "missing.hubs": (
        "没有设施同时提供 {services} 项及以上服务",
        "no facility offers {services} services or more",
    ),
}
