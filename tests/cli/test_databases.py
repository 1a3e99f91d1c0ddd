"""Layers in a PostGIS database: said where GDAL cannot read them, never hashed or remembered, and no password anywhere."""

import json
import shutil

import geopandas as gpd
import pandas as pd
import pytest
from pydantic import ValidationError

from planner.cli import _run
from planner.io import database, read
from planner.io.read import read_file
from planner.io.table import RawTable, UnreadableError
from planner.store.cache import Cache
from planner.store.provenance import hashes_of
from planner.study import Study
from planner.study.connection import connection, holds_secret, is_connection, without_secrets
from planner.study.load import load_study
from planner.workflow.batch import finished_run
from tests.tiny_town import write_town
from tests.verbs import compute_run, layers_key, plan

SECRET = "geheim"  # noqa: S105 - what must not be found
OPEN = "PG:host=db user=me dbname=town"
WITH_PASSWORDS = [
    f"PG:host=db user=me password={SECRET} dbname=town",
    f"PG:host=db user=me password = '{SECRET} x' dbname=town",
    f"postgresql://me:{SECRET}@db/town",
    f"postgres://me:a/{SECRET}@db/town",
    f"postgresql://db/town?user=me&password={SECRET}",
    f"layers/PG:host=db password={SECRET}",
    f"MYSQL:town,user=me,password={SECRET}",
]


@pytest.fixture
def town(tmp_path):
    return write_town(tmp_path / "town")


def in_database(key="facilities.0", path=OPEN):
    return [f"layers.{key}.path={path}", f"layers.{key}.layer=places"]


@pytest.fixture
def answering(monkeypatch, town):
    """A database that answers with the facilities of the town; counts how often it is asked."""
    asked = []

    def answer(path, table):
        asked.append((connection(path), table))
        found = gpd.read_file(town.parent / "facilities.geojson")
        return RawTable(found, issues=database.ISSUES)

    monkeypatch.setattr(read, "read_database", answer)
    return asked


@pytest.mark.parametrize("path", [OPEN, "postgresql://me@db/town", "PG:service=town"])
def test_a_connection_is_told_from_a_file(path, tmp_path):
    layer = Study.model_fields["layers"].annotation.model_fields["streets"].annotation(path=path)
    assert is_connection(layer.path)
    assert connection(tmp_path / layer.path) == path  # a path makes one slash of two, and has a folder before it
    assert not holds_secret(path)
    assert not is_connection(tmp_path / "PG" / "postgresql.gpkg")


@pytest.mark.parametrize("text", WITH_PASSWORDS)
def test_passwords_are_seen_and_starred(text):
    assert holds_secret(text)
    assert SECRET not in without_secrets(text)
    collapsed = text.replace("://", ":/")
    assert holds_secret(collapsed)
    assert SECRET not in without_secrets(collapsed)


@pytest.fixture
def no_driver(monkeypatch):
    monkeypatch.setattr(database, "has_driver", lambda: False)
    monkeypatch.setattr("planner.district.district.has_driver", lambda: False)


@pytest.mark.deep_after(5)
@pytest.mark.usefixtures("no_driver")
@pytest.mark.parametrize("verb", ["check", "plan", "assess"])
@pytest.mark.parametrize("key", ["facilities.0", "streets"])
def test_a_reader_without_the_driver_says_so(town, verb, key, capsys, tmp_path):
    sets = [part for one in in_database(key) for part in ("--set", one)]
    out = [] if verb == "check" else ["--out", str(tmp_path / "out")]
    assert _run([verb, str(town), *sets, *out, "--quiet"]) == 4
    said = "".join(capsys.readouterr())
    assert f"layers.{key} ({OPEN})" in said
    assert "no-postgis: " in said
    assert "GDAL was built without its PostgreSQL driver" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", WITH_PASSWORDS)
def test_a_study_with_a_password_is_refused_and_does_not_repeat_it(town, text, capsys, tmp_path):
    for where in ("layers.facilities.0.path", "layers.streets.path", "name", "scenarios.0.set.notes"):
        out = tmp_path / "out"
        assert _run(["plan", str(town), "--set", f"{where}={json.dumps(text)}", "--out", str(out)]) == 3
        said = "".join(capsys.readouterr())
        assert SECRET not in said
        assert "holds a password" in said
        assert "PGPASSWORD" in said
        assert not out.exists()


def test_a_password_in_the_file_is_named_by_its_line_alone(town, capsys):
    text = town.read_text(encoding="utf-8").replace("facilities.geojson", f"PG:host=db password={SECRET}")
    town.write_text(text, encoding="utf-8")
    line = next(n for n, said in enumerate(text.splitlines(), start=1) if SECRET in said)
    assert _run(["check", str(town)]) == 3
    said = "".join(capsys.readouterr())
    assert f"{town.name}:{line}: layers.facilities.0.path holds a password" in said.replace(": holds", " holds")
    assert SECRET not in said
    assert _run(["check", str(town), "--set", f"x: {{ password={SECRET}"]) == 3
    assert SECRET not in "".join(capsys.readouterr())


def test_a_program_that_builds_a_study_is_refused_too(town):
    raw = load_study(town).model_dump(mode="json")
    raw["layers"]["facilities"][0]["path"] = WITH_PASSWORDS[0]
    with pytest.raises(ValidationError, match="holds a password") as raised:
        Study.model_validate(raw)
    assert SECRET not in str(raised.value)


def test_what_the_database_says_is_starred_in_findings(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError(f"could not connect: host=db password={SECRET}")

    monkeypatch.setattr(database, "has_driver", lambda: True)
    monkeypatch.setattr(database.pyogrio, "read_dataframe", fail)
    with pytest.raises(UnreadableError) as raised:
        read_file(tmp_path / OPEN, "places")
    assert raised.value.code == "unreadable-file"
    assert SECRET not in str(raised.value.evidence)


@pytest.mark.deep
@pytest.mark.usefixtures("answering")
def test_a_run_from_a_database_says_that_it_has_no_checksum(town, tmp_path):
    sets = in_database()
    run, folder = plan(town, sets=sets, out=tmp_path / "out")
    told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert told["without_checksum"] == [OPEN]
    assert not [name for name in told["inputs"] if "PG:" in name or "facilities" in name]
    found = pd.read_parquet(folder / "tables" / "findings.parquet")
    assert found.loc[found["code"] == "no-checksum", "layer"].tolist() == ["layers.facilities.0"]
    assert finished_run(folder, run.manifest.digest, reports=False) is None  # another run may read other rows
    plain, folder = plan(town, out=tmp_path / "plain")
    assert json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["without_checksum"] == []
    assert finished_run(folder, plain.manifest.digest, reports=False) == plain.manifest
    shutil.rmtree(folder)


@pytest.mark.deep
def test_a_database_is_read_anew_by_every_run(town, answering):
    cache = Cache(None)
    study = load_study(town, sets=in_database())
    for _ in range(2):
        compute_run(study, town.parent, scenario="a", cache=cache)
    assert answering == [(OPEN, "places")] * 2
    assert layers_key(study, town.parent) != layers_key(study, town.parent)
    plain = load_study(town)
    assert layers_key(plain, town.parent) == layers_key(plain, town.parent)


def test_a_connection_is_never_hashed_as_a_file(town):
    # a file that happens to be called like the connection is not what the study names
    (town.parent / OPEN).write_bytes(b"not the database")
    assert not [name for name in hashes_of(load_study(town, sets=in_database()), town.parent) if "PG:" in name]
