"""Reading cases: kinds of slots, what is accepted, what is refused and how (design 6)."""

from __future__ import annotations

import copy

import pytest

from perimeter_smt.errors import InputError
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.request.case import KmsGrant, read_case

ALLOW = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
IDENTITY = {"Version": "2012-10-17", "Statement": ALLOW}
RESOURCE = {"Version": "2012-10-17", "Statement": {**ALLOW, "Principal": "*"}}
TRUST = {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}}
PRINCIPAL = {"type": "user", "arn": "arn:aws:iam::111111111111:user/a", "account": "111111111111"}


def value(**changes):
    request = {"principal": PRINCIPAL, "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k"}
    return {"policies": {"identity": []}, "request": request, **changes}


def read(given):
    return read_case(given, file="case.json", default_id="case-1")


def test_slots():
    policies = {
        "identity": [IDENTITY, IDENTITY],
        "resource": RESOURCE,
        "boundary": IDENTITY,
        "session": IDENTITY,
        "scp": [[IDENTITY], []],
        "rcp": None,
        "vpce": RESOURCE,
        "access_point": RESOURCE,
    }
    case = read(value(id="D1", policies=policies, flags={"via_access_point": "arn:aws:s3:::x"}))
    assert (case.id, case.rcp) == ("D1", None)
    assert [document.name for document in case.identity] == ["identity[0]", "identity[1]"]
    assert [len(level) for level in case.scp] == [1, 0]
    assert case.scp[0][0].name == "scp[0][0]"
    assert case.scp[0][0].location.path == "$.policies.scp[0][0]"
    kinds = [case.resource.kind, case.boundary.kind, case.session[0].kind, case.endpoint.kind, case.access_point.kind]
    assert kinds == [Kind.RESOURCE, Kind.BOUNDARY, Kind.SESSION, Kind.ENDPOINT, Kind.ACCESS_POINT]


def test_defaults():
    case = read(value(policies={}))
    assert case.id == "case-1"
    assert case.identity == ()
    assert (case.resource, case.session, case.scp, case.endpoint) == (None, None, None, None)


@pytest.mark.parametrize(
    ("action", "resource", "policy", "kind"),
    [
        ("sts:AssumeRole", "arn:aws:iam::111111111111:role/R", TRUST, Kind.TRUST),
        ("STS:tagsession", "arn:aws:iam::111111111111:role/R", TRUST, Kind.TRUST),
        ("sts:AssumeRoot", "arn:aws:iam::111111111111:root", RESOURCE, Kind.RESOURCE),
        ("kms:Decrypt", "arn:aws:kms:eu-west-1:111111111111:key/k", RESOURCE, Kind.KMS),
        ("sqs:SendMessage", "arn:aws:sqs:eu-west-1:111111111111:q", RESOURCE, Kind.RESOURCE),
    ],
)
def test_kind_of_the_resource_policy(action, resource, policy, kind):
    request = {"principal": PRINCIPAL, "action": action, "resource": resource}
    assert read(value(policies={"resource": policy}, request=request)).resource.kind is kind


def test_gateway_endpoints():
    case = read(value(policies={"vpce": RESOURCE}, flags={"vpce_type": "gateway"}))
    assert case.endpoint.kind is Kind.ENDPOINT_GATEWAY


def test_context_values_become_text():
    given = value()
    given["request"]["context"] = {"a:b": True, "a:n": 10, "a:f": 1.5, "a:l": ["x", False]}
    assert read(given).request.context == {"a:b": "true", "a:n": "10", "a:f": "1.5", "a:l": ("x", "false")}


def test_flags_and_notes():
    flags = {"kms_grant": {"operations": ["Decrypt"]}, "sub_requests": ["a"], "resource_account_scp": [[IDENTITY]]}
    case = read(value(flags=flags, title="a case", expected="allow", why="because"))
    assert case.flags.kms_grant == KmsGrant(operations=("Decrypt",))
    assert case.flags.via_endpoint is None


def test_old_documents_have_a_meaning():
    old = {"Statement": {**ALLOW, "NotPrincipal": {"AWS": "111111111111"}, "Resource": "bucket"}}
    assert read(value(policies={"resource": old})).resource.statements[0].principal.negated


