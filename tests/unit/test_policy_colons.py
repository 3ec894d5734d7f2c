"""Two colons in an action: IAM refuses to save it."""

from __future__ import annotations

import pytest

from perimeter_smt.errors import InputError
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object


@pytest.mark.parametrize("element", ["Action", "NotAction"])
@pytest.mark.parametrize("action", ["sqs:Send:Message", "sqs:SendMessage,sns:Publish", "sqs:sqs:Send*"])
def test_an_action_with_two_colons_is_refused(element: str, action: str) -> None:
    """It was taken as matching nothing: a Deny with it was read as one that denies nothing."""
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", element: [action], "Resource": "*"}]}
    with pytest.raises(InputError, match="has more than one colon"):
        parse_object(document, Kind.SCP, file="p.json", name="p", strict=True)
