"""A frontier handed over: lines of text, a workbook and a picture, all from the one stored table."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

from planner.report.book import Column, write_sheets
from planner.report.palette import INK, SERVICES
from planner.words import gap_text, percent, say, yuan

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from planner.study import Language, Study
    from planner.workflow.frontier import FrontierResult

__all__ = ["frontier_lines", "publish_frontier"]


def publish_frontier(trace: FrontierResult, folder: Path) -> tuple[Path, ...]:
    """Write ``frontier.xlsx``, ``frontier.svg`` and ``frontier.md`` into ``folder``; return their paths."""
    book, picture, text = (folder / f"frontier.{kind}" for kind in ("xlsx", "svg", "md"))
    _write_book(trace, book)
    _draw(trace, picture)
    text.write_text("\n".join(frontier_lines(trace)) + "\n", encoding="utf-8", newline="\n")
    return book, picture, text


def frontier_lines(trace: FrontierResult, language: Language | None = None) -> tuple[str, ...]:
    """Return title, points and knee as lines of Markdown, in the language of the study unless told otherwise."""
    spoken = language or trace.study.language
    lines = ["# " + say("frontier.title", spoken, name=trace.study.name.text(spoken)), "", _aim(trace, spoken), ""]
    lines += ["- " + _point(trace, row, spoken) for row in trace.points.to_dict("records")]
    lines += ["", _knee(trace, spoken)]
    if not trace.proven and trace.points["knee"].any():
        lines.append(say("frontier.knee_unproven", spoken))
    return tuple(lines)


def _goal(study: Study) -> str:
    first = study.siting.objective[0]
    return {"fewest": "sites", "floor": "fair"}.get(first, first)


def _aim(trace: FrontierResult, language: Language) -> str:
    return say("explain.aim", language, aim=_counted(trace, language))


def _counted(trace: FrontierResult, language: Language) -> str:
    """Return what the first aim counts."""
    aim = say(f"explain.aim.{_goal(trace.study)}", language)
    years = trace.study.siting.years
    if years and _goal(trace.study) in {"coverage", "walk"}:
        aim += say("explain.aim.years", language, years=len(years))
    return aim


def _point(trace: FrontierResult, row: Mapping[Any, Any], language: Language) -> str:
    limit = _limit(trace, row["limit"], language)
    if math.isnan(row["value"]):
        why = say("frontier.none" if row["status"] == "infeasible" else "frontier.not_found", language)
        return say("frontier.point_none", language, limit=limit, why=why)
    better = _goal(trace.study) in {"coverage", "fair"}
    return say(
        "frontier.point",
        language,
        limit=limit,
        value=_number(trace.study, row["value"]),
        bound="–" if math.isnan(row["bound"]) else _bound(trace.study, row["bound"], up=better),
        gap=gap_text(row["gap"]),
        capital=yuan(row["capital_yuan"], language),
    )


def _knee(trace: FrontierResult, language: Language) -> str:
    known = trace.points.dropna(subset=["value"])
    knee = known[known["knee"].astype(bool)]
    if knee.empty:
        return say("frontier.no_knee", language)
    here, first, last = knee.iloc[0], known.iloc[0], known.iloc[-1]
    unit = 0.01 if trace.along == "floor" else 1e6
    before = (here["value"] - first["value"]) / (here["limit"] - first["limit"]) * unit
    after = (last["value"] - here["value"]) / (last["limit"] - here["limit"]) * unit
    return say(
        "frontier.knee_floor" if trace.along == "floor" else "frontier.knee",
        language,
        limit=_limit(trace, here["limit"], language),
        first=_limit(trace, first["limit"], language),
        last=_limit(trace, last["limit"], language),
        before=f"{before:,.1f}",
        after=f"{after:,.1f}",
        aim=_counted(trace, language),
    )


def _limit(trace: FrontierResult, limit: float, language: Language) -> str:
    return percent(limit) if trace.along == "floor" else yuan(limit, language)


def _number(study: Study, value: float) -> str:
    return percent(value) if _goal(study) == "fair" else f"{value:,.1f}".removesuffix(".0")


def _bound(study: Study, value: float, *, up: bool) -> str:
    """Return a bound rounded to the side on which it stays true."""
    scale = 1000.0 if _goal(study) == "fair" else 10.0
    near = math.ceil(value * scale - 1e-6) if up else math.floor(value * scale + 1e-6)
    return f"{near / 10:.1f} %" if scale == 1000.0 else f"{near / 10:,.1f}".removesuffix(".0")


def _write_book(trace: FrontierResult, path: Path) -> None:
    spoken, table = trace.study.language, trace.points
    floor = trace.along == "floor"
    columns = [
        Column(
            say(f"frontier.along.{trace.along}", spoken), table["limit"].tolist(), "share" if floor else "money", 20
        ),
        Column(say("status", spoken), table["status"].tolist(), width=14),
        Column(say("objective", spoken), table["value"].tolist(), "people", 16),
        Column(say("bound", spoken), table["bound"].tolist(), "people", 16),
        Column(say("gap", spoken), table["gap"].tolist(), "gap", 10),
        Column(say("capital_yuan", spoken), table["capital_yuan"].tolist(), "money", 18),
        Column(say("yearly_yuan", spoken), table["yearly_yuan"].tolist(), "money", 18),
        Column(say("report.sites_opened", spoken), table["sites"].tolist(), "whole", 12),
        *(
            Column(
                say(
                    "frontier.column.people",
                    spoken,
                    service=service.name.text(spoken),
                    minutes=f"{service.circles[-1].minutes:g}",
                ),
                table[f"people_{service.id}"].tolist(),
                "people",
                18,
            )
            for service in trace.study.services
        ),
        Column(say(f"frontier.column.slope{'_floor' if floor else ''}", spoken), table["slope"].tolist(), "people", 20),
        Column(say("frontier.knee_mark", spoken), table["knee"].tolist(), width=10),
    ]
    title = say("frontier.title", spoken, name=trace.study.name.text(spoken))
    write_sheets(path, title, [(say("stage.frontier", spoken), columns)])


def _draw(trace: FrontierResult, path: Path) -> None:
    """Draw the points and how far above them the bounds lie; letters as outlines, so that no font is needed to read it."""
    import matplotlib as mpl  # noqa: PLC0415 - nobody waits for matplotlib who does not draw
    from matplotlib.figure import Figure  # noqa: PLC0415

    from planner.report.sheet import fonts  # noqa: PLC0415

    spoken = trace.study.language
    known = trace.points.dropna(subset=["value"])
    scale = 100.0 if trace.along == "floor" else 1.0
    with (
        mpl.rc_context(
            {"font.family": fonts(), "svg.fonttype": "path", "svg.hashsalt": "planner", "axes.unicode_minus": False}
        ),
        warnings.catch_warnings(),
    ):
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # a name may hold any letter there is
        figure = Figure(figsize=(8, 4.6), facecolor="white", layout="constrained")
        axes = figure.subplots()
        axes.fill_between(
            known["limit"] * scale, known["value"], known["bound"].fillna(known["value"]), color=SERVICES[0], alpha=0.15
        )
        axes.plot(known["limit"] * scale, known["value"], "o-", color=SERVICES[0])
        knee = known[known["knee"].astype(bool)]
        axes.plot(knee["limit"] * scale, knee["value"], "o", color=SERVICES[3], markersize=12, fillstyle="none")
        for row in knee.to_dict("records"):
            at = (row["limit"] * scale, row["value"])
            axes.annotate(
                say("frontier.knee_mark", spoken), at, xytext=(10, -14), textcoords="offset points", color=INK
            )
        axes.set_xlabel(say(f"frontier.along.{trace.along}", spoken) + (" (%)" if trace.along == "floor" else ""))
        axes.set_ylabel(say(f"explain.aim.{_goal(trace.study)}", spoken), wrap=True)
        axes.set_title(say("frontier.title", spoken, name=trace.study.name.text(spoken)), parse_math=False)
        axes.ticklabel_format(style="plain", useOffset=False)
        axes.grid(visible=True, alpha=0.3)
        figure.savefig(path, metadata={"Date": None, "Creator": None})
