"""Workspaces: everything that is wrong is told at once, and perimeter and organization speak of the same things."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from perimeter_smt.cli.main import run
from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers import load_workspace, values

ORG: dict[str, Any] = {
    "id": "o-acme00000w",
    "management_account": "444455556666",
    "root": {
        "id": "r-ab12",
        "scps": ["FullAWSAccess", "scp.json"],
        "units": [
            {
                "id": "ou-ab12-workloads",
                "accounts": [
                    {
                        "id": "111122223333",
                        "principals": [{"arn": "arn:aws:iam::111122223333:role/app"}],
                        "resources": [{"arn": "arn:aws:sns:eu-west-1:111122223333:orders"}],
                    }
                ],
            },
            {"id": "ou-ab12-partners0", "accounts": [{"id": "777788889999"}]},
        ],
    },
}
PERIMETER: dict[str, Any] = {
    "orgs": ["o-acme00000w"],
    "third_principals": [{"account": "123412341234", "arns": ["arn:aws:iam::123412341234:role/*"]}],
    "cidrs": ["198.51.100.0/24"],
    "intended_denials": ["OnlyHere"],
    "scopes": {"O1": ["sns:Publish", "sqs"], "O3": ["sns"]},
}
SCP = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "OnlyHere", "Effect": "Deny", "Action": "sns:*", "Resource": "*",
                   "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}}],
}  # fmt: skip


@pytest.fixture
def put(tmp_path):
    """Write a workspace with changed members: `put({"cidrs": [...]}, {"id": ...})`."""

    def put(perimeter: dict[str, Any] | None = None, organization: dict[str, Any] | None = None, change=None) -> Path:
        org = copy.deepcopy({**ORG, **(organization or {})})
        if change:
            change(org)
        (tmp_path / "organization.yaml").write_text(json.dumps(org))
        (tmp_path / "perimeter.yaml").write_text(json.dumps({**PERIMETER, **(perimeter or {})}))
        (tmp_path / "scp.json").write_text(json.dumps(SCP))
        return tmp_path

    return put


def errors(folder: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        load_workspace(folder)
    return [str(single) for single in caught.value.each]


def test_the_workspace_itself_is_fine(put):
    assert load_workspace(put()).perimeter.orgs == ("o-acme00000w",)


def test_all_errors_are_told_at_once(put, capsys):
    def change(org: dict[str, Any]) -> None:
        account = org["root"]["units"][0]["accounts"][0]
        account["principals"].append({"arn": "arn:aws:iam::111122223333:robot/x"})
        account["principals"].append({"arn": "arn:aws:iam::111122223333:role/y", "police": []})
        account["resources"].append({"arn": "orders"})
        org["root"]["units"][1]["scps"] = ["none.json"]

    folder = put(
        {"cidrs": ["10.1.0.0/16", "198.51.100.7/24"], "acounts": [], "accepted": ["management"]}, change=change
    )
    (folder / "scp.json").write_text(json.dumps({**SCP, "Version": "2012"}))
    assert [error for error in errors(folder) if "`acounts`" in error]
    folder = put({"cidrs": ["10.1.0.0/16", "198.51.100.7/24"], "accepted": ["management"]}, change=change)
    (folder / "scp.json").write_text(json.dumps({**SCP, "Version": "2012"}))
    found = errors(folder)
    for words in ("10.1.0.0/16", "198.51.100.0/24", "did you mean `management-account`", "robot/x", "`policies`",
                  "`orders`", "none.json", "unknown version"):  # fmt: skip
        assert sum(words in error for error in found) == 1, words
    assert len(found) == 8
    assert run(["prove", str(folder)]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == err.count("error: ") == 8


def test_unknown_members_of_one_mapping_are_one_line(put):
    (error,) = errors(put({"acounts": [], "cidr": [], "zzz": 1}))
    assert (
        "unknown members `acounts` (did you mean `accounts`?), `cidr` (did you mean `cidrs`?), `zzz` of a perim"
        in error
    )


def test_an_error_of_a_file_attached_twice_is_told_once(put):
    def change(org: dict[str, Any]) -> None:
        org["root"]["units"][0]["scps"] = ["FullAWSAccess", "scp.json"]

    folder = put(change=change)
    (folder / "scp.json").write_text("{")
    assert len(errors(folder)) == 1


DISAGREE: dict[str, tuple[dict[str, Any], str]] = {
    "another organization": ({"orgs": ["o-partner0001"]}, "$.orgs: the organization of the tree, `o-acme00000w`, is"),
    "no account of mine": ({"orgs": [], "accounts": ["121212121212"]}, "$.accounts: no account of the organization"),
    "path elsewhere": ({"paths": ["o-partner0001/*"]}, "$.paths[0]: `o-partner0001/*` is of an organization that is"),
    "path to no unit": ({"paths": ["o-acme00000w/r-ab12/ou-ab12-workload/*"]}, "is no unit of the organization, did"),
    "path of another root": ({"paths": ["o-acme00000w/r-cd34/*"]}, "is no unit of the organization"),
    "partner of mine": ({"third_principals": [{"account": "111122223333"}]}, "$.third_principals[0].account: account"),
    "management as partner": ({"third_resources": [{"account": "444455556666"}]}, "account `444455556666` is mine"),
    "service account of mine": ({"service_accounts": [{"account": "777788889999"}]}, "account `777788889999` is mine"),
    "named account as partner": ({"accounts": ["123412341234"]}, "account `123412341234` is mine"),
    "no such Sid": ({"intended_denials": ["OnlyHeer"]}, "no guardrail has a statement `OnlyHeer`, did you mean `Only"),
    "every address": ({"cidrs": ["0.0.0.0/1", "128.0.0.0/1"]}, "the ranges together are every address"),
}  # fmt: skip


@pytest.mark.parametrize("name", DISAGREE)
def test_perimeter_and_organization_disagree(put, name):
    perimeter, words = DISAGREE[name]
    (error,) = errors(put(perimeter))
    assert words in error
    assert "perimeter.yaml:1: $." in error


def test_paths_narrow_what_is_mine(put):
    """A unit outside the claim may be a partner's; patterns and the root itself are units."""
    narrow = {"paths": ["o-acme00000w/r-ab12/ou-ab12-workloads/*"], "third_principals": [{"account": "777788889999"}]}
    load_workspace(put(narrow))
    assert "`777788889999` is mine" in errors(put({**narrow, "paths": ["o-acme00000w/r-ab12/*"]}))[0]
    load_workspace(put({"paths": ["o-acme00000w/*", "o-acme00000w/r-ab12/*/"]}))


