"""Texts of the A3 sheet, measured as they are drawn: none over another, none over a mark, none beyond its frame."""

from __future__ import annotations

import itertools
import warnings

import matplotlib as mpl
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from planner.report.cartography import district_m
from planner.report.print_layout import A3_MM, MAP_MM, MARGIN_MM, _sheet, _specs, installed_fonts
from planner.report.print_map import PIN_MM
from tests.unit.report.small_run import small_run

LONG = {
    "zh": "一个名称特别长的城市更新单元及其周边社区综合服务设施规划研究范围" * 3,
    "en": "A district with a name that no title block was ever made for, and more of it " * 3,
}


def lengthened(language):
    """The run with long names of the study, its services and its frame."""
    plain = small_run(language)
    services = [
        {**service.model_dump(exclude_defaults=True), "name": {code: f"{text} {i}" for code, text in LONG.items()}}
        for i, service in enumerate(plain.study.services)
    ]
    frame = {
        "review_number": LONG[language],
        "classification": "仅供内部使用",
        "author": LONG[language],
        "sources": [LONG["en"]] * 3,
    }
    return small_run(language, name=LONG, services=services, publication=frame, notes=[LONG] * 4)


#: names hold letters that no font of a test machine has
pytestmark = [pytest.mark.filterwarnings("ignore:Glyph .* missing from font"), pytest.mark.deep]


@pytest.fixture(scope="module", params=["zh", "en", "long zh", "long en"])
def sheet(request):
    language = request.param[-2:]
    run = lengthened(language) if request.param.startswith("long") else small_run(language)
    with mpl.rc_context({"font.family": installed_fonts()}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        spec = _specs(run, 0, 15)[0]
        figure = _sheet(run, spec, (1, 3))
        renderer = FigureCanvasAgg(figure).get_renderer()
        figure.draw(renderer)
        boxes = [
            (text, in_mm(text.get_window_extent(renderer), figure.dpi))
            for text in figure.findobj(Text)
            if text.get_visible() and text.get_text().strip()
        ]
    return run, spec, figure, boxes


def in_mm(box, dpi):
    return Bbox(box.get_points() * 25.4 / dpi)


def shrunk(box, by=0.15):
    """A box without the line spacing that no letter fills."""
    return Bbox.from_extents(box.x0 + by, box.y0 + by, box.x1 - by, box.y1 - by)


def test_no_text_lies_on_another(sheet):
    for (one, box), (two, other) in itertools.combinations(sheet[3], 2):
        assert not shrunk(box).overlaps(shrunk(other)), (one.get_text(), two.get_text())


def test_every_text_lies_inside_the_frame(sheet):
    for text, box in sheet[3]:
        assert box.x0 >= MARGIN_MM, text.get_text()
        assert box.x1 <= A3_MM[0] - MARGIN_MM, text.get_text()
        assert box.y0 >= MARGIN_MM, text.get_text()
        assert box.y1 <= A3_MM[1] - MARGIN_MM, text.get_text()


def test_no_name_of_a_community_lies_on_a_pin(sheet):
    run, _, figure, boxes = sheet
    after = figure.axes[1]
    names = [box for text, box in boxes if text.axes is after and not text.get_text().isdigit()]
    places = run.tables.places.set_index("id").geometry
    for place in run.tables.opened_sites["place_id"]:
        x, y = after.transData.transform((places[place].x, places[place].y)) * 25.4 / figure.dpi
        pin = Bbox.from_extents(x - PIN_MM, y - PIN_MM, x + PIN_MM, y + PIN_MM)
        assert not any(pin.overlaps(shrunk(name, 0.2)) for name in names), place
    assert len(names) > 2


def test_the_whole_district_lies_in_the_frame(sheet):
    run, spec = sheet[:2]
    left, bottom, right, top = district_m(run.tables)
    assert spec.frame[0] <= left < right <= spec.frame[2]
    assert spec.frame[1] <= bottom < top <= spec.frame[3]
    west, south, east, north = run.tables.communities.total_bounds
    assert left < west < east < right
    assert bottom < south < north < top
    assert (spec.frame[2] - spec.frame[0]) / spec.scale * 1000 == pytest.approx(MAP_MM[0])


def test_the_title_block_says_what_is_there_and_which_sheet(sheet):
    run = sheet[0]
    words = [text.get_text() for text, _ in sheet[3]]
    language = run.study.language
    assert {"zh": "第 1 张，共 3 张", "en": "1 of 3"}[language] in words
    assert {"zh": "审图号", "en": "Map review no."}[language] in words
    assert not [word for word in words if "—" in word]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_the_study_does_not_say_is_left_out(language):
    run = small_run(language, date="", publication={})
    with mpl.rc_context({"font.family": installed_fonts()}):
        figure = _sheet(run, _specs(run, 0, 15)[0], (1, 1))
    words = {text.get_text() for text in figure.findobj(Text)}
    assert not words & {"日期", "审图号", "密级", "编制单位", "Date", "Map review no.", "Classification", "Drawn by"}
    assert {"zh": "项目名称", "en": "Project"}[language] in words
