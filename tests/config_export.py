"""Thirty accounts as AWS Config exports them, with holes planted: snapshots, and what an aggregator answers beside.

`write(folder)` writes the files; `PLANTED` says which holes there are, by objective, service and a part of the ARN.
"""

from __future__ import annotations

import gzip
import json
from urllib.parse import quote

ORG, MANAGEMENT, OUTSIDER = "o-acme0000001", "999900001111", "999988887777"
REGION, ROOT = "eu-west-1", "r-ac00"
UNITS = {"ou-ac00-workload1": range(1, 16), "ou-ac00-platform1": range(16, 25), "ou-ac00-sandbox11": range(25, 30)}
SANDBOX = "ou-ac00-sandbox11"
# Account number, objective, service, and what is open there. Numbers from 25 on lie in a unit without guardrails.
PLANTED = {
    "a public bucket": (25, "O1", "s3", "arn:aws:s3:::acme-share-25"),
    "an access point for strangers": (26, "O1", "s3", "accesspoint/share-26"),
    "a queue that anybody may write to": (27, "O1", "sqs", ":inbox-27"),
    "a topic for a stranger, of a service without RCPs": (7, "O1", "sns", ":news-7"),
    "a key for a stranger": (28, "O1", "kms", "key/0a000000-0000-4000-8000-000000000028"),
    "a function that anybody may call": (9, "O1", "lambda", "function:hook-9"),
    "a role that a stranger may take": (29, "O1", "sts", "role/vendor-29"),
    # One of the roles of that unit: they all hold the same, and one is shown for those that nothing tells apart.
    "a role outside the resource perimeter": (26, "O3", "sqs", "role/app-2"),
}


def number(n):
    return f"{111100000000 + n}"


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(who, action, resource):
    return policy({"Effect": "Allow", "Principal": who, "Action": action, "Resource": resource})


def item(kind, own, arn, n, configuration, more=None, region=REGION, account=None):
    return {
        "version": "1.3", "resourceType": kind, "resourceId": own, "ARN": arn, "awsAccountId": account or number(n),
        "awsRegion": region, "configurationItemStatus": "OK", "tags": {},
        "configurationItemCaptureTime": "2026-11-20T06:00:00.000Z",
        "configuration": configuration, "supplementaryConfiguration": more or {},
    }  # fmt: skip


def role(n, name, trust, *policies):
    arn = f"arn:aws:iam::{number(n)}:role/{name}"
    inline = [{"policyName": f"p{i}", "policyDocument": quote(json.dumps(p))} for i, p in enumerate(policies)]
    own, taken_by = f"AROA{name.upper().replace('-', '')}", quote(json.dumps(trust))
    return item("AWS::IAM::Role", own, arn, n, {
        "roleName": name, "arn": arn, "assumeRolePolicyDocument": taken_by, "rolePolicyList": inline,
        "attachedManagedPolicies": [], "instanceProfileList": [], "permissionsBoundary": None,
    }, region="global")  # fmt: skip


def bucket(n, name, found):
    return item("AWS::S3::Bucket", name, f"arn:aws:s3:::{name}", n, {"name": name}, {
        "BucketPolicy": {"policyText": json.dumps(found) if found else None},
        "PublicAccessBlockConfiguration": json.dumps({"restrictPublicBuckets": False})})  # fmt: skip


def resources(n):
    """What an account holds: a role, a bucket and a queue for its own, and what is planted in it."""
    own = {"AWS": f"arn:aws:iam::{number(n)}:root"}
    queue = f"arn:aws:sqs:{REGION}:{number(n)}:work-{n}"
    yield role(n, f"app-{n}", policy({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
                                      "Action": "sts:AssumeRole"}),
               policy({"Effect": "Allow", "Action": ["s3:*", "sqs:*"], "Resource": "*"}))  # fmt: skip
    yield bucket(n, f"acme-data-{n}", allow(own, "s3:GetObject", f"arn:aws:s3:::acme-data-{n}/*"))
    yield item("AWS::SQS::Queue", queue, queue, n, {"QueueName": f"work-{n}",
               "Policy": json.dumps(allow(own, "sqs:SendMessage", queue))})  # fmt: skip
    stranger, anybody = {"AWS": f"arn:aws:iam::{OUTSIDER}:root"}, "*"
    here = f"{REGION}:{number(n)}"
    if n == 25:
        yield bucket(n, "acme-share-25", allow(anybody, "s3:GetObject", "arn:aws:s3:::acme-share-25/*"))
    if n == 26:
        arn = f"arn:aws:s3:{here}:accesspoint/share-26"
        delegated = {"StringEquals": {"s3:DataAccessPointAccount": number(n)}}
        behind = allow(anybody, "s3:*", ["arn:aws:s3:::acme-points-26", "arn:aws:s3:::acme-points-26/*"])
        behind["Statement"][0]["Condition"] = delegated
        yield bucket(n, "acme-points-26", behind)
        yield item("AWS::S3::AccessPoint", arn, arn, n, {
            "Arn": arn, "Name": "share-26", "Bucket": "acme-points-26", "NetworkOrigin": "Internet",
            "Policy": allow(stranger, "s3:GetObject", f"{arn}/object/*")})  # fmt: skip
    if n == 27:
        arn = f"arn:aws:sqs:{here}:inbox-27"
        yield item("AWS::SQS::Queue", arn, arn, n, {"Policy": json.dumps(allow(anybody, "sqs:SendMessage", arn))})
    if n == 7:
        arn = f"arn:aws:sns:{here}:news-7"
        yield item("AWS::SNS::Topic", arn, arn, n, {"Policy": json.dumps(allow(stranger, "sns:Publish", arn))})
    if n == 28:
        key = "0a000000-0000-4000-8000-000000000028"
        both = policy(*allow(own, "kms:*", "*")["Statement"], *allow(stranger, "kms:Decrypt", "*")["Statement"])
        yield item("AWS::KMS::Key", key, f"arn:aws:kms:{here}:key/{key}", n, {"keyId": key, "keyManager": "CUSTOMER"},
                   {"Policy": json.dumps(json.dumps(both))})  # fmt: skip
    if n == 9:
        arn = f"arn:aws:lambda:{here}:function:hook-9"
        yield item("AWS::Lambda::Function", "hook-9", arn, n, {"functionName": "hook-9"},
                   {"Policy": json.dumps(json.dumps(allow(anybody, "lambda:InvokeFunction", arn)))})  # fmt: skip
    if n == 29:
        yield role(n, "vendor-29", policy({"Effect": "Allow", "Principal": stranger, "Action": "sts:AssumeRole"}))


