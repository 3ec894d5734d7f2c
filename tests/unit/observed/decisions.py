"""The decisions of the data files beside, as cases of `perimeter evaluate`.

Each file is a list.  An entry tells where AWS's answer is told (`source`), what is told in our own words (`said`), the
answer (`aws`; `how` it is denied, or the slot `in` which the Deny lies, where that is told), who calls what (`who`,
`call`, `with` keys), and the statements of each policy.  FullAWSAccess stands beside what `scp` and `rcp` list.
Names and account ids are made up.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

MINE = "111122223333"
FILES = ("grants", "trust", "guardrails", "resources")
FULL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
FULL_RCP = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
}
GITHUB, CLUSTER = "token.actions.githubusercontent.com", "oidc.eks.eu-central-1.amazonaws.com/id/AC"


def read() -> list[dict[str, Any]]:
    """Every entry of every file, in order."""
    folder = Path(__file__).parent
    return [entry for name in FILES for entry in yaml.safe_load((folder / f"{name}.yaml").read_text(encoding="utf-8"))]


def document(statements: list[dict[str, Any]]) -> dict[str, Any]:
    """A policy of these statements."""
    return {"Version": "2012-10-17", "Statement": statements}


def caller(words: str, partition: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The principal that `who` names, and the keys that its token carries."""
    if words == "anonymous":
        return {"type": "anonymous"}, {}
    kind, _, rest = words.partition(" ")
    if kind in ("token", "pod"):
        issuer, audience = (GITHUB, "sts.amazonaws.com") if kind == "token" else (CLUSTER, "sts.amazonaws.com")
        provider = f"arn:aws:iam::{MINE}:oidc-provider/{issuer}"
        keys = {f"{issuer}:sub": rest.strip('"'), f"{issuer}:aud": audience, "aws:FederatedProvider": provider}
        return {"type": "federated-sts", "provider": provider}, keys
    if kind == "service":
        return {"type": "service", "arn": rest}, {}
    if kind == "oai":
        arn = f"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity {rest}"
        return {"type": "user", "arn": arn, "account": "cloudfront"}, {}
    account, name = (kind, rest) if re.fullmatch(r"\d{12}", kind) else (MINE, words.removeprefix("slr "))
    if name == "root":
        return {"type": "root", "arn": f"arn:{partition}:iam::{account}:root", "account": account}, {}
    arn = f"arn:{partition}:iam::{account}:{name}"
    if name.startswith("user/"):
        return {"type": "user", "arn": arn, "account": account}, {}
    session = f"arn:{partition}:sts::{account}:assumed-role/{name.rsplit('/', 1)[-1]}/job"
    out = {"type": "role-session", "arn": session, "account": account, "role_arn": arn}
    return out | ({"service_linked": True} if kind == "slr" else {}), {}


def case(entry: dict[str, Any]) -> dict[str, Any]:
    """The entry as `perimeter evaluate` takes it."""
    action, _, resource = entry["call"].partition(" ")
    principal, carried = caller(entry["who"], entry.get("partition", "aws"))
    owner = entry.get("owner") or MINE
    policies: dict[str, Any] = {"identity": [document(entry["identity"])] if "identity" in entry else []}
    for slot in ("resource", "boundary", "vpce", "access_point"):
        policies |= {slot: document(entry[slot])} if slot in entry else {}
    if "session" in entry:
        policies["session"] = [document(entry["session"])]
    for slot, full in (("scp", FULL), ("rcp", FULL_RCP)):
        policies |= {slot: [[full, document(entry[slot])]]} if slot in entry else {}
    request = {"principal": principal, "action": action, "resource": resource, "resource_account": owner,
               "context": {**carried, **entry.get("with", {})}}  # fmt: skip
    return {"id": entry["id"], "policies": policies, "request": request, "flags": entry.get("flags", {})}
