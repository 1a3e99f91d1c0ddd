"""Reach and places side by side, weighted people and heads side by side, wherever coverage is told: on the street of `tests.street_town`.

F1 has 25 places and C2 would have 50: 30 → 140 of 210 elders are within reach, 25 → 75 find a place.
"""

import io
import json
import re

import matplotlib as mpl
import openpyxl
import pandas as pd
import pytest
from matplotlib.text import Text

from planner import report
from planner.cli import _run
from planner.report.assessment import assessment_summary
from planner.report.comparison import closing_lines, publish_comparison
from planner.report.meeting import meeting_page
from planner.report.print_layout import _sheet, _specs, installed_fonts
from planner.report.public import public_page
from planner.report.summary import closing_summary
from planner.report.web_map import map_page
from planner.store.comparison import compare, find_runs
from planner.study.load import load_study
from tests.street_town import care, study_of, write_need, write_street
from tests.unit.report.test_meeting_page import data
from tests.verbs import assess, frontier, plan
from tests.workbooks import tables_of


def limited(**changes):
    study = study_of(services=care(capacity=50, **changes))
    study["layers"]["facilities"][0]["columns"]["capacity"] = "capacity"
    return study


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """The street with places: the study file, the run, and its folder in a store."""
    folder = tmp_path_factory.mktemp("full")
    study = write_street(folder, limited(), facilities={"F1": {"capacity": 25}})
    run, where = plan(study, out=folder / "store/street/base", publish=report.publish)
    return study, run, where


@pytest.fixture(scope="module")
def needy(tmp_path_factory):
    """The street under a need of 3: 90 → 420 of 630 weighted people, 30 → 140 of 210 heads."""
    folder = tmp_path_factory.mktemp("needy")
    study = study_of()
    study["layers"]["need"] = write_need(folder, 3)
    run, where = plan(write_street(folder, study), out=folder / "store/street/base", publish=report.publish)
    return folder / "street.yaml", run, where


@pytest.mark.deep
def test_tables_hold_reach_and_places(full):
    _, run, _ = full
    row = run.tables.coverage.iloc[0]
    assert row[["people", "covered_before", "covered_after"]].tolist() == [210, 30, 140]
    assert row[["served_before", "served_after"]].tolist() == pytest.approx([25, 75], abs=1e-3)
    west = run.tables.coverage_by_area.set_index("area").loc["west"]
    east = run.tables.coverage_by_area.set_index("area").loc["east"]
    assert [west["covered_after"], east["covered_after"]] == [30, 110]
    assert west["served_after"] + east["served_after"] == pytest.approx(75, abs=1e-3)


def test_the_summary_says_both(full):
    line = closing_summary(full[1])[0]
    assert "within reach 30 → 140, find a place 25 → 75 of 210 people" in line
    assert "可及 30 → 140，有位 25 → 75 / 210 人" in closing_summary(full[1], "zh")[0]


@pytest.mark.deep_after(2)
@pytest.mark.parametrize(
    ("assignment", "room", "found"),
    [
        ("split", 65, 25 + 65),
        ("nearest", 65, 25 + 65),
        ("whole", 65, 20 + 60),  # 10 + 20 are more than 25, 50 + 60 more than 65
        ("whole", 50, 20 + 50),
    ],
)
def test_who_may_share_out_a_home_decides_who_finds_a_place_and_the_proof_is_told(tmp_path, assignment, room, found):
    study = {**limited(), "siting": {"max_sites": 1, "assignment": assignment}}
    study["services"][0]["capacity"] = room
    run, _ = plan(write_street(tmp_path, study, facilities={"F1": {"capacity": 25}}), out=tmp_path / "out")
    assert run.manifest.result.objective == pytest.approx(found)
    row = run.tables.coverage.iloc[0]
    assert row[["covered_after", "served_after"]].tolist() == pytest.approx([140, found])
    said = closing_summary(run)
    assert "within reach 30 → 140" in said[0]
    assert f"→ {found} of 210 people" in said[0]
    assert {goal.status for goal in run.manifest.result.goals} == {"optimal"}
    assert any("proven optimal" in line for line in said)
    assert not any("not proven" in line for line in said)
    assert not any("未证明" in line for line in closing_summary(run, "zh"))


