"""What each service is asked: its resources with their policies, as answers that the reader of CLI folders knows.

A resource whose policy may not be read stands there with the reason in place of the policy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from perimeter_smt.collect.answers import Answer, read_policy
from perimeter_smt.collect.aws import Aws, pages
from perimeter_smt.collect.buckets import access_points, multi_region, s3
from perimeter_smt.collect.more_services import (
    apigateway,
    backup,
    codeartifact,
    glue,
    kinesis,
    opensearch,
    pods,
    s3tables,
    tags,
)
from perimeter_smt.collect.sharing import documents, images, ram, rds, snapshots


def iam(aws: Aws, account: str, _: str) -> Iterator[Answer]:
    """Users, groups, roles and managed policies, in one answer."""
    client = aws.client("iam", account=account)
    names = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
    out: dict[str, list[Any]] = {name: [] for name in names}
    for page in client.get_paginator("get_account_authorization_details").paginate():
        for name in names:
            out[name] += page.get(name) or ()
    yield out


def kms(aws: Aws, account: str, region: str) -> Iterator[Answer]:
    """Keys with their policies and grants."""
    client = aws.client("kms", region, account)
    for key in pages(client, "list_keys", "Keys"):
        arn = key["KeyArn"]
        yield read_policy(arn, "Policy", client.get_key_policy, KeyId=arn, PolicyName="default")
        try:
            found = list(pages(client, "list_grants", "Grants", KeyId=arn))
        except Exception:  # the grants of the key stay unknown
            continue
        yield {"Grants": [{**grant, "KeyId": arn} for grant in found], "KeyArn": arn}


def sqs(aws: Aws, account: str, region: str) -> Iterator[Answer]:
    """Queues."""
    client = aws.client("sqs", region, account)
    _, partition = aws.identity()
    for url in pages(client, "list_queues", "QueueUrls"):
        arn = f"arn:{partition}:sqs:{region}:{account}:{url.rsplit('/', 1)[1]}"
        yield read_policy(arn, "Policy", client.get_queue_attributes, QueueUrl=url, AttributeNames=["Policy"])


def sns(aws: Aws, account: str, region: str) -> Iterator[Answer]:
    """Topics."""
    client = aws.client("sns", region, account)
    for topic in pages(client, "list_topics", "Topics"):
        arn = topic["TopicArn"]
        yield read_policy(arn, "Policy", client.get_topic_attributes, TopicArn=arn)


def secretsmanager(aws: Aws, account: str, region: str) -> Iterator[Answer]:
    """Secrets."""
    client = aws.client("secretsmanager", region, account)
    for secret in pages(client, "list_secrets", "SecretList"):
        arn = secret["ARN"]
        yield read_policy(arn, "ResourcePolicy", client.get_resource_policy, SecretId=arn)


def functions(aws: Aws, account: str, region: str) -> Iterator[Answer]:
    """Lambda functions."""
    client = aws.client("lambda", region, account)
    for function in pages(client, "list_functions", "Functions"):
        arn = function["FunctionArn"]
        yield read_policy(arn, "Policy", client.get_policy, FunctionName=arn)


def ecr(aws: Aws, account: str, region: str) -> Iterator[Answer]:
    """Repositories."""
    client = aws.client("ecr", region, account)
    for item in pages(client, "describe_repositories", "repositories"):
        name = item["repositoryName"]
        arn = item["repositoryArn"]
        yield read_policy(arn, "policyText", client.get_repository_policy, repositoryName=name)


def dynamodb(aws: Aws, account: str, region: str) -> Iterator[Answer]:
    """Tables."""
    client = aws.client("dynamodb", region, account)
    _, partition = aws.identity()
    for name in pages(client, "list_tables", "TableNames"):
        arn = f"arn:{partition}:dynamodb:{region}:{account}:table/{name}"
        yield read_policy(arn, "Policy", client.get_resource_policy, ResourceArn=arn)


def events(aws: Aws, account: str, region: str) -> Iterator[Answer]:
    """Event buses."""
    client = aws.client("events", region, account)
    for bus in pages(client, "list_event_buses", "EventBuses"):
        yield {"ResourceArn": bus["Arn"], "Policy": bus.get("Policy") or ""}


def ec2(aws: Aws, account: str, region: str) -> Iterator[Answer]:
    """VPC endpoints with their policies, and who owns the VPCs, shared ones too."""
    client = aws.client("ec2", region, account)
    yield {"VpcEndpoints": list(pages(client, "describe_vpc_endpoints", "VpcEndpoints"))}
    yield {"Vpcs": list(pages(client, "describe_vpcs", "Vpcs"))}
    subnets = pages(client, "describe_subnets", "Subnets")
    # A subnet that is shared with the account belongs to the owner of its VPC.
    yield {"Vpcs": [{"VpcId": s["VpcId"], "OwnerId": s["OwnerId"]} for s in subnets if s.get("OwnerId") != account]}


# Name of the file: what is asked, whether once per account, and what an account without it leaves open.
SERVICES: dict[str, tuple[Callable[[Aws, str, str], Iterator[Answer]], bool]] = {
    "iam": (iam, True),
    "s3": (s3, True),
    "ec2": (ec2, False),
    "kms": (kms, False),
    "sqs": (sqs, False),
    "sns": (sns, False),
    "secretsmanager": (secretsmanager, False),
    "lambda": (functions, False),
    "ecr": (ecr, False),
    "dynamodb": (dynamodb, False),
    "events": (events, False),
    "s3-access-points": (access_points, False),
    "s3-multi-region": (multi_region, True),
    "opensearch": (opensearch, False),
    "apigateway": (apigateway, False),
    "backup": (backup, False),
    "codeartifact": (codeartifact, False),
    "glue": (glue, False),
    "s3tables": (s3tables, False),
    "kinesis": (kinesis, False),
    "eks": (pods, False),
    "tags": (tags, False),
    "ram": (ram, False),
    "images": (images, False),
    "snapshots": (snapshots, False),
    "rds": (rds, False),
    "documents": (documents, False),
}
