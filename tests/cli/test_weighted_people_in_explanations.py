"""An explanation that counts weighted people says so in every sentence; one that counts heads does not."""

import pandas as pd
import pytest

from planner.cli import _run
from tests.street_town import care, study_of, write_need, write_street

WORDS = {"en": ("weighted people", "not heads"), "zh": ("加权人口", "并非实际人数")}


def explained(folder, capsys, language, need=None, **service):
    study = study_of(language=language, services=care(**service))
    if need is not None:
        study["layers"]["need"] = write_need(folder, need)
    path = write_street(folder, study)
    assert _run(["explain", str(path), "--out", str(folder / "out")]) == 0
    return capsys.readouterr().out


@pytest.mark.deep_after(1)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_layer_of_need_is_said(tmp_path, capsys, language):
    said = explained(tmp_path, capsys, language, need=2.0)
    weighted, heads = WORDS[language]
    # 110 elders more within five minutes of C2 count as 220
    told = {
        "en": "alone +220 weighted people within 5 minutes",
        "zh": "5 分钟内 +220 加权人口；若只去掉它，少 220 加权人口",
    }
    assert told[language] in said
    assert heads in said
    assert " people within" not in said.replace("weighted people within", "")
    sheet = pd.read_excel(tmp_path / "out" / "explanation.xlsx", sheet_name=2, header=None)
    assert any(weighted in str(cell) for cell in sheet.to_numpy().ravel())


@pytest.mark.deep_after(1)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_weight_of_a_group_is_said(tmp_path, capsys, language):
    said = explained(tmp_path, capsys, language, demand={"elders": 0.5})
    assert WORDS[language][0] in said
    assert ("alone +55 weighted people" if language == "en" else "+55 加权人口") in said


@pytest.mark.deep_after(1)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_heads_are_called_people(tmp_path, capsys, language):
    said = explained(tmp_path, capsys, language)
    assert WORDS[language][0] not in said
    assert (
        "alone +110 people within 5 minutes; left out, 110 fewer"
        if language == "en"
        else "+110 人；若只去掉它，少 110 人"
    ) in said
