"""Faults of figures: numbers as text, people that cannot be, tables that do not join, services, sites, streets."""

from datetime import UTC, datetime

import xlsxwriter

from tests.data.broken.catalogue import PEOPLE, at, case
from tests.data.broken.of_places import with_xy
from tests.data.broken.sound import around, draw_cross, write_geojson, write_shapefile, write_streets, write_table

AS_TEXT = at("people.geojson", **PEOPLE)
JOINED = {**PEOPLE, "join": {"column": "quarter", "to": "name"}}


def _people(sound, folder, values):
    """Write the quarters with other elders: one value for each, or a function of the true one."""
    elders = [values(v) for v in sound.communities["p65up"]] if callable(values) else values
    write_geojson(sound.communities.assign(p65up=elders), folder / "people.geojson")


@case("full-width-digits", "people.0", AS_TEXT, "text-number", "warning")
def _(sound, folder):
    _people(sound, folder, lambda v: str(v).translate(str.maketrans("0123456789", "０１２３４５６７８９")))


@case("thousands-separators", "people.0", AS_TEXT, "text-number", "warning")
def _(sound, folder):
    _people(sound, folder, lambda v: f"{v * 10:,}")


@case("dash-for-nobody", "people.0", AS_TEXT, "missing-number", "warning")
def _(sound, folder):
    _people(sound, folder, ["－", "120", "35", "80"])


@case("about-so-many", "people.0", AS_TEXT, "text-number", "warning")
def _(sound, folder):
    _people(sound, folder, lambda v: f"约{v}人")


@case("words-for-numbers", "people.0", AS_TEXT, "unreadable-number")
def _(sound, folder):
    _people(sound, folder, ["详见年鉴", "120", "35", "80"])


@case("negative-people", "people.0", AS_TEXT, "negative-number")
def _(sound, folder):
    _people(sound, folder, [-5, 120, 35, 80])


@case("blank-people", "people.0", AS_TEXT, "missing-number", "warning")
def _(sound, folder):
    _people(sound, folder, [None, 120, 35, 80])


@case("implausible-people", "people.0", AS_TEXT, "implausible-people", "warning")
def _(sound, folder):
    _people(sound, folder, lambda v: v * 10_000)


@case("band-exceeds-total", "people.0", at("people.geojson", **PEOPLE, total="pop"), "band-exceeds-total")
def _(sound, folder):
    _people(sound, folder, [99_999, 120, 35, 80])


@case("sum-disagrees", "people.0", at("people.geojson", **PEOPLE, stated={"elders": 5000}), "sum-disagrees", "warning")
def _(sound, folder):
    _people(sound, folder, [1000, 1000, 1000, 1000])


@case(
    "percentage-above-100",
    "people.0",
    at(
        "people.geojson",
        **{**PEOPLE, "groups": {"elders": {"column": "p65up", "percent_of": "pop"}, "toddlers": "p0_2"}},
    ),
    "percentage-above-100",
)
def _(sound, folder):
    _people(sound, folder, [26.4, 260.4, 31.0, 22.2])


@case("nobody", "people.0", AS_TEXT, "no-people", about="people")
def _(sound, folder):
    _people(sound, folder, [0, 0, 0, 0])


def _table(sound, folder, quarters):
    rows = sound.communities.drop(columns=["geometry", "id", "name"]).iloc[: len(quarters)]
    write_table(rows.assign(quarter=quarters), folder / "people.csv")


@case("table-names-changed", "people.0", at("people.csv", **JOINED), "unjoined-rows")
def _(sound, folder):
    _table(sound, folder, [f"{name} (neu)" for name in sound.communities["name"]])


@case("table-names-twice", "people.0", at("people.csv", **JOINED), "joined-twice")
def _(sound, folder):
    names = list(sound.communities["name"])
    _table(sound, folder, [names[0], names[0], *names[2:]])


@case(
    "table-row-missing", "people.0", at("people.csv", **JOINED), "community-without-row", "warning", about="communities"
)
def _(sound, folder):
    _table(sound, folder, list(sound.communities["name"])[:3])


@case(
    "people-outside",
    "people.0",
    at("people.csv", crs="EPSG:25833", **PEOPLE),
    "people-outside",
    "warning",
    about="people",
)
def _(sound, folder):
    rows = with_xy(sound.communities)
    rows.loc[0, "x"] += 8000
    write_table(rows, folder / "people.csv")


@case(
    "community-without-people",
    "people.0",
    at("people.csv", crs="EPSG:25833", **PEOPLE),
    "community-without-people",
    "note",
    about="communities",
)
def _(sound, folder):
    write_table(with_xy(sound.communities).iloc[:3], folder / "people.csv")


