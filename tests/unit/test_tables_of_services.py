"""Tables that say what cannot be: where each row comes from, and the verdicts that turn on rows."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.encode.world.configured import calls_of, keys_of
from perimeter_smt.organization.model import Endpoint, OwnedPrincipal
from perimeter_smt.organization.perimeter import Scope, Vpc
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.verdicts import presumes
from perimeter_smt.request.actions import action_info, resource_type
from perimeter_smt.request.keys import support_list, table_rows
from perimeter_smt.resources import encodings
from tests.unit.test_prove_callers import MINE, OFFICE, ORG, asked, deny, policy, workspace
from tests.unit.test_prove_resources import NO_ROOT, resource
from tests.unit.test_prove_resources import status as with_complete_list

# Lists with one page of AWS for all members, and lists with a page per row.
OF_ONE_PAGE = (
    "aws-owned-resources-services", "cross-region-endpoints",
    "no-resource-account-actions", "rcp-services", "scp-exempt-actions", "scp-exempt-root-actions",
    "source-vpc-arn-services", "vpce-account-services", "vpce-org-id-services", "vpce-org-paths-services",
)  # fmt: skip
PER_ROW = (
    "anonymous-services", "endpoint-policy-services", "endpoint-policy-unsupported", "resource-policy-services",
    "shared-resources-services",
)  # fmt: skip
BESIDE = ("AE3.cross-account", "AE8.aws-owned", "AN6.address", "AN8.address", "P1.first-hop")  # soft axioms
PAGES = ("https://docs.aws.amazon.com/", "https://github.com/aws-samples/")


def _table(name):
    return json.loads(encodings().joinpath("keys", f"{name}.json").read_text("utf-8"))


@pytest.mark.parametrize("name", OF_ONE_PAGE)
def test_a_list_says_what_its_page_says_and_when(name):
    table = _table(name)
    assert table["says"] and table["source"].startswith(PAGES)
    assert len(table["date"]) == len("2026-01-01")


@pytest.mark.parametrize("name", PER_ROW)
def test_each_row_has_a_page_a_sentence_and_a_day(name):
    for row in table_rows(name):
        assert row["page"].startswith(PAGES), row
        assert row["says"], row
        assert len(row["read"]) == len("2026-01-01"), row
        if "writes" in row:
            assert action_info(row["writes"]) is not None, row
            assert row["writes"].partition(":")[0] == row["member"]
    assert sorted(support_list(name)) == [row["member"] for row in table_rows(name)]


def test_types_of_config_name_the_call_that_writes_the_policy():
    for row in table_rows("config-types-with-policies"):
        assert action_info(row["writes"]) is not None, row
        assert isinstance(row["recorded"], bool)


def test_built_in_resources_say_where_they_were_read():
    """Only a row with a page that tells how all is made excludes more than what is presumed; pages have a day."""
    for row in table_rows("built-in-resources"):
        assert ("page" in row) == ("says" in row) == ("read" in row), row
        assert row["names"] or row["complete"], row
        assert "page" in row or not row.get("complete"), row


@pytest.mark.parametrize(
    ("action", "name", "needs"),
    [
        ("sqs:GetQueueAttributes", "jobs", False),
        ("dynamodb:GetItem", "table/carts", False),
        ("apprunner:DescribeService", "service/web/0a1b", True),
        ("states:DescribeStateMachine", "stateMachine:bill", True),
    ],
)
def test_complete_lists_prove_by_themselves_only_where_a_page_tells_what_is_there(action, name, needs):
    """Of App Runner no page says that an account has nothing by itself: the proof hid that it assumes so.

    The page that stood in the row of Step Functions said nothing of what an account has by itself.

    The guardrail speaks of the Region of the one resource that is listed.
    """
    service = action.partition(":")[0]
    mine = f"arn:aws:{service}:*:{MINE}:*"
    only = resource(f"arn:aws:{service}:eu-west-1:ACCOUNT:{name}")
    app = OwnedPrincipal(
        arn=f"arn:aws:iam::{MINE}:role/app", type="role", account=MINE,
        policies=(policy(Kind.IDENTITY, {"Effect": "Allow", "Action": action, "Resource": mine}),),
        trust=policy(Kind.TRUST, {"Effect": "Allow", "Principal": {"AWS": MINE}, "Action": "sts:AssumeRole"}),
    )  # fmt: skip
    outside = deny({"NotIpAddressIfExists": {"aws:SourceIp": OFFICE}}, resource=f"arn:aws:{service}:eu-west-1:{MINE}:*")
    space = workspace(
        scps=(NO_ROOT, outside), listed=True, principals=(app,), resources=(only,), cidrs=(OFFICE,),
        scopes={"O5": Scope(actions=(action,))}, assumptions=BESIDE,
    )  # fmt: skip
    (verdict,) = asked("O5", service, space, mode="grants").verdicts
    assert verdict.status == "proved"
    assert ("AE12.built-in" in presumes(verdict.assumptions)) is needs


@pytest.mark.parametrize(
    ("action", "name", "taken"),
    [
        ("mediapackagev2:GetObject", "channelGroup/g/channel/c/originEndpoint/o", True),
        ("mediatailor:DescribeChannel", "channel/c", True),
        ("rum:PutRumEvents", "appmonitor/shop", True),
        ("cloudsearch:search", "domain/movies", True),
        ("kinesis:GetRecords", "stream/s", False),
    ],
)
def test_policies_of_more_services_open_resources_to_everybody(action, name, taken):
    """Their guides show policies for clients without a signature; the table knew none of these services."""
    service = action.partition(":")[0]
    unsigned = {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": "*",
                "Condition": {"StringEquals": {"aws:PrincipalType": "Anonymous"},
                              "Null": {"aws:PrincipalServiceName": "true"}}}  # fmt: skip
    open_to_all = resource(f"arn:aws:{service}:us-east-1:ACCOUNT:{name}", unsigned)
    scopes = {"O1": Scope(actions=(action,))}
    found = with_complete_list("O1", service, resources=[open_to_all], scopes=scopes, reading="exact")
    assert ("refuted" in found) is taken


@pytest.mark.parametrize("action", ["mechanicalturk:CreateHIT"])
@pytest.mark.parametrize("accepted", [(), ("tasks-outside-scp",)])
def test_scps_do_not_restrict_mechanical_turk(action, accepted):
    """A Deny on everything does not stop it: it is a limit of SCPs, and accepted only by name."""
    space = workspace(scps=(deny(),), scopes={"O5": Scope(actions=(action,))}, accepted=accepted)
    (verdict,) = asked("O5", "mechanicalturk", space).verdicts
    assert (verdict.status == "refuted") is not accepted
    if not accepted:
        assert verdict.reason is not None
        assert "tasks-outside-scp" in verdict.reason


@pytest.mark.parametrize(
    ("service", "action", "accepted", "expected"),
    [
        ("sqs", "sqs:SendMessage", (), "proved"),
        ("appstream", "appstream:DescribeImages", (), "refuted"),
        ("appstream", "appstream:DescribeImages", ("services-without-endpoint-policy",), "proved"),
        ("comprehend", "comprehend:DescribeEndpoint", (), "proved"),
        ("neptune-graph", "neptune-graph:GetGraph", (), "refuted"),
        ("neptune-graph", "neptune-graph:GetGraphSummary", (), "proved"),
        ("inspector2", "inspector2:GetMember", (), "refuted"),
        ("cleanrooms", "cleanrooms:GetCollaboration", (), "refuted"),
    ],
)
def test_endpoint_policies_hold_where_the_service_supports_them(service, action, accepted, expected):
    """The policy of an endpoint proves nothing where the service takes none; where nobody says so it is presumed."""
    trusted = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*",
               "Condition": {"StringEquals": {"aws:ResourceOrgID": ORG}}}  # fmt: skip
    endpoint = Endpoint(
        id="vpce-0a000000000000001", account=MINE, vpc="vpc-0a000000000000001", vpc_account=MINE, region="us-east-1",
        services=(service,), policy=policy(Kind.ENDPOINT, trusted),
    )  # fmt: skip
    space = workspace(
        endpoints_listed=(endpoint,), scopes={"O4": Scope(actions=(action,))}, accepted=accepted,
        vpcs=(Vpc(id="vpc-0a000000000000001", region="us-east-1", account=MINE),),
    )  # fmt: skip
    (verdict,) = asked("O4", service, space).verdicts
    assert verdict.status == expected
    assert ("AN14" in presumes(verdict.assumptions)) is (expected == "proved" and service != "sqs" and not accepted)
    if service == "comprehend":
        doubted = space.model_copy(update={"perimeter": space.perimeter.model_copy(update={"doubts": ("AN14",)})})
        (verdict,) = asked("O4", service, doubted).verdicts
        assert verdict.status == "conditional"


@pytest.mark.parametrize(
    ("key", "action"),
    [
        ("aws:VpceOrgID", "kinesis:PutRecord"),
        ("aws:VpceOrgID", "qbusiness:ChatSync"),
        ("aws:VpceOrgPaths", "secretsmanager:GetSecretValue"),
        ("aws:VpceOrgPaths", "sts:GetAccessKeyInfo"),
    ],
)
def test_keys_of_the_owner_of_the_endpoint_are_there_for_more_services(key, action):
    """The lists of the IAM guide have grown: where the key is absent there is no endpoint of an organization."""
    service = action.partition(":")[0]
    through = deny({"Null": {"aws:SourceVpce": "true"}})
    absent = deny({"Null": {key: "false"}})
    space = workspace(scps=(through, absent), scopes={"O5": Scope(actions=(action,))})
    (verdict,) = asked("O5", service, space, reading="exact").verdicts
    assert all(shown.facts.endpoint_account not in (MINE,) for shown in verdict.counterexamples)


def test_services_with_policies_of_the_page_are_in_the_table():
    """Rows of the column on resource-based policies, and of actions that write one, which the table did not have."""
    assert {"cloud9", "ssm-contacts", "aiops", "oam", "rekognition", "s3files", "cloudsearch"} <= support_list(
        "resource-policy-services"
    )
    assert {"elasticloadbalancing", "codeconnections", "bcm-dashboards"} <= support_list("shared-resources-services")


_GLOBAL = {row["key"].lower() for row in _table("global-keys")["keys"]}


def _keys_of_call(action):
    """The condition keys that the service reference lists for a call, on any resource that it is tested on."""
    info = action_info(action)
    assert info is not None, action
    uses = info.resource_types
    types = [found for use in uses if (found := resource_type(info.service, use.type)) is not None]
    listed = (*info.condition_keys, *(key for one in (*uses, *types) for key in one.condition_keys))
    return {key.lower() for key in listed}


@pytest.mark.parametrize("name", ["carriers", "compute-settings", "portable-credentials"])
def test_each_call_of_a_row_carries_the_keys_of_the_row(name):
    """A key that the service reference does not list for a call tells nothing of it: the row would prove too much."""
    told = 0
    for row in table_rows(name):
        calls, keys = calls_of(row), keys_of([row])
        assert all(action_info(call) is not None for call in calls), row
        own = [key.lower() for key in keys if not key.startswith("aws:")]
        assert [(call, key) for call in calls for key in own if key not in _keys_of_call(call)] == []
        assert all(key.lower() in _GLOBAL for key in keys if key.startswith("aws:")), row
        told += len(own)
    assert told or name == "portable-credentials"


@pytest.mark.parametrize("name", ["carriers", "compute-settings", "portable-credentials", "data-planes"])
def test_each_row_of_a_mitigation_has_a_page(name):
    for row in table_rows(name):
        assert str(row["source"]).startswith(PAGES), row
