"""Solvers behind one interface, to be compared with each other: see `backend` for the list."""
