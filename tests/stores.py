"""Two stores of runs compared byte for byte, the clock left out."""

import json
from pathlib import Path


def contents(store: Path) -> dict[str, bytes]:
    """Every file of every run by path, without timings; the cache is no part of a store."""
    return {
        path.relative_to(store).as_posix(): _timeless(path)
        for path in sorted(store.rglob("*"))
        if path.is_file() and ".cache" not in path.parts
    }


def _timeless(path: Path) -> bytes:
    if path.name != "manifest.json":
        return path.read_bytes()
    told = json.loads(path.read_text(encoding="utf-8"))
    del told["timings_s"], told["result"]["seconds"]
    return json.dumps(told, sort_keys=True).encode()


def differences(one: Path, other: Path) -> list[str]:
    """Paths that one of two stores lacks, or that differ."""
    first, second = contents(one), contents(other)
    return sorted(path for path in first.keys() | second.keys() if first.get(path) != second.get(path))
