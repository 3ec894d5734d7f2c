"""What each kind of policy may hold (semantics 1.2, 1.6.1): one row per rule, with the text of the error."""

from __future__ import annotations

from typing import Any

import pytest

from perimeter_smt.errors import InputError
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.policy.validate import GRAMMARS

PLAIN: dict[str, Any] = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}
WITH_PRINCIPAL = {**PLAIN, "Principal": "*"}
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "111111111111"}}
MINIMAL = {kind: PLAIN if kind.is_identity_type else WITH_PRINCIPAL for kind in Kind} | {Kind.TRUST: TRUST}
FULL_ACCESS = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
USER = "arn:aws:iam::111111111111:user/app/ann"


def read(kind: Kind, *statements: dict[str, Any], strict: bool = True, **more: Any) -> Document:
    value = {"Version": "2012-10-17", "Statement": list(statements), **more}
    return parse_object(value, kind, file="p.json", name="p", strict=strict)


def refused(kind: Kind, *statements: dict[str, Any], strict: bool = True, **more: Any) -> str:
    with pytest.raises(InputError) as caught:
        read(kind, *statements, strict=strict, **more)
    return caught.value.message


def changed(kind: Kind, drop: str = "", **elements: Any) -> dict[str, Any]:
    return {name: value for name, value in MINIMAL[kind].items() if name != drop} | elements


def test_every_kind_has_a_grammar() -> None:
    assert set(GRAMMARS) == set(Kind)


@pytest.mark.parametrize("kind", Kind)
def test_minimal_statement_is_accepted(kind: Kind) -> None:
    assert read(kind, MINIMAL[kind]).kind is kind


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("kind", Kind)
def test_principal_where_it_belongs(kind: Kind, strict: bool) -> None:
    if kind.is_identity_type:
        for name in ("Principal", "NotPrincipal"):
            statement = changed(kind, **{name: "*"})
            message = f"element `{name}` is not allowed in a policy of kind {kind}"
            assert refused(kind, statement, strict=strict) == message
    else:
        message = f"element `Principal` is missing, a policy of kind {kind} needs it"
        assert refused(kind, changed(kind, "Principal"), strict=strict) == message


@pytest.mark.parametrize("kind", [Kind.RCP, Kind.TRUST, Kind.ENDPOINT_GATEWAY])
def test_no_not_principal(kind: Kind) -> None:
    statement = changed(kind, "Principal", NotPrincipal={"AWS": USER})
    message = f"element `NotPrincipal` is not allowed in a policy of kind {kind}"
    assert refused(kind, statement).startswith(message)
    assert ("expected `Principal`" in refused(kind, statement)) is (kind is Kind.TRUST)


@pytest.mark.parametrize("kind", [Kind.RESOURCE, Kind.KMS, Kind.BUCKET, Kind.ACCESS_POINT, Kind.ENDPOINT])
def test_not_principal_only_in_deny(kind: Kind) -> None:
    statement = changed(kind, "Principal", NotPrincipal={"AWS": USER})
    assert read(kind, statement).statements[0].principal is not None
    statement["Effect"] = "Allow"
    assert refused(kind, statement) == "`NotPrincipal` with effect `Allow`, expected `Deny`"
    assert read(kind, statement, strict=False).statements[0].principal is not None


def test_both_principals() -> None:
    statement = {**WITH_PRINCIPAL, "NotPrincipal": "*"}
    assert refused(Kind.BUCKET, statement) == "both `Principal` and `NotPrincipal`, expected one of them"


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in (Kind.TRUST, Kind.RESOURCE)])
def test_resource_is_required(kind: Kind) -> None:
    assert refused(kind, changed(kind, "Resource")) == "one of `Resource` and `NotResource` is missing"
    both = changed(kind, NotResource="*")
    assert refused(kind, both) == "both `Resource` and `NotResource`, expected one of them"


def test_resource_is_implied() -> None:
    assert read(Kind.RESOURCE, changed(Kind.RESOURCE, "Resource")).statements[0].resource is None
    assert read(Kind.TRUST, TRUST).statements[0].resource is None
    for name in ("Resource", "NotResource"):
        message = refused(Kind.TRUST, {**TRUST, name: "*"}, strict=False)
        assert message.startswith(f"element `{name}` is not allowed in a policy of kind trust: ")


