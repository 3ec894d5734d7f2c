"""The formal text of `encodings/`, read once."""

from __future__ import annotations

from functools import lru_cache

from perimeter_smt.logic.atoms import Text
from perimeter_smt.logic.formula import FALSE
from perimeter_smt.logic.reader import Script
from perimeter_smt.logic.sexpr import Expr, parse
from perimeter_smt.request.keys import table_rows
from perimeter_smt.resources import encodings

FILES = (
    "vocabulary.smt2",
    "readings.smt2",
    "environment/principal.smt2",
    "environment/network.smt2",
    "environment/request.smt2",
    "environment/callers.smt2",
    "environment/keys.smt2",
    "environment/sign-in.smt2",
    "environment/resource.smt2",
    "environment/ids.smt2",
    "authorization.smt2",
    "perimeter.smt2",
    "mitigations/egress.smt2",
    "mitigations/credentials.smt2",
    "mitigations/chains.smt2",
)

_ANY = "aws"  # names of axioms and readings are those of every partition


@lru_cache(maxsize=16)
def _read(partition: str | None, never: tuple[str, ...]) -> Script:
    script = Script(tables=table_rows)
    script.formulas.update(dict.fromkeys(never, FALSE))
    if partition is not None:
        script.texts["aws.partition"] = (Text(partition),)
    for name in FILES:
        script.take(_commands(name), name)
    return script


@lru_cache(maxsize=len(FILES))
def _commands(name: str) -> tuple[Expr, ...]:
    """The commands of a file, read for all partitions."""
    return tuple(parse(encodings().joinpath(name).read_text(encoding="utf-8"), name))


def formal_text(partition: str | None = None, never: tuple[str, ...] = ()) -> Script:
    """A copy of the formal text as read: declarations, definitions, axioms. Callers may add to their copy.

    With `partition` it is the text of that partition: `aws.partition` is a constant in it (W-1). `never` are symbols
    that are false in it.
    """
    return copied(_read(partition, never))


def copied(script: Script) -> Script:
    """Copy the containers of `script`, not the formulas in them."""
    return Script(
        script.catalogue,
        script.catalogue_vars,
        dict(script.sorts),
        dict(script.enums),
        dict(script.texts),
        dict(script.formulas),
        dict(script.macros),
        set(script.functions),
        dict(script.applications),
        list(script.axioms),
        dict(script.constructors),
        list(script.schemas),
        tables=script.tables,
    )


def soft_names() -> tuple[str, ...]:
    """The names of the soft axioms, those on single keys included."""
    text = _read(_ANY, ())
    plain = (axiom.name for axiom in text.axioms if axiom.strength == "soft")
    on_keys = (schema.name for schema in text.schemas if schema.strength == "soft")
    return (*plain, *on_keys)


def readings() -> tuple[str, ...]:
    """The names of the open points that are symbols (semantics 7), in the order of the text."""
    return tuple(name for name in _read(_ANY, ()).sorts if name.startswith("X-"))
