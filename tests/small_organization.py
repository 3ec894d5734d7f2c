"""A small organization in a stand-in of AWS: units, accounts, an SCP with a hole, a public queue, a bucket."""

from __future__ import annotations

import json

import boto3

REGION = "eu-west-1"
ALLOW = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def planted(server):
    """Make it in the stand-in at this address, and say what there is."""
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}

    def client(service, account=None):
        own = dict(keys)
        if account:
            sts = boto3.client("sts", endpoint_url=server, region_name=REGION, **keys)
            found = sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/reader", RoleSessionName="test")
            names = {"AccessKeyId": "aws_access_key_id", "SecretAccessKey": "aws_secret_access_key",
                     "SessionToken": "aws_session_token"}  # fmt: skip
            own = {name: found["Credentials"][key] for key, name in names.items()}
        return boto3.client(service, endpoint_url=server, region_name=REGION, **own)

    org = client("organizations")
    own = org.create_organization(FeatureSet="ALL")["Organization"]
    root = org.list_roots()["Roots"][0]["Id"]
    org.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    unit = org.create_organizational_unit(ParentId=root, Name="workloads")["OrganizationalUnit"]["Id"]
    accounts = []
    for number in range(3):
        made = org.create_account(AccountName=f"team{number}", Email=f"t{number}@acme.example")["CreateAccountStatus"]
        accounts.append(made["AccountId"])
        org.move_account(AccountId=made["AccountId"], SourceParentId=root, DestinationParentId=unit)
    mine = {"StringNotEqualsIfExists": {"aws:ResourceOrgID": own["Id"]}}
    deny = {**ALLOW, "Sid": "OnlyMine", "Effect": "Deny", "Condition": mine}
    scp = org.create_policy(Content=document(deny), Description="x", Name="only-mine",
                            Type="SERVICE_CONTROL_POLICY")["Policy"]["PolicySummary"]["Id"]  # fmt: skip
    org.attach_policy(PolicyId=scp, TargetId=unit)
    iam = client("iam", accounts[0])
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName="app", AssumeRolePolicyDocument=document(trust))
    iam.put_role_policy(RoleName="app", PolicyName="all", PolicyDocument=document(ALLOW))
    queue = client("sqs", accounts[1]).create_queue(QueueName="open", Attributes={
        "Policy": document({**ALLOW, "Principal": "*", "Action": "sqs:SendMessage"})})["QueueUrl"]  # fmt: skip
    s3 = client("s3", accounts[1])
    s3.create_bucket(Bucket="acme-reports", CreateBucketConfiguration={"LocationConstraint": REGION})
    client("kms", accounts[1]).create_key()
    return {"id": own["Id"], "root": root, "unit": unit, "accounts": accounts, "queue": queue, "url": server}
