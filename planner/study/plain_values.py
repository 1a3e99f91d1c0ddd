"""What a person wrote in a study file: codes with their zeros, composed characters, paths as they lie on the disk."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ruamel.yaml.scalarint import ScalarInt

from planner.study.connection import is_connection

if TYPE_CHECKING:
    from pathlib import Path

#: characters without width that come along when a text is copied from a web page
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u2060\ufeff"))


def plain_scalar(item: Any) -> Any:
    """Return a scalar of a YAML file as a plain value; ``0310111`` stays the code it is, and no number.

    Texts are composed (NFC) and lose characters without width, so that they equal what they look like.
    """
    if isinstance(item, ScalarInt) and type(item) is ScalarInt:
        digits = str(abs(int(item)))
        width = getattr(item, "_width", None) or 0
        # the reader keeps the width of a number with leading zeros (the sign is part of it)
        padded = digits.zfill(width - (1 if item < 0 else 0)) if item >= 0 else digits
        return padded if len(padded) > len(digits) else int(item)
    for kind in (bool, int, float, str):
        if isinstance(item, kind):
            return tidy(str(item)) if kind is str else kind(item)
    return item


def tidy(text: str) -> str:
    """Return ``text`` composed (NFC) and without characters that have no width."""
    return text if text.isascii() else unicodedata.normalize("NFC", text).translate(_INVISIBLE)


def match_paths_on_disk(values: Any, folder: Path) -> None:
    """Write every ``path`` below ``layers`` as its file is named; systems differ in how they store ``é`` and the separator."""
    if isinstance(values, Mapping):
        for key, value in list(values.items()):
            if key == "path" and isinstance(value, str) and value and not is_connection(value):
                values[key] = _as_on_disk(value, folder)  # type: ignore[index]
            else:
                match_paths_on_disk(value, folder)
    elif isinstance(values, list):
        for value in values:
            match_paths_on_disk(value, folder)


def _as_on_disk(path: str, folder: Path) -> str:
    try:
        if (folder / path).exists():
            return path
        here, steps = folder, []
        slashed = path.replace("\\", "/")
        if slashed.startswith("/"):
            return slashed
        for step in slashed.split("/"):
            name = step
            if step not in ("", ".", "..") and not (here / step).exists() and here.is_dir():
                name = next((p.name for p in here.iterdir() if tidy(p.name) == tidy(step)), step)
            here /= name
            steps.append(name)
        return "/".join(steps)
    except (OSError, ValueError):
        return path
