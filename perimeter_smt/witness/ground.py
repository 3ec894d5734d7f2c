"""Whether a witness fits what the workspace lists: complete lists, and tags of listed resources (W-6, W-7, W-9)."""

from __future__ import annotations

from fnmatch import fnmatchcase

from perimeter_smt.evaluate.governs import may_lie_in
from perimeter_smt.organization.model import Account, Organization, OwnedPrincipal, OwnedResource
from perimeter_smt.request.actions import action_info, asked_on_stars
from perimeter_smt.request.keys import support_list, table_rows
from perimeter_smt.request.request import Facts, Request
from perimeter_smt.witness.listed import access_point_of

_RESOURCE_TAG, _BUCKET_TAG = "aws:resourcetag/", "s3:buckettag/"


def contradiction(
    organization: Organization,
    request: Request,
    facts: Facts,
    *,
    aws_managed_key: bool = False,
    resources_listed: bool = True,
) -> str | None:
    """What of the workspace says that there is no such call, None if nothing does.

    `resources_listed`: accounts that list their resources have no others.
    """
    accounts = {account.id: account for account, _ in organization.accounts()}
    owner = accounts.get(request.resource_account or "") if resources_listed else None
    return (
        _caller(accounts.get(facts.principal_account or ""), request, facts)
        or _resource(owner, request, aws_managed_key=aws_managed_key)
        or (_key(accounts.get(request.resource_account or ""), request) if aws_managed_key else None)
        or _tags(accounts.get(request.resource_account or ""), request)
    )


def _caller(account: Account | None, request: Request, facts: Facts) -> str | None:
    """A user or role of an account whose principals are all listed is one of them."""
    if account is None or not account.listed or facts.service_linked:
        return None
    caller = request.principal
    arn = {"user": caller.arn, "role-session": caller.role_arn}.get(caller.type)
    if arn is None or any(principal.arn == arn for principal in account.principals):
        return None
    return f"account {account.id} lists all its principals, and {arn} is none of them"


def _resource(account: Account | None, request: Request, *, aws_managed_key: bool) -> str | None:
    """A resource that exists before the call, of an account whose resources are all listed, is one of them."""
    if account is None or not account.listed or _names_none(request) or not _needs_resource(request.action):
        return None
    if aws_managed_key or _part_of_listed(account, request):
        return None
    _, _, service, _, _, name = request.resource.split(":", 5)
    if _built_in(service, name, request.resource) or _of_a_principal(account, request.resource):
        return None
    if service == "kms" and name.startswith("alias/") and any(":kms:" in r.arn for r in account.resources):
        return None
    return f"account {account.id} lists all its resources, and {request.resource} is none of them"


def _part_of_listed(account: Account, request: Request) -> bool:
    asked = {"owner": account.id, "action": request.action}
    return any(may_lie_in(resource.arn, request.resource, **asked) for resource in account.resources)


def _key(account: Account | None, request: Request) -> str | None:
    """AWS managed keys have no tags, and nobody may change their policies (KMS API, TagResource and PutKeyPolicy)."""
    if any(name.lower().startswith(_RESOURCE_TAG) for name in request.context):
        return f"{request.resource} is taken for a key that AWS manages, and the request carries tags of it"
    listed = next((r for r in account.resources if r.arn == request.resource), None) if account else None
    if listed is None:
        return None
    policy = listed.policy.statements if listed.policy else ()
    free = [s for s in policy if s.effect == "Allow" and not s.conditions and not s.action.negated]
    given = [value.lower() for s in free for value in s.action.values]
    if listed.tags or any(fnmatchcase("kms:putkeypolicy", value) for value in given):
        return f"{request.resource} is taken for a key that AWS manages, and the workspace lists it as a customer's"
    return None


def _names_none(request: Request) -> bool:
    """Whether no resource is named: `*`, or what AWS writes for all of a type."""
    return request.resource == "*" or asked_on_stars(request.action, request.resource) is not None


def _needs_resource(action: str) -> bool:
    """Reads, and writes of the table; any other call may make what it names, or lists all that there is."""
    if _in_table(action, "absent-resource-actions"):
        return False
    found = action_info(action)
    if found is not None and found.access_level in ("Read", "List"):
        return True
    return _in_table(action, "existing-resource-actions")


def _in_table(action: str, table: str) -> bool:
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in support_list(table))


def _built_in(service: str, name: str, arn: str) -> bool:
    if service == "s3" and ":s3:::" in arn:  # a bucket, whatever it is called
        return False
    rows = (row for row in table_rows("built-in-resources") if row["service"] == service)
    return any(fnmatchcase(name, pattern) for row in rows for pattern in row["names"])


def _of_a_principal(account: Account, arn: str) -> bool:
    return any(principal.arn == arn for principal in account.principals)


def _tags(account: Account | None, request: Request) -> str | None:
    if account is None:
        return None
    if request.resource.split(":", 3)[2:3] == ["s3"]:
        return _bucket_tags(account, request)
    owned: tuple[OwnedResource | OwnedPrincipal, ...] = (*account.resources, *account.principals)
    itself = next((each for each in owned if each.arn == request.resource), None)
    if itself is None:
        return None
    own = itself.arn.split(":", 3)[2] + ":resourcetag/"  # services have keys of their own for the same tags
    return _compared(itself, request, (_RESOURCE_TAG, own))


def _bucket_tags(account: Account, request: Request) -> str | None:
    """Tags of a bucket count with ABAC only, and then for its objects, too; those of an access point always do."""
    point = access_point_of(account, request)
    if point is not None and (wrong := _compared(point, request, (_RESOURCE_TAG,))):
        return wrong
    name = (point.bucket or "").rsplit(":", 1)[-1] if point else request.resource.split(":", 5)[5].split("/")[0]
    bucket = next((resource for resource in account.resources if resource.arn.endswith(f":s3:::{name}")), None)
    keys = (_BUCKET_TAG,) if point else (_RESOURCE_TAG, _BUCKET_TAG)
    if bucket is None or bucket.abac is None:
        return None
    if bucket.abac:
        return _compared(bucket, request, keys)
    found = next((key for key in request.context if key.lower().startswith(keys)), None)
    return f"tags of {bucket.arn} do not count without ABAC, and the request carries {found}" if found else None


def _compared(resource: OwnedResource | OwnedPrincipal, request: Request, prefixes: tuple[str, ...]) -> str | None:
    tags = {name.lower(): value for name, value in resource.tags.items()}
    for key, value in request.context.items():
        if key.lower().startswith(prefixes) and tags.get(key.lower().partition("/")[2]) != value:
            return f"{key} of the request is not among the tags of {resource.arn}"
    return None
