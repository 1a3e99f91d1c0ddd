"""A district small enough to walk with a pencil: every number below is added up in a comment.

::

      y
    300  D----------E==stairs==F         H3 (240, 310)
         |          |          |
         |    H1 .  |          |         H1 (190, 250)
         |          |          . S2      S2 (300, 210)
         |   H2     |          |         H2 (100, 105)
    100  A====#=====B====#=====C         #  a primary road
                    |
      0             G  S1                S1 (200, 0)
         0         200        300  x     H4 lives 10 km away

People: H1 10, H2 20, H3 30, H4 40. Footways unless drawn otherwise. Where a footway meets the road at B, half the road's
delay is waited at its end.
"""

import numpy as np
import pytest

from planner.access import (
    Binary,
    Steps,
    compute_travel_times,
    compute_travel_times_each,
    count_within,
    coverage,
    floating_catchment,
    gini,
    isochrones,
    people_only_here,
    people_within,
    snap,
)
from planner.access.network import CLASS_CODE, EdgeFlag, metric_crs
from planner.access.segments import Segments, build_network
from planner.study import WalkingProfile
from tests.oracle.walks import walk_to_nearest

A, B, C, D, E, F, G = range(7)
XY = np.array([[0, 100], [200, 100], [300, 100], [0, 300], [200, 300], [300, 300], [200, 0]], dtype=float)
STREETS = [
    (A, D, "footway"),
    (D, E, "footway"),
    (E, F, "steps"),
    (F, C, "footway"),
    (B, E, "footway"),
    (B, G, "footway"),
    (A, B, "primary"),
    (B, C, "primary"),
]
HOMES = np.array([[190, 250], [100, 105], [240, 310], [10_000, 10_000]], dtype=float)
SITES = np.array([[200, 0], [300, 210]], dtype=float)
PEOPLE = np.array([10.0, 20.0, 30.0, 40.0])
NONE = np.inf

ADULT = WalkingProfile(speed_m_s=1.25)
ELDER = WalkingProfile(speed_m_s=0.8, stairs_factor=2, crossing_delay_s={"primary": 20})
WHEELS = WalkingProfile(speed_m_s=1.0, stairs="forbidden")
TO_E = np.hypot(40, 10)

EXPECTED = {
    "adult": (
        ADULT,
        [
            # 10 to the street, 150 to B, 100 to G | 10, 50 to E, 100 of stairs, 90 down
            [260 / 1.25, 250 / 1.25],
            # 5, 100 to B, 100 to G | 5, 100 to B, 100 to C, 110 up
            [205 / 1.25, 315 / 1.25],
            # 10, 40 of stairs, 200 to B, 100 to G | 10, 60 of stairs, 90 down
            [350 / 1.25, 160 / 1.25],
            [NONE, NONE],
        ],
    ),
    "elder": (
        ELDER,
        [
            # straight over the road at B: 20 s | stairs count twice
            [260 / 0.8 + 20, 350 / 0.8],
            # turning off the road at B: 10 s | along the road: nothing
            [205 / 0.8 + 10, 315 / 0.8],
            [390 / 0.8 + 20, 220 / 0.8],
            [NONE, NONE],
        ],
    ),
    "wheelchair": (
        WHEELS,
        [
            # no stairs: down to B, along the road, up
            [260, 10 + 150 + 100 + 110],
            [205, 315],
            # the door is not on the stairs but at E
            [TO_E + 300, TO_E + 200 + 100 + 110],
            [NONE, NONE],
        ],
    ),
}


@pytest.fixture(scope="module")
def network():
    tail, head = (np.array([street[end] for street in STREETS]) for end in (0, 1))
    kind = np.array([CLASS_CODE[name] for _, _, name in STREETS], dtype=np.uint8)
    flags = np.where(kind == CLASS_CODE["steps"], EdgeFlag.STAIRS, 0).astype(np.uint8)
    return build_network(Segments(XY, tail, head, kind, flags, np.zeros(len(XY), dtype=bool)), metric_crs("EPSG:32650"))


def reach_for(network, walker, cutoff_s=1200.0):
    homes, sites = (snap(network, xy, max_connector_m=60, walker=walker) for xy in (HOMES, SITES))
    return compute_travel_times(network, homes, sites, walker, cutoff_s)


