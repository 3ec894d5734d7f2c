"""The page docs/verification/coverage.md, with a reason for every zero."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Why no world of the attack needs an axiom, by the beginning of its name; the first that fits.
REASONS = (
    ("AE10.", "sign-in worlds have few guardrails, and most of them are refuted"),
    ("AE11.", "keys of identity pools: no drawn guardrail names them"),
    ("AE4.", "callers of SAML and OIDC are drawn for STS, which has few worlds"),
    ("AE5.", "which credentials make which STS call: few worlds ask about STS"),
    ("AE8.", "resources that AWS owns are drawn in guardrails worlds alone"),
    ("AE9.", "calls that AWS refuses are few among the drawn services"),
    ("AK1.", "access points and SAML: not drawn with grants"),
    ("AP19.", "characters of names and tags: no drawn pattern leans on them"),
    ("AP20.", "claims of providers: no drawn guardrail tests them"),
    ("AP13", "keys of MFA: drawn guardrails test them in exemptions alone"),
    ("AP14", "keys of EC2 roles: drawn guardrails test them in exemptions alone"),
    ("AP15", "sessions of AssumeRoot: few worlds draw them"),
    ("AP16.", "keys of sessions: drawn guardrails test them in exemptions alone"),
    ("AR1", "keys of forwarded calls: drawn guardrails test them in exemptions alone"),
    ("AR2", "tags of calls and buckets: few drawn guardrails test them"),
    ("AN3.", "keys of endpoint owners: few drawn guardrails test them"),
    ("AN4.", "forms of endpoint ids: no drawn pattern has a wildcard inside an id"),
    ("P", "an assumption that the drawn perimeters accept or that the claims leave out"),
)
OPERATOR_REASONS = (
    ("Numeric", "no guardrail of data perimeters counts; compared with the evaluator in the agreement test"),
    ("Date", "no guardrail of data perimeters tests dates; compared in the agreement test"),
    ("Binary", "no global key is binary; compared in the agreement test"),
)
_OTHER = "no proof of this run needed it; a longer run may"
_NO_DRAW = "not among the spellings that the attack draws; compared in the agreement test"


def _reason(name: str, reasons: tuple[tuple[str, str], ...], other: str) -> str:
    return next((why for start, why in reasons if name.startswith(start)), other)


def _table(head: str, rows: list[tuple[str, str, str]]) -> list[str]:
    return [f"| {head} | worlds | if none, why |", "|---|---|---|", *(f"| {a} | {b} | {c} |" for a, b, c in rows), ""]


def page(
    command: str, total: int, axioms: Mapping[str, int], tables: Mapping[str, int | None],
    operators: Mapping[str, int], bases: list[str],
) -> str:  # fmt: skip
    """The text of the page."""
    reached = sum(1 for n in axioms.values() if n)
    lines = [
        "# What the attack reaches",
        "",
        f"Written by `python -m tests.attack.coverage {command}`: {total} random worlds of eleven families",
        "(nine themes, grants, guardrails).",
        "",
        "* **Axioms**: worlds in which a proof needed the axiom. A proof names what it needed; what it does not name",
        "  can be removed without changing it.",
        "* **Tables**: of the worlds asked again (`--empty`), those in which a verdict changes when it is emptied.",
        "* **Operators**: worlds in which a drawn request gets another answer when the conditions under the operator",
        "  are dropped.",
        "",
        f"## Axioms: {reached} of {len(axioms)} reached",
        "",
    ]
    rows = [(f"`{n}`", str(count), "" if count else _reason(n, REASONS, _OTHER)) for n, count in axioms.items()]
    lines += _table("axiom", rows)
    lines += ["## Tables", ""]
    shown = [
        (
            f"`{n}`",
            "not asked" if c is None else str(c),
            "" if c or c is None else "none of the few worlds asked again has a call that it decides",
        )
        for n, c in tables.items()
    ]
    lines += _table("table", shown)
    lines += ["## Operators", ""]
    spelled = sorted({*operators, *bases})
    named = [
        (f"`{n}`", str(operators.get(n, 0)), "" if operators.get(n) else _reason(n, OPERATOR_REASONS, _NO_DRAW))
        for n in spelled
    ]
    return "\n".join(lines + _table("operator", named))
