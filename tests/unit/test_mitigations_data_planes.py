"""S1: every data plane of the table is named where a listed resource has it."""

from __future__ import annotations

import pytest

from perimeter_smt.organization.model import Account, Organization, OwnedResource, Unit
from perimeter_smt.organization.perimeter import Perimeter, Scope, Workspace
from perimeter_smt.questions.mitigations import QUESTIONS
from perimeter_smt.questions.mitigations.model import Asking
from perimeter_smt.request.keys import table_rows

ORG, MINE, MANAGEMENT = "o-acme0000001", "111122223333", "123456789012"


@pytest.mark.parametrize("namespace", sorted({name for row in table_rows("data-planes") for name in row["namespaces"]}))
def test_a_listed_resource_shows_its_data_plane(namespace):
    """A claim that leaves the service out hides nothing that is there."""
    rows = [row for row in table_rows("data-planes") if namespace in row["namespaces"]]
    thing = OwnedResource(arn=f"arn:aws:{namespace}:eu-west-1:{MINE}:thing/one", account=MINE)
    root = Unit(id="r-ac00", accounts=(Account(id=MINE, resources=(thing,)), Account(id=MANAGEMENT)))
    scopes = {name: Scope(actions=("sqs:*",)) for name in ("O1", "O2", "O3", "O4", "O5", "O6")}
    space = Workspace(
        organization=Organization(id=ORG, management_account=MANAGEMENT, root=root),
        perimeter=Perimeter(orgs=(ORG,), scopes=scopes),
        name="acme",
    )
    found = {line.subject: line for line in QUESTIONS["S1"].ask(space, Asking()).lines}
    assert {f"{row['service']}: {row['what']}" for row in rows} <= set(found)
    assert {line.status for line in found.values()} == {"not-guardable"}
