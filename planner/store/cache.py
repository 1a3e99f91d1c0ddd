"""What a stage found out, kept under a digest of exactly what it depends on.

Layout::

    <cache>/<stage>/<digest>/   entry.json  value.json  arrays.npz  frame*.parquet
    <cache>/locks/              held while a result is being made, so that it is made once

An entry is written aside and renamed, checked against its own checksums when read, and may vanish at any moment: whatever
is not there, or not whole, is made again. The whole folder can be deleted while runs are under way. The entries longest
out of use go when the limit is passed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import shutil
import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from planner.store.locks import locked
from planner.store.provenance import fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_log = logging.getLogger(__name__)

T = TypeVar("T")

LIMIT_BYTES = 4 * 2**30
"""What a cache may hold unless it is told otherwise."""

FORMAT = 1
"""Raised when entries of before can no longer be read."""

IN_MEMORY = 32
"""Results a process keeps in memory: the ground of three or four studies."""

_LEFT_BEHIND_S = 24 * 3600.0

How = Literal["made", "kept", "at hand"]


@dataclass(frozen=True)
class StageResult(Generic[T]):
    """A stage's result, and the digest of everything it depends on."""

    value: T
    digest: str


@dataclass(frozen=True)
class CacheEvent:
    """How one stage of one run came by its result."""

    stage: str
    digest: str
    how: How
    why: str


@dataclass
class Cache:
    """Results of stages, in memory and below ``folder``; with no folder, in memory alone.

    Parameters
    ----------
    folder
        Where entries lie. If it cannot be written, results are made and not kept.
    limit_bytes
        Of all entries together.
    """

    folder: Path | None
    limit_bytes: int = LIMIT_BYTES
    events: list[CacheEvent] = field(default_factory=list)
    """What was asked for since the list was last cleared."""
    _in_memory: OrderedDict[str, Any] = field(default_factory=OrderedDict)

    def get_or_compute(
        self,
        stage: str,
        depends_on: Mapping[str, str],
        make: Callable[[], T],
        *,
        shared: Mapping[str, object] | None = None,
        store_if: Callable[[T], bool] = lambda _: True,
        on_disk: bool = True,
    ) -> StageResult[T]:
        """Return the result of a stage: from memory, from disk, or made now.

        Parameters
        ----------
        stage
            Its name; one kind of result for one name (``walks of elder`` is of kind ``walks``).
        depends_on
            Ingredient → digest of it. Everything the result depends on, and nothing else.
        make
            Makes the result; its exceptions pass through, and nothing is kept.
        shared
            Parts of the result that other entries hold.
        store_if
            Says of a result made whether another run may have it too.
        on_disk
            Whether other processes may have it, or this one alone.
        """
        only = self._each({"": stage}, {"": depends_on}, lambda _: {"": make()}, shared, store_if, on_disk=on_disk)
        return only[""]

    def get_or_compute_each(
        self,
        kind: str,
        depends_on: Mapping[str, Mapping[str, str]],
        make: Callable[[Sequence[str]], Mapping[str, T]],
    ) -> dict[str, StageResult[T]]:
        """Return results of one kind that are made more cheaply together than one by one, by name.

        Parameters
        ----------
        kind
            The stage of ``elder`` is called ``<kind> of elder``.
        depends_on
            Name → what its result depends on, as in `get_or_compute`; what else is made with it must not matter.
        make
            Makes the results of the names given: all those that are neither at hand nor kept.
        """
        stages = {name: f"{kind} of {name}" for name in depends_on}
        return self._each(stages, depends_on, make, None, lambda _: True, on_disk=True)

    def _each(
        self,
        stages: Mapping[str, str],
        depends_on: Mapping[str, Mapping[str, str]],
        make: Callable[[Sequence[str]], Mapping[str, T]],
        shared: Mapping[str, object] | None,
        store_if: Callable[[T], bool],
        *,
        on_disk: bool,
    ) -> dict[str, StageResult[T]]:
        digests = {
            name: fingerprint({"stage": stage, "format": str(FORMAT), **depends_on[name]})
            for name, stage in stages.items()
        }
        folder = self.folder if on_disk else None
        entries = {name: folder and folder / _kind(stages[name]) / digest for name, digest in digests.items()}
        found: dict[str, T] = {}
        for name, digest in digests.items():
            if digest in self._in_memory:
                self._in_memory.move_to_end(digest)
                self._tell(stages[name], digest, "at hand", "made or read before in this process")
                found[name] = self._in_memory[digest]

        def still_missing() -> list[str]:
            """Take what is on disk; give the names of what is not."""
            for name in [name for name in digests if name not in found]:
                digest = digests[name]
                there, value = self._read(entries[name], shared)
                if there:
                    self._tell(stages[name], digest, "kept", f"all of {', '.join(depends_on[name])} as they were")
                    self._remember(digest, value)
                    found[name] = value
            return [name for name in digests if name not in found]

        missing = still_missing()
        with contextlib.ExitStack() as held:
            if missing and folder is not None:
                # Whoever needs several takes their locks in one order, so that no two wait for each other.
                for digest in sorted(digests[name] for name in missing):
                    held.enter_context(locked(folder / "locks" / f"{digest[:32]}.lock"))
                missing = still_missing()
            made = make(missing) if missing else {}
            for name in missing:
                digest, entry, value = digests[name], entries[name], made[name]
                why = "not in this process yet" if entry is None else _difference(entry, depends_on[name])
                self._tell(stages[name], digest, "made", why)
                if store_if(value):
                    self._remember(digest, value)
                    if entry is not None:
                        self._keep(entry, stages[name], depends_on[name], value, shared=shared)
                found[name] = value
        return {name: StageResult(found[name], digest) for name, digest in digests.items()}

    def _remember(self, digest: str, value: object) -> None:
        self._in_memory[digest] = value
        while len(self._in_memory) > IN_MEMORY:
            self._in_memory.popitem(last=False)

    def _tell(self, stage: str, digest: str, how: How, why: str) -> None:
        self.events.append(CacheEvent(stage, digest, how, why))
        _log.info("%s %s: %s (%s)", stage, digest[:8], how, why)

    def _read(self, entry: Path | None, shared: Mapping[str, object] | None) -> tuple[bool, Any]:
        """Return whether the entry is there and whole, and its value."""
        if entry is None or not entry.is_dir():
            return False, None
        from planner.store.codec import read_value  # noqa: PLC0415 - a batch that has nothing to do never needs it

        try:
            stored = json.loads((entry / "entry.json").read_text(encoding="utf-8"))
            for name, sha256 in stored["files"].items():
                if _sha256(entry / name) != sha256:
                    raise ValueError(f"{name} is not what was written")  # noqa: TRY301 - as any other damage
            value = read_value(entry, shared)
            os.utime(entry / "entry.json")
        except (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError) as fault:
            _log.info("%s cannot be used (%s); made again", entry, fault)
            _remove(entry)
            return False, None
        return True, value

    def _keep(
        self,
        entry: Path,
        stage: str,
        depends_on: Mapping[str, str],
        value: object,
        *,
        shared: Mapping[str, object] | None,
    ) -> None:
        from planner.store.codec import UncodableError, write_value  # noqa: PLC0415

        aside = entry.with_name(f".{entry.name[:16]}.{uuid.uuid4().hex[:8]}.part")
        try:
            aside.mkdir(parents=True)
            write_value(value, aside, shared)
            files = sorted(path for path in aside.iterdir() if path.is_file())
            stored = {
                "stage": stage,
                "depends_on": dict(depends_on),
                "files": {path.name: _sha256(path) for path in files},
                "bytes": sum(path.stat().st_size for path in files),
            }
            (aside / "entry.json").write_text(json.dumps(stored, ensure_ascii=False, indent=1), encoding="utf-8")
            if not entry.exists():
                aside.rename(entry)
        except (OSError, UncodableError) as fault:
            _log.warning("the result of %s is not kept: %s", stage, fault)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        self._stay_within_limit()

    def _stay_within_limit(self) -> None:
        if self.folder is None:
            return
        entries = sorted(_entries(self.folder))
        total = sum(size for _, size, _ in entries)
        for _, size, entry in entries:
            if total <= self.limit_bytes:
                break
            _remove(entry)
            total -= size
        for aside in self.folder.glob("*/.*.part"):  # of processes that died
            with contextlib.suppress(OSError):
                if time.time() - aside.stat().st_mtime > _LEFT_BEHIND_S:
                    shutil.rmtree(aside, ignore_errors=True)


