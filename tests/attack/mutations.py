"""Rules broken on purpose, one at a time, to see that some test notices: `python -m tests.attack.mutations`.

Each mutation replaces one piece of source text in a temporary copy of the checkout and runs a selection of tests on
the copy. docs/verification/mutations.md records the last run. CI only checks that every piece of text still stands
in its file.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("perimeter_smt", "encodings", "tests", "pyproject.toml", "README.md")
ENCODE = (
    "tests/property/test_readings_agree.py",
    "tests/unit/test_prove_compare.py",
    "tests/unit/test_prove_objectives.py",
    "tests/property/test_operator_laws.py",
)
EVALUATE = (
    "tests/unit/test_evaluate_conditions.py",
    "tests/unit/test_evaluate_decide.py",
    "tests/unit/test_evaluate_elements.py",
    "tests/property/test_readings_agree.py",
)
FAILED = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)


@dataclass(frozen=True)
class Mutation:
    """One broken rule: in `file` the text `old`, which stands there once, becomes `new`."""

    rule: str
    file: str
    old: str
    new: str

    @property
    def tests(self):
        return EVALUATE if self.file.startswith("perimeter_smt/evaluate/") else ENCODE

    def applied(self, text):
        """The text of the file with the rule broken; ValueError if `old` does not stand there exactly once."""
        if text.count(self.old) != 1:
            raise ValueError(f"`{self.old}` stands {text.count(self.old)} times in {self.file}")
        return text.replace(self.old, self.new)


def _in(folder, *rows):
    return tuple(Mutation(rule, f"{folder}/{file}", old, new) for rule, file, old, new in rows)


# fmt: off
MUTATIONS = (
    *_in(
        "perimeter_smt/evaluate",
        ("IfExists dropped", "conditions.py", "return (negated or if_exists) and", "return negated and"),
        ("absent key of a negated operator is false", "conditions.py", "return (negated or if_exists) and",
         "return if_exists and"),
        ("ForAllValues read as ForAnyValue", "conditions.py", "return all(_satisfied(", "return any(_satisfied("),
        ("Null inverted", "conditions.py", '"true" if is_null(view.context.get(name), empty_is_null) else "false"',
         '"false" if is_null(view.context.get(name), empty_is_null) else "true"'),
        ("star crosses the fields of an ARN operator", "pairs.py", 'run_on="X-38" in rivals', "run_on=True"),
        ("NotAction read as Action", "actions.py", " is not element.negated", ""),
        ("variables replaced under Version 2008", "statements.py", "document.has_variables and not (", "not ("),
        ("boundary ignored", "decide.py", "by_root or case.boundary is None or bool(boundary.allows)", "True"),
        ("last level of SCPs skipped", "decide.py", "enumerate(levels or ())", "enumerate((levels or ())[:-1])"),
        ("an Allow of the identity policy beats a Deny", "decide.py", "if denies:",
         "if denies and not any(tally.allows for tally in own):"),
        ("RCPs bind every service", "checks.py",
         'self.view.service not in _rcp_services(known="X-19" in rivals)', "False"),
        ("SCPs bind the management account", "checks.py",
         "caller.principal.management_account or caller.is_service_linked", "caller.is_service_linked"),
        ("a role ARN steps over the boundary", "grants.py", "if hits & DIRECT:",
         "if hits & (DIRECT | ROLE_OF_SESSION):"),
        ("no identity policy needed across accounts", "grants.py", "return bool(hits) and own.all",
         "return bool(hits)"),
        ("NotPrincipal exempts callers with a boundary", "principals.py", "exempt and not view.has_boundary", "exempt"),
    ),
    *_in(
        "perimeter_smt/encode",
        ("IfExists dropped", "language/condition.py",
         "boolean(base.negated or operator.if_exists)", "boolean(base.negated)"),
        ("absent key of a negated operator is false", "language/condition.py",
         "boolean(base.negated or operator.if_exists)",
         "boolean(operator.if_exists)"),
        ("ForAllValues and ForAnyValue swapped", "language/condition.py", "operator.quantifier is Quantifier.FOR_ALL",
         "operator.quantifier is Quantifier.FOR_ANY"),
        ("Null inverted", "language/condition.py",
         'either(both(boolean("true" in wanted), null), both(boolean("false" in wanted), neg(null)))',
         'either(both(boolean("false" in wanted), null), both(boolean("true" in wanted), neg(null)))'),
        ("star crosses the fields of an ARN operator", "language/condition.py",
         "chars = ANY if index == 5 else NOT_COLON",
         "chars = ANY"),
        ("variables replaced under Version 2008", "language/condition.py",
         "    if not document.has_variables:\n        return FALSE", ""),
        ("NotAction read as Action", "language/action.py",
         "return neg(found) if element.negated else found", "return found"),
        ("last level of SCPs skipped, one request", "world/case.py",
         "conj(policies.allows(level) for level in slots.scp or ())",
         "conj(policies.allows(level) for level in (slots.scp or ())[:-1])"),
        ("Denies of the first level of RCPs only, one request", "world/case.py",
         "disj(policies.denies(level) for level in slots.rcp or ())",
         "disj(policies.denies(level) for level in (slots.rcp or ())[:1])"),
        ("SCPs bind the management account, organization", "world/guardrails.py",
         "return both(is_text(org_of(var), organization.id), neg(is_text(var, organization.management_account)))",
         "return is_text(org_of(var), organization.id)"),
        ("NotPrincipal exempts callers with a boundary", "language/principal.py",
         'both(neg(sym("boundary.given")), either(',
         "both(either("),
        ("a role ARN names the session itself", "language/principal.py", "Hits(role=both(here, role_named(",
         "Hits(direct=both(here, role_named("),
    ),
    *_in(
        "encodings",
        ("boundary ignored", "authorization.smt2", "(and id boundary.ok session.ok)", "(and id session.ok)"),
        ("RCPs bind every service", "authorization.smt2", "(and resource.member rcp.service ", "(and resource.member "),
        ("an Allow of the identity policy beats a Deny", "authorization.smt2", "(and (not grant.denies) guards.pass",
         "(and (or (not grant.denies) identity.allows) guards.pass"),
        ("a role ARN steps over the boundary", "authorization.smt2", "(or names.direct\n      (and (or",
         "(or names.direct names.role\n      (and (or"),
        ("no identity policy needed across accounts", "authorization.smt2",
         "(ite same-account grant.same-account (and names.any bounded))",
         "(ite same-account grant.same-account names.any)"),
        ("key policy not needed inside the account", "authorization.smt2",
         "(or (not (or assume-role |call: on a key|)) names.account)", "true"),
    ),
)
# fmt: on


def copied(target):
    """A copy of the checkout without what running it leaves behind."""
    ignored = shutil.ignore_patterns("__pycache__", ".hypothesis", ".pytest_cache")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=ignored)
        else:
            shutil.copy(source, target / name)


def first_failure(folder, tests):
    """The first test of a selection that fails on the checkout in `folder`, None if all pass."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    named = "not readme and not alike"  # random pairs (`..._alike`) find most of these too, but not in a short run
    options = ("-x", "-q", "-p", "no:cacheprovider", "--tb=no", "-k", named)
    command = [sys.executable, "-m", "pytest", *options, *tests]
    found = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if found.returncode == 0:
        return None
    failed = FAILED.search(found.stdout)
    return failed[1] if failed else f"pytest ended with {found.returncode}: {found.stdout[-300:]}{found.stderr[-300:]}"


def main():
    """Run every mutation and print a row for each; 1 if one is not caught."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="mutations whose rule or file holds this text")
    options = parser.parse_args()
    missed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copied(folder)
        for tests in (ENCODE, EVALUATE):
            failure = first_failure(folder, tests)
            if failure is not None:
                print(f"the tests do not pass without any mutation: {failure}")
                return 1
        for mutation in MUTATIONS:
            if options.only not in f"{mutation.rule} {mutation.file}":
                continue
            path = folder / mutation.file
            text = path.read_text(encoding="utf-8")
            path.write_text(mutation.applied(text), encoding="utf-8")
            caught = first_failure(folder, mutation.tests)
            path.write_text(text, encoding="utf-8")
            missed += caught is None
            print(
                f"| {mutation.rule} | `{mutation.file}` | {f'`{caught}`' if caught else '**not caught**'} |", flush=True
            )
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
