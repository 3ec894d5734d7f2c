"""Worlds made toward one axiom: its formula chooses calls and keys, a request that breaks it the policies."""
