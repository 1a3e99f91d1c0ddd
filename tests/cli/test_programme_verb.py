"""`planner programme RUN`: its folder, its exit codes, and the ledger of the bundled town."""

import pandas as pd
import pytest

from planner.cli import _run
from tests.conftest import REPOSITORY
from tests.tiny_town import write_town


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    folder = tmp_path_factory.mktemp("programme")
    study = write_town(folder / "town")
    assert _run(["plan", str(study), "--quiet", "--out", str(folder / "outputs/town/base")]) == 0
    return folder


def test_it_lies_beside_the_run_and_is_made_again(planned, monkeypatch, capsys):
    monkeypatch.chdir(planned)
    words = ["programme", "outputs/town/base", "--as-of", "2026-07-01"]
    assert _run(words) == 0
    said = capsys.readouterr().out
    assert "Dates are reckoned from 2026-07." in said
    folder = planned / "outputs/town@programme/base"
    first = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert {"programme.xlsx", "programme.csv", "programme.ics", "programme.json", "study.json"} < set(first)
    assert _run([*words, "--quiet"]) == 0
    assert _run(["report", str(folder)]) == 0
    assert {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == first


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["outputs/town/base", "--as-of", "2026-13-01"], 2, "--as-of"),
        (["outputs/nothing"], 4, "holds no finished run"),
        (["outputs/town/base", "--out", "outputs/town/base"], 4, "holds a run"),
    ],
)
def test_what_cannot_be_made_is_refused(planned, monkeypatch, capsys, *, words, code, said):
    monkeypatch.chdir(planned)
    assert _run(["programme", *words]) == code
    assert said in capsys.readouterr().err


@pytest.mark.deep
def test_the_ledger_of_the_bundled_town(tmp_path):
    """On paper, in euro: fit-out 2 × 475,000 + 6 × 100,000 + 2 × 300,000 = 2,150,000; set-up 3,062,000; six kitchens 300,000."""
    town = str(REPOSITORY / "configs/neubrandenburg.yaml")
    assert _run(["plan", town, "--quiet", "--out", str(tmp_path / "run")]) == 0
    assert _run(["programme", str(tmp_path / "run"), "--as-of", "2026-07-01", "--out", str(tmp_path / "p"), "-q"]) == 0
    projects = pd.read_parquet(tmp_path / "p/tables/projects.parquet")
    money = pd.read_parquet(tmp_path / "p/tables/money.parquet")
    assert projects["measure"].value_counts().to_dict() == {"new": 10, "building": 6}
    openings, buildings = (projects[projects["measure"] == one] for one in ("new", "building"))
    assert (openings["capital_cost"].sum(), openings["yearly_cost"].sum()) == (2_150_000, 1_730_000)
    assert (buildings["capital_cost"].sum(), buildings["yearly_cost"].sum()) == (3_062_000 + 300_000, 90_000)
    for by in ("town_area", "department"):
        table = projects if by == "town_area" else money
        assert table.groupby(by)[["capital_cost", "yearly_cost"]].sum().sum().tolist() == [5_512_000, 1_820_000]
