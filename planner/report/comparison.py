"""A comparison of runs as a page, a workbook and closing lines, with a city's totals; nothing recomputed."""

from __future__ import annotations

import base64
import hashlib
import math
from importlib import resources
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, StrictUndefined

from planner.i18n import (
    format_change,
    format_count,
    format_gap,
    format_money,
    format_share,
    join,
    money_format,
    money_label,
    text_column,
    translate,
)
from planner.report.comparison_workbook import write_comparison_workbook
from planner.report.compliance import amount_text
from planner.report.names import (
    group_name,
    level_names,
    people_heading,
    run_name,
    scenario_of_studies,
    service_name,
    setting_name,
    setting_value,
    study_name,
)
from planner.report.summary import COVERAGE_FIELDS, UNKNOWN, aligned, coverage_line, status_text
from planner.report.svg import cost_coverage_plot, stability_map
from planner.store.measures import ANNUAL_YEARS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import pandas as pd

    from planner.store.comparison import Comparison, Setting
    from planner.study import Label, Language


#: assumptions listed on the terminal
_NAMED = 5


def publish_comparison(comparison: Comparison, settings: Mapping[str, Setting], folder: Path) -> tuple[Path, ...]:
    """Write ``comparison.html`` and ``comparison.xlsx`` into ``folder`` and return their paths."""
    language = _language_and_currency(settings)[0]
    page, workbook = folder / "comparison.html", folder / "comparison.xlsx"
    page.write_text(comparison_page(comparison, settings, language), encoding="utf-8", newline="\n")
    write_comparison_workbook(comparison, settings, _title(settings, language), workbook)
    return page, workbook


def comparison_page(comparison: Comparison, settings: Mapping[str, Setting], language: Language) -> str:
    """Return the comparison page: no script, no request, every name escaped."""
    runs, currency = comparison.runs, _language_and_currency(settings)[1]
    assets = resources.files("planner.report") / "web"
    style = (assets / "comparison.css").read_text(encoding="utf-8")
    short = [run_name(str(run), settings, language) for run in runs["run"]]
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"whole": _whole, "percent": _percent, "signed": _signed, "decimal": _decimal, "gap": _gap}
    bases = list(dict.fromkeys(comparison.changes["base"])) or [str(runs["run"].iloc[0])]
    points = [
        (float(row["annual_cost"]), float(row["covered"]) / float(row["people"]), str(name))
        for name, (_, row) in zip(short, runs.iterrows(), strict=True)
        if row["people"] > 0
    ]
    template = environment.from_string((assets / "comparison.html").read_text(encoding="utf-8"))
    return template.render(
        language=translate("locale.tag", language),
        policy=f"default-src 'none'; style-src 'sha256-{_sha256(style)}'; base-uri 'none'; form-action 'none'",
        style=style,
        title=_title(settings, language),
        say=lambda key, **values: _word(key, language, currency, **values),
        people=lambda key: people_heading(_word(key, language, currency), language, runs["weighted"]),
        minutes_short=lambda minutes: translate("report.minutes_short", language, minutes=minutes),
        years=ANNUAL_YEARS,
        opening=_opening(runs, language, currency),
        bases=join([run_name(base, settings, language) for base in bases], language),
        runs=[
            {**row, "short": name, "status": status_text(str(row["status"]), language, gap=row["gap"])}
            for name, row in zip(short, runs.to_dict("records"), strict=True)
        ],
        limited=bool(runs["limited"].any()),
        weighted=bool(runs["weighted"].any()),
        gained=_gained(comparison),
        blocks=_coverage_blocks(comparison, settings, language),
        compliance=_compliance(comparison, settings, language),
        access=[
            {**row, "run": name, "service": service_name(str(row["service"]), settings, language), "level": level}
            for name, level, row in zip(
                [run_name(str(run), settings, language) for run in comparison.access["run"]],
                level_names(comparison.access, settings, language),
                comparison.access.to_dict("records"),
                strict=True,
            )
        ],
        changes=_changes(comparison, settings, language),
        studies=[_study(comparison, name, setting, language) for name, setting in settings.items()],
        assumptions=[
            {
                **row,
                "assumption": setting_name(str(row["assumption"]), settings[str(row["study"])].study, language),
                "values": setting_value(str(row["values"]), language),
            }
            for row in comparison.assumptions.to_dict("records")
        ],
        totals=[
            {
                **row,
                "service": service_name(str(row["service"]), settings, language),
                "scenario": scenario_of_studies(str(row["scenario"]), settings, language),
                "missing": join(
                    [study_name(one, settings, language) for one in str(row["missing"]).split(";") if one], language
                ),
            }
            for row in comparison.totals.to_dict("records")
        ],
        overlaps=overlap_lines(
            comparison.overlaps.replace({name: study_name(name, settings, language) for name in settings}), language
        ),
        picture=cost_coverage_plot(
            points,
            across=_word("annual_cost", language, currency),
            up=_word("covered_share", language, currency),
            label=_word("picture", language, currency),
        )
        if len(points) > 1
        else "",
    )


