"""A3 print layout: baseline beside the plan at a round scale, with everything a printed map must carry.

Frame, title, legend, scale, north arrow, figures before and after, sites, sources, and a title block (图签) with what the study says of
author, date, 审图号 and 密级. Texts are measured and cut to their room. A PDF holds one sheet for each service; a PNG holds one.
"""

from __future__ import annotations

import bisect
import math
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
from planner.i18n import format_change, format_count, format_money, format_share, join, translate
from planner.report.cartography import BASE_MAP, EMPTY, HOMES, INK, outline_colour, service_colour
from planner.report.compliance import compliance_lines, hub_lines, tables_of_run
from planner.report.evidence import evidence_rows
from planner.report.names import scenario_name
from planner.report.print_map import MapSpec, classes_of_homes, draw_map, is_wide, map_spec, one_line, text_width_mm
from planner.report.summary import coverage, indicator_label, indicator_text, indicators

if TYPE_CHECKING:
    from pathlib import Path

    from planner.store.run import Run

A3_MM = (420.0, 297.0)
MARGIN_MM = 10.0
MAP_MM = (193.0, 178.0)
#: the title block in the lower right corner, and the column of its labels
BLOCK_MM, LABEL_MM = (78.0, 64.0), 24.0
#: baseline of the cautions, below legend, coverage and sites
CAUTIONS_MM = 275.0
LINE_MM_PER_POINT = 0.45
#: how far letters shrink before a text is cut
LEAST_OF_SIZE = 0.75
#: how much larger the scale of a sheet of details is at least
DETAIL_FACTOR = 1.5
#: punctuation that begins no line
CLOSING = "，。；：、）」』！？,.;:)]!?%"
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
                specs = [
                    spec for position in wanted for spec in _specs(run, position, _minutes(run, position, minutes))
                ]
                last = _compliance_lines(run) if service is None else []
                count = len(specs) + bool(last)
                for number, spec in enumerate(specs, start=1):
                    book.savefig(_sheet(run, spec, (number, count)))
                if last:
                    book.savefig(_compliance_sheet(run, last, (count, count)))
        elif path.suffix == ".png":
            spec = _specs(run, wanted[0], _minutes(run, wanted[0], minutes))[0]
            figure = _sheet(run, spec, (1, 1))
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
    circles = [circle.minutes for circle in run.study.circles_of(run.study.services[position])]
    if requested is None:
        return circles[-1]
    if requested not in circles:
        msg = f"{run.study.services[position].id} has no circle of {requested:g} minutes; it has {circles}"
        raise OutputError(msg)
    return requested


def _specs(run: Run, position: int, minutes: float) -> list[MapSpec]:
    """Return the maps of a service: the whole district, and where people live if that can be drawn much larger."""
    whole, detail = (map_spec(run, position, minutes, MAP_MM, detail=detail) for detail in (False, True))
    return [whole, detail] if detail.scale * DETAIL_FACTOR <= whole.scale else [whole]


