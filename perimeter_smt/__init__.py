"""perimeter-smt: proves or refutes that an AWS data perimeter holds."""

__version__ = "0.1.0"
