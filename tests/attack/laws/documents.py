"""Workspaces with their policy documents, names or texts changed; nothing here knows what a policy means."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from pydantic import BaseModel

from perimeter_smt.organization.model import Account, Guardrails, OwnedResource, Unit
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.policy.render import to_json

Statement = dict[str, Any]
Change = Callable[[Kind, list[Statement]], "list[Statement]"]
Model = TypeVar("Model", bound=BaseModel)


def many(value: Any) -> list[str]:
    """One or many values as a list."""
    return list(value) if isinstance(value, list) else [value]


def statements(document: Document) -> list[Statement]:
    """The statements as JSON."""
    found: list[Statement] = copy.deepcopy(to_json(document)["Statement"])
    return found


def rebuilt(document: Document, new: list[Statement], *, version: str = "", name: str = "") -> Document:
    """The document with other statements."""
    policy = {"Version": version or document.version, "Statement": new}
    label = name or document.name
    return parse_object(policy, document.kind, file=f"{label}.json", name=label, strict=False)


def each_document(value: Model, change: Callable[[Document], Document]) -> Model:
    """The model with every document in it changed, wherever it hangs."""
    out: Model = _mapped(value, lambda one: change(one) if isinstance(one, Document) else None)
    return out


def each_statement_list(workspace: Workspace, change: Change) -> Workspace:
    """Every document with its statements changed; those that stay the same are left as they are."""

    def one(document: Document) -> Document:
        old = statements(document)
        new = change(document.kind, copy.deepcopy(old))
        return document if new == old else rebuilt(document, new)

    return each_document(workspace, one)


def documents(workspace: Workspace) -> list[Document]:
    """Every document, in the order in which `each_document` meets them."""
    out: list[Document] = []

    def keep(document: Document) -> Document:
        out.append(document)
        return document

    each_document(workspace, keep)
    return out


def replaced(workspace: Workspace, at: int, new: Document) -> Workspace:
    """The workspace with one document, by its place in `documents`, replaced."""
    places = iter(range(1_000_000))
    return each_document(workspace, lambda old: new if next(places) == at else old)


def each_text(value: Model, change: Callable[[str], str]) -> Model:
    """Every text of the model changed, those of documents, too."""

    def one(found: Any) -> Any:
        if isinstance(found, Document):
            return rebuilt(found, json.loads(change(json.dumps(statements(found)))), name=found.name)
        return change(found) if type(found) is str else None

    out: Model = _mapped(value, one)
    return out


def _mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    if (new := change(value)) is not None:
        return new
    if isinstance(value, BaseModel):
        fields = {name: getattr(value, name) for name in type(value).model_fields}
        new_fields = {name: _mapped(found, change) for name, found in fields.items()}
        changed = {name: found for name, found in new_fields.items() if found is not fields[name]}
        return value.model_copy(update=changed) if changed else value
    if isinstance(value, tuple):
        parts = tuple(_mapped(one, change) for one in value)
        return parts if any(a is not b for a, b in zip(parts, value, strict=True)) else value
    if isinstance(value, dict):
        return {_mapped(key, change): _mapped(found, change) for key, found in value.items()}
    return value


def each_level(workspace: Workspace, change: Callable[[str, Guardrails], Guardrails]) -> Workspace:
    """What hangs on every unit and account changed; the first argument is its id."""

    def account(own: Account) -> Account:
        return own.model_copy(update={"guardrails": change(own.id, own.guardrails)})

    def unit(above: Unit) -> Unit:
        return above.model_copy(update={
            "guardrails": change(above.id, above.guardrails), "units": tuple(map(unit, above.units)),
            "accounts": tuple(map(account, above.accounts)),
        })  # fmt: skip

    return with_root(workspace, unit(workspace.organization.root))


def with_root(workspace: Workspace, root: Unit) -> Workspace:
    """The workspace with another tree."""
    organization = workspace.organization.model_copy(update={"root": root})
    return workspace.model_copy(update={"organization": organization})


def units(root: Unit) -> Iterator[Unit]:
    """The root and every unit below."""
    yield root
    for below in root.units:
        yield from units(below)


def resources(workspace: Workspace) -> Iterator[OwnedResource]:
    """Every listed resource."""
    for account, _ in workspace.organization.accounts():
        yield from account.resources


def text_of(workspace: Workspace) -> str:
    """Everything that is written in the documents."""
    return json.dumps([statements(document) for document in documents(workspace)])
