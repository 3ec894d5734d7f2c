"""The questions: does the perimeter hold, does it block what it should let through, do two policies differ."""