@pytest.mark.deep
def test_where_places_are_endless_nothing_is_added(tmp_path):
    run, _ = plan(write_street(tmp_path), out=tmp_path / "out")
    assert closing_summary(run)[0].endswith("30 → 140 of 210 people (14.3 % → 66.7 %)")
    assert run.tables.coverage["served_after"].tolist() == run.tables.coverage["covered_after"].tolist()


def sheet(path, name):
    with path.open("rb") as file:
        book = openpyxl.load_workbook(io.BytesIO(file.read()))
        found = tables_of(book[name])[0]
        book.close()
    return found


def test_every_sheet_of_coverage_says_both(full):
    rows = sheet(full[2] / "plan.xlsx", "Coverage").rows
    assert [row["covered with the plan"] for row in rows] == [140]
    assert [row["find a place with the plan"] for row in rows] == [pytest.approx(75, abs=1e-3)]
    assert [row["find a place today"] for row in rows] == [pytest.approx(25, abs=1e-3)]


@pytest.mark.parametrize("name", ["By community", "By area"])
def test_areas_say_both_and_end_with_the_district(full, name):
    table = sheet(full[2] / "plan.xlsx", name)
    for rows in (table.rows, table.total_rows):
        assert sum(row["5 min, covered with the plan"] for row in rows) == 140
        assert sum(row["5 min, find a place with the plan"] for row in rows) == pytest.approx(75, abs=1e-3)


def test_the_summary_sheet_says_both(full):
    told = {row["measure"]: row["covered with the plan"] for row in sheet(full[2] / "plan.xlsx", "Summary").rows}
    assert told == {"within reach": 140, "find a place": pytest.approx(75, abs=1e-3)}


def test_map_and_meeting_page_say_both(full):
    run = full[1]
    facts = data(map_page(run), "planner-run")
    assert facts["services"][0]["limited"]
    assert [facts["coverage"][0][name] for name in ("before", "after")] == [30, 140]
    assert facts["coverage"][0]["servedAfter"] == pytest.approx(75, abs=1e-3)
    assert data(meeting_page(run), "planner-run")["services"][0]["limited"]
    ground = data(map_page(run), "planner-ground")
    assert sum(ground["cover"]["care 5"]["servedAfter"]) == pytest.approx(75, abs=1e-3)


def texts_of_the_sheet(run):
    with mpl.rc_context({"font.family": installed_fonts()}):
        return [one.get_text() for one in _sheet(run, _specs(run, 0, 5)[0], (1, 1)).findobj(Text)]


@pytest.mark.filterwarnings("ignore:Glyph .* missing from font")
def test_the_a3_sheet_says_both(full, needy):
    said = texts_of_the_sheet(full[1])
    assert "14.3 % → 66.7 % | 35.7 %" in said, "75 of 210 find a place"
    assert any("find a place" in text for text in said)
    said = texts_of_the_sheet(needy[1])
    assert "14.3 % → 66.7 %" in said
    assert any("weighted people" in text for text in said)
    assert not any("find a place" in text for text in said)


def test_the_public_page_says_both_in_tens(full):
    facts = data(public_page(full[1]), "planner-run")
    assert facts["coverage"]["care 5"] == [210, 30, 140]
    assert facts["found"]["care 5"] == [None, 80], (
        "25 of 30 within reach: the five without a place are too few to be told"
    )


