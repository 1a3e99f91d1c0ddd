import gc
import re
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from planner.errors import OutputError
from planner.report import print_sheets
from planner.report.print_layout import MAP_MM, write_print_sheets
from planner.report.print_map import SCALES, classes_of_homes, map_spec, one_line, walking_area
from tests.unit.report.small_run import HOSTILE, small_run


@pytest.fixture(scope="module")
def run():
    return small_run("zh")


@pytest.fixture(scope="module")
def printed(run, tmp_path_factory):
    return write_print_sheets(run, tmp_path_factory.mktemp("sheets") / "plan.pdf")


@pytest.mark.deep
def test_a_pdf_holds_one_a3_sheet_for_each_service(run, printed):
    text = printed.read_bytes()
    assert len(re.findall(rb"/Type /Page\b", text)) == len(run.study.services)
    boxes = re.findall(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+) ?\]", text)
    for width, height in boxes:
        assert (float(width), float(height)) == pytest.approx((420 / 25.4 * 72, 297 / 25.4 * 72), abs=0.1)


@pytest.mark.deep
def test_equal_runs_give_equal_bytes(printed, tmp_path):
    again = write_print_sheets(small_run("zh"), tmp_path / "plan.pdf")
    assert again.read_bytes() == printed.read_bytes()


@pytest.mark.deep
def test_a_png_is_a3_at_300_dots_per_inch_and_not_blank(tmp_path):
    pixels = imread(write_print_sheets(small_run(), tmp_path / "plan.png", service="canteen", minutes=5))
    assert pixels.shape[:2] == pytest.approx((3507, 4960), abs=1)
    assert len(np.unique((pixels[::20, ::20, :3] * 255).astype(int).reshape(-1, 3), axis=0)) > 20


@pytest.mark.parametrize(
    ("name", "asked", "fault"),
    [
        ("plan.svg", {}, r"\.pdf or \.png"),
        ("plan.pdf", {"service": "library"}, "library.*elder_care, canteen, childcare"),
        ("plan.pdf", {"service": "canteen", "minutes": 15}, "no circle of 15 minutes"),
    ],
)
def test_a_sheet_that_cannot_be_is_refused(run, tmp_path, name, asked, fault):
    with pytest.raises(OutputError, match=fault):
        write_print_sheets(run, tmp_path / name, **asked)
    assert not (tmp_path / name).exists()


def test_the_scale_is_round_and_the_frame_is_true_to_it(run):
    seen = map_spec(run, 0, 15, MAP_MM)
    assert seen.scale in SCALES
    left, bottom, right, top = seen.frame
    assert (right - left) / seen.scale * 1000 == pytest.approx(MAP_MM[0])
    assert (top - bottom) / seen.scale * 1000 == pytest.approx(MAP_MM[1])
    sites = run.tables.places[run.tables.places["opened"]].geometry
    assert sites.x.between(left, right).all()
    assert sites.y.between(bottom, top).all()


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_colours_are_of_the_stored_figures(run, when):
    classes = classes_of_homes(run, 0, 10, when)
    inside = np.isin(classes, ["reached", "gained"])
    whole = run.tables.coverage[
        (run.tables.coverage["service"] == "elder_care") & (run.tables.coverage["minutes"] == 10)
    ]
    people = run.tables.demand["people_elders"].to_numpy()
    assert people[inside].sum() == pytest.approx(whole[f"covered_{when}"].iloc[0])
    assert people[classes == "left"].sum() == pytest.approx((whole["people"] - whole[f"covered_{when}"]).iloc[0])


def test_the_area_is_that_of_the_open_places(run):
    circles = run.tables.circles
    mine = circles[
        circles["place_id"].isin(["p05", "p11"]) & (circles["walker"] == "elder") & (circles["minutes"] == 10)
    ]
    area = walking_area(run, 0, 10, "after")
    assert area.area == pytest.approx(mine.geometry.union_all().area)
    assert walking_area(run, 0, 10, "before").is_empty


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_becomes_one_printable_line(name):
    line = one_line(name, 40)
    assert len(line) <= 40
    assert line.isprintable()


@pytest.mark.deep
def test_no_figure_outlives_its_sheet(printed):
    gc.collect()
    assert printed.is_file()
    assert not [one for one in gc.get_objects() if isinstance(one, Figure)]


@pytest.mark.deep
def test_only_a_print_loads_matplotlib(tmp_path):
    asked = "import sys, planner.report; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0
    assert print_sheets(small_run(), tmp_path / "plan.png").stat().st_size > 100_000
