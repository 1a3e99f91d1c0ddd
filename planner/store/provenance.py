"""Where a run comes from: its input files, the study as settings, the versions that computed it."""

from __future__ import annotations

import hashlib
import json
import platform
from functools import cache, lru_cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner._version import __version__
from planner.study.connection import connection, is_connection
from planner.study.layer_files import layer_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.study import Study

#: packages whose version can change a result
_COMPUTING = (
    "geopandas",
    "highspy",
    "numba",
    "numpy",
    "osmium",
    "pandas",
    "pulp",
    "pyogrio",
    "pyproj",
    "scipy",
    "shapely",
)


def hashes_of(study: Study, folder: Path) -> dict[str, str]:
    """Return sha256 of every input file by its path as the study names it, companions (sidecars, logs of databases) included.

    Parameters
    ----------
    folder
        Where the study file lies; paths in the study are relative to it.
    """
    return hashes_in(study.layers.model_dump(mode="json"), folder)


def hashes_in(block: object, folder: Path) -> dict[str, str]:
    """Return the same for the paths that one block of a study names; a database is no file and has no checksum."""
    found: dict[str, str] = {}
    for named in sorted(set(_paths(block))):
        if is_connection(named):
            continue
        path = folder / named
        for name, part in layer_files(path).items():
            found[named.removesuffix(path.name) + name] = _sha256(part)
    return found


def without_checksum(study: Study) -> tuple[str, ...]:
    """Return the connections to databases that the layers of ``study`` are read from: nothing says what those held."""
    return databases_in(study.layers.model_dump(mode="json"))


def databases_in(block: object) -> tuple[str, ...]:
    """Return the same for one block of a study."""
    return tuple(sorted({connection(named) for named in _paths(block) if is_connection(named)}))


#: what decides the tables of a run
PACKAGES = ("study", "i18n", "io", "district", "access", "siting", "store", "workflow")

#: code, and what it reads of the package: catalogues, schema, standards
_SOURCES = {".py", ".po", ".toml", ".yaml", ".json"}


def digest_of(study: Study, inputs: Mapping[str, str]) -> str:
    """Return the sha256 of everything a run depends on: the study as settings, its input files, the planner itself."""
    settings = study.model_dump(mode="json", exclude={"scenarios"})
    return fingerprint([settings, dict(inputs), code_of(*PACKAGES)])


def fingerprint(values: object) -> str:
    """Return the sha256 of plain values, whatever the order of their keys."""
    text = json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def code_of(*parts: str) -> str:
    """Return the sha256 of the planner's version and of its code in ``parts``: packages or modules below ``planner``.

    Between two releases the version stands still while the code moves, and results with it.
    """
    root = Path(__file__).resolve().parents[1]
    sources: list[Path] = []
    for part in parts:
        found = [root / part] if part.endswith(".py") else [*(root / part).rglob("*")]
        if not any(path.suffix == ".py" and path.is_file() for path in found):
            raise FileNotFoundError(root / part)
        sources += [path for path in found if path.suffix in _SOURCES]
    seen = {path.relative_to(root).as_posix(): _sha256(path) for path in sorted(sources)}
    return fingerprint([__version__, seen])


@cache
def versions_of(*packages: str) -> str:
    """Return the versions of some installed packages in one text."""
    return " ".join(f"{name} {metadata.version(name)}" for name in packages)


def versions() -> dict[str, str]:
    """Return the versions of Python and of every package that can change a result."""
    return {
        "planner": __version__,
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in _COMPUTING},
    }


def _paths(block: Any) -> Iterator[str]:
    if isinstance(block, dict):
        if isinstance(block.get("path"), str):
            yield block["path"]
        for inner in block.values():
            yield from _paths(inner)
    elif isinstance(block, list):
        for inner in block:
            yield from _paths(inner)


def _sha256(path: Path) -> str:
    try:
        stat = path.stat()
        return _sha256_as_it_stands(path, (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))
    except OSError:
        return "unreadable"  # its reader says so, with the reason


@lru_cache(maxsize=4096)
def _sha256_as_it_stands(path: Path, state: tuple[int, ...]) -> str:  # noqa: ARG001 - it tells versions apart
    """Read a file once per process for as long as it stays the same: a hundred scenarios share their layers."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
