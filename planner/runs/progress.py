"""How long work tells how far it is: a callable passed in, so that nothing below the command line knows a terminal."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called with the stage under way, how much of it is done (0 … 1), and a note such as incumbent and bound."""

    def __call__(self, stage: str, done: float, note: str = "") -> None:
        """Take note of it; must be cheap and must not fail."""


def silent(stage: str, done: float, note: str = "") -> None:
    """Take no note of any progress."""
