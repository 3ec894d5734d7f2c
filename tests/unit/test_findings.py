"""Findings of one policy and of a workspace: what they say, that nothing could be left out, how they are printed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from perimeter_smt.cli.main import cli
from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers import SourceOptions, read_source
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.findings.actions import classes_of
from perimeter_smt.questions.findings.answer import findings, findings_of_workspace
from perimeter_smt.questions.findings.render import Said, in_words, phrases
from perimeter_smt.questions.findings.setting import of_document
from perimeter_smt.report.access import findings_json, render_findings
from perimeter_smt.report.json import schema
from perimeter_smt.request.case import read_case

ACCOUNT = "111122223333"
ACME = Path(__file__).resolve().parents[2] / "docs/examples/acme"
BUCKET = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "Office", "Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "s3:PutObject"],
         "Resource": "arn:aws:s3:::acme-data/*",
         "Condition": {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "198.51.100.0/24"]}}},
        {"Sid": "Partners", "Effect": "Allow", "Principal": {"AWS": ["444455556666", "777788889999"]},
         "Action": "s3:*", "Resource": ["arn:aws:s3:::acme-data", "arn:aws:s3:::acme-data/*"]},
        {"Effect": "Deny", "Principal": "*", "Action": "s3:Delete*", "Resource": "*"},
        {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "arn:aws:s3:::acme-data/private/*",
         "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-acme0000001"}}},
    ],
}  # fmt: skip


def document(*statements, kind=Kind.RESOURCE):
    return parse_object({"Version": "2012-10-17", "Statement": list(statements)}, kind, file="p.json", name="p")


def allow(**more):
    return {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*", **more}


def found_in(*statements, kind=Kind.RESOURCE, **options):
    answer = findings(document(*statements, kind=kind), **{"account": ACCOUNT, **options})
    assert answer.status == "complete", answer.reason
    assert answer.proved == ("included", "complete", "apart", "restated")
    return [one.elements for one in answer.findings]


def test_denies_cut_and_lists_stay_together():
    """Two ways for the office, two for the partners: with and without the organization behind the private prefix."""
    found = found_in(*BUCKET["Statement"])
    office = [one for one in found if one.principals == (("*", "*"),)]
    partners = [one for one in found if one not in office]
    assert len(office) == len(partners) == 2
    for one in office:
        assert sorted(one.actions) == ["s3:GetObject", "s3:PutObject"]
        assert sorted(one.condition["IpAddress"]["aws:SourceIp"]) == ["198.51.100.0/24", "203.0.113.0/24"]
    for one in partners:
        assert (one.actions, one.except_actions) == (("s3:*",), ("s3:Delete*",))
        assert {value for _, value in one.principals} == {"444455556666", "777788889999"}
    for pair in (office, partners):
        left_out = sorted(one.except_resources for one in pair)
        assert left_out == [(), ("arn:aws:s3:::acme-data/private/*",)]
        inside = next(one for one in pair if not one.except_resources)
        assert inside.condition["StringEquals"] == {"aws:PrincipalOrgID": ["o-acme0000001"]}


def test_no_clause_of_a_finding_could_be_left_out():
    """Findings are as coarse as they can be: without any of its parts a finding holds what is no access."""
    asked, _ = of_document(document(*BUCKET["Statement"]), account=ACCOUNT)
    search = asked.search
    for cube in search.cover().cubes:
        for clause in cube:
            rest = tuple(other for other in cube if other is not clause)
            wider = search.engine.check([search.formula(rest), *search.given, *[search._no_access]])
            needed = search.literals[clause[0]].field == "action"  # may only leave out what nobody calls
            assert wider.status == "sat" or needed


@pytest.mark.parametrize(
    ("condition", "zone", "outside"),
    [
        ({}, {}, True),
        ({"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}, {}, False),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-acme0000001"}}, {}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-acme0000001"}},
         {"zone": "organization", "organization": "o-acme0000001"}, False),
        ({"StringEquals": {"aws:PrincipalOrgID": ["o-acme0000001", "o-other000001"]}},
         {"zone": "organization", "organization": "o-acme0000001"}, True),
        ({"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}, {}, True),
    ],
)  # fmt: skip
def test_zones(condition, zone, outside):
    """Whether anybody outside is let in."""
    assert bool(found_in(allow(Principal={"AWS": "*"}, Condition=condition), **zone)) is outside


def test_services_count_where_they_act_for_others():
    """A service that says for whom it calls, and that may be anybody; not one that calls for the account itself."""
    open_door = allow(Principal={"Service": "sns.amazonaws.com"})
    closed = open_door | {"Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}}
    assert [one.principals for one in found_in(open_door)] == [(("Service", "sns.amazonaws.com"),)]
    assert not found_in(closed)


def test_ranges_are_as_coarse_as_they_can_be():
    """A range in a range is left out of the list; what a Deny cuts out is a condition of its own."""
    ranges = {"IpAddress": {"aws:SourceIp": ["198.18.0.0/15", "198.18.0.0/16", "203.0.113.0/24"]}}
    deny = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
    hole = deny | {"Condition": {"IpAddress": {"aws:SourceIp": "198.19.7.0/24"}}}
    (one,) = found_in(allow(Condition=ranges), hole)
    assert sorted(one.condition["IpAddress"]["aws:SourceIp"]) == ["198.18.0.0/15", "203.0.113.0/24"]
    assert one.condition["NotIpAddress"] == {"aws:SourceIp": ["198.19.7.0/24"]}


def test_values_that_null_takes_for_no_key_are_found():
    """An empty header passes `Null`, and the negated operator too: without a word for it the search came to no end."""
    sse = "s3:x-amz-server-side-encryption"
    unsealed = {"StringNotEqualsIfExists": {sse: "aws:kms"}, "Null": {sse: "false"}}
    found = found_in(
        allow(Action=["s3:GetObject", "s3:PutObject"]), allow(Effect="Deny", Action="s3:PutObject", Condition=unsealed)
    )
    (put,) = [one for one in found if "s3:PutObject" in one.actions]
    assert sorted(put.condition["StringEqualsIfExists"][sse]) == ["", "aws:kms"]
    assert in_words("StringEqualsIfExists", sse, ["", "aws:kms"]) == f"{sse} is aws:kms or empty, or is not sent"


def test_access_under_another_reading_is_named():
    """AWS says that a set operator must be used, and not what comes of a policy without one (X-6)."""
    below = {"StringLike": {"aws:PrincipalOrgPaths": "o-acme0000001/*"}}
    answer = findings(document(allow(Condition=below)), account=ACCOUNT)
    assert (answer.findings, answer.exit_code, answer.may_find) == ((), 0, ("X-6",))
    text = render_findings(answer)
    assert text.startswith("under the chosen readings no access") and "X-6" in text
    assert findings_json(answer)["may_find"] == ["X-6"]
    said = {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-acme0000001/*"}}
    assert findings(document(allow(Condition=said)), account=ACCOUNT).may_find == ()


@pytest.mark.parametrize("name", ["acme_reports", "AcmeReports", "a" * 70])
def test_buckets_made_under_older_rules_are_there(name):
    """Its policy tells that a bucket exists, whatever names AWS takes today."""
    (found,) = found_in(allow(Action="s3:GetObject", Resource=f"arn:aws:s3:::{name}/*"), kind=Kind.BUCKET)
    assert found.resources == (f"arn:aws:s3:::{name}/*",)


def test_two_lists_for_one_key_are_written_with_two_operators():
    """A block holds an operator once for a key; patterns that meet need both."""
    deny = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
    only = deny | {"Condition": {"StringNotLike": {"aws:PrincipalTag/team": "*-ops"}}}
    (one,) = found_in(allow(Condition={"StringLike": {"aws:PrincipalTag/team": "red*"}}), only)
    assert len(one.condition) == 2
    assert {v for keys in one.condition.values() for vs in keys.values() for v in vs} == {"red*", "*-ops"}


@pytest.mark.parametrize(
    ("statement", "public"),
    [
        (allow(), "yes"),
        (allow(Condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}), "no"),
        (allow(Principal={"AWS": "444455556666"}), "no"),
        (allow(Condition={"StringLike": {"aws:UserAgent": "acme"}}), "unsettled"),
    ],
)
def test_public(statement, public):
    """As the page on blocking public access means it."""
    assert [one.public for one in findings(document(statement), account=ACCOUNT).findings] == [public]


def test_example_and_blame():
    """Each finding shows a request that is in no other one and replays, and the statement that it rests on."""
    answer = findings(document(*BUCKET["Statement"]), account=ACCOUNT)
    assert {b.sid for one in answer.findings for b in one.statements} == {"Office", "Partners"}
    assert answer.exit_code == 1
    for one in answer.findings:
        assert len(one.statements) == 1
        assert one.example.case is not None
        assert one.example.request.principal.account != ACCOUNT


def test_trust_and_key_policies():
    """Roles and keys: tokens of providers are outsiders, the account's own root is none."""
    host = "token.actions.githubusercontent.com"
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{host}"
    web = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity",
           "Condition": {"StringLike": {f"{host}:sub": "repo:acme/*"}}}  # fmt: skip
    own = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    (one,) = found_in(web, own, kind=Kind.TRUST)
    assert one.principals == (("Federated", provider),)
    assert one.actions == ("sts:AssumeRoleWithWebIdentity",)
    key = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    assert not found_in(key, kind=Kind.KMS)


