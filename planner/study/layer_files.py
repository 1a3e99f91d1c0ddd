"""The files that one layer is read from: exactly these are hashed, and exactly these are shown to its reader."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

PathKind = Literal["absent", "file", "folder", "device"]

_SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_TABLE = (".dbf", ".cpg")
_WORLD = (".tfw", ".tifw", ".tiffw", ".wld")
_GEODATABASE = re.compile(r"^(?:a[0-9a-f]{8}\..+|gdb|timestamps)$", re.IGNORECASE)


def path_kind(path: Path) -> PathKind:
    """Return what lies at ``path``; a pipe, socket or device is a ``device``, and a name no system can hold is ``absent``."""
    try:
        if path.is_file():
            return "file"
        if path.is_dir():
            return "folder"
        return "device" if path.exists() else "absent"
    except (OSError, ValueError):
        return "absent"


def layer_files(path: Path) -> dict[str, Path]:
    """Return every file that a reader of the layer ``path`` may read: name beside the layer (or inside it) → file.

    Companions found by the letters of their name alone; ``[``, ``*`` and ``?`` in a name are letters like any other. A layer that
    is a folder gives the files in it. A layer that is absent gives nothing.
    """
    kind = path_kind(path)
    if kind == "folder":
        return {f"{path.name}/{name}": file for name, file in _inside(path).items()}
    if kind != "file":
        return {}
    suffix = path.suffix.lower()
    if suffix == ".shp":
        return _with_stem(path, _SHAPEFILE)
    if suffix == ".dbf":
        return _with_stem(path, _TABLE)
    if suffix == ".gpkg":
        # SQLite follows links before it looks for its log and journal
        home = path.resolve()
        beside = {f"{path.name}{ending}": home.with_name(home.name + ending) for ending in ("-wal", "-journal")}
        return {path.name: path, **{name: file for name, file in beside.items() if path_kind(file) == "file"}}
    if suffix in (".tif", ".tiff"):
        return {**_with_stem(path, (suffix, *_WORLD)), **_with_ending(path, (".aux.xml", ".msk"))}
    if suffix == ".asc":
        return {**_with_stem(path, (suffix, ".prj")), **_with_ending(path, (".aux.xml",))}
    return {path.name: path}


def _inside(folder: Path) -> dict[str, Path]:
    return {
        entry.name: entry
        for entry in sorted(folder.iterdir())
        if _GEODATABASE.match(entry.name) and path_kind(entry) == "file"
    }


def _with_stem(path: Path, suffixes: tuple[str, ...]) -> dict[str, Path]:
    return {
        entry.name: entry
        for entry in sorted(path.parent.iterdir())
        if entry == path
        or (
            entry.stem == path.stem
            and entry.suffix.lower() in suffixes
            and entry.suffix.lower() != path.suffix.lower()
            and path_kind(entry) == "file"
        )
    }


def _with_ending(path: Path, endings: tuple[str, ...]) -> dict[str, Path]:
    return {file.name: file for ending in endings if path_kind(file := path.with_name(path.name + ending)) == "file"}
