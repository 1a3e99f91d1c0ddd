"""The command line: each verb reads its words, makes one call, and ends with a documented exit code."""

from __future__ import annotations

import io
import json
import logging
import os
import sys
import traceback
from contextlib import contextmanager
from datetime import datetime  # noqa: TC003 - typer reads it
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console

from planner._version import __version__
from planner.cli.board import Bar
from planner.errors import (
    INTERRUPTED,
    LACKS_MEMORY,
    NOTHING_WRITTEN,
    TOO_LITTLE_MEMORY,
    LayerError,
    PlannerError,
    caused_by,
)
from planner.store.manifest import plain_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from planner.store.folders import Kind
    from planner.store.run import Run
    from planner.workflow.pipeline import OpenResult

app = typer.Typer(
    name="planner",
    help="Who walks where in how many minutes, and where to open what. 社区生活圈设施选址.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

StudyFile = Annotated[Path, typer.Argument(metavar="STUDY", help="The study file (YAML).")]
Scenario = Annotated[str | None, typer.Option(help="A scenario of the study.")]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a value of the study; can be given again."),
]
Out = Annotated[Path | None, typer.Option(help="Where to write; default outputs/<study>/<scenario>.")]
AsJson = Annotated[bool, typer.Option("--json", help="The result as JSON on stdout, talk on stderr.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")]


_BUG = "this is a fault of the planner itself, not of your data; please report it with the lines above"


@app.command(name="new", short_help="Make a study to start from, commented.")
def new_study(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that is empty or does not exist.")],
    example: Annotated[bool, typer.Option("--example", help="The bundled town with its layers, ready to run.")] = False,
) -> None:
    """Make a study to start from, commented in both languages, with its JSON Schema beside it."""
    from planner.workflow.new import new_study

    for path in new_study(folder, example=example):
        typer.echo(path)


