"""Tags of S3 buckets: they count in policies only where ABAC is enabled on the bucket (W-9)."""

from __future__ import annotations

from perimeter_smt.encode.world.governs import is_bucket, itself, split_arn
from perimeter_smt.logic.atoms import Member
from perimeter_smt.logic.formula import Formula, atom, disj
from perimeter_smt.organization.perimeter import Workspace

BY_BUCKET = atom(Member("call", "tags need abac"))


def hidden_tag(key: str) -> str:
    """The symbol for: the bucket has this tag, and policies do not see it."""
    return f"bucket has tag {key}"


def definitions(workspace: Workspace) -> dict[str, Formula]:
    """The symbols of environment/resource.smt2 that the organization file defines."""
    resources = [r for account, _ in workspace.organization.accounts() for r in account.resources]
    buckets = [r for r in resources if is_bucket(split_arn(r.arn))]
    return {
        "bucket.says-abac": disj(itself(r) for r in buckets if r.abac is True),
        "bucket.says-no-abac": disj(itself(r) for r in buckets if r.abac is False),
    }
