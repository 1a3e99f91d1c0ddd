"""A comparison as a page and a workbook: what `planner.store.comparison` found, quoted and drawn, nothing computed anew."""

from __future__ import annotations

import base64
import hashlib
import math
from importlib import resources
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, StrictUndefined

from planner.report.book import Column, write_sheets
from planner.report.drawings import core_map, cost_picture
from planner.report.indicators import status_text
from planner.report.totals import overlap_lines, totals_lines
from planner.store.comparison import tables_of
from planner.store.measures import ANNUAL_YEARS
from planner.words import gap_text, percent, say, signed, whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from planner.store.comparison import Comparison, Setting
    from planner.study import Language

#: how the columns of the workbook are written where they are not plain text
_KINDS = {
    "money": ("capital_yuan", "yearly_yuan", "annual_yuan", "yuan_per_newly_covered"),
    "people": (
        "people",
        "covered_before",
        "covered",
        "covered_after",
        "find_a_place",
        "served_before",
        "served_after",
        "heads",
        "heads_before",
        "heads_after",
        "heads_covered",
        "newly_covered",
        "change_people",
        "people_moved",
    ),
    "share": ("worst_share", "share_before", "share_after", "share", "plan_moved", "variance_share", "share_served"),
    "gap": ("gap",),
    "plain": ("objective", "bound", "gini", "gini_before", "gini_after", "minutes", "x", "y"),
    "whole": (
        "sites",
        "services",
        "co_located",
        "runs",
        "of",
        "pairs",
        "studies",
        "counted_in",
        "sites_opened",
        "services_opened",
    ),
}
#: assumptions that the terminal names
_NAMED = 5
_WIDE = {"run": 44.0, "base": 30.0, "name": 26.0, "assumption": 44.0, "values": 34.0, "folder": 44.0, "services": 34.0}


def publish_comparison(comparison: Comparison, settings: Mapping[str, Setting], folder: Path) -> tuple[Path, ...]:
    """Write ``comparison.html`` and ``comparison.xlsx`` into ``folder`` and return their paths."""
    language = next(iter(settings.values())).language
    page, workbook = folder / "comparison.html", folder / "comparison.xlsx"
    page.write_text(comparison_page(comparison, settings, language), encoding="utf-8", newline="\n")
    sheets = [
        (_word(name, language), _columns(name, table, settings, language))
        for name, table in tables_of(comparison).items()
        if len(table)
    ]
    write_sheets(workbook, _title(settings, language), sheets)
    return page, workbook


def comparison_page(comparison: Comparison, settings: Mapping[str, Setting], language: Language) -> str:
    """Return the page: no script, no request, every name escaped."""
    runs = comparison.runs
    assets = resources.files("planner.report") / "assets"
    style = (assets / "comparison.css").read_text(encoding="utf-8")
    several = len(settings) > 1
    short = runs["run"] if several else runs["scenario"]
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"whole": _whole, "percent": _percent, "signed": _signed, "decimal": _decimal, "gap": _gap}
    bases = list(dict.fromkeys(comparison.changes["base"])) or [str(runs["run"].iloc[0])]
    points = [
        (float(row["annual_yuan"]), float(row["covered"]) / float(row["people"]), str(name))
        for name, (_, row) in zip(short, runs.iterrows(), strict=True)
        if row["people"] > 0
    ]
    template = environment.from_string((assets / "comparison.html").read_text(encoding="utf-8"))
    return template.render(
        language="zh-CN" if language == "zh" else "en",
        policy=f"default-src 'none'; style-src 'sha256-{_sha256(style)}'; base-uri 'none'; form-action 'none'",
        style=style,
        title=_title(settings, language),
        say=lambda key, **values: say(f"compare.{key}", language, **values),
        years=ANNUAL_YEARS,
        bases=", ".join(bases) if several else bases[0].rsplit("/", 1)[-1],
        runs=[
            {**row, "short": name, "status": status_text(str(row["status"]), language)}
            for name, row in zip(short, runs.to_dict("records"), strict=True)
        ],
        limited=bool(runs["limited"].any()),
        weighted=bool(runs["weighted"].any()),
        gained=_gained(comparison),
        blocks=_coverage_blocks(comparison, settings, language),
        changes=_changes(comparison, settings, language, several=several),
        studies=[_study(comparison, name, setting, language) for name, setting in settings.items()],
        assumptions=comparison.assumptions.to_dict("records"),
        totals=[
            {**row, "service": _service(settings, str(row["service"]), language)}
            for row in comparison.totals.to_dict("records")
        ],
        overlaps=overlap_lines(comparison.overlaps, language),
        picture=cost_picture(
            points,
            across=_word("annual_yuan", language),
            up=_word("covered_share", language),
            label=_word("picture", language),
        )
        if len(points) > 1
        else "",
    )


