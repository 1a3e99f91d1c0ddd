"""Figures as planners read them: whole people, shares with one decimal, gaps with two.

Babel's own forms differ from these on purpose: a share is never rounded to 0 % or 100 % unless it is exactly that.
"""

from __future__ import annotations

import math

#: rounding error of a sum of floats whose exact share is 0 or 1; one person in a hundred million is ten times as much
SHARE_TOLERANCE = 1e-9


def format_count(value: float) -> str:
    """Return people as a whole number with thousands separators, halves rounded up (as the pages do).

    A millionth is added, so that 15.4999999999 from a sum of floats and 15.5 read the same.

    >>> format_count(1234.5)
    '1,235'
    """
    return f"{math.floor(value + 0.500001):,}"


def format_change(value: float) -> str:
    """Return a change of people with its sign; no change is a plain 0.

    >>> format_change(-12.0)
    '−12'
    """
    text = format_count(abs(value))
    return text if text == "0" else ("+" if value > 0 else "−") + text


def format_share(share: float) -> str:
    """Return a share in percent with one decimal; only 1 is 100 % and only 0 is 0 %, within the rounding error of floats.

    >>> format_share(0.9999)
    '99.9 %'
    """
    tenths = math.floor(share * 1000 + 0.5)
    if share < 1 - SHARE_TOLERANCE:
        tenths = min(tenths, 999)
    if share > SHARE_TOLERANCE:
        tenths = max(tenths, 1)
    return f"{tenths / 10:.1f} %"


def format_gap(gap: float | None) -> str:
    """Return the relative gap between bound and plan in percent with two decimals; a positive gap below 0.005 % as ``< 0.01 %``.

    >>> format_gap(0.0305)
    '3.05 %'
    """
    if gap is None or not math.isfinite(gap):
        return "–"
    if SHARE_TOLERANCE < gap < 5e-5:
        return "< 0.01 %"
    return f"{100 * gap:.2f} %" if gap > SHARE_TOLERANCE else "0.00 %"


def name_with_id(name: str, place_id: str) -> str:
    """Return a place by name and id, the id once where the name holds it; a place without a name by its id.

    >>> name_with_id("Town hall", "s7")
    'Town hall (s7)'
    """
    parts = name.split()
    if not parts:
        return place_id
    plain = " ".join(parts)
    return plain if place_id in parts else f"{plain} ({place_id})"
