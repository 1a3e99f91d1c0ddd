"""A made-up city of two hundred districts through Dask on this machine: every run there, the totals their sums."""

import pandas as pd
import pytest

from planner.runs.batch import run_batch
from planner.runs.cluster import Cluster
from planner.runs.compare import compare, find_runs
from planner.runs.work import Work
from tests.tiny_town import write_town

DISTRICTS = 200


@pytest.mark.scale
@pytest.mark.filterwarnings("ignore")  # Dask speaks of workers that take their time to close
def test_two_hundred_districts_run_through_dask(tmp_path):
    studies = [
        write_town(tmp_path / "city" / f"d{i:03d}", scenarios="  []", seed=i, name=f"d{i:03d}")
        for i in range(DISTRICTS)
    ]
    store = tmp_path / "store"
    report = run_batch(
        studies, executor=Cluster("local", 2), work=Work(store / ".cache"), store=store, tell=lambda *_: None
    )
    report.raise_failures()
    assert report.counts == {"ran": DISTRICTS}
    comparison, _ = compare(find_runs([store]))
    parts = [pd.read_parquet(path) for path in store.glob("*/base/tables/coverage.parquet")]
    sums = pd.concat(parts).groupby(["service", "minutes"])[["people", "covered_before", "covered_after"]].sum()
    totals = comparison.totals.set_index(["service", "minutes"]).loc[sums.index]
    assert (totals["studies"] == DISTRICTS).all()
    pd.testing.assert_frame_equal(totals[sums.columns], sums)
