"""C2: who comes from outside: strangers, declared vendors and providers, and users of IAM Identity Center."""

from __future__ import annotations

from dataclasses import dataclass

from perimeter_smt.encode.world.perimeter import is_provider, is_vendor
from perimeter_smt.logic.formula import Formula, disj, neg
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions.mitigations.steps import Steps

STRANGER = "a caller from outside"
_ANY_CALL = {"actions": ("*",)}


@dataclass(frozen=True)
class Outsider:
    """A node of the graph: `meant` are patterns of the roles that are meant for it.

    `entering`: he calls for credentials; `tagging`: he tags the session that he gets. Where `unless` is said he is in
    by right, and only what he brings along is asked.
    """

    name: str
    meant: tuple[str, ...]
    entering: Formula
    tagging: Formula
    unless: str = ""


def outsiders(workspace: Workspace, steps: Steps) -> list[Outsider]:
    """Everybody who comes from outside."""
    world, perimeter = steps.world, workspace.perimeter
    caller, conclusion = world.script.texts["aws:PrincipalArn"], world.formula("C1.conclusion")
    declared = [
        *(
            Outsider(f"vendor {entry.account}", entry.roles, who, who)
            for entry in perimeter.vendors
            for who in (is_vendor(world.keys, caller, entry),)
        ),
        *(
            Outsider(
                f"tokens of {entry.provider}", entry.resources, is_provider(world.keys, caller, entry),
                is_provider(world.keys, caller, entry.model_copy(update=_ANY_CALL)),
            )
            for entry in perimeter.third_principals
            if entry.provider
        ),
    ]  # fmt: skip
    center = world.formula("credentials.to-permission-set")
    signed = world.formula("credentials.of-permission-set")
    others = neg(disj((signed, *(one.tagging for one in declared))))
    users = Outsider(
        "users of IAM Identity Center", ("*",), center, signed, "no attribute for access control is called so"
    )
    return [Outsider(STRANGER, (), neg(conclusion), others), *declared, users]
