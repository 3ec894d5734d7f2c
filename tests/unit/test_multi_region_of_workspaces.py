"""Multi-Region Access Points of a workspace, from its files to the answer (semantics 3.7)."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.cli.main import run

OWN, STRANGER = "111122223333", "444455556666"
POINT = f"arn:aws:s3::{OWN}:accesspoint/q7wert5zuiop.mrap"
ORGANIZATION = """id: o-acme0000031
management_account: "999900001111"
root:
  id: r-ac31
  accounts:
    - id: "999900001111"
    - id: "111122223333"
      principals: []
      resources:
        - arn: {point}
          policy: p/point.json
          block_public_access: {blocked}
          buckets: [acme-eu]
        - arn: arn:aws:s3:::acme-eu
          policy: p/bucket.json
          object_ownership: BucketOwnerEnforced
"""


def allow(resource, who="*", **more):
    statement = {"Effect": "Allow", "Principal": who, "Action": "s3:GetObject", "Resource": resource, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


DELEGATES = allow("arn:aws:s3:::acme-eu/*", Condition={"StringEquals": {"s3:DataAccessPointAccount": OWN}})
ANYBODY = allow(f"{POINT}/object/*")
ONE = allow(f"{POINT}/object/*", {"AWS": STRANGER})


def findings(folder, capsys, *, point=ANYBODY, bucket=DELEGATES, blocked="false"):
    (folder / "p").mkdir(exist_ok=True)
    (folder / "perimeter.yaml").write_text("orgs: [o-acme0000031]\n")
    (folder / "organization.yaml").write_text(ORGANIZATION.format(point=POINT, blocked=blocked))
    (folder / "p/point.json").write_text(json.dumps(point))
    (folder / "p/bucket.json").write_text(json.dumps(bucket))
    code = run(["findings", str(folder), "--service", "s3", "--json"])
    return code, json.loads(capsys.readouterr().out)["findings"]


def called(finding):
    return finding["example"]["case"]["request"]


@pytest.mark.parametrize("who", ["anybody", "one"])
def test_what_point_and_bucket_open_is_found(tmp_path, capsys, who):
    """Nothing reached such a point, so that what it opened was found by nobody."""
    code, (found,) = findings(tmp_path, capsys, point=ANYBODY if who == "anybody" else ONE)
    assert code == 1
    assert POINT in json.dumps(found)
    assert found["example"]["case"]["flags"]["via_access_point"] == POINT
    assert called(found)["resource"].startswith("arn:aws:s3:::acme-eu/")
    assert called(found)["principal"]["type"] != "anonymous"


def test_what_one_of_them_keeps_shut_is_not(tmp_path, capsys):
    own = allow("arn:aws:s3:::acme-eu/*", {"AWS": OWN})
    assert findings(tmp_path, capsys, bucket=own) == (0, [])
    assert findings(tmp_path, capsys, point=allow(f"{POINT}/object/*", {"AWS": OWN})) == (0, [])
    regional = allow(f"arn:aws:s3:eu-west-1:{OWN}:accesspoint/q7wert5zuiop.mrap/object/*")
    assert findings(tmp_path, capsys, point=regional) == (0, [])


def test_restrict_public_buckets(tmp_path, capsys):
    """A public policy of the point leaves its own account and AWS services; one that names somebody stays."""
    _, (found,) = findings(tmp_path, capsys, blocked="true")
    assert called(found)["principal"]["type"] == "service"
    _, (found,) = findings(tmp_path, capsys, point=ONE, blocked="true")
    assert called(found)["principal"]["account"] == STRANGER


@pytest.mark.parametrize("kind", ["regional", "everywhere"])
def test_calls_about_a_point_under_restrict_public_buckets(tmp_path, capsys, kind):
    """Managing a point with a public policy is left to its account and AWS services, too (S3 guide); it was a crash."""
    point = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*AccessPoint*",
                                                     "Resource": POINT}]}  # fmt: skip
    findings(tmp_path, capsys, point=point, blocked="true")
    if kind == "regional":
        for name in ("organization.yaml", "p/point.json"):
            text = (tmp_path / name).read_text().replace(POINT, f"arn:aws:s3:eu-west-1:{OWN}:accesspoint/own")
            (tmp_path / name).write_text(
                text.replace("buckets: [acme-eu]", "bucket: acme-eu\n          origin: internet")
            )
    assert run(["findings", str(tmp_path), "--service", "s3", "--json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)["findings"]
    assert called(found)["principal"]["type"] == "service"


def test_public(tmp_path, capsys):
    findings(tmp_path, capsys)
    assert run(["public", str(tmp_path)]) == 1
    assert f"FAIL {POINT}" in capsys.readouterr().out
