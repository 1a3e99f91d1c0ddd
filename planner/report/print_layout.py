"""A3 print layout: baseline beside the plan at a round scale, with everything a printed map must carry.

Frame, title, legend, scale, north arrow, figures before and after, sites, date, sources, 审图号 and 密级.
A PDF holds one sheet for each service; a PNG holds one.
"""

from __future__ import annotations

import textwrap
import unicodedata
import warnings
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from planner.errors import OutputError
from planner.i18n import format_change, format_count, format_money, format_share, translate
from planner.report.cartography import EMPTY, HOMES, INK, outline_colour, service_colour
from planner.report.evidence import evidence_rows
from planner.report.print_map import MapSpec, classes_of_homes, draw_map, map_spec, one_line
from planner.report.summary import coverage, indicator_label, indicator_text, indicators

if TYPE_CHECKING:
    from pathlib import Path

    from planner.store.run import Run
    from planner.study import Language

A3_MM = (420.0, 297.0)
MARGIN_MM = 10.0
MAP_MM = (193.0, 186.0)
QUIET = "#586771"
#: in order of preference
LATIN_FONTS = ("Noto Sans", "Segoe UI", "Liberation Sans", "Arial", "DejaVu Sans")
CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Microsoft YaHei",
    "PingFang SC",
    "WenQuanYi Zen Hei",
    "SimHei",
)


