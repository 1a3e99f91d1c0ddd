"""Isolation of GDAL: private folders with the files of one layer, no network, no concurrent change.

GDAL looks for companion files by name beside the one it is given, and takes ``!`` and ``;`` in a path for parts of an address;
so it never sees the user's own folder.
"""

from __future__ import annotations

import re
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pyogrio

from planner.io.table import UnreadableError
from planner.study.layer_files import layer_files, path_kind

if TYPE_CHECKING:
    from collections.abc import Iterator


_PLAIN_STEM = re.compile(r"^\w[\w .()\-]*$")
#: SQLite's magic of a rollback journal that has still to be applied
_HOT_JOURNAL = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
_WAL_MODE = b"\x02"
#: GDAL opens no address: no file over HTTP, no service, no cloud store, no definition of a coordinate system
NETWORK_OFF = {
    "CPL_VSIL_CURL_ALLOWED_FILENAME": "none",
    "GDAL_HTTP_PROXY": "none://none",
    "GDAL_HTTPS_PROXY": "none://none",
    "GDAL_HTTP_MAX_RETRY": "0",
}


@contextmanager
def staged(path: Path) -> Iterator[Path]:
    """Yield a temporary copy of the layer ``path`` that holds exactly its `layer_files`.

    Files are linked, not copied, but for a GeoPackage with a write-ahead log, which SQLite would recover in place.

    Raises
    ------
    UnreadableError
        two companions differ in the case of their names only, or a journal of the GeoPackage waits to be rolled back.
    """
    parts = layer_files(path)
    stem = path.stem if _PLAIN_STEM.match(path.stem) else "layer"
    main = f"{stem}{path.suffix.lower()}"
    may_link = _logged(path, parts) is False
    with TemporaryDirectory(prefix="planner-") as name:
        folder = Path(name)
        if path_kind(path) == "folder":
            (folder / main).mkdir()
            names = {part: f"{main}/{part.split('/', 1)[1]}" for part in parts}
        else:
            names = {part: _staged_name(part, path, stem) for part in parts}
        used_names: dict[str, str] = {}
        for part, as_named in names.items():
            if as_named in used_names:
                raise UnreadableError("two-sidecars", first=used_names[as_named], second=part)
            used_names[as_named] = part
            _put(parts[part], folder / as_named, link=may_link)
        yield folder / main


@contextmanager
def refuse_concurrent_change(path: Path) -> Iterator[None]:
    """Refuse a layer that changes while it is read.

    Raises
    ------
    UnreadableError
        a file of the layer is not what it was when reading began.
    """
    state_before = _state(path)
    yield
    state_after = _state(path)
    if state_after != state_before:
        changed = sorted(
            name for name in {*state_before, *state_after} if state_before.get(name) != state_after.get(name)
        )
        raise UnreadableError("changed-while-read", file=", ".join(changed))


def _state(path: Path) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for name, file in layer_files(path).items():
        stat = file.stat()
        found[name] = (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
    return found


def _staged_name(part: str, path: Path, stem: str) -> str:
    """Return a companion's name in the private folder: the layer's stem, and its ending in lower case."""
    if part.startswith(path.name):
        return f"{stem}{path.suffix.lower()}{part[len(path.name) :].lower()}"
    return f"{stem}{Path(part).suffix.lower()}"


def _logged(path: Path, parts: dict[str, Path]) -> bool:
    """Return whether a GeoPackage is in write-ahead mode, which a reader recovers by writing.

    Raises
    ------
    UnreadableError
        an interrupted change waits to be rolled back: what the file holds just now is neither old nor new.
    """
    if path.suffix.lower() != ".gpkg":
        return False
    file_headers = {}
    for name, file in parts.items():
        with file.open("rb") as stream:
            file_headers[name] = stream.read(20)
    journal = f"{path.name}-journal"
    if file_headers.get(journal, b"").startswith(_HOT_JOURNAL):
        raise UnreadableError("database-in-use", file=journal)
    return f"{path.name}-wal" in parts or _WAL_MODE in file_headers[path.name][18:20]


def _put(source: Path, target: Path, *, link: bool) -> None:
    if link:
        with suppress(OSError):  # Windows without the right to link
            target.symlink_to(source.absolute())
            return
    shutil.copyfile(source, target)


@contextmanager
def offline() -> Iterator[None]:
    """Deny GDAL all network access within the context."""
    state_before = {name: pyogrio.get_gdal_config_option(name) for name in NETWORK_OFF}
    pyogrio.set_gdal_config_options(NETWORK_OFF)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(state_before)
