"""Whether the call is granted, once nothing stops it (semantics 3.4 to 3.7)."""

from __future__ import annotations

from dataclasses import dataclass

from perimeter_smt.evaluate.checks import Check
from perimeter_smt.evaluate.globs import fold
from perimeter_smt.evaluate.principals import (
    ACCOUNT,
    DIRECT,
    NONE,
    ROLE_OF_SESSION,
    USER_OF_FEDERATED,
    entry_test,
)
from perimeter_smt.policy.document import PrincipalEntry
from perimeter_smt.request.case import KmsGrant

# What a KMS grant can hold (KMS API reference, CreateGrant, Operations), names folded. Of the newest two no page tells.
_OPERATIONS_OF_GRANTS = frozenset(
    [
        "creategrant",
        "decrypt",
        "derivesharedsecret",
        "describekey",
        "encrypt",
        "generatedatakey",
        "generatedatakeypair",
        "generatedatakeypairwithoutplaintext",
        "generatedatakeywithoutplaintext",
        "generatemac",
        "getpublickey",
        "reencryptfrom",
        "reencryptto",
        "retiregrant",
        "sign",
        "verify",
        "verifymac",
        "decapsulate",
        "encapsulate",
    ]
)
# What the constraints of a grant apply to (KMS API reference, GrantConstraints, CreateGrant): operations with symmetric
# keys that send a context of encryption, and grants made by a grantee, which have to be as strict.
_CONSTRAINED = frozenset(
    [
        "creategrant",
        "decrypt",
        "encrypt",
        "generatedatakey",
        "generatedatakeypair",
        "generatedatakeypairwithoutplaintext",
        "generatedatakeywithoutplaintext",
        "reencryptfrom",
        "reencryptto",
    ]
)


@dataclass(frozen=True, slots=True)
class Own:
    """What the caller's own policies allow: identity policies, boundary, session policies."""

    identity: bool
    boundary: bool
    session: bool

    @property
    def all(self) -> bool:
        """Whether all three allow."""
        return self.identity and self.boundary and self.session


def granted(check: Check, own: Own, hits: int) -> bool:
    """GRANT of semantics 3.4. `hits`: kinds of hit of the Allow statements of the resource-type policy."""
    if check.view.service == "kms" and _by_kms_grant(check, own):
        return True
    if check.view.action == "kms:retiregrant":
        return False  # authorized by the grant alone
    caller = check.view.caller
    if caller.type == "anonymous" and check.is_unsigned_action and check.resource_policy is None:
        return True  # needs no permission; guardrails and denies can hold it back
    if not caller.is_iam:
        return bool(hits & DIRECT)
    if not check.same_partition:
        return False
    if check.owner == "aws" and check.resource_policy is None:
        # What AWS owns is open to every account: the caller's own policies decide. The root user has none (W-10).
        return own.all or (caller.type == "root" and own.session)
    if caller.type == "root":
        return _root(check, own, hits)
    if check.view.action == "sts:assumeroot":
        return own.all  # the member account has no policy that could grant it
    if not check.same_account:
        return bool(hits) and own.all
    if hits & DIRECT:
        return True
    if hits & (ROLE_OF_SESSION | USER_OF_FEDERATED) and own.boundary and own.session:
        return True
    # Key and trust policies are the root of authority: an account-level Allow must delegate to identity policies.
    trust = bool(hits & ACCOUNT) if check.is_on_key or check.is_role_session_call else True
    return trust and own.all


def assumed_root(check: Check) -> bool:
    """Whether the caller is a root session made by AssumeRoot."""
    if check.view.caller.type != "root":
        return False
    return check.case.flags.principal_assumed_root or check.view.context.get("aws:assumedroot") == "true"


def _root(check: Check, own: Own, hits: int) -> bool:
    if assumed_root(check):
        return own.session and (check.same_account or bool(hits))
    if check.same_account:
        return bool(hits) if check.is_on_key else True
    return bool(hits)


def _by_kms_grant(check: Check, own: Own) -> bool:
    """Whether a grant on the key covers the call; a grant to an account needs its identity policies besides."""
    grants = check.case.flags.kms_grant
    if grants is None or isinstance(grants, bool):
        return bool(grants) and check.view.name in _OPERATIONS_OF_GRANTS
    return any(_by_one_grant(grant, check, own) for grant in ((grants,) if isinstance(grants, KmsGrant) else grants))


def _by_one_grant(grant: KmsGrant, check: Check, own: Own) -> bool:
    if not grant.constraints_met and check.view.name in _CONSTRAINED:
        return False
    hits = _hits(grant.grantee_principal, check) if _covers(grant, check) else NONE
    if check.view.action == "kms:retiregrant":
        hits |= _hits(grant.retiring_principal, check) | _hits(grant.issuing_account, check)
    return bool(hits & ~ACCOUNT) or (bool(hits) and own.all)


def _covers(grant: KmsGrant, check: Check) -> bool:
    return check.view.name in (_OPERATIONS_OF_GRANTS if grant.operations is None else map(fold, grant.operations))


def _hits(principal: str | None, check: Check) -> int:
    if principal is None:
        return NONE
    service = principal.endswith(".amazonaws.com")
    return entry_test(PrincipalEntry(type="Service" if service else "AWS", value=principal))(check.view.caller)
