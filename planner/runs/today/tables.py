"""The tables of an assessment: the one set of numbers that its page and its workbook quote.

Three columns say where a row holds, the same in every table that has them: ``level`` (``all``, ``community`` or ``area``),
``column`` (the roll-up column of an area, else empty) and ``area`` (id of the community, name of the area; empty for all,
and for people who live in no community). ``group`` is a demand group counted in whole people; empty, it is the demand of
the service, weighted as the study says. People who reach nothing stay in every ``people``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.runs.columns import OF_ASSESSMENTS
from planner.runs.tables import Frames

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import pandas as pd


@dataclass(frozen=True, eq=False)
class AssessmentTables(Frames):
    """Everything an assessment found out, as frames; ids are text, positions do not occur."""

    @classmethod
    def columns(cls) -> Mapping[str, tuple[str, ...]]:
        """Return what columns each table has, whatever the study."""
        return OF_ASSESSMENTS

    communities: gpd.GeoDataFrame
    """``id, name, <roll_up columns>, people_<group>`` and polygons."""
    demand: gpd.GeoDataFrame
    """``id, community_id, people_<group>, connector_m`` and points."""
    places: gpd.GeoDataFrame
    """Facilities, then candidates: ``id, name, role, kind, area_m2, storey, lift, setup_yuan, yearly_yuan, ready_year,
    connector_m`` and points."""
    existing: pd.DataFrame
    """``place_id, service, capacity`` (NaN = not known)."""
    coverage: pd.DataFrame
    """``level, column, area, service, walker, minutes, group, people, covered, served, heads, heads_covered``: people with a
    facility within the circle, for the service's own walker and for the two that are compared; those of them who also find a place
    (equal to ``covered`` where no facility's places are known; NaN for other walkers and for groups, whose places nobody can
    tell); and both ``people`` and ``covered`` with each person counted as one."""
    walks: pd.DataFrame
    """``level, column, area, service, walker, group, people, reached, mean_of_reached_s, p90_s, max_s``: the walk to the nearest
    facility, timed up to ``limit_s`` of `Origin`; ``p90_s`` and ``max_s`` are of all people, infinite beyond that."""
    nearest: pd.DataFrame
    """``demand_id, service, walker, seconds, place_id``: the nearest facility of each demand point (NaN beyond the limit)."""
    facilities: pd.DataFrame
    """``place_id, service, walker, minutes, people_within, people_only_here, overlap_share, load, capacity, utilisation, idle``:
    people of the service's demand within the circle; who reach no other; the share who do; who come if everybody goes to the
    nearest, times participation; load over capacity; whether that is under one half (missing where not known)."""
    balance: pd.DataFrame
    """``level, column, area, service, minutes, people, people_uncovered, people_covered_twice, balance_share, places, places_due,
    surplus_places``: ``balance_share`` = (covered twice − uncovered) / people, −1 … 1; the places of the facilities whose
    capacity is known, as they reach the people of the area (2SFCA), what the district's own average would give, and the
    difference (NaN where no capacity is known)."""
    duplicates: pd.DataFrame
    """``service, minutes, place_id, into_id, people_shared, shared_share, doubled, merge_lost, move_to, move_lost, move_gained,
    proposal, change``: the facility that shares most of this one's people, and their share; whether that is at least one half (and
    somebody at all); who would reach none any more if it merged into the other; the candidate it could move to (empty: none that suits), whom
    that would lose and win; ``merge`` or ``move``, whichever loses fewer people (equal: whichever covers more); people covered
    after it, less today. Least lost first. Each row stands for itself: see ``closing`` for one after another."""
    closing: pd.DataFrame
    """``service, minutes, step, place_id, people_lost, people_lost_in_all``: facilities closed one after another, each time the
    one that loses fewest, losses counted anew at every step."""
    accessibility: pd.DataFrame
    """``level, column, area, service, minutes, people, places_per_1000``: E2SFCA with Gaussian decay to the widest circle, the mean
    of the area's people; only services with a facility whose capacity is known."""
    equity: pd.DataFrame
    """``service, minutes, people, facilities, facilities_with_capacity, places, gini, palma``: of E2SFCA over people (NaN where no
    capacity is known; ``palma`` is infinite where the worst-served 40 % have nothing)."""
    floors: pd.DataFrame
    """``service, minutes, group, area, people, covered, share``: the worst-covered community of each service, circle and group."""
    benchmarks: pd.DataFrame
    """``standard, service, walker, name_zh, name_en, value, low, high, verdict, missing_zh, missing_en, source, clause, verified,
    derived``: what was measured (NaN: see what is missing) beside the figure of the standard; ``verdict``: ``met``, ``below``,
    ``above``, empty where either is not known."""
    reach: pd.DataFrame
    """``walker, demand_id, place_id, seconds``: every pair within the largest circle."""
    circles: gpd.GeoDataFrame
    """``place_id, walker, minutes`` and polygons of every facility: drawings, never used to decide coverage."""
    streets: gpd.GeoDataFrame
    """``highway, stairs, doors`` and lines."""
    findings: pd.DataFrame
    """``severity, code, layer, where, zh, en``: what the check said of the layers."""
