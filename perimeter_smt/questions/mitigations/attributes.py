"""C2: what a session carries from its beginning, session tags and a source identity, and who sets it.

IAM guide, pass session tags in AWS STS, and monitor and control actions taken with assumed roles.
"""

from __future__ import annotations

from collections.abc import Iterable

from perimeter_smt.logic.formula import Formula
from perimeter_smt.organization.model import OwnedPrincipal
from perimeter_smt.questions.mitigations.outsiders import Outsider
from perimeter_smt.questions.mitigations.roles import target
from perimeter_smt.questions.mitigations.steps import Step, Steps


def attributes_of(steps: Steps, principal: OwnedPrincipal, step: Step) -> dict[str, str]:
    """The session tags and the source identity that a step's caller carries, beyond what the role itself has."""
    model = step.result.model
    assert model is not None
    given = {f"aws:principaltag/{name}".lower(): value for name, value in principal.tags.items()}
    out = {}
    for name, key in sorted(steps.world.keys.known.items()):
        if not name.startswith(("aws:principaltag/", "aws:sourceidentity")) or key.has.op != "sym":
            continue
        value = model.texts.get(str(key.has.payload).removeprefix("has "), "")
        if model.symbols.get(str(key.has.payload), False) and given.get(name) != value:
            out[name] = value
    return out


def brought_by(
    steps: Steps, who: Outsider, role: OwnedPrincipal, attributes: dict[str, str], more: Iterable[Formula] = ()
) -> list[Step] | None:
    """The requests by which somebody from outside takes a role and sets these attributes.

    `more`: what the request that tags the session satisfies besides.
    """
    by_call: dict[str, list[Formula]] = {}
    for name, value in attributes.items():
        call = "sts:SetSourceIdentity" if name == "aws:sourceidentity" else "sts:TagSession"
        sent = name.replace("aws:principaltag/", "aws:requesttag/").replace("aws:source", "sts:source")
        by_call.setdefault(call, [*more] if call == "sts:TagSession" else []).append(steps.has_value(sent, value))
    tags = steps.formula("step.enters-tagged")
    found = [steps.step(steps.formula("step.enters"), who.entering, target(role))]
    found += [steps.step(tags, steps.calls(call), who.tagging, target(role), *sent) for call, sent in by_call.items()]
    return [step for step in found if step] if all(found) else None