def test_not_principal_and_not_resource():
    """What an element leaves out is left out."""
    found = found_in(
        allow(Action="s3:GetObject", Resource="arn:aws:s3:::acme/*"),
        {"Effect": "Deny", "Principal": {"AWS": "444455556666"}, "Action": "s3:*", "Resource": "*"},
        {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "NotResource": "arn:aws:s3:::acme/out/*"},
    )
    assert {one.except_principals for one in found} == {(("AWS", "444455556666"),)}
    assert {one.resources for one in found} == {("arn:aws:s3:::acme/out/*",)}


def test_kinds_that_grant_nothing_are_refused():
    """One line says what is wrong."""
    policy = parse_object({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*",
                          "Resource": "*"}]}, Kind.IDENTITY, file="p.json", name="p")  # fmt: skip
    with pytest.raises(InputError, match="identity"):
        findings(policy)
    with pytest.raises(InputError, match="workspace"):
        findings(document(allow()), zone="perimeter")


def test_classes_of_actions_are_written_shortly():
    """Patterns where they fit, names where they do not, what is left out where that is shorter."""
    made = classes_of([document(allow(Action=["s3:*"]), allow(Action=["s3:Delete*", "s3:GetObject"]))])
    one = {frozenset(x.matched): x.number for x in made.classes}
    rest = one[frozenset({"s3:*"})]
    get = one[frozenset({"s3:*", "s3:GetObject"})]
    assert made.written([get]) == (("s3:GetObject",), ())
    assert made.written([rest, get]) == (("s3:*",), ("s3:Delete*",))
    assert made.written(x.number for x in made.classes) == (("s3:*",), ())


