"""The validation cases of the semantics through the parser: valid as AWS has it, or refused with its place (1.2, 6)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from perimeter_smt.errors import InputError
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object

SHARED = Path(__file__).resolve().parents[3] / "shared"
FILE = SHARED / "semantics_cases.json"
CASES = json.loads(FILE.read_text(encoding="utf-8"))["cases"] if FILE.exists() else []
pytestmark = pytest.mark.skipif(not CASES, reason="the semantics cases lie in ../shared, which is absent")
VALIDATE = {case["id"]: case for case in CASES if case["kind"] == "validate"}
KINDS = {"vpce-interface": Kind.ENDPOINT, "vpce-gateway": Kind.ENDPOINT_GATEWAY}

# What the message says and where it points, for each case that is refused.
REFUSED = {
    "V01": ("effect `Allow`", "$.Statement[0].Effect"),
    "V02": ("`*`", "$.Statement[0].Action"),
    "V03": ("`NotAction`", "$.Statement[0].NotAction"),
    "V05": ("`Principal`", "$.Statement[0].Principal"),
    "V06": ("`Resource`", "$.Statement[0].Resource"),
    "V07": ("`NotPrincipal`", "$.Statement[0].NotPrincipal"),
    "V09": ("arn:aws:iam::111111111111:role/*", "$.Statement[0].Principal.AWS"),
    "V10": ("`NullIfExists`", "$.Statement[0].Condition.NullIfExists"),
}
# Refused by AWS today, yet old documents hold them: the reading that is not strict gives them their meaning.
OLD = {"V07", "V09"}


def read(case, **options):
    kind = KINDS.get(case["policy_type"]) or Kind(case["policy_type"])
    return parse_object(case["policy"], kind, file="case.json", name=case["id"], **options)


@pytest.mark.parametrize("name", [*VALIDATE])
def test_strict(name):
    """Valid documents are read; the others are refused with what is wrong and where."""
    case = VALIDATE[name]
    assert (case["expected"] == "invalid") == (name in REFUSED)
    if case["expected"] == "valid":
        assert len(read(case).statements) == 1
        return
    with pytest.raises(InputError) as refused:
        read(case)
    message, place = REFUSED[name]
    assert message in refused.value.message
    assert place in str(refused.value)


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_old_documents(name):
    """Only what has a meaning in old documents is read when the reading is not strict."""
    if name in OLD:
        assert len(read(VALIDATE[name], strict=False).statements) == 1
    else:
        with pytest.raises(InputError):
            read(VALIDATE[name], strict=False)


def test_ten_cases():
    """None is left out."""
    assert len(VALIDATE) == 10
