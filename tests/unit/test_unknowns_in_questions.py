"""What a source does not tell, in every question: docs/sources.md, what may change which answer."""

from __future__ import annotations

import json

import jsonschema
import pytest

from perimeter_smt.cli.main import run
from perimeter_smt.organization.readers import SourceOptions, read_source
from perimeter_smt.questions.redundancy.places import places
from perimeter_smt.questions.redundancy.redundant import redundant
from perimeter_smt.questions.redundancy.untold import doubted
from perimeter_smt.report.json import schema

ORG, OWN, MANAGEMENT = "o-acme0000001", "111122223333", "999900001111"
HERE = ["--org-id", ORG, "--management-account", MANAGEMENT, "--account", OWN, "--region", "eu-west-1"]
GOOD, DARK = f"arn:aws:iam::{OWN}:role/good", f"arn:aws:iam::{OWN}:role/dark"
IDENTITY, TRUST, BUCKET = "identity policy", "trust policy", "bucket policy"


def text(*statements) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one} for one in statements]})


def trusting(who) -> str:
    return text({"Principal": {"AWS": who}, "Action": "sts:AssumeRole"})


MINE, EVERYBODY = trusting(f"arn:aws:iam::{OWN}:root"), trusting("*")
READS = text({"Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-known/*"})


@pytest.fixture
def plan(tmp_path, monkeypatch):
    """A plan with a role and a bucket that are known whole, and with these resources: type, name, values, unknown."""
    monkeypatch.chdir(tmp_path)

    def write(*resources, name="plan.json"):
        owner = text({"Principal": {"AWS": f"arn:aws:iam::{OWN}:root"}, "Action": "s3:GetObject",
                      "Resource": "arn:aws:s3:::acme-known/*"})  # fmt: skip
        every = [
            ("aws_s3_bucket", "known", {"bucket": "acme-known", "object_lock_enabled": False}, {}),
            ("aws_s3_bucket_ownership_controls", "known",
             {"bucket": "acme-known", "rule": [{"object_ownership": "BucketOwnerEnforced"}]}, {}),
            ("aws_s3_bucket_policy", "known", {"bucket": "acme-known", "policy": owner}, {}),
            ("aws_iam_role", "good", {"name": "good", "assume_role_policy": MINE}, {}),
            ("aws_iam_role_policy", "good", {"name": "reads", "role": "good", "policy": READS}, {}),
            *resources,
        ]  # fmt: skip
        changes = [
            {"address": f"{kind}.{own}", "mode": "managed", "type": kind, "name": own,
             "provider_name": "registry.terraform.io/hashicorp/aws",
             "change": {"actions": ["create"], "before": None, "after": values, "after_unknown": unknown}}
            for kind, own, values, unknown in every
        ]  # fmt: skip
        planned = [{**{k: c[k] for k in ("address", "mode", "type", "name")}, "values": c["change"]["after"]}
                   for c in changes]  # fmt: skip
        whole = {"format_version": "1.2", "terraform_version": "1.9.0", "complete": True, "errored": False,
                 "planned_values": {"root_module": {"resources": planned}}, "resource_changes": changes,
                 "configuration": {"root_module": {}}}  # fmt: skip
        (tmp_path / name).write_text(json.dumps(whole))
        return name

    return write


def dark(what: str, trust: str = MINE):
    """A resource of a plan of which this is known after apply."""
    if what == BUCKET:
        bucket = ("aws_s3_bucket", "dark", {"bucket": "acme-dark"}, {})
        return bucket, ("aws_s3_bucket_policy", "dark", {"bucket": "acme-dark"}, {"policy": True})
    if what == TRUST:
        return (("aws_iam_role", "dark", {"name": "dark"}, {"assume_role_policy": True}),)
    role = ("aws_iam_role", "dark", {"name": "dark", "assume_role_policy": trust}, {})
    return role, ("aws_iam_role_policy", "dark", {"name": "x", "role": "dark"}, {"policy": True})


