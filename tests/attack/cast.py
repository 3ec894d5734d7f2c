"""The small cast of the attack: accounts, organizations, endpoints, names, and calls with resources that fit."""

from __future__ import annotations

import re
from functools import lru_cache
from random import Random
from typing import NamedTuple

from perimeter_smt.request import actions

MINE, OTHER = "o-myorg00001", "o-other00001"
MANAGEMENT, APP, DATA, SANDBOX, UNLISTED = (
    *("999999999999", "111111111111", "222222222222"),
    *("333333333333", "444444444444"),
)
PARTNER, STRANGER, LONER = "555555555555", "666666666666", "777777777777"
MEMBERS = (APP, DATA, SANDBOX)
OUTSIDERS = (PARTNER, STRANGER, LONER)
ORGANIZATIONS: dict[str, str | None] = {
    **dict.fromkeys((MANAGEMENT, *MEMBERS, UNLISTED), MINE),
    **dict.fromkeys((PARTNER, STRANGER), OTHER),
    LONER: None,
}
PATHS = {
    MANAGEMENT: f"{MINE}/r-ab12/",
    APP: f"{MINE}/r-ab12/ou-ab12-work0001/",
    DATA: f"{MINE}/r-ab12/ou-ab12-work0001/ou-ab12-data0001/",
    SANDBOX: f"{MINE}/r-ab12/ou-ab12-sand0001/",
    UNLISTED: f"{MINE}/r-ab12/",
    PARTNER: f"{OTHER}/r-zz99/ou-zz99-part0001/",
    STRANGER: f"{OTHER}/r-zz99/ou-zz99-stra0001/",
}

SERVICES = (
    *("s3", "sqs", "sns", "kms", "dynamodb", "lambda", "sts", "iam", "ec2", "secretsmanager"),
    *("ebs", "events", "athena", "ssm"),
)
# Semantics 4.4, without the services that only some copies of AWS's page name; written down again on purpose.
L_ARN = frozenset({"athena", "ebs", "iam", "kms", "lambda", "s3", "ssm-contacts"})
L_ACCT = L_ARN | {"dynamodb"}
L_ORG = L_ACCT | {"sqs"}
L_PATHS = L_ACCT
# Semantics 4.5, list E, as far as it touches the services above.
NO_OWNER = frozenset({
    "ec2:accepttransitgatewaypeeringattachment", "ec2:createtransitgatewaypeeringattachment",
    "ec2:acceptvpcendpointconnections", "ec2:acceptvpcpeeringconnection", "ec2:createvpcendpoint",
    "ec2:createvpcpeeringconnection",
})  # fmt: skip
RCP_SERVICES = frozenset({"s3", "sqs", "kms", "dynamodb", "sts", "secretsmanager", "events"})
# Where another account can be let in at all (3.4): by a resource policy, or by a share of the service's own.
POLICIES = frozenset({
    "s3", "sqs", "sns", "kms", "dynamodb", "lambda", "sts", "ec2", "secretsmanager", "events", "ssm", "glue", "logs",
})  # fmt: skip
SHARED = POLICIES | {"ebs"}
UNSIGNED = frozenset({"s3", "sqs", "sns", "lambda"})
AWS_OWNED = frozenset({"ssm", "iam", "ec2", "s3", "lambda"})
CROSS_REGION = frozenset({"s3", "kms", "lambda", "iam"})  # AN9: services with cross-Region endpoints

OFFICE, CAFE, PRIVATE, AWS_ADDRESS = "203.0.113.7", "198.51.100.9", "10.1.2.3", "52.94.1.1"
OFFICE6, CAFE6 = "2001:db8:1::7", "2001:db8:2::7"
REGIONS = ("us-east-1", "eu-west-1")
SERVICE_PRINCIPALS = ("cloudtrail.amazonaws.com", "s3.amazonaws.com", "sns.amazonaws.com", "evil-new.amazonaws.com")
TRAIL_CONTEXT = "kms:EncryptionContext:aws:cloudtrail:arn"


class Endpoint(NamedTuple):
    """A VPC endpoint of the world; `mine` says who owns it, `listed` whether a workspace may name it."""

    id: str
    account: str
    vpc: str
    vpc_account: str
    region: str


