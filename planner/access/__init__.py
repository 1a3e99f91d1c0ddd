"""Placeholder docstring of the access floor, rewritten with its first module."""
