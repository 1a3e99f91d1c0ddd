"""Files of a planner's brought into memory as they are: formats, encodings, archives; nothing is mended here."""

from planner.district.files.database import has_driver
from planner.district.files.degrees import X_NAMES, Y_NAMES, read_coordinates
from planner.district.files.encoding import NAME_BYTES, Decision, cut_name
from planner.district.files.numbers import Numbers, read_flags, read_numbers
from planner.district.files.osm import OSMIUM_RAISES, Extract, Want, is_extract, read_extract
from planner.district.files.raw import RawTable, Remark, UnreadableError
from planner.district.files.read import read_file

__all__ = [
    "NAME_BYTES",
    "OSMIUM_RAISES",
    "X_NAMES",
    "Y_NAMES",
    "Decision",
    "Extract",
    "Numbers",
    "RawTable",
    "Remark",
    "UnreadableError",
    "Want",
    "cut_name",
    "has_driver",
    "is_extract",
    "read_coordinates",
    "read_extract",
    "read_file",
    "read_flags",
    "read_numbers",
]
