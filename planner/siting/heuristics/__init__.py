"""Construction heuristics and the matheuristic for large problems."""
