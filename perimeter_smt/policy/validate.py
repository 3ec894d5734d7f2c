"""What AWS accepts on save, per kind of policy (semantics 1.1, 1.2, 1.6.1).

`GRAMMARS` is the table of semantics 1.2. Checks without a `strict` parameter, and `members` and `elements` but where
they say otherwise, hold always. The rest belongs to the strict reading only, since evaluation has a meaning for it:
malformed actions, resources and principals match nothing (Q02), a principal that is a plain text or a list is read as
the list of `AWS`, a missing Version is 2008-10-17, repeated Sids do no harm, a document without statements says
nothing, NotPrincipal with Allow is evaluated as semantics 1.6.5 says, NotAction in a trust policy as elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

from perimeter_smt.errors import InputError, Together, did_you_mean
from perimeter_smt.policy.api_resources import SHORT
from perimeter_smt.policy.document import Effect, PrincipalType
from perimeter_smt.policy.json_positions import Node, quoted
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.operators import parse_operator
from perimeter_smt.policy.readable import unreadable

DOCUMENT_ELEMENTS = ("Version", "Id", "Statement")
STATEMENT_ELEMENTS = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
Version = Literal["2008-10-17", "2012-10-17"]
Presence = Literal["required", "optional", "forbidden"]


@dataclass(frozen=True, slots=True)
class Grammar:
    """One row of the table: what a statement of this kind holds. `complete_arns`: no ARN with fields left out."""

    principal: Presence = "required"
    not_principal: bool = True
    not_action: bool = True
    resource: Presence = "required"
    version_2012: bool = False
    complete_arns: bool = False

    @property
    def is_identity(self) -> bool:
        """Principal is implicit: identity, boundary and session policies, SCPs."""
        return self.principal == "forbidden"


_IDENTITY = Grammar(principal="forbidden")
GRAMMARS: Mapping[Kind, Grammar] = {
    Kind.IDENTITY: _IDENTITY,
    Kind.BOUNDARY: _IDENTITY,
    Kind.SESSION: Grammar(principal="forbidden", complete_arns=True),
    Kind.SCP: Grammar(principal="forbidden", version_2012=True),
    Kind.RCP: Grammar(not_principal=False, not_action=False, version_2012=True, complete_arns=True),
    Kind.RESOURCE: Grammar(resource="optional"),  # repository policies of ECR have no Resource
    Kind.TRUST: Grammar(not_principal=False, not_action=False, resource="forbidden"),
    Kind.KMS: Grammar(),
    Kind.BUCKET: Grammar(),
    Kind.ACCESS_POINT: Grammar(),
    Kind.ENDPOINT_GATEWAY: Grammar(not_principal=False),
    Kind.ENDPOINT: Grammar(),
}

_RCP_FULL_ACCESS = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
_PRINCIPAL_TYPES = tuple(name for name in get_args(PrincipalType) if name != "*")
_ACTION = re.compile(r"\*+|[^:]+:.+", re.DOTALL)
_AWS_PRINCIPAL = re.compile(
    r"\*|[0-9]{12}|A[A-Z]{3}[A-Z0-9]{12,}"
    r"|arn:aws[a-z-]*:iam::[0-9]{12}:(?:root|(?:user|role)/[^$]+)"
    r"|arn:aws[a-z-]*:sts::[0-9]{12}:(?:assumed-role/[^/$]+/[^$]+|federated-user/[^$]+)"
    r"|arn:aws[a-z-]*:iam::cloudfront:user/CloudFront Origin Access Identity .+",
    re.DOTALL,
)
_CANONICAL_USER = re.compile(r"[0-9a-f]{64}")
_SERVICE = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+")
_PROVIDER = re.compile(
    r"arn:aws[a-z-]*:iam::[0-9]{12}:(?:saml|oidc)-provider/[^*?$]+|(?!arn:)[A-Za-z0-9.-]+(?:[:/][^*?$]*)?"
)
_KEY = re.compile(r"[^:]+:.+", re.DOTALL)
_WHY: Mapping[tuple[Kind, str], str] = {
    (Kind.TRUST, "NotPrincipal"): ": AWS takes none, expected `Principal`, and a Deny or a condition for the others",
    (Kind.TRUST, "Resource"): ": it is about the role that it is attached to",
    (Kind.TRUST, "NotResource"): ": it is about the role that it is attached to",
    (Kind.RCP, "NotPrincipal"): ': AWS takes `"Principal": "*"` alone, exempt callers by a condition',
    (Kind.RCP, "NotAction"): ": AWS takes none, expected `Action`",
}
_SID = re.compile(r"[A-Za-z0-9]*")


def members(node: Node, expected: tuple[str, ...], what: str, together: Together) -> dict[str, Node]:
    """The members of an object; keys that are not among `expected` are errors."""
    if not isinstance(node.value, dict):
        raise node.error(f"found {node.kind}, expected {what}, an object")
    for name, member in node.value.items():
        if name not in expected:
            with together:
                raise member.error(f"unknown element {quoted(name)} in {what}{did_you_mean(name, expected)}")
    return node.value


def not_one_statement(node: Node) -> None:
    """A statement by itself, as repositories keep parts of policies, is told to be one."""
    if isinstance(node.value, dict) and "Effect" in node.value and "Statement" not in node.value:
        raise node.error('found a single statement, expected a policy: `{"Version": "2012-10-17", "Statement": [...]}`')


def version(node: Node | None, kind: Kind, document: Node, strict: bool) -> Version:
    """The language version; SCPs and RCPs must name 2012-10-17 in the strict reading."""
    if node is not None and node.value not in get_args(Version):
        shown = quoted(node.value) if isinstance(node.value, str) else node.kind
        raise node.error(f"unknown version {shown}, expected `2012-10-17` or `2008-10-17`")
    found = cast(Version, node.value) if node is not None else "2008-10-17"
    if strict and GRAMMARS[kind].version_2012 and found != "2012-10-17":
        raise (node or document).error(f'a policy of kind {kind} needs `"Version": "2012-10-17"`')
    return found


def policy_id(node: Node, kind: Kind, strict: bool) -> None:
    """`Id` belongs to resource-based policies."""
    if strict and GRAMMARS[kind].is_identity:
        raise node.error(f"element `Id` is not allowed in a policy of kind {kind}")


def without_values(node: Node, what: str) -> InputError:
    """An empty Not form: read by its words it would match everything, and AWS gives it no effect (X-22)."""
    return node.error(f"{what} is empty, expected values: AWS gives a statement with an empty list no effect")


def elements(node: Node, found: Mapping[str, Node], effect: Effect, kind: Kind, strict: bool) -> None:
    """Which elements a statement of this kind holds; InputError names the one that is missing or not allowed."""
    if kind is Kind.RCP and effect == "Allow":
        raise found["Effect"].error("a statement of kind rcp has effect `Allow`, expected `Deny`")
    grammar = GRAMMARS[kind]
    for name in _forbidden(grammar):
        if name in found and (strict or not (name == "NotAction" and kind is Kind.TRUST)):
            why = _WHY.get((kind, name), "")
            raise found[name].error(f"element `{name}` is not allowed in a policy of kind {kind}{why}")
    if "Principal" in found and "NotPrincipal" in found:
        raise node.error("both `Principal` and `NotPrincipal`, expected one of them")
    if strict and "NotPrincipal" in found and effect == "Allow":
        raise found["NotPrincipal"].error("`NotPrincipal` with effect `Allow`, expected `Deny`")
    if grammar.principal == "required" and not ("Principal" in found or "NotPrincipal" in found):
        raise node.error(f"element `Principal` is missing, a policy of kind {kind} needs it")
    if grammar.resource == "required" and not ("Resource" in found or "NotResource" in found):
        raise node.error("one of `Resource` and `NotResource` is missing")
    if kind is Kind.RCP and found["Principal"].value != "*":
        raise found["Principal"].error('a statement of kind rcp has a principal other than `"*"`, AWS takes that alone')


def actions(found: Mapping[str, Node], kind: Kind, strict: bool, together: Together) -> None:
    """Action texts: `*` or `service:name`, with a service in RCPs, of `sts` in trust policies."""
    for item in _texts(found, "Action"):
        with together:
            _action(item, str(item.value), kind, strict)


def _action(item: Node, text: str, kind: Kind, strict: bool) -> None:
    if kind is Kind.RCP and (not text.strip("*:") or text.startswith("*:")):
        raise item.error(f"action {quoted(text)} has no service prefix, a policy of kind rcp needs one")
    if not strict:
        return
    if not _ACTION.fullmatch(text):
        raise item.error(f"action {quoted(text)} is not `*` or `service:name`")
    if text.count(":") > 1:
        raise item.error(f"action {quoted(text)} has more than one colon, expected one action, `service:name`")
    if kind is Kind.TRUST and not text.lower().startswith("sts:"):
        raise item.error(f"action {quoted(text)} in a trust policy, expected an action of `sts`")


def resources(found: Mapping[str, Node], kind: Kind, together: Together) -> None:
    """Resource texts of the strict reading: stars or ARNs, complete ones where AWS refuses others (1.5.4)."""
    for item in _texts(found, "Resource"):
        with together:
            _resource(item, str(item.value), kind)


def _resource(item: Node, text: str, kind: Kind) -> None:
    if text and not text.strip("*"):
        return
    if kind is Kind.RESOURCE and text.startswith(SHORT):
        return
    if not text.startswith("arn:"):
        raise item.error(f"resource {quoted(text)} is not `*` or an ARN")
    if text.count(":") >= 5:
        return
    if GRAMMARS[kind].complete_arns or (kind is Kind.SCP and not text.endswith("*")):
        raise item.error(f"resource {quoted(text)} is an incomplete ARN, a policy of kind {kind} needs six fields")


def principals(found: Mapping[str, Node], kind: Kind, together: Together) -> None:
    """Principal texts of the strict reading (semantics 1.6.1): InputError for what can never be a principal."""
    element = found.get("Principal") or found.get("NotPrincipal")
    if element is None or not isinstance(element.value, dict):
        return
    for type_name, values in element.value.items():
        if type_name == "Federated" and kind is not Kind.TRUST:
            with together:
                raise values.error("principal type `Federated` is for trust policies only")
        if type_name == "CanonicalUser" and kind in (Kind.TRUST, Kind.KMS):
            with together:
                raise values.error(f"principal type `CanonicalUser` in a policy of kind {kind}, only S3 knows it")
        for item in values.value if isinstance(values.value, list) else (values,):
            with together:
                _principal(item, type_name, str(item.value))


def _principal(node: Node, type_name: str, text: str) -> None:
    if type_name in ("AWS", "Service") and text != "*" and ("*" in text or "?" in text):
        raise node.error(f"principal {quoted(text)} has a wildcard inside, expected a full name, or `*` alone")
    if type_name == "AWS" and not _AWS_PRINCIPAL.fullmatch(text):
        raise node.error(
            f"principal {quoted(text)} is not `*`, a 12-digit account id, or the ARN of an account root, user, role "
            "or session"
        )
    if type_name == "Service" and not _SERVICE.fullmatch(text):
        raise node.error(
            f"principal {quoted(text)} of type `Service`, expected the name of a service such as `sns.amazonaws.com`"
        )
    if type_name == "Federated" and not _PROVIDER.fullmatch(text):
        raise node.error(
            f"principal {quoted(text)} of type `Federated`, expected the host of an issuer, or the ARN of a SAML or "
            "OIDC provider"
        )
    if type_name == "CanonicalUser" and not _CANONICAL_USER.fullmatch(text):
        raise node.error(f"principal {quoted(text)} of type `CanonicalUser`, expected 64 hexadecimal digits")


def conditions(statement: Node, together: Together, *, readable: bool) -> None:
    """Condition blocks of the strict reading: keys with a service prefix and, if `readable`, values that can be read.

    What is wrong with their form was told when the blocks were parsed.
    """
    for name, keys in _members_of(_members_of(statement).get("Condition")).items():
        try:
            base = parse_operator(name).base
        except ValueError:
            continue
        for key, values in _members_of(keys).items():
            if key.strip() and not _KEY.fullmatch(key):
                with together:
                    raise values.error(f"condition key {quoted(key)} has no service prefix such as `aws:`")
            for item in values.value if isinstance(values.value, list) else (values,):
                text = str(item.value).lower() if isinstance(item.value, bool) else str(item.value)
                if readable and isinstance(item.value, (str, bool)) and (expected := unreadable(base, text)):
                    with together:
                        raise item.error(f"`{name}` cannot read {quoted(text)}, expected {expected}")


def _members_of(node: Node | None) -> dict[str, Node]:
    return node.value if node is not None and isinstance(node.value, dict) else {}


def principal_type(node: Node, name: str) -> PrincipalType:
    """The type of a principal entry, spelled exactly."""
    if name not in _PRINCIPAL_TYPES:
        raise node.error(
            f"unknown principal type {quoted(name)}{did_you_mean(name, _PRINCIPAL_TYPES)}, "
            "expected `AWS`, `Service`, `Federated` or `CanonicalUser`"
        )
    return cast(PrincipalType, name)


def sid(node: Node | None, kind: Kind, strict: bool) -> str | None:
    """The statement id, None if absent or empty; letters and digits only in IAM's own kinds of policy."""
    if node is None:
        return None
    if type(node.value) is not str:
        raise node.error(f"found {node.kind}, expected a string")
    plain = GRAMMARS[kind].is_identity or kind is Kind.TRUST
    if strict and plain and not _SID.fullmatch(node.value):
        raise node.error(f"statement id {quoted(node.value)} has characters other than letters and digits")
    return node.value or None


