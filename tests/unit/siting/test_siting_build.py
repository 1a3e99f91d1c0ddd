"""What a study's figures come to once they are posed: set-up per m², shared rooms, extensions and moves, and who pays."""

import numpy as np
import pytest

from planner.errors import StudyError
from planner.siting import SolverSettings, build_problem, evaluate_offers, solve
from planner.siting.mip.bundles import enumerate_bundles
from planner.study.load import load_study
from tests.tiny_town import write_town
from tests.verbs import pipeline_of

TOGETHER = (
    "services.canteen.area_m2=60",
    "services.childcare.area_m2=50",
    "services.canteen.fit_out_cost=1500",
    "services.childcare.fit_out_cost=1500",
    "services.canteen.yearly_cost=40",
    "services.childcare.yearly_cost=50",
    "services.canteen.department=civil",
    "services.childcare.department=schools",
    "site_kinds.room.setup_cost=0",
    "site_kinds.room.setup_cost_per_m2=25",
    "co_location.shared_rooms=[{services: [canteen, childcare], area_m2: 20, fit_out_cost: 100, yearly_cost: 10}]",
    "budgets.departments={civil: {name: Civil}, schools: {name: Schools}, housing: {name: Housing}}",
)


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    return write_town(tmp_path_factory.mktemp("town"))


def posed_with(town, *sets):
    study = load_study(town, sets=[*TOGETHER, *sets])
    area = pipeline_of(study, town.parent).area
    return build_problem(study, area.district, area.travel_times)


def offers_at(posed, place, **columns):
    """Return the offers at a place that stand, or do not, extend or move."""
    offers = posed.problem.offers
    mine = offers.site == posed.place_ids.index(place)
    for name, value in columns.items():
        mine &= getattr(offers, name) == value
    return np.flatnonzero(mine)


def money(posed, new, closed=()):
    """Return the recount of today's offers, without ``closed``, with ``new``; the model says the same of its bundles."""
    problem = posed.problem
    today = np.setdiff1d(np.flatnonzero(problem.offers.existing), closed)
    chosen = np.union1d(today, new).astype(np.int64)
    found, bundles = evaluate_offers(problem, chosen), enumerate_bundles(problem)
    sites = [problem.offers.site[offer] for offer in chosen]
    inside = {
        site: {int(offer) for offer, at in zip(chosen, sites, strict=True) if at == site}
        for site in range(problem.sites.count)
    }
    mine = [
        row
        for row in range(bundles.count)
        if {int(offer) for offer in bundles.offer[row] if offer >= 0} == inside[int(bundles.site[row])]
    ]
    assert bundles.capital_cost[mine].sum() == pytest.approx(found.capital_cost)
    assert bundles.yearly_cost[mine].sum() == pytest.approx(found.yearly_cost)
    assert bundles.department_capital_cost[mine].sum(axis=0) == pytest.approx(found.department_capital_cost)
    return found


def test_a_shared_room_is_set_up_once_and_the_buildings_department_pays_for_the_square_metres(town):
    posed = posed_with(town, "budgets.building_department=housing")
    found = money(posed, offers_at(posed, "r0", existing=False))
    # 60 + 50 − 20 m² at 25; fit-out 1,500 twice, of which the room (100) once.
    assert found.site_area_m2.max() == 90
    assert found.capital_cost == 90 * 25 + 2900
    assert found.department_capital_cost.tolist() == [1400, 1400, 90 * 25 + 100]


def test_one_service_alone_is_set_up_with_its_room(town):
    posed = posed_with(town, "budgets.building_department=housing")
    canteen, childcare = offers_at(posed, "r0", existing=False)
    assert money(posed, [canteen]).capital_cost == 60 * 25 + 1500
    assert money(posed, [childcare]).department_capital_cost.tolist() == [0, 1400, 50 * 25 + 100]


def test_set_up_per_square_metre_that_nobody_s_department_pays_counts_overall_alone(town):
    posed = posed_with(town)
    found = money(posed, offers_at(posed, "r0", existing=False))
    assert found.capital_cost == 90 * 25 + 2900
    assert found.department_capital_cost.tolist() == [1400, 1400, 0]


def test_an_extension_pays_for_no_room_that_stands_and_counts_as_an_opened_site(town):
    posed = posed_with(
        town,
        "services.canteen.capacity=50",
        "siting.existing={may_extend: true, extend_cost: 70, extend_capacity: 20}",
    )
    old = offers_at(posed, "f0", existing=True)
    found = money(posed, offers_at(posed, "f0", existing=False), closed=old)
    assert found.capital_cost == 70
    assert found.yearly_cost == 0
    assert len(found.opened_sites) == 1


@pytest.mark.parametrize("may_close", ["true", "false"])
def test_a_move_saves_the_yearly_cost_of_the_old_place_and_pays_for_its_closing(town, may_close):
    posed = posed_with(
        town, f"siting.existing={{may_close: {may_close}, close_cost: 9, may_move: true, move_cost: 30}}"
    )
    old = offers_at(posed, "f0", existing=True)
    move = offers_at(posed, "r0", existing=False, moves=int(old[0]))
    found = money(posed, move, closed=old)
    # The new place costs what the old one did: 40 a year, 10 of it for the room.
    assert found.yearly_cost == 0
    assert found.capital_cost == 1500 + 60 * 25 + 30 + 9


def test_what_may_neither_close_nor_move_is_billed_to_nobody(town):
    posed = posed_with(town)
    stands = offers_at(posed, "f0", existing=True)
    assert posed.problem.offers.yearly_cost[stands].tolist() == [0]
    assert money(posed, []).yearly_cost == 0


def test_rooms_that_together_are_larger_or_dearer_than_a_service_are_refused(town):
    rooms = (
        "[{services: [canteen, childcare], area_m2: 30, fit_out_cost: 800},"
        " {services: [canteen, childcare], area_m2: 30, fit_out_cost: 800, yearly_cost: 45}]"
    )
    with pytest.raises(StudyError) as refused:
        posed_with(town, f"co_location.shared_rooms={rooms}")
    text = str(refused.value)
    assert "co_location.shared_rooms.0, co_location.shared_rooms.1" in text
    for said in ("area_m2", "fit_out_cost", "yearly_cost"):
        assert said in text
    assert "childcare is 60, more than the 50" in text


def test_a_budget_that_counts_the_room_twice_is_not_missed(town):
    kept = posed_with(
        town,
        f"budgets.capital_cost={90 * 25 + 2900}",
        "siting.must=[{site: r0, service: canteen}, {site: r0, service: childcare}]",
    )
    assert solve(kept.problem, SolverSettings(gap=0.0)).outcome.status == "optimal"
    short = posed_with(
        town,
        f"budgets.capital_cost={90 * 25 + 2899}",
        "siting.must=[{site: r0, service: canteen}, {site: r0, service: childcare}]",
    )
    assert solve(short.problem, SolverSettings(gap=0.0)).outcome.status == "infeasible"