def answer(name, capsys, *arguments):
    """The exit code, the JSON (which fits its schema), and the text of the same question."""
    capsys.readouterr()
    code = run([*arguments, "--json"])
    found = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, json.loads(schema(name)))
    assert run(list(arguments)) == code
    return code, found, capsys.readouterr().out


@pytest.mark.parametrize(
    ("what", "services", "code"),
    [
        (BUCKET, (), 3),
        (BUCKET, ("s3",), 3),
        (BUCKET, ("sts",), 0),
        (TRUST, (), 3),
        (TRUST, ("s3",), 0),
        (IDENTITY, (), 0),
    ],
)
def test_findings_are_no_proof_where_a_resource_was_not_asked(plan, capsys, what, services, code):
    """A policy that is not known stood below "no access", proved, with exit code 0. Identity policies let nobody in."""
    chosen = [part for service in services for part in ("--service", service)]
    found, told, page = answer("findings", capsys, "findings", plan(*dark(what)), *HERE, *chosen)
    assert found == code
    assert told["status"] == ("unknown" if code else "complete")
    assert ("complete" in told["proved"]) is not bool(code)
    assert bool(told["undecided"]) is bool(code)
    assert page.splitlines()[0].startswith("no access found, but NOT DECIDED for 1 thing" if code else "no access: ")


def test_what_is_found_is_found_whatever_else_is_not_known(plan, capsys):
    """Access is access; what is not known stands in the second line."""
    role = ("aws_iam_role", "open", {"name": "open", "assume_role_policy": EVERYBODY}, {})
    code, told, page = answer("findings", capsys, "findings", plan(role, *dark(BUCKET)), *HERE)
    assert (code, told["status"], len(told["findings"])) == (1, "unknown", 1)
    first, second = page.splitlines()[:2]
    assert first.startswith("1 finding")
    assert second.startswith("NOT DECIDED besides for 1 thing")


def test_nothing_but_what_is_not_known(tmp_path, monkeypatch, capsys):
    """A source whose only policy is not known was bad input."""
    monkeypatch.chdir(tmp_path)
    queue = {"Attributes": {"QueueArn": f"arn:aws:sqs:eu-west-1:{OWN}:jobs", "NotKnown": "access denied"}}
    (tmp_path / "q.json").write_text(json.dumps({"ResourceArn": queue["Attributes"]["QueueArn"], "NotKnown": "denied"}))
    code, told, _ = answer("findings", capsys, "findings", ".", "--org-id", ORG, "--management-account", MANAGEMENT)
    assert (code, told["status"], told["undecided"][0]["reason"]) == (3, "unknown", "denied")


@pytest.mark.parametrize("trust", [MINE, EVERYBODY])
def test_a_known_trust_policy_counts_though_the_rest_of_the_role_is_not_known(plan, capsys, trust):
    """The role was left out with its trust policy: `findings` and `public` saw nothing, C1 was proved."""
    source = plan(*dark(IDENTITY, trust))
    opened = trust == EVERYBODY
    code, told, _ = answer("findings", capsys, "findings", source, *HERE)
    assert (code, {one["resource"] for one in told["findings"]}) == (int(opened), {DARK} if opened else set())
    code, told, _ = answer("check", capsys, "public", source, *HERE)
    assert (code, told["result"]) == ((1, "FAIL") if opened else (0, "PASS"))
    assert mitigation(capsys, source, "C1") == ("refuted" if opened else "proved")


def mitigation(capsys, source, name):
    run(["prove", source, *HERE, "--objective", "O1", "--service", "sqs", "--mitigation", name, "--no-availability",
         "--mode", "grants", "--json"])  # fmt: skip
    (found,) = json.loads(capsys.readouterr().out)["mitigations"]
    return found["status"]


