"""The integer programme: bundles, presolve, constraints, and the bridge to PuLP and HiGHS."""
