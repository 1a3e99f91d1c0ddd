"""Numba compilation of inner loops: cached on disk, without the interpreter's lock."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

import numba

Loop = TypeVar("Loop", bound=Callable[..., Any])
_log = logging.getLogger(__name__)


def compiled(function: Loop) -> Loop:
    """Compile ``function`` at its first call and cache the machine code on disk.

    Where neither the package folder nor the user's cache folder can be written (a read-only installation
    without a home folder), the code is compiled afresh in each run instead of failing.
    """
    return _compile(function, no_cfunc_wrapper=True)


def compiled_inner(function: Loop) -> Loop:
    """Compile ``function``, which only compiled functions call: without the entry from Python, in 60 % of the time."""
    return _compile(function, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def _compile(function: Loop, **wrappers: bool) -> Loop:
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", **wrappers}
    try:
        return numba.njit(cache=True, **options)(function)  # type: ignore[no-any-return]
    except RuntimeError:
        _log.debug("no writable place for the machine code of %s; compiling in memory", function.__qualname__)
        return numba.njit(**options)(function)  # type: ignore[no-any-return]
