"""`{"AWS": "*"}` in a trust policy, and callers who come with a token of an identity provider (X-45)."""

from __future__ import annotations

from datetime import date

import pytest

from perimeter_smt.questions.mitigations import credentials
from perimeter_smt.questions.mitigations.model import Asking
from perimeter_smt.solve.result import Limits
from tests.mitigation_worlds import role, trusts, workspace

WEB = "sts:AssumeRoleWithWebIdentity"
NO_TOKENS = {"Effect": "Deny", "Action": ["sts:GetFederationToken", "sts:AssumeRoot"], "Resource": "*"}
IN_ORGANIZATION = {"StringEquals": {"aws:PrincipalOrgID": "o-acme0000001"}}


@pytest.mark.parametrize(
    ("principal", "condition", "status"),
    [({"AWS": "*"}, {}, "conditional"), ("*", {}, "refuted"), ({"AWS": "*"}, IN_ORGANIZATION, "proved")],
)
def test_a_star_of_aws_identities_is_no_proof_against_tokens(principal, condition, status):
    """It was proved that nobody takes the role, by a reading that no page of AWS tells."""
    given = workspace(role("app", trusts(principal, WEB, **condition)), scps=(NO_TOKENS,))
    found = credentials.ask(given, Asking("over", Limits(), date(2026, 11, 27), ()))
    assert found.status == status, found.lines
    if status == "conditional":
        assert "X-45" in found.lines[0].text
