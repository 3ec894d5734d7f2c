"""Worlds written by hand toward one row of a table each, where rows drawn at random tell nothing.

Most rows of these tables overlap with others, or with what the service reference says: a world asks for a row that
alone says something.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perimeter_smt.encode.world.world import build
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions import objectives as questions
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.questions.prepare import prepare
from perimeter_smt.solve.result import Limits
from tests.attack.directed.asked import of_objective
from tests.attack.directed.by_hand import deny, space
from tests.attack.directed.worlds import MINE, OFFICE
from tests.attack.tables.answers import command, folder
from tests.attack.tables.swap import list_of, tables, without


@dataclass(frozen=True)
class RowByHand:
    """A question, and the row of a table without which its answer is another one."""

    table: str
    what: str
    row: Callable[[Any], bool]
    ask: Callable[[], str]

    def flips(self) -> bool:
        """Whether the answer is another one without the row."""
        known = tables()[self.table]
        rows = [row for row in known[list_of(known)] if self.row(row)]
        before = self.ask()
        with without(self.table, rows):
            return bool(rows) and self.ask() != before


def _purged() -> str:
    found = space(listed=True, actions=("sqs:PurgeQueue",))
    return of_objective(found, "O6", "sqs", actions={"sqs:purgequeue"})


def _simulated() -> str:
    action = "iam:SimulatePrincipalPolicy"
    return of_objective(space(scp=(deny(action, "arn:*:*:*:*:*"),), actions=(action,)), "O5", "iam",
                        actions={action.lower()})  # fmt: skip


def _shared() -> str:
    action = "rds:RestoreDBInstanceFromDBSnapshot"
    found = space(scp=(deny(action, StringEquals={"aws:ResourceAccount": "aws"}),), actions=(action,))
    return of_objective(found, "O3", "rds", actions={action.lower()})


def _signed_in() -> str:
    found = space(rcp=(deny("signin:*"),), actions=("signin:*",))
    world = build(found, ("signin",), free_grants=True, objectives=("O6",), actions={"signin:authenticate"})
    run = prepare(world, ("O6",), "over", False, 1, Limits(seconds=60), ())
    return run.ask(questions.hole(world, "O6"), run.over).status


def _carried_on() -> str:
    action = "athena:StartQueryExecution"
    guard = deny(action, NotIpAddressIfExists={"aws:SourceIp": OFFICE}, BoolIfExists={"aws:ViaAWSService": "false"})
    found = space(scp=(guard,), actions=(action,))
    accepted = ("forward-access-sessions", "management-account", "service-linked-roles", "service-networks")
    perimeter = found.perimeter.model_copy(update={"accepted": accepted})
    asked: Workspace = found.model_copy(update={"perimeter": perimeter})
    report = prove(asked, services=["athena"], objectives=["O5"], availability=False, reading="exact")
    return str([verdict.status for verdict in report.verdicts])


def _printed(name: str, document: dict[str, Any], *arguments: str) -> str:
    with folder() as place:
        path = Path(place) / name
        path.write_text(json.dumps({"Version": "2012-10-17", "Statement": [document]}), encoding="utf-8")
        return command(arguments[0], str(path), *arguments[1:]).replace(place, "")


def _pinned() -> str:
    condition = {"StringEquals": {"aws:PrincipalAccount": MINE}}
    body = {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*", "Condition": condition}
    return _printed("queue.json", body, "public", "--resource-type", "AWS::SQS::Queue")


def _several() -> str:
    key = "cognito-identity.amazonaws.com:amr"
    body = {
        "Effect": "Allow", "Principal": {"Federated": "cognito-identity.amazonaws.com"},
        "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {key: "authenticated"}},
    }  # fmt: skip
    return _printed("trust.json", body, "lint", "--format", "json")


ROWS = (
    RowByHand("existing-resource-actions", "purging a queue of an account that lists none",
              lambda row: row == "sqs:PurgeQueue", _purged),
    RowByHand("named-resource-actions", "an SCP that denies simulating policies of any ARN",
              lambda row: row == "iam:SimulatePrincipalPolicy", _simulated),
    RowByHand("shared-resources-services", "restoring a snapshot of another account",
              lambda row: row == "rds", _shared),
    RowByHand("sign-in-actions", "an RCP that denies signing in, under the strictest reading",
              lambda row: row == "signin:Authenticate", _signed_in),
    RowByHand("forwarding-services", "queries that QuickSight makes for its callers",
              lambda row: row["service"] == "quicksight", _carried_on),
    RowByHand("pinning-keys", "`public` on a queue open to whoever is of one account",
              lambda row: row == "aws:principalaccount", _pinned),
    RowByHand("service-keys", "`lint` on a claim of several values under an operator for one",
              lambda row: row["key"] == "cognito-identity.amazonaws.com:amr", _several),
)  # fmt: skip
