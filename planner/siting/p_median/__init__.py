"""Methods for problems in which only the number of openings binds: p-median, maximum coverage, p-centre."""