def write_print_sheets(run: Run, path: Path, *, service: str | None = None, minutes: float | None = None) -> Path:
    """Write the A3 print of ``run`` to ``path`` and return it.

    Parameters
    ----------
    path
        ``.pdf`` (all services, one sheet each, or the one of ``service``) or ``.png`` (300 dots per inch; one service).
    service
        Id of a service; default: all of them in a PDF, the first in a PNG.
    minutes
        The circle that is shown; default: the widest of each service.

    Raises
    ------
    OutputError
        if ``path`` is neither, or the study has no such service or circle.
    """
    ids = [requested.id for requested in run.study.services]
    if service is not None and service not in ids:
        msg = f"the study has no service {service}; it has {', '.join(ids)}"
        raise OutputError(msg)
    wanted = list(range(len(ids))) if service is None else [ids.index(service)]
    path.parent.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context({"font.family": installed_fonts(), "axes.unicode_minus": False}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # a name may hold any letter there is
        if path.suffix == ".pdf":
            with PdfPages(path, metadata={"CreationDate": None, "Title": run.manifest.run_id}) as book:
                for position in wanted:
                    book.savefig(_sheet(run, position, _minutes(run, position, minutes)))
        elif path.suffix == ".png":
            figure = _sheet(run, wanted[0], _minutes(run, wanted[0], minutes))
            figure.savefig(path, dpi=300, metadata={"Software": None})
        else:
            msg = f"{path.name}: a sheet is written as .pdf or .png"
            raise OutputError(msg)
    return path


def installed_fonts() -> list[str]:
    """Return the installed font families to write with, Latin before Chinese."""
    installed = set(font_manager.get_font_names())
    latin = [name for name in LATIN_FONTS if name in installed][:1]
    chinese = [name for name in CHINESE_FONTS if name in installed][:1]
    return [*latin, *chinese, "DejaVu Sans"]


def _minutes(run: Run, position: int, requested: float | None) -> float:
    circles = [circle.minutes for circle in run.study.services[position].circles]
    if requested is None:
        return circles[-1]
    if requested not in circles:
        msg = f"{run.study.services[position].id} has no circle of {requested:g} minutes; it has {circles}"
        raise OutputError(msg)
    return requested


class _Paper:
    """A sheet measured in millimetres from its upper left corner."""

    def __init__(self) -> None:
        self.figure = Figure(figsize=(A3_MM[0] / 25.4, A3_MM[1] / 25.4), facecolor="white")
        FigureCanvasAgg(self.figure)

    def map(self, x: float, y: float, width: float, height: float) -> Any:
        return self.figure.add_axes(
            (x / A3_MM[0], 1 - (y + height) / A3_MM[1], width / A3_MM[0], height / A3_MM[1]), zorder=1
        )

    def text(self, x: float, y: float, text: str, size: float, **style: Any) -> None:
        """Write ``text`` with its baseline at ``y``; a ``$`` is no mathematics."""
        style = {"color": INK, **style}
        self.figure.text(x / A3_MM[0], 1 - y / A3_MM[1], text, size=size, parse_math=False, **style)

    def box(self, x: float, y: float, width: float, height: float, **style: Any) -> None:
        corner = (x / A3_MM[0], 1 - (y + height) / A3_MM[1])
        self.figure.add_artist(
            Rectangle(
                corner,
                width / A3_MM[0],
                height / A3_MM[1],
                transform=self.figure.transFigure,
                **{"linewidth": 0, **style},
            )
        )

    def mark(self, x: float, y: float, marker: str, **style: Any) -> None:
        self.figure.add_artist(
            Line2D(
                [x / A3_MM[0]],
                [1 - y / A3_MM[1]],
                marker=marker,
                linestyle="none",
                transform=self.figure.transFigure,
                **style,
            )
        )


def _sheet(run: Run, position: int, minutes: float) -> Figure:
    paper = _Paper()
    spec = map_spec(run, position, minutes, MAP_MM)
    left, top = MARGIN_MM + 4, 38.0
    right = A3_MM[0] - MARGIN_MM - 4 - MAP_MM[0]
    paper.box(
        MARGIN_MM,
        MARGIN_MM,
        A3_MM[0] - 2 * MARGIN_MM,
        A3_MM[1] - 2 * MARGIN_MM,
        fill=False,
        edgecolor=INK,
        linewidth=1.2,
    )
    _title(paper, run, spec)
    language = run.study.language
    for x, when, heading in ((left, "before", "report.today"), (right, "after", "report.with_plan")):
        paper.text(x, top - 2, translate(heading, language), 13, weight="bold")
        draw_map(paper.map(x, top, *MAP_MM), run, spec, "before" if when == "before" else "after")
    below = top + MAP_MM[1] + 8
    _legend(paper, run, spec, left, below)
    _covered(paper, run, left + 84, below)
    _sites(paper, run, left + 200, below)
    _foot(paper, run, spec)
    return paper.figure


def _title(paper: _Paper, run: Run, spec: MapSpec) -> None:
    study, language = run.study, run.study.language
    service = study.services[spec.service].name.text(language)
    paper.text(14, 21.5, one_line(study.name.text(language), 70), 24, weight="bold")
    what = translate("report.legend_homes", language, minutes=spec.minutes, service=one_line(service))
    paper.text(14, 29, f"{translate('report.map_title', language)} · {what}", 12.5, color=QUIET)
    edge = A3_MM[0] - 14
    if study.publication.classification:
        paper.text(
            edge,
            20,
            one_line(study.publication.classification),
            11,
            ha="right",
            weight="bold",
            color="#a3271b",
            bbox={"boxstyle": "square,pad=0.35", "facecolor": "none", "edgecolor": "#a3271b"},
        )
    if study.publication.review_number:
        number = f"{translate('report.review_number', language)} {one_line(study.publication.review_number)}"
        paper.text(edge, 29, number, 9.5, ha="right")


def _legend(paper: _Paper, run: Run, spec: MapSpec, x: float, y: float) -> None:
    language = run.study.language
    paper.text(x, y, translate("report.legend", language), 10, weight="bold")
    lost = bool((classes_of_homes(run, spec.service, spec.minutes, "after") == "lost").any())
    homes = [name for name in HOMES if name != "lost" or lost]
    for i, name in enumerate(homes):
        paper.mark(x + 1.8, y + 4.8 + i * 5.2, "o", color=HOMES[name], markersize=5)
        paper.text(x + 5, y + 5.9 + i * 5.2, translate(f"report.homes_{name}", language), 8)
    below = y + 4.8 + len(homes) * 5.2
    paper.box(x, below - 1.6, 3.6, 3.2, facecolor=EMPTY, edgecolor="#5b6b75", linewidth=0.4)
    paper.text(x + 5, below + 1.1, translate("report.nobody_lives", language), 8)
    symbols: tuple[tuple[str, dict[str, Any], str], ...] = (
        ("o", {"color": INK, "markersize": 9}, "report.opened_sites"),
        ("s", {"color": service_colour(spec.service), "markersize": 5.5}, "report.existing_facilities"),
        ("o", {"color": "white", "markeredgecolor": INK, "markersize": 3.5}, "report.candidates"),
        (
            "o",
            {"color": "none", "markeredgecolor": outline_colour(spec.service), "markeredgewidth": 1.7, "markersize": 9},
            "report.walking_circles",
        ),
    )
    for i, (marker, style, key) in enumerate(symbols):
        paper.mark(x + 45, y + 4.8 + i * 5.2, marker, **style)
        paper.text(x + 49, y + 5.9 + i * 5.2, translate(key, language), 8)
    note = textwrap.fill(translate("report.circles_note", language), 18 if _has_wide_letters(language) else 30)
    paper.text(x + 43, y + 27, note, 7, color=QUIET, va="top")


def _covered(paper: _Paper, run: Run, x: float, y: float) -> None:
    language = run.study.language
    paper.text(x, y, translate("report.coverage_title", language), 10, weight="bold")
    rows = coverage(run)
    notes = []
    if any(row.limited for row in rows):
        notes.append(translate("report.reach_and_place", language))
    if any(row.weighted for row in rows):
        notes.append(translate("report.weighted", language))
    if notes:
        paper.text(x + 111, y, one_line(" · ".join(notes), 62), 7.5, ha="right", color="#7d3504")
    step = min(5.0, 36.0 / max(1, len(rows)))
    for i, row in enumerate(rows):
        base = y + 5.5 + i * step
        first = row.minutes == row.service.circles[0].minutes
        colour = service_colour(run.study.services.index(row.service))
        if first:
            paper.text(x, base, one_line(row.service.name.text(language), 20), 8, weight="bold", color=colour)
        paper.text(x + 33, base, translate("report.minutes_short", language, minutes=row.minutes), 8, color=QUIET)
        paper.box(x + 45, base - 2.4, 28, 2.8, facecolor="#e6eaed")
        paper.box(x + 45, base - 2.4, 28 * row.share_after, 2.8, facecolor=colour)
        paper.box(x + 45, base - 2.4, 28 * min(row.share_before, row.share_after), 2.8, facecolor=INK, alpha=0.5)
        if row.limited and row.people:
            found = row.served_after / row.people
            paper.text(
                x + 75,
                base,
                f"{format_share(row.share_before)} → {format_share(row.share_after)} | {format_share(found)}",
                8,
            )
            paper.box(x + 45, base - 0.6, 28 * found, 1.0, facecolor="#7d3504")
        else:
            paper.text(x + 75, base, f"{format_share(row.share_before)} → {format_share(row.share_after)}", 8)
        paper.text(x + 111, base, format_change(row.after - row.before), 8, weight="bold", ha="right")


def _sites(paper: _Paper, run: Run, x: float, y: float) -> None:
    study, language = run.study, run.study.language
    keys = ("capital", "status", "gap")
    line = " · ".join(
        f"{indicator_label(i, language)} {indicator_text(i, language)}" for i in indicators(run) if i.key in keys
    )
    paper.text(x, y, translate("report.sites_title", language), 10, weight="bold")
    paper.text(x + 32, y, line, 8, color=QUIET)
    names = {service.id: service.name.text(language) for service in study.services}
    opened = run.tables.openings.groupby("place_id", sort=False)["service"].apply(list).to_dict()
    sites = run.tables.opened_sites.to_dict("records")
    if not sites:
        paper.text(x, y + 6, translate("report.no_sites", language), 8)
    columns = 1 if len(sites) <= 8 else 2
    rows = -(-len(sites) // columns)
    step = min(4.7, 37.0 / max(1, rows))
    size = min(8.0, step * 1.75)
    for i, site in enumerate(sites):
        left, base = x + (i // rows) * 98, y + 5.5 + (i % rows) * step
        offered = ", ".join(names[service] for service in opened.get(site["place_id"], []))
        name = one_line(site["name"], 44 if columns == 1 else 24) or translate("report.unnamed", language)
        paper.text(left + 4, base, str(i + 1), size, weight="bold", ha="right")
        paper.text(left + 6, base, name, size, weight="bold")
        if columns == 1:
            paper.text(left + 78, base, one_line(offered, 52), size)
            paper.text(
                left + 192, base, format_money(site["capital_cost"], language, run.study.currency), size, ha="right"
            )
        else:
            paper.text(left + 52, base, one_line(offered, 28), size)


def _foot(paper: _Paper, run: Run, spec: MapSpec) -> None:
    study, language, frame = run.study, run.study.language, run.study.publication
    rows = evidence_rows(study, language)
    counts = [
        f"{translate(f'report.evidence.{kind}', language)}: {sum(row.kind == kind for row in rows)}"
        for kind in ("unverified", "assumption")
    ]
    cautions = [f"{row.subject} {row.value}".strip() for row in rows if row.kind in ("estimate", "note")]
    letters = 150 if _has_wide_letters(language) else 290
    lines = textwrap.wrap(one_line(" · ".join([*counts, *cautions]), 2 * letters), letters)[:2]
    facts = [
        f"{translate('report.scale', language)} 1 : {format_count(spec.scale)} (A3)",
        f"{translate('report.printed_units', language)} {run.manifest.crs if len(run.manifest.crs) < 30 else '–'}",
        *(
            f"{translate(f'report.{key}', language)} {one_line(value) or '—'}"
            for key, value in (
                ("date", study.date),
                ("review_number", frame.review_number),
                ("classification", frame.classification),
            )
        ),
        *([f"{translate('report.author', language)} {one_line(frame.author)}"] if frame.author else []),
        f"{translate('report.run_id', language)} {run.manifest.run_id}",
    ]
    for i, line in enumerate(lines):
        paper.text(14, 275.5 + 3.6 * i, line, 6.5, color=QUIET)
    paper.text(14, 284.5, " · ".join(facts), 7.5)
    sources = one_line(" · ".join(study.credits), 130)
    paper.text(A3_MM[0] - 14, 284.5, sources, 7.5, ha="right")


def _has_wide_letters(language: Language) -> bool:
    """Return whether a language is written in East Asian wide characters."""
    text = translate("report.circles_note", language)
    return any(unicodedata.east_asian_width(letter) in "WF" for letter in text)