class _Paper:
    """A sheet measured in millimetres from its upper left corner."""

    def __init__(self) -> None:
        # texts are measured in pixels: of many, so that what is measured is what a printer writes
        self.figure = Figure(figsize=(A3_MM[0] / 25.4, A3_MM[1] / 25.4), facecolor="white", dpi=200)
        self._canvas: Any = FigureCanvasAgg(self.figure)

    def map(self, x: float, y: float, width: float, height: float) -> Any:
        return self.figure.add_axes(
            (x / A3_MM[0], 1 - (y + height) / A3_MM[1], width / A3_MM[0], height / A3_MM[1]), zorder=1
        )

    def text(self, x: float, y: float, text: str, size: float, *, most_mm: float = math.inf, **style: Any) -> None:
        """Write ``text`` with its baseline at ``y``, shortened to ``most_mm``; a ``$`` is no mathematics."""
        style = {"color": INK, **style}
        fitted = self.fitting(text, size, most_mm, bold=style.get("weight") == "bold")
        self.figure.text(x / A3_MM[0], 1 - y / A3_MM[1], fitted, size=size, parse_math=False, **style)

    def paragraph(
        self, x: float, y: float, text: str, size: float, *, width_mm: float, lines: int, **style: Any
    ) -> float:
        """Write ``text`` in at most ``lines`` lines of ``width_mm`` from the baseline ``y`` on; return the baseline after them."""
        bold = style.get("weight") == "bold"
        rest = one_line(text, 2000)
        for line in range(lines):
            if not rest:
                break
            head = rest if line == lines - 1 else self._line(rest, size, width_mm, bold=bold)
            self.text(x, y, head, size, most_mm=width_mm, **style)
            rest = rest[len(head) :].lstrip()
            y += size * LINE_MM_PER_POINT
        return y

    def _line(self, text: str, size: float, width_mm: float, *, bold: bool) -> str:
        """Return as much of ``text`` as fits on a line, up to a space or a wide letter."""
        if self.width_mm(text, size, bold=bold) <= width_mm:
            return text
        most = self._longest(text, size, width_mm, bold=bold)
        breaks = (k for k in range(most, 0, -1) if text[k] == " " or is_wide(text[k]) or is_wide(text[k - 1]))
        return text[: next((k for k in breaks if text[k] not in CLOSING), len(text))]

    def _longest(self, text: str, size: float, width_mm: float, *, bold: bool, end: str = "") -> int:
        """Return how many letters of ``text``, which is wider, fit with ``end`` behind them."""
        return bisect.bisect_right(
            range(1, len(text)), width_mm, key=lambda k: self.width_mm(text[:k] + end, size, bold=bold)
        )

    def fitting(self, text: str, size: float, most_mm: float, *, bold: bool = False) -> str:
        """Return ``text`` cut with an ellipsis to a width."""
        if not math.isfinite(most_mm) or self.width_mm(text, size, bold=bold) <= most_mm:
            return text
        return f"{text[: self._longest(text, size, most_mm, bold=bold, end='…')].rstrip()}…"

    def size_within(self, text: str, size: float, most_mm: float, *, bold: bool = False) -> float:
        """Return the size in points, down to `LEAST_OF_SIZE` of ``size``, at which ``text`` fits a width."""
        return size * min(1.0, max(LEAST_OF_SIZE, most_mm / max(self.width_mm(text, size, bold=bold), 1e-9)))

    def width_mm(self, text: str, size: float, *, bold: bool = False) -> float:
        """Return the width of ``text`` as it is printed."""
        return text_width_mm(self._canvas.get_renderer(), text, size, bold=bold)

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


def _sheet(run: Run, spec: MapSpec, number: tuple[int, int]) -> Figure:
    """Return the sheet of a map; ``number``: which of how many sheets it is."""
    paper = _Paper()
    left, top = MARGIN_MM + 4, 36.0
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
        paper.text(x, top - 1.5, translate(heading, language), 12, weight="bold")
        draw_map(paper.map(x, top, *MAP_MM), run, spec, "before" if when == "before" else "after")
    below = top + MAP_MM[1] + 6.5
    _legend(paper, run, spec, left, below)
    _covered(paper, run, 102, below)
    _sites(paper, run, 218, below)
    _cautions(paper, run)
    _title_block(paper, run, spec, number)
    return paper.figure


def _title(paper: _Paper, run: Run, spec: MapSpec) -> None:
    study, language = run.study, run.study.language
    service = study.services[spec.service].name.text(language)
    stamp = one_line(study.publication.classification)
    room = A3_MM[0] - 28 - (paper.width_mm(stamp, 11, bold=True) + 10 if stamp else 0)
    paper.text(14, 20.5, one_line(study.name.text(language), 200), 22, weight="bold", most_mm=room)
    what = translate("report.legend_homes", language, minutes=spec.minutes, service=one_line(service))
    part = [translate("report.sheet_detail", language)] if spec.detail else []
    subtitle = " · ".join([translate("report.map_title", language), what, *part])
    paper.text(14, 27.5, subtitle, 12, color=QUIET, most_mm=room)
    if stamp:
        paper.text(
            A3_MM[0] - 16,
            20,
            stamp,
            11,
            ha="right",
            weight="bold",
            color="#a3271b",
            bbox={"boxstyle": "square,pad=0.35", "facecolor": "none", "edgecolor": "#a3271b"},
        )


