"""N1, N2, E1, E2 and S1: what leaves the perimeter without a call on a foreign resource (docs/mitigations.md)."""

from __future__ import annotations

import pytest

from perimeter_smt.encode.world import configured
from perimeter_smt.encode.world.catalogue import rows_of
from perimeter_smt.evaluate.configured import hands_over, starts_outside
from perimeter_smt.organization.model import Account, Guardrails, Organization, Unit
from perimeter_smt.organization.perimeter import Perimeter, RoleException, Scope, Vpc, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.mitigations import QUESTIONS, worlds
from perimeter_smt.questions.mitigations.model import Asking
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.request.keys import table_rows
from perimeter_smt.request.request import Facts, Principal, Request

ORG, MINE, OTHER, MANAGEMENT, STRANGER = "o-acme0000001", "111122223333", "444455556666", "123456789012", "999988887777"
TABLES = ("compute-settings", "carriers", "portable-credentials", "service-made-calls")
OPEN = {"key": "refuted", "deny": "refuted", "none": "not-guardable", "role": "refuted"}


def policy(kind, *statements):
    return parse_object({"Version": "2012-10-17", "Statement": list(statements)}, kind, file="p.json", name=kind.value)


def deny(action, condition=None, **more):
    return {
        "Effect": "Deny",
        "Action": action,
        "Resource": "*",
        **({"Condition": condition} if condition else {}),
        **more,
    }


def workspace(*scps, rcps=(), **claims):
    guardrails = Guardrails(
        scps=(policy(Kind.SCP, *scps),) if scps else (), rcps=(policy(Kind.RCP, *rcps),) if rcps else ()
    )
    accounts = tuple(Account(id=account) for account in (MINE, OTHER, MANAGEMENT))
    root = Unit(id="r-root", guardrails=guardrails, accounts=accounts)
    return Workspace(
        organization=Organization(id=ORG, management_account=MANAGEMENT, root=root, partition="aws"),
        perimeter=Perimeter(orgs=(ORG,), **claims),
        name="egress",
    )


def ask(name, space):
    return QUESTIONS[name].ask(space, Asking())


def lines(name, space):
    return {line.subject: line for line in ask(name, space).lines}


def only(name, *actions):
    """The scope of one question."""
    return {"scopes": {name: Scope(actions=actions)}}


def one(name, *scps, actions, **claims):
    """The line of the one row that these actions belong to."""
    (line,) = ask(name, workspace(*scps, **only(name, *actions), **claims)).lines
    return line


@pytest.mark.parametrize("table", TABLES)
def test_tables_name_actions_that_exist_and_keys_that_these_actions_list(table):
    """Only a key that the service authorization reference lists for an action can hold it."""
    for row in table_rows(table):
        assert row["source"].startswith("https://")
        for action in (*row["actions"], *row.get("carries", ())):
            found = [r for r in rows_of(action.partition(":")[0]) if r.lowered == action.lower()]
            assert found, action
            if action in row["actions"]:
                held = frozenset().union(*(r.keys for r in found))
                for key in configured.keys_of([row]):
                    assert key in held or any(k.endswith("*") and key.startswith(k[:-1]) for k in held), (action, key)


@pytest.mark.parametrize("table", ["compute-settings", "carriers"])
def test_rows_with_keys_share_all_their_calls_or_none(table):
    calls = [frozenset(configured.calls_of(r)) for r in table_rows(table) if configured.keys_of([r])]
    assert all(x == y or not x & y for x in calls for y in calls)


@pytest.mark.parametrize("name", ["N1", "E2"])
def test_every_row_is_open_without_guardrails(name):
    """No row is proved because nobody could make its call."""
    found = ask(name, workspace())
    rows = table_rows(worlds.TABLES[name])
    wanted = [OPEN[row["guard"]] if name == "E2" else ("refuted" if "key" in row else "not-guardable") for row in rows]
    assert [line.status for line in found.lines] == wanted
    assert all((line.counterexample is None) == (line.status == "not-guardable") for line in found.lines)


