"""Why this plan: conflicts, prices of rules, what an opening is worth, frontiers, phases."""
