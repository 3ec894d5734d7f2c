"""The checks over a workspace: every resource policy under the owner's RCPs, every principal under boundary and SCPs.

A FAIL is a request that the whole case lets through, replayed; what the policy alone would give and RCPs or
RestrictPublicBuckets hold back is a PASS that says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from perimeter_smt.encode.language.keys import sym_is
from perimeter_smt.encode.world.accounts import org_of
from perimeter_smt.errors import InternalError
from perimeter_smt.evaluate import decide
from perimeter_smt.evaluate.public import is_public
from perimeter_smt.logic.formula import both, is_text, neg, sym
from perimeter_smt.organization.model import Account, OwnedPrincipal, OwnedResource, Unknown
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.checks import access_not_granted as access
from perimeter_smt.questions.checks import public
from perimeter_smt.questions.checks.grants import Asking, check
from perimeter_smt.questions.checks.lists import presuming, public_lists
from perimeter_smt.questions.checks.verdicts import Check, CheckName, worst
from perimeter_smt.questions.compare import encode, gained
from perimeter_smt.questions.left_open import POINT
from perimeter_smt.questions.requests.filled import Filler
from perimeter_smt.questions.untold import hiding, left_out, with_known_part
from perimeter_smt.questions.verdicts import Counterexample
from perimeter_smt.request.case import Case, Levels
from perimeter_smt.request.keys import support_list
from perimeter_smt.solve.result import Limits
from perimeter_smt.witness.case import OPEN, case_to_json, levels_of

# Services where everything that a policy governs has the ARN of the resource in front of its own.
_BELOW = frozenset(
    ("s3", "sqs", "sns", "kms", "secretsmanager", "lambda", "dynamodb", "ecr", "kinesis", "s3tables", "iam")
)


def public_in_workspace(
    workspace: Workspace, *, limits: Limits | None = None, today: date | None = None
) -> Iterator[Check]:
    """The check of every resource policy, trust policy and list of a bucket, under the guardrails that bind its owner.

    Service-linked roles of other accounts, which RCPs do not bind, do not count as public. What may let strangers
    in and the source does not tell is UNKNOWN. Requests count that are made on `today` (default: the day of the call)
    or later.
    """
    workspace = workspace.model_copy(update={"today": today or date.today()})
    # A grant of a key names who gets it: it is not public.
    untold = [
        unknown for unknown in hiding(workspace, "resource", idle=False) if not unknown.name.startswith("grants of ")
    ]
    workspace = with_known_part(workspace)
    filler = Filler(workspace)
    for account, _ in workspace.organization.accounts():
        for resource in account.resources:
            if resource.policy is not None:
                yield presuming(_public(filler, account, resource.arn, resource.policy, resource, limits), resource)
        for principal in account.principals:
            if principal.trust is not None:
                yield _public(filler, account, principal.arn, principal.trust, None, limits)
    yield from public_lists(workspace, limits=limits)
    yield from (_untold("CheckNoPublicAccess", unknown) for unknown in untold)


def _untold(name: CheckName, unknown: Unknown) -> Check:
    """The check of what the source does not tell."""
    return Check(name, "UNKNOWN", f"{unknown.name} is not known: {unknown.reason}", unknown.subject or unknown.name)


def _public(
    filler: Filler,
    account: Account,
    arn: str,
    policy: Document,
    resource: OwnedResource | None,
    limits: Limits | None,
) -> Check:
    workspace = filler.workspace
    alone = replace(public.no_public_access(policy, limits=limits, today=workspace.today), subject=arn)
    if alone.result == "PASS":
        return alone
    own: list[dict[str, Any]] = [{"StringEquals": {"aws:PrincipalOrgID": workspace.organization.id}}]
    own += [{"StringEquals": {"aws:PrincipalAccount": list(filler.accounts)}}]
    asking = Asking(
        free=False,
        over=True,
        limits=limits,
        guardrails=_rcps(filler, account, arn),
        given=both(
            is_text("resource.account", account.id),
            is_text(org_of("resource.account"), workspace.organization.id),
            neg(sym("principal.service-linked")),
        ),
        unsigned=True,
        today=workspace.today,
    )
    inside = [] if ":iam:" in arn else [f"{arn}/*", f"{arn}:*"]
    here = [{"Action": "*", "NotResource": [arn, *inside]}] if arn.split(":", 3)[2] in _BELOW else []
    found = replace(public.ask(policy, asking, own=own, more=here), subject=arn)
    if found.result == "PASS":
        return replace(found, held_back="RCPs")
    if found.result == "FAIL" and found.evidence is not None:
        given = Case(arn, (), None, None, None, None, None, None, None, found.evidence.request)
        case = filler.case(given)
        decision = decide(case)
        found = replace(found, evidence=replace(found.evidence, case=case))
        if decision.allowed:
            return found
        if case.flags.s3_restrict_public_buckets and resource is not None and is_public(policy):
            passed = replace(found, result="PASS", message=public.WORDS.passed, reasons=(), evidence=None)
            return replace(passed, held_back="RestrictPublicBuckets")
        text = f"public by itself, but the request shown is not let through: {decision.detail or decision.reason}"
        return replace(found, result="UNKNOWN", message=text)
    return found


def _rcps(filler: Filler, account: Account, arn: str) -> tuple[tuple[Document, ...], ...]:
    """The RCPs that bind calls on a resource: none in the management account and in services without RCPs."""
    service = arn.split(":", 3)[2]
    service = "sts" if service == "iam" else service
    organization = filler.workspace.organization
    if account.id == organization.management_account or service not in support_list("rcp-services"):
        return ()
    return levels_of(filler, organization.id, account.id, Kind.RCP) or ()


def access_not_granted_in_workspace(
    workspace: Workspace,
    *,
    actions: Sequence[str] = (),
    resources: Sequence[str] = (),
    limits: Limits | None = None,
    today: date | None = None,
) -> Iterator[Check]:
    """The check of every user and role: its identity policies under permissions boundary and SCPs.

    What policies of resources grant by themselves is not part of it, as it is not part of AWS's check of an identity
    policy. A principal whose policies the source does not tell is UNKNOWN. Requests count that are made on `today`
    (default: the day of the call) or later.
    """
    workspace = workspace.model_copy(update={"today": today or date.today()})
    untold = hiding(workspace, "caller")
    sure = [u.known for u in left_out(workspace) if u.known and u.holds == "trust"]
    filler = Filler(workspace)
    for account, _ in workspace.organization.accounts():
        for principal in (*account.principals, *(one for one in sure if one.account == account.id)):
            if principal.policies:
                yield _access(filler, account, principal, actions, resources, limits)
    yield from (_untold("CheckAccessNotGranted", unknown) for unknown in untold)


def _access(
    filler: Filler,
    account: Account,
    principal: OwnedPrincipal,
    actions: Sequence[str],
    resources: Sequence[str],
    limits: Limits | None,
) -> Check:
    organization = filler.workspace.organization
    free = account.id == organization.management_account or principal.service_linked
    scps: Levels = () if free else levels_of(filler, organization.id, account.id, Kind.SCP) or ()
    boundary = ((principal.boundary,),) if principal.boundary else ()
    asking = Asking(
        free=False,
        over=True,
        limits=limits,
        guardrails=(*boundary, *scps),
        given=both(
            sym_is(principal.type),
            is_text("principal.account", account.id),
            is_text("principal.name", principal.arn.split(":", 5)[5]),
            is_text(org_of("principal.account"), organization.id),
        ),
        today=filler.workspace.today,
    )
    reference = access.everything_but(Kind.IDENTITY, actions, resources)
    found = []
    for policy in principal.policies:
        others = tuple(other for other in principal.policies if other is not policy)
        each = check(access.WORDS, principal.arn, reference, policy, replace(asking, denying=others))
        place = tuple(replace(one, policy=str(policy.location)) for one in each.reasons)
        found.append(replace(each, reasons=place, evidence=_replayed(principal, scps, each.evidence)))
    outcome = worst(found)
    first = next(each for each in found if each.result == outcome)
    if outcome == "PASS" and not _some_request(asking):
        return replace(first, result="UNKNOWN", message="no request of this principal can be")
    dated = max(each.today for each in found)
    return replace(first, reasons=tuple(one for each in found for one in each.reasons), today=dated)


def _some_request(asking: Asking) -> bool:
    """Whether the premise can be met at all: a proof about a caller who cannot exist would be empty."""
    statement = {"Effect": "Allow", "Action": "iam:GetUser", "Resource": "*"}
    policy = parse_object({"Version": "2012-10-17", "Statement": [statement]}, Kind.IDENTITY, file=OPEN, name="premise")
    nothing = policy.model_copy(update={"statements": ()})
    return gained(encode(nothing, policy, given=asking.given), asking.limits).status == "sat"


def _replayed(principal: OwnedPrincipal, scps: Levels, evidence: Counterexample | None) -> Counterexample | None:
    """The request with the principal's own policies and guardrails, which must allow it; the resource leaves it to
    them.
    """
    if evidence is None:
        return None
    request = evidence.request
    policy = {"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": {"AWS": principal.account}}
    leaves = parse_object({"Version": "2012-10-17", "Statement": [policy]}, Kind.RESOURCE, file=OPEN, name="open")
    case = Case(
        id=f"{principal.arn} {request.action}",
        identity=principal.policies,
        resource=leaves,
        boundary=principal.boundary,
        session=None,
        scp=scps or None,
        rcp=None,
        endpoint=None,
        access_point=None,
        request=request,
    )
    decision = decide(case, rivals=frozenset(evidence.depends_on))
    if not decision.allowed and POINT in evidence.depends_on:
        return None  # nobody knows what the wildcards match
    if not decision.allowed and "X-46" in evidence.depends_on:
        return evidence  # replayed policy by policy; a case names one ARN that a call on `*` is asked on
    if not decision.allowed:
        raise InternalError(
            f"the evaluator does not agree that `{case.id}` is allowed: {decision.reason} {decision.detail}",
            dump=json.dumps(case_to_json(case), indent=1),
        )
    return replace(evidence, case=case)
