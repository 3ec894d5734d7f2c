"""Laws about Denies that stop nothing, and about requests that have a twin.

The IAM guide says of them: a statement applies to the resources that it names (Resource); users sign with keys of their
own or with credentials of `sts:GetSessionToken`, and only the latter carry `aws:TokenIssueTime` (global keys).
"""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random

from perimeter_smt.organization.model import Guardrails
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.kinds import Kind
from tests.attack.laws import documents as docs
from tests.attack.laws.documents import Statement
from tests.attack.laws.equal import Law, equal
from tests.attack.laws.state import Pair, State
from tests.attack.policies import document

# Keys that sessions carry and long-term keys do not, or whose values tell the two apart.
_OF_SESSIONS = re.compile(
    "tokenissuetime|multifactor|sourceidentity|signinsession|federatedprovider|assumedroot|chatbot", re.IGNORECASE
)


def _at_root(space: Workspace, statements: list[Statement], name: str) -> Workspace:
    """The workspace with an SCP and an RCP more at the root, of the same statements."""
    root = space.organization.root.id

    def change(unit: str, old: Guardrails) -> Guardrails:
        if unit != root:
            return old
        rcp = [{**statement, "Principal": "*"} for statement in statements]
        return old.model_copy(update={
            "scps": (*old.scps, document(Kind.SCP, f"{name}-scp", statements)),
            "rcps": (*old.rcps, document(Kind.RCP, f"{name}-rcp", rcp)),
        })  # fmt: skip

    return docs.each_level(space, change)


def on_nothing(rng: Random, state: State) -> Pair | None:
    """A Deny on resources of another service stops no call: a statement is about the resources that it names."""
    other = rng.choice([name for name in ("codecommit", "mq", "sqs", "dynamodb") if name != state.service])
    own = f"arn:{state.workspace.organization.partition}:{other}"  # a star for the partition runs on over colons
    stop: Statement = {"Effect": "Deny", "Action": f"{state.service}:*", "Resource": rng.choice((
        f"{own}:us-east-1:*:nobody", [f"{own}:*:*:no*", f"{own}:*:*:nobody"], f"{own}:*",
    ))}  # fmt: skip
    return equal("a Deny on resources of another service", state, _at_root(state.workspace, [stop], "nothing"))


def long_term_keys(_: Random, state: State) -> Pair | None:
    """Where nobody looks at sessions, users get as far with keys of their own as with a session."""
    if state.service in ("sts", "iam") or _OF_SESSIONS.search(docs.text_of(state.workspace)):
        return None
    whole: Statement = {"Effect": "Deny", "Action": f"{state.service}:*", "Resource": "*"}
    users: list[Statement] = [
        {**whole, "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:*:iam::*:user/*"}}},
        {**whole, "Condition": {"Bool": {"aws:ViaAWSService": "true"}}},
    ]
    keys: Statement = {**whole, "Condition": {"Null": {"aws:TokenIssueTime": "false"}}}
    before = replace(state, workspace=_at_root(state.workspace, users, "users"))
    pair = equal("users with long-term keys", before, _at_root(before.workspace, [keys], "keys"))
    return replace(pair, access=None) if pair is not None else None


APART: dict[str, Law] = {
    "a Deny on resources of another service": on_nothing,
    "users with long-term keys": long_term_keys,
}

__all__ = ["APART"]
