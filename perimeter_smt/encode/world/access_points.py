"""Guardrails on a call through an access point: the call is one, asked about the point and the bucket behind it (3.7).

S3 guide, access points: the access point and the bucket must both permit the call; an endpoint policy must let both
through.  Whether SCPs and RCPs are asked about the bucket is open (X-44).  Where grants are left open the bucket is
any one, called `behind.bucket`; unless AR15.owner is departed from it belongs to the owner of the point.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from perimeter_smt.encode.language.keys import Space
from perimeter_smt.encode.language.principal import encode_principal
from perimeter_smt.encode.language.resource import HAS_ACCOUNT, HAS_REGION
from perimeter_smt.encode.language.statement import Policies
from perimeter_smt.encode.language.text import formal_text
from perimeter_smt.encode.world.accounts import endpoints_of
from perimeter_smt.encode.world.governs import arn_of_service
from perimeter_smt.encode.world.guardrails import by_levels
from perimeter_smt.logic.atoms import STAR, CharSet, Member, Ref, Run, Template, Text
from perimeter_smt.logic.compose import glob_on
from perimeter_smt.logic.formula import (
    TRUE,
    Formula,
    atom,
    boolean,
    both,
    conj,
    disj,
    either,
    equal,
    glob,
    implies,
    is_text,
    neg,
    sym,
)
from perimeter_smt.logic.interpret import regex
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document, Statement
from perimeter_smt.policy.template import is_full_star

BUCKET = "behind.bucket"
ARN_KEY, ACCOUNT_KEY, ORIGIN_KEY = "s3:dataaccesspointarn", "s3:dataaccesspointaccount", "s3:accesspointnetworkorigin"
# Calls that make, describe and change access points: no call through one, so that no bucket and no VPC is asked.
ABOUT_POINTS = either(
    atom(Member("call", "action ~ s3:*accesspoint*")), atom(Member("call", "action ~ s3:*tag*resource"))
)
_NAME: Template = (Text("accesspoint/"), Run(CharSet("/", True), 1))
THROUGH = both(
    arn_of_service("s3"),
    either(HAS_ACCOUNT, HAS_REGION),  # a bucket may be called accesspoint
    glob("resource.name", (Text("accesspoint/"), STAR)),
    neg(ABOUT_POINTS),
)
# A Multi-Region Access Point, or calls about it: its ARN has no Region.
ON_MULTI_REGION = both(
    arn_of_service("s3"), HAS_ACCOUNT, neg(HAS_REGION), glob("resource.name", (Text("accesspoint/"), STAR))
)
_MULTI_REGION_NAME: Template = (Text("accesspoint/"), Run(CharSet("/", True), 1), Text(".mrap"))


def behind_points(workspace: Workspace, policies: Policies) -> Formula:
    """What guardrails and endpoint policies say of the bucket behind an access point, where any may lie there.

    A statement on all resources says of the bucket what it says of the point: only others are asked again.
    """
    if not name_resources(workspace, policies):
        return TRUE
    asked = AskedBehind(policies)
    said = either(sym("X-44"), both(*_scps(workspace, asked), either(neg(sym("behind.own")), *_rcps(workspace, asked))))
    return implies(THROUGH, both(endpoints(workspace, asked), said))


def name_resources(workspace: Workspace, policies: Policies) -> bool:
    """Whether guardrails or endpoint policies name resources, so that they may say something else of a bucket."""
    documents = [
        document
        for _, levels in by_levels(workspace, "principal.account")
        for level in levels
        for document in (*level.scps, *level.rcps)
    ]
    doors = [endpoint.policy for endpoint in endpoints_of(workspace.organization) if endpoint.policy]
    return any(is_narrow(s) and not policies.idle(s.action) for d in (*documents, *doors) for s in d.statements)


class Asked(Protocol):
    """Where documents are asked about the bucket."""

    def denies(self, documents: Iterable[Document]) -> Formula:
        """Some Deny matches."""

    def allows(self, documents: Iterable[Document]) -> Formula:
        """Some Allow matches."""


def endpoints(workspace: Workspace, asked: Asked) -> Formula:
    """The policy of the endpoint lets the call on the bucket through, too.

    S3 guide, access points restricted to a VPC: a request succeeds only if the endpoint policy grants access to both
    the access point and the bucket.
    """
    out = []
    for endpoint in endpoints_of(workspace.organization):
        if endpoint.policy is not None:
            lets = both(asked.allows((endpoint.policy,)), neg(asked.denies((endpoint.policy,))))
            out.append(implies(is_text("endpoint.id", endpoint.id), lets))
    return implies(formal_text(workspace.organization.partition).formulas["endpoint.applies"], conj(out))


def _scps(workspace: Workspace, asked: Asked) -> Iterator[Formula]:
    applies = formal_text(workspace.organization.partition).formulas["scp.applies"]
    for guard, levels in by_levels(workspace, "principal.account"):
        lets = [TRUE if level.full_access_scp else asked.allows(level.scps) for level in levels]
        stops = asked.denies(document for level in levels for document in level.scps)
        yield implies(both(applies, guard), both(*lets, neg(stops)))


def _rcps(workspace: Workspace, asked: Asked) -> Iterator[Formula]:
    applies = formal_text(workspace.organization.partition).formulas["rcp.applies"]
    stops = [
        both(guard, asked.denies(document for level in levels for document in level.rcps))
        for guard, levels in by_levels(workspace, "resource.account")
    ]
    yield implies(applies, neg(either(*stops)))


def no_gateway(workspace: Workspace) -> Formula:
    """S3 guide, Multi-Region Access Point restrictions: no data through one by gateway endpoints."""
    gates = [
        is_text("endpoint.id", endpoint.id) for endpoint in endpoints_of(workspace.organization) if endpoint.gateway
    ]
    return neg(both(THROUGH, ON_MULTI_REGION, either(*gates))) if gates else TRUE


def carried(keys: Space) -> Iterator[Formula]:
    """Every call through an access point carries the keys of one; its account is that of the point."""
    yield from (keys.known[name].has for name in (ARN_KEY, ACCOUNT_KEY, ORIGIN_KEY) if name in keys.known)
    account = keys.known.get(ACCOUNT_KEY)
    if account is not None:
        yield glob_on(account.term, (Ref("resource.account"),))
    if ARN_KEY in keys.known:  # that of the point that is called, never with `/object/KEY`
        regional = both(HAS_REGION, equal("point.region", "resource.region"))
        several = both(neg(HAS_REGION), is_text("point.region", ""), glob("point.name", _MULTI_REGION_NAME))
        yield both(is_text("point.arn-service", "s3"), either(regional, several))


def is_narrow(statement: Statement) -> bool:
    """Whether a statement may say something else of the bucket than of the point."""
    element = statement.resource
    return element is not None and (element.negated or not any(is_full_star(text) for text in element.values))


class AskedBehind:
    """Documents asked about the bucket, once the point was let through."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies.seen(any_bucket, " behind the access point")

    def denies(self, documents: Iterable[Document]) -> Formula:
        """Some Deny matches. What denies on every resource has denied the point."""
        return disj(
            both(self._policies.selected(d, s), encode_principal(d, s.principal, deny=True).any)
            for d in documents
            for s in d.statements
            if s.effect == "Deny" and is_narrow(s)
        )

    def allows(self, documents: Iterable[Document]) -> Formula:
        """Some Allow matches; what allows on every resource alone has allowed the point."""
        found = tuple(documents)
        allows = [s for d in found for s in d.statements if s.effect == "Allow"]
        return self._policies.allows(found) if any(map(is_narrow, allows)) else TRUE


