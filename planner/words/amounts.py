"""Amounts as planners read them: whole people, percent, 万元 in Chinese."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from planner.words.say import say

if TYPE_CHECKING:
    from planner.words.say import Language


def whole(value: float) -> str:
    """Return people as a whole number with thousands separators, halves rounded up (as the page does).

    A millionth is given on top, so that 15.4999999999 from a sum of floats and 15.5 read the same.
    """
    return f"{math.floor(value + 0.500001):,}"


def signed(value: float) -> str:
    """Return a change of people with its sign; no change is a plain 0."""
    text = whole(abs(value))
    return text if text == "0" else ("+" if value > 0 else "−") + text


#: what sums of floats leave of a share that is exactly 0 or 1; one person of a hundred million is ten times as much
NOISE = 1e-9


def percent(share: float) -> str:
    """Return a share in percent with one decimal; only everybody is 100 %, only nobody is 0 % (rounding noise aside)."""
    tenths = math.floor(share * 1000 + 0.5)
    if share < 1 - NOISE:
        tenths = min(tenths, 999)
    if share > NOISE:
        tenths = max(tenths, 1)
    return f"{tenths / 10:.1f} %"


def gap_text(gap: float | None) -> str:
    """Return how far bound and plan lie apart, in percent with two decimals; a gap too small to be written is said to be so."""
    if gap is None or not math.isfinite(gap):
        return "–"
    if NOISE < gap < 5e-5:
        return "< 0.01 %"
    return f"{100 * gap:.2f} %" if gap > NOISE else "0.00 %"


def yuan(value: float, language: Language) -> str:
    """Return money as planners write it: 万元 in Chinese, plain yuan in English."""
    if language == "zh" and value >= 10_000:
        return f"{value / 10_000:,.2f}".rstrip("0").rstrip(".") + " 万元"
    return f"{whole(value)} {say('report.yuan', language)}"


def named(name: str, place_id: str) -> str:
    """Return a place by name and id, the id once where the name holds it; a place without a name by its id."""
    words = name.split()
    if not words:
        return place_id
    told = " ".join(words)
    return told if place_id in words else f"{told} ({place_id})"
