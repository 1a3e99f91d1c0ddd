"""Rules and reasons as a planner says them: key → (中文, English)."""

from __future__ import annotations

REASONS: dict[str, tuple[str, str]] = {
    # rules, each with its limit
    "rule.capital": ("建设投资不超过 {limit}", "capital at most {limit}"),
    "rule.yearly": ("年运营费不超过 {limit}", "running cost at most {limit} a year"),
    "rule.department_capital": ("{department}建设投资不超过 {limit}", "{department}: capital at most {limit}"),
    "rule.department_yearly": (
        "{department}年运营费不超过 {limit}",
        "{department}: running cost at most {limit} a year",
    ),
    "rule.period_capital": (
        "{year} 年建设资金不超过 {limit}（结余可结转）",
        "at most {limit} of capital in {year} (what is not spent moves on)",
    ),
    "rule.min_sites": ("新开场所不少于 {limit} 处", "buildings opened: at least {limit}"),
    "rule.max_sites": ("新开场所不超过 {limit} 处", "buildings opened: at most {limit}"),
    "rule.min_openings": ("新设「{service}」不少于 {limit} 处", "{service}: at least {limit} openings"),
    "rule.max_openings": ("新设「{service}」不超过 {limit} 处", "{service}: at most {limit} openings"),
    "rule.min_hubs": (
        "综合体不少于 {limit} 处（每处不小于 {area} m²、不少于 {services} 项服务）",
        "hubs (from {area} m² and {services} services on): at least {limit}",
    ),
    "rule.must": ("{site}必须有「{service}」", "{service} must be at {site}"),
    "rule.must_way": ("{site}必须有「{service}」（{way}）", "{service} must be at {site} ({way})"),
    "rule.must_standing": (
        "{site}现有的「{service}」必须原样保留",
        "the {service} that stands at {site} must stay as it is",
    ),
    "rule.extension": ("新设或扩建", "new or extended"),
    "rule.must_any": ("{site}必须启用", "{site} must be used"),
    "rule.never": ("{site}不得新设「{service}」", "no new {service} at {site}"),
    "rule.never_way": ("{site}不得设「{service}」（{way}）", "no {service} at {site} ({way})"),
    "rule.never_standing": (
        "{site}不得有「{service}」，现有的也要关闭",
        "no {service} at {site}; what stands there closes",
    ),
    "rule.never_any": ("{site}不得新设任何服务", "nothing new at {site}"),
    "rule.floor": (
        "「{service}」步行 {minutes} 分钟覆盖不少于 {share} 的{who}",
        "{service} within {minutes} minutes for at least {share} of {who}",
    ),
    "rule.floor_community": (
        "在每个社区，「{service}」步行 {minutes} 分钟覆盖不少于 {share} 的{who}",
        "{service} within {minutes} minutes for at least {share} of {who} in every community",
    ),
    "rule.everybody": ("服务对象", "those it is for"),
    "rule.group": ("「{name}」人群", "the group “{name}”"),
    "rule.spread": (
        "「{service}」{minutes} 分钟覆盖率最好与最差的社区相差不超过 {most} 个百分点",
        "{service} within {minutes} minutes: at most {most} percentage points between the best and the worst community",
    ),
    "rule.incompatible": ("不得合设：{pairs}", "not in one building: {pairs}"),
    "rule.pair": ("「{one}」与「{two}」", "{one} with {two}"),
    "rule.area": ("服务用房不超过各场所的建筑面积", "no more rooms in a building than its floor area holds"),
    "rule.stays": ("现有设施全部保留", "every existing facility stays"),
    "rule.min_load": ("开设所需的最低使用人数（{loads}）", "least users of an opening ({loads})"),
    "rule.load": ("「{service}」{load} 人", "{service}: {load}"),
    "rule.ready": ("场所在可用年份之前不得启用", "no building before the year it is ready"),
    # why no plan exists
    "why.title": (
        "没有任何方案能满足研究的全部规则：以下 {count} 条规则不能同时满足",
        "no plan keeps every rule of the study: these {count} cannot be kept together",
    ),
    "why.title_one": (
        "没有任何方案能满足研究的全部规则：以下规则无法满足",
        "no plan keeps every rule of the study: this one cannot be kept",
    ),
    "why.rule": ("  · {rule}（{key}）", "  · {rule} ({key})"),
    "why.not_smallest": (
        "  （{seconds} 秒内未能证明没有更小的冲突）",
        "  (that fewer rules would do was not ruled out in {seconds} s)",
    ),
    "why.any_one": ("以下任一改动即可得到方案：", "each of these changes alone makes a plan possible:"),
    "why.only": ("以下改动即可得到方案：", "this change makes a plan possible:"),
    "why.together": (
        "只改一条不够；以下改动一起即可得到方案：",
        "no single change is enough; these together make a plan possible:",
    ),
    "why.no_way": (
        "{seconds} 秒内未找到足够的改动；{how}",
        "which change is enough was not found in {seconds} s: {how}",
    ),
    "why.raise": ("  → 将 {key} 由 {was} 提高到至少 {limit}", "  → raise {key} from {was} to at least {limit}"),
    "why.lower": ("  → 将 {key} 由 {was} 降低到至多 {limit}", "  → lower {key} from {was} to at most {limit}"),
    "why.raise_enough": (
        "  → 将 {key} 由 {was} 提高到 {limit}（足够；更小的改动也可能够）",
        "  → raise {key} from {was} to {limit} (enough; less may do)",
    ),
    "why.lower_enough": (
        "  → 将 {key} 由 {was} 降低到 {limit}（足够；更小的改动也可能够）",
        "  → lower {key} from {was} to {limit} (enough; less may do)",
    ),
    "why.drop": ("  → 取消：{rule}（{key}）", "  → give up: {rule} ({key})"),
    "why.drop_area": (
        "  → 采用更大的场所，或更小的服务（备选点图层的 area_m2，services 的 area_m2，site_kinds 的最低要求）",
        "  → find larger buildings or smaller services (area_m2 of the candidates and of services, least use of site_kinds)",
    ),
    "why.drop_stays": (
        "  → 允许关闭现有设施（siting.existing.may_close: true）",
        "  → let existing facilities close (siting.existing.may_close: true)",
    ),
    "why.drop_ready": (
        "  → 增加更晚的年份，或采用可更早启用的场所（siting.years，备选点的 ready_year）",
        "  → plan for later years, or find buildings that are ready sooner (siting.years, ready_year of the candidates)",
    ),
    "why.by_itself": (
        "没有任何方案：即使取消全部规则也不可行；请检查服务与场所的要求",
        "there is no plan, not even without any rule: check what services and buildings ask of each other",
    ),
    "why.not_found": (
        "没有任何方案能满足研究的全部规则；{seconds} 秒内未查明是哪些规则冲突；{how}",
        "no plan keeps every rule of the study; which of them contradict each other was not found in {seconds} s: {how}",
    ),
    "why.more_time": ("可提高 solver.time_limit_s", "raise solver.time_limit_s"),
    "why.one_at_a_time": (
        "查找原因的时间以此为限，提高 solver.time_limit_s 无效；请逐条放宽资金、数量和保底比例后重新规划",
        "no more time than that is spent on reasons, whatever solver.time_limit_s; loosen budgets, counts and floors one by one",
    ),
    # a plan that is missing or not proven
    "unproven.no_plan": (
        "求解器在限定时间内未找到方案（{outcome}）",
        "the solver found no plan in the time allowed ({outcome})",
    ),
    "unproven.plan": ("方案未证明为最优：{outcome}", "the plan is not proven optimal: {outcome}"),
    "unproven.time": ("可提高 solver.time_limit_s", "raise solver.time_limit_s"),
    "unproven.time_or_gap": ("可提高 solver.time_limit_s 或 solver.gap", "raise solver.time_limit_s or solver.gap"),
    "unproven.tolerance": (
        "可降低 siting.step_tolerance：后面的目标放弃了前面目标已证明的一部分",
        "lower siting.step_tolerance: later goals gave up part of what an earlier one had proven",
    ),
    "unproven.interrupt": ("规划被中断，请让其运行完毕", "it was interrupted: let it run to its end"),
    "unproven.limit": (
        "求解器的证明与其自身结果矛盾，未予采信；可更换 solver.seed",
        "the proof of the solver contradicts its own answer and was not taken: try another solver.seed",
    ),
}
