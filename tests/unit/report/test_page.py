import json
import re
from html.parser import HTMLParser

import pytest

from planner.errors import OutputError
from planner.report import page, payload, web_map
from planner.report.web_map import map_page
from tests.unit.report.small_run import HOSTILE, small_run


@pytest.fixture(scope="module")
def text():
    return map_page(small_run())


class _Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def _tags(text):
    found = _Elements()
    found.feed(text)
    return found.tags


@pytest.mark.deep
def test_equal_runs_give_equal_bytes(text):
    assert map_page(small_run()) == text


def test_the_page_holds_no_reference_to_anything_outside(text):
    for _, attributes in _tags(text):
        for name in ("src", "href", "srcset"):
            assert name not in attributes
    assert "sourceMappingURL" not in text


def test_names_never_become_markup(text):
    """The only elements are those the skeleton writes; with harmless names there are just as many."""
    tame = small_run()
    tame.tables.communities["name"] = "quarter"
    tame.tables.places["name"] = "place"
    assert [tag for tag, _ in _tags(text)] == [tag for tag, _ in _tags(map_page(tame))]
    assert not any(tag == "img" for tag, _ in _tags(text))


def test_names_arrive_letter_for_letter(text):
    block = re.search(r'<script type="application/json" id="planner-ground">(.*?)</script>', text, re.DOTALL)
    assert tuple(json.loads(block.group(1))["communities"]["name"]) == HOSTILE


def test_the_policy_admits_only_what_is_on_the_page(text):
    policy = next(
        attributes["content"] for tag, attributes in _tags(text) if "Content-Security-Policy" in str(attributes)
    )
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http:" not in policy
    assert "https:" not in policy


@pytest.mark.deep_after(1)
@pytest.mark.parametrize(
    "style",
    ["body { background: url(https://tiles.example.org/a.png) }", "@import 'other.css';"],
)
def test_a_style_that_asks_for_the_network_is_refused(monkeypatch, style):
    monkeypatch.setattr(page, "leaflet_style", lambda: style)
    with pytest.raises(OutputError, match="no network"):
        map_page(small_run())


@pytest.mark.deep
def test_a_page_of_another_folium_is_refused_not_left_half_inlined(monkeypatch):
    monkeypatch.setattr(page, "_renumber", lambda skeleton: skeleton.replace("leaflet.js", "leaflet-next.js"))
    with pytest.raises(OutputError, match="folium"):
        map_page(small_run())


@pytest.mark.parametrize("value", ["</script>", "<!--", "\u2028", "&amp;", {"<": "<"}])
def test_json_in_html_reads_back_and_holds_no_markup(value):
    written = page.json_for_html(value)
    assert json.loads(written) == value
    assert not set(written) & set("<>&\u2028\u2029")


def test_figures_on_the_page_are_those_of_the_tables():
    run = small_run()
    facts = web_map.run_facts(run)
    stored = run.tables.coverage.to_dict("records")
    assert [
        (row["service"], row["minutes"], row["people"], row["before"], row["after"]) for row in facts["coverage"]
    ] == [
        (row["service"], row["minutes"], row["people"], row["covered_before"], row["covered_after"]) for row in stored
    ]
    cover = web_map.ground(run)["cover"]
    for (service, minutes), rows in run.tables.coverage_by_community.groupby(["service", "minutes"]):
        assert sum(cover[payload.circle_key(service, minutes)]["after"]) == pytest.approx(
            rows["covered_after"].sum(), abs=0.01
        )


def test_streets_far_from_every_community_are_left_out():
    def drawn():
        streets = web_map.ground(run)["streets"]
        return sum(len(streets[name]["counts"]) for name in ("path", "street", "main"))

    run = small_run()
    before = drawn()
    run.tables.streets["geometry"] = run.tables.streets.geometry.translate(50_000, 0)
    after = drawn()
    assert before > 0
    assert after == 0
