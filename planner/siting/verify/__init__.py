"""The recount: what a plan gives, costs and violates; shares no code with the integer programme."""
