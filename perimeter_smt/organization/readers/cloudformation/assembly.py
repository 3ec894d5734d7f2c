"""Where the stacks of a CDK app are deployed: its cloud assembly says so beside the templates (`cdk.out`).

CDK guide, cloud assemblies: `manifest.json` names the template, the environment and the name of each stack; stages have
folders of their own with their own manifest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

MANIFEST = "manifest.json"
_ENVIRONMENT = re.compile(r"aws://([0-9]{12}|unknown-account)/([a-z0-9-]+)")
_STACK = "aws:cloudformation:stack"


@dataclass(frozen=True, slots=True)
class Deployed:
    """Account and Region of a stack (empty: not told), its name, and values of its parameters."""

    account: str = ""
    region: str = ""
    name: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)


def deployed(templates: Iterable[Path]) -> dict[Path, Deployed]:
    """What the manifests beside templates say of them."""
    out: dict[Path, Deployed] = {}
    for folder in dict.fromkeys(template.parent for template in templates):
        for artifact, found in _artifacts(folder / MANIFEST):
            properties = _object(found.get("properties"))
            file = properties.get("templateFile")
            place = _ENVIRONMENT.fullmatch(str(found.get("environment") or ""))
            if found.get("type") != _STACK or not isinstance(file, str) or place is None:
                continue
            account, region = place[1], place[2]
            out[folder / file] = Deployed(
                account="" if account == "unknown-account" else account,
                region="" if region == "unknown-region" else region,
                name=str(properties.get("stackName") or artifact),
                parameters={str(key): str(value) for key, value in _object(properties.get("parameters")).items()},
            )
    return out


def _artifacts(manifest: Path) -> Iterable[tuple[str, dict[str, Any]]]:
    try:
        value = orjson.loads(manifest.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return ()
    found = _object(value.get("artifacts")) if isinstance(value, dict) else {}
    return [(name, each) for name, each in found.items() if isinstance(each, dict)]


def _object(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}
