"""What policies say of services and actions that are newer than the service reference counts."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perimeter_smt import compare_documents, compare_workspaces, load_workspace, no_new_access
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.checks.access_not_granted import access_not_granted
from perimeter_smt.questions.findings.answer import findings
from perimeter_smt.questions.redundancy.pack import pack
from perimeter_smt.questions.redundancy.places import together
from perimeter_smt.questions.redundancy.redundant import redundant
from perimeter_smt.request.unlisted import unlisted

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
NEW = ["orbitals:*", "orbitals:Launch*", "s3:Teleport*", "acm:Reque?tCertificat"]


def policy(kind, *statements, name="p"):
    value = {"Version": "2012-10-17", "Statement": list(statements)}
    return parse_object(value, kind, file=f"{name}.json", name=name)


def allow(actions, **more):
    return {"Effect": "Allow", "Action": actions, "Resource": "*", **more}


def deny(actions, **more):
    return allow(actions, **more) | {"Effect": "Deny"}


@pytest.mark.parametrize("pattern", NEW)
def test_a_pattern_that_reaches_no_known_action_grants(pattern):
    """`orbitals:*` was no new access, as no known action fits, while `orbitals:Launch` was."""
    old, new = policy(Kind.IDENTITY, allow("s3:GetObject")), policy(Kind.IDENTITY, allow(["s3:GetObject", pattern]))
    assert no_new_access(old, new).result == "FAIL"
    assert no_new_access(new, old).result == "PASS"
    assert compare_documents(old, new).relation == "more"
    assert access_not_granted(new, actions=[pattern], resources=[]).result == "FAIL"
    assert access_not_granted(old, actions=[pattern], resources=[]).result == "PASS"


@pytest.mark.parametrize("pattern", NEW)
def test_a_deny_of_what_is_not_known_yet_is_needed(pattern):
    """Such a Deny was `unreachable`, and `pack` dropped it."""
    scps = [policy(Kind.SCP, deny(pattern), deny("s3:DeleteBucket"))]
    assert [one.status for one in redundant([together(scps)])] == ["needed", "needed"]
    found = pack(scps)
    assert found.proved
    assert pattern in str(found.documents)


def test_an_exemption_of_what_is_not_known_yet_counts():
    before = policy(Kind.SCP, {"Effect": "Deny", "NotAction": ["s3:*", "orbitals:*"], "Resource": "*"})
    after = policy(Kind.SCP, {"Effect": "Deny", "NotAction": ["s3:*"], "Resource": "*"})
    assert compare_documents(before, after).relation == "less"


def test_patterns_that_cross():
    """Neither Deny covers the other's part of the Allow, so that both are needed."""
    one = policy(Kind.IDENTITY, allow("orbitals:*"), deny("orbitals:Get*"), deny("orbitals:*Orbit"))
    assert [j.status for j in redundant([together([one])])] == ["needed"] * 3
    other = policy(Kind.IDENTITY, allow("orbitals:Get*"), deny("orbitals:*Orbit"))
    assert [j.status for j in redundant([together([other])])] == ["needed"] * 2


def test_findings_write_the_pattern_as_it_stands():
    everybody = {"Principal": "*"}
    document = policy(Kind.RESOURCE, allow("orbitals:*", **everybody), deny("orbitals:Get*", **everybody))
    found = findings(document, zone="everyone")
    (one,) = found.findings
    assert found.status == "complete"
    assert (one.elements.actions, one.elements.except_actions) == (("orbitals:*",), ("orbitals:Get*",))


def test_a_workspace_that_loses_such_a_deny_opens_something():
    """`opens nothing: proved` was said."""
    kept = deny("s3:DeleteBucket", Sid="Kept")
    before, after = (_with(deny("orbitals:*", Sid="Coming"), kept), _with(kept))
    asked = {"modes": ("guardrails",), "objectives": ("O1",)}
    assert compare_workspaces(before, after, **asked).exit_code == 1
    assert compare_workspaces(after, before, **asked).exit_code == 0
    assert compare_workspaces(before, after, services=("s3",), **asked).exit_code == 0


def _with(*statements):
    workspace = load_workspace(EXAMPLES / "acme")
    root = workspace.organization.root
    more = root.guardrails.model_copy(update={"scps": (*root.guardrails.scps, policy(Kind.SCP, *statements))})
    root = root.model_copy(update={"guardrails": more})
    return workspace.model_copy(update={"organization": workspace.organization.model_copy(update={"root": root})})


PATTERNS = st.text("ab*?", max_size=4).map("orbitals:".__add__)


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(PATTERNS, PATTERNS)
def test_what_two_patterns_share_has_an_action(one, other):
    """Wherever some text tells the two apart, or both match it, one of the actions does so, too."""
    texts = ["orbitals:" + "".join(t) for n in range(5) for t in itertools.product("abx", repeat=n)]
    found = [*unlisted([one, other]), *(p for p in (one, other) if "*" not in p and "?" not in p)]

    def seen(names):
        return {(_fits(one, name), _fits(other, name)) for name in names}

    assert seen(found) - {(False, False)} == seen(texts) - {(False, False)}


def _fits(pattern, text):
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text) is not None
