"""What is asked: problem, rules, settings and the shape of an answer; nothing here solves or counts."""
