"""Kinds of resources with policies, what lies in them, and which policy governs what (world W-3 to W-5).

Written from the services' pages on resource-based policies; `encodings/keys` was not read for it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple


class Part(NamedTuple):
    """Something that the policy of a resource governs: its resource type, its ARN below the listed one, actions."""

    type: str
    below: str  # template with {arn}, {region}, {account}, {name}
    actions: tuple[str, ...]


class Kind(NamedTuple):
    """A kind of resource that has a policy. `whole` are the actions on the resource itself."""

    name: str
    service: str
    arn: str
    parts: tuple[Part, ...]


_REGIONAL = "arn:aws:{service}:{region}:{account}:"

# Sources: SQS, SNS, Secrets Manager, Lambda (fine-tuning), DynamoDB, OpenSearch (access control), API Gateway,
# EventBridge, S3, S3 Tables, Kinesis, CodeArtifact, ECR, KMS guides; IAM guide for role trust policies.
KINDS = (
    Kind("queue", "sqs", "arn:aws:sqs:{region}:{account}:{name}", (
        Part("queue", "{arn}", ("sqs:SendMessage", "sqs:ReceiveMessage")),)),
    Kind("topic", "sns", "arn:aws:sns:{region}:{account}:{name}", (Part("topic", "{arn}", ("sns:Publish",)),)),
    Kind("secret", "secretsmanager", "arn:aws:secretsmanager:{region}:{account}:secret:{name}-a1B2c3", (
        Part("Secret", "{arn}", ("secretsmanager:GetSecretValue",)),)),
    Kind("bucket", "s3", "arn:aws:s3:::{name}-{account}", (
        Part("bucket", "{arn}", ("s3:ListBucket", "s3:ListBucketVersions", "s3:GetBucketAcl", "s3:PutBucketAcl")),
        Part("object", "{arn}/report.csv", ("s3:GetObject", "s3:PutObject", "s3:GetObjectAcl")))),
    Kind("table", "dynamodb", "arn:aws:dynamodb:{region}:{account}:table/{name}", (
        Part("table", "{arn}", ("dynamodb:GetItem", "dynamodb:Query")),
        Part("index", "{arn}/index/by-day", ("dynamodb:Query", "dynamodb:Scan")))),
    Kind("domain", "es", "arn:aws:es:{region}:{account}:domain/{name}", (
        Part("domain", "{arn}/logs/_search", ("es:ESHttpGet", "es:ESHttpPost")),)),
    Kind("api", "execute-api", "arn:aws:execute-api:{region}:{account}:a1b2c3{digits}", (
        Part("execute-api-general", "{arn}/prod/GET/pets", ("execute-api:Invoke",)),)),
    Kind("bus", "events", "arn:aws:events:{region}:{account}:event-bus/{name}", (
        Part("event-bus", "{arn}", ("events:PutEvents",)),
        Part("rule-on-custom-event-bus", _REGIONAL + "rule/{name}/copy", ("events:PutRule", "events:PutTargets")))),
    Kind("table bucket", "s3tables", "arn:aws:s3tables:{region}:{account}:bucket/{name}", (
        Part("Table", "{arn}/table/5a6b7c8d-0000-1111-2222-333344445555", ("s3tables:GetTableData",)),)),
    Kind("function", "lambda", "arn:aws:lambda:{region}:{account}:function:{name}", (
        Part("function", "{arn}", ("lambda:InvokeFunction",)),
        # A version or alias has a policy of its own; one given for the function without qualifier is asked for
        # calls without qualifier (Lambda guide, resource-based policies), and a caller of the same account needs none.
        Part("function", "{arn}:PROD", ("lambda:InvokeFunction",)))),
    Kind("stream", "kinesis", "arn:aws:kinesis:{region}:{account}:stream/{name}", (
        Part("stream", "{arn}", ("kinesis:PutRecord", "kinesis:GetRecords")),)),
    Kind("repository", "codeartifact", "arn:aws:codeartifact:{region}:{account}:repository/acme/{name}", (
        Part("repository", "{arn}", ("codeartifact:ReadFromRepository",)),
        Part("package", _REGIONAL + "package/acme/{name}/npm/web/left-pad", ("codeartifact:PublishPackageVersion",)))),
    Kind("images", "ecr", "arn:aws:ecr:{region}:{account}:repository/{name}", (
        Part("repository", "{arn}", ("ecr:BatchGetImage",)),)),
    Kind("key", "kms", "arn:aws:kms:{region}:{account}:key/0a1b2c3d-0000-1111-2222-33334444{digits}", (
        Part("key", "{arn}", ("kms:Decrypt", "kms:DescribeKey")),)),
    # One policy of the catalog decides its databases and tables (Glue guide, resource policies); the policy of a log
    # group decides its streams (CloudWatch Logs API reference, PutResourcePolicy).
    Kind("catalog", "glue", "arn:aws:glue:{region}:{account}:catalog", (
        Part("catalog", "{arn}", ("glue:GetDatabases", "glue:GetCatalogImportStatus")),
        Part("database", _REGIONAL + "database/{name}", ("glue:GetDatabase",)),
        Part("table", _REGIONAL + "table/{name}/daily", ("glue:GetTable",)))),
    Kind("log group", "logs", "arn:aws:logs:{region}:{account}:log-group:{name}", (
        Part("log-group", "{arn}:log-stream:", ("logs:FilterLogEvents", "logs:StartQuery")),
        Part("log-stream", "{arn}:log-stream:first", ("logs:PutLogEvents", "logs:GetLogEvents")))),
    Kind("role", "sts", "arn:aws:iam::{account}:role/{name}", (Part("role", "{arn}", ("sts:AssumeRole",)),)),
)  # fmt: skip
SINGLE = ("catalog",)  # one in each Region of an account
GLOBAL = ("bucket", "role")  # their ARNs have no Region
# A qualifier has a policy of its own: nobody can say that the policy of the function speaks for it (W-5).
_QUALIFIED = re.compile(r"(arn:[^:]+:lambda:[^:]*:[0-9]{12}:function:[^:]+):([^:]+)")


def listed_arn(kind: Kind, *, name: str, region: str, account: str) -> str:
    """The ARN under which a resource of this kind is listed."""
    digits = "5555" if name == "orders" else "6666"
    return kind.arn.format(service=kind.service, name=name, region=region, account=account, digits=digits)


def part_arn(kind: Kind, part: Part, *, name: str, region: str, account: str) -> str:
    """The ARN that a call on this part names."""
    arn = listed_arn(kind, name=name, region=region, account=account)
    return part.below.format(arn=arn, service=kind.service, name=name, region=region, account=account)


@lru_cache(maxsize=1)
def _shapes() -> tuple[re.Pattern[str], ...]:
    out = []
    for kind in KINDS:
        for part in kind.parts:
            text = part_arn(kind, part, name="NAME", region="REGION", account="ACCOUNT")
            text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|a1b2c3[0-9]{4}", "NAME", text)
            text = re.escape(text.replace("-a1B2c3", "").replace("NAME-ACCOUNT", "NAME"))
            out.append(
                re.compile(text.replace("NAME", "[^:]+").replace("REGION", "[^:]*").replace("ACCOUNT", "[0-9]*"))
            )
    return tuple(out)


def has_kind(asked: str) -> bool:
    """Whether the ARN is of a kind that this model knows: of others it cannot say that they do not exist.

    Table buckets whose name begins with `aws` are AWS's own (S3 guide, table bucket naming rules): nobody lists them.
    """
    if asked.startswith("arn:aws:s3tables:") and ":bucket/aws" in asked:
        return False
    return any(shape.fullmatch(asked) for shape in _shapes())


def within(listed: str, asked: str) -> bool:
    """Whether the listed resource is the asked one or a container of it: no other Region, no other account."""
    if listed == asked:
        return True
    service = listed.split(":")[2]
    tail = listed.split(":", 5)[5]
    head = ":".join(listed.split(":")[:5])
    match service:
        case "s3" | "es" | "execute-api":
            return asked.startswith(listed + "/")
        case "dynamodb":
            return asked.startswith((listed + "/index/", listed + "/stream/"))
        case "s3tables":
            return asked.startswith(listed + "/table/")
        case "events":
            return asked.startswith(f"{head}:rule/{tail.removeprefix('event-bus/')}/")
        case "glue":
            return tail == "catalog" and asked.startswith((f"{head}:database/", f"{head}:table/"))
        case "logs":
            return asked.startswith(listed + ":log-stream:")
        case "lambda":
            return bool((found := _QUALIFIED.fullmatch(asked)) and found[1] == listed)
        case "codeartifact":
            return asked.startswith(f"{head}:package/{tail.removeprefix('repository/')}/")
    return False


def is_open(asked: str) -> bool:
    """Whether nobody can say which policies speak for what is called.

    Versions and aliases of functions have policies of their own, log groups those of their account beside, and what
    lies in a catalog may be shared in other ways.
    """
    return _QUALIFIED.fullmatch(asked) is not None or asked.split(":")[2:3] in (["logs"], ["glue"])
