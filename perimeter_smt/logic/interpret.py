"""The meaning of atoms and formulas on concrete texts: the reference that engines are checked against.

Uses Python's `re`, `ipaddress` and `fractions` only, so it shares nothing with the automata of `solve/`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from perimeter_smt.logic.atoms import (
    ANY,
    Atom,
    CharSet,
    Compare,
    Equal,
    Glob,
    Is,
    Match,
    Member,
    Order,
    Parses,
    Ref,
    Run,
    Template,
    Text,
    Within,
)
from perimeter_smt.logic.formula import Formula, walk

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?)?)?", re.ASCII
)


@dataclass(frozen=True)
class Model:
    """A concrete assignment: Boolean symbols, texts, enumeration values, sets of the chosen catalogue rows.

    `members` maps a catalogue variable to the names of the sets that hold its chosen row; `rows` to the
    index of that row.
    """

    symbols: Mapping[str, bool] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    enums: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[str, frozenset[str]] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)


def number(text: str) -> Fraction | None:
    """The rational that `text` denotes (semantics 2.8), or None."""
    return Fraction(text) if _NUMBER.fullmatch(text) else None


def instant(text: str, *, year_first: bool = True) -> Fraction | None:
    """Epoch seconds of an ISO date (W3C profile) or of epoch seconds in digits, or None (semantics 2.8).

    A text of four digits is a year if `year_first` (X-14), else epoch seconds.
    """
    parts = _DATE.fullmatch(text)
    if parts and (len(text) != 4 or year_first):
        year, month, day, hour, minute, second = (int(parts[i] or (1 if i in (2, 3) else 0)) for i in range(1, 7))
        try:
            moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        except ValueError:
            return None
        seconds = Fraction(int(moment.timestamp()))
        if parts[7]:
            seconds += Fraction(int(parts[7]), 10 ** len(parts[7]))
        zone = parts[8]
        if zone and zone != "Z":
            if int(zone[1:3]) > 23 or int(zone[4:6]) > 59:
                return None
            shift = int(zone[1:3]) * 3600 + int(zone[4:6]) * 60
            seconds -= shift if zone[0] == "+" else -shift
        return seconds
    return Fraction(text) if re.fullmatch(r"-?\d+(\.\d+)?", text, re.ASCII) else None


def address(text: str) -> tuple[int, int] | None:
    """(family, value) of an IPv4 or IPv6 address, or None."""
    if "%" in text:  # a zone means something on one machine only
        return None
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return None
    return (parsed.version, int(parsed))


def is_arn(text: str) -> bool:
    """Whether `text` has the six fields of an ARN, the first of them `arn`."""
    return text.startswith("arn:") and text.count(":") >= 5


def _class(chars: CharSet) -> str:
    if not chars.chars:
        return r"[\s\S]" if chars.negated else r"[^\s\S]"
    return f"[{'^' if chars.negated else ''}{re.escape(chars.chars)}]"


@lru_cache(maxsize=65536)
def regex(pattern: Template) -> re.Pattern[str]:
    """A regular expression equal to `pattern`; ValueError if it holds references."""
    out = []
    stars = [i for i, part in enumerate(pattern) if isinstance(part, Run) and part.high is None and part.chars == ANY]
    for here, after in pairwise([*stars, len(pattern)]):
        between = pattern[here + 1 : after]
        fixed = all(isinstance(part, Text) or (isinstance(part, Run) and part.low == part.high) for part in between)
        if after < len(pattern) and fixed:
            # The first place where the part up to the next star fits is as good as any: no way back is needed,
            # and a pattern of many stars stays linear in the text.
            run = f"[\\s\\S]{{{getattr(pattern[here], 'low', 0)},}}?"
            out.append(f"(?>{run}{''.join(map(_piece, between))})")
        else:
            out.extend(map(_piece, pattern[here:after]))
    head = "".join(map(_piece, pattern[: stars[0]] if stars else pattern))
    return re.compile(head + "".join(out), re.DOTALL)


def _piece(part: Text | Run | Ref) -> str:
    match part:
        case Text(text=text, fold=fold):
            return f"(?i:{re.escape(text)})" if fold else re.escape(text)
        case Run(chars=chars, low=low, high=high):
            return f"{_class(chars)}{{{low},{'' if high is None else high}}}"
    raise ValueError("a template with references has no regular expression of its own")


def holds(fact: Atom, model: Model) -> bool:
    """Whether `fact` is true in `model`; missing texts count as the empty text."""
    texts = model.texts
    match fact:
        case Glob(var=var, pattern=pattern):
            return regex(pattern).fullmatch(texts.get(var, "")) is not None
        case Match(var=var, template=template):
            filled = tuple(Text(texts.get(p.var, ""), p.fold) if isinstance(p, Ref) else p for p in template)
            return regex(filled).fullmatch(texts.get(var, "")) is not None
        case Equal(left=left, right=right):
            return texts.get(left, "") == texts.get(right, "")
        case Compare(var=var, view=view, relation=relation, bound=bound):
            value = (number if view == "number" else instant)(texts.get(var, ""))
            return value is not None and _relate(value, relation, bound)
        case Order(left=left, right=right, view=view, relation=relation):
            read = number if view == "number" else instant
            a, b = read(texts.get(left, "")), read(texts.get(right, ""))
            return a is not None and b is not None and _relate(a, relation, b)
        case Within(var=var, family=family, network=network, prefix=prefix):
            found = address(texts.get(var, ""))
            shift = (32 if family == 4 else 128) - prefix
            return found is not None and found[0] == family and found[1] >> shift == network >> shift
        case Parses(var=var, view=view):
            text = texts.get(var, "")
            return (
                {"number": number, "instant": instant, "address": address}[view](text) is not None
                if (view != "arn")
                else is_arn(text)
            )
        case Is(var=var, value=chosen):
            return model.enums.get(var) == chosen
        case Member(var=var, name=name):
            return name in model.members.get(var, frozenset())
    raise TypeError(f"unhandled atom {fact!r}")


def _relate(left: Fraction, relation: str, right: Fraction) -> bool:
    match relation:
        case "<":
            return left < right
        case "<=":
            return left <= right
        case "=":
            return left == right
        case ">":
            return left > right
    return left >= right


def truth(root: Formula, model: Model) -> bool:
    """The truth value of `root` in `model`; symbols that the model leaves out are false."""
    value: dict[int, bool] = {}
    for node in walk(root):
        match node.op:
            case "true":
                result = True
            case "false":
                result = False
            case "sym":
                result = model.symbols.get(node.payload, False)
            case "atom":
                result = holds(node.payload, model)
            case "not":
                result = not value[id(node.args[0])]
            case "and":
                result = all(value[id(arg)] for arg in node.args)
            case "or":
                result = any(value[id(arg)] for arg in node.args)
            case "iff":
                result = value[id(node.args[0])] == value[id(node.args[1])]
        value[id(node)] = result
    return value[id(root)]
