"""The policy language as formulas: statements, conditions, principals, resources, variables (semantics 1 and 2)."""
