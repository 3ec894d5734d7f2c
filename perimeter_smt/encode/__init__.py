"""Policies, organizations and perimeters as formulas over the vocabulary of `encodings/`.

Written from semantics 1 to 5 on its own: nothing here imports `evaluate/`.
"""
