"""What spopt does with an instance: read arrays, build, solve, say how long each took and how much memory. Runs in its own environment.

``python siting_peer.py QUESTION.npz SECONDS``; the last line is JSON. Nothing of the planner is imported.
"""

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import highspy
import numpy as np
import pulp
from spopt.locate import LSCP, MCLP, PCenter, PMedian

warnings.simplefilter("ignore")


def most_mb() -> float:
    """The most memory held so far; ``ru_maxrss`` would begin with that of the process that started this one."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def main() -> None:
    imports_mb = most_mb()
    question = np.load(sys.argv[1])
    seconds, goal = float(sys.argv[2]), str(question["goal"])
    people, most = question["people"], int(question["most"])
    if "homes" in question:
        homes, sites = question["homes"], question["sites"]
        distance = np.hypot(*(homes[:, None, :] - sites[None, :, :]).transpose(2, 0, 1)).astype(np.float32)
        distance = distance.astype(np.float64)
    else:
        distance = question["distance"]
    began = time.perf_counter()
    if goal == "coverage":
        model = MCLP.from_cost_matrix(distance, people, float(question["radius"]), most)
    elif goal == "walk":
        model = PMedian.from_cost_matrix(distance, people, most)
    elif goal == "furthest":
        model = PCenter.from_cost_matrix(distance, most)
    else:
        model = LSCP.from_cost_matrix(distance, float(question["radius"]))
    build_s = time.perf_counter() - began
    objective, incumbents = None, []
    if seconds > 0:
        improved = highspy.cb.HighsCallbackType.kCallbackMipImprovingSolution

        def tell(kind: object, _message: str, out: Any, _into: object, _user: object) -> None:
            if kind == improved:
                incumbents.append((time.perf_counter() - began, abs(out.objective_function_value)))

        told = {"callbackTuple": (tell, None), "callbacksToActivate": [improved]}
        solver = pulp.HiGHS(msg=False, threads=1, timeLimit=seconds, gapRel=0.0, **told)
        model.problem.solve(solver)
        objective = model.problem.objective.value()
        incumbents.append((time.perf_counter() - began, objective))
    print(
        json.dumps(
            {
                "build_s": build_s,
                "total_s": time.perf_counter() - began,
                "objective": objective,
                "incumbents": incumbents,
                "memory_mb": most_mb() - imports_mb,
                "imports_mb": imports_mb,
            }
        )
    )


if __name__ == "__main__":
    main()
