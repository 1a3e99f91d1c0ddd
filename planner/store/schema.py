"""Columns of every stored table with type, unit and meaning, declared once in ``schema.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Folder = Literal["run", "assessment", "explanation"]


@dataclass(frozen=True)
class Column:
    """One column. A name in angle brackets stands for several: one for each group, roll-up column, department or service."""

    name: str
    type: str
    """``text``, ``category``, ``float``, ``int``, ``bool`` or ``geometry``."""
    unit: str
    meaning: str


@dataclass(frozen=True)
class TableSchema:
    """What one row of a table is, and its columns in their order."""

    about: str
    columns: tuple[Column, ...]
    may_lack: tuple[str, ...] = ()
    """Columns that folders written by earlier versions are read without."""

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that every such table has, whatever the study and the version that wrote it."""
        return tuple(
            column.name for column in self.columns if "<" not in column.name and column.name not in self.may_lack
        )


@cache
def schema() -> Mapping[Folder, Mapping[str, TableSchema]]:
    """Return the tables of each type of folder by name.

    >>> schema()["run"]["existing"].required
    ('place_id', 'service', 'capacity')
    """
    text = (Path(__file__).parent / "schema.toml").read_text(encoding="utf-8")
    declared = cast("dict[Folder, Any]", tomllib.loads(text))
    return {
        folder: {
            name: TableSchema(
                table["about"], tuple(Column(*column) for column in table["columns"]), tuple(table.get("may_lack", ()))
            )
            for name, table in tables.items()
        }
        for folder, tables in declared.items()
    }


def as_markdown(folder: Folder, names: Iterable[str] | None = None) -> str:
    """Return tables of a folder (all of them, or those named) as sections of a page of documentation."""
    tables = schema()[folder]
    return "\n\n".join(_section(name, tables[name]) for name in (tables if names is None else names))


def _section(name: str, table: TableSchema) -> str:
    rows = [f"| `{column.name}` | {column.type} | {column.unit} | {column.meaning} |" for column in table.columns]
    rows = [row.replace("|  |", "| |").replace("|  |", "| |") for row in rows]
    return "\n".join([f"### {name}", table.about, "", "| column | type | unit | meaning |", "|---|---|---|---|", *rows])
