"""The integer programme: bundles, merged rows, flows, and the one bridge to PuLP and HiGHS."""
