"""How far people walk: the street network, doors on it, and who reaches what in how many seconds."""