def unique_sids(statements: list[Node], together: Together) -> None:
    """Statement ids are unique within a document."""
    seen: dict[str, int] = {}
    for statement in statements:
        node = _members_of(statement).get("Sid")
        if node is None or not isinstance(node.value, str) or not node.value:
            continue
        if node.value in seen:
            first = f", first on line {seen[node.value]}" if seen[node.value] else ""
            with together:
                raise node.error(f"statement id {quoted(node.value)} is used twice{first}")
        seen[node.value] = node.line


def is_rcp_full_access(found: Mapping[str, Node]) -> bool:
    """Whether this is AWS's own `RCPFullAWSAccess`, the only RCP that allows."""
    statements = found["Statement"].value
    items = statements if isinstance(statements, list) else [found["Statement"]]
    if len(items) != 1 or not isinstance(items[0].value, dict):
        return False
    plain = {name: _only(node) for name, node in items[0].value.items() if name != "Sid"}
    return plain == _RCP_FULL_ACCESS


def _only(node: Node) -> object:
    return node.value[0].value if isinstance(node.value, list) and len(node.value) == 1 else node.value


def _forbidden(grammar: Grammar) -> Iterator[str]:
    if grammar.principal == "forbidden":
        yield "Principal"
    if grammar.principal == "forbidden" or not grammar.not_principal:
        yield "NotPrincipal"
    if not grammar.not_action:
        yield "NotAction"
    if grammar.resource == "forbidden":
        yield from ("Resource", "NotResource")


def _texts(found: Mapping[str, Node], name: str) -> Iterator[Node]:
    for element in (found.get(name), found.get(f"Not{name}")):
        if element is not None:
            yield from element.value if isinstance(element.value, list) else (element,)
