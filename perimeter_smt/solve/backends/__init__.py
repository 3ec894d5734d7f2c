"""Solvers behind one interface, to be compared with each other: see `registry` for the list."""
