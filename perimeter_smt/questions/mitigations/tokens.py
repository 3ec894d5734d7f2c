"""C2: who issues tokens of a declared provider: changes what AWS accepts as its tokens (table `escalation-actions`).

The tokens of a provider are a node of their own, from which the roles that trust it are reached.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from perimeter_smt.logic.atoms import STAR, Text
from perimeter_smt.logic.formula import Formula, both, disj, glob, is_text
from perimeter_smt.questions.mitigations.graph import Edge
from perimeter_smt.questions.mitigations.steps import call_of
from perimeter_smt.request.keys import table_rows

if TYPE_CHECKING:
    from perimeter_smt.questions.mitigations.chains import ChainQuestion

_COGNITO = "cognito-identity.amazonaws.com"


def issue_tokens(question: ChainQuestion) -> None:
    """Add an edge to the tokens of each provider that is in use from everybody who changes the provider."""
    steps, chains = question.steps, question.chains
    rows = [row for row in table_rows("escalation-actions") if row["effect"] == "issues-tokens"]
    providers = {entry.provider for entry in question.perimeter.third_principals if entry.provider}
    for provider in sorted(p for p in providers if f"tokens of {p}" in chains.graph):
        node = f"tokens of {provider}"
        for sure in (True, False):
            calls = {row["action"].lower(): row for row in rows if row["sure"] is sure and _fits(row, provider)}
            left = [kind for kind in question.kinds if chains.graph.get(kind.first.arn, node) is None]
            asked = (steps.formula("step"), steps.calls(*calls), _on(provider))
            for caller, step in steps.callers(left, *asked) if calls else ():
                words = "changes whose tokens are accepted"
                unless = calls[call_of(steps, step)].get("unless", "")
                chains.add(caller.first.arn, node, Edge(((steps, step, words),), words, unless))


def _fits(row: Mapping[str, Any], provider: str) -> bool:
    kind = "saml" if ":saml-provider/" in provider else "cognito" if provider == _COGNITO else "oidc"
    return bool(row["provider"] == kind)


def _on(provider: str) -> Formula:
    """The call is on this provider, or on any that has its host."""
    if provider == _COGNITO:
        return disj(glob("resource.name", (Text(f"{kind}/"), STAR)) for kind in ("identitypool", "userpool"))
    if provider.startswith("arn:"):
        account, name = provider.split(":", 5)[4:]
        return both(is_text("resource.account", account), is_text("resource.name", name))
    return disj(glob("resource.name", (Text(f"{kind}-provider/{provider}"),)) for kind in ("oidc", "saml"))
