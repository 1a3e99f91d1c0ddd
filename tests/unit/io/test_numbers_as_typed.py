"""Numbers as people type them: which is the decimal mark, what is a percent, a range, unknown, zero, or no number."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from planner.io.cells import read_coordinates, read_years
from planner.io.numbers import read_numbers


def column(*cells):
    return pd.Series(cells, dtype=object)


@pytest.mark.parametrize(
    ("cells", "options", "amounts", "because"),
    [
        (("1,250", "110"), {}, [1250, 110], "nothing"),
        (("1,250", "110"), {"usual": ","}, [1.25, 110], "separator"),
        (("1,250", "0,110"), {}, [1.25, 0.11], "cells"),  # no thousands begin with 0
        (("1,250", "12,5"), {}, [1.25, 12.5], "cells"),
        (("1,250", "1.234,5"), {}, [1.25, 1234.5], "cells"),
        (("1,250", "1,234.5"), {}, [1250, 1234.5], "cells"),
        (("1,250", "1,234,567"), {"usual": ","}, [1250, 1234567], "cells"),
        (("5.741", "1.234.567"), {}, [5741, 1234567], "cells"),
        (("5.741", "12.5"), {}, [5.741, 12.5], "cells"),
        (("5.741", "512"), {"decimal": ","}, [5741, 512], "declared"),
        (("5.741", "512"), {"decimal": "."}, [5.741, 512], "declared"),
        (("1,250", "0"), {"decimal": ","}, [1.25, 0], "declared"),
        (("1,250", "0"), {"decimal": "."}, [1250, 0], "declared"),
        (("１，２５０", "0,5"), {}, [1.25, 0.5], "cells"),
        (("1'250.75", "1 250"), {}, [1250.75, 1250], "cells"),
    ],
)
def test_the_decimal_mark_is_what_the_cells_show(cells, options, amounts, because):
    read = read_numbers(column(*cells), **options)
    assert read.amounts.tolist() == amounts
    assert read.decimal_mark.because == because


@pytest.mark.parametrize(
    ("cells", "doubtful"),
    [
        (("5.741", "12"), "5.741"),
        (("5.741", "12.5"), ""),
        (("5.741", "0.120"), ""),
        (("5.741", "1200.5"), ""),
        ((5.741, 12.34, 7.125, 3.999), "5.741"),  # stored numbers lose trailing zeros
        ((5.741, 12.5, 7.25), ""),
        ((5.741, 1200), ""),
        ((0.741, 5.741), ""),
        ((5.7411, 5.741), ""),
        (("512", "98"), ""),
    ],
)
def test_thousands_with_a_point_are_doubted_only_where_nothing_decides(cells, doubtful):
    assert read_numbers(column(*cells)).decimal_mark.doubtful == doubtful


def test_a_numeric_column_is_doubted_as_well():
    assert read_numbers(pd.Series([5.741, 12.125, 3.0])).decimal_mark.doubtful == "5.741"
    assert read_numbers(pd.Series([5.741, 12.125, 3.0])).decimal_mark.stored


@pytest.mark.parametrize(
    ("cell", "mask", "low", "high"),
    [
        ("23.5%", "percent", 23.5, 23.5),
        ("２３．５％", "percent", 23.5, 23.5),
        ("20-30床", "is_range", 20, 30),
        ("20床-30床", "is_range", 20, 30),
        ("约20~30张", "is_range", 20, 30),
        ("20至30", "is_range", 20, 30),
        ("1,250 to 1,300", "is_range", 1250, 1300),
        ("20 – 30", "is_range", 20, 30),
        ("-", "unknown", None, None),
        ("NA", "unknown", None, None),
        ("不详", "unknown", None, None),
        ("无", "text", 0, 0),
        ("", "empty", None, None),
        ("  ", "empty", None, None),
        ("#REF! [C5: =B5]", "broken", None, None),
        ("#N/A", "broken", None, None),
        ("=SUM(A1:A2)", "broken", None, None),
        ("30-20", "unreadable", None, None),
        ("2031-07-01", "unreadable", None, None),
        ("若干", "unreadable", None, None),
        ("#12", "unreadable", None, None),
        ("120余人", "text", 120, 120),
        ("≥20", "text", 20, 20),
        ("-5", "", -5, -5),
        ("1e3", "", 1000, 1000),
        (True, "unreadable", None, None),
    ],
)
def test_each_cell_is_one_thing(cell, mask, low, high):
    read = read_numbers(column(cell))
    masks = ("empty", "unknown", "text", "percent", "is_range", "broken", "unreadable")
    assert [name for name in masks if getattr(read, name)[0]] == ([mask] if mask else [])
    expected = [np.nan if low is None else low, np.nan if high is None else high]
    np.testing.assert_equal([read.amounts[0], read.upper[0]], expected)


@pytest.mark.parametrize("cell", ["余人" * 50_000, "1" * 50_000 + "x", "1," * 50_000, "-" * 50_000, "(" * 50_000])
def test_long_cells_are_prose_and_take_no_time(cell):
    assert read_numbers(column(cell)).unreadable[0]


@pytest.mark.parametrize(
    ("cell", "year", "dated"),
    [
        ("2031", 2031, False),
        (2031, 2031, False),
        (2031.0, 2031, False),
        ("2031年", 2031, False),
        ("2031-07-01", 2031, True),
        ("2031/7/1 00:00:00", 2031, True),
        ("2031年7月", 2031, True),
        ("01.07.2031", 2031, True),
        ("07/2031", 2031, True),
        (20310701, 2031, True),
        (dt.datetime(2031, 7, 1, tzinfo=None), 2031, True),  # noqa: DTZ001 - a cell of a workbook has no zone
        (dt.date(2031, 7, 1), 2031, True),
        (np.datetime64("2031-07-01"), 2031, True),
        ("Q3 2031", 2031, True),
        ("2031年底", 2031, True),
        ("2029-2031", 2031, True),
        ("２０３１", 2031, False),
    ],
)
def test_years_are_read_out_of_dates(cell, year, dated):
    read = read_years(column(cell))
    assert (read.years[0], bool(read.dated[0])) == (year, dated)


@pytest.mark.parametrize("cell", [47999, "soon", "31", "31-07-01", 12, "2031-2029", "99999"])
def test_what_is_no_year_is_refused(cell):
    assert read_years(column(cell)).unreadable[0]


@pytest.mark.parametrize("cell", [None, "", "-", "待定", 0, "NA"])
def test_no_year_is_a_year_not_known(cell):
    read = read_years(column(cell))
    assert read.missing[0]
    assert not read.unreadable[0]


def test_a_column_of_dates_is_one_of_years():
    read = read_years(pd.Series(pd.to_datetime(["2031-07-01", None])))
    assert read.years[0] == 2031
    assert read.missing.tolist() == [False, True]


def test_coordinates_with_decimal_commas():
    assert read_coordinates(column("384000,5", "384100,25")).tolist() == [384000.5, 384100.25]
    assert read_coordinates(column("13,27123", "13,3")).tolist() == [13.27123, 13.3]
    assert read_coordinates(column("384,000", "384,100")).tolist() == [384000, 384100]
    assert np.isnan(read_coordinates(column("-", "无", "5%"))).all()


@pytest.mark.parametrize(
    ("cells", "amounts"),
    [
        (pd.Series([True, False]), [np.nan, np.nan]),
        (pd.Series([True, None], dtype="boolean"), [np.nan, np.nan]),
        (pd.Series([True, 1, 20], dtype=object), [np.nan, 1, 20]),
        (pd.Series([1, 0, True, np.False_], dtype=object), [1, 0, np.nan, np.nan]),
    ],
)
def test_true_and_false_are_no_numbers(cells, amounts):
    read = read_numbers(cells)
    np.testing.assert_array_equal(read.amounts, amounts)
    stated = [isinstance(cell, bool | np.bool_) for cell in cells]
    assert read.unreadable.tolist() == stated
    assert read.empty.tolist() == [cell is None or cell is pd.NA for cell in cells]
