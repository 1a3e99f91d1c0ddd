"""The tables of the ground: the same, byte for byte, in every run made on it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING

from planner.access.soundness import check_streets
from planner.runs.ground import Ground, connector_m
from planner.runs.tables import as_parquet
from planner.runs.tabulate import (
    communities_table,
    demand_table,
    existing_table,
    findings_table,
    reach_table,
    streets_table,
)

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from planner.study import Study


@dataclass(frozen=True, eq=False)
class Sheets:
    """Tables of `planner.runs.tables.Tables` that no plan changes."""

    communities: gpd.GeoDataFrame
    demand: gpd.GeoDataFrame
    existing: pd.DataFrame
    reach: pd.DataFrame
    streets: gpd.GeoDataFrame
    findings: pd.DataFrame

    @cached_property
    def parquet(self) -> dict[str, bytes]:
        """Each table as the bytes of its file, made once for all the runs that hold it."""
        return {part.name: as_parquet(getattr(self, part.name)) for part in fields(self)}


def sheets(study: Study, ground: Ground) -> Sheets:
    """Tabulate the ground."""
    district = ground.district
    place_ids = (*district.facilities["id"], *district.sites["id"])
    walker = study.services[0].walker
    return Sheets(
        communities=communities_table(study, district),
        demand=demand_table(study, district, connector_m(ground.doors.demand[walker])),
        existing=existing_table(district),
        reach=reach_table(district, place_ids, ground.reaches),
        streets=streets_table(ground.network),
        findings=findings_table((*district.findings, *check_streets(study, district, ground.network))),
    )
