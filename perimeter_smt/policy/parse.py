"""Policy documents from JSON: every element checked, every element with its place (semantics 1.1, 1.2, 2.1).

Two readings. The strict one (default) accepts what AWS accepts on save today. The other one also keeps what old or
hand-made documents hold and evaluation gives a meaning to: `validate.py` says what that is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from perimeter_smt.errors import InputError, Together, did_you_mean
from perimeter_smt.files import printable, read_text
from perimeter_smt.policy import api_resources, sizes, validate
from perimeter_smt.policy.document import (
    Condition,
    Document,
    Effect,
    Element,
    Location,
    PrincipalElement,
    PrincipalEntry,
    Statement,
)
from perimeter_smt.policy.json_positions import MAX_CHARACTERS, Node, Number, from_object, quoted, read_json
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.operators import Operator, parse_operator
from perimeter_smt.policy.placeholders import fill as fill_placeholders
from perimeter_smt.policy.placeholders import refuse_unset, without_echoes
from perimeter_smt.policy.unwrap import unwrapped

_FORBIDDEN_CHARACTER = re.compile(r"[^\t\n\r\x20-\xff]")
_NOTHING: Mapping[str, str] = {}


def load_policy(
    path: Path, kind: Kind, fill: Mapping[str, str] = _NOTHING, *, strict: bool = True, sized: bool = True
) -> Document:
    """Read a policy file. InputError if it cannot be read, is not UTF-8, or is not a policy of this kind.

    The policy may stand inside an answer of the AWS command line (unwrap.py). `sized`: it must fit AWS's quota.
    """
    text = read_text(path, MAX_CHARACTERS, "one policy")
    node = read_json(text.removeprefix("\ufeff"), file=str(path))
    return _document(node, kind, path.stem, fill, strict, sized=sized)


def parse_and_check(
    text: str, kind: Kind, *, file: str, fill: Mapping[str, str] = _NOTHING
) -> tuple[Document, InputError | None]:
    """As `parse_policy` with `strict=False`, and what AWS would refuse in the policy on save, if anything.

    Values that no operator can read are not told: rule PL022 of `lint` tells them all.
    """
    document = parse_policy(text, kind, file=file, fill=fill, strict=False)
    try:
        _document(read_json(text, file=file), kind, Path(file).stem, fill, strict=True, readable=False)
    except InputError as error:
        return document, error
    return document, None


def parse_policy(
    text: str, kind: Kind, *, file: str, fill: Mapping[str, str] = _NOTHING, strict: bool = True
) -> Document:
    """Read a policy from its JSON text.

    `file` is the name shown in locations, `fill` the values of placeholders (see placeholders.py). InputError with
    file, line and JSON path where the text is not JSON, a placeholder is open, or a rule of the kind is broken.
    """
    return _document(read_json(text.removeprefix("\ufeff"), file=file), kind, Path(file).stem, fill, strict)


def parse_object(
    value: object, kind: Kind, *, file: str, name: str, fill: Mapping[str, str] = _NOTHING, strict: bool = True
) -> Document:
    """Read a policy from its decoded JSON object; as `parse_policy`, with line 0 in locations."""
    return _document(from_object(value, file=file), kind, name, fill, strict)


def parse_node(
    node: Node, kind: Kind, *, name: str, fill: Mapping[str, str] = _NOTHING, strict: bool = True, plain: bool = False
) -> Document:
    """Read a policy that stands inside a larger JSON document; locations keep the path from its top.

    `plain`: the caller has seen that no text in it has a placeholder or a character that policies do not have.
    """
    return _document(node, kind, name, fill, strict, plain=plain)


def _document(
    node: Node,
    kind: Kind,
    name: str,
    fill: Mapping[str, str],
    strict: bool,
    *,
    readable: bool = True,
    plain: bool = False,
    sized: bool = True,
) -> Document:
    name, node, together = printable(name), unwrapped(node), Together()
    if not plain:
        with together:
            fill_placeholders(node, fill)
        for found in node.walk():
            with together:
                _check_characters(found)
    if strict:
        with together:
            refuse_unset(node)
        if sized and not together.errors:
            with together:
                sizes.check(node, kind)
    read = _read(node, kind, name, strict, together, readable=readable)
    together.errors = without_echoes(together.errors)
    together.done()
    assert read is not None  # or there are errors
    return read


def _read(node: Node, kind: Kind, name: str, strict: bool, together: Together, *, readable: bool) -> Document | None:
    """The document; errors are left with `together`."""
    told = len(together.errors)  # such as placeholders that are left open
    with together:
        validate.not_one_statement(node)
    if len(together.errors) > told:
        return None
    with together:
        members = validate.members(node, validate.DOCUMENT_ELEMENTS, "a policy", together)
        if "Statement" not in members:
            if together.errors:  # it is something else
                del together.errors[1:]
                return None
            with together:
                raise node.error("element `Statement` is missing")
        with together:
            version = validate.version(members.get("Version"), kind, node, strict)
        identifier = None
        if "Id" in members:
            with together:
                identifier = _text(members["Id"])
                validate.policy_id(members["Id"], kind, strict)
        if "Statement" not in members:
            return None
        statements = _items(members["Statement"])
        if strict and not statements:
            raise members["Statement"].error("the list of statements is empty")
        full_access = kind is Kind.RCP and validate.is_rcp_full_access(members)
        read = [_statement(item, index, kind, strict, full_access, together) for index, item in enumerate(statements)]
        if strict:
            validate.unique_sids(statements, together)
            for item in statements:
                validate.conditions(item, together, readable=readable)
        if together.errors:
            return None
        return Document(
            kind=kind, version=version, id=identifier, statements=tuple(filter(None, read)), name=name,
            location=_location(node), characters=sizes.characters(node, spaces=False),
        )  # fmt: skip
    return None


def _statement(
    node: Node, index: int, kind: Kind, strict: bool, full_access: bool, together: Together
) -> Statement | None:
    """The statement, None where something is wrong with it; errors are left with `together`."""
    before = len(together.errors)
    effect: Effect = "Deny"
    sid = action = resource = principal = None
    conditions: tuple[Condition, ...] = ()
    with together:
        members = validate.members(node, validate.STATEMENT_ELEMENTS, "a statement", together)
        with together:
            effect = _effect(node, members)
            if not full_access:
                validate.elements(node, members, effect, kind, strict)
        with together:
            action = _element(node, members, "Action")
            if action is None:
                raise node.error("one of `Action` and `NotAction` is missing")
            if not full_access:
                validate.actions(members, kind, strict, together)
        with together:
            resource = _element(node, members, "Resource")
            if resource is not None and kind is Kind.RESOURCE:
                resource = _in_full(resource)
            if strict:
                validate.resources(members, kind, together)
        with together:
            principal = _principal(members, strict)
            if strict:
                validate.principals(members, kind, together)
        with together:
            sid = validate.sid(members.get("Sid"), kind, strict)
        with together:
            conditions = _conditions(members.get("Condition"), together)
    if action is None or len(together.errors) > before:
        return None
    return Statement(
        index=index,
        sid=sid,
        effect=effect,
        action=action,
        resource=resource,
        principal=principal,
        conditions=conditions,
        location=_location(node),
    )


def _effect(node: Node, members: Mapping[str, Node]) -> Effect:
    if "Effect" not in members:
        raise node.error("element `Effect` is missing")
    found = members["Effect"]
    if found.value == "Allow":
        return "Allow"
    if found.value == "Deny":
        return "Deny"
    shown = quoted(found.value) if isinstance(found.value, str) else found.kind
    near = did_you_mean(str(found.value), ("Allow", "Deny"))
    raise found.error(f"unknown effect {shown}{near}, expected `Allow` or `Deny`")


def _element(node: Node, members: Mapping[str, Node], name: str) -> Element | None:
    """Action or Resource, or its Not form; None if neither is there."""
    negated = f"Not{name}" in members
    if negated and name in members:
        raise node.error(f"both `{name}` and `Not{name}`, expected one of them")
    found = members.get(f"Not{name}" if negated else name)
    if found is None:
        return None
    values = _texts(found)
    if negated and not values:
        raise validate.without_values(found, f"`Not{name}`")
    return Element(negated=negated, values=values, location=_location(found))


def _in_full(resource: Element) -> Element:
    """The resources of an API, which are written short, in full."""
    values = api_resources.expanded(resource.values)
    return resource if values == resource.values else replace(resource, values=values, written=resource.values)


def _principal(members: Mapping[str, Node], strict: bool) -> PrincipalElement | None:
    negated = "NotPrincipal" in members
    found = members.get("NotPrincipal" if negated else "Principal")
    if found is None:
        return None
    entries: list[PrincipalEntry] = []
    if found.value == "*":
        entries.append(PrincipalEntry(type="*", value="*"))
    elif isinstance(found.value, dict):
        for type_name, values in found.value.items():
            kind = validate.principal_type(values, type_name)
            entries += [PrincipalEntry(type=kind, value=value) for value in _texts(values)]
    elif not strict and isinstance(found.value, (str, list)) and not isinstance(found.value, Number):
        entries += [PrincipalEntry(type="AWS", value=value) for value in _texts(found)]
    else:
        shown = quoted(found.value) if isinstance(found.value, str) else found.kind
        raise found.error(f'principal is {shown}, expected `*` or an object such as `{{"AWS": ...}}`')
    if negated and not entries:
        raise validate.without_values(found, "`NotPrincipal`")
    return PrincipalElement(negated=negated, entries=tuple(entries), location=_location(found))


def _conditions(node: Node | None, together: Together) -> tuple[Condition, ...]:
    if node is None:
        return ()
    out: list[Condition] = []
    for operator_name, block in _object(node, "operators").items():
        operator: Operator | None = None
        with together:
            try:
                operator = _operator(operator_name)
            except ValueError as error:
                raise block.error(str(error) if len(str(error)) < 200 else "unknown condition operator") from None
        with together:
            for key, values in _object(block, "condition keys").items():
                with together:
                    if not key.strip():
                        raise values.error("a condition key is empty")
                    texts = tuple(_condition_text(item) for item in _items(values))
                    if operator is not None and operator.base.negated and not texts:
                        raise validate.without_values(values, f"the list of `{operator_name}`")
                    if operator is not None:
                        place = _location(values)
                        out.append(
                            Condition(operator=operator, key=key, name=key.lower(), values=texts, location=place)
                        )
    return tuple(out)


@lru_cache(maxsize=1024)
def _operator(name: str) -> Operator:
    return parse_operator(name)


def _condition_text(node: Node) -> str:
    """A condition value as text: numbers as written, booleans as `true` and `false` (semantics 1.1)."""
    if isinstance(node.value, bool):
        return "true" if node.value else "false"
    if isinstance(node.value, str):
        return str(node.value)
    raise node.error(f"a condition value is {node.kind}, expected a string, a number or a boolean")


def _object(node: Node, what: str) -> dict[str, Node]:
    if not isinstance(node.value, dict):
        raise node.error(f"found {node.kind}, expected an object of {what}")
    return node.value


def _items(node: Node) -> list[Node]:
    """A scalar is a list of one."""
    return node.value if isinstance(node.value, list) else [node]


def _texts(node: Node) -> tuple[str, ...]:
    return tuple(_text(item) for item in _items(node))


def _text(node: Node) -> str:
    if not isinstance(node.value, str) or isinstance(node.value, Number):
        raise node.error(f"found {node.kind}, expected a string")
    return node.value


def _location(node: Node) -> Location:
    return Location(file=node.file, path=node.path, line=node.line)


def _check_characters(node: Node) -> None:
    for text in (node.value, node.step):
        if isinstance(text, str) and (found := _FORBIDDEN_CHARACTER.search(text)):
            code = f"U+{ord(found.group()):04X}"
            raise node.error(f"character {code} is not allowed, expected U+0009, U+000A, U+000D or U+0020 to U+00FF")
