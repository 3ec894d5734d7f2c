"""Formulas as immutable data: atoms, smart constructors, an interpreter, SMT-LIB in and out.

Nothing here knows about AWS or about a solver.
"""
