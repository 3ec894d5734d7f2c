"""`replay` in worlds so small that everything an event leaves out is tried: the answer must be exact.

Allow where guardrails let every completion of the event through, deny where they stop every one, depends where some
value turns the answer; and the keys that are named decide, whatever the others are.
"""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from perimeter_smt import load_workspace
from perimeter_smt.evaluate import decide
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.replay.replay import replay_events
from perimeter_smt.request.case import Case
from perimeter_smt.request.request import Request
from perimeter_smt.witness.case import open_policy
from tests.attack.small.every import ENV, MINE, ORG, ROLE, STRANGER, TAGS, TEAM, TESTS, document, shown
from tests.attack.small.tried import tried

BUCKET, OBJECT = "arn:aws:s3:::acme-data", "arn:aws:s3:::acme-data/in/1"
QUEUE = f"arn:aws:sqs:eu-west-1:{MINE}:jobs"
OWNER = (
    {"StringEquals": {"aws:ResourceOrgID": ORG}}, {"StringNotEqualsIfExists": {"aws:ResourceAccount": MINE}},
    {"Bool": {"aws:SecureTransport": "false"}}, {"BoolIfExists": {"aws:SecureTransport": "true"}},
    {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}, {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    {"Null": {"aws:SourceVpce": "false"}}, {"StringEquals": {"aws:PrincipalOrgID": ORG}},
)  # fmt: skip
ACTIONS = ("s3:GetObject", "s3:*", "*", "sqs:*", "s3:Put*", "sqs:SendMessage")
RESOURCES = ("*", "*", "arn:aws:s3:::acme-data/*", "arn:aws:s3:::acme-data/out/*", "arn:aws:sqs:*:*:jobs")


def statement(rng: Random, effect: str, kind: Kind) -> dict[str, Any]:
    """One statement of a guardrail."""
    actions = [a for a in ACTIONS if kind is Kind.SCP or a != "*"]
    out: dict[str, Any] = {"Effect": effect, "Action": rng.choice(actions), "Resource": rng.choice(RESOURCES)}
    if kind is Kind.RCP:
        out["Principal"] = "*"
    condition: dict[str, dict[str, Any]] = {}
    for test in rng.sample((*TESTS, *OWNER), rng.choice((0, 1, 1, 2))):
        for operator, keys in test.items():
            condition.setdefault(operator, {}).update(keys)
    return out | ({"Condition": condition} if condition else {})


def guardrails(rng: Random) -> tuple[tuple[Document, ...], Workspace]:
    """SCPs of the root and of the account, an RCP; and the workspace that holds them."""
    scps = []
    for number in (0, 1):
        allow = [] if rng.random() < 0.6 else [statement(rng, "Allow", Kind.SCP) for _ in range(rng.randint(1, 2))]
        deny = [statement(rng, "Deny", Kind.SCP) for _ in range(rng.randint(0, 2))]
        everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        scps.append(document([*(allow or [everything]), *deny], Kind.SCP, f"scp{number}"))
    rcp = document([statement(rng, "Deny", Kind.RCP) for _ in range(rng.randint(1, 2))], Kind.RCP, "rcp")
    return (*scps, rcp), _workspace((*scps, rcp))


def _workspace(documents: tuple[Document, ...]) -> Workspace:
    from perimeter_smt.policy.render import to_json

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for one in documents:
            (folder / f"{one.name}.json").write_text(json.dumps(to_json(one)))
        (folder / "perimeter.yaml").write_text(f"orgs: [{ORG}]\n")
        (folder / "organization.yaml").write_text(
            f'id: {ORG}\nmanagement_account: "999900001111"\nroot:\n  id: r-ab12\n  scps: [scp0.json]\n'
            f"  rcps: [RCPFullAWSAccess, rcp.json]\n  accounts:\n"
            f'  - id: "{MINE}"\n    scps: [scp1.json]\n  - id: "999900001111"\n'
        )
        return load_workspace(folder)


def event(rng: Random) -> tuple[dict[str, Any], str, str, tuple[str, ...]]:
    """An event, its action and resource, and who may own the resource."""
    name = rng.choice(("object", "object", "stranger", "unknown", "queue"))
    out: dict[str, Any] = {
        "eventType": "AwsApiCall", "eventID": "e", "eventTime": "2026-11-20T09:00:00Z", "awsRegion": "eu-west-1",
        "recipientAccountId": MINE, "sourceIPAddress": rng.choice(("203.0.113.9", "198.51.100.7")),
        "userIdentity": {
            "type": "AssumedRole", "principalId": "AROAEXAMPLE:x", "accountId": MINE, "arn": ROLE.arn,
            "sessionContext": {"sessionIssuer": {"type": "Role", "arn": ROLE.role_arn, "accountId": MINE},
                               "attributes": {"creationDate": "2026-11-20T08:00:00Z", "mfaAuthenticated": "false"}},
        },
    }  # fmt: skip
    if rng.random() < 0.5:
        out["tlsDetails"] = {"tlsVersion": "TLSv1.3"}
    if name == "queue":
        out |= {"eventSource": "sqs.amazonaws.com", "eventName": "SendMessage",
                "requestParameters": {"queueUrl": f"https://sqs.eu-west-1.amazonaws.com/{MINE}/jobs"}}  # fmt: skip
        return out, "sqs:SendMessage", QUEUE, (MINE,)
    call = rng.choice(("GetObject", "PutObject"))
    out |= {"eventSource": "s3.amazonaws.com", "eventName": call,
            "requestParameters": {"bucketName": "acme-data", "key": "in/1"}}  # fmt: skip
    owners = {"object": (MINE,), "stranger": (STRANGER,), "unknown": (MINE, STRANGER)}[name]
    if name != "unknown":
        out["resources"] = [{"ARN": OBJECT, "type": "AWS::S3::Object"},
                            {"ARN": BUCKET, "type": "AWS::S3::Bucket", "accountId": owners[0]}]  # fmt: skip
    return out, f"s3:{call}", OBJECT, owners


def completions(told: dict[str, Any], owners: tuple[str, ...]) -> Iterator[dict[str, str | None]]:
    """Every request that the event may tell of, by what it leaves out."""
    tls = ("true",) if "tlsDetails" in told else ("true", "false")
    for team, env, secure, owner in itertools.product(TAGS, TAGS, tls, owners):
        for org in (ORG,) if owner == MINE else (None, "o-zzzz000000"):
            yield {TEAM: team, ENV: env, "aws:SecureTransport": secure, "owner": owner, "aws:ResourceOrgID": org}


def allowed(documents: tuple[Document, ...], told: dict[str, Any], action: str, resource: str, one: dict) -> bool:
    """What the evaluator says of one completion, whatever is granted."""
    owner = one["owner"]
    context = {
        "aws:SourceIp": told["sourceIPAddress"], "aws:RequestedRegion": "eu-west-1", "aws:PrincipalOrgID": ORG,
        "aws:PrincipalAccount": MINE, "aws:PrincipalArn": ROLE.role_arn, "aws:ResourceAccount": owner,
        **{key: value for key, value in one.items() if key != "owner" and value is not None},
    }  # fmt: skip
    first, second, rcp = documents
    case = Case(
        id="event", identity=(open_policy(Kind.IDENTITY),), resource=open_policy(Kind.RESOURCE), boundary=None,
        session=None, scp=((first,), (second,)),
        rcp=((open_policy(Kind.RCP), rcp), (open_policy(Kind.RCP),)) if owner == MINE else None, endpoint=None,
        access_point=None,
        request=Request(principal=ROLE, action=action, resource=resource, resource_account=owner, context=context),
    )  # fmt: skip
    return decide(case).allowed


_NAMED = {TEAM.lower(): TEAM, ENV.lower(): ENV, "aws:securetransport": "aws:SecureTransport",
          "aws:resourceorgid": "owner", "aws:resourceaccount": "owner"}  # fmt: skip


def judge(seed: int, most: int) -> Iterator[tuple[str, str]]:
    """The events of a world against all their completions."""
    rng = Random(f"event {seed}")
    documents, space = guardrails(rng)
    for _ in range(most):
        told, action, resource, owners = event(rng)
        every = list(completions(told, owners))
        answers = [allowed(documents, told, action, resource, one) for one in every]
        expected = "depends" if len(set(answers)) == 2 else "allow" if answers[0] else "deny"
        try:
            found = replay_events([told], space)
        except Exception as error:  # every crash is a finding
            yield "CRASH", f"{seed} {type(error).__name__}: {error}"
            return
        (outcome,) = found.outcomes
        yield "asked", f"{'whose' if len(owners) > 1 else 'mine' if owners[0] == MINE else 'foreign'} {outcome}"
        if outcome != expected:
            yield "REPLAY", f"{seed} {outcome}, not {expected}: {shown(*documents)} {told}"
            continue
        if outcome != "depends":
            continue
        named = {_NAMED.get(key, key) for group in found.groups for key in group.depends}
        by: dict[object, set[bool]] = {}
        for one, answer in zip(every, answers, strict=True):
            of = {**one, "owner": (one["owner"], one["aws:ResourceOrgID"])}
            by.setdefault(tuple(of.get(key) for key in sorted(named)), set()).add(answer)
        if any(len(each) == 2 for each in by.values()):
            yield "NAMED", f"{seed} {named} do not decide: {shown(*documents)} {told}"


def main(argv: list[str] | None = None) -> int:
    """Ask, print what is not right and how much was tried."""
    return tried(argv, "events of small worlds, everything they leave out tried", judge, size="events", default=5)


if __name__ == "__main__":
    raise SystemExit(main())