def test_a_unit_has_the_suffix_of_its_root(put):
    found = errors(put(change=lambda org: org["root"]["units"][1].update(id="ou-cd34-partners0")))
    assert "unit `ou-cd34-partners0` is of another root, expected `ou-ab12-...`" in found[0]


CLAIMS: dict[str, tuple[dict[str, Any], str]] = {
    "unknown action": ({"scopes": {"O1": ["sns:Publsih"]}}, "matches `publsih`, did you mean `sns:Publish`?"),
    "pattern of nothing": ({"scopes": {"O1": ["sns:Xyz*"]}}, "no action of `sns` matches `xyz*`"),
    "pattern of services": ({"scopes": {"O1": ["*:NoSuchCall"]}}, "no action of any service matches"),
    "unknown service": ({"scopes": {"O1": ["dynamodbs"]}}, "unknown service `dynamodbs`, did you mean `dynamodb`?"),
    "all excepted": ({"scopes": {"O1": {"actions": ["sns", "sqs:Send*"], "except": ["sns:*", "sqs"]}}}, "claims"),
    "all of all": ({"scopes": {"O1": {"except": ["*"]}}}, "claims nothing"),
    "trusted action": ({"third_principals": [{"account": "123412341234", "actions": ["sns:Pubish"]}]}, "did you mean"),
    "account and ARN": ({"third_resources": [{"account": "123412341234", "arns": ["arn:aws:sqs:*:565656565656:q"]}]},
                        "is of account `565656565656`: beside account `123412341234` it matches nothing"),
    "exception of no caller": ({"exceptions": {"roles": [{"arn": "arn:aws:sns:eu-west-1:111122223333:orders"}]}},
                               "is never the ARN of a caller"),
}  # fmt: skip


@pytest.mark.parametrize("name", CLAIMS)
def test_claims_that_claim_nothing(put, name):
    perimeter, words = CLAIMS[name]
    (error,) = errors(put(perimeter))
    assert words in error


@pytest.mark.parametrize("arn", ["arn:aws:s3:::acme/*", "arn:aws:sqs:*:1234*:q", "arn:aws:sqs:eu-west-1:*:q", "*"])
def test_arns_that_fit_beside_an_account(put, arn):
    load_workspace(put({"third_resources": [{"account": "123412341234", "arns": [arn]}]}))


