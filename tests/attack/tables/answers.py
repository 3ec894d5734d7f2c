"""Answers about a row beside proofs: the evaluator's, lint's, and those of the commands that read a table."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from perimeter_smt.cli.main import cli

ROOT = Path(__file__).resolve().parents[3]
_EXAMPLES = ROOT / "docs" / "examples"
_ORGANIZATION = """id: o-acme0000001
management_account: "123456789012"
root:
  id: r-ac00
  scps: [FullAWSAccess, scp/all.json]
  accounts: [{id: "111122223333", name: app}, {id: "123456789012", name: management}]
"""


def command(*arguments: str) -> str:
    """What a command prints and how it ends; the text of an error of its own."""
    found = CliRunner().invoke(cli, list(arguments))
    crash = repr(found.exception) if found.exception and not isinstance(found.exception, SystemExit) else ""
    return f"{found.exit_code} {found.output} {crash}"


def beside(table: str, row: Any, folder: Path) -> Iterator[tuple[str, Callable[[], str]]]:
    """Questions about a row by name; what they need lies in `folder`."""
    if isinstance(row, Mapping):
        if table in ("global-keys", "service-keys", "shared-oidc-issuers"):
            yield "lint", _lint(row, folder)
        if "event" in row or ("source" in row and table.startswith("cloudtrail")):
            yield "replay", _replay(row, folder)
        if table == "refused-calls":
            yield "evaluate", _refused(row, folder)
        if table == "check-resource-types":
            yield "public", _public(row, folder)
    elif table == "pinning-keys":
        yield "public", _pinned(str(row), folder)


# The examples of the documentation that ask what a table says.
_ASKED = {
    "carriers": ("e2-open", "e2-mistake"), "compute-settings": ("n1-open", "n1-mistake"),
    "portable-credentials": ("n2-open", "n2-mistake"), "cross-region-endpoints": ("e1-open", "e1-held"),
    "escalation-actions": ("c2-open", "c2-mistake"), "guardrail-actions": ("c2-open", "c2-mistake"),
    "pass-role-paths": ("c2-open", "c2-mistake"), "shared-oidc-issuers": ("c1-open", "c1-mistake"),
}  # fmt: skip


def examples(table: str) -> Iterator[tuple[str, Callable[[], str]]]:
    """Commands on the examples of the documentation, for a table that no row's own world tells."""
    for name in _ASKED.get(table, ()):
        path = str(_EXAMPLES / "mitigations" / name)
        yield f"prove {name}", lambda path=path: command("prove", path, "--format", "json")  # type: ignore[misc]
    if table == "governing-policies":
        acme = str(_EXAMPLES / "acme")
        yield (
            "prove acme",
            lambda: command(
                "prove", acme, "--service", "s3", "--objective", "O1", "--mode", "grants", "--format", "json"
            ),
        )
    if table == "data-planes":
        acme = str(_EXAMPLES / "acme")
        yield "prove acme", lambda: command("prove", acme, "--mitigation", "S1", "--format", "json")
    if table == "service-made-calls":
        yield "prove acme", lambda: command("prove", str(_EXAMPLES / "acme"), "--service", "ec2", "--format", "json")
    if table == "published-service-resources":
        yield "published", _published
    if table == "sharing":
        yield "sharing", _sharing


def _lint(row: Mapping[str, Any], folder: Path) -> Callable[[], str]:
    if "host" in row:
        body: dict[str, Any] = {
            "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": f"arn:aws:iam::111122223333:oidc-provider/{row['host']}"},
            "Condition": {"StringEquals": {f"{row['host']}:aud": "sts.amazonaws.com"}},
        }  # fmt: skip
        name = "trust.json"
    else:
        key = str(row["key"]).replace("${TagKey}", "team")
        several = "ForAnyValue:" if row["multivalued"] else ""
        body = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {
            f"{several}StringEquals": {key: "a"}, "DateLessThan": {key: "2026-01-01T00:00:00Z"},
            "Bool": {key: "true"}, "NumericLessThan": {key: "7"}, "IpAddress": {key: "203.0.113.0/24"},
        }}  # fmt: skip
        name = "scp.json"
    path = _written(folder / name, {"Version": "2012-10-17", "Statement": [body]})
    return lambda: command("lint", str(path), "--format", "json")


