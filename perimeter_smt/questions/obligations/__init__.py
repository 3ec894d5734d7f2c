"""Obligations as units of work: what is asked of a workspace, decided here, in other processes, or found in a cache."""
