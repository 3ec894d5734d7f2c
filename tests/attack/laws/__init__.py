"""Laws between verdicts: what a rewriting of a workspace may do to the answers about it."""
