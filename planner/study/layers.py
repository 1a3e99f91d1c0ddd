"""The layers a planner hands in: where they lie, how they are to be read, what their columns mean."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from planner.study._base import Block, Id, Label, Located, Share, renamed
from planner.study.former_names import FORMER_NAMES

Group = Id


class Layer(Located):
    """A file of features.

    Shapefile, GeoPackage, File Geodatabase, GeoJSON or FlatGeobuf (each also zipped), GeoParquet, CSV or xlsx with
    coordinates, an OpenStreetMap extract, or ``PG:…`` or ``postgresql://…`` for a PostGIS database where GDAL has its driver
    (without a password: a study that holds one is refused).
    """

    path: Path
    """Relative to the study file."""
    layer: str | None = None
    """Name of the table inside a GeoPackage, geodatabase or workbook; needed only if there are several."""
    crs: str | None = None
    """EPSG code, WKT or PROJ text, ``gcj02`` or ``bd09``; overrides what the file says. Never guessed."""
    axes: Literal["xy", "yx"] = "xy"
    """``yx`` where the file holds latitude (or northing) first."""
    encoding: str | None = None
    """Text encoding of a shapefile or CSV, if the file does not tell and the automatic decision is wrong."""
    columns: dict[str, str] = {}
    """Our name of a column → its name in the file, e.g. ``{id: 社区编码, name: 社区名称}``."""
    decimal: Literal[".", ","] | None = None
    """Decimal mark of figures stored as text; the other one then stands between thousands (``5.741`` with ``decimal: ","`` is
    5,741). Without it the cells themselves say, and what they leave open is a finding."""
    keep: dict[str, list[str | int | float | bool]] = {}
    """Keep only the rows whose column (name in the file) has one of these values."""
    drop: dict[str, list[str | int | float | bool]] = {}
    """Leave out the rows whose column has one of these values."""
    box_deg: tuple[float, float, float, float] | None = None
    """Keep only what lies in this box, by its inner point: west, south, east, north in degrees (EPSG:4326)."""
    tags: dict[str, list[str]] = {}
    """For OpenStreetMap extracts: keep objects with any of these tags; an empty list takes every value of the key."""

    @field_validator("columns", mode="before")
    @classmethod
    def _columns_under_names_of_today(cls, value: Any, info: ValidationInfo) -> Any:
        return renamed(value, frozenset(FORMER_NAMES.values()), info) if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _box_in_order(self) -> Self:
        if self.box_deg is not None:
            west, south, east, north = self.box_deg
            if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
                msg = "box_deg must be west, south, east, north in degrees"
                raise ValueError(msg)
        return self


class Communities(Layer):
    """Polygons of communities (社区, quarters, census blocks): every result is reported by them.

    Columns: ``id``, ``name``, if there ``households`` (their number, for standards per household), and those of ``roll_up``.
    """

    roll_up: list[str] = []
    """Administrative columns (street, town, parish …) by which tables are also summed."""
    roll_up_names: dict[str, Label] = {}
    """Column of ``roll_up`` → what pages and tables call it, e.g. ``{jiedao: {zh: 街道, en: Street}}``."""
    renamed: dict[str, str] = {}
    """Names that other layers still use → the name here, e.g. ``{五角场镇: 长海路街道}``."""
    cells: Literal["voronoi", "grid"] | None = None
    """Where nobody has borders: ``voronoi`` gives each point (a community's centre, a hexagon's) the ground nearest to it,
    ``grid`` lays squares of ``cell_m`` over the rows of any layer. Results are labelled as by cells."""
    cell_m: Annotated[float, Field(ge=50, le=20_000)] = 500.0
    """Side of the squares of ``cells: grid``; half of it is the least ground around the outermost points of ``voronoi``."""


class Buildings(Layer):
    """Residential buildings; people are spread over them by footprint × storeys."""

    assumed_storeys: Annotated[float, Field(gt=0)] = 1.0
    """Storeys of a building whose storeys are not known; an assumption, named on every output."""


class Counted(Block):
    """How the people of one group are read from a layer; a plain text is the column with their number."""

    column: str
    unit: Annotated[float, Field(gt=0)] = 1.0
    """People that 1 in the column stands for: 10000 where it counts 万人."""
    percent_of: str | None = None
    """The column is a percentage (0 to 100) of this column."""
    share: Share | None = None
    """Only this share of the column belongs to the group. An estimate: ``estimate`` must say from what."""
    estimate: str = ""
    """If the figures are an estimate: from what and how. Printed on every output."""

    @model_validator(mode="before")
    @classmethod
    def _plain_column(cls, value: Any) -> Any:
        return {"column": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _share_is_an_estimate(self) -> Counted:
        if self.share is not None and not self.estimate:
            msg = f"share {self.share:g} of {self.column} is an estimate: say from what with estimate"
            raise ValueError(msg)
        return self


class Join(Block):
    """Rows of a table without geometry, joined to the communities."""

    column: str
    """Column of the table."""
    to: str = "id"
    """Column of the communities: ``id``, ``name`` or a name in their file. Names in ``communities.renamed`` count as one."""


class People(Layer):
    """People by demand group, in polygons (communities, census blocks), as points, or in a table joined to the communities."""

    groups: Annotated[dict[Group, Counted], Field(min_length=1)]
    """Demand group → column with its number of people, or how to compute it."""
    join: Join | None = None
    """For a table without geometry."""
    total: str | None = None
    """Column with everybody; a group larger than it is a fault."""
    stated: dict[Group, Annotated[float, Field(ge=0)]] = {}
    """What the publisher says a group sums to; a sum that differs is reported."""
    basis: Literal["registered", "resident"]
    """户籍 (registered) or 常住 (resident); mixing them up moves demand between old and new quarters."""
    year: Annotated[int, Field(ge=1900, le=2100)]
    source: str
    """Who published the figures."""
    estimate: str = ""
    """If all figures are an estimate: from what and how. Printed on every output."""
    spread: Literal["buildings", "point"] = "buildings"
    """Where the people of a polygon live: in its residential buildings, or at one inner point."""
    whole_people: bool = False
    """Round the people of each building to integers (largest remainder, polygon sums kept)."""

    @property
    def estimates(self) -> dict[Group, str]:
        """Groups whose figures are an estimate → from what and how."""
        said = {group: counted.estimate or self.estimate for group, counted in self.groups.items()}
        return {group: text for group, text in said.items() if text}

    @model_validator(mode="after")
    def _stated_are_counted(self) -> People:
        unknown = sorted(set(self.stated) - set(self.groups))
        if unknown:
            msg = f"stated names {', '.join(unknown)}, which this layer does not count"
            raise ValueError(msg)
        return self


class Facilities(Layer):
    """Facilities that exist today.

    Columns: ``id``, ``name``, ``service`` unless the whole layer is one service; if there: ``capacity``, ``area_m2``, ``community``
    (the community it is said to lie in, by id, name or a roll-up; checked).
    """

    service: Id | None = None
    """The service of every row; otherwise the column mapped to ``service`` says (several joined by ``;``)."""
    services: dict[str, Id] = {}
    """Value of the service column → service of the study; values not named here are left out, and counted aloud."""


class Candidates(Layer):
    """Rooms and plots where services could be embedded. Columns: ``id``, ``name``, ``kind``, ``area_m2`` and the fields of a kind."""

    kind: Id | None = None
    """The kind of every row (see ``site_kinds``); otherwise the column mapped to ``kind`` says."""


class Need(Layer):
    """Polygons with a weight of need (from complaints, proposals, questionnaires). Column ``weight``: 1 = as usual."""


GroundKind = Literal["water", "green", "building", "railway", "road", "wall"]


class Ground(Layer):
    """What maps show beneath people and places; nothing is counted by it.

    Columns: ``kind`` (``water``, ``green``, ``building``, ``railway``, ``road`` or ``wall``) unless the whole layer is one, and
    ``name`` where the map shall say it. An OpenStreetMap extract is read by its tags. Rivers, railways and named main roads of
    the street extract, residential buildings, estates and barriers are shown without being named here.
    """

    kind: GroundKind | None = None
    """The kind of every row; otherwise the column mapped to ``kind`` says."""


class Streets(Located):
    """The street file: an OpenStreetMap extract, or any line layer."""

    path: Path
    """Relative to the study file."""
    layer: str | None = None
    crs: str | None = None
    """Only for line layers; OpenStreetMap extracts are always in degrees (EPSG:4326)."""
    node_tolerance_m: Annotated[float, Field(ge=0, le=10)] = 0.0
    """Line layers only: ends closer than this are one junction."""
    crossings: Literal["joined", "apart"] | None = None
    """Line layers only: whether lines that cross meet there. By default they do, unless their ``layer`` differs, or one is a
    bridge or tunnel, or the layer has columns ``u`` and ``v`` (was cut at its junctions already)."""
    join_gaps_m: Annotated[float, Field(ge=0, le=50)] = 0.0
    """Join disconnected pieces closer than this; its effect is printed. 0 joins nothing."""
    least_piece_m: Annotated[float, Field(ge=0, le=10_000)] = 0.0
    """Leave out pieces that join no other and hold less street than this, so that doors beside them open on the next
    street; its effect is printed. 0 leaves out nothing."""


class Elevation(Located):
    """A raster of heights in metres; reading it needs the extra ``raster``."""

    path: Path
    """Relative to the study file."""


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
    need: Need | None = None
    """How much more, or less, the people of a place count, in the plan and in every table; said on every output."""
    elevation: Elevation | None = None
    """Heights, for walkers with ``slope: tobler``."""
    ground: list[Ground] = []
    """Water, green, buildings, railways and named roads beneath the maps."""
    entrances: Layer | None = None
    """Doors of facilities and candidates, where a place has several. Columns: ``id``, ``place`` (id of the facility or candidate)."""

    @property
    def files(self) -> tuple[Located, ...]:
        """Every layer that is given, in the order of its keys."""
        given = [getattr(self, name) for name in type(self).model_fields]
        each = [one for held in given for one in (held if isinstance(held, list) else [held])]
        return tuple(one for one in each if one is not None)

    @model_validator(mode="after")
    def _estates_need_gates(self) -> Layers:
        if self.estates is not None and self.gates is None:
            msg = "estates are given but no gates; add layers.gates, or leave estates out"
            raise ValueError(msg)
        return self
