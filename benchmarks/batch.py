"""A hundred scenarios of Porto: streets searched once, the solver at work, two processes beside one, nothing done twice.

The study is configs/porto.yaml with every shop, bank, café and school of the extract as a candidate, so that each plan takes
the solver seconds; the budget makes the scenarios. Kills are dealt to a town of nine blocks, which is
soon done again. Ends with one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ruamel.yaml import YAML  # noqa: E402

from planner.store.executors import BatchReport, Processes, Serial  # noqa: E402
from planner.workflow.batch import (  # noqa: E402
    ScenarioRunner,
    run_batch,
)
from tests.kills import lost_to_kills  # noqa: E402
from tests.tiny_town import write_town  # noqa: E402

DATA = Path(os.environ.get("PLANNER_SHARED_DATA", ROOT.parent / "shared" / "data")).resolve()
EXTRACT = "porto_center_2020-07-20.osm.pbf"


def porto(folder: Path, scenarios: int) -> Path:
    """Write the study with ``scenarios`` scenarios of one walk model."""
    study = YAML(typ="safe", pure=True).load((ROOT / "configs" / "porto.yaml").read_text(encoding="utf-8"))
    where = str(DATA / "porto") + "/"
    told = json.loads(json.dumps(study).replace("../../shared/data/porto/", where))
    rooms = {
        "path": where + EXTRACT,
        "kind": "vacant_premises",
        "tags": {"shop": [], "amenity": ["bank", "cafe", "school"]},
    }
    told["layers"]["candidates"] = [
        one for one in told["layers"]["candidates"] if one["kind"] not in ("school", "vacant_premises")
    ]
    told["layers"]["candidates"].append(rooms)
    told["solver"] = {"time_limit_s": 60, "gap": 0.0001, "seed": 1}
    told["siting"]["max_sites"] = None
    matrix = {"budgets.capital_cost": [4_000_000 + round(8_000_000 * i / scenarios) for i in range(scenarios)]}
    told["scenarios"] = [{"name": "grid", "matrix": matrix}]
    path = folder / "porto.yaml"
    path.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")  # JSON is YAML
    return path


def batch(study: Path, store: Path, executor: Serial | Processes) -> tuple[BatchReport, float]:
    """Run all scenarios on an empty store and an empty cache; return the report and the wall seconds."""
    began = time.perf_counter()
    report = run_batch(
        [study],
        executor=executor,
        work=ScenarioRunner(store / ".cache"),
        only=["grid*"],
        store=store,
        on_event=lambda *_: None,
    )
    report.raise_failures()
    return report, time.perf_counter() - began


def searches(report: BatchReport) -> int:
    """Return how often the streets were searched for the same walking profile."""
    made = [recall.stage for recall in report.cache_events if recall.how == "made" and recall.stage.startswith("walks")]
    return max(made.count(stage) for stage in set(made))


def no_op_s(study: Path, store: Path) -> float:
    """Return the wall seconds of the whole command where there is nothing to do."""
    words = [
        sys.executable,
        "-m",
        "planner",
        "batch",
        str(study),
        "--out",
        str(store),
        "--only",
        "grid*",
        "--json",
        "--quiet",
    ]
    began = time.perf_counter()
    ended = subprocess.run(words, check=True, capture_output=True, cwd=ROOT)
    took = time.perf_counter() - began
    told = json.loads(ended.stdout)
    assert told["reused"] == told["scenarios"], told
    return took


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--scenarios", type=int, default=100)
    words.add_argument("--kills", type=int, default=20)
    asked = words.parse_args()
    if not (DATA / "porto").is_dir():
        print(f"the data of Porto are not at {DATA}; set PLANNER_SHARED_DATA")
        sys.exit(2)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        study = porto(folder, asked.scenarios)
        alone, alone_s = batch(study, folder / "one", Serial())
        solver_s = sum(one.result.seconds for one in alone.done if one.result is not None)
        print(f"one process: {alone_s:.1f} s, of which the solver {solver_s:.1f} s", flush=True)
        both, both_s = batch(study, folder / "two", Processes(2))
        print(f"two processes: {both_s:.1f} s", flush=True)
        idle_s = no_op_s(study, folder / "two")
        print(f"nothing to do: {idle_s:.2f} s", flush=True)
        town = write_town(folder / "town")
        lost = (
            lost_to_kills(town, folder / "kills", kills=asked.kills, seed=7, words=("--jobs", "2"))
            if asked.kills
            else []
        )
    told = {
        "scenarios": len(alone.done),
        "street_searches": max(searches(alone), searches(both)),
        "solver_share": round(solver_s / alone_s, 3),
        "two_process_speedup": round(alone_s / both_s, 2),
        "noop_s": round(idle_s, 2),
        "kills_survived": sum(not files for files in lost),
        "lost": sum(len(files) for files in lost),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