@case(
    "polygons-without-buildings", "buildings", at("buildings.shp"), "people-without-buildings", "note", about="people.0"
)
def _(sound, folder):
    write_shapefile(
        sound.buildings[sound.buildings.within(sound.communities.geometry.iloc[0])], folder / "buildings.shp"
    )


@case("storeys-unknown", "buildings", at("buildings.shp"), "assumed-storeys", "note")
def _(sound, folder):
    write_shapefile(sound.buildings.iloc[:60].assign(storeys=None), folder / "buildings.shp")


@case(
    "people-estimated",
    "people.0",
    at(
        "people.geojson",
        **{
            **PEOPLE,
            "groups": {
                "elders": "p65up",
                "toddlers": {"column": "pop", "share": 0.02, "estimate": "the county's share"},
            },
        },
    ),
    "estimated-people",
    "note",
)
def _(sound, folder):
    _people(sound, folder, lambda v: v)


@case("candidates-without-area", "candidates.0", at("candidates.csv", crs="EPSG:25833"), "no-area", "warning")
def _(sound, folder):
    rows = with_xy(sound.candidates)
    rows.loc[:2, "area_m2"] = None
    write_table(rows, folder / "candidates.csv")


@case(
    "no-candidate-is-usable",
    "candidates.0",
    at("candidates.csv", crs="EPSG:25833"),
    "no-candidates",
    about="candidates",
)
def _(sound, folder):
    write_table(with_xy(sound.candidates).drop(columns="area_m2"), folder / "candidates.csv")


@case("unknown-kind", "candidates.0", at("candidates.csv", crs="EPSG:25833"), "unknown-kind", "warning")
def _(sound, folder):
    write_table(with_xy(sound.candidates).assign(kind="闲置厂房"), folder / "candidates.csv")


@case("service-not-in-study", "facilities.0", at("facilities.csv", crs="EPSG:25833"), "unknown-service")
def _(sound, folder):
    write_table(with_xy(sound.facilities).assign(service="助餐点"), folder / "facilities.csv")


@case("service-blank", "facilities.0", at("facilities.csv", crs="EPSG:25833"), "no-service", "warning")
def _(sound, folder):
    rows = with_xy(sound.facilities)
    rows.loc[0, "service"] = ""
    write_table(rows, folder / "facilities.csv")


@case(
    "service-not-mapped",
    "facilities.0",
    at("facilities.csv", crs="EPSG:25833", services={"托育": "childcare"}),
    "services-left-out",
    "note",
)
def _(sound, folder):
    rows = with_xy(sound.facilities).assign(service="托育")
    rows.loc[0, "service"] = "公厕"
    write_table(rows, folder / "facilities.csv")


@case("streets-in-pieces", "streets", at("streets.osm.pbf"), "street-pieces", "warning")
def _(sound, folder):
    roads = ("primary", "secondary", "tertiary", "residential")
    write_streets(folder / "streets.osm.pbf", around(sound.communities), without=roads)


@case("streets-half-a-metre-apart", "streets", at("streets.osm"), "street-gaps", "note")
def _(sound, folder):
    draw_cross(sound.communities, folder / "streets.osm", gap_m=0.5)


@case("streets-end-at-the-border", "streets", at("streets.osm.pbf"), "circles-cut", "warning")
def _(sound, folder):
    write_streets(folder / "streets.osm.pbf", around(sound.communities.iloc[:2], 0))


@case("streets-far-from-homes", "streets", at("streets.osm"), "far-from-street", "warning", about="people")
def _(sound, folder):
    draw_cross(sound.communities, folder / "streets.osm")


@case("streets-nobody-may-walk", "streets", at("streets.osm"), "no-walkable-street")
def _(sound, folder):
    draw_cross(sound.communities, folder / "streets.osm", highway="motorway")


