"""The symbols that `mitigations/credentials.smt2` leaves open: vendors with their ExternalId, declared providers."""

from __future__ import annotations

from collections.abc import Iterable

from perimeter_smt.encode.language.keys import KeySpace
from perimeter_smt.encode.world.perimeter import is_provider, is_vendor
from perimeter_smt.encode.world.world import all_documents
from perimeter_smt.logic.atoms import Text
from perimeter_smt.logic.compose import glob_on
from perimeter_smt.logic.formula import TRUE, Formula, both, disj
from perimeter_smt.logic.reader import Script
from perimeter_smt.organization.perimeter import TrustedPrincipal, Vendor, Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.operators import Test
from perimeter_smt.request.keys import table_rows

EXTERNAL_ID = "sts:externalid"


def definitions(workspace: Workspace, keys: KeySpace, script: Script) -> dict[str, Formula]:
    """The definitions, for `build`."""
    perimeter, caller = workspace.perimeter, script.texts["aws:PrincipalArn"]
    spelled = spelled_out(all_documents(workspace, grants_too=True))
    return {
        "credentials.to-vendor": disj(
            both(is_vendor(keys, caller, entry), _proven(keys, entry, spelled)) for entry in perimeter.vendors
        ),
        "credentials.to-provider": disj(
            is_provider(keys, caller, entry) for entry in perimeter.third_principals if _tells_the_customer(entry)
        ),
    }


def spelled_out(documents: Iterable[Document]) -> tuple[Text, ...]:
    """The values of `sts:ExternalId` that policies name in full: no pattern, no variable.

    An operator that ignores case names a value in every spelling; all others tell case apart (semantics 2.2).
    """
    conditions = (c for document in documents for statement in document.statements for c in statement.conditions)
    found = {
        Text(value, fold=c.operator.base.test is Test.EQUALS_IGNORE_CASE)
        for c in conditions
        if c.name.lower() == EXTERNAL_ID
        for value in c.values
        if not any(mark in value for mark in "*?$")
    }
    return tuple(sorted(found, key=lambda text: (text.text, text.fold)))


def _proven(keys: KeySpace, entry: Vendor, spelled: tuple[Text, ...]) -> Formula:
    if entry.external_id == "none":
        return TRUE
    key = keys.key(EXTERNAL_ID)
    values = spelled if entry.external_id == "required" else tuple(map(Text, entry.external_id))
    return both(key.has, disj(glob_on(key.term, (value,)) for value in values if value.text))


def _tells_the_customer(entry: TrustedPrincipal) -> bool:
    """Whether an entry says whose tokens of an issuer are meant, where many customers share the issuer."""
    host = (entry.provider or "").rsplit("oidc-provider/", 1)[-1].lower()
    row = next((row for row in table_rows("shared-oidc-issuers") if row["host"] == host), None)
    if row is None:
        return bool(entry.provider)
    return bool(("sub" in row["claims"] and entry.subjects) or ("aud" in row["claims"] and entry.audiences))
