"""Cells as texts: one form for every way in which the same characters, numbers and lists are stored."""

from __future__ import annotations

import unicodedata

import numpy as np
import pandas as pd

#: characters without width that come along when a name is copied from a web page or a form
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u2060\ufeff\u00ad"))
#: from here on neighbouring integers are one floating-point number
EXACT = 2.0**53


def as_text(value: object) -> str:
    """Return a cell as text without blanks around it; empty for nothing, ``12`` for 12.0, ``a;b`` for a list."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    if isinstance(value, list | tuple | np.ndarray):
        return ";".join(text for item in value if (text := as_text(item)))
    return clean(str(value)).strip()


def clean(text: str) -> str:
    """Return ``text`` composed (NFC) and without characters that have no width."""
    return text if text.isascii() else unicodedata.normalize("NFC", text).translate(_INVISIBLE)


def folded(name: str) -> str:
    """Return a name as it is compared: half width, lower case, no blanks around it."""
    return unicodedata.normalize("NFKC", clean(name)).strip().casefold()


def inexact(value: object) -> bool:
    """Tell whether a number stands for several integers, so that it can be nobody's code."""
    return isinstance(value, float | np.floating) and bool(abs(float(value)) >= EXACT)
