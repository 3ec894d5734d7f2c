"""Replay of generated CloudTrail logs: events a second, set against decoding the JSON alone, and memory by size."""

from __future__ import annotations

import gzip
import json
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from benchmarks.harness import SEED, Judgement, clock, peak_memory
from benchmarks.organization import Size, generate
from perimeter_smt.questions.replay.replay import Replayed, replay

ACCOUNTS, PER_FILE = 50, 5_000
_CALLS = (
    *(("s3", name) for name in ("GetObject", "PutObject", "ListObjects", "HeadBucket", "ListBuckets")),
    *(("sqs", name) for name in ("SendMessage", "ReceiveMessage")),
    *(("ec2", name) for name in ("DescribeInstances", "RunInstances")),
    ("kms", "Decrypt"), ("secretsmanager", "GetSecretValue"), ("sts", "AssumeRole"), ("dynamodb", "PutItem"),
    ("monitoring", "PutMetricData"), ("logs", "CreateLogStream"), ("signin", "ConsoleLogin"),
)  # fmt: skip


def events(count: int, accounts: list[str], seed: int = SEED) -> Iterator[dict[str, Any]]:
    """Events of many roles, resources and networks; the same every time."""
    draw = random.Random(seed)
    for number in range(count):
        account, role = draw.choice(accounts), f"app-{draw.randrange(40)}"
        service, name = draw.choice(_CALLS)
        inside = draw.random() < 0.5
        found: dict[str, Any] = {
            "eventVersion": "1.11", "eventType": "AwsApiCall", "eventID": f"{number:032x}", "awsRegion": "eu-west-1",
            "eventTime": "2026-11-20T09:00:00Z", "eventSource": f"{service}.amazonaws.com", "eventName": name,
            "userAgent": f"aws-sdk-java/2.{draw.randrange(30)}", "recipientAccountId": account,
            "sourceIPAddress": draw.choice(("203.0.113.", "198.51.100.")) + str(draw.randrange(1, 255)),
            "userIdentity": {
                "type": "AssumedRole", "principalId": f"AROA{role.upper()}:run{draw.randrange(1000)}",
                "arn": f"arn:aws:sts::{account}:assumed-role/{role}/run{draw.randrange(1000)}", "accountId": account,
                "sessionContext": {
                    "sessionIssuer": {"type": "Role", "arn": f"arn:aws:iam::{account}:role/{role}",
                                      "accountId": account},
                    "attributes": {"mfaAuthenticated": "false", "creationDate": "2026-11-20T08:00:00Z"},
                },
            },
            "requestParameters": {
                "bucketName": f"acme-{draw.randrange(200)}", "key": f"in/{number}", "tableName": "orders",
                "queueUrl": f"https://sqs.eu-west-1.amazonaws.com/{account}/jobs-{draw.randrange(20)}",
                "secretId": f"arn:aws:secretsmanager:eu-west-1:{account}:secret:db-a1b2c3",
                "roleArn": f"arn:aws:iam::{draw.choice(accounts)}:role/app-1", "logGroupName": "app",
            },
            "tlsDetails": {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256"},
        }  # fmt: skip
        if not inside:
            found |= {"sourceIPAddress": "10.0.0.7", "vpcEndpointId": f"vpce-{draw.randrange(30):017x}"}
        yield found


def measure(*, quick: bool) -> Judgement:
    """Replay logs of two sizes against an organization of 50 accounts, and once more against a change of it."""
    small, large = (5_000, 20_000) if quick else (20_000, 100_000)
    workspace = generate(Size(ACCOUNTS))
    accounts = [account.id for account, _ in workspace.organization.accounts()]
    facts: dict[str, Any] = {}
    lines = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for count in (small, large):
            _write(folder / str(count), count, accounts)
            decoding = _decoded(folder / str(count))
            start = clock()
            found = replay([folder / str(count)], workspace)
            took = clock() - start
            facts[str(count)] = {
                "events a second": round(count / took), "times decoding": round(took / decoding, 1),
                "MB": round(peak_memory()), "outcomes": dict(sorted(found.outcomes.items())),
                "groups": len(found.groups), "skipped": sum(found.skipped.values()),
            }  # fmt: skip
            lines.append(
                f"{count} events: {count / took:,.0f} a second, {took / decoding:.1f} times decoding the JSON alone, "
                f"{peak_memory():.0f} MB"
            )
            ok = _complete(found, count)
    return Judgement(facts, tuple(lines), ok)


def _complete(found: Replayed, count: int) -> bool:
    """Whether every event was judged or named as skipped."""
    return found.events == count == sum(found.outcomes.values()) + sum(found.skipped.values())


def _write(folder: Path, count: int, accounts: list[str]) -> None:
    folder.mkdir()
    batch: list[dict[str, Any]] = []
    for number, event in enumerate(events(count, accounts), 1):
        batch.append(event)
        if number % PER_FILE == 0:
            data = json.dumps({"Records": batch}).encode()
            (folder / f"{number:08d}.json.gz").write_bytes(gzip.compress(data, 1))
            batch = []


def _decoded(folder: Path) -> float:
    """Seconds for unpacking and decoding the files at once each, without looking at the events."""
    start = clock()
    for file in sorted(folder.iterdir()):
        orjson.loads(gzip.decompress(file.read_bytes()))
    return clock() - start
