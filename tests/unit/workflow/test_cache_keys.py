"""A stage is remade exactly when something it reads has changed."""

import json

import pytest

from planner.district import read_district
from planner.siting import build_problem
from planner.store.cache import Cache
from planner.store.provenance import PACKAGES, code_of
from planner.study.load import load_study
from planner.workflow.plan_tables import area_tables
from tests.conftest import REPOSITORY
from tests.tiny_town import write_town
from tests.verbs import compute_run, key_of, layers_key, pipeline_of


@pytest.fixture
def town(tmp_path):
    return write_town(tmp_path / "town")


def _made(cache):
    made = sorted(
        recall.stage
        for recall in cache.events
        if recall.how == "made" and recall.stage.split(" ")[0] not in ("sheets", "circles")
    )
    cache.events.clear()
    return made


EVERYTHING = ["ground", "layers", "plan", "problem", "streets", "walks of quick", "walks of slow"]


@pytest.mark.deep
@pytest.mark.parametrize(
    ("change", "remade"),
    [
        ("budgets.capital_cost=900000", ["plan", "problem"]),
        ("solver.seed=5", ["plan", "problem"]),
        ("siting.max_sites=1", ["plan", "problem"]),
        ("services.canteen.fit_out_cost=200000", ["plan", "problem"]),
        ("name=another", []),
        ("date=today", []),
        ("publication.author=me", []),
        ("services.canteen.name=Kitchen", []),
        ("walking.profiles.slow.source=a survey", []),
        ("walking.profiles.slow.speed_m_s=0.7", ["plan", "problem", "walks of slow"]),
        ("walking.max_connector_m=90", ["plan", "problem", "walks of quick", "walks of slow"]),
        ("services.childcare.circles=[{minutes: 4, weight: 1}]", ["plan", "problem", "walks of quick"]),
        ("services.canteen.circles.1.weight=0.4", ["plan", "problem"]),
        # other people at the same doors: nobody walks anew
        ("layers.people.0.groups.elder=child", ["layers", "plan", "problem"]),
        ("site_kinds.room.setup_cost=5", ["layers", "plan", "problem"]),
        # places without a name are called in the study's language; ages say whose heads count once
        ("language=zh", ["layers", "plan", "problem"]),
        ("groups.elder.from_age=60", ["layers", "plan", "problem"]),
        ("groups.elder.name=seniors", []),
        ("crs=EPSG:32634", EVERYTHING),
    ],
)
def test_only_what_depends_on_a_change_is_made_again(town, change, remade):
    cache = Cache(None)
    compute_run(load_study(town), town.parent, scenario="a", cache=cache)
    assert _made(cache) == EVERYTHING
    study = load_study(town, sets=[change])
    compute_run(study, town.parent, scenario="a", cache=cache)
    assert _made(cache) == remade


@pytest.mark.deep
@pytest.mark.parametrize(
    ("file", "remade"),
    [
        ("streets.osm", ["ground", "plan", "problem", "streets", "walks of quick", "walks of slow"]),
        ("facilities.geojson", ["layers", "plan", "problem"]),
    ],
)
def test_a_file_that_changes_is_read_again(town, file, remade):
    cache = Cache(None)
    compute_run(load_study(town), town.parent, scenario="a", cache=cache)
    _made(cache)
    path = town.parent / file
    path.write_bytes(path.read_bytes() + b"\n")
    compute_run(load_study(town), town.parent, scenario="a", cache=cache)
    assert _made(cache) == remade


class Traced:
    """Stands for a block of a study and notes which of its fields are read."""

    def __init__(self, block, **instead):
        self._block, self._instead, self.seen = block, instead, set()

    def __getattr__(self, name):
        if name in type(self._block).model_fields:
            self.seen.add(name)
        return self._instead.get(name, None) or getattr(self._block, name)


def _traced(study):
    services = [Traced(service) for service in study.services]
    return Traced(study, services=services), services


