"""Profiles that differ in speed alone share a search, and nothing anybody reads depends on who was searched with whom."""

import numpy as np
import pytest

from planner.access import compute_travel_times, travel_times
from planner.store.cache import Cache
from planner.study import WalkingProfile
from planner.study.load import load_study
from planner.workflow.baseline_people import nearest_of
from planner.workflow.walks import travel_time_limits_s
from tests.tiny_town import write_town
from tests.verbs import pipeline_of

WALKERS = {
    "slow": {"speed_m_s": 0.8},
    "quick": {"speed_m_s": 1.1, "source": "a survey"},
    "standard": {"speed_m_s": 1.2, "name": {"zh": "标准成人", "en": "Standard adult"}},
    "waits": {"speed_m_s": 0.8, "crossing_delay_s": {"residential": 12}},
}


@pytest.fixture
def town(tmp_path):
    path = write_town(tmp_path / "town", scenarios="  []")
    text = path.read_text(encoding="utf-8")
    text = text.replace(
        "    quick: {speed_m_s: 1.1}\n",
        "    quick: {speed_m_s: 1.1, source: a survey}\n"
        "    standard: {speed_m_s: 1.2, name: {zh: 标准成人, en: Standard adult}}\n"
        "    waits: {speed_m_s: 0.8, crossing_delay_s: {residential: 12}}\n"
        "  compare: [standard, slow]\n",
    )
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def searches(monkeypatch):
    """Every search of the streets, as the walker it was made for."""
    made = []
    search = travel_times._search_pairs

    def told(network, origins, sites, asked, threads):
        made.append(asked.walker)
        return search(network, origins, sites, asked, threads)

    monkeypatch.setattr(travel_times, "_search_pairs", told)
    return made


def surveyed(study, folder, cache=None):
    return pipeline_of(study, folder, cache=cache)


def bits(pipeline):
    """All endpoints and travel times, byte by byte."""
    parts = {}
    for walker, walks in pipeline.area.walks.items():
        for name, value in {"demand": walks.demand, "places": walks.places, "times": walks.times}.items():
            for part in type(value).__slots__:
                held = getattr(value, part)
                parts[walker, name, part] = held.tobytes() if isinstance(held, np.ndarray) else held
    return parts


def digests(pipeline):
    return [stage.digest for stage in (pipeline.layers, pipeline.streets, *pipeline.walks.values())]


def only(study, walkers):
    """The study with some of its profiles, as if the others had never been."""
    profiles = {walker: study.walking.profiles[walker] for walker in walkers}
    travel_times = study.walking.model_copy(update={"profiles": profiles, "compare": None})
    services = [service.model_copy(update={"walker": walkers[0]}) for service in study.services]
    return study.model_copy(update={"walking": travel_times, "services": services})


def test_three_speeds_are_one_search_and_who_waits_another(town, searches):
    area = surveyed(load_study(town), town.parent).area
    assert [bool(walker.crossing_delay_s) for walker in searches] == [False, True]
    assert set(area.travel_times) == set(WALKERS)


@pytest.mark.deep
def test_found_alone_or_together_fresh_or_kept_to_the_last_bit(town, tmp_path, searches):
    study = load_study(town)
    fresh = surveyed(study, town.parent)
    told = bits(fresh)
    limits_s = travel_time_limits_s(study)
    for walker, profile in WALKERS.items():
        walks = fresh.area.walks[walker]
        ends = walks.demand, walks.places
        alone = compute_travel_times(
            fresh.area.network, *ends, WalkingProfile.model_validate(profile), limits_s[walker]
        )
        assert len(alone.site) > 20
        for part in type(alone).__slots__:
            assert np.asarray(getattr(alone, part)).tobytes() == np.asarray(getattr(walks.times, part)).tobytes()
        assert bits(surveyed(only(study, [walker]), town.parent)).items() <= told.items()

    made = surveyed(study, town.parent, Cache(tmp_path / "cache"))
    assert bits(made) == told
    searches.clear()
    kept = surveyed(study, town.parent, Cache(tmp_path / "cache"))
    assert bits(kept) == told
    assert searches == []
    assert digests(kept) == digests(made) == digests(fresh)


@pytest.mark.deep
@pytest.mark.parametrize("before", [["slow"], ["quick", "waits"], ["standard", "slow", "quick"]])
def test_only_profiles_that_are_not_kept_are_searched(town, tmp_path, before, searches):
    study = load_study(town)
    told = bits(surveyed(study, town.parent))
    assert surveyed(only(study, before), town.parent, Cache(tmp_path)).walks
    searches.clear()
    again = Cache(tmp_path)
    found = bits(surveyed(study, town.parent, again))
    made = {recall.stage for recall in again.events if recall.how == "made"}
    assert made == {f"walks of {walker}" for walker in WALKERS if walker not in before}
    assert len(searches) == len(
        {bool(WALKERS[walker].get("crossing_delay_s")) for walker in WALKERS if walker not in before}
    )
    assert found == told


@pytest.mark.deep
def test_the_nearest_of_several_walkers_is_that_of_each(town, tmp_path, searches):
    study = load_study(town)
    assert surveyed(study, town.parent, Cache(tmp_path)).walks
    area = surveyed(study, town.parent, Cache(tmp_path)).area  # every walker with doors of its own, read from disk
    profiles = study.walking.profiles
    demand, places = (
        {walker: getattr(walks, end) for walker, walks in area.walks.items()} for end in ("demand", "places")
    )
    searches.clear()
    together = nearest_of(area.network, demand, places, profiles, 3600.0, threads=1)
    assert len(searches) == 2
    for walker, profile in profiles.items():
        reach = compute_travel_times(area.network, demand[walker], places[walker], profile, 3600.0)
        np.testing.assert_array_equal(together[walker].seconds, reach.nearest_s())
        np.testing.assert_array_equal(together[walker].site, reach.nearest_site())
