"""A column found by its cut name is said to be so, in words that are true of every format."""

import json

import geopandas as gpd
import pytest

from planner.cli import _run
from tests.street_town import HOMES, SOUTH_M, WEST_M, study_of, write_street

LONG = "elders_of_all_ages"


def street(folder, ending, language):
    study = study_of(language=language)
    study["layers"]["people"][0] |= {"path": f"people.{ending}", "groups": {"elders": LONG}}
    path = write_street(folder, study)
    homes = gpd.read_file(folder / "homes.geojson")
    homes = homes.rename(columns={"elders": LONG[:10]})
    if ending == "csv":
        rows = "\n".join(f"h{x},{n},{WEST_M + x},{SOUTH_M + 10}" for x, n in HOMES)
        (folder / "people.csv").write_text(f"id,{LONG[:10]},x,y\n{rows}\n", encoding="utf-8")
        study["layers"]["people"][0]["crs"] = study["crs"]
        path.write_text(json.dumps(study), encoding="utf-8")
    else:
        homes.to_file(folder / f"people.{ending}")
    return path


@pytest.mark.deep_after(3)
@pytest.mark.parametrize(
    ("language", "said"), [("en", "as a shapefile cuts it at ten bytes"), ("zh", "Shapefile 截到 10 字节后的名称")]
)
@pytest.mark.parametrize("ending", ["shp", "gpkg", "geojson", "csv"])
def test_a_cut_name_is_read_and_said_of_every_format(tmp_path, capsys, ending, language, said):
    assert _run(["check", str(street(tmp_path, ending, language)), "--json"]) == 0
    found = {row["code"]: row for row in json.loads(capsys.readouterr().out)}
    text = json.dumps(found["cut-name"], ensure_ascii=False)
    assert said in text
    assert LONG in text
    assert LONG[:10] in text
    assert "GeoPackage" not in text, "nobody is sent from a GeoPackage to a GeoPackage"


def test_whole_names_are_not_spoken_of(tmp_path, capsys):
    assert _run(["check", str(write_street(tmp_path, study_of())), "--json"]) == 0
    assert "cut-name" not in {row["code"] for row in json.loads(capsys.readouterr().out)}