ENDPOINTS = {
    "a": Endpoint("vpce-0a00000000000000a", APP, "vpc-0a000000000000001", APP, "us-east-1"),
    "b": Endpoint("vpce-0a00000000000000b", DATA, "vpc-0a000000000000001", APP, "us-east-1"),  # a shared subnet
    "mgmt": Endpoint("vpce-0a00000000000000c", MANAGEMENT, "vpc-0a000000000000003", MANAGEMENT, "us-east-1"),
    "unlisted": Endpoint("vpce-0a00000000000000d", SANDBOX, "vpc-0a000000000000004", SANDBOX, "eu-west-1"),
    # Subnets are shared inside one organization only (VPC guide), so that nobody's guest is an outsider.
    # The id of my VPC, in another Region, is anybody's.
    "twin": Endpoint("vpce-0e000000000000002", STRANGER, "vpc-0a000000000000001", STRANGER, "eu-west-1"),
    "stranger": Endpoint("vpce-0e000000000000003", STRANGER, "vpc-0e000000000000002", STRANGER, "us-east-1"),
    "loner": Endpoint("vpce-0e000000000000004", LONER, "vpc-0e000000000000003", LONER, "us-east-1"),
}
# AR9: these buckets have one owner, whoever calls.
BUCKETS = {"acme-data": APP, "acme-logs": DATA, "partner-inbox": PARTNER, "aws-tools-us-east-1": "aws"}
NAMES = ("orders", "acme-x", "app/red", "secret-plan", "exchange")


class Call(NamedTuple):
    """An action with one of its resource types; none for the token `*`."""

    action: str
    service: str
    type: str | None
    arn: str | None
    keys: frozenset[str]


_HOLE = re.compile(r"\$\{(\w+)\}")


@lru_cache(maxsize=64)
def calls(service: str) -> tuple[Call, ...]:
    """Every pair of action and resource type of a service."""
    out = []
    for info in actions.actions(service):
        own = {key.lower() for key in info.condition_keys}
        name = f"{service}:{info.name}"
        if not info.resource_types:  # types that are all optional are alternatives: one of them is named
            out.append(Call(name, service, None, None, frozenset(own)))
        for use in info.resource_types:
            kind = actions.resource_type(service, use.type)
            # Multi-Region Access Points have worlds of their own, by hand (`directed/by_hand.py`).
            several = use.type.startswith("multiregionaccesspoint")
            if kind is None or "${" in kind.arn.split(":")[2] or several or ".mrap" in kind.arn:
                continue
            keys = own | {key.lower() for key in (*use.condition_keys, *kind.condition_keys)}
            out.append(Call(name, service, use.type, kind.arn, frozenset(keys)))
    return tuple(out)


FAVOURITES = frozenset({
    "s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:PutBucketPolicy", "sqs:SendMessage", "sqs:ListQueues",
    "sns:Publish", "kms:Decrypt", "kms:CreateGrant", "kms:RetireGrant", "dynamodb:GetItem", "lambda:InvokeFunction",
    "sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity", "sts:TagSession",
    "sts:GetSessionToken",
    "sts:SetSourceIdentity", "iam:PassRole", "iam:GetPolicy", "ec2:CreateVpcEndpoint", "ec2:RunInstances",
    "secretsmanager:GetSecretValue", "ebs:GetSnapshotBlock", "events:PutEvents", "athena:StartQueryExecution",
    "ssm:GetParameter", "ec2:CreateTags", "s3:ListAllMyBuckets",
})  # fmt: skip


@lru_cache(maxsize=64)
def _favourites(service: str) -> tuple[Call, ...]:
    return tuple(call for call in calls(service) if call.action in FAVOURITES)


def pick_call(rng: Random, services: tuple[str, ...]) -> Call:
    """A call of one of the services; those that guardrails speak about more often."""
    service = rng.choice(services)
    few = _favourites(service)
    return rng.choice(few) if few and rng.random() < 0.6 else rng.choice(calls(service))


def resource_of(rng: Random, call: Call, owner: str, region: str) -> str:
    """An ARN that fits the call; `owner` may be `aws`."""
    if call.arn is None:
        return "*"

    def fill(found: re.Match[str]) -> str:
        name = found.group(1)
        match name:
            case "Partition":
                return "aws"
            case "Region":
                return region
            case "Account":
                return owner
            case "BucketName":
                return rng.choice([n for n, o in BUCKETS.items() if o == owner] + [f"b-{owner}", f"pub-{owner[-4:]}"])
            case "RoleNameWithPath" | "RoleName":
                slr = rng.random() < 0.1
                return (
                    "aws-service-role/x.amazonaws.com/SLR"
                    if slr
                    else rng.choice(("Admin", "app/Worker", "break-glass"))
                )
            case "ParameterNameWithoutLeadingSlash":
                return "aws/service/ami" if owner == "aws" else rng.choice(("db/password", "red"))
            case "ObjectName":
                return rng.choice(("report.csv", "red/x", "a:b"))
        return rng.choice(NAMES)

    arn = _HOLE.sub(fill, call.arn)
    if owner == "aws" and call.service == "ssm":
        arn = arn.replace(":aws:", "::")
    return arn
