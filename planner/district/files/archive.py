"""Zip archives as they come by mail: one data set taken out, bombs refused, names in GBK understood."""

from __future__ import annotations

import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from planner.district.files.encoding import decide, decode
from planner.district.files.raw import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: what one archive may unpack to, in all; a district's layers are a hundredth of it
MOST_BYTES = 2_000_000_000
#: what a member may unpack to in proportion; real layers stay under 40
MOST_RATIO = 200
#: small members may be as regular as they like
RATIO_FROM_BYTES = 10_000_000
MOST_MEMBERS = 20_000

_MAINS = (".shp", ".gpkg", ".geojson", ".json", ".fgb", ".csv", ".tsv", ".txt", ".xlsx", ".parquet")
_PARTS = (*_MAINS, ".shx", ".dbf", ".prj", ".cpg")
_CHUNK = 1 << 20


@contextmanager
def unpacked(path: Path, table: str | None) -> Iterator[tuple[Path, str | None]]:
    """Unpack the data set asked for into a folder that is gone afterwards; give its path and the table still to choose.

    Raises
    ------
    UnreadableError
        the archive is damaged, encrypted, a bomb, or does not say which of its data sets is meant.
    """
    try:
        with zipfile.ZipFile(path) as archive, TemporaryDirectory(prefix="planner-") as folder:
            guard(archive)
            sets = _data_sets(archive)
            chosen, rest = _choose(sets, table)
            yield _extract(archive, sets[chosen], Path(folder)), rest
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        NotImplementedError,
        EOFError,
        zlib.error,
        OverflowError,
    ) as error:
        raise UnreadableError("unreadable-file", reason=f"zip: {error}") from error


def guard(archive: zipfile.ZipFile) -> None:
    """Refuse an archive that would unpack to more than a district can hold, or that is locked."""
    members = archive.infolist()
    total = sum(member.file_size for member in members)
    if len(members) > MOST_MEMBERS or total > MOST_BYTES:
        raise UnreadableError("zip-bomb", megabytes=total / 1e6, members=len(members))
    for member in members:
        if member.file_size > RATIO_FROM_BYTES and member.file_size > MOST_RATIO * max(member.compress_size, 1):
            raise UnreadableError("zip-bomb", megabytes=total / 1e6, members=len(members))
        if member.flag_bits & 1:
            raise UnreadableError("zip-locked")


def _data_sets(archive: zipfile.ZipFile) -> dict[str, list[tuple[zipfile.ZipInfo, str]]]:
    """Group the members by data set: ``folder/name`` → members with their suffix (or name inside a ``.gdb``)."""
    groups: dict[str, list[tuple[zipfile.ZipInfo, str]]] = {}
    for member, name in _named(archive):
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if member.is_dir() or "__MACOSX" in parts or parts[-1].startswith("."):
            continue
        base = next((i for i, part in enumerate(parts) if part.lower().endswith(".gdb")), None)
        if base is not None:
            groups.setdefault(parts[base], []).append((member, parts[-1]))
        else:
            file = PurePosixPath(*parts)
            if file.suffix.lower() in _PARTS:
                groups.setdefault(file.with_suffix("").as_posix(), []).append((member, file.suffix.lower()))
    return {
        name: members
        for name, members in groups.items()
        if name.lower().endswith(".gdb") or any(suffix in _MAINS for _, suffix in members)
    }


def _named(archive: zipfile.ZipFile) -> list[tuple[zipfile.ZipInfo, str]]:
    """Return members with the names meant: without the UTF-8 flag, zipfile reads the bytes as code page 437."""
    members = archive.infolist()
    raw = [m.filename.encode("cp437", errors="replace") for m in members if not m.flag_bits & 0x800]
    decision = decide(raw)
    return [
        (m, m.filename if m.flag_bits & 0x800 else decode(m.filename.encode("cp437", errors="replace"), decision))
        for m in members
    ]


def _choose(sets: dict[str, list[tuple[zipfile.ZipInfo, str]]], table: str | None) -> tuple[str, str | None]:
    stems = {PurePosixPath(name).name: name for name in sets}
    if table is not None and table in stems:
        return stems[table], None
    if len(sets) == 1:
        name = next(iter(sets))
        single = not name.lower().endswith(".gdb") and any(suffix == ".shp" for _, suffix in sets[name])
        if table is not None and single:
            raise UnreadableError("missing-table", table=table, tables=", ".join(stems))
        return name, table
    if not sets:
        raise UnreadableError("unreadable-file", reason="the archive holds no layer")
    raise UnreadableError("missing-table" if table else "several-tables", tables=", ".join(stems), table=table or "")


def _extract(archive: zipfile.ZipFile, members: list[tuple[zipfile.ZipInfo, str]], folder: Path) -> Path:
    """Write members under names of our own, so that nothing in the archive names a place on this machine."""
    database = not any(suffix in _MAINS for _, suffix in members)
    inside = folder / "layer.gdb" if database else folder
    inside.mkdir(exist_ok=True)
    written = 0
    for member, name in members:
        target = inside / (Path(name).name if database else f"layer{name}")
        with archive.open(member) as source, target.open("wb") as sink:
            while chunk := source.read(_CHUNK):
                written += len(chunk)
                if written > MOST_BYTES:
                    raise UnreadableError("zip-bomb", megabytes=written / 1e6, members=len(members))
                sink.write(chunk)
    if database:
        return inside
    main = next(suffix for suffix in _MAINS if suffix in {s for _, s in members})
    return folder / f"layer{main}"
