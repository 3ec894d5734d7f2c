"""Everyday questions about Multi-Region Access Points: changes of what lies behind one, who can, events of logs."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.cli.main import run

OWN, ABROAD = "141414141414", "272727272727"
ALIAS = "m4n5b6v7c8x9z.mrap"
POINT = f"arn:aws:s3::{OWN}:accesspoint/{ALIAS}"
DESK = f"arn:aws:s3:eu-west-1:{OWN}:accesspoint/desk"
ORGANIZATION = """id: o-acme0000059
management_account: "999900001111"
root:
  id: r-ac59
  {more}
  accounts:
    - id: "999900001111"
    - id: "{own}"
      principals:
        - arn: arn:aws:iam::{own}:role/batch
          policies: [p/batch.json]
      resources:
        - arn: {point}
          policy: p/point.json
          {behind}
        - arn: arn:aws:s3:::acme-north
          policy: p/bucket.json
          object_ownership: BucketOwnerEnforced
"""


def statement(effect, resource, **more):
    return {"Effect": effect, "Action": "s3:GetObject", "Resource": resource, **more}


def write(folder, name, *statements):
    (folder / "p").mkdir(parents=True, exist_ok=True)
    (folder / "p" / name).write_text(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))


def workspace(folder, *, behind="buckets: [acme-north]", more=""):
    delegates = {"StringEquals": {"s3:DataAccessPointAccount": OWN}}
    write(folder, "batch.json", statement("Allow", "*"))
    write(folder, "point.json", statement("Allow", f"{POINT}/object/*", Principal={"AWS": ABROAD}))
    write(folder, "bucket.json", statement("Allow", "arn:aws:s3:::acme-north/*", Principal="*", Condition=delegates))
    (folder / "perimeter.yaml").write_text("orgs: [o-acme0000059]\n")
    text = ORGANIZATION.format(own=OWN, point=POINT, behind=behind, more=more)
    (folder / "organization.yaml").write_text(text)
    return folder


def answer(capsys, *words):
    code = run([str(word) for word in words])
    return code, capsys.readouterr().out


ABROAD_TOO = f'buckets: [acme-north, {{name: acme-abroad, account: "{ABROAD}"}}]'


def compared(capsys, before, after, *more):
    words = ("compare", before, after, "--mode", "grants", "--service", "s3", "--json", *more)
    code, out = answer(capsys, *words)
    (part,) = json.loads(out)["parts"]
    return code, part


def test_a_point_that_gains_a_bucket_of_another_account(tmp_path, capsys):
    """Calls on the point got through before, to another bucket."""
    before, after = workspace(tmp_path / "a"), workspace(tmp_path / "b", behind=ABROAD_TOO)
    code, part = compared(capsys, before, after)
    assert code == 1 and part["opens"]["status"] == "found" and part["closes"]["status"] == "none"
    shown = {change["request"]["case"]["request"]["resource"].split("/")[0] for change in part["opens"]["changes"]}
    assert shown == {"arn:aws:s3:::acme-abroad"}
    assert {change["denied"]["why"] for change in part["opens"]["changes"]} == {
        f"bucket acme-abroad is not behind {POINT}"
    }
    code, part = compared(capsys, after, before)
    assert code == 0 and part["opens"]["status"] == "none" and part["closes"]["status"] == "found"
    _, out = answer(capsys, "compare", before, after, "--mode", "grants", "--service", "s3")
    assert "goes to   arn:aws:s3:::acme-abroad" in out


def test_the_same_as_a_plan_that_changes_the_workspace(tmp_path, capsys):
    before = workspace(tmp_path / "a")
    regions = [{"bucket": "acme-north", "bucket_account_id": OWN},
               {"bucket": "acme-abroad", "bucket_account_id": ABROAD}]  # fmt: skip
    values = {"account_id": OWN, "alias": ALIAS, "arn": POINT, "details": [{"name": "global", "region": regions}]}
    kind = "aws_s3control_multi_region_access_point"
    address = {"address": f"{kind}.own", "mode": "managed", "type": kind}
    plan = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": [{**address, "values": values}]}},
        "resource_changes": [
            {**address, "change": {"actions": ["update"], "before": None, "after": values, "after_unknown": {}}}
        ],
        "configuration": {"provider_config": {}, "root_module": {"resources": []}},
    }
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    code, part = compared(capsys, before, before, "--change", tmp_path / "plan.json", "--account", OWN)
    assert (code, part["opens"]["status"]) == (1, "found")


def test_what_lies_behind_is_told_in_one_state_alone(tmp_path, capsys):
    before, after = workspace(tmp_path / "a"), workspace(tmp_path / "b", behind="tags: {}")
    code, part = compared(capsys, before, after)
    assert code == 3 and part["opens"]["status"] == "conditional" and POINT in part["opens"]["reason"]


def test_who_can_says_which_points_lead_to_a_bucket(tmp_path, capsys):
    folder = workspace(tmp_path / "a")
    _, out = answer(capsys, "who-can", "s3:GetObject", "--source", folder, "--resource", "arn:aws:s3:::acme-north/*")
    assert f"note: {POINT} leads to it" in out
    _, out = answer(capsys, "who-can", "s3:GetObject", "--source", folder, "--resource", "arn:aws:s3:::other/*")
    assert "leads to it" not in out
    _, out = answer(capsys, "who-can", "s3:GetObject", "--source", folder, "--resource", f"{POINT}/*")
    assert "leads to it" not in out and ABROAD in out


def event(host, *arns):
    resources = [{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::acme-north/k"},
                 {"accountId": OWN, "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::acme-north"}]  # fmt: skip
    resources += [{"accountId": OWN, "type": "AWS::S3::AccessPoint", "ARN": arn} for arn in arns]
    arn = f"arn:aws:iam::{OWN}:role/batch"
    return {
        "eventVersion": "1.09", "eventTime": "2026-11-20T10:00:00Z", "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject", "awsRegion": "eu-west-1", "sourceIPAddress": "198.51.100.9",
        "userIdentity": {
            "type": "AssumedRole", "arn": f"arn:aws:sts::{OWN}:assumed-role/batch/s", "accountId": OWN,
            "principalId": "AROAEXAMPLE:s",
            "sessionContext": {"sessionIssuer": {"type": "Role", "arn": arn, "accountId": OWN, "userName": "batch"}},
        },
        "requestParameters": {"bucketName": "acme-north", "Host": host, "key": "k"}, "resources": resources,
        "eventType": "AwsApiCall", "managementEvent": False, "recipientAccountId": OWN,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("host", "arns", "counted"),
    [
        ("acme-north.s3.eu-west-1.amazonaws.com", (), "allow"),
        (f"{ALIAS}.accesspoint.s3-global.amazonaws.com", (), "depends"),  # whose point it is, the host does not tell
        (f"{ALIAS}.accesspoint.s3-global.amazonaws.com", (POINT,), "deny"),
        (f"desk-{OWN}.s3-accesspoint.eu-west-1.amazonaws.com", (), "depends"),
        (f"desk-{OWN}.s3-accesspoint.eu-west-1.amazonaws.com", (DESK,), "deny"),
        (f"desk-{OWN}.s3-accesspoint.eu-west-1.amazonaws.com", (DESK.replace("desk", "shelf"),), "allow"),
    ],
)
def test_events_of_calls_through_points(tmp_path, capsys, host, arns, counted):
    """Guardrails are asked about the point, too: an event that leaves its ARN out was judged by the bucket alone."""
    folder = workspace(tmp_path / "a", more="scps: [FullAWSAccess, p/scp.json]")
    write(folder, "scp.json", statement("Deny", [f"{POINT}/*", f"{DESK}/object/*"]))
    (tmp_path / "events.json").write_text(json.dumps(event(host, *arns)))
    _, out = answer(capsys, "replay", tmp_path / "events.json", "--workspace", folder)
    assert f"1 {counted}" in out.splitlines()[1]
    code, out = answer(capsys, "explain", tmp_path / "events.json", "--workspace", folder, "--json")
    if counted == "depends":
        assert code == 3
    if counted == "deny":
        assert '"deny"' in out
