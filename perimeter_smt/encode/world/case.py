"""One concrete request against one set of policies, as a problem: the request becomes a formula.

The same encoders as for organizations, over free condition keys.  `access` is then a formula without freedom
but for the open readings, which is how the encoding is compared with the concrete evaluator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from perimeter_smt.encode.language.keys import FreeKeys, sym_is
from perimeter_smt.encode.language.principal import canonical_user, canonical_users
from perimeter_smt.encode.language.statement import Policies, bounds, matches, under_set_operators
from perimeter_smt.encode.language.text import formal_text, readings
from perimeter_smt.encode.world import refused
from perimeter_smt.encode.world.buckets import restrict_public
from perimeter_smt.encode.world.catalogue import CALL, Calls, Row
from perimeter_smt.logic.atoms import Is, Member
from perimeter_smt.logic.formula import (
    FALSE,
    TRUE,
    Formula,
    atom,
    boolean,
    both,
    conj,
    disj,
    either,
    iff,
    is_text,
    neg,
    sym,
    walk,
)
from perimeter_smt.logic.problem import Assertion, Problem
from perimeter_smt.policy.document import Document, Statement
from perimeter_smt.request.actions import asked_on_stars
from perimeter_smt.request.request import Principal, Request

_CALLERS = {
    "user": "user",
    "role-session": "role",
    "federated-user": "federated-user",
    "root": "root",
    "service": "aws-service",
    "anonymous": "anonymous",
    "federated-sts": "federated-sts",
}
_NAMED = ("role-session", "federated-user")
_FLAGS = (
    "resource.aws-managed-key",
    "principal.temporary", "principal.service-role", "forwarded", "first-hop.mine",
    "sign-in.unguarded",
    "grants.free",
)  # fmt: skip


@dataclass(frozen=True)
class Slots:
    """The policies of a case; None means that none of that kind applies. `scp` and `rcp` are levels, root first."""

    identity: Sequence[Document] = ()
    resource: Document | None = None
    boundary: Document | None = None
    session: Sequence[Document] | None = None
    scp: Sequence[Sequence[Document]] | None = None
    rcp: Sequence[Sequence[Document]] | None = None
    endpoint: Document | None = None

    def documents(self) -> list[Document]:
        """Every document."""
        levels = [d for slot in (self.scp, self.rcp) for level in slot or () for d in level]
        one = [d for d in (self.resource, self.boundary, self.endpoint) if d]
        return [*self.identity, *(self.session or ()), *levels, *one]


@dataclass
class CaseProblem:
    """A request as a formula: the problem, the pins that fix the request, and what is asked of it."""

    keys: FreeKeys
    policies: Policies
    calls: Calls
    pins: list[Formula]
    canonical_users: tuple[str, ...] = ()
    assertions: list[Assertion] = field(default_factory=list)

    def problem(self, *asked: Formula) -> Problem:
        """The problem with the catalogue sets that anything mentions."""
        everything = [
            *(a.formula for a in (*self.assertions, *self.policies.assertions, *self.keys.assertions)),
            *asked,
        ]
        names = {
            node.payload.name
            for formula in (*everything, *self.pins)
            for node in walk(formula)
            if node.op == "atom" and isinstance(node.payload, Member)
        }
        script = formal_text()
        enums = {"caller": script.enums["sort Caller"], "wire": script.enums["sort Wire"]}
        assertions = (*self.assertions, *self.policies.assertions, *self.keys.assertions)
        pins = (Assertion("request", conj(self.pins)),)
        return Problem((*assertions, *pins), enums, {CALL: self.calls.catalogue(names)})


def exact_readings() -> Formula:
    """Every open point read as chosen."""
    return conj(neg(sym(name)) for name in readings())


def statement_problem(
    document: Document, statement: Statement, request: Request, *, has_boundary: bool = False
) -> tuple[CaseProblem, Formula]:
    """Whether one statement matches one request (cases of kind `match`)."""
    case = _case([document], request)
    asked = matches(case.policies, document, statement)
    _pin_request(case, request)
    case.pins.append(iff(sym("boundary.given"), boolean(has_boundary)))
    return case, asked


def decision_problem(
    slots: Slots,
    request: Request,
    *,
    resource_is_management: bool = False,
    kms_grant: bool = False,
    restrict_public_buckets: bool = False,
    via_endpoint: bool | None = None,
    delegated_administrator: bool = False,
    unsigned_calls: bool = False,
    console_session: bool = False,
    assumed_root: bool = False,
) -> tuple[CaseProblem, Formula]:
    """Whether one request is allowed (cases of kind `decision`); the formula is `access` of authorization.smt2."""
    case = _case(slots.documents(), request)
    policies = case.policies
    hits = policies.hits((slots.resource,) if slots.resource else ())
    session = slots.session
    on_s3 = request.action.lower().startswith("s3:")
    no_resource = request.resource == "*" or asked_on_stars(request.action, request.resource) is not None
    own_of_management = no_resource and request.principal.management_account
    silent = slots.resource is None
    cloudfront = request.principal.account == "cloudfront"  # origin access identities have no identity policies (W-14)
    # What AWS owns is open to every account (W-10), calls of the table to callers without a signature (W-25).
    open_to_accounts = boolean(silent and request.resource_account == "aws")
    unsigned = atom(Member("call", "action in unsigned-actions"))
    open_to_all = both(unsigned, boolean(silent and request.principal.type == "anonymous"))
    defined: dict[str, Formula] = {
        "identity.denies": policies.denies(slots.identity),
        "identity.allows": TRUE if cloudfront else policies.allows(slots.identity),
        "boundary.given": boolean(slots.boundary is not None),
        "boundary.denies": policies.denies([slots.boundary] if slots.boundary else []),
        "boundary.allows": policies.allows([slots.boundary] if slots.boundary else []),
        "session.given": boolean(bool(session)),
        "session.denies": policies.denies(session or ()),
        "session.allows": policies.allows(session or ()),
        "task-policy.allows": policies.allows(session or ()),
        "scp.denies": disj(policies.denies(level) for level in slots.scp or ()),
        "scp.allows": conj(policies.allows(level) for level in slots.scp or ()),
        "rcp.denies": disj(policies.denies(level) for level in slots.rcp or ()),
        "rcp.allows": conj(policies.allows(level) for level in slots.rcp or ()),
        "endpoint.takes-policy": TRUE,  # a policy that is given is asked
        "endpoint.denies": policies.denies([slots.endpoint] if slots.endpoint else []),
        "endpoint.allows": policies.allows([slots.endpoint]) if slots.endpoint else TRUE,
        "resource-policy.denies": policies.denies([slots.resource] if slots.resource else []),
        "hit.direct": either(hits.direct, open_to_all),
        "hit.role": hits.role,
        "hit.user": hits.user,
        "hit.account": either(hits.account, open_to_accounts),
        "kms.listed-grant": boolean(kms_grant),
        "kms.grants-known": TRUE,
        "acl.at-bucket": FALSE,
        "acl.enabled": FALSE,
        "acl.not-told": FALSE,
        "acl.public-ignored": FALSE,
        "principal.member": boolean(slots.scp is not None and not request.principal.management_account),
        "principal.management": boolean(request.principal.management_account),
        "principal.delegated-administrator": boolean(delegated_administrator),
        "service.takes-unsigned": boolean(unsigned_calls),
        "principal.console-session": boolean(console_session),
        "resource.member": boolean(slots.rcp is not None and not resource_is_management and not own_of_management),
        "guards.pass": restrict_public(slots.resource) if restrict_public_buckets and on_s3 else TRUE,
    }
    defined |= refused.definitions(case.keys)
    case.assertions += [Assertion(f"define {name}", iff(sym(name), body)) for name, body in defined.items()]
    _pin_request(case, request, via_endpoint=via_endpoint, assumed_root=assumed_root)
    return case, formal_text().formulas["access"]


def _case(documents: Sequence[Document], request: Request) -> CaseProblem:
    count = bounds(documents)
    for name, value in request.context.items():
        if not isinstance(value, str):
            count[name.lower()] = max(count.get(name.lower(), 1), len(value))
    keys = FreeKeys(count)
    keys.sets = under_set_operators(documents)
    calls = Calls(())
    calls.replace_rows([_row(request)])
    return CaseProblem(keys, Policies(keys), calls, [], canonical_users(documents))


def _row(request: Request) -> Row:
    service, _, name = request.action.partition(":")
    if request.resource == "*":
        return Row(service.lower(), name, None, "", False, False, "", "", frozenset("?"))
    fields = (request.resource.split(":", 5) + [""] * 6)[:6]
    kind = "alias" if service.lower() == "kms" and fields[5].startswith("alias/") else "any"
    stars = asked_on_stars(request.action, request.resource)
    shape = fields[2].lower(), bool(fields[4]), bool(fields[3]), fields[5] if stars else ""
    return Row(service.lower(), name, stars or kind, *shape, "", frozenset("?"))


def _pin_request(
    case: CaseProblem, request: Request, *, via_endpoint: bool | None = None, assumed_root: bool = False
) -> None:
    principal, pins = request.principal, case.pins
    if via_endpoint is None:
        via_endpoint = any(name.lower() == "aws:sourcevpce" for name in request.context)
    pins += [
        sym_is(_CALLERS[principal.type]),
        atom(Is("wire", "endpoint" if via_endpoint else "public")),
        *(neg(sym(name)) for name in _FLAGS),
        iff(sym("principal.service-linked"), boolean(principal.service_linked)),
        iff(sym("principal.made-by-root"), boolean(principal.made_by_root)),
        iff(sym("principal.assumed-root"), boolean(assumed_root or _made_by_assume_root(request))),
        *_principal_texts(principal),
        *_resource_texts(request),
        *(iff(canonical_user(value), boolean(principal.canonical_id == value)) for value in case.canonical_users),
    ]
    given = {name.lower(): value for name, value in reversed(request.context.items())}
    for name, key in list(case.keys.known.items()):
        value = given.get(name)
        pins.append(iff(key.has, boolean(value is not None)))
        pins += _value_pins(case, name, value)


def _made_by_assume_root(request: Request) -> bool:
    """Whether the keys say that the root user's session was made by AssumeRoot (AP15)."""
    keys = {name.lower(): value for name, value in reversed(request.context.items())}
    return request.principal.type == "root" and keys.get("aws:assumedroot") == "true"


