"""Where the data files are: `encodings/` beside the package in a checkout, inside it in an installed wheel."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from perimeter_smt.errors import InternalError


@lru_cache(maxsize=1)
def encodings() -> Traversable:
    """The folder of SMT-LIB texts and key tables. InternalError if the installation lacks it."""
    installed = files("perimeter_smt").joinpath("_encodings")
    if installed.is_dir():
        return installed
    checkout = Path(__file__).resolve().parent.parent / "encodings"
    if checkout.is_dir():
        return checkout
    raise InternalError("the folder `encodings` is missing from this installation")