def default_folder(store: Path | None) -> Path | None:
    """Return where results are kept: ``PLANNER_CACHE`` if it is set (``off``: nowhere), else ``.cache`` in the store of runs."""
    said = os.environ.get("PLANNER_CACHE", "")
    if said.lower() == "off":
        return None
    return Path(said) if said else None if store is None else store / ".cache"


def _kind(stage: str) -> str:
    return stage.split(" ", 1)[0]


def _entries(folder: Path) -> Iterator[tuple[float, int, Path]]:
    """Give (last used, bytes, folder) of every entry."""
    for entry in folder.glob("*/*/entry.json"):
        with contextlib.suppress(OSError, ValueError, KeyError):
            size = int(json.loads(entry.read_text(encoding="utf-8"))["bytes"])
            yield entry.stat().st_mtime, size, entry.parent


def _difference(entry: Path, depends_on: Mapping[str, str]) -> str:
    """Say in what the nearest entry of the same kind differs."""
    nearest: list[str] | None = None
    for path in entry.parent.glob("*/entry.json"):
        with contextlib.suppress(OSError, ValueError, KeyError):
            other: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))["depends_on"]
            differing = [name for name in {**depends_on, **other} if depends_on.get(name) != other.get(name)]
            if nearest is None or len(differing) < len(nearest):
                nearest = differing
    if nearest is None:
        return "none is kept yet"
    return f"differs from the nearest one kept in {', '.join(nearest)}" if nearest else "the one kept was not whole"


def _remove(entry: Path) -> None:
    """Take an entry away at once, for whoever looks; then its files."""
    trash = entry.with_name(f".{entry.name[:16]}.{uuid.uuid4().hex[:8]}.part")
    with contextlib.suppress(OSError):
        entry.rename(trash)
        shutil.rmtree(trash, ignore_errors=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
