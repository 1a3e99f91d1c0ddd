"""Approvals last calendar years, whichever years a plan names: the latest start is counted from them."""

import pytest

from planner.report.explanation import explanation_lines
from tests.street_town import study_of, write_street
from tests.verbs import explain


def scheduled(folder, years, ready, money):
    """What the schedule says of the one opening; ``money`` is there in one year alone."""
    siting = {
        "max_sites": 1,
        "years": years,
        "capital_cost_by_year": {year: 100_000 * (year == money) for year in years},
    }
    study = study_of(siting=siting)
    study["layers"]["candidates"][0]["columns"]["ready_year"] = "ready"
    path = write_street(folder, study, rooms={name: {"ready": ready} for name in ("C1", "C2")})
    run, found, _ = explain(path, out=folder / "out", time_limit_s=1)
    (row,) = found.schedule.to_dict("records")
    return row, "\n".join(explanation_lines(run, found))


@pytest.mark.deep_after(1)
@pytest.mark.parametrize(
    ("asked", "opens", "start"),
    [
        (([2026, 2030], 2027, 2026), 2030, 2029),
        (([2026, 2028, 2035], 2027, 2035), 2035, 2034),
        (([2026, 2028, 2035], 2028, 2026), 2028, 2026),
        (([2026, 2027, 2028], 2027, 2028), 2028, 2027),
        (([2026, 2030], None, 2030), 2030, 2030),
        (([2026, 2030], 2020, 2030), 2030, 2030),
    ],
)
def test_the_latest_start_is_the_opening_less_the_years_of_approval(tmp_path, asked, opens, start):
    years = asked[0]
    row, said = scheduled(tmp_path, *asked)
    assert (row["opens"], row["start"], row["start_now"]) == (opens, start, start == years[0])
    assert ("must start now" in said or f"in {years[0]}" in said) if start == years[0] else str(start) in said