def _opening(runs: pd.DataFrame, language: Language, currency: str) -> str:
    """Return what the runs open, what that costs, whom it reaches and who is left out, as a sentence of ranges."""
    counted = runs[runs["people"] > 0]
    share = counted["covered"] / counted["people"]

    def span(values: pd.Series[float], written: Callable[[float], str]) -> str:
        low, high = written(float(values.min())), written(float(values.max()))
        return low if low == high else f"{low}–{high}"

    def money(value: float) -> str:
        return format_money(value, language, currency)

    if counted.empty:
        return ""
    return _word(
        "opening",
        language,
        currency,
        sites=span(counted["sites"], _whole),
        capital=span(counted["capital_cost"], money),
        yearly=span(counted["yearly_cost"], money),
        share=span(share, _percent),
        left=span(counted["people"] - counted["covered"], _whole),
        unit=translate("report.unit_weighted" if counted["weighted"].any() else "report.unit_people", language),
    )


def closing_lines(comparison: Comparison, settings: Mapping[str, Setting]) -> tuple[str, ...]:
    """Return the closing lines of a comparison: runs, no-regret sites, most influential assumptions, city totals."""
    language, currency = _language_and_currency(settings)
    plain = money_format(language, currency).plain

    def word(key: str) -> str:
        return _word(key, language, currency)

    lines = [word("runs")]
    for row in comparison.runs.to_dict("records"):
        share = row["covered"] / row["people"] if row["people"] else math.nan
        text = translate(
            "compare.line",
            language,
            covered=_whole(row["covered"]),
            share=_percent(share),
            cost=plain.replace("{amount}", _whole(row["annual_cost"])),
            unit=_unit(row, language),
        )
        text += _beside(row, language)
        lines.append(f"  {run_name(str(row['run']), settings, language)}  {text}")
    sure = comparison.sites[comparison.sites["runs"] == comparison.sites["of"]]
    names = ", ".join(str(name or place) for name, place in zip(sure["name"], sure["place_id"], strict=True))
    lines += [word("no_regret"), f"  {names or word('no_regret_none')}"]
    lines.append(word("assumptions_title"))
    lines += [
        f"  {setting_name(str(row['assumption']), settings[str(row['study'])].study, language)}  {word('plan_moved')} {_percent(row['plan_moved'])}"
        for row in comparison.assumptions.head(_NAMED).to_dict("records")
    ]
    labels = {service: name for setting in settings.values() for service, name in setting.services.items()}
    return (
        *lines,
        *overlap_lines(comparison.overlaps, language),
        *totals_lines(comparison.totals, _missing(comparison), labels, language, currency),
    )


def _unit(row: Mapping[Any, Any], language: Language) -> str:
    return translate("report.unit_weighted" if row["weighted"] else "report.unit_people", language)


def _beside(row: Mapping[Any, Any], language: Language) -> str:
    """Return people who find a place where places are limited, and heads where people are weighted."""
    texts = ""
    if row["limited"]:
        share = row["find_a_place"] / row["people"] if row["people"] else math.nan
        texts += translate("compare.line_places", language, served=_whole(row["find_a_place"]), share=_percent(share))
    if row["weighted"]:
        texts += translate(
            "compare.line_heads", language, covered=_whole(row["heads_covered"]), heads=_whole(row["heads"])
        )
    return texts


def _missing(comparison: Comparison) -> dict[tuple[str, str], str]:
    """Return (scenario, study) of every district missing from a total; finished runs do not record the reason."""
    texts = comparison.totals.drop_duplicates("scenario")
    return {
        (str(scenario), study): "none"
        for scenario, missing in zip(texts["scenario"], texts["missing"], strict=True)
        for study in str(missing).split(";")
        if study
    }


