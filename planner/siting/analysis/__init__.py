"""Analysis of a plan: infeasible sets, costs of constraints, value of openings, frontiers."""