@pytest.mark.parametrize("name", ["N1", "E2", "N2"])
def test_every_row_is_proved_when_its_calls_are_denied(name):
    rows = list(table_rows(worlds.TABLES[name]))
    calls = sorted({action for row in rows for action in configured.calls_of(row)})
    found = lines(name, workspace(deny(calls)))
    for row in rows:
        line = found[f"{row['service']}: {row['what']}"]
        assert line.status == "proved"
        assert line.statement is not None and line.statement.effect == "Deny"


def test_every_check_of_the_tables_meets_some_request():
    """A check that meets no request would make a proof empty."""
    encoded = worlds.tables(workspace(), Asking())
    near = worlds.Near(encoded.world.calls, encoded.sets)
    for name, table in worlds.TABLES.items():
        issue = worlds.at_issue(encoded.world, "N2.handed-out" if name == "N2" else name, name)
        for row in table_rows(table):
            for action in configured.calls_of(row):
                for check in worlds.row_checks(encoded.world.calls, row, action):
                    here = near.at(check)
                    assert encoded.run.ask(issue, here, encoded.run.exact).status == "sat", (name, action)


LAMBDA = ("lambda:CreateFunction", "lambda:UpdateFunctionConfiguration")
NO_VPC = {"Null": {"lambda:VpcIds": "true"}}


@pytest.mark.parametrize(
    ("scps", "claims", "status"),
    [
        ((), {}, "refuted"),
        ((deny(LAMBDA, NO_VPC),), {"assumptions": ("AC1",)}, "proved"),
        ((deny(LAMBDA, NO_VPC),), {}, "conditional"),
        ((deny("lambda:CreateFunction", NO_VPC),), {"assumptions": ("AC1",)}, "refuted"),
        ((deny(LAMBDA, {"StringEquals": {"lambda:VpcIds": ""}}),), {"assumptions": ("AC1",)}, "refuted"),
    ],
)
def test_functions_outside_a_vpc(scps, claims, status):
    """With the mitigation, without, for the creation only, and with an empty text taken for an absent key."""
    line = one("N1", *scps, actions=LAMBDA, **claims)
    assert line.status == status
    if status == "refuted":
        assert "lambda:VpcIds" not in line.counterexample.request.context
    if status == "conditional":
        assert "AC1" in line.text


def test_functions_in_a_vpc_that_is_not_declared():
    """A Null test lets any VPC through: where `vpcs` are declared, the value counts."""
    vpcs = (Vpc(id="vpc-0ac00000000000001", region="eu-west-1"),)
    claims = {"assumptions": ("AC1",), "vpcs": vpcs}
    line = one("N1", deny(LAMBDA, NO_VPC), actions=LAMBDA, **claims)
    assert line.status == "refuted"
    assert line.counterexample.request.context["lambda:VpcIds"] != "vpc-0ac00000000000001"
    listed = {"StringNotEqualsIfExists": {"lambda:VpcIds": "vpc-0ac00000000000001"}}
    assert one("N1", deny(LAMBDA, listed), actions=LAMBDA, **claims).status == "proved"


def test_a_subnet_tells_no_vpc():
    vpcs = (Vpc(id="vpc-0ac00000000000001", region="eu-west-1"),)
    actions = ("bedrock-agentcore:CreateBrowser",)
    scp = deny(
        ["bedrock-agentcore:Create*", "bedrock-agentcore:Update*"], {"Null": {"bedrock-agentcore:subnets": "true"}}
    )
    assert one("N1", scp, actions=actions, assumptions=("AC1",)).status == "proved"
    assert one("N1", scp, actions=actions, assumptions=("AC1",), vpcs=vpcs).status == "conditional"


