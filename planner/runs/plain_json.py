"""JSON as RFC 8259 has it: a number that is not finite has no literal there, so it is written as null."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

__all__ = ["finite", "plain_json"]


def plain_json(value: object, *, sort_keys: bool = False) -> str:
    """Return ``value`` as indented JSON; NaN and infinities are null, as in the tables of a page.

    >>> print(plain_json({"bound": float("inf")}))
    {
      "bound": null
    }
    """
    return json.dumps(finite(value), ensure_ascii=False, indent=2, sort_keys=sort_keys, allow_nan=False)


def finite(value: Any) -> Any:
    """Return plain values (mappings, sequences, numbers, texts) with None in the place of every number that is not finite."""
    if isinstance(value, Mapping):
        return {name: finite(held) for name, held in value.items()}
    if isinstance(value, list | tuple):
        return [finite(held) for held in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