def field_of_bucket(name: str, piece: Template) -> Formula | None:
    """A field of the ARN of the bucket or object behind an access point; None for the name."""
    match name:
        case "aws.partition":
            return glob(name, piece)
        case "resource.arn-service":
            return boolean(regex(piece).fullmatch("s3") is not None)
        case "resource.region" | "resource.account":
            return empty(piece)
    return None


def any_bucket(name: str, piece: Template) -> Formula:
    """The fields of the bucket's or object's ARN behind the access point, in terms of the call's resource."""
    if (field := field_of_bucket(name, piece)) is not None:
        return field
    return either(both(glob("resource.name", _NAME), glob(BUCKET, piece)), _object(piece))


def _object(piece: Template) -> Formula:
    inside = (*_NAME, Text("/object/"))

    def part(var: str, found: Template) -> Formula:
        return glob(var, (*inside, *found)) if var == "resource.name" else glob(var, found)

    try:
        found = glob_on((Ref(BUCKET), Text("/"), Ref("resource.name")), piece, leaf=part)
    except ValueError:  # a policy variable would have to be cut
        found = sym(f"open: object behind an access point {piece}")
    return both(glob("resource.name", (*inside, STAR)), found)


def empty(piece: Template) -> Formula:
    """A field of the ARN that is empty matches."""
    parts = (glob(p.var, ()) if isinstance(p, Ref) else boolean(not isinstance(p, Text)) for p in piece)
    return both(*parts) if any(isinstance(p, Ref) for p in piece) else boolean(regex(piece).fullmatch("") is not None)
