"""Files of a planner's brought into memory as they are: formats, encodings, archives; nothing is mended here."""

from planner.district.files.database import has_driver
from planner.district.files.degrees import LAT_NAMES, LON_NAMES, X_NAMES, Y_NAMES, read_coordinates
from planner.district.files.encoding import NAME_BYTES, Decision, cut_name
from planner.district.files.numbers import Numbers, is_broken, read_flags, read_numbers
from planner.district.files.osm import OSMIUM_RAISES, SUFFIXES, Extract, Want, is_extract, read_extract
from planner.district.files.osm_packed import refuse_no_file, source_of
from planner.district.files.osm_sorted import in_order, said_id
from planner.district.files.raster import opened_raster
from planner.district.files.raw import RawTable, Remark, UnreadableError
from planner.district.files.read import read_file
from planner.district.files.texts import as_text, clean, folded, inexact
from planner.district.files.well_known import read_shapes, shape_column
from planner.district.files.years import read_years

__all__ = [
    "LAT_NAMES",
    "LON_NAMES",
    "NAME_BYTES",
    "OSMIUM_RAISES",
    "SUFFIXES",
    "X_NAMES",
    "Y_NAMES",
    "Decision",
    "Extract",
    "Numbers",
    "RawTable",
    "Remark",
    "UnreadableError",
    "Want",
    "as_text",
    "clean",
    "cut_name",
    "folded",
    "has_driver",
    "in_order",
    "inexact",
    "is_broken",
    "is_extract",
    "opened_raster",
    "read_coordinates",
    "read_extract",
    "read_file",
    "read_flags",
    "read_numbers",
    "read_shapes",
    "read_years",
    "refuse_no_file",
    "said_id",
    "shape_column",
    "source_of",
]
