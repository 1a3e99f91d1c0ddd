"""Workbooks, explanation and sheet of both towns, and of a study with every key, show labels and no identifier of the study."""

from __future__ import annotations

import re
from dataclasses import replace

import matplotlib as mpl
import openpyxl
import pytest
from matplotlib.text import Text

from planner.cli import _run
from planner.report.assessment_workbook import write_assessment_workbook
from planner.report.print_layout import _sheet, _specs, installed_fonts
from planner.report.workbook import write_workbook
from planner.store.assessment import Assessment
from planner.store.run import Run
from tests.conftest import REPOSITORY
from tests.keys.street import write_full_street

pytestmark = pytest.mark.deep

#: `siting.max_sites`, `town_area`, `canteen:4;elder_care:4`, `[{"group": null`
RAW = re.compile(r"\b[a-z]+(?:\.[a-z_0-9]+)*\.[a-z]+_[a-z_0-9]+\b|\b[a-z]+(?:_[a-z0-9]+)+\b|\b\w+:\d+;\w+:\d+|\[\{\"")
#: where the maker of the study is told which key, column or file to mend; codes lead to docs/findings.md
TO_MEND = {"Findings", "数据检查"}
#: kept as written: names of layers, sources and the number of a run, and what is missing to measure a standard
AS_WRITTEN = {"Run", "运行编号", "source", "来源", "what is missing", "缺什么", "what is not known", "缺少资料"}


def is_there(study):
    return study != "porto" or (REPOSITORY.parent / "shared" / "data" / "porto").is_dir()


@pytest.fixture(scope="module", params=["street", "neubrandenburg", pytest.param("porto", marks=pytest.mark.shared)])
def folders(request, tmp_path_factory):
    if not is_there(request.param):
        pytest.skip("the layers of Porto are not beside the checkout")
    made = tmp_path_factory.mktemp("identifiers")
    if request.param == "street":
        (made / "study").mkdir()
        write_full_street(made / "study")
        study = made / "study" / "street.yaml"
    else:
        study = REPOSITORY / "configs" / f"{request.param}.yaml"
    for verb in ("plan", "assess"):
        assert _run([verb, str(study), "--out", str(made / verb), "--quiet"]) == 0
    return made


def allowed(study, tables):
    """Words of layers and of the study's own texts, which are shown letter for letter."""
    texts = [*tables.communities["name"], *tables.communities["id"], *tables.places["name"], *tables.places["id"]]
    return " ".join(map(str, texts)) + study.model_dump_json(include={"notes", "publication", "name"})


def raw_cells(path, shown):
    book = openpyxl.load_workbook(path)
    found = [
        (sheet.title, cell.coordinate, cell.value)
        for sheet in book
        if sheet.title not in TO_MEND
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, str)
        and not {row[0].value, sheet.cell(3, cell.column).value} & AS_WRITTEN
        and any(word not in shown for word in RAW.findall(cell.value))
    ]
    found += [(sheet.title, "", sheet.title) for sheet in book if RAW.search(sheet.title)]
    book.close()
    return found


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_identifier_on_workbooks_and_sheet(folders, tmp_path, language):
    run = Run.read(folders / "plan")
    run = replace(run, study=run.study.model_copy(update={"language": language}))
    shown = allowed(run.study, run.tables)
    write_workbook(run, tmp_path / "plan.xlsx")
    assert raw_cells(tmp_path / "plan.xlsx", shown) == []
    assessment = Assessment.read(folders / "assess")
    assessment = replace(assessment, study=run.study)
    write_assessment_workbook(assessment, tmp_path / "assess.xlsx")
    assert raw_cells(tmp_path / "assess.xlsx", shown) == []
    with mpl.rc_context({"font.family": installed_fonts()}):
        figure = _sheet(run, _specs(run, 0, run.study.services[0].circles[-1].minutes)[0], (1, 1))
    words = [text.get_text() for text in figure.findobj(Text)]
    assert [one for text in words for one in RAW.findall(text) if one not in shown] == []