def test_conditions_in_words():
    """Phrases for people."""
    assert in_words("IpAddress", "aws:SourceIp", ["10.0.0.0/8"]) == "aws:SourceIp lies in 10.0.0.0/8"
    assert in_words("StringNotLike", "k:a", ["x", "y"]) == "k:a does not look like x or y (or is not sent)"
    assert in_words("Null", "k:a", ["true"]) == "k:a is not sent"
    assert in_words("ForAnyValue:StringEquals", "k:a", ["x"]) == "some value of k:a is x"
    assert in_words("BoolIfExists", "k:a", ["true"]) == "k:a is true, or is not sent"


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        ([("Null", "false", False), ("Bool", "true", True)], ["k:a is true"]),
        ([("Null", "false", False), ("BoolIfExists", "true", False)], ["k:a is true"]),
        ([("Bool", "true", False), ("Null", "false", False)], ["k:a is true"]),
        ([("Bool", "true", True)], ["k:a is true, or is not sent"]),
        ([("StringNotEquals", "true", False)], ["k:a is not true (or is not sent)"]),
        ([("Null", "false", False), ("StringNotEquals", "true", False)], ["k:a is sent", "k:a is not true"]),
        ([("StringLike", "t*", False), ("StringNotEquals", "true", False)], ["k:a looks like t*", "k:a is not true"]),
        ([("Null", "false", False), ("ForAllValues:StringEquals", "x", False)],
         ["k:a is sent", "every value of k:a is x"]),
        ([("ForAllValues:StringEquals", "x", True)], ["every value of k:a is x, or is not sent"]),
    ],
)  # fmt: skip
def test_conditions_that_hold_together_in_words(tests, said):
    """Regression: `X is sent, X is true, or is not sent` stood under one set."""
    assert list(phrases([Said(operator, "k:a", [value], absent) for operator, value, absent in tests])) == said


