"""Reaches written down by hand."""

import numpy as np

from planner.access import TravelTimes


def travel_times_of(rows, n_sites, cutoff_s=900.0):
    """Make a reach from one ``{site: seconds}`` per demand point."""
    ordered = [sorted(row.items(), key=lambda pair: (pair[1], pair[0])) for row in rows]
    pairs = [pair for row in ordered for pair in row]
    return TravelTimes(
        indptr=np.concatenate([[0], np.cumsum([len(row) for row in ordered])]).astype(np.int64),
        site=np.array([site for site, _ in pairs], dtype=np.int32),
        seconds=np.array([seconds for _, seconds in pairs], dtype=np.float32),
        n_sites=n_sites,
        cutoff_s=cutoff_s,
    )


def random_travel_times(seed, n=50, n_sites=9, cutoff_s=900.0):
    """Give every pair a walk; keep those within the cutoff."""
    seconds = np.round(np.random.default_rng(seed).uniform(0, 3 * cutoff_s, (n, n_sites)), 1)
    return travel_times_of([{j: s for j, s in enumerate(row) if s <= cutoff_s} for row in seconds], n_sites, cutoff_s)
