"""Answers as people keep them: cut by `--query` or jq, empty, of failed commands, in other forms and names of files."""

from __future__ import annotations

import json

import pytest
from ruamel.yaml import YAML

from perimeter_smt.organization.readers import SourceOptions, read_source

ORG, MANAGEMENT, OWN, OTHER = "o-acme0000001", "999900001111", "111122223333", "444455556666"
KEY = f"arn:aws:kms:eu-west-1:{OWN}:key/0a000000-0000-4000-8000-000000000001"
QUEUE = f"arn:aws:sqs:eu-west-1:{OWN}:orders"


def says(effect="Allow", **more):
    return {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": "*", "Resource": "*", **more}]}


TRUST = says(Principal={"Service": "ec2.amazonaws.com"}, Action="sts:AssumeRole")
del TRUST["Statement"][0]["Resource"]
ROLE = {"Arn": f"arn:aws:iam::{OWN}:role/orders", "AssumeRolePolicyDocument": TRUST, "RolePolicyList": [],
        "AttachedManagedPolicies": [], "Tags": []}  # fmt: skip
USER = {"Arn": f"arn:aws:iam::{OWN}:user/alice", "UserName": "alice", "GroupList": [], "AttachedManagedPolicies": [],
        "Tags": []}  # fmt: skip
OPEN = json.dumps(says(Principal="*"))
ENDPOINT = {"VpcEndpointId": "vpce-0a000000000000001", "VpcId": "vpc-0ac00000000000001", "OwnerId": OWN,
            "ServiceName": "com.amazonaws.eu-west-1.sqs", "PolicyDocument": OPEN}  # fmt: skip
QUEUES = {"Attributes": {"QueueArn": QUEUE, "VisibilityTimeout": "30", "Policy": OPEN}}
TREE = {"org.json": {"Organization": {"Id": ORG, "MasterAccountId": MANAGEMENT}},
        "accounts.json": {"Accounts": [{"Id": own, "Name": "x"} for own in (MANAGEMENT, OWN, OTHER)]}}  # fmt: skip
ON = {"PublicAccessBlockConfiguration": {"RestrictPublicBuckets": True}}


def without(found, name):
    return {key: value for key, value in found.items() if key != name}


def read(tmp_path, files, **options):
    for name, value in {**TREE, **files}.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(value if isinstance(value, bytes) else json.dumps(value, indent=2).encode())
    return read_source(tmp_path, SourceOptions(**options))


def account(found, own=OWN):
    return next(a for a, _ in found.organization.accounts() if a.id == own)


def named(found, *words):
    return [u for u in found.unknowns if all(word in f"{u.name}: {u.reason}" for word in words)]


@pytest.mark.parametrize(("answer", "words"), [
    ({"RoleDetailList": [without(ROLE, "AttachedManagedPolicies")]}, ("role/orders", "AttachedManagedPolicies")),
    ({"RoleDetailList": [without(ROLE, "RolePolicyList")]}, ("role/orders", "RolePolicyList")),
    ({"UserDetailList": [without(USER, "GroupList")]}, ("user/alice", "GroupList")),
    ({"VpcEndpoints": [without(ENDPOINT, "PolicyDocument")]}, ("vpce-0a000000000000001", "PolicyDocument")),
    ({"Attributes": {"TopicArn": f"arn:aws:sns:eu-west-1:{OWN}:orders"}}, (":orders", "not whether")),
    ({"DomainStatus": {"ARN": f"arn:aws:es:eu-west-1:{OWN}:domain/d"}}, ("domain/d", "AccessPolicies")),
    ({"KeyArn": KEY, "Policy": None}, (KEY, "null")),
])  # fmt: skip
def test_what_somebody_left_out_is_not_empty(tmp_path, answer, words):
    """A member that AWS always writes was taken to say that there is nothing."""
    found = read(tmp_path, {"answer.json": answer})
    assert named(found, *words)
    assert not account(found).principals
    assert not account(found).resources


def test_users_without_inline_policies_have_none(tmp_path):
    """IAM leaves `UserPolicyList` out where there are none: examples of its documentation."""
    found = read(tmp_path, {"iam.json": {"UserDetailList": [USER], "RoleDetailList": [ROLE]}})
    assert len(account(found).principals) == 2
    assert not named(found, "alice")


def test_full_access_that_jq_took_away(tmp_path):
    """A list of the SCPs of a target without AWS's own: the level allowed nothing, so that all was proved."""
    summary = {"Id": "p-aaaa1111", "Name": "net", "Type": "SERVICE_CONTROL_POLICY"}
    found = read(tmp_path, {
        "roots.json": {"Roots": [{"Id": "r-ac00"}]},
        "scp.json": {"Policy": {"PolicySummary": summary, "Content": json.dumps(says("Deny", Action="s3:*"))}},
        "policies-r-ac00.json": {"Policies": [summary]},
    })  # fmt: skip
    assert found.organization.root.guardrails.full_access_scp
    assert named(found, "FullAWSAccess", "r-ac00")


@pytest.mark.parametrize(("name", "answer", "on"), [
    (f"{OWN}/s3/orders/get-public-access-block.json", ON, False),
    (f"{OWN}/account-public-access-block.json", ON, True),
    (f"{OWN}/block.json", {"AccountId": OWN, **ON}, True),
    (f"{OWN}/bucket-of-account.json", ON, False),
])  # fmt: skip
def test_of_which_bucket_or_account_public_access_is_blocked(tmp_path, name, answer, on):
    """The block of a bucket in a folder without the word `bucket` was that of its account."""
    found = read(tmp_path, {name: answer})
    assert account(found).block_public_access == on
    assert bool(named(found, "Block Public Access")) == (not on)


def test_delegated_administrators_are_listed_or_not(tmp_path):
    """The services of one account were taken to be all delegations that there are."""
    services = {f"services-{OTHER}.json": {"DelegatedServices": [{"ServicePrincipal": "guardduty.amazonaws.com"}]}}
    told = ((OTHER, "guardduty.amazonaws.com"),)
    for name, more, expected in (
        ("some", {}, None),
        ("all", {"list-delegated-administrators.json": {"DelegatedAdministrators": [{"Id": OTHER}]}}, told),
        ("another", {"list-delegated-administrators.json": {"DelegatedAdministrators": [{"Id": OWN}]}}, None),
        ("cut", {"list-delegated-administrators.json": {"DelegatedAdministrators": [{"Id": OTHER}],
                                                        "NextToken": "x"}}, None),
    ):  # fmt: skip
        found = read(tmp_path / name, {**services, **more})
        assert found.organization.delegated_administrators == told
        assert found.organization.all_delegated_administrators == expected, name
    none = read(tmp_path / "none", {"list-delegated-administrators.json": {"DelegatedAdministrators": []}})
    assert none.organization.all_delegated_administrators == ()


GUARD = says("Deny", Condition={"StringNotEquals": {"aws:ResourceTag/open": "yes", "aws:PrincipalTag/open": "yes"}})


def test_tags_that_nobody_told(tmp_path):
    """Policies look at tags, and no answer tells them: a proof leaned on there being none."""
    summary = {"Id": "p-aaaa1111", "Name": "net", "Type": "SERVICE_CONTROL_POLICY"}
    files = {
        "roots.json": {"Roots": [{"Id": "r-ac00"}]},
        "scp.json": {"Policy": {"PolicySummary": summary, "Content": json.dumps(GUARD)}},
        "targets-p-aaaa1111.json": {"Targets": [{"TargetId": "r-ac00"}]},
        f"{OWN}/eu-west-1/queue.json": QUEUES,
    }
    tags = f"{OWN}/eu-west-1/tags.json"
    assert named(read(tmp_path / "a", files), "tags", QUEUE)
    cut = {tags: {"ResourceTagMappingList": [], "PaginationToken": "more"}}
    assert named(read(tmp_path / "b", {**files, **cut}), "tags", QUEUE)
    whole = {tags: {"ResourceTagMappingList": [], "PaginationToken": ""}}
    assert not named(read(tmp_path / "c", {**files, **whole}), "tags")
    bare = {"iam.json": {"RoleDetailList": [without(ROLE, "Tags")]}}
    assert named(read(tmp_path / "d", {**files, **whole, **bare}), "tags", "role/orders")


def test_grants_in_pages_are_not_all(tmp_path):
    """The last page alone was taken to hold all grants of the key."""
    grant = {"KeyId": KEY, "GranteePrincipal": f"arn:aws:iam::{OWN}:role/x", "Operations": ["Decrypt"]}
    found = read(tmp_path, {
        "key.json": {"KeyArn": KEY, "Policy": json.dumps(says(Principal={"AWS": OWN}))},
        "grants1.json": {"KeyArn": KEY, "Grants": [], "Truncated": True, "NextMarker": "x"},
        "grants2.json": {"Grants": [grant], "Truncated": False},
    })  # fmt: skip
    assert [r.grants for r in account(found).resources] == [None]


def in_yaml(value, tmp_path):
    file = tmp_path.parent / "out.yaml"
    YAML(typ="safe").dump(value, file)
    return file.read_bytes()


@pytest.mark.parametrize("name", ["queue.json", "queue.txt", "queue", "QUEUE.JSON", "queue.yaml"])
def test_however_a_file_is_called(tmp_path, name):
    """Answers in files of other names, and in YAML, were left out without a word."""
    content = in_yaml(QUEUES, tmp_path) if name.endswith("yaml") else QUEUES
    found = read(tmp_path, {name: content, "image.png": b"\x89PNG", "notes.txt": b"nothing"})
    assert [r.arn for r in account(found).resources] == [QUEUE]


@pytest.mark.parametrize("value", [
    b"\n".join(json.dumps(value, indent=2).encode() for value in (QUEUES, {"VpcEndpoints": [ENDPOINT]})),
    ("\ufeff" + "\r\n".join(json.dumps(v) for v in (QUEUES, {"VpcEndpoints": [ENDPOINT]}))).encode("utf-16-le"),
    [QUEUES, ENDPOINT],
])  # fmt: skip
def test_answers_one_after_another_and_items_out_of_answers(tmp_path, value):
    found = read(tmp_path, {"all.json": value})
    assert [r.arn for r in account(found).resources] == [QUEUE]
    assert [e.id for e in account(found).endpoints] == ["vpce-0a000000000000001"]


@pytest.mark.parametrize("value", [b"", {"unheard": "of"}, '{"Version": "2012-10-17"}', says(Principal="*")])
def test_files_that_hold_nothing_that_is_read_are_named(tmp_path, value):
    """They stood in `inventory` alone; with `--complete` their accounts were held to be known."""
    found = read(tmp_path, {f"{OWN}/get-bucket-policy-orders.json": value}, complete=True)
    assert named(found, "1 file", "get-bucket-policy-orders.json")
    assert not account(found).listed
    assert account(read(tmp_path / "b", {}, complete=True)).listed


@pytest.mark.parametrize(("value", "open_"), [
    (b"NewKind:\n  Policy: '{\"Statement\": []}'\n", True),
    (b"Policy: {Statement: [\n", True),  # breaks off
    (b"services: {web: {image: web}}\n", False),  # of another program
])  # fmt: skip
def test_yaml_that_is_not_read(tmp_path, value, open_):
    """YAML with a policy in it was passed over, also where it breaks off."""
    found = read(tmp_path, {f"{OWN}/queues.json": QUEUES, f"{OWN}/new.yaml": value}, complete=True)
    assert bool(named(found, "1 file", "new.yaml")) == open_
    assert account(found).listed != open_


def test_answers_that_are_not_read_beside_others_in_one_file(tmp_path):
    found = read(tmp_path, {f"{OWN}/all.json": [QUEUES, {"NewKind": {"Policy": OPEN}}]}, complete=True)
    assert [r.arn for r in account(found).resources] == [QUEUE]
    assert named(found, "1 file", "all.json")
    assert not account(found).listed


DELEGATION = {"Version": "2012-10-17", "Statement": [
    {"Sid": "D", "Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "organizations:AttachPolicy",
     "Resource": "*"}]}  # fmt: skip
SUMMARY = {"Id": "rp-12345678", "Arn": f"arn:aws:organizations::{MANAGEMENT}:resourcepolicy/{ORG}/rp-12345678"}
ITEM = {"resourceType": "AWS::Organizations::ResourcePolicy", "resourceId": "rp-12345678", "ARN": SUMMARY["Arn"],
        "accountId": MANAGEMENT, "tags": {}, "configuration": {"Content": DELEGATION}}  # fmt: skip


@pytest.mark.parametrize(("answer", "known"), [
    ({"ResourcePolicy": {"ResourcePolicySummary": SUMMARY, "Content": json.dumps(DELEGATION)}}, True),
    ({"configurationItems": [ITEM]}, True),
    ({"ResourcePolicy": {"ResourcePolicySummary": SUMMARY}}, False),
    ({"configurationItems": [{**ITEM, "configuration": {"Id": "rp-12345678"}}]}, False),
])  # fmt: skip
def test_the_policy_by_which_the_organization_delegates(tmp_path, answer, known):
    """C2 asks by it who else changes guardrails, and no source told it."""
    found = read(tmp_path, {"answer.json": answer})
    arn = f"arn:aws:organizations::{MANAGEMENT}:organization/{ORG}"
    held = [r for r in account(found, MANAGEMENT).resources if r.arn == arn]
    assert bool(held) == known
    assert bool(named(found, arn)) == (not known)
    if known:
        assert held[0].policy.statements[0].sid == "D"


@pytest.mark.parametrize("found", ["<redacted>", {"PolicyText": "{}"}, {}, None])
def test_a_bucket_policy_that_cannot_be_read_is_not_none(tmp_path, found):
    """Anything but an object with `policyText` was taken to say that the bucket has no policy."""
    item = {"resourceType": "AWS::S3::Bucket", "resourceId": "acme-reports", "ARN": "arn:aws:s3:::acme-reports",
            "accountId": OWN, "tags": {}, "configuration": {"name": "acme-reports"},
            "supplementaryConfiguration": {"BucketPolicy": found}}  # fmt: skip
    source = read(tmp_path, {"items.json": {"configurationItems": [item]}})
    assert named(source, "acme-reports", "policyText")
    assert not account(source).resources


def test_an_organization_without_accounts_proves_nothing(tmp_path):
    """An empty list of accounts cannot be whole, since the management account is always one."""
    tree = {"org.json": TREE["org.json"], "accounts.json": {"Accounts": []}}
    for name, value in tree.items():
        (tmp_path / name).write_text(json.dumps(value))
    assert not read_source(tmp_path, SourceOptions()).grants_given
    whole = read_source(tmp_path, SourceOptions(complete=True))
    assert [u.affects for u in named(whole, "accounts of the organization")] == ["facts"]