def test_two_keys_of_one_call_are_two_rows():
    actions = ("sagemaker:CreateNotebookInstance",)
    scp = deny(actions, {"Null": {"sagemaker:VpcSubnets": "true"}})
    found = lines("N1", workspace(scp, **only("N1", *actions), assumptions=("AC1",)))
    assert found["sagemaker: notebook instances: subnet"].status == "proved"
    assert found["sagemaker: notebook instances: direct internet access"].status == "refuted"


def test_exceptions_of_the_question_are_left_out():
    role = RoleException(arn=f"arn:aws:iam::{MINE}:role/builder", objectives=("N1",))
    scp = deny(LAMBDA, {"ArnNotEquals": {"aws:PrincipalArn": f"arn:aws:iam::{MINE}:role/builder"}})
    assert one("N1", scp, actions=LAMBDA).status == "refuted"
    assert one("N1", scp, actions=LAMBDA, role_exceptions=(role,)).status == "proved"


SHARES = ("ram:CreateResourceShare", "ram:UpdateResourceShare")
SNAPSHOT = ("ec2:ModifySnapshotAttribute",)
IN_OURS = {"StringNotEqualsIfExists": {"ec2:Add/userId": [MINE, OTHER, MANAGEMENT]}}


@pytest.mark.parametrize(
    ("actions", "scps", "claims", "status"),
    [
        (SHARES, (), {}, "refuted"),
        (SHARES, (deny(SHARES, {"Bool": {"ram:RequestedAllowsExternalPrincipals": "true"}}),), {}, "conditional"),
        (SHARES, (deny(SHARES, {"Bool": {"ram:RequestedAllowsExternalPrincipals": "true"}}),),
         {"assumptions": ("AC2",)}, "proved"),
        (SHARES, (deny(SHARES, {"Bool": {"ram:RequestedAllowsExternalPrincipals": "false"}}),),
         {"assumptions": ("AC2",)}, "refuted"),
        (SNAPSHOT, (deny(SNAPSHOT, IN_OURS),), {"assumptions": ("AC2",)}, "refuted"),
        (SNAPSHOT, (deny(SNAPSHOT, IN_OURS), deny(SNAPSHOT, {"StringEquals": {"ec2:Add/group": "all"}})),
         {"assumptions": ("AC2",)}, "proved"),
    ],
)  # fmt: skip
def test_sharing(actions, scps, claims, status):
    """Shares with others, with the flag the wrong way round; snapshots for accounts of mine and everybody at once."""
    line = one("E2", *scps, actions=actions, **claims)
    assert line.status == status
    if actions == SNAPSHOT and status == "refuted":
        assert line.counterexample.request.context["ec2:Add/group"] == "all"


def test_a_pattern_with_stars_lets_a_foreign_arn_through():
    """`arn:aws:*:*:ACCOUNT:*` also fits an ARN of a stranger with the account's number behind a colon."""
    actions = ("sns:Subscribe",)
    loose = [f"arn:aws:*:*:{account}:*" for account in (MINE, OTHER, MANAGEMENT)]
    tight = [f"arn:aws:sqs:eu-west-1:{account}:*" for account in (MINE, OTHER, MANAGEMENT)]
    subject = "sns: subscriptions of queues, functions and streams"
    for patterns, status in ((loose, "refuted"), (tight, "proved")):
        scp = deny(actions, {"StringNotLikeIfExists": {"sns:Endpoint": patterns}})
        found = lines("E2", workspace(scp, **only("E2", *actions), assumptions=("AC2",)))
        assert found[subject].status == status


def test_a_call_on_two_resources_is_denied_when_one_is():
    """VPC peering is tested on the VPC and on the connection; the key is there for the connection only."""
    actions = ("ec2:CreateVpcPeeringConnection",)
    scp = deny(actions, Resource="arn:aws:ec2:*:*:vpc-peering-connection/*")
    assert one("E2", scp, actions=actions).status == "proved"
    peers = [f"arn:aws:ec2:*:{account}:vpc/*" for account in (MINE, OTHER, MANAGEMENT)]
    scp = deny(actions, {"ArnNotLikeIfExists": {"ec2:AccepterVpc": peers}})
    assert one("E2", scp, actions=actions, assumptions=("AC2", "X-12", "X-38")).status == "proved"


