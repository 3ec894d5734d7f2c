"""Defects of the past, planted again, to see that the attack finds them: `python -m tests.attack.planted`.

Each puts one old wrong behaviour back into a copy of the checkout (the world of the formulas only: the model of the
attack and the evaluator stay) and runs the part of the attack that draws such worlds until its first finding.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.attack.mutations import copied

_GOVERNS = "perimeter_smt/encode/world/governs.py"
_EXISTENCE = "perimeter_smt/encode/world/existence.py"
_OBJECTIVES = ("--objectives", "O1,O3,O6")
_BREACH = ("--what", "breach of", "--requests", "1500", *_OBJECTIVES)
_SHOWN = ("--what", "crash", "--requests", "0", *_OBJECTIVES)  # the program itself refuses to show such a request


@dataclass(frozen=True)
class Defect:
    """One old behaviour: in `file` each text becomes another; `command` is the part of the attack that must see it."""

    name: str
    file: str
    changes: tuple[tuple[str, str], ...]
    command: tuple[str, ...]

    def applied(self, text: str) -> str:
        """The text of the file with the defect; ValueError if a piece does not stand there exactly once."""
        for old, new in self.changes:
            if text.count(old) != 1:
                raise ValueError(f"`{old}` stands {text.count(old)} times in {self.file}")
            text = text.replace(old, new)
        return text


def _estates(kinds: str, workspaces: int, *more: str, seed: int = 1) -> tuple[str, ...]:
    return ("tests.attack.estates", "--kinds", kinds, "--workspaces", str(workspaces), "--seed", str(seed), *more)


def _theme(name: str, workspaces: int = 12) -> tuple[str, ...]:
    return ("tests.attack.themes", "--theme", name, "--workspaces", str(workspaces))


# ruff: noqa: E501
# fmt: off
PLANTED = (
    Defect("the Region is no part of a resource's identity", _GOVERNS,
           (('        is_text("resource.region", arn.region),\n', ""),),
           _estates("queue,secret", 25, *_BREACH, seed=40)),
    Defect("the policy of a container says nothing of what lies in it", _GOVERNS,
           (('disj([*names, *_patterns(rows, "governs", arn.service)])', "disj(names)"),
            ("    told = [sure, *_elsewhere(rows)]\n", "    return Reach(*[both(_here(arn, resource.account), sure)] * 3)\n    told = [sure, *_elsewhere(rows)]\n")),
           _estates("table,domain,api,bus,table bucket,bucket,repository", 60, *_BREACH)),
    Defect("functions have no versions and aliases", "encodings/keys/qualified-names.json",
           (('"name": "function:${FunctionName}:${Alias}"', '"name": "function:${FunctionName}"'),
            ('"name": "function:${FunctionName}:${Version}"', '"name": "function:${FunctionName}"')),
           _theme("aliases")),
    Defect("calls without resource are never unsigned", "encodings/keys/unsigned-actions.json",
           (('"cognito-identity:GetCredentialsForIdentity", "cognito-identity:GetId", ', ""),), _theme("unsigned")),
    Defect("the root user makes no federated users", _EXISTENCE,
           (("    if makes:", "    if False:"),),
           _theme("root-federation")),
    Defect("every call carries a network key", "encodings/keys/in-vpc-data-planes.json",
           (('    "kafka-cluster:*",\n', ""), ('    "neptune-db:*",\n', ""), ('    "rds-db:connect",\n', "")),
           _theme("data-planes")),
    Defect("tags of buckets always count", "encodings/environment/resource.smt2",
           (("(=> bucket.says-no-abac (not bucket.abac))", "(=> bucket.says-no-abac bucket.abac)"),
            ("(=> (and |call: tags need abac| (not bucket.says-abac) (not bucket.of-others)) (not bucket.abac))",
             "(=> |call: tags need abac| bucket.abac)")),
           _theme("bucket-tags")),
    Defect("access points of a VPC are made from endpoints alone", "encodings/environment/request.smt2",
           (("(or (= wire endpoint) |call: action ~ s3:*accesspoint*| |call: action ~ s3:*tag*resource|)",
             "(= wire endpoint)"),),
           _theme("access-points")),
    Defect("partitions end with those of GovCloud and China", "encodings/keys/partitions.json",
           (('"partition": "aws-eusc"', '"partition": "aws-none"'),), _theme("partitions")),
    Defect("before authentication there is a principal", "encodings/environment/sign-in.smt2",
           (("(=> before-authentication (= caller anonymous))", "(=> before-authentication iam)"),),
           _theme("sign-in")),
    Defect("every policy for everybody is public", "perimeter_smt/encode/world/public.py",
           (("min((_condition(document, condition) for condition in statement.conditions), default=Public.YES)",
             "Public.YES"),),
           _theme("public-buckets", 40)),
    Defect("every bucket behind a multi-Region point must let through", "perimeter_smt/encode/world/buckets.py",
           (("return disj(passes for _, passes in routes(workspace, policies, point, listed))  # which",
             "return conj(passes for _, passes in routes(workspace, policies, point, listed))  # which"),),
           _theme("two-routes", 200)),
    Defect("constrained grants let nobody in", "perimeter_smt/encode/world/grants.py",
           (("for r, grants in keys for g in grants)", "for r, grants in keys for g in grants if not g.constrained)"),),
           _theme("key-grants", 100)),
    Defect("chains of calls have two services", "perimeter_smt/encode/language/statement.py",
           (('count["aws:calledvia"] = max(3, count.get("aws:calledvia", 0) + ends)', 'count["aws:calledvia"] = 2'),),
           _theme("chains", 100)),
    Defect("what RAM shares is shared with nobody but accounts", "perimeter_smt/organization/sharing.py",
           (("condition[\"StringEquals\"] = {\"aws:PrincipalOrgID\": party}", "condition[\"StringEquals\"] = {\"aws:PrincipalAccount\": party}"),),
           _theme("ram-shares", 60)),
    Defect("a session of a federated user carries no policies", "perimeter_smt/encode/world/grants.py",
           (("        **sessions.definitions(principals, policies),\n", "        **sessions.definitions(principals, policies), \"session.allows\": FALSE,\n"),),
           _theme("federated-sessions", 60)),
    Defect("no delegated administrator takes root sessions", "perimeter_smt/encode/world/grants.py",
           (("(account for account, service in told if service == \"iam.amazonaws.com\")", "(account for account, service in told[:0] if service == \"iam.amazonaws.com\")"),),
           _theme("delegates", 60)),
    Defect("first hops are held to the network", "perimeter_smt/questions/first_hop.py",
           (("    return _of_a_stranger(run, objective, groups) or _of_mine(run, objective, services)\n",
             "    return Hop()\n"),),
           _theme("first-hops")),
    Defect("endpoints take calls of no service but the first of theirs", "perimeter_smt/encode/world/accounts.py",
           (("if s != CONSOLE]", "if s != CONSOLE][:1]"),), _theme("endpoint-services", 60)),
    Defect("complete lists of resources are not complete", _EXISTENCE,
           (('implies(both(one_of("resource.account", own), NEEDS), there)', "TRUE"),),
           _estates("queue,topic,stream", 20, *_SHOWN)),
    Defect("tags that are not listed may be there", _EXISTENCE,
           (("        out += _resource_tags(account, policies.keys, names)\n", ""),),
           _estates("queue,table,stream,bucket", 60, *_SHOWN)),
)
# fmt: on
_FOUND = re.compile(r"^FINDING (.*)$", re.MULTILINE)


def outcome(folder: Path, command: tuple[str, ...], seconds: int) -> str | None:
    """The first finding of a part of the attack in a copy of the checkout; None: nothing was found."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        found = subprocess.run(
            [sys.executable, "-m", *command], cwd=folder, env=environment, capture_output=True, text=True, check=False,
            timeout=seconds,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None
    shown = _FOUND.search(found.stdout)
    if shown:
        return shown[1]
    return None if found.returncode == 0 else f"ended with {found.returncode}: {found.stderr.strip()[-200:]}"


def main(argv: list[str] | None = None) -> int:
    """Plant every defect and print a row for each; 1 if one is not found."""
    parser = argparse.ArgumentParser(description="plant defects of the past, and see that the attack finds them")
    parser.add_argument("--only", default="", help="defects whose name holds this text")
    parser.add_argument("--seconds", type=int, default=240, help="time for each")
    parser.add_argument("--without", action="store_true", help="first run each part without its defect: nothing found")
    options = parser.parse_args(argv)
    missed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copied(folder)
        for defect in PLANTED:
            if options.only not in defect.name:
                continue
            if options.without and (before := outcome(folder, defect.command, options.seconds)):
                print(f"| {defect.name} | found without the defect: {before[:150]} |", flush=True)
            path, start = folder / defect.file, time.monotonic()
            text = path.read_text(encoding="utf-8")
            path.write_text(defect.applied(text), encoding="utf-8")
            shown = outcome(folder, defect.command, options.seconds)
            path.write_text(text, encoding="utf-8")
            missed += shown is None
            took = f"{time.monotonic() - start:.0f} s"
            print(f"| {defect.name} | {took} | {(shown or '**not found**')[:150]} |", flush=True)
    return int(missed > 0)


if __name__ == "__main__":
    raise SystemExit(main())
