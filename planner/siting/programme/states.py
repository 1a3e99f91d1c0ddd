"""States of a plan as the bundle columns of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.siting.programme.formulation import Formulation

__all__ = ["bundle_values"]


def bundle_values(form: Formulation, states: tuple[NDArray[np.int64], ...]) -> NDArray[np.float64]:
    """Return the bundle columns of ``states``; the solver fills in the rest."""
    values = np.full(form.builder.n_columns, np.nan)
    bundles = form.bundles
    for period, z in enumerate(form.z):
        state = states[min(period, len(states) - 1)]
        chosen = np.zeros(form.problem.offers.count, dtype=bool)
        chosen[state] = True
        inside = (bundles.offer < 0) | chosen[np.where(bundles.offer < 0, 0, bundles.offer)]
        per_site = np.bincount(form.problem.offers.site[state], minlength=form.problem.sites.count)
        exact = inside.all(axis=1) & ((bundles.offer >= 0).sum(axis=1) == per_site[bundles.site])
        values[z.slice] = exact.astype(np.float64)
    return values