@pytest.mark.parametrize(
    ("name", "what", "status"),
    [("C1", TRUST, "unknown"), ("C1", BUCKET, "proved"), ("L1", IDENTITY, "unknown"), ("L1", TRUST, "unknown"),
     ("L1", BUCKET, "proved"), ("C2", TRUST, "conditional")],
)  # fmt: skip
def test_mitigations_that_go_through_who_is_listed(plan, capsys, name, what, status):
    """C1 and L1 were proved of the roles that are listed, whatever was left out."""
    assert mitigation(capsys, plan(*dark(what)), name) == status


@pytest.mark.parametrize(
    ("command", "what", "code"),
    [
        ("public", BUCKET, 3),
        ("public", TRUST, 3),
        ("public", IDENTITY, 0),
        ("access-not-granted", IDENTITY, 3),
        ("access-not-granted", TRUST, 0),
        ("access-not-granted", BUCKET, 0),
    ],
)
def test_checks_of_what_is_not_known_are_unknown(plan, capsys, command, what, code):
    """PASS spoke of what is listed alone."""
    given = ["--actions", "s3:DeleteBucket"] if command == "access-not-granted" else []
    found, told, page = answer("check", capsys, command, plan(*dark(what)), *HERE, *given)
    assert (found, told["result"]) == (code, "UNKNOWN" if code else "PASS")
    assert page.startswith("UNKNOWN: " if code else "PASS: ")


def test_identity_policies_of_a_role_whose_trust_is_not_known_are_checked(plan, capsys):
    """Who may take a role is no part of what its policies grant."""
    grants = text({"Action": "s3:DeleteBucket", "Resource": "*"})
    role = (*dark(TRUST), ("aws_iam_role_policy", "x", {"name": "x", "role": "dark", "policy": grants}, {}))
    code, told, _ = answer("check", capsys, "access-not-granted", plan(*role), *HERE, "--actions", "s3:DeleteBucket")
    assert (code, [one["subject"] for one in told["checks"] if one["result"] == "FAIL"]) == (1, [DARK])


def test_ways_out_of_those_who_were_left_out(plan, capsys):
    """The services that are asked come from known policies: of others nothing is said, unless all are named."""
    source = plan(*dark(IDENTITY))
    _, told, _ = answer("findings", capsys, "findings", source, *HERE, "--direction", "out")
    assert [one["name"] for one in told["undecided"]] == [f"policy of `{DARK}`"]
    _, told, _ = answer("findings", capsys, "findings", source, *HERE, "--direction", "out", "--service", "s3")
    assert told["undecided"] == []
    assert f"others of account {OWN}" in {one["resource"] for one in told["findings"]}


def test_facts_that_are_guessed_prove_nothing(plan, capsys):
    """The organization was taken from policies: who is an outsider hangs on it."""
    role = ("aws_iam_role", "r", {"name": "r", "assume_role_policy": json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole",
         "Condition": {"StringEquals": {"aws:PrincipalOrgID": ORG}}}]})}, {})  # fmt: skip
    given = ["--account", OWN, "--region", "eu-west-1", "--management-account", MANAGEMENT]
    code, told, page = answer("findings", capsys, "findings", plan(role), *given)
    assert (code, [one["name"] for one in told["undecided"]]) == (3, ["organization"])
    assert "NOT DECIDED" in page.splitlines()[0]


def test_the_management_account_matters_where_guardrails_are(plan, capsys):
    """No SCP or RCP: then it is an account as any other."""
    code, told, _ = answer("findings", capsys, "findings", plan(), "--account", OWN, "--org-id", ORG)
    assert (code, told["undecided"]) == (0, [])
    assert any(text.startswith("management account") for text in told["unknowns"])