def traced(folder, study):
    """Lines and sheet of the frontier of a study: columns by heading, for the most money."""
    said = frontier(study, steps=3, out=folder / "traced")[0]
    report.publish_frontier(said, folder)
    with (folder / "frontier.xlsx").open("rb") as file:
        book = openpyxl.load_workbook(io.BytesIO(file.read()))
        rows = [row for row in book.active.iter_rows(values_only=True) if any(cell is not None for cell in row)]
        book.close()
    heading = next(number for number, row in enumerate(rows) if any("Elder care, 5 min" in str(cell) for cell in row))
    most = [row for row in rows[heading + 1 :] if isinstance(row[0], int | float)][-1]
    return said, "\n".join(report.frontier_lines(said)), dict(zip(rows[heading], most, strict=True))


def test_a_frontier_says_both(tmp_path):
    path = write_street(tmp_path, limited(), facilities={"F1": {"capacity": 25}})
    found, said, most = traced(tmp_path, path)
    assert found.points[["reached_care", "people_care"]].iloc[-1].tolist() == pytest.approx([140, 75])
    assert most["Elder care, 5 min, within reach (people)"] == 140
    assert most["Elder care, 5 min, find a place (people)"] == pytest.approx(75)
    assert "Places are limited (Elder care): not everybody within reach finds one" in said
    assert "名额有限（养老）" in "\n".join(report.frontier_lines(found, "zh"))


def test_a_frontier_adds_nothing_where_places_are_endless_and_labels_weighted_people(tmp_path):
    study = study_of()
    study["layers"]["need"] = write_need(tmp_path, 3)
    found, said, most = traced(tmp_path, write_street(tmp_path, study))
    assert found.points[["reached_care", "people_care"]].iloc[-1].tolist() == [420, 420]
    assert [cell for heading, cell in most.items() if "Elder care" in str(heading)] == [420]
    assert most["Elder care, 5 min (weighted people)"] == 420
    assert "Places are limited" not in said
    assert "weighted people, not heads" in said


@pytest.mark.deep
def test_an_assessment_says_both(full, tmp_path):
    found, folder = assess(full[0], out=tmp_path / "assessed", publish=report.publish_assessment)
    assert "within reach 30, find a place 25 of 210 people (reach 14.3 %, place 11.9 %)" in assessment_summary(found)[0]
    of_sheets = {name: sheet(folder / "assess.xlsx", name).rows for name in ("Coverage", "Coverage by community")}
    places = [row["5 min, find a place (people)"] or 0 for rows in of_sheets.values() for row in rows]
    assert sum(places) == pytest.approx(3 * 25, abs=1e-2), "all, by community, by area"


def test_an_assessment_without_any_room_is_still_made(tmp_path):
    study = tmp_path / "small.yaml"
    asked = limited()
    asked["services"][0]["area_m2"] = 5000
    write_street(tmp_path, asked, facilities={"F1": {"capacity": 25}}).rename(study)
    found, _ = assess(study, out=tmp_path / "assessed")
    assert "find a place 25 of 210" in assessment_summary(found)[0]


def test_a_comparison_says_both(full, tmp_path):
    comparison, settings = compare(find_runs([full[2].parent]))
    assert "140 people covered (66.7 %), 10,000 yuan per year; that is reach: 75 find a place (35.7 %)" in "\n".join(
        closing_lines(comparison, settings)
    )
    page = publish_comparison(comparison, settings, tmp_path)[0].read_text(encoding="utf-8")
    assert re.search(r"140 / 210<br><span[^>]*>find a place \(people\) 75</span>", page)
    assert json.loads(comparison.as_json())["runs"][0]["find_a_place"] == pytest.approx(75, abs=1e-3)


def test_a_limit_of_sizes_alone_is_a_limit_too(tmp_path):
    size = {"id": "small", "area_m2": 100, "fit_out_cost": 1000, "capacity": 40}
    run, _ = plan(write_street(tmp_path, study_of(services=care(sizes=[size]))), out=tmp_path / "out")
    assert "within reach 30 → 140, find a place 30 → 70 of 210" in closing_summary(run)[0]


