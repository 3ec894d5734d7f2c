"""Which rules speak: `select`, `ignore` and the least severity."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from perimeter_smt.errors import InputError
from perimeter_smt.lint import rules
from perimeter_smt.lint.rule import Rule
from perimeter_smt.lint.severity import Severity
from perimeter_smt.policy.json_positions import quoted


def choose(
    select: Iterable[str] = (), ignore: Iterable[str] = (), severity: Severity = Severity.NOTE
) -> tuple[Rule, ...]:
    """The rules that are selected (all, if nothing is) and not ignored, from this severity on.

    Names are ids or beginnings of ids, such as `PL04`, one or several with commas. InputError for a name of no rule.
    """
    wanted, unwanted = _names(select, "--select"), _names(ignore, "--ignore")
    return tuple(
        rule
        for rule in rules()
        if (not wanted or rule.id.startswith(wanted))
        and not (unwanted and rule.id.startswith(unwanted))
        and rule.severity.rank >= severity.rank
    )


def _names(texts: Iterable[str], option: str) -> tuple[str, ...]:
    names = tuple(part.strip().upper() for text in texts for part in text.split(",") if part.strip())
    known = [rule.id for rule in rules()]
    for name in names:
        if not any(rule.startswith(name) for rule in known):
            near = get_close_matches(name, known, 1)
            hint = f", did you mean `{near[0]}`" if near else ", `perimeter lint --rules` lists them"
            raise InputError(f"`{option}`: no rule is named {quoted(name)}{hint}")
    return names
