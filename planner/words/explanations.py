"""Why a plan is as it is, sentence by sentence: key → (中文, English)."""

from __future__ import annotations

EXPLANATIONS: dict[str, tuple[str, str]] = {
    "title": ("{name}：方案说明", "{name}: why this plan"),
    "run": ("情景 {scenario}，运行编号 {run}", "Scenario {scenario}, run {run}"),
    "aim": ("首要目标：{aim}。", "First aim: {aim}."),
    "aim.coverage": ("按步行圈权重折算的覆盖人次（各服务合计）", "people counted by circle weight, over all services"),
    "aim.weighted": ("（含加权人口，并非实际人数）", " (weighted people, not heads)"),
    "aim.walk": ("总步行时间（人·秒）", "person-seconds walked"),
    "aim.furthest": ("最远步行时间（秒）", "the longest walk (s)"),
    "aim.fair": ("最差社区与群体的覆盖率", "the share of the worst-off community and group"),
    "aim.cost": ("费用（元）", "money (yuan)"),
    "aim.sites": ("新开场所数", "number of buildings opened"),
    "aim.years": ("（{years} 年合计）", " (summed over {years} years)"),
    # how sure
    "sure": ("可靠程度", "How sure it is"),
    "proven": (
        "已证明：本方案达到 {objective}；遵守全部规则的任何方案都不优于 {bound}。",
        "Proven: this plan reaches {objective}; no plan that keeps every rule can do better than {bound}.",
    ),
    "unproven": (
        "未证明最优：本方案达到 {objective}；遵守全部规则的任何方案都不优于 {bound}（差距 {gap}）。",
        "Not proven to be the best: this plan reaches {objective}; no plan that keeps every rule can do better than {bound} (gap {gap}).",
    ),
    "no_bound": (
        "未证明最优：本方案达到 {objective}；最好能到多少，尚不清楚。",
        "Not proven to be the best: this plan reaches {objective}; how much better one could be is not known.",
    ),
    "no_number": (
        "最远步行时间没有数值：遵守全部规则的任何方案，都有本可服务的人够不到任何设施（已证明）。",
        "The longest walk has no number: under every plan that keeps every rule, somebody who could be served reaches nothing (proven).",
    ),
    "no_number_unproven": (
        "最远步行时间没有数值：本方案中有本可服务的人够不到任何设施；是否有方案可以避免，尚不清楚。",
        "The longest walk has no number: under this plan somebody who could be served reaches nothing; whether another plan avoids that is not known.",
    ),
    # whom the figures count
    "who": ("人", "people"),
    "who_weighted": ("加权人口", "weighted people"),
    "weighted_note": (
        "「{services}」的人数按需求图层、人群权重或重叠年龄段加权，以下写作“加权人口”，并非实际人数；实际人数见 plan.xlsx。",
        "People of {services} count by the layer of need, by the weights of their groups, or twice where groups hold the same ages: they are called weighted people below and are not heads; plan.xlsx has the heads.",
    ),
    # openings
    "openings": ("每项新设服务的作用", "What each opening brings"),
    "openings_note": (
        "单独开设：与现状相比；最后加入：只去掉这一项、其余照开。限容量的服务按有名额的人计。",
        "Alone: against today. Last in: it alone is left out, all else stays. Where places are limited, people with a place.",
    ),
    "opening": (
        "{place}的「{service}」：单独开设，{minutes} 分钟内 {alone} {who}；{last}",
        "{service} at {place}: alone {alone} {who} within {minutes} minutes; {last}",
    ),
    "last_fewer": ("若只去掉它，少 {people} {who}。", "left out, {people} fewer {who}."),
    "last_more": ("若只去掉它，反而多 {people} {who}。", "left out, {people} more {who}."),
    "last_walks": (
        "若只去掉它，人数不变，但步行变远（按权重少 {worth}）。",
        "left out, no fewer, but they walk farther ({worth} less by circle weight).",
    ),
    "last_nothing": ("若只去掉它，按权重也不减少。", "left out, nothing is lost by circle weight."),
    # prices
    "prices": ("各条规则的代价", "What the rules cost"),
    "prices_note": (
        "每条规则单独取消后重新求解。首要目标按其自身口径计；人数和费用是最终方案与本方案之差。",
        "Each rule is dropped alone and the plan is made anew. The first aim as it counts; people and money in the end, against this plan.",
    ),
    "price": ("{rule}（{key}）：取消后，{changes}。{doubt}", "{rule} ({key}): without it, {changes}. {doubt}"),
    "price_people": (
        "「{service}」{minutes} 分钟内 {people} {who}",
        "{people} {who} within {minutes} minutes of {service}",
    ),
    "same_people": (
        "「{service}」{minutes} 分钟内人数不变",
        "as many people as before within {minutes} minutes of {service}",
    ),
    "gain_coverage": ("按步行圈权重 {gain} 人次", "{gain} people by circle weight"),
    "gain_coverage_weighted": ("按步行圈权重 {gain} 加权人次", "{gain} weighted people by circle weight"),
    "gain_none": ("首要目标不变", "no more of the first aim"),
    "gain": ("首要目标改善 {gain}", "the first aim is better by {gain}"),
    "loss": ("首要目标变差 {gain}", "the first aim is worse by {gain}"),
    "price_capital": ("建设投资 {yuan}", "{yuan} of capital"),
    "price_yearly": ("年运营费 {yuan}", "{yuan} a year"),
    "gain_unknown": (
        "首要目标无从比较：有人够不到任何设施",
        "the first aim cannot be compared, because somebody reaches nothing",
    ),
    "between": (
        "首要目标的改善至少 {least}，至多 {most}（已证明）。",
        "In the first aim that is worth at least {least} and at most {most} (proven).",
    ),
    "at_least": (
        "这使首要目标至少改善 {least}（已证明）；至多多少，时限内未能查明。",
        "In the first aim that is worth at least {least} (proven); how much at most was not found out in the time allowed.",
    ),
    "at_most": (
        "首要目标的改善至多 {most}（已证明）；至少多少，未能证明。",
        "In the first aim that is worth at most {most} (proven); how much at least is not proven.",
    ),
    "doubt_unknown": (
        "这一改善值多少，时限内未能证明。",
        "What that is worth at least and at most was not proven in the time allowed.",
    ),
    "free": (
        "以下规则逐条取消，所得方案的人数和费用都与本方案相同（首要目标的改善至多 {most}，已证明）：",
        "Without any one of these the plan serves and costs the same (the first aim gains at most {most}, proven):",
    ),
    "free_unknown": (
        "以下规则逐条取消，所得方案的人数和费用都与本方案相同；首要目标无从比较，因为有人够不到任何设施：",
        "Without any one of these the plan serves and costs the same; the first aim cannot be compared, because somebody reaches nothing:",
    ),
    "free_unproven": (
        "以下规则逐条取消，在时限内没有找到更好的方案，但不能断定没有：",
        "Without any one of these no better plan was found in the time allowed, but there may be one:",
    ),
    "free_rule": ("{rule}（{key}）", "{rule} ({key})"),
    "free_rule_most": (
        "{rule}（{key}）：首要目标的改善至多 {most}",
        "{rule} ({key}): the first aim gains at most {most}",
    ),
    "not_priced": ("以下规则因时限未能计价：", "The time did not suffice to price these:"),
    "more_time": (
        "给更多时间（--time-limit，秒）可以知道得更准。",
        "More time (--time-limit, in seconds) tells more.",
    ),
    # swaps
    "swaps": ("调换", "Swaps"),
    "swap_refused": (
        "规则不允许的最佳调换：不开{out_place}的「{out_service}」，改开{into_place}的「{into_service}」，按权重 {gain}{years}；最终{people}；违反：{broken}。",
        "The best swap that rules refuse: {into_service} at {into_place} instead of {out_service} at {out_place}, {gain} by circle weight{years}; in the end {people}; it breaks: {broken}.",
    ),
    "swap_allowed": (
        "规则允许的调换中，最佳的是：不开{out_place}的「{out_service}」，改开{into_place}的「{into_service}」，按权重 {gain}{years}；最终{people}。",
        "Of the swaps that rules allow, the best is {into_service} at {into_place} instead of {out_service} at {out_place}: {gain} by circle weight{years}; in the end {people}.",
    ),
    "swap_class": (
        "该类场所或容量的要求（site_kinds、services）",
        "what that kind of building or service asks for (site_kinds, services)",
    ),
    "years": ("（{years} 年合计）", " (summed over {years} years)"),
    "swap_none_allowed": ("试过的调换没有一项遵守全部规则。", "None of the swaps tried keeps every rule."),
    "swap_none": ("没有可比较的调换。", "There is no swap to compare."),
    "swap_tried": ("只试了最有希望的调换。", "Only the most promising swaps were tried."),
    # money
    "bills": ("由谁支付", "Who pays"),
    "bill": (
        "{department}：建设投资 {capital}，年运营费 {yearly}",
        "{department}: {capital} of capital, {yearly} a year",
    ),
    "bill_of": (
        "{department}：建设投资 {capital}（{capital_limit}），年运营费 {yearly}（{yearly_limit}）",
        "{department}: {capital} of capital ({capital_limit}), {yearly} a year ({yearly_limit})",
    ),
    "limit": ("上限 {limit}", "limit {limit}"),
    "no_limit": ("不限", "no limit"),
    "bills_none": ("研究没有列出部门。", "The study names no departments."),
    "bill_total": (
        "计入总预算{without}：建设投资 {capital}，年运营费 {yearly}。",
        "Counted against the overall budgets{without}: capital {capital}, each year {yearly}.",
    ),
    "bill_without": ("（不含{names}）", " (without {names})"),
    "against": ("{spent}（{limit}）", "{spent} ({limit})"),
    # unfunded
    "unfunded": ("缺少资金的项目", "What lacks money"),
    "endless": (
        "若不限资金，方案共新设 {openings} 项服务；与本方案相比，建设投资 {capital}，年运营费 {yearly}，{better}。{doubt}",
        "Without any limit on money the plan would open {openings} services in all: against this plan {capital} of capital, {yearly} a year, {better}. {doubt}",
    ),
    "endless_same": (
        "资金不是本方案的制约：即使不限资金，首要目标的改善也至多 {most}（已证明）。",
        "Money is not what holds this plan back: without any limit on it the first aim gains at most {most} (proven).",
    ),
    "endless_unproven": (
        "即使不限资金，在时限内也没有找到更好的方案；首要目标的改善至多 {most}（已证明）。",
        "Without any limit on money no better plan was found in the time allowed; the first aim gains at most {most} (proven).",
    ),
    "endless_unknown": (
        "即使不限资金，在时限内也没有找到更好的方案，但不能断定没有。",
        "Without any limit on money no better plan was found in the time allowed, but there may be one.",
    ),
    "unfunded_items": ("其中本方案没有资金开设的：", "Of these, this plan lacks the money for:"),
    "unfunded_item": (
        "{place}的「{service}」：装修 {capital}，年运营费 {yearly}（不含场所开办费和共用房间）",
        "{service} at {place}: fit-out {capital}, {yearly} a year (without set-up and shared rooms)",
    ),
    "unfunded_none": (
        "与本方案的服务和场所相同，只是规模、搭配或年份不同。",
        "It has no service at a place where this plan has not: sizes or years differ.",
    ),
    "unfunded_unasked": ("时限不足，未能查明。", "The time did not suffice to ask."),
    "unfunded_endless": ("研究没有资金上限。", "The study sets no limit on money."),
    # years
    "schedule": ("时间安排", "When"),
    "schedule_item": (
        "{opens} 年：{place}的「{service}」，最迟 {start} 年启动审批",
        "{opens}: {service} at {place}; its approval must start in {start} at the latest",
    ),
    "schedule_now": (
        "{opens} 年：{place}的「{service}」，须在 {first} 年即刻启动审批",
        "{opens}: {service} at {place}; its approval must start now, in {first}",
    ),
    # sheets
    "sheet.prices": ("规则代价", "Prices of rules"),
    "sheet.openings": ("新设作用", "Openings"),
    "sheet.swaps": ("调换", "Swaps"),
    "sheet.unfunded": ("缺少资金", "Unfunded"),
    "sheet.schedule": ("时间安排", "Schedule"),
    "sheet.text": ("说明", "Text"),
    "column.rule": ("规则", "rule"),
    "column.key": ("研究中的键", "key in the study"),
    "column.gain": ("首要目标改善", "gain of the first aim"),
    "column.least": ("至少改善", "gain at least"),
    "column.most": ("改善不超过", "gain at most"),
    "column.proven": ("已证明", "proven"),
    "column.people": ("{service}（{who}）", "{service} ({who})"),
    "column.capital": ("建设投资变化（元）", "change of capital (yuan)"),
    "column.yearly": ("年运营费变化（元）", "change of the yearly cost (yuan)"),
    "column.alone": ("单独开设（{who}）", "alone ({who})"),
    "column.last": ("最后加入（{who}）", "last in ({who})"),
    "column.worth_alone": ("单独开设（按权重）", "alone (by circle weight)"),
    "column.worth_last": ("最后加入（按权重）", "last in (by circle weight)"),
    "column.allowed": ("规则允许", "allowed"),
    "column.out": ("关", "out"),
    "column.into": ("开", "in"),
    "column.broken": ("违反的规则", "rules it breaks"),
    "column.opens": ("开放年份", "opens"),
    "column.ready": ("最早可用年份", "ready in"),
    "column.start": ("最迟启动审批", "approval starts in"),
    "column.sentence": ("说明", "sentence"),
}
