"""Archives of every method of compression, whole, damaged, locked or patched: rows, or a refusal that names the fault."""

import os
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from planner.io.read import read_file
from planner.io.table import UnreadableError

ROWS = b"id,x\n" + b"a,1\n" * 2000
METHODS = {"stored": 0, "deflate": 8, "bzip2": 12, "lzma": 14}


def archive(path, method=8, name="a.csv", content=ROWS):
    with zipfile.ZipFile(path, "w", method) as out:
        out.writestr(name, content)
    return path


def patch(path, local, central, value):
    """Change a byte in the header before the content and in the directory at the end."""
    content = bytearray(path.read_bytes())
    content[local] = value
    content[content.index(b"PK\x01\x02") + central] = value
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_every_method_that_python_knows_is_read(tmp_path, method):
    assert len(read_file(archive(tmp_path / "a.zip", method)).frame) == 2000


@pytest.mark.parametrize("method", [8, 12, 14], ids=["deflate", "bzip2", "lzma"])
def test_damaged_content_is_refused_whatever_its_method(tmp_path, method):
    path = archive(tmp_path / "a.zip", method)
    content = bytearray(path.read_bytes())
    content[45:60] = b"\xff" * 15
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match="unreadable-file"):
        read_file(path)


@pytest.mark.parametrize(
    ("change", "code", "reason"),
    [
        ((8, 10, 9), "unreadable-file", "compression method"),  # Deflate64, which Windows chooses for large files
        ((6, 8, 0x20), "unreadable-file", "patched"),
        ((6, 8, 0x40), "unreadable-file", "strong encryption"),
        ((6, 8, 0x01), "zip-locked", ""),
        ((4, 6, 99), "unreadable-file", "version"),
    ],
    ids=["deflate64", "patched", "strong encryption", "password", "later version"],
)
def test_what_python_cannot_unpack_is_refused_by_name(tmp_path, change, code, reason):
    path = patch(archive(tmp_path / "a.zip"), *change)
    with pytest.raises(UnreadableError) as fault:
        read_file(path)
    assert fault.value.code == code
    assert reason in str(fault.value.evidence.get("reason", ""))


@pytest.fixture
def workbook(tmp_path):
    path = tmp_path / "whole.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet().write_row(0, 0, ["id", "elders"])
    return path


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/styles.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml"]
)
@pytest.mark.parametrize("left", [0.0, 0.5])
def test_a_workbook_that_fails_halfway_is_closed(tmp_path, workbook, part, left):
    path = tmp_path / "half.xlsx"
    with zipfile.ZipFile(workbook) as whole, zipfile.ZipFile(path, "w") as out:
        for name in whole.namelist():
            content = whole.read(name)
            out.writestr(name, content[: int(len(content) * left)] if name == part else content)
    with pytest.raises(UnreadableError, match="unreadable-file") as fault:
        read_file(path)
    # the fault is still held, and with it all that its frames hold
    targets = [os.path.realpath(number) for number in Path("/proc/self/fd").iterdir()]
    assert str(path) not in targets, fault.value
