"""From a planner's study and surveyed ground to a siting problem."""
