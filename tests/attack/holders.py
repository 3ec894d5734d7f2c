"""Who comes to hold an exception (C2): random roles over two accounts, against a search written from AWS's pages.

    python -m tests.attack.holders --worlds 100 --seed 1

Roles may take each other or rewrite trust policies and nothing else, so that who reaches the exempt role can be told by
hand: a trust policy that names a role of its account lets it in by itself, one that names the account, or a role of
another, lets in whom policies allow as well (IAM guide, policy evaluation within and across accounts; IAM API
reference, UpdateAssumeRolePolicy; read 2026-11-28).  Whoever is neither an administrator nor meant by `held_by` is a
breach.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass
from random import Random

from perimeter_smt.organization.perimeter import RoleException
from perimeter_smt.questions.mitigations import ask
from perimeter_smt.questions.mitigations.model import Asking
from tests.mitigation_worlds import MINE, OTHER, allow, arn, role, trusts, workspace

EXEMPT = "break-glass"
_NAMES = ("security", "builder", "repairs", "reader")
_REWRITE = "iam:UpdateAssumeRolePolicy"


@dataclass(frozen=True)
class Held:
    """One role: where it is, whom it trusts (a name, or an account), what it may take, whose trust it may rewrite."""

    account: str
    trusted: str
    takes: str
    rewrites: str


def drawn(rng: Random) -> tuple[dict[str, Held], tuple[str, ...], tuple[str, ...], bool]:
    """Roles by name, who is meant to hold the exception, administrators, whether an SCP guards trust policies."""
    roles = {}
    for name in (EXEMPT, *_NAMES):
        others = [one for one in (EXEMPT, *_NAMES) if one != name]
        trusted = rng.choice((*others, "nobody", "nobody", MINE, OTHER))
        takes = rng.choice(("", "", *others, "*")) if name != EXEMPT else ""
        rewrites = rng.choice(("", "", "", *others)) if name != EXEMPT else ""
        roles[name] = Held(rng.choice((MINE, MINE, OTHER)) if name != EXEMPT else MINE, trusted, takes, rewrites)
    meant = tuple(rng.sample(_NAMES, rng.choice((0, 1, 1, 2))))
    return roles, meant, tuple(rng.sample(_NAMES, rng.choice((0, 0, 1)))), rng.random() < 0.3


def reached(roles: dict[str, Held], *, guarded: bool) -> set[str]:
    """The roles from which the exempt one is come by, over any number of hops."""

    def enters(who: str, into: str) -> bool:
        one, other = roles[who], roles[into]
        allowed = one.takes in ("*", into)
        if other.trusted == who:
            return allowed or one.account == other.account
        return allowed and other.trusted == one.account

    def rewrites(who: str, into: str) -> bool:
        """It then trusts the one who rewrote it by name, which is of its account: IAM is of the caller's."""
        return not guarded and roles[who].rewrites == into and roles[who].account == roles[into].account

    found = {EXEMPT}
    while True:
        more = {w for w in roles for i in found if w not in found and w != i and (enters(w, i) or rewrites(w, i))}
        if not more:
            return found - {EXEMPT}
        found |= more


def judged(seed: int) -> tuple[str, str]:
    """What the program says of the exception, and what is wrong with it; nothing: as the search says."""
    roles, meant, chiefs, guarded = drawn(Random(seed))
    where = {name: arn(name, one.account) for name, one in roles.items()}

    def trust(one: Held) -> dict[str, object]:
        return trusts({"AWS": where.get(one.trusted) or (one.trusted if one.trusted.isdigit() else arn("nobody"))})

    principals = []
    for name, one in roles.items():
        may = []
        if one.takes:
            may.append(allow("sts:AssumeRole", "*" if one.takes == "*" else where[one.takes]))
        if one.rewrites:
            may.append(allow(_REWRITE, where[one.rewrites]))
        principals.append(role(name, trust(one), account=one.account, may=tuple(may)))
    exception = RoleException(arn=where[EXEMPT], held_by=tuple(where[name] for name in meant))
    scps = ({"Effect": "Deny", "Action": _REWRITE, "Resource": "*"},) if guarded else ()
    space = workspace(
        *principals, role_exceptions=(exception,), administrators=tuple(where[n] for n in chiefs), scps=scps
    )
    (found,) = ask(space, ["C2"], Asking())
    status = {line.status for line in found.lines if line.subject.startswith("exception")}
    wrong = reached(roles, guarded=guarded) - {*meant, *chiefs}
    if status == {"proved"} and wrong:
        return "proved", f"{seed}: {sorted(wrong)} hold it as well: {roles} {meant} {chiefs} {guarded}"
    if "refuted" in status and not wrong:
        return "refuted", f"{seed}: nobody else holds it: {roles} {meant} {chiefs} {guarded}"
    return "+".join(sorted(status)), ""


def main(argv: list[str] | None = None) -> int:
    """Run worlds; exit code 1 if there are findings."""
    parser = argparse.ArgumentParser(description="who comes to hold an exception")
    parser.add_argument("--worlds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    counts: Counter[str] = Counter()
    findings = 0
    for seed in range(options.seed, options.seed + options.worlds):
        status, wrong = judged(seed)
        counts[status] += 1
        findings += bool(wrong)
        if wrong:
            print("FINDING", wrong)
    print(dict(sorted(counts.items())), f"{findings} findings")
    return int(bool(findings))


if __name__ == "__main__":
    raise SystemExit(main())
