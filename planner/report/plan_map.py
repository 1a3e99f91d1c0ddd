"""Map of a plan of the library: folium with Leaflet inside, no tiles, names escaped."""

from __future__ import annotations

import base64
import json
from html import escape
from typing import TYPE_CHECKING, Any

import folium
import geopandas as gpd
import numpy as np

from planner.report.page import leaflet_script, leaflet_style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.access import WalkNetwork

OfflineMap = folium.Map
"""A folium map that requests nothing over the network."""

MAX_STREETS = 20_000
"""Streets drawn; of more, the longest."""
COVERED_NOW, COVERED_AFTER, UNCOVERED = "#1b7837", "#5aae61", "#b2182b"
STREET, FACILITY, SITE = "#bdbdbd", "#2166ac", "#e08214"
LEGEND = (
    (COVERED_NOW, "people in reach today"),
    (COVERED_AFTER, "people in reach with the plan"),
    (UNCOVERED, "people out of reach"),
    (FACILITY, "existing facility"),
    (SITE, "opened site"),
)


def plan_map(
    network: WalkNetwork,
    walks: Sequence[tuple[str, gpd.GeoDataFrame]],
    facilities: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame,
    title: str,
) -> OfflineMap:
    """Return streets, demand points, existing facilities and opened sites as a map that requests nothing over the network.

    Parameters
    ----------
    network : WalkNetwork
        Streets.
    walks : sequence of (str, geopandas.GeoDataFrame)
        Per service the demand points with ``people``, ``before_s`` and ``after_s``.
    facilities, sites : geopandas.GeoDataFrame
        Existing facilities; opened sites with ``services``.
    title : str
        Text above the map.
    """
    points = walks[0][1].to_crs(4326)
    west, south, east, north = (float(edge) for edge in points.total_bounds)
    drawn = folium.Map(location=[(south + north) / 2, (west + east) / 2], tiles=None, control_scale=True)
    drawn.default_js = [("leaflet", _data("text/javascript", leaflet_script()))]
    drawn.default_css = [("leaflet_css", _data("text/css", leaflet_style()))]
    streets, note = _streets(network)
    _layer(streets, "streets", STREET, lines=True).add_to(drawn)
    for service, walk in walks:
        _layer(_demand(walk), f"people: {service}", UNCOVERED, radius=4).add_to(drawn)
    if len(facilities):
        _layer(_places(facilities), "existing facilities", FACILITY, radius=7).add_to(drawn)
    if len(sites):
        _layer(_places(sites), "opened sites", SITE, radius=9).add_to(drawn)
    folium.LayerControl(collapsed=False).add_to(drawn)
    drawn.fit_bounds([[south, west], [north, east]])
    text = "<br>".join(map(escape, [*title.splitlines(), *note]))
    text += "<br>" + " · ".join(f'<span style="color: {colour}">●</span> {meaning}' for colour, meaning in LEGEND)
    figure: Any = drawn.get_root()
    figure.html.add_child(folium.Element(f'<p style="font: 13px sans-serif; margin: 6px">{text}</p>'), name="title")
    return drawn


def _data(kind: str, text: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(text.encode()).decode('ascii')}"


def _safe(text: object) -> str:
    """Return a text from a layer as characters that neither HTML nor a template literal reads as markup."""
    safe = escape(str(text))
    for letter in "`$\\{}":
        safe = safe.replace(letter, f"&#{ord(letter)};")
    return safe


def _streets(network: WalkNetwork) -> tuple[gpd.GeoDataFrame, list[str]]:
    longest = np.argsort(-network.length_m, kind="stable")[:MAX_STREETS]
    lines = gpd.GeoSeries(network.lines[np.sort(longest)], crs=network.crs)
    left_out = network.n_edges - len(longest)
    note = [f"{left_out:,} of the shortest streets are not drawn"] if left_out else []
    frame = gpd.GeoDataFrame({"colour": STREET, "text": ""}, index=lines.index, geometry=lines.simplify(1.0))
    return frame, note


def _demand(walk: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    after, before = np.isfinite(walk["after_s"]), np.isfinite(walk["before_s"])
    texts = [
        f"{_safe(index)}: {people:,.0f} people, {_minutes(was)} → {_minutes(becomes)}"
        for index, people, was, becomes in zip(
            walk.index, walk["people"], walk["before_s"], walk["after_s"], strict=True
        )
    ]
    colour = np.where(before, COVERED_NOW, np.where(after, COVERED_AFTER, UNCOVERED))
    return gpd.GeoDataFrame({"colour": colour, "text": texts}, geometry=walk.geometry.array, crs=walk.crs)


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f} min" if np.isfinite(seconds) else "out of reach"


def _places(places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    opened = "services" in places.columns and "n_services" in places.columns
    services = places["services"] if opened else [""] * len(places)
    texts = [
        f"{_safe(index)}: {_safe(names)}" if opened else _safe(index)
        for index, names in zip(places.index, services, strict=True)
    ]
    colour = SITE if opened else FACILITY
    return gpd.GeoDataFrame({"colour": colour, "text": texts}, geometry=places.geometry.array, crs=places.crs)


def _layer(frame: gpd.GeoDataFrame, name: str, colour: str, *, radius: int = 0, lines: bool = False) -> folium.GeoJson:
    """Return a frame with ``colour`` and ``text`` as one layer."""
    content = json.loads(frame.to_crs(4326).to_json(drop_id=True))
    marker = None if lines else folium.CircleMarker(radius=radius, weight=1, color=colour, fill=True, fill_opacity=0.8)

    def style(feature: dict[str, Any]) -> dict[str, Any]:
        own = feature["properties"]["colour"]
        return {"color": own, "fillColor": own, "weight": 1}

    tooltip = None if lines else folium.GeoJsonTooltip(["text"], labels=False)
    return folium.GeoJson(content, name=_safe(name), marker=marker, style_function=style, tooltip=tooltip)
