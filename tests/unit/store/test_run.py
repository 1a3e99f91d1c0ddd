"""A folder of a run is whole or absent; what stood before stays until then."""

from pathlib import Path

import pytest

from planner.errors import OutputError
from planner.store.atomic_folder import atomic_folder
from planner.store.folders import kind_of
from planner.store.run import Run


def _left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_folder_takes_the_place_of_the_old_one(tmp_path):
    target = tmp_path / "base"
    target.mkdir()
    (target / "frontier.parquet").write_text("frontier.parquet")
    with atomic_folder(target, kind="frontier") as aside:
        (aside / "new").write_text("new")
        assert _left(target) == ["frontier.parquet"]
    assert _left(target) == ["new"]
    assert _left(tmp_path) == ["base"]


def test_somebody_elses_folder_is_never_replaced(tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "to my aunt").write_text("Dear aunt")
    with pytest.raises(OutputError, match="holds other files"), atomic_folder(tmp_path / "letters"):
        pass
    assert _left(tmp_path / "letters") == ["to my aunt"]


MARKS = {
    "run": ("manifest.json", '{"run_id": "base-0"}'),
    "assessment": ("manifest.json", '{"kind": "assessment"}'),
    "review": ("review.json", "{}"),
    "frontier": ("frontier.parquet", ""),
    "comparison": ("comparison.html", ""),
}


@pytest.mark.parametrize("kind", [*MARKS, None])
@pytest.mark.parametrize("held", MARKS)
def test_only_the_same_kind_takes_the_place_of_a_folder(tmp_path, kind, held):
    target = tmp_path / "base"
    target.mkdir()
    name, text = MARKS[held]
    (target / name).write_text(text)
    assert kind_of(target) == held
    if kind == held:
        with atomic_folder(target, kind=kind) as aside:
            (aside / "new").write_text("new")
        assert _left(target) == ["new"]
    else:
        with (
            pytest.raises(OutputError, match=f"holds an? {held} .*give another place"),
            atomic_folder(target, kind=kind),
        ):
            pass
        assert _left(target) == [name]


@pytest.mark.parametrize("kind", MARKS)
def test_what_others_keep_inside_is_not_lost(tmp_path, kind):
    name, text = MARKS[kind]
    (tmp_path / "here" / "base").mkdir(parents=True)
    (tmp_path / "here" / name).write_text(text)
    with pytest.raises(OutputError, match=r"other folders \(base\)"), atomic_folder(tmp_path / "here", kind=kind):
        pass
    assert _left(tmp_path / "here") == sorted(["base", name])


def test_a_run_that_cannot_be_read_can_be_made_again(tmp_path):
    (tmp_path / "base" / "tables").mkdir(parents=True)
    (tmp_path / "base" / "manifest.json").write_text('{"run_id": "ba')
    with atomic_folder(tmp_path / "base") as aside:
        (aside / "new").write_text("new")
    assert _left(tmp_path / "base") == ["new"]


@pytest.mark.parametrize("fault", [RuntimeError("broken"), KeyboardInterrupt()])
def test_a_failure_leaves_everything_as_it_was(tmp_path, fault):
    target = tmp_path / "base"
    target.mkdir()
    (target / "frontier.parquet").write_text("frontier.parquet")

    def write_half() -> None:
        with atomic_folder(target, kind="frontier") as aside:
            (aside / "half").write_text("half")
            raise fault

    with pytest.raises(type(fault)):
        write_half()
    assert _left(target) == ["frontier.parquet"]
    assert _left(tmp_path) == ["base"]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(OutputError, match="give another place with --out") as caught,
        atomic_folder(tmp_path / "file" / "base"),
    ):
        pass
    assert caught.value.exit_code == 4


def test_a_folder_without_a_run_says_so(tmp_path):
    with pytest.raises(OutputError, match="holds no finished run"):
        Run.read(tmp_path)
