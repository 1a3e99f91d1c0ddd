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
from planner.store.manifest import plain_json
from planner.store.provenance import digest_of
from planner.workflow.decisions import Decision, Decisions, offers_of, refuse_unknown, with_locks
from planner.workflow.plan import plan

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from planner.siting import SitingProblem
    from planner.store.run import Run
    from planner.workflow.pipeline import Pipeline

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
    built: BuiltProblem
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
                            f"{circle.minutes:g}": float(column.found.of_demands(self.built.demands_of[k]).covered[c])
                            for c, circle in enumerate(self.run.study.circles_of(service))
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


def review(pipeline: Pipeline, decisions: Decisions) -> Review:
    """Recount what a meeting decided, complete it, and price every decision.

    Parameters
    ----------
    pipeline
        Of the study as it was when the page was made, with the same overrides and the scenario the page was made of.
    decisions
        What the page exported.

    Raises
    ------
    StaleDecisionsError
        if study, layers or planner have changed since the page was made.
    StudyError, LayerError, InfeasibleError, RecountError
        as `planner.workflow.plan.plan`.
    """
    _refuse_stale(pipeline, decisions)
    refuse_unknown(pipeline.study, decisions)
    built = pipeline.problem.value
    chosen = offers_of(decisions.open, built)
    optimum = plan(pipeline)
    best = _column("optimum", built, _planned(optimum), optimum.manifest.result.bound)
    decided = _column("decided", built, chosen, None)
    try:
        completion = plan(pipeline.with_siting(with_locks(pipeline.study.siting, decisions)))
    except InfeasibleError:
        prices = _prices(pipeline, decisions, None)
        return Review(decisions, optimum, None, built, (decided, best), prices)
    column = _column("completed", built, _planned(completion), completion.manifest.result.bound)
    prices = _prices(pipeline, decisions, _Completed(column, _worth(built, column, completion)))
    return Review(decisions, optimum, completion, built, (decided, column, best), prices)


def _refuse_stale(pipeline: Pipeline, decisions: Decisions) -> None:
    """Compare what the run depended on, before anything is computed."""
    now = digest_of(pipeline.study, pipeline.inputs)
    if now != decisions.run.digest:
        msg = (
            f"these decisions were taken on run {decisions.run.id}, but the study, its layers or the planner have changed"
            f" since: the run would be {decisions.run.scenario}-{now[:12]} now. Make the page anew with `planner plan`, take the"
            " decisions on it again, and export them; if the run was made with --set, give the same --set here"
        )
        raise StaleDecisionsError(msg)


def _counts_worth(problem: SitingProblem) -> bool:
    """Say whether the first goal's number is the worth of the plan in the end: coverage, in one period."""
    return problem.goals[0].kind == "coverage" and problem.phases is None


def _worth(built: BuiltProblem, column: Column, completion: Run) -> float:
    """Return the completion's worth; where the first goal is another (seconds walked, money, shares), as it is recounted."""
    said = completion.manifest.result.objective
    return said if _counts_worth(built.problem) and said is not None else column.found.worth


def _planned(run: Run) -> NDArray[np.int64]:
    """Return the offers open in a run; locks change which are chosen, not which there are."""
    return np.flatnonzero(run.tables.offers["planned"].to_numpy())


def _column(name: ColumnName, built: BuiltProblem, offers: NDArray[np.int64], bound: float | None) -> Column:
    return Column(name, offers, evaluate_with_assignment(built.problem, offers), bound)


@dataclass(frozen=True, eq=False)
class _Completed:
    """The best completion, and its worth as the solver and the recount agreed on it (people without a place left out)."""

    column: Column
    worth: float


def _prices(pipeline: Pipeline, decisions: Decisions, completed: _Completed | None) -> tuple[Price, ...]:
    """Return what each decision costs: the problem is solved once without each."""
    study, area = pipeline.study, pipeline.area
    prices = []
    number = len(decisions.decisions)
    with pipeline.stage("prices") as report:
        for position, decision in enumerate(decisions.decisions):
            report(position / number, f"{position + 1}/{number}")
            freed_siting = with_locks(study.siting, decisions, without=position)
            freed_study = study.model_copy(update={"siting": freed_siting})
            problem = build_problem(freed_study, area.district, area.travel_times).problem
            start = None if completed is None else Plan((completed.column.offers,), None, (), _GIVEN)
            freed = solve(problem, start=start)
            found = evaluate_offers(problem, freed.offers, freed.assignments) if freed.found else None
            bound = freed.outcome.bound if _counts_worth(problem) else None
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
