"""The optimiser beside spopt: equal objectives first, then how much faster, how much smaller, how close to proven.

spopt lives in an environment of its own, made here with pinned versions; where it cannot be made, what needs it is null. Ratios
are of wall seconds in the same run, so a busy machine slows both sides. Each family runs by itself; ``--only`` picks
some. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.instances import (
    bare_problem,
    cap_problem,
    coverage_problem,
    district_problem,
    everybody_within,
    made_up_city,
    pairs_of,
    pmed_problem,
    published_optima,
    read_pmed,
    san_francisco,
)
from planner.siting import SolverSettings, evaluate, solve
from planner.siting.mip.constraints import formulate

if TYPE_CHECKING:
    from planner.siting import Plan, SitingProblem

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("PLANNER_SHARED_DATA", ROOT.parent / "shared" / "data"))
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "planner-benchmarks"
PEER = ("spopt==0.7.0", "PuLP==3.3.2", "highspy==1.15.1")
FAMILIES = ("equal", "build", "coverage", "pmedian", "pcentre", "capacitated", "district")
KEYS = (
    "equal",
    "build_vs_spopt",
    "coverage_gap_30s",
    "coverage_gap_600s",
    "pmedian_proven",
    "pmedian_vs_spopt",
    "pcentre_proven",
    "pcentre_vs_spopt",
    "capacitated_proven",
    "district_gap_60s",
    "district_gap_180s",
    "memory_vs_spopt",
)
CITY: dict[str, Any] = {"homes": 10_000, "sites": 1_000, "side_m": 15_000.0, "seed": 1}
MOST, RADIUS_M = 50, 800.0


def peer_python() -> Path | None:
    """Return the interpreter of the peer's environment, made if need be; None where it cannot be."""
    folder = CACHE / "-".join(PEER).replace("==", "-")
    python = folder / "bin" / "python"
    if (folder / "ready").exists():
        return python
    try:
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEER], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"spopt could not be installed: {error}", file=sys.stderr)
        return None
    (folder / "ready").touch()
    return python


def ask_peer(python: Path | None, seconds: float, **question: Any) -> dict[str, Any] | None:
    """Return what spopt says, None where it is not there or runs out of time or memory."""
    if python is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "question.npz"
        np.savez(path, **question)
        command = [str(python), str(Path(__file__).with_name("siting_peer.py")), str(path), str(seconds)]
        try:
            told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=10 * seconds + 900)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            print(f"spopt gave up: {error}", file=sys.stderr)
            return None
    return json.loads(told.stdout.splitlines()[-1])


def timed(problem: SitingProblem, met: Incumbents | None = None, **settings: Any) -> tuple[Plan, float]:
    """Solve, recount, and return the plan and the seconds that solving took; ``met`` is told every plan on the way."""
    began = time.perf_counter()
    plan = solve(problem, SolverSettings(**settings), met)
    seconds = time.perf_counter() - began
    if plan.found:
        evaluate(problem, plan)
    return plan, seconds


def warm_up() -> None:
    """Compile the loops once, outside every clock."""
    for goal in ("coverage", "walk", "furthest"):
        solve(bare_problem(pairs_of(np.random.default_rng(0).random((30, 12))), np.ones(30), goal, 3, 0.5))


def equal(python: Path | None) -> dict[str, Any]:
    """San Francisco by every family: the same objectives as spopt, each solved on the spot."""
    metres, people = san_francisco(DATA / "sf")
    reach, longest, agree = pairs_of(metres), float(metres.max()) + 1, []
    for goal, most, radius in [(g, p, 5000.0) for g in ("coverage", "walk", "furthest") for p in (2, 4)] + [
        ("sites", 0, 5000.0)
    ]:
        told = ask_peer(python, 60, goal=goal, distance=metres, people=people, most=most, radius=radius)
        if told is None:
            return {"equal": None}
        cutoff = radius if goal in {"coverage", "sites"} else longest
        problem = (
            everybody_within(reach, people, radius)
            if goal == "sites"
            else bare_problem(reach, people, goal, most, cutoff)
        )
        plan, _ = timed(problem, gap=0.0)
        objective = plan.outcome.objective
        agree.append(objective is not None and bool(np.isclose(objective, told["objective"], rtol=1e-7)))
        print(f"San Francisco {goal} {most}: {plan.outcome.objective:.6g}, spopt {told['objective']:.6g}", flush=True)
    return {"equal": all(agree)}


