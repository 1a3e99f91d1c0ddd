"""How long each stage of a run took, told while it happens."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from planner.runs.progress import Progress


@dataclass
class Clock:
    """Says how long each stage took, and tells the progress of it."""

    progress: Progress
    timings_s: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[Callable[[float, str], None]]:
        """Time what happens inside; a stage entered again adds up."""
        began = time.perf_counter()
        self.progress(name, 0.0)
        yield partial(self.progress, name)
        self.timings_s[name] = round(self.timings_s.get(name, 0.0) + time.perf_counter() - began, 3)
        self.progress(name, 1.0)
