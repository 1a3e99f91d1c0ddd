"""Files that each kind of folder is given: pages, workbooks, GeoPackage and print, all from the stored tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.errors import OutputError
from planner.report.assessment_page import assessment_page
from planner.report.assessment_workbook import write_assessment_workbook
from planner.report.base_map import packed_base_map
from planner.report.explanation import ExplanationText, explanation_lines
from planner.report.explanation_workbook import write_explanation_workbook
from planner.report.geopackage import write_geopackage
from planner.report.meeting import meeting_page
from planner.report.programme import publish_programme
from planner.report.public import public_page
from planner.report.web_map import map_page
from planner.report.workbook import write_workbook
from planner.store.assessment import Assessment
from planner.store.folders import MADE_BY, kind_of
from planner.store.programme import Programme
from planner.store.run import Run
from planner.store.tables import Explanation

if TYPE_CHECKING:
    from pathlib import Path

    from planner.store.folders import Kind
    from planner.workflow.review import Review


def publish(run: Run, folder: Path) -> tuple[Path, ...]:
    """Write ``map.html``, ``meeting.html``, ``plan.xlsx`` and ``plan.gpkg`` into ``folder`` (made if absent) and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    names = ("map.html", "meeting.html", "plan.xlsx", "plan.gpkg")
    chart, meeting, workbook, geopackage = (folder / name for name in names)
    base_map = packed_base_map(run)
    chart.write_text(map_page(run, base_map=base_map), encoding="utf-8", newline="\n")
    meeting.write_text(meeting_page(run, base_map=base_map), encoding="utf-8", newline="\n")
    write_workbook(run, workbook)
    write_geopackage(run, geopackage)
    return chart, meeting, workbook, geopackage


def print_sheets(run: Run, path: Path, *, service: str | None = None, minutes: float | None = None) -> Path:
    """Write the A3 print of a run to ``path`` (``.pdf``: a sheet for each service; ``.png``: one); see `planner.report.print_layout`."""
    from planner.report.print_layout import write_print_sheets  # noqa: PLC0415 - matplotlib is slow to import

    return write_print_sheets(run, path, service=service, minutes=minutes)


def publish_assessment(found: Assessment, folder: Path) -> tuple[Path, ...]:
    """Write ``assess.html`` and ``assess.xlsx`` into ``folder`` (made if absent) and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    chart, workbook = folder / "assess.html", folder / "assess.xlsx"
    chart.write_text(assessment_page(found), encoding="utf-8", newline="\n")
    write_assessment_workbook(found, workbook)
    return chart, workbook


def publish_explanation(run: Run, found: Explanation, folder: Path) -> tuple[Path, ...]:
    """Write the reports of the run, ``explanation.md`` and ``explanation.xlsx``; return their paths."""
    written = publish(run, folder)
    text, book = folder / "explanation.md", folder / "explanation.xlsx"
    lines = explanation_lines(run, found)
    text.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    write_explanation_workbook(run, found, ExplanationText(run, found, run.study.language), lines, book)
    return (*written, text, book)


def publish_review(review: Review, folder: Path) -> tuple[Path, ...]:
    """Write the pages of the best completion, and ``meeting.html`` with the decisions in it; return their paths."""
    written = publish(review.completion or review.run, folder)
    (folder / "meeting.html").write_text(meeting_page(review.run, review), encoding="utf-8", newline="\n")
    return written


def publish_public(run: Run, folder: Path, *, declassify: bool = False) -> Path:
    """Write ``public.html`` into ``folder`` (made if absent) and return its path; raises as `public_page`."""
    content = public_page(run, declassify=declassify)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "public.html"
    path.write_text(content, encoding="utf-8", newline="\n")
    return path


def publish_again(
    folder: Path, *, sheets: bool = False, public: bool = False, declassify: bool = False
) -> tuple[Path, ...]:
    """Write the reports of what ``folder`` holds again and return their paths.

    Parameters
    ----------
    folder
        Of a run, an assessment or a programme; of a review with ``public`` only.
    sheets
        Also the A3 print of a run.
    public
        Only the page for the public.
    declassify
        Write that page although the study is classified.

    Raises
    ------
    OutputError
        if the study is classified and ``declassify`` is not given, or the folder holds nothing of the kind.
    """
    kind = kind_of(folder)
    if public and kind in {"run", "review", None}:
        return (publish_public(Run.read(folder), folder, declassify=declassify),)
    if kind == "assessment" and not (public or sheets):
        return publish_assessment(Assessment.read(folder), folder)
    if kind == "programme" and not (public or sheets):
        return publish_programme(Programme.read(folder), folder)
    if kind not in {"run", None}:
        raise OutputError(_otherwise(folder, kind))
    run = Run.read(folder)
    if (folder / "explanation").is_dir():
        written = publish_explanation(run, Explanation.read(folder / "explanation", run.study.language), folder)
    else:
        written = publish(run, folder)
    return (*written, print_sheets(run, folder / "plan.pdf")) if sheets else written


def _otherwise(folder: Path, kind: Kind) -> str:
    what, verb = MADE_BY[kind]
    if kind in {"assessment", "programme"}:
        return f"{folder} holds {what}, which has neither sheets nor a page for the public; call again without them"
    more = ", and `planner report RUN --public` its page for the public" if kind == "review" else ""
    return f"{folder} holds {what}, whose pages cannot be made from its tables alone: `{verb}` makes them again{more}"
