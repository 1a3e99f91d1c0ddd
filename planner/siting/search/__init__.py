"""From a problem to its best plan: first plans, prices for large problems, the chain of goals."""
