"""Nothing but an empty folder or one of the planner's own is ever replaced, and no name leads out of the store."""

import os
import stat

import pytest

from planner.cli import _run
from planner.errors import OutputError, StudyError
from planner.store.atomic_folder import atomic_folder
from planner.store.folders import refuse_links
from planner.study.load import load_study, load_variants
from tests.tiny_town import write_town


@pytest.fixture
def town(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_town(tmp_path / "town")


def _file(path):
    path.write_text("mine", encoding="utf-8")


def _link_to_a_file(path):
    _file(path.with_name("file"))
    path.symlink_to("file")


def _link_to_an_empty_folder(path):
    path.with_name("folder").mkdir()
    path.symlink_to("folder")


def _link_to_nothing(path):
    path.symlink_to("nowhere")


def _pipe(path):
    os.mkfifo(path)


def _folder_of_mine(path):
    path.mkdir()
    _file(path / "notes.docx")


THERE = {
    "file": (_file, "is a file"),
    "link to a file": (_link_to_a_file, "is a link"),
    "link to an empty folder": (_link_to_an_empty_folder, "is a link"),
    "link to nothing": (_link_to_nothing, "is a link"),
    "pipe": (_pipe, "is a device, pipe or socket"),
    "folder with files": (_folder_of_mine, "holds other files"),
}


@pytest.mark.parametrize("there", THERE)
@pytest.mark.parametrize(
    "words",
    [["plan"], ["assess"], ["explain"], ["frontier", "--steps", "3"], ["check", "--mend"], ["new"]],
    ids=lambda words: words[0],
)
def test_what_stands_at_out_is_refused_and_stays(town, capsys, there, words):
    make, said = THERE[there]
    out = town.parent.parent / "out"
    make(out)
    before = out.lstat(), sorted(out.iterdir()) if out.is_dir() else None
    verb, *rest = words
    asked = {
        "check": ["check", str(town), "--mend", str(out)],
        "new": ["new", str(out)],
    }.get(verb, [verb, str(town), *rest, "--quiet", "--out", str(out)])
    assert _run(asked) != 0
    told = capsys.readouterr().err
    assert said in told or (
        there == "folder with files" and verb in ("new", "check") and "holds something already" in told
    )
    after = out.lstat(), sorted(out.iterdir()) if out.is_dir() else None
    assert after[1] == before[1]
    assert stat.S_IFMT(after[0].st_mode) == stat.S_IFMT(before[0].st_mode)
    assert after[0].st_ino == before[0].st_ino


@pytest.mark.parametrize("out", ["", ".", "..", "/", "town/..", "/dev/null", "x" * 300, "x/" * 2500, "a\0b"])
def test_a_place_that_cannot_be_a_folder_of_its_own_is_refused(town, capsys, out):
    assert _run(["plan", str(town), "--quiet", "--out", out]) in (2, 4)
    told = capsys.readouterr().err
    assert "Traceback" not in told
    assert told.strip()
    assert town.is_file()


@pytest.mark.deep
def test_files_of_a_planners_own_in_the_folder_of_a_run_stay(town, capsys):
    assert _run(["plan", str(town), "--quiet", "--out", "run"]) == 0
    run = town.parent.parent / "run"
    (run / "plan.gpkg-wal").write_bytes(b"")  # as QGIS leaves it
    (run / ".DS_Store").write_bytes(b"")
    assert _run(["plan", str(town), "--quiet", "--out", "run"]) == 0
    _file(run / "会议纪要.docx")
    assert _run(["plan", str(town), "--quiet", "--out", "run"]) == 4
    assert "会议纪要.docx" in capsys.readouterr().err
    assert (run / "会议纪要.docx").read_text(encoding="utf-8") == "mine"


def test_reports_are_not_written_through_links(town, capsys):
    assert _run(["plan", str(town), "--quiet", "--out", "run"]) == 0
    mine = town.parent.parent / "mine.html"
    _file(mine)
    (town.parent.parent / "run" / "map.html").unlink()
    (town.parent.parent / "run" / "map.html").symlink_to(mine)
    assert _run(["report", "run"]) == 4
    assert "links to other places (map.html)" in capsys.readouterr().err
    assert mine.read_text(encoding="utf-8") == "mine"
    with pytest.raises(OutputError):
        refuse_links(town.parent.parent / "run")


def test_a_file_that_appears_while_a_run_is_made_stays(tmp_path):
    def write():
        with atomic_folder(tmp_path / "out") as aside:
            (aside / "map.html").write_text("new", encoding="utf-8")
            _file(tmp_path / "out")

    with pytest.raises(OutputError, match="is a file"):
        write()
    assert (tmp_path / "out").read_text(encoding="utf-8") == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


NAMES = [
    "../x",
    "a/b",
    "..",
    ".",
    ".hidden",
    "a\\b",
    "a\nb",
    "a b",
    "a\tb",
    "a:b",
    "C:",
    "a*",
    "a?",
    "[a]",
    "a|b",
    "a\x07b",
    "a\u202eb",
    "x" * 81,
]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
@pytest.mark.parametrize("where", ["name", "extends", "overlay"])
def test_no_name_of_a_scenario_leads_out_of_the_store(tmp_path, name, where):
    import json

    scenarios = {
        "name": [{"name": name}],
        "extends": [{"name": "a", "extends": name}, {"name": name}],
        "overlay": [{"name": "a"}],
    }[where]
    study = write_town(tmp_path, scenarios="".join(f"  - {json.dumps(one)}\n" for one in scenarios))
    sets = [f"scenarios={json.dumps([{'name': name}])}"] if where == "overlay" else []
    with pytest.raises(StudyError):
        load_study(study, sets=sets)
    with pytest.raises(StudyError):
        load_variants(study, sets=sets)


@pytest.mark.parametrize("name", ["甲", "rich-2031", "a.b", "x" * 80, "2035"])
def test_plain_names_of_scenarios_are_names_of_folders(tmp_path, name):
    study = write_town(tmp_path, scenarios=f"  - {{name: '{name}'}}\n")
    assert list(load_variants(study)) == ["base", name]


def test_a_character_without_width_is_no_part_of_a_name(tmp_path):
    study = write_town(tmp_path, scenarios="  - {name: 'a\u200bb'}\n  - {name: c, extends: ab}\n")
    assert list(load_variants(study)) == ["base", "ab", "c"]


@pytest.mark.parametrize("label", ["../../x", "/etc/x", "a\nb", "..", "."])
def test_no_label_of_a_matrix_leads_out_of_the_store(tmp_path, label):
    import json

    matrix = {"matrix": {"budgets.capital_cost": {label: {"budgets.capital_cost": 1}}}, "name": "m"}
    study = write_town(tmp_path, scenarios=f"  - {json.dumps(matrix)}\n")
    try:
        names = list(load_variants(study))
    except StudyError:
        return
    assert all("/" not in name and "\n" not in name and not name.startswith(".") for name in names)


@pytest.mark.parametrize("name", ["a\x07b", "a/b", "a\\b"], ids=ascii)
def test_no_other_name_holds_what_cannot_be_seen_or_leads_elsewhere(tmp_path, name):
    text = (
        write_town(tmp_path)
        .read_text(encoding="utf-8")
        .replace("quick", f'"{name}"'.replace("\\", "\\\\").replace("\x07", "\\a"))
    )
    (tmp_path / "town.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError):
        load_study(tmp_path / "town.yaml")