def _value_pins(case: CaseProblem, name: str, value: str | tuple[str, ...] | None) -> list[Formula]:
    key = case.keys.known[name]
    if key.info.multivalued:
        values = () if value is None else (value,) if isinstance(value, str) else value
        out = []
        for i, slot in enumerate(key.slots):
            out.append(iff(slot.has, boolean(i < len(values))))
            out.append(is_text(f"{name} {i + 1}", values[i] if i < len(values) else ""))
        return out
    text = value if isinstance(value, str) else (value[0] if value else "")
    return [is_text(name, text or "")]


def _principal_texts(principal: Principal) -> list[Formula]:
    texts: Mapping[str, str] = {
        "principal.account": "anonymous" if principal.type == "anonymous" else principal.account or "",
        "principal.service": (principal.arn or "") if principal.type == "service" else "",
        "principal.provider": principal.provider or "",
        "principal.name": _name(principal),
        "principal.session": (principal.arn or "").rsplit("/", 1)[-1] if principal.type in _NAMED else "",
        "principal.user": (principal.user_arn or "").split(":", 5)[-1],
    }
    return [is_text(var, text) for var, text in texts.items()]


def _name(principal: Principal) -> str:
    if principal.type == "role-session":
        if principal.role_arn:
            return principal.role_arn.split(":", 5)[5]
        return "role/" + (principal.arn or "//").split("/")[1]
    if principal.type in ("user", "federated-user", "root"):
        return (principal.arn or "").split(":", 5)[-1]
    return ""


def _resource_texts(request: Request) -> list[Formula]:
    if request.resource == "*":
        return [is_text("resource.account", request.resource_account or ""), is_text("aws.partition", "aws")]
    _, partition, _, region, account, name = (request.resource.split(":", 5) + [""] * 6)[:6]
    return [
        is_text("aws.partition", partition),
        is_text("resource.region", region),
        is_text("resource.account", account or request.resource_account or _owner_in_context(request)),
        is_text("resource.name", name),
    ]


def _owner_in_context(request: Request) -> str:
    """The owner told by the key that names it; empty where the request has none."""
    for key, value in request.context.items():
        if key.lower() in ("aws:resourceaccount", "s3:resourceaccount") and isinstance(value, str):
            return value if len(value) == 12 and value.isdecimal() else ""
    return ""


__all__ = ["FALSE", "CaseProblem", "Slots", "decision_problem", "exact_readings", "statement_problem"]
