"""Benders decomposition and branch and cut for large coverage problems."""
