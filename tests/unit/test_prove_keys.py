"""Which caller carries which condition key, with which values: verdicts that turn on one line of AWS's key page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import floor

import pytest

from perimeter_smt.logic.interpret import instant
from perimeter_smt.organization.model import Account, Guardrails, Organization, Unit
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.questions.verdicts import presumes

ORG, MINE, MANAGEMENT = "o-acme0000001", "111122223333", "123456789012"
LIMITS = ("management-account", "service-linked-roles", "service-principals")
FOREIGN = {"aws:ResourceOrgID": ORG}
PROVIDER = f"arn:aws:iam::{MINE}:oidc-provider/id.acme.example"


@dataclass(frozen=True)
class Text:
    """Assertions that lie in no file."""

    smtlib: str


def policy(kind, *statements):
    return parse_object({"Version": "2012-10-17", "Statement": list(statements)}, kind, file="p.json", name=kind.value)


def deny(condition, *, action="*", principal=False):
    out = {"Effect": "Deny", "Action": action, "Resource": "*", "Condition": condition}
    return out | ({"Principal": "*"} if principal else {})


def workspace(*, scps=(), rcps=()):
    accounts = (Account(id=MINE), Account(id=MANAGEMENT))
    guardrails = Guardrails(
        scps=tuple(policy(Kind.SCP, s) for s in scps), rcps=tuple(policy(Kind.RCP, s) for s in rcps)
    )
    root = Unit(id="r-root", guardrails=guardrails, accounts=accounts)
    return Workspace(
        organization=Organization(id=ORG, management_account=MANAGEMENT, root=root),
        perimeter=Perimeter(orgs=(ORG,), accepted=LIMITS),
        name="keys",
    )


LONG_AGO = date(2000, 1, 1)  # so that the dates in these policies lie ahead


def verdict(service, space):
    (found,) = prove(space, objectives=["O3"], services=[service], availability=False, today=LONG_AGO).verdicts
    return found


def claimed(service, claim, space=None):
    """The status of one claim on every request that gets through."""
    own = Text(f"(assert (! {claim} :named claim))")
    report = prove(space or workspace(), objectives=(), services=[service], assertions=[own], availability=False)
    return report.verdicts[0].status


def test_the_root_user_tags_no_session_of_a_role():
    """The formal text let it, the evaluator did not: an answer that showed such a call was an internal error."""
    premise = '(and (= caller root) (= action "sts:TagSession") (str.prefixof "role/" resource.name))'
    assert claimed("sts", f"(=> {premise} (not |has aws:userid|))") == "vacuous"


IDENTITY = '(and (= caller user) (= principal.account "cloudfront"))'
OF_ONE = 'principal.name "user/CloudFront Origin Access Identity E2EXAMPLE1"'


def test_origin_access_identities_are_no_users_with_names():
    """With aws:username in use they could not have the names that they have."""
    assert claimed("s3", f"(=> {IDENTITY} |has aws:username|)") == "refuted"
    assert claimed("s3", f"(=> (and {IDENTITY} |has aws:username|) (not (= {OF_ONE})))") == "refuted"
    assert claimed("s3", "(=> (and (= caller user) (is-account principal.account)) |has aws:username|)") == "proved"


def test_who_signs_in_with_a_web_identity_carries_its_provider():
    """aws:FederatedProvider was free in this call: a Deny for every other provider did not hold them back."""
    rcp = deny(
        {"StringNotEquals": {"aws:FederatedProvider": PROVIDER}},
        action="sts:AssumeRoleWithWebIdentity",
        principal=True,
    )
    claim = (
        f'(=> (and (= action "sts:AssumeRoleWithWebIdentity") (= resource.account "{MINE}")) '
        f'(= principal.provider "{PROVIDER}"))'
    )
    assert claimed("sts", claim, workspace(rcps=(rcp,))) == "proved"
    assert claimed("sts", '(=> (= action "sts:AssumeRoleWithSAML") (not |has aws:FederatedProvider|))') == "conditional"


@pytest.mark.parametrize(("service", "expected"), [("ec2", "refuted"), ("secretsmanager", "proved")])
def test_tags_of_ec2_hold_any_character(service, expected):
    """An exemption by a tag with `#` was taken for one that no resource can have."""
    scp = deny({"StringNotEqualsIfExists": FOREIGN, "StringNotEquals": {"aws:ResourceTag/team": "team#1"}})
    found = verdict(service, workspace(scps=(scp,)))
    assert found.status == expected
    if expected == "proved":
        assert "AP19.resource-tag" in {assumed.name for assumed in found.assumptions}


@pytest.mark.parametrize(("service", "expected"), [("ec2", "refuted"), ("secretsmanager", "proved")])
def test_keys_of_tags_of_ec2_hold_any_character(service, expected):
    scp = deny({"StringNotEqualsIfExists": FOREIGN, "ForAllValues:StringNotEquals": {"aws:TagKeys": "a#b"}})
    assert verdict(service, workspace(scps=(scp,))).status == expected


@pytest.mark.parametrize(("service", "expected"), [("ec2", "conditional"), ("secretsmanager", "proved")])
def test_wildcards_in_a_tag_of_ec2_may_act(service, expected):
    """X-42 was not asked of tags of resources."""
    own = {"StringNotEqualsIfExists": FOREIGN}
    scps = (
        deny(own | {"StringNotLike": {"aws:PrincipalTag/team": "x${aws:ResourceTag/team}"}}),
        deny(own | {"StringNotEquals": {"aws:PrincipalTag/team": "xy"}}),
        deny(own | {"StringEquals": {"aws:ResourceTag/team": "y"}}),
        deny(own | {"Null": {"aws:ResourceTag/team": "true"}}),
    )
    assert verdict(service, workspace(scps=scps)).status == expected


@pytest.mark.parametrize("value", ["n\u00ba 5", "50\u00b2"])
def test_tags_are_of_every_script(value):
    """Letters and digits of tags were those of a few scripts: the exemption counted as one that nobody has."""
    scp = deny({"StringNotEqualsIfExists": FOREIGN, "StringNotEquals": {"aws:PrincipalTag/team": value}})
    assert verdict("sqs", workspace(scps=(scp,))).status == "refuted"


@pytest.mark.parametrize(
    ("service", "claim", "expected"),
    [
        ("sqs", '(=> |has aws:AssumedRoot| (and principal.assumed-root (= |aws:AssumedRoot| "true")))', "proved"),
        ("sqs", "(=> |has aws:SourceIdentity| (or (= caller role) principal.assumed-root))", "conditional"),
        ("sqs", "(=> |has aws:ChatbotSourceArn| (= caller role))", "conditional"),
        ("sqs", "(=> |has aws:ViaAWSMCPService| iam)", "conditional"),
        ("sqs", "(=> |has aws:CalledViaAWSMCP| iam)", "conditional"),
        ("sqs", "(=> |has aws:CalledViaFirst| |has aws:CalledVia|)", "conditional"),
        ("sqs", "(=> |has aws:CalledVia| |has aws:CalledViaLast|)", "proved"),
        ("sqs", "(=> |has aws:CalledViaLast| forwarded)", "proved"),
        ("sqs", '(=> iam (not (= |aws:userid| "")))', "proved"),
        ("sts", '(=> |has sts:ExternalId| (not (= |sts:ExternalId| "")))', "proved"),
        ("sts", '(=> |has sts:SourceIdentity| (not (= |sts:SourceIdentity| "")))', "proved"),
    ],
)
def test_lines_of_the_key_page(service, claim, expected):
    assert claimed(service, claim) == expected


def test_the_page_sample_on_long_term_root_credentials():
    """Denies what root does with long-term credentials: proved by the key page, was conditional."""
    scp = deny({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}, "Null": {"aws:AssumedRoot": "true"}})
    claim = f'(=> (and (= caller root) (= principal.account "{MINE}")) principal.assumed-root)'
    assert claimed("sqs", claim, workspace(scps=(scp,))) == "proved"


NEW_YEAR, EPOCH = "2020-01-01T00:00:00Z", {"aws:EpochTime": "1577836800"}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({"NumericGreaterThan": EPOCH}, {"NumericLessThanEquals": EPOCH}, "proved"),
        ({"NumericGreaterThan": EPOCH}, {"NumericLessThan": EPOCH}, "refuted"),
        ({"NumericNotEquals": EPOCH}, {"DateEquals": {"aws:EpochTime": NEW_YEAR}}, "proved"),
        ({"NumericGreaterThan": EPOCH}, {"DateLessThanEquals": {"aws:CurrentTime": NEW_YEAR}}, "proved"),
        ({"NumericGreaterThan": EPOCH}, {"DateLessThan": {"aws:CurrentTime": NEW_YEAR}}, "refuted"),
    ],
)
def test_the_epoch_time_is_a_number_and_a_date(first, second, expected):
    """A moment spelled as a date escaped numeric operators: two halves of all time did not cover it."""
    found = verdict("sqs", workspace(scps=(deny(first), deny(second))))
    assert found.status == expected
    for shown in found.counterexamples:
        context = shown.request.context
        assert instant(context["aws:EpochTime"]) == instant(context["aws:CurrentTime"])
        assert instant(context.get("aws:TokenIssueTime", "0")) < instant(context["aws:CurrentTime"])


def test_the_times_of_a_request_agree():
    """Only one key of time is tested; the others were of another year."""
    (shown,) = verdict("sqs", workspace(scps=(deny({"DateGreaterThan": {"aws:CurrentTime": "2020"}}),))).counterexamples
    context = shown.request.context
    assert instant(context["aws:CurrentTime"]) <= instant("2020")
    assert int(context["aws:EpochTime"]) == floor(instant(context["aws:CurrentTime"]))
    (shown,) = verdict("sqs", workspace(scps=(deny({"DateLessThan": {"aws:TokenIssueTime": "2031"}}),))).counterexamples
    context = shown.request.context
    if "aws:TokenIssueTime" in context:
        assert instant(context["aws:TokenIssueTime"]) <= instant(context["aws:CurrentTime"])


@pytest.mark.parametrize(("name", "expected"), [("aws:ec2-infrastructure", "refuted"), ("acme:volumes", "proved")])
def test_the_role_by_which_ec2_uses_volumes(name, expected):
    """No customer can name a role so, but AWS does: exempting it lets calls through from the network of EC2."""
    scp = deny({
        "NotIpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"},
        "StringNotEqualsIfExists": {"aws:VpceOrgID": ORG},
        "BoolIfExists": {"aws:ViaAWSService": "false"},
        "ArnNotLikeIfExists": {"aws:PrincipalArn": f"arn:aws:iam::*:role/{name}"},
    })  # fmt: skip
    space = workspace(scps=(scp,))
    mine = space.perimeter.model_copy(
        update={
            "cidrs": ("203.0.113.0/24",),
            "accepted": (*LIMITS, "forward-access-sessions"),
            "assumptions": ("AN8.address",),
        }
    )
    report = prove(
        space.model_copy(update={"perimeter": mine}), objectives=["O5"], services=["kms"], availability=False
    )
    (found,) = report.verdicts
    assert found.status == expected
    for shown in found.counterexamples:
        assert (shown.request.principal.role_arn or "").endswith(":role/aws:ec2-infrastructure")
        assert shown.facts.path == "awsnet"


@pytest.mark.parametrize(
    ("service", "doubts", "expected"),
    [("s3", (), "proved"), ("kms", (), "refuted"), ("s3", ("AP3.infrastructure-calls",), "refuted")],
)
def test_what_ec2_calls_by_its_own_role(service, doubts, expected):
    """A read of an object by the role that attaches volumes was shown as a hole; it uses keys, and nothing else."""
    scp = deny({
        "NotIpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"},
        "BoolIfExists": {"aws:ViaAWSService": "false"},
        "ArnNotLikeIfExists": {"aws:PrincipalArn": "arn:aws:iam::*:role/aws:ec2-infrastructure"},
    })  # fmt: skip
    space = workspace(scps=(scp,))
    accepted = (*LIMITS, "forward-access-sessions")
    more = {"assumptions": ("AN8.address",), "doubts": doubts}
    mine = space.perimeter.model_copy(update={"cidrs": ("203.0.113.0/24",), "accepted": accepted, **more})
    given = space.model_copy(update={"perimeter": mine})
    (found,) = prove(given, objectives=["O5"], services=[service], availability=False).verdicts
    assert found.status == ("conditional" if doubts else expected)
    if expected == "proved":
        assert "AP3.infrastructure-calls" in presumes(found.assumptions)


def test_that_a_resource_has_no_tag_key_is_presumed():
    """The exemption applies where a call carries the key; the list of those that do was taken without a word."""
    scp = deny({"StringNotEqualsIfExists": FOREIGN, "StringNotEquals": {"aws:ResourceTag/team": "x"}})
    space = workspace(scps=(scp,))
    found = verdict("glacier", space)
    assert found.status == "proved"
    assert "AK1.tags" in {assumed.name for assumed in found.assumptions}
    doubting = space.perimeter.model_copy(update={"doubts": ("AK1.tags",)})
    assert verdict("glacier", space.model_copy(update={"perimeter": doubting})).status == "conditional"
    assert verdict("sqs", space).status == "refuted"