def test_rcp_only_denies() -> None:
    assert refused(Kind.RCP, {**WITH_PRINCIPAL, "Effect": "Allow"}) == (
        "a statement of kind rcp has effect `Allow`, expected `Deny`"
    )
    assert read(Kind.RCP, FULL_ACCESS).statements[0].effect == "Allow"
    assert read(Kind.RCP, {**FULL_ACCESS, "Sid": "Full", "Action": ["*"]}).statements
    assert refused(Kind.RCP, FULL_ACCESS, WITH_PRINCIPAL).endswith("has effect `Allow`, expected `Deny`")
    assert refused(Kind.RCP, {**FULL_ACCESS, "Condition": {}}).endswith("has effect `Allow`, expected `Deny`")


@pytest.mark.parametrize("principal", [{"AWS": "*"}, {"AWS": "111111111111"}, {"Service": "s3.amazonaws.com"}])
def test_rcp_principal_is_a_star(principal: object) -> None:
    statement = {**WITH_PRINCIPAL, "Principal": principal}
    message = 'a statement of kind rcp has a principal other than `"*"`, AWS takes that alone'
    assert refused(Kind.RCP, statement) == message


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(
    ("left_out", "change", "what"),
    [
        (("Action",), {"NotAction": []}, "`NotAction`"),
        (("Resource",), {"NotResource": []}, "`NotResource`"),
        (("Principal",), {"NotPrincipal": {}}, "`NotPrincipal`"),
        (("Principal",), {"NotPrincipal": {"AWS": []}}, "`NotPrincipal`"),
        ((), {"Condition": {"StringNotLike": {"aws:username": []}}}, "the list of `StringNotLike`"),
        ((), {"Condition": {"StringNotEqualsIfExists": {"aws:username": []}}}, "the list of `StringNotEqualsIfExists`"),
    ],
)  # fmt: skip
def test_empty_lists_that_would_match_everything(left_out, change, what, strict) -> None:
    """AWS gives a statement with an empty list no effect: a Deny of everything would prove too much."""
    statement = {**WITH_PRINCIPAL, "Effect": "Deny", **change}
    for name in left_out:
        del statement[name]
    message = f"{what} is empty, expected values: AWS gives a statement with an empty list no effect"
    assert refused(Kind.RESOURCE, statement, strict=strict) == message


@pytest.mark.parametrize("action", ["*", "**", "*:*", "*:GetObject", ""])
def test_rcp_action_needs_a_service(action: str) -> None:
    message = refused(Kind.RCP, {**WITH_PRINCIPAL, "Action": ["s3:*", action]}, strict=False)
    assert message == f"action `{action}` has no service prefix, a policy of kind rcp needs one"


@pytest.mark.parametrize("kind", [Kind.RCP, Kind.TRUST])
def test_no_not_action(kind: Kind) -> None:
    statement = changed(kind, "Action", NotAction="sts:AssumeRole")
    assert refused(kind, statement).startswith(f"element `NotAction` is not allowed in a policy of kind {kind}")
    if kind is Kind.TRUST:
        assert read(kind, statement, strict=False).statements[0].action.negated


@pytest.mark.parametrize("kind", [Kind.SCP, Kind.RCP])
def test_version_is_required(kind: Kind) -> None:
    message = f'a policy of kind {kind} needs `"Version": "2012-10-17"`'
    assert refused(kind, MINIMAL[kind], Version="2008-10-17") == message
    value = {"Statement": MINIMAL[kind]}
    with pytest.raises(InputError, match="needs"):
        parse_object(value, kind, file="p.json", name="p")
    assert parse_object(value, kind, file="p.json", name="p", strict=False).version == "2008-10-17"


@pytest.mark.parametrize("kind", Kind)
def test_id_belongs_to_resource_policies(kind: Kind) -> None:
    if kind.is_identity_type:
        assert refused(kind, MINIMAL[kind], Id="x") == f"element `Id` is not allowed in a policy of kind {kind}"
        assert read(kind, MINIMAL[kind], Id="x", strict=False).id == "x"
    else:
        assert read(kind, MINIMAL[kind], Id="x").id == "x"


def test_sids() -> None:
    twice = [{**PLAIN, "Sid": "A"}, {**PLAIN, "Sid": "B"}, {**PLAIN, "Sid": "A"}]
    assert refused(Kind.SCP, *twice) == "statement id `A` is used twice"
    assert len(read(Kind.SCP, *twice, strict=False).statements) == 3
    message = "statement id `a b` has characters other than letters and digits"
    assert refused(Kind.IDENTITY, {**PLAIN, "Sid": "a b"}) == message
    assert refused(Kind.TRUST, {**TRUST, "Sid": "a b"}) == message
    assert read(Kind.BUCKET, {**WITH_PRINCIPAL, "Sid": "a b"}).statements[0].sid == "a b"