def test_the_value_is_left_alone():
    given = value(policies={"identity": [IDENTITY]})
    given["request"]["context"] = {"a:b": True}
    before = copy.deepcopy(given)
    read(given)
    assert given == before


def changed(path, new):
    """A good case with one value replaced; `...` takes the element away."""
    given = copy.deepcopy(value(flags={}))
    given["policies"]["scp"] = [[copy.deepcopy(IDENTITY)]]
    at = given
    for step in path[:-1]:
        at = at[step]
    if new is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = new
    return given


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "$: found a list, expected a case, an object"),
        (IDENTITY, "$: a policy, expected a case: an object with `policies` and `request`"),
        (changed(["request"], ...), "$: element `request` is missing"),
        (changed(["policies"], ...), "$: element `policies` is missing"),
        (changed(["polices"], {}), "$.polices: unknown element `polices` in a case"),
        (changed(["id"], ["x"]), "$.id: found a list, expected a string or a number"),
        (changed(["policies", "spc"], []), "$.policies.spc: unknown element `spc` in `policies`"),
        (
            changed(["policies", "scp"], IDENTITY),
            "$.policies.scp: found an object, expected a list of levels, root first",
        ),
        (
            changed(["policies", "scp"], [IDENTITY]),
            "$.policies.scp[0]: found an object, expected a level, a list of policies",
        ),
        (
            changed(["policies", "scp", 0, 0, "Statement", "Effect"], "allow"),
            "$.policies.scp[0][0].Statement.Effect: unknown effect `allow`, did you mean `Allow`?, "
            "expected `Allow` or `Deny`",
        ),
        (
            changed(["policies", "access_point"], RESOURCE),
            "$.policies.access_point: an access point policy without the",
        ),
        (changed(["request"], "x"), "$.request: found a string, expected an object"),
        (changed(["request", "action"], ...), "$.request: element `action` is missing"),
        (changed(["request", "action"], "GetObject"), "$.request: action `GetObject` is not `service:name`"),
        (changed(["request", "action"], 5), "$.request.action: found a number, expected a string"),
        (changed(["request", "region"], "x"), "$.request.region: unknown element `region`"),
        (
            changed(["request", "principal", "account"], 111111111111),
            "$.request.principal.account: found a number, expected a string",
        ),
        (
            changed(["request", "principal", "type"], "robot"),
            "$.request.principal.type: found `robot`, expected `user`, ",
        ),
        (
            changed(["request", "principal"], {"type": "user"}),
            "$.request: a principal of type `user` needs `account` or `arn`",
        ),
        (
            changed(["request", "principal"], {"type": "service"}),
            "$.request: a principal of type `service` needs `arn`",
        ),
        (changed(["request", "context"], []), "$.request.context: found a list, expected an object of context keys"),
        (changed(["request", "context"], {"a:b": None}), '$.request.context["a:b"]: found null, expected a string'),
        (
            changed(["request", "context"], {"a:b": [["x"]]}),
            '$.request.context["a:b"][0]: found a list, expected a string',
        ),
        (changed(["flags"], []), "$.flags: found a list, expected an object"),
        (changed(["flags", "vpc_type"], "gateway"), "$.flags.vpc_type: unknown element `vpc_type`"),
        (
            changed(["flags", "vpce_type"], "natural"),
            "$.flags.vpce_type: found `natural`, expected `gateway` or `interface`",
        ),
        (
            changed(["flags", "via_endpoint"], "often"),
            "$.flags.via_endpoint: found `often`, expected `true` or `false`",
        ),
        (changed(["flags", "sub_requests"], "x"), "$.flags.sub_requests: found a string, expected a list"),
        (changed(["flags", "sub_requests"], [5]), "$.flags.sub_requests[0]: found a number, expected a string"),
        (changed(["flags", "kms_grant"], {"grantee": "x"}), "$.flags.kms_grant.grantee: unknown element `grantee`"),
    ],
)
def test_malformed_cases(given, message):
    """One line with file, JSON path, what was found and what was expected."""
    with pytest.raises(InputError) as caught:
        read(given)
    assert str(caught.value).startswith(f"case.json: {message}")
    assert "\n" not in str(caught.value)


