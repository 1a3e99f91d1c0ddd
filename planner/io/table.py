"""Tables as read from a file: rows, headings, encoding, and issues found on the way."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from planner.io.encoding import Decision

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pandas as pd


Fact = str | int | float
_UTF_8 = Decision("utf-8")
#: rows searched for the heading
ROWS_SAMPLED = 30
#: the heading names at least this share of the columns that the fullest row has; titles and lines of units fill fewer
_FILLED = 0.6
#: column names listed in a finding
_LISTED = 40


class UnreadableError(Exception):
    """A file that cannot be read: the code and evidence of the finding it becomes."""

    def __init__(self, code: str, **evidence: Fact) -> None:
        super().__init__(code)
        self.code = code
        self.evidence: Mapping[str, Fact] = evidence


@dataclass(frozen=True, slots=True)
class FileIssue:
    """Irregularity of a readable file; it becomes a finding."""

    severity: Literal["error", "warning", "note"]
    code: str
    rows: tuple[int, ...] = ()
    """Row numbers, 1 = first."""
    evidence: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class RawTable:
    """Content of a file or table."""

    frame: pd.DataFrame
    """A GeoDataFrame where the file has geometry."""
    encoding: Decision = _UTF_8
    issues: tuple[FileIssue, ...] = ()
    duplicate_headings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Heading that covers several columns → their names in ``frame``."""
    usual_decimal: str | None = None
    """Decimal mark that usually goes with the file's column separator."""


def encoding_issues(decision: Decision, mixed_rows: Iterable[int]) -> Iterator[FileIssue]:
    """Yield issues about the detected encoding."""
    if decision.contradicted and decision.declared is not None:
        yield FileIssue(
            "warning", "wrong-encoding", evidence={"declared": decision.declared, "encoding": decision.encoding}
        )
    elif decision.guessed:
        yield FileIssue("warning", "guessed-encoding", evidence={"encoding": decision.encoding})
    elif decision.declared is None and decision.encoding == "gb18030":
        yield FileIssue("note", "encoding-decided", evidence={"encoding": "GB18030"})
    if decision.undecodable:
        example = repr(min(decision.undecodable))[2:-1]
        yield FileIssue(
            "warning", "mixed-encoding", tuple(mixed_rows), {"encoding": decision.encoding, "example": example}
        )


def distinct_names(names: Sequence[str]) -> tuple[list[str], dict[str, tuple[str, ...]]]:
    """Return distinct column names, none of them ``geometry``, and the duplicate headings.

    Examples
    --------
    >>> distinct_names(["id", "elders", "elders"])
    (['id', 'elders_1', 'elders_2'], {'elders': ('elders_1', 'elders_2')})
    """
    counts = Counter(names)
    taken = {"geometry", *names}
    unlike: list[str] = []
    duplicate_headings: dict[str, tuple[str, ...]] = {}
    for name in names:
        if counts[name] == 1 and name != "geometry":
            unlike.append(name)
            continue
        number = 1 if counts[name] > 1 else 2
        while f"{name}_{number}" in taken:
            number += 1
        fresh = f"{name}_{number}"
        taken.add(fresh)
        unlike.append(fresh)
        if counts[name] > 1:
            duplicate_headings[name] = (*duplicate_headings.get(name, ()), fresh)
    return unlike, duplicate_headings


def chosen_table(tables: list[str], requested: str | None) -> str:
    """Return the requested table, or the only one.

    Raises
    ------
    UnreadableError
        there are several and none was asked for, or the one asked for is not there.
    """
    if requested is not None:
        if requested not in tables:
            raise UnreadableError("missing-table", table=requested, tables=", ".join(tables))
        return requested
    if not tables:
        raise UnreadableError("unreadable-file", reason="no table in it")
    if len(tables) > 1:
        raise UnreadableError("several-tables", tables=", ".join(tables))
    return tables[0]


def heading_row(rows: Sequence[Sequence[object]]) -> int:
    """Return the position of the heading among the first rows of a table; rows above it are titles and lines of units.

    Examples
    --------
    >>> heading_row([["2023年养老设施一览表", "", ""], ["编号", "名称", "床位"], ["1", "甲", "20"]])
    1
    """
    filled = [sum(bool(str(cell if cell is not None else "").strip()) for cell in row) for row in rows[:ROWS_SAMPLED]]
    fullest = max(filled, default=0)
    if fullest < 2:
        return 0
    return next(at for at, count in enumerate(filled) if count >= max(2, _FILLED * fullest))


def apply_headings(
    frame: pd.DataFrame, headings: Sequence[str], titles: int
) -> tuple[pd.DataFrame, dict[str, tuple[str, ...]], tuple[FileIssue, ...]]:
    """Return the rows under their headings without blank rows and columns, duplicate headings, and issues.

    A column without a heading cannot be named by a study; that it holds something is remarked.
    """
    frame = frame.dropna(how="all")
    named = [at for at, heading in enumerate(headings) if heading]
    nameless = [at for at, heading in enumerate(headings) if not heading and frame.iloc[:, at].notna().any()]
    unlike, duplicate_headings = distinct_names([headings[at] for at in named])
    issues = []
    if titles:
        columns = ", ".join(unlike[:_LISTED])
        issues.append(FileIssue("note", "title-rows", evidence={"titles": titles, "columns": columns}))
    if nameless:
        positions = ", ".join(str(at + 1) for at in nameless[:_LISTED])
        issues.append(FileIssue("note", "nameless-columns", evidence={"count": len(nameless), "positions": positions}))
    return frame.iloc[:, named].set_axis(unlike, axis=1), duplicate_headings, tuple(issues)