def test_a_role_that_carries_data_is_held_by_the_resource_perimeter():
    actions = ("s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags", "s3:ObjectOwnerOverrideToBucketOwner")
    assert one("E2", actions=actions).status == "refuted"
    scp = deny("s3:*", {"StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG}})
    assert one("E2", scp, actions=actions).status == "proved"


ELSEWHERE = {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1"]}}
SCOPED = {name: Scope(actions=("s3:*", "sqs:*", "iam:*")) for name in ("O1", "O2", "O3", "O4", "O5", "O6")}


@pytest.mark.parametrize(
    ("statement", "status"),
    [
        (deny("*", ELSEWHERE), "proved"),
        ({**deny("*", ELSEWHERE), "Action": None, "NotAction": ["iam:*"]}, "proved"),
        ({**deny("*", ELSEWHERE), "Action": None, "NotAction": ["iam:*", "s3:*"]}, "refuted"),
        (deny("*", {"StringNotLike": {"aws:RequestedRegion": "eu-*"}}), "refuted"),
    ],
)
def test_region_guardrail(statement, status):
    """Services with one control plane are left out; S3 is not one of them."""
    statement = {name: value for name, value in statement.items() if value is not None}
    space = workspace(statement, scopes=SCOPED, regions=("eu-west-1",))
    line = lines("E1", space)["Region guardrail"]
    assert line.status == status
    if status == "refuted":
        assert line.counterexample.facts.region != "eu-west-1"


def test_an_exempted_service_is_left_out_by_the_scope():
    statement = {"Effect": "Deny", "NotAction": ["iam:*", "s3:*"], "Resource": "*", "Condition": ELSEWHERE}
    scopes = SCOPED | {"E1": Scope(except_actions=("s3:*",))}
    space = workspace(statement, scopes=scopes, regions=("eu-west-1",))
    assert lines("E1", space)["Region guardrail"].status == "proved"


@pytest.mark.parametrize(
    ("egress", "status"),
    [(None, "not-asked"), ("open", "not-guardable"), ("proxy", "not-guardable"), ("blocked", "proved")],
)
def test_what_endpoints_do_not_see(egress, status):
    space = workspace(scopes=SCOPED, egress=egress, cidrs=("203.0.113.0/24",), proxies=("198.51.100.8/32",))
    found = lines("E1", space)
    assert found["traffic of my network that O2 and O4 do not see"].status == status
    assert found["Region guardrail"].status == "not-asked"
    others = found.get("others behind my addresses")
    assert (others is None) == (egress == "blocked")
    if others is not None:
        facts = others.counterexample.facts
        assert facts.source_address.startswith(("203.0.113.", "198.51.100.8"))
        assert facts.principal_account not in (MINE, OTHER, MANAGEMENT)


FROM_AN_INSTANCE = {"Null": {"ec2:SourceInstanceArn": "false"}, "BoolIfExists": {"aws:ViaAWSService": "false"}}
VPC_OF_INSTANCE = {"aws:Ec2InstanceSourceVpc": "${aws:SourceVpc, 'none'}"}
IN_MY_VPC = deny("*", {"StringNotEqualsIfExists": VPC_OF_INSTANCE, **FROM_AN_INSTANCE})
AWAY = "sessions of EC2 instances, away from the VPC of their instance"


def test_sessions_of_instances():
    """Held to the VPC of their instance; without the default of the variable an open point decides."""
    assert lines("N2", workspace(scopes=SCOPED))[AWAY].status == "refuted"
    assert lines("N2", workspace(IN_MY_VPC, scopes=SCOPED))[AWAY].status == "proved"
    bare = {"aws:Ec2InstanceSourceVpc": "${aws:SourceVpc}"}
    loose = deny("*", IN_MY_VPC["Condition"] | {"StringNotEqualsIfExists": bare})
    assert lines("N2", workspace(loose, scopes=SCOPED))[AWAY].status == "conditional"


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (None, "refuted"),
        ("${aws:VpcSourceIp, 'none'}", "proved"),
        ("${aws:SourceIp, 'none'}", "proved"),  # never told through an endpoint: every call of an instance is denied
        ("10.*", "refuted"),
    ],
)
def test_sessions_of_instances_by_another_address(address, status):
    """Inside the VPC of an instance only its address tells it from others."""
    condition = {"StringNotLikeIfExists": {"aws:Ec2InstanceSourcePrivateIPv4": address}, **FROM_AN_INSTANCE}
    scps = (IN_MY_VPC, *((deny("*", condition),) if address else ()))
    line = lines("N2", workspace(*scps, scopes=SCOPED))["sessions of EC2 instances, by another address of their VPC"]
    assert line.status == status
    if status == "refuted":
        sent = line.counterexample.request.context
        assert sent["aws:VpcSourceIp"] != sent["aws:Ec2InstanceSourcePrivateIPv4"]
        assert sent["aws:SourceVpc"] == sent["aws:Ec2InstanceSourceVpc"]


def test_presigned_urls_and_unsigned_downloads():
    found = lines("N2", workspace(scopes=SCOPED))
    presigned = found["presigned URLs, outside my network"]
    assert presigned.status == "refuted"
    assert presigned.counterexample.request.context["s3:authType"] == "REST-QUERY-STRING"
    assert found["downloads without a signature"].counterexample.facts.kind == "anon"
    by_query = deny("s3:*", {"StringEquals": {"s3:authType": "REST-QUERY-STRING"}})
    unsigned = deny(["s3:*", "sqs:*"], {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG}}, Principal="*")
    found = lines("N2", workspace(by_query, rcps=(unsigned,), scopes=SCOPED, assumptions=("AE2.anonymous",)))
    assert found["presigned URLs, outside my network"].status == "proved"
    assert found["downloads without a signature"].status == "proved"