@pytest.mark.parametrize("action", ["GetObject", "", " ", "s3:", ":x"])
def test_actions_have_a_service_and_a_name(action: str) -> None:
    assert refused(Kind.IDENTITY, {**PLAIN, "Action": action}) == f"action `{action}` is not `*` or `service:name`"
    assert read(Kind.IDENTITY, {**PLAIN, "Action": action}, strict=False).statements[0].action.values == (action,)


@pytest.mark.parametrize("action", ["*", "**", "*:*", "s3:*", "S3:getobject", "s3:Get?bject"])
def test_actions_that_are_accepted(action: str) -> None:
    assert read(Kind.IDENTITY, {**PLAIN, "Action": action})


def test_trust_policies_name_actions_of_sts() -> None:
    message = "action `s3:GetObject` in a trust policy, expected an action of `sts`"
    assert refused(Kind.TRUST, {**TRUST, "Action": "s3:GetObject"}) == message
    assert read(Kind.TRUST, {**TRUST, "Action": ["sts:AssumeRole", "STS:TagSession"]})


@pytest.mark.parametrize("resource", ["bucket", "", " *", "a*", "ARN:aws:s3:::x"])
def test_resources_are_arns(resource: str) -> None:
    assert refused(Kind.IDENTITY, {**PLAIN, "Resource": resource}) == f"resource `{resource}` is not `*` or an ARN"
    assert read(Kind.IDENTITY, {**PLAIN, "Resource": resource}, strict=False)


@pytest.mark.parametrize(
    ("kind", "resource", "accepted"),
    [
        (Kind.IDENTITY, "arn:aws:s3", True),
        (Kind.BUCKET, "arn:aws:s3:*", True),
        (Kind.SCP, "arn:aws:s3:*", True),
        (Kind.SCP, "arn:aws:s3", False),
        (Kind.SESSION, "arn:aws:s3:*", False),
        (Kind.RCP, "arn:aws:s3:*", False),
        (Kind.SESSION, "*", True),
        (Kind.RCP, "**", True),
    ],
)
def test_incomplete_arns(kind: Kind, resource: str, accepted: bool) -> None:
    statement = changed(kind, Resource=resource)
    if accepted:
        assert read(kind, statement)
    else:
        message = f"resource `{resource}` is an incomplete ARN, a policy of kind {kind} needs six fields"
        assert refused(kind, statement) == message


@pytest.mark.parametrize(
    "value",
    [
        "*",
        "111111111111",
        "arn:aws:iam::111111111111:root",
        "arn:aws-cn:iam::111111111111:root",
        USER,
        "arn:aws:iam::111111111111:role/app/Worker",
        "arn:aws:sts::111111111111:assumed-role/Worker/job-1",
        "arn:aws:sts::111111111111:federated-user/bob",
        "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity EH1HDMB1FH2TC",
        "AROAEXAMPLEID1234567",
    ],
)
def test_aws_principals(value: str) -> None:
    statement = changed(Kind.RESOURCE, Principal={"AWS": value})
    assert read(Kind.RESOURCE, statement).statements[0].principal is not None


@pytest.mark.parametrize(
    "value",
    [
        "",
        " *",
        "11111111111",
        "1111111111111",
        "ann",
        "arn:aws:iam::11111111111:root",
        "arn:aws:iam::111111111111:group/admins",
        "arn:aws:iam::111111111111:instance-profile/p",
        "arn:aws:s3:::data",
        "arn:aws:sts::111111111111:assumed-role/Worker",
    ],
)
def test_texts_that_are_no_principal(value: str) -> None:
    statement = changed(Kind.RESOURCE, Principal={"AWS": ["*", value]})
    assert refused(Kind.RESOURCE, statement).startswith(f"principal `{value}` ")
    principal = read(Kind.RESOURCE, statement, strict=False).statements[0].principal
    assert principal is not None
    assert principal.entries[1].value == value


@pytest.mark.parametrize("value", ["arn:aws:iam::111111111111:role/*", "arn:aws:iam::*:root", "1111111111??"])
def test_partial_wildcards_in_principals(value: str) -> None:
    statement = changed(Kind.RESOURCE, Principal={"AWS": value})
    message = f"principal `{value}` has a wildcard inside, expected a full name, or `*` alone"
    assert refused(Kind.RESOURCE, statement) == message
    assert read(Kind.RESOURCE, statement, strict=False)


