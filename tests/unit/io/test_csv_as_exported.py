"""CSV as programs export it: separators, titles, quoted codes, headings that stand twice."""

import pytest

from planner.io.read import read_file


def read(tmp_path, text, encoding="utf-8", name="x.csv"):
    (tmp_path / name).write_bytes(text.encode(encoding))
    return read_file(tmp_path / name)


@pytest.mark.parametrize(
    ("text", "columns", "first"),
    [
        ("sep=;\nid;n\na;1\n", ["id", "n"], ["a", "1"]),
        ("\ufeffsep=\t\r\nid\tn\r\na\t1,5\r\n", ["id", "n"], ["a", "1,5"]),
        ("sep=|\nid|n\na|1\n", ["id", "n"], ["a", "1"]),
        ("id;elders, total;area\na;0,110;5\nb;1,250;6\n", ["id", "elders, total", "area"], ["a", "0,110", "5"]),
        ("id,services\na,care;canteen\nb,care;clinic\n", ["id", "services"], ["a", "care;canteen"]),
        ('id,"name, street",n\na,"x, y",1\nb,z,2\n', ["id", "name, street", "n"], ["a", "x, y", "1"]),
        ("id\tname; kind\na\tx; y\n", ["id", "name; kind"], ["a", "x; y"]),
        ("id,n\ra,1\rb,2\r", ["id", "n"], ["a", "1"]),
        ('id,n\n="0310","=""0042"""\n', ["id", "n"], ["0310", "0042"]),
        ("id,n\n'0310,7\n", ["id", "n"], ["0310", "7"]),
        ('"id","n"\n"NA","None"\n', ["id", "n"], ["NA", "None"]),
        ("id,n\na,1,\nb,2,\n", ["id", "n"], ["a", "1"]),
        ("id,n,\na,1,\nb,2,\n", ["id", "n"], ["a", "1"]),
    ],
)
def test_cells_stand_under_their_headings(tmp_path, text, columns, first):
    found = read(tmp_path, text).frame
    assert list(found.columns) == columns
    assert found.iloc[0].tolist() == first


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("titles", ["养老设施一览表（2023年）\n", "养老设施一览表,,\n填表：王,,\n", ",,\n一览表,,\n"])
def test_titles_above_the_heading_are_left_out(tmp_path, titles, encoding):
    found = read(tmp_path, f"{titles}编号,名称,床位\na,甲,20\nb,乙,30\n", encoding)
    assert list(found.frame.columns) == ["编号", "名称", "床位"]
    assert list(found.frame["床位"]) == ["20", "30"]
    (remark,) = (remark for remark in found.issues if remark.code == "title-rows")
    assert remark.evidence["columns"] == "编号, 名称, 床位"


def test_a_table_of_one_column_has_no_title(tmp_path):
    found = read(tmp_path, "id\na\nb\n")
    assert (list(found.frame.columns), found.issues) == (["id"], ())


def test_the_same_heading_twice_is_known(tmp_path):
    found = read(tmp_path, "id,elders,elders,elders_1\na,1,2,3\n")
    assert found.duplicate_headings == {"elders": ("elders_2", "elders_3")}
    assert found.frame.iloc[0].tolist() == ["a", "1", "2", "3"]


def test_a_column_without_heading_is_remarked_if_it_holds_something(tmp_path):
    found = read(tmp_path, "id,,n,\na,x,1,\n")
    assert list(found.frame.columns) == ["id", "n"]
    assert [(r.code, r.evidence["positions"]) for r in found.issues] == [("nameless-columns", "2")]


@pytest.mark.parametrize(("separator", "usual"), [(";", ","), (",", None), ("\t", None)])
def test_the_separator_says_which_decimal_mark_is_usual(tmp_path, separator, usual):
    assert read(tmp_path, f"id{separator}n\na{separator}1\n").usual_decimal == usual


def test_line_breaks_in_quoted_cells_stay_cells(tmp_path):
    found = read(tmp_path, '一览表\nid,"床\n位"\na,"1\n2"\n').frame
    assert list(found.columns) == ["id", "床\n位"]
    assert found.iloc[0].tolist() == ["a", "1\n2"]
