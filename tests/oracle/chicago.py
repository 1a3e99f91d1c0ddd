"""What PySAL's ``access`` says of Chicago: writes the numbers that ``tests/unit/access/test_chicago.py`` expects.

Run it in an environment that has ``access==1.1.10`` (``pip install access==1.1.10``)::

    python -m tests.oracle.chicago ../shared/data/chicago tests/data/chicago_access_1.1.10.json

Straight lines between tract centres (EPSG:2790, metres) stand in for walks, a metre a second, rounded to the centimetre;
capacity is the number of doctors.
"""

import json
import sys
from pathlib import Path

import numpy as np

CUTOFF = 8000.0
STEPS = ((3000.0, 1.0), (5000.0, 0.42), (8000.0, 0.09))


def tracts(folder):
    """Return geoid, people, doctors and all pairs within the cutoff as (origin, destination, cost)."""
    people = {f["properties"]["geoid"]: f["properties"]["pop"] for f in _features(folder / "chicago_metro_pop.geojson")}
    places = _features(folder / "chicago_metro_docs_dentists.geojson")
    geoid = np.array([f["properties"]["geoid"] for f in places])
    doctors = np.array([float(f["properties"]["doc"] or 0) for f in places])
    centre = np.array([f["geometry"]["coordinates"] for f in places])
    apart = np.round(np.hypot(*(centre[:, None] - centre[None]).transpose(2, 0, 1)), 2)
    origin, destination = np.nonzero(apart <= CUTOFF)
    return (
        geoid,
        np.array([float(people[g] or 0) for g in geoid]),
        doctors,
        origin,
        destination,
        apart[origin, destination],
    )


def step_weight(cost):
    return next((weight for bound, weight in STEPS if cost <= bound), 0.0)


def gaussian_weight(cost):
    return (np.exp(-0.5 * (cost / CUTOFF) ** 2) - np.exp(-0.5)) / (1 - np.exp(-0.5))


def _features(path):
    return json.loads(path.read_text(encoding="utf-8"))["features"]


def main(folder, out):
    import pandas as pd
    from access import fca

    geoid, people, doctors, origin, destination, cost = tracts(folder)
    demand = pd.DataFrame({"demand": people}, index=pd.Index(geoid, name="geoid"))
    supply = pd.DataFrame({"supply": doctors}, index=pd.Index(geoid, name="geoid"))
    costs = pd.DataFrame({"origin": geoid[origin], "dest": geoid[destination], "cost": cost})
    expected = {}
    for name, weight in (("2sfca", None), ("steps", step_weight), ("gaussian", gaussian_weight)):
        series = fca.two_stage_fca(
            demand, supply, costs, max_cost=CUTOFF, demand_index=True, supply_index=True, weight_fn=weight
        ).reindex(geoid)
        expected[name] = {str(g): float(series.loc[g]) for g in geoid[::40]}
        expected[name]["sum over all tracts"] = float(series.sum())
    out.write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
