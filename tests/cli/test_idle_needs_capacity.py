"""Whether a facility stands idle is said only where its capacity is known; `0 idle (capacity known of 0)` is said nowhere.

Within five minutes of F1 live 30 elders: 20 places are used by more than half, 100 by less.
"""

import pytest

from planner.cli import _run
from tests.street_town import care, study_of, write_street

UNKNOWN = {"en": "no capacity is known, so nobody can say which are idle", "zh": "容量均未知，是否闲置无从判断"}


def assessed(folder, capsys, language, capacity=None, **service):
    columns = {} if capacity is None else {"facilities": {"F1": {"capacity": capacity}}}
    study = study_of(language=language, services=care(**service))
    if columns:
        study["layers"]["facilities"][0]["columns"]["capacity"] = "capacity"
    path = write_street(folder, study, **columns)
    assert _run(["assess", str(path), "--out", str(folder / "out")]) == 0
    said = capsys.readouterr().out
    assert "known of 0" not in said
    assert "0 处已知容量" not in said
    return said, (folder / "out" / "assess.html").read_text(encoding="utf-8")


@pytest.mark.deep_after(1)
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("capacity", [None, "", "-", "unknown"])
def test_without_capacity_nobody_can_say(tmp_path, capsys, language, capacity):
    said, page = assessed(tmp_path, capsys, language, capacity)
    assert UNKNOWN[language] in said
    assert UNKNOWN[language] in page


@pytest.mark.parametrize(("capacity", "idle"), [(100, 1), (20, 0)])
def test_with_capacity_the_idle_are_counted(tmp_path, capsys, capacity, idle):
    said, _ = assessed(tmp_path, capsys, "en", capacity)
    assert f"{idle} idle (capacity known of 1)" in said
    assert UNKNOWN["en"] not in said


def test_the_figure_of_the_study_is_no_capacity_of_a_facility(tmp_path, capsys):
    """What the study assumes of one opening says nothing of how a standing facility is used."""
    said, _ = assessed(tmp_path, capsys, "en", capacity=None)
    assert UNKNOWN["en"] in said
