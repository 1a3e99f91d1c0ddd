"""The verbs: one module each, over one sequence of stages."""
