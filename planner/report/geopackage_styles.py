"""Aliases of the columns and styles of the layers of a plan's GeoPackage, written into its own tables.

Aliases stand in ``gpkg_data_columns`` (GeoPackage 1.3, extension ``gpkg_schema``), styles in ``layer_styles``, where QGIS looks for them.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from planner.i18n import languages, messages, money_label, translate
from planner.report.cartography import INK, MUTED, outline_colour, service_colour
from planner.report.names import plain_words, roll_up_name
from planner.report.qgis_style import LayerStyle, Symbol, qml

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from planner.store.run import Run
    from planner.study import Language, Study

#: written as the moment of the last change: equal runs give equal files
CHANGED = "2000-01-01T00:00:00.000Z"

_TABLES = """
CREATE TABLE gpkg_data_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT, mime_type TEXT,
  constraint_name TEXT, CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name), CONSTRAINT gdc_tn UNIQUE (table_name, name));
CREATE TABLE gpkg_data_column_constraints (
  constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC, min_is_inclusive BOOLEAN, max NUMERIC,
  max_is_inclusive BOOLEAN, description TEXT, CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value));
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256),
  f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT,
  owner TEXT(30), ui TEXT(30), update_time DATETIME DEFAULT CURRENT_TIMESTAMP);
"""
_EXTENSION = "CREATE TABLE IF NOT EXISTS gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL, CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name))"


def describe_layers(run: Run, path: Path, columns: Mapping[str, Mapping[str, str]]) -> None:
    """Write titles, aliases and styles into the GeoPackage at ``path``.

    Parameters
    ----------
    columns
        Layer → name of a column in the file → its name in the tables of the run.
    """
    language = run.study.language
    styles = _styles(run)
    with closing(sqlite3.connect(path)) as file:
        file.executescript(_EXTENSION + ";" + _TABLES)
        file.executemany(
            "INSERT INTO gpkg_extensions VALUES (?, NULL, 'gpkg_schema', 'http://www.geopackage.org/spec121/#extension_schema', 'read-write')",
            [("gpkg_data_columns",), ("gpkg_data_column_constraints",)],
        )
        file.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change) VALUES ('layer_styles', 'attributes', 'layer_styles', ?)",
            (CHANGED,),
        )
        for layer, named in columns.items():
            title = translate(f"gpkg.layer.{layer}", language)
            file.execute("UPDATE gpkg_contents SET identifier = ? WHERE table_name = ?", (title, layer))
            aliases = _aliases(run.study, named, language)
            for column, alias in aliases.items():
                texts = " / ".join(dict.fromkeys(column_label(run.study, named[column], one) for one in languages()))
                file.execute(
                    "INSERT INTO gpkg_data_columns (table_name, column_name, name, title, description) VALUES (?, ?, ?, ?, ?)",
                    (layer, column, alias, texts, texts),
                )
            file.execute(
                "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, description, owner, ui, update_time) VALUES ('', '', ?, 'geom', ?, ?, '', 1, ?, '', NULL, ?)",
                (layer, title[:30], qml(styles[layer], aliases), title, CHANGED),
            )
        file.commit()


def _aliases(study: Study, columns: Mapping[str, str], language: Language) -> dict[str, str]:
    """Return the alias of every column of a layer; of columns with the same label, the later ones with their names."""
    aliases: dict[str, str] = {}
    for column, stored in columns.items():
        label = column_label(study, stored, language)
        aliases[column] = f"{label} ({column})" if label in aliases.values() else label
    return aliases


def column_label(study: Study, column: str, language: Language) -> str:
    """Return what a column of a layer is called: figures of a service and a circle, people of a group, else a message's text."""
    if column.startswith("people_") and column.removeprefix("people_") in study.groups:
        return study.groups[column.removeprefix("people_")].name.text(language)
    if column in study.layers.communities.roll_up:
        return roll_up_name(study, column, language)
    for service in study.services:
        name = service.name.text(language)
        for circle in study.circles_of(service):
            beginning = f"{service.id}_{circle.minutes:g}_"
            if column.startswith(beginning) and f"gpkg.figure.{column.removeprefix(beginning)}" in messages(language):
                figure = translate(f"gpkg.figure.{column.removeprefix(beginning)}", language)
                minutes = translate("report.minutes_short", language, minutes=circle.minutes)
                return f"{name} · {minutes} · {figure}"
        walk = column.removeprefix(f"{service.id}_")
        if walk in {"before_s", "after_s", "after_id"} and walk != column:
            return f"{name} · {translate(f'gpkg.figure.{walk}', language)}"
    key = f"gpkg.column.{column}"
    if key in messages(language):
        return translate(key, language, currency=money_label(language, study.currency))
    return plain_words(column)


def _styles(run: Run) -> dict[str, LayerStyle]:
    study, language = run.study, run.study.language
    names = [service.name.text(language) for service in study.services]
    circles = {
        name: Symbol("fill", service_colour(i), outline_colour(i), 0.5, opacity=0.12) for i, name in enumerate(names)
    }
    openings = {name: Symbol("marker", service_colour(i), INK, 4.0) for i, name in enumerate(names)}
    return {
        "communities": LayerStyle({"": Symbol("fill", MUTED, "#8a979f", 0.2)}, label="name"),
        "streets": LayerStyle({"": Symbol("line", "#b4bec4", size_mm=0.25)}),
        "circles": LayerStyle(circles, "service"),
        "demand": LayerStyle({"": Symbol("marker", "#8a969e", size_mm=0.9)}),
        "candidates": LayerStyle({"": Symbol("marker", "#ffffff", INK, 1.8)}),
        "facilities": LayerStyle({"": Symbol("marker", "#3d4f5c", size_mm=2.6, shape="square")}),
        "openings": LayerStyle(openings, "service", "name"),
    }
