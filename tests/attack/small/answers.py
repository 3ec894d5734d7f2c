"""The everyday questions about small worlds, against drawn requests and the evaluator.

Sets of requests that `findings`, `who-can` and `what-can` answer with are read back as policies and put to the
evaluator; what no element of IAM says is looked up in the ground truth of the request.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from perimeter_smt.encode.world.accounts import member_ids
from perimeter_smt.errors import InputError
from perimeter_smt.evaluate import decide
from perimeter_smt.evaluate.perimeter import Ground
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.findings.answer import findings_of_workspace
from perimeter_smt.questions.findings.reading import read_back
from perimeter_smt.questions.findings.verdicts import Finding
from perimeter_smt.questions.findings.who import what_can, who_can
from perimeter_smt.request.request import Facts, Request
from perimeter_smt.witness.replay import allows
from tests.attack.estates.binding import absent, caller, governing
from tests.attack.search import _BESIDE, _can_be_called
from tests.attack.small.draw import Small, small
from tests.attack.small.judge import _unlisted
from tests.attack.small.tried import tried
from tests.attack.worlds import Sample

ZONES = ("account", "organization", "perimeter", "everyone")
_KINDS = {
    "an AWS service": lambda f, _: f.kind == "service",
    "an anonymous caller": lambda f, _: f.kind == "anon",
    "a caller with a token of an identity provider": lambda f, _: f.kind == "fedsts",
    "an IAM principal": lambda f, _: f.kind in ("user", "role", "feduser", "root"),
    "the root user of an account": lambda f, _: f.kind == "root",
    "a federated user": lambda f, _: f.kind == "feduser",
    "a service-linked role": lambda f, _: f.service_linked,
}


class Unread(Exception):
    """Words that this module does not know: nothing is said of the set."""


@dataclass(frozen=True)
class Told:
    """One set of an answer: whose it is, its policy, and what stands beside it."""

    name: str
    document: Document
    besides: tuple[str, ...]


def told(name: str, found: Sequence[Finding], kind: Kind) -> list[Told]:
    """The sets, read back."""
    return [Told(name, read_back(one.elements, kind), one.elements.other) for one in found]


def holds(one: Told, world: Small, drawn: Sample) -> bool:
    """Whether the request is in the set."""
    if not allows(one.document, drawn.request):
        return False
    return all(_said(words, world, drawn.request, drawn.facts) for words in one.besides)


def _said(words: str, world: Small, request: Request, facts: Facts) -> bool:
    """Whether a fact that no element says holds of the request."""
    space = world.workspace
    if words.startswith("the call comes over"):
        over = facts.path == "vpce"
        return {"the call comes over a VPC endpoint": over, "the call comes over no VPC endpoint": not over}.get(
            words, over and facts.endpoint == words.rsplit(maxsplit=1)[-1]
        )
    if words.startswith("the call does not come over "):
        return not (facts.path == "vpce" and facts.endpoint == words.rsplit(maxsplit=1)[-1])
    if match := re.fullmatch(r"the caller is (not )?(arn:\S+)", words):
        found = caller(space, request)
        return (found is not None and found.arn == match[2]) == (not match[1])
    if match := re.fullmatch(r"the caller is (not )?of account (\d+)", words):
        return (facts.principal_account == match[2]) == (not match[1])
    if match := re.fullmatch(r"the caller is (not )?(.*)", words):
        return _KINDS[match[2]](facts, request) == (not match[1])
    if match := re.fullmatch(r"the resource is (not )?of account (\d+)", words):
        return (facts.resource_account == match[2]) == (not match[1])
    if match := re.fullmatch(r"the resource is (not )?AWS's own", words):
        return (facts.resource_account == "aws") == (not match[1])
    if match := re.fullmatch(r"the call is (not )?on (arn:\S+)", words):
        at = governing(space, request)
        return (at is not None and at.arn == match[2]) == (not match[1])
    if words in ("the call names no resource", "the call names a resource"):
        return (request.resource == "*") == (" no " in words)
    if words in ("the call is on a role", "the call is on no role"):
        return (":role/" in request.resource) == ("on a role" in words)
    if words == "the root user made the federated user":
        return facts.kind == "feduser" and request.principal.made_by_root
    if words == "no root user made the federated user":
        return not (facts.kind == "feduser" and request.principal.made_by_root)
    if match := re.fullmatch(r"a grant (names|does not name) the caller, as (.*)", words):
        who = request.principal
        root = match[2].endswith(":root") and (who.account or "-") == match[2].split(":")[4]
        return (root or match[2] in (who.arn, who.role_arn, who.user_arn)) == (match[1] == "names")
    raise Unread(words)


def asked(world: Small, drawn: Sample) -> bool:
    """Whether such a request exists in the world, under the chosen readings."""
    request, facts = drawn.request, drawn.facts
    if request.action in _BESIDE or not _can_be_called(drawn) or drawn.soft or _unlisted(world, drawn):
        return False
    return not absent(world.workspace, request, facts)


def inside(zone: str, world: Small, account: str | None, drawn: Sample) -> bool:
    """Whether an account lies in the zone of the resource."""
    facts = drawn.facts
    if account is not None and account == facts.resource_account:
        return True
    mine = facts.organizations.get(account or "") == world.workspace.organization.id
    return zone == "organization" and mine


def comes_in(zone: str, world: Small, drawn: Sample) -> bool:
    """Whether the caller is outside the zone."""
    facts = drawn.facts
    if zone == "everyone":
        return True
    if zone == "perimeter":
        at = Ground(world.workspace, drawn.request, facts)
        return not (at.my_iam or at.third_party or at.vendor)
    if facts.kind == "service":
        return facts.behalf is not None and not inside(zone, world, facts.behalf, drawn)
    account = facts.principal_account if facts.kind in ("user", "role", "feduser", "root") else None
    return account is None or not inside(zone, world, account, drawn)


def goes_out(zone: str, world: Small, drawn: Sample) -> bool:
    """Whether the resource is outside the zone of the caller."""
    facts = drawn.facts
    if zone == "everyone":
        return True
    if zone == "perimeter":
        return not Ground(world.workspace, drawn.request, facts).trusted_resource
    own = facts.resource_account == facts.principal_account
    mine = facts.organizations.get(facts.resource_account or "") == world.workspace.organization.id
    return not own and not (zone == "organization" and mine)


def whose(world: Small, drawn: Sample) -> str:
    """The caller as answers name it."""
    found = caller(world.workspace, drawn.request)
    facts = drawn.facts
    accounts = set(member_ids(world.workspace.organization))
    if found is not None:
        return found.arn
    if facts.kind in ("user", "role", "feduser", "root") and facts.principal_account in accounts:
        return f"others of account {facts.principal_account}"
    return "outsiders"


Question = tuple[str, dict[str, list[Told]], Callable[[Sample], str | None], dict[str, str]]


def question(world: Small, rng: Random) -> Question:
    """What was asked, the sets by name, the name that a request falls under if it is asked about, what is undecided."""
    space, service = world.workspace, world.service
    what = rng.choice(("in", "in", "out", "who", "who", "what"))
    if what == "in":
        zone = rng.choice(ZONES)
        found = findings_of_workspace(space, zone=zone, services=[service])  # type: ignore[arg-type]
        sets: dict[str, list[Told]] = {}
        kinds = {r.arn: r.policy.kind for a, _ in space.organization.accounts() for r in a.resources if r.policy}
        kinds |= {p.arn: Kind.TRUST for a, _ in space.organization.accounts() for p in a.principals if p.trust}
        for one in found.findings:
            sets.setdefault(one.resource, []).extend(told(one.resource, [one], kinds.get(one.resource, Kind.KMS)))
        known = {*kinds, *(r.arn for a, _ in space.organization.accounts() for r in a.resources if r.grants)}

        def at(drawn: Sample) -> str | None:
            here = governing(space, drawn.request)
            if here is None or here.arn not in known or not comes_in(zone, world, drawn):
                return None
            return here.arn

        return f"findings --zone {zone}", sets, at, {"": found.reason} if found.status == "unknown" else {}
    if what == "out":
        zone = rng.choice(ZONES)
        found = findings_of_workspace(space, zone=zone, direction="out", services=[service])  # type: ignore[arg-type]
        sets = {}
        for one in found.findings:
            sets.setdefault(one.resource, []).extend(told(one.resource, [one], Kind.IDENTITY))

        def of(drawn: Sample) -> str | None:
            name = whose(world, drawn)
            return name if name != "outsiders" and goes_out(zone, world, drawn) else None

        return (
            f"findings --direction out --zone {zone}",
            sets,
            of,
            {"": found.reason} if found.status == "unknown" else {},
        )
    if what == "who":
        calls = sorted({drawn.request.action for drawn in world.requests(20)})
        action = rng.choice([c for c in calls if c not in _BESIDE] or calls)
        answer = who_can(space, action)

        def calls_it(drawn: Sample) -> str | None:
            return whose(world, drawn) if drawn.request.action == action else None

        name, at_call = f"who-can {action}", calls_it
    else:
        people = [p.arn for a, _ in space.organization.accounts() for p in a.principals]
        one = rng.choice([*people, *(a.id for a, _ in space.organization.accounts())])
        answer = what_can(space, one, services=[service])
        names = {each.name for each in answer.callers}

        def of_it(drawn: Sample) -> str | None:
            who = whose(world, drawn)
            if who.startswith("others of") and who.endswith(one) and one in names:
                return one
            return who if who in names else None

        name, at_call = f"what-can {one}", of_it
    sets = {
        each.name: told(each.name, each.findings, Kind.RESOURCE if each.name == "outsiders" else Kind.IDENTITY)
        for each in answer.callers
    }
    return name, sets, at_call, {each.name: each.reason for each in answer.callers if each.status != "complete"}


def judge(seed: int, requests: int) -> Iterator[tuple[str, str]]:
    """What was tried, and what is not right: pairs of kind and text."""
    world = small(seed)
    if world.estate is None:
        return
    try:
        name, sets, at, undecided = question(world, Random(f"answers {seed}"))
    except InputError as error:  # such as: nobody is listed whose ways out could be asked about
        yield "refused", str(error)
        return
    except Exception as error:  # every crash is a finding
        yield "CRASH", f"{seed}: {type(error).__name__}: {error}"
        return
    yield "asked", name.split()[0] + " " + name.split()[1] if name.startswith("findings") else name.split()[0]
    for who, reason in undecided.items():
        yield "UNKNOWN", f"{seed} {name}: {who} {reason}"
    if "" in undecided:
        return
    for drawn in world.requests(requests):
        if not asked(world, drawn):
            continue
        who = at(drawn)
        if who is None or who in undecided:
            continue
        case = world.case(drawn)
        allowed = decide(case).allowed
        try:
            there = any(holds(one, world, drawn) for one in sets.get(who, ()))
        except Unread as problem:
            yield "unread", str(problem)
            continue
        yield ("allowed" if allowed else "denied"), ""
        if allowed != there:
            what = "MISSING" if allowed else "TOO MUCH"
            yield what, f"{seed} {name} at {who}: {drawn.request!r} {drawn.facts!r}"


def main(argv: list[str] | None = None) -> int:
    """Ask, print what is not right and how much was tried."""
    return tried(argv, "everyday questions about small worlds", judge, size="requests", default=200)


if __name__ == "__main__":
    raise SystemExit(main())
