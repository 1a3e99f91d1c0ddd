"""What reading a file gives: its rows, and remarks on the way it is written."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from planner.district.files.encoding import Decision

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pandas as pd

Fact = str | int | float
_UTF_8 = Decision("utf-8")


class UnreadableError(Exception):
    """A file that cannot be read: the code and evidence of the finding it becomes."""

    def __init__(self, code: str, **evidence: Fact) -> None:
        super().__init__(code)
        self.code = code
        self.evidence: Mapping[str, Fact] = evidence


@dataclass(frozen=True, slots=True)
class Remark:
    """Something odd about a file that could be read all the same; it becomes a finding."""

    severity: Literal["error", "warning", "note"]
    code: str
    rows: tuple[int, ...] = ()
    """Row numbers, 1 = first."""
    evidence: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class RawTable:
    """What a file holds."""

    frame: pd.DataFrame
    """A GeoDataFrame where the file has geometry."""
    encoding: Decision = _UTF_8
    remarks: tuple[Remark, ...] = ()
    doubled: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Heading that stands over several columns → their names in ``frame``."""
    usual_decimal: str | None = None
    """The decimal mark that usually goes with the file's column separator."""


def encoding_remarks(decision: Decision, mixed_rows: Iterable[int]) -> Iterator[Remark]:
    """Say aloud what had to be decided about an encoding."""
    if decision.contradicted and decision.declared is not None:
        yield Remark(
            "warning", "wrong-encoding", evidence={"declared": decision.declared, "encoding": decision.encoding}
        )
    elif decision.guessed:
        yield Remark("warning", "guessed-encoding", evidence={"encoding": decision.encoding})
    elif decision.declared is None and decision.encoding == "gb18030":
        yield Remark("note", "encoding-decided", evidence={"encoding": "GB18030"})
    if decision.undecodable:
        example = repr(min(decision.undecodable))[2:-1]
        yield Remark(
            "warning", "mixed-encoding", tuple(mixed_rows), {"encoding": decision.encoding, "example": example}
        )


def unlike_names(names: Sequence[str]) -> tuple[list[str], dict[str, tuple[str, ...]]]:
    """Return column names that differ from each other and from ``geometry``, and the headings that stood twice.

    Examples
    --------
    >>> unlike_names(["id", "elders", "elders"])
    (['id', 'elders_1', 'elders_2'], {'elders': ('elders_1', 'elders_2')})
    """
    counts = Counter(names)
    taken = {"geometry", *names}
    unlike: list[str] = []
    doubled: dict[str, tuple[str, ...]] = {}
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
            doubled[name] = (*doubled.get(name, ()), fresh)
    return unlike, doubled


def one_table(tables: list[str], asked: str | None) -> str:
    """Return the table meant.

    Raises
    ------
    UnreadableError
        there are several and none was asked for, or the one asked for is not there.
    """
    if asked is not None:
        if asked not in tables:
            raise UnreadableError("missing-table", table=asked, tables=", ".join(tables))
        return asked
    if not tables:
        raise UnreadableError("unreadable-file", reason="no table in it")
    if len(tables) > 1:
        raise UnreadableError("several-tables", tables=", ".join(tables))
    return tables[0]
