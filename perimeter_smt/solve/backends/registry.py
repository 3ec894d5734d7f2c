"""The list of back ends."""

from __future__ import annotations

from perimeter_smt.errors import InputError
from perimeter_smt.solve.backends.backend import Backend
from perimeter_smt.solve.backends.cvc5 import Cvc5
from perimeter_smt.solve.backends.native import Native
from perimeter_smt.solve.backends.portfolio import Portfolio
from perimeter_smt.solve.backends.z3_strings import Z3Strings

NAMES = ("native", "z3-strings", "cvc5", "portfolio")


def backend(name: str) -> Backend:
    """The back end called `name`; InputError for an unknown one, BackendMissingError if it is not installed."""
    match name:
        case "native":
            return Native()
        case "z3-strings":
            return Z3Strings()
        case "cvc5":
            return Cvc5()
        case "portfolio":
            return Portfolio()
    raise InputError(f"unknown back end `{name}`, expected one of {', '.join(NAMES)}")
