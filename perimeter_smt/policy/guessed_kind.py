"""The kind of a policy told by what it holds (semantics 1.2), and how sure that is.

Elements decide where they can: a trust policy has principals and no resources, an identity-based policy has no
principals. SCPs look like identity policies and endpoint policies like resource policies; there the effects, actions,
resources and condition keys of the statements speak.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from perimeter_smt.policy.kinds import Kind


class Sure(StrEnum):
    """How much a guess is worth."""

    CERTAIN = "certain"
    LIKELY = "likely"
    GUESS = "guess"


@dataclass(frozen=True, slots=True)
class Guess:
    """A kind, how sure it is, and by what it was told, as words."""

    kind: Kind
    sure: Sure
    why: str


_OF_GUARDRAILS = ("aws:principalarn", "aws:principalorgid", "aws:principalaccount", "aws:principaltag/")
_OWNERS = ("aws:resourceorgid", "aws:resourceorgpaths", "aws:resourceaccount")
_MANY_SERVICES = 2


def is_policy(value: object) -> bool:
    """Whether a JSON value looks like a policy document: an object with statements that have an effect."""
    if not isinstance(value, Mapping) or "Statement" not in value:
        return False
    return all("Effect" in statement for statement in _statements(value)) or value["Statement"] == []


def guess_kind(value: Mapping[str, Any]) -> Guess:
    """The kind of a policy document by its content."""
    statements = list(_statements(value))
    principals = any("Principal" in one or "NotPrincipal" in one for one in statements)
    resources = any("Resource" in one or "NotResource" in one for one in statements)
    if principals and not resources:
        return _without_resources(statements)
    if principals:
        return _with_principals(statements)
    return _without_principals(statements)


def _without_resources(statements: list[Mapping[str, Any]]) -> Guess:
    services = {action.partition(":")[0].lower() for one in statements for action in _actions(one)}
    if services <= {"sts", "*"}:
        return Guess(Kind.TRUST, Sure.CERTAIN, "principals, and no resources")
    return Guess(Kind.RESOURCE, Sure.LIKELY, "principals, no resources, and actions other than those of sts")


def _with_principals(statements: list[Mapping[str, Any]]) -> Guess:
    allows = [one for one in statements if one.get("Effect") == "Allow"]
    names = [name for one in statements for name in _resources(one)]
    services = {action.partition(":")[0].lower() for one in statements for action in _actions(one)}
    if not allows and all(_is_star(one.get("Principal")) for one in statements):
        stars = all(name == "*" for name in names)
        if stars or len(services) >= _MANY_SERVICES:
            sure = Sure.LIKELY if stars else Sure.GUESS
            return Guess(Kind.RCP, sure, "Deny statements for all principals only")
    if services == {"kms"} and all(name == "*" or ":kms:" in name for name in names):
        return Guess(Kind.KMS, Sure.LIKELY, "principals, and actions of kms only")
    if any(":accesspoint/" in name for name in names):
        return Guess(Kind.ACCESS_POINT, Sure.LIKELY, "resources that are access points")
    if _of_endpoint(statements, names, services):
        return Guess(Kind.ENDPOINT, Sure.GUESS, "all principals, and resources of several owners or services")
    if names and all(name.startswith("arn:") and name.split(":", 5)[2:3] == ["s3"] for name in names):
        return Guess(Kind.BUCKET, Sure.LIKELY, "principals, and resources of S3")
    return Guess(Kind.RESOURCE, Sure.LIKELY if "*" not in names else Sure.GUESS, "principals and resources")


def _of_endpoint(statements: list[Mapping[str, Any]], names: list[str], services: set[str]) -> bool:
    if not all(_is_star(one.get("Principal")) for one in statements):
        return False
    if any(key in _OWNERS for one in statements for key in _keys(one)):
        return True
    buckets = {name.partition("/")[0] for name in names}
    return "*" in names or len(buckets) >= _MANY_SERVICES or len(services) >= _MANY_SERVICES


def _without_principals(statements: list[Mapping[str, Any]]) -> Guess:
    denies = [one for one in statements if one.get("Effect") == "Deny"]
    others = [one for one in statements if one.get("Effect") != "Deny"]
    if denies and not others:
        return Guess(Kind.SCP, Sure.LIKELY, "Deny statements only, and no principals")
    everything = all(_actions(one) == ["*"] and _resources(one) == ["*"] for one in others)
    if everything and others:
        if any(key.startswith(_OF_GUARDRAILS) for one in denies for key in _keys(one)):
            return Guess(Kind.SCP, Sure.LIKELY, "everything allowed but for Deny statements on the caller")
        if denies:
            return Guess(Kind.SCP, Sure.GUESS, "everything allowed but for Deny statements")
    return Guess(Kind.IDENTITY, Sure.LIKELY, "Allow statements, and no principals")


def _statements(value: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    found = value.get("Statement")
    for one in found if isinstance(found, list) else [found]:
        yield one if isinstance(one, Mapping) else {}


def _texts(one: Mapping[str, Any], *names: str) -> list[str]:
    found: object = next((one[name] for name in names if name in one), [])
    return [text for text in (found if isinstance(found, list) else [found]) if isinstance(text, str)]


def _actions(one: Mapping[str, Any]) -> list[str]:
    return _texts(one, "Action", "NotAction")


def _resources(one: Mapping[str, Any]) -> list[str]:
    return _texts(one, "Resource", "NotResource")


def _keys(one: Mapping[str, Any]) -> Iterator[str]:
    blocks = one.get("Condition")
    for block in blocks.values() if isinstance(blocks, Mapping) else ():
        yield from (key.lower() for key in block) if isinstance(block, Mapping) else ()


def _is_star(principal: object) -> bool:
    return principal == "*" or (isinstance(principal, Mapping) and dict(principal) in ({"AWS": "*"}, {"AWS": ["*"]}))
