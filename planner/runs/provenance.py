"""Where a run comes from: its input files, the study as asked, the versions that computed it."""

from __future__ import annotations

import hashlib
import json
import platform
from importlib import metadata
from typing import TYPE_CHECKING, Any

from planner._version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

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
    """Return sha256 of every input file by its path as the study names it; a shapefile counts with its sidecar files.

    Parameters
    ----------
    folder
        Where the study file lies; paths in the study are relative to it.
    """
    found: dict[str, str] = {}
    for named in sorted(_paths(study.layers.model_dump(mode="json"))):
        path = folder / named
        whole = [path] if path.suffix.lower() != ".shp" else sorted(path.parent.glob(f"{path.stem}.*"))
        for part in whole:
            if part.is_file():
                found[named.removesuffix(path.name) + part.name] = _sha256(part)
            elif part.is_dir():
                for inner in sorted(item for item in part.rglob("*") if item.is_file()):
                    found[f"{named}/{inner.relative_to(part).as_posix()}"] = _sha256(inner)
    return found


def digest_of(study: Study, inputs: Mapping[str, str]) -> str:
    """Return the sha256 of everything a run depends on: the study as asked, its input files, the planner's version."""
    asked = study.model_dump(mode="json", exclude={"scenarios"})
    text = json.dumps([asked, dict(inputs), __version__], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


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
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
