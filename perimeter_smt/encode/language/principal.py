"""Principal and NotPrincipal as formulas on ground truth, with the kinds of hit (semantics 1.6)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from perimeter_smt.encode.language.keys import sym_is
from perimeter_smt.logic.atoms import ANY, Run, Text
from perimeter_smt.logic.formula import FALSE, TRUE, Formula, both, disj, either, glob, is_text, ite, neg, sym
from perimeter_smt.policy.document import Document, PrincipalElement, PrincipalEntry
from perimeter_smt.policy.kinds import Kind

_ACCOUNT = re.compile(r"(?:arn:(?P<partition>[^:]+):iam::)?(?P<account>\d{12}|cloudfront)(?P<root>:root)?")
_ARN = re.compile(r"arn:([^:]+):(iam|sts)::([^:]+):(.+)")
IAM = disj(sym_is(kind) for kind in ("user", "role", "federated-user", "root"))


@dataclass(frozen=True)
class Hits:
    """When an element names the caller directly, by its role, by the user behind it, or by its account."""

    direct: Formula = FALSE
    role: Formula = FALSE
    user: Formula = FALSE
    account: Formula = FALSE

    @property
    def any(self) -> Formula:
        """Some kind of hit."""
        return either(self.direct, self.role, self.user, self.account)


def encode_principal(document: Document, element: PrincipalElement | None, *, deny: bool) -> Hits:
    """How the element names the caller; for kinds without the element everybody is named directly."""
    if element is None:
        return Hits(direct=TRUE)
    if element.negated:
        return Hits(direct=_not_principal(document, element, deny=deny))
    hits = [_entry(document, entry) for entry in element.entries]
    return Hits(
        disj(h.direct for h in hits),
        disj(h.role for h in hits),
        disj(h.user for h in hits),
        disj(h.account for h in hits),
    )


def _entry(document: Document, entry: PrincipalEntry) -> Hits:
    match entry.type:
        case "*":
            return Hits(direct=TRUE)
        case "AWS" if entry.value == "*":
            services = either(neg(sym_is("aws-service")), neg(sym("X-27")))
            return Hits(direct=both(either(neg(sym_is("federated-sts")), sym("X-45")), services))
        case "AWS":
            return _aws(document, entry.value)
        case "Service":
            return Hits(direct=both(sym_is("aws-service"), is_text("principal.service", entry.value)))
        case "Federated":
            return Hits(direct=both(sym_is("federated-sts"), is_text("principal.provider", entry.value)))
        case "CanonicalUser":  # an account, or an origin access identity, which is a user of its own
            named = both(canonical_user(entry.value), IAM)
            itself = either(sym_is("root"), both(sym_is("user"), is_text("principal.account", "cloudfront")))
            return Hits(direct=both(named, itself), account=both(named, neg(itself)))


def principal_named(value: str) -> Hits:
    """How an ARN, account id or service name that stands outside a policy names the caller (KMS grants)."""
    if value.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return Hits(direct=both(sym_is("aws-service"), is_text("principal.service", value)))
    return _aws_named(value, gateway=False)


def _aws(document: Document, value: str) -> Hits:
    return _aws_named(value, gateway=document.kind is Kind.ENDPOINT_GATEWAY)


def _aws_named(value: str, *, gateway: bool) -> Hits:
    account = _ACCOUNT.fullmatch(value)
    if account and (account["root"] or not account["partition"]):
        here = is_text("principal.account", account["account"])
        if account["partition"]:
            here = both(here, is_text("aws.partition", account["partition"]))
        root = both(sym_is("root"), here)
        if gateway:  # stands for the root user only (D47)
            return Hits(direct=root)
        return Hits(direct=root, account=both(IAM, neg(sym_is("root")), here))
    arn = _ARN.fullmatch(value)
    if not arn or "*" in value or "?" in value:  # partial wildcards never expand (Q02)
        return Hits()
    partition, service, owner, name = arn.groups()
    here = both(is_text("principal.account", owner), is_text("aws.partition", partition))
    if service == "iam" and name.startswith("user/"):
        return Hits(
            direct=both(sym_is("user"), here, is_text("principal.name", name)),
            # Whom the root user made has no user behind it.
            user=both(
                sym_is("federated-user"), here, is_text("principal.user", name), neg(sym("principal.made-by-root"))
            ),
        )
    if service == "iam" and name.startswith("role/"):
        return Hits(role=both(here, role_named(name.rsplit("/", 1)[1])))
    if service == "sts" and name.startswith("assumed-role/") and name.count("/") == 2:
        _, role, session = name.split("/")
        return Hits(direct=both(here, role_named(role, fold=False), is_text("principal.session", session)))
    if service == "sts" and name.startswith("federated-user/"):
        return Hits(direct=both(sym_is("federated-user"), here, is_text("principal.name", name)))
    return Hits()


def role_named(name: str, *, fold: bool = True) -> Formula:
    """The caller is a session of the role of this name, whatever its path (1.6.3); session ARNs compare exactly."""
    return with_name("role", name, fold=fold)


def of_host(host: str) -> Formula:
    """The provider of a token is that of an OIDC host: the host by itself, or an IAM provider for it (W-23)."""
    return either(
        is_text("principal.provider", host, fold=True),
        glob("principal.provider", (Text("arn:"), Run(ANY), Text(f":oidc-provider/{host}", fold=True))),
    )


def named(text: str) -> Formula | None:
    """The caller is the role or user that an ARN names, whatever path and case (W-13); None for patterns and others."""
    arn = _ARN.fullmatch(text)
    if arn is None or "*" in text or "?" in text:
        return None
    partition, service, owner, name = arn.groups()
    here = both(is_text("principal.account", owner), is_text("aws.partition", partition))
    if service != "iam" or "/" not in name:
        return None
    if owner == "cloudfront":
        return both(sym_is("user"), here, is_text("principal.name", name))
    kind, _, last = name.partition("/")
    return both(here, with_name(kind, last.rsplit("/", 1)[-1])) if kind in _KINDS else None


_KINDS = {"role": "role", "user": "user"}


def with_name(kind: str, name: str, *, fold: bool = True) -> Formula:
    """The caller is a role or user of this name, whatever its path."""
    last = either(
        glob("principal.name", (Text(f"{kind}/"), Text(name, fold))),
        glob("principal.name", (Text(f"{kind}/"), Run(ANY), Text("/"), Text(name, fold))),
    )
    return both(sym_is(_KINDS[kind]), last)


def unique_name(text: str) -> tuple[str, str, str] | None:
    """Account, kind and lower-case name of the one role or user that an ARN names; None for patterns and others."""
    arn = _ARN.fullmatch(text)
    if arn is None or "*" in text or "?" in text or arn[2] != "iam" or not arn[3].isdigit():
        return None
    kind, slash, last = arn[4].partition("/")
    return (arn[3], kind, last.rsplit("/", 1)[-1].lower()) if slash and kind in _KINDS else None


def canonical_users(documents: Iterable[Document]) -> tuple[str, ...]:
    """The canonical ids that principals of the documents name."""
    statements = (statement for document in documents for statement in document.statements)
    found = (entry for s in statements if s.principal for entry in s.principal.entries)
    return tuple(dict.fromkeys(entry.value for entry in found if entry.type == "CanonicalUser"))


def canonical_user(value: str) -> Formula:
    """The caller's account, or the origin access identity that calls, has this canonical id (W-14)."""
    return sym(f"canonical user {value}")


def _not_principal(document: Document, element: PrincipalElement, *, deny: bool) -> Formula:
    """Some identifier of the caller is missing from the list (1.6.5); rival X-4: no hit of any kind."""
    hits = [_entry(document, entry) for entry in element.entries]
    nobody = neg(disj(h.any for h in hits))
    if not deny:
        return nobody
    star = disj(h.direct for h, e in zip(hits, element.entries, strict=True) if e.value == "*")
    account = disj(either(h.account, both(h.direct, sym_is("root"))) for h in hits)
    by_user = disj(both(h.direct, sym_is("user")) for h in hits)
    by_role = disj(h.role for h in hits)
    federated = disj(either(h.user, both(h.direct, sym_is("federated-user"))) for h in hits)
    listed = disj(
        (
            both(sym_is("root"), account),
            both(sym_is("user"), account, by_user),
            both(sym_is("role"), account, by_role),
            both(sym_is("federated-user"), account, federated),
            both(neg(IAM), disj(h.direct for h in hits)),
        )
    )
    # A caller with a boundary is always caught (Q09).
    exempt = both(neg(sym("boundary.given")), either(star, ite(sym("X-4"), neg(nobody), listed)))
    return neg(exempt)