def build(python: Path | None) -> dict[str, Any]:
    """Max coverage 10,000 × 1,000: seconds to the model handed over, and the most memory either side took beyond its imports."""
    city = made_up_city(**CITY)
    told = ask_peer(
        python, 0, goal="coverage", homes=city.homes, sites=city.sites, people=city.people, most=MOST, radius=RADIUS_M
    )
    problem = coverage_problem(city, MOST, RADIUS_M)
    began = time.perf_counter()
    form = formulate(problem)
    model = form.builder.build(form.coverage(), maximise=True)
    seconds = time.perf_counter() - began
    ours = subprocess.run(
        [sys.executable, "-m", "benchmarks.siting", "--memory"], check=True, capture_output=True, text=True, cwd=ROOT
    )
    memory_mb, imports_mb = (float(word) for word in ours.stdout.split()[-2:])
    said = f"{memory_mb:.0f} MB beyond the {imports_mb:.0f} MB of imports"
    print(f"build: {seconds:.2f} s for {model.nonzeros} coefficients, {said}; spopt {told}", flush=True)
    if told is None:
        return {}
    return {"build_vs_spopt": told["build_s"] / seconds, "memory_vs_spopt": memory_mb / told["memory_mb"]}


def print_memory() -> None:
    """Build and hold the coverage model in a process of its own; print the MB it took beyond the imports, and these."""
    imports_mb = most_mb()
    form = formulate(coverage_problem(made_up_city(**CITY), MOST, RADIUS_M))
    form.builder.build(form.coverage(), maximise=True)
    print(most_mb() - imports_mb, imports_mb)


def most_mb() -> float:
    """Return the most memory held so far; ``ru_maxrss`` would begin with that of the process that started this one."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024


def coverage(python: Path | None, limits: tuple[int, ...]) -> dict[str, Any]:
    """Max coverage 10,000 × 1,000: the proven gap after each time limit; whether spopt ever has a better plan meanwhile."""
    city, found = made_up_city(**CITY), {}
    problem, met = coverage_problem(city, MOST, RADIUS_M), Incumbents()
    for limit in limits:
        met = Incumbents()
        plan, seconds = timed(problem, met, gap=0.0, time_limit_s=limit)
        found[f"coverage_gap_{limit}s"] = plan.outcome.gap
        print(f"coverage {limit} s ({seconds:.1f}): {plan.outcome}", flush=True)
    question = {"goal": "coverage", "homes": city.homes, "sites": city.sites, "people": city.people}
    told = ask_peer(python, limits[-1], most=MOST, radius=RADIUS_M, **question)
    if told is not None:
        for clock, early_s in (("from the question on", 0.0), ("from each solver's start on", told["build_s"])):
            theirs = [(seconds - early_s, worth) for seconds, worth in told["incumbents"]]
            ahead = met.behind(theirs)
            print(
                f"coverage, plans of spopt better than ours at the time, {clock}: {len(ahead)} of {len(theirs)}", *ahead
            )
        print(f"coverage: spopt {told['objective']} after {told['total_s']:.1f} s", flush=True)
    return found


class Incumbents:
    """The plans met while solving: seconds since this was made, and worth, as progress told them."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._met: list[tuple[float, float]] = []

    def __call__(self, worth: float | None, _bound: float | None, _seconds: float) -> None:
        """Take a plan down."""
        if worth is not None:
            self._met.append((time.perf_counter() - self._began, worth))

    def behind(self, theirs: list[tuple[float, float]]) -> list[str]:
        """Return those of ``theirs`` (seconds, worth) that were worth more than what was in hand here by then."""
        found = []
        for seconds, worth in theirs:
            ours = max((one for at, one in self._met if at <= seconds), default=-np.inf)
            if ours < worth * (1 - 1e-9):
                found.append(f"{seconds:.1f} s: {worth:.0f} (ours {ours:.0f})")
        return found