@pytest.fixture
def organization(tmp_path, monkeypatch):
    """Answers of AWS Organizations: an account with an allow-list, and with an SCP whose text is not there."""
    monkeypatch.chdir(tmp_path)
    head = f"arn:aws:organizations::{MANAGEMENT}"

    def write(folder, dark=("p-bbbbbbbb",)):
        def answer(name, value):
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / f"{name}.json").write_text(json.dumps(value))

        answer(
            "organization",
            {
                "Organization": {
                    "Id": ORG,
                    "Arn": f"{head}:organization/{ORG}",
                    "MasterAccountId": MANAGEMENT,
                    "FeatureSet": "ALL",
                }
            },
        )
        answer(
            "roots",
            {
                "Roots": [
                    {
                        "Id": "r-ab12",
                        "Arn": f"{head}:root/{ORG}/r-ab12",
                        "Name": "Root",
                        "PolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}],
                    }
                ]
            },
        )
        accounts = [
            {"Id": own, "Name": own, "Arn": f"{head}:account/{ORG}/{own}", "Status": "ACTIVE"}
            for own in (MANAGEMENT, OWN)
        ]
        answer("accounts", {"Accounts": accounts})
        answer("list-accounts-for-parent-r-ab12", {"Accounts": accounts})
        summary = {
            "Id": "p-aaaaaaaa",
            "Arn": f"{head}:policy/{ORG}/service_control_policy/p-aaaaaaaa",
            "Name": "Some",
            "Type": "SERVICE_CONTROL_POLICY",
            "AwsManaged": False,
        }
        content = text({"Sid": "Storage", "Action": "s3:*", "Resource": "*"})
        answer("describe-policy", {"Policy": {"PolicySummary": summary, "Content": content}})
        others = [{**summary, "Id": own, "Name": f"Dark {own}"} for own in dark]
        answer(f"list-policies-for-target-{OWN}", {"Policies": [summary, *others]})
        for own in ("p-aaaaaaaa", *dark):
            target = {"TargetId": OWN, "Type": "ACCOUNT", "Arn": f"{head}:account/{ORG}/{OWN}", "Name": "x"}
            answer(f"list-targets-for-policy-{own}", {"Targets": [target]})
        return folder

    return write  # fmt: skip


def test_an_allow_beside_an_scp_that_is_not_known_is_not_spare(organization, capsys):
    """The unknown SCP counts as allowing everything, so that the Allow beside it could go: nothing would pass."""
    code, told, _ = answer("redundant", capsys, "redundant", organization("org"))
    (one,) = told["statements"]
    assert (code, one["status"], one["removable"]) == (3, "unknown", False)
    assert "Dark p-bbbbbbbb" in one["reason"]


EVENT = {
    "eventVersion": "1.08", "eventID": "1", "eventTime": "2026-11-01T00:00:00Z", "eventSource": "s3.amazonaws.com",
    "eventName": "GetBucketPolicy", "awsRegion": "eu-west-1", "sourceIPAddress": "198.51.100.7",
    "recipientAccountId": OWN, "requestParameters": {"bucketName": "acme-known"},
    "userIdentity": {"type": "IAMUser", "arn": f"arn:aws:iam::{OWN}:user/alice", "accountId": OWN, "userName": "alice"},
}  # fmt: skip


def test_events_that_an_unknown_guardrail_may_block(organization, tmp_path, capsys):
    """An SCP that is not known blocked nothing, exit code 0; one that stands in both states blocks nothing new."""
    source = organization("org")
    (tmp_path / "event.json").write_text(json.dumps({"Records": [EVENT]}))
    code, told, page = answer("replay", capsys, "replay", "event.json", "--workspace", source)
    assert (code, [one["name"] for one in told["undecided"]]) == (3, ["SCP `Dark p-bbbbbbbb`"])
    assert page.splitlines()[1].startswith("NOT DECIDED: may be blocked by what is not known")
    code, told, _ = answer("replay", capsys, "replay", "event.json", "--workspace", source, "--change", source)
    assert (code, told["undecided"]) == (0, [])