def closing_lines(comparison: Comparison, settings: Mapping[str, Setting]) -> tuple[str, ...]:
    """Return what is said of a comparison on a terminal: runs, no-regret sites, what moves the answer most, the city's totals."""
    language = next(iter(settings.values())).language
    lines = [_word("runs", language)]
    for row in comparison.runs.to_dict("records"):
        share = row["covered"] / row["people"] if row["people"] else math.nan
        said = say(
            "compare.line",
            language,
            covered=_whole(row["covered"]),
            share=_percent(share),
            cost=_whole(row["annual_yuan"]),
            unit=_unit(row, language),
        )
        said += _beside(row, language)
        lines.append(f"  {row['run']}  {said}")
    sure = comparison.sites[comparison.sites["runs"] == comparison.sites["of"]]
    names = ", ".join(str(name or place) for name, place in zip(sure["name"], sure["place_id"], strict=True))
    lines += [_word("no_regret", language), f"  {names or _word('no_regret_none', language)}"]
    lines.append(_word("assumptions_title", language))
    lines += [
        f"  {row['assumption']}  {_word('plan_moved', language)} {_percent(row['plan_moved'])}"
        for row in comparison.assumptions.head(_NAMED).to_dict("records")
    ]
    labels = {service: name for setting in settings.values() for service, name in setting.services.items()}
    return (
        *lines,
        *overlap_lines(comparison.overlaps, language),
        *totals_lines(comparison.totals, _missing(comparison), labels, language),
    )


def _unit(row: Mapping[Any, Any], language: Language) -> str:
    return say("report.unit_weighted" if row["weighted"] else "report.unit_people", language)


def _beside(row: Mapping[Any, Any], language: Language) -> str:
    """Return who finds a place, where places are limited, and heads, where people are weighted; else nothing."""
    told = ""
    if row["limited"]:
        share = row["find_a_place"] / row["people"] if row["people"] else math.nan
        told += say("compare.line_places", language, served=_whole(row["find_a_place"]), share=_percent(share))
    if row["weighted"]:
        told += say("compare.line_heads", language, covered=_whole(row["heads_covered"]), heads=_whole(row["heads"]))
    return told


def _missing(comparison: Comparison) -> dict[tuple[str, str], str]:
    """Return (scenario, study) of every district that a total lacks; why is not known from finished runs."""
    told = comparison.totals.drop_duplicates("scenario")
    return {
        (str(scenario), study): "none"
        for scenario, missing in zip(told["scenario"], told["missing"], strict=True)
        for study in str(missing).split(";")
        if study
    }


def _word(key: str, language: Language) -> str:
    return say(f"compare.{key}", language)


def _title(settings: Mapping[str, Setting], language: Language) -> str:
    if len(settings) == 1:
        name = next(iter(settings.values())).name.text(language)
    else:
        name = say("compare.of_studies", language, count=len(settings))
    return say("compare.title", language, name=name)


def _service(settings: Mapping[str, Setting], service: str, language: Language) -> str:
    for setting in settings.values():
        if service in setting.services:
            return setting.services[service].text(language)
    return service


def _gained(comparison: Comparison) -> dict[str, float]:
    """Return covered people against the base, in the widest circles, by run."""
    whole_demand = comparison.coverage[comparison.coverage["group"] == ""]
    widest = whole_demand.loc[whole_demand.groupby(["run", "service"], sort=False)["minutes"].idxmax()]
    return {str(run): float(value) for run, value in widest.groupby("run", sort=False)["change"].sum().items()}