def test_signing_in_from_elsewhere():
    subject = "signing in to the console, outside my network"
    office = {"NotIpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"}}
    rcp = deny("signin:Authenticate", office, Principal="*")
    claims = {"scopes": SCOPED, "cidrs": ("203.0.113.0/24",), "accepted": ("signin-console-authorization",)}
    assert lines("N2", workspace(**claims))[subject].status == "refuted"
    assert lines("N2", workspace(rcps=(rcp,), **claims))[subject].status == "proved"


def test_data_planes_are_listed_and_not_proved():
    found = ask("S1", workspace(scopes={name: Scope(actions=("rds:*",)) for name in SCOPED}))
    assert found.status == "listed"
    assert found.not_guardable == len(found.lines) > 0
    assert any(line.subject.startswith("rds: ") for line in found.lines)
    empty = ask("S1", workspace(scopes={name: Scope(actions=("sqs:*",)) for name in SCOPED}))
    assert (empty.status, empty.not_guardable, [line.status for line in empty.lines]) == ("listed", 0, ["listed"])


def request(action, **context):
    principal = Principal(type="role-session", account=MINE, role_arn=f"arn:aws:iam::{MINE}:role/App")
    return Request(principal=principal, action=action, resource="*", resource_account=MINE, context=context)


FACTS = Facts(
    kind="role",
    principal_account=MINE,
    resource_account=MINE,
    path="public",
    organizations={MINE: ORG},
    region="eu-west-1",
)


