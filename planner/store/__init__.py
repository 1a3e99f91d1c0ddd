"""Run folders, the schema of their tables, manifests, the cache of stages, atomic folders, executors, comparison of runs."""
