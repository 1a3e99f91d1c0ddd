"""Whole numbers of a dBASE table that are too long for GDAL's integers, read from the file's own digits."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from planner.district.files.raw import UnreadableError

if TYPE_CHECKING:
    from pathlib import Path

#: GDAL reads wider whole numbers as floating-point numbers, which keep 15 to 17 digits
_WIDTH_OF_INTEGERS = 18


def refuse_missing_rows(path: Path) -> None:
    """Refuse a table that claims more rows than it holds: GDAL would make up the others, by the thousand million.

    Raises
    ------
    UnreadableError
        With the rows it claims and those it holds.
    """
    with path.open("rb") as file:
        head = file.read(32)
    if len(head) < 32:
        return  # GDAL says what is wrong with it
    rows, start, length = struct.unpack("<IHH", head[4:12])
    held = max(path.stat().st_size - start, 0) // max(length, 1)
    if rows > held:
        raise UnreadableError("unreadable-file", reason=f"dBASE: {rows} > {held} rows")


def long_numbers(path: Path) -> dict[int, list[str | None]]:
    """Return position of the field → its digits in every row that is not deleted, for whole numbers of 19 digits and more.

    Empty where the table has no such field, or is damaged (GDAL says how).
    """
    with path.open("rb") as file:
        head = file.read(32)
        if len(head) < 32:
            return {}
        rows, start, length = struct.unpack("<IHH", head[4:12])
        fields = []
        at = 1
        for number in range((start - 33) // 32):
            field = file.read(32)
            if len(field) < 32 or field[:1] == b"\r":
                break
            width, places = field[16], field[17]
            if field[11:12] == b"N" and width > _WIDTH_OF_INTEGERS and places == 0:
                fields.append((number, at, at + width))
            at += width
        found: dict[int, list[str | None]] = {number: [] for number, _, _ in fields}
        if not fields:
            return {}
        file.seek(start)
        for _ in range(rows):
            record = file.read(length)
            if len(record) < length:
                return {}
            if record[:1] == b"*":
                continue
            for number, first, last in fields:
                digits = record[first:last].decode("ascii", errors="replace").strip(" \0*")
                found[number].append(digits or None)
    return found