def test_chains_are_one_street(network):
    # D and A and C are bends or change of class: D is the only bend between like streets
    assert network.n_junctions == 6
    assert network.n_edges == 7
    assert network.length_m.sum() == 1300


@pytest.mark.parametrize("who", EXPECTED)
def test_seconds(network, who):
    walker, expected = EXPECTED[who]
    reach = reach_for(network, walker)
    table = np.full((4, 2), np.inf)
    table[reach.demand, reach.site] = reach.seconds
    np.testing.assert_allclose(table, expected, atol=1e-3)


def test_a_walk_of_exactly_the_cutoff_counts(network):
    # nearest for the adult: H1 200 s, H2 164 s, H3 128 s, H4 none
    reach = reach_for(network, ADULT, 200.0)
    np.testing.assert_allclose(coverage(reach, PEOPLE, [127.9, 128, 164, 199.9, 200]), [0, 0.3, 0.5, 0.5, 0.6])
    assert walk_to_nearest(reach, PEOPLE).mean_of_reached_s == pytest.approx((10 * 200 + 20 * 164 + 30 * 128) / 60)


def test_places_per_person(network):
    # within 250 s: S1 serves H1 and H2 (30 people), S2 serves H1 and H3 (40)
    access = floating_catchment(reach_for(network, ADULT), PEOPLE, np.array([6.0, 8.0]), Binary(250.0))
    np.testing.assert_allclose(access, [0.2 + 0.2, 0.2, 0.2, 0])


def test_places_that_fade_with_the_walk(network):
    # up to 150 s a walk counts whole, up to 250 s half. S1: H1 (208 s) 10/2 + H2 (164 s) 20/2 = 15; S2: H1 (200 s) 10/2 + H3 (128 s) 30 = 35
    access = floating_catchment(reach_for(network, ADULT), PEOPLE, np.array([6.0, 8.0]), Steps((150, 250), (1, 0.5)))
    np.testing.assert_allclose(access, [6 / 15 / 2 + 8 / 35 / 2, 6 / 15 / 2, 8 / 35, 0])
    # Σ p·A = Σ S: 10 (0.2 + 4/35) + 20 · 0.2 + 30 · 8/35 = 2 + 8/7 + 4 + 48/7 = 14
    assert PEOPLE @ access == pytest.approx(6 + 8)


def test_whom_each_site_serves_and_how_evenly(network):
    reach = reach_for(network, ADULT)
    np.testing.assert_allclose(people_within(reach, PEOPLE, 250.0), [10 + 20, 10 + 30])
    np.testing.assert_allclose(people_only_here(reach, PEOPLE, 250.0), [20, 30])
    np.testing.assert_array_equal(count_within(reach, 250.0), [2, 1, 1, 0])
    # 40 people hold nothing, 50 hold 0.2 each, 10 hold 0.4: 10 of 14 places below nine tenths of the people;
    # under the curve 0.5 · (10/14) / 2 + 0.1 · (10/14 + 1) / 2 = 3.7/14, so that the Gini is 1 − 2 · 3.7/14
    assert gini(np.array([0.4, 0.2, 0.2, 0]), PEOPLE) == pytest.approx(1 - 7.4 / 14)


def test_two_paces_of_one_search_are_the_same_walks(network):
    # a walker at half the speed takes twice as long, on the same ways
    walkers = {"adult": ADULT, "half": WalkingProfile(speed_m_s=0.625)}
    homes, sites = (dict.fromkeys(walkers, snap(network, xy, max_connector_m=60)) for xy in (HOMES, SITES))
    found = compute_travel_times_each(network, homes, sites, walkers, {"adult": 300.0, "half": 600.0})
    np.testing.assert_array_equal(found["half"].site, found["adult"].site)
    np.testing.assert_allclose(found["half"].seconds, 2 * found["adult"].seconds, atol=1e-3)
    assert len(found["half"].site) == 6  # 208 and 200, 164 and 252, 280 and 128 s; H4 reaches neither


def test_the_elders_circle_is_smaller(network):
    drawn = [
        isochrones(network, snap(network, SITES, max_connector_m=60), who, [300.0])[0][0] for who in (ADULT, ELDER)
    ]
    assert drawn[1].area < drawn[0].area
    assert drawn[1].difference(drawn[0]).area < 0.001 * drawn[1].area
