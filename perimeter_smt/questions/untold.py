"""Which of the things that a source did not tell may change an answer that goes through what is listed, one by one.

What is not known is left out of the lists: a question about each listed resource or principal says nothing of it. Only
what may give more access counts here: an SCP, RCP or endpoint policy that is not known takes access away, and so does a
boundary or the policy of a session (`Unknown`, model.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Literal

from perimeter_smt.organization.model import Unknown, named
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions.obligations.granted import mapped

Side = Literal["resource", "caller"]

# Services whose resource policies decide no calls of other services (keys/governing-policies.json: no row with `of`).
_APART = frozenset(("dynamodb", "ecr", "kinesis", "kms", "lambda", "s3", "secretsmanager", "sns", "sqs"))
MAY_LET_IN = "what is not known may give access"
MANAGEMENT = "management account"  # how a source names it where it does not tell it


def hiding(
    workspace: Workspace, side: Side, services: Collection[str] | None = None, *, idle: bool = True
) -> tuple[Unknown, ...]:
    """What may give access that an answer does not show.

    `resource`: who reaches resources and takes roles; what identity policies grant is no part of it. `caller`: what
    principals may do; the policies of resources are no part of it. `services`: calls of these alone are asked about.
    `idle`: also facts that matter only to a question that names something of its own.
    """
    found = (
        unknown for unknown in workspace.unknowns if (idle or not unknown.idle) and _hides(workspace, unknown, side)
    )
    return tuple(unknown for unknown in found if services is None or _of(unknown, services))


def _hides(workspace: Workspace, unknown: Unknown, side: Side) -> bool:
    if unknown.service:
        return side == "resource"
    if unknown.affects == "facts":
        # Guardrails do not bind the management account: where there are none, it is as any other.
        return unknown.name != MANAGEMENT or _guarded(workspace)
    if unknown.affects != "grants":
        return False
    if side == "resource":
        return unknown.holds in ("resource", "trust") or (not unknown.holds and bool(unknown.account))
    return unknown.holds not in ("resource", "trust") and bool(unknown.account)


def _guarded(workspace: Workspace) -> bool:
    """Whether any SCP or RCP is known."""
    levels = [workspace.organization.root.guardrails]
    for account, path in workspace.organization.accounts():
        levels += [account.guardrails, *(unit.guardrails for unit in path)]
    return any(level.scps or level.rcps for level in levels)


def _of(unknown: Unknown, services: Collection[str]) -> bool:
    """Whether calls of these services may hang on it."""
    if unknown.service:
        return unknown.service in services
    fields = unknown.subject.split(":", 5)
    service = "sts" if unknown.holds == "trust" else fields[2] if len(fields) == 6 else ""
    return service not in _APART | {"sts"} or service in services or unknown.holds not in ("resource", "trust")


def with_known_part(workspace: Workspace) -> Workspace:
    """The workspace with those who were left out for their own policies alone, granted everything.

    Who may take them is known, and does not hang on what they may do.
    """
    listed = {p.arn for account, _ in workspace.organization.accounts() for p in account.principals}
    more: dict[str, dict[str, object]] = {}
    for unknown in workspace.unknowns:
        if unknown.known is not None and unknown.holds == "caller" and unknown.subject not in listed:
            more.setdefault(unknown.account, {})[unknown.known.arn] = unknown.known
    if not more:
        return workspace
    return mapped(
        workspace, lambda a: a.model_copy(update={"principals": (*a.principals, *more.get(a.id, {}).values())})
    )


def left_out(workspace: Workspace) -> Iterator[Unknown]:
    """The principals that were left out, each once."""
    seen: set[str] = set()
    for unknown in workspace.unknowns:
        if unknown.known is not None and unknown.subject not in seen:
            seen.add(unknown.subject)
            yield unknown


def things(unknowns: Sequence[Unknown]) -> str:
    """The first names, with the reason where there is one thing alone."""
    if len(unknowns) == 1:
        return f"{unknowns[0].name}: {unknowns[0].reason}"
    return named(unknowns)
