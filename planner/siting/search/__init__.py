"""From a problem to its best plan: first plans, a closer look at large problems, the chain of goals."""
