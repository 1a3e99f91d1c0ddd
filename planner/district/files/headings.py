"""Find the heading of a table below its title, and name its columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.district.files.raw import Remark, unlike_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

#: rows among which the heading is looked for
SAMPLE = 30
#: the heading names at least this share of the columns that the fullest row has; titles and lines of units fill fewer
_FILLED = 0.6
#: column names listed in a finding
_LISTED = 40


def heading_row(rows: Sequence[Sequence[object]]) -> int:
    """Return the position of the heading among the first rows of a table; rows above it are titles and lines of units.

    Examples
    --------
    >>> heading_row([["2023年养老设施一览表", "", ""], ["编号", "名称", "床位"], ["1", "甲", "20"]])
    1
    """
    filled = [sum(bool(str(cell if cell is not None else "").strip()) for cell in row) for row in rows[:SAMPLE]]
    fullest = max(filled, default=0)
    if fullest < 2:
        return 0
    return next(at for at, count in enumerate(filled) if count >= max(2, _FILLED * fullest))


def with_headings(
    frame: pd.DataFrame, headings: Sequence[str], titles: int
) -> tuple[pd.DataFrame, dict[str, tuple[str, ...]], tuple[Remark, ...]]:
    """Return a frame's rows under their headings, blank rows and blank columns left out; headings that stand twice; remarks.

    A column without a heading cannot be named by a study; that it holds something is remarked.
    """
    frame = frame.dropna(how="all")
    named = [at for at, heading in enumerate(headings) if heading]
    nameless = [at for at, heading in enumerate(headings) if not heading and frame.iloc[:, at].notna().any()]
    unlike, doubled = unlike_names([headings[at] for at in named])
    remarks = []
    if titles:
        columns = ", ".join(unlike[:_LISTED])
        remarks.append(Remark("note", "title-rows", evidence={"titles": titles, "columns": columns}))
    if nameless:
        positions = ", ".join(str(at + 1) for at in nameless[:_LISTED])
        remarks.append(Remark("note", "nameless-columns", evidence={"count": len(nameless), "positions": positions}))
    return frame.iloc[:, named].set_axis(unlike, axis=1), doubled, tuple(remarks)
