"""Policies that AWS would not save, or that nothing can read: refused alike by every command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from perimeter_smt.cli.main import run
from perimeter_smt.errors import InputError
from perimeter_smt.policy.json_positions import from_object
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import load_policy, parse_and_check, parse_object
from perimeter_smt.policy.sizes import characters, quotas
from perimeter_smt.request.variables import refuse_unset

DENY = {"Effect": "Deny", "Action": "sns:*", "Resource": "*"}


def policy(**changes: object) -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": [{**DENY, **changes}]}


def read(value: object, kind: Kind = Kind.SCP, *, strict: bool = True):
    return parse_object(value, kind, file="p.json", name="p", strict=strict)


UNREADABLE = {
    "Bool": ("perhaps", "", "1"),
    "Null": ("absent",),
    "NumericLessThan": ("many", "nan", "inf", "0x1f", "1_000", "\u00b2"),
    "DateGreaterThan": ("tomorrow", "2031-13-01", "2031-02-30T00:00:00Z", "2031-01-01T24:00:00Z", "31-01-2031"),
    "IpAddress": ("198.51.100.300", "198.51.100.0/33", "198.51.*", "", "fe80::1%eth0", "198.51.100.0/255.255.255.0"),
    "BinaryEquals": ("???", "YQ"),
}
READABLE = {
    "Bool": ("TRUE", "false", "${aws:PrincipalTag/flag}"),
    "NumericLessThan": ("-1", "1.5", ".5", "2e3"),
    "DateGreaterThan": ("2031", "2031-01-31", "2031-01-31T23:59:59.5+02:00", "1900000000"),
    "IpAddress": ("198.51.100.7", "198.51.100.9/24", "2001:db8::/32"),
    "BinaryEquals": ("YQ==",),
}


@pytest.mark.parametrize(("operator", "value"), [(o, v) for o, values in UNREADABLE.items() for v in values])
def test_values_that_no_operator_can_read(operator, value):
    """Whatever stands before and after the operator's name."""
    for name in (operator, f"ForAnyValue:{operator}", *(() if operator == "Null" else (f"{operator}IfExists",))):
        condition = {name: {"sns:Endpoint": [value]}}
        with pytest.raises(InputError, match="cannot read") as caught:
            read(policy(Condition=condition), strict=True)
        assert caught.value.path.endswith('["sns:Endpoint"][0]')
        assert read(policy(Condition=condition), strict=False).statements[0].conditions[0].values == (value,)


@pytest.mark.parametrize(("operator", "value"), [(o, v) for o, values in READABLE.items() for v in values])
def test_values_that_operators_read(operator, value):
    assert read(policy(Condition={operator: {"sns:Endpoint": value}})).statements[0].conditions[0].values == (value,)


def test_a_condition_key_has_a_prefix():
    with pytest.raises(InputError, match="condition key `endpoint` has no service prefix"):
        read(policy(Condition={"StringEquals": {"endpoint": "x"}}))


@pytest.mark.parametrize("name", ["TOPIC", "AccountId", "AWS::Region", "var.team", "local.x", "x:"])
def test_placeholders_that_look_like_variables(name):
    """Nothing sends a key without a prefix, so that the text would compare with the placeholder for ever."""
    for place in (
        {"Resource": f"arn:aws:sns:*:*:${{{name}}}"},
        {"Condition": {"StringEquals": {"sns:Endpoint": f"${{{name}}}"}}},
    ):
        with pytest.raises(InputError, match="names no condition key"):
            read(policy(**place))
    assert read({**policy(), "Statement": [{**DENY, "Sid": ""}]}).statements[0].sid is None


@pytest.mark.parametrize(
    ("name", "near"),
    [("aws:UserName", "aws:username"), ("aws:PrincipalOrgIds", "aws:PrincipalOrgID"), ("self:stage", "")],
)
def test_variables_that_no_request_sets(name, near):
    document = read(policy(Resource=f"arn:aws:sns:*:*:${{{name}}}x"))
    if name.lower() == "aws:username":
        assert refuse_unset(document) is document, "keys ignore case"
        return
    with pytest.raises(InputError, match=f"did you mean `{near}`" if near else "names no condition key"):
        refuse_unset(document)


@pytest.mark.parametrize(
    "text",
    ["${*}", "${?}", "${$}", "${aws:username, 'nobody'}", "${saml:sub}", "${login.example.com:sub}",
     "${transfer:UserName}",
     "${aws:PrincipalTag/any thing}", "${sns:KeyOfTomorrow}"],
)  # fmt: skip
def test_variables_that_requests_may_set(text):
    refuse_unset(read(policy(Resource=f"arn:aws:sns:*:*:{text}")))


@pytest.mark.parametrize("kind", [Kind.SCP, Kind.RCP, Kind.ENDPOINT, Kind.BUCKET, Kind.KMS])
def test_sizes_count_without_white_space(tmp_path: Path, kind: Kind):
    """One character more than the quota is refused; white space between elements does not count."""
    principal = {} if kind is Kind.SCP else {"Principal": "*"}

    def of_size(size: int) -> dict[str, object]:
        empty = policy(Resource=[f"arn:aws:sns:*:*:{'x'}"], **principal)
        room = size - characters(from_object(empty, file="p"))
        return policy(Resource=[f"arn:aws:sns:*:*:{'x' * (room + 1)}"], **principal)

    most = quotas()[kind].characters
    path = tmp_path / "p.json"
    path.write_text(json.dumps(of_size(most), indent=8))
    assert len(path.read_text()) > most
    load_policy(path, kind)
    path.write_text(json.dumps(of_size(most + 1), separators=(",", ":")))
    with pytest.raises(InputError, match=f"has {most + 1} characters without white space, .* at most {most}"):
        load_policy(path, kind)
    assert load_policy(path, kind, strict=False).statements


