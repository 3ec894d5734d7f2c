"""AWS's published data perimeter policies as a workspace."""

from __future__ import annotations

import json
from pathlib import Path

from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.organization.readers.options import workspace_from_options

LEFT_OUT = ("api_gateway_policy.json",)  # a resource policy that lies among the RCPs


def published_perimeter(corpus: Path) -> Workspace:
    """An organization with every published SCP, RCP and endpoint policy, placeholders filled."""
    folder = corpus / "data-perimeter-policy-examples"
    tokens = json.loads((corpus / "placeholders.json").read_text(encoding="utf-8"))["substitutions"]
    fill = {token: value["example"] for token, value in tokens.items()}

    def files(name: str) -> list[Path]:
        return [path for path in sorted((folder / name).rglob("*.json")) if path.name not in LEFT_OUT]

    return workspace_from_options(
        fill["<my-org-id>"],
        files("service_control_policies"),
        files("resource_control_policies"),
        files("vpc_endpoint_policies"),
        fill,
        cidrs=[fill["<my-corporate-cidr>"]],
        vpcs=[fill["<my-vpc>"]],
    )
