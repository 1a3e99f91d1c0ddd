"""Columns of every stored table with type, unit and meaning, declared once in ``schema.toml``."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from planner.i18n import languages

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Folder = Literal["run", "assessment", "explanation", "frontier", "comparison", "programme"]


FILE = Path(__file__).parent / "schema.toml"
"""The declaration of every stored table."""

#: type as declared → type in memory
_TYPES = {"text": "str", "float": "float64", "int": "int64", "bool": "bool"}
#: unit → cell format of a sheet
_CELLS = {
    "people": "people",
    "heads": "heads",
    "places": "decimal",
    "money": "money",
    "0–1": "share",
    "year": "year",
    "m²": "whole",
    "m": "whole",
}


@dataclass(frozen=True)
class Column:
    """One column. A name in angle brackets stands for several: one for each group, roll-up column, department or service."""

    name: str
    type: str
    """``text``, ``category``, ``float``, ``int``, ``bool`` or ``geometry``."""
    unit: str
    meaning: str
    heading: str = ""
    """Id of the message above the column of a sheet; empty: `planner.report.xlsx` derives it from the name."""
    cell: str = ""
    """Cell format of a sheet (`planner.report.xlsx.FORMATS`); empty: derived from type and unit."""
    width: float = 15.0
    sheet: bool = True
    """Whether a sheet shows it by itself; else other columns of the sheet say it in words."""
    total: bool = False
    """Whether a sheet ends with the sum of its rows."""

    @property
    def cell_format(self) -> str:
        """The declared cell format, or that of the type and the unit."""
        if self.cell or self.type in {"text", "category", "bool"}:
            return self.cell or "text"
        unit = self.unit.partition(" ")[0]
        return _CELLS.get(unit) or ("whole" if self.type == "int" else "plain")


@dataclass(frozen=True)
class TableSchema:
    """What one row of a table is, and its columns in their order."""

    about: str
    columns: tuple[Column, ...]
    may_lack: tuple[str, ...] = ()
    """Columns that folders written by earlier versions are read without."""
    may_be_absent: bool = False
    """Folders written by earlier versions are read without this table."""
    derived: tuple[Column, ...] = ()
    """Columns that only sheets show: differences and shares of figures of the row, names for its ids and codes."""

    def column(self, name: str) -> Column:
        """Return the declaration of a column by its name in a frame; KeyError where there is none.

        >>> schema()["run"]["demand"].column("people_elder").name
        'people_<group>'
        """
        fixed = {column.name: re.sub("<.*?>", "*", column.name) for column in self.columns}
        fits = [column for column in self.columns if name == column.name or fnmatchcase(name, fixed[column.name])]
        if fits:  # its own name before placeholders, `people_<group>` before `<roll_up>`
            return max(fits, key=lambda column: (column.name == name, len(fixed[column.name])))
        stem, mark, language = name.rpartition("_")
        if language != "en" and language in languages():  # texts of a further language are declared as those in English
            return self.column(f"{stem}{mark}en")
        raise KeyError(name)

    def names(self, roll_up: Iterable[str] = ()) -> list[str]:
        """Return the columns of a frame in their order, with those of every language and roll-up column.

        >>> schema()["programme"]["lots"].names()[:3]
        ['id', 'service', 'year']
        """
        found: list[str] = []
        for column in self.columns:
            if column.name == "<roll_up>":
                found += roll_up
            elif column.name.endswith("_zh"):
                found += [f"{column.name[:-3]}_{code}" for code in languages()]
            elif not column.name.endswith("_en"):
                found.append(column.name)
        return found

    def types(self, names: Iterable[str]) -> dict[str, str]:
        """Return column of a frame → its type in memory, which a frame without rows is given as well; geometries are left out.

        >>> schema()["run"]["hubs"].types(["place_id", "n_services"])
        {'place_id': 'str', 'n_services': 'int64'}
        """
        declared = {name: self.column(name).type for name in names}
        return {name: _TYPES[kind] for name, kind in declared.items() if kind in _TYPES}

    def shown(self, name: str) -> Column:
        """Return the declaration of a column of a sheet, stored or derived; KeyError where there is none.

        >>> schema()["run"]["coverage"].shown("share_after").cell_format
        'share'
        """
        return next((column for column in self.derived if column.name == name), None) or self.column(name)

    def require_declared(self, names: Iterable[str]) -> None:
        """Raise UndeclaredColumnError unless every column of a frame is declared here."""
        for name in names:
            try:
                self.column(name)
            except KeyError:
                msg = f"the column {name!r} is not declared in planner/store/schema.toml; declare its type, unit and meaning there"
                raise UndeclaredColumnError(msg) from None

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that every such table has, whatever the study and the version that wrote it."""
        return tuple(
            column.name for column in self.columns if "<" not in column.name and column.name not in self.may_lack
        )


class UndeclaredColumnError(LookupError):
    """A table to be stored has a column that the schema lacks: a fault of the planner itself."""


@cache
def schema() -> Mapping[Folder, Mapping[str, TableSchema]]:
    """Return the tables of each type of folder by name.

    >>> schema()["run"]["existing"].required
    ('place_id', 'service', 'capacity')
    """
    declared = cast("dict[Folder, Any]", tomllib.loads(FILE.read_text(encoding="utf-8")))
    return {
        folder: {
            name: TableSchema(
                table["about"],
                _columns(table["columns"]),
                tuple(table.get("may_lack", ())),
                bool(table.get("may_be_absent", False)),
                _columns(table.get("derived", ())),
            )
            for name, table in tables.items()
        }
        for folder, tables in declared.items()
    }


def _columns(declared: Iterable[Any]) -> tuple[Column, ...]:
    return tuple(Column(*column[:4], **dict(*column[4:])) for column in declared)


def as_markdown(folder: Folder, names: Iterable[str] | None = None) -> str:
    """Return tables of a folder (all of them, or those named) as sections of a page of documentation."""
    tables = schema()[folder]
    return "\n\n".join(_section(name, tables[name]) for name in (tables if names is None else names))


def _section(name: str, table: TableSchema) -> str:
    rows = [f"| `{column.name}` | {column.type} | {column.unit} | {column.meaning} |" for column in table.columns]
    rows = [row.replace("|  |", "| |").replace("|  |", "| |") for row in rows]
    return "\n".join([f"### {name}", table.about, "", "| column | type | unit | meaning |", "|---|---|---|---|", *rows])
