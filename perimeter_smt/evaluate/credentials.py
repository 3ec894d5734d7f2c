"""Who may get credentials of mine, for one request: a second reading of `encodings/mitigations/credentials.smt2`."""

from __future__ import annotations

from collections.abc import Iterable

from perimeter_smt.evaluate.globs import fold
from perimeter_smt.evaluate.perimeter import Ground
from perimeter_smt.organization.perimeter import TrustedPrincipal, Vendor, Workspace
from perimeter_smt.policy.document import Condition, Document
from perimeter_smt.policy.operators import Test
from perimeter_smt.request.keys import table_rows
from perimeter_smt.request.request import Facts, Request

_GIVE = (
    *("sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity"),
    *("sts:assumeroot", "sts:getfederationtoken", "sts:getsessiontoken"),
)
_EXTERNAL_ID = "sts:externalid"


def unexpected(workspace: Workspace, request: Request, facts: Facts, documents: Iterable[Document]) -> bool:
    """Whether the request, if it gets through, gives credentials of mine to somebody who is not to have them.

    `documents` are the policies of the workspace: an ExternalId that is `required` is one that they spell out.
    """
    at = Ground(workspace, request, facts)
    name = request.resource.split(":", 5)[-1]
    if fold(request.action) not in _GIVE or not at.my_resource or name.startswith("role/aws-service-role/"):
        return False
    if at.my_iam or facts.service_linked or _permission_set(request, facts, name):
        return False
    perimeter = workspace.perimeter
    if any(at.is_vendor(entry) and _proven(entry, at.context, documents) for entry in perimeter.vendors):
        return False
    return not any(at.is_provider(entry) and _one_customer(entry) for entry in perimeter.third_principals)


def _permission_set(request: Request, facts: Facts, name: str) -> bool:
    """IAM Identity Center signs in to a role that it made, with its own provider in the account of the role."""
    provider = request.principal.provider or ""
    own = f":iam::{facts.resource_account}:saml-provider/AWSSSO_"
    signs_in = fold(request.action) == "sts:assumerolewithsaml" and own in provider
    return signs_in and name.startswith("role/aws-reserved/sso.amazonaws.com/")


def _proven(entry: Vendor, context: dict[str, str | tuple[str, ...]], documents: Iterable[Document]) -> bool:
    if entry.external_id == "none":
        return True
    sent = context.get(_EXTERNAL_ID)
    if not isinstance(sent, str) or not sent:
        return False
    if entry.external_id != "required":
        return sent in entry.external_id
    return any(
        _spells_out(condition, sent)
        for document in documents
        for statement in document.statements
        for condition in statement.conditions
    )


def _spells_out(condition: Condition, sent: str) -> bool:
    """Whether a condition names an ExternalId in full; in any spelling, where it ignores case."""
    if condition.name.lower() != _EXTERNAL_ID:
        return False
    whole = [value for value in condition.values if not set(value) & set("*?$")]
    if condition.operator.base.test is Test.EQUALS_IGNORE_CASE:
        return fold(sent) in map(fold, whole)
    return sent in whole


def _one_customer(entry: TrustedPrincipal) -> bool:
    """Whether the entry tells the customer of an issuer that many share; other providers have one."""
    host = (entry.provider or "").rpartition("oidc-provider/")[2].lower()
    for row in table_rows("shared-oidc-issuers"):
        if row["host"] == host:
            told = {"sub": entry.subjects, "aud": entry.audiences}
            return any(told.get(claim) for claim in row["claims"])
    return True
