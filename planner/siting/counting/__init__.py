"""The recount: what a plan gives, costs and breaks, without a solver; shares no code with the programme that is solved."""