@pytest.mark.deep
def test_need_is_no_head(needy):
    line = closing_summary(needy[1])[0]
    assert "90 → 420 of 630 weighted people (14.3 % → 66.7 %); in heads 30 → 140 of 210 people" in line
    assert "90 → 420 / 630 加权人口" in closing_summary(needy[1], "zh")[0]
    assert needy[1].tables.demand["people_elders"].sum() == 210
    assert needy[1].tables.communities["people_elders"].sum() == 210
    assert set(needy[1].tables.demand["need_weight"]) == {3.0}


@pytest.mark.deep_after(1)
@pytest.mark.parametrize("weight", [10, 0.5])
def test_a_weight_of_a_group_is_no_head_either(tmp_path, weight):
    run, _ = plan(write_street(tmp_path, study_of(services=care(demand={"elders": weight}))), out=tmp_path / "out")
    line = closing_summary(run)[0]
    assert f"{30 * weight:,.0f} → {140 * weight:,.0f} of {210 * weight:,.0f} weighted people" in line
    assert line.endswith("in heads 30 → 140 of 210 people")


@pytest.mark.deep
def test_whoever_is_in_two_groups_is_one_head(tmp_path):
    study = study_of(services=care(demand={"elders": 1, "oldest": 1}))
    study["groups"]["oldest"] = {"name": "aged 80 and over", "from_age": 80}
    study["layers"]["people"][0]["groups"]["oldest"] = {"column": "elders", "share": 0.5, "estimate": "made up"}
    run, _ = plan(write_street(tmp_path, study), out=tmp_path / "out")
    row = run.tables.coverage.iloc[0]
    assert row[["people", "covered_after", "heads", "heads_after"]].tolist() == [315, 210, 210, 140]
    assert "weighted people" in closing_summary(run)[0]


@pytest.mark.deep
def test_pages_and_sheets_label_weighted_people(needy, tmp_path):
    study, run, folder = needy
    rows = sheet(folder / "plan.xlsx", "Coverage").rows
    assert rows[0]["counted in"] == "weighted people"
    assert [rows[0][name] for name in ("target population", "covered with the plan")] == [630, 420]
    assert [rows[0][name] for name in ("heads", "heads covered with the plan")] == [210, 140]
    for page in (map_page(run), meeting_page(run)):
        assert data(page, "planner-run")["services"][0]["weighted"]
    found, _ = assess(study, out=tmp_path / "assessed")
    assert "90 of 630 weighted people (14.3 %); in heads 30 of 210 people" in assessment_summary(found)[0]
    comparison, settings = compare([folder])
    assert "420 weighted people covered" in closing_lines(comparison, settings)[1]
    assert "in heads 140 of 210 people" in closing_lines(comparison, settings)[1]


@pytest.mark.deep
def test_the_public_page_tells_heads(needy, tmp_path):
    assert data(public_page(needy[1]), "planner-run")["coverage"]["care 5"] == [210, 30, 140]
    study = write_street(
        tmp_path,
        study_of(services=care(demand={"elders": 10})),
        homes={f"h{x}": {"elders": n} for x, n in zip(range(0, 1200, 200), (3, 4, 7, 9, 1, 1), strict=True)},
    )
    run, _ = plan(study, out=tmp_path / "out")
    page = public_page(run)
    counts = data(page, "planner-ground")["communities"]["cover"]["care 5"]
    # Block 0 holds 3 + 4 + 7 heads, Block 1 9 + 1 + 1: weighted ten times they would read 140 and 110
    assert [people for people, *_ in counts] == [10, 10]
    assert all(count is None or count in {0, 10} for row in counts for count in row)


def test_the_public_page_names_no_room_that_was_only_looked_at(full):
    page = public_page(full[1])
    assert data(page, "planner-places")["id"] == ["F1", "C2"]
    assert "Room C1" not in page
    assert "C1" not in json.dumps(data(page, "planner-places"))


@pytest.mark.deep
def test_a_facility_that_offers_nothing_of_the_study_is_not_told(tmp_path):
    study = study_of()
    study["layers"]["facilities"][0] = {
        **study["layers"]["facilities"][0],
        "columns": {"id": "id", "name": "name", "service": "what"},
    }
    del study["layers"]["facilities"][0]["service"]
    study["layers"]["facilities"][0]["services"] = {"other": "care"}
    run, _ = plan(write_street(tmp_path, study, facilities={"F1": {"what": "archive"}}), out=tmp_path / "out")
    assert "Old centre" not in public_page(run)