def guardrails():
    """An SCP and an RCP on the units that are guarded."""
    mine = {"StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG}}
    scp = policy({"Sid": "MyResources", "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": mine})
    base = {"Effect": "Deny", "Principal": "*", "Resource": "*"}
    actions = ["s3:*", "sqs:*", "kms:*", "secretsmanager:*", "sts:AssumeRole"]
    people = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG},
              "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}  # fmt: skip
    services = {"StringNotEqualsIfExists": {"aws:SourceOrgID": ORG}, "Null": {"aws:SourceAccount": "false"},
                "Bool": {"aws:PrincipalIsAWSService": "true"}}  # fmt: skip
    rcp = policy({"Sid": "MyPeople", **base, "Action": actions, "Condition": people},
                 {"Sid": "MyServices", **base, "Action": actions, "Condition": services})  # fmt: skip
    targets = [own for own in UNITS if own != SANDBOX]
    for own, name, kind, text in (("p-scp00001", "resources", "SERVICE_CONTROL_POLICY", scp),
                                  ("p-rcp00001", "identities", "RESOURCE_CONTROL_POLICY", rcp)):  # fmt: skip
        arn = f"arn:aws:organizations::{MANAGEMENT}:policy/{ORG}/{kind.lower()}/{own}"
        yield item("AWS::Organizations::Policy", own, arn, 0, {
            "Id": own, "Arn": arn, "Name": name, "Type": kind, "Content": text, "TargetIds": targets},
            account=MANAGEMENT)  # fmt: skip


def tree():
    base = f"arn:aws:organizations::{MANAGEMENT}"
    yield item("AWS::Organizations::Organization", ORG, f"{base}:organization/{ORG}", 0, {
        "Id": ORG, "ManagementAccountId": MANAGEMENT, "RootId": ROOT}, account=MANAGEMENT)  # fmt: skip
    for unit, numbers in UNITS.items():
        yield item("AWS::Organizations::OrganizationalUnit", unit, f"{base}:ou/{ORG}/{unit}", 0, {
            "Id": unit, "Name": unit.split("-")[2], "ParentId": ROOT}, account=MANAGEMENT)  # fmt: skip
        for n in numbers:
            yield item("AWS::Organizations::Account", number(n), f"{base}:account/{ORG}/{number(n)}", 0, {
                "AccountId": number(n), "AccountName": f"team{n:02}", "ParentIds": [unit]},
                account=MANAGEMENT)  # fmt: skip


def write(folder):
    """Snapshots of every account, packed as Config delivers them; the organization as an aggregator's query answers."""
    for n in (n for numbers in UNITS.values() for n in numbers):
        where = folder / "AWSLogs" / number(n) / "Config" / REGION / "2026" / "11" / "20" / "ConfigSnapshot"
        where.mkdir(parents=True)
        name = f"{number(n)}_Config_{REGION}_ConfigSnapshot_20261120T060000Z_0a.json.gz"
        snapshot = {"fileVersion": "1.0", "configSnapshotId": "0a", "configurationItems": list(resources(n))}
        (where / name).write_bytes(gzip.compress(json.dumps(snapshot).encode()))
    results = [json.dumps(each) for each in (*tree(), *guardrails())]
    (folder / "organizations.json").write_text(json.dumps({"Results": results, "QueryInfo": {"SelectFields": []}}))