@case("streets-truncated", "streets", at("streets.osm.pbf"), "unreadable-extract-of-streets")
def _(sound, folder):
    write_streets(folder / "streets.osm.pbf", around(sound.communities.iloc[:1], 0))
    content = (folder / "streets.osm.pbf").read_bytes()
    (folder / "streets.osm.pbf").write_bytes(content[: len(content) // 2])


SEMICOLONS = at("people.csv", **JOINED)


def _typed(sound, folder, elders, separator=",", heading="p65up"):
    """Write a table of elders as they were typed, one for each quarter."""
    rows = zip(sound.communities["name"], elders, sound.communities["p0_2"], strict=True)
    lines = [separator.join(map(str, row)) for row in rows]
    head = separator.join(["quarter", heading, "p0_2"])
    (folder / "people.csv").write_text("\n".join([head, *lines, ""]), encoding="utf-8")


@case("decimal-commas", "people.0", SEMICOLONS, "decimal-comma", "note")
def _(sound, folder):
    _typed(sound, folder, ["1210,5", "0,110", "35", "80"], ";")


@case("commas-of-either-kind", "people.0", SEMICOLONS, "thousands-or-decimals")
def _(sound, folder):
    _typed(sound, folder, ["1,210", "2,110", "35", "80"], ";")


@case("thousands-with-points", "people.0", SEMICOLONS, "thousands-or-decimals")
def _(sound, folder):
    _typed(sound, folder, ["1.210", "2.110", "35", "80"])


@case("percent-signs-for-people", "people.0", SEMICOLONS, "percent-for-people")
def _(sound, folder):
    _typed(sound, folder, ["23.5%", "20%", "35%", "8%"])


@case("ranges-for-people", "people.0", SEMICOLONS, "range-refused")
def _(sound, folder):
    _typed(sound, folder, ["100-200", "110", "35", "80"])


@case("impossible-people", "people.0", SEMICOLONS, "impossible-number")
def _(sound, folder):
    _typed(sound, folder, ["1e15", "110", "35", "80"])


@case("heading-twice", "people.0", SEMICOLONS, "ambiguous-column")
def _(sound, folder):
    rows = [f"{name},1,2,3" for name in sound.communities["name"]]
    (folder / "people.csv").write_text("\n".join(["quarter,p65up,p65up,p0_2", *rows, ""]), encoding="utf-8")


@case("title-above-heading", "people.0", SEMICOLONS, "title-rows", "note")
def _(sound, folder):
    _typed(sound, folder, ["120", "110", "35", "80"])
    text = (folder / "people.csv").read_text(encoding="utf-8")
    (folder / "people.csv").write_text(f"2020年各社区老年人口,,\n单位：人,,\n{text}", encoding="utf-8")


@case("formula-never-computed", "people.0", at("people.xlsx", **JOINED), "formula-error")
def _(sound, folder):
    _sheet(sound, folder, ["=60+60", 110, 35, 80])


@case("formula-in-error", "people.0", at("people.xlsx", **JOINED), "formula-error")
def _(sound, folder):
    _sheet(sound, folder, ["#REF!", 110, 35, 80])


@case("merged-figures", "people.0", at("people.xlsx", **JOINED), "formula-error")
def _(sound, folder):
    _sheet(sound, folder, [240, None, 35, 80], merged="B2:B3")


def _sheet(sound, folder, elders, merged=None):
    book = xlsxwriter.Workbook(folder / "people.xlsx")
    book.set_properties({"created": datetime(2015, 12, 31, tzinfo=UTC)})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["quarter", "p65up", "p0_2"])
    rows = zip(sound.communities["name"], elders, sound.communities["p0_2"], strict=True)
    for number, row in enumerate(rows, start=1):
        sheet.write_row(number, 0, row)
    if merged:
        sheet.merge_range(merged, elders[0])
    book.close()


@case("value-nowhere", "people.0", at("people.geojson", **PEOPLE, drop={"id": ["Q99"]}), "unmatched-value", "warning")
def _(sound, folder):
    _people(sound, folder, lambda v: v)


def _rooms(sound, folder, **columns):
    write_table(with_xy(sound.candidates).assign(**columns), folder / "candidates.csv")


@case("area-zero", "candidates.0", at("candidates.geojson"), "zero-unknown", "warning")
def _(sound, folder):
    rooms = sound.candidates.set_geometry(sound.candidates.representative_point().buffer(15))
    write_geojson(rooms.assign(area_m2=0.0), folder / "candidates.geojson")


@case("year-is-none", "candidates.0", at("candidates.csv", crs="EPSG:25833"), "unreadable-year")
def _(sound, folder):
    _rooms(sound, folder, ready_year="待批")


@case("year-is-a-date", "candidates.0", at("candidates.csv", crs="EPSG:25833"), "date-for-year", "note")
def _(sound, folder):
    _rooms(sound, folder, ready_year="2031-07-01")


@case("codes-through-floats", "candidates.0", at("candidates.geojson"), "inexact-code")
def _(sound, folder):
    write_geojson(
        sound.candidates.assign(id=[1.2345678901234568e18 + 1024 * k for k in range(len(sound.candidates))]),
        folder / "candidates.geojson",
    )


@case("capacity-zero", "facilities.0", at("facilities.csv", crs="EPSG:25833"), "no-places", "warning")
def _(sound, folder):
    rows = with_xy(sound.facilities).assign(capacity="20-30床")
    rows.loc[0, "capacity"] = "0"
    write_table(rows, folder / "facilities.csv")
