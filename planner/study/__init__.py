"""Placeholder docstring of the study floor, rewritten with its first module."""
