"""C2: what a session carries from its beginning, session tags and a source identity, and who sets it.

IAM guide, pass session tags in AWS STS, and monitor and control actions taken with assumed roles.
"""

from __future__ import annotations

from perimeter_smt.logic.formula import Formula
from perimeter_smt.organization.model import OwnedPrincipal
from perimeter_smt.questions.mitigations.outsiders import Outsider
from perimeter_smt.questions.mitigations.roles import target
from perimeter_smt.questions.mitigations.steps import Step, Steps, calls

_FORMULAS = {"sts:TagSession": "step.tags-session", "sts:SetSourceIdentity": "step.sets-source-identity"}


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


def _sent(steps: Steps, attributes: dict[str, str]) -> list[Formula]:
    """What a call sends that sets these attributes of the session."""
    sent = []
    for name, value in attributes.items():
        if name == "aws:sourceidentity":
            sent.append(steps.has_value("sts:sourceidentity", value))
        else:
            sent.append(steps.has_value(name.replace("aws:principaltag/", "aws:requesttag/"), value))
    return sent


def _beside(attributes: dict[str, str]) -> list[str]:
    """The calls that setting them asks for."""
    out = ["sts:TagSession"] if any(name.startswith("aws:principaltag/") for name in attributes) else []
    return out + (["sts:SetSourceIdentity"] if "aws:sourceidentity" in attributes else [])


def setting_by(
    steps: Steps, caller: OwnedPrincipal, role: OwnedPrincipal, attributes: dict[str, str]
) -> list[Step] | None:
    """The requests by which a caller takes a role and sets these attributes; None where one does not get through."""
    sent = _sent(steps, attributes)
    names = ["step.takes-role", *(_FORMULAS[name] for name in _beside(attributes))]
    found = [steps.step(steps.formula(name), target(role), calls(caller), *sent) for name in names]
    return [step for step in found if step] if all(found) else None


def brought_by(steps: Steps, who: Outsider, role: OwnedPrincipal, attributes: dict[str, str]) -> list[Step] | None:
    """The requests by which somebody from outside takes a role and sets these attributes."""
    sent, tags = _sent(steps, attributes), steps.formula("step.enters-tagged")
    found = [steps.step(steps.formula("step.enters"), who.entering, target(role))]
    found += [steps.step(tags, steps.calls(name), who.tagging, target(role), *sent) for name in _beside(attributes)]
    return [step for step in found if step] if all(found) else None