@pytest.mark.parametrize("key", ["lambda:VpcIds", "lambda:SubnetIds", "lambda:SecurityGroupIds"])
def test_keys_that_describe_the_same_vpc_come_together(key):
    """A guardrail that asks for subnets or security groups asks for a VPC."""
    calls = ["lambda:CreateFunction", "lambda:UpdateFunctionConfiguration"]
    more = {"scopes": {"N1": Scope(actions=tuple(calls))}, "assumptions": ("AC1",)}
    assert ask("N1", workspace(deny(calls, {"Null": {key: "true"}}), **more)).status == "proved"
    assert ask("N1", workspace(deny(calls[0], {"Null": {key: "true"}}), **more)).status == "refuted"


@pytest.mark.parametrize(
    ("context", "vpcs", "outside"),
    [
        ({}, (), True),
        ({"lambda:VpcIds": "vpc-0ac00001"}, (), False),
        ({"lambda:SubnetIds": ("subnet-1",)}, (), False),
        ({"lambda:Layer": ("arn:aws:lambda:eu-west-1:111122223333:layer:x:1",)}, (), True),
        ({"lambda:VpcIds": "vpc-0ac00001"}, (Vpc(id="vpc-0ac00001", region="eu-west-1"),), False),
        ({"lambda:VpcIds": "vpc-0ac00002"}, (Vpc(id="vpc-0ac00001", region="eu-west-1"),), True),
    ],
)
def test_second_reading_of_compute(context, vpcs, outside):
    (row,) = (r for r in table_rows("compute-settings") if r.get("key") == "lambda:VpcIds")
    space = workspace(vpcs=vpcs)
    assert starts_outside(space, request("lambda:CreateFunction", **context), FACTS, row) is outside
    assert not starts_outside(space, request("lambda:DeleteFunction", **context), FACTS, row)


@pytest.mark.parametrize(
    ("action", "key", "value", "foreign"),
    [
        ("ec2:ModifySnapshotAttribute", "ec2:Add/userId", STRANGER, True),
        ("ec2:ModifySnapshotAttribute", "ec2:Add/userId", OTHER, False),
        ("ec2:ModifySnapshotAttribute", "ec2:Add/group", "all", True),
        ("events:PutTargets", "events:TargetArn", (f"arn:aws:sqs:eu-west-1:{OTHER}:q",), False),
        ("events:PutTargets", "events:TargetArn", (f"arn:aws:sqs:eu-west-1:{STRANGER}:{OTHER}",), True),
        ("events:PutTargets", "events:TargetArn", ("",), False),
        ("ec2:ModifySnapshotAttribute", "ec2:Add/userId", "", False),
        ("lambda:AddPermission", "lambda:Principal", "s3.amazonaws.com", False),
        ("lambda:AddPermission", "lambda:Principal", "*", True),
        ("lambda:PutResourcePolicy", "lambda:Principal", STRANGER, True),
        ("route53:AssociateVPCWithHostedZone", "route53:VPCs", ("VPCId=vpc-0ac00001,VPCRegion=eu-west-1",), False),
        ("route53:AssociateVPCWithHostedZone", "route53:VPCs", ("VPCId=vpc-0ac00002,VPCRegion=eu-west-1",), True),
        ("ses:SendEmail", "ses:Recipients", ("somebody@example.org",), True),
    ],
)
def test_second_reading_of_carriers(action, key, value, foreign):
    rows = [r for r in table_rows("carriers") if action in r["actions"] and key.lower() in configured.keys_of([r])]
    space = workspace(vpcs=(Vpc(id="vpc-0ac00001", region="eu-west-1"),))
    assert any(hands_over(space, request(action, **{key: value}), FACTS, row) for row in rows) is foreign