@pytest.mark.parametrize(
    "text",
    ["10.0.0.0/8", "172.20.1.0/24", "192.168.0.1", "100.64.0.0/10", "169.254.169.254", "127.0.0.1", "0.0.0.0/8",
     "240.0.0.1", "fd00::/8", "fe80::/64", "::1", "ff02::1", "::ffff:198.51.100.0/120", "198.51.100.0/33",
     "198.51.100.1/24", "198.051.100.0/24", "fe80::1%eth0", "acme.example"],
)  # fmt: skip
def test_ranges_that_no_public_caller_has(text):
    with pytest.raises(ValueError, match="`"):
        values.cidr(text)


@pytest.mark.parametrize("text", ["198.51.100.0/24", "192.0.2.7/32", "2001:db8::/32", "9.0.0.0/8", "0.0.0.0/1"])
def test_ranges_of_public_callers(text):
    assert values.cidr(text) == text


@pytest.mark.parametrize("text", ["x\n", "\nx", "a\tb", "", "  "])
def test_names_on_one_line(text):
    with pytest.raises(ValueError, match="`"):
        values.any_text(text)
    with pytest.raises(ValueError, match="is not an ARN"):
        values.arn(f"arn:aws:sns:eu-west-1:111122223333:{text}")


def test_nothing_asked_is_never_green(put, capsys):
    folder = str(put())
    assert run(["prove", folder, "--service", "lambda", "--objective", "O1", "--no-availability"]) == 2
    assert "nothing to ask: O1 claims no action of `lambda`" in capsys.readouterr().err
    assert run(
        ["prove", folder, "--service", "sqs", "--objective", "O1", "--objective", "O3", "--no-availability", "--json"]
    ) in (1, 3)
    found = {v["objective"]: v for v in json.loads(capsys.readouterr().out)["verdicts"]}
    assert set(found) == {"O1", "O3"}
    assert (found["O3"]["status"], found["O3"]["services"]) == ("vacuous", ["sqs"])
    assert "claims no action of these services" in found["O3"]["reason"]


def test_names_of_options_have_their_nearest(put, capsys):
    assert run(["prove", str(put()), "--service", "dynamobd"]) == 2
    assert "unknown service `dynamobd`, did you mean `dynamodb`?" in capsys.readouterr().err


def test_names_of_the_formal_text_are_told_with_their_line(put):
    """`assumptions`, `doubts` and `readings` are checked by the reader, together with everything else."""
    folder = put()
    text = """orgs: [o-acme00000w]
cidrs: [10.1.0.7/16]
assumptions:
  - AN8.address
  - an8.adress
  - AE9.service-linked
readings:
  X-1: chosen
  X-444: rival
doubts: [AR6]
"""
    (folder / "perimeter.yaml").write_text(text)
    told = [error.partition("perimeter.yaml:")[2] for error in errors(folder)]
    assert [error.split(":")[0] for error in told] == ["2", "5", "6", "10", "9"]
    assert "$.assumptions[1]: unknown assumption `an8.adress`, did you mean `AN8.address`?" in told[1]
    assert "$.assumptions[2]: `AE9.service-linked` is presumed" in told[2]
    assert "$.readings.X-444: unknown open point `X-444`, did you mean `X-44`?" in told[4]


@pytest.mark.parametrize(
    ("perimeter", "told"),
    [
        (
            {"exceptions": {"roles": [{"arn": "arn:aws:sts::*:assumed-role/ops/*", "reason": "x"}]}},
            "names sessions, expected the ARN of their role such as `arn:aws:iam::*:role/ops`",
        ),
        (
            {"third_principals": [{"account": "123412341234", "arns": ["arn:aws:sts::123412341234:assumed-role/a/b"]}]},
            "names sessions, expected the ARN of their role such as `arn:aws:iam::123412341234:role/a`",
        ),
        (
            {"third_principals": [{"account": "123412341234", "arns": ["arn:aws:s3:::acme-inbox/*"]}]},
            "is never the ARN of a caller",
        ),
        (
            {"third_resources": [{"account": "123412341234", "callers": ["arn:aws:s3:::acme-inbox/*"]}]},
            "is never the ARN of a caller",
        ),
        (
            {"assumptions": ["X-1"], "readings": {"X-1": "rival"}},
            "`X-1` is assumed as chosen, and `readings` says `rival`",
        ),
        ({"source": "plan.json"}, "`source` beside `organization.yaml`, expected one of them"),
        ({"service_networks": "true"}, "found `true`, expected `true` or `false` without quotes"),
    ],
)
def test_entries_that_would_say_nothing(put, perimeter, told):
    """What could never match, or is said in two ways, is refused rather than passed over."""
    (error,) = errors(put(perimeter))
    assert told in error
