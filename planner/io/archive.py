"""Zip archives: extraction of one data set, zip-bomb limits, member names in GBK."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from planner.io.encoding import decide, decode
from planner.io.table import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator


#: what one archive may unpack to, in all; a district's layers are a hundredth of it
MAX_BYTES = 2_000_000_000
#: what a member may unpack to in proportion; real layers stay under 40
MAX_RATIO = 200
#: small members may be as regular as they like
RATIO_FROM_BYTES = 10_000_000
MAX_MEMBERS = 20_000
_MAIN_SUFFIXES = (".shp", ".gpkg", ".geojson", ".json", ".fgb", ".csv", ".tsv", ".txt", ".xlsx", ".parquet")
_LAYER_SUFFIXES = (*_MAIN_SUFFIXES, ".shx", ".dbf", ".prj", ".cpg")
_CHUNK = 1 << 20


@contextmanager
def unpacked(path: Path, table: str | None) -> Iterator[tuple[Path, str | None]]:
    """Extract the requested data set into a temporary folder; yield its path and the table still to choose.

    Raises
    ------
    UnreadableError
        the archive is damaged, encrypted, a bomb, or does not say which of its data sets is meant.
    """
    try:
        with zipfile.ZipFile(path) as archive, TemporaryDirectory(prefix="planner-") as folder:
            refuse_zip_bomb(archive)
            data_sets = _data_sets(archive)
            chosen, remaining_table = _choose(data_sets, table)
            yield _extract(archive, data_sets[chosen], Path(folder)), remaining_table
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        NotImplementedError,  # strong encryption, patches, a method of compression that Python lacks
        EOFError,
        zlib.error,
        lzma.LZMAError,
        OverflowError,
    ) as error:
        raise UnreadableError("unreadable-file", reason=f"zip: {error}") from error


def refuse_zip_bomb(archive: zipfile.ZipFile) -> None:
    """Refuse an archive whose contents exceed the limits, or that is encrypted."""
    members = archive.infolist()
    total = sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS or total > MAX_BYTES:
        raise UnreadableError("zip-bomb", megabytes=total / 1e6, members=len(members))
    for member in members:
        if member.file_size > RATIO_FROM_BYTES and member.file_size > MAX_RATIO * max(member.compress_size, 1):
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
        gdb_index = next((i for i, part in enumerate(parts) if part.lower().endswith(".gdb")), None)
        if gdb_index is not None:
            groups.setdefault(parts[gdb_index], []).append((member, parts[-1]))
        else:
            file = PurePosixPath(*parts)
            if file.suffix.lower() in _LAYER_SUFFIXES:
                groups.setdefault(file.with_suffix("").as_posix(), []).append((member, file.suffix.lower()))
    return {
        name: members
        for name, members in groups.items()
        if name.lower().endswith(".gdb") or any(suffix in _MAIN_SUFFIXES for _, suffix in members)
    }


def _named(archive: zipfile.ZipFile) -> list[tuple[zipfile.ZipInfo, str]]:
    """Return members with decoded names: without the UTF-8 flag, zipfile reads the bytes as code page 437."""
    members = archive.infolist()
    raw = [m.filename.encode("cp437", errors="replace") for m in members if not m.flag_bits & 0x800]
    decision = decide(raw)
    return [
        (m, m.filename if m.flag_bits & 0x800 else decode(m.filename.encode("cp437", errors="replace"), decision))
        for m in members
    ]


def _choose(data_sets: dict[str, list[tuple[zipfile.ZipInfo, str]]], table: str | None) -> tuple[str, str | None]:
    stems = {PurePosixPath(name).name: name for name in data_sets}
    if table is not None and table in stems:
        return stems[table], None
    if len(data_sets) == 1:
        name = next(iter(data_sets))
        is_shapefile = not name.lower().endswith(".gdb") and any(suffix == ".shp" for _, suffix in data_sets[name])
        if table is not None and is_shapefile:
            raise UnreadableError("missing-table", table=table, tables=", ".join(stems))
        return name, table
    if not data_sets:
        raise UnreadableError("unreadable-file", reason="the archive holds no layer")
    raise UnreadableError("missing-table" if table else "several-tables", tables=", ".join(stems), table=table or "")


def _extract(archive: zipfile.ZipFile, members: list[tuple[zipfile.ZipInfo, str]], folder: Path) -> Path:
    """Write members under generated names, so that no name in the archive is a path on this machine."""
    database = not any(suffix in _MAIN_SUFFIXES for _, suffix in members)
    target_folder = folder / "layer.gdb" if database else folder
    target_folder.mkdir(exist_ok=True)
    written = 0
    for member, name in members:
        target = target_folder / (Path(name).name if database else f"layer{name}")
        with archive.open(member) as source, target.open("wb") as sink:
            while chunk := source.read(_CHUNK):
                written += len(chunk)
                if written > MAX_BYTES:
                    raise UnreadableError("zip-bomb", megabytes=written / 1e6, members=len(members))
                sink.write(chunk)
    if database:
        return target_folder
    main = next(suffix for suffix in _MAIN_SUFFIXES if suffix in {s for _, s in members})
    return folder / f"layer{main}"
