"""Broken layers, each in a folder named after its fault; `build.py` makes them from the bundled town."""
