"""The workspace of one question as formulas: which services it is about, and what names must be known."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from perimeter_smt.encode.world.world import World, build
from perimeter_smt.errors import InputError, did_you_mean
from perimeter_smt.organization.assumable import why_not_assumed, why_not_settled
from perimeter_smt.organization.perimeter import OBJECTIVES as NAMES
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.organization.presumed import presumed
from perimeter_smt.questions.objectives import OBJECTIVES
from perimeter_smt.request import actions

Mode = Literal["guardrails", "grants"]


def encode(
    workspace: Workspace,
    *,
    objectives: Sequence[str] = NAMES,
    services: Sequence[str] | None = None,
    mode: Mode = "guardrails",
    values_of: Mapping[str, int] | None = None,
    also_names: Collection[str] = (),
) -> World:
    """The workspace as formulas, for the services in question; InputError for unknown objectives or services.

    `values_of`: condition keys that the question speaks of although no policy may test them, and how many values;
    `also_names`: variables of which it speaks beside keys.
    """
    known = actions.services()
    for objective in objectives:
        if objective not in OBJECTIVES:
            hint = did_you_mean(objective, OBJECTIVES)
            raise InputError(f"unknown objective `{objective}`{hint}: expected one of {', '.join(OBJECTIVES)}")
    for service in services or ():
        if service.lower() not in known:
            hint = did_you_mean(service, known)
            raise InputError(f"unknown service `{service}`{hint}: expected a prefix such as `s3`")
    chosen = asked_services(workspace, objectives, services)
    world = build(
        workspace, chosen, free_grants=mode == "guardrails", objectives=objectives, values_of=values_of,
        also_names=also_names,
    )  # fmt: skip
    _check_names(workspace)
    return world


def asked_services(workspace: Workspace, objectives: Sequence[str], services: Sequence[str] | None) -> tuple[str, ...]:
    """The services in question: those named, else those that the objectives claim."""
    if services is not None:
        return tuple(dict.fromkeys(service.lower() for service in services))
    scoped = _scoped(workspace, objectives)
    return tuple(s for s in actions.services() if scoped is None or s in scoped)


def _check_names(workspace: Workspace) -> None:
    """Names of the formal text, for a perimeter that was not read from a file: the reader tells them by line."""
    perimeter = workspace.perimeter
    for number, name in enumerate(perimeter.doubts):
        if name not in presumed():
            hint = did_you_mean(name, presumed()) or f", expected one of {', '.join(presumed())}"
            raise InputError(f"unknown presumed axiom `{name}`{hint}", path=f"$.doubts[{number}]")
    for name in perimeter.readings:
        if wrong := why_not_settled(name):
            raise InputError(wrong, path=f"$.readings.{name}")
    for number, name in enumerate(perimeter.assumptions):
        if wrong := why_not_assumed(name):
            raise InputError(wrong, path=f"$.assumptions[{number}]")


def _scoped(workspace: Workspace, objectives: Sequence[str]) -> frozenset[str] | None:
    """The services that some objective claims; None: all of them."""
    out: set[str] = set()
    for objective in objectives:
        for pattern in workspace.perimeter.scope(objective).actions:
            service = pattern.lower().partition(":")[0]
            if "*" in service or "?" in service:
                return None
            out.add(service)
    return frozenset(out)
