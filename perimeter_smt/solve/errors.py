"""The errors that engines raise.

InternalError
└── SolveError                     an engine cannot answer, for a reason that is not the question's
    ├── ModelMismatchError         a model found by the search does not satisfy the formulas it was built for
    ├── BackendDisagreementError   two back ends gave contradicting verdicts
    └── BackendMissingError        an optional solver is not installed
"""

from __future__ import annotations

from perimeter_smt.errors import InternalError


class SolveError(InternalError):
    """Root of the errors of `solve/`."""


class ModelMismatchError(SolveError):
    """A model does not satisfy what it was built for: a bug in a theory; `dump` holds formula and model."""


class BackendDisagreementError(SolveError):
    """Two back ends contradict each other; `dump` holds both results and the problem as SMT-LIB."""


class BackendMissingError(SolveError):
    """A back end was asked for whose solver is not installed; the message says how to get it."""
