"""Columns of sheets from the declarations of the stored tables: heading, cell format and width."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planner.i18n import messages, translate
from planner.report.xlsx import Column
from planner.store.schema import schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.store.schema import Folder
    from planner.study import Language

#: type of folder → beginnings of the messages that name its columns, the first that is known counts
_MESSAGES: dict[Folder, tuple[str, ...]] = {
    "run": ("report.", ""),
    "assessment": ("assess.", "report.", ""),
    "explanation": ("explain.column.",),
    "frontier": ("frontier.column.",),
    "comparison": ("compare.",),
}


def heading(folder: Folder, table: str, name: str, language: Language, **facts: object) -> str:
    """Return the heading of a column; its name where no catalogue has a message for it."""
    declared = schema()[folder][table].column(name)
    known = messages(language)
    ids = [declared.heading] if declared.heading else [f"{prefix}{declared.name}" for prefix in _MESSAGES[folder]]
    return next((translate(one, language, **facts) for one in ids if one in known), name)


def sheet_column(
    folder: Folder, table: str, name: str, values: Sequence[Any], language: Language, **facts: object
) -> Column:
    """Return a column of a stored table as a column of a sheet, with ``values`` in its cells.

    >>> column = sheet_column("comparison", "sites", "share", [0.5], "en")
    >>> column.heading, column.kind
    ('share of runs', 'share')
    """
    declared = schema()[folder][table].column(name)
    return Column(heading(folder, table, name, language, **facts), values, declared.cell_format, declared.width)
