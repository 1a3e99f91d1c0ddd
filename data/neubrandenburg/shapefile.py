"""Write shapefiles a planner would send: short ASCII field names, UTF-8 with a .cpg, a .prj, a fixed date."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyogrio

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

LONGEST_FIELD = 10
EXTRACT_DATE = "2015-12-31"
"""The .dbf header wants a date; the year of the OpenStreetMap extract keeps equal builds equal, byte by byte."""


def write_shapefile(layer: gpd.GeoDataFrame, target: Path) -> None:
    """Write `layer` to `target` (``.shp``) in a way that gives equal bytes on every run."""
    too_long = [name for name in layer.columns if len(name) > LONGEST_FIELD or not name.isascii()]
    if too_long:
        raise SystemExit(f"{target.name}: field names over {LONGEST_FIELD} ASCII characters: {too_long}")
    pyogrio.write_dataframe(
        layer,
        target,
        driver="ESRI Shapefile",
        encoding="UTF-8",
        layer_options={"DBF_DATE_LAST_UPDATE": EXTRACT_DATE, "RESIZE": "YES"},
    )
