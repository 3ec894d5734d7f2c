"""Lint: what rules say of empty parts, unknown names, variables, and principals that get nothing (PL059 to PL061)."""

from __future__ import annotations

from typing import Any

import pytest

from perimeter_smt.policy.kinds import Kind
from tests.unit.test_lint import Example, _found, identity, rcp, scp, trust, when

QUEUE = "arn:aws:sqs:eu-north-1:444455556666:parcels"
HOST = "arn:aws:iam::444455556666:oidc-provider/login.acme.example"
SAML = "arn:aws:iam::444455556666:saml-provider/acme"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Action": [" "]}, "`Action` holds an empty text, which matches nothing"),
        ({"Resource": []}, "`Resource` is empty and so matches nothing"),
        ({"Condition": {"StringLike": {"aws:username": []}}}, "`StringLike` has an empty list of values"),
    ],
)
def test_empty_parts(change: dict[str, Any], message: str) -> None:
    assert _found(identity(**change), "PL001") == [message]


def test_empty_principals() -> None:
    example = Example(Kind.BUCKET, ({"Effect": "Deny", "Action": [], "Resource": "*", "Principal": {"AWS": []}},))
    assert _found(example, "PL001") == [
        "`Action` is empty and so matches nothing",
        "the list of principals is empty and so matches nobody",
    ]


def test_unknown_service_and_broken_service_half() -> None:
    assert _found(identity(Action="nosuch:Get"), "PL016") == ["`nosuch:Get`: unknown service `nosuch`"]
    assert _found(identity(Action="s*:Get"), "PL003") == [
        "`s*:Get` has a wildcard in its service, it matches no action"
    ]


def test_endpoint_keys_asked_of_every_service() -> None:
    example = scp(when("StringEquals", "aws:VpceOrgID", "o-1"), action="*")
    (message,) = _found(example, "PL010")
    assert message.startswith("`aws:VpceOrgID` is asked of every service, ")


def test_third_party_endpoint_accounts_beside_the_organization() -> None:
    keys = {"aws:VpceOrgID": "o-1", "aws:VpceAccount": "222222222222"}
    example = rcp({"Condition": {"StringNotEqualsIfExists": keys}}, action="sqs:*")
    assert _found(example, "PL010") == []


def test_multivalued_variable() -> None:
    assert _found(identity(Resource="arn:aws:s3:::${aws:TagKeys}"), "PL023") == [
        "the variable `${aws:TagKeys}` names a key with several values and is never set"
    ]


@pytest.mark.parametrize("broken", ["${aws:username", "${}", "${aws:username, 'x}"])
def test_text_that_begins_no_variable(broken: str) -> None:
    assert _found(identity(Resource=f"arn:aws:s3:::x/{broken}"), "PL023") == [
        f"`arn:aws:s3:::x/{broken}` holds a `${{` that begins no variable"
    ]
    assert _found(identity(Resource="arn:aws:s3:::x/${$}/${*}"), "PL023") == []


@pytest.mark.parametrize(
    ("resources", "told"),
    [
        ([QUEUE, "arn:aws:sns:eu-north-1:444455556666:parcels"], 1),
        ([QUEUE, "arn:aws:sqs:eu-north-1:${aws:ResourceAccount}:parcels"], 0),
        ([QUEUE, "*", "arn:aws:sqs:*:444455556666:par*"], 0),
        ([QUEUE, "arn:aws:sqs:eu-north-1:444455557777:parcels"], 1),
        (["arn:aws:sqs:*:*:p?rcels", QUEUE], 0),
        (["arn:aws:lambda:eu-north-1:444455556666:function:f", "arn:aws:lambda:eu-north-1:444455556666:function:g"], 0),
    ],
)
def test_resources_of_another_queue(resources: list[str], told: int) -> None:
    one = {"Effect": "Deny", "Action": "*", "Principal": "*"}
    assert len(_found(Example(Kind.RESOURCE, ({**one, "Resource": resources},)), "PL059")) == told
    apart = tuple({**one, "Resource": resource} for resource in resources)
    assert len(_found(Example(Kind.RESOURCE, apart), "PL059")) == told
    assert _found(Example(Kind.RESOURCE, ({**one, "NotResource": resources},)), "PL059") == []


@pytest.mark.parametrize(
    ("principal", "action", "told"),
    [
        ({"Federated": SAML}, "sts:AssumeRoleWithWebIdentity", 1),
        ({"Federated": SAML}, ["sts:AssumeRoleWithSAML", "sts:TagSession"], 0),
        ({"Federated": SAML}, "sts:TagSession", 0),
        ({"Federated": [SAML, HOST]}, "sts:AssumeRoleWithSAML", 1),
        ({"Federated": "cognito-identity.amazonaws.com"}, "sts:assumerolewithwebidentity", 0),
        ({"AWS": "444455556666", "Federated": HOST}, ["sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"], 0),
        ({"Service": "ec2.amazonaws.com"}, "sts:AssumeRoleWithSAML", 1),
        ({"AWS": "444455556666"}, "*", 0),
    ],
)
def test_actions_that_a_principal_cannot_call(principal: dict[str, Any], action: object, told: int) -> None:
    assert len(_found(trust({"Principal": principal, "Action": action}), "PL060")) == told
    assert _found(trust({"Principal": principal, "Action": action, "Effect": "Deny"}), "PL060") == []


@pytest.mark.parametrize(("principal", "told"), [("*", 1), ({"AWS": "*"}, 0), ({"AWS": "444455556666"}, 0)])
def test_star_alone_as_principal_of_a_role(principal: object, told: int) -> None:
    """IAM refuses it on save, with either effect; it is read as everybody, the widest that can be meant."""
    for effect in ("Allow", "Deny"):
        changes = {"Principal": principal, "Action": "sts:AssumeRole", "Effect": effect}
        assert len(_found(trust(changes), "PL062")) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("arn:aws:iam::444455556666:root", 0),
        ("arn:aws:iam::444455556666:user/x", 0),
        ("arn:aws:iam::*:ro*", 0),
        ("arn:aws:iam::444455556666:${aws:PrincipalTag/x}", 0),
        ("arn:aws:iam::${aws:PrincipalAccount}:role/x", 0),
        ("arn:aws:sts::${aws:PrincipalAccount}:assumed-role/x/*", 1),
        ("arn:aws:sts::444455556666:federated-user/x", 0),
        ("*:assumed-role/*", 0),
        ("arn:aws:iam::444455556666:group/x", 1),
        ("arn:aws:sts::444455556666:assumed-role/x/y", 1),
        ("arn:aws:s3:::parcels/*", 1),
    ],
)
def test_arns_that_no_caller_has(value: str, told: int) -> None:
    for operator in ("ArnLike", "StringNotLike", "ArnEqualsIfExists"):
        assert len(_found(scp(when(operator, "aws:PrincipalArn", [value])), "PL061")) == told
        assert _found(scp(when(operator, "aws:SourceArn", [value])), "PL061") == []
