"""Columns of numbers as short text: bytes in base64, little-endian, that a page turns back into typed arrays without loss."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SEVEN_BITS = 9  # 7 bits each: numbers below 2^63


def pack_bytes(values: NDArray[np.uint8]) -> str:
    """Return bytes as base64."""
    return base64.b64encode(np.ascontiguousarray(values, dtype=np.uint8).tobytes()).decode("ascii")


def pack_counts(values: NDArray[np.integer]) -> str:
    """Return whole numbers ≥ 0 in digits of seven bits, least first, the eighth bit saying that more follow."""
    numbers = np.asarray(values, dtype=np.int64)
    if numbers.size and numbers.min() < 0:
        msg = f"counts are never negative (got {numbers.min()})"
        raise ValueError(msg)
    place = np.arange(_SEVEN_BITS)
    length = np.ones(numbers.shape, dtype=np.int64)
    for digit in range(1, _SEVEN_BITS):
        length += (numbers >> (7 * digit)) > 0
    width = int(length.max(initial=1))
    digits = (numbers[:, None] >> (7 * place[:width])) & 127
    more = place[:width] < length[:, None] - 1
    return pack_bytes((digits | (more << 7))[place[:width] < length[:, None]].astype(np.uint8))


def pack_steps(values: NDArray[np.integer]) -> str:
    """Return whole numbers of either sign as the differences from one to the next, zigzag."""
    steps = np.asarray(values, dtype=np.int64).copy()
    steps[1:] -= steps[:-1].copy()
    return pack_counts((steps << 1) ^ (steps >> 63))


def pack_floats(values: NDArray[np.float64]) -> dict[str, str]:
    """Return float64 exactly: as ``counts`` where all are whole and ≥ 0, as their eight bytes (``floats``) otherwise."""
    numbers = np.asarray(values, dtype=np.float64)
    whole = bool((np.isfinite(numbers) & (numbers >= 0) & (numbers < 2**53) & (numbers == np.floor(numbers))).all())
    if whole and not np.signbit(numbers).any():
        return {"counts": pack_counts(numbers.astype(np.int64))}
    return {"floats": pack_bytes(np.frombuffer(numbers.astype("<f8").tobytes(), dtype=np.uint8))}
