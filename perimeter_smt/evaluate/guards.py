"""Service guards: what stops a call although no statement denies it (semantics 3.5, 3.7)."""

from __future__ import annotations

from functools import lru_cache

from perimeter_smt.evaluate.checks import Check
from perimeter_smt.evaluate.public import is_public
from perimeter_smt.evaluate.refused import refused
from perimeter_smt.evaluate.view import Rivals
from perimeter_smt.request.keys import support_list
from perimeter_smt.request.multi_region import is_multi_region, multi_region_actions

BUCKET_POLICY_CALLS = frozenset({"s3:getbucketpolicy", "s3:putbucketpolicy", "s3:deletebucketpolicy"})
# A queue's policy is edited, and deleted, by setting it.
_QUEUE_POLICY_CALLS = frozenset({"sqs:setqueueattributes"})


def guard(check: Check, rivals: Rivals) -> str | None:
    """Why the service stops the call, None if it does not."""
    return (
        refused(check.view, aws_managed_key=check.case.flags.kms_aws_managed_key)
        or _credentials(check)
        or _provider(check)
        or _root(check)
        or _anonymous(check)
        or _sign_in(check)
        or _bucket_policy(check)
        or _multi_region(check)
        or _access_point_origin(check)
        or _public_access(check, rivals)
    )


def repairs_lockout(check: Check) -> bool:
    """Whether the owner's root user repairs a policy that locks everybody out: its denies do not count (3.5)."""
    return (
        check.view.caller.type == "root"
        and check.same_account
        and (check.view.action in BUCKET_POLICY_CALLS or check.view.action in _QUEUE_POLICY_CALLS)
    )


def _credentials(check: Check) -> str | None:
    """Calls that temporary credentials of some kinds cannot make (semantics 3.5)."""
    view, action = check.view, check.view.action
    if view.caller.type == "role-session" and action in ("sts:getfederationtoken", "sts:getsessiontoken"):
        return "role sessions cannot make this call"
    console = check.case.flags.console_session  # no limits there (IAM guide, comparison of STS operations)
    if view.caller.type == "federated-user" and view.service in ("iam", "sts") and not console:
        return "federated users cannot make calls to this service"
    if view.caller.type == "user" and check.case.flags.principal_session_token:
        if view.service == "sts" and action != "sts:assumerole":
            return "credentials of GetSessionToken cannot make this call"
        if view.service == "iam" and view.context.get("aws:multifactorauthpresent") != "true":
            return "credentials of GetSessionToken without MFA cannot make calls to this service"
    return None


def _provider(check: Check) -> str | None:
    """A provider in IAM signs in to roles of its own account alone (IAM guide, creating OIDC and SAML providers)."""
    caller, resource = check.view.caller, check.view.resource.split(":", 5)
    provider = (caller.principal.provider or "").split(":", 5)
    if caller.type != "federated-sts" or len(provider) < 6 or len(resource) < 6:
        return None
    if provider[4] == resource[4]:
        return None
    return "an identity provider signs in to roles of its own account alone"


def _root(check: Check) -> str | None:
    if check.view.caller.type == "root" and check.is_role_session_call:
        return "the root user cannot assume roles"
    principal = check.view.caller.principal
    if check.view.action == "sts:assumeroot":
        if not principal.management_account and not check.case.flags.principal_delegated_administrator:
            return "only the management account and the delegated administrator can make this call"
    return None


def _anonymous(check: Check) -> str | None:
    accepted = check.case.flags.unsigned_calls or check.view.service in _unsigned_services()
    accepted = accepted or check.is_unsigned_action
    if check.view.caller.type == "anonymous" and not accepted:
        return "the service refuses unsigned calls"
    return None


def _sign_in(check: Check) -> str | None:
    """AWS Sign-In is for people: no service signs in, nor does a caller of STS (W-26)."""
    if check.view.service == "signin" and check.view.caller.type in ("service", "federated-sts"):
        return "no service principal signs in"
    return None


@lru_cache(maxsize=1)
def _unsigned_services() -> frozenset[str]:
    return support_list("anonymous-services")


def _bucket_policy(check: Check) -> str | None:
    if check.view.action in BUCKET_POLICY_CALLS and not check.same_account:
        return "only the bucket owner's account can make this call"
    return None


def _multi_region(check: Check) -> str | None:
    """What does not go through a Multi-Region Access Point, whatever is granted (S3 guide, restrictions)."""
    view, flags = check.view, check.case.flags
    about = view.service != "s3" or "multiregionaccesspoint" in view.action
    if about or not is_multi_region(view.resource.partition("/object/")[0]):
        return None
    if view.caller.type == "anonymous":
        return "Multi-Region Access Points refuse unsigned calls"
    if flags.vpce_type == "gateway" and check.comes_by_endpoint:
        return "nothing reaches a Multi-Region Access Point through a gateway endpoint"
    if view.action not in multi_region_actions() and not flags.unlisted_operation:
        return "the operation does not go through Multi-Region Access Points"
    return None


def _access_point_origin(check: Check) -> str | None:
    """An access point of VPC origin admits only calls through endpoints of its VPC.

    The key tells the origin only where the case leaves it open.
    """
    context, said = check.view.context, check.case.flags.access_point_origin
    by_key = said is None and context.get("s3:accesspointnetworkorigin") == "VPC"
    if check.resource_slot != "access_point" or not (by_key or check.case.access_point_origin == "vpc"):
        return None
    vpc = check.case.flags.access_point_vpc
    if "aws:sourcevpce" in context and vpc in (None, context.get("aws:sourcevpc")):
        return None
    if check.view.caller.type == "service" and check.case.flags.via_endpoint and "aws:sourcevpce" not in context:
        return None  # services tell no endpoint in keys: the case says that there is one
    return "the access point admits only calls through endpoints of its VPC"


def _public_access(check: Check, rivals: Rivals) -> str | None:
    """RestrictPublicBuckets: a public policy is cut down to the owner's account and AWS services."""
    case, caller = check.case, check.view.caller
    if not case.flags.s3_restrict_public_buckets or check.view.service != "s3" or caller.type == "service":
        return None
    owners = (case.request.resource_account, check.owner, check.view.context.get("s3:dataaccesspointaccount"))
    if caller.account is not None and caller.account in owners:
        return None
    # An access point of VPC origin is never public; where the origin is not known nothing is taken away (W-31).
    of_vpc = case.access_point_origin != "internet" or check.view.context.get("s3:accesspointnetworkorigin") == "VPC"
    public = any(is_public(policy, rivals) for policy in (case.resource, *case.resource_more) if policy)
    if not public and case.access_point is not None and not of_vpc:
        public = is_public(case.access_point, rivals)
    return "RestrictPublicBuckets leaves the owner's account and AWS services only" if public else None