@pytest.mark.parametrize(
    ("vpc", "declared", "status"),
    [
        ("vpc-0ac00000000000001", True, "proved"),
        ("vpc-0ac0*", True, "refuted"),
        ("vpc-0ac00000000000001", False, "refuted"),
    ],
)
def test_zones_for_declared_vpcs_alone(vpc, declared, status):
    """A key that names a VPC tells whether it is one of mine where perimeter.yaml declares them."""
    zones = ["route53:AssociateVPCWithHostedZone", "route53:CreateVPCAssociationAuthorization"]
    only = deny(zones, {"StringNotLikeIfExists": {"route53:VPCs": f"VPCId={vpc},VPCRegion=eu-west-1"}})
    vpcs = (Vpc(id="vpc-0ac00000000000001", region="eu-west-1"),) if declared else ()
    space = workspace(only, vpcs=vpcs, assumptions=("AC2",), scopes={"E2": Scope(actions=("route53:*",))})
    assert lines("E2", space)["route53: private zones for VPCs of others"].status == status


@pytest.mark.parametrize(
    ("actions", "status"),
    [
        (["lambda:AddPermission"], "refuted"),
        (["lambda:AddPermission", "lambda:PutResourcePolicy"], "proved"),
    ],
)
def test_permissions_on_functions_are_written_by_two_calls(actions, status):
    """The call that replaces the whole policy of a function is held as well as the one that adds a statement."""
    only = deny(actions, {"StringNotEqualsIfExists": {"lambda:Principal": [OTHER, "s3.amazonaws.com"]}})
    space = workspace(only, assumptions=("AC2",), scopes={"E2": Scope(actions=("lambda:*",))})
    assert lines("E2", space)["lambda: permissions on functions"].status == status


def test_availability_names_calls_of_services():
    """A network perimeter that forgets Lambda stops its network interfaces: by name, where such calls are meant."""
    office = deny("ec2:*", {"NotIpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"}})
    scopes = {name: Scope(actions=("ec2:*",)) for name in SCOPED}

    def blocked(**claims):
        space = workspace(office, cidrs=("203.0.113.0/24",), scopes=scopes, **claims)
        (verdict,) = prove(space, objectives=["O5"], services=["ec2"]).availability
        return [found.why for found in verdict.counterexamples]

    named = "Lambda creates the network interface of a function in a VPC"
    assert any(why.startswith(named) for why in blocked(service_networks=True))
    assert not any(named in why for why in blocked())


@pytest.mark.parametrize("operator", ["ForAnyValue:StringLike", "ForAllValues:StringLike"])
def test_a_foreign_target_is_an_arn(operator):
    """`events:TargetArn` holds ARNs: no request without one is shown, whatever the guardrail tests."""
    statement = deny("events:PutTargets", {operator: {"events:TargetArn": "arn:*"}})
    space = workspace({"Effect": "Allow", "Action": "*", "Resource": "*"}, statement, assumptions=("AC2",))
    assert lines("E2", space)["events: event targets"].status == "proved"


@pytest.mark.parametrize("egress", [None, "blocked", "proxy", "open"])
@pytest.mark.parametrize("guardrail", [None, "held", "open"])
def test_regions_with_each_egress(egress, guardrail):
    """What leaves beside endpoints is told by `egress` alone; calls elsewhere are held by the guardrail alone."""
    held = (deny("*", ELSEWHERE),) if guardrail == "held" else ()
    regions = ("eu-west-1",) if guardrail else ()
    found = lines("E1", workspace(*held, scopes=SCOPED, egress=egress, regions=regions))
    wanted = {None: "not-asked", "held": "proved", "open": "refuted"}[guardrail]
    assert found["Region guardrail"].status == wanted
    unseen = {None: "not-asked", "blocked": "proved"}.get(egress, "not-guardable")
    assert found["traffic of my network that O2 and O4 do not see"].status == unseen
    elsewhere = found["calls from my network to other Regions"]
    assert elsewhere.status == ("proved" if egress == "blocked" else "not-guardable")
    denied = guardrail == "held" and egress != "blocked"
    assert ("denied by the Region guardrail" in elsewhere.text) is denied
    assert "others behind my addresses" not in found  # no address is declared
