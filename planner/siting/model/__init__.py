"""The siting problem, its rules and its plans as data; nothing here solves."""
