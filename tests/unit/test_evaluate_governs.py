"""Which listed policy decides a call (W-3 to W-5): Region, account, containers, qualifiers."""

from __future__ import annotations

import pytest

from perimeter_smt.evaluate.governs import Governs, governs

OWNER = "111122223333"
SECRETS = "secretsmanager"
SURELY, PERHAPS = Governs.SURELY, Governs.PERHAPS


def arn(rest, service="sqs", region="eu-west-1", account=OWNER, partition="aws"):
    return f"arn:{partition}:{service}:{region}:{account}:{rest}"


@pytest.mark.parametrize(
    ("listed", "asked", "action", "expected"),
    [
        (arn("bills"), arn("bills"), "sqs:SendMessage", SURELY),
        (arn("bills"), arn("bills", region="eu-west-2"), "sqs:SendMessage", None),
        (arn("bills"), arn("bills", account="444455556666"), "sqs:SendMessage", None),
        (arn("bills"), arn("bills", partition="aws-cn"), "sqs:SendMessage", None),
        (arn("bills"), arn("bills2"), "sqs:SendMessage", None),
        (arn("bills"), arn("bills", service="sns"), "sns:Publish", None),
        ("arn:aws:s3:::bills", "arn:aws:s3:::bills/2026/a", "s3:GetObject", SURELY),
        ("arn:aws:s3:::bills", "arn:aws:s3:::bills2/a", "s3:GetObject", None),
        (arn("table/t", "dynamodb"), arn("table/t/index/i", "dynamodb"), "dynamodb:Query", SURELY),
        (arn("table/t", "dynamodb"), arn("table/t2/index/i", "dynamodb"), "dynamodb:Query", None),
        (arn("domain/d", "es"), arn("domain/d/logs/_search", "es"), "es:ESHttpGet", SURELY),
        (arn("event-bus/b", "events"), arn("rule/b/r", "events"), "events:PutRule", SURELY),
        (arn("event-bus/b", "events"), arn("rule/c/r", "events"), "events:PutRule", None),
        (arn("function:f", "lambda"), arn("function:f:live", "lambda"), "lambda:InvokeFunction", PERHAPS),
        (arn("function:f", "lambda"), arn("function:g:live", "lambda"), "lambda:InvokeFunction", None),
        (arn("secret:s", SECRETS), arn("secret:s-AbCdEf", SECRETS), f"{SECRETS}:GetSecretValue", SURELY),
        (arn("backup-vault:v", "backup"), "arn:aws:ec2:eu-west-1::snapshot/snap-1", "backup:StartCopyJob", PERHAPS),
        (arn("backup-vault:v", "backup"), "arn:aws:ec2:eu-west-1::snapshot/snap-1", "ec2:CopySnapshot", None),
        (arn("backup-vault:v", "backup"), arn("backup-vault:w", "backup"), "backup:DeleteBackupVault", None),
        # A name of a known type, however odd, is of no unknown one.
        (arn("event-bus/b", "events"), arn("event-busv2/b//", "events"), "events:PutEvents", None),
        (arn("bills"), arn("bills/2026"), "sqs:SendMessage", None),
        # A type that the table does not know counts as governed by anything of its service and account.
        (arn("thing/t", "sqs2"), arn("other/o", "sqs2"), "sqs2:Do", PERHAPS),
        (arn("bills"), "*", "sqs:ListQueues", None),
    ],
)  # fmt: skip
def test_governs(listed, asked, action, expected):
    assert governs(listed, asked, owner=OWNER, action=action) is expected
