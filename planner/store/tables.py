"""The tables of a run: the one set of numbers that map, workbook and page all quote.

A run is remembered as plain parquet, one file per table, so that pandas, DuckDB or QGIS read it without this package.
``docs/run-folder.md`` describes every column.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

import geopandas as gpd
import pandas as pd

from planner.errors import OutputError
from planner.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from planner.study import Language


@dataclass(frozen=True, eq=False)
class Frames:
    """Frames by name, each a parquet file of that name in a folder."""

    def write(self, folder: Path, ready: Mapping[str, bytes] = MappingProxyType({})) -> None:
        """Write one parquet file per table into ``folder`` (made if absent); ``ready`` holds tables that are parquet already."""
        folder.mkdir(parents=True, exist_ok=True)
        for field in fields(self):
            content = ready[field.name] if field.name in ready else as_parquet(getattr(self, field.name))
            (folder / f"{field.name}.parquet").write_bytes(content)

    @classmethod
    def columns(cls) -> Mapping[str, tuple[str, ...]]:
        """Return what columns each table has, whatever the study."""
        return OF_RUNS

    @classmethod
    def read(cls, folder: Path, language: Language) -> Self:
        """Read the tables back from ``folder``; raises OutputError in ``language`` where an older version wrote fewer."""
        names = [field.name for field in fields(cls)]
        return cls(**{name: read_table(folder, name, cls.columns()[name], language) for name in names})


@dataclass(frozen=True, eq=False)
class Tables(Frames):
    """Everything a run found out, as frames; ids are text, positions do not occur.

    Frames with geometry are in the run's one projected CRS, in metres.
    """

    communities: gpd.GeoDataFrame
    """``id, name, <roll_up columns>, people_<group>`` and polygons."""
    demand: gpd.GeoDataFrame
    """``id, community_id, people_<group>`` (heads), ``need_weight, connector_m`` (NaN: not connected to any street) and points."""
    places: gpd.GeoDataFrame
    """Facilities and candidates as one list: ``id, name, role`` (``facility``/``candidate``), ``kind, area_m2, storey, lift,
    setup_yuan, yearly_yuan, ready_year, connector_m, opened`` and points."""
    existing: pd.DataFrame
    """``place_id, service, capacity``: what facilities offer today (capacity NaN = not known)."""
    offers: pd.DataFrame
    """Every way a service can be run at a place, in the order of the siting problem: ``place_id, service, size, stands, planned,
    moves_from, may_close,    closing_yuan, area_m2, capital_yuan, yearly_yuan, capacity`` and ``pays_<department>`` shares. Set-up and shared rooms are left out."""
    openings: pd.DataFrame
    """The plan, one row per service opened: ``place_id, service, size, area_m2, fit_out_yuan, yearly_yuan, capacity, year, mode,
    department`` (year NaN in a plan without phases)."""
    opened_sites: pd.DataFrame
    """The plan, one row per building: ``place_id, name, kind, services, n_services, area_m2, area_offered_m2, setup_yuan, fit_out_yuan,
    capital_yuan, yearly_yuan, ready_year``."""
    coverage: pd.DataFrame
    """``service, minutes, people, covered_before, covered_after, served_before, served_after, heads, heads_before, heads_after``:
    people (weighted demand of the service), unreached ones included; those of them who find a place, too, where places are limited;
    and each person counted as one."""
    coverage_by_community: pd.DataFrame
    """The same by ``community_id`` (empty text: people outside every community)."""
    coverage_by_area: pd.DataFrame
    """The same by ``column, area`` for every roll-up column."""
    served: pd.DataFrame
    """``service, minutes, people, served``: people within a circle who also have a place, where places are limited."""
    loads: pd.DataFrame
    """``place_id, service, capacity, load, utilisation`` of every open place whose capacity binds."""
    unopened: pd.DataFrame
    """``service, why, place_id, size, capital_yuan, yearly_yuan, minutes, people, rules_zh, rules_en, instead_place_id,
    instead_service, worth_lost, unspent_yuan, needs_m2, largest_m2``: services of which the plan opens nothing new, the opening
    that would come nearest, the rules that refuse it, and what it could take the place of."""
    closed: pd.DataFrame
    """``place_id, service``: what stands today and not after the plan (closed, moved, or replaced by an extension)."""
    bills: pd.DataFrame
    """``department, name_zh, name_en, capital_yuan, capital_limit_yuan, yearly_yuan, yearly_limit_yuan`` (limit NaN: none)."""
    nearest: pd.DataFrame
    """``demand_id, service, before_s, after_s, before_id, after_id``: walk to the nearest opening (NaN beyond the largest circle)."""
    reach: pd.DataFrame
    """``walker, demand_id, place_id, seconds``: every pair within the largest circle, seconds ascending within a demand point."""
    circles: gpd.GeoDataFrame
    """``place_id, walker, minutes`` and polygons of opened sites: drawings, never used to decide coverage."""
    streets: gpd.GeoDataFrame
    """``highway, stairs, doors`` (no door opens on a bridge or in a tunnel) and lines: what was walked, and the ground of the map."""
    findings: pd.DataFrame
    """``severity, code, layer, where, zh, en``: what the check said of the layers."""


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


@dataclass(frozen=True, eq=False)
class Explanation(Frames):
    """Everything that was found out about a plan, as frames; written as ``explanation/<name>.parquet``.

    People are those of a service within its widest circle (with a place, where places are limited), in the end.
    Worth and gain are in the units of the study's first objective; positive is better.
    """

    @classmethod
    def columns(cls) -> Mapping[str, tuple[str, ...]]:
        """Return what columns each table has, whatever the study."""
        return OF_EXPLANATIONS

    prices: pd.DataFrame
    """``kind, key, rule_zh, rule_en, priced, gain, gain_at_least, gain_at_most, proven, capital_yuan, yearly_yuan`` and
    ``people_<service>``: what the plan would gain, and spend more, without each rule (NaN where the time ran out: ``priced`` is then
    false). What the rule costs lies between ``gain_at_least`` and ``gain_at_most`` whatever was left unproven: the first takes off
    what this plan itself may lack to the best one (NaN, like the second, where there is no bound)."""
    openings: pd.DataFrame
    """``place_id, service, size, minutes, people_alone, people_last, worth_alone, worth_last``: each new opening over today with nothing
    else opened, and as the last one in."""
    swaps: pd.DataFrame
    """``allowed, out_place_id, out_service, into_place_id, into_service, into_size, gain, people_out, people_into, broken_zh, broken_en``:
    the best swap that rules refuse (and which), and the best they allow; at most one row each."""
    unfunded: pd.DataFrame
    """``place_id, service, size, capital_yuan, yearly_yuan``: openings of the plan that no budget would limit, for which there is no money."""
    endless_money: pd.DataFrame
    """One row, or none without budgets: ``gain, gain_at_least, gain_at_most, proven, capital_yuan, yearly_yuan, openings`` of that plan against this one."""
    schedule: pd.DataFrame
    """``place_id, service, size, opens, ready, start, start_now``: years of opening, of the building being ready if its approval starts
    now, and in which approval has to start; empty for a plan without years."""


def read_table(folder: Path, name: str, columns: tuple[str, ...], language: Language) -> pd.DataFrame:
    """Read one table back, with its geometry if it has any; raises OutputError where it, or one of its ``columns``, is absent."""
    path = folder / f"{name}.parquet"
    if folder.is_dir() and not path.is_file():
        refuse_older(path, columns, None, language)
    frame: pd.DataFrame = gpd.read_parquet(path) if name in GEOGRAPHIC else pd.read_parquet(path)
    refuse_older(path, columns, frame, language)
    return frame


def as_parquet(frame: pd.DataFrame) -> bytes:
    """Return a table as the bytes of a parquet file: equal values, equal bytes, however the texts are held in memory."""
    held_as_objects = [
        name
        for name in frame.columns
        if frame[name].dtype == object and pd.api.types.infer_dtype(frame[name], skipna=False) in ("string", "empty")
    ]
    plain = frame.astype(dict.fromkeys(held_as_objects, "str")) if held_as_objects else frame
    content = io.BytesIO()
    plain.to_parquet(content, index=False)
    return content.getvalue()


#: the tables that carry geometry
GEOGRAPHIC = frozenset({"communities", "demand", "places", "circles", "streets"})


__all__ = ["OF_ASSESSMENTS", "OF_EXPLANATIONS", "OF_RUNS", "refuse_older"]


def _columns(listing: str) -> dict[str, tuple[str, ...]]:
    lines = (line.split() for line in listing.strip().splitlines())
    return {name: tuple(columns) for name, *columns in lines}


OF_RUNS: Mapping[str, tuple[str, ...]] = _columns("""
bills department name_zh name_en capital_yuan capital_limit_yuan yearly_yuan yearly_limit_yuan
circles place_id walker minutes geometry
closed place_id service
communities id name geometry
coverage service minutes people covered_before covered_after served_before served_after heads heads_before heads_after
coverage_by_area column area service minutes people covered_before covered_after served_before served_after heads heads_before heads_after
coverage_by_community community_id service minutes people covered_before covered_after served_before served_after heads heads_before heads_after
demand id community_id need_weight connector_m geometry
existing place_id service capacity
findings severity code layer where zh en
loads place_id service capacity load utilisation
nearest demand_id service before_s after_s before_id after_id
offers place_id service size stands planned moves_from may_close closing_yuan area_m2 capital_yuan yearly_yuan capacity
opened_sites place_id name kind services n_services area_m2 area_offered_m2 setup_yuan fit_out_yuan capital_yuan yearly_yuan ready_year
openings place_id service size area_m2 fit_out_yuan yearly_yuan capacity year mode department
places id name role kind area_m2 storey lift setup_yuan yearly_yuan ready_year geometry connector_m opened
reach walker demand_id place_id seconds
served service minutes people served
streets highway stairs doors geometry
unopened service why place_id size capital_yuan yearly_yuan minutes people rules_zh rules_en instead_place_id instead_service worth_lost unspent_yuan needs_m2 largest_m2
""")

OF_ASSESSMENTS: Mapping[str, tuple[str, ...]] = _columns("""
accessibility level column area service minutes people places_per_1000
balance level column area service minutes people people_uncovered people_covered_twice balance_share places places_due surplus_places
benchmarks standard service walker name_zh name_en value low high verdict missing_zh missing_en source clause verified derived
circles place_id walker minutes geometry
closing service minutes step place_id people_lost people_lost_in_all
communities id name geometry
coverage level column area service walker minutes group people covered served heads heads_covered
demand id community_id need_weight connector_m geometry
duplicates service minutes place_id into_id people_shared shared_share doubled merge_lost move_to move_lost move_gained proposal change
equity service minutes people facilities facilities_with_capacity places gini palma
existing place_id service capacity
facilities place_id service walker minutes people_within people_only_here overlap_share load capacity utilisation idle
findings severity code layer where zh en
floors service minutes group area people covered share
nearest demand_id service walker seconds place_id
places id name role kind area_m2 storey lift setup_yuan yearly_yuan ready_year geometry connector_m
reach walker demand_id place_id seconds
streets highway stairs doors geometry
walks level column area service walker group people reached mean_of_reached_s p90_s max_s
""")

OF_EXPLANATIONS: Mapping[str, tuple[str, ...]] = _columns("""
endless_money gain gain_at_least gain_at_most proven capital_yuan yearly_yuan openings
openings place_id service size minutes people_alone people_last worth_alone worth_last
prices kind key rule_zh rule_en priced gain gain_at_least gain_at_most proven capital_yuan yearly_yuan
schedule place_id service size opens ready start start_now
swaps allowed out_place_id out_service into_place_id into_service into_size gain people_out people_into broken_zh broken_en
unfunded place_id service size capital_yuan yearly_yuan
""")


def refuse_older(path: Path, columns: tuple[str, ...], frame: pd.DataFrame | None, language: Language) -> None:
    """Raise where a folder lacks the table ``path`` (``frame`` none), or the table lacks columns that it has today.

    Raises
    ------
    OutputError
        naming the folder, the table and what it lacks, and which verb makes it anew.
    """
    if frame is None:
        raise OutputError(say("report.older_table", language, folder=path.parent.parent, table=path.name))
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        facts = {"folder": path.parent.parent, "table": path.name, "columns": ", ".join(missing)}
        raise OutputError(say("report.older_columns", language, **facts))