def test_explained_calls_that_an_unknown_guardrail_may_stop(organization, capsys):
    """It was "allow" with exit code 0, although the SCP that denied the call stands among what is not known."""
    source = organization("org")
    message = f"User: arn:aws:iam::{OWN}:user/alice is not authorized to perform: s3:GetObject on resource: " \
              "arn:aws:s3:::acme-known/a with an explicit deny in a service control policy"  # fmt: skip
    assert run(["explain", message, "--workspace", source]) == 3
    assert capsys.readouterr().out.startswith("depends: on what is not known: SCP `Dark p-bbbbbbbb`")
    principal = {"type": "user", "arn": f"arn:aws:iam::{OWN}:user/alice", "account": OWN}
    case = {"id": "x", "request": {"principal": principal, "action": "s3:GetObject",
                                   "resource": "arn:aws:s3:::acme-known/a", "resource_account": OWN}}  # fmt: skip
    assert run(["explain", json.dumps(case), "--workspace", source]) == 3
    assert "taken to stop nothing: SCP `Dark p-bbbbbbbb`" in capsys.readouterr().out
    denied = {**case, "request": {**case["request"], "action": "sqs:SendMessage",
                                  "resource": f"arn:aws:sqs:eu-west-1:{OWN}:q"}}  # fmt: skip
    known = organization("known", dark=())
    assert run(["explain", json.dumps(denied), "--workspace", known]) == 0  # no SCP allows it, whatever is not told


def test_who_can_says_what_it_leans_on(plan, capsys):
    """What is left out counts as granted anything, and a guessed fact as nothing proved."""
    code, told, _ = answer("callers", capsys, "who-can", "s3:DeleteBucket", "--source", plan(*dark(IDENTITY)), *HERE)
    assert (code, told["undecided"]) == (1, [])
    assert f"others of account {OWN}" in {one["name"] for one in told["callers"] if one["access"]}


def test_inventory_lists_managed_policies_of_nobody(plan, organization, capsys):
    """A managed policy that a plan attaches to nobody, and accounts known by their id alone, showed nowhere."""
    lonely = ("aws_iam_policy", "lonely", {"name": "lonely", "policy": READS}, {})
    used = ("aws_iam_policy", "used", {"name": "used", "policy": READS}, {})
    tie = ("aws_iam_role_policy_attachment", "x", {"role": "good", "policy_arn": f"arn:aws:iam::{OWN}:policy/used"}, {})
    _, told, _ = answer("inventory", capsys, "inventory", plan(lonely, used, tie), *HERE)
    assert told["counts"]["managed policies"] == 2
    assert told["counts"]["managed policies attached to nobody"] == 1
    assert any(f"`arn:aws:iam::{OWN}:policy/lonely`" in one["text"] for one in told["remarks"])
    _, told, _ = answer("inventory", capsys, "inventory", organization("org"))
    assert told["counts"]["accounts of which nothing is told"] == 2


def test_what_a_failed_command_printed_is_not_known(organization, tmp_path, capsys):
    """The error of a command that was saved with its output refused the whole folder; cut JSON still does."""
    source = organization("org")
    denied = "\nAn error occurred (AccessDenied) when calling the GetBucketPolicy operation: Access Denied\n"
    (tmp_path / source / "policy.json").write_text(denied)
    _, told, _ = answer("inventory", capsys, "inventory", source)
    assert any("`policy.json`" in one["reason"] for one in told["unknowns"])
    (tmp_path / source / "policy.json").write_text('{"Policy": ')
    assert run(["inventory", source]) == 2
    assert "policy.json" in capsys.readouterr().err


