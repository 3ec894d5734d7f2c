"""NotResource, NotAction and NotPrincipal over the resource types of the service reference (semantics 1.4 to 1.6).

Right answers are made by construction: an ARN hits its own pattern and wider ones, and none of another partition,
account, Region or service. NotResource is the contrary of Resource, for calls that name no resource, too.
"""

from __future__ import annotations

import re

import pytest

from perimeter_smt.encode.world.case import statement_problem
from perimeter_smt.encode.world.ground import holds
from perimeter_smt.evaluate import match_statement
from perimeter_smt.organization.model import Account, Guardrails, Organization, OwnedPrincipal, OwnedResource, Unit
from perimeter_smt.organization.perimeter import Perimeter, Scope, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.request import actions
from perimeter_smt.request.request import Principal, Request

ORG, MINE, OTHER, MANAGEMENT = "o-acme0000001", "111122223333", "444455556666", "123456789012"
KINDS = (Kind.IDENTITY, Kind.BOUNDARY, Kind.SCP, Kind.RCP, Kind.RESOURCE, Kind.ENDPOINT)
HAVE_PRINCIPAL = (Kind.RCP, Kind.RESOURCE, Kind.ENDPOINT)
FIELDS = {"Partition": "aws", "Region": "eu-west-1", "Account": MINE}
USER = Principal(type="user", arn=f"arn:aws:iam::{MINE}:user/a", account=MINE)


def shapes():
    """An action for each form of ARN of the reference, and one without resource for each service that has such."""
    found = {}
    for service in actions.services():
        for action in actions.actions(service):
            named = [actions.resource_type(service, use.type) for use in action.resource_types]
            for form in [kind.arn for kind in named if kind] or [None]:
                found.setdefault((service, form), action.name)
    return [(service, form, name) for (service, form), name in found.items()]


def patterns(arn, form):
    """Patterns with what they say of the ARN (None: the call names no resource)."""
    if form is None:
        return [("arn:aws:*:*:*:*", False), ("*", True), (["arn:aws:s3:::a", "*"], True)]
    _, _, service, region, account, name = arn.split(":", 5)
    out = [
        (arn, True), (f"arn:aws:{service}:*:*:*", True), ([f"arn:aws:{service}:*:*:zz*", arn], True), ("*", True),
        (f"arn:aws-cn:{service}:*:*:*", False), (f"arn:aws:zz{service}:*:*:*", False), (f"{arn}zz", False),
        (f"arn:aws:{service}:{region}:{OTHER}:{name}", False),
    ]  # fmt: skip
    if "${Region}" in form:
        out.append((f"arn:aws:{service}:ca-west-1:*:*", False))
    if "${Account}" not in form and not account:
        out.append((f"arn:aws:{service}:*:{MINE}:*", False))
    return out


def statement(kind, member, value, service):
    made = {"Effect": "Deny", "Action": f"{service}:*", member: value}
    made |= {"Principal": "*"} if kind in HAVE_PRINCIPAL else {}
    given = {"Version": "2012-10-17", "Statement": [made]}
    return parse_object(given, kind, file="p.json", name="p", strict=False)


def test_notresource_of_every_form_of_arn():
    """It was walked for queues and buckets alone. One form in four; the encoding, which takes longer, one in forty."""
    forms = shapes()
    assert len(forms) > 2000
    for number, (service, form, action) in enumerate(forms[::4]):
        arn = "*" if form is None else re.sub(r"\$\{(\w+)\}", lambda part: FIELDS.get(part[1], "x1"), form)
        arn = arn if arn == "*" else arn.replace("*", "y2")
        kind = KINDS[number % len(KINDS)]
        request = Request(principal=USER, action=f"{service}:{action}", resource=arn, resource_account=MINE)
        for pattern, hit in patterns(arn, form):
            for member, expected in (("Resource", hit), ("NotResource", not hit)):
                document = statement(kind, member, pattern, service)
                where = (kind, member, pattern, action, arn)
                assert bool(match_statement(document, document.statements[0], request)) is expected, where
                if number % 10 == 0:
                    problem, asked = statement_problem(document, document.statements[0], request)
                    assert holds(problem, asked, frozenset()) is expected, where


# --- whole worlds: O1 of a resource that is open to everybody ------------------------------------------
AT = f"eu-west-1:{MINE}"
SERVICES = {
    "sns": ("Publish", "Subscribe", f"arn:aws:sns:{AT}:one", f"arn:aws:sns:{AT}:two"),
    "kms": ("Decrypt", "Encrypt", f"arn:aws:kms:{AT}:key/1f-a", f"arn:aws:kms:{AT}:key/1f-b"),
    "secretsmanager": ("GetSecretValue", "PutSecretValue", f"arn:aws:secretsmanager:{AT}:secret:one-AbCdEf",
                       f"arn:aws:secretsmanager:{AT}:secret:two-AbCdEf"),
    "dynamodb": ("GetItem", "PutItem", f"arn:aws:dynamodb:{AT}:table/one", f"arn:aws:dynamodb:{AT}:table/two"),
    "kinesis": ("PutRecord", "GetRecords", f"arn:aws:kinesis:{AT}:stream/one", f"arn:aws:kinesis:{AT}:stream/two"),
    "events": ("PutEvents", "DescribeEventBus", f"arn:aws:events:{AT}:event-bus/1", f"arn:aws:events:{AT}:event-bus/2"),
    "ecr": ("BatchGetImage", "PutImage", f"arn:aws:ecr:{AT}:repository/one", f"arn:aws:ecr:{AT}:repository/two"),
    "lambda": ("GetPolicy", "AddPermission", f"arn:aws:lambda:{AT}:function:one", f"arn:aws:lambda:{AT}:function:2"),
    "s3": ("ListBucket", "GetBucketLocation", "arn:aws:s3:::one-acme", "arn:aws:s3:::two-acme"),
}  # fmt: skip
OUTSIDE = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG}}
OPEN, SHUT = ("refuted",), ("proved", "vacuous")
EVERYBODY = {"Principal": {"AWS": "*"}}


