"""Worlds made toward each row of the tables of `encodings/keys`, asked with the row and without it."""