def test_the_example_workspace():
    """The partner's role gets in from outside the organization; the perimeter trusts it."""
    workspace = read_source(ACME, SourceOptions())
    found = {one.resource: one.elements for one in findings_of_workspace(workspace).findings}
    assert set(found) == {"arn:aws:s3:::acme-exchange", "arn:aws:iam::111122223333:role/deploy"}
    assert found["arn:aws:s3:::acme-exchange"].principals == (("AWS", "arn:aws:iam::210987654321:role/acme-import"),)
    trusted = findings_of_workspace(workspace, zone="perimeter")
    assert (trusted.findings, trusted.exit_code) == ((), 0)


def run(*words):
    result = CliRunner().invoke(cli, list(words), standalone_mode=False)
    assert result.exception is None, result.exception
    return result.return_value, result.output


def test_command(tmp_path):
    """Text and JSON, with the schema, for a file; cases of the JSON are read back."""
    file = tmp_path / "bucket.json"
    file.write_text(json.dumps(BUCKET))
    code, text = run("findings", str(file), "--account", ACCOUNT)
    assert code == 1
    assert text.startswith("4 findings: outsiders of the account have access")
    code, text = run("findings", str(file), "--type", "resource", "--account", ACCOUNT, "--json")
    shown = json.loads(text)
    Draft202012Validator(json.loads(schema("findings"))).validate(shown)
    for one in shown["findings"]:
        read_case(one["example"]["case"], file="case", default_id="c")
    code, text = run("findings", str(ACME), "--zone", "perimeter")
    assert code == 0
    assert "whom the perimeter does not trust" in text


def test_bad_options(tmp_path):
    """Options that say nothing about one policy are refused by name."""
    file = tmp_path / "bucket.json"
    file.write_text(json.dumps(BUCKET))
    for words in (["--region", "eu-west-1"], ["--account", "12"], ["--org-id", "acme"], ["--complete"]):
        result = CliRunner().invoke(cli, ["findings", str(file), *words], standalone_mode=False)
        assert isinstance(result.exception, InputError)
        assert words[0] in str(result.exception)


def test_everybody_of_the_example_workspace():
    """All access, callers of the organization with it: whose policies bind them is told by who they are."""
    answer = findings_of_workspace(read_source(ACME, SourceOptions()), zone="everyone")
    assert (answer.status, answer.reason) == ("complete", "")
    assert answer.proved == ("included", "complete", "apart", "restated")
    assert any(words.startswith("the caller is") for one in answer.findings for words in one.elements.other)


def test_measure_of_a_finding(tmp_path):
    """One finding is counted by itself; a number that there is not, and options that do not fit, are refused."""
    file = tmp_path / "bucket.json"
    ways = [
        allow(Principal={"AWS": "444455556666"}, Action="s3:GetObject", Resource="arn:aws:s3:::acme/*"),
        allow(Action=["s3:GetObject", "s3:PutObject"], Resource="arn:aws:s3:::acme/*",
              Condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),
    ]  # fmt: skip
    file.write_text(json.dumps({"Version": "2012-10-17", "Statement": ways}))
    words = ["measure", str(file), "--type", "resource"]
    counts = []
    for number in ("1", "2"):
        code, text = run(*words, "--account", ACCOUNT, "--finding", number, "--json")
        assert code == 0
        counts.append(json.loads(text)["before"])
    assert sorted(one["actions"]["low"] for one in counts) == [1, 2]
    assert sorted(one["ipv4"]["low"] for one in counts)[0] == 256
    for bad in (["--finding", "3"], ["--account", ACCOUNT], ["--finding", "1", "--after", str(file)]):
        result = CliRunner().invoke(cli, [*words, *bad], standalone_mode=False)
        assert isinstance(result.exception, InputError)


@pytest.mark.parametrize("operator", ["StringEqualsIfExists", "StringLikeIfExists"])
def test_a_tag_that_may_be_empty_or_absent(operator):
    """`Null` does not tell an empty tag from none, so that these were not decided."""
    condition = {operator: {"aws:PrincipalTag/team": ["red"]}}
    found = findings(document(allow(Condition=condition)), zone="everyone")
    assert found.status == "complete"
    assert [one.elements.condition for one in found.findings] == [condition]
