"""Decision procedures for conjunctions of literals, one theory per file.

Each answers exactly: values that satisfy the literals, a set of literals that cannot hold together, or
`Undecided` with the reason.  Nothing here knows about Boolean structure, and only `word_equations` calls a
solver, for single components that the procedures before it leave open.
"""