def _language_and_currency(settings: Mapping[str, Setting]) -> tuple[Language, str]:
    """Return the language of the first study and the currency of them all."""
    first = next(iter(settings.values()))
    return first.language, first.study.currency


def _word(key: str, language: Language, currency: str, **values: object) -> str:
    return translate(f"compare.{key}", language, currency=money_label(language, currency), **values)


def _title(settings: Mapping[str, Setting], language: Language) -> str:
    if len(settings) == 1:
        name = next(iter(settings.values())).name.text(language)
    else:
        name = translate("compare.of_studies", language, count=len(settings))
    return translate("compare.title", language, name=name)


def _gained(comparison: Comparison) -> dict[str, float]:
    """Return the change of people covered against the base in the widest circles, by run."""
    whole_demand = comparison.coverage[comparison.coverage["group"] == ""]
    widest = whole_demand.loc[whole_demand.groupby(["run", "service"], sort=False)["minutes"].idxmax()]
    return {str(run): float(value) for run, value in widest.groupby("run", sort=False)["change"].sum().items()}


def _coverage_blocks(
    comparison: Comparison, settings: Mapping[str, Setting], language: Language
) -> list[dict[str, Any]]:
    """Return one table per service and group: a row per run, a column per circle."""
    currency, blocks = _language_and_currency(settings)[1], []
    for (service, group), group_rows in comparison.coverage.groupby(["service", "group"], sort=False):
        minutes = sorted(group_rows["minutes"].unique())
        cells = group_rows.set_index(["run", "minutes"])
        rows = [
            (
                run_name(str(run), settings, language),
                [cells.loc[(run, m)].to_dict() if (run, m) in cells.index else None for m in minutes],
            )
            for run in dict.fromkeys(group_rows["run"])
        ]
        weighted, limited = bool(group_rows["weighted"].any()), bool(group_rows["limited"].any())
        everybody = _word("all_weighted" if weighted else "all_groups", language, currency)
        heading = f"{service_name(str(service), settings, language)} · {group_name(str(group), settings, language) or everybody}"
        if limited:
            heading += f" · {translate('meeting.reach_only', language)}"
        places = limited and group == ""
        blocks.append(
            {
                "heading": heading,
                "minutes": minutes,
                "rows": rows,
                "open": group == "",
                "places": places,
                "heads": weighted,
                "change": people_heading(_word("change_people", language, currency), language, group_rows["weighted"]),
            }
        )
    return blocks


def _changes(
    comparison: Comparison, settings: Mapping[str, Setting], language: Language
) -> list[tuple[str, dict[str, list[str]]]]:
    """Return openings added and dropped against the base, for every run that differs."""
    found = []
    for run, group_rows in comparison.changes.groupby("run", sort=False):
        texts = {
            change: [
                f"{row['name'] or row['place_id']} · {service_name(str(row['service']), settings, language)}"
                for row in group_rows[group_rows["change"] == change].to_dict("records")
            ]
            for change in ("opened", "dropped")
        }
        found.append((run_name(str(run), settings, language), texts))
    return found


def _compliance(
    comparison: Comparison, settings: Mapping[str, Setting], language: Language
) -> list[tuple[str, list[dict[str, str]]]]:
    """Return (standard, rows of runs) for every duty and target that some plan leaves short."""
    found = []
    for (_, service), rows in comparison.compliance.groupby(["standard", "service"], sort=False):
        if not (rows["failing_plan"] > 0).any() and not (rows["short_plan"] > 0).any():
            continue
        name = str(rows[text_column(rows, "name", language)].iloc[0])
        heading = f"{name} · {service_name(str(service), settings, language)}" if service else name
        lines = [
            {
                "run": run_name(str(row["run"]), settings, language),
                "today": amount_text(row["amount_unit"], row["short_today"], language),
                "plan": amount_text(row["amount_unit"], row["short_plan"], language),
                "failing": f"{_whole(row['failing_today'])} → {_whole(row['failing_plan'])}",
                "worst": f"{row['worst_area']}: {amount_text(row['amount_unit'], row['worst_short'], language)}"
                if row["worst_area"]
                else "–",
            }
            for row in rows.to_dict("records")
        ]
        found.append((heading, lines))
    return found


