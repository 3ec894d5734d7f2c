"""Calls that AWS refuses whatever policies allow: the table `refused-calls` as a formula (W-10)."""

from __future__ import annotations

from perimeter_smt.encode.language.action import action_matches
from perimeter_smt.encode.language.keys import KeySpace, sym_is
from perimeter_smt.encode.language.resource import resource_matches
from perimeter_smt.logic.formula import TRUE, Formula, both, disj, neg, sym
from perimeter_smt.request.keys import table_rows


def definitions(keys: KeySpace) -> dict[str, Formula]:
    """The symbol `call.refused` of authorization.smt2. The service that manages a resource does change it."""
    others = both(neg(sym_is("aws-service")), neg(sym("principal.service-linked")))
    rows = [
        both(
            disj(action_matches(text) for text in row["actions"]),
            resource_matches(keys, row["resource"]),
            TRUE if row["actions"] == ["*"] else others,  # nobody calls what does not exist
        )
        for row in table_rows("refused-calls")
    ]
    return {"call.refused": disj(rows)}
