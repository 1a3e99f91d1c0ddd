"""The layers a planner hands in: where they lie, how they are to be read, what their columns mean."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from planner.study._base import Block, Id

Group = Id


class Layer(Block):
    """A file of features: shapefile (also zipped), GeoPackage, GeoJSON, GeoParquet, CSV, xlsx or an OpenStreetMap extract."""

    path: Path
    """Relative to the study file."""
    layer: str | None = None
    """Name of the table inside a GeoPackage, geodatabase or workbook; needed only if there are several."""
    crs: str | None = None
    """EPSG code, WKT or PROJ text, ``gcj02`` or ``bd09``; overrides what the file says. Never guessed."""
    encoding: str | None = None
    """Text encoding of a shapefile or CSV, if the file does not tell and the automatic decision is wrong."""
    columns: dict[str, str] = {}
    """Our name of a column → its name in the file, e.g. ``{id: 社区编码, name: 社区名称}``."""
    keep: dict[str, list[str | int | float | bool]] = {}
    """Keep only the rows whose column (name in the file) has one of these values."""
    drop: dict[str, list[str | int | float | bool]] = {}
    """Leave out the rows whose column has one of these values."""
    tags: dict[str, list[str]] = {}
    """For OpenStreetMap extracts: keep objects with any of these tags; an empty list takes every value of the key."""


class Communities(Layer):
    """Polygons of communities (社区, quarters, census blocks): every result is reported by them."""

    roll_up: list[str] = []
    """Administrative columns (street, town, parish …) by which tables are also summed."""


class Buildings(Layer):
    """Residential buildings; people are spread over them by footprint × storeys."""

    assumed_storeys: Annotated[float, Field(gt=0)] = 1.0
    """Storeys of a building whose storeys are not known; an assumption, named on every output."""


class People(Layer):
    """People by demand group, in polygons (communities, census blocks) or as points."""

    groups: Annotated[dict[Group, str], Field(min_length=1)]
    """Demand group → column with its number of people."""
    basis: Literal["registered", "resident"]
    """户籍 (registered) or 常住 (resident); mixing them up moves demand between old and new quarters."""
    year: Annotated[int, Field(ge=1900, le=2100)]
    source: str
    """Who published the figures."""
    estimate: str = ""
    """If the figures are an estimate: from what and how. Printed on every output."""
    spread: Literal["buildings", "point"] = "buildings"
    """Where the people of a polygon live: in its residential buildings, or at one inner point."""
    whole_people: bool = False
    """Round the people of each building to integers (largest remainder, polygon sums kept)."""


class Facilities(Layer):
    """Facilities that exist today. Columns: ``id``, ``name``, and ``service`` unless the whole layer is one service."""

    service: Id | None = None
    """The service of every row; otherwise the column mapped to ``service`` says (several joined by ``;``)."""
    services: dict[str, Id] = {}
    """Value of the service column → service of the study; values not named here are left out, and counted aloud."""


class Candidates(Layer):
    """Rooms and plots where services could be embedded. Columns: ``id``, ``name``, ``kind``, ``area_m2`` and the fields of a kind."""

    kind: Id | None = None
    """The kind of every row (see ``site_kinds``); otherwise the column mapped to ``kind`` says."""


class Streets(Block):
    """The street file: an OpenStreetMap extract, or any line layer."""

    path: Path
    """Relative to the study file."""
    layer: str | None = None
    crs: str | None = None
    """Only for line layers; OpenStreetMap extracts are always in degrees (EPSG:4326)."""
    node_tolerance_m: Annotated[float, Field(ge=0, le=10)] = 0.0
    """Line layers only: ends closer than this are one junction."""
    join_gaps_m: Annotated[float, Field(ge=0, le=50)] = 0.0
    """Join disconnected pieces closer than this; its effect is printed. 0 joins nothing."""


class Layers(Block):
    """Everything that lies on the ground."""

    communities: Communities
    people: Annotated[list[People], Field(min_length=1)]
    streets: Streets
    buildings: Buildings | None = None
    facilities: list[Facilities] = []
    candidates: Annotated[list[Candidates], Field(min_length=1)]
    gates: Layer | None = None
    """Gates of gated estates (小区): buildings inside an estate leave only through them."""
    estates: Layer | None = None
    """Polygons of gated estates."""
    barriers: Layer | None = None
    """Walls, railways, expressways, water: no door is reached straight across them."""

    @model_validator(mode="after")
    def _estates_need_gates(self) -> Layers:
        if self.estates is not None and self.gates is None:
            msg = "estates are given but no gates; add layers.gates, or leave estates out"
            raise ValueError(msg)
        return self
