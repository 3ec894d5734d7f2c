"""Questions about single policies in worlds so small that every request is put to the evaluator.

`access-not-granted`, `no-new-access`, `public`, `redundant` and `pack` must say exactly what all requests say: each
difference between two requests that the drawn policies can make is in `CALLS`, `TAGS` and the callers below.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from random import Random
from typing import Any

from perimeter_smt.errors import InputError
from perimeter_smt.policy.document import Document, Statement
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.policy.render import to_json
from perimeter_smt.questions.checks.access_not_granted import access_not_granted
from perimeter_smt.questions.checks.no_new_access import no_new_access
from perimeter_smt.questions.checks.public import no_public_access
from perimeter_smt.questions.checks.verdicts import Check
from perimeter_smt.questions.redundancy.pack import pack
from perimeter_smt.questions.redundancy.places import together
from perimeter_smt.questions.redundancy.redundant import redundant
from perimeter_smt.request.request import Principal, Request
from perimeter_smt.witness.replay import allows
from tests.attack.small.tried import tried

MINE, STRANGER, ORG = "111122223333", "999988887777", "o-acme0000001"
ROLE = Principal(type="role-session", arn=f"arn:aws:sts::{MINE}:assumed-role/app/x", account=MINE,
                 role_arn=f"arn:aws:iam::{MINE}:role/app")  # fmt: skip
OBJECTS = tuple(
    f"arn:aws:s3:::{name}"
    for name in (
        "acme-data/in/1",
        "acme-data/in/12",
        "acme-data/out",
        "acme-logs/in/1",
        "acme-logs/out",
        "else/in/1",
        "else/out",
    )
)
QUEUES = tuple(f"arn:aws:sqs:eu-west-1:{MINE}:{name}" for name in ("jobs", "news"))
BUCKETS = ("arn:aws:s3:::acme-data", "arn:aws:s3:::acme-logs", "arn:aws:s3:::else")
_ON_OBJECTS = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:GetObjectTagging", "s3:PutObjectAcl",
               "s3:ListMultipartUploadParts")  # fmt: skip
CALLS = (
    *itertools.product(_ON_OBJECTS, OBJECTS),
    *itertools.product(("s3:ListBucket", "s3:PutBucketPolicy", "s3:DeleteBucket"), BUCKETS),
    *(
        (f"s3:{name}", "*")
        for name in ("ListAllMyBuckets", "PutAccountPublicAccessBlock", "GetAccountPublicAccessBlock")
    ),
    *itertools.product(("sqs:SendMessage", "sqs:ReceiveMessage"), QUEUES),
    ("sqs:ListQueues", "*"),
    ("kms:ListKeys", "*"),
)
TAGS = (None, "", "data", "DATA", "Data", "web", "other")  # an empty value counts as none for Null
ACTIONS = ("s3:GetObject", "s3:*Object", "s3:*", "s3:List*", "*", "sqs:SendMessage", "sqs:*", "s3:P*")
RESOURCES = ("*", "arn:aws:s3:::acme-data/*", "arn:aws:s3:::acme-data/in/*", "arn:aws:s3:::acme-*",
             "arn:aws:sqs:*:*:jobs", "arn:aws:s3:::*/in/?")  # fmt: skip
TEAM, ENV = "aws:PrincipalTag/team", "aws:PrincipalTag/env"
TESTS = (
    {"StringEquals": {TEAM: "data"}}, {"StringNotEquals": {TEAM: "data"}}, {"StringEqualsIfExists": {TEAM: "data"}},
    {"StringEqualsIgnoreCase": {TEAM: "DATA"}}, {"StringLike": {TEAM: ["d*", "w?b"]}}, {"Null": {TEAM: "true"}},
    {"StringNotLike": {TEAM: "*a*"}}, {"StringEquals": {TEAM: "${aws:PrincipalTag/env}"}}, {"Null": {ENV: "false"}},
    {"StringNotEqualsIfExists": {ENV: ["data", "web"]}}, {"StringEquals": {TEAM: "web", ENV: "data"}},
    {"StringEquals": {ENV: "${aws:PrincipalTag/team, 'web'}"}},
)  # fmt: skip


def statement(rng: Random, effect: str, *, who: Any = None, tests: Sequence[dict[str, Any]] = TESTS) -> dict[str, Any]:
    """One statement; a test or two half of the time."""
    out: dict[str, Any] = {"Effect": effect} | ({} if who is None else {"Principal": who})
    out["NotAction" if rng.random() < 0.15 else "Action"] = rng.sample(ACTIONS, rng.choice((1, 1, 2)))
    out["NotResource" if rng.random() < 0.15 else "Resource"] = rng.sample(RESOURCES, rng.choice((1, 1, 2)))
    if rng.random() < 0.6:
        condition: dict[str, dict[str, Any]] = {}
        for test in rng.sample(tests, rng.choice((1, 1, 2))):
            for operator, keys in test.items():
                condition.setdefault(operator, {}).update(keys)
        out["Condition"] = condition
    return out


def drawn(rng: Random, most: int = 4) -> list[dict[str, Any]]:
    """Statements, of which some come twice or narrowed."""
    out = [statement(rng, rng.choice(("Allow", "Allow", "Deny"))) for _ in range(rng.randint(1, most))]
    if rng.random() < 0.4:
        again = dict(rng.choice(out))
        again.pop("Condition", None) if rng.random() < 0.5 else again.update(Resource=RESOURCES[2:3])
        if not ("Resource" in again and "NotResource" in again):
            out.insert(rng.randint(0, len(out)), again)
    return out


def document(statements: Sequence[dict[str, Any]], kind: Kind = Kind.IDENTITY, name: str = "p") -> Document:
    """The statements as a policy."""
    value = {"Version": "2012-10-17", "Statement": list(statements)}
    return parse_object(value, kind, file=f"{name}.json", name=name, strict=False)


def shown(*policies: Document) -> str:
    """Policies as text."""
    return " | ".join(json.dumps(to_json(policy)["Statement"]) for policy in policies)


@lru_cache(maxsize=1)
def requests() -> tuple[Request, ...]:
    """Every request of the caller."""
    out = []
    for (action, resource), team, env in itertools.product(CALLS, TAGS, TAGS):
        context = {key: value for key, value in ((TEAM, team), (ENV, env)) if value is not None}
        out.append(Request(principal=ROLE, action=action, resource=resource, resource_account=MINE, context=context))
    return tuple(out)


Matched = list[tuple[bool, ...]]  # by statement, by request


def matched(policy: Document, asked: Sequence[Request]) -> Matched:
    """Which requests each statement matches."""
    return [tuple(_matches(policy, s.index, one) for one in asked) for s in policy.statements]


def passing(policy: Document, found: Matched, without: frozenset[int] = frozenset()) -> tuple[bool, ...]:
    """Which requests the policy allows without some statements: an Allow matches, and no Deny."""
    kept = [s for s in policy.statements if s.index not in without]
    allow, deny = ([found[s.index] for s in kept if s.effect == effect] for effect in ("Allow", "Deny"))
    number = len(found[0]) if found else 0
    return tuple(any(row[n] for row in allow) and not any(row[n] for row in deny) for n in range(number))


def denying(policy: Document, found: Matched, without: frozenset[int] = frozenset()) -> tuple[bool, ...]:
    """Which requests some Deny matches."""
    rows = [found[s.index] for s in policy.statements if s.effect == "Deny" and s.index not in without]
    return tuple(any(row[n] for row in rows) for n in range(len(found[0])))


def like(pattern: str, text: str) -> bool:
    """Whether a pattern of an access names the text."""
    regex = "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern)
    return re.fullmatch(regex, text, re.DOTALL) is not None


Seen = Iterator[tuple[str, str]]


def not_granted(rng: Random) -> Seen:
    """PASS if and only if no request of the access is allowed."""
    policy = document(drawn(rng))
    actions = rng.sample(("s3:GetObject", "s3:*", "sqs:SendMessage", "kms:ListKeys"), rng.choice((0, 1, 2)))
    resources = rng.sample(RESOURCES[1:], 1 if not actions else rng.choice((0, 1)))

    def there(one: Request) -> bool:
        called = not actions or any(like(a.lower(), one.action.lower()) for a in actions)
        return called and (not resources or any(like(r, one.resource) for r in resources)) and allows(policy, one)

    answer = access_not_granted(policy, actions=actions, resources=resources)
    yield "asked", f"access-not-granted {answer.result}"
    if not right(answer, any(map(there, requests())), there):
        yield "ACCESS", f"{shown(policy)} {actions} {resources} {answer.result}"


def right(answer: Check, found: bool, there: Callable[[Request], bool]) -> bool:
    """Whether an answer is what the requests say. A FAIL by a call that is not drawn counts if its request is one."""
    if answer.result == "FAIL" and not found:
        return answer.evidence is not None and there(answer.evidence.request)
    return answer.result == ("FAIL" if found else "PASS")


def new(rng: Random) -> Seen:
    """PASS if and only if every request that the new policy allows the old one does."""
    before = drawn(rng)
    after = [s for s in before if rng.random() < 0.7] + ([statement(rng, "Allow")] if rng.random() < 0.5 else [])
    old, now = document(before), document(after or drawn(rng, 2), name="q")

    def there(one: Request) -> bool:
        return allows(now, one) and not allows(old, one)

    answer = no_new_access(old, now)
    yield "asked", f"no-new-access {answer.result}"
    if not right(answer, any(map(there, requests())), there):
        yield "NEW", f"{shown(old, now)} {answer.result}"


def goes(rng: Random) -> Seen:
    """A statement is needed if and only if some request is decided otherwise without it; all that may go can go."""
    policy = document(drawn(rng))
    found = matched(policy, requests())

    def now(gone: frozenset[int]) -> tuple[tuple[bool, ...], tuple[bool, ...]]:
        # Another policy may allow what a Deny of this one stops (semantics 3.2).
        return passing(policy, found, gone), denying(policy, found, gone)

    whole = now(frozenset())
    judged = redundant([together([policy])], free_context=True)
    yield "asked", "redundant " + "/".join(sorted({one.status for one in judged}))
    for s, one in zip(policy.statements, judged, strict=True):
        needed = now(frozenset({s.index})) != whole
        if one.status == "unknown" or (one.status == "needed") != needed:
            yield "REDUNDANT", f"{shown(policy)} {s.index} {one.status}, needed {needed}"
        if (one.status == "unreachable") != (not any(found[s.index])) and one.status != "needed":
            yield "UNREACHABLE", f"{shown(policy)} {s.index}"
        if one.status == "covered" and one.by:
            by = {each.index for each in one.by}
            alone = frozenset(range(len(policy.statements))) - by
            if now(alone) != now(alone - {s.index}):
                yield "COVERED", f"{shown(policy)} {s.index} by {by}"
    gone = frozenset(s.index for s, one in zip(policy.statements, judged, strict=True) if one.removable)
    if now(gone) != whole:
        yield "REMOVED", f"{shown(policy)} {gone}"
    for index in {s.index for s in policy.statements} - gone:
        if now(gone | {index}) == whole:
            yield "KEPT", f"{shown(policy)} {gone} and {index}"


def _matches(policy: Document, index: int, one: Request) -> bool:
    return allows(_of(policy, [replace(s, effect="Allow") for s in policy.statements if s.index == index]), one)


def _of(policy: Document, statements: Sequence[Statement]) -> Document:
    """A policy of some statements."""
    return policy.model_copy(update={"statements": tuple(replace(s, index=n) for n, s in enumerate(statements))})


def packed(rng: Random) -> Seen:
    """Packed SCPs let exactly the same requests through."""
    before = [document(drawn(rng, 3), Kind.SCP, f"p{n}") for n in range(rng.randint(1, 3))]
    try:
        found = pack(before)
    except InputError as error:
        yield "refused", str(error)[:60]
        return
    yield "asked", f"pack proved {found.proved}, merged {found.merged > 0}, dropped {bool(found.dropped)}"
    if not found.proved:
        yield "UNPROVED", f"{shown(*before)} {found.reason}"
        return
    after = [document(value["Statement"], Kind.SCP, f"q{n}") for n, value in enumerate(found.documents)]
    if _through(before) != _through(after):
        yield "PACKED", f"{shown(*before)} {found.documents}"


def _through(documents: Sequence[Document]) -> tuple[bool, ...]:
    """What SCPs at one place let through; without an Allow they stand beside full access (W-36)."""
    whole = _of(documents[0], [s for each in documents for s in each.statements])
    if all(each.stands_beside_full_access for each in documents):
        return tuple(not denied for denied in denying(whole, matched(whole, requests())))
    return passing(whole, matched(whole, requests()))


PLACES = (
    {"StringEquals": {"aws:PrincipalOrgID": ORG}}, {"StringNotEquals": {"aws:PrincipalOrgID": ORG}},
    {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    {"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}}, {"Bool": {"aws:SecureTransport": "true"}},
    {"Bool": {"aws:SecureTransport": "false"}}, {"StringEquals": {"aws:PrincipalAccount": STRANGER}},
    {"StringEquals": {"aws:PrincipalTag/team": "data"}}, {"StringNotEqualsIfExists": {"aws:PrincipalTag/team": "data"}},
    {"Null": {"aws:PrincipalTag/team": "true"}}, {"Null": {"aws:PrincipalOrgID": "true"}},
    {"StringLike": {"aws:PrincipalOrgID": "o-*"}}, {"StringEqualsIfExists": {"aws:PrincipalOrgID": ORG}},
    {"StringEquals": {"aws:PrincipalType": "Anonymous"}}, {"Null": {"aws:PrincipalAccount": "false"}},
)  # fmt: skip
_OBJECT_ACTIONS = ("s3:GetObject", "s3:*Object", "s3:*", "s3:P*")


@lru_cache(maxsize=1)
def strangers() -> tuple[Request, ...]:
    """Every request of somebody whom no policy here writes out, on the bucket: an account that is in no organization or
    in one that nobody names, and anonymous ones, from an address in the wide range or outside of it.
    """
    account = "222211110000"
    role = Principal(type="role-session", arn=f"arn:aws:sts::{account}:assumed-role/y/z", account=account,
                     role_arn=f"arn:aws:iam::{account}:role/y")  # fmt: skip
    out = []
    calls = [(action, on) for action, on in CALLS if action.startswith("s3:") and on != "*"]
    for (action, resource), address, tls in itertools.product(calls, ("8.8.8.8", "198.51.100.7"), ("true", "false")):
        common = {"aws:SourceIp": address, "aws:SecureTransport": tls, "aws:PrincipalIsAWSService": "false",
                  "aws:ResourceAccount": MINE}  # fmt: skip
        anonymous = {**common, "aws:PrincipalType": "Anonymous"}
        nobody = Principal(type="anonymous")
        out.append(Request(principal=nobody, action=action, resource=resource, resource_account=MINE,
                           context=anonymous))  # fmt: skip
        for org, team in itertools.product((None, "o-zzzz000000"), (None, "data", "other")):
            context = {**common, "aws:PrincipalType": "AssumedRole", "aws:PrincipalAccount": account,
                       "aws:PrincipalArn": str(role.role_arn)}  # fmt: skip
            context |= {"aws:PrincipalOrgID": org} if org else {}
            context |= {"aws:PrincipalTag/team": team} if team else {}
            out.append(
                Request(principal=role, action=action, resource=resource, resource_account=MINE, context=context)
            )
    return tuple(out)


def public(rng: Random) -> Seen:
    """FAIL if and only if some request of a stranger is allowed."""
    statements = []
    for _ in range(rng.randint(1, 3)):
        effect = rng.choice(("Allow", "Allow", "Deny"))
        who = rng.choice(("*", "*", {"AWS": "*"}, {"AWS": MINE})) if effect == "Allow" else "*"
        one = statement(rng, effect, who=who, tests=PLACES)
        for name in ("Action", "NotAction"):
            if name in one:
                one[name] = rng.sample(_OBJECT_ACTIONS, 1)
        for name in ("Resource", "NotResource"):
            if name in one:
                one[name] = rng.sample(
                    ("arn:aws:s3:::acme-data/*", "arn:aws:s3:::acme-data/in/*", "arn:aws:s3:::acme-data*"), 1
                )
        statements.append(one)
    policy = document(statements, Kind.BUCKET)
    answer = no_public_access(policy, resource_type="AWS::S3::Bucket")

    def there(one: Request) -> bool:
        told = {name.lower(): str(value) for name, value in one.context.items()}
        names = [told[f"aws:{name}"] for name in ("principalorgid", "principalaccount") if f"aws:{name}" in told]
        written = any(name in shown(policy) for name in names) or told.get("aws:sourceip", "").startswith("203.0.113.")
        return not written and allows(policy, one)

    yield "asked", f"public {answer.result}"
    if not right(answer, any(map(there, strangers())), there):
        yield "PUBLIC", f"{shown(policy)} {answer.result}"


_QUESTIONS = (not_granted, new, goes, packed, public)


def judge(seed: int, which: int) -> Seen:
    """One question of a seed; `which` 0: one of all."""
    rng = Random(f"every {seed}")
    question = rng.choice(_QUESTIONS) if which == 0 else _QUESTIONS[which - 1]
    try:
        yield from ((kind, text if kind in ("asked", "refused") else f"{seed} {text}") for kind, text in question(rng))
    except Exception as error:  # every crash is a finding
        yield "CRASH", f"{seed} {question.__name__}: {type(error).__name__}: {error}"


def main(argv: list[str] | None = None) -> int:
    """Ask, print what is not right and how much was tried."""
    return tried(argv, "questions about single policies, every request tried", judge, size="which", default=0)


if __name__ == "__main__":
    raise SystemExit(main())