@pytest.mark.parametrize(
    ("principal", "message"),
    [
        *(
            (
                {"Service": name},
                f"principal `{name}` of type `Service`, expected the name of a service such as `sns.amazonaws.com`",
            )
            for name in (
                "*",
                "events",
                "123412341234",
                "arn:aws:iam::123412341234:root",
                "https://s3.amazonaws.com",
                " ",
            )
        ),
        ({"CanonicalUser": "x"}, "principal `x` of type `CanonicalUser`, expected 64 hexadecimal digits"),
        ({"Federated": "x"}, "principal type `Federated` is for trust policies only"),
        (
            {"aws": "*"},
            "unknown principal type `aws`, did you mean `AWS`?, "
            "expected `AWS`, `Service`, `Federated` or `CanonicalUser`",
        ),
        ({"*": "*"}, "unknown principal type `*`, expected `AWS`, `Service`, `Federated` or `CanonicalUser`"),
        ("111111111111", 'principal is `111111111111`, expected `*` or an object such as `{"AWS": ...}`'),
        (["*"], 'principal is a list, expected `*` or an object such as `{"AWS": ...}`'),
        (None, 'principal is null, expected `*` or an object such as `{"AWS": ...}`'),
        ({"AWS": 111111111111}, "found a number, expected a string"),
    ],
)
def test_malformed_principals(principal: object, message: str) -> None:
    assert refused(Kind.RESOURCE, changed(Kind.RESOURCE, Principal=principal)) == message


def test_plain_principals_of_old_documents() -> None:
    for principal in ("111111111111", ["111111111111"]):
        found = read(Kind.RESOURCE, changed(Kind.RESOURCE, Principal=principal), strict=False).statements[0].principal
        assert found is not None
        assert [(entry.type, entry.value) for entry in found.entries] == [("AWS", "111111111111")]


@pytest.mark.parametrize(
    "provider",
    ["*", "arn:aws:iam::123412341234:role/x", "arn:aws:iam::123412341234:saml-provider/*", "*.id.example", ""],
)
def test_providers_that_are_none(provider: str) -> None:
    """AWS: federated principals are domain names or ARNs of providers; no wildcards."""
    statement = {**TRUST, "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithSAML"}
    assert f"principal `{provider}` of type `Federated`, expected the host" in refused(Kind.TRUST, statement)


@pytest.mark.parametrize(
    "provider",
    [
        "id.example",
        "id.example/tenant",
        "https://id.example",
        "arn:aws:iam::123412341234:oidc-provider/id.example:8443/a",
        "arn:aws-us-gov:iam::123412341234:saml-provider/corp",
    ],
)
def test_providers_as_aws_takes_them(provider: str) -> None:
    assert read(Kind.TRUST, {**TRUST, "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithSAML"})


@pytest.mark.parametrize("name", ["ec2.amazonaws.com.cn", "pods.eks.amazonaws.com", "alexa-appkit.amazon.com"])
def test_service_names_as_aws_takes_them(name: str) -> None:
    assert read(Kind.RESOURCE, changed(Kind.RESOURCE, Principal={"Service": name}))


@pytest.mark.parametrize("kind", [Kind.TRUST, Kind.KMS])
def test_canonical_users_are_for_buckets(kind: Kind) -> None:
    base = TRUST if kind is Kind.TRUST else changed(kind)
    message = refused(kind, {**base, "Principal": {"CanonicalUser": "c3" * 32}})
    assert message == f"principal type `CanonicalUser` in a policy of kind {kind}, only S3 knows it"


@pytest.mark.parametrize("end", ["user/${aws:username}", "role/${aws:PrincipalTag/team}"])
def test_variables_are_no_principals(end: str) -> None:
    """AWS fills in variables in Resource and Condition only."""
    statement = changed(Kind.RESOURCE, Principal={"AWS": f"arn:aws:iam::123412341234:{end}"})
    assert "is not `*`, a 12-digit account id" in refused(Kind.RESOURCE, statement)


def test_federated_and_canonical_principals() -> None:
    provider = "arn:aws:iam::111111111111:saml-provider/corp"
    assert read(Kind.TRUST, {**TRUST, "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithSAML"})
    assert read(Kind.BUCKET, changed(Kind.BUCKET, Principal={"CanonicalUser": "a1" * 32}))


def test_place_of_an_error() -> None:
    value = {"Version": "2012-10-17", "Statement": [PLAIN, {**PLAIN, "Action": ["s3:*", "x"]}]}
    with pytest.raises(InputError) as caught:
        parse_object(value, Kind.SCP, file="scps/a.json", name="a")
    assert (caught.value.file, caught.value.path, caught.value.line) == ("scps/a.json", "$.Statement[1].Action[1]", 0)
    assert str(caught.value) == "scps/a.json: $.Statement[1].Action[1]: action `x` is not `*` or `service:name`"
