"""Placeholder docstring of the siting floor, rewritten with its first module."""
