"""Checks of the layers against each other: findings of errors, warnings and notes, one module for each topic."""
