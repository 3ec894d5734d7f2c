"""The text of a policy attribute: as planned, or from the policy document that the configuration refers to."""

from __future__ import annotations

from typing import Any

from perimeter_smt.organization.readers.draft import NotKnown
from perimeter_smt.organization.readers.terraform.identity import Here, not_known
from perimeter_smt.organization.readers.terraform.plan import Resource, is_unknown

_LISTS = {"actions": "Action", "not_actions": "NotAction", "resources": "Resource", "not_resources": "NotResource"}


def policy_of(here: Here, resource: Resource, attribute: str) -> object:
    """The policy; None where there is none, NotKnown where it is known after apply."""
    value = resource.get(attribute)
    if not isinstance(value, NotKnown):
        return value or None
    document = here.plan.referred(resource, attribute, "aws_iam_policy_document")
    if document is not None:
        if document.text("json"):
            return document.text("json")
        if not any(is_unknown(document.unknown.get(name)) for name in ("statement", "source_policy_documents",
                   "override_policy_documents", "version")) and document.values.get("statement"):  # fmt: skip
            if not (document.values.get("source_policy_documents") or document.values.get("override_policy_documents")):
                return statements(document.values)
    return not_known(resource.address)


def statements(values: dict[str, Any]) -> dict[str, Any]:
    """A data source `aws_iam_policy_document` as the policy that it makes."""
    out = [_statement(block) for block in values.get("statement") or ()]
    return {"Version": values.get("version") or "2012-10-17", "Statement": out}


def _statement(block: dict[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {"Effect": block.get("effect") or "Allow"}
    if block.get("sid"):
        out["Sid"] = block["sid"]
    for name, element in _LISTS.items():
        if block.get(name):
            out[element] = list(block[name])
    for name, element in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
        if found := block.get(name):
            out[element] = _principals(found)
    conditions: dict[str, dict[str, list[str]]] = {}
    for condition in block.get("condition") or ():
        by_key = conditions.setdefault(condition["test"], {})
        by_key.setdefault(condition["variable"], []).extend(condition.get("values") or ())
    if conditions:
        out["Condition"] = conditions
    return out


def _principals(found: list[dict[str, Any]]) -> Any:
    if any(block.get("type") == "*" for block in found):
        return "*"
    out: dict[str, list[str]] = {}
    for block in found:
        out.setdefault(block["type"], []).extend(block.get("identifiers") or ())
    return out
