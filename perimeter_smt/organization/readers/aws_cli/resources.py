"""Resource policies, as the services' answers hold them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from perimeter_smt.organization.readers import acl
from perimeter_smt.organization.readers.aws_cli.answer import Answer, tags_of
from perimeter_smt.organization.readers.draft import NotKnown, multi_region, told
from perimeter_smt.organization.readers.draft.draft import Thing

POLICIES = ("Policy", "ResourcePolicy", "policyText", "PolicyText", "AccessPolicies", "PolicyInJson", "policy",
            "PolicyDocument", "resourcePolicy")  # fmt: skip
ARNS = ("ResourceArn", "resourceArn", "ARN", "Arn", "arn", "QueueArn", "TopicArn", "BackupVaultArn", "KeyArn",
        "TableArn", "FunctionArn", "AccessPointArn", "tableBucketARN")  # fmt: skip
_NONE: Mapping[str, str] = {}
_NAMES = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|mrk-[0-9a-f]{32}")


def with_arn(answer: Answer) -> None:
    """An answer that names its resource by ARN and has its policy beside it."""
    described(answer, answer.value)


def attributes(answer: Answer) -> None:
    """`sqs get-queue-attributes`, `sns get-topic-attributes`."""
    found = answer.value["Attributes"]
    # Topics always have a policy; queues that have none tell the rest.
    if "Policy" not in found and "VisibilityTimeout" not in found:
        found = {**found, "NotKnown": "the answer tells some attributes, not whether there is a `Policy`"}
    described(answer, found)


def domain(answer: Answer) -> None:
    """`opensearch describe-domain`."""
    found = answer.value["DomainStatus"]
    described(answer, {"NotKnown": "the answer has no `AccessPolicies`", **found}
              if "AccessPolicies" not in found else found)  # fmt: skip


def described(answer: Answer, found: dict[str, Any]) -> Thing | None:
    """A resource with what one answer says of it."""
    arn = next((found[name] for name in ARNS if isinstance(found.get(name), str)), None)
    if arn is None or arn.count(":") < 5:
        return None
    policy: object = next((found[name] for name in POLICIES if found.get(name) not in (None, "")), None)
    named = [name for name in POLICIES if name in found]
    if "NotKnown" in found:  # by `perimeter collect`
        policy = NotKnown(str(found["NotKnown"]))
    elif named and all(found[name] is None for name in named):
        policy = NotKnown(f"the answer has `{named[0]}: null`")
    account = arn.split(":", 5)[4] or answer.account
    return _told(answer, arn, account, policy, tags_of(found.get("Tags")), tagged="Tags" in found)


def _told(
    answer: Answer, arn: str, account: str, policy: object, tags: Mapping[str, str] = _NONE, *, tagged: bool = False
) -> Thing:
    """A resource of which the answer tells the policy (None: it has none); whether it tells the tags, too."""
    if not tagged:
        answer.draft.untagged.setdefault(arn, answer.at)
    policy = told.policy_of(answer.draft, arn, policy, answer.at)
    return answer.draft.resource(arn, account, answer.at, policy=policy, tags=tags)


def policy_alone(answer: Answer) -> None:
    """`get-bucket-policy`, `get-key-policy`, `lambda get-policy`: the text, or the file, tells of what."""
    text = answer.value.get("Policy") or answer.value.get("policy")
    arn = _arn_of(answer, text)
    if arn is None:
        answer.draft.unknown("resource policy", "neither the policy nor the name of its file tells of which resource",
                             "grants", answer.at, account=answer.account or "*", holds="resource")  # fmt: skip
        return
    _told(answer, arn, arn.split(":", 5)[4] or answer.account, text)


def _arn_of(answer: Answer, text: Any) -> str | None:
    if (point := multi_region.named_in(text)) is not None:
        return point
    own = answer.value.get("Bucket") or answer.value.get("BucketName")
    if own:
        return f"arn:{answer.partition}:s3:::{own}"
    try:
        value = orjson.loads(text) if isinstance(text, str) else text
        statements = value["Statement"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    found: set[str] = set()
    for statement in statements if isinstance(statements, list) else [statements]:
        resources = statement.get("Resource", ())
        found.update(whole(r) for r in ([resources] if isinstance(resources, str) else resources))
    if len(found) == 1 and (arn := found.pop()).count(":") >= 5 and "*" not in arn:
        return arn
    key = _NAMES.findall(answer.name)
    if key and answer.account and answer.region:
        return f"arn:{answer.partition}:kms:{answer.region}:{answer.account}:key/{key[-1]}"
    return None


def whole(arn: str) -> str:
    """The resource that has the policy: the bucket of objects, the function of an alias."""
    fields = arn.split(":", 5)
    if len(fields) < 6:
        return arn
    if fields[2] == "s3" and not fields[4]:
        return arn.split("/", 1)[0]
    if fields[2] == "lambda":
        return ":".join(arn.split(":")[:7])
    return arn


def repository(answer: Answer) -> None:
    """`ecr get-repository-policy`: the Region stands in the path of the file."""
    found = answer.value
    if not answer.region:
        answer.draft.unknown(f"policy of repository `{found['repositoryName']}`", "its Region is not told", "grants",
                             answer.at, account=found["registryId"], holds="resource")  # fmt: skip
        return
    arn = f"arn:{answer.partition}:ecr:{answer.region}:{found['registryId']}:repository/{found['repositoryName']}"
    _told(answer, arn, found["registryId"], found["policyText"])


def key(answer: Answer) -> None:
    """`kms describe-key`: the policy is another answer."""
    found = answer.value["KeyMetadata"]
    thing = answer.draft.resource(found["Arn"], found.get("AWSAccountId", ""), answer.at)
    if thing.policy is None:
        thing.policy = NotKnown("text not told")


def access_point(answer: Answer) -> None:
    """`s3control get-access-point`."""
    found = answer.value
    arn = found["AccessPointArn"]
    policy = NotKnown(str(found["NotKnown"])) if "NotKnown" in found else found.get("Policy") or None
    thing = _told(answer, arn, arn.split(":", 5)[4], policy)
    thing.origin = {"VPC": "vpc", "Internet": "internet"}.get(found["NetworkOrigin"])
    thing.vpc = (found.get("VpcConfiguration") or {}).get("VpcId")
    thing.bucket = found.get("Bucket")
    blocked = found.get("PublicAccessBlockConfiguration") or {}
    thing.block_public_access = told.block(thing.block_public_access, bool(blocked.get("RestrictPublicBuckets")))


_OF_WHICH = "neither the answer nor a member `Bucket` beside it tells of which bucket"


def ownership(answer: Answer) -> None:
    """`s3api get-bucket-ownership-controls`: whether access control lists count; which bucket stands beside it."""
    for rule in (answer.value["OwnershipControls"] or {}).get("Rules") or ():
        if answer.value.get("Bucket"):
            acl.tell(_bucket(answer), ownership=rule.get("ObjectOwnership"))
        elif rule.get("ObjectOwnership") != acl.ENFORCED:
            answer.draft.unknown("object ownership", _OF_WHICH, "grants", answer.at, holds="resource")


def access_list(answer: Answer) -> None:
    """`s3api get-bucket-acl`; which bucket stands beside it."""
    found = acl.entries(answer.value["Grants"] or (), (answer.value["Owner"] or {}).get("ID"))
    if answer.value.get("Bucket"):
        acl.tell(_bucket(answer), entries=found, ownership=None if found is not None else "ObjectWriter")
    elif found != ():
        answer.draft.unknown("access control list", _OF_WHICH, "grants", answer.at, holds="resource")


def _bucket(answer: Answer) -> Thing:
    return answer.draft.resource(f"arn:{answer.partition}:s3:::{answer.value['Bucket']}", answer.account, answer.at)


def public_access(answer: Answer) -> None:
    """`get-public-access-block` of a bucket (named in the answer), or of an account."""
    on = bool(answer.value["PublicAccessBlockConfiguration"].get("RestrictPublicBuckets"))
    ignored = answer.value["PublicAccessBlockConfiguration"].get("IgnorePublicAcls")
    bucket = answer.value.get("Bucket")
    if bucket:
        thing = answer.draft.resource(f"arn:{answer.partition}:s3:::{bucket}", answer.account, answer.at)
        thing.block_public_access = told.block(thing.block_public_access, on)
        acl.tell(thing, ignored=ignored)
        return
    account = answer.value.get("AccountId")
    stem = answer.name.rsplit("/", 1)[-1]
    if account is None and "bucket" not in stem and any(word in stem for word in ("account", "s3control")):
        account = answer.account
    if account:
        answer.draft.restrict(account, on=on)
        answer.draft.ignore_acls(account, ignored)
    elif on:
        reason = "neither the answer nor the name of its file tells of which bucket or account: taken to be off"
        answer.draft.unknown("Block Public Access", reason, "guardrails", answer.at)


def abac(answer: Answer) -> None:
    """`s3api get-bucket-abac`: whether tags of the bucket count; which bucket stands beside it."""
    bucket = answer.value.get("Bucket")
    if bucket:
        thing = answer.draft.resource(f"arn:{answer.partition}:s3:::{bucket}", answer.account, answer.at)
        thing.abac = answer.value["AbacStatus"].get("Status") == "Enabled"


def tags(answer: Answer) -> None:
    """`resourcegroupstaggingapi get-resources`: tags of what other answers hold."""
    for item in answer.value["ResourceTagMappingList"]:
        answer.draft.tags.setdefault(item["ResourceARN"], {}).update(tags_of(item.get("Tags")))
    if answer.account and answer.region:
        where = answer.draft.tags_cut if answer.cut else answer.draft.tags_listed
        where.add((answer.account, answer.region))


def not_known(answer: Answer) -> None:
    """What `perimeter collect` could not read and nothing else stands for."""
    answer.draft.unknown(answer.value["Unknown"], str(answer.value["NotKnown"]), "grants", answer.at)


def grants(answer: Answer) -> None:
    """`kms list-grants`."""
    from perimeter_smt.organization.model import KeyGrant

    found: dict[str, list[KeyGrant]] = {}
    for item in answer.value["Grants"]:
        grant = KeyGrant(
            grantee=item["GranteePrincipal"],
            retiring=item.get("RetiringPrincipal"),
            operations=tuple(item.get("Operations") or ()),
            constrained=bool(item.get("Constraints")),
        )
        found.setdefault(item["KeyId"], []).append(grant)
    if own := answer.value.get("KeyArn"):  # by `perimeter collect`: also where a key has none
        found.setdefault(own, [])
    for arn, granted in found.items():
        if arn.startswith("arn:"):
            thing = answer.draft.resource(arn, arn.split(":", 5)[4], answer.at)
            thing.grants = tuple(dict.fromkeys((*(thing.grants or ()), *granted)))
            if answer.cut:
                answer.draft.grants_cut.add(arn)
                answer.draft.unknown(f"grants of `{arn}`", "the answer has more pages", "grants", answer.at,
                                     holds="resource", subject=arn)  # fmt: skip
            thing.policy = thing.policy or NotKnown("text not told")
