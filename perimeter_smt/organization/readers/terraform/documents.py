"""The text of a policy attribute: as planned, or from the policy document that the configuration refers to."""

from __future__ import annotations

from typing import Any

from perimeter_smt.organization.readers.draft import NotKnown
from perimeter_smt.organization.readers.terraform.identity import Here, not_known
from perimeter_smt.organization.readers.terraform.plan import Resource, is_unknown

_GUARDRAILS = ("aws_organizations_policy", "aws_vpc_endpoint", "aws_vpc_endpoint_policy")
_LISTS = {"actions": "Action", "not_actions": "NotAction", "resources": "Resource", "not_resources": "NotResource"}


def policy_of(here: Here, resource: Resource, attribute: str) -> object:
    """The policy; None where there is none, NotKnown where it is known after apply.

    Of a data source that is known in part, what is known counts: see `in_part`.
    """
    value = resource.get(attribute)
    if not isinstance(value, NotKnown):
        return value or None
    document = here.plan.referred(resource, attribute, "aws_iam_policy_document")
    if document is None:
        return not_known(resource.address)
    if document.text("json"):
        return document.text("json")
    found, left = in_part(document)
    if found is None:
        return not_known(resource.address)
    for name, reason in left:
        here.draft.unknown(f"{name} of `{document.address}`", f"{reason} (`{resource.address}`)",
                           "guardrails" if resource.type in _GUARDRAILS else "grants", document.at)  # fmt: skip
    return found


def in_part(document: Resource) -> tuple[dict[str, Any] | None, list[tuple[str, str]]]:
    """What of an `aws_iam_policy_document` is sure before apply, and what is not: names and reasons.

    It allows at least what the policy will allow and denies at most what it will deny: an element that is known after
    apply allows anything there, and a Deny that needs one denies nothing but for the values that are known.  An Allow
    that is not known, without a Deny beside it that is, leaves nothing that is sure.
    """
    names = ("source_policy_documents", "override_policy_documents", "source_json", "override_json", "version")
    merged = any(is_unknown(document.unknown.get(name)) for name in names)
    blocks, masks = document.values.get("statement"), document.unknown.get("statement")
    whole = merged or masks is True or not isinstance(blocks, list) or not blocks
    if whole or any(document.values.get(name) for name in names[:-1]):
        return None, []
    assert isinstance(blocks, list)
    out, left, wide = [], [], False
    for index, block in enumerate(blocks):
        mask = masks[index] if isinstance(masks, list) and index < len(masks) else {}
        open_ = [name for name in block.keys() | (mask.keys() if isinstance(mask, dict) else set())
                 if is_unknown(_of(mask, name)) or _has_gap(block.get(name))]  # fmt: skip
        if mask is True or "effect" in open_ or "sid" in open_:
            return None, []
        if not open_:
            out.append(_statement(block))
            continue
        denies = block.get("effect") == "Deny"
        found = _denied(block, open_) if denies else _allowed(block, open_)
        if found is None and not denies:
            return None, []
        what = " and ".join(f"`{name}`" for name in sorted(open_))
        wide = wide or not denies
        counts = "it denies at most what is known" if denies else "it allows anything there"
        sid = f" (`{block['sid']}`)" if block.get("sid") else ""
        left.append((f"statement {index + 1}{sid}", f"{what} known after apply: {counts}"))
        out += [_statement(found)] if found is not None else []
    if not out or (wide and not any(statement["Effect"] == "Deny" for statement in out)):
        return None, []
    return statements({**document.values, "statement": []}) | {"Statement": out}, left


def _of(mask: Any, name: str) -> Any:
    return mask.get(name) if isinstance(mask, dict) else None


def _has_gap(value: Any) -> bool:
    """Whether a list holds null, which stands where a value is known after apply; at any depth."""
    if isinstance(value, list):
        return any(item is None or _has_gap(item) for item in value)
    return (
        any(isinstance(item, list) and _has_gap(item) for item in value.values()) if isinstance(value, dict) else False
    )


def _known(value: Any) -> list[Any]:
    return [item for item in value or () if item is not None]


def _denied(block: dict[str, Any], open_: list[str]) -> dict[str, Any] | None:
    """A Deny with the actions, resources and principals that are known; None where it may deny nothing of them."""
    if not {"actions", "resources", "principals"}.issuperset(open_):
        return None
    out = dict(block)
    for name in open_:
        found = _known(block.get(name))
        if name == "principals":
            found = [{**p, "identifiers": _known(p.get("identifiers"))} for p in found if p.get("type")]
            found = [p for p in found if p["identifiers"]]
        if not found:
            return None
        out[name] = found
    return out


def _allowed(block: dict[str, Any], open_: list[str]) -> dict[str, Any] | None:
    """An Allow of anything where something is not known; None where that cannot be written."""
    out = dict(block)
    for name in open_:
        if name in ("actions", "resources"):
            out[name] = ["*"]
        elif name in ("not_actions", "not_resources"):  # with fewer exceptions it allows more
            out[name] = _known(block.get(name))
            if not out[name]:
                out[name.removeprefix("not_")] = ["*"]
        elif name == "condition":
            out[name] = _sure_conditions(block)
        elif name == "principals" and all(p and p.get("type") == "AWS" for p in block.get(name) or (None,)):
            out[name] = [{"type": "AWS", "identifiers": ["*"]}]
        else:
            return None
    return out


def _sure_conditions(block: dict[str, Any]) -> list[dict[str, Any]]:
    """The conditions of an Allow that are known; any other may come on top, so that leaving them out allows more.

    Blocks with one test and one variable are one condition with the values of all of them: where one of them is not
    known, none of them counts.
    """
    found = block.get("condition")
    if not isinstance(found, list) or None in found:
        return []
    known = [c for c in found if c.get("test") and c.get("variable")]
    if len(known) < len(found):
        return []
    open_ = {_tested(c) for c in known if not c.get("values") or None in c["values"]}
    return [c for c in known if _tested(c) not in open_]


def _tested(condition: dict[str, Any]) -> tuple[str, str]:
    return condition["test"].lower(), condition["variable"].lower()


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
