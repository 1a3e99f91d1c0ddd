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
from planner.store.atomic_folder import atomic_folder
from planner.store.cache import Cache
from planner.store.folders import place_of
from planner.store.tables import as_parquet
from planner.study.load import load_study
from planner.study.scenarios import BASE
from planner.workflow.stages import Progress, StageClock, silent, survey

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from planner.siting import Frontier, FrontierPoint
    from planner.study import Study

    #: writes table and picture of a frontier into its folder
    PublishFrontier = Callable[["FrontierResult", Path], object]

__all__ = ["FrontierResult", "frontier"]

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
    """By ascending limit: ``limit, status`` (``optimal``, ``feasible``, ``infeasible``, ``unknown``), ``value, bound, gap, capital_cost,
    yearly_cost, sites, people_<service>`` (served in the widest circle), ``slope`` (of the first aim to the next point, per million of money or
    percentage point; NaN where unknown) and ``knee``. What no plan has is NaN."""

    @property
    def proven(self) -> bool:
        """Whether every point is proven: its plan is optimal, or there is none."""
        return bool(self.points["status"].isin(["optimal", "infeasible"]).all())


def frontier(
    study_file: Path,
    *,
    scenario: str | None = None,
    sets: Sequence[str] = (),
    out: Path | None = None,
    steps: int = POINTS,
    against: str = "capital",
    time_limit_s: float = TIME_LIMIT_S,
    publish: PublishFrontier | None = None,
    progress: Progress = silent,
    cache: Cache | None = None,
) -> tuple[FrontierResult, Path]:
    """Trace the frontier of a study and write it.

    Parameters
    ----------
    study_file, scenario, sets, progress, cache
        As `planner.workflow.plan.plan` takes them.
    out
        Where to write; default ``outputs/<study>@frontier/<scenario>``.
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
    study = load_study(study_file, scenario=scenario, sets=sets)
    rule = _along(study, against)
    if steps < LEAST_POINTS:
        raise StudyError(f"--steps {steps}: a frontier needs at least {LEAST_POINTS} points")
    cache, clock = cache or Cache(None), StageClock(progress)
    target = out or place_of(study_file, scenario, "frontier")
    with atomic_folder(target, kind="frontier") as aside:
        ground = survey(study, study_file.parent, clock, cache)
        with clock.stage("problem"):
            problem = build_problem(
                _alone(study) if rule.kind == "floor" else study, ground.district, ground.reaches
            ).problem
        settings = problem.settings or SolverSettings()
        each_s = min(settings.time_limit_s, time_limit_s / (steps + 1))
        with clock.stage("frontier") as tell:
            began = time.perf_counter()
            frontier = trace_frontier(
                problem,
                steps,
                along=rule,
                settings=dataclasses.replace(settings, time_limit_s=each_s),
                progress=lambda found, bound, _: tell(
                    min((time.perf_counter() - began) / time_limit_s, 1.0), _numbers(found, bound)
                ),
            )
        found = FrontierResult(
            study, scenario or BASE, "floor" if rule.kind == "floor" else "capital", _table(study, frontier)
        )
        if found.points["value"].isna().all():
            msg = f"no plan was found at any limit of {against}; `planner plan` says which rules contradict each other"
            raise InfeasibleError(msg)
        (aside / "frontier.parquet").write_bytes(as_parquet(found.points))
        if publish is not None:
            publish(found, aside)
    return found, target


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


def _alone(study: Study) -> Study:
    """Return the study with floors as they are written, not kept for protected groups too: one floor alone is to move."""
    groups = {name: group.model_copy(update={"protected": False}) for name, group in study.groups.items()}
    return study.model_copy(update={"groups": groups})


def _numbers(found: float | None, bound: float | None) -> str:
    return "" if found is None or bound is None else f"{found:,.0f} ≤ {bound:,.0f}"


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
            f"people_{service.id}": np.nan if recount is None else float(recount.served[k][-1])
            for k, service in enumerate(study.services)
        },
    }