@pytest.mark.parametrize("value", [{"a": [1, '\u00e9"', None, True], "b": {}}, [], "x", {"k": [[], {}]}])
def test_characters_are_those_of_the_shortest_text(value):
    shortest = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    assert characters(from_object(value, file="p")) == len(shortest)


ANSWERS = {
    "describe-policy": lambda text: {"Policy": {"PolicySummary": {"Id": "p-acme0001"}, "Content": text}},
    "get-policy-version": lambda text: {"PolicyVersion": {"Document": json.loads(text), "VersionId": "v3"}},
    "get-bucket-policy": lambda text: {"Policy": text},
    "get-queue-attributes": lambda text: {"Attributes": {"Policy": text, "DelaySeconds": "0"}},
    "get-role-policy": lambda text: {"RoleName": "r", "PolicyName": "p", "PolicyDocument": json.loads(text)},
    "get-role": lambda text: {"Role": {"Arn": "x", "AssumeRolePolicyDocument": json.loads(text)}},
    "describe-vpc-endpoints": lambda text: {"VpcEndpoints": [{"VpcEndpointId": "v", "PolicyDocument": text}]},
    "get-repository-policy": lambda text: {"repositoryName": "r", "policyText": text},
    "get-resource-policy": lambda text: {"Name": "s", "ResourcePolicy": text},
}


@pytest.mark.parametrize("command", ANSWERS)
def test_answers_of_the_command_line(tmp_path: Path, command: str):
    """The policy inside is read as the policy alone would be, with its place in the answer."""
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(ANSWERS[command](json.dumps(policy())), indent=1))
    found = load_policy(path, Kind.SCP)
    alone = read(policy())
    assert [(s.effect, s.action.values, s.resource.values) for s in found.statements] == [
        (s.effect, s.action.values, s.resource.values) for s in alone.statements
    ]
    place = found.statements[0].action.location
    assert place.path.endswith(".Statement[0].Action")
    assert place.path.count(".") > 2
    assert place.line > 1


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"Policy": "no json"}, "the text `no json` is no policy"),
        ({"VpcEndpoints": [{"PolicyDocument": "{}"}, {"PolicyDocument": "{}"}]}, "2 policies in one answer"),
        ({"Policy": {"Nothing": 1}}, "unknown element `Nothing`"),
        ({"Policy": "{}"}, "element `Statement` is missing"),
        (json.dumps(policy()), "found a string"),
    ],
)
def test_answers_that_hold_no_policy(value, words):
    with pytest.raises(InputError, match=words):
        read(value)


def test_devices_that_never_end():
    """/dev/zero says that it has no size; a limit holds all the same."""
    with pytest.raises(InputError, match="more than 4000000 bytes"):
        load_policy(Path("/dev/zero"), Kind.SCP)


REFUSED = {
    "version": ({"Statement": [DENY]}, "scp"),
    "no statement": ({"Version": "2012-10-17", "Statement": []}, "scp"),
    "Sid": (policy(Sid="No sns"), "scp"),
    "action": (policy(Action="Publish"), "scp"),
    "resource": (policy(Resource="orders-*"), "scp"),
    "group": (policy(Principal={"AWS": "arn:aws:iam::111122223333:group/ops"}), "resource"),
    "pattern": (policy(Principal={"AWS": "arn:aws:iam::111122223333:user/*"}), "resource"),
    "text": (policy(Principal="arn:aws:iam::111122223333:root"), "resource"),
    "partition": (policy(Principal={"AWS": "arn:aws::iam::111122223333:root"}), "resource"),
    "twice": ({"Version": "2012-10-17", "Statement": [{**DENY, "Sid": "A"}, {**DENY, "Sid": "A"}]}, "scp"),
    "size": (policy(Action=[f"sns:Act{n:05}" for n in range(1000)]), "scp"),
    "placeholder": (policy(Resource="arn:aws:sns:*:*:${TOPIC}"), "scp"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_every_command_refuses_what_aws_refuses(capsys, monkeypatch, tmp_path, name):
    """`lint` and `compare` and `evaluate` as `prove`; `lint` tells its findings beside."""
    value, kind = REFUSED[name]
    monkeypatch.chdir(tmp_path)
    Path("p.json").write_text(json.dumps(value))
    Path("case.json").write_text(json.dumps(case({kind: [[value]] if kind == "scp" else value})))
    _, error = parse_and_check(json.dumps(value), Kind(kind), file="p.json")
    assert error is not None
    commands = ("lint --type {} p.json", "compare --type {} p.json p.json", "evaluate case.json")
    for command in (text.format(kind).split() for text in commands):
        assert run(command) == 2, command
        err = capsys.readouterr().err
        assert err.startswith("error: ")
        assert error.message.partition(", first on line")[0] in err
        assert err.count("\n") == 1


def test_lint_tells_findings_beside_the_refusal(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    statement = {**DENY, "Condition": {"Bool": {"aws:SecureTransport": "no"}}}
    Path("p.json").write_text(json.dumps({"Statement": [statement]}))
    assert run(["lint", "--type", "scp", "p.json", "--json"]) == 2
    out, err = capsys.readouterr()
    assert "PL022" in json.dumps(json.loads(out)["findings"])
    assert 'needs `"Version"' in err


def case(policies: dict[str, object]) -> dict[str, object]:
    return {
        "policies": policies,
        "request": {
            "principal": {"type": "user", "arn": "arn:aws:iam::111122223333:user/u", "account": "111122223333"},
            "action": "sns:Publish",
            "resource": "arn:aws:sns:eu-west-1:111122223333:orders",
            "resource_account": "111122223333",
        },
    }