def _parts(ingredients):
    return {name.split(".", 1)[0] for name in ingredients}


def test_layers_are_read_from_no_more_of_the_study_than_is_digested(town):
    study = load_study(town)
    traced, services = _traced(study)
    read_district(traced, town.parent)
    allowed = _parts(layers_key(study, town.parent)) | {"walking"}  # through the longest walk
    assert {"layers", "services"} <= traced.seen <= allowed
    assert set.union(*(service.seen for service in services)) == {"id", "circles", "walker"}


@pytest.mark.deep
def test_layers_are_read_again_where_people_may_walk_farther_and_not_for_every_speed(town):
    def known(*sets):
        return layers_key(load_study(town, sets=sets), town.parent)

    assert known() == known("walking.profiles.quick.speed_m_s=0.9")
    assert known() != known("services.0.circles=[{minutes: 5, weight: 1}, {minutes: 90, weight: 0.1}]")


def test_the_name_of_a_group_is_not_digested_because_no_layer_is_read_by_it(town):
    study = load_study(town)
    groups = {name: Traced(group) for name, group in study.groups.items()}
    read_district(Traced(study, groups=groups), town.parent)
    pipeline = pipeline_of(study, town.parent)
    area_tables(Traced(study, groups=groups), pipeline.area, pipeline.ground.value)
    assert not {"name"} & set.union(*(group.seen for group in groups.values()))


@pytest.mark.deep
def test_the_tables_of_the_ground_are_made_from_no_more_of_the_study_than_is_digested(town):
    study = load_study(town)
    traced, services = _traced(study)
    pipeline = pipeline_of(study, town.parent)
    area_tables(traced, pipeline.area, pipeline.ground.value)
    allowed = _parts(key_of("sheets", study, town.parent, lambda pipeline: pipeline.area_tables)) | {
        "services",
        "walking",
    }  # through the digests of the walks
    assert traced.seen <= allowed
    assert set.union(set(), *(service.seen for service in services)) <= {"walker", "circles"}


@pytest.mark.deep
def test_candidates_without_a_name_are_called_in_the_language_of_the_study_asked(town):
    places = json.loads((town.parent / "candidates.geojson").read_text(encoding="utf-8"))
    for feature in places["features"]:
        del feature["properties"]["name"]
    (town.parent / "candidates.geojson").write_text(json.dumps(places), encoding="utf-8")
    kinds = ["site_kinds.room.name={zh: 用房, en: Room}", "layers.candidates.0.columns={id: id, area_m2: area_m2}"]
    cache = Cache(None)
    told = {}
    for language in ("en", "zh", "en"):
        study = load_study(town, sets=[*kinds, f"language={language}"])
        run = compute_run(study, town.parent, scenario="a", cache=cache)
        told[language] = set(run.tables.places["name"])
    assert {name for name in told["en"] if name.startswith("Room r")}
    assert {name for name in told["zh"] if name.startswith("用房 r")}
    assert not {name for name in told["zh"] if name.startswith("Room")}


def test_the_problem_is_posed_from_no_more_of_the_study_than_is_digested(town):
    study = load_study(town)
    area = pipeline_of(study, town.parent).area
    traced, services = _traced(study)
    build_problem(traced, area.district, area.travel_times)
    allowed = _parts(key_of("problem", study, town.parent, lambda pipeline: pipeline.problem))
    assert {"budgets", "services"} <= traced.seen - {"layers"} <= allowed  # of the layers, only roll_up
    assert not {"name", "level", "figures"} & set.union(*(service.seen for service in services))


def test_every_package_below_the_reports_is_in_the_digest_of_a_run():
    packages = {path.parent.name for path in (REPOSITORY / "planner").glob("*/__init__.py")}
    assert packages - {"cli", "library", "report"} == set(PACKAGES)


def test_code_that_is_not_there_is_no_ingredient():
    with pytest.raises(FileNotFoundError):
        code_of("words")
    assert code_of("i18n") != code_of("io")
