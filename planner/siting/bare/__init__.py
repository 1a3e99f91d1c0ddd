"""Methods of their own for problems that only ask how many: swaps, Lagrangian prices, branch and bound."""
