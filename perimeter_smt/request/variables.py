"""Policy variables that name no condition key: no request ever sets them (semantics 1.7).

A text with such a variable equals nothing. It is a placeholder that was not filled, or a key that was misspelled; a
guardrail that compares with it protects nothing, or denies everything.
"""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.errors import InputError, did_you_mean
from perimeter_smt.policy.document import Document, Location
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.template import Variable, parse_template
from perimeter_smt.request.actions import services
from perimeter_smt.request.keys import key_info, known_keys

# Prefixes of variables that are no service's and no provider's host (IAM guide, Policy variables; Transfer Family,
# session policies; IoT credentials provider).
_PREFIXES = ("saml", "ldap", "sts", "credentials-iot", "transfer")


def refuse_unset(document: Document) -> Document:
    """The document; InputError at the place of the first variable that no request sets.

    Keys of `aws:` are a dated list. A name below a service that no table knows is let through: services add keys
    every week (X-34).
    """
    for error in unset(document):
        raise error
    return document


def unset(document: Document) -> Iterator[InputError]:
    """An error for every variable that no request sets."""
    for text, location in _texts(document) if document.has_variables else ():
        for part in parse_template(text, wildcards=False, variables=True) if "${" in text else ():
            if isinstance(part, Variable) and not _may_be_set(part.name):
                near = did_you_mean(part.key, known_keys()) or ", fill it with `--set`, or name a key"
                shown = quoted("${" + part.key + "}")
                message = f"{shown} names no condition key{near}"
                yield InputError(message, file=location.file, path=location.path, line=location.line)


def _texts(document: Document) -> Iterator[tuple[str, Location]]:
    for statement in document.statements:
        if statement.resource is not None:
            yield from ((text, statement.resource.location) for text in statement.resource.values)
        for condition in statement.conditions:
            yield from ((text, condition.location) for text in condition.values)


def _may_be_set(name: str) -> bool:
    if key_info(name).known:
        return True
    prefix = name.partition(":")[0]
    return prefix != "aws" and (prefix in _PREFIXES or prefix in services() or "." in prefix)
