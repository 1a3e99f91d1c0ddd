"""After the meeting: the room's choice recounted, completed as well as possible, and held against what was possible without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from planner.errors import InfeasibleError, StaleDecisionsError
from planner.siting import (
    BuiltProblem,
    Evaluation,
    Outcome,
    Plan,
    build_problem,
    evaluate_offers,
    evaluate_with_assignment,
    solve,
)
from planner.store.atomic_folder import atomic_folder
from planner.store.cache import Cache
from planner.store.folders import place_of
from planner.store.manifest import plain_json
from planner.store.provenance import digest_of, hashes_of
from planner.study.load import load_study
from planner.study.scenarios import BASE
from planner.workflow.decisions import Decision, Decisions, offers_of, read_decisions, refuse_unknown, with_locks
from planner.workflow.plan import site_services
from planner.workflow.stages import Progress, StageClock, StudyArea, silent, survey

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from planner.store.run import Run
    from planner.study import Study

    #: writes the pages of a review into its folder
    PublishReview = Callable[["Review", Path], object]

ColumnName = Literal["decided", "completed", "optimum"]

#: of a plan that is only a place to start from
_GIVEN = Outcome("feasible", None, None, None, 0.0, "given", "", "limit")


@dataclass(frozen=True, eq=False)
class Column:
    """One of the three answers side by side.

    Attributes
    ----------
    offers : int64[m]
        What is open, as positions into the offers of the run.
    found
        What it gives, costs and breaks.
    bound
        What no plan under the same rules and locks can exceed; None where nothing was proven (the room's own choice).
    """

    name: ColumnName
    offers: NDArray[np.int64]
    found: Evaluation
    bound: float | None


@dataclass(frozen=True)
class Price:
    """What one decision costs while all others stand: the best completion without it, less the best completion with it.

    People are weighted by circle, as the plan counts them; ``people_most`` exceeds ``people`` only where the solver left a gap.
    Costs are what the decision adds to the bill (negative: it saves). All are None where the decisions contradict the rules:
    then ``mends`` says whether dropping this one would make a plan possible.
    """

    decision: Decision
    people: float | None
    people_most: float | None
    capital_cost: float | None
    yearly_cost: float | None
    mends: bool = False


@dataclass(frozen=True, eq=False)
class Review:
    """What became of a meeting's decisions."""

    decisions: Decisions
    run: Run
    """The run of the study without the decisions: the unconstrained optimum."""
    completion: Run | None
    """The best that can be made around the decisions; None where they leave no plan that keeps every rule."""
    posed: BuiltProblem
    columns: tuple[Column, ...]
    prices: tuple[Price, ...]

    def column(self, name: ColumnName) -> Column | None:
        """Return one column; the completion can be missing."""
        return next((column for column in self.columns if column.name == name), None)

    def write(self, folder: Path) -> None:
        """Write the run of the best completion (the optimum's, where there is none) and ``review.json`` into ``folder``."""
        (self.completion or self.run).write(folder)
        rows = plain_json(self.rows()) + "\n"
        (folder / "review.json").write_text(rows, encoding="utf-8", newline="\n")

    def rows(self) -> dict[str, Any]:
        """Return the review as plain values for JSON."""
        services = self.run.study.services
        return {
            "run": self.run.manifest.run_id,
            "digest": self.run.manifest.digest,
            "who": self.decisions.who,
            "when": self.decisions.when,
            "columns": [
                {
                    "name": column.name,
                    "worth": column.found.worth,
                    "bound": column.bound,
                    "capital_cost": column.found.capital_cost,
                    "yearly_cost": column.found.yearly_cost,
                    "sites": len(column.found.opened_sites),
                    "covered": {
                        service.id: {
                            f"{circle.minutes:g}": float(column.found.covered[k][c])
                            for c, circle in enumerate(service.circles)
                        }
                        for k, service in enumerate(services)
                    },
                    "broken": [str(fault) for fault in column.found.broken],
                }
                for column in self.columns
            ],
            "prices": [
                {
                    "place_id": price.decision.place_id,
                    "service": price.decision.service,
                    "state": price.decision.state,
                    "people": price.people,
                    "people_most": price.people_most,
                    "capital_cost": price.capital_cost,
                    "yearly_cost": price.yearly_cost,
                    "mends": price.mends,
                }
                for price in self.prices
            ],
        }


def review(
    study_file: Path,
    decisions_file: Path,
    *,
    sets: Sequence[str] = (),
    out: Path | None = None,
    publish: PublishReview | None = None,
    progress: Progress = silent,
    cache: Cache | None = None,
) -> tuple[Review, Path]:
    """Recount what a meeting decided, complete it, and price every decision.

    Parameters
    ----------
    study_file, sets
        The study as it was when the page was made, with the same overrides; the scenario is the one the page was made of.
    decisions_file
        What the page exported.
    out
        Where to write; default ``outputs/<study>@review/<scenario>``.
    publish
        Writes pages into the folder before it takes its place.

    Returns
    -------
    review, folder
        The review, and where the run of the best completion stands (the optimum's, where there is no completion).

    Raises
    ------
    StaleDecisionsError
        if study, layers or planner have changed since the page was made.
    StudyError, LayerError, OutputError, InfeasibleError, RecountError
        as `planner.workflow.plan.plan`; nothing is written.
    """
    decisions = read_decisions(decisions_file)
    scenario = decisions.run.scenario
    study = load_study(study_file, scenario=None if scenario == BASE else scenario, sets=sets)
    _refuse_stale(study, study_file, decisions)
    refuse_unknown(decisions_file, study, decisions)
    cache, clock = cache or Cache(None), StageClock(progress)
    target = out or place_of(study_file, scenario, "review")
    with atomic_folder(target, kind="review") as aside:
        ground = survey(study, study_file.parent, clock, cache)
        found = _reviewed(study, ground, decisions, clock, cache)
        found.write(aside)
        if publish is not None:
            publish(found, aside)
    return found, target


def _refuse_stale(study: Study, study_file: Path, decisions: Decisions) -> None:
    """Compare what the run depended on, before anything is computed."""
    now = digest_of(study, hashes_of(study, study_file.parent))
    if now != decisions.run.digest:
        msg = (
            f"these decisions were taken on run {decisions.run.id}, but {study_file.name}, its layers or the planner have changed"
            f" since: the run would be {decisions.run.scenario}-{now[:12]} now. Make the page anew with `planner plan`, take the"
            " decisions on it again, and export them; if the run was made with --set, give the same --set here"
        )
        raise StaleDecisionsError(msg)


def _reviewed(study: Study, ground: StudyArea, decisions: Decisions, clock: StageClock, cache: Cache) -> Review:
    posed = build_problem(study, ground.district, ground.reaches)
    chosen = offers_of(decisions.open, posed)
    optimum = site_services(study, ground, clock, scenario=decisions.run.scenario, cache=cache)
    best = _column("optimum", posed, _planned(optimum), optimum.manifest.result.bound)
    decided = _column("decided", posed, chosen, None)
    completion: Run | None = None
    try:
        completion = site_services(
            with_locks(study, decisions), ground, clock, scenario=decisions.run.scenario, cache=cache
        )
    except InfeasibleError:
        columns: tuple[Column, ...] = (decided, best)
    else:
        bound = completion.manifest.result.bound
        columns = (decided, _column("completed", posed, _planned(completion), bound), best)
    column = next((column for column in columns if column.name == "completed"), None)
    completed = None if column is None or completion is None else _Completed(column, _worth(posed, column, completion))
    prices = _prices(study, ground, decisions, completed, clock)
    return Review(decisions, optimum, completion, posed, columns, prices)


def _counts_worth(posed: BuiltProblem) -> bool:
    """Say whether the first goal's number is the worth of the plan in the end: coverage, in one period."""
    return posed.problem.goals[0].kind == "coverage" and posed.problem.phases is None


def _worth(posed: BuiltProblem, column: Column, completion: Run) -> float:
    """Return the completion's worth; where the first goal is another (seconds walked, money, shares), as it is recounted."""
    said = completion.manifest.result.objective
    return said if _counts_worth(posed) and said is not None else column.found.worth


def _planned(run: Run) -> NDArray[np.int64]:
    """Return the offers open in a run; locks change which are chosen, not which there are."""
    return np.flatnonzero(run.tables.offers["planned"].to_numpy())


def _column(name: ColumnName, posed: BuiltProblem, offers: NDArray[np.int64], bound: float | None) -> Column:
    return Column(name, offers, evaluate_with_assignment(posed.problem, offers), bound)


@dataclass(frozen=True, eq=False)
class _Completed:
    """The best completion, and its worth as the solver and the recount agreed on it (people without a place left out)."""

    column: Column
    worth: float


def _prices(
    study: Study, ground: StudyArea, decisions: Decisions, completed: _Completed | None, clock: StageClock
) -> tuple[Price, ...]:
    """Return what each decision costs: the problem is solved once without each."""
    prices = []
    number = len(decisions.decisions)
    with clock.stage("prices") as tell:
        for position, decision in enumerate(decisions.decisions):
            tell(position / number, f"{position + 1}/{number}")
            posed = build_problem(with_locks(study, decisions, without=position), ground.district, ground.reaches)
            start = None if completed is None else Plan((completed.column.offers,), None, (), _GIVEN)
            freed = solve(posed.problem, start=start)
            found = evaluate_offers(posed.problem, freed.offers, freed.assignments) if freed.found else None
            bound = freed.outcome.bound if _counts_worth(posed) else None
            prices.append(_price(decision, freed, found, completed, bound))
    return tuple(prices)


def _price(
    decision: Decision, freed: Plan, found: Evaluation | None, completed: _Completed | None, bound: float | None
) -> Price:
    """Return the price of a decision; ``bound`` limits the worth of every plan without it, None where none is known."""
    if completed is None or found is None:
        return Price(decision, None, None, None, None, mends=completed is None and found is not None)
    least = max(0.0, found.worth - completed.worth)
    most = least if freed.outcome.proven or bound is None else max(least, bound - completed.worth)
    return Price(
        decision,
        people=least,
        people_most=most,
        capital_cost=completed.column.found.capital_cost - found.capital_cost,
        yearly_cost=completed.column.found.yearly_cost - found.yearly_cost,
    )
