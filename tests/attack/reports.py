"""Breaches found by hand, each with the smallest workspace whose objective they break: regressions and open bugs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from perimeter_smt.organization.model import Account, Guardrails, Organization, Unit
from perimeter_smt.organization.perimeter import Perimeter, Scope, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.request.request import Facts, Principal, Request
from tests.attack.cast import APP, ENDPOINTS, MANAGEMENT, MINE, ORGANIZATIONS, OTHER, PATHS, SANDBOX, STRANGER
from tests.attack.policies import ALL_LIMITS, document
from tests.attack.worlds import Sample

OFFICE = "203.0.113.0/24"


@dataclass(frozen=True)
class Breach:
    """A request that AWS lets through and that breaks `objective` in `space`. `service` is the one asked about."""

    name: str
    objective: str
    service: str
    space: Workspace
    drawn: Sample
    granted: bool = True  # the concrete evaluator can be asked about it


def _space(
    *, scps: tuple[Any, ...] = (), rcps: tuple[Any, ...] = (), partition: str = "aws", **perimeter: Any
) -> Workspace:
    guards = Guardrails(
        scps=tuple(document(Kind.SCP, f"scp-{i}", [st]) for i, st in enumerate(scps)),
        rcps=tuple(document(Kind.RCP, f"rcp-{i}", [st]) for i, st in enumerate(rcps)),
    )
    root = Unit(id="r-ab12", guardrails=guards, accounts=(Account(id=APP),))
    organization = Organization(id=MINE, management_account=MANAGEMENT, root=root, partition=partition)
    given = {"accepted": ALL_LIMITS, "assumptions": ("AN8.address",), **perimeter}
    claims = Perimeter(orgs=(MINE,), **given)
    return Workspace(organization=organization, perimeter=claims, name="report", grants_given=False)


def _deny(actions: str | list[str], **condition: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": actions, "Resource": "*", "Condition": condition}


def _rcp(actions: str, **condition: Any) -> dict[str, Any]:
    return {**_deny(actions, **condition), "Principal": "*"}


def _deputies(actions: str) -> dict[str, Any]:
    return _rcp(
        actions,
        StringNotEqualsIfExists={"aws:SourceOrgID": MINE},
        Null={"aws:SourceAccount": "false"},
        Bool={"aws:PrincipalIsAWSService": "true"},
    )


def _only(objective: str, *actions: str) -> dict[str, Scope]:
    return {objective: Scope(actions=actions)}


_ALWAYS: dict[str, str | tuple[str, ...]] = {
    "aws:CurrentTime": "2026-01-01T00:00:00Z",
    "aws:EpochTime": "1767225600",
    "aws:RequestedRegion": "us-east-1",
    "aws:SecureTransport": "true",
    "aws:UserAgent": "aws-cli/2",
    "aws:ViaAWSService": "false",
}


def _flat(account: str) -> str:
    """The path of an account; in these workspaces mine lie below the root."""
    return f"{MINE}/r-ab12/" if ORGANIZATIONS[account] == MINE else PATHS[account]


def _owned(account: str) -> dict[str, str | tuple[str, ...]]:
    org = ORGANIZATIONS[account]
    assert org is not None
    return {"aws:ResourceAccount": account, "aws:ResourceOrgID": org, "aws:ResourceOrgPaths": (_flat(account),)}


def _role(account: str = APP) -> tuple[Principal, dict[str, str | tuple[str, ...]]]:
    arn = f"arn:aws:iam::{account}:role/Worker"
    principal = Principal(
        type="role-session", arn=f"arn:aws:sts::{account}:assumed-role/Worker/s1", account=account, role_arn=arn
    )
    org = ORGANIZATIONS[account]
    assert org is not None
    return principal, {
        "aws:PrincipalArn": arn,
        "aws:PrincipalAccount": account,
        "aws:PrincipalOrgID": org,
        "aws:PrincipalOrgPaths": (_flat(account),),
        "aws:PrincipalType": "AssumedRole",
        "aws:PrincipalIsAWSService": "false",
        "aws:userid": "AROAEXAMPLE0000000001:s1",
        "aws:TokenIssueTime": "2025-12-31T23:00:00Z",
    }


def _sample(
    principal: Principal,
    keys: dict[str, Any],
    action: str,
    resource: str,
    owner: str,
    *,
    managed: bool = False,
    **facts: Any,
) -> Sample:
    ends = {a for a in (principal.account, owner, facts.get("endpoint_account"), facts.get("vpc_account")) if a}
    known = sorted(a for a in ends if a in ORGANIZATIONS)
    address = keys.get("aws:SourceIp")
    truth = Facts(
        principal_account=principal.account,
        resource_account=owner,
        region="us-east-1",
        source_address=address,
        organizations={a: ORGANIZATIONS[a] for a in known},
        paths={a: _flat(a) for a in known if ORGANIZATIONS[a]},
        **facts,
    )
    request = Request(
        principal=principal, action=action, resource=resource, resource_account=owner, context={**_ALWAYS, **keys}
    )
    return Sample(request, truth, frozenset(), aws_managed_key=managed)


def _by_role(
    action: str, resource: str, owner: str, keys: dict[str, Any] | None = None, *, caller: str = APP, **more: Any
) -> Sample:
    principal, own = _role(caller)
    wire = {} if "path" in more else {"aws:SourceIp": "198.51.100.9"}
    return _sample(
        principal, {**own, **wire, **(keys or {})}, action, resource, owner, kind="role", temporary=True, **more
    )


def _origin_access_identity() -> Breach:
    name = "CloudFront Origin Access Identity E1EXAMPLE"
    arn = f"arn:aws:iam::cloudfront:user/{name}"
    principal = Principal(type="user", arn=arn, account="cloudfront")
    keys = {
        "aws:PrincipalArn": arn,
        "aws:PrincipalAccount": "cloudfront",
        "aws:PrincipalType": "User",
        "aws:PrincipalIsAWSService": "false",
        "aws:userid": "AIDAEXAMPLE0000000001",
        "aws:username": name,
        "aws:SourceIp": "198.51.100.9",
        "s3:ResourceAccount": APP,
        **_owned(APP),
    }
    space = _space(
        rcps=(
            _rcp(
                "s3:*",
                StringNotEqualsIfExists={"aws:PrincipalOrgID": MINE, "aws:PrincipalAccount": "cloudfront"},
                BoolIfExists={"aws:PrincipalIsAWSService": "false"},
            ),
            _deputies("s3:*"),
        ),
        scopes=_only("O1", "s3:*"),
    )
    drawn = _sample(principal, keys, "s3:GetObject", "arn:aws:s3:::acme-data/report.csv", APP, kind="user")
    return Breach("origin access identity", "O1", "s3", space, drawn)


def _put_events() -> Breach:
    space = _space(
        scps=(_deny("events:*", StringNotEqualsIfExists={"aws:ResourceOrgID": MINE, "aws:ResourceAccount": STRANGER}),),
        scopes=_only("O3", "events:PutEvents"),
    )
    bus = f"arn:aws:events:us-east-1:{STRANGER}:event-bus/orders"
    return Breach(
        "event bus with an owner", "O3", "events", space,
        _by_role("events:PutEvents", bus, STRANGER, _owned(STRANGER)),
    )  # fmt: skip


def _pass_role() -> Breach:
    """Endpoint keys that list membership promises and `iam:PassRole` does not have (semantics 4.4)."""
    space = _space(
        scps=(
            _deny("iam:*", StringNotEquals={"aws:VpceOrgID": MINE}, Null={"aws:VpceOrgID": "false"}),
            _deny("iam:*", NotIpAddress={"aws:SourceIp": OFFICE}, Null={"aws:SourceIp": "false"}),
            _deny("iam:*", Null={"aws:VpceAccount": "false", "aws:VpceOrgID": "true"}),
        ),
        cidrs=(OFFICE,),
        service_networks=True,
        scopes=_only("O5", "iam:PassRole"),
    )
    end = ENDPOINTS["stranger"]
    keys = {
        "aws:SourceVpce": end.id,
        "aws:SourceVpc": end.vpc,
        "aws:VpcSourceIp": "10.0.0.9",
        "iam:PassedToService": "ec2.amazonaws.com",
        **_owned(APP),
    }
    drawn = _by_role(
        "iam:PassRole", f"arn:aws:iam::{APP}:role/Worker", APP, keys, path="vpce", endpoint=end.id, vpc=end.vpc,
        endpoint_account=end.account, vpc_account=end.vpc_account, vpc_region=end.region,
    )  # fmt: skip
    return Breach("PassRole through an endpoint", "O5", "iam", space, drawn)


def _managed_key() -> Breach:
    space = _space(
        rcps=(
            _rcp(
                "kms:*",
                NotIpAddressIfExists={"aws:SourceIp": OFFICE},
                StringNotEqualsIfExists={"aws:VpceOrgID": MINE},
                BoolIfExists={"aws:ViaAWSService": "false", "aws:PrincipalIsAWSService": "false"},
            ),
            _deputies("kms:*"),
        ),
        cidrs=(OFFICE,),
        scopes=_only("O6", "kms:DescribeKey"),
    )
    key = f"arn:aws:kms:us-east-1:{APP}:key/0a1b2c3d-0000-1111-2222-333344445555"
    drawn = _by_role("kms:DescribeKey", key, APP, {"kms:CallerAccount": APP, **_owned(APP)}, managed=True)
    return Breach("key that AWS manages", "O6", "kms", space, drawn)


def _claims_of_sessions() -> tuple[Breach, ...]:
    out = []
    for key, value in (
        ("saml:sub", "_cbb88bf5"),
        ("cognito-identity.amazonaws.com:sub", "us-east-1:0a1b2c3d-0000-1111-2222-333344445555"),
    ):
        space = _space(
            scps=(_deny("s3:*", StringNotEqualsIfExists={"aws:ResourceOrgID": MINE}, Null={key: "true"}),),
            scopes=_only("O3", "s3:*"),
        )
        keys = {key: value, "s3:ResourceAccount": STRANGER, **_owned(STRANGER)}
        drawn = _by_role("s3:PutObject", "arn:aws:s3:::b-666666666666/report.csv", STRANGER, keys)
        out.append(Breach(f"{key} in a session", "O3", "s3", space, drawn))
    return tuple(out)


def _shared_without_policy() -> tuple[Breach, ...]:
    """Snapshots are shared by attribute: these services have no resource policies."""
    snapshot = f"arn:aws:rds:us-east-1:{STRANGER}:snapshot:shared"
    block = "arn:aws:ec2:us-east-1::snapshot/snap-0123456789abcdef0"
    return (
        Breach("shared EBS snapshot", "O3", "ebs", _space(), _by_role("ebs:GetSnapshotBlock", block, STRANGER)),
        Breach(
            "shared RDS snapshot", "O3", "rds", _space(),
            _by_role("rds:CopyDBSnapshot", snapshot, STRANGER, _owned(STRANGER)),
        ),
        Breach(
            "EBS snapshot shared with a stranger", "O1", "ebs", _space(accepted=()),
            _by_role("ebs:GetSnapshotBlock", block, APP, caller=STRANGER),
        ),
    )  # fmt: skip


def _called_via() -> tuple[Breach, ...]:
    """Chains of two services: more elements than conditions on the list itself (semantics 0.4)."""
    foreign = {"aws:ResourceOrgID": MINE}
    first = _deny("s3:*", StringNotEqualsIfExists={**foreign, "aws:CalledViaFirst": "cloudformation.amazonaws.com"})
    last = _deny("s3:*", StringNotEqualsIfExists={**foreign, "aws:CalledViaLast": "athena.amazonaws.com"})
    listed = _deny(
        "s3:*",
        **{
            "StringNotEqualsIfExists": foreign,
            "ForAllValues:StringNotEquals": {"aws:CalledVia": "athena.amazonaws.com"},
        },
    )
    keys = {
        "aws:ViaAWSService": "true",
        "aws:CalledVia": ("cloudformation.amazonaws.com", "athena.amazonaws.com"),
        "aws:CalledViaFirst": "cloudformation.amazonaws.com",
        "aws:CalledViaLast": "athena.amazonaws.com",
        "s3:ResourceAccount": STRANGER,
        **_owned(STRANGER),
    }
    drawn = _by_role(
        "s3:PutObject", "arn:aws:s3:::b-666666666666/report.csv", STRANGER, keys,
        path="awsnet", forwarded=True, first_hop_trusted=True,
    )  # fmt: skip
    return tuple(
        Breach(name, "O3", "s3", _space(scps=scps, scopes=_only("O3", "s3:*")), drawn)
        for name, scps in (("first and last of a chain", (first, last)), ("first and list of a chain", (first, listed)))
    )


def _by_service(names: tuple[str, ...], partition: str = "aws", region: str = "us-east-1") -> Sample:
    principal = Principal(type="service", arn=names[0])
    keys = {
        "aws:PrincipalServiceName": names[0],
        "aws:PrincipalServiceNamesList": names,
        "aws:PrincipalIsAWSService": "true",
        "aws:PrincipalType": "Service",
        "aws:RequestedRegion": region,
        "aws:SourceAccount": STRANGER,
        "aws:SourceOrgID": OTHER,
        "aws:SourceOrgPaths": (PATHS[STRANGER],),
        "s3:ResourceAccount": APP,
        **_owned(APP),
    }
    resource = f"arn:{partition}:s3:::acme-data/report.csv"
    drawn = _sample(
        principal, keys, "s3:PutObject", resource, APP, kind="service", path="awsnet", service=names[0], behalf=STRANGER
    )
    more = {"organizations": {**drawn.facts.organizations, STRANGER: OTHER}, "region": region}
    paths = {**drawn.facts.paths, STRANGER: PATHS[STRANGER]}
    return Sample(drawn.request, drawn.facts.model_copy(update={**more, "paths": paths}), frozenset())


def _service_names() -> tuple[Breach, ...]:
    people = _rcp(
        "s3:*",
        StringNotEqualsIfExists={"aws:PrincipalOrgID": MINE},
        BoolIfExists={"aws:PrincipalIsAWSService": "false"},
    )
    service = {"aws:PrincipalIsAWSService": "true"}
    named = _rcp("s3:*", Bool=service, StringNotEquals={"aws:PrincipalServiceName": "s3.amazonaws.com"})
    listed = _rcp(
        "s3:*",
        **{
            "Bool": service,
            "ForAllValues:StringNotLike": {"aws:PrincipalServiceNamesList": "*.us-east-1.amazonaws.com"},
        },
    )
    china = _rcp("s3:*", Bool=service, StringNotLike={"aws:PrincipalServiceName": "*.amazonaws.com.cn"})
    scope = _only("O1", "s3:*")
    return (
        Breach(
            "second name of a service", "O1", "s3", _space(rcps=(people, named, listed), scopes=scope),
            _by_service(("s3.amazonaws.com", "s3.us-east-1.amazonaws.com")),
        ),
        Breach(
            "service of China", "O1", "s3", _space(rcps=(people, china), scopes=scope, partition="aws-cn"),
            _by_service(("ec2.amazonaws.com.cn",), "aws-cn", "cn-north-1"),
        ),
    )  # fmt: skip


def _levels() -> Breach:
    """Two branches with the same documents on different levels are not under the same guardrails (3.3)."""

    def allow(service: str) -> Any:
        return document(Kind.SCP, service, [{"Effect": "Allow", "Action": f"{service}:*", "Resource": "*"}])

    queues, buckets = allow("sqs"), allow("s3")
    lower = Unit(id="ou-ab12-strict02", guardrails=Guardrails(scps=(queues,), full_access_scp=False),
                 accounts=(Account(id=SANDBOX),))  # fmt: skip
    strict = Unit(id="ou-ab12-strict01", guardrails=Guardrails(scps=(buckets,)), units=(lower,))
    lower = Unit(id="ou-ab12-loose002", guardrails=Guardrails(scps=(buckets, queues), full_access_scp=False),
                 accounts=(Account(id=APP),))  # fmt: skip
    loose = Unit(id="ou-ab12-loose001", units=(lower,))
    organization = Organization(id=MINE, management_account=MANAGEMENT, root=Unit(id="r-ab12", units=(strict, loose)))
    claims = Perimeter(orgs=(MINE,), accepted=ALL_LIMITS, scopes=_only("O3", "s3:*"))
    space = Workspace(organization=organization, perimeter=claims, name="report", grants_given=True)
    path = organization.path(APP)
    keys = {"aws:PrincipalOrgPaths": (path,), "s3:ResourceAccount": STRANGER, **_owned(STRANGER)}
    drawn = _by_role("s3:PutObject", "arn:aws:s3:::b-666666666666/report.csv", STRANGER, keys)
    facts = drawn.facts.model_copy(update={"paths": {**drawn.facts.paths, APP: path}})
    return Breach("same documents on other levels", "O3", "s3", space, Sample(drawn.request, facts, frozenset()))


BREACHES: tuple[Breach, ...] = (
    _origin_access_identity(),
    _put_events(),
    _pass_role(),
    _managed_key(),
    *_claims_of_sessions(),
    *_shared_without_policy(),
    *_called_via(),
    *_service_names(),
    _levels(),
)

# Reported breaches that the program still calls proved, each with what is wrong. Delete a line when it is repaired.
OPEN: dict[str, str] = {}
