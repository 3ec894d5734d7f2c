"""The world as formulas: accounts, calls, guardrails, grants, the perimeter (semantics 3 to 5)."""