SESSION = {
    "type": "role-session",
    "arn": "arn:aws:sts::111111111111:assumed-role/Worker/s",
    "role_arn": "arn:aws:iam::111111111111:role/app/Worker",
}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"resource": "arn:aws:sqs:eu-west-1:222222222222:q", "resource_account": "111111111111"},
            "$.request.resource_account: account `111111111111` is not the owner that the ARN of the resource names",
        ),
        (
            {"resource": "arn:aws:iam::aws:policy/A", "resource_account": "111111111111"},
            "$.request.resource_account: account `111111111111` is not the owner",
        ),
        ({"resource_account": "mine"}, "$.request.resource_account: found `mine`, expected the 12 digits"),
        (
            {
                "resource": "arn:aws:sqs:eu-west-1:222222222222:q",
                "context": {"aws:ResourceAccount": "333333333333"},
            },
            '$.request.context["aws:ResourceAccount"]: account `333333333333` of `aws:ResourceAccount` is not',
        ),
        (
            {"resource_account": "222222222222", "context": {"S3:resourceaccount": "333333333333"}},
            '$.request.context["S3:resourceaccount"]: account `333333333333` of `S3:resourceaccount` is not',
        ),
        (
            {"context": {"aws:ResourceAccount": "333333333333", "s3:ResourceAccount": "222222222222"}},
            '$.request.context["s3:ResourceAccount"]: account `222222222222` of `s3:ResourceAccount` is not',
        ),
        (
            {"context": {"aws:PrincipalAccount": "333333333333"}},
            '$.request.context["aws:PrincipalAccount"]: account `333333333333` of `aws:PrincipalAccount` is not',
        ),
        (
            {"principal": {**PRINCIPAL, "account": "222222222222"}},
            "$.request.principal.arn: account `111111111111` of the ARN is not `account`, `222222222222`",
        ),
        ({"principal": {**PRINCIPAL, "account": "me"}}, "$.request.principal.account: found `me`, expected the 12"),
        (
            {"principal": {"type": "anonymous", "account": "111111111111"}},
            "$.request.principal.account: a principal of",
        ),
        (
            {"principal": {**SESSION, "role_arn": "arn:aws:iam::111111111111:role/Other"}},
            "$.request.principal.role_arn: role `Other` is not the one of the session, `Worker`",
        ),
        (
            {"principal": {**SESSION, "role_arn": "arn:aws:iam::222222222222:role/Worker"}},
            "$.request.principal.role_arn: account `222222222222` of the ARN is not `account`, `111111111111`",
        ),
        (
            {"principal": {**SESSION, "role_arn": "arn:aws-cn:iam::111111111111:role/Worker"}},
            "$.request.principal.role_arn: partition `aws-cn` is not that of `arn`, `aws`",
        ),
        (
            {"principal": {**PRINCIPAL, "type": "root"}},
            "$.request.principal.arn: `arn:aws:iam::111111111111:user/a` is no",
        ),
        (
            {"context": {"aws:SourceIp": "203.0.113.7", "AWS:sourceip": "203.0.113.8"}},
            '$.request.context["AWS:sourceip"]: context key `AWS:sourceip` is given twice, as `aws:SourceIp` before',
        ),
    ],
)
def test_requests_that_contradict_themselves_are_refused(given, message):
    """What is said twice and differs is no request: an answer to it would mean nothing."""
    case = value()
    case["request"] |= given
    with pytest.raises(InputError) as error:
        read(case)
    assert message in str(error.value)
    assert str(error.value).startswith("case.json")


def test_what_is_said_twice_may_agree():
    case = value()
    case["request"] |= {"principal": SESSION, "resource": "arn:aws:iam::aws:policy/A", "resource_account": "aws"}
    assert read(case).request.resource_account == "aws"


def test_several_policies_may_decide_for_the_resource():
    case = read(value(policies={"resource": [RESOURCE, RESOURCE]}))
    assert [case.resource.name, *(document.name for document in case.resource_more)] == ["resource[0]", "resource[1]"]


def test_the_network_origin_of_an_access_point():
    assert read(value()).access_point_origin == "internet"
    assert read(value(flags={"access_point_vpc": "vpc-1"})).access_point_origin == "vpc"
    assert read(value(flags={"access_point_origin": "unknown"})).access_point_origin == "unknown"
