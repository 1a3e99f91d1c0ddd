"""OpenStreetMap files unpacked within bounds: gzip, bzip2, and the frames of PBF."""

from __future__ import annotations

import bz2
import gzip
import struct
import zlib
from typing import TYPE_CHECKING, Any

import osmium

from planner.district.files.raw import UnreadableError
from planner.study.parts import sort_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: what a file may unpack to, whatever its size
MOST_BYTES = 8_000_000_000
#: what a larger file may unpack to in proportion; maps stay under 25
MOST_RATIO = 60
RATIO_FROM_BYTES = 64_000_000
#: of a PBF file the whole is held in memory
MOST_PBF_BYTES = 2_000_000_000
#: what the format allows a part of a PBF file to be, packed or unpacked
MOST_BLOB_BYTES = 32 * 2**20
_MOST_HEADER_BYTES = 64 * 2**10
#: a part holds 8,000 objects at most, by the format's rules, and each group of them is a field
_MOST_FIELDS = 20_000

_CHUNK = 1 << 22
_NODE_KINDS = 2


def refuse_no_file(path: Path) -> None:
    """Refuse what is no regular file: a pipe or a device never ends.

    Raises
    ------
    UnreadableError
        With the sort of thing that lies there.
    """
    sort = sort_of(path)
    if sort == "absent":
        raise UnreadableError("missing-file", near="")
    if sort != "file":
        raise UnreadableError("no-file", sort=f"@path_{sort}")


def source_of(path: Path) -> Any:
    """Return what osmium is to read: a PBF file from memory, since osmium leaves a damaged one open; others by their path.

    Raises
    ------
    UnreadableError
        The PBF file is too large.
    """
    if not path.name.lower().endswith(".pbf"):
        return osmium.io.File(str(path.absolute()))
    size = path.stat().st_size
    if size > MOST_PBF_BYTES:
        raise UnreadableError("file-too-large", megabytes=size / 1e6, most=MOST_PBF_BYTES / 1e6)
    return osmium.io.FileBuffer(path.read_bytes(), "pbf")


def unpacked(path: Path, folder: Path) -> Path:
    """Unpack a compressed file once, for all who read it; a damaged one is left for osmium, which says what is wrong.

    Raises
    ------
    UnreadableError
        It would unpack to more than a map does.
    """
    suffix = path.suffix.lower()
    if suffix not in {".bz2", ".gz"}:
        return path
    plain = folder / "plain.osm"
    size = path.stat().st_size
    try:
        with bz2.open(path) if suffix == ".bz2" else gzip.open(path) as source, plain.open("wb") as out:
            while chunk := source.read(_CHUNK):
                if not out.tell() and not chunk.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
                    return path
                out.write(chunk)
                _refuse_bomb(out.tell(), size)
    except (EOFError, zlib.error, OSError):
        return path
    return plain


def refuse_packed(path: Path) -> None:
    """Refuse a PBF file whose parts say that they would unpack to more than a map does; nothing is unpacked.

    Raises
    ------
    UnreadableError
        With the size it claims.
    """
    size, whole = path.stat().st_size, 0
    try:
        for _, blob in _blobs(path):
            claimed = blob.get(2, 0)
            whole += claimed if isinstance(claimed, int) else 0
            _refuse_bomb(whole, size)
    except (ValueError, LookupError, struct.error):
        return  # osmium says what is wrong with it


def groups(path: Path) -> Iterator[tuple[int, int]]:
    """Give kind (1 node, 3 way, 4 relation) and first id of each group of objects in a PBF file.

    Raises
    ------
    ValueError, LookupError, struct.error, zlib.error
        The file is damaged.
    """
    for kind, blob in _blobs(path):
        if kind != b"OSMData":
            continue
        for number, group in _fields(_inflated(blob)):
            if number == 2 and isinstance(group, bytes):
                first = next(_fields(group), None)
                if first is not None and isinstance(first[1], bytes):
                    yield _first_of(first[0], first[1])


def _refuse_bomb(whole: int, size: int) -> None:
    if whole > MOST_BYTES or (whole > RATIO_FROM_BYTES and whole > MOST_RATIO * size):
        raise UnreadableError("osm-bomb", megabytes=whole / 1e6, packed=size / 1e6, ratio=MOST_RATIO)


def _blobs(path: Path) -> Iterator[tuple[object, dict[int, int | bytes]]]:
    """Give type and fields of each part of a PBF file."""
    with path.open("rb") as file:
        while size := file.read(4):
            header = dict(_fields(file.read(_bounded(struct.unpack(">I", size)[0], _MOST_HEADER_BYTES))))
            yield header[1], dict(_fields(file.read(_bounded(header[3], MOST_BLOB_BYTES))))


def _bounded(length: int | bytes, most: int) -> int:
    if not isinstance(length, int) or length > most:
        raise ValueError(length)
    return length


def _inflated(blob: dict[int, int | bytes]) -> bytes:
    """Return the content of a part; nothing where it is packed by another method than zlib."""
    plain, packed = blob.get(1), blob.get(3)
    if isinstance(plain, bytes):
        return plain
    return zlib.decompressobj().decompress(packed, MOST_BLOB_BYTES) if isinstance(packed, bytes) else b""


def _first_of(kind: int, content: bytes) -> tuple[int, int]:
    """Kind and id of the first object of a group; dense nodes are nodes."""
    number = next((value for field, value in _fields(content) if field == 1), 0)
    if isinstance(number, bytes):
        number = _varint(number, 0)[0]
    if kind <= _NODE_KINDS:
        return 1, (number >> 1) ^ -(number & 1)
    return kind, number - (1 << 64) if number >= 1 << 63 else number


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Give number and content of each field of a protobuf message."""
    at = count = 0
    while at < len(message):
        count += 1
        if count > _MOST_FIELDS:
            raise ValueError(count)
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield key >> 3, value
        elif kind == 2:
            length, at = _varint(message, at)
            yield key >> 3, message[at : at + length]
            at += length
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        else:
            raise ValueError(kind)


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
