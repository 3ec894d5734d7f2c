"""Placeholders of published sample policies: `<my-org-id>`, `[ROLE_NAME]`, `${Account}`.

AWS's sample policies leave names open for the reader to fill in. A policy in which one is left is not a policy: its
value would compare with the text of the placeholder, and a guardrail would silently protect nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from perimeter_smt.errors import InputError, Together
from perimeter_smt.policy.json_positions import Node, clipped, quoted
from perimeter_smt.policy.template import Variable, parse_template

_LEFT_OPEN = re.compile(r"<[A-Za-z0-9_][A-Za-z0-9_ -]*>")
_OPEN = re.compile(rf"{_LEFT_OPEN.pattern}|\$\{{")
_IS_OPEN = re.compile(r"placeholder `|`\$\{.*names no condition key: a placeholder", re.DOTALL)
_KEY = re.compile(r"[^:]+:[^:].*", re.DOTALL)
_BRACKETED = re.compile(r"<.+>|\[.+\]|\$\{.+\}", re.DOTALL)


def fill(node: Node, values: Mapping[str, str]) -> None:
    """Replace the tokens in every string and key below `node`, in place; InputError with each that is left open.

    A name with its brackets (`<NAME>`, `[NAME]`, `${NAME}`) stands for just that token, a bare name for all three.
    Filled text is not filled again.
    """
    replace, together = _replacer(values), Together()
    for found in node.walk():
        if isinstance(found.value, dict):
            found.value = _keys(found.value, replace, together)
        elif type(found.value) is str:  # not a Number
            found.value = replace(found.value)
            with together:
                _refuse_open(found, found.value)
    together.done()


def without_echoes(errors: Sequence[InputError]) -> list[InputError]:
    """Errors without those about a text with a placeholder that another error names: filled, it may be right.

    A character that policies do not have is told once, and nothing else of the text with it.
    """
    foreign = {error.path: error for error in reversed(errors) if error.message.startswith("character U+")}
    errors = [error for error in errors if foreign.get(error.path, error) is error]
    named = {error.path for error in errors if _IS_OPEN.match(error.message)}
    return [
        error
        for error in errors
        if _IS_OPEN.match(error.message) or error.path not in named or not _OPEN.search(error.message)
    ]


def refuse_unset(node: Node) -> None:
    """InputError where a text names a policy variable that can be no condition key: a placeholder that was not filled.

    A condition key is `prefix:name`; `${AccountId}` and `${AWS::AccountId}` are none. `Id` and `Sid` hold no variables.
    """
    together = Together()
    for found in node.walk():
        if type(found.value) is not str or "${" not in found.value or found.step in ("Id", "Sid"):
            continue
        for part in parse_template(found.value, wildcards=False, variables=True):
            if isinstance(part, Variable) and not _KEY.fullmatch(part.key):
                shown = quoted("${" + part.key + "}")
                with together:
                    raise found.error(
                        f"{shown} names no condition key: a placeholder, use `--set {clipped(part.key, 60)}=VALUE`"
                    )
    together.done()


def _keys(members: dict[str, Node], replace: Callable[[str], str], together: Together) -> dict[str, Node]:
    out: dict[str, Node] = {}
    for key, child in members.items():
        child.step, child.known_path = replace(key), None
        with together:
            _refuse_open(child, child.step)
            if child.step in out:
                raise child.error(f"duplicate key {quoted(child.step)} after placeholders are filled")
        out[child.step] = child
    return out


def _refuse_open(node: Node, text: str) -> None:
    if found := _LEFT_OPEN.search(text):
        name = found.group()
        raise node.error(f"placeholder {quoted(name)} is not filled, use `--set {name[1:-1]}=VALUE`")


def _replacer(values: Mapping[str, str]) -> Callable[[str], str]:
    tokens: dict[str, str] = {}
    for name, value in values.items():
        bare = not _BRACKETED.fullmatch(name)
        for token in (f"<{name}>", f"[{name}]", f"${{{name}}}") if bare else (name,):
            tokens[token] = value
    if not tokens:
        return lambda text: text
    pattern = re.compile("|".join(re.escape(token) for token in sorted(tokens, key=len, reverse=True)))
    return lambda text: pattern.sub(lambda found: tokens[found.group()], text)
