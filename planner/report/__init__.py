"""Placeholder docstring of the report floor, rewritten with its first module."""
