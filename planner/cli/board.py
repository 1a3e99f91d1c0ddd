"""Progress on the terminal: a bar for each stage of a job; the scenarios of a batch, and how sure each result is."""

from __future__ import annotations

import shlex
import time
from collections import Counter
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from planner.errors import StudyError
from planner.i18n import format_gap, translate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from planner.store.executors import BatchReport, ScenarioResult
    from planner.store.totals import CityTotals
    from planner.study import Language


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


#: lines of running scenarios that are shown at once
_SHOWN = 12


class Board:
    """Shows a batch while it runs; on a terminal it moves, elsewhere it is one line per scenario that ends.

    Parameters
    ----------
    language
        Of the words.
    quiet
        Show nothing.
    """

    def __init__(self, language: Language, *, quiet: bool) -> None:
        self.language = language
        self._quiet = quiet
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._all = 0
        self._ended: Counter[str] = Counter()
        self._running: dict[str, tuple[float, str]] = {}
        self._live = Live(console=self._console, get_renderable=self._picture, refresh_per_second=4, transient=True)

    def __enter__(self) -> Self:
        """Begin to show."""
        if not self._quiet and self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the moving part away; the lines stay."""
        self._live.stop()

    def __call__(self, name: str, event: str, what: ScenarioResult | str = "") -> None:
        """Take note of what a scenario is at."""
        if event == "expected":
            self._all = int(str(what))
        elif event == "began":
            self._running[name] = (time.monotonic(), "")
        elif event == "stage" and name in self._running:
            self._running[name] = (self._running[name][0], str(what))
        elif not isinstance(what, str):
            self._running.pop(name, None)
            self._ended[what.how] += 1
            if what.how != "reused" and not self._quiet:
                self._console.print(Text(ended_line(what, self.language), style="red" if what.how == "failed" else ""))

    def _picture(self) -> Text:
        left = self._all - self._ended.total() - len(self._running)
        head = translate(
            "batch.board",
            self.language,
            ran=self._ended["ran"],
            reused=self._ended["reused"],
            failed=self._ended["failed"],
            running=len(self._running),
            left=max(left, 0),
        )
        now = time.monotonic()
        lines = [
            f"  {name}  {translate('batch.seconds', self.language, seconds=now - began)}  {note}"
            for name, (began, note) in list(self._running.items())[:_SHOWN]
        ]
        return Text("\n".join([head, *lines]))


def ended_line(done: ScenarioResult, language: Language) -> str:
    """Return one scenario's end in one line: name, how it ended, gap, seconds or reason."""
    parts = [done.name, translate(f"batch.{done.how}", language)]
    if done.result is not None:
        if done.result.gap is not None:
            parts.append(translate("batch.gap", language, gap=format_gap(done.result.gap)))
        parts.append(translate("batch.seconds", language, seconds=done.seconds))
    if done.how == "failed":
        parts.append(done.reason.strip().splitlines()[-1] if done.exit_code == 1 else done.reason)
    return "  ".join(parts)


def closing_lines(report: BatchReport, store: Path, language: Language, totals: CityTotals | None) -> Sequence[str]:
    """Return the lines that end a batch: the city's totals where there are several districts, how many ran, where they lie."""
    counts = report.counts
    return [
        *_totals(totals, language),
        translate(
            "batch.closing",
            language,
            all=len(report.done),
            ran=counts["ran"],
            reused=counts["reused"],
            failed=counts["failed"],
            seconds=report.seconds,
        ),
        translate("batch.store", language, folder=store, studies=_studies(report, store)),
    ]


#: study folders that a suggested call names
_SUGGESTED = 4


def _studies(report: BatchReport, store: Path) -> str:
    """Return the folders of the batch's own studies: the store may hold the same town under other names."""
    names = list(dict.fromkeys(one.name.rsplit("/", 1)[0] for one in report.done))
    quoted = [shlex.quote(str(store / name)) for name in names[:_SUGGESTED]]
    return " ".join([*quoted, *(["…"] if len(names) > _SUGGESTED else [])])


def _totals(totals: CityTotals | None, language: Language) -> Sequence[str]:
    if totals is None:
        return ()
    from planner.report.comparison import overlap_lines, totals_lines

    lines = totals_lines(totals.table, totals.missing, totals.labels, language, totals.currency)
    return [*lines, *overlap_lines(totals.overlaps, language), ""]


def language_of(studies: Sequence[Path], sets: Sequence[str]) -> Language:
    """Return the language of the first study as it is asked; English if it cannot be read, as its faults are."""
    from planner.study.load import load_study

    try:
        return load_study(studies[0], sets=sets).language
    except StudyError:
        return "en"


def cache_lines(report: BatchReport, language: Language) -> Sequence[str]:
    """Return what was reused of earlier work, stage by stage, and why the rest was not."""
    return [translate("batch.cache_title", language), *(f"  {line}" for line in _cache_lines(report, language))]


def _cache_lines(report: BatchReport, language: Language) -> Iterator[str]:
    if report.counts["reused"]:
        yield translate("batch.cache_finished", language, count=report.counts["reused"])
    for stage in dict.fromkeys(event.stage for event in report.cache_events):
        mine = [event for event in report.cache_events if event.stage == stage]
        hows = Counter(event.how for event in mine)
        yield translate(
            "batch.cache_line", language, stage=stage, made=hows["made"], kept=hows["kept"], at_hand=hows["at hand"]
        )
        for how, key in (("made", "batch.cache_why"), ("kept", "batch.cache_kept_why")):
            for why, count in Counter(event.why for event in mine if event.how == how).most_common():
                yield f"  {translate(key, language, count=count, why=why)}"
