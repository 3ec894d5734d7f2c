"""An organization of fifty accounts in a stand-in of AWS (moto), with holes planted (docs/tutorials/).

`python -m tests.stand_in` serves it on loopback until it is interrupted, for whoever wants to follow the tutorial.
"""

from __future__ import annotations

import json
import warnings
from contextlib import contextmanager
from urllib.request import Request, urlopen

REGION, OUTSIDER = "eu-west-1", "999988887777"
TEAMS = 49
KEYS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": REGION}
# Where each hole is planted (number of the team), the objective that it breaks, and the service of the calls.
PLANTED = {
    "a queue that anybody may write to": (7, "O1", "sqs"),
    "a bucket that a stranger may read": (12, "O1", "s3"),
    "a topic that anybody may publish to": (18, "O1", "sns"),
    "a secret that a stranger may read": (23, "O1", "secretsmanager"),
    "a role that a stranger may take": (31, "O1", "sts"),
    "a role outside the resource perimeter": (44, "O3", "dynamodb"),
}


def document(*statements):
    """A policy."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def with_resource_policy(content=None):
    """Let the stand-in answer DescribeResourcePolicy, which it does not know: with a policy, or that there is none."""
    from moto.core.exceptions import JsonRESTError
    from moto.organizations.responses import OrganizationsResponse

    def describe_resource_policy(self):
        if content is None:
            raise JsonRESTError("ResourcePolicyNotFoundException", "there is none")
        return json.dumps({"ResourcePolicy": {"ResourcePolicySummary": {"Id": "rp-12345678"}, "Content": content}})

    OrganizationsResponse.describe_resource_policy = describe_resource_policy


@contextmanager
def server():
    """A stand-in that makes the same ids every time; its address."""
    from moto.server import ThreadedMotoServer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        with_resource_policy()
        found.start()
    host, port = found.get_host_and_port()
    url = f"http://{host}:{port}"
    for call in ("reset", "seed?a=50"):
        with urlopen(Request(f"{url}/moto-api/{call}", method="POST")):
            pass
    try:
        yield url
    finally:
        found.stop()


class StandIn:
    """The organization: units `production` and `sandbox`, an SCP on the first, teams with a role, a queue, a bucket."""

    def __init__(self, url):
        import boto3

        self.url, self._boto3 = url, boto3
        org = self.client("organizations")
        self.id = org.create_organization(FeatureSet="ALL")["Organization"]["Id"]
        root = org.list_roots()["Roots"][0]["Id"]
        org.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
        units = {}
        for name in ("production", "sandbox"):
            made = org.create_organizational_unit(ParentId=root, Name=name)
            units[name] = made["OrganizationalUnit"]["Id"]
        scp = org.create_policy(
            Name="resource-perimeter", Description="x", Type="SERVICE_CONTROL_POLICY",
            Content=document({"Sid": "OnlyMyResources", "Effect": "Deny", "Action": "*", "Resource": "*",
                              "Condition": {"StringNotEqualsIfExists": {"aws:ResourceOrgID": self.id}}}),
        )["Policy"]["PolicySummary"]["Id"]  # fmt: skip
        org.attach_policy(PolicyId=scp, TargetId=units["production"])
        self.accounts = {}
        for number in range(1, TEAMS + 1):
            made = org.create_account(AccountName=f"team{number:02}", Email=f"team{number}@acme.example")
            own = self.accounts[number] = made["CreateAccountStatus"]["AccountId"]
            unit = units["sandbox" if number > 40 else "production"]
            org.move_account(AccountId=own, SourceParentId=root, DestinationParentId=unit)
        for number in sorted({1, 2, 3, *(team for team, _, _ in PLANTED.values())}):
            self._team(number)
        self._holes()

    def client(self, service, account=None):
        """A client, in an account of the organization or in the management account."""
        keys = dict(KEYS)
        if account:
            sts = self._boto3.client("sts", endpoint_url=self.url, **KEYS)
            found = sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/reader", RoleSessionName="build")
            names = {"AccessKeyId": "aws_access_key_id", "SecretAccessKey": "aws_secret_access_key",
                     "SessionToken": "aws_session_token"}  # fmt: skip
            keys |= {name: found["Credentials"][key] for key, name in names.items()}
        return self._boto3.client(service, endpoint_url=self.url, **keys)

    def _team(self, number):
        """What every team has: a role for its service, a queue, a bucket of its own."""
        own = self.accounts[number]
        iam = self.client("iam", own)
        trust = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        iam.create_role(RoleName="service", AssumeRolePolicyDocument=document(trust))
        allow = {"Effect": "Allow", "Action": ["sqs:*", "dynamodb:*"], "Resource": "*"}
        iam.put_role_policy(RoleName="service", PolicyName="service", PolicyDocument=document(allow))
        self.client("sqs", own).create_queue(QueueName="orders")
        self.client("s3", own).create_bucket(
            Bucket=f"acme-team{number:02}", CreateBucketConfiguration={"LocationConstraint": REGION}
        )

    def _holes(self):
        """The holes, as people make them."""
        at = {what: self.accounts[team] for what, (team, _, _) in PLANTED.items()}
        stranger = {"AWS": f"arn:aws:iam::{OUTSIDER}:root"}
        own = at["a queue that anybody may write to"]
        sqs = self.client("sqs", own)
        url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
        allow = {"Sid": "Anybody", "Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": document(allow)})
        own = at["a bucket that a stranger may read"]
        allow = {"Sid": "Partner", "Effect": "Allow", "Principal": stranger, "Action": "s3:GetObject",
                 "Resource": "arn:aws:s3:::acme-team12/*"}  # fmt: skip
        self.client("s3", own).put_bucket_policy(Bucket="acme-team12", Policy=document(allow))
        own = at["a topic that anybody may publish to"]
        sns = self.client("sns", own)
        topic = sns.create_topic(Name="alerts")["TopicArn"]
        allow = {"Sid": "Publish", "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sns:Publish",
                 "Resource": topic}  # fmt: skip
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=document(allow))
        own = at["a secret that a stranger may read"]
        secrets = self.client("secretsmanager", own)
        secrets.create_secret(Name="database", SecretString="x")
        allow = {"Sid": "Vendor", "Effect": "Allow", "Principal": stranger, "Action": "secretsmanager:GetSecretValue",
                 "Resource": "*"}  # fmt: skip
        secrets.put_resource_policy(SecretId="database", ResourcePolicy=document(allow))
        own = at["a role that a stranger may take"]
        trust = {"Sid": "Vendor", "Effect": "Allow", "Principal": stranger, "Action": "sts:AssumeRole"}
        self.client("iam", own).create_role(RoleName="vendor", AssumeRolePolicyDocument=document(trust))


if __name__ == "__main__":
    with server() as address:
        made = StandIn(address)
        print(f"organization {made.id} at {address}, until interrupted")
        try:
            import threading

            threading.Event().wait()
        except KeyboardInterrupt:
            pass