@app.command(short_help="Site the services and draw the map: the main job.")
def plan(
    study: StudyFile,
    scenario: Scenario = None,
    sets: Sets = None,
    out: Out = None,
    require_optimal: Annotated[bool, typer.Option(help="Exit with 6 unless the plan is proven optimal.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Check the layers, walk the streets, site the services, and draw the map (the main job)."""
    from planner import report
    from planner.workflow.plan import plan

    with _open_result(study, scenario=scenario, sets=sets, out=out, quiet=quiet) as result:
        run = plan(result.pipeline, require_optimal=require_optimal)
        with result.stored(run):
            report.publish(run, result.folder)
    if as_json:
        print(plain_json({"folder": str(result.target), **json.loads(run.manifest.as_json())}))
    elif not quiet:
        _talk([*report.closing_summary(run), "", f"→ {result.target}"])
        _talk(report.warnings(run), stderr=True)
    if run.manifest.result.stopped_by == "interrupt":
        raise typer.Exit(INTERRUPTED)


@app.command(short_help="Find every fault of every layer, and mend them.")
def check(
    study: StudyFile,
    mend: Annotated[
        Path | None, typer.Option(metavar="OUT", help="Write mended copies of the layers, and a study that uses them.")
    ] = None,
    scenario: Scenario = None,
    sets: Sets = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Find every fault of every layer at once, and say how to mend it (exit code 4 if there is an error)."""
    from planner.workflow.check import check

    with Bar(quiet=quiet) as bar:
        checked = check(study, scenario=scenario, sets=sets or (), mend_to=mend, progress=bar)
    if as_json:
        print(plain_json(checked.rows()))
    else:
        _talk([*checked.lines(), "", *checked.rules(), "", checked.summary()])
    if checked.errors:
        raise typer.Exit(LayerError.exit_code)


@app.command(short_help="Assess existing facilities and access to them, without siting.")
def assess(
    study: StudyFile,
    scenario: Scenario = None,
    sets: Sets = None,
    out: Annotated[Path | None, typer.Option(help="Where to write; default outputs/<study>@assess/<scenario>.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Assess existing facilities: coverage, overlap and gaps, without siting."""
    from planner import report
    from planner.workflow.assess import assess

    with _open_result(study, "assessment", scenario=scenario, sets=sets, out=out, quiet=quiet) as result:
        assessment = assess(result.pipeline)
        with result.stored(assessment):
            report.publish_assessment(assessment, result.folder)
    if as_json:
        origin, figures = json.loads(assessment.origin.as_json()), report.assessment_figures(assessment)
        print(plain_json({"folder": str(result.target), **origin, "figures": figures}))
    elif not quiet:
        _talk([*report.assessment_summary(assessment), "", f"→ {result.target}"])


@app.command(short_help="Run every scenario of every study; resumes.")
def batch(
    studies: Annotated[list[Path], typer.Argument(metavar="STUDY…", help="Study files (YAML).")],
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="GLOB", help="Only scenarios whose name, or study/name, fits; again for more."),
    ] = None,
    sets: Sets = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Scenarios side by side; default one per processor.")] = None,
    cluster: Annotated[
        str | None,
        typer.Option(metavar="URL", help="A Dask scheduler (tcp://host:8786), or `local` for one made here."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The store of runs; default outputs, one folder per study.")] = None,
    reports: Annotated[
        bool, typer.Option(help="Map and workbook in every run; `planner report RUN` makes them later.")
    ] = False,
    explain_cache: Annotated[bool, typer.Option(help="Say what was reused of earlier work, and why.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Run every scenario of every study; what is finished stays, and the same call resumes the rest."""
    from planner.cli.board import Board, cache_lines, closing_lines, language_of
    from planner.store.cache import default_folder
    from planner.store.folders import STORE
    from planner.store.totals import city_totals
    from planner.workflow.batch import ScenarioRunner, executor_for, run_batch

    store = out or STORE
    with Board(language_of(studies, sets or ()), quiet=quiet) as board:
        report = run_batch(
            studies,
            executor=executor_for(jobs, cluster),
            work=ScenarioRunner(default_folder(store), publish=_publish() if reports else None),
            only=only or (),
            sets=sets or (),
            store=store,
            on_event=board,
        )
    totals = city_totals(report) if len(studies) > 1 else None
    if as_json:
        summary = {**report.as_dict(), **({} if totals is None else totals.as_dict())}
        print(plain_json(summary))
    if explain_cache:
        _talk(cache_lines(report, board.language), stderr=as_json)
    if not quiet and not as_json:
        _talk(closing_lines(report, store, board.language, totals))
    report.raise_failures()


@app.command(short_help="Hold runs side by side.")
def compare(
    runs_or_stores: Annotated[
        list[Path], typer.Argument(metavar="RUN…", help="Folders of runs, or folders that hold them (outputs/porto).")
    ],
    base: Annotated[str | None, typer.Option(help="Scenario to hold the others against; default base.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write; default outputs/comparison.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Hold runs side by side: what each reaches and costs, where they differ, what holds in all of them."""
    from planner.report.comparison import closing_lines, publish_comparison
    from planner.store.atomic_folder import atomic_folder
    from planner.store.comparison import compare as side_by_side
    from planner.store.comparison import find_runs
    from planner.store.folders import STORE

    comparison, settings = side_by_side(find_runs(runs_or_stores), base=base)
    folder = out or STORE / "comparison"
    with atomic_folder(folder, kind="comparison") as aside:
        publish_comparison(comparison, settings, aside)
    if as_json:
        print(comparison.as_json())
    elif not quiet:
        _talk([*closing_lines(comparison, settings), "", f"→ {folder}"])


def _publish() -> Callable[[Run, Path], object]:
    from planner import report

    return report.publish


@app.command(name="report", short_help="Write map, page and workbook of a run again.")
def report_again(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run, or of an assessment.")],
    sheets: Annotated[bool, typer.Option("--sheets", help="Print A3 sheets too (plan.pdf).")] = False,
    public: Annotated[
        bool,
        typer.Option("--public", help="Write public.html alone: no boundaries, no homes, no number under ten people."),
    ] = False,
    declassify: Annotated[
        bool, typer.Option("--declassify", help="With --public: although the study is marked 仅供内部使用 or alike.")
    ] = False,
) -> None:
    """Write map, meeting page, workbook and GeoPackage of a run again; page and workbook of an assessment."""
    from planner import report
    from planner.store.folders import refuse_links

    refuse_links(folder)
    for path in report.publish_again(folder, sheets=sheets, public=public, declassify=declassify):
        typer.echo(path)


@app.command(short_help="Take a meeting's decisions back into the model.")
def review(
    study: StudyFile,
    decisions: Annotated[
        Path, typer.Argument(metavar="DECISIONS", help="decisions.json, as the meeting page exported it.")
    ],
    sets: Sets = None,
    out: Annotated[Path | None, typer.Option(help="Where to write; default outputs/<study>@review/<scenario>.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Take a meeting's decisions back: recount them, complete them as well as possible, and price each one."""
    from planner import report
    from planner.workflow.decisions import read_decisions
    from planner.workflow.review import review

    taken = read_decisions(decisions)
    with _open_result(study, "review", scenario=taken.run.scenario, sets=sets, out=out, quiet=quiet) as result:
        found = review(result.pipeline, taken)
        with result.stored(found):
            report.publish_review(found, result.folder)
    if as_json:
        print(plain_json({"folder": str(result.target), **found.rows()}))
    elif not quiet:
        _talk([*report.review_summary(found), "", f"→ {result.target}"])


@app.command(short_help="Plan, and say why: prices, gains, who pays.")
def explain(
    study: StudyFile,
    scenario: Scenario = None,
    sets: Sets = None,
    out: Out = None,
    time_limit: Annotated[
        float | None, typer.Option(min=0, metavar="SECONDS", help="For all solves of the explanation; default 300.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Plan, and say why: the price of every rule, what each opening brings, who pays, what lacks money, what comes when."""
    from planner import report
    from planner.workflow.explain import TIME_LIMIT_S, explain

    with _open_result(study, scenario=scenario, sets=sets, out=out, quiet=quiet) as result:
        limit_s = TIME_LIMIT_S if time_limit is None else time_limit
        run, explanation = explain(result.pipeline, time_limit_s=limit_s)
        explanation.write(result.folder / "explanation")
        with result.stored(run):
            report.publish_explanation(run, explanation, result.folder)
    if not quiet:
        _talk([*report.explanation_lines(run, explanation), "", f"→ {result.target}"])


@app.command(short_help="What every amount of money would bring.")
def frontier(
    study: StudyFile,
    steps: Annotated[int, typer.Option(min=3, help="How many points.")] = 8,
    against: Annotated[str, typer.Option(help="Whose limit moves: capital, floor, floor.1 …")] = "capital",
    scenario: Scenario = None,
    sets: Sets = None,
    out: Annotated[
        Path | None, typer.Option(help="Where to write; default outputs/<study>@frontier/<scenario>.")
    ] = None,
    time_limit: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="For all points together.")] = 300.0,
    quiet: Quiet = False,
) -> None:
    """Trace what every amount of money, or every height of a floor, would bring: table, workbook, picture, knee."""
    from planner import report
    from planner.workflow.frontier import frontier

    with _open_result(study, "frontier", scenario=scenario, sets=sets, out=out, quiet=quiet) as result:
        traced = frontier(result.pipeline, steps=steps, against=against, time_limit_s=time_limit)
        with result.stored(traced):
            report.publish_frontier(traced, result.folder)
    if not quiet:
        _talk([*report.frontier_lines(traced), "", f"→ {result.target}"])


@app.command(short_help="Who does what by when: ledger, dates, money, lots.")
def programme(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")],
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="First day, 2026-07-01; default the run's date."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where to write; default outputs/<study>@programme/<scenario>.")
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Turn the plan of a run into a programme of works: projects, approvals, money by payer and year, tender lots."""
    from planner import report
    from planner.store.atomic_folder import atomic_folder
    from planner.store.folders import place_beside
    from planner.workflow.programme import programme as programme_of

    found = programme_of(folder, as_of=None if as_of is None else as_of.date())
    target = out or place_beside(folder, "programme")
    with atomic_folder(target, kind="programme") as aside:
        found.write(aside)
        report.publish_programme(found, aside)
    if as_json:
        projects = json.loads(found.tables.projects.to_json(orient="records"))
        print(plain_json({"folder": str(target), **vars(found.origin), "projects": projects}))
    elif not quiet:
        _talk([*report.programme_lines(found), "", f"→ {target}"])


@app.command()
def schema() -> None:
    """Print the JSON Schema of the study file."""
    from planner.study.reference import schema_text

    print(schema_text(), end="")


def _talk(lines: Sequence[str], *, stderr: bool = False) -> None:
    console = Console(soft_wrap=True, highlight=False, markup=False, stderr=stderr)
    for line in lines:
        console.print(line)


def _version(requested: bool) -> None:
    if requested:
        typer.echo(f"planner {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    verbose: Annotated[int, typer.Option("--verbose", "-v", count=True, help="Say more; twice for everything.")] = 0,
) -> None:
    logging.basicConfig(
        level=(logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)], format="%(name)s: %(message)s"
    )


def main() -> NoReturn:
    """Run the command line; the exit codes are those of `planner.errors`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal of another encoding shows \\u2192 for what it has not
            stream.reconfigure(errors="backslashreplace")
    code = _run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read the output has gone; the work is done
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


@contextmanager
def _open_result(
    study: Path,
    kind: Kind = "run",
    *,
    scenario: str | None,
    sets: Sequence[str] | None,
    out: Path | None,
    quiet: bool,
) -> Iterator[OpenResult]:
    """Open the folder of a result as `planner.workflow.pipeline.open_result` does, with a progress bar and the cache of the store."""
    from planner.store.cache import Cache, default_folder
    from planner.store.folders import STORE
    from planner.workflow.pipeline import open_result

    cache = Cache(default_folder(STORE if out is None else None))  # in memory alone for a folder of the user's own
    with (
        Bar(quiet=quiet) as bar,
        open_result(study, kind, scenario=scenario, sets=sets or (), out=out, progress=bar, cache=cache) as result,
    ):
        yield result


@cache
def _command() -> Callable[..., Any]:
    """Return the verbs as one command, read from their signatures once."""
    return typer.main.get_command(app)


def _run(words: Sequence[str]) -> int:
    try:
        return int(_command()(list(words), prog_name="planner", standalone_mode=False) or 0)
    except typer.Abort:
        return INTERRUPTED
    except SystemExit as ended:
        if isinstance(ended.__context__, BrokenPipeError):  # whoever read the output has gone; the work is done
            return 0
        raise
    except PlannerError as fault:
        print(fault, file=sys.stderr)
        return fault.exit_code
    except KeyboardInterrupt:
        print(NOTHING_WRITTEN, file=sys.stderr)
        return INTERRUPTED
    except MemoryError:
        print(TOO_LITTLE_MEMORY, file=sys.stderr)
        return LACKS_MEMORY
    except BrokenPipeError:
        return 0
    except Exception as fault:  # noqa: BLE001 - the last line of defence: usage, or a bug that must say so
        return _unexpected(fault)


def _unexpected(fault: Exception) -> int:
    if caused_by(fault, KeyboardInterrupt):
        print(NOTHING_WRITTEN, file=sys.stderr)
        return INTERRUPTED
    if caused_by(fault, MemoryError):
        print(TOO_LITTLE_MEMORY, file=sys.stderr)
        return LACKS_MEMORY
    show = getattr(fault, "show", None)
    if show is not None:
        show()
        return 2
    traceback.print_exception(fault)
    print(_BUG, file=sys.stderr)
    return 1
