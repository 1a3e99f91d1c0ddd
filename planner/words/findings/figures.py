"""What is said of figures: numbers, people, services, sites."""

from __future__ import annotations

FIGURES: dict[str, dict[str, tuple[str, str]]] = {
    "text-number": {
        "what": (
            "字段 {column} 有 {count:,} 个写成文字的数字，按数值读取（如 {example} 读作 {read:,.6g}）",
            "column {column} has {count:,} numbers written as text; they were read as numbers (e.g. {example} as {read:,.6g})",
        ),
        "hint": ("在原表中改为数值", "make them numbers in the source"),
    },
    "unreadable-number": {
        "what": (
            "字段 {column} 有 {count:,} 个无法读成数字的值（如 {example}）",
            "column {column} has {count:,} values that are no numbers (e.g. {example})",
        ),
        "hint": (
            "改为数字；没有人写 0，不知道则留空",
            "write numbers: 0 where there is none, nothing where it is not known",
        ),
    },
    "unreadable-flag": {
        "what": (
            "字段 {column} 有 {count:,} 个既非是也非否的值，按否处理（如 {example}）",
            "column {column} has {count:,} values that are neither yes nor no; taken for no (e.g. {example})",
        ),
        "hint": ("写 是 或 否；不知道则留空", "write yes or no, or nothing where it is not known"),
    },
    "missing-number": {
        "what": (
            "字段 {column} 有 {count:,} 个空值或“-”，按 0 计",
            "column {column} is empty or “-” in {count:,} rows; read as 0",
        ),
        "hint": ("补上数字；没有人写 0", "fill them in; write 0 where there is nobody"),
    },
    "unknown-number": {
        "what": (
            "字段 {column} 有 {count:,} 个值不知道（空、“-”、NA），取：{instead}",
            "column {column} is not known in {count:,} rows (empty, “-”, NA); taken instead: {instead}",
        ),
        "hint": ("补上数字；没有就写 0", "fill them in; write 0 where there is none"),
    },
    "zero-unknown": {
        "what": (
            "字段 {column} 有 {count:,} 个 0；这里不可能为 0，按不知道处理，取：{instead}",
            "column {column} is 0 in {count:,} rows, which cannot be; taken as not known: {instead}",
        ),
        "hint": ("写实际数字；不知道则留空", "write the figure, or nothing where it is not known"),
    },
    "no-places": {
        "what": (
            "{count:,} 个设施的 capacity 为 0：现状不提供该服务，不计入现有设施",
            "{count:,} facilities have capacity 0: as they are they offer the service to nobody and do not count as existing",
        ),
        "hint": (
            "有床位则改为实际数；不知道则留空；可扩建的用 siting.existing.may_extend",
            "write the places there are, or nothing where they are not known; siting.existing.may_extend lets a plan extend them",
        ),
    },
    "range-read": {
        "what": (
            "字段 {column} 有 {count:,} 个范围，取较保守的一端（如 {example} 读作 {read:,.6g}）",
            "column {column} has {count:,} ranges, read at the careful end (e.g. {example} as {read:,.6g})",
        ),
        "hint": ("写一个数", "write one figure"),
    },
    "range-refused": {
        "what": (
            "字段 {column} 有 {count:,} 个范围（如 {example}）；人口、百分比、权重必须是一个数",
            "column {column} has {count:,} ranges (e.g. {example}); people, percentages and weights must be one figure",
        ),
        "hint": ("写一个数", "write one figure"),
    },
    "percent-for-number": {
        "what": (
            "字段 {column} 有 {count:,} 个百分比（如 {example}），此处需要数字",
            "column {column} has {count:,} percentages (e.g. {example}) where a number is asked for",
        ),
        "hint": ("写数字，不写百分比", "write the number, not its share"),
    },
    "percent-for-people": {
        "what": (
            "字段 {column} 有 {count:,} 个百分比（如 {example}），此处需要人数",
            "column {column} has {count:,} percentages (e.g. {example}) where people are counted",
        ),
        "hint": (
            "用 percent_of 写明是哪一列的百分比：{{column: {column}, percent_of: …}}",
            "say of which column with percent_of: {{column: {column}, percent_of: …}}",
        ),
    },
    "mixed-percents": {
        "what": (
            "字段 {column} 有带百分号的值，也有 {count:,} 个不大于 1 的数（如 {example}）：无法判断是百分之几还是比例",
            "column {column} has percentages and {count:,} plain numbers up to 1 (e.g. {example}): per cent or share?",
        ),
        "hint": ("统一写成百分比（23.5%）", "write all of them as percentages (23.5%)"),
    },
    "share-for-percent": {
        "what": (
            "字段 {column} 的 {count:,} 个值都不大于 1（如 {example}），按百分之几读取；看起来是比例",
            "all {count:,} figures of column {column} are at most 1 (e.g. {example}); read as per cent, though they look like shares",
        ),
        "hint": (
            "若 0.235 表示 23.5%，在该组写 unit: 100",
            "if 0.235 means 23.5%, write unit: 100 for the group",
        ),
    },
    "formula-error": {
        "what": (
            "字段 {column} 有 {count:,} 个单元格没有值（公式出错、未计算或合并单元格）：{cells}",
            "column {column} has {count:,} cells without a value (formula in error or never computed, merged figure): {cells}",
        ),
        "hint": (
            "在表格软件中改正公式，重新计算并保存；合并的数字拆成每行一个",
            "mend the formula, compute and save the workbook; write merged figures once for each row",
        ),
    },
    "impossible-number": {
        "what": (
            "字段 {column} 有 {count:,} 个不可能的数（如 {example}，上限 {most:,.0f}）",
            "column {column} has {count:,} impossible figures (e.g. {example}; at most {most:,.0f})",
        ),
        "hint": ("核对数字与单位", "check the figures and their unit"),
    },
    "impossible-people": {
        "what": (
            "{group} 在 {count:,} 行中多得不可能（最多 {most:,.0f} 人）",
            "group {group} is impossibly large in {count:,} rows (up to {most:,.0f} people)",
        ),
        "hint": ("核对数字与 unit", "check the figures and unit"),
    },
    "thousands-or-decimals": {
        "what": (
            "字段 {column} 的 {example} 可能是 {decimal}，也可能是 {thousands}；其他值和研究文件都没有说明哪个是小数点",
            "column {column}: {example} may be {decimal} or {thousands}; neither its other cells nor the study says which",
        ),
        "hint": (
            '在该图层写 decimal: "{mark}"（是小数）或 decimal: "{other}"（是千分位）；已存为数值的在原表中改正',
            'write decimal: "{mark}" (a fraction) or decimal: "{other}" (thousands) for the layer; correct stored numbers in the source',
        ),
    },
    "decimal-comma": {
        "what": (
            "字段 {column} 的逗号是小数点（{count:,} 个值，如 {example} 读作 {read:,.6g}）",
            "column {column} has decimal commas ({count:,} values, e.g. {example} read as {read:,.6g})",
        ),
        "hint": ('确认时写 decimal: ","', 'write decimal: "," to confirm it'),
    },
    "date-for-year": {
        "what": (
            "字段 {column} 有 {count:,} 个日期或时段，取其年份（如 {example} 读作 {read:.0f}）",
            "column {column} has {count:,} dates or spans; their year was taken (e.g. {example} as {read:.0f})",
        ),
        "hint": ("只写年份", "write the year alone"),
    },
    "unreadable-year": {
        "what": (
            "字段 {column} 有 {count:,} 个无法读成年份的值（如 {example}）",
            "column {column} has {count:,} values that are no years (e.g. {example})",
        ),
        "hint": (
            "写四位年份（2031）；不知道则留空",
            "write years of four digits (2031), or nothing where it is not known",
        ),
    },
    "negative-number": {
        "what": ("字段 {column} 有 {count:,} 个负数", "column {column} has {count:,} negative values"),
        "hint": ("改正这些值", "correct them"),
    },
    "percentage-above-100": {
        "what": (
            "字段 {column} 有 {count:,} 个超过 100 的百分比",
            "column {column} has {count:,} percentages above 100",
        ),
        "hint": ("改正，或去掉 percent_of", "correct them, or take percent_of away"),
    },
    "unjoined-rows": {
        "what": (
            "{count:,} 行的名称在社区图层中找不到：{names}",
            "{count:,} rows name no community of the layer: {names}",
        ),
        "hint": (
            "{near}改名的社区写入 layers.communities.renamed；不属于本片区的行用 keep 或 drop 筛去",
            "{near}put names that changed into layers.communities.renamed; leave out rows of other places with keep: or drop:",
        ),
    },
    "rows-elsewhere": {
        "what": (
            "表中有 {count:,} 行不属于本片区，未计入：{names}",
            "{count:,} rows are of places outside the district and were not counted: {names}",
        ),
        "hint": ("表格范围大于片区时写明 {keep}", "write {keep} where a table covers more than the district"),
    },
    "joined-twice": {
        "what": ("{count:,} 行指向同一个社区", "{count:,} rows name a community that another row names too"),
        "hint": ("每个社区只保留一行", "leave one row for each community"),
    },
    "community-without-row": {
        "what": (
            "表 {table} 中没有 {count:,} 个社区的数字，按 0 人计",
            "table {table} has no figures for {count:,} communities; nobody is counted there",
        ),
        "hint": ("补上这些社区", "add these communities to the table"),
    },
    "sum-disagrees": {
        "what": (
            "{group} 合计 {total:,.1f}，公布值为 {stated:,.1f}，相差 {difference:+,.1f}",
            "group {group} sums to {total:,.1f}, stated are {stated:,.1f}: {difference:+,.1f}",
        ),
        "hint": ("核对是否缺行、重复或单位不同", "look for missing or doubled rows, or another unit"),
    },
    "band-exceeds-total": {
        "what": (
            "{count:,} 条记录的 {group} 多于总人口 {column}",
            "in {count:,} rows group {group} is larger than everybody ({column})",
        ),
        "hint": ("改正人口数字", "correct the figures"),
    },
    "implausible-people": {
        "what": (
            "{count:,} 个多边形的人口密度高得不合理（最高 {most:,.0f} 人/km²）",
            "{count:,} polygons are implausibly dense (up to {most:,.0f} people per km²)",
        ),
        "hint": ("核对人口数字与单位（人、百人、万人）", "check the figures and their unit"),
    },
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
    "crowded-buildings": {
        "what": (
            "{count:,} 栋建筑里的人多得不合理（共 {people:,.0f} 人，一栋最多 {most:,.0f} 人，最挤处每人建筑面积 {floor_m2:.2g} m²，低于 {least_m2:g} m²）",
            "{count:,} buildings hold more people than their floor can ({people:,.0f} in all, up to {most:,.0f} in one; {floor_m2:.2g} m² of floor a head at worst, under {least_m2:g} m²)",
        ),
        "hint": (
            "建筑图层多半不全：换成覆盖整个片区的建筑，或改用 spread: point；也核对层数与人口单位",
            "the buildings are probably a part of the district's: give all of them, or write spread: point; check storeys and the unit of people too",
        ),
    },
    "buildings-of-a-sliver": {
        "what": (
            "{count:,} 个社区的建筑只分布在其中一小块（最少处仅 {share:.0%} 的地面在建筑 {around_m:g} m 以内），全部 {people:,.0f} 人都放进了那里",
            "the buildings of {count:,} communities stand in a sliver of them (only {share:.0%} of the ground lies within {around_m:g} m of one at worst), and all their {people:,.0f} people were put there",
        ),
        "hint": (
            "核对建筑图层是否覆盖整个片区；缺失时改用 spread: point 或更小的人口单元",
            "check that the buildings cover the district; without them write spread: point, or give people of smaller areas",
        ),
    },
    "community-without-people": {
        "what": ("{count:,} 个社区内没有任何需求点", "{count:,} communities hold no demand point at all"),
        "hint": ("如果有人居住，请核对人口图层", "check the layers of people if somebody lives there"),
    },
    "assumed-storeys": {
        "what": (
            "{count:,} 栋建筑没有层数，按 {storeys:g} 层计",
            "{count:,} buildings have no storeys; {storeys:g} was assumed",
        ),
        "hint": ("补上层数字段", "fill in the storeys"),
    },
    "estimated-people": {
        "what": ("{groups} 的人口是估算：{estimate}", "people of {groups} are an estimate: {estimate}"),
        "hint": ("有实测数据时替换", "replace it when counted figures are at hand"),
    },
    "no-candidates": {
        "what": ("没有任何可用的备选点", "there is no usable candidate site"),
        "hint": ("核对备选点图层与 keep、tags 条件", "check the candidates' layers and their keep and tags conditions"),
    },
    "assumed-area": {
        "what": (
            "{count:,} 个备选点既无面积也无建筑轮廓，面积取 site_kinds 的 assumed_area_m2（假设）",
            "{count:,} candidates have neither an area nor a footprint; site_kinds' assumed_area_m2 was taken (an assumption)",
        ),
        "hint": ("实测后填写 area_m2", "measure them and fill in area_m2"),
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
    "no-service": {
        "what": ("{count:,} 个设施没有写明服务，已略去", "{count:,} facilities name no service; they were left out"),
        "hint": ("补上 service 字段", "fill in the service column"),
    },
    "weighed-by-need": {
        "what": (
            "人口已按需求图层加权：{before:,.0f} 人计为 {after:,.0f}，覆盖按加权人口计并注明，实际人数并列给出",
            "people are weighted by the need layer: {before:,.0f} count as {after:,.0f}; coverage counts weighted people and is labelled so; numbers of heads stand beside it",
        ),
        "hint": ("要按实际人数计算，删去 layers.need", "leave layers.need out to count every one as one"),
    },
    "unknown-place": {
        "what": (
            "{count:,} 个出入口指向不存在的设施或备选点，例如 {example}",
            "{count:,} entrances belong to no facility or candidate, e.g. {example}",
        ),
        "hint": (
            "核对 place 列与设施、备选点的 id",
            "compare the place column with the ids of facilities and candidates",
        ),
    },
}
