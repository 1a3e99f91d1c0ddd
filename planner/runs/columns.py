"""Columns that every table of a folder has, whatever the study: what a folder of an older version lacks is named, not missed later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.errors import OutputError
from planner.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from planner.study import Language

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
