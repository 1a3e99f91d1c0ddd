"""Detection of the text encoding of a file over all its bytes; Latin-1 is never assumed silently."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


#: length of a shapefile's field name in bytes; longer ones are truncated, even inside a character
NAME_BYTES = 10
#: encodings in which any byte sequence is valid: successful decoding is no evidence
_ONE_BYTE = re.compile(r"^(iso8859-\d+|latin.*|cp125\d|cp(437|850|852|858|866)|mac-.*|koi8-.*|charmap)$")
_NUMBERED = re.compile(rb"^(.+)(_\d{1,2})$", re.DOTALL)
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
#: minimum share of non-ASCII bytes in runs of two or more for Chinese text; in German or French they are isolated
_PAIRED = 0.6


@dataclass(frozen=True, slots=True)
class Decision:
    """Detected encoding of a file and contrary evidence."""

    encoding: str
    """Python's name: ``ascii``, ``utf-8``, ``gb18030``, ``cp1252``, or what was declared."""
    declared: str | None = None
    """Encoding declared by the file or the study."""
    contradicted: bool = False
    """The bytes are not in the declared encoding."""
    guessed: bool = False
    """The bytes fit neither UTF-8 nor Chinese and nothing was declared."""
    undecodable: frozenset[bytes] = frozenset()
    """Texts that are no text in it: the file mixes encodings, or is damaged."""


def decide(texts: Iterable[bytes], names: Sequence[bytes] = (), declared: str | None = None) -> Decision:
    """Decide the encoding of all ``texts`` and column ``names`` of one file together.

    In this order: the declared encoding, if every text can be read in it (a one-byte encoding reads anything, so it
    gives way to bytes that are plainly UTF-8 or Chinese); strict UTF-8 (a name may be cut inside its last character);
    GB18030, if the bytes above ASCII stand in pairs; else Windows-1252, called a guess. A file that is UTF-8 or
    Chinese but for some texts mixes encodings: those are named.
    """
    non_ascii = {text for text in texts if not text.isascii()}
    non_ascii_names = {name for name in names if not name.isascii()}
    declared_encoding = known_encoding(declared)
    if not non_ascii and not non_ascii_names:
        return Decision(declared_encoding or "ascii", declared)
    undecodable = {
        encoding: _unreadable(non_ascii, non_ascii_names, encoding)
        for encoding in dict.fromkeys((declared_encoding, "utf-8", "gb18030"))
        if encoding
    }
    chinese = _stands_in_pairs(non_ascii | non_ascii_names)
    if (
        declared_encoding is not None
        and not undecodable[declared_encoding]
        and not (_ONE_BYTE.match(declared_encoding) and (not undecodable["utf-8"] or chinese))
    ):
        return Decision(declared_encoding, declared)
    contradicted = declared is not None
    if not undecodable["utf-8"]:
        return Decision("utf-8", declared, contradicted)
    if not undecodable["gb18030"] and chinese:
        return Decision("gb18030", declared, contradicted)
    if not chinese and len(undecodable["utf-8"]) == len(non_ascii | non_ascii_names):
        return Decision("cp1252", declared, contradicted, guessed=True)
    most_likely = min(("utf-8", "gb18030"), key=lambda encoding: len(undecodable[encoding]))
    return Decision(most_likely, declared, contradicted=False, undecodable=frozenset(undecodable[most_likely]))


def known_encoding(name: str | None) -> str | None:
    """Return Python's name of an encoding, None if unknown; GB2312 and GBK are read as GB18030."""
    if not name:
        return None
    name = name.strip().lower()
    name = {"936": "gb18030", "cp936": "gb18030", "gbk": "gb18030", "gb2312": "gb18030", "65001": "utf-8"}.get(
        name, name
    )
    name = f"cp{name.removeprefix('ansi ').strip()}" if name.removeprefix("ansi ").strip().isdigit() else name
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return {"gbk": "gb18030", "gb2312": "gb18030", "cp936": "gb18030"}.get(found, found)


def decode(text: bytes, decision: Decision) -> str:
    """Return ``text`` as decided; one that is no text in the file's encoding is tried in the other one.

    Bytes that are text in neither become U+FFFD.
    """
    if text in decision.undecodable:
        other = "utf-8" if decision.encoding == "gb18030" else "gb18030"
        if _reads(text, other):
            return text.decode(other)
    return text.decode(decision.encoding, errors="replace")


def decode_name(name: bytes, encoding: str) -> str:
    """Return a column name read in ``encoding``; a character that was cut is dropped, also before a ``_1``."""
    stem, number = _without_number(name)
    for whole, rest in ((name, b""), (stem, number)):
        for n_bytes_cut in range(4):
            try:
                return whole[: len(whole) - n_bytes_cut].decode(encoding) + rest.decode("ascii")
            except UnicodeDecodeError:
                continue
    return name.decode(encoding, errors="replace")


def cut_name(name: str, encoding: str, length: int = NAME_BYTES) -> str:
    """Return what a shapefile in ``encoding`` leaves of a column name: as many whole characters as fit in ``length`` bytes."""
    content = name.encode(encoding, errors="replace")[:length]
    for n_bytes_cut in range(4):
        try:
            return content[: len(content) - n_bytes_cut].decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode(encoding, errors="replace")


def _without_number(name: bytes) -> tuple[bytes, bytes]:
    """Split off what a shapefile writer puts behind a name that is equal to another one after cutting."""
    found = _NUMBERED.match(name)
    return (found[1], found[2]) if found else (name, b"")


def _unreadable(texts: set[bytes], names: set[bytes], encoding: str) -> set[bytes]:
    return {text for text in texts if not _reads(text, encoding)} | {
        name for name in names if not _reads_cut(name, encoding)
    }


def _reads(text: bytes, encoding: str) -> bool:
    try:
        text.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return False
    return True


def _reads_cut(name: bytes, encoding: str) -> bool:
    if _reads(name, encoding):
        return True
    if len(name) < NAME_BYTES - 2:
        return False
    stem, number = _without_number(name)
    return any(
        _reads(part[:-n_bytes_cut], encoding) for part in ([stem] if number else [name]) for n_bytes_cut in (1, 2, 3)
    )


def _stands_in_pairs(texts: Iterable[bytes]) -> bool:
    """Return whether non-ASCII bytes occur in runs of two or more, as in GBK or UTF-8, rather than singly as in Latin-1."""
    runs = [len(run) for text in texts for run in _HIGH_RUN.findall(text)]
    return sum(length for length in runs if length > 1) >= _PAIRED * sum(runs)