def _coverage_blocks(
    comparison: Comparison, settings: Mapping[str, Setting], language: Language
) -> list[dict[str, Any]]:
    """Return one table per service and group: a row per run, a column per circle."""
    blocks = []
    for (service, group), mine in comparison.coverage.groupby(["service", "group"], sort=False):
        minutes = sorted(mine["minutes"].unique())
        cells = mine.set_index(["run", "minutes"])
        rows = [
            (run, [cells.loc[(run, m)].to_dict() if (run, m) in cells.index else None for m in minutes])
            for run in dict.fromkeys(mine["run"])
        ]
        weighted, limited = bool(mine["weighted"].any()), bool(mine["limited"].any())
        everybody = _word("all_weighted" if weighted else "all_groups", language)
        heading = f"{_service(settings, str(service), language)} · {group or everybody}"
        if limited:
            heading += f" · {say('meeting.reach_only', language)}"
        places = limited and group == ""
        blocks.append(
            {
                "heading": heading,
                "minutes": minutes,
                "rows": rows,
                "open": group == "",
                "places": places,
                "heads": weighted,
            }
        )
    return blocks


def _changes(
    comparison: Comparison, settings: Mapping[str, Setting], language: Language, *, several: bool
) -> list[tuple[str, dict[str, list[str]]]]:
    """Return, for every run that changes anything, what it opens and drops."""
    found = []
    for run, mine in comparison.changes.groupby("run", sort=False):
        told = {
            change: [
                f"{row['name'] or row['place_id']} · {_service(settings, str(row['service']), language)}"
                for row in mine[mine["change"] == change].to_dict("records")
            ]
            for change in ("opened", "dropped")
        }
        found.append((str(run) if several else str(run).rsplit("/", 1)[-1], told))
    return found


def _study(comparison: Comparison, name: str, setting: Setting, language: Language) -> dict[str, Any]:
    sites = comparison.sites[comparison.sites["study"] == name].to_dict("records")
    for site in sites:
        counted = [told.rsplit(":", 1) for told in str(site["services"]).split(";") if told]
        site["said"] = ", ".join(
            f"{setting.services[service].text(language) if service in setting.services else service} {count}"
            for service, count in counted
        )
    marks = [
        (
            float(site["x"]),
            float(site["y"]),
            float(site["share"]),
            f"{site['name'] or site['place_id']}: "
            + say("compare.chosen_in", language, runs=site["runs"], of=site["of"], services=site["said"]),
        )
        for site in sites
    ]
    label = say("compare.core_map", language, name=setting.name.text(language))
    return {
        "name": setting.name.text(language),
        "label": label,
        "sites": sites,
        "no_regret": [site for site in sites if site["runs"] == site["of"]],
        "map": core_map(setting.communities, setting.existing, marks, label=label),
    }


def _columns(name: str, table: pd.DataFrame, settings: Mapping[str, Setting], language: Language) -> list[Column]:
    columns = []
    for key in table.columns:
        heading = {
            ("sites", "runs"): "times",
            ("coverage", "change"): "change_people",
            ("totals", "services"): "services_opened",
            ("totals", "sites"): "sites_opened",
        }.get((name, str(key)), str(key))
        values = table[key].tolist()
        kind = next((kind for kind, keys in _KINDS.items() if heading in keys), "text")
        if key == "service":
            values = [_service(settings, str(value), language) for value in values]
        elif key in {"limited", "weighted"}:
            values = [say("report.yes" if value else "report.no", language) for value in values]
        elif key == "status":
            values = [status_text(str(value), language) for value in values]
        elif name == "changes" and key == "change":
            values = [_word(str(value), language) for value in values]
        if name == "sites" and key == "services":
            kind = "text"
        columns.append(Column(_word(heading, language), values, kind, _WIDE.get(str(key), 15.0)))
    return columns


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _known(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _whole(value: Any) -> str:
    return whole(value) if _known(value) else "–"


def _percent(value: Any) -> str:
    return percent(value) if _known(value) else "–"


def _gap(value: Any) -> str:
    return gap_text(value) if _known(value) else "–"


def _signed(value: Any) -> str:
    return signed(value) if _known(value) else "–"


def _decimal(value: Any) -> str:
    return f"{value:.3f}" if _known(value) else "–"