MARKED = {"classification": "仅供内部使用"}


@pytest.mark.deep
def test_a_marked_study_is_not_published_unless_told(tmp_path, capsys):
    write_street(tmp_path, study_of(publication=MARKED))
    assert _run(["plan", str(tmp_path / "street.yaml"), "--out", str(tmp_path / "out"), "--quiet"]) == 0
    capsys.readouterr()
    assert _run(["report", str(tmp_path / "out"), "--public"]) == 4
    said = capsys.readouterr().err
    assert "仅供内部使用" in said
    assert "--declassify" in said
    assert not (tmp_path / "out/public.html").exists()
    assert _run(["report", str(tmp_path / "out"), "--public", "--declassify"]) == 0
    page = (tmp_path / "out/public.html").read_text(encoding="utf-8")
    assert "仅供内部使用" not in json.dumps(data(page, "planner-run"), ensure_ascii=False)


@pytest.mark.parametrize(
    ("mark", "refused"), [("秘密", True), ("internal use only", True), ("公开", False), ("Public", False), (" ", False)]
)
def test_any_mark_but_an_open_one_refuses(full, mark, refused):
    publication = full[1].study.publication.model_copy(update={"classification": mark})
    run = type(full[1])(full[1].study.model_copy(update={"publication": publication}), full[1].manifest, full[1].tables)
    if refused:
        with pytest.raises(OSError, match="--declassify"):
            public_page(run)
    else:
        assert public_page(run)


@pytest.mark.parametrize(
    ("streets", "sources", "credited"),
    [
        ("streets.osm.pbf", [], ["© OpenStreetMap contributors, ODbL 1.0"]),
        ("streets.osm.gz", ["Census 2021"], ["Census 2021", "© OpenStreetMap contributors, ODbL 1.0"]),
        ("streets.osm", ["Map data from OpenStreetMap"], ["Map data from OpenStreetMap"]),
        ("streets.geojson", [], []),
    ],
)
def test_extracts_of_openstreetmap_are_credited(tmp_path, streets, sources, credited):
    study = study_of(publication={"sources": sources})
    study["layers"]["streets"]["path"] = streets
    assert list(load_study(write_street(tmp_path, study)).credits) == credited


def test_a_layer_chosen_by_tags_is_credited(tmp_path):
    study = study_of()
    study["layers"]["buildings"] = {"path": "ground.pbf", "tags": {"building": []}}
    assert list(load_study(write_street(tmp_path, study)).credits) == ["© OpenStreetMap contributors, ODbL 1.0"]


@pytest.mark.deep
def test_the_credit_stands_on_page_and_sheet(tmp_path):
    study = study_of()
    study["layers"]["facilities"][0]["tags"] = {"amenity": []}
    study["layers"]["facilities"][0]["path"] = "facilities.geojson"
    asked = load_study(write_street(tmp_path, study))
    run, folder = plan(write_street(tmp_path / "town"), out=tmp_path / "out")
    told = type(run)(asked, run.manifest, run.tables)
    for page in (map_page(told), meeting_page(told), public_page(told)):
        assert data(page, "planner-run")["publication"]["sources"] == ["© OpenStreetMap contributors, ODbL 1.0"]
    report.publish(told, folder)
    with (folder / "plan.xlsx").open("rb") as file:
        *_, about = tables_of(openpyxl.load_workbook(io.BytesIO(file.read()))["Summary"])
    assert "© OpenStreetMap contributors, ODbL 1.0" in {row["value"] for row in about.rows}


def test_frames_can_be_read_without_the_planner(full):
    table = pd.read_parquet(full[2] / "tables/coverage.parquet")
    assert {"served_before", "served_after", "heads", "heads_before", "heads_after"} <= set(table)
