"""Paths that are no files: connections to a PostGIS database, and the passwords that must not stand in them."""

from __future__ import annotations

import re
from pathlib import PurePath

#: what a study says of a connection with a password in it
NO_PASSWORDS = (
    "holds a password, which every run made of it would keep → take it out; PostgreSQL finds it in PGPASSWORD, in its"
    " password file (.pgpass) or through service=…"
)
#: how a connection begins, at the beginning or after the folder that was put before it; `Path` makes one slash of two
_BEGINS = re.compile(r"(?:^|(?<=[/\\]))(?:PG:|postgres(?:ql)?:/)", re.IGNORECASE)
_QUOTED = r"'(?:[^'\\]|\\.)*'"
_SECRET = re.compile(rf"(password\s*=\s*)(?:{_QUOTED}|[^\s&]+)|(:/{{1,2}}[^:@/\s]*:)\S*(?=@)", re.IGNORECASE)
_SCHEME = re.compile(r"^\s*[a-z][a-z0-9+.-]+:", re.IGNORECASE)


def is_connection(path: PurePath | str) -> bool:
    """Tell whether a layer's path is a connection: ``PG:host=… dbname=…`` or ``postgresql://host/dbname``."""
    return _BEGINS.search(_text(path)) is not None


def connection(path: PurePath | str) -> str:
    """Return the connection as a database wants it: without the folder before it, with both slashes.

    Raises
    ------
    ValueError
        ``path`` is no connection.
    """
    text = _text(path)
    begins = _BEGINS.search(text)
    if begins is None:
        msg = "a path that is no connection"
        raise ValueError(msg)
    return re.sub(r"^(postgres(?:ql)?:)/+", r"\1//", text[begins.start() :], flags=re.IGNORECASE)


def holds_secret(text: str) -> bool:
    """Tell whether ``text`` is a connection, to whatever kind of database, with a password in it."""
    return (_SCHEME.match(text) is not None or is_connection(text)) and _SECRET.search(text) is not None


def without_secrets(text: str) -> str:
    """Return ``text`` with stars in the place of passwords."""
    return _SECRET.sub(lambda found: f"{found[1] or found[2]}***", text)


def _text(path: PurePath | str) -> str:
    return path.as_posix() if isinstance(path, PurePath) else path
