"""Published CloudTrail logs, read in place: every event is read, judged or named, and the counts add up.

`PERIMETER_CLOUDTRAIL` names a folder of such logs (JSON, JSON Lines, gzip), for example of attack simulations; without
it these tests are skipped.
"""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from perimeter_smt import load_workspace
from perimeter_smt.questions.replay.calls import NotACall, Reader
from perimeter_smt.questions.replay.records import events_of
from perimeter_smt.questions.replay.replay import replay_events
from perimeter_smt.questions.requests.told import explain_event
from perimeter_smt.request.cloudtrail.actions import actions_of
from perimeter_smt.request.cloudtrail.callers import caller_of

LOGS = os.environ.get("PERIMETER_CLOUDTRAIL")
pytestmark = pytest.mark.skipif(not LOGS, reason="PERIMETER_CLOUDTRAIL names no folder of published CloudTrail logs")
KNOWN = {"user", "root", "role-session", "federated-user", "federated-sts", "service", "anonymous"}
# Types of which IAM knows no principal, or of which events may tell too little to name one.
UNTOLD = {"IdentityCenterUser", "Unknown", "Directory", "AWSService", "AWSAccount", "SAMLUser", "WebIdentityUser", None}


def counted(value: Any) -> Iterator[dict]:
    """The events of a file by a plain search, not by the reader that is tested."""
    if isinstance(value, list):
        for each in value:
            yield from counted(each)
    elif isinstance(value, dict):
        if ("eventName" in value and "eventSource" in value) or "class_uid" in value:
            yield value
            return
        for each in value.values():
            yield from counted(json.loads(each) if isinstance(each, str) and each[:1] == "{" else each)


def by_hand() -> list[dict]:
    """Every event below the folder."""
    found = []
    for file in sorted(Path(str(LOGS)).rglob("*")):
        if not file.is_file():
            continue
        data = file.read_bytes()
        text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8-sig")
        try:
            values = [json.loads(text)]
        except json.JSONDecodeError:
            values = [json.loads(line) for line in text.splitlines() if line.strip()]
        found += list(counted(values))
    return found


@pytest.fixture(scope="module")
def events() -> list[dict]:
    return list(events_of([str(LOGS)]))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """An SCP that stops deletions, and everything without MFA; no account is listed, so that all may be mine."""
    folder = tmp_path_factory.mktemp("workspace")
    statements = [
        {"Sid": "Delete", "Effect": "Deny", "Action": ["*:Delete*", "*:Terminate*", "*:Stop*"], "Resource": "*"},
        {"Sid": "Mfa", "Effect": "Deny", "Action": "iam:*", "Resource": "*",
         "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}},
        {"Sid": "Network", "Effect": "Deny", "Action": "s3:*", "Resource": "*",
         "Condition": {"NotIpAddressIfExists": {"aws:SourceIp": "198.51.100.0/24"}}},
    ]  # fmt: skip
    (folder / "scp.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": statements}))
    (folder / "perimeter.yaml").write_text("orgs: [o-acme0000001]\n")
    (folder / "organization.yaml").write_text(
        'id: o-acme0000001\nmanagement_account: "999900001111"\n'
        "root:\n  id: r-ab12\n  scps: [FullAWSAccess, scp.json]\n"
    )
    return load_workspace(folder).model_copy(update={"grants_given": False})


def test_every_event_is_read(events):
    """As many events as a plain search of the files finds, with the same names."""
    expected = Counter(
        (each.get("eventSource"), each.get("eventName"))
        if "class_uid" not in each
        else (each["api"]["service"]["name"], each["api"]["operation"])
        for each in by_hand()
    )
    assert Counter((each.get("eventSource"), each.get("eventName")) for each in events) == expected


def test_counts_add_up(events, workspace):
    """Each event has one answer, or a reason why it has none."""
    found = replay_events(events, workspace)
    assert found.events == len(events) == found.outcomes.total() + found.skipped.total()
    assert sum(group.count for group in found.groups) + found.more_groups == found.kinds.total()
    for reason, _ in found.skipped:
        assert reason.startswith("event type ") or reason in (
            "action not known", "no call that IAM decides by one action", "caller not known",
        ), reason  # fmt: skip


def test_what_is_left_out_and_why(events):
    """Calls of an API whose action the reference knows, by callers that the event names, are all judged."""
    for each in events:
        if each.get("eventType", "AwsApiCall") != "AwsApiCall":
            continue
        identity = each.get("userIdentity") or {}
        caller = caller_of(identity) if isinstance(identity, dict) else None
        if caller is None:
            named = isinstance(identity.get("arn"), str) and isinstance(identity.get("accountId"), str)
            assert identity.get("type") in UNTOLD or not named, identity
        else:
            assert caller.type in KNOWN
        for action in actions_of(str(each["eventSource"]), str(each["eventName"])) or ():
            assert action.partition(":")[2]


def test_resources_are_arns_and_answers_agree(events, workspace):
    """`explain` and `replay` read the same calls from an event, and say the same of SCPs."""
    reader = Reader(workspace)
    for each in events:
        try:
            happened = reader.happened(each)
        except NotACall:
            with pytest.raises(NotACall):
                explain_event(each, workspace)
            continue
        told = explain_event(each, workspace)
        assert [(one.case.request.action, one.resource_known) for one in told] == [
            (call.action, call.touched.arn is not None) for call in happened.calls
        ]
        for call in happened.calls:
            assert call.touched.arn in (None, "*") or str(call.touched.arn).count(":") >= 5
        found = replay_events([each], workspace)
        if len(told) == 1 and found.outcomes["deny"]:
            assert told[0].outcome == "deny", each
        if len(told) == 1 and found.outcomes["depends"]:
            assert told[0].denies, each
