"""What more money (or a higher floor) brings, in words: key → (中文, English)."""

from __future__ import annotations

FRONTIERS: dict[str, tuple[str, str]] = {
    "title": ("{name}：效益曲线", "{name}: what each limit brings"),
    "along.capital": ("建设投资上限（元）", "capital allowed (yuan)"),
    "along.floor": ("兜底比例", "guaranteed share"),
    "column.people": ("「{service}」{minutes} 分钟（人）", "{service}, {minutes} min (people)"),
    "column.slope": ("每百万元增加（首要目标）", "gain per million yuan"),
    "column.slope_floor": ("每提高 1 个百分点的变化（首要目标）", "change per percentage point"),
    "none": ("没有方案能满足全部规则", "no plan keeps every rule"),
    "not_found": ("时限内未找到方案", "none found in the time allowed"),
    "point": (
        "{limit}：首要目标 {value}，不优于 {bound}（差距 {gap}）；建设投资 {capital}",
        "{limit}: first aim {value}, none better than {bound} (gap {gap}); {capital} of capital",
    ),
    "point_none": ("{limit}：{why}", "{limit}: {why}"),
    "knee": (
        "拐点在 {limit}：自 {first} 至此每多一百万元增加 {before}，此后至 {last} 每多一百万元增加 {after}。单位：{aim}。",
        "The knee is at {limit}: from {first} to there each million yuan more brings {before}, from there to {last} {after} ({aim}).",
    ),
    "knee_unproven": ("各点的差距见上，拐点未经证明。", "The gaps above leave the knee unproven."),
    "knee_floor": (
        "拐点在 {limit}：自 {first} 至此每提高 1 个百分点变化 {before}，此后至 {last} 变化 {after}（{aim}）。",
        "The knee is at {limit}: from {first} to there each percentage point changes the first aim by {before}, from there to {last} by {after} ({aim}).",
    ),
    "no_knee": ("没有拐点：各段效益相同。", "There is no knee: every step brings the same."),
    "knee_mark": ("拐点", "knee"),
}
