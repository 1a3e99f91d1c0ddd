"""How far a single job is, on the terminal: one bar per stage, named in both languages."""

from __future__ import annotations

from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from planner.i18n import translate


class Bar:
    """A progress bar on a terminal; nothing elsewhere."""

    def __init__(self, *, quiet: bool) -> None:
        console = Console(stderr=True)
        self._shown = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=32),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}"),
            console=console,
            disable=quiet or not console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        """Begin to show."""
        self._shown.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the last state on the screen."""
        self._shown.stop()

    def __call__(self, stage: str, done: float, note: str = "") -> None:
        """Show how far ``stage`` is."""
        if stage not in self._tasks:
            name = f"{translate(f'stage.{stage}', 'zh')} {translate(f'stage.{stage}', 'en')}"
            self._tasks[stage] = self._shown.add_task(name, total=1.0, note="")
        self._shown.update(self._tasks[stage], completed=done, note=note)
