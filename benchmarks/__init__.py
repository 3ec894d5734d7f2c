"""Benchmarks of perimeter-smt: `python -m benchmarks`, see README.md."""
