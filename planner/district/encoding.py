"""Decide in which encoding the texts of one file are written: over all its bytes, and never Latin-1 in silence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: a shapefile's field name holds this many bytes; a longer one is cut, in the middle of a character if need be
NAME_BYTES = 10


@dataclass(frozen=True, slots=True)
class Decision:
    """The encoding of a file, and what stood against it."""

    encoding: str
    """``ascii``, ``utf-8``, ``gb18030``, or what was declared."""
    undecodable: tuple[bytes, ...] = ()
    """Texts that are no text in it: the file mixes encodings, or is damaged."""


def decide(texts: Iterable[bytes], names: Sequence[bytes] = (), declared: str | None = None) -> Decision:
    """Decide the encoding of all ``texts`` and column ``names`` of one file together.

    A declared encoding wins if every text can be read in it. Else strict UTF-8 (a name may be cut inside its last
    character), else GB18030, else the one of the two that reads more texts, with the others named.
    """
    distinct = {text for text in texts if not text.isascii()}
    odd_names = [name for name in names if not name.isascii()]
    if not distinct and not odd_names:
        return Decision(declared or "ascii")
    order = [declared, "utf-8", "gb18030"] if declared else ["utf-8", "gb18030"]
    failures: list[tuple[str, tuple[bytes, ...]]] = []
    for encoding in dict.fromkeys(e for e in order if e is not None):
        bad = tuple(
            sorted(
                {text for text in distinct if not _reads(text, encoding)}
                | {name for name in odd_names if not _reads_cut(name, encoding)}
            )
        )
        if not bad:
            return Decision(encoding)
        failures.append((encoding, bad))
    best = min(failures, key=lambda failure: len(failure[1]))
    return Decision(*best)


def decode(text: bytes, encoding: str) -> str:
    """Return ``text`` read in ``encoding``; bytes that are no text become U+FFFD."""
    return text.decode(encoding, errors="replace")


def decode_name(name: bytes, encoding: str) -> str:
    """Return a column name read in ``encoding``; a last character that was cut is dropped."""
    for cut in range(4):
        try:
            return name[: len(name) - cut].decode(encoding)
        except UnicodeDecodeError:
            continue
    return decode(name, encoding)


def cut_name(name: str, encoding: str) -> str:
    """Return what a shapefile in ``encoding`` leaves of a column name: as many whole characters as fit in ten bytes."""
    return decode_name(name.encode(encoding, errors="replace")[:NAME_BYTES], encoding)


def _reads(text: bytes, encoding: str) -> bool:
    try:
        text.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return False
    return True


def _reads_cut(name: bytes, encoding: str) -> bool:
    if _reads(name, encoding):
        return True
    return len(name) >= NAME_BYTES - 2 and any(_reads(name[:-cut], encoding) for cut in (1, 2, 3))
