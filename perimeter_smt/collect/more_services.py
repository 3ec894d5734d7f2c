"""Services whose policies few calls give: one or two per Region."""

from __future__ import annotations

import json
from collections.abc import Iterator

from perimeter_smt.collect.answers import Answer, read_policy
from perimeter_smt.collect.aws import Aws, pages, reason


def opensearch(aws: Aws, account: str, region: str) -> Iterator[Answer]:
    """Domains with their access policies."""
    client = aws.client("opensearch", region, account)
    _, partition = aws.identity()
    for item in client.list_domain_names().get("DomainNames") or ():
        name = item["DomainName"]
        arn = f"arn:{partition}:es:{region}:{account}:domain/{name}"
        try:
            found = client.describe_domain(DomainName=name)["DomainStatus"]
            yield {"ResourceArn": found.get("ARN", arn), "Policy": found.get("AccessPolicies") or ""}
        except Exception as error:
            yield {"ResourceArn": arn, "NotKnown": reason(error)}


def apigateway(aws: Aws, account: str, region: str) -> Iterator[Answer]:
    """REST APIs with their resource policies; those of HTTP APIs are not AWS's policies."""
    client = aws.client("apigateway", region, account)
    _, partition = aws.identity()
    for item in pages(client, "get_rest_apis", "items"):
        arn = f"arn:{partition}:execute-api:{region}:{account}:{item['id']}"
        yield {"ResourceArn": arn, "Policy": _unescaped(item.get("policy") or "")}


def _unescaped(text: str) -> str:
    """The policy of an API: the service escapes its quotation marks once more."""
    try:
        json.loads(text or "{}")
    except ValueError:
        return text.replace('\\"', '"').replace("\\/", "/")
    return text


def backup(aws: Aws, account: str, region: str) -> Iterator[Answer]:
    """Vaults with their access policies."""
    client = aws.client("backup", region, account)
    for vault in pages(client, "list_backup_vaults", "BackupVaultList"):
        name, arn = vault["BackupVaultName"], vault["BackupVaultArn"]
        yield read_policy(arn, "Policy", client.get_backup_vault_access_policy, BackupVaultName=name)


def codeartifact(aws: Aws, account: str, region: str) -> Iterator[Answer]:
    """Domains and repositories with their permission policies."""
    client = aws.client("codeartifact", region, account)
    for item in pages(client, "list_domains", "domains"):
        if item.get("owner", account) == account:
            ask = client.get_domain_permissions_policy
            yield read_policy(item["arn"], "policy.document", ask, domain=item["name"], domainOwner=account)
    for item in pages(client, "list_repositories", "repositories"):
        if item.get("administratorAccount", account) == account:
            ask = client.get_repository_permissions_policy
            owner = item.get("domainOwner", account)
            yield read_policy(item["arn"], "policy.document", ask, domain=item["domainName"], domainOwner=owner,
                              repository=item["name"])  # fmt: skip


def glue(aws: Aws, account: str, region: str) -> Iterator[Answer]:
    """The policy of the Data Catalog."""
    client = aws.client("glue", region, account)
    _, partition = aws.identity()
    yield read_policy(f"arn:{partition}:glue:{region}:{account}:catalog", "PolicyInJson", client.get_resource_policy)


def s3tables(aws: Aws, account: str, region: str) -> Iterator[Answer]:
    """Table buckets, and tables with policies of their own."""
    client = aws.client("s3tables", region, account)
    for bucket in pages(client, "list_table_buckets", "tableBuckets"):
        arn = bucket["arn"]
        yield read_policy(arn, "resourcePolicy", client.get_table_bucket_policy, tableBucketARN=arn)
        for table in pages(client, "list_tables", "tables", tableBucketARN=arn):
            where = {"namespace": ".".join(table["namespace"]), "name": table["name"], "tableBucketARN": arn}
            yield read_policy(table["tableARN"], "resourcePolicy", client.get_table_policy, **where)


def kinesis(aws: Aws, account: str, region: str) -> Iterator[Answer]:
    """Streams with their policies."""
    client = aws.client("kinesis", region, account)
    _, partition = aws.identity()
    for name in pages(client, "list_streams", "StreamNames"):
        arn = f"arn:{partition}:kinesis:{region}:{account}:stream/{name}"
        yield read_policy(arn, "Policy", client.get_resource_policy, ResourceARN=arn)


def pods(aws: Aws, account: str, region: str) -> Iterator[Answer]:
    """Associations of EKS Pod Identity with their roles and session policies."""
    client = aws.client("eks", region, account)
    for cluster in pages(client, "list_clusters", "clusters"):
        for item in pages(client, "list_pod_identity_associations", "associations", clusterName=cluster):
            which = {"clusterName": cluster, "associationId": item["associationId"]}
            try:
                yield {"association": client.describe_pod_identity_association(**which)["association"]}
            except Exception as error:
                yield {"association": {**item, "NotKnown": reason(error)}}


def tags(aws: Aws, account: str, region: str) -> Iterator[Answer]:
    """The tags of everything that has some."""
    client = aws.client("resourcegroupstaggingapi", region, account)
    yield {"ResourceTagMappingList": list(pages(client, "get_resources", "ResourceTagMappingList"))}
