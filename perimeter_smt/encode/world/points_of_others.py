"""X-44 read the other way where a call on a bucket comes through an access point: guardrails see the point's ARN alone.

A call on a bucket of mine through an access point of somebody else is a call on that bucket which carries the keys of
the point (3.7).  As chosen the guardrails of caller and owner are asked about the bucket; read the other way there is
one check, on the ARN of the point.  A statement on every resource says the same of both.
"""

from __future__ import annotations

from collections.abc import Iterable

from perimeter_smt.encode.language.keys import KeySpace
from perimeter_smt.encode.language.principal import encode_principal
from perimeter_smt.encode.language.resource import HAS_ACCOUNT
from perimeter_smt.encode.language.statement import Policies
from perimeter_smt.encode.language.text import formal_text
from perimeter_smt.encode.world import sessions
from perimeter_smt.encode.world.access_points import ABOUT_POINTS, ARN_KEY, endpoints, is_narrow
from perimeter_smt.encode.world.accounts import endpoints_of
from perimeter_smt.encode.world.buckets import denied_by_own
from perimeter_smt.encode.world.governs import arn_of_service
from perimeter_smt.encode.world.guardrails import by_levels, joined
from perimeter_smt.encode.world.people import by_documents, callers
from perimeter_smt.logic.atoms import STAR, CharSet, Member, Ref, Run, Template, Text
from perimeter_smt.logic.compose import glob_on
from perimeter_smt.logic.formula import (
    TRUE,
    Formula,
    atom,
    both,
    conj,
    disj,
    either,
    glob,
    implies,
    is_text,
    neg,
    sym,
)
from perimeter_smt.organization.model import Guardrails
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document, Effect, Statement

_FIELDS = {
    "resource.arn-service": "point.arn-service",
    "resource.region": "point.region",
    "resource.account": "point.account",
}
POINT = "X-44"
_BUCKET = Run(CharSet("/", True), 1)
_NAME: Template = (Text("accesspoint/"), _BUCKET)  # S3 guide, using access points: the format of their ARNs


def definitions(
    workspace: Workspace, policies: Policies, keys: KeySpace, found: dict[str, Formula], *, free_grants: bool
) -> dict[str, Formula]:
    """The symbols of SCPs and RCPs, and `guards.pass`, where `found` are those asked about the called resource.

    None are defined anew where no guardrail names resources, unless the perimeter reads X-44 so: then bucket and point
    are all the same to them.
    """
    if not tells_apart(workspace, policies):
        return {}
    named = workspace.organization.accounts()
    has = keys.key(ARN_KEY).has
    through = both(sym(POINT), arn_of_service("s3"), neg(HAS_ACCOUNT), has, neg(ABOUT_POINTS))
    asked = _AboutPoint(policies)

    def stops(kind: str) -> Formula:
        return joined(
            by_levels(workspace, "principal.account" if kind == "scps" else "resource.account"),
            lambda levels: asked.denies(document for level in levels for document in getattr(level, kind)),
        )

    def lets(levels: tuple[Guardrails, ...]) -> Formula:
        return conj(TRUE if level.full_access_scp else asked.allows(level.scps) for level in levels)

    about = {
        "scp.denies": stops("scps"),
        "scp.allows": joined(by_levels(workspace, "principal.account"), lets),
        "rcp.denies": stops("rcps"),
    }
    out = {name: either(both(through, said), both(neg(through), found[name])) for name, said in about.items()}
    # What else the call on the point needs: endpoint policies, and the caller's own, are asked about it in any reading.
    needs = [is_text("point.arn-service", "s3"), glob("point.name", _NAME), endpoints(workspace, asked)]
    # Calls through points of accounts that the file names are asked about on the ARN of the point.
    needs += [_several(workspace), *(neg(is_text("point.account", account.id)) for account, _ in named)]
    # No finding of availability rests on how guardrails see somebody else's point.
    needs.append(neg(formal_text(workspace.organization.partition).formulas["stopped"]))
    if not free_grants:
        needs.append(_own(workspace, asked))
    return {**out, "guards.pass": both(found["guards.pass"], implies(through, both(*needs)))}


def tells_apart(workspace: Workspace, policies: Policies) -> bool:
    """Whether it may matter which ARN guardrails see of a call through an access point."""
    levels = [level for _, levels in by_levels(workspace, "principal.account") for level in levels]
    guardrails = [document for level in levels for document in (*level.scps, *level.rcps)]
    narrow = any(is_narrow(s) and not policies.idle(s.action) for d in guardrails for s in d.statements)
    return narrow or POINT in workspace.perimeter.rivals


def _several(workspace: Workspace) -> Formula:
    """Through a Multi-Region Access Point: signed, on the operations of the table, by no gateway endpoint (3.7)."""
    operations = atom(Member("call", "action in multi-region-operations"))
    gates = disj(is_text("endpoint.id", e.id) for e in endpoints_of(workspace.organization) if e.gateway)
    serves = both(formal_text(workspace.organization.partition).formulas["signed"], operations, neg(gates))
    return either(neg(is_text("point.region", "")), serves)


def _own(workspace: Workspace, asked: _AboutPoint) -> Formula:
    """The policies of a listed caller let the call on the point through: it is of another account (X-33)."""
    principals = [p for account, _ in workspace.organization.accounts() for p in account.principals]
    if not principals:
        return TRUE
    held = by_documents(principals, lambda p: p.policies)
    granted = disj(both(callers(own), asked.allows(documents)) for own, documents in held)
    limits = by_documents(principals, lambda p: (p.boundary,))
    bounded = conj(implies(callers(own), asked.allows(documents)) for own, documents in limits)
    limited = sessions.definitions(principals, asked.point)["session.allows"]
    denied = denied_by_own(workspace, asked, asked.point)
    return implies(callers(principals), both(granted, bounded, limited, neg(denied)))


class _AboutPoint:
    """Documents asked about the point that the keys of the call tell."""

    def __init__(self, policies: Policies) -> None:
        self._bucket = policies
        self.point = policies.seen(_fields, " about the access point of the call")

    def denies(self, documents: Iterable[Document]) -> Formula:
        """Some Deny matches."""
        return self._some("Deny", documents)

    def allows(self, documents: Iterable[Document]) -> Formula:
        """Some Allow matches, whoever it names."""
        return self._some("Allow", documents)

    def _some(self, effect: Effect, documents: Iterable[Document]) -> Formula:
        return disj(
            both(self._selected(d, s), encode_principal(d, s.principal, deny=effect == "Deny").any)
            for d in {id(d): d for d in documents}.values()
            for s in d.statements
            if s.effect == effect
        )

    def _selected(self, document: Document, statement: Statement) -> Formula:
        return (self.point if is_narrow(statement) else self._bucket).selected(document, statement)


def _fields(name: str, piece: Template) -> Formula:
    """The fields of the ARN of the point, or of an object through it, in terms of the keys and the called bucket."""
    if name != "resource.name":
        return glob(_FIELDS.get(name, name), piece)
    bucket = both(neg(glob("resource.name", (_BUCKET, Text("/"), STAR))), glob("point.name", piece))

    def part(var: str, found: Template) -> Formula:
        return glob(var, (_BUCKET, Text("/"), *found)) if var == "resource.name" else glob(var, found)

    try:
        inside = glob_on((Ref("point.name"), Text("/object/"), Ref("resource.name")), piece, leaf=part)
    except ValueError:  # a policy variable would have to be cut
        inside = sym(f"open: object of an access point {piece}")
    return either(bucket, both(glob("resource.name", (_BUCKET, Text("/"), STAR)), inside))