def _study(comparison: Comparison, name: str, setting: Setting, language: Language) -> dict[str, Any]:
    sites = comparison.sites[comparison.sites["study"] == name].to_dict("records")
    for site in sites:
        counted = [texts.rsplit(":", 1) for texts in str(site["services"]).split(";") if texts]
        site["services_text"] = join(
            [
                f"{setting.services[service].text(language) if service in setting.services else service} {count}"
                for service, count in counted
            ],
            language,
        )
    marks = [
        (
            float(site["x"]),
            float(site["y"]),
            float(site["share"]),
            f"{site['name'] or site['place_id']}: "
            + translate(
                "compare.chosen_in", language, runs=site["runs"], of=site["of"], services=site["services_text"]
            ),
        )
        for site in sites
    ]
    label = translate("compare.core_map", language, name=setting.name.text(language))
    return {
        "name": setting.name.text(language),
        "label": label,
        "sites": sites,
        "no_regret": [site for site in sites if site["runs"] == site["of"]],
        "map": stability_map(setting.communities, setting.existing, marks, label=label),
    }


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _known(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _whole(value: Any) -> str:
    return format_count(value) if _known(value) else "–"


def _percent(value: Any) -> str:
    return format_share(value) if _known(value) else "–"


def _gap(value: Any) -> str:
    return format_gap(value) if _known(value) else "–"


def _signed(value: Any) -> str:
    return format_change(value) if _known(value) else "–"


def _decimal(value: Any) -> str:
    return f"{value:.3f}" if _known(value) else "–"


def totals_lines(
    totals: pd.DataFrame,
    missing: Mapping[tuple[str, str], str],
    labels: Mapping[str, Label],
    language: Language,
    currency: str | None,
) -> tuple[str, ...]:
    """Return a block of lines for each scenario of several districts; none for a single district.

    Parameters
    ----------
    totals, missing, labels, currency
        As `planner.store.totals.CityTotals` holds them.
    language
        Of the texts.
    """
    lines: list[str] = []
    for scenario, table in totals.groupby("scenario", sort=False):
        rows = table.to_dict("records")
        missing_studies = {study: why for (name, study), why in missing.items() if name == scenario}
        if rows[0]["studies"] + sum(why == "failed" for why in missing_studies.values()) < 2:
            continue
        head = translate("batch.totals", language, scenario=scenario, studies=rows[0]["studies"])
        lines += [
            "",
            head,
            *aligned([*(_covered(row, labels, language) for row in rows), *_sums(rows[0], language, currency)]),
        ]
        if missing_studies:
            names = [translate(f"batch.missing_{why}", language, study=study) for study, why in missing_studies.items()]
            lines.append(translate("batch.totals_missing", language, names=join(names, language)))
    return tuple(lines)


def overlap_lines(overlaps: pd.DataFrame, language: Language) -> tuple[str, ...]:
    """Return a line for each pair of overlapping districts, which are not added up."""
    return tuple(
        translate(
            "batch.overlap",
            language,
            study=row["study"],
            other=row["other"],
            people=format_count(row["people"]),
            share=format_share(row["share"]),
        )
        for row in overlaps.to_dict("records")
    )


def _covered(row: dict[Any, Any], labels: Mapping[str, Label], language: Language) -> tuple[str, str]:
    label = labels[row["service"]].text(language)
    text = coverage_line(
        {name: float(row[name]) for name in COVERAGE_FIELDS},
        language,
        limited=bool(row["limited"]),
        weighted=bool(row["weighted"]),
    )
    if row["counted_in"] < row["studies"]:
        text += translate("batch.totals_part", language, part=row["counted_in"], studies=row["studies"])
    return f"{label} · {translate('report.minutes_short', language, minutes=row['minutes'])}", text


def _sums(row: dict[Any, Any], language: Language, currency: str | None) -> list[tuple[str, str]]:
    return [
        (translate("report.sites_opened", language), format_count(row["sites"])),
        (translate("report.services_opened", language), format_count(row["services"])),
        *(
            (
                translate(f"report.{kind}", language),
                UNKNOWN if currency is None else format_money(row[f"{kind}_cost"], language, currency),
            )
            for kind in ("capital", "yearly")
        ),
    ]
