from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import LineString, Point, Polygon

from planner.district import Findings, read_district, repair_layers, survey_layers
from planner.errors import OutputError
from planner.study.layers import Elevation
from planner.study.load import load_study
from planner.workflow.check import check

from .conftest import CRS, X, Y


def mended(drawn, out):
    study = drawn.study()
    survey = survey_layers(study, drawn.folder, Findings())
    out.mkdir()
    return repair_layers(study, drawn.folder, out, survey)


@pytest.mark.deep
def test_a_sound_district_reads_the_same_from_its_copies(drawn, tmp_path):
    before = read_district(drawn.study(), drawn.folder)
    written = mended(drawn, tmp_path / "mended")
    after = read_district(load_study(written.study_file), written.study_file.parent)
    assert written.left == ()
    for name in ("communities", "demand", "facilities", "sites"):
        one, other = getattr(before, name), getattr(after, name)
        assert list(one["id"]) == list(other["id"])
        assert one.geometry.geom_equals_exact(other.geometry, 1e-9).all()
    assert np.array_equal(before.demand[["elders", "toddlers"]], after.demand[["elders", "toddlers"]])
    assert before.existing.equals(after.existing)


@pytest.mark.deep
@pytest.mark.parametrize(
    ("cells", "more"),
    [
        (["1.010", "7", "3", "-"], {"decimal": ","}),
        (["1010,5", "6,5", "3", ""], {}),
        (["50%", "25 %", "25%", "0%"], {}),
    ],
)
def test_figures_read_the_same_from_mended_copies(drawn, tmp_path, cells, more):
    drawn.communities["elders"] = cells
    drawn.communities["all"] = [1000, 40, 40, 40]
    people = drawn.layers["people"][0]
    if "%" in cells[0]:
        people["groups"]["elders"] = {"column": "elders", "percent_of": "all"}
    people.update(more)
    assert read_district(drawn.study(), drawn.folder).demand["elders"].sum() == (520 if "%" in cells[0] else 1020)
    written = mended(drawn, tmp_path / "mended")
    after = read_district(load_study(written.study_file), written.study_file.parent)
    assert after.demand["elders"].sum() == (520 if "%" in cells[0] else 1020)


@pytest.mark.deep
def test_faults_that_can_be_mended_are_gone(drawn, tmp_path):
    drawn.communities.loc[1, "id"] = "A"
    drawn.communities["elders"] = ["１０", "7", "约3", "－"]
    bow_tie = Polygon([(X + 100, Y), (X + 200, Y + 100), (X + 200, Y), (X + 100, Y + 100)])
    drawn.communities.loc[1, "geometry"] = bow_tie
    drawn.facilities = gpd.GeoDataFrame(
        {"id": ["f1", "f2"], "service": ["canteen", "canteen"]}, geometry=[Point(X + 150, Y + 50, 7), None], crs=CRS
    )
    before = survey_layers(drawn.study(), drawn.folder, Findings())
    told = {finding.code for finding in before.findings}
    assert {"duplicate-id", "text-number", "invalid-geometry", "null-geometry", "heights-dropped"} <= told
    written = mended(drawn, tmp_path / "mended")
    after = survey_layers(load_study(written.study_file), written.study_file.parent, Findings())
    left = {finding.code for finding in after.findings}
    assert not left & {"duplicate-id", "text-number", "invalid-geometry", "null-geometry", "heights-dropped"}
    assert list(after.district.communities["id"]) == ["A", "A~2", "C", "D"]
    assert after.district.demand["elders"].sum() == 20
    aside = (tmp_path / "mended/layers/facilities-0.left-out.csv").read_text(encoding="utf-8-sig")
    assert aside.splitlines()[1] == "2,f2,canteen"


def test_what_nobody_can_know_is_left_as_it_was(drawn, tmp_path):
    drawn.facilities = drawn.facilities.set_crs(None, allow_override=True)
    written = mended(drawn, tmp_path / "mended")
    assert written.left == ("layers.facilities.0",)
    study = load_study(written.study_file)
    path = (written.study_file.parent / study.layers.facilities[0].path).resolve()
    assert path == (drawn.folder / "facilities.gpkg").resolve()


@pytest.mark.deep
def test_nothing_is_overwritten(drawn, tmp_path):
    study = drawn.study()
    mended(drawn, tmp_path / "mended")
    file = tmp_path / "mended" / "study.yaml"
    assert load_study(file).name == study.name
    with pytest.raises(OutputError, match="holds something"):
        check(file, mend_to=tmp_path / "mended")
    checked = check(file, mend_to=tmp_path / "again")
    assert checked.errors == 0
    assert checked.mended.study_file == tmp_path / "again" / "study.yaml"
    assert load_study(checked.mended.study_file).layers.people[0].path.as_posix() == "layers/people-0.gpkg"


@pytest.mark.deep
def test_layers_that_are_not_mended_are_copied_with_every_file_they_are_read_from(drawn, tmp_path):
    study = drawn.study()
    streets = gpd.GeoDataFrame({"名称": ["街"]}, geometry=[LineString([(X - 200, Y), (X + 400, Y)])], crs=CRS)
    streets.to_file(drawn.folder / "communities.shp", encoding="GBK")  # named like a mended layer
    streets.to_file(drawn.folder / "way.gpkg")
    (drawn.folder / "way.gpkg-wal").write_bytes(b"")
    (drawn.folder / "heights.tif").write_bytes(b"II*\0")
    for name in ("heights.tfw", "heights.tif.aux.xml", "heights.tif.msk", "heights.txt", "communities.sbn"):
        (drawn.folder / name).write_bytes(name.encode())
    for path, companions in (
        ("communities.shp", {".shp", ".shx", ".dbf", ".prj", ".cpg"}),
        ("way.gpkg", {".gpkg", ".gpkg-wal"}),
    ):
        layers = study.layers.model_copy(
            update={
                "streets": study.layers.streets.model_copy(update={"path": Path(path)}),
                "elevation": Elevation(path=Path("heights.tif")),
            }
        )
        wanted = study.model_copy(update={"layers": layers})
        out = tmp_path / f"of {path}"
        out.mkdir()
        repair_layers(wanted, drawn.folder, out, survey_layers(wanted, drawn.folder, Findings()))
        after = load_study(out / "study.yaml").layers
        assert after.elevation is not None
        for label, layer, names in (
            ("streets", after.streets, {path.split(".")[0] + suffix for suffix in companions}),
            ("elevation", after.elevation, {"heights.tif", "heights.tfw", "heights.tif.aux.xml", "heights.tif.msk"}),
        ):
            copied = {file.name: file.read_bytes() for file in (out / "layers" / label).iterdir()}
            assert copied == {name: (drawn.folder / name).read_bytes() for name in names}
            assert (out / layer.path).is_file()
        assert (out / "layers" / "communities.gpkg").is_file()
