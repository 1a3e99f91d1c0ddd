import pytest
from shapely import Point

from planner.access import read_network
from planner.access.checks import check_streets
from planner.district import read_district
from tests.unit.district.conftest import HandDrawn, X, Y


@pytest.fixture
def drawn(tmp_path):
    return HandDrawn(tmp_path)


def findings(drawn):
    study = drawn.study()
    district = read_district(study, drawn.folder)
    network = read_network(drawn.folder / "streets.osm", district.crs)
    return {finding.code: finding for finding in check_streets(study, district, network)}


def test_sound_streets_say_nothing(drawn):
    drawn.streets = [[(-900, 60), (100, 60), (1100, 60)], [(100, -900), (100, 60), (100, 1100)]]
    drawn.streets += [
        [(-900, -900), (-900, 1100), (1100, 1100), (1100, -900), (-900, -900)],
        [(-900, 60), (-900, -900)],
    ]
    drawn.streets += [[(1100, 60), (1100, 1100)]]
    assert findings(drawn) == {}


def test_people_on_the_main_piece_are_counted_not_junctions(drawn):
    # the northern street is 50 cm short of the southern one; C (3 elders, 2 toddlers) and D (4 toddlers) stand on it
    drawn.streets = [[(-900, 60), (1100, 60)], [(100, 60.5), (100, 300)]]
    found = findings(drawn)
    assert found["street-pieces"].evidence["pieces"] == 2
    assert found["street-pieces"].evidence["on_main"] == pytest.approx(18 / 27)  # A 11, B 7 of 27 people
    assert found["street-pieces"].severity == "warning"
    assert set(found["street-pieces"].rows) == {"b3", "D"}
    assert found["street-gaps"].evidence["after"] == 1
    assert found["street-gaps"].evidence["people"] == pytest.approx(9)


def test_people_without_a_street_are_named(drawn):
    drawn.streets = [[(-900, -300), (1100, -300)], [(100, -300), (100, -900)]]
    drawn.settings["walking"] = {"profiles": {"elder": {"speed_m_s": 0.8}}, "max_connector_m": 360}
    found = findings(drawn)
    assert found["far-from-street"].evidence["people"] == pytest.approx(9)  # C and D lie 400 m and more away
    assert "place-far-from-street" not in found


@pytest.mark.deep
def test_places_on_a_street_that_joins_no_other_are_named(drawn):
    drawn.streets.append([(158, 20), (162, 20)])
    assert "place-on-piece" not in findings(drawn)
    drawn.facilities.geometry = [Point(X + 160, Y + 21)]
    found = findings(drawn)["place-on-piece"]
    assert (found.severity, found.layer, found.rows) == ("warning", "layers.facilities", ("f1",))
    assert found.evidence["people"] == 0


def test_circles_that_leave_the_extract_are_counted(drawn):
    drawn.streets = [[(-500, 60), (400, 60), (700, 60)], [(400, 60), (400, -500)], [(400, 60), (400, 700)]]
    found = findings(drawn)
    assert found["circles-cut"].evidence["reach_m"] == pytest.approx(15 * 60 * 0.8)
    assert found["circles-cut"].evidence["share"] == pytest.approx(1.0)


AGES = {
    "aged_60": {"name": "60 and over", "from_age": 60},
    "aged_65": {"name": "65 and over", "from_age": 65},
    "aged_80": {"name": "80 and over", "from_age": 80},
    "toddlers": {"name": "toddlers", "from_age": 0, "to_age": 2},
}


@pytest.mark.deep
def test_people_of_nested_groups_are_counted_once(drawn):
    # the same elders three times, as bands that begin at 60, 65 and 80
    drawn.communities["aged_65"] = [5, 3, 2, 0]
    drawn.communities["aged_80"] = [1, 1, 1, 0]
    columns = {"aged_60": "elders", "aged_65": "aged_65", "aged_80": "aged_80", "toddlers": "toddlers"}
    drawn.layers["people"][0]["groups"] = columns
    drawn.settings["groups"] = AGES
    drawn.settings["services"] = [
        {"id": "canteen", "name": "canteen", "demand": {"aged_60": 1}, "walker": "elder", "area_m2": 100}
        | {"circles": [{"minutes": 15, "weight": 1}], "fit_out_cost": 1000}
    ]
    drawn.streets = [[(-900, 60), (1100, 60)], [(100, 60.5), (100, 300)]]
    found = findings(drawn)
    assert found["street-pieces"].evidence["on_main"] == pytest.approx(18 / 27)  # as without the inner bands
    assert found["street-gaps"].evidence["people"] == pytest.approx(9)
    drawn.streets = [[(-900, -300), (1100, -300)], [(100, -300), (100, -900)]]
    drawn.settings["walking"] = {"profiles": {"elder": {"speed_m_s": 0.8}}, "max_connector_m": 360}
    assert findings(drawn)["far-from-street"].evidence["people"] == pytest.approx(9)


def test_an_l_shaped_extract_cuts_circles_at_its_inner_corner(drawn):
    # streets in the west and the south alone: the communities lie in the corner that was not extracted
    drawn.streets = [[(x, -3000), (x, 3000)] for x in (-3000, -2200, -1400)]
    drawn.streets += [[(-3000, y), (3000, y)] for y in (-3000, -2200, -1400)]
    drawn.streets += [[(-1400, 3000), (-3000, 3000)], [(3000, -1400), (3000, -3000)]]
    found = findings(drawn)
    assert found["circles-cut"].evidence["share"] == pytest.approx(1.0)
