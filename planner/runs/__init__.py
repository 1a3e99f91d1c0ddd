"""Placeholder docstring of the runs floor, rewritten with its first module."""
