"""A short, deterministic run of the attack, and the breaches that it or its authors found.

docs/verification/attack.md tells more.
"""

from __future__ import annotations

from random import Random

import pytest

from perimeter_smt.evaluate import decide
from perimeter_smt.evaluate.perimeter import breaks
from perimeter_smt.organization.model import Account, Guardrails, Organization, Unit
from perimeter_smt.organization.perimeter import Perimeter, Scope, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.perimeter import prove
from tests.attack.cases import case_of, limits
from tests.attack.cast import APP, MANAGEMENT, MINE, SERVICES
from tests.attack.estates.kinds import KINDS, listed_arn, part_arn, within
from tests.attack.estates.search import Tally as EstateTally
from tests.attack.estates.search import attack_one as attack_estate
from tests.attack.mutations import ROOT
from tests.attack.planted import PLANTED
from tests.attack.policies import ALL_LIMITS, document
from tests.attack.reports import BREACHES, OPEN
from tests.attack.search import Tally, attack_one
from tests.attack.themes import THEMES
from tests.attack.themes import attack_one as attack_theme
from tests.attack.worlds import consistent, sample, soft_violations

SAMPLES = 1500


def test_samples_obey_the_hard_axioms_and_own_up_to_soft_ones():
    """The sampler and the checks of section 4 were written apart; they agree on every sample."""
    rng = Random(7)
    for _ in range(SAMPLES):
        drawn = sample(rng, SERVICES, departures=0.5)
        assert consistent(drawn.request, drawn.facts) == []
        assert soft_violations(drawn.request, drawn.facts) <= set(drawn.soft)


@pytest.mark.parametrize("seed", range(2000, 2006))
def test_no_sampled_request_breaks_what_is_proved(seed):
    """No concrete request of the independent model breaks a proved objective of a random perimeter."""
    tally = Tally()
    attack_one(seed, 800, tally, reading="exact")
    assert [found.text() for found in tally.findings] == []


@pytest.mark.parametrize("seed", [301, 304, 307])
def test_no_sampled_request_breaks_what_is_proved_with_grants(seed):
    """No request that the grants of a random estate let through breaks a proved objective."""
    tally = EstateTally()
    attack_estate(seed, 400, tally, objectives=("O1", "O3", "O6"))
    assert [found.text() for found in tally.findings if found.what.startswith("breach of")] == []


@pytest.mark.parametrize("name", sorted(THEMES))
def test_themes_find_nothing(name):
    """Callers before authentication, wires without keys, other partitions: no proof that a request breaks."""
    tally = EstateTally()
    for seed in (1, 2, 3):
        attack_theme(name, seed, tally)
    assert [found.text() for found in tally.findings] == []
    assert tally.asked > 0


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_policies_govern_what_lies_in_a_resource_and_no_twin_of_it(kind):
    """A part is governed by the resource that it lies in, not by that of another name, Region or account (W-3, W-4)."""
    at = {"name": "orders", "region": "us-east-1", "account": APP}
    twins = [{**at, "name": "ledger"}, {**at, "account": MANAGEMENT}]
    twins += [{**at, "region": "eu-west-1"}] if "{region}" in kind.arn else []
    for part in kind.parts:
        asked = part_arn(kind, part, **at)
        assert within(listed_arn(kind, **at), asked)
        for twin in twins:
            if kind.name not in ("api", "catalog") or "name" not in {k for k in at if at[k] != twin[k]}:
                assert not within(listed_arn(kind, **twin), asked)


@pytest.mark.parametrize("defect", PLANTED, ids=lambda defect: defect.name)
def test_planted_defects_still_have_their_place(defect):
    """What `python -m tests.attack.planted` replaces stands in the source."""
    text = (ROOT / defect.file).read_text(encoding="utf-8")
    assert defect.applied(text) != text


def test_the_attack_is_not_vacuous():
    """Where the program shows a hole, sampled requests find one as well."""
    tally = Tally()
    for seed in (3001, 3003, 3005):
        attack_one(seed, 1500, tally, reading="exact")
    assert sum(tally.hit.values()) * 3 >= sum(tally.refuted.values()) * 2 > 0


@pytest.mark.parametrize("found", BREACHES, ids=lambda found: found.name)
def test_reported_requests_are_breaches(found):
    """Each reported request obeys every axiom, gets through, and breaks the objective within reach."""
    drawn = found.drawn
    assert consistent(drawn.request, drawn.facts, found.space) == []
    assert soft_violations(drawn.request, drawn.facts) == set()
    assert decide(case_of(found.space, drawn)).allowed
    assert breaks(found.objective, found.space, drawn.request, drawn.facts)
    assert not limits(found.space, found.objective, drawn) & set(found.space.perimeter.accepted)


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(found, id=found.name, marks=[pytest.mark.xfail(strict=True, reason=OPEN[found.name])])
        if found.name in OPEN
        else pytest.param(found, id=found.name)
        for found in BREACHES
    ],
)
def test_reported_breaches_are_not_proved_away(found):
    """The objective that a reported request breaks is refuted, or at least not called proved."""
    report = prove(
        found.space, objectives=[found.objective], services=[found.service], reading="exact", availability=False
    )
    assert {verdict.status for verdict in report.verdicts} <= {"refuted", "conditional", "unknown"}


def test_arns_of_regional_resources_have_a_region():
    """The Region of a queue is never empty; a pattern with an empty Region exempts nothing."""
    condition = {"StringNotEqualsIfExists": {"aws:ResourceOrgID": MINE}}
    deny = {"Effect": "Deny", "Action": "sqs:*", "NotResource": "arn:aws:sqs::*:*", "Condition": condition}
    guardrails = Guardrails(scps=(document(Kind.SCP, "queues", [deny]),))
    root = Unit(id="r-ab12", guardrails=guardrails, accounts=(Account(id=APP),))
    organization = Organization(id=MINE, management_account=MANAGEMENT, root=root)
    claims = Perimeter(orgs=(MINE,), scopes={"O3": Scope(actions=("sqs:SendMessage",))}, accepted=ALL_LIMITS)
    space = Workspace(organization=organization, perimeter=claims, name="queues", grants_given=False)
    report = prove(space, objectives=["O3"], services=["sqs"], availability=False)
    assert {verdict.status for verdict in report.verdicts} <= {"proved", "conditional"}