def document(kind, *statements):
    return parse_object({"Version": "2012-10-17", "Statement": list(statements)}, kind, file="p.json", name=kind.value)


def space(account, *, rcps=(), scps=(), accepted=()):
    guardrails = Guardrails(rcps=rcps, scps=scps)
    root = Unit(id="r-ac01", guardrails=guardrails, accounts=(account, Account(id=MANAGEMENT, listed=True)))
    limits = (
        "management-account",
        "service-linked-roles",
        "service-principals",
        "aws-managed-keys",
        "kms-retire-grant",
    )
    return Workspace(
        organization=Organization(id=ORG, management_account=MANAGEMENT, root=root),
        perimeter=Perimeter(orgs=(ORG,), accepted=(*limits, *accepted)),
        name="acme",
    )


def status(service, action, made, objective="O1"):
    scoped = made.perimeter.model_copy(update={"scopes": {objective: Scope(actions=(f"{service}:{action}",))}})
    made = made.model_copy(update={"perimeter": scoped})
    (found,) = prove(made, objectives=[objective], services=[service], mode="grants", availability=False).verdicts
    return found.status


@pytest.mark.parametrize("service", SERVICES)
def test_resource_policies_and_rcps(service):
    action, another, one, two = SERVICES[service]
    kind = {"kms": Kind.KMS, "s3": Kind.BUCKET}.get(service, Kind.RESOURCE)
    named = f"{service}:{action}"
    grant = {
        "Effect": "Allow",
        **EVERYBODY,
        "Action": f"{service}:*",
        "Resource": "*" if service != "s3" else [one, f"{one}/*"],
    }
    deny = {"Effect": "Deny", "Principal": "*", "Action": f"{service}:*", "Condition": OUTSIDE}
    plain = {key: value for key, value in deny.items() if key != "Action"}

    def found(*statements, rcp=None):
        of = {"grants": ()} if service == "kms" else {"acls": False} if service == "s3" else {}
        resource = OwnedResource(arn=one, account=MINE, policy=document(kind, *statements), **of)
        rcps = (document(Kind.RCP, rcp),) if rcp else ()
        return status(service, action, space(Account(id=MINE, resources=(resource,), listed=True), rcps=rcps))

    def allow(**members):
        return {"Effect": "Allow", **EVERYBODY, **members}

    everything = {"Resource": grant["Resource"]}
    assert found(grant) in OPEN
    assert found(allow(Action=f"{service}:*", NotResource=two)) in OPEN
    if service != "lambda":  # a function has versions and aliases, which its own ARN does not name
        assert found(allow(Action=f"{service}:*", NotResource=one)) in SHUT
    assert found(allow(NotAction=f"{service}:{another}", **everything)) in OPEN
    assert found(allow(NotAction=named, **everything)) in SHUT
    assert found(grant, deny | {"NotResource": one}) in OPEN
    assert found(grant, deny | {"NotResource": [two, f"arn:aws:{service}:*:{OTHER}:*"]}) in SHUT
    assert found(grant, plain | {"NotAction": named, **everything}) in OPEN
    assert found(grant, plain | {"NotAction": f"{service}:{another}", **everything}) in SHUT
    named_out = {"Effect": "Deny", "Action": f"{service}:*", **everything}
    assert found(grant, named_out | {"NotPrincipal": {"AWS": MINE}}) in SHUT
    assert found(grant, named_out | {"NotPrincipal": {"AWS": OTHER}}) in OPEN
    if service in actions.rcp_services():
        assert found(grant, rcp=deny | {"NotResource": [two, one]}) in OPEN
        assert found(grant, rcp=deny | {"NotResource": [two, f"arn:aws-cn:{service}:*:*:*"]}) in SHUT


@pytest.mark.parametrize("service", ["sns", "kms", "dynamodb", "glacier"])
def test_scps_that_name_what_is_not_denied(service):
    """O3 of a role that may do everything: a Deny of all but my accounts, and of all but an action."""
    action = {"glacier": "UploadArchive"}.get(service) or SERVICES[service][0]
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    arn = f"arn:aws:iam::{MINE}:role/worker"
    worker = OwnedPrincipal(arn=arn, type="role", account=MINE, policies=(document(Kind.IDENTITY, everything),))
    account = Account(id=MINE, principals=(worker,), listed=True)
    mine = [f"arn:aws:{service}:*:{own}:*" for own in (MINE, MANAGEMENT)]

    def found(**members):
        scp = document(Kind.SCP, {"Effect": "Deny", **members})
        return status(service, action, space(account, scps=(scp,), accepted=("tasks-outside-scp",)), "O3")

    # A topic, and a key with a colon in its name, may spell a whole ARN under one reading.
    assert found(Action=f"{service}:*", NotResource=mine) in (*SHUT, "conditional")
    assert found(Action=f"{service}:*", NotResource=[*mine, f"arn:aws:{service}:*:*:*"]) not in SHUT
    assert found(NotAction=f"{service}:{action}", Resource="*") not in SHUT
    assert found(NotAction=f"{service}:List*", Resource="*") in SHUT
