"""A folder of a run is whole or absent; what stood before stays until then."""

from pathlib import Path

import pytest

from planner.errors import OutputError
from planner.runs import Run
from planner.runs.aside import written_aside


def _left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_folder_takes_the_place_of_the_old_one(tmp_path):
    target = tmp_path / "base"
    target.mkdir()
    (target / "old").write_text("old")
    with written_aside(target, known_by="old") as aside:
        (aside / "new").write_text("new")
        assert _left(target) == ["old"]
    assert _left(target) == ["new"]
    assert _left(tmp_path) == ["base"]


def test_somebody_elses_folder_is_never_replaced(tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "to my aunt").write_text("Dear aunt")
    with pytest.raises(OutputError, match="holds other files"), written_aside(tmp_path / "letters"):
        pass
    assert _left(tmp_path / "letters") == ["to my aunt"]


@pytest.mark.parametrize("fault", [RuntimeError("broken"), KeyboardInterrupt()])
def test_a_failure_leaves_everything_as_it_was(tmp_path, fault):
    target = tmp_path / "base"
    target.mkdir()
    (target / "old").write_text("old")

    def write_half() -> None:
        with written_aside(target, known_by="old") as aside:
            (aside / "half").write_text("half")
            raise fault

    with pytest.raises(type(fault)):
        write_half()
    assert _left(target) == ["old"]
    assert _left(tmp_path) == ["base"]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(OutputError, match="give another place with --out") as caught,
        written_aside(tmp_path / "file" / "base"),
    ):
        pass
    assert caught.value.exit_code == 4


def test_a_folder_without_a_run_says_so(tmp_path):
    with pytest.raises(OutputError, match="holds no finished run"):
        Run.read(tmp_path)