def published(python: Path | None, goal: str, beside: list[int], peer_s: float) -> dict[str, Any]:
    """p-median or p-centre 1–20: how many are proven at the published optimum; seconds beside spopt on some of them."""
    name, column = ("pmedian", 0) if goal == "walk" else ("pcentre", 1)
    optima, proven, ours, peers, worse = published_optima(DATA / "orlib"), 0, 0.0, 0.0, 0
    for number in range(1, 21):
        distance, p = read_pmed(DATA / "orlib" / f"pmed{number}.txt")
        plan, seconds = timed(pmed_problem(distance, p, goal), gap=0.0, time_limit_s=120)
        proven += int(plan.proven and plan.outcome.objective == optima[f"pmed{number}"][column])
        line = f"pmed{number} {goal}: {plan.outcome.objective:.0f} in {seconds:.2f} s"
        if number in beside:
            question = {"goal": goal, "distance": distance, "people": np.ones(len(distance)), "most": p}
            told = ask_peer(python, peer_s, **question)
            if told is not None:
                ours, peers = ours + seconds, peers + told["total_s"]
                worse += int(told["objective"] is not None and plan.outcome.objective > told["objective"] + 1e-6)
                line += f"; spopt {told['objective']} in {told['total_s']:.1f} s"
        print(line, flush=True)
    found = {f"{name}_proven": proven, f"{name}_vs_spopt": peers / ours if ours else None}
    return found | ({"equal": False} if worse else {})


def capacitated(_: Path | None) -> dict[str, Any]:
    """OR-Library cap61–74: how many are proven at the published optimum."""
    optima, proven = published_optima(DATA / "orlib"), 0
    for path in sorted((DATA / "orlib" / "cap").glob("cap*.txt")):
        plan, seconds = timed(cap_problem(path), gap=0.0, time_limit_s=120)
        objective = plan.outcome.objective
        proven += int(plan.proven and objective is not None and abs(objective - optima[path.stem][0]) < 0.01)
        print(f"{path.stem}: {plan.outcome.objective:.3f} in {seconds:.2f} s", flush=True)
    return {"capacitated_proven": proven}


def district(_: Path | None, limits: tuple[int, ...]) -> dict[str, Any]:
    """The planner's problem, 5,000 × 300, three services and circles: the proven gap after each time limit.

    With everything on (places and floors too) in 60 s; in 180 s without places and floors, as the field poses it.
    """
    full, bare = district_problem(), district_problem(places=False, floors=False)
    found: dict[str, Any] = {}
    for problem, limit in ((full, 60), (bare, 180)):
        if limit in limits:
            plan, seconds = timed(problem, gap=1e-4, time_limit_s=limit, threads=2)
            found[f"district_gap_{limit}s"] = plan.outcome.gap
            print(f"district {limit} s ({seconds:.1f}): {plan.outcome}", flush=True)
    return found


def main() -> None:
    """Run the families and print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=FAMILIES, default=list(FAMILIES))
    parser.add_argument("--quick", action="store_true", help="leave out the 600 s and 180 s runs")
    parser.add_argument(
        "--beside",
        type=int,
        nargs="+",
        default=[1, 5, 6, 10, 20],
        help="pmed instances for spopt too; all twenty take it hours",
    )
    parser.add_argument(
        "--peer-seconds",
        type=float,
        default=40.0,
        help="the solver's time limit inside spopt; where it ends by that, the ratio is a lower bound",
    )
    parser.add_argument("--memory", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.memory:
        print_memory()
        return
    warm_up()
    python = peer_python() if set(asked.only) & {"equal", "build", "coverage", "pmedian", "pcentre"} else None
    runs = {
        "equal": lambda: equal(python),
        "build": lambda: build(python),
        "coverage": lambda: coverage(python, (30,) if asked.quick else (30, 600)),
        "pmedian": lambda: published(python, "walk", asked.beside, asked.peer_seconds),
        "pcentre": lambda: published(python, "furthest", asked.beside, asked.peer_seconds),
        "capacitated": lambda: capacitated(python),
        "district": lambda: district(python, (60,) if asked.quick else (60, 180)),
    }
    result: dict[str, Any] = dict.fromkeys(KEYS)
    for family in asked.only:
        result |= runs[family]()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
