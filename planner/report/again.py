"""The reports of a folder written again from its tables: of a run, explained or not, and of an assessment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.errors import OutputError
from planner.report.assessment import publish_assessment
from planner.report.explanation import publish_explanation
from planner.report.public import publish_public
from planner.report.publish import print_sheets, publish
from planner.store.assessment import Assessment
from planner.store.folders import MADE_BY, kind_of
from planner.store.run import Run
from planner.store.tables import Explanation

if TYPE_CHECKING:
    from pathlib import Path

    from planner.store.folders import Kind


def publish_again(
    folder: Path, *, sheets: bool = False, public: bool = False, declassify: bool = False
) -> tuple[Path, ...]:
    """Write the reports of what ``folder`` holds again and return their paths.

    Parameters
    ----------
    folder
        Of a run or an assessment; of a review, for its page for the public alone.
    sheets
        The A3 print of a run too.
    public
        The page for the public alone.
    declassify
        That page although the study is marked as classified.

    Raises
    ------
    OutputError
        if the study is classified and ``public`` is asked for without ``declassify``, or the folder holds nothing of the kind; it says what it holds, and which verb makes that again.
    """
    kind = kind_of(folder)
    if public and kind in {"run", "review", None}:
        return (publish_public(Run.read(folder), folder, declassify=declassify),)
    if kind == "assessment" and not (public or sheets):
        return publish_assessment(Assessment.read(folder), folder)
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
    if kind == "assessment":
        return f"{folder} holds {what}, which has neither sheets nor a page for the public; call again without them"
    more = ", and `planner report RUN --public` its page for the public" if kind == "review" else ""
    return f"{folder} holds {what}, whose pages cannot be made from its tables alone: `{verb}` makes them again{more}"
