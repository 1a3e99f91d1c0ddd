"""Styles of the layers of a GeoPackage as QGIS stores them: QML documents of symbols, categories, labels and aliases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Sort = Literal["fill", "line", "marker"]
#: class of the symbol layer that draws each sort of symbol
_CLASSES = {"fill": "SimpleFill", "line": "SimpleLine", "marker": "SimpleMarker"}
_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"


@dataclass(frozen=True)
class Symbol:
    """How a feature is drawn; sizes in millimetres on paper, colours as ``#rrggbb``."""

    sort: Sort
    colour: str
    outline: str = "#ffffff"
    size_mm: float = 0.3
    """Of a marker its diameter, of a line its width, of a fill the width of its outline."""
    shape: str = "circle"
    """Of a marker: ``circle``, ``square`` …"""
    opacity: float = 1.0
    """Of the fill of a polygon, 0–1."""


@dataclass(frozen=True)
class LayerStyle:
    """Style of a layer: one symbol, or one for each value of a column."""

    symbols: Mapping[str, Symbol]
    """Value of ``column`` → symbol; without a column, one symbol under any name."""
    column: str = ""
    label: str = ""
    """Column that is written beside features; empty: none."""


def qml(style: LayerStyle, aliases: Mapping[str, str]) -> str:
    """Return a style as a QML document.

    Parameters
    ----------
    style
        Of the layer.
    aliases
        Column → what attribute tables and forms call it.

    >>> text = qml(LayerStyle({"": Symbol("marker", "#0b5ea8")}), {"id": "number"})
    >>> 'type="singleSymbol"' in text, 'name="number"' in text
    (True, True)
    """
    root = ET.Element("qgis", {"version": "3.28.0", "styleCategories": "Symbology|Labeling|Fields"})
    kind = "categorizedSymbol" if style.column else "singleSymbol"
    renderer = ET.SubElement(root, "renderer-v2", {"type": kind, "enableorderby": "0", "forceraster": "0"})
    if style.column:
        renderer.set("attr", style.column)
        categories = ET.SubElement(renderer, "categories")
        for i, value in enumerate(style.symbols):
            text = {
                "render": "true",
                "symbol": str(i),
                "value": _plain(value),
                "label": _plain(value),
                "type": "string",
            }
            ET.SubElement(categories, "category", text)
    symbols = ET.SubElement(renderer, "symbols")
    for i, symbol in enumerate(style.symbols.values()):
        _symbol(symbols, str(i), symbol)
    if style.label:
        _labels(root, style.label)
    named = ET.SubElement(root, "aliases")
    for i, (column, alias) in enumerate(aliases.items()):
        ET.SubElement(named, "alias", {"field": _plain(column), "index": str(i), "name": _plain(alias)})
    ET.SubElement(root, "layerGeometryType").text = {"marker": "0", "line": "1", "fill": "2"}[_sort(style)]
    ET.indent(root)
    return _DOCTYPE + ET.tostring(root, encoding="unicode")


def _sort(style: LayerStyle) -> Sort:
    return next(iter(style.symbols.values())).sort


def _symbol(parent: ET.Element, name: str, symbol: Symbol) -> None:
    drawn = ET.SubElement(
        parent, "symbol", {"type": symbol.sort, "name": name, "alpha": "1", "clip_to_extent": "1", "force_rhr": "0"}
    )
    layer = ET.SubElement(drawn, "layer", {"class": _CLASSES[symbol.sort], "pass": "0", "enabled": "1", "locked": "0"})
    options = ET.SubElement(layer, "Option", {"type": "Map"})
    for key, value in _properties(symbol).items():
        ET.SubElement(options, "Option", {"name": key, "type": "QString", "value": value})


def _properties(symbol: Symbol) -> dict[str, str]:
    size = f"{symbol.size_mm:g}"
    if symbol.sort == "line":
        return {"line_color": _rgba(symbol.colour), "line_width": size, "line_width_unit": "MM", "line_style": "solid"}
    edge = {"outline_color": _rgba(symbol.outline), "outline_style": "solid", "outline_width_unit": "MM"}
    if symbol.sort == "fill":
        return {"color": _rgba(symbol.colour, symbol.opacity), "style": "solid", "outline_width": size, **edge}
    marker = {"color": _rgba(symbol.colour), "name": symbol.shape, "size": size, "size_unit": "MM"}
    return {**marker, "outline_width": "0.2", **edge}


def _rgba(colour: str, opacity: float = 1.0) -> str:
    """Return ``red,green,blue,alpha`` (0–255) of ``#rrggbb``.

    >>> _rgba("#0b5ea8", 0.5)
    '11,94,168,128'
    """
    parts: Sequence[int] = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return ",".join(map(str, (*parts, round(255 * opacity))))


def _labels(root: ET.Element, column: str) -> None:
    labelling = ET.SubElement(root, "labeling", {"type": "simple"})
    settings = ET.SubElement(labelling, "settings", {"calloutType": "simple"})
    style = {"fieldName": _plain(column), "fontSize": "8", "fontSizeUnit": "Point", "textColor": _rgba("#1d2a33")}
    text = ET.SubElement(settings, "text-style", {**style, "isExpression": "0"})
    buffer = {"bufferDraw": "1", "bufferSize": "0.8", "bufferSizeUnits": "MM", "bufferColor": _rgba("#ffffff")}
    ET.SubElement(text, "text-buffer", buffer)
    ET.SubElement(settings, "placement", {"placement": "0"})


def _plain(text: str) -> str:
    """Return a text without characters that XML cannot hold."""
    return "".join(
        letter
        if letter in "\t\n\r" or (letter >= " " and letter not in "\ufffe\uffff")
        else "\N{REPLACEMENT CHARACTER}"
        for letter in str(text)
    )
