"""From a study and its district to the siting problem."""
