"""Every documented value of every key of the study, derived from the schema, on a street where every key is given."""
