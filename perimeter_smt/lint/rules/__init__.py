"""The rules, one per file; a new file is found by itself. Ids are never reused."""
