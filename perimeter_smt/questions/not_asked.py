"""What policies let through beyond the service reference: `prove` does not ask about it, and says so by name.

The reference is of a day. A statement may allow, or leave out by NotAction, an action or a service that came later, and
a resource may be of such a service: no table tells what its calls carry. `findings`, `who-can` and `what-can` ask about
such actions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from perimeter_smt.encode.world.world import all_documents
from perimeter_smt.organization.model import Unknown
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.request import actions
from perimeter_smt.request.unlisted import is_beyond, is_unlisted


def not_asked(workspace: Workspace, *, grants_too: bool) -> tuple[Unknown, ...]:
    """The patterns of actions and the ARNs of resources beyond the reference, each once with its first place."""
    found: dict[str, list[str]] = {}
    for name, place in _named(all_documents(workspace, grants_too=grants_too)):
        found.setdefault(name, []).append(place)
    if grants_too:
        for account, _ in workspace.organization.accounts():
            for resource in account.resources:
                if is_unlisted(resource.arn.split(":", 3)[2].lower()):
                    found.setdefault(resource.arn, []).append("")
    reason = f"nothing that AWS's service reference of {actions.data_date()} knows"
    return tuple(Unknown(name=name, reason=reason, affects="actions", place=_first(p)) for name, p in found.items())


def _named(documents: Iterable[Document]) -> Iterator[tuple[str, str]]:
    """What statements let through: by an Allow, or by the NotAction of a Deny."""
    for document in documents:
        for number, statement in enumerate(document.statements, 1):
            if statement.effect != "Allow" and not statement.action.negated:
                continue
            place = f"{document.location.file} {quoted(statement.sid) if statement.sid else f'statement {number}'}"
            for text in statement.action.values:
                if is_beyond(text):
                    yield text, place
            for text in statement.resource.values if statement.resource else ():
                fields = text.split(":", 3)
                if len(fields) > 3 and fields[2] and not set(fields[2]) & set("*?$") and is_unlisted(fields[2].lower()):
                    yield text, place


def _first(places: list[str]) -> str:
    told = list(dict.fromkeys(filter(None, places)))
    return f"{told[0]} and {len(told) - 1} more" if len(told) > 1 else "".join(told)