@pytest.mark.parametrize(("told", "code"), [(None, 0), ({"Grants": []}, 0), ({"NextMarker": "x"}, 3)])
def test_grants_of_keys_that_are_not_told(tmp_path, monkeypatch, capsys, told, code):
    """Nobody was said to be presumed to hold grants; those of pages that are missing may be anybody's."""
    monkeypatch.chdir(tmp_path)
    own = "0a1b2c3d-1111-2222-3333-444455556666"
    arn = f"arn:aws:kms:eu-west-1:{OWN}:key/{own}"
    (tmp_path / OWN / "eu-west-1").mkdir(parents=True)
    policy = text({"Principal": {"AWS": f"arn:aws:iam::{OWN}:root"}, "Action": "kms:*", "Resource": "*"})
    (tmp_path / OWN / "eu-west-1" / f"get-key-policy-{own}.json").write_text(json.dumps({"Policy": policy}))
    if told is not None:
        grant = {"KeyId": arn, "GrantId": "1", "GranteePrincipal": f"arn:aws:iam::{OWN}:role/app", "Operations": []}
        answered = {"Grants": [grant], "KeyArn": arn, **({} if "Grants" in told else {"Truncated": True, **told})}
        (tmp_path / OWN / "eu-west-1" / "grants.json").write_text(json.dumps(answered))
    asked = ("findings", ".", "--org-id", ORG, "--management-account", MANAGEMENT)
    found, page, _ = answer("findings", capsys, *asked)
    assert found == code
    assert any(f"grants of `{arn}`: no source tells them" in one for one in page["unknowns"]) is (told is None)
    assert [one["name"] for one in page["undecided"]] == ([f"grants of `{arn}`"] if code else [])


QUEUE = f"arn:aws:sqs:eu-west-1:{OWN}:jobs"


@pytest.mark.parametrize(
    ("change", "open_"),
    [
        (("aws_sqs_queue", "jobs", {"name": "jobs", "tags": {"a": "b"}}, {}), True),
        (("aws_sqs_queue_policy", "jobs", {
            "queue_url": f"https://sqs.eu-west-1.amazonaws.com/{OWN}/jobs",
            "policy": text({"Principal": {"AWS": f"arn:aws:iam::{OWN}:root"}, "Action": "sqs:*", "Resource": "*"})},
            {}), False),
    ],
)  # fmt: skip
def test_a_change_of_what_an_organization_does_not_tell(plan, tmp_path, capsys, change, open_):
    """A queue whose policy nobody may read had none once a plan gave it a tag: no outsider could reach it, proved."""
    (tmp_path / "org").mkdir()
    (tmp_path / "org" / "queue.json").write_text(json.dumps({"ResourceArn": QUEUE, "NotKnown": "denied"}))
    over = ["--org", "org", *HERE]
    source = plan(change)
    code, told, _ = answer("findings", capsys, "findings", source, *over, "--service", "sqs")
    assert (code, [one["name"] for one in told["undecided"]]) == ((3, [f"policy of `{QUEUE}`"]) if open_ else (0, []))
    _, told, _ = answer("callers", capsys, "who-can", "sqs:SendMessage", "--resource", QUEUE, "--source", source, *over)
    assert ("outsiders" in {one["name"] for one in told["callers"] if one["access"]}) is open_


def test_a_managed_policy_that_somebody_has_who_was_left_out(plan, tmp_path):
    """It is covered by what the other role has besides; of this one nobody knows what it has."""
    used = ("aws_iam_policy", "used", {"name": "used", "policy": READS}, {})
    arn = f"arn:aws:iam::{OWN}:policy/used"
    ties = [
        ("aws_iam_role_policy_attachment", role, {"role": role, "policy_arn": arn}, {}) for role in ("good", "dark")
    ]
    options = SourceOptions(organization_id=ORG, management_account=MANAGEMENT, account=OWN, region="eu-west-1")

    def statuses(*resources):
        space = read_source(tmp_path / plan(used, *resources), options)
        found = doubted(redundant(places(space.organization)), space)
        return {one.status for one in found if one.statement.kind == "identity"}

    assert "covered" in statuses(ties[0])
    assert statuses(*ties, *dark(IDENTITY)) == {"unknown"}
