"""Placeholder docstring of the district floor, rewritten with its first module."""
