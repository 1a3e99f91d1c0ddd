"""What a batch of scenarios says on the terminal: key → (中文, English)."""

from __future__ import annotations

BATCHES: dict[str, tuple[str, str]] = {
    "board": (
        "完成 {ran}，沿用 {reused}，失败 {failed}，进行中 {running}，剩余 {left}",
        "{ran} done, {reused} reused, {failed} failed, {running} running, {left} left",
    ),
    "ran": ("完成", "done"),
    "reused": ("沿用", "reused"),
    "failed": ("失败", "failed"),
    "gap": ("差距 {gap}", "gap {gap}"),
    "seconds": ("{seconds:.1f} 秒", "{seconds:.1f} s"),
    "closing": (
        "{all} 个情景：完成 {ran}，沿用 {reused}，失败 {failed}；共 {seconds:.1f} 秒",
        "{all} scenarios: {ran} done, {reused} reused, {failed} failed; {seconds:.1f} s in all",
    ),
    "store": (
        "结果位于 {folder}；`planner compare {studies}` 可作比较",
        "runs lie in {folder}; `planner compare {studies}` compares them",
    ),
    "totals": ("全市合计 · {scenario}（{studies} 个片区）", "city totals · {scenario} ({studies} districts)"),
    "overlap": (
        "不计全市合计：{study} 有 {people} 人（{share}）住在 {other} 的社区内，合计会重复计人；只比较互不重叠的片区，或用 `planner compare` 比较同一片区的方案",
        (
            "no city totals: {people} people of {study} ({share}) live in communities of {other} and would count twice;"
            " give districts that lie side by side, or compare the runs of one district"
        ),
    ),
    "totals_part": ("，{studies} 个片区中 {part} 个设此项", ", in {part} of {studies} districts"),
    "totals_missing": ("未计入：{names}", "not counted: {names}"),
    "missing_failed": ("{study}（失败）", "{study} (failed)"),
    "missing_none": ("{study}（无此情景的方案）", "{study} (no run of this scenario)"),
    "cache_title": ("各阶段结果的来历", "where the results of the stages come from"),
    "cache_line": (
        "{stage}：计算 {made} 次，读取缓存 {kept} 次，沿用内存 {at_hand} 次",
        "{stage}: made {made} ×, read from the cache {kept} ×, at hand {at_hand} ×",
    ),
    "cache_why": ("计算 {count} 次，因为：{why}", "made {count} × because: {why}"),
    "cache_kept_why": ("读取 {count} 次，因为：{why}", "read {count} × because: {why}"),
    "cache_finished": (
        "{count} 个情景摘要未变，无需再算",
        "{count} scenarios have the digest of their finished run: nothing to do",
    ),
}