def _legend(paper: _Paper, run: Run, spec: MapSpec, x: float, y: float) -> None:
    language = run.study.language
    paper.text(x, y, translate("report.legend", language), 10, weight="bold")
    lost = bool((classes_of_homes(run, spec.service, spec.minutes, "after") == "lost").any())
    homes = [name for name in HOMES if name != "lost" or lost]
    for i, name in enumerate(homes):
        paper.mark(x + 1.8, y + 4.8 + i * 5.2, "o", color=HOMES[name], markersize=5)
        paper.text(x + 5, y + 5.9 + i * 5.2, translate(f"report.homes_{name}", language), 8, most_mm=38)
    below = y + 4.8 + len(homes) * 5.2
    paper.box(x, below - 1.6, 3.6, 3.2, facecolor=EMPTY, edgecolor="#5b6b75", linewidth=0.4)
    paper.text(x + 5, below + 1.1, translate("report.nobody_lives", language), 8, most_mm=38)
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
        paper.mark(x + 47, y + 4.8 + i * 5.2, marker, **style)
        paper.text(x + 51, y + 5.9 + i * 5.2, translate(key, language), 8, most_mm=33)
    if len(run.tables.ground):
        row = y + 4.8 + len(symbols) * 5.2
        for i, kind in enumerate(("green", "water", "building")):
            shade = {"facecolor": BASE_MAP[kind], "alpha": BASE_MAP["buildingOpacity"] if kind == "building" else 1}
            paper.box(x + 44.5 + i * 1.7, row - 1.6, 1.7, 3.2, **shade)
        paper.paragraph(x + 51, row + 1.1, translate("report.ground", language), 8, width_mm=33, lines=2)
        below = row + 3.6
    note = translate("report.circles_note", language)
    paper.paragraph(x, below + 7, note, 7, width_mm=84, lines=2, color=QUIET)


def _covered(paper: _Paper, run: Run, x: float, y: float) -> None:
    language = run.study.language
    title = translate("report.coverage_title", language)
    paper.text(x, y, title, 10, weight="bold")
    rows = coverage(run)
    notes = []
    if any(row.limited for row in rows):
        notes.append(translate("report.reach_and_place", language))
    if any(row.weighted for row in rows):
        notes.append(translate("report.weighted", language))
    if notes:
        room = 108 - paper.width_mm(title, 10, bold=True)
        paper.text(x + 111, y, one_line(" · ".join(notes), 200), 7, most_mm=room, ha="right", color="#7d3504")
    step = min(5.0, (CAUTIONS_MM - 5 - y - 5.5) / max(1, len(rows)))
    size = min(8.0, step * 1.8)
    bar = min(2.8, step * 0.62)
    for i, row in enumerate(rows):
        base = y + 5.5 + i * step
        first = row.minutes == run.study.circles_of(row.service)[0].minutes
        colour = service_colour(run.study.services.index(row.service))
        if first:
            name = one_line(row.service.name.text(language))
            paper.text(x, base, name, size, most_mm=34, weight="bold", color=colour)
        minutes = translate("report.minutes_short", language, minutes=row.minutes)
        paper.text(x + 35, base, minutes, size, most_mm=10.5, color=QUIET)
        shares = f"{format_share(row.share_before)} → {format_share(row.share_after)}"
        paper.box(x + 46, base - bar, 17, bar, facecolor="#e6eaed")
        paper.box(x + 46, base - bar, 17 * row.share_after, bar, facecolor=colour)
        paper.box(x + 46, base - bar, 17 * min(row.share_before, row.share_after), bar, facecolor=INK, alpha=0.5)
        if row.limited and row.people:
            found = row.served_after / row.people
            shares += f" | {format_share(found)}"
            paper.box(x + 46, base - bar / 3, 17 * found, bar / 3, facecolor="#7d3504")
        # letters shrink where figures are long, for a figure that is cut is another figure
        paper.text(x + 64.5, base, shares, size * min(1.0, 35 / paper.width_mm(shares, size)))
        change = format_change(row.after - row.before)
        paper.text(
            x + 111,
            base,
            change,
            size * min(1.0, 11 / paper.width_mm(change, size, bold=True)),
            weight="bold",
            ha="right",
        )


