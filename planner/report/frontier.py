"""Reports of a cost–coverage frontier: Markdown, workbook and chart, from the one stored table."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from planner.i18n import format_gap, format_money, format_share, join, money_label, translate
from planner.report.cartography import SERVICES
from planner.report.names import scenario_name
from planner.report.summary import status_text
from planner.report.workbook import figure_kind, unit_text
from planner.report.xlsx import Book, Sheet, Table, sheet_column, write_sheets
from planner.study.rules import MAXIMISED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from planner.study import Language, Study
    from planner.workflow.frontier import FrontierResult

__all__ = ["frontier_lines", "publish_frontier"]

#: share of the people within reach that a solver's tolerance may leave without a place
NOBODY = 1e-6


def publish_frontier(trace: FrontierResult, folder: Path) -> tuple[Path, ...]:
    """Write ``frontier.xlsx``, ``frontier.svg`` and ``frontier.md`` into ``folder``; return their paths."""
    book, picture, text = (folder / f"frontier.{kind}" for kind in ("xlsx", "svg", "md"))
    _write_book(trace, book)
    _draw(trace, picture)
    text.write_text("\n".join(frontier_lines(trace)) + "\n", encoding="utf-8", newline="\n")
    return book, picture, text


def frontier_lines(trace: FrontierResult, language: Language | None = None) -> tuple[str, ...]:
    """Return title, points and knee as lines of Markdown, by default in the language of the study."""
    language = language or trace.study.language
    lines = [
        "# " + translate("frontier.title", language, name=trace.study.name.text(language)),
        "",
        _aim(trace, language),
        *_places(trace, language),
        "",
    ]
    lines += ["- " + _point(trace, row, language) for row in trace.points.to_dict("records")]
    lines += ["", _knee(trace, language)]
    if not trace.proven and trace.points["knee"].any():
        lines.append(translate("frontier.knee_unproven", language))
    return tuple(lines)


def _goal(study: Study) -> str:
    first = study.siting.objective[0]
    return {"fewest": "sites", "floor": "fair"}.get(first, first)


def _aim(trace: FrontierResult, language: Language) -> str:
    return translate("explain.aim", language, aim=_counted(trace, language))


def _short_of_places(trace: FrontierResult) -> frozenset[str]:
    """Return the services of which somebody within reach finds no place, at one point at least."""
    table = trace.points.dropna(subset=["value"])
    return frozenset(
        service.id
        for service in trace.study.services
        if (table[f"people_{service.id}"] < table[f"reached_{service.id}"] * (1 - NOBODY)).any()
    )


def _places(trace: FrontierResult, language: Language) -> list[str]:
    short = _short_of_places(trace)
    names = [service.name.text(language) for service in trace.study.services if service.id in short]
    return [translate("frontier.places", language, services=join(names, language))] if names else []


def _counted(trace: FrontierResult, language: Language) -> str:
    """Return the unit of the first goal."""
    aim = _goal_name(trace.study, language)
    years = trace.study.siting.years
    if years and _goal(trace.study) in {"coverage", "walk"}:
        aim += translate("explain.aim.years", language, years=len(years))
    return aim


def _goal_name(study: Study, language: Language) -> str:
    aim = translate(f"explain.aim.{_goal(study)}", language, currency=money_label(language, study.currency))
    if _goal(study) == "coverage" and any(study.weighs(service) for service in study.services):
        aim += translate("explain.aim.weighted", language)
    return aim


def _point(trace: FrontierResult, row: Mapping[Any, Any], language: Language) -> str:
    limit = _limit(trace, row["limit"], language)
    if math.isnan(row["value"]):
        why = translate("frontier.none" if row["status"] == "infeasible" else "frontier.not_found", language)
        return translate("frontier.point_none", language, limit=limit, why=why)
    better = _goal(trace.study) in MAXIMISED
    return translate(
        "frontier.point",
        language,
        limit=limit,
        value=_number(trace.study, row["value"]),
        bound="–" if math.isnan(row["bound"]) else _bound(trace.study, row["bound"], up=better),
        gap=format_gap(row["gap"]),
        capital=format_money(row["capital_cost"], language, trace.study.currency),
    )


def _knee(trace: FrontierResult, language: Language) -> str:
    solved = trace.points.dropna(subset=["value"])
    knee = solved[solved["knee"].astype(bool)]
    if knee.empty:
        return translate("frontier.no_knee", language)
    here, first, last = knee.iloc[0], solved.iloc[0], solved.iloc[-1]
    unit = 0.01 if trace.along == "floor" else 1e6
    before = (here["value"] - first["value"]) / (here["limit"] - first["limit"]) * unit
    after = (last["value"] - here["value"]) / (last["limit"] - here["limit"]) * unit
    return translate(
        "frontier.knee_floor" if trace.along == "floor" else "frontier.knee",
        language,
        limit=_limit(trace, here["limit"], language),
        first=_limit(trace, first["limit"], language),
        last=_limit(trace, last["limit"], language),
        before=f"{before:,.1f}",
        after=f"{after:,.1f}",
        aim=_counted(trace, language),
        currency=money_label(language, trace.study.currency),
    )


def _limit(trace: FrontierResult, limit: float, language: Language) -> str:
    return format_share(limit) if trace.along == "floor" else format_money(limit, language, trace.study.currency)


def _number(study: Study, value: float) -> str:
    return format_share(value) if _goal(study) == "fair" else f"{value:,.1f}".removesuffix(".0")


def _bound(study: Study, value: float, *, up: bool) -> str:
    """Return a bound rounded to the side on which it stays valid."""
    scale = 1000.0 if _goal(study) == "fair" else 10.0
    near = math.ceil(value * scale - 1e-6) if up else math.floor(value * scale + 1e-6)
    return f"{near / 10:.1f} %" if scale == 1000.0 else f"{near / 10:,.1f}".removesuffix(".0")


def _write_book(trace: FrontierResult, path: Path) -> None:
    language, table, study = trace.study.language, trace.points, trace.study
    services = {f"{name}_{service.id}": service for service in study.services for name in ("reached", "people")}
    short = _short_of_places(trace)
    currency = money_label(language, study.currency)
    columns = []
    for name in table.columns:
        facts = {"currency": currency}
        values, kind = table[name].tolist(), None
        if name in services:
            service = services[name]
            kind = figure_kind(study, service)
            facts |= {
                "service": service.name.text(language),
                "minutes": f"{study.circles_of(service)[-1].minutes:g}",
                "unit": unit_text(kind, language),
            }
            if name.startswith("reached_") and service.id not in short:
                continue  # everybody within reach finds a place
        elif name == "status":
            pairs = zip(table["status"], table["gap"], strict=True)
            values = [
                translate("frontier.none", language)
                if status == "infeasible"
                else status_text(str(status), language, gap=gap)
                for status, gap in pairs
            ]
        elif name in {"value", "bound"} and _goal(study) == "fair":
            kind = "share"
        column = sheet_column("frontier", "frontier", name, values, language, kind=kind, **facts)
        if name == "limit":
            floor = trace.along == "floor"
            along = translate(f"frontier.along.{trace.along}", language, currency=currency)
            column = replace(column, heading=along, kind="share" if floor else "money")
        elif name in services and name.startswith("people_") and services[name].id in short:
            column = replace(column, heading=translate("frontier.column.place", language, **facts))
        elif name == "slope" and trace.along == "floor":
            column = replace(column, heading=translate("frontier.column.slope_floor", language, currency=currency))
        columns.append(column)
    title = translate("frontier.title", language, name=study.name.text(language))
    scenario = scenario_name(study, trace.scenario, study.scenario_label(trace.scenario), language)
    about = join([study.name.text(language), scenario], language, "phrases")
    notes = [_aim(trace, language), *_places(trace, language), _knee(trace, language)]
    write_sheets(
        path,
        Book(title, about, language, study.currency),
        [
            Sheet(
                translate("stage.frontier", language),
                [Table(translate(f"frontier.table.{trace.along}", language), columns, notes=notes)],
            )
        ],
    )


def _draw(trace: FrontierResult, path: Path) -> None:
    """Draw the points and the interval up to their bounds; letters as outlines, so that no font is needed.

    Limits without any plan are hatched, and the limit that the study sets today is a line.
    """
    import matplotlib as mpl  # noqa: PLC0415 - matplotlib is slow to import
    from matplotlib.figure import Figure  # noqa: PLC0415

    from planner.report.print_layout import installed_fonts  # noqa: PLC0415

    with (
        mpl.rc_context(
            {
                "font.family": installed_fonts(),
                "svg.fonttype": "path",
                "svg.hashsalt": "planner",
                "axes.unicode_minus": False,
            }
        ),
        warnings.catch_warnings(),
    ):
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # a name may hold any letter there is
        figure = Figure(figsize=(9, 5.2), facecolor="white", layout="constrained")
        axes = figure.subplots()
        _draw_points(axes, trace)
        _draw_limits(axes, trace)
        _draw_scales(axes, trace)
        figure.savefig(path, metadata={"Date": None, "Creator": None})


def _draw_points(axes: Axes, trace: FrontierResult) -> None:
    language = trace.study.language
    solved = trace.points.dropna(subset=["value"])
    axes.fill_between(
        solved["limit"],
        solved["value"],
        solved["bound"].fillna(solved["value"]),
        color=SERVICES[0],
        alpha=0.15,
        label=translate("frontier.between", language),
    )
    axes.plot(
        solved["limit"], solved["value"], "o-", color=SERVICES[0], label=translate("frontier.best_plan", language)
    )
    for row in solved[solved["knee"].astype(bool)].to_dict("records"):
        axes.plot(
            [row["limit"]],
            [row["value"]],
            "o",
            color=SERVICES[3],
            markersize=12,
            fillstyle="none",
            label=translate("frontier.knee_mark", language),
        )


def _draw_limits(axes: Axes, trace: FrontierResult) -> None:
    """Draw the range of limits without a plan, between the points that say so and their neighbours, and the limit of today."""
    language, points = trace.study.language, trace.points
    without = points["status"] == "infeasible"
    if without.any():
        limits = points["limit"].to_numpy(dtype=float)
        low, high = _infeasible_range(limits, without.to_numpy(dtype=bool))
        label = translate("frontier.none", language)
        axes.axvspan(low, high, facecolor="#e6eaed", edgecolor="#8a979f", hatch="//", linewidth=0.0, label=label)
    if trace.today is not None:
        label = translate(f"frontier.today_{trace.along}", language, limit=_limit(trace, trace.today, language))
        axes.axvline(trace.today, color="#a3271b", linewidth=1.6, linestyle="--", label=label)


def _infeasible_range(limits: NDArray[np.float64], without: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the range of limits that have no plan: below the first that has one for money, above the last for a floor.

    >>> _infeasible_range(np.array([0.0, 1.0, 2.0]), np.array([True, False, False]))
    (0.0, 1.0)
    >>> _infeasible_range(np.array([0.0, 0.5, 1.0]), np.array([False, False, True]))
    (0.5, 1.0)
    """
    solved = limits[~without]
    if without[0]:
        return float(limits[0]), float(solved[0] if len(solved) else limits[-1])
    return float(solved[-1]), float(limits[-1])


def _draw_scales(axes: Axes, trace: FrontierResult) -> None:
    """Label both axes from 0 on, money and shares as the language writes them."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator  # noqa: PLC0415

    study, language = trace.study, trace.study.language
    shares = _goal(study) == "fair"
    limits = [float(limit) for limit in trace.points["limit"]] + [trace.today or 0.0]
    axes.set_xlim(0.0, 1.0 if trace.along == "floor" else max(limits) * 1.03)
    axes.set_ylim(0.0, 1.0 if shares else float(trace.points[["value", "bound"]].max().max()) * 1.08)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _limit(trace, value, language)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _number(study, value)))
    axes.set_xlabel(translate(f"frontier.axis.{trace.along}", language))
    axes.set_ylabel(_goal_name(study, language), wrap=True)
    axes.set_title(translate("frontier.title", language, name=study.name.text(language)), parse_math=False)
    axes.grid(visible=True, alpha=0.3)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2, frameon=False, fontsize=9)
