"""S3: buckets, access points and what the account says of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from perimeter_smt.collect.answers import Answer, read_policy
from perimeter_smt.collect.aws import Aws, code, pages, reason

_NO_CONTROLS = "OwnershipControlsNotFoundError"
_NO_POLICY = "NoSuchMultiRegionAccessPointPolicy"
_REPORT = ("Name", "Alias", "Regions", "PublicAccessBlock")  # of a Multi-Region Access Point
_NO_BLOCK = "NoSuchPublicAccessBlockConfiguration"


def s3(aws: Aws, account: str, _: str) -> Iterator[Answer]:
    """Buckets with their policies, RestrictPublicBuckets, that of the account too, and whether their tags count."""
    client = aws.client("s3", account=account)
    _, partition = aws.identity()
    control = aws.client("s3control", account=account)
    try:
        yield {"AccountId": account, **_block(control.get_public_access_block(AccountId=account))}
    except Exception as error:
        if code(error) != _NO_BLOCK:
            yield {"Unknown": f"Block Public Access of account `{account}`", "NotKnown": reason(error)}
    for bucket in client.list_buckets().get("Buckets") or ():
        name = bucket["Name"]
        yield read_policy(f"arn:{partition}:s3:::{name}", "Policy", client.get_bucket_policy, Bucket=name)
        with suppress(Exception):  # none, or not known: then it is not taken to be on
            yield {"Bucket": name, **_block(client.get_public_access_block(Bucket=name))}
        yield from _lists(client, name)
        if hasattr(client, "get_bucket_abac"):  # since November 2025
            with suppress(Exception):  # not known: then it stays open whether tags count
                status = client.get_bucket_abac(Bucket=name).get("AbacStatus") or {}
                yield {"Bucket": name, "AbacStatus": {"Status": status.get("Status", "Disabled")}}


def _lists(client: Any, bucket: str) -> Iterator[Answer]:
    """Whether access control lists of a bucket count, and its own; a bucket without controls is from before 2023."""
    try:
        found = client.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
        yield {"Bucket": bucket, "OwnershipControls": {"Rules": found.get("Rules") or []}}
    except Exception as error:  # not known: then they are presumed to be disabled, and proofs say so
        if code(error) == _NO_CONTROLS:
            yield {"Bucket": bucket, "OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}}
    with suppress(Exception):
        told = client.get_bucket_acl(Bucket=bucket)
        yield {"Bucket": bucket, "Owner": told.get("Owner") or {}, "Grants": told.get("Grants") or []}


def _block(found: Answer) -> Answer:
    return {"PublicAccessBlockConfiguration": found["PublicAccessBlockConfiguration"]}


def access_points(aws: Aws, account: str, region: str) -> Iterator[Answer]:
    """Access points with their origin, the bucket behind them, and their policies."""
    client = aws.client("s3control", region, account)
    _, partition = aws.identity()
    for point in pages(client, "list_access_points", "AccessPointList", AccountId=account):
        name = point["Name"]
        arn = f"arn:{partition}:s3:{region}:{account}:accesspoint/{name}"
        told: dict[str, Any] = {**point, "AccessPointArn": arn, "NetworkOrigin": point.get("NetworkOrigin", "")}
        with suppress(Exception):  # else what the list tells stays
            more = client.get_access_point(AccountId=account, Name=name)
            names = ("NetworkOrigin", "VpcConfiguration", "Bucket", "PublicAccessBlockConfiguration")
            told |= {key: more[key] for key in names if key in more}
        policy = read_policy(arn, "Policy", client.get_access_point_policy, AccountId=account, Name=name)
        yield {**told, **policy}


def multi_region(aws: Aws, account: str, _: str) -> Iterator[Answer]:
    """Multi-Region Access Points, which are asked about in one Region alone (S3 guide, restrictions), and nowhere else.

    There are none outside the partition `aws`: the guide lists the Regions that have them.
    """
    _, partition = aws.identity()
    if partition != "aws":
        return
    client = aws.client("s3control", "us-west-2", account)
    for point in pages(client, "list_multi_region_access_points", "AccessPoints", AccountId=account):
        told: dict[str, Any] = {"AccessPoint": {name: point.get(name) for name in _REPORT}}
        try:
            found = client.get_multi_region_access_point_policy(AccountId=account, Name=point["Name"])["Policy"]
            yield {**told, "Policy": found}
        except Exception as error:
            none = code(error) == _NO_POLICY
            yield {**told, **({"Policy": ""} if none else {"NotKnown": reason(error)})}
