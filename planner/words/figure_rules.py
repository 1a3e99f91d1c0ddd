"""How figures are read: what is taken where one is not known, and the one rule for zero, unknown figures and ranges."""

from __future__ import annotations

FIGURE_RULES: dict[str, tuple[str, str]] = {
    "unknown_people": ("0 人", "nobody"),
    "unknown_households": ("不知道（不计算按户的标准）", "not known (standards per household are not computed)"),
    "unknown_weight": ("权重 1", "weight 1"),
    "unknown_area": (
        "建筑轮廓 × 层数 × area_share，其次 assumed_area_m2；住宅为轮廓面积",
        "footprint × storeys × area_share, else assumed_area_m2; of homes the footprint",
    ),
    "unknown_storeys": ("assumed_storeys；备选点为 1 层", "assumed_storeys; of candidates 1"),
    "unknown_capacity": (
        "不知道：按 services 的 capacity，没有则不限制",
        "not known: capacity of the service, else no limit",
    ),
    "unknown_of_kind": ("site_kinds 的值，没有则费用 0、首层", "the figure of site_kinds, else no cost, ground floor"),
    "unknown_year": ("site_kinds 的 ready_year，没有则立即可用", "ready_year of site_kinds, else at once"),
    "figures_title": ("数字的读法：", "How figures are read:"),
    "figures_zero": (
        "0：就是没有（没有人、没有床位、不花钱）。{unknown} 不可能为 0，按不知道处理。",
        "0 is a figure: nobody, no places, no cost. {unknown} cannot be 0: 0 there is not known.",
    ),
    "figures_unknown": (
        "不知道：空格、“-”、“/”、NA、null、不详、未知、暂无；各列都是同一含义，取用的值：",
        "Not known: an empty cell, “-”, “/”, NA, null, unknown, 不详; the same in every column. Taken instead:",
    ),
    "figures_range": (
        "范围（20-30、20至30）：提供的取低值（{low}），需要、花费、等待的取高值（{high}）；人口、百分比、权重必须是一个数（{refused}）。",
        "A range (20-30): the lower end of what is offered ({low}), the higher of what is needed, spent or waited for ({high}); people, percentages and weights must be one figure ({refused}).",
    ),
}