def _replay(row: Mapping[str, Any], folder: Path) -> Callable[[], str]:
    space = folder / "space"
    (space / "scp").mkdir(parents=True, exist_ok=True)
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    _written(space / "scp" / "all.json", {"Version": "2012-10-17", "Statement": [deny]})
    (space / "organization.yaml").write_text(_ORGANIZATION, encoding="utf-8")
    (space / "perimeter.yaml").write_text("orgs: [o-acme0000001]\n", encoding="utf-8")
    service = row.get("service", "")
    event = {
        "eventVersion": "1.09", "eventTime": "2026-01-01T00:00:00Z", "awsRegion": "us-east-1",
        "eventSource": f"{row.get('source', service)}.amazonaws.com", "eventName": row.get("event", "CreateThing"),
        "userIdentity": {"type": "IAMUser", "accountId": "111122223333", "userName": "alice",
                         "arn": "arn:aws:iam::111122223333:user/alice"},
        "sourceIPAddress": "198.51.100.9", "recipientAccountId": "111122223333", "eventID": "a",
        "requestParameters": {},
    }  # fmt: skip
    if "event" not in row:
        event["eventName"] = _first_action(service)
    log = _written(folder / "log.json", {"Records": [event]})
    return lambda: command("replay", str(log), "--workspace", str(space), "--json")


def _first_action(service: str) -> str:
    from perimeter_smt.request import actions

    return next(iter(actions.actions(service))).name if service in actions.services() else "CreateThing"


def _public(row: Mapping[str, Any], folder: Path) -> Callable[[], str]:
    service = row["services"][0]
    body = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": f"{service}:*" if row["kind"] != "trust" else "sts:AssumeRole",
    }
    body |= {} if row["kind"] == "trust" else {"Resource": "*"}
    path = _written(folder / "open.json", {"Version": "2012-10-17", "Statement": [body]})
    return lambda: command("public", str(path), "--resource-type", row["type"])


def _refused(row: Mapping[str, Any], folder: Path) -> Callable[[], str]:
    arn = "arn:aws:iam::111122223333:user/admin"
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    resource = row["resource"].replace("arn:*:", "arn:aws:").replace("*", "x")
    case = {
        "id": "refused", "policies": {"identity": [everything]},
        "request": {
            "principal": {"type": "user", "arn": arn, "account": "111122223333"}, "context": {},
            "action": row["actions"][0].replace("*", ""), "resource": resource, "resource_account": "111122223333",
        },
    }  # fmt: skip
    path = _written(folder / "case.json", case)
    return lambda: command("evaluate", str(path))


def _pinned(key: str, folder: Path) -> Callable[[], str]:
    from perimeter_smt.request.keys import key_info

    kind = key_info(key)
    values = {"aws:sourceip": "203.0.113.0/28", "aws:vpcsourceip": "10.0.0.0/28"}
    value = values.get(key, "arn:aws:s3:::acme-data" if kind.type == "ARN" else "111122223333")
    operator = "IpAddress" if kind.type == "IPAddress" else "ArnEquals" if kind.type == "ARN" else "StringEquals"
    operator = f"ForAnyValue:{operator}" if kind.multivalued else operator
    body = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": "*",
        "Condition": {operator: {key: value}},
    }
    path = _written(folder / "pinned.json", {"Version": "2012-10-17", "Statement": [body]})
    return lambda: command("public", str(path), "--resource-type", "AWS::SQS::Queue")


def _published() -> str:
    from perimeter_smt.organization.published import published_resources

    return str(published_resources(["us-east-1"]))


def _sharing() -> str:
    from perimeter_smt.organization.sharing import actions_of

    kinds = ("ec2:us-east-1:111122223333:image/ami-1", "rds:us-east-1:111122223333:snapshot:a")
    return str([actions_of(f"arn:aws:{kind}") for kind in kinds])


def _written(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def folder() -> tempfile.TemporaryDirectory[str]:
    """A folder for what questions need."""
    return tempfile.TemporaryDirectory()
