# ruff: noqa: ANN001, ANN201, ANN202, PLC0415 - a script that imports what the task at hand needs
"""What the peers do with the same streets; run by their own interpreter, knows nothing of the planner.

``python peers.py TASK FOLDER`` reads ``FOLDER/streets.npz`` (or ``pairs.npz``) and prints one line of JSON: CPU seconds, best
of several, and where the answer was written.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np


def best(task, times=3):
    quickest = float("inf")
    for _ in range(times):
        begun = time.process_time()
        answer = task()
        quickest = min(quickest, time.process_time() - begun)
    return quickest, answer


def pandana_walks(folder):
    import pandana
    import pandas as pd
    from scipy.spatial import cKDTree

    told = np.load(folder / "streets.npz")
    xy, origins, sites, limit_m = told["xy"], told["origins"], told["sites"], float(told["limit_m"])

    def prepare():
        x, y, u, v = (pd.Series(part) for part in (xy[:, 0], xy[:, 1], told["u"], told["v"]))
        return pandana.Network(x, y, u, v, pd.DataFrame({"metres": told["metres"]}), twoway=True)

    prepared_s, network = best(prepare, 2)

    def matrix():
        near = cKDTree(xy[origins]).query_ball_tree(cKDTree(xy[sites]), limit_m)
        a = np.repeat(np.arange(len(origins)), [len(row) for row in near])
        b = np.concatenate([np.asarray(row, dtype=np.int64) for row in near])
        metres = np.array(network.shortest_path_lengths(origins[a], sites[b]))
        kept = metres <= limit_m
        return a[kept], b[kept], metres[kept]

    matrix_s, (a, b, metres) = best(matrix)
    np.savez(folder / "pandana.npz", a=a, b=b, metres=metres)

    return {"prepared_s": prepared_s, "matrix_s": matrix_s}


def access_catchment(folder):
    import pandas as pd
    from access import fca

    told = np.load(folder / "pairs.npz")
    demand = pd.DataFrame({"demand": told["people"]})
    supply = pd.DataFrame({"supply": told["capacity"]})
    cost = pd.DataFrame({"origin": told["demand"], "dest": told["site"], "cost": told["seconds"]})
    limit = float(told["cutoff_s"])
    took_s, series = best(
        lambda: fca.two_stage_fca(demand, supply, cost, max_cost=limit, demand_index=True, supply_index=True), 20
    )
    np.savez(folder / "access.npz", value=series.reindex(range(len(demand))).fillna(0.0).to_numpy())
    return {"fca_s": took_s}


def pyrosm_graph(folder):
    import pyrosm

    def read():
        osm = pyrosm.OSM((folder / "extract").read_text())
        nodes, edges = osm.get_network(network_type="walking", nodes=True)
        return osm.to_graph(nodes, edges, graph_type="networkx")

    return {"read_s": best(read, 1)[0]}


if __name__ == "__main__":
    task = {"pandana": pandana_walks, "access": access_catchment, "pyrosm": pyrosm_graph}[sys.argv[1]]
    print(json.dumps(task(Path(sys.argv[2]))))
