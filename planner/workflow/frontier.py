"""What every amount of money, or every height of a floor, would bring: the frontier of a study, each point with its gap."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from planner.errors import InfeasibleError, StudyError
from planner.siting import Rule, SolverSettings, build_problem, trace_frontier
from planner.store.schema import schema
from planner.store.tables import as_parquet
from planner.workflow.pipeline import interval_text

if TYPE_CHECKING:
    from pathlib import Path

    from planner.siting import Frontier, FrontierPoint, SitingProblem
    from planner.study import Study
    from planner.workflow.pipeline import Pipeline

POINTS = 8
LEAST_POINTS = 3
TIME_LIMIT_S = 300.0


@dataclass(frozen=True, eq=False)
class FrontierResult:
    """A frontier by the names of its study."""

    study: Study
    scenario: str
    along: Literal["capital", "floor"]
    points: pd.DataFrame
    """The table ``frontier.frontier`` of ``planner/store/schema.toml``."""
    today: float | None = None
    """The limit that the study sets today, in the unit of ``points.limit``; None: it sets none."""

    @property
    def proven(self) -> bool:
        """Whether every point is proven: its plan is optimal, or there is none."""
        return bool(self.points["status"].isin(["optimal", "infeasible"]).all())

    def write(self, folder: Path) -> None:
        """Write ``frontier.parquet`` into ``folder``; raises as `planner.store.tables.Frames.write`."""
        schema()["frontier"]["frontier"].require_declared(self.points.columns)
        (folder / "frontier.parquet").write_bytes(as_parquet(self.points))


def frontier(
    pipeline: Pipeline, *, steps: int = POINTS, against: str = "capital", time_limit_s: float = TIME_LIMIT_S
) -> FrontierResult:
    """Return the frontier of a study.

    Parameters
    ----------
    steps
        How many points, 3 at least.
    against
        ``capital``, or ``floor`` (the first of ``siting.floors``; ``floor.1`` the second …), which is then not kept for protected
        groups by themselves.
    time_limit_s
        Of all points together.

    Raises
    ------
    StudyError
        if the study has no such floor; else as `planner.workflow.plan.plan`.
    InfeasibleError
        if no point has a plan.
    """
    study = pipeline.study
    rule = _along(study, against)
    if steps < LEAST_POINTS:
        raise StudyError(f"--steps {steps}: a frontier needs at least {LEAST_POINTS} points")
    problem = _one_floor_problem(pipeline) if rule.kind == "floor" else pipeline.problem.value.problem
    settings = problem.settings or SolverSettings()
    each_s = min(settings.time_limit_s, time_limit_s / (steps + 1))
    with pipeline.stage("frontier") as report:
        began = time.perf_counter()
        traced = trace_frontier(
            problem,
            steps,
            along=rule,
            settings=dataclasses.replace(settings, time_limit_s=each_s),
            progress=lambda incumbent, bound, _: report(
                min((time.perf_counter() - began) / time_limit_s, 1.0), interval_text(incumbent, bound)
            ),
        )
    along: Literal["capital", "floor"] = "floor" if rule.kind == "floor" else "capital"
    today = rule.limit if rule.kind == "floor" else study.budgets.capital_cost
    found = FrontierResult(study, pipeline.scenario, along, _table(study, traced), today)
    if found.points["value"].isna().all():
        msg = f"no plan was found at any limit of {against}; `planner plan` says which rules contradict each other"
        raise InfeasibleError(msg)
    return found


def _along(study: Study, against: str) -> Rule:
    if against == "capital":
        return Rule("capital")
    name, _, number = against.partition(".")
    position = int(number) if number.isdigit() else 0
    if name != "floor" or (number and not number.isdigit()):
        raise StudyError(f"--against {against}: write capital, floor or floor.<number>")
    if position >= len(study.siting.floors):
        known = len(study.siting.floors)
        raise StudyError(f"--against {against}: siting.floors has {known} floor{'s' if known != 1 else ''}; add one")
    return Rule("floor", position, study.siting.floors[position].share)


def _one_floor_problem(pipeline: Pipeline) -> SitingProblem:
    """Return the problem with floors as they are written, not kept for protected groups too: one floor alone is to move."""
    study, area = pipeline.study, pipeline.area
    groups = {name: group.model_copy(update={"protected": False}) for name, group in study.groups.items()}
    with pipeline.stage("problem"):
        return build_problem(study.model_copy(update={"groups": groups}), area.district, area.travel_times).problem


def _table(study: Study, frontier: Frontier) -> pd.DataFrame:
    # A floor's slope is per unit of share; a percentage point is a hundredth of it.
    unit = 100.0 if frontier.along.kind == "floor" else 1.0
    rows = [_row(study, point) for point in frontier.points]
    slopes = [*(slope / unit for slope in frontier.slopes), np.nan]
    knees = [position == frontier.knee for position in range(len(rows))]
    return pd.DataFrame(rows).assign(slope=slopes, knee=knees)


def _row(study: Study, point: FrontierPoint) -> dict[str, object]:
    recount = point.recount
    return {
        "limit": point.limit,
        "status": point.plan.outcome.status,
        "value": np.nan if point.value is None else point.value,
        "bound": np.nan if point.bound is None else point.bound,
        "gap": np.nan if point.gap is None else point.gap,
        "capital_cost": np.nan if recount is None else recount.capital_cost,
        "yearly_cost": np.nan if recount is None else recount.yearly_cost,
        "sites": np.nan if recount is None else float(len(recount.opened_sites)),
        **{
            f"{name}_{service.id}": np.nan if recount is None else float(getattr(recount, of)[k][-1])
            for name, of in (("reached", "covered"), ("people", "served"))
            for k, service in enumerate(study.services)
        },
    }