def _sites(paper: _Paper, run: Run, x: float, y: float) -> None:
    study, language = run.study, run.study.language
    width = A3_MM[0] - MARGIN_MM - BLOCK_MM[0] - 4 - x
    keys = ("capital", "status")
    line = " · ".join(
        f"{indicator_label(i, language)} {indicator_text(i, language)}" for i in indicators(run) if i.key in keys
    )
    title = translate("report.sites_title", language)
    paper.text(x, y, title, 10, weight="bold")
    used = paper.width_mm(title, 10, bold=True) + 3
    paper.text(x + used, y, line, paper.size_within(line, 7.5, width - used), most_mm=width - used, color=QUIET)
    names = {service.id: service.name.text(language) for service in study.services}
    opened = run.tables.openings.groupby("place_id", sort=False)["service"].apply(list).to_dict()
    sites = run.tables.opened_sites.to_dict("records")
    if not sites:
        paper.text(x, y + 6, translate("report.no_sites", language), 8)
    columns = 1 if len(sites) <= 8 else 2
    rows = -(-len(sites) // columns)
    step = min(9.0, (CAUTIONS_MM - 6 - y - 5.5) / max(1, rows))
    lines = 2 if step >= 7 else 1
    step = step if lines == 2 else min(step, 5.6)
    size = min(8.0, step * 1.75)
    each = width / columns
    for i, site in enumerate(sites):
        left, base = x + (i // rows) * each, y + 5.5 + (i % rows) * step
        offered = join([names[service] for service in opened.get(site["place_id"], [])], language)
        name = one_line(site["name"], 200) or translate("report.unnamed", language)
        paper.text(left + 4, base, str(i + 1), size, weight="bold", ha="right")
        if columns == 1:
            cost = format_money(site["capital_cost"], language, study.currency)
            paper.paragraph(left + 6, base, name, size, width_mm=46, lines=lines, weight="bold")
            paper.paragraph(left + 54, base, offered, size, width_mm=each - 54 - 21, lines=lines)
            paper.text(left + each, base, cost, size, most_mm=20, ha="right")
        else:
            paper.text(left + 6, base, name, size, most_mm=each * 0.5 - 7, weight="bold")
            paper.text(left + each * 0.5, base, offered, size, most_mm=each * 0.5 - 2)


def _cautions(paper: _Paper, run: Run) -> None:
    """Write below the figures how certain they are, the notes of the study and the sources of its layers."""
    study, language = run.study, run.study.language
    rows = evidence_rows(study, language)
    kinds = {kind: sum(row.kind == kind for row in rows) for kind in ("estimate", "unverified", "assumption")}
    counts = [f"{translate(f'report.evidence.{kind}', language)}: {count}" for kind, count in kinds.items() if count]
    notes = [row.value for row in rows if row.kind == "note"]
    width = A3_MM[0] - MARGIN_MM - BLOCK_MM[0] - 4 - 14
    y = paper.paragraph(14, CAUTIONS_MM, " · ".join([*counts, *notes]), 6.5, width_mm=width, lines=3, color=QUIET)
    sources = f"{translate('report.sources_title', language)}: {' · '.join(study.credits)}"
    if study.credits:
        paper.text(14, max(y, 284.0), one_line(sources, 400), 7, most_mm=width)


#: rows of the sheet of compliance
_MOST_LINES = 18


def _compliance_lines(run: Run) -> list[dict[str, Any]]:
    tables, language = tables_of_run(run), run.study.language
    return compliance_lines(tables, language) if len(tables.compliance) else []


def _compliance_sheet(run: Run, lines: list[dict[str, Any]], number: tuple[int, int]) -> Figure:
    """Return the sheet of what fails where, by how much, and of the multi-service places."""
    paper, study, language = _Paper(), run.study, run.study.language
    frame = (MARGIN_MM, MARGIN_MM, A3_MM[0] - 2 * MARGIN_MM, A3_MM[1] - 2 * MARGIN_MM)
    paper.box(*frame, fill=False, edgecolor=INK, linewidth=1.2)
    paper.text(14, 20.5, one_line(study.name.text(language), 200), 22, weight="bold", most_mm=300)
    paper.text(14, 29, translate("report.compliance.title", language), 14, color=QUIET, most_mm=380)
    for i, row in enumerate(lines[:_MOST_LINES]):
        y = 40 + i * 9.6
        paper.box(14, y - 4.2, 1.4, 7.4, facecolor="#586771" if row["unsure"] else "#a3271b")
        paper.text(18, y, row["area"], 11, weight="bold", most_mm=52)
        paper.text(18, y + 3.4, row["kind"], 7, color=QUIET, most_mm=52)
        paper.text(72, y, " · ".join(part for part in (row["name"], row["service"]) if part), 9.5, most_mm=118)
        paper.text(72, y + 3.4, row["closing"], 7, color=QUIET, most_mm=118)
        paper.text(194, y, f"{row['verdict']} {row['short']}", 10.5, weight="bold", most_mm=62)
        paper.text(194, y + 3.4, row["figures"], 7, color=QUIET, most_mm=62)
        if row["part"] is not None:
            paper.box(258, y - 2.4, 34, 3.2, facecolor="#e6eaed")
            paper.box(258, y - 2.4, 34 * row["part"], 3.2, facecolor="#586771")
            paper.text(294, y, format_share(row["part"]), 8)
    below = 40 + min(len(lines), _MOST_LINES) * 9.6
    if len(lines) > _MOST_LINES:
        more = translate("report.compliance.more", language, count=len(lines) - _MOST_LINES)
        paper.text(14, below, more, 8, color=QUIET, most_mm=250)
    _print_hubs(paper, run)
    said = [one_line(text) for text in (study.publication.classification, study.publication.review_number) if text]
    footer = " · ".join(
        [*said, run.manifest.run_id, translate("report.sheet_of", language, number=number[0], count=number[1])]
    )
    paper.text(A3_MM[0] - 14, 284, footer, 7, ha="right", color=QUIET)
    paper.text(14, 284, translate("report.compliance.hint", language), 7, color=QUIET, most_mm=250)
    return paper.figure


def _print_hubs(paper: _Paper, run: Run) -> None:
    """Write the multi-service places beside the standards, failing first."""
    language, x = run.study.language, 312
    hubs = hub_lines(tables_of_run(run), language)
    passes = sum(row["passes"] for row in hubs)
    title = (
        translate("report.compliance.hubs_title", language, passes=passes, all=len(hubs))
        if hubs
        else translate("report.compliance.no_hubs", language)
    )
    y = paper.paragraph(x, 40, title, 9.5, width_mm=92, lines=2, weight="bold") + 2
    for row in hubs:
        if y > 268:
            paper.text(x, y, "…", 8)
            break
        paper.text(x, y, f"{row['place']} · {row['verdict']}", 8.5, weight="bold", most_mm=92)
        y = paper.paragraph(x, y + 3.6, row["failing"] or row["services"], 7.5, width_mm=92, lines=2, color=QUIET) + 2


def _title_block(paper: _Paper, run: Run, spec: MapSpec, number: tuple[int, int]) -> None:
    """Draw the title block in the lower right corner: a row for whatever the study says, the number of the sheet last."""
    study, language, frame = run.study, run.study.language, run.study.publication
    scenario = scenario_name(study, run.manifest.scenario, run.manifest.scenario_label, language)
    service = study.services[spec.service].name.text(language)
    part = [translate("report.sheet_detail", language)] if spec.detail else []
    crs = run.manifest.crs if len(run.manifest.crs) < 30 else ""
    facts = [
        ("sheet_project", study.name.text(language)),
        ("sheet_title", " · ".join([translate("report.map_title", language), service, *part])),
        ("scenario_label", scenario),
        ("author", frame.author),
        ("scale", f"1 : {format_count(spec.scale)} (A3)"),
        ("printed_units", crs),
        ("date", study.date),
        ("review_number", frame.review_number),
        ("classification", frame.classification),
        ("run_id", run.manifest.run_id),
        ("sheet_number", translate("report.sheet_of", language, number=number[0], count=number[1])),
    ]
    facts = [(key, text) for key, text in facts if text]
    width, height = BLOCK_MM
    x, y = A3_MM[0] - MARGIN_MM - width, A3_MM[1] - MARGIN_MM - height
    paper.box(x, y, width, height, facecolor="white", edgecolor=INK, linewidth=1.2)
    step = height / len(facts)
    for i, (key, text) in enumerate(facts):
        top = y + i * step
        if i:
            paper.box(x, top, width, 0.15, facecolor=INK)
        base = top + step / 2 + 1.1
        bold = key in {"sheet_project", "sheet_title", "sheet_number"}
        paper.text(x + 2, base, translate(f"report.{key}", language), 6.5, most_mm=LABEL_MM - 3, color=QUIET)
        paper.text(
            x + LABEL_MM + 1.5,
            base,
            one_line(text, 200),
            paper.size_within(one_line(text, 200), 7.5, width - LABEL_MM - 3, bold=bold),
            most_mm=width - LABEL_MM - 3,
            weight="bold" if bold else "normal",
        )
    paper.box(x + LABEL_MM, y, 0.15, height, facecolor=INK)
